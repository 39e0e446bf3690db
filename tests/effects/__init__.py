"""The auditor of writes: whether each record has exactly one effect, and nothing else was touched. It shares no code with the target."""

from __future__ import annotations

from tests.effects.audit import violations
from tests.effects.given import Given, Snapshot, snapshot, writes, writes_by_stream

__all__ = ["Given", "Snapshot", "snapshot", "violations", "writes", "writes_by_stream"]
