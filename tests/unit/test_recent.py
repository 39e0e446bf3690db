"""The digest of the last roots: the same for the same roots, and for no others."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from tap_hiringcenter.recent import Recent, Root, unchanged

LOOKBACK = timedelta(minutes=5)
NOON = "2026-03-10T12:00:00.000Z"


def roots(count: int, minute: int = 0) -> list[Root]:
    return [(f"lead_{number}", f"2026-03-10T12:{minute:02d}:{number % 60:02d}.000Z") for number in range(count)]


def digest(found: list[Root]) -> str:
    recent = Recent(LOOKBACK)
    recent.add(found)
    return recent.digest(max((change for _, change in found), default=""))


@pytest.mark.parametrize("count", [0, 1, 2, 40, 2000])
def test_roots_that_are_as_they_were_are_known_in_whatever_order(count: int) -> None:
    now = roots(count)
    random.Random(1).shuffle(now)

    assert unchanged(now, digest(roots(count))) == {root for root, _ in now}
    assert len(digest(now)) == 64


def test_a_root_whose_id_no_utf8_holds_has_its_place_as_well() -> None:
    odd = [("half of \ud83d", NOON)]

    assert unchanged(odd, digest(odd)) == {"half of \ud83d"}
    assert unchanged(odd, digest([("half of \ud83c", NOON)])) == set()


@pytest.mark.parametrize("count", [1, 2, 40, 2000])
def test_a_root_that_changed_came_or_went_is_not_among_them(count: int) -> None:
    then = roots(count)
    for now, other in (
        ([*then[:-1], (then[-1][0], "2026-03-10T12:01:00.000Z")], then[-1][0]),
        ([*then, ("lead_new", NOON)], "lead_new"),
        (then[:-1], then[-1][0]),
    ):
        assert other not in unchanged(now, digest(then))


def test_a_root_that_came_costs_its_bucket_only() -> None:
    then = roots(800)

    assert 650 < len(unchanged([*then, ("lead_new", NOON)], digest(then))) < 750


def test_only_what_the_next_run_looks_at_again_counts() -> None:
    recent = Recent(LOOKBACK)
    for minute in range(20):
        recent.add([(f"lead_{minute}", f"2026-03-10T12:{minute:02d}:00.000Z")])

    seen_again = [(f"lead_{minute}", f"2026-03-10T12:{minute:02d}:00.000Z") for minute in range(14, 20)]
    assert unchanged(seen_again, recent.digest("2026-03-10T12:19:00.000Z")) == {root for root, _ in seen_again}
    assert unchanged(seen_again[2:], recent.digest("2026-03-10T12:21:00.000Z")) == {root for root, _ in seen_again[2:]}


@pytest.mark.parametrize("text", ["", "?", "AAAA", "A" * 64, "A" * 6400])
def test_what_is_no_digest_is_that_of_no_root(text: str) -> None:
    assert unchanged(roots(9), text) == set()
