"""The run report: what became of each stream, for machines (a JSON file) and for people (a table in the log).

What is counted of a stream beside its requests is the executable's own affair; each brings its own kind of `StreamReport`.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from tap_hiringcenter.api import times

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tap_hiringcenter.api.usage import Usage

COMPLETE = "complete"
PARTIAL = "partial"
FAILED = "failed"

_STREAM = "stream"
_REASON = "reason"


@dataclass
class StreamReport(ABC):
    """What became of one stream.

    Attributes:
        usage: What it has asked for.
        reason: Why something is missing, without secrets and personal data.
    """

    usage: Usage
    reason: str | None = field(default=None, kw_only=True)

    @property
    @abstractmethod
    def status(self) -> str:
        """`complete`, `partial` or `failed`."""

    @abstractmethod
    def counts(self) -> dict[str, Any]:
        """What came of it, by the names that the run report has for it and in their order."""

    def entry(self) -> dict[str, Any]:
        """The stream as the run report has it."""
        return {
            "status": self.status,
            _REASON: self.reason,
            **self.counts(),
            "requests": self.usage.requests,
            "retries": self.usage.retries,
            "rate_limited": self.usage.rate_limited,
        }


_Stream = TypeVar("_Stream", bound=StreamReport)


@dataclass
class Report(Generic[_Stream]):
    """What became of a run.

    Attributes:
        began: When it began.
        streams: Its streams by name.
        reason: What ended the whole run early.
    """

    began: datetime
    streams: dict[str, _Stream] = field(default_factory=dict)
    reason: str | None = None

    @property
    def status(self) -> str:
        """`complete` when every stream is, `failed` when no stream came to anything, else `partial`."""
        found = {stream.status for stream in self.streams.values()}
        if self.reason is None and found <= {COMPLETE}:
            return COMPLETE
        return PARTIAL if found & {COMPLETE, PARTIAL} else FAILED

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON has it; times are RFC 3339 in UTC."""
        return {
            "status": self.status,
            "reason": self.reason,
            "started_at": times.to_text(self.began),
            "ended_at": times.to_text(datetime.now(timezone.utc)),
            "streams": {name: stream.entry() for name, stream in self.streams.items()},
        }

    def write(self, path: str) -> None:
        """Write the report to a file, whole or not at all.

        Args:
            path: The file; what it held is replaced.

        Raises:
            OSError: It can't be written.
        """
        target = Path(path)
        draft = target.with_name(f"{target.name}.part")
        draft.write_text(json.dumps(self.to_dict(), indent=2) + "\n", encoding="utf-8")
        draft.replace(target)

    def table(self) -> str:
        """The report for people: one line a stream, what failed last, under the names of the entries, the reason last."""
        streams = sorted(self.streams.items(), key=lambda item: item[1].status == FAILED)
        entries = [{_STREAM: name, **stream.entry()} for name, stream in streams]
        names = dict.fromkeys(name for entry in entries for name in entry if name != _REASON) or {_STREAM: None}
        columns = (*names, _REASON)
        return in_columns([columns, *(tuple(_cell(entry[column]) for column in columns) for entry in entries)])


def in_columns(rows: Sequence[Sequence[str]]) -> str:
    """Rows of texts as lines, each column as wide as its longest text.

    Args:
        rows: The rows, at least one.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)


def _cell(value: object) -> str:
    """A value as the table shows it; of a list, how long it is."""
    if value is None:
        return ""
    return str(len(value) if isinstance(value, list) else value)
