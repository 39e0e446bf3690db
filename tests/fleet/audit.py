"""What a fleet has left behind: each account's schema next to its rows, runs side by side, keys where none belong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from psycopg import sql
from psycopg.rows import dict_row

from tests.auditor import BY_DEFAULT
from tests.demo.comparison import compare

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import psycopg

    from tests.fleet.agency import Client

# Of two runs of one account that were under way at one time. A run that was killed was so until its last heartbeat.
_SIDE_BY_SIDE = """
    WITH spans AS (
        SELECT run_id, split_part(job_name, ':', 3) AS account, started_at, coalesce(ended_at, last_heartbeat_at, started_at) AS ended_at FROM runs
    )
    SELECT DISTINCT one.account FROM spans one JOIN spans other USING (account)
    WHERE one.run_id < other.run_id AND one.started_at < other.ended_at AND other.started_at < one.ended_at
"""


def schema_of(account: str) -> str:
    """Where an account is loaded, as docs/orchestration.md says."""
    return f"hiringcenter_{account}"


def rows_of(warehouse: psycopg.Connection[Any], client: Client, stream: str) -> list[dict[str, Any]]:
    """The rows of an account that are not marked as deleted, by columns in small letters."""
    statement = sql.SQL("SELECT * FROM {} WHERE _sdc_deleted_at IS NULL").format(sql.Identifier(schema_of(client.name), stream))
    with warehouse.cursor(row_factory=dict_row) as cursor:
        return [{name.lower(): value for name, value in row.items()} for row in cursor.execute(statement)]


def differences(warehouse: psycopg.Connection[Any], client: Client) -> tuple[int, list[str]]:
    """Compare an account, value by value.

    Returns:
        How many rows it has, and what is wrong with those in the warehouse.
    """
    if not exists(warehouse, client.name):
        return 0, ["there is no schema"]
    rows, found = 0, []
    for stream in BY_DEFAULT:
        comparison = compare(stream, client.account.truth(stream), rows_of(warehouse, client, stream), is_csv=False)
        rows += comparison.in_sandbox
        found += [f"{stream}: {line}" for line in comparison.differences]
        if comparison.in_sandbox != comparison.in_warehouse:
            found.append(f"{stream}: {comparison.in_warehouse} rows, not {comparison.in_sandbox}")
    return rows, found


def exists(warehouse: psycopg.Connection[Any], account: str) -> bool:
    """Whether an account has a schema."""
    return bool(warehouse.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", [schema_of(account)]).fetchone())


def side_by_side(state: psycopg.Connection[Any]) -> list[str]:
    """Accounts of which two runs were under way at one time, as Meltano's database tells."""
    return [account for (account,) in state.execute(_SIDE_BY_SIDE)]


def told(folder: Path, databases: Iterable[bytes], secrets: Iterable[str]) -> list[str]:
    """Where secrets stand that belong nowhere.

    Args:
        folder: All files below it are read.
        databases: What else is read: dumps.
        secrets: The secrets.
    """
    wanted = [secret.encode() for secret in secrets]
    found = [str(file) for file in folder.rglob("*") if file.is_file() and not file.is_symlink() and _has(file.read_bytes(), wanted)]
    return found + ["a database" for dump in databases if _has(dump, wanted)]


def _has(content: bytes, wanted: list[bytes]) -> bool:
    return any(secret in content for secret in wanted)
