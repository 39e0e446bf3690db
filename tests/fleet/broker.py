"""A database of Redis, as far as a fleet needs to look after it; what speaks to it for real is Celery."""

from __future__ import annotations

import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tests.demo.database import NotAsToldError

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def emptied(url: str) -> Iterator[None]:
    """Take a database that is empty, and leave it so.

    Args:
        url: The database, as Celery takes it, without a password.

    Raises:
        NotAsToldError: There is none, or something is in it.
    """
    if _ask(url, "DBSIZE") != ":0":
        message = f"{url} is not an empty database of a Redis, so nothing was tried. FLEET_BROKER says where one is."
        raise NotAsToldError(message)
    try:
        yield
    finally:
        _ask(url, "FLUSHDB")


def _ask(url: str, command: str) -> str:
    """Have a command carried out.

    Returns:
        The line that it answers; nothing when nobody does.
    """
    place = urlsplit(url)
    address = (place.hostname or "127.0.0.1", place.port or 6379)
    try:
        with socket.create_connection(address, timeout=5) as connection, connection.makefile("rb") as answers:
            connection.sendall(f"SELECT {place.path.strip('/') or 0}\r\n{command}\r\n".encode())
            return [answers.readline().decode().strip() for _ in range(2)][1]
    except OSError:
        return ""
