"""Writing Singer messages: the only place that does, and only the main thread may.

The SDK's loop writes a stream's messages inside of its own order of things (SCHEMA for each parent, ACTIVATE_VERSION before the first row).
The run has another order, so it uses the SDK's own steps one by one. Some of them are private: they are named here and nowhere else, and
`tests/test_sdk.py` notices when the SDK changes them.
"""

from __future__ import annotations

import copy
from contextlib import contextmanager
from typing import TYPE_CHECKING

from singer_sdk.singerlib import StateMessage

from tap_hiringcenter.api.program import Stopped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_hiringcenter.client import ApiStream
    from tap_hiringcenter.events import Rows
    from tap_hiringcenter.tap import TapHiringcenter


class Output:
    """Messages on standard output: whole lines, SCHEMA before rows, STATE after them.

    Args:
        tap: The tap whose streams are written.
    """

    def __init__(self, tap: TapHiringcenter) -> None:
        self._tap = tap
        self._described: set[str] = set()
        self._is_behind = False
        self._last_state: object = None
        self._is_writing = False
        self._stopped_by: int | None = None

    def schema(self, stream: ApiStream) -> None:
        """Describe a stream, once in a run."""
        if stream.name not in self._described:
            self._described.add(stream.name)
            self._is_behind = True
            with self._whole_lines():
                stream._write_schema_message()  # noqa: SLF001

    def rows(self, rows: Rows) -> None:
        """Write records."""
        self.schema(rows.stream)
        rows.stream._stream_version = rows.version if self._versions else None  # noqa: SLF001
        self._is_behind = self._is_behind or bool(rows.records)
        for record in rows.records:
            with self._whole_lines():
                rows.stream._write_record_message(record)  # noqa: SLF001

    def activate(self, stream: ApiStream, version: int) -> None:
        """Say that all rows of a stream which don't have this version are gone: after a sweep that was proven complete."""
        if self._versions:
            with self._whole_lines():
                stream._write_activate_version_message(version)  # noqa: SLF001

    def state(self) -> None:
        """Write the bookmarks, if they have moved or anything came after the last STATE: a loader keeps what stands before one."""
        value = copy.deepcopy(self._tap.state)
        if self._is_behind or value != self._last_state:
            with self._whole_lines():
                self._tap.write_message(StateMessage(value=value))
                self._is_behind = False
                self._last_state = value

    @property
    def has_written(self) -> bool:
        """Whether anything was written."""
        return bool(self._described)

    def stop(self, signal_number: int) -> None:
        """Stop by raising `Stopped` in the main thread, but not within a line. To be called from a signal handler.

        Raises:
            Stopped: At once when no line is being written.
        """
        self._stopped_by = signal_number
        if not self._is_writing:
            raise Stopped(signal_number)

    @property
    def _versions(self) -> bool:
        return bool(self._tap.config["emit_activate_version_messages"])

    @contextmanager
    def _whole_lines(self) -> Iterator[None]:
        self._is_writing = True
        try:
            yield
        finally:
            self._is_writing = False
        if self._stopped_by is not None:
            raise Stopped(self._stopped_by)
