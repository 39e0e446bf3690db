"""One run of an account at a time, whichever DAG, worker or machine it is of.

The lock is an advisory lock of PostgreSQL in the warehouse, and lasts as long as the connection that took it. That connection is passed on to
the program that is run: it stays open, and the lock held, until the last of both has ended. So a program that outlives its killed worker keeps
the next run out, and a machine that is gone, with all that ran on it, doesn't.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psycopg

from hiringcenter_runs.accounts import lock_of

if TYPE_CHECKING:
    from collections.abc import Iterator

# Both ends look after a silent connection: no router forgets it, and after a minute the server lets go of a machine that is gone.
_OURS: dict[str, Any] = {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}
_THEIRS = " ".join(f"-c tcp_{name}={value}" for name, value in _OURS.items())


class BusyError(Exception):
    """Another run of the account is under way."""


@contextmanager
def locked(account: str, warehouse: str) -> Iterator[psycopg.Connection[Any]]:
    """Keep other runs of an account out.

    Args:
        account: The account.
        warehouse: How PostgreSQL is reached; not by way of a pooler that shares sessions.

    Yields:
        The connection that has the lock.

    Raises:
        BusyError: Another run has it.
    """
    with psycopg.connect(warehouse, autocommit=True, options=_THEIRS, **_OURS) as connection:
        (is_ours,) = connection.execute("SELECT pg_try_advisory_lock(%s)", [lock_of(account)]).fetchone() or (False,)
        if not is_ours:
            msg = "another run of it is under way"
            raise BusyError(msg)
        yield connection
        # The server takes its time to notice that a connection was closed.
        connection.execute("SELECT pg_advisory_unlock_all()")
