"""What the long form looks for in the end is found when it is there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.demo.database import new_database
from tests.fleet import audit
from tests.fleet.agency import Client

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def database() -> Iterator[psycopg.Connection[Any]]:
    try:
        with new_database("fleet_audit") as connection:
            yield connection
    except psycopg.OperationalError as error:
        pytest.skip(f"no PostgreSQL to try it with: {error}")


def test_two_runs_of_an_account_at_one_time(database: psycopg.Connection[Any]) -> None:
    database.execute("CREATE TABLE runs (run_id text, job_name text, started_at timestamp, ended_at timestamp, last_heartbeat_at timestamp)")
    rows = [
        ("1", "prod:tap-to-target:after", "10:00", "10:05", "10:05"),
        ("2", "prod:tap-to-target:after", "10:05", "10:09", "10:09"),
        ("3", "prod:tap-to-target:both", "10:00", "10:05", "10:05"),
        ("4", "prod:whole-to-target:both", "10:04", "10:09", "10:09"),
        ("5", "prod:tap-to-target:killed", "10:00", None, "10:05"),
        ("6", "prod:tap-to-target:killed", "10:04", "10:09", "10:09"),
        ("7", "prod:tap-to-target:orphan", "10:00", None, "10:03"),
        ("8", "prod:tap-to-target:orphan", "10:04", "10:09", "10:09"),
        ("81", "prod:tap-to-target:reversed", "10:00", "10:05", "10:05"),
        ("80", "prod:tap-to-target:reversed", "10:06", "10:09", "10:09"),
        ("9", "prod:tap-to-target:other", "10:04", "10:09", "10:09"),
    ]
    statement = "INSERT INTO runs VALUES (%s, %s, '2026-01-01'::date + %s::time, '2026-01-01'::date + %s::time, '2026-01-01'::date + %s::time)"
    for row in rows:
        database.execute(statement, row)

    assert sorted(audit.side_by_side(database)) == ["both", "killed"]


def test_an_account_without_a_schema(database: psycopg.Connection[Any]) -> None:
    assert audit.differences(database, Client("acme", seed=1, size=4)) == (0, ["there is no schema"])


def test_a_key_in_a_file_or_a_database(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    file = tmp_path / "folder" / "task.log"
    file.write_text("nothing\n", encoding="utf-8")
    assert audit.told(tmp_path, [b"nothing"], ["a-key"]) == []

    file.write_text("it is a-key!\n", encoding="utf-8")
    assert audit.told(tmp_path, [b"nothing", b"with a-key"], ["another", "a-key"]) == [str(file), "a database"]
