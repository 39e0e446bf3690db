"""PostgreSQL as the warehouse, filled by MeltanoLabs' loader as examples/meltano sets it up: on a real server, with what it does to odd values."""

from __future__ import annotations

import json
import random
import re
import string
import textwrap
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tap_hiringcenter.reconcile import main
from tests.auditor import EVERY_STREAM, schema
from tests.demo.database import uri_of
from tests.demo.pipeline import ROOT
from tests.pipelines.project import TIMESTAMPS
from tests.pipelines.warehouse import RealLoader, differences, rows_of, types_of, value_of
from tests.running import settings_for, sync

if TYPE_CHECKING:
    from pathlib import Path

    import psycopg

    from tests.sandbox import Sandbox

    Warehouse = psycopg.Connection[Any]

Record = dict[str, Any]

# What the columns of a type in our schemas become; all of them can be null, but for the keys.
_TYPES = {"string": "text", "integer": "bigint", "number": "numeric", "boolean": "boolean", "object": "jsonb"}
_NUL = "\x00"
_LOST = "\ufffd"
_MEGABYTE = 1 << 20


def _type_of(column: Record, time: str) -> str:
    """The type that PostgreSQL must give to a column of a schema."""
    if column.get("format") == "date-time":
        return time
    kinds = [kind for kind in column["type"] if kind != "null"]
    if kinds == ["array"]:
        return f"{_type_of(column['items'], time)}[]"
    return _TYPES[kinds[0]]


def _types(time: str) -> dict[tuple[str, str], str]:
    return {(stream, name): _type_of(column, time) for stream in EVERY_STREAM for name, column in schema(stream)["properties"].items()}


def _own(types: dict[tuple[str, str], str]) -> dict[tuple[str, str], str]:
    """Without the loader's columns."""
    return {place: kind for place, kind in types.items() if not place[1].startswith("_sdc_")}


def test_every_stream_lands_and_changes_are_merged(sandbox: Sandbox, to_postgresql: RealLoader, warehouse: Warehouse, tmp_path: Path) -> None:
    config = settings_for(sandbox)
    run = sync(config, *EVERY_STREAM)
    first = to_postgresql.load(run.lines)

    assert first.code == 0, first.log
    report = tmp_path / "run-report.json"
    report.write_text(json.dumps(run.report), encoding="utf-8")
    assert main(["--report", str(report), "--warehouse", uri_of(warehouse)]) == 0
    assert differences(warehouse, sandbox, EVERY_STREAM) == []
    assert _own(types_of(warehouse)) == _types("timestamp without time zone")

    warehouse.execute(TIMESTAMPS.read_text(encoding="utf-8"))
    assert differences(warehouse, sandbox, EVERY_STREAM) == []
    assert _own(types_of(warehouse)) == _types("timestamp with time zone")

    sandbox.change("leads", sandbox.truth("leads")[0]["id"], company_name="", tags=["a, b", 'c"d', "{e}", ""])
    sandbox.put("prospects")
    sandbox.put("notes")
    second = to_postgresql.load(sync(config, *EVERY_STREAM, state=first.states[-1]).lines, PGTZ="Asia/Tokyo")

    assert second.code == 0, second.log
    assert differences(warehouse, sandbox, EVERY_STREAM) == []
    assert _own(types_of(warehouse)) == _types("timestamp with time zone")


def test_rows_that_are_gone_are_marked_by_a_full_table_sync(sandbox: Sandbox, to_postgresql: RealLoader, warehouse: Warehouse) -> None:
    config = settings_for(sandbox, child_sync="full")
    streams = ("leads", "lead_messages", "notes")
    first = to_postgresql.load(sync(config, *streams).lines)
    for stream in ("leads", "notes"):
        sandbox.remove(stream, sandbox.truth(stream)[2]["id"])

    to_postgresql.load(sync(config, *streams, state=first.states[-1]).lines)
    assert differences(warehouse, sandbox, streams) != []

    whole = to_postgresql.load(sync(config, *streams, full_table=streams).lines)
    assert whole.code == 0, whole.log
    assert differences(warehouse, sandbox, streams) == []


def test_a_row_that_another_run_brings_meanwhile_is_marked_as_well(sandbox: Sandbox, to_postgresql: RealLoader, warehouse: Warehouse) -> None:
    whole = sync(settings_for(sandbox), "leads", full_table=["leads"]).lines
    lead = sandbox.put("leads")["id"]
    hourly = [line for line in sync(settings_for(sandbox), "leads").lines if lead in line]
    (place,) = (number for number, line in enumerate(whole) if '"ACTIVATE_VERSION"' in line)

    done = to_postgresql.load([*whole[:place], *hourly, *whole[place:]])

    assert done.code == 0, done.log
    assert {row["id"] for row in rows_of(warehouse, "leads")} == {row["id"] for row in sandbox.truth("leads")} - {lead}
    assert value_of(warehouse, "leads", "_sdc_deleted_at", lead)


def test_long_texts_survive_and_nul_characters_are_replaced_where_the_loader_sees_them(
    sandbox: Sandbox, to_postgresql: RealLoader, warehouse: Warehouse
) -> None:
    long = "x€" * _MEGABYTE
    note = sandbox.put("notes", {"body": f"a{_NUL}b", "colour": long})["id"]
    plain = sandbox.put("notes", {"body": ""})["id"]
    other = sandbox.put("notes", {"body": long, "colour": f"a{_NUL}b"})["id"]
    lead = sandbox.put("leads", {"tags": [f"a{_NUL}b", "c"]})["id"]

    done = to_postgresql.load(sync(settings_for(sandbox), "notes", "leads").lines)

    assert done.code == 0, done.log
    assert value_of(warehouse, "notes", "body", note) == f"a{_LOST}b"
    assert value_of(warehouse, "notes", "additional_properties", note) == {"colour": long}
    assert value_of(warehouse, "notes", "body", other) == long
    assert value_of(warehouse, "notes", "additional_properties", other) == {"colour": f"a{_LOST}b"}
    assert value_of(warehouse, "leads", "tags", lead) == [f"a{_LOST}b", "c"]
    assert value_of(warehouse, "notes", "body", plain) == ""
    # To psycopg, JSON's null and SQL's are the same.
    nulls = "SELECT count(*) FROM hiringcenter.notes WHERE id = %s AND additional_properties IS NOT NULL AND additional_properties = 'null'"
    assert warehouse.execute(nulls, [plain]).fetchone() == (1,)


@pytest.mark.parametrize(
    ("stream", "row", "reason"),
    [
        ("notes", {"colour": {"of": {"what": f"a{_NUL}b"}}}, "unsupported Unicode escape sequence"),
        ("notes", {"body": "half a character: \ud83d"}, "surrogates not allowed"),
        ("import_errors", {"row": 2**63}, "bigint out of range"),
        ("import_errors", {"message": "".join(random.Random(1).choices(string.ascii_letters, k=5000))}, "exceeds btree version 4 maximum"),
    ],
    ids=["NUL deep in an object", "half a character", "2^63", "long key"],
)
def test_what_postgresql_refuses_stops_the_load_aloud(  # noqa: PLR0913, PLR0917  # what is refused, why, and where
    stream: str, row: Record, reason: str, sandbox: Sandbox, to_postgresql: RealLoader, warehouse: Warehouse
) -> None:
    _put(sandbox, stream, row)

    done = to_postgresql.load(sync(settings_for(sandbox), stream).lines)

    assert done.code != 0
    assert done.states == []
    assert reason in done.log
    assert rows_of(warehouse, stream) == []


def _put(sandbox: Sandbox, stream: str, row: Record) -> Record:
    parent = {"import_id": sandbox.truth("imports")[0]["id"]} if stream == "import_errors" else {}
    return sandbox.put(stream, row, **parent)


def test_stream_maps_bring_in_what_postgresql_refuses(sandbox: Sandbox, to_postgresql: RealLoader, warehouse: Warehouse) -> None:
    page = (ROOT / "docs" / "warehouses.md").read_text(encoding="utf-8")
    (told,) = re.findall(r"^( +stream_maps:\n(?: +.*\n)+)", page, re.MULTILINE)
    maps = yaml.safe_load(textwrap.dedent(told))["stream_maps"]
    body, colour, message = f"a{_NUL}b \ud83d", {"of": {"what": _NUL}}, "".join(random.Random(1).choices(string.ascii_letters, k=5000))
    note = sandbox.put("notes", {"body": body, "colour": colour})["id"]
    plain = sandbox.put("notes", {"body": 'a "plain" one'})["id"]
    _put(sandbox, "import_errors", {"message": message})

    done = to_postgresql.load(sync(settings_for(sandbox, stream_maps=maps), "notes", "import_errors").lines)

    assert done.code == 0, done.log
    assert json.loads(value_of(warehouse, "notes", "body_json", note)) == body
    assert json.loads(value_of(warehouse, "notes", "additional_properties_json", note)) == {"colour": colour}
    (back,) = re.findall(r"`(body_json::.*?)` is the text again", page)
    assert warehouse.execute(f"SELECT {back} FROM hiringcenter.notes WHERE id = %s", [plain]).fetchone() == ('a "plain" one',)  # noqa: S608  # ours
    assert message in {row["message"] for row in rows_of(warehouse, "import_errors")}
    assert len(rows_of(warehouse, "import_errors")) == len(sandbox.truth("import_errors"))
