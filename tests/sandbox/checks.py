"""Whether what the sandbox serves is what the schemas describe."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema

from tests.sandbox.streams import TABLES
from tests.sandbox.times import has_zone, parse_iso

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tests.sandbox.store import Row

_SCHEMAS = {file.stem: file for file in Path(__file__).parents[2].glob("schemas/*/*.json")}
# The tap's own column for what no schema names.
_OWN = {"additional_properties"}


@cache
def schema_of(stream: str) -> dict[str, Any]:
    """The schema of a stream's records."""
    schema: dict[str, Any] = json.loads(_SCHEMAS[stream].read_text(encoding="utf-8"))
    return schema


def problems_of(stream: str, rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """What is wrong with rows as an API serves them, seen against the schema of the records that a tap makes of them.

    On the wire HiringCenter's times are integers, and a row has no ids of the rows above it unless its document shows one.

    Args:
        stream: The stream.
        rows: Its rows.

    Returns:
        One line for each problem.
    """
    properties = schema_of(stream)["properties"]
    times = {name for name, schema in properties.items() if schema.get("format") == "date-time"}
    expected = properties.keys() - _OWN - _ancestor_ids(stream)
    is_hiringcenter = stream in TABLES and TABLES[stream].system == "hiringcenter"
    validator = jsonschema.Draft202012Validator({"type": "object", "properties": {name: properties[name] for name in properties.keys() - times}})
    problems = []
    for row in rows:
        where = f"{stream} {row.get('id', row)}"
        problems += [f"{where}: {name} is not in the schema" for name in sorted(row.keys() - properties.keys())]
        problems += [f"{where}: {name} is not served" for name in sorted(expected - row.keys())]
        problems += [f"{where}: {error.message}" for error in validator.iter_errors(dict(row))]
        problems += [
            f"{where}: {name} is no time: {row[name]!r}" for name in sorted(times & row.keys()) if not _is_time(row[name], in_millis=is_hiringcenter)
        ]
    return problems


def _ancestor_ids(stream: str) -> set[str]:
    names = set()
    table = TABLES.get(stream)
    while table and table.parent_key:
        names.add(table.parent_key)
        table = TABLES.get(table.parent or "")
    return names


def _is_time(value: object, *, in_millis: bool) -> bool:
    if value is None:
        return True
    if in_millis:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, str) and has_zone(value) and parse_iso(value) is not None


def without_ancestors(stream: str, row: Row) -> Row:
    """A row of the truth as it is served."""
    served = {"campaign_runs": {"campaign_id"}, "prospector_runs": {"workflow_id"}}.get(stream, set())
    return {name: value for name, value in row.items() if name not in _ancestor_ids(stream) - served}
