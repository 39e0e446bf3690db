"""Take each rule out in turn, and see that its tests fail."""

from __future__ import annotations

import argparse
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

from tests.mutants import MUTANTS
from tests.mutants.mutant import ROOT, Mutant, copy_project, is_noticed, places_of_tests, run_tests


def main() -> int:
    """Try them.

    Returns:
        The exit code: 0 when every rule that was taken out was noticed.
    """
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("--only", metavar="RULE", default="", help="those whose rule begins like this: T-07, G, 4.1")
    parser.add_argument("--jobs", type=int, default=2, help="how many are tried side by side")
    arguments = parser.parse_args()
    mutants = [mutant for mutant in MUTANTS if mutant.rule.startswith(arguments.only)]
    known = places_of_tests(ROOT)
    if mistakes := [mistake for mutant in mutants for mistake in mutant.mistakes(known, ROOT)]:
        _say("\n".join(mistakes))
        return 1
    with tempfile.TemporaryDirectory() as folder:
        copies: SimpleQueue[Path] = SimpleQueue()
        for number in range(arguments.jobs):
            copies.put(copy_project(Path(folder) / str(number)))

        whole = copies.get()
        before = run_tests(whole, sorted({one for mutant in mutants for one in mutant.ids(known)}), f"-n{arguments.jobs}")
        copies.put(whole)
        _say(f"Without a change, the tests end with {before.code}; these fail: {', '.join(before.failed) or 'none'}")

        def attempt(mutant: Mutant) -> bool:
            copy = copies.get()
            try:
                return is_noticed(mutant, copy, known, before.failed)
            finally:
                copies.put(copy)

        with ThreadPoolExecutor(arguments.jobs) as pool:
            noticed = []
            for mutant, is_red in zip(mutants, pool.map(attempt, mutants), strict=True):
                noticed.append(is_red)
                _say(f"{'red  ' if is_red else 'GREEN'} | {mutant}")
    _say(f"{len(mutants)} rules taken out, {noticed.count(True)} noticed")
    return int(not all(noticed) or before.code != 0)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
