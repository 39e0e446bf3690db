"""Run reports: a status that tells the truth, a file that is whole, a table for people."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import TYPE_CHECKING

import pytest

from tap_hiringcenter.api.reports import COMPLETE, FAILED, PARTIAL
from tap_hiringcenter.api.usage import Usage
from tap_hiringcenter.report import Report, StreamReport

if TYPE_CHECKING:
    from pathlib import Path

BEGAN = datetime(2026, 6, 1, 12, tzinfo=timezone.utc)


def _stream(status: str) -> StreamReport:
    reasons = {COMPLETE: None, PARTIAL: "gone", FAILED: "gone"}
    return StreamReport(Usage(), records=0 if status == FAILED else 3, ended=True, reason=reasons[status])


@pytest.mark.parametrize(
    ("records", "ended", "reason", "expected"),
    [
        (0, True, None, COMPLETE),
        (3, True, None, COMPLETE),
        (3, False, None, PARTIAL),
        (0, False, None, FAILED),
        (3, True, "gone", PARTIAL),
        (0, True, "gone", FAILED),
        (0, False, "gone", FAILED),
    ],
)
def test_a_stream_is_complete_only_at_its_end_and_without_a_reason(records: int, ended: bool, reason: str | None, expected: str) -> None:  # noqa: FBT001  # parameters of the test
    assert StreamReport(Usage(), records=records, ended=ended, reason=reason).status == expected


@pytest.mark.parametrize(
    ("streams", "reason", "expected"),
    [
        ((), None, COMPLETE),
        ((), "stopped", FAILED),
        ((COMPLETE,), None, COMPLETE),
        ((COMPLETE,), "stopped", PARTIAL),
        ((COMPLETE, FAILED), None, PARTIAL),
        ((COMPLETE, PARTIAL), None, PARTIAL),
        ((PARTIAL,), None, PARTIAL),
        ((FAILED, FAILED), None, FAILED),
    ],
)
def test_a_run_is_complete_only_when_all_is(streams: tuple[str, ...], reason: str | None, expected: str) -> None:
    report = Report(BEGAN, {str(number): _stream(status) for number, status in enumerate(streams)}, reason)

    assert report.status == expected


def test_the_file_holds_what_is_promised(tmp_path: Path) -> None:
    usage = Usage()
    usage.count(requests=7, retries=2, rate_limited=1)
    path = tmp_path / "report.json"
    path.write_text("an older report, much longer than the new one" * 99, encoding="utf-8")

    Report(BEGAN, {"leads": StreamReport(usage, 3, 4, ended=True)}).write(str(path))

    found = json.loads(path.read_text(encoding="utf-8"))
    assert found.pop("ended_at") > found.pop("started_at") == "2026-06-01T12:00:00.000Z"
    assert found == {
        "status": "complete",
        "reason": None,
        "streams": {
            "leads": {"status": "complete", "reason": None, "records": 3, "expected": 4, "requests": 7, "retries": 2, "rate_limited": 1},
        },
    }
    assert [file.name for file in tmp_path.iterdir()] == ["report.json"]


def test_a_file_that_can_not_be_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="missing"):
        Report(BEGAN).write(str(tmp_path / "missing" / "report.json"))


def test_the_table_has_a_line_for_each_stream_and_failures_last() -> None:
    report = Report(BEGAN, {"exports": _stream(FAILED), "leads": _stream(COMPLETE), "jobs": _stream(PARTIAL)})

    lines = report.table().splitlines()

    assert [line.split()[0] for line in lines] == ["stream", "leads", "jobs", "exports"]
    assert lines[3].split() == ["exports", "failed", "0", "0", "0", "0", "gone"]
    assert len({line.index(word) for line, word in zip(lines, ("status", "complete", "partial", "failed"), strict=True)}) == 1
