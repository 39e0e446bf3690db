"""Fields: a column's value becomes what the API wants without loss, or is refused for a reason that quotes nothing."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from target_hiringcenter import fields
from target_hiringcenter.fields import Field
from target_hiringcenter.writes import RejectedError

if TYPE_CHECKING:
    from collections.abc import Callable

NAN = float("nan")
HALF = "half a pair \ud83d"
CHOICE = fields.one_of("new", "old")
KINDS: dict[str, Callable[[Any], Any]] = {
    "text": fields.text,
    "trimmed": fields.trimmed,
    "email": fields.email,
    "number": fields.number,
    "boolean": fields.boolean,
    "moment": fields.moment,
    "date_time": fields.date_time,
    "zone": fields.zone,
    "url": fields.url,
    "texts": fields.texts,
    "objects": fields.objects,
    "mapping": fields.mapping,
    "choice": CHOICE,
    "anything": fields.anything,
}
DEEP: Any = []
for _ in range(100_000):
    DEEP = [DEEP]


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("text", " as it is ", " as it is "),
        ("text", "\x00\U0001f600", "\x00\U0001f600"),
        ("text", 42, "42"),
        ("text", 2**70, str(2**70)),
        ("text", 42.0, "42"),
        ("text", -0.5, "-0.5"),
        ("text", 1e22, "1e+22"),
        ("text", 2.0**53 - 1, "9007199254740991"),
        ("text", 2.0**53, "9007199254740992.0"),
        ("text", Decimal("42.00"), "42"),
        ("text", Decimal("1.5"), "1.5"),
        ("trimmed", " +1 (212) 555-0123\n", "+1 (212) 555-0123"),
        ("trimmed", 12125550123.0, "12125550123"),
        ("email", " Ada.L+x@Example.com ", "Ada.L+x@Example.com"),
        ("email", "jörg@exämple.de", "jörg@exämple.de"),
        ("email", "root@localhost", "root@localhost"),
        ("number", 0, 0),
        ("number", -1.5, -1.5),
        ("number", "7", 7),
        ("number", " -1.50 ", -1.5),
        ("number", "1e3", 1000),
        ("number", Decimal("0.1"), 0.1),
        ("number", Decimal("12345678901234567890.0"), 12345678901234567890),
        ("boolean", True, True),
        ("boolean", False, False),
        ("boolean", " TRUE ", True),
        ("boolean", "false", False),
        ("boolean", 1, True),
        ("boolean", 0.0, False),
        ("boolean", Decimal(1), True),
        ("boolean", "0", False),
        ("boolean", "1", True),
        ("moment", "2024-05-29T16:26:40.000Z", 1717000000000),
        ("moment", " 2024-05-29T18:26:40.5+02:00", 1717000000500),
        ("moment", "2024-05-29", 1716940800000),
        ("moment", 1717000000000, 1717000000000),
        ("moment", "1717000000000", 1717000000000),
        ("moment", 1717000000000.0, 1717000000000),
        ("moment", Decimal(1717000000000), 1717000000000),
        ("moment", "1969-12-31T23:59:59.9999Z", -1),
        ("moment", dt.datetime(2024, 5, 29, 16, 26, 40, tzinfo=dt.timezone.utc), 1717000000000),
        ("moment", dt.date(2024, 5, 29), 1716940800000),
        ("date_time", "2026-07-01T10:00:00+02:00", "2026-07-01T08:00:00.000Z"),
        ("date_time", 1717000000000, "2024-05-29T16:26:40.000Z"),
        ("zone", " America/New_York ", "America/New_York"),
        ("zone", "UTC", "UTC"),
        ("url", " https://example.com:8443/a?b=c#d ", "https://example.com:8443/a?b=c#d"),
        ("url", "http://[::1]/", "http://[::1]/"),
        ("texts", ["b", " a ", "b", "", None, 7], ["b", "a", "7"]),
        ("texts", "b, a,,b , ", ["b", "a"]),
        ("texts", '["a, b", "c"]', ["a, b", "c"]),
        ("texts", "[draft], x", ["[draft]", "x"]),
        ("texts", "5", ["5"]),
        ("texts", [], []),
        ("objects", [{"a": Decimal("1.5")}, None], [{"a": 1.5}]),
        ("objects", '[{"a": [null]}]', [{"a": [None]}]),
        ("mapping", {"a": {"b": [Decimal(1), "x", None, True]}}, {"a": {"b": [1, "x", None, True]}}),
        ("mapping", '{"a": 1.0}', {"a": 1.0}),
        ("choice", " new ", "new"),
        ("anything", "as it is ", "as it is "),
        ("anything", [2.0, {"": ""}], [2.0, {"": ""}]),
    ],
    ids=repr,
)
def test_a_value_becomes_what_the_api_wants(kind: str, value: object, expected: object) -> None:
    found = KINDS[kind](value)

    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("kind", "value", "reason"),
    [
        ("text", True, "must be text"),
        ("text", ["secret"], "must be text"),
        ("text", {"secret": 1}, "must be text"),
        ("text", NAN, "must be text"),
        ("text", 10**400, "must be text"),
        ("text", HALF, "holds text that is not valid Unicode"),
        ("trimmed", b"secret", "must be text"),
        ("email", "secret", "must be an e-mail address"),
        ("email", "two words@secret", "must be an e-mail address"),
        ("email", "a@b@secret", "must be an e-mail address"),
        ("email", "a@secret.", "must be an e-mail address"),
        ("email", "a\x00b@secret", "must be an e-mail address"),
        ("email", 7, "must be an e-mail address"),
        ("number", "secret", "must be a number"),
        ("number", "1,000", "must be a number"),
        ("number", "1_000", "must be a number"),
        ("number", "\u0661", "must be a number"),
        ("number", "1e9999", "must be a number"),
        ("number", "1e9999999", "must be a number"),
        ("number", Decimal("1e9999999"), "must be a number"),
        ("number", Decimal("NaN"), "must be a number"),
        ("number", float("inf"), "must be a number"),
        ("number", 10**400, "must be a number"),
        ("number", True, "must be a number"),
        ("number", "0.1234567890123456789", "has more digits than a number of JSON keeps"),
        ("number", "1e-999", "has more digits than a number of JSON keeps"),
        ("boolean", "secret", "must be true or false"),
        ("boolean", 2, "must be true or false"),
        ("boolean", NAN, "must be true or false"),
        ("boolean", [], "must be true or false"),
        ("moment", "secret", "must be a date, a time or Unix milliseconds"),
        ("moment", "2026-02-30", "must be a date, a time or Unix milliseconds"),
        ("moment", f"2026-02-01T{HALF}", "must be a date, a time or Unix milliseconds"),
        ("moment", True, "must be a date, a time or Unix milliseconds"),
        ("moment", NAN, "must be a date, a time or Unix milliseconds"),
        ("moment", 10**20, "must be a date, a time or Unix milliseconds"),
        ("moment", Decimal("NaN"), "must be a date, a time or Unix milliseconds"),
        ("date_time", {}, "must be a date, a time or Unix milliseconds"),
        ("zone", "Secret/City", "must be the IANA name of a time zone"),
        ("zone", "EDT", "must be the IANA name of a time zone"),
        ("url", "secret", "must be an http or https address"),
        ("url", "ftp://secret", "must be an http or https address"),
        ("url", "https://", "must be an http or https address"),
        ("url", "https://[secret", "must be an http or https address"),
        ("url", "https://sec ret", "must be an http or https address"),
        ("url", "https://sec\nret", "must be an http or https address"),
        ("texts", {"secret": 1}, "must be a list of texts"),
        ("texts", 7, "must be a list of texts"),
        ("texts", [["secret"]], "must be text"),
        ("objects", "secret", "must be a list of objects"),
        ("objects", {"secret": 1}, "must be a list of objects"),
        ("objects", 7, "must be a list of objects"),
        ("objects", [{}, "secret"], "must be a list of objects"),
        ("mapping", "secret", "must be an object"),
        ("mapping", "[1]", "must be an object"),
        ("mapping", [], "must be an object"),
        ("mapping", {"a": NAN}, "must be a number"),
        ("mapping", '{"a": NaN}', "must be a number"),
        ("mapping", {HALF: 1}, "holds text that is not valid Unicode"),
        pytest.param("mapping", "[" * 100_000, "must be an object", id="deep text"),
        ("choice", "secret", "must be one of new, old"),
        ("choice", "NEW", "must be one of new, old"),
        ("choice", ["new"], "must be text"),
        ("anything", {"a": [b"secret"]}, "must be something that JSON can carry"),
        pytest.param("anything", DEEP, "is nested too deeply", id="deep"),
    ],
    ids=repr,
)
def test_what_does_not_fit_is_refused_without_a_word_of_it(kind: str, value: object, reason: str) -> None:
    with pytest.raises(RejectedError) as refused:
        KINDS[kind](value)

    assert (refused.value.reason, refused.value.column) == (reason, None)
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__ or refused.value.__context__ is None


def test_a_machine_without_time_zones_takes_any(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fields, "_zones", frozenset)

    assert fields.zone("Middle/Earth") == "Middle/Earth"


FIELDS = (
    Field("stageId", fields.text, ("currentStageId", "stage")),
    Field("city", fields.text, is_clearable=True),
    Field("officeId", fields.text, ("office",), is_clearable=True),
)


@pytest.mark.parametrize("clears", [False, True])
@pytest.mark.parametrize(
    ("columns", "expected", "nulls"),
    [
        ({}, {}, set()),
        ({"stageId": "s", "unknown": 1}, {"stageId": "s"}, set()),
        ({"stage": 7}, {"stageId": "7"}, set()),
        ({"stageId": None, "currentStageId": " ", "stage": "s"}, {"stageId": "s"}, set()),
        ({"stageId": "a", "currentStageId": "b"}, {"stageId": "a"}, set()),
        ({"stageId": None}, {}, set()),
        ({"city": None}, {}, {"city"}),
        ({"city": ""}, {}, {"city"}),
        ({"city": " \n"}, {}, {"city"}),
        ({"city": "x", "office": None}, {"city": "x"}, {"officeId"}),
        ({"officeId": None, "office": "o"}, {"officeId": "o"}, set()),
    ],
)
def test_nothing_is_left_out_or_clears_what_null_clears(columns: dict[str, Any], expected: dict[str, Any], nulls: set[str], *, clears: bool) -> None:
    found = fields.body_of(FIELDS, columns, clears=clears)

    assert found == {**expected, **(dict.fromkeys(nulls) if clears else {})}


def test_nothing_clears_where_nobody_says_so() -> None:
    assert fields.body_of(FIELDS, {"city": None}) == {}


def test_a_refusal_names_the_column_that_the_record_has() -> None:
    with pytest.raises(RejectedError) as refused:
        fields.body_of(FIELDS, {"currentStageId": ["secret"]})

    assert (refused.value.reason, refused.value.column) == ("must be text", "currentStageId")


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"a": 1}, {"a": 1}),
        ({"a": 1, "additional_properties": None}, {"a": 1, "additional_properties": None}),
        ({"a": None, "additional_properties": {"a": 2, "b": 3}}, {"a": None, "b": 3, "additional_properties": {"a": 2, "b": 3}}),
        ({"additional_properties": '{"b": 3}'}, {"b": 3, "additional_properties": '{"b": 3}'}),
    ],
)
def test_what_the_tap_put_aside_counts_where_the_record_has_no_such_column(record: dict[str, Any], expected: dict[str, Any]) -> None:
    assert fields.columns_of(record) == expected


@pytest.mark.parametrize("extras", ["secret", [1], 7])
def test_what_was_put_aside_must_be_an_object(extras: object) -> None:
    with pytest.raises(RejectedError) as refused:
        fields.columns_of({"additional_properties": extras})

    assert (refused.value.reason, refused.value.column) == ("must be an object", "additional_properties")


def test_what_is_required_must_be_there() -> None:
    fields.require({"a": 0, "b": False}, "a", "b")
    for body in ({"a": 1}, {"a": 1, "b": None}):
        with pytest.raises(RejectedError) as refused:
            fields.require(body, "a", "b")
        assert (refused.value.reason, refused.value.column) == ("is required", "b")


def test_the_columns_that_fields_come_from_are_known_by_all_their_names() -> None:
    assert fields.names(FIELDS, "id") == {"additional_properties", "id", "stageId", "currentStageId", "stage", "city", "officeId", "office"}
