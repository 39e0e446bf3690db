"""Long lists that are filtered by time: spreads of rows as accounts have them, and a server that answers quickly and counts."""

from __future__ import annotations

import random
from bisect import bisect_left, bisect_right
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from tap_hiringcenter.api import times
from tests.unit.lists import paged

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tap_hiringcenter.api.envelopes import Page
    from tap_hiringcenter.api.rows import Row

NOW = datetime(2026, 6, 1, tzinfo=timezone.utc)
_DAY = 86_400.0


# How many seconds ago a row changed.
SPREADS: dict[str, Callable[[random.Random], float]] = {
    "evenly": lambda dice: 400 * _DAY * dice.random(),
    "more and more": lambda dice: 400 * _DAY * dice.random() ** 3,
    "less and less": lambda dice: 400 * _DAY * (1 - dice.random() ** 3),
    "in working hours": lambda dice: _DAY * (dice.randrange(400) + 1 / 3 + dice.random() / 3),
    "each night": lambda dice: _DAY * (dice.randrange(100) + 1 / 3) + 5 * dice.random(),
    "four imports": lambda dice: _DAY * (dice.randrange(4) + 1 / 2),
    "half of them in one hour": lambda dice: 100 * _DAY + 3600 * dice.random() if dice.random() < 1 / 2 else 400 * _DAY * dice.random(),
    "all at one moment": lambda _dice: 3 * _DAY,
}


def rows_spread(spread: str, count: int, seed: int = 1) -> list[Row]:
    """Rows that changed as a spread tells, their ids in the order of their creation, a few of them changed long after it."""
    dice = random.Random(f"{spread} {seed}")
    moments = sorted(NOW - timedelta(seconds=SPREADS[spread](dice)) for _ in range(count))
    late = dice.sample(range(count), count // 10)
    swapped = dict(zip(late, sorted(late), strict=True))
    return [{"id": f"lead_{number:07d}", "updated_at": times.to_text(moments[swapped.get(number, number)])} for number in range(count)]


# What a list may be sorted by.
ORDERS: dict[str, Callable[[Row], Any]] = {
    "id": lambda row: row["id"],
    "newest id": lambda row: -int(row["id"].rpartition("_")[2]),
    "nothing": lambda row: int(row["id"].rpartition("_")[2]) * 2_654_435_761 % 2**32,
    "time": lambda row: (row["updated_at"], row["id"]),
}


class TimedServer:
    """A list that is filtered by time, in pages whose tokens name the last row or tell a place.

    Args:
        rows: What there is; all rows have a time.
        order: What it is sorted by.
        size: Most rows in a page.
        names_rows: Whether tokens name rows.
        is_inclusive: Whether the filters let through what changed at their very bound.
    """

    def __init__(self, rows: Sequence[Row], order: str, size: int, *, names_rows: bool = True, is_inclusive: bool = True) -> None:
        self._rows = sorted(rows, key=lambda row: row["updated_at"])
        self._moments = [row["updated_at"] for row in self._rows]
        self._order = ORDERS[order]
        self._size = size
        self._names_rows = names_rows
        self._is_inclusive = is_inclusive
        self._matching = lru_cache(32)(self._match)
        self.requests = 0

    def ask(self, query: Mapping[str, Any]) -> Page:
        """Answer one request."""
        self.requests += 1
        rows, places = self._matching(query.get("updated_after"), query.get("updated_before"))
        cursor = query.get("cursor")
        begin = 0 if cursor is None else places[cursor] + 1 if self._names_rows else int(cursor)
        found = rows[begin : begin + self._size]
        end = begin + len(found)
        token = {"cursor": found[-1]["id"] if self._names_rows else str(end)} if end < len(rows) else {}
        return paged(found, token)

    def _match(self, after: str | None, before: str | None) -> tuple[list[Row], dict[str, int]]:
        low, high = (bisect_left, bisect_right) if self._is_inclusive else (bisect_right, bisect_left)
        begin = 0 if after is None else low(self._moments, after)
        end = len(self._rows) if before is None else high(self._moments, before)
        rows = sorted(self._rows[begin:end], key=self._order)
        return rows, {row["id"]: place for place, row in enumerate(rows)}
