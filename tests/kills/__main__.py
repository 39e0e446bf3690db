"""The whole sweep: a kill at each request, before and after it is carried out, in each setting."""

from __future__ import annotations

import argparse
import multiprocessing
import random
import sys
import time
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait

from tests.kills.point import MOMENTS, SETTINGS, Point, requests_of, try_point


def main() -> int:
    """Run the sweep.

    Returns:
        The exit code: 0 when nothing was violated.
    """
    parser = argparse.ArgumentParser(prog="python -m tests.kills", description=__doc__)
    parser.add_argument("--jobs", type=int, default=2, help="points that are tried side by side")
    parser.add_argument("--minutes", type=float, help="begin no new point after so many; the points come in random order")
    parser.add_argument("--seed", type=int, default=1, help="another seed, another order")
    parser.add_argument("--only", metavar="POINT", default="", help="the point that a violation names, or all whose names begin like this")
    arguments = parser.parse_args()
    end = time.monotonic() + 60 * arguments.minutes if arguments.minutes else None
    tried, violated = 0, 0
    with ProcessPoolExecutor(arguments.jobs, multiprocessing.get_context("spawn")) as pool:
        settings = [setting for setting in SETTINGS if str(setting).startswith(arguments.only) or arguments.only.startswith(str(setting))]
        every = [
            Point(setting, number, moment)
            for setting, requests in zip(settings, pool.map(requests_of, settings), strict=True)
            for moment in MOMENTS
            for number in range(1, requests + 1)
        ]
        points = [point for point in every if str(point) == arguments.only] or [point for point in every if str(point).startswith(arguments.only)]
        random.Random(arguments.seed).shuffle(points)
        _say(f"{len(points)} points")
        waiting, under_way = iter(points), dict[Future[list[str]], Point]()
        while True:
            while len(under_way) < arguments.jobs and not (end and time.monotonic() > end) and (point := next(waiting, None)):
                under_way[pool.submit(try_point, point)] = point
            if not under_way:
                break
            for future in wait(under_way, return_when=FIRST_COMPLETED).done:
                point, found = under_way.pop(future), future.result()
                tried += 1
                violated += bool(found)
                for line in found:
                    _say(f"{point}: {line}")
    _say(f"{tried} of {len(points)} points tried, {violated} with violations")
    return int(violated > 0)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
