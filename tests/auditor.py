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


def differences(sandbox: Sandbox, runs: Iterable[Outcome], streams: Iterable[str]) -> list[str]:
    """What is wrong with the last version of each record after some runs; nothing when they hold exactly what the sandbox does."""
    runs = list(runs)
    found = []
    for stream in streams:
        keys = schema(stream)["required"]
        held = {tuple(record[key] for key in keys): record for run in runs for record in run.records(stream)}
        wanted = {}
        for row in sandbox.truth(stream):
            record = emitted(stream, row)
            wanted[tuple(record[key] for key in keys)] = record
        found += [f"{stream}: {key} is missing" for key in wanted if key not in held]
        found += [f"{stream}: {key} is not in the sandbox" for key in held if key not in wanted]
        found += [f"{stream}: {key} is {held[key]}, not {wanted[key]}" for key in wanted if key in held and held[key] != wanted[key]]
    return found
