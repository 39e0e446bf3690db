"""Reading a list that the server filters by time, in ascending windows: each finished window is a checkpoint.

How rows are spread over time is not known beforehand, nor is the order in which the API lists them. So the whole span is asked for first; a
window that is not at its end after a few pages is cut into smaller ones, at times between which rows were seen and at even parts of its span.
Windows are read side by side and given in ascending order.

Whether the bounds of the filters are inclusive is not documented (reference, List leads). Each window is asked for with a second more on both
sides, and rows outside of it are left to its neighbours.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from itertools import islice, pairwise
from typing import TYPE_CHECKING, Any

from tap_hiringcenter.api import times

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from concurrent.futures import Executor, Future

    from tap_hiringcenter.api.envelopes import Page, Row

_FIRST = datetime(1, 1, 1, tzinfo=timezone.utc)
_LAST = datetime(9999, 12, 31, tzinfo=timezone.utc)
_OVERLAP = timedelta(seconds=1)
_SMALLEST = timedelta(seconds=2)
_MOST_PAGES = 10
# A closed window may move the bookmark to its end, even past the last row seen, once it is older than any clock can be wrong.
_SETTLED = timedelta(days=1)
# Where nothing says how old the oldest row is, look back so many times as far as the rows that were seen.
_REACH = 8


@dataclass(frozen=True)
class Window:
    """The rows that changed at `after` or later and earlier than `before`; None is open.

    Attributes:
        after: Lower bound, inclusive.
        before: Upper bound, exclusive.
    """

    after: datetime | None
    before: datetime | None

    @property
    def query(self) -> dict[str, str]:
        """The filters that ask for at least the rows of this window."""
        query = {}
        if self.after:
            query["updated_after"] = times.to_text(_shifted(self.after, -_OVERLAP))
        if self.before:
            query["updated_before"] = times.to_text(_shifted(self.before, _OVERLAP))
        return query

    def holds(self, moment: datetime | None) -> bool:
        """Whether a row that changed at this moment belongs here. One without a time belongs to the newest window."""
        if moment is None:
            return self.before is None
        return (self.after is None or moment >= self.after) and (self.before is None or moment < self.before)

    def is_asked_for(self, moment: datetime) -> bool:
        """Whether a server that keeps to the filters may answer with a row that changed at this moment."""
        return Window(self.after and _shifted(self.after, -_SMALLEST), self.before and _shifted(self.before, _SMALLEST)).holds(moment)


@dataclass(frozen=True)
class Slice:
    """A part of a list that is complete when its pages are.

    Attributes:
        pages: The pages.
        until: Every row that changed before this moment is in this slice or an earlier one; None when only the rows themselves tell.
    """

    pages: Iterable[Page]
    until: str | None = None


@dataclass(frozen=True)
class _Reading:
    window: Window
    pages: list[Page]
    is_whole: bool
    keeps_to_filters: bool
    moments: list[datetime]
    has_undated: bool


class Windows:
    """Reads one list window by window.

    Args:
        read: Gives the pages of the list for some query parameters, lazily.
        changed: Tells when a row changed, or None when it doesn't say.
        pool: Where windows are read side by side.
        ahead: How many are read ahead.
        most_pages: Pages after which an unfinished window is cut.
        now: When the run began.
    """

    def __init__(  # noqa: PLR0913  # each of them is one fact of the reading
        self,
        read: Callable[[Mapping[str, Any]], Iterator[Page]],
        changed: Callable[[Row], datetime | None],
        pool: Executor,
        *,
        ahead: int,
        most_pages: int = _MOST_PAGES,
        now: datetime,
    ) -> None:
        self._read = read
        self._changed = changed
        self._pool = pool
        self._ahead = ahead
        self._most_pages = min(most_pages, _MOST_PAGES)
        self._now = now

    def slices(self, since: datetime | None) -> Iterator[Slice]:
        """Read everything that changed at `since` or later.

        Args:
            since: None for everything.

        Yields:
            Slices, the oldest first.
        """
        waiting = deque([Window(since, None)])
        running: dict[Window, Future[_Reading]] = {}
        has_undated = False
        try:
            while waiting:
                for window in islice(waiting, self._ahead):
                    if window not in running:
                        running[window] = self._pool.submit(self._try, window)
                window = waiting.popleft()
                reading = running.pop(window).result()
                if not reading.keeps_to_filters:
                    # A server that ignores the filters gives all rows for each window: read the list once, as it is.
                    yield Slice(self._pages({}, Window(since, None)))
                    return
                has_undated = has_undated or (reading.has_undated and not reading.is_whole and not window.query)
                if reading.is_whole:
                    yield Slice(self._own(reading.pages, window), self._settled(window))
                elif parts := self._parts(reading):
                    waiting.extendleft(reversed(parts))
                else:
                    yield Slice(self._pages(window.query, window), self._settled(window))
        finally:
            for future in running.values():
                future.cancel()
        if has_undated:
            # Rows without a time may not pass any filter, and this list has some: only the list as a whole shows them.
            yield Slice(self._undated())

    def _try(self, window: Window) -> _Reading:
        pages: list[Page] = []
        is_whole = False
        rows = self._read(window.query)
        for page in rows:
            pages.append(page)
            if len(pages) >= self._most_pages and page.next:
                break
        else:
            is_whole = True
        changes = [self._changed(row) for page in pages for row in page.rows]
        moments = [moment for moment in changes if moment is not None]
        # Rows without a time that pass the filters would be in each window, however small.
        keeps_to_filters = all(window.is_asked_for(moment) for moment in moments) and (is_whole or not window.query or len(moments) == len(changes))
        return _Reading(window, pages, is_whole, keeps_to_filters, sorted(moments), len(moments) < len(changes))

    def _parts(self, reading: _Reading) -> list[Window]:
        """Cut a window that was too large; nothing when it can't be cut any further."""
        window, moments = reading.window, reading.moments
        upper = window.before or max([self._now, *moments[-1:]])
        lower = window.after or (moments[0] if moments else _shifted(upper, -_SETTLED))
        quarters = [lower + (upper - lower) * part / 4 for part in (1, 2, 3)]
        quartiles = [moments[len(moments) * part // 4] for part in (1, 2, 3)] if moments else []
        if window.after is None:
            quarters += [_shifted(lower, -_REACH * max(upper - lower, _SETTLED)), lower]
        cuts: list[datetime] = []
        for cut in sorted({_whole_milliseconds(moment) for moment in quarters + quartiles}):
            above = cuts[-1] if cuts else window.after
            if (above is None or cut - above >= _SMALLEST) and (window.before is None or window.before - cut >= _SMALLEST):
                cuts.append(cut)
        edges = [window.after, *cuts, window.before]
        return [Window(after, before) for after, before in pairwise(edges)] if cuts else []

    def _pages(self, query: Mapping[str, Any], window: Window) -> Iterator[Page]:
        return self._own(self._read(query), window)

    def _own(self, pages: Iterable[Page], window: Window) -> Iterator[Page]:
        for page in pages:
            yield replace(page, rows=[row for row in page.rows if window.holds(self._changed(row))])

    def _undated(self) -> Iterator[Page]:
        for page in self._read({}):
            yield replace(page, rows=[row for row in page.rows if self._changed(row) is None])

    def _settled(self, window: Window) -> str | None:
        return times.to_text(window.before) if window.before and window.before < self._now - _SETTLED else None


def _shifted(moment: datetime, by: timedelta) -> datetime:
    """A moment, moved, but not out of the years that there are: a row may be dated to either end of them."""
    try:
        return moment + by
    except OverflowError:
        return _FIRST if by < timedelta(0) else _LAST


def _whole_milliseconds(moment: datetime) -> datetime:
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
