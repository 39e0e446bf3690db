"""What is odd in the rows themselves (T-18, T-24): values that no schema foresees are kept, and every line is a valid Singer message."""

from __future__ import annotations

import copy
import json
import math
from typing import TYPE_CHECKING, Any, NoReturn

import jsonschema
import pytest

from tests.auditor import EVERY_STREAM, differences, schema
from tests.running import Outcome, catalog, execute, settings_for, sync
from tests.sandbox import Fault, Sandbox, World

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Row = dict[str, Any]

# Ids are what rows are asked for and told apart by, and what children carry; by its scopes a key tells what may be read at all.
IDS = frozenset({name for stream in EVERY_STREAM for name in schema(stream)["required"]} | {"scopes"})


def as_text(value: Any) -> Any:  # noqa: ANN401  # any JSON
    return json.dumps(value) if isinstance(value, (bool, int, float)) else value


def as_null(_: object) -> None:
    return None


def as_a_number(value: Any) -> Any:  # noqa: ANN401  # any JSON
    return 7 if isinstance(value, str) else value


def as_a_list(value: object) -> list[object]:
    return [value]


def as_an_object(value: object) -> dict[str, object]:
    return {"was": value}


def changed_rows(change: Callable[[Any], Any], told: dict[tuple[str, ...], Row]) -> Callable[[Any], Any]:
    """An edit of every row of an answer, its ids left as they are; what rows then say is told by their ids."""

    def edit(answer: Any) -> Any:  # noqa: ANN401  # any JSON
        body = copy.deepcopy(answer)
        found = next((body[name] for name in ("data", "items", "prospects", "notes") if name in body), body) if isinstance(body, dict) else body
        for row in found if isinstance(found, list) else [found]:
            for name in row:
                if name not in IDS:
                    row[name] = change(row[name])
            row["never_seen"] = {"deep": [1, {"a": None}]}
            told[tuple(str(row.get(name)) for name in ("id", "row", "message"))] = json.loads(json.dumps(row))
        return body

    return edit


def validated(run: Outcome) -> None:
    """Hold every record against the SCHEMA that came before it."""
    validators: dict[str, jsonschema.Draft7Validator] = {}
    for message in run.messages:
        if message["type"] == "SCHEMA":
            validators[message["stream"]] = jsonschema.Draft7Validator(message["schema"], format_checker=jsonschema.FormatChecker())
        elif message["type"] == "RECORD":
            validators[message["stream"]].validate(message["record"])


@pytest.mark.parametrize("change", [as_text, as_null, as_a_number, as_a_list, as_an_object])
def test_t18_what_no_schema_foresees_is_kept_and_valid_in_every_stream(sandbox: Sandbox, change: Callable[[Any], Any]) -> None:
    told: dict[str, dict[tuple[str, ...], Row]] = {stream: {} for stream in EVERY_STREAM}
    before = {stream: len(sandbox.truth(stream)) for stream in EVERY_STREAM}
    for stream in EVERY_STREAM:
        sandbox.inject(Fault("edit", stream=stream, edit=changed_rows(change, told[stream]), times=None))
    run = sync(settings_for(sandbox), *EVERY_STREAM)
    assert run.code == 0
    validated(run)
    for stream in EVERY_STREAM:
        assert len(run.records(stream)) == before[stream]
        for record in run.records(stream):
            row = told[stream][tuple(str(record.get(name)) for name in ("id", "row", "message"))]
            kept = record["additional_properties"]
            assert kept["never_seen"] == {"deep": [1, {"a": None}]}
            lost = {name for name, value in row.items() if not is_kept(value, record.get(name)) and not is_kept(value, kept.get(name))}
            assert lost == set(), stream


def is_kept(value: Any, shown: Any) -> bool:  # noqa: ANN401  # any JSON
    """Whether a column shows a value, as it is or in the column's own type."""
    if value == shown and type(value) is type(shown):
        return True
    if isinstance(shown, str) and shown.endswith("Z"):
        return value is not None and not isinstance(value, (dict, list))  # a time, in the one form of all times
    return value is not None and shown is not None and as_text(value) == as_text(shown)


ODD: dict[str, Any] = {
    "emoji": "👩‍👩‍👧‍👦 🏳️‍🌈",
    "other scripts": "日本語 العربية ñ ß İ ŉ",
    "right to left": "\u202eabc\u202c",
    "lone surrogate": "a\ud800b",
    "nul": "a\x00b",
    "controls": "\x01\x08\x0b\x1b\x7f\x85\u2028\u2029",
    "lines": "one\r\ntwo\nthree",
    "quotes": '"\\"}\n{"type":"STATE","value":{}}',
    "one megabyte": "ä" * 1_000_000,
    "2^63": 2**63,
    "-2^63 - 1": -(2**63) - 1,
    "400 digits": 10**400,
    "small": 5e-324,
    "deep": json.loads("[" * 150 + "1" + "]" * 150),
    "wide": {str(number): number for number in range(2000)},
    "names": {"": 1, "a.b": 2, "ä": 3, "\n": 4},
    "empty": ["", [], {}],
}
# JSON has no word for them; the server sends them all the same.
NO_NUMBERS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def strictly(line: str) -> Any:  # noqa: ANN401  # any JSON
    def refuse(word: str) -> NoReturn:
        message = f"{word} is no JSON"
        raise ValueError(message)

    return json.loads(line, parse_constant=refuse)


@pytest.mark.parametrize("stream", ["leads", "lead_activities", "meetings", "billing_usage"])
def test_t24_odd_values_make_valid_lines_and_come_through_as_they_are(stream: str, tmp_path: Path) -> None:
    with Sandbox(World(seed=7, size=3, activities_per_lead=1)) as sandbox:
        name = next(name for name, column in schema(stream)["properties"].items() if name not in IDS and column["type"] == ["string", "null"])

        def odd(body: Any) -> Any:  # noqa: ANN401  # any JSON
            rows = body.get("items", body.get("data"))
            for row in rows if isinstance(rows, list) else [rows]:
                row.update(ODD)
                row.update(NO_NUMBERS)
                row[name] = ODD["nul"]
            return body

        sandbox.inject(Fault("edit", stream=stream, edit=odd, times=None))
        result = execute(settings_for(sandbox), tmp_path, selection=catalog(stream))
        assert result.returncode == 0, result.stderr
        run = Outcome(0, result.stdout.split("\n")[:-1], {})
        assert {strictly(line)["type"] for line in run.lines} >= {"SCHEMA", "RECORD"}
        validated(run)
        assert len(run.records(stream)) == len(sandbox.truth(stream))
        for record in run.records(stream):
            kept = record["additional_properties"]
            assert {label: kept[label] for label in ODD} == ODD
            assert {label: str(kept[label]) for label in NO_NUMBERS} == {label: label for label in NO_NUMBERS}
            assert record[name] == ODD["nul"]


def test_t24_odd_values_stand_in_columns_of_any_kind_without_loss(sandbox: Sandbox) -> None:
    columns = schema("leads")["properties"]
    text = next(name for name, column in columns.items() if name not in IDS and column["type"] == ["string", "null"] and "format" not in column)
    for number, value in enumerate(ODD.values()):
        if isinstance(value, str):
            sandbox.change("leads", sandbox.truth("leads")[number % 12]["id"], **{text: value})
    run = sync(settings_for(sandbox), "leads")
    assert run.code == 0
    assert differences(sandbox, [run], ["leads"]) == []
