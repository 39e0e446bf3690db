"""Runs a sandbox in the foreground until it is told to stop."""

from __future__ import annotations

import argparse
import shlex
import signal
import sys
import threading

from tests.sandbox import Sandbox, World


def main() -> int:
    """Serve until SIGTERM or SIGINT.

    Returns:
        The exit code.
    """
    parser = argparse.ArgumentParser(prog="python -m tests.sandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=8765, help="0 takes a free one (default: %(default)s)")
    parser.add_argument("--size", type=int, default=50, help="number of leads and of prospects (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=7, help="another seed makes other rows (default: %(default)s)")
    parser.add_argument("--print-env", action="store_true", help="print the tap's settings as shell commands")
    options = parser.parse_args()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with Sandbox(World(seed=options.seed, size=options.size), port=options.port) as sandbox:
        if options.print_env:
            for name, value in sandbox.tap_config().items():
                print(f"export TAP_HIRINGCENTER_{name.upper()}={shlex.quote(str(value))}")
        else:
            for name in ("hiringcenter", "prospectb2b", "closershq"):
                print(f"{name}: {getattr(sandbox, f'{name}_url')}  key {getattr(sandbox, f'{name}_key')}")
            print(f"truth: {sandbox.url}/sandbox/truth")
        print("ready", flush=True)
        stop.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
