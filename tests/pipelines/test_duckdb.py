"""DuckDB as the warehouse, filled by the loader as examples/meltano sets it up. That every value lands is for `python -m tests.demo` to show."""

from __future__ import annotations

import json
import random
import string
import sys
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from tests.auditor import EVERY_STREAM, schema
from tests.running import settings_for, sync

if TYPE_CHECKING:
    from pathlib import Path

    from tests.pipelines.warehouse import RealLoader
    from tests.sandbox import Sandbox

# What the columns of a type in our schemas become.
_TYPES = {"string": "VARCHAR", "integer": "HUGEINT", "number": "DOUBLE", "boolean": "BOOLEAN", "object": "JSON", "array": "JSON"}
_NUL = "\x00"
_MEGABYTE = 1 << 20


def _ask(file: Path, statement: str, *values: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(file), read_only=True) as connection:
        return connection.execute(statement, values).fetchall()


def _type_of(column: dict[str, Any]) -> str:
    kinds = [kind for kind in column["type"] if kind != "null"]
    return "TIMESTAMP" if column.get("format") == "date-time" else _TYPES[kinds[0]]


def test_every_stream_has_its_types(sandbox: Sandbox, to_duckdb: RealLoader, duckdb_file: Path) -> None:
    done = to_duckdb.load(sync(settings_for(sandbox), *EVERY_STREAM).lines)

    assert done.code == 0, done.log
    columns = _ask(
        duckdb_file, "SELECT table_name, column_name, data_type FROM information_schema.columns WHERE column_name NOT LIKE '\\_sdc%' ESCAPE '\\'"
    )
    assert {(table, name): kind for table, name, kind in columns} == {
        (stream, name.lower()): _type_of(column) for stream in EVERY_STREAM for name, column in schema(stream)["properties"].items()
    }


def test_odd_values_survive(sandbox: Sandbox, to_duckdb: RealLoader, duckdb_file: Path) -> None:
    deep = {"of": {"what": f"a{_NUL}b"}}
    long = "".join(random.Random(1).choices(string.ascii_letters, k=5000))
    note = sandbox.put("notes", {"body": "x" * _MEGABYTE, "colour": deep})["id"]
    parent = sandbox.truth("imports")[0]["id"]
    sandbox.put("import_errors", {"row": 2**63, "message": long}, import_id=parent)

    done = to_duckdb.load(sync(settings_for(sandbox), "notes", "import_errors").lines)

    assert done.code == 0, done.log
    ((body, extras),) = _ask(duckdb_file, "SELECT body, additional_properties FROM hiringcenter.notes WHERE id = ?", note)
    assert body == "x" * _MEGABYTE
    assert json.loads(extras) == {"colour": deep}
    assert _ask(duckdb_file, "SELECT message FROM hiringcenter.import_errors WHERE row = ?", str(2**63)) == [(long,)]


def test_a_nul_character_is_kept_or_refused(sandbox: Sandbox, to_duckdb: RealLoader, duckdb_file: Path) -> None:
    note = sandbox.put("notes", {"body": f"a{_NUL}b"})["id"]

    done = to_duckdb.load(sync(settings_for(sandbox), "notes").lines)

    if sys.version_info >= (3, 11):
        assert _ask(duckdb_file, "SELECT body FROM hiringcenter.notes WHERE id = ?", note) == [(f"a{_NUL}b",)]
    else:
        # The CSV that the loader goes through can't have one there.
        assert done.code != 0
        assert done.states == []


def test_rows_that_are_gone_stay(sandbox: Sandbox, to_duckdb: RealLoader, duckdb_file: Path) -> None:
    to_duckdb.load(sync(settings_for(sandbox), "leads").lines)
    sandbox.remove("leads", sandbox.truth("leads")[2]["id"])

    to_duckdb.load(sync(settings_for(sandbox), "leads", full_table=["leads"]).lines)

    assert _ask(duckdb_file, "SELECT count(*), count(_sdc_deleted_at) FROM hiringcenter.leads") == [(len(sandbox.truth("leads")) + 1, 0)]


@pytest.mark.parametrize(
    ("body", "reason"),
    [("half a character: \ud83d", "surrogates not allowed"), ("x" * 2 * _MEGABYTE, "Maximum line size of 2097152 bytes exceeded")],
    ids=["half a character", "a row of 2 MB"],
)
def test_what_duckdb_refuses_stops_the_load_aloud(body: str, reason: str, sandbox: Sandbox, to_duckdb: RealLoader) -> None:
    sandbox.put("notes", {"body": body})

    done = to_duckdb.load(sync(settings_for(sandbox), "notes").lines)

    assert done.code != 0
    assert done.states == []
    assert reason in done.log
