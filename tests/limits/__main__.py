"""Every scenario, and a table of what came of it."""

from __future__ import annotations

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor

from tests.limits.scenario import Figures, Scenario, play
from tests.limits.scenarios import EVERY, SHORT

_ROW = "{:48} {:>8} {:>7} {:>6} {:>6}  {}\n"


def main() -> int:
    """Play the scenarios.

    Returns:
        The exit code: 0 when all of them keep what they promise.
    """
    parser = argparse.ArgumentParser(prog="python -m tests.limits", description=__doc__)
    parser.add_argument("--only", default="", help="scenarios whose names hold this text")
    parser.add_argument("--seed", type=int, default=1, help="another seed, other latencies")
    parser.add_argument("--short", action="store_true", help="leave out those that take long")
    parser.add_argument("--jobs", type=int, default=2, help="scenarios that are played side by side")
    options = parser.parse_args()
    scenarios = [one for one in (SHORT if options.short else EVERY) if options.only in one.name]
    failed = 0
    sys.stdout.write(_ROW.format("scenario", "allowed", "used", "429s", "first", "what is wrong"))
    with ProcessPoolExecutor(options.jobs) as pool:
        for scenario, figures in zip(scenarios, pool.map(play, scenarios, [options.seed] * len(scenarios)), strict=True):
            failed += bool(figures.faults(scenario))
            sys.stdout.write(_line(scenario, figures))
            sys.stdout.flush()
    sys.stdout.write(f"{len(scenarios)} scenarios, {failed} with faults. 429s: in the steady state; first: before it.\n")
    return int(failed > 0)


def _line(scenario: Scenario, figures: Figures) -> str:
    clients = f" by client {figures.by_client}" if len(figures.by_client) > 1 else ""
    wrong = "; ".join(figures.faults(scenario))
    return _ROW.format(scenario.name, f"{figures.allowed:.0f}", f"{figures.share:.1%}", figures.refused, figures.refused_before, wrong + clients)


if __name__ == "__main__":
    sys.exit(main())
