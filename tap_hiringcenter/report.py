"""The run report: what became of each stream, for machines (a JSON file) and for people (a table in the log)."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tap_hiringcenter.api import times

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_hiringcenter.api.transport import Usage

COMPLETE = "complete"
PARTIAL = "partial"
FAILED = "failed"

_COLUMNS = ("stream", "status", "records", "expected", "requests", "retries", "rate_limited", "reason")


@dataclass
class StreamReport:
    """What became of one stream.

    Attributes:
        usage: What it has asked for.
        records: Records written.
        expected: Rows that the API says there are, when it says so.
        ended: Whether it came to its end.
        reason: Why something is missing, without secrets and personal data.
    """

    usage: Usage
    records: int = 0
    expected: int | None = None
    ended: bool = False
    reason: str | None = None

    @property
    def status(self) -> str:
        """`complete`; else `partial` when some records were written, `failed` when none were."""
        if self.ended and self.reason is None:
            return COMPLETE
        return PARTIAL if self.records else FAILED


@dataclass
class Report:
    """What became of a run.

    Attributes:
        began: When it began.
        streams: The selected streams by name.
        reason: What ended the whole run early.
    """

    began: datetime
    streams: dict[str, StreamReport] = field(default_factory=dict)
    reason: str | None = None

    @property
    def status(self) -> str:
        """`complete` when every stream is, `failed` when nothing was brought, else `partial`."""
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
            "streams": {name: _entry(stream) for name, stream in self.streams.items()},
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
        """The report for people: one line a stream, what failed last, under their names."""
        streams = sorted(self.streams.items(), key=lambda item: item[1].status == FAILED)
        rows = [_COLUMNS, *(tuple(_cell({"stream": name, **_entry(stream)}, column) for column in _COLUMNS) for name, stream in streams)]
        widths = [max(len(row[place]) for row in rows) for place in range(len(_COLUMNS) - 1)]
        return "\n".join("  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]]).rstrip() for row in rows)


def _entry(stream: StreamReport) -> dict[str, Any]:
    return {
        "status": stream.status,
        "reason": stream.reason,
        "records": stream.records,
        "expected": stream.expected,
        "requests": stream.usage.requests,
        "retries": stream.usage.retries,
        "rate_limited": stream.usage.rate_limited,
    }


def _cell(entry: Mapping[str, Any], column: str) -> str:
    return "" if entry[column] is None else str(entry[column])
