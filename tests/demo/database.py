"""A PostgreSQL database for one run: at 127.0.0.1 as postgres, or where PGHOST, PGPORT, PGUSER and PGPASSWORD say."""

from __future__ import annotations

import os
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.conninfo import make_conninfo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_TABLES = (Path(__file__).parent / "crm.sql").read_text(encoding="utf-8")


class NotAsToldError(Exception):
    """Something is not as the docs say."""


@contextmanager
def new_database(name: str) -> Iterator[psycopg.Connection[Any]]:
    """Make a database, which is dropped in the end.

    Args:
        name: How its name begins.

    Yields:
        A connection to it.

    Raises:
        OperationalError: No PostgreSQL can be used.
    """
    name = f"{name}_{os.getpid()}"
    # The other variables of PostgreSQL's own clients count as well.
    server = make_conninfo(host=os.environ.get("PGHOST", "127.0.0.1"), user=os.environ.get("PGUSER", "postgres"), connect_timeout=5)
    with psycopg.connect(server, dbname="postgres", autocommit=True) as outer:
        outer.execute(f'CREATE DATABASE "{name}"')
        try:
            with psycopg.connect(server, dbname=name, autocommit=True) as connection:
                yield connection
        finally:
            outer.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@contextmanager
def example_database(name: str) -> Iterator[psycopg.Connection[Any]]:
    """Make a database with the rows of the example of writing back.

    Args:
        name: How its name begins.

    Yields:
        A connection to it.

    Raises:
        OperationalError: No PostgreSQL can be used.
    """
    with new_database(name) as connection:
        connection.execute(_TABLES)
        yield connection


def concluded(run: Callable[[], str]) -> int:
    """Run a program that needs Meltano and a PostgreSQL, and say in words how it ended.

    Args:
        run: The program; what it returns is said last.

    Returns:
        The exit code: 0 when it came to its end.
    """
    try:
        ended = run()
    except psycopg.OperationalError as error:
        print(f"No PostgreSQL can be used, so nothing was tried. PGHOST, PGPORT, PGUSER and PGPASSWORD say where it is.\n{error}")
    except subprocess.CalledProcessError as error:
        print(f"\nMeltano ended with exit code {error.returncode}")
    except NotAsToldError as error:
        print(f"\n{error}")
    else:
        print(f"\n{ended}")
        return 0
    return 1


def reached(database: psycopg.Connection[Any]) -> dict[str, Any]:
    """How MeltanoLabs' tap and target get to a database. They want a password also where the server asks for none."""
    info = database.info
    return {"host": info.host, "port": info.port, "user": info.user, "password": info.password or "none", "database": info.dbname}


def uri_of(database: psycopg.Connection[Any], scheme: str = "postgresql") -> str:
    """The URL of a database; a password stays in PGPASSWORD."""
    info = database.info
    return f"{scheme}://{info.user}@{info.host}:{info.port}/{info.dbname}"
