"""One point of the sweep: the tap is stopped at one moment, perhaps at a second one, then runs to its end, and all that came is audited."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.kills.sweep import Sweep
from tests.kills.tap.pipeline import Moment, Pipeline
from tests.kills.tap.setting import SETTINGS, Setting

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# Points of one setting: of each moment, and of those that are stopped twice.
_MOST = 16
_TWICE = 4


@dataclass(frozen=True)
class Point:
    """Where the tap is stopped.

    Attributes:
        setting: How tap and servers are set.
        stops: The moments, each with its number: of a request, a line or a STATE, counted from one; one for each run that is stopped.
    """

    setting: Setting
    stops: tuple[tuple[Moment, int], ...]

    def __str__(self) -> str:
        """As `python -m tests.kills --only` takes it."""
        return " ".join([str(self.setting), *(f"{moment} {number}" for moment, number in self.stops)])


def points_of(setting: Setting) -> list[Point]:
    """Points of a setting: all that it has where they are few, some of each moment where they are many.

    Raises:
        AssertionError: It goes wrong already without being stopped.
    """
    with Pipeline(setting) as pipeline:
        before = len(pipeline.sandbox.requests)
        pipeline.run()
        pipeline.audit()
        if pipeline.found:
            message = f"{setting}: without a stop: {pipeline.found}"
            raise AssertionError(message)
        asked = range(1, len(pipeline.sandbox.requests) - before + 1)
        types = [message["type"] for message in pipeline.outcome.messages]
    # Where one run differs from another: what is covered, and what is gone, is said in these lines.
    turns = [number for number, kind in enumerate(types, 1) if kind in {"STATE", "ACTIVATE_VERSION"}]
    around = sorted({max(1, number + step) for number in turns for step in (-1, 0)})
    chance = random.Random(str(setting))
    numbers: dict[Moment, Sequence[int]] = {
        "before": asked,
        "after": asked,
        "term": asked,
        "line": around,
        "half": around,
        "term-line": around,
        "state": range(1, types.count("STATE") + 1),
    }
    stops = [(moment, number) for moment, every in numbers.items() for number in _some(chance, every)]
    kills = [stop for stop in stops if stop[0] != "state"]
    return [Point(setting, (stop,)) for stop in stops] + [Point(setting, (chance.choice(kills), chance.choice(kills))) for _ in range(_TWICE)]


def try_point(point: Point) -> list[str]:
    """Stop, run again, and audit.

    Args:
        point: Where to stop.

    Returns:
        One sentence for everything that must hold and doesn't.
    """
    with Pipeline(point.setting) as pipeline:
        for moment, number in point.stops:
            pipeline.run(moment, number)
            if point.setting.is_moving:
                pipeline.change()
        pipeline.run()
        pipeline.audit()
        return pipeline.found


def _some(chance: random.Random, every: Iterable[int]) -> list[int]:
    numbers = list(every)
    return sorted(chance.sample(numbers, _MOST)) if len(numbers) > _MOST else numbers


SWEEP = Sweep(SETTINGS, points_of, try_point)
