"""The whole sweep: the tap and the target are stopped at every moment that they have, in each setting."""

from __future__ import annotations

import argparse
import multiprocessing
import random
import sys
import time
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from typing import TYPE_CHECKING, Any

from tests.kills.tap.point import SWEEP as TAP
from tests.kills.target.point import SWEEP as TARGET

if TYPE_CHECKING:
    from tests.kills.sweep import Sweep

SWEEPS = {"tap": TAP, "target": TARGET}
# After so many points a sweep says how far it is.
_OFTEN = 200


def main() -> int:
    """Run the sweeps.

    Returns:
        The exit code: 0 when nothing was violated.
    """
    parser = argparse.ArgumentParser(prog="python -m tests.kills", description=__doc__)
    parser.add_argument("program", nargs="?", choices=SWEEPS, help="which of them; both, one after the other, when it isn't said")
    parser.add_argument("--jobs", type=int, default=2, help="points that are tried side by side")
    parser.add_argument("--minutes", type=float, help="begin no new point after so many (of each sweep); the points come in random order")
    parser.add_argument("--seed", type=int, default=1, help="another seed, another order")
    parser.add_argument("--only", metavar="POINT", default="", help="the point that a violation names, or all whose names begin like this")
    arguments = parser.parse_args()
    violated = 0
    with ProcessPoolExecutor(arguments.jobs, multiprocessing.get_context("spawn")) as pool:
        for name in [arguments.program] if arguments.program else SWEEPS:
            end = time.monotonic() + 60 * arguments.minutes if arguments.minutes else None
            violated += _sweep(name, pool, arguments, end)
    return int(violated > 0)


def _sweep(name: str, pool: ProcessPoolExecutor, arguments: argparse.Namespace, end: float | None) -> int:
    """Try the points of one sweep.

    Returns:
        How many violate something.
    """
    sweep = SWEEPS[name]
    points, violated = _points(sweep, pool, arguments.only)
    random.Random(arguments.seed).shuffle(points)
    _say(f"{name}: {len(points)} points")
    waiting, under_way, tried = iter(points), dict[Future[list[str]], Any](), 0
    while True:
        while len(under_way) < arguments.jobs and not (end and time.monotonic() > end) and (point := next(waiting, None)):
            under_way[pool.submit(sweep.try_point, point)] = point
        if not under_way:
            break
        for future in wait(under_way, return_when=FIRST_COMPLETED).done:
            point, found = under_way.pop(future), future.result()
            tried += 1
            violated += bool(found)
            for line in found:
                _say(f"{point}: {line}")
            if tried % _OFTEN == 0:
                _say(f"{name}: {tried} points so far")
    _say(f"{name}: {tried} of {len(points)} points tried, {violated} with violations")
    return violated


def _points(sweep: Sweep, pool: ProcessPoolExecutor, only: str) -> tuple[list[Any], int]:
    """The points whose names begin in one way, and how many settings go wrong already without being stopped."""
    settings = [setting for setting in sweep.settings if str(setting).startswith(only) or only.startswith(f"{setting} ")]
    futures = [pool.submit(sweep.points_of, setting) for setting in settings]
    mistakes = [future.exception() for future in futures]
    for mistake in mistakes:
        if isinstance(mistake, AssertionError):
            _say(str(mistake))
        elif mistake:
            raise mistake
    every = [point for future, mistake in zip(futures, mistakes, strict=True) if not mistake for point in future.result()]
    wrong = len([mistake for mistake in mistakes if mistake])
    return [point for point in every if str(point) == only] or [point for point in every if str(point).startswith(only)], wrong


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
