"""What an audit starts from: what was handed over, what a sandbox held, and what it was asked."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.sandbox.streams import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tests.effects.wanted import Record, Row
    from tests.sandbox import LoggedRequest, Sandbox


@dataclass(frozen=True)
class Given:
    """What was handed to the target for one stream, over all runs since the snapshot.

    Attributes:
        stream: Its name.
        keys: Names of its key properties.
        records: All records, in their order.
        rejected: Keys whose last record must be rejected.
    """

    stream: str
    keys: tuple[str, ...]
    records: Sequence[Record]
    rejected: Iterable[tuple[Any, ...]] = ()


@dataclass(frozen=True)
class Snapshot:
    """What a sandbox held at one time.

    Attributes:
        rows: All rows of all tables, by id.
        requests: How many requests it had seen.
    """

    rows: Mapping[str, Mapping[str, Row]]
    requests: int


def snapshot(sandbox: Sandbox) -> Snapshot:
    """All that a sandbox holds now."""
    return Snapshot({table: sandbox.kept(table) for table in TABLES}, len(sandbox.requests))


def writes(sandbox: Sandbox, before: Snapshot | None = None) -> list[LoggedRequest]:
    """The requests that wrote: carried out, so neither replayed nor refused, whether or not their answer arrived.

    Args:
        sandbox: Whose log is read.
        before: Only those since then.
    """
    since = before.requests if before else 0
    return [request for request in sandbox.requests[since:] if request.method != "GET" and request.is_performed]


def writes_by_stream(sandbox: Sandbox, before: Snapshot | None = None) -> Counter[str]:
    """How many of them there were for each stream."""
    return Counter(request.table or "" for request in writes(sandbox, before))
