"""`python -m bench`: measure, print, and write the figures into the docs."""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from bench import reads, writes
from bench.contestants import Contestants
from bench.machine import described
from bench.rounds import say
from bench.sizes import FULL, QUICK, TINY, Sizes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from bench.tables import Table


def profile(contestants: Contestants, sizes: Sizes) -> Iterator[Table]:
    """Time each step of a row, in this process."""
    from bench import steps  # noqa: PLC0415  # it loads the tap, which takes memory that the other measures' runs would be charged for

    yield from steps.profile(contestants, sizes)


# The profile stands last: see there.
MEASURES: dict[str, Callable[[Contestants, Sizes], Iterator[Table]]] = {
    "lists": reads.lists,
    "children": reads.children,
    "streams": reads.streams,
    "start": reads.start,
    "target": writes.target,
    "profile": profile,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line asks for.

    Args:
        arguments: The command line; that of the process when None.

    Returns:
        The exit code: 1 when a measure of our own executables has no figures.
    """
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure tap and target beside bare loops and other frameworks.")
    parser.add_argument("measures", nargs="*", metavar="measure", help=f"{', '.join(MEASURES)}; all of them where none is named")
    parser.add_argument("--quick", action="store_true", help="smaller sizes and fewer rounds: to see whether it works, not how fast it is")
    parser.add_argument("--tiny", action="store_true", help="next to nothing, and only our own executables, as they are installed here")
    parser.add_argument("--rounds", type=int, help="how often each contestant runs, where a machine is too slow for as often as the sizes say")
    parser.add_argument("--write", action="store_true", help="write the figures and the charts into docs/")
    options = parser.parse_args(arguments)
    # Not by `choices`: Pythons differ in whether no name at all is one of them.
    if unknown := [name for name in options.measures if name not in MEASURES]:
        parser.error(f"no such measure: {', '.join(unknown)}; there are {', '.join(MEASURES)}")
    wanted = [name for name in MEASURES if name in options.measures or not options.measures]
    sizes = TINY if options.tiny else QUICK if options.quick else FULL
    sizes = replace(sizes, rounds=options.rounds or sizes.rounds)
    began = time.monotonic()
    found: dict[str, list[Table]] = {}
    with TemporaryDirectory() as folder:
        contestants = Contestants(Path(folder), is_alone=options.tiny)
        for name in wanted:
            found[name] = []
            for table in MEASURES[name](contestants, sizes):
                found[name].append(table)
                print(f"\n{table.markdown()}\n", flush=True)
    machine = described(is_alone=options.tiny)
    print(machine)
    say(f"All of it took {(time.monotonic() - began) / 60:.1f} minutes.")
    if options.write:
        from bench import pages  # noqa: PLC0415  # it loads what draws the charts, which takes memory that runs would be charged for

        pages.write(found, machine, is_quick=options.quick or options.tiny)
    return int(not all(table.rows for tables in found.values() for table in tables))


if __name__ == "__main__":
    sys.exit(main())
