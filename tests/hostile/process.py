"""The executables, each run in a process of its own that starts within milliseconds: forked from one that has imported everything."""

from __future__ import annotations

import json
import logging
import multiprocessing
import os
import resource
import sys
import threading
import traceback
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from tap_hiringcenter.tap import TapHiringcenter
from target_hiringcenter.target import TargetHiringcenter
from tests import waits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from multiprocessing.context import ForkServerProcess

    from tests.sandbox import Sandbox

_PROGRAMS: dict[str, Any] = {"tap": TapHiringcenter, "target": TargetHiringcenter}
_LONGEST = 90.0
# So much address space as no honest run needs: whoever takes more would take all that the machine has.
_MOST_MEMORY = 6 * 1024**3

_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload([__name__])


@dataclass(frozen=True)
class Ended:
    """What a run left behind.

    Attributes:
        folder: Where all of its files are.
        code: Its exit code.
        peak: The most memory that it held at a time, in MiB.
    """

    folder: Path
    code: int
    peak: float

    @cached_property
    def out(self) -> str:
        """Its standard output."""
        return (self.folder / "out.txt").read_text(encoding="utf-8")

    @cached_property
    def log(self) -> str:
        """Its standard error."""
        return (self.folder / "log.txt").read_text(encoding="utf-8")

    @property
    def errors(self) -> list[str]:
        """The lines of the log that say what is wrong."""
        return [line.split("| ", 3)[-1] for line in self.log.splitlines() if "| ERROR" in line]

    @cached_property
    def messages(self) -> list[dict[str, Any]]:
        """The Singer messages."""
        return [json.loads(line) for line in self.out.split("\n")[:-1]]

    @cached_property
    def streams(self) -> dict[str, dict[str, Any]]:
        """What the run report says of each stream."""
        found: dict[str, dict[str, Any]] = json.loads((self.folder / "report.json").read_text(encoding="utf-8"))["streams"]
        return found


@dataclass(frozen=True)
class Started:
    """A run that is under way.

    Attributes:
        folder: Where its files are.
        process: The process that waits for it.
    """

    folder: Path
    process: ForkServerProcess

    def end(self) -> Ended:
        """Wait for its end.

        Raises:
            TimeoutError: It doesn't end; it is killed.
        """
        self.process.join(_LONGEST)
        if self.process.is_alive():
            self.process.kill()
            os.kill(self.pid, 9)
            message = f"no end after {_LONGEST:g} s"
            raise TimeoutError(message)
        code, peak = json.loads((self.folder / "ended.json").read_text(encoding="utf-8"))
        return Ended(self.folder, code, peak / 1024)

    @property
    def pid(self) -> int:
        """The process id of the run itself."""
        return int((self.folder / "pid.txt").read_text(encoding="utf-8"))


def start(  # noqa: PLR0913 - all but three are given by name
    program: str,
    folder: Path,
    config: Mapping[str, Any] | None,
    *arguments: str,
    lines: Iterable[str] = (),
    environment: Mapping[str, str] | None = None,
    terminal: str | None = None,
) -> Started:
    """Start an executable.

    Args:
        program: `tap` or `target`.
        folder: Where its files go; it is made.
        config: Settings; None for none. A report is always written.
        arguments: Command line arguments.
        lines: Standard input.
        environment: More environment variables.
        terminal: The terminal to write its log to, instead of a file.
    """
    folder.mkdir(parents=True)
    (folder / "in.txt").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", errors="surrogateescape")
    options = list(arguments)
    if config is not None:
        (folder / "config.json").write_text(json.dumps({"run_report_path": str(folder / "report.json"), **config}), encoding="utf-8")
        options += ["--config", str(folder / "config.json")]
    if program == "target":
        # The SDK has taken hold of standard input when it was imported.
        options += ["--input", str(folder / "in.txt")]
    process = _forks.Process(target=_watch, args=(program, str(folder), options, dict(environment or {}), terminal or "log.txt"))
    process.start()
    return Started(folder, process)


def stop_while_it_waits(server: Sandbox, request: int, number: int, begin: Callable[[], Started]) -> Ended:
    """Start a run, and stop it by a signal while it waits for an answer.

    Args:
        server: Whose answer is kept waiting until the run has ended.
        request: For the answer to which of its requests it waits.
        number: The signal.
        begin: Starts the run.
    """
    is_reached, may_go_on = threading.Event(), threading.Event()

    def hold(_: object) -> None:
        is_reached.set()
        may_go_on.wait(20)

    server.on_request(hold, number=request)
    started = begin()
    assert is_reached.wait(60)
    os.kill(started.pid, number)
    ended = started.end()
    may_go_on.set()
    return ended


def run(program: str, folder: Path, config: Mapping[str, Any] | None, *arguments: str, **more: Any) -> Ended:  # noqa: ANN401 - as in start
    """Run an executable to its end; arguments as in `start`."""
    return start(program, folder, config, *arguments, **more).end()


def _watch(program: str, folder: str, arguments: list[str], environment: dict[str, str], log: str) -> None:
    """Wait for the run, in the process that alone can be told what it has used."""
    pid = os.fork()
    if pid == 0:
        try:
            _work(program, folder, arguments, environment, log)
        finally:
            os._exit(99)
    Path(folder, "pid.txt").write_text(str(pid), encoding="utf-8")
    _, status, usage = os.wait4(pid, 0)
    Path(folder, "ended.json").write_text(json.dumps([os.waitstatus_to_exitcode(status), usage.ru_maxrss]), encoding="utf-8")


def _work(program: str, folder: str, arguments: list[str], environment: dict[str, str], log: str) -> None:
    os.chdir(folder)
    for name, descriptor in (("out.txt", 1), (log, 2)):
        os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT, 0o600), descriptor)
    sys.stdout, sys.stderr = os.fdopen(1, "w", closefd=False), os.fdopen(2, "w", buffering=1, closefd=False)
    os.environ.update(environment)
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY))
    logging.getLogger().handlers.clear()
    # Its own is a semaphore of the system, which a kill would leave behind.
    tqdm.set_lock(threading.RLock())
    waits.shorten()
    code = 0
    try:
        _PROGRAMS[program].cli(arguments)
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:  # noqa: BLE001 - what the interpreter would print is what a log would hold
        traceback.print_exc()
        code = 1
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
    os._exit(code)
