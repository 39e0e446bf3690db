"""An account and what is called after it."""

from __future__ import annotations

import hashlib
import re
from collections import Counter

# It names a schema, a connection, a folder and a state: all of them take this, and tell such names apart.
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


class AccountError(Exception):
    """Something is wrong with an account that only people can mend; the message says what, and has no key in it."""


def checked(names: object) -> list[str]:
    """The list of accounts, as whoever keeps it wrote it.

    Args:
        names: What should be a list of names.

    Returns:
        The names.

    Raises:
        AccountError: It is no such list.
    """
    if not isinstance(names, list):
        msg = "The accounts are no list of names"
        raise AccountError(msg)
    wrong = [name for name in names if not (isinstance(name, str) and _NAME.fullmatch(name))]
    if wrong:
        msg = f"Names of accounts begin with a small letter and have up to 40 small letters, digits and underscores: {wrong}"
        raise AccountError(msg)
    twice = [name for name, number in Counter(names).items() if number > 1]
    if twice:
        msg = f"Accounts that are named twice: {twice}"
        raise AccountError(msg)
    return names


def name_of(account: str) -> str:
    """What an account's connection in Airflow and its schema in the warehouse are called."""
    return f"hiringcenter_{account}"


def lock_of(account: str) -> int:
    """The number of an account's lock: 64 bits, which PostgreSQL takes."""
    digest = hashlib.sha256(name_of(account).encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


def keys_of(extra: dict[str, object]) -> dict[str, str]:
    """The keys of an account, as the environment `prod` of the Meltano project reads them.

    Args:
        extra: The `extra` of its connection.

    Returns:
        Environment variables.

    Raises:
        AccountError: There is no key.
    """
    found = {name.upper(): str(extra[name]) for name in ("hiringcenter_api_key", "prospectb2b_api_key") if extra.get(name)}
    if not found:
        msg = "Its connection has neither hiringcenter_api_key nor prospectb2b_api_key in its extra"
        raise AccountError(msg)
    return found
