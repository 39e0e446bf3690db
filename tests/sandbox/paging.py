"""Pages of a sorted list, with each kind of page token."""

from __future__ import annotations

import base64
import binascii
import bisect
import json
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.sandbox.calls import BAD_REQUEST, Refusal
from tests.sandbox.streams import TABLES
from tests.sandbox.times import position

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.sandbox.store import Entry, Key
    from tests.sandbox.variant import Variant

_LAST_OF_ALL = 2**63


@dataclass(frozen=True)
class Page:
    """Some rows of a list.

    Attributes:
        entries: The rows.
        token: Where they end; None on an empty page.
        has_more: Whether rows follow.
    """

    entries: list[Entry]
    token: str | None
    has_more: bool


def sort_key(table: str, variant: Variant, seed: int) -> tuple[str, Callable[[Entry], Key]]:
    """The order of a list: as its document tells, else as the variant says.

    Returns:
        A name for the order, and what it sorts by.
    """
    documented: dict[str, Callable[[Entry], Key]] = {
        "meetings": lambda entry: (-_at(entry, "meetingDate"), entry.id),
        "notes": lambda entry: (-_at(entry, "createdAt"), entry.id),
        "tasks": lambda entry: (_at(entry, "dueAt"), entry.id),
    }
    kind = TABLES[table]
    undocumented: dict[str, Callable[[Entry], Key]] = {
        "created": lambda entry: (_at(entry, kind.created), entry.id),
        "updated": lambda entry: (_at(entry, kind.updated), entry.id),
        "updated_desc": lambda entry: (-_at(entry, kind.updated), entry.id),
        "shuffled": lambda entry: (zlib.crc32(f"{seed}/{entry.id}".encode()), entry.id),
    }
    if table in documented:
        return "documented", documented[table]
    return variant.order, undocumented[variant.order]


def _at(entry: Entry, name: str | None) -> int:
    found = position(entry.row.get(name)) if name else entry.place
    return _LAST_OF_ALL if found is None else found


class Tokens:
    """Hands out page tokens and finds the place that one names."""

    def __init__(self, variant: Variant) -> None:
        """Remember nothing yet."""
        self._kind = variant.cursor
        self._notes = variant.notes_token
        self._places: dict[tuple[str, str], Key] = {}

    def page(self, name: str, rows: Sequence[tuple[Key, Entry]], limit: int, token: str | None) -> Page:
        """The rows after a token.

        Args:
            name: What the token belongs to, such as a table.
            rows: The list in its order.
            limit: Most rows wanted.
            token: Where an earlier page ended.

        Raises:
            Refusal: The token was never handed out.
        """
        start = 0 if token is None else self._start(name, rows, token)
        entries = [entry for _, entry in rows[start : start + limit]]
        end = start + len(entries)
        if not entries:
            return Page([], token, has_more=False)
        last = entries[-1]
        if self._kind == "offset":
            made = _pack({"offset": end})
        elif name == "notes":
            made = _pack({"createdAt": last.row["createdAt"], **({"id": last.id} if self._notes == "exact" else {})})
        else:
            made = last.id if TABLES[name].system == "prospectb2b" else _pack({"id": last.id})
        self._places[name, made] = rows[end - 1][0]
        return Page(entries, made, has_more=end < len(rows))

    def notes_after(self, rows: Sequence[tuple[Key, Entry]], moment: int) -> int:
        """Where the notes older than a time begin (`until`: not newer)."""
        where = -moment * 1000
        return bisect.bisect_left(rows, where, key=lambda pair: pair[0][0]) if self._notes == "until" else _right_of(rows, where)

    def _start(self, name: str, rows: Sequence[tuple[Key, Entry]], token: str) -> int:
        if self._kind == "offset":
            offset = _unpack(token).get("offset")
            if not isinstance(offset, int) or offset < 0:
                raise _unknown()
            return offset
        if name == "notes" and self._notes != "exact":
            moment = _unpack(token).get("createdAt")
            if not isinstance(moment, int):
                raise _unknown()
            return self.notes_after(rows, moment)
        place = self._places.get((name, token))
        if self._kind == "live" or place is None:
            named = token if TABLES[name].system == "prospectb2b" else _unpack(token).get("id")
            place = next((key for key, entry in rows if entry.id == named), None)
        if place is None:
            raise _unknown()
        return bisect.bisect_right(rows, place, key=lambda pair: pair[0])


def _right_of(rows: Sequence[tuple[Key, Entry]], where: int) -> int:
    return bisect.bisect_right(rows, where, key=lambda pair: pair[0][0])


def _pack(content: dict[str, object]) -> str:
    return base64.b64encode(json.dumps(content, separators=(",", ":")).encode()).decode()


def _unpack(token: str) -> dict[str, object]:
    try:
        content = json.loads(base64.b64decode(token, validate=True))
    except (binascii.Error, ValueError):
        raise _unknown() from None
    if not isinstance(content, dict):
        raise _unknown()
    return content


def _unknown() -> Refusal:
    return Refusal(BAD_REQUEST, "This page token was never handed out.")
