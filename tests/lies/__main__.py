"""More lies than the tests tell: points of the structures, random mutations, honest servers; each failure names what repeats it."""

from __future__ import annotations

import argparse
import logging
import random
import sys
from functools import partial
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import seed as seeded

from tests import waits
from tests.lies.clean import draw_honest
from tests.lies.clean import wrong_with as wrong_with_honest
from tests.lies.mutations import TOLD, Told, wrong_with
from tests.lies.points import every_point, try_point

if TYPE_CHECKING:
    from collections.abc import Callable


def main() -> int:
    """Tell lies.

    Returns:
        The exit code: 0 when nothing was violated.
    """
    parser = argparse.ArgumentParser(prog="python -m tests.lies", description=__doc__)
    parser.add_argument("--structures", type=int, metavar="N", default=0, help="try N of the points: a kind of list, a lie, a place, how often")
    parser.add_argument("--only", metavar="TEXT", default="", help="only points whose names hold this")
    parser.add_argument("--mutations", "--examples", type=int, metavar="N", default=0, help="try N random mutations")
    parser.add_argument("--clean", type=int, metavar="N", default=0, help="read N honest servers, whose seeds begin with --seed")
    parser.add_argument("--seed", type=int, default=1, help="another seed, other points, mutations and servers")
    arguments = parser.parse_args()
    # Repeats follow at once, and what the tap says of each lie is of no interest here.
    waits.shorten()
    logging.disable(logging.CRITICAL)
    points = [point for point in every_point() if arguments.only in str(point)]
    random.Random(arguments.seed).shuffle(points)
    seeds = range(arguments.seed, arguments.seed + arguments.clean)
    bad = _each("points", {str(point): partial(try_point, point) for point in points[: arguments.structures]})
    bad += _each("honest servers", {f"--clean 1 --seed {seed}": partial(_honest, seed) for seed in seeds})
    if arguments.mutations:
        _mutations(arguments.mutations, arguments.seed)
    return int(bad > 0)


def _honest(seed: int) -> list[str]:
    return wrong_with_honest(draw_honest(seed))


def _each(what: str, tries: dict[str, Callable[[], list[str]]]) -> int:
    bad = 0
    for name, attempt in tries.items():
        found = attempt()
        bad += bool(found)
        for line in found:
            _say(f"{name}: {line}")
    if tries:
        _say(f"{len(tries)} {what} tried, {bad} with violations")
    return bad


def _mutations(number: int, seed: int) -> None:
    """Hypothesis ends with an error that shows the smallest example."""

    @seeded(seed)
    @settings(max_examples=number, deadline=None, print_blob=True, database=None, suppress_health_check=list(HealthCheck))
    @given(TOLD)
    def attempt(told: Told) -> None:
        assert wrong_with(told) == [], told

    attempt()
    _say(f"{number} mutations tried, none with violations")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
