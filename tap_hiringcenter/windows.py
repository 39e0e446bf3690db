"""Reading a list that the server filters by time, in ascending windows: each finished window is a checkpoint.

How rows are spread over time is not known beforehand, nor is the order in which the API lists them. So the whole span is asked for first. A list
that is not at its end after a few pages is read in windows of about so many pages (see `spans`); one that holds more is cut. Windows are read side
by side and given in ascending order.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import chain
from typing import TYPE_CHECKING, Any

from tap_hiringcenter.api import times
from tap_hiringcenter.spans import Pace, Reading, Stretch, Window

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from concurrent.futures import Executor, Future
    from datetime import datetime

    from tap_hiringcenter.api.envelopes import Page, Row
    from tap_hiringcenter.spans import Changes

_MOST_PAGES = 10
# A closed window may move the bookmark to its end, even past the last row seen, once it is older than any clock can be wrong.
_SETTLED = timedelta(days=1)


@dataclass(frozen=True)
class Slice:
    """A part of a list that is complete when its pages are.

    Attributes:
        pages: The pages.
        until: Every row that changed before this moment is in this slice or an earlier one; None when only the rows themselves tell.
    """

    pages: Iterable[Page]
    until: str | None = None


class Windows:
    """Reads one list window by window.

    Args:
        read: Gives the pages of the list for some query parameters, lazily.
        changes: Tells when some rows changed, as `times.to_text` writes it; None for one that doesn't say.
        pool: Where windows are read side by side.
        ahead: How many are read ahead.
        most_pages: Pages after which an unfinished window is cut, where few requests are left; None where there are any number.
        now: When the run began.
    """

    def __init__(  # noqa: PLR0913  # each of them is one fact of the reading
        self,
        read: Callable[[Mapping[str, Any]], Iterator[Page]],
        changes: Callable[[Sequence[Row]], Changes],
        pool: Executor,
        *,
        ahead: int,
        most_pages: int | None = None,
        now: datetime,
    ) -> None:
        self._read = read
        self._changes = changes
        self._pool = pool
        self._ahead = ahead
        self._most_pages = min(most_pages or _MOST_PAGES, _MOST_PAGES)
        self._now = now
        self._pace = Pace(self._most_pages, now, is_strict=most_pages is not None)

    def slices(self, since: datetime | None) -> Iterator[Slice]:
        """Read everything that changed at `since` or later.

        Args:
            since: None for everything.

        Yields:
            Slices, the oldest first.
        """
        waiting: list[Stretch] = [Stretch(Window(since, None))]
        running: dict[Window, Future[Reading]] = {}
        has_undated = False
        try:
            while waiting:
                self._send(waiting, running)
                window = waiting.pop(0).window
                reading = running.pop(window).result()
                if not reading.keeps_to_filters:
                    # A server that ignores the filters gives all rows for each window: read the list once, as it is.
                    yield Slice(_only(page, changes, Window(since, None)) for page, changes in self._pages({}))
                    return
                if not reading.is_whole and (parts := self._pace.parts(reading)):
                    has_undated = has_undated or (reading.has_undated and not window.query)
                    waiting[:0] = parts
                else:
                    yield Slice(self._given(reading), self._settled(window))
        finally:
            for future in running.values():
                future.cancel()
        if has_undated:
            # Rows without a time may not pass any filter, and this list has some: only the list as a whole shows them.
            yield Slice(self._undated())

    def _send(self, waiting: list[Stretch], running: dict[Window, Future[Reading]]) -> None:
        """Begin to read the next windows, as far ahead as it is known how long they should be."""
        for place in range(self._ahead):
            if place == len(waiting) or (place and len(running) >= self._ahead):
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
        pages: list[tuple[Page, Changes]] = []
        others = self._pages(window.query)
        for page, changes in others:
            pages.append((page, changes))
            if len(pages) >= self._most_pages and page.next:
                return Reading(window, pages, others, is_whole=False, is_expected=is_expected)
        return Reading(window, pages, others, is_whole=True, is_expected=is_expected)

    def _given(self, reading: Reading) -> Iterator[Page]:
        """The pages of a window, and learn from them how long the next ones should be."""
        rows = pages = ends = 0
        for page, changes in chain(reading.pages, reading.others):
            rows += len(page.rows)
            pages += 1
            ends += not page.next
            yield _only(page, changes, reading.window)
        if reading.is_whole or reading.is_expected:
            self._pace.learn(reading.window, rows, pages, is_swept_twice=ends > 1)

    def _pages(self, query: Mapping[str, Any]) -> Iterator[tuple[Page, Changes]]:
        for page in self._read(query):
            yield page, self._changes(page.rows)

    def _undated(self) -> Iterator[Page]:
        for page, changes in self._pages({}):
            yield replace(page, rows=[row for row, change in zip(page.rows, changes, strict=True) if change is None])

    def _settled(self, window: Window) -> str | None:
        return times.to_text(window.before) if window.before and window.before < self._now - _SETTLED else None


def _only(page: Page, changes: Changes, window: Window) -> Page:
    rows = window.own(page.rows, changes)
    return page if rows is page.rows else replace(page, rows=rows)
