"""Writing Singer messages: the only place that does, and only the main thread may.

The SDK's loop writes a stream's messages inside of its own order of things (SCHEMA for each parent, ACTIVATE_VERSION before the first row).
The run has another order, so it uses the SDK's own steps one by one. Some of them are private: they are named here and nowhere else, and
`tests/test_sdk.py` notices when the SDK changes them.

Records that nobody maps, flattens or deselects from, which is nearly all of them, are JSON already when they get here. They are written some
hundred at a time: one by one, the SDK's way, costs more than all the rest that is done for a row.
"""

from __future__ import annotations

import copy
import sys
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import msgspec
from singer_sdk.singerlib import StateMessage

from tap_hiringcenter.api.program import Stopping

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_hiringcenter.base import ApiStream
    from tap_hiringcenter.events import Rows
    from tap_hiringcenter.tap import TapHiringcenter


# About so many bytes: few enough that a run which is told to stop need not wait long for a slow reader to take them.
_AT_ONCE = 2**17


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
        self._stopping = Stopping()

    def schema(self, stream: ApiStream) -> None:
        """Describe a stream, once in a run."""
        if stream.name not in self._described:
            self._described.add(stream.name)
            self._is_behind = True
            with self._stopping.held_up():
                stream._write_schema_message()  # noqa: SLF001

    def rows(self, rows: Rows) -> None:
        """Write records."""
        self.schema(rows.stream)
        version = rows.version if self._versions else None
        self._is_behind = self._is_behind or bool(rows.records)
        rows.stream._stream_version = version  # noqa: SLF001
        contents = rows.records.contents
        if isinstance(contents, bytes):
            for lines in _parts(contents):
                with self._stopping.held_up():
                    sys.stdout.buffer.write(_messages(rows.stream, lines, version))
                    sys.stdout.buffer.flush()
            return
        for record in contents:
            with self._stopping.held_up():
                rows.stream._write_record_message(record)  # noqa: SLF001

    def activate(self, stream: ApiStream, version: int) -> None:
        """Say that all rows of a stream which don't have this version are gone: after a sweep that was proven complete."""
        if self._versions:
            with self._stopping.held_up():
                stream._write_activate_version_message(version)  # noqa: SLF001

    def state(self) -> None:
        """Write the bookmarks, if they have moved or anything came after the last STATE: a loader keeps what stands before one."""
        value = copy.deepcopy(self._tap.state)
        if self._is_behind or value != self._last_state:
            with self._stopping.held_up():
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
        self._stopping.stop(signal_number)

    @property
    def _versions(self) -> bool:
        return bool(self._tap.config["emit_activate_version_messages"])


def _parts(lines: bytes) -> Iterator[bytes]:
    """Some lines after the other."""
    begin = 0
    while begin < len(lines):
        end = lines.find(b"\n", begin + _AT_ONCE) + 1 or len(lines)
        yield lines[begin:end]
        begin = end


def _messages(stream: ApiStream, lines: bytes, version: int | None) -> bytes:
    """The RECORD messages of some records, with the time of now as that of extraction."""
    facts: dict[str, Any] = {"type": "RECORD", "stream": stream.name, "time_extracted": datetime.now(timezone.utc)}
    if version is not None:
        facts["version"] = version
    begin = msgspec.json.encode(facts)[:-1] + b',"record":'
    return begin + lines[:-1].replace(b"\n", b"}\n" + begin) + b"}\n"
