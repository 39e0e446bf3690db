"""What a PostgreSQL warehouse holds, next to what the sandbox says that it must hold."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psycopg import sql
from psycopg.rows import dict_row

from tests.demo.comparison import compare

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import psycopg

    from tests.sandbox import Sandbox

SCHEMA = "hiringcenter"


@dataclass(frozen=True)
class Loaded:
    """What a loader left behind.

    Attributes:
        code: The exit code.
        states: Every state that it passed on.
        log: What it logged.
    """

    code: int
    states: list[dict[str, Any]]
    log: str


class RealLoader:
    """A loader that people use, started as a pipeline starts it.

    Args:
        command: The command.
        variables: Environment variables that the pipeline sets for it.
    """

    def __init__(self, command: list[str], variables: Mapping[str, str]) -> None:
        self._command = command
        self._variables = dict(variables)

    def load(self, lines: Iterable[str], **variables: str) -> Loaded:
        """Load some messages.

        Args:
            lines: Singer messages.
            variables: Other environment variables than the pipeline's.
        """
        environment = {**os.environ, **self._variables, **variables}
        text = "".join(f"{line}\n" for line in lines)
        done = subprocess.run(self._command, input=text, capture_output=True, text=True, check=False, env=environment, timeout=100)
        return Loaded(done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr)


def with_another_clock(database: psycopg.Connection[Any]) -> None:
    """Have every session, this one too, take and show times by another clock than that of the times in our records."""
    name = sql.Identifier(database.info.dbname)
    database.execute(sql.SQL("ALTER DATABASE {} SET timezone = 'America/New_York'").format(name))
    database.execute("SET timezone = 'America/New_York'")


def value_of(database: psycopg.Connection[Any], stream: str, column: str, row_id: str) -> Any:  # noqa: ANN401  # whatever the column holds
    """One value of one row, as psycopg gives it."""
    statement = sql.SQL("SELECT {} FROM {} WHERE id = %s").format(sql.Identifier(column), sql.Identifier(SCHEMA, stream))
    ((found,),) = database.execute(statement, [row_id])
    return found


def rows_of(database: psycopg.Connection[Any], stream: str) -> list[dict[str, Any]]:
    """The rows of a stream that are not marked as deleted, by columns in small letters."""
    statement = sql.SQL("SELECT * FROM {} WHERE _sdc_deleted_at IS NULL").format(sql.Identifier(SCHEMA, stream))
    with database.cursor(row_factory=dict_row) as cursor:
        return [{name.lower(): value for name, value in row.items()} for row in cursor.execute(statement)]


def differences(database: psycopg.Connection[Any], sandbox: Sandbox, streams: Iterable[str]) -> list[str]:
    """What is wrong with a warehouse, value by value; nothing when it holds exactly what the sandbox does."""
    found = []
    for stream in streams:
        comparison = compare(stream, sandbox.truth(stream), rows_of(database, stream), is_csv=False)
        found += [f"{stream}: {line}" for line in comparison.differences]
        if comparison.in_sandbox != comparison.in_warehouse:
            found.append(f"{stream}: {comparison.in_warehouse} rows, not {comparison.in_sandbox}")
    return found


def types_of(database: psycopg.Connection[Any]) -> dict[tuple[str, str], str]:
    """The type of each column, as PostgreSQL calls it, by table and column."""
    statement = """
        SELECT relname, attname, format_type(atttypid, atttypmod) FROM pg_attribute
        JOIN pg_class ON pg_class.oid = attrelid
        WHERE relnamespace = %s::regnamespace AND relkind = 'r' AND attnum > 0 AND NOT attisdropped
    """
    return {(table, column): kind for table, column, kind in database.execute(statement, [SCHEMA])}
