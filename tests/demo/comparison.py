"""Compares what a warehouse holds of a stream with what the sandbox says that it must hold."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    import duckdb

_SCHEMAS = {file.stem: file for file in Path(__file__).parents[2].glob("schemas/*/*.json")}
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


@dataclass(frozen=True)
class Comparison:
    """One stream on both sides.

    Attributes:
        stream: Its name.
        in_sandbox: Rows that must be there.
        in_warehouse: Rows that are there.
        differences: One line for each key that is missing, too many, or has another value.
    """

    stream: str
    in_sandbox: int
    in_warehouse: int
    differences: list[str] = field(default_factory=list)

    @property
    def is_equal(self) -> bool:
        """Whether both sides hold the same rows, each once."""
        return not self.differences and self.in_sandbox == self.in_warehouse


def rows_of(connection: duckdb.DuckDBPyConnection, schema: str, stream: str) -> list[dict[str, Any]]:
    """What the warehouse holds of a stream.

    Args:
        connection: The open warehouse.
        schema: The schema that the loader writes to.
        stream: The stream.

    Returns:
        Its rows by column; none when there is no table.
    """
    tables = connection.execute("SELECT count(*) FROM information_schema.tables WHERE table_schema = ? AND table_name = ?", [schema, stream])
    if tables.fetchone() == (0,):
        return []
    found = connection.table(f"{schema}.{stream}")
    return [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]


def compare(stream: str, truth: Iterable[Mapping[str, Any]], rows: Iterable[Mapping[str, Any]], *, is_csv: bool = True) -> Comparison:
    """Compare a stream, column by column.

    Args:
        stream: The stream.
        truth: Its rows as the API serves them.
        rows: Its rows as the warehouse holds them, by columns in small letters.
        is_csv: Whether they went through CSV, where an empty text is no text.

    Returns:
        What was counted and what differs.
    """
    schema = json.loads(_SCHEMAS[stream].read_text(encoding="utf-8"))
    normal = {name: _normal_form(property_, is_csv=is_csv) for name, property_ in schema["properties"].items()}

    def key_of(row: Mapping[str, Any]) -> tuple[Any, ...]:
        return tuple(row[name] for name in schema["required"])

    expected = [_expected(row, normal) for row in truth]
    held = [{name: form(row.get(name.lower())) for name, form in normal.items()} for row in rows]
    wanted, there = {key_of(row): row for row in expected}, {key_of(row): row for row in held}
    differences = [
        *(f"{key} is missing" for key in wanted if key not in there),
        *(f"{key} is too many" for key in there if key not in wanted),
    ]
    for key in wanted.keys() & there.keys():
        columns = [name for name in normal if wanted[key][name] != there[key][name]]
        if columns:
            differences.append(f"{key} differs in {', '.join(columns)}")
    return Comparison(stream, len(expected), len(held), sorted(differences))


def _expected(row: Mapping[str, Any], normal: Mapping[str, Callable[[Any], Any]]) -> dict[str, Any]:
    """A row of the API as the tap promises to write it: what the schema doesn't name is kept together."""
    unnamed = {name: value for name, value in row.items() if name not in normal}
    return {name: form(row.get(name) if name != "additional_properties" else unnamed or None) for name, form in normal.items()}


def _normal_form(property_: Mapping[str, Any], *, is_csv: bool) -> Callable[[Any], Any]:
    """How to bring values of one column to a form that both sides share."""
    if property_.get("format") == "date-time":
        return _time
    if {"object", "array"} & set(property_["type"]):
        return _document
    return _of_csv if is_csv else _as_it_is


def _time(value: object) -> object:
    if isinstance(value, int):
        return _EPOCH + timedelta(milliseconds=value)
    if isinstance(value, str):
        value = datetime.fromisoformat(value.replace("Z", "+00:00"))
    # The loader's columns have no zone; what it puts there is UTC.
    return value.replace(tzinfo=value.tzinfo or timezone.utc) if isinstance(value, datetime) else value


def _document(value: object) -> object:
    return json.loads(value) if isinstance(value, str) else value


def _of_csv(value: object) -> object:
    return None if value == "" else value


def _as_it_is(value: object) -> object:
    return float(value) if isinstance(value, Decimal) else value
