"""Points: a kind of list, a lie about it, where it is told and how often. All of them are many; the tests try some."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.lies.kinds import KINDS, Form, Kind
from tests.lies.rule import EndlessError, judge
from tests.lies.structures import LIES
from tests.lies.telling import PLACES, Place, Telling

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tests.lies.telling import Lie

_TIMES = (None, 1, 2)


@dataclass(frozen=True)
class Point:
    """A lie that is told.

    Attributes:
        kind: About what.
        lie: Which.
        place: On which pages.
        times: How often; None is for ever.
    """

    kind: Kind
    lie: Lie
    place: Place = "every"
    times: int | None = None

    def __str__(self) -> str:
        """As `python -m tests.lies --only` takes it."""
        return f"{self.kind}: {self.lie}, {self.place} page, {self.times or 'ever'}"


def every_point() -> Iterator[Point]:
    """All points that there are."""
    for kind in KINDS:
        for lie in LIES:
            if lie.suits(kind.form):
                yield from (Point(kind, lie, place, times) for place in _places(kind.form) for times in _TIMES)


def some_points(seed: int = 1) -> list[Point]:
    """A selection: every lie once in every answer for ever, about kinds in turn, and a few of the rest for each kind."""
    draw = random.Random(seed)
    chosen: dict[Point, None] = {}
    counts = dict.fromkeys(KINDS, 0)
    for lie in LIES:
        kind = min((kind for kind in KINDS if lie.suits(kind.form)), key=lambda one: (counts[one], draw.random()))
        counts[kind] += 1
        chosen[Point(kind, lie)] = None
    by_kind: dict[Kind, list[Point]] = {kind: [] for kind in KINDS}
    for point in every_point():
        by_kind[point.kind].append(point)
    for points in by_kind.values():
        chosen.update(dict.fromkeys(draw.sample(points, 3)))
    return list(chosen)


def wrong_at(points: Iterable[Point]) -> dict[str, list[str]]:
    """Try points.

    Returns:
        By point, a sentence for everything that must hold and doesn't; nothing where all of it holds.
    """
    return {str(point): found for point in points if (found := try_point(point))}


def try_point(point: Point) -> list[str]:
    """Have a sandbox lie, run the tap against it, and hold what comes out to the rule.

    Returns:
        One sentence for everything that must hold and doesn't.
    """
    try:
        with point.kind.sandbox() as sandbox:
            telling = Telling(point.kind, point.lie.tell, point.place, point.times).plant(sandbox)
            verdict = judge(sandbox, point.kind, forges=point.lie.forges)
    except EndlessError as endless:
        return [str(endless)]
    stays = point.place == "every" and point.times is None
    if stays and point.lie.is_refused and telling.told and verdict.run.status(point.kind.stream) == "complete":
        return [*verdict.violations, "a lie that stays is believed"]
    if stays and not telling.told:
        return [*verdict.violations, "it was never told"]
    return verdict.violations


def _places(form: Form) -> tuple[Place, ...]:
    return PLACES if form.token else ("every",)
