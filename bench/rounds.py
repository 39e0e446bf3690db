"""Paired rounds: contestants take turns, so that what disturbs the machine disturbs all of them."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING

from bench.process import FailedError, Measured, measured

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from bench.serving import Served, Statistics

MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class Run:
    """A contestant in one measure.

    Attributes:
        name: What it is called.
        command: What is run.
        source: What it reads on standard input.
        environment: More environment variables.
        most: How often it is run at most; those that take minutes are run once.
        before: What is done before each run, unmeasured.
    """

    name: str
    command: Sequence[str | Path]
    source: Path | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    most: int = sys.maxsize
    before: Callable[[], object] = lambda: None


@dataclass
class Result:
    """What the runs of one contestant took.

    Attributes:
        name: The contestant.
        runs: Each run, by its round.
        served: What the server was asked in the last of them.
        failure: Why it was left out.
    """

    name: str
    runs: list[Measured] = field(default_factory=list)
    served: Statistics | None = None
    failure: str | None = None

    @property
    def seconds(self) -> float:
        """The median."""
        return median(run.seconds for run in self.runs)

    @property
    def busy(self) -> float:
        """Seconds of processor time, the median."""
        return median(run.busy for run in self.runs)

    @property
    def memory(self) -> float:
        """Most memory of any run, in MB."""
        return max(run.memory for run in self.runs) / MEGABYTE

    def ratio(self, other: Result) -> float:
        """How many times as long as another it took: the median over the rounds that both were in."""
        return median(mine.seconds / its.seconds for mine, its in zip(self.runs, other.runs))  # noqa: B905  # one of them may have fewer rounds


def rounds(runs: Sequence[Run], number: int, served: Served | None = None, *, rows: int | None = None) -> list[Result]:
    """Let contestants take turns.

    Args:
        runs: The contestants.
        number: How many rounds.
        served: The server that they ask.
        rows: How many records each must write: counted in a round of its own, which warms everything up as well; in the only one of
            those that have no other.

    Returns:
        A result for each, in their order; one that failed says why.
    """
    results = [Result(run.name) for run in runs]
    for turn in range(number + 1 if rows is not None and number > 1 else number):
        for run, result in zip(runs, results, strict=True):
            if result.failure or turn >= run.most:
                continue
            is_counted = rows is not None and turn == 0
            is_warming_up = is_counted and number > 1 and run.most > 1
            try:
                run.before()
                found = measured(run.command, source=run.source, environment=run.environment, counts=is_counted)
            except FailedError as error:
                result.failure = str(error)
                continue
            if is_counted and found.rows != rows:
                result.failure = f"wrote {found.rows} records and not {rows}"
            if served:
                result.served = served.statistics()
            if not is_warming_up:
                result.runs.append(found)
            say(f"  {run.name}: {found.seconds:.2f} s" + (" (warming up)" if is_warming_up else ""))
    return results


def say(line: str) -> None:
    """Tell what is going on, beside the results."""
    print(line, file=sys.stderr, flush=True)
