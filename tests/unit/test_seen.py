"""Seen rows: as many as there may be, and always the same answers as a dict would give."""

from __future__ import annotations

import random
import tracemalloc

import pytest

from tap_hiringcenter.seen import Seen, Sighting

KEYS = ["", "a", "1", "a+", "\u00e4", ("a", "b"), ("a, b",), "x" * 99, *(f"lead_{number:08d}" for number in range(40))]
VERSIONS = [None, "", 1717000000000, "2026-03-10T12:00:00.000Z", [1], {"a": 1}]
FEW = [0, 7, 20, 10_000]


def _pages(dice: random.Random) -> list[list[Sighting]]:
    """Pages in which rows come again, changed or not, and some stand twice."""
    return [[(dice.choice(KEYS), dice.choice(VERSIONS[: dice.randint(1, 6)])) for _ in range(dice.randint(0, 9))] for _ in range(dice.randint(1, 12))]


@pytest.mark.parametrize("few", FEW)
def test_it_answers_as_a_dict_does(few: int) -> None:
    for seed in range(60):
        seen, expected = Seen(few), dict[object, object]()
        for page in _pages(random.Random(seed)):
            assert seen.missing(page) == [place for place, (key, _) in enumerate(page) if key not in expected]
            fresh, has_changed = [], False
            for place, (key, version) in enumerate(page):
                if key not in expected or expected[key] != version:
                    fresh.append(place)
                    has_changed = has_changed or key in expected
                    expected[key] = version
            assert seen.add(page) == (fresh, has_changed)
            assert len(seen) == len(expected)


@pytest.mark.parametrize("few", FEW)
@pytest.mark.parametrize("others_few", FEW)
def test_two_are_compared_row_by_row(few: int, others_few: int) -> None:
    for seed in range(60):
        dice = random.Random(seed)
        rows = {key: dice.choice(VERSIONS) for key in dice.sample(KEYS, dice.randint(0, len(KEYS)))}
        fewer = {key: rows[key] for key in dice.sample(sorted(rows, key=repr), dice.randint(0, len(rows)))}
        whole, part = Seen(few), Seen(others_few)
        whole.add(list(rows.items()))
        part.add(list(fewer.items()))

        assert whole.holds_all_of(part)
        assert part.holds_all_of(whole) == (len(fewer) == len(rows))
        if fewer:
            part.add([(next(iter(fewer)), "another version")])
            assert not whole.holds_all_of(part)


def test_a_million_rows_need_no_more_memory_than_a_fraction_of_their_keys() -> None:
    tracemalloc.start()
    seen = Seen(few=1000)
    for page in range(1500):
        seen.add([(f"meeting_{page}_{number}", page) for number in range(100)])
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert len(seen) == 150_000
    # A dict of them takes twenty million bytes.
    assert size < 50 * len(seen)
