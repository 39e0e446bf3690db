"""One record on its way: what it asks for, what the ledger knows of it, and what becomes of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

import msgspec

from tap_hiringcenter.api.reports import COMPLETE, FAILED, PARTIAL, StreamReport
from tap_hiringcenter.api.usage import Usage
from target_hiringcenter.writes import Form

if TYPE_CHECKING:
    from collections.abc import Mapping

    from target_hiringcenter.entries import Entry
    from target_hiringcenter.sinks.base import ApiSink


class Outcome(Enum):
    """The one count in which a record ends."""

    WRITTEN = "written"
    UNCHANGED = "unchanged"
    REJECTED = "rejected"
    SKIPPED = "skipped"

    # Each record is counted by its outcome, and the hash of an Enum is made of its name by a function in Python.
    __hash__ = object.__hash__


@dataclass(frozen=True)
class Reject:
    """Why a record was not written, without anything that it holds.

    Attributes:
        reason: In words.
        column: The column that is wrong, when it is one.
        status: HTTP status of the answer that refused it.
        request_id: That answer's request id.
    """

    reason: str
    column: str | None = None
    status: int | None = None
    request_id: str | None = None


NOTHING = Form()


class Task(msgspec.Struct, eq=False):
    """One record on its way.

    Attributes:
        sink: Its sink.
        source: Its key columns, or all that tells it from others.
        key: Digest of these.
        form: What it asks for.
        content: Digest of that.
        entry: What the ledger knows of it; changed as its writing goes on.
        fingerprint: Ties the record to its content (see `Fingerprints`).
        asked: What was asked for it alone, if anything was.
        is_begun: Whether the ledger holds that it is being written.
        is_resumed: Whether an earlier attempt may have had an effect.
        outcome: What became of it; None until that is known.
        reject: Why it was rejected.
        warnings: What the person should know who looks at the report.
        plan: In a dry run: what would be done.
        overtaken: Earlier records of the same key that leave no trace once this one is written, oldest first.
        locks: What no other write may touch before this one has come to its end (see `Form.locks`).
    """

    sink: ApiSink
    source: Mapping[str, Any]
    key: str
    form: Form
    content: str
    entry: Entry
    fingerprint: str = ""
    asked: Usage | None = None
    is_begun: bool = False
    is_resumed: bool = False
    outcome: Outcome | None = None
    reject: Reject | None = None
    warnings: list[str] = msgspec.field(default_factory=list)
    plan: dict[str, Any] = msgspec.field(default_factory=dict)
    overtaken: list[Task] = msgspec.field(default_factory=list)
    locks: frozenset[str] = frozenset()

    @property
    def usage(self) -> Usage:
        """Where is counted what is asked for it."""
        if self.asked is None:
            self.asked = Usage()
        return self.asked

    def pass_over(self) -> None:
        """Let the earlier records of the same key go: this one has come to its end in their place."""
        for earlier in self.overtaken:
            earlier.outcome = Outcome.UNCHANGED
            earlier.warnings.append("overtaken by a later record of the same key")
        self.overtaken = []


@dataclass
class SinkReport(StreamReport):
    """What became of one stream's records.

    Attributes:
        usage: What was asked for them.
        outcomes: Records by what became of them.
        warnings: Warnings, with how many records each is about.
    """

    usage: Usage = field(default_factory=Usage)
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    warnings: Counter[str] = field(default_factory=Counter)

    @property
    def status(self) -> str:
        """`complete` when every record is written, unchanged or skipped; `failed` when none is, else `partial`."""
        if self.reason is None and not self.outcomes[Outcome.REJECTED]:
            return COMPLETE
        return PARTIAL if self.outcomes.total() > self.outcomes[Outcome.REJECTED] else FAILED

    def counts(self) -> dict[str, Any]:
        """The records that ended in a count, each count, and the warnings."""
        return {
            "records": sum(self.outcomes.values()),
            **{outcome.value: self.outcomes[outcome] for outcome in Outcome},
            "warnings": [f"{text} ({number})" for text, number in self.warnings.items()],
        }
