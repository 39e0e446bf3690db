"""The databases that a ledger can be in: how each is reached, and kept from every other run."""

from __future__ import annotations

import importlib
import time
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.pool import StaticPool

from target_hiringcenter.entries import LedgerError

if TYPE_CHECKING:
    from collections.abc import Sequence

# Of 4 KB each, beside the database while a run lasts.
_LOG_PAGES = 16_000
# PostgreSQL learns a moment later that a run is over whose process has ended.
_SECONDS_TO_SEIZE = 2
_BACKENDS = ("sqlite", "postgresql")
_EXTRA = {"postgresql": "Install hiringcenter-singer[postgresql] for a ledger in PostgreSQL"}


def parse(uri: str) -> sa.URL:
    """Read the setting `ledger_uri`.

    Args:
        uri: SQLAlchemy URL.

    Returns:
        The URL.

    Raises:
        LedgerError: It is none, or of a database that a ledger can't be in.
    """
    try:
        url = sa.make_url(uri)
        if url.drivername == "postgresql":
            url = url.set(drivername="postgresql+psycopg")
        # Makes sure that there is such a driver, and that the URL has the parts that it takes.
        url.get_dialect()().create_connect_args(url)
        # What follows an @ in a password that isn't written as %40 would pass for the host, which the driver's errors tell.
        if url.get_backend_name() in _BACKENDS and "@" not in (url.host or ""):
            return url
    except (ArgumentError, NoSuchModuleError, ValueError):
        pass  # not quoted: it may hold a password
    msg = "ledger_uri must be the SQLAlchemy URL of a SQLite or PostgreSQL database, such as sqlite:///ledger.db; @ in a password is written %40"
    raise LedgerError(msg)


def reach(url: sa.URL, *, is_read_only: bool) -> sa.Engine:
    """Say how a database is reached: by one connection, which all threads share.

    Args:
        url: As `parse` gives it.
        is_read_only: Whether a file that isn't there is not to be made.

    Returns:
        The engine.

    Raises:
        LedgerError: The file can't be made, or the driver is not installed.
    """
    is_sqlite = url.get_backend_name() == "sqlite"
    if is_sqlite and is_read_only and not Path(url.database or "").is_file():
        url = url.set(database=":memory:")
    if is_sqlite and url.database not in {None, "", ":memory:"}:
        # What is in it may tell who is in the account: it is its owner's.
        try:
            Path(str(url.database)).touch(0o600)
        except OSError as error:
            msg = f"The ledger can't be used ({error.strerror}). Nothing is passed on that it doesn't hold"
            raise LedgerError(msg) from error
    arguments = {"check_same_thread": False, "timeout": _SECONDS_TO_SEIZE} if is_sqlite else {}
    try:
        # Parameters by their place, so that many rows go to the driver as they are: making statements of them takes as long as all the rest.
        style = "qmark" if is_sqlite else "format"
        return sa.create_engine(url, poolclass=StaticPool, connect_args=arguments, paramstyle=style)
    except ImportError as error:
        msg = f"The ledger can't be opened: {error.name} is not installed. {_EXTRA.get(url.get_backend_name(), '')}"
        raise LedgerError(msg) from error


def seize(connection: sa.Connection) -> None:
    """Keep every other run out, until this process ends in whatever way.

    Raises:
        LedgerError: Another run has it.
        SQLAlchemyError: The same, as SQLite says it, or it can't be reached.
    """
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA locking_mode = EXCLUSIVE")
        connection.exec_driver_sql("PRAGMA journal_mode = WAL")
        # A killed process loses nothing; a machine without power may lose the last entries, which are then looked up like a lost ledger's.
        connection.exec_driver_sql("PRAGMA synchronous = NORMAL")
        # Keys are digests, so that entries go all over the file: a page that is changed several times before it is put in its place saves work.
        connection.exec_driver_sql(f"PRAGMA wal_autocheckpoint = {_LOG_PAGES}")
        connection.commit()
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        connection.exec_driver_sql("COMMIT")
        connection.rollback()
        return
    # Of this schema only, so that pipelines may share a database.
    lock = sa.text("SELECT pg_try_advisory_lock(hashtext('hiringcenter_ledger.' || current_schema()))")
    end = time.monotonic() + _SECONDS_TO_SEIZE
    while not (is_seized := connection.scalar(lock)) and time.monotonic() < end:
        time.sleep(0.05)
    if not is_seized:
        msg = "The ledger is in use by another run. Wait for it to end, or give each pipeline a ledger (a schema) of its own"
        raise LedgerError(msg)
    connection.commit()


def upsert(engine: sa.Engine, table: sa.Table, changed: Sequence[sa.Column[object]]) -> sa.Insert:
    """The statement that keeps a row, whether it is there or not: each database has its own.

    Args:
        engine: Reaches the database.
        table: The table.
        changed: The columns that a row gets which is there.
    """
    # The other one's module would be loaded for nothing.
    dialect = importlib.import_module(f"sqlalchemy.dialects.{engine.dialect.name}")
    insert = dialect.insert(table)
    statement: sa.Insert = insert.on_conflict_do_update(
        index_elements=[*table.primary_key], set_={column.name: insert.excluded[column.name] for column in changed}
    )
    return statement
