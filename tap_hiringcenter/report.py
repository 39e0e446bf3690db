"""What the run report tells of a stream that was read."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

from tap_hiringcenter.api import reports
from tap_hiringcenter.api.reports import COMPLETE, FAILED, PARTIAL

if sys.version_info >= (3, 12):
    from typing import override
else:
    from typing_extensions import override


@dataclass
class StreamReport(reports.StreamReport):
    """What became of one stream that was read.

    Attributes:
        records: Records written.
        expected: Rows that the API says there are, when it says so.
        ended: Whether it came to its end.
    """

    records: int = 0
    expected: int | None = None
    ended: bool = False

    @property
    @override
    def status(self) -> str:
        """`complete`; else `partial` when some records were written, `failed` when none were."""
        if self.ended and self.reason is None:
            return COMPLETE
        return PARTIAL if self.records else FAILED

    @override
    def counts(self) -> dict[str, Any]:
        return {"records": self.records, "expected": self.expected}


Report = reports.Report[StreamReport]
