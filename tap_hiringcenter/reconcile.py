"""Whether a warehouse holds what a run of the tap says that it wrote, and as much as the API says that there is.

    python -m tap_hiringcenter.reconcile --report run-report.json --warehouse postgresql://reader@localhost/warehouse

It asks the warehouse alone, never the API: the run report has the API's totals and what the run wrote, and loaders that keep the SDK's metadata
columns tell when each row was read. So it sees what was lost between the tap and the table, and after a full-table run everything that is missing.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import ArgumentError, DBAPIError

from tap_hiringcenter.api import times
from tap_hiringcenter.api.reports import COMPLETE, in_columns

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

Ask = Callable[[sa.Select[Any]], list[tuple[Any, ...]]]
"""Puts a question to the warehouse."""

_READ_AT = "_sdc_extracted_at"
_DELETED_AT = "_sdc_deleted_at"
_CHANGED_AT = ("updatedAt", "updated_at")
# Written out in the text: a bound text would have a type, and be no time. DuckDB takes the same SQL.
_DIALECT = postgresql.dialect(paramstyle="named")  # type: ignore[no-untyped-call]  # SQLAlchemy's own
_HEADINGS = ("stream", "written", "found", "in the API", "in the warehouse", "deleted", "")


class WarehouseError(Exception):
    """There is nothing to compare; the message says why."""


@dataclass(frozen=True)
class Table:
    """What the warehouse holds of one stream.

    Attributes:
        live: Rows that are not marked as deleted.
        deleted: Rows that are.
        read: Rows that were read by the run, or later; None when the table doesn't tell.
        later: Rows that were read after the run.
        changed: Rows that changed in the API after the run had begun: it may have met them twice.
    """

    live: int = 0
    deleted: int = 0
    read: int | None = 0
    later: int = 0
    changed: int = 0


@dataclass
class Verdict:
    """What comparing one stream has shown.

    Attributes:
        missing: Why the warehouse is certainly not whole, one line for each reason.
        remarks: What can't be known, or is no fault.
    """

    missing: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        """All of it, in one line."""
        return "; ".join([*self.missing, *self.remarks]) or "as it must be"


def judge(entry: Mapping[str, Any], table: Table, *, has_totals: bool = True) -> Verdict:
    """Compare one stream.

    Args:
        entry: The stream as the run report has it.
        table: What the warehouse holds of it.
        has_totals: Whether the API's total counts; with a `start_date` it counts rows as well that nobody wants.

    Returns:
        What that shows.
    """
    found = Verdict()
    if entry["status"] != COMPLETE:
        found.missing.append(f"the run was not complete: {entry['reason']}")
    if table.read is None:
        found.remarks.append(f"not compared with the run: the table has no {_READ_AT}")
    else:
        _judge_run(entry["records"], table, table.read, found)
    total = entry["expected"] if has_totals else None
    if total is None:
        if older := table.live - (table.read or 0):
            found.remarks.append(f"{older} of earlier runs, which nothing is known of")
    elif table.live < total:
        found.missing.append(f"{total - table.live} MISSING of those in the API")
    elif table.live > total and not table.later:
        found.remarks.append(f"{table.live - total} more than in the API: deleted there, which a full-table sync marks")
    return found


def _judge_run(written: int, table: Table, read: int, found: Verdict) -> None:
    """Compare with what the run wrote. A row that changed while it was being read may have been written, and counted, twice."""
    short = written - read
    if short > table.changed:
        least = "at least " if table.changed or table.later else ""
        found.missing.append(f"{least}{short - table.changed} MISSING of those written")
    elif short > 0:
        found.remarks.append(f"{short} fewer than written, as {table.changed} changed meanwhile and may have come twice")
    elif table.later:
        found.remarks.append(f"{table.later} came with later runs, so nothing is sure")
    elif short < 0:
        found.remarks.append(f"{-short} more than written: another run loaded at the same time")


def look(ask: Ask, schema: str, stream: str, began: str, ended: str) -> Table:
    """Count what the warehouse holds of one stream.

    Args:
        ask: The warehouse.
        schema: The schema that the loader writes to.
        stream: The stream, which the table is named after.
        began: When the run began, as its report has it.
        ended: When it had ended.

    Returns:
        What there is; nothing when there is no table.
    """
    catalog = sa.table("columns", sa.column("column_name"), sa.column("table_schema"), sa.column("table_name"), schema="information_schema")
    here = sa.and_(catalog.c.table_schema == schema, catalog.c.table_name == stream)
    # DuckDB's loader has all names in small letters.
    names = {str(name).lower(): str(name) for (name,) in ask(sa.select(catalog.c.column_name).where(here))}
    if not names:
        return Table()

    def count(column: str, condition: Callable[[sa.ColumnClause[Any]], sa.ColumnElement[bool]]) -> sa.ColumnElement[Any]:
        if column.lower() not in names:
            return sa.null()
        return sa.func.count(sa.case((condition(sa.column(names[column.lower()])), 1)))

    changed_at = next((name for name in _CHANGED_AT if name.lower() in names), "")
    question = sa.select(
        sa.func.count(),
        count(_DELETED_AT, lambda column: column.is_not(None)),
        count(_READ_AT, lambda column: column >= began),
        count(_READ_AT, lambda column: column >= ended),
        count(changed_at, lambda column: column >= began),
    ).select_from(sa.table(stream, schema=schema))
    ((rows, deleted, read, later, changed),) = ask(question)
    return Table(rows - (deleted or 0), deleted or 0, read, later or 0, changed or 0)


@contextmanager
def warehouse(uri: str) -> Iterator[Ask]:
    """Open a warehouse, to be read only.

    Args:
        uri: `postgresql://user@host/database`, or `duckdb:///path`.

    Yields:
        What questions are put to.

    Raises:
        WarehouseError: It can't be opened or read; the message quotes no password.
    """
    try:
        url = sa.make_url(uri)
    except (ArgumentError, ValueError):
        url = sa.URL.create("nothing")
    kinds = {"duckdb": _duckdb, "postgresql": _postgresql}
    if url.get_backend_name() not in kinds:
        msg = "The warehouse must be postgresql://user@host/database or duckdb:///path"
        raise WarehouseError(msg)
    try:
        with kinds[url.get_backend_name()](url) as ask:
            yield ask
    except ImportError as error:
        msg = f"The warehouse can't be read: {error.name} is not installed; for PostgreSQL, hiringcenter-singer[postgresql] brings it"
        raise WarehouseError(msg) from error


@contextmanager
def _postgresql(url: sa.URL) -> Iterator[Ask]:
    engine = sa.create_engine(url.set(drivername="postgresql+psycopg"), poolclass=sa.NullPool)
    try:
        with engine.connect() as connection:
            yield lambda question: [tuple(row) for row in connection.exec_driver_sql(_text(question))]
    except DBAPIError as error:
        raise _unreadable(error.orig) from error


@contextmanager
def _duckdb(url: sa.URL) -> Iterator[Ask]:
    import duckdb  # noqa: PLC0415  # no dependency: who has such a warehouse has it

    try:
        with duckdb.connect(url.database or "", read_only=True) as file:
            yield lambda question: file.execute(_text(question)).fetchall()
    except duckdb.Error as error:
        raise _unreadable(error) from error


def _unreadable(error: BaseException | None) -> WarehouseError:
    """The first line of what the database says; what follows may quote the statement."""
    return WarehouseError(f"The warehouse can't be read: {str(error).strip().splitlines()[0]}")


def _text(question: sa.Select[Any]) -> str:
    return str(question.compile(dialect=_DIALECT, compile_kwargs={"literal_binds": True}))


def _report(path: str) -> dict[str, Any]:
    try:
        found = json.loads(Path(path).read_text(encoding="utf-8"))
        found["started_at"] = times.normalise(found["started_at"])
        # What is finer than a millisecond was cut off.
        found["ended_at"] = times.to_text(times.parse(found["ended_at"]) + timedelta(milliseconds=1))
        if all({"status", "reason", "records", "expected"} <= entry.keys() for entry in found["streams"].values()):
            return dict(found)
    except OSError as error:
        msg = f"The run report can't be read: {error.strerror}"
        raise WarehouseError(msg) from error
    except (ValueError, TypeError, KeyError, AttributeError):
        pass
    msg = "This is no run report of tap-hiringcenter; its run_report_path says where it writes one"
    raise WarehouseError(msg)


def _table(rows: Iterable[Sequence[object]]) -> str:
    return in_columns([_HEADINGS, *(["" if cell is None else str(cell) for cell in row] for row in rows)])


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare, and print a table.

    Args:
        arguments: The command line; that of the process when None.

    Returns:
        The exit code: 0 when nothing is missing as far as can be known, 1 when something is, 2 when nothing could be compared.
    """
    parser = argparse.ArgumentParser(prog="python -m tap_hiringcenter.reconcile", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--report", required=True, help="run report of the tap (its run_report_path)")
    parser.add_argument("--warehouse", required=True, help="postgresql://user@host/database or duckdb:///path; PGPASSWORD may hold the password")
    parser.add_argument("--schema", default="hiringcenter", help="schema that the loader writes to (default: %(default)s)")
    parser.add_argument("--no-totals", action="store_true", help="leave the API's totals alone: for a tap with a start_date")
    options = parser.parse_args(arguments)
    rows, is_whole = [], True
    try:
        report = _report(options.report)
        with warehouse(options.warehouse) as ask:
            for stream, entry in report["streams"].items():
                table = look(ask, options.schema, stream, report["started_at"], report["ended_at"])
                verdict = judge(entry, table, has_totals=not options.no_totals)
                is_whole = is_whole and not verdict.missing
                rows.append((stream, entry["records"], table.read, entry["expected"], table.live, table.deleted or None, verdict))
    except WarehouseError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(f"{_table(rows)}\n")
    return 0 if is_whole else 1


if __name__ == "__main__":
    sys.exit(main())
