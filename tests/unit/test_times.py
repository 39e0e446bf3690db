"""Times: one form for all, which sorts as the times do."""

from __future__ import annotations

import random
from datetime import datetime, timedelta, timezone

import pytest

from tap_hiringcenter.api import times


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1717000000000, "2024-05-29T16:26:40.000Z"),
        (1717000000000.0, "2024-05-29T16:26:40.000Z"),
        ("1717000000001", "2024-05-29T16:26:40.001Z"),
        (0, "1970-01-01T00:00:00.000Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
        ("2026-03-10T12:00:00.000Z", "2026-03-10T12:00:00.000Z"),
        ("2026-03-10T12:00:00Z", "2026-03-10T12:00:00.000Z"),
        ("2026-03-10T12:00:00.123456Z", "2026-03-10T12:00:00.123Z"),
        ("2026-03-10T12:00:00.9", "2026-03-10T12:00:00.900Z"),
        ("2026-03-10T14:00:00+02:00", "2026-03-10T12:00:00.000Z"),
        ("2026-03-10 12:00:00", "2026-03-10T12:00:00.000Z"),
        ("2026-03-31T00:00:00.000Z", "2026-03-31T00:00:00.000Z"),
        ("2026-03-10", "2026-03-10T00:00:00.000Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z"),
        ("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999Z"),
    ],
)
def test_every_form_becomes_one(value: object, expected: str) -> None:
    assert times.normalise(value) == expected


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        "",
        "soon",
        "12:30",
        "P1D",
        [],
        {},
        float("nan"),
        float("inf"),
        10**20,
        "2026-02-30T00:00:00.000Z",
        "2026-13-01",
        "2026-03-10T24:00:00Z",
        "2026-03-10T12:00:60Z",
        "0001-01-01T00:00:00+01:00",
        "2026-03-10T12:00:00+99:99",
        pytest.param("x" * 10_000, id="very long"),
    ],
)
def test_what_is_no_time_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="not a time"):
        times.normalise(value)


@pytest.mark.parametrize("value", ["6:", "2026-03-10/16:26:40Z", "2026-03-10/16:26:40.23+02:00"])
def test_texts_that_begin_like_a_time_are_refused_too(value: str) -> None:
    with pytest.raises(ValueError, match="not a time"):
        times.normalise(value)


def test_the_word_now_is_no_time() -> None:
    with pytest.raises(ValueError, match="not a time"):
        times.normalise("now")


@pytest.mark.parametrize("value", ["0000-01-01T00:00:00.000Z", "\u0662\u0660\u0662\u0664-05-20T00:00:00.000Z"])
def test_the_usual_form_is_a_time_as_well(value: str) -> None:
    with pytest.raises(ValueError, match="not a time"):
        times.normalise(value)


@pytest.mark.parametrize("moment", [253_402_300_799_999, 253_402_300_800_000, 253_402_300_800_999, 253_402_300_801_000, 2**63, -(2**63)])
def test_many_moments_are_normalised_as_each_alone_is(moment: int) -> None:
    def alone() -> str | None:
        try:
            return times.normalise(moment)
        except ValueError:
            return None

    assert times.column([0, moment, None]) == ["1970-01-01T00:00:00.000Z", alone(), None]


def test_a_refusal_does_not_quote_the_value() -> None:
    with pytest.raises(ValueError, match="not a time") as caught:
        times.parse("avery@example.com")

    assert "avery" not in str(caught.value)


def test_texts_sort_as_the_times_do() -> None:
    dice = random.Random(1)
    moments = [datetime(1, 1, 2, tzinfo=timezone.utc) + timedelta(milliseconds=dice.randrange(3 * 10**14)) for _ in range(500)]

    assert sorted(map(times.to_text, moments)) == [times.to_text(moment) for moment in sorted(moments)]


def test_what_was_written_reads_as_the_same_moment() -> None:
    dice = random.Random(2)
    for _ in range(500):
        moment = datetime(1, 1, 2, tzinfo=timezone.utc) + timedelta(milliseconds=dice.randrange(3 * 10**14))

        assert times.parse(times.to_text(moment)) == moment
        assert times.normalise(times.to_text(moment)) == times.to_text(moment)


def test_a_moment_of_another_zone_is_written_in_utc() -> None:
    assert times.to_text(datetime(2026, 1, 1, 1, tzinfo=timezone(timedelta(hours=2)))) == "2025-12-31T23:00:00.000Z"


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-10T12:00:00.5\ud8000Z",
        "2026-03-10T12:00:0\ud800.500Z",
        "\ud800026-03-10T12:00:00.500Z",
        "2026-03-10T12:00:00.\u0665\u0660\u0660Z",
        "2026-02-31T12:00:00.500Z",
        "2026-03-10T24:00:00.500Z",
        "2026-03-10T12:00:60.500Z",
        "aaaa-03-10T12:00:00.500Z",
    ],
    ids=ascii,
)
def test_a_text_of_the_length_of_a_time_that_is_none_makes_none(text: str) -> None:
    assert times.column([text, "2026-03-10T12:00:00.500Z"]) == [None, "2026-03-10T12:00:00.500Z"]


@pytest.mark.parametrize("text", ["2026-03-10t12:00:00.500Z", "2026-03-10 12:00:00.500Z", "2026-03-10T12:00:00.500z", "2026-03-10T14:00:00+02:00"])
def test_a_text_that_is_nearly_in_the_form_gets_into_it(text: str) -> None:
    assert times.column([text, "2026-03-10T12:00:00.500Z"]) == [times.column([text])[0], "2026-03-10T12:00:00.500Z"]
    assert times.column([text])[0] in {None, "2026-03-10T12:00:00.500Z", "2026-03-10T12:00:00.000Z"}
