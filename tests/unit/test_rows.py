"""The rows of a page: dictionaries or structs, nobody can tell by what they give."""

from __future__ import annotations

import copy
import json
import random
from itertools import repeat
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from tap_hiringcenter.api.answers import judge
from tap_hiringcenter.api.envelopes import prospectb2b_list
from tap_hiringcenter.api.rows import LooseRows, TypedRows
from tap_hiringcenter.records import EXTRAS, Shape, as_dicts, as_json
from tap_hiringcenter.tap import TapHiringcenter
from tests.unit.test_records import SCHEMA, SCHEMAS, schema_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_hiringcenter.api.rows import Row, Rows

PAGES: dict[str, list[dict[str, Any]]] = {
    "one form": [{"a": 1, "b": None}, {"a": 2, "b": [3]}],
    "another order": [{"a": 1, "b": 2}, {"b": 3, "a": 4}],
    "other names": [{"a": 1, "b": 2}, {"a": 3, "c": 4}],
    "gaps": [{"a": 1}, {}, {"b": 2, "a": 3}],
    "empty rows": [{}, {}],
}
OBJECTS: list[dict[str, Any]] = [{}, {"a": {"b": [None]}}, {EXTRAS: 1}]
OF_TYPE: dict[str, list[Any]] = {
    "string": ["", "Avery", "null", "\u00e4\U0001f600", "x" * 999, "0"],
    "integer": [0, -1, 7, 2**63, -(2**70)],
    "number": [0, 7, 1.5, -0.25, 7.0, 1e22],
    "boolean": [True, False],
    "array": [[]],
    "object": OBJECTS,
}
TIMES = ["2026-03-10T12:00:00.500Z", "2026-03-10T12:00:00.5+02:00", "2026-03-10", "soon", 1717000000000, 1.5, -1]


def _typed(rows: list[Row]) -> Rows:
    """The same rows, parsed into structs that have a field more; the names of JSON are none of Python's."""
    names = {"field_of_c": "c", "field_of_d": "d"}
    kind: Any = msgspec.defstruct("Row", [(field, Any, msgspec.UNSET) for field in ("a", "b", EXTRAS, *names)], rename=names)
    return TypedRows(msgspec.json.decode(json.dumps(rows), type=list[kind]))


def _parsed(shape: Shape, rows: list[Row]) -> Rows | None:
    """Rows as a stream's parser makes them; None when it refuses them."""
    try:
        return TypedRows(shape.parser.decode(json.dumps(rows)))
    except msgspec.ValidationError:
        return None


def _made(shape: Shape, rows: Rows, ancestors: Mapping[str, str]) -> tuple[object, object] | str:
    """Records of rows in both of their forms, or why there are none."""
    try:
        records = shape.records(rows, ancestors)
    except ValueError as error:
        return str(error)
    return as_json(records), as_dicts(records)


def _values(column: Mapping[str, Any]) -> list[Any]:
    """Values that a column's schema names."""
    if column.get("format") == "date-time":
        return TIMES
    found = [value for kind in column["type"] if kind != "null" for value in OF_TYPE[kind]]
    return [*found, [*_values(column["items"]), None]] if "items" in column else found


@pytest.mark.parametrize("rows", PAGES.values(), ids=PAGES)
@pytest.mark.parametrize("of", [LooseRows, _typed], ids=["loose", "typed"])
def test_rows_hold_what_they_were_made_of(of: Any, rows: list[Row]) -> None:  # noqa: ANN401  # either way to make them
    made: Rows = of(copy.deepcopy(rows))

    assert [*made] == rows
    assert (made[0], made[-1], made[:1], made[5:]) == (rows[0], rows[-1], rows[:1], [])
    assert set(made.names) >= {name for row in rows for name in row}
    for name in (*made.names, "never"):
        assert [*made.column(name)] == [row.get(name) for row in rows]
    for name in made.names:
        assert [*made.has(name)] == [name in row for row in rows]
    assert [*made.picked([1])] == [rows[1]]
    assert [*made.picked([])] == []


@pytest.mark.parametrize("of", [LooseRows, _typed], ids=["loose", "typed"])
def test_rows_that_became_records_are_still_there_as_they_came(of: Any) -> None:  # noqa: ANN401  # either way to make them
    kind = msgspec.defstruct("Record", ["a", "b", EXTRAS])
    made: Rows = of([{"a": 1, "c": 2}, {"b": 3}])
    (first, second) = made.records(kind, {"a": ["one", None]}, {"b": repeat("all"), EXTRAS: [None, {"c": 2}]})

    assert [getattr(first, name) for name in ("a", "b", EXTRAS)] == ["one", "all", None]
    assert [getattr(second, name) for name in ("a", "b", EXTRAS)] == [msgspec.UNSET, "all", {"c": 2}]
    assert [*made] == [{"a": 1, "c": 2}, {"b": 3}]


@pytest.mark.parametrize("name", SCHEMAS)
def test_records_are_the_same_however_their_rows_were_parsed(name: str) -> None:
    schema, dice = schema_of(name), random.Random(name)
    columns = {column: kind for column, kind in schema["properties"].items() if column != EXTRAS}
    above = {column: "a" for column in schema["required"] if column.endswith("_id")}
    shape, number_typed = Shape(schema), 0
    for _ in range(60):
        of_column = {column: [*dice.sample(found := _values(kind), dice.randint(1, len(found))), None] for column, kind in columns.items()}
        of_column |= {column: [*OF_TYPE["string"], *OBJECTS, None] for column in ("never seen", "class", "_x", "")}
        always = dice.sample(sorted(of_column), dice.randint(0, len(of_column)))
        rows: list[Row] = [
            {column: dice.choice(of_column[column]) for column in sorted({*always, *dice.sample(sorted(of_column), dice.randint(0, 3))})}
            | {column: dice.choice([5, 7]) if "integer" in columns[column]["type"] else dice.choice(["a", "\u00e4"]) for column in schema["required"]}
            for _ in range(dice.randint(1, 8))
        ]
        loose = _made(shape, LooseRows(copy.deepcopy(rows)), above)
        typed = _parsed(shape, rows)

        assert typed is not None, "a parser has to take what the schema names, and unknown names that came before"
        assert _made(shape, typed, above) == loose
        number_typed += typed.are_typed
        # What the API sent is there as it came, whatever became of it in the record.
        assert [*typed] == rows
        assert [*typed.picked(range(len(rows)))] == rows
        assert all([*typed.column(column)] == [row.get(column) for row in rows] for column in of_column)
        assert _made(shape, typed, above) == loose, "a second time"
    assert number_typed == 60


@pytest.mark.parametrize(
    "row",
    [
        {"id": ""},
        {"id": " "},
        {"id": None},
        {"lead_id": "a"},
        {"id": "a", "lead_id": "another"},
        {"id": "a", "at": True},
        {"id": "a", "amount": 10**400},
        {"id": "a", "count": 10**400},
        {"id": "a", "count": 7.0},
        {"id": "a", "text": 5},
        {"id": "a", EXTRAS: None},
        {"id": "a", EXTRAS: {"b": 2}},
        {"id": "a", "tags": ["a", 5]},
        {"id": "a", "tags": ["a", None]},
        {"id": "a", "free": [1, {}]},
    ],
    ids=str,
)
@pytest.mark.parametrize("above", [{}, {"lead_id": "l1"}], ids=["a list", "children"])
def test_a_row_that_is_odd_gives_the_same_record_however_it_was_parsed(row: Row, above: Mapping[str, str]) -> None:
    shape, rows = Shape(SCHEMA), [{"id": "b"}, row]
    loose = _made(shape, LooseRows(rows), above)
    parsed = _parsed(shape, rows)

    assert parsed is None or _made(shape, parsed, above) == loose


def test_a_name_that_the_schema_does_not_know_is_refused_once() -> None:
    shape, rows = Shape(SCHEMA), [{"id": "a", "new": 1, "class": None}]

    assert _parsed(shape, rows) is None
    shape.records(LooseRows(rows), {})
    typed = _parsed(shape, [*rows, {"id": "b"}])

    assert typed is not None
    assert as_dicts(shape.records(typed, {})) == [{"id": "a", EXTRAS: {"class": None, "new": 1}}, {"id": "b", EXTRAS: None}]


@pytest.mark.parametrize("name", ['say "hi"', "C:\\x", "two\nlines", "\x00", "\ud800", "\u2028", "", "class"], ids=ascii)
def test_any_name_may_come_on_every_page(name: str) -> None:
    shape, rows = Shape(SCHEMA), [{"id": "a", name: 1}]
    for _ in range(3):
        content = b'{"data": %b, "pagination": {"has_more": false}}' % json.dumps(rows).encode()
        page = prospectb2b_list(judge("GET /things", 200, {}, content, rows=shape.parser))

        assert as_dicts(shape.records(page.rows, {})) == [{"id": "a", EXTRAS: {name: 1}}]


def test_a_name_that_another_thread_learns_meanwhile_is_learned_once() -> None:
    shape = Shape(SCHEMA)

    class Meanwhile(LooseRows):
        """Rows whose names are learned by another thread just after this one has looked for them."""

        looks = 0

        @property
        def names(self) -> Any:  # noqa: ANN401  # a collection that can be looked through once
            self.looks += 1
            yield from super().names
            if self.looks > 2:
                shape.records(LooseRows([{"id": "a", "new": 1}]), {})

    shape.records(Meanwhile([{"id": "a", "new": 1}]), {})

    assert _parsed(shape, [{"id": "a", "new": 1}]) is not None


def test_a_list_within_a_feed_of_one_record_is_no_list_of_rows() -> None:
    stream: Any = TapHiringcenter(config={"hiringcenter_api_key": "hc_test_key"}).streams["prospect_feed"]
    content = b'{"id": "p1", "calls": [{"last_name": "b", "id": "c1"}]}'
    page = stream.page_of(judge("GET /webhooks/poll", 200, {}, content, rows=stream.parser), {})
    (record,) = stream.records(page, {}).contents

    assert json.dumps(record[EXTRAS]) == '{"calls": [{"last_name": "b", "id": "c1"}]}'


def test_names_without_end_are_not_remembered() -> None:
    shape = Shape(SCHEMA)
    for number in range(1000):
        shape.records(LooseRows([{"id": "a", f"new_{number}": number}]), {})

    assert _parsed(shape, [{"id": "a", "new_0": 0}]) is not None
    assert _parsed(shape, [{"id": "a", "new_999": 0}]) is None
