"""Compares what runs of the tap brought with what the sandbox holds. Written from the documents; it shares no code with the tap."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tests.running import Outcome
    from tests.sandbox import Sandbox

SCHEMAS = {path.stem: path for path in sorted((Path(__file__).parents[1] / "schemas").glob("*/*.json"))}
EVERY_STREAM = tuple(SCHEMAS)
BY_DEFAULT = tuple(name for name in EVERY_STREAM if name != "prospect_feed")
# Every stream that is read by a time of its own, and that time (interface: "Streams").
REPLICATION_KEYS = {
    "prospects": "updatedAt",
    "meetings": "updatedAt",
    "notes": "createdAt",
    "tasks": "updatedAt",
    **dict.fromkeys(
        [
            "leads",
            "campaigns",
            "exports",
            "imports",
            "inbox_threads",
            "jobs",
            "prospector_workflows",
            "referrals",
            "support_tickets",
            "webhooks",
        ],
        "updated_at",
    ),
}


@cache
def schema(stream: str) -> dict[str, Any]:
    """The schema of a stream, from its file."""
    return dict(json.loads(SCHEMAS[stream].read_text(encoding="utf-8")))


def emitted(stream: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """The record that a row must become, when all of its values are of the documented types."""
    columns = schema(stream)["properties"]
    record: dict[str, Any] = {}
    unknown = {}
    for name, value in row.items():
        if name not in columns:
            unknown[name] = value
        elif columns[name].get("format") == "date-time" and isinstance(value, int):
            moment = datetime.fromtimestamp(value // 1000, tz=timezone.utc)
            record[name] = f"{moment:%Y-%m-%dT%H:%M:%S}.{value % 1000:03d}Z"
        else:
            record[name] = value
    return {**record, "additional_properties": unknown or None}


def key_of(stream: str, row: Mapping[str, Any]) -> tuple[Any, ...]:
    """The values by which a row of a stream is told from all others."""
    return tuple(row[name] for name in schema(stream)["required"])


def differences(sandbox: Sandbox, runs: Iterable[Outcome], streams: Iterable[str]) -> list[str]:
    """What is wrong with the last version of each record after some runs; nothing when they hold exactly what the sandbox does."""
    runs = list(runs)
    found = []
    for stream in streams:
        held = {key_of(stream, record): record for run in runs for record in run.records(stream)}
        found += mismatches(stream, held, sandbox.truth(stream))
    return found


def mismatches(stream: str, held: Mapping[tuple[Any, ...], Mapping[str, Any]], rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """What is wrong with the records that are held of a stream.

    Args:
        stream: The stream.
        held: The records, by their keys.
        rows: The rows that there are, as the API serves them.
    """
    wanted = {key_of(stream, record): record for record in (emitted(stream, row) for row in rows)}
    found = [f"{stream}: {key} is missing" for key in wanted if key not in held]
    found += [f"{stream}: {key} is not in the sandbox" for key in held if key not in wanted]
    # As text: to Python, 1 is the same as 1.0 and as True.
    same = (key for key in wanted if key in held and json.dumps(held[key], sort_keys=True) != json.dumps(wanted[key], sort_keys=True))
    return found + [f"{stream}: {key} is {held[key]}, not {wanted[key]}" for key in same]
