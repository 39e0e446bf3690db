# ruff: noqa: INP001  # a program to copy, in no package
"""A ledger of target-hiringcenter from SQLite into PostgreSQL.

    python move_ledger.py hiringcenter-ledger.db 'postgresql://user@host/database?options=-csearch_path%3Dacme'

The schema (here `acme`) must be there and hold no ledger. All of it is moved or, when something goes wrong, nothing; the file stays as it is.
Needs the environment of the target, with `hiringcenter-singer[postgresql]`.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from tap_hiringcenter.api.program import InputError
from target_hiringcenter.databases import parse

_TABLES = "hiringcenter_ledger"
_ENTRIES = "hiringcenter_ledger_entries"
_ROWS_AT_ONCE = 1000
_SECONDS_TO_WAIT = 2


def move(file: Path, uri: str) -> int:
    """Copy a ledger.

    Args:
        file: The ledger in SQLite.
        uri: Where it goes: what will be `ledger_uri`.

    Returns:
        How many records it knows.

    Raises:
        FileNotFoundError: There is no such file.
        InputError: The URI is none.
        SQLAlchemyError: The file is no ledger or is in use, or there is a ledger already where it goes.
    """
    if not file.is_file():
        raise FileNotFoundError(file)
    tables = sa.MetaData()
    number = 0
    with (
        sa.create_engine(f"sqlite:///{file}", connect_args={"timeout": _SECONDS_TO_WAIT}).connect() as old,
        sa.create_engine(parse(uri)).begin() as new,
    ):
        # Keeps every run out while it lasts; one that is under way makes it fail.
        old.exec_driver_sql("BEGIN IMMEDIATE")
        tables.reflect(old, only=lambda name, _: name.startswith(_TABLES))
        tables.create_all(new, checkfirst=False)
        for table in tables.sorted_tables:
            for rows in old.execute(sa.select(table)).mappings().partitions(_ROWS_AT_ONCE):
                new.execute(sa.insert(table), [dict(row) for row in rows])
                number += len(rows) if table.name == _ENTRIES else 0
    return number


def main() -> str | None:
    """Run the program.

    Returns:
        What went wrong, or None.
    """
    parser = argparse.ArgumentParser(description="Move a ledger from SQLite into PostgreSQL.")
    parser.add_argument("file", type=Path, help="the ledger in SQLite")
    parser.add_argument("uri", help="where it goes: what will be ledger_uri")
    chosen = parser.parse_args()
    try:
        number = move(chosen.file, chosen.uri)
    except FileNotFoundError:
        return f"There is no file {chosen.file}"
    except InputError as error:
        return str(error)
    except ModuleNotFoundError as error:
        return f"{error.name} is not installed here: install hiringcenter-singer[postgresql]"
    except SQLAlchemyError as error:
        # What follows the first line quotes statements.
        return f"Nothing was moved: {str(error).partition(chr(10))[0]}. The schema must be there (CREATE SCHEMA), and hold no ledger"
    sys.stdout.write(
        f"{number} records are known there now. Set ledger_uri, and put the file away: a run that went on with it would know nothing of the other.\n"
    )
    return None


if __name__ == "__main__":
    sys.exit(main())
