"""What tap and target share of run reports: the table follows the entries, whatever an executable counts."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from tap_hiringcenter.api.reports import COMPLETE, FAILED, Report, StreamReport
from tap_hiringcenter.api.usage import Usage

if sys.version_info >= (3, 12):
    from typing import override
else:
    from typing_extensions import override

if TYPE_CHECKING:
    from pathlib import Path

BEGAN = datetime(2026, 6, 1, 12, tzinfo=timezone.utc)


@dataclass
class Loaded(StreamReport):
    """A stream of an executable that there isn't."""

    sent: int = 0
    warnings: list[str] = field(default_factory=list)

    @property
    @override
    def status(self) -> str:
        return FAILED if self.reason else COMPLETE

    @override
    def counts(self) -> dict[str, Any]:
        return {"sent": self.sent, "warnings": self.warnings}


def test_an_entry_has_the_counts_between_what_came_of_it_and_what_it_cost() -> None:
    assert list(Loaded(Usage()).entry().items()) == [
        ("status", "complete"),
        ("reason", None),
        ("sent", 0),
        ("warnings", []),
        ("requests", 0),
        ("retries", 0),
        ("rate_limited", 0),
    ]


def test_the_table_has_the_names_of_the_entries_and_the_reason_last() -> None:
    report = Report(BEGAN, {"notes": Loaded(Usage(), 2, reason="a reason of words"), "tasks": Loaded(Usage(), 3, ["a", "b"])})

    names, tasks, notes = report.table().splitlines()

    assert names.split() == ["stream", "status", "sent", "warnings", "requests", "retries", "rate_limited", "reason"]
    assert tasks.split() == ["tasks", "complete", "3", "2", "0", "0", "0"]
    assert notes.split(maxsplit=7) == ["notes", "failed", "2", "0", "0", "0", "0", "a reason of words"]


def test_the_file_has_a_list_where_the_table_has_its_length(tmp_path: Path) -> None:
    path = tmp_path / "report.json"

    Report(BEGAN, {"tasks": Loaded(Usage(), 3, ["a", "b"])}).write(str(path))

    assert json.loads(path.read_text(encoding="utf-8"))["streams"]["tasks"]["warnings"] == ["a", "b"]


def test_a_table_without_streams_is_a_line_of_names() -> None:
    assert Report[Loaded](BEGAN).table().split() == ["stream", "reason"]
