"""A family: a list and the streams below it, read together, so that no list of parents is read twice.

Children are read for the parents that changed since *their own* bookmark, which is kept as a time of the root's changes: a child stream that
was selected later, failed, or was broken off catches up by itself. Parents are taken in the order of their changes, and of their ids where
they changed in the same moment, group by group; a finished group is a checkpoint.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tap_hiringcenter.api.errors import ApiError, NotFoundError, RefusedError, SystemEndedError, TransientError
from tap_hiringcenter.events import End, Event, Mark, Rows
from tap_hiringcenter.recent import Recent, unchanged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from concurrent.futures import Executor, Future
    from datetime import timedelta

    from tap_hiringcenter.base import ApiStream
    from tap_hiringcenter.bookmarks import Start
    from tap_hiringcenter.records import Records

_GROUP = 100
# Of the requests that a run may still make, so many are kept for each parent of a group: for what is below it on all levels.
_REQUESTS_PER_PARENT = 8
# After so many parents in a row for which a child stream failed for good, the next ones would only fail as slowly.
_MOST_FAILURES_IN_A_ROW = 3
_TOO_MANY_GONE = 3


@dataclass(frozen=True)
class _Parent:
    """A row that children are read for: its ids, and the root above it: its id, and when it changed."""

    ids: Mapping[str, str]
    root: str
    change: str | None


@dataclass(frozen=True)
class _Job:
    """What is to be done next: the list below a parent, or else the end of a stream's lists in a group of parents, or of the group.

    Attributes:
        stream: Whose list or lists; None at the end of a group.
        parent: The parent; at the end of a group the last one, at the end of a stream's lists None.
    """

    stream: ApiStream | None
    parent: _Parent | None


class Family:
    """Reads one root and the selected streams below it.

    Args:
        streams: All streams from the root downwards that are needed, parents before children.
        wanted: Those among them whose records are wanted, with where each starts.
        pool: Where children are read side by side.
        ahead: How many lists of children are read ahead.
        left: How many requests this run may still make; None for any number.
        lookback: How far before its bookmarks the next run will look again.
    """

    def __init__(  # noqa: PLR0913  # each of them is one fact of the reading
        self,
        streams: Sequence[ApiStream],
        wanted: Mapping[ApiStream, Start],
        pool: Executor,
        *,
        ahead: int,
        left: Callable[[], int | None],
        lookback: timedelta,
    ) -> None:
        self._root = streams[0]
        self._streams = streams
        self._wanted = wanted
        self._pool = pool
        self._ahead = ahead
        self._left = left
        self._recent = Recent(lookback)
        self._unchanged: dict[ApiStream, set[str]] = {}
        self._errors: dict[ApiStream, Exception] = {}
        self._failures_in_a_row: dict[ApiStream, int] = {}
        self._gone: dict[ApiStream, tuple[int, NotFoundError]] = {}
        self._found: set[ApiStream] = set()

    def events(self) -> Iterator[Event]:
        """Read everything.

        Yields:
            Rows, marks, and in the end one `End` for each wanted stream; errors of the API are in these and are not raised.
        """
        try:
            yield from self._read()
        except ApiError as error:
            for stream in self._wanted:
                self._errors.setdefault(stream, error)
        for stream, start in self._wanted.items():
            missing = self._errors.get(stream)
            yield End(stream, missing, None if missing else start.version, is_resumed=start.since is not None)

    def _read(self) -> Iterator[Event]:
        root = self._root
        starts = [start.since for start in self._wanted.values()]
        since = None if None in starts else min(start for start in starts if start is not None)
        own_start = self._wanted.get(root)
        # Until all roots are seen that were there in the run before, it isn't known which of them are as they were.
        known_until = max((start.until for start in self._wanted.values() if start.done), default="")
        waiting: list[_Parent] = []
        newest = ""
        # A full sync that goes on must see what the bookmark of its position can't tell of.
        goes_on = any(start.since and start.version is not None for start in self._wanted.values())
        for part in root.slices(since, undated=goes_on):
            for records in part.pages:
                if records.total is not None:
                    # A part of a list may be asked for by a filter, and then tells the total of that part.
                    root.expected = max(records.total, root.expected or 0)
                newest = max(newest, max(filter(None, records.changes), default=""))
                if self._streams[1:]:
                    waiting += [_Parent(self._ids(root, one, {}), one, change) for one, change in zip(records.ids, records.changes, strict=True)]
                if own_start:
                    new = records.kept(_is_wanted(change, own_start) for change in records.changes) if own_start.since else records
                    yield Rows(root, new, own_start.version)
            newest = max(newest, part.until or "")
            yield from self._root_marks(newest, is_final=False)
            if not known_until or any((parent.change or "") > known_until for parent in waiting):
                yield from self._read_below(waiting, newest)
                waiting = []
        yield from self._read_below(waiting, newest)
        yield from self._root_marks(newest, is_final=True)
        self._doubt_all_gone()
        yield from self._marks(self._wanted, newest, done=self._recent.digest(newest), is_final=True)

    def _read_below(self, parents: list[_Parent], newest: str) -> Iterator[Event]:
        """Read what is below some roots, which are the next ones in the order of their changes."""
        parents.sort(key=lambda parent: (parent.change or "", parent.root))
        roots = [(parent.root, parent.change) for parent in parents if parent.change]
        self._recent.add(roots)
        for stream, start in self._wanted.items():
            self._unchanged[stream] = unchanged([root for root in roots if (start.since or "") <= root[1] <= start.until], start.done)
        yield from self._read_children(self._root, self._groups(parents))
        yield from self._marks(self._wanted, newest)

    def _groups(self, parents: Sequence[_Parent]) -> Iterator[Sequence[_Parent]]:
        """Cut parents into groups. With few requests left they are small, for what is below a group must be read before it counts."""
        position = 0
        while position < len(parents):
            left = self._left()
            size = _GROUP if left is None else min(_GROUP, max(1, left // _REQUESTS_PER_PARENT))
            yield parents[position : position + size]
            position += size

    def _read_children(self, parent_stream: ApiStream, groups: Iterable[Sequence[_Parent]]) -> Iterator[Event]:
        grandparents: list[_Parent] = []
        last: _Parent | None = None
        for job, reading in self._side_by_side(self._jobs(parent_stream, groups)):
            if not job.stream:
                if parent_stream is self._root and job.parent:
                    yield from self._marks(self._wanted, job.parent.change, after=job.parent.root)
                continue
            if not job.parent or not reading:
                yield from self._read_children(job.stream, [grandparents])
                grandparents, last = [], None
                continue
            if last and last.root != job.parent.root:
                yield from self._marks([job.stream], last.change, after=last.root, is_checkpoint=False)
            last = job.parent
            yield from self._read_list(job.stream, job.parent, reading, grandparents)

    def _read_list(self, stream: ApiStream, parent: _Parent, reading: Future[Any], grandparents: list[_Parent]) -> Iterator[Event]:
        """Take one list in, and note its rows as parents of what is below it."""
        if self._is_given_up(stream):
            return
        try:
            pages = reading.result()
        except NotFoundError as error:
            # The parent is gone, and its children with it.
            self._gone[stream] = (self._gone.get(stream, (0, error))[0] + 1, error)
        except SystemEndedError:
            raise
        except ApiError as error:
            self._fail(stream, error)
        else:
            self._failures_in_a_row[stream] = 0
            self._found.add(stream)
            for records in pages:
                grandparents += [_Parent(self._ids(stream, one, parent.ids), parent.root, parent.change) for one in records.ids]
                if stream in self._wanted and self._is_asked_for(stream, parent):
                    yield Rows(stream, records, self._wanted[stream].version)

    def _jobs(self, parent_stream: ApiStream, groups: Iterable[Sequence[_Parent]]) -> Iterator[_Job]:
        """What there is to do below some parents, in order."""
        streams = [one for one in self._streams if one.parent is type(parent_stream)]
        for group in groups:
            for stream in streams:
                below = self._below(stream)
                for parent in group:
                    if not self._is_given_up(stream) and any(self._is_asked_for(one, parent) for one in below):
                        yield _Job(stream, parent)
                yield _Job(stream, None)
            yield _Job(None, group[-1] if group else None)

    def _side_by_side(self, jobs: Iterator[_Job]) -> Iterator[tuple[_Job, Future[Any] | None]]:
        """Do several jobs at once, and give them in their order; the lists of the next group are asked for before the last ones have come."""
        waiting: deque[tuple[_Job, Future[Any] | None]] = deque()
        asked = 0
        try:
            for job in jobs:
                if job.stream and job.parent:
                    waiting.append((job, self._pool.submit(_pages, job.stream, job.parent.ids)))
                    asked += 1
                else:
                    waiting.append((job, None))
                # With few requests left nothing is asked for that may not count.
                while waiting and (asked >= self._ahead or (not job.stream and self._left() is not None)):
                    asked -= waiting[0][1] is not None
                    yield waiting.popleft()
            yield from waiting
        finally:
            for _, reading in waiting:
                if reading:
                    reading.cancel()

    def _is_given_up(self, stream: ApiStream) -> bool:
        return self._failures_in_a_row.get(stream, 0) >= _MOST_FAILURES_IN_A_ROW

    def _fail(self, stream: ApiStream, error: ApiError) -> None:
        """Note that something is missing from a stream and from those below it; their bookmarks stand still from now on."""
        if isinstance(error, TransientError):
            self._failures_in_a_row[stream] = self._failures_in_a_row.get(stream, 0) + 1
        stream.logger.warning("Something of %s is missing: %s", stream.name, error)
        for one in self._below(stream):
            self._errors.setdefault(one, error)

    def _is_asked_for(self, stream: ApiStream, parent: _Parent) -> bool:
        """Whether the children of a row are read for a stream."""
        start = self._wanted[stream]
        if not _is_wanted(parent.change, start) or parent.root in self._unchanged[stream]:
            return False
        return parent.change != start.since or start.after is None or parent.root > start.after

    def _marks(  # noqa: PLR0913  # each of them is one fact of the mark
        self,
        streams: Iterable[ApiStream],
        change: str | None,
        *,
        after: str | None = None,
        done: str = "",
        is_final: bool = False,
        is_checkpoint: bool = True,
    ) -> Iterator[Mark]:
        """Say how far child streams are complete: up to a change, and among roots that changed in that very moment up to an id."""
        for stream in streams:
            start = self._wanted.get(stream)
            # While every parent seems to be gone, it isn't known yet whether the path is (see `_doubt_all_gone`).
            above = [one for one in self._gone if type(one) in stream.lineage() and one not in self._found]
            if not start or stream is self._root or stream in self._errors or not change or (above and not is_final):
                continue
            yield Mark(stream, None, change, start.version, is_final, is_checkpoint, after, done)

    def _root_marks(self, newest: str, *, is_final: bool) -> Iterator[Mark]:
        """Say how far the root is complete."""
        if self._root in self._wanted and newest and not self._root.is_full_table and self._root.replication_key:
            yield Mark(self._root, self._root.replication_key, newest, is_final=is_final)

    def _doubt_all_gone(self) -> None:
        """Don't believe that all parents are gone which the API has just listed: it is the path of the children that isn't there."""
        for stream, (gone, error) in self._gone.items():
            if gone >= _TOO_MANY_GONE and stream not in self._found:
                self._fail(stream, RefusedError(f"{error.reason} for each of {gone} parents", asked=error.asked))

    def _below(self, stream: ApiStream) -> list[ApiStream]:
        """The wanted streams that miss something when this one does."""
        return [one for one in self._wanted if type(stream) in one.lineage()]

    def _ids(self, stream: ApiStream, own: str, above: Mapping[str, str]) -> dict[str, str]:
        """The ids that the children of a record need, by the names that they have in their paths."""
        names = {one.ancestor_names()[-1] for one in self._streams if one.parent is type(stream)}
        return {**above, **dict.fromkeys(names, own)}


def _pages(stream: ApiStream, ids: Mapping[str, str]) -> list[Records]:
    return [stream.records(page, ids) for page in stream.pages(ids)]


def _is_wanted(change: str | None, start: Start) -> bool:
    """Whether a row is new since a start; one that doesn't say when it changed always may be."""
    return change is None or start.since is None or change >= start.since
