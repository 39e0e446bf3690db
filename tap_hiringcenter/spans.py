"""Windows of time: what they ask for, and how long the next ones should be.

The fewer windows, the fewer pages that are not full; but one that holds far too much is no checkpoint, and can't be held while it is read ahead.
How rows are spread over time shows only while they are read. So the first window is short, and each one tells how long the next ones may be. A
window that was chosen without that, and holds too much, is cut; what was read of it tells where.

Whether the bounds of the filters are inclusive is not documented (reference, List leads). Each window is asked for with a second more on both
sides, and rows outside of it are left to its neighbours.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from itertools import pairwise
from math import sqrt
from typing import TYPE_CHECKING

from tap_hiringcenter.api import times

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tap_hiringcenter.records import Records

_FIRST = datetime(1, 1, 1, tzinfo=timezone.utc)
_LAST = datetime.max.replace(microsecond=999_000, tzinfo=timezone.utc)
_OVERLAP = timedelta(seconds=1)
# Of so long a window with its overlaps, most of what is read is its own.
_SMALLEST = timedelta(seconds=4)
# A list that shows its newest rows first says nothing about the oldest: look back at least so far, and so many times as far as these rows.
_REACH, _LEAST_REACH = 32, timedelta(days=1)
# While it is not known how long a window should be, it is at most so many times as long as the one before, and such a part of what is to be read:
# one that is too short costs a request, one that is too long costs all the pages that were read of it.
_GROWTH = 8
_LARGEST_PART = 4
# Windows of one page are given up when they have cost so many more pages than long ones would have.
_MOST_LOST = 10


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
        wider = self._wider(_OVERLAP)
        bounds = {"updated_after": wider.after, "updated_before": wider.before}
        # At either end of the years there are, no bound is wide enough to be exclusive.
        return {name: times.to_text(bound) for name, bound in bounds.items() if bound and _FIRST < bound < _LAST}

    def own(self, records: Records) -> Records:
        """The records that belong here; one without a time belongs to the newest window.

        Args:
            records: Records.

        Returns:
            The very ones that were given when all of them do.
        """
        if None not in records.changes and self.holds(records.dated):
            return records
        return records.kept(self.holds([change]) if change else self.before is None for change in records.changes)

    def is_asked_for(self, records: Records) -> bool:
        """Whether a server that keeps to the filters may answer with these."""
        return self._wider(2 * _OVERLAP).holds(records.dated)

    def holds(self, changes: Sequence[str]) -> bool:
        """Whether rows that changed at these times all belong here."""
        if not changes:
            return True
        is_after = self.after is None or min(changes) >= times.to_text(self.after)
        return is_after and (self.before is None or max(changes) < times.to_text(self.before))

    def _wider(self, by: timedelta) -> Window:
        return Window(self.after and _shifted(self.after, -by), self.before and _shifted(self.before, by))


@dataclass(frozen=True)
class Reading:
    """What was read of a window.

    Attributes:
        window: The window.
        pages: The records of its first pages.
        others: The other pages; nobody has asked for them yet.
        is_whole: Whether there are no others.
        is_expected: Whether the windows before it told how long it should be.
    """

    window: Window
    pages: list[Records]
    others: Iterator[Records]
    is_whole: bool
    is_expected: bool

    @property
    def has_undated(self) -> bool:
        """Whether some of the rows have no time."""
        return any(None in records.changes for records in self.pages)

    @property
    def keeps_to_filters(self) -> bool:
        """Whether the server does, as far as this can tell."""
        # Rows without a time that pass the filters would be in each window, however small.
        is_cut_at_will = self.is_whole or not self.window.query or not self.has_undated
        return is_cut_at_will and all(self.window.is_asked_for(records) for records in self.pages)

    @property
    def moments(self) -> list[str]:
        """The times of the rows, the oldest first."""
        return sorted(change for records in self.pages for change in records.dated)


@dataclass(frozen=True)
class Stretch:
    """What is still to be read.

    Attributes:
        window: All of it.
        longest: How long a window of it is at most, while nothing tells how long it should be.
        first: How long the first one is at most; None when this is just the rest of a longer stretch.
    """

    window: Window
    longest: timedelta = _SMALLEST
    first: timedelta | None = None


class Pace:
    """How long windows should be.

    Attributes:
        known: How many windows in a row have shown it.

    Args:
        most_pages: Pages that a window should not go beyond.
        is_strict: Whether one that does is cut also where that makes more requests, not fewer.
        now: When the run began.
    """

    def __init__(self, most_pages: int, now: datetime, *, is_strict: bool) -> None:
        self._most_pages = most_pages
        self._is_strict = is_strict
        self._newest = now
        self._page_size = 0
        self._prefers_one_page = False
        self._gain = 0
        self._length: timedelta | None = None
        self._longest = _SMALLEST
        self._rows = 0.0
        self._time = timedelta(0)
        self.known = 0

    def cut(self, stretch: Stretch) -> list[Stretch]:
        """Cut the next window from a stretch.

        Returns:
            The window, and the rest, if there is one.
        """
        window = stretch.window
        if window.after is None:
            return [stretch]
        self._longest = stretch.longest
        if stretch.first and (self._length is None or stretch.first < self._length):
            self._length, self._rows, self._time, self.known = stretch.first, 0.0, timedelta(0), 0
        if self._length is None:
            return [stretch]
        end = _whole_milliseconds(_shifted(window.after, self._length))
        if (window.before or self._newest) - end < _SMALLEST:
            return [stretch]
        return [Stretch(Window(window.after, end)), Stretch(Window(end, window.before), stretch.longest)]

    def learn(self, window: Window, rows: int, pages: int, *, is_swept_twice: bool) -> None:
        """Take into account what a window held.

        Args:
            window: The window.
            rows: How many rows.
            pages: In how many pages.
            is_swept_twice: Whether these came twice, to prove that they hold all.
        """
        if self._prefers_one_page or is_swept_twice:
            self._prefers_one_page = True
            self._gain += 2 * rows - pages * self._page_size
        if window.after is None or window.before is None:
            return
        lasted = window.before - window.after
        # Those further back count less and less.
        self._rows = self._rows / 2 + rows
        self._time = self._time / 2 + lasted + 2 * _OVERLAP
        longest = max(_GROWTH * lasted, self._length or _SMALLEST)
        share = self._wanted / self._rows if self._rows else _GROWTH
        if share < _GROWTH and self._time * share <= longest:
            self.known += 1
            longest = self._time * share
        elif not self.known and self._length:
            longest = min(longest, max(self._longest, self._length))
        else:
            self.known = 0
        self._length = max(longest, _SMALLEST)

    def parts(self, reading: Reading) -> list[Stretch]:
        """Cut a window that held too much.

        Returns:
            Its parts; none when it can't be cut, or when that would hardly help.
        """
        if reading.is_expected and not self._is_strict:
            return []
        self._page_size = max([self._page_size, *(len(records) for records in reading.pages if records.has_next)])
        window, moments = reading.window, [times.parse(moment) for moment in reading.moments]
        if not moments:
            if window.query:
                return []
            moments = [self._newest - _LEAST_REACH]
        self._newest = max(self._newest, moments[-1])
        if window.after is not None:
            return self._cut(window.after, window.before, moments)
        low = _shifted(moments[0], -_SMALLEST / 2)
        if window.before:
            low = _shifted(low, -_REACH * max(self._newest - low, _LEAST_REACH))
            if low >= window.before:
                return []
        return [Stretch(Window(None, low)), *(self._cut(low, window.before, moments) or [Stretch(Window(low, window.before))])]

    def _cut(self, after: datetime, before: datetime | None, moments: Sequence[datetime]) -> list[Stretch]:
        """Cut around the half of the rows that is closest together: before, between and behind them, rows may lie differently close."""
        half = len(moments) // 2
        begin, end = min(zip(moments, moments[half:], strict=False), key=lambda pair: pair[1] - pair[0])
        last = before or self._newest
        if last - after < 2 * _SMALLEST or (end - begin < _SMALLEST and not self._is_strict):
            return []
        cuts = [after]
        if end - begin < (last - after) / _GROWTH:
            for cut in (_shifted(begin, -_SMALLEST / 2), _shifted(end, _SMALLEST / 2)):
                if cut - cuts[-1] >= _SMALLEST and last - cut >= _SMALLEST:
                    cuts.append(cut)
        stretches = []
        for one, other in pairwise([*cuts, last]):
            first = (other - one) / (_GROWTH if self.known else _GROWTH**2)
            window = Window(one, before if other is last else other)
            stretches.append(Stretch(window, (other - one) / _LARGEST_PART, max(first, _SMALLEST)))
        return stretches

    @property
    def _wanted(self) -> float:
        """How many rows a window should hold."""
        # A window of one page proves itself, others may be read twice. Where that is so, and where windows can be made so that there is hardly
        # ever a second page, which would cost three more, they are. Others are of whole pages, one less than is read ahead, since the rest of a
        # window that holds more is read alone; but for a few rows, so that where chance will have some more, the last page is still the last.
        margin = 2 * sqrt(self._page_size)
        if self._prefers_one_page and self._gain > -_MOST_LOST * self._page_size and margin < self._page_size / 2:
            return self._page_size - margin
        most = self._page_size * max(1, self._most_pages - 1)
        return most - sqrt(most)


def _shifted(moment: datetime, by: timedelta) -> datetime:
    """A moment, moved, but not out of the years that there are: a row may be dated to either end of them."""
    try:
        return moment + by
    except OverflowError:
        return _FIRST if by < timedelta(0) else _LAST


def _whole_milliseconds(moment: datetime) -> datetime:
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
