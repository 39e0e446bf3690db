"""Many plans, of all families in turn. Each search prints its seed: with that, and the same number, it plays the same plans again."""

from __future__ import annotations

import argparse
import itertools
import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor, as_completed

from tests.churn.draws import CASTS
from tests.churn.search import be_quick_and_quiet, search

# Hypothesis varies what it drew before, so that many short searches see more than a long one.
_IN_A_SEARCH = 25


def main() -> int:
    """Search.

    Returns:
        The exit code: 0 when no promise was broken.
    """
    parser = argparse.ArgumentParser(prog="python -m tests.churn", description=__doc__)
    parser.add_argument("--examples", type=int, default=1000, help="number of plans (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="seed of the first search; the others count up from it (default: %(default)s)")
    parser.add_argument("--jobs", type=int, default=2, help="searches side by side (default: %(default)s)")
    parser.add_argument("--only", choices=CASTS, help="one family")
    arguments = parser.parse_args()
    casts = itertools.cycle([arguments.only] if arguments.only else CASTS)
    starts = range(0, arguments.examples, _IN_A_SEARCH)
    tried, broken = 0, 0
    with ProcessPoolExecutor(arguments.jobs, multiprocessing.get_context("spawn"), be_quick_and_quiet) as pool:
        searches = {
            pool.submit(search, cast, arguments.seed + place, min(_IN_A_SEARCH, arguments.examples - start)): (cast, arguments.seed + place, start)
            for place, (start, cast) in enumerate(zip(starts, casts))  # noqa: B905  # the casts have no end
        }
        for future in as_completed(searches):
            (cast, number, start), found = searches[future], future.result()
            tried += found.tried
            if found.violations:
                broken += 1
                size = min(_IN_A_SEARCH, arguments.examples - start)
                _say(f'again: python -m tests.churn --only "{cast}" --seed {number} --examples {size}', f"  {found.plan}")
                _say(*(f"  {line}" for line in found.violations))
    _say(f"{tried} plans played in {len(searches)} searches, {broken} of which found a promise broken")
    return int(broken > 0)


def _say(*lines: str) -> None:
    sys.stdout.writelines(f"{line}\n" for line in lines)
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
