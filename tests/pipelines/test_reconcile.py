"""`python -m tap_hiringcenter.reconcile` finds what is missing, and says what it can't know."""

from __future__ import annotations

import json
import re
import textwrap
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from tap_hiringcenter.reconcile import Table, judge, main
from tests.demo.database import uri_of
from tests.demo.pipeline import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BEGAN, ENDED = "2026-03-10T12:00:00.000Z", "2026-03-10T12:30:00.000Z"
LEADS = ("leads", 3, None)
PROSPECTS = ("prospects", 2, 4)


def _entry(records: int = 3, expected: int | None = None, status: str = "complete", reason: str | None = None) -> dict[str, Any]:
    return {"status": status, "reason": reason, "records": records, "expected": expected}


@pytest.mark.parametrize(
    ("entry", "table", "missing", "remarks"),
    [
        (_entry(), Table(live=3, read=3), [], []),
        (_entry(expected=3), Table(live=3, read=3), [], []),
        (_entry(0), Table(), [], []),
        (_entry(), Table(), ["3 MISSING of those written"], []),
        (_entry(), Table(live=2, read=2), ["1 MISSING of those written"], []),
        (_entry(status="partial", reason="T"), Table(live=3, read=3), ["the run was not complete: T"], []),
        # Rows that changed while they were read may have been written twice.
        (_entry(), Table(live=2, read=2, changed=1), [], ["1 fewer than written, as 1 changed meanwhile and may have come twice"]),
        (_entry(), Table(live=0, read=0, changed=1), ["at least 2 MISSING of those written"], []),
        # What came later hides what is missing.
        (_entry(), Table(live=4, read=4, later=2), [], ["2 came with later runs, so nothing is sure"]),
        (_entry(), Table(live=2, read=2, later=1), ["at least 1 MISSING of those written"], []),
        (_entry(), Table(live=4, read=4), [], ["1 more than written: another run loaded at the same time"]),
        # A total tells of earlier runs as well; without one, nothing does.
        (_entry(), Table(live=9, read=3), [], ["6 of earlier runs, which nothing is known of"]),
        (_entry(expected=9), Table(live=9, read=3), [], []),
        (_entry(expected=9), Table(live=7, read=3), ["2 MISSING of those in the API"], []),
        (_entry(expected=9), Table(live=10, read=3), [], ["1 more than in the API: deleted there, which a full-table sync marks"]),
        (
            _entry(),
            Table(live=3, read=None),
            [],
            ["not compared with the run: the table has no _sdc_extracted_at", "3 of earlier runs, which nothing is known of"],
        ),
    ],
)
def test_each_case_is_told_apart(entry: dict[str, Any], table: Table, missing: list[str], remarks: list[str]) -> None:
    found = judge(entry, table)

    assert (found.missing, found.remarks) == (missing, remarks)


def test_totals_can_be_left_alone() -> None:
    assert judge(_entry(expected=9), Table(live=3, read=3), has_totals=False).missing == []


@pytest.fixture
def report(tmp_path: Path) -> Path:
    streams = {name: _entry(records, expected) for name, records, expected in (LEADS, PROSPECTS)}
    file = tmp_path / "run-report.json"
    file.write_text(json.dumps({"started_at": BEGAN, "ended_at": ENDED, "streams": streams}), encoding="utf-8")
    return file


# Three leads of the run; two prospects of the run, two of an earlier one, and one that is marked as deleted.
_TABLES = """
    CREATE SCHEMA hiringcenter;
    CREATE TABLE hiringcenter.leads (id integer, updated_at timestamp, _sdc_extracted_at timestamp, _sdc_deleted_at timestamp);
    CREATE TABLE hiringcenter.prospects (id integer, "updatedAt" timestamp, _sdc_extracted_at timestamp, _sdc_deleted_at timestamp);
    INSERT INTO hiringcenter.leads VALUES
        (1, '2026-03-09 12:00', '2026-03-10 12:00', NULL),
        (2, '2026-03-09 12:00', '2026-03-10 12:10', NULL),
        (3, '2026-03-09 12:00', '2026-03-10 12:30', NULL);
    INSERT INTO hiringcenter.prospects VALUES
        (1, '2026-03-09 12:00', '2026-03-10 12:10', NULL),
        (2, '2026-03-09 12:00', '2026-03-10 12:10', NULL),
        (3, '2026-03-09 12:00', '2026-03-10 11:59', NULL),
        (4, '2026-03-09 12:00', '2026-03-10 11:59', NULL),
        (5, '2026-03-09 12:00', '2026-03-10 11:59', '2026-03-10 12:10');
"""


@pytest.fixture(params=["duckdb", "postgresql"])
def filled(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, Callable[[str], object]]:
    """A filled warehouse: its URL, and what runs a statement in it."""
    if request.param == "postgresql":
        database = request.getfixturevalue("warehouse")
        database.execute(_TABLES)
        return uri_of(database), database.execute
    file = tmp_path / "warehouse.duckdb"

    def execute(statement: str) -> None:
        with duckdb.connect(str(file)) as connection:
            connection.execute(statement)

    # DuckDB's loader has all names in small letters.
    execute(_TABLES.lower())
    return f"duckdb:///{file}", execute


@pytest.mark.parametrize(
    ("accident", "code", "told"),
    [
        ("", 0, {"leads": "as it must be", "prospects": "as it must be"}),
        ("DELETE FROM hiringcenter.leads WHERE id = 2", 1, {"leads": "1 MISSING of those written", "prospects": "as it must be"}),
        ("DELETE FROM hiringcenter.prospects WHERE id = 3", 1, {"leads": "as it must be", "prospects": "1 MISSING of those in the API"}),
        (
            "DELETE FROM hiringcenter.leads WHERE id = 2; UPDATE hiringcenter.leads SET updated_at = '2026-03-10 12:00' WHERE id = 1",
            0,
            {"leads": "1 fewer than written, as 1 changed meanwhile and may have come twice", "prospects": "as it must be"},
        ),
        ("DROP TABLE hiringcenter.leads", 1, {"leads": "3 MISSING of those written", "prospects": "as it must be"}),
        (
            "UPDATE hiringcenter.leads SET _sdc_extracted_at = '2026-03-10 12:30:00.001' WHERE id = 1",
            0,
            {"leads": "1 came with later runs, so nothing is sure", "prospects": "as it must be"},
        ),
    ],
)
def test_a_missing_row_is_found(  # noqa: PLR0913, PLR0917  # what happened, what is told of it, and where
    accident: str,
    code: int,
    told: dict[str, str],
    filled: tuple[str, Callable[[str], object]],
    report: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    uri, execute = filled
    if accident:
        execute(accident)

    assert main(["--report", str(report), "--warehouse", uri]) == code
    lines = capsys.readouterr().out.splitlines()[1:]
    assert {line.split()[0]: re.split(" {2,}", line)[-1] for line in lines} == told


def test_the_page_shows_what_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = (ROOT / "docs" / "pipelines.md").read_text(encoding="utf-8")
    (told,) = re.findall(r"^    stream .*\n(?:    .*\n)+", page, re.MULTILINE)
    streams = {"prospects": _entry(57, 1042), "leads": _entry(120)}
    report, file = tmp_path / "run-report.json", tmp_path / "warehouse.duckdb"
    report.write_text(json.dumps({"started_at": BEGAN, "ended_at": ENDED, "streams": streams}), encoding="utf-8")
    with duckdb.connect(str(file)) as connection:
        connection.execute("CREATE SCHEMA hiringcenter")
        for stream, of_run, of_earlier_ones, deleted in (("prospects", 57, 985, 0), ("leads", 119, 4191, 6)):
            connection.execute(f"CREATE TABLE hiringcenter.{stream} (_sdc_extracted_at timestamp, _sdc_deleted_at timestamp)")
            for number, row in ((of_run, [BEGAN, None]), (of_earlier_ones, ["2026-01-01", None]), (deleted, ["2026-01-01", BEGAN])):
                connection.execute(f"INSERT INTO hiringcenter.{stream} SELECT ?, ? FROM range({number})", row)  # noqa: S608  # ours

    assert main(["--report", str(report), "--warehouse", f"duckdb:///{file}"]) == 1
    assert capsys.readouterr().out == textwrap.dedent(told)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--report", "nowhere.json"], "The run report can't be read"),
        (["--report", __file__], "This is no run report"),
        (["--warehouse", "mysql://someone:secret@host/d"], "must be postgresql://"),
        (["--warehouse", "postgresql://someone:secret@127.0.0.1:port/d"], "must be postgresql://"),
        (["--warehouse", "postgresql://someone:secret@127.0.0.1:1/d"], "The warehouse can't be read"),
        (["--warehouse", "duckdb:///nowhere.duckdb"], "The warehouse can't be read"),
    ],
)
def test_what_cannot_be_compared_is_said_and_nothing_is_quoted(
    arguments: list[str], told: str, report: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--report", str(report), "--warehouse", "duckdb:///nowhere.duckdb", *arguments]) == 2

    said = capsys.readouterr()
    assert told in said.err
    assert said.err.count("\n") == 1
    assert "secret" not in said.out + said.err
