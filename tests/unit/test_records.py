"""Records: each is valid against its stream's schema, and nothing of its row is lost."""

from __future__ import annotations

import json
import random
from datetime import datetime, timezone
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from tap_hiringcenter.api import times
from tap_hiringcenter.api.rows import LooseRows
from tap_hiringcenter.records import EXTRAS, Shape, as_dicts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SCHEMAS = {file.stem: file for file in sorted((Path(__file__).parents[2] / "schemas").glob("*/*.json"))}
WORDS = ("", "Avery", "true", "False", "null", "NaN", "\u00e4\U0001f600", "\x00", "x" * 999)
DATES = ("2026-03-10", "2026-03-10T12:00:00.5+02:00", "2026-03-10T12:00:00.500Z")
TEXTS = (*WORDS, *DATES, "0", "7", "-3.5", "1e3")
NUMBERS = (0, -1, 7, 2**63, -(2**70), 1.5, -0.25, 7.0, 1e22, 1717000000000, True, False)
OBJECTS: tuple[Any, ...] = ({}, {"a": {"b": [None]}}, {"additional_properties": 1}, [], [1], ["a", None], [{"a": 1}, None], [["a"]])
VALUES: tuple[Any, ...] = (None, *TEXTS, *NUMBERS, *OBJECTS)

CHECKER = jsonschema.FormatChecker()


@CHECKER.checks("date-time", raises=ValueError)
def _is_our_time(value: object) -> bool:
    """The one form that the project emits."""
    if not isinstance(value, str):
        return True
    moment = datetime.strptime(value, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=timezone.utc)
    return value == times.to_text(moment)


@cache
def schema_of(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(SCHEMAS[name].read_text(encoding="utf-8"))
    return found


def _is_the_same(value: Any, kept: Any, column: dict[str, Any]) -> bool:  # noqa: ANN401  # whatever JSON holds
    """Whether what a column holds can be turned back into what came."""
    if column.get("format") == "date-time":
        return bool(abs((times.parse(value) - times.parse(kept)).total_seconds()) < 0.001)
    if type(value) is type(kept):
        if isinstance(value, list) and "items" in column:
            return len(value) == len(kept) and all(
                one is two is None or _is_the_same(one, two, column["items"]) for one, two in zip(value, kept, strict=True)
            )
        return bool(value == kept)
    if isinstance(kept, str):
        return bool(json.loads(kept) == value)
    if isinstance(kept, bool):
        return bool(json.loads(str(value).lower()) is kept)
    return Decimal(str(value)) == Decimal(str(kept))


def _records(shape: Shape, rows: list[dict[str, Any]], ancestors: Mapping[str, str]) -> list[dict[str, Any]]:
    return as_dicts(shape.records(LooseRows(rows), ancestors))


def _rows(dice: random.Random, columns: Mapping[str, Any], keys: Sequence[str]) -> list[dict[str, Any]]:
    """Rows as one page may hold them: most columns with one kind of values, some with anything."""
    of_column = {column: dice.choice([VALUES, [dice.choice(VALUES)], [dice.choice(VALUES), None]]) for column in columns}
    rows = []
    for _ in range(dice.randint(1, 8)):
        row = {column: dice.choice(of_column[column]) for column in dice.sample(sorted(columns), dice.randint(0, len(columns)))}
        row |= {column: dice.choice(VALUES) for column in dice.sample(["never_seen", "_x", "", EXTRAS], dice.randint(0, 3))}
        row |= {key: dice.choice([5, 7]) if "integer" in columns[key]["type"] else dice.choice(["a", 5, "\u00e4"]) for key in keys}
        rows.append(row)
    return rows


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_record_is_valid_and_holds_the_whole_row(name: str) -> None:
    schema, dice = schema_of(name), random.Random(name)
    shape, check = Shape(schema), jsonschema.Draft7Validator(schema, format_checker=CHECKER)
    columns = {column: kind for column, kind in schema["properties"].items() if column != EXTRAS}
    for _ in range(40):
        rows = _rows(dice, columns, schema["required"])
        for row, record in zip(rows, _records(shape, rows, {}), strict=True):
            check.validate(record)
            assert record.keys() - {EXTRAS} == row.keys() & columns.keys()
            extras = record[EXTRAS] or {}
            for column, value in row.items():
                if column in extras:
                    assert extras[column] == value
                    assert record.get(column) is None or column == EXTRAS
                elif value is None:
                    assert record[column] is None
                else:
                    assert _is_the_same(value, record[column], columns[column]), (column, value, record[column])


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_record_does_not_depend_on_the_rows_beside_it(name: str) -> None:
    schema, dice = schema_of(name), random.Random(name)
    shape, above = Shape(schema), {"lead_id": "a"} if "lead_id" in schema["properties"] else {}
    for _ in range(40):
        rows = _rows(dice, {column: kind for column, kind in schema["properties"].items() if column != EXTRAS}, schema["required"])
        alone = [_records(shape, [row], above)[0] for row in rows]

        # As text: 5, 5.0 and true are equal to each other.
        assert json.dumps(_records(shape, rows, above), sort_keys=True) == json.dumps(alone, sort_keys=True)


SCHEMA = {
    "properties": {
        "id": {"type": ["string"]},
        "lead_id": {"type": ["string", "null"]},
        "text": {"type": ["string", "null"]},
        "count": {"type": ["integer", "null"]},
        "amount": {"type": ["number", "null"]},
        "flag": {"type": ["boolean", "null"]},
        "at": {"type": ["string", "null"], "format": "date-time"},
        "tags": {"type": ["array", "null"], "items": {"type": ["string", "null"]}},
        "free": {"type": ["object", "array", "null"]},
        EXTRAS: {"type": ["object", "null"]},
    },
    "required": ["id"],
}


def _record(row: dict[str, Any], ancestors: dict[str, str]) -> dict[str, Any]:
    (record,) = _records(Shape(SCHEMA), [row], ancestors)
    return record


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [
        ("text", "a", "a"),
        ("text", 5, "5"),
        ("text", True, "true"),
        ("count", "5", 5),
        ("count", 5.0, 5),
        ("count", "9223372036854775808", 2**63),
        ("amount", "0.5", 0.5),
        ("amount", "7", 7),
        ("flag", "True", True),
        ("flag", "false", False),
        ("at", 1717000000000, "2024-05-29T16:26:40.000Z"),
        ("at", "2024-05-29T18:26:40+02:00", "2024-05-29T16:26:40.000Z"),
        ("tags", ["a", None, 5], ["a", None, "5"]),
        ("free", {"a": 1}, {"a": 1}),
        ("free", [1, {}], [1, {}]),
    ],
)
def test_a_value_that_fits_goes_into_its_column(column: str, value: object, expected: object) -> None:
    record = _record({"id": "a", column: value}, {})

    assert record == {"id": "a", column: expected, EXTRAS: None}
    assert type(record[column]) is type(expected)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("text", {"a": 1}),
        ("text", ["a"]),
        ("count", 5.5),
        ("count", "5.25"),
        ("count", "five"),
        ("count", True),
        ("count", ""),
        ("amount", "NaN"),
        ("amount", "Infinity"),
        ("amount", "0.12345678901234567890123"),
        ("flag", 1),
        ("flag", "yes"),
        ("at", "soon"),
        ("at", True),
        ("at", ""),
        ("tags", "a"),
        ("tags", [["a"]]),
        ("free", "a"),
    ],
)
def test_a_value_that_does_not_fit_is_kept_beside_its_column(column: str, value: object) -> None:
    assert _record({"id": "a", column: value}, {}) == {"id": "a", column: None, EXTRAS: {column: value}}


@pytest.mark.parametrize("value", ["1e400", "-1e400", "1e9999999", "1" + "0" * 400])
@pytest.mark.parametrize("column", ["count", "amount"])
def test_a_text_of_a_number_beyond_a_double_stays_a_text(column: str, value: str) -> None:
    assert _record({"id": "a", column: value}, {}) == {"id": "a", column: None, EXTRAS: {column: value}}


@pytest.mark.parametrize("value", [10**400, "2e308"], ids=["a number", "a text of the largest double's length"])
def test_a_whole_number_beyond_a_double_is_kept_beside_a_column_of_doubles(value: object) -> None:
    assert _record({"id": "a", "amount": value}, {}) == {"id": "a", "amount": None, EXTRAS: {"amount": value}}


def test_what_the_schema_does_not_name_is_kept() -> None:
    assert _record({"id": "a", "new": [1], EXTRAS: {"b": 2}}, {})[EXTRAS] == {"new": [1], EXTRAS: {"b": 2}}


def test_the_ids_above_win_and_what_the_row_says_otherwise_is_kept() -> None:
    assert _record({"id": "a"}, {"lead_id": "l1"}) == {"id": "a", "lead_id": "l1", EXTRAS: None}
    assert _record({"id": "a", "lead_id": "l1"}, {"lead_id": "l1"})[EXTRAS] is None
    assert _record({"id": "a", "lead_id": "l2"}, {"lead_id": "l1"}) == {"id": "a", "lead_id": "l1", EXTRAS: {"lead_id": "l2"}}
    assert _record({"id": "a", "lead_id": {"id": 5}}, {"lead_id": "l1"}) == {"id": "a", "lead_id": "l1", EXTRAS: {"lead_id": {"id": 5}}}


@pytest.mark.parametrize("row", [{}, {"id": None}, {"id": {"x": "avery@example.com"}}, {"id": ["avery@example.com"]}])
def test_a_row_without_a_usable_key_is_refused_and_not_quoted(row: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="'id'") as caught:
        _record(row, {})

    assert "avery" not in str(caught.value)


def test_a_row_is_not_changed() -> None:
    row = {"id": 5, "at": 0, "new": 1}
    _record(row, {"lead_id": "l1"})

    assert row == {"id": 5, "at": 0, "new": 1}
