"""T-01, T-02, T-14: killed or asked to stop at any request or line, and run again: all is there. `python -m tests.kills tap` tries all points."""

from __future__ import annotations

import random
from typing import get_args

import pytest

from tests.kills.tap.pipeline import Moment, taken_too_early
from tests.kills.tap.point import Point, try_point
from tests.kills.tap.setting import FAMILIES, SETTINGS, Setting
from tests.loader import Loader

MOMENTS: tuple[Moment, ...] = get_args(Moment)
# Whatever is selected, each run makes some requests and lines; families make at least so many.
_FEW, _MANY = 3, 16
_chance = random.Random(8)


def _stop(setting: Setting, moment: Moment) -> tuple[Moment, int]:
    return moment, _chance.randrange(1, _MANY if len(setting.streams) > 1 else _FEW)


def _points() -> list[Point]:
    """Some settings of each mode, at each moment in turn, and some that are stopped twice."""
    families = _chance.sample([setting for setting in SETTINGS if setting.selection in FAMILIES], 4 * len(MOMENTS))
    alone = _chance.sample([setting for setting in SETTINGS if len(setting.streams) == 1], len(MOMENTS))
    once = [Point(setting, (_stop(setting, moment),)) for setting, moment in zip([*families, *alone], MOMENTS * 5, strict=True)]
    twice = [Point(setting, (_stop(setting, "after"), _stop(setting, "term-line"))) for setting in _chance.sample(families, 5)]
    return [*once, *twice]


POINTS = _points()


@pytest.mark.parametrize("point", POINTS, ids=str)
def test_t01_t02_t14_a_stopped_run_and_the_next_one_bring_all_that_there_is(point: Point) -> None:
    assert try_point(point) == []


@pytest.mark.parametrize("number", [3, 5, 7])
def test_t23_deletions_show_even_when_a_sweep_was_stopped_after_its_last_row(number: int) -> None:
    assert try_point(Point(Setting("campaigns+", "children"), (("state", number),))) == []


def test_the_sample_has_every_mode_and_moment() -> None:
    assert {point.setting.mode for point in POINTS} == {"first", "incremental", "full", "children"}
    assert {moment for point in POINTS for moment, _ in point.stops} == set(MOMENTS)
    assert len({str(point) for point in POINTS}) == 40


def test_the_loader_drops_what_has_another_version_and_says_when_that_is_too_early() -> None:
    def record(number: str, version: int | None = None) -> dict[str, object]:
        return {"type": "RECORD", "stream": "leads", "record": {"id": number}, **({"version": version} if version else {})}

    loader = Loader()
    assert loader.take([record("a"), record("b", 1), record("c", 1), record("c", 2)]) == {}
    assert loader.rows("leads") == {(name,): {"id": name} for name in "abc"}
    activate = {"type": "ACTIVATE_VERSION", "stream": "leads", "version": 2}
    gone = loader.take([activate])
    assert gone == {"leads": {("a",), ("b",)}}
    assert taken_too_early(gone, {"leads": {("b",), ("c",)}}) == ["T-23: leads: ACTIVATE_VERSION took away what is still there: ('b',)"]
    assert list(loader.rows("leads")) == [("c",)]
