"""The run: families are read side by side, and written one after the other by the main thread.

Each family has a thread that reads ahead into a queue of bounded length; requests of all of them share their system's budget. Rows, bookmarks
and errors come out of the queue in the order in which they were read, so what is written does not depend on which thread was faster, and a
STATE never runs ahead of the rows that it covers.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
import traceback
from contextlib import suppress
from queue import Empty, Queue
from typing import TYPE_CHECKING

from tqdm import tqdm

from tap_hiringcenter.events import End, Event, Mark, Rows
from tap_hiringcenter.report import Report, StreamReport

if sys.version_info >= (3, 12):
    from typing import override
else:
    from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tap_hiringcenter.base import ApiStream
    from tap_hiringcenter.output import Output
    from tap_hiringcenter.tap import TapHiringcenter

logger = logging.getLogger(__name__)

# What each family may have read before it is written, in rows: eight large pages, or some forty short lists of children.
_READ_AHEAD = 2000
_ROWS_OF_AN_EVENT = 50
_SIGN_OF_LIFE = 30.0


class _Events(Queue[Event]):
    """A queue whose length is that of its rows: of large pages it holds few, of short lists of children many."""

    @override
    def _init(self, maxsize: int) -> None:
        super()._init(maxsize)
        self._length = 0

    @override
    def _qsize(self) -> int:
        return self._length

    @override
    def _put(self, item: Event) -> None:
        super()._put(item)
        self._length += _weight(item)

    @override
    def _get(self) -> Event:
        item = super()._get()
        self._length -= _weight(item)
        return item


def _weight(event: Event) -> int:
    return _ROWS_OF_AN_EVENT + (len(event.records) if isinstance(event, Rows) else 0)


class Run:
    """One sync of all selected streams.

    Args:
        tap: The tap.
        output: Where messages go.
    """

    def __init__(self, tap: TapHiringcenter, output: Output) -> None:
        self._tap = tap
        self._output = output
        self.report = Report(tap.began)
        self._told: list[Exception] = []
        self._last_sign = time.monotonic()

    def sync(self) -> Report:
        """Read and write everything that is selected.

        One stream's failure costs only what belongs to it.

        Returns:
            The report.

        Raises:
            OSError: The reader of standard output is gone.
            Stopped: The process was asked to stop.
        """
        for name, reason in self._tap.left_out.items():
            self.report.streams[name] = StreamReport(self._tap.unused, reason=reason)
        families = self._tap.families()
        if not families:
            logger.warning("No stream is selected, so there is nothing to read")
        for stream in (stream for family in families for stream in family):
            self.report.streams[stream.name] = StreamReport(stream.usage)
        try:
            self._write(families)
        finally:
            # Also when the run is broken off: what has been noted is written.
            if self._output.has_written:
                self._output.state()
        return self.report

    def _write(self, families: Sequence[Sequence[ApiStream]]) -> None:
        queues = [self._start(family) for family in families]
        with tqdm(unit=" records", disable=not sys.stderr.isatty(), file=sys.stderr) as progress:
            for family, queue in zip(families, queues, strict=True):
                ended = 0
                while ended < len(family):
                    event = self._next(queue, family)
                    progress.set_description(event.stream.name, refresh=False)
                    self._take(event)
                    progress.update(len(event.records) if isinstance(event, Rows) else 0)
                    ended += isinstance(event, End)

    def _start(self, family: Sequence[ApiStream]) -> Queue[Event]:
        queue = _Events(_READ_AHEAD)
        # Where to start is looked up here, in the main thread, which is the one that moves bookmarks.
        found = self._tap.read(family)
        threading.Thread(target=self._read, args=(family, found, queue), name=f"read {family[0].name}", daemon=True).start()
        return queue

    def _read(self, family: Sequence[ApiStream], found: Iterator[Event], queue: Queue[Event]) -> None:
        missing = dict.fromkeys(family)
        try:
            for event in found:
                queue.put(event)
                if isinstance(event, End):
                    del missing[event.stream]
        except Exception as error:  # noqa: BLE001  # a mistake of ours in one family must not cost the others, nor end as a success
            # Where it happened, but not its text: that could quote a row.
            logger.error("A mistake in this tap, please report it:\n%s%s", "".join(traceback.format_tb(error.__traceback__)), type(error).__name__)  # noqa: TRY400
            for stream in missing:
                queue.put(End(stream, RuntimeError(f"a mistake in this tap ({type(error).__name__}); please report it with the log")))

    def _next(self, queue: Queue[Event], family: Sequence[ApiStream]) -> Event:
        """The next event; while it takes long, the log says that the run is at work."""
        while True:
            if time.monotonic() - self._last_sign > _SIGN_OF_LIFE:
                self._last_sign = time.monotonic()
                requests = sum({id(entry.usage): entry.usage.requests for entry in self.report.streams.values()}.values())
                records = sum(entry.records for entry in self.report.streams.values())
                logger.info("At %s: %d records so far, %d requests", family[0].name, records, requests)
            with suppress(Empty):
                return queue.get(timeout=_SIGN_OF_LIFE)

    def _take(self, event: Event) -> None:
        entry = self.report.streams[event.stream.name]
        if isinstance(event, Rows):
            self._write_rows(event, entry)
        elif isinstance(event, Mark) and entry.reason:
            return  # rows before it were not written
        elif isinstance(event, Mark):
            self._tap.note(event)
            if event.is_checkpoint:
                self._output.state()
        else:
            entry.expected = event.stream.expected
            entry.ended = True
            if event.error and not entry.reason:
                entry.reason = str(event.error)
                self._tell(event.stream, event.error)
            if entry.reason:
                return
            self._output.schema(event.stream)
            if event.version is not None:
                self._tap.finish(event.stream)
                # An API in trouble may say that a list is empty; that alone shall not empty a table. Where an earlier run had come, the rows may
                # all be its own.
                if entry.records or event.is_resumed:
                    self._output.activate(event.stream, event.version)

    def _write_rows(self, rows: Rows, entry: StreamReport) -> None:
        if entry.reason:
            return
        try:
            self._output.rows(rows)
            entry.records += len(rows.records)
        except (OSError, MemoryError):
            raise
        except Exception as error:  # noqa: BLE001  # a stream map of the user's, or a value that can't be written: it costs this stream only
            # Its text may quote the row.
            entry.reason = f"A record could not be written ({type(error).__name__}): see stream_maps, if there are any."
            rows.stream.logger.error("%s is not complete. %s", rows.stream.name, entry.reason)  # noqa: TRY400

    def _tell(self, stream: ApiStream, error: Exception) -> None:
        """Log what is missing; an error that ends many streams is told once."""
        if error not in self._told:
            self._told.append(error)
            stream.logger.error("%s is not complete. %s", stream.name, error)
