"""The long form: every stream and every path with every fault, and answers that are larger than the tests can wait for.

python -m tests.hostile [--only answers|tap|target]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tests.hostile import test_canaries_tap, test_canaries_target
from tests.hostile.bounds import CASES
from tests.hostile.canaries import leaks_of, marked
from tests.hostile.faults import FAULTS, plan
from tests.hostile.test_bounds import check
from tests.sandbox import Sandbox, Variant, World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.hostile.process import Ended

Found = tuple[str, list[str]]


def answers(folder: Path) -> Iterator[Found]:
    """Every answer without measure, also those that take long."""
    for number, name in enumerate(CASES):
        yield name, check([name], folder / str(number))


def tap(folder: Path) -> Iterator[Found]:
    """Every stream of the tap with every fault."""
    for turn in range(len(FAULTS)):
        with Sandbox(World(seed=turn, size=3, webhooks=2, lead_fields=3), variant=Variant(prospectb2b_page_size=2)) as server:
            for fault in plan(turn).values():
                server.inject(fault)
            place = _made(folder / str(turn))
            yield f"tap, turn {turn}", _told(test_canaries_tap.tap(server, place, *test_canaries_tap.choose(place)))


def target(folder: Path) -> Iterator[Found]:
    """Every path of the target with every fault."""
    for turn in range(len(test_canaries_target.KINDS)):
        with Sandbox(World(seed=7, size=2, deliveries_per_webhook=1, lead_fields=0)) as server:
            lines = test_canaries_target.everything(server)
            for fault in test_canaries_target.plan(turn):
                server.inject(fault)
            server.inject(marked())
            yield f"target, turn {turn}", _told(test_canaries_target.target(server, _made(folder / str(turn)), lines, max_concurrency=1))


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder


def _told(ended: Ended) -> list[str]:
    return [*leaks_of(ended), *(["a stack trace"] if "Traceback" in ended.log else [])]


PARTS: dict[str, Callable[[Path], Iterator[Found]]] = {"answers": answers, "tap": tap, "target": target}


def main() -> int:
    """Try all, and say what was found.

    Returns:
        The exit code: 1 when anything was.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=PARTS)
    only = parser.parse_args().only
    tried = violations = 0
    for part in [only] if only else PARTS:
        with tempfile.TemporaryDirectory() as folder:
            for name, found in PARTS[part](_made(Path(folder) / part)):
                tried, violations = tried + 1, violations + len(found)
                sys.stdout.write(f"{name}: {'; '.join(found) or 'good'}\n")
                sys.stdout.flush()
    sys.stdout.write(f"{tried} tried, {violations} violations\n")
    return int(violations > 0)


if __name__ == "__main__":
    sys.exit(main())
