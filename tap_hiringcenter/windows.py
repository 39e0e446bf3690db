"""Reading a list that the server filters by time, in ascending windows: each finished window is a checkpoint.

How rows are spread over time is not known beforehand, nor is the order in which the API lists them. So the whole span is asked for first. A list
that is not at its end after a few pages is read in windows of about so many pages (see `spans`); one that holds more is cut. Windows are read side
by side and given in ascending order.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import timedelta
from itertools import chain
from typing import TYPE_CHECKING, Any

from tap_hiringcenter.api import times
from tap_hiringcenter.spans import Pace, Reading, Stretch, Window

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from concurrent.futures import Executor, Future
    from datetime import datetime

    from tap_hiringcenter.records import Records

_MOST_PAGES = 10
# A closed window may move the bookmark to its end, even past the last row seen, once it is older than any clock can be wrong.
_SETTLED = timedelta(days=1)


@dataclass(frozen=True)
class Slice:
    """A part of a list that is complete when its pages are.

    Attributes:
        pages: The records of its pages.
        until: Every row that changed before this moment is in this slice or an earlier one; None when only the rows themselves tell.
    """

    pages: Iterable[Records]
    until: str | None = None


class Windows:
    """Reads one list window by window.

    Args:
        read: Gives the records of the list for some query parameters, page by page, lazily.
        pool: Where windows are read side by side.
        ahead: How many are read ahead at most: where it is the processor that they wait for, and not the API, fewer are as fast.
        most_pages: Pages after which an unfinished window is cut, where few requests are left; None where there are any number.
        now: When the run began.
        busy: Tells how long a thread has kept the processor busy, in seconds.
    """

    def __init__(  # noqa: PLR0913  # each of them is one fact of the reading
        self,
        read: Callable[[Mapping[str, Any]], Iterator[Records]],
        pool: Executor,
        *,
        ahead: int,
        most_pages: int | None = None,
        now: datetime,
        busy: Callable[[], float] = time.thread_time,
    ) -> None:
        self._read = read
        self._pool = pool
        self._ahead = self._useful = ahead
        self._most_pages = min(most_pages or _MOST_PAGES, _MOST_PAGES)
        self._now = now
        self._busy = busy
        # Rows without a time that were read in windows which they don't belong to, and that were not given yet.
        self._undated: set[str] = set()
        self._pace = Pace(self._most_pages, now, is_strict=most_pages is not None)

    def slices(self, since: datetime | None, *, undated: bool = False) -> Iterator[Slice]:
        """Read everything that changed at `since` or later.

        Args:
            since: None for everything.
            undated: Whether rows without a time are wanted that none of this shows.

        Yields:
            Slices, the oldest first.
        """
        waiting: list[Stretch] = [Stretch(Window(since, None))]
        running: dict[Window, Future[Reading]] = {}
        try:
            while waiting:
                self._send(waiting, running)
                window = waiting.pop(0).window
                reading = running.pop(window).result()
                if not reading.keeps_to_filters:
                    # A server that ignores the filters gives all rows for each window: read the list once, as it is.
                    yield Slice(Window(since, None).own(records) for records in self._read({}))
                    return
                if not reading.is_whole and (parts := self._pace.parts(reading)):
                    self._undated.update(*(records.undated for records in reading.pages))
                    waiting[:0] = parts
                else:
                    yield Slice(self._given(reading), self._settled(window))
        finally:
            for future in running.values():
                future.cancel()
        if self._undated or (undated and since):
            # Rows without a time may not pass any filter, and this list has some, or may have: only the list as a whole shows them all.
            yield Slice(self._all_without_time())

    def _send(self, waiting: list[Stretch], running: dict[Window, Future[Reading]]) -> None:
        """Begin to read the next windows, as far ahead as it is known how long they should be."""
        for place in range(self._useful):
            if place == len(waiting) or (place and len(running) >= self._useful):
                return
            stretch = waiting[place]
            if stretch.window in running:
                continue
            if place > self._pace.known or (place and stretch.first):
                return
            waiting[place : place + 1] = self._pace.cut(stretch)
            window = waiting[place].window
            running[window] = self._pool.submit(self._try, window, is_expected=self._pace.known > 0)

    def _try(self, window: Window, *, is_expected: bool) -> Reading:
        began, began_busy = time.perf_counter(), self._busy()
        pages: list[Records] = []
        others = self._read(window.query)
        is_whole = True
        for records in others:
            pages.append(records)
            if len(pages) >= self._most_pages and records.has_next:
                is_whole = False
                break
        busy = self._busy() - began_busy
        lasted = time.perf_counter() - began
        # Half of it, since threads that wait for each other seem to wait for the API.
        self._useful = min(self._ahead, max(1, round(lasted / busy / 2))) if busy else self._ahead
        return Reading(window, pages, others, is_whole=is_whole, is_expected=is_expected)

    def _given(self, reading: Reading) -> Iterator[Records]:
        """The pages of a window, and learn from them how long the next ones should be."""
        rows = pages = ends = 0
        for records in chain(reading.pages, reading.others):
            # Those without a time may be in each window, however short: they say nothing of how long it should be.
            rows += len(records.dated)
            pages += 1
            ends += not records.has_next
            if reading.window.before is None:
                self._undated.difference_update(records.undated)
            else:
                self._undated.update(records.undated)
            yield reading.window.own(records)
        if reading.is_whole or reading.is_expected:
            self._pace.learn(reading.window, rows, pages, is_swept_twice=ends > 1)

    def _all_without_time(self) -> Iterator[Records]:
        for records in self._read({}):
            yield records.kept(change is None for change in records.changes)

    def _settled(self, window: Window) -> str | None:
        return times.to_text(window.before) if window.before and window.before < self._now - _SETTLED else None
