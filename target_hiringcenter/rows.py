"""What a row of an API tells: whether it is as a record wants it, and what it can be found by."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from tap_hiringcenter.api import times

if TYPE_CHECKING:
    from collections.abc import Mapping

    from target_hiringcenter.writes import Row, Write

# Rows that are under way: what each can be found by is asked when it is sent, and twice when its answer comes.
_UNDER_WAY = 4096
# What a phone number is written with beside its digits.
_NO_DIGITS = re.compile(r"[^0-9]+")


def agrees(row: Row, write: Write) -> bool:
    """Whether a row shows all that a write would make of it.

    Args:
        row: A row of the API.
        write: The write.
    """
    body: Mapping[str, Any] = write.body or {}
    return all(name in row and _is_same(row[name], value) for name, value in body.items())


def _is_same(one: object, other: object) -> bool:
    if one == other:
        return True
    try:
        return times.normalise(one) == times.normalise(other)
    except ValueError:
        return False


def found_by(row: Row) -> frozenset[str]:
    """What a row can be found by, in the words of `Form.match`.

    Args:
        row: The row as the API shows it, or as it is to be written.
    """
    return _found_by(str(row.get("email") or ""), str(row.get("phone") or ""))


@lru_cache(_UNDER_WAY)
def _found_by(email: str, phone: str) -> frozenset[str]:
    found = {f"email:{email.strip().casefold()}", f"phone:{digits_in(phone)}"}
    return frozenset(found - {"email:", "phone:"})


def kept(match: frozenset[str], row: Row) -> frozenset[str]:
    """What of that which a row should be found by the row really has; a phone with or without its country's code.

    Args:
        match: See `Form.match`.
        row: The row as the API shows it.
    """
    found = match & found_by(row)
    if found == match:
        return found
    digits = _phone(row)
    phones = {key for key in match if digits and key.startswith("phone:") and (key.endswith(digits) or digits.endswith(key[len("phone:") :]))}
    others = {key for key in match if not key.startswith(("email:", "phone:"))}
    return found | phones | others


def made_before(row: Row, since: str) -> bool:
    """Whether a row says that it was made before a time.

    Args:
        row: The row as the API shows it.
        since: The time (RFC 3339, UTC, milliseconds).
    """
    made = row.get("created_at", row.get("createdAt"))
    try:
        return made is not None and times.normalise(made) < since
    except ValueError:
        return False


def digits_in(text: str) -> str:
    """What is left of a phone number without the way in which it is written."""
    digits = text.removeprefix("+")
    return digits if digits.isdecimal() and digits.isascii() else _NO_DIGITS.sub("", text)


def _phone(row: Row) -> str:
    return digits_in(str(row.get("phone") or ""))
