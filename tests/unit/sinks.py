"""Sinks that stand alone: what a sink makes of a record needs no server, no ledger and no target."""

from __future__ import annotations

import json
import logging
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from tap_hiringcenter.api.rows import LooseRows
from tap_hiringcenter.records import Shape, as_dicts
from target_hiringcenter.settings import SCHEMA
from target_hiringcenter.sinks import SINKS

if TYPE_CHECKING:
    from target_hiringcenter.sinks.base import ApiSink
    from target_hiringcenter.target import TargetHiringcenter
    from target_hiringcenter.writes import Form, Look, Row

_SCHEMAS = {file.stem: file for file in (Path(__file__).parents[2] / "schemas").glob("*/*.json")}
_DEFAULTS = {name: setting["default"] for name, setting in SCHEMA["properties"].items() if "default" in setting}


def sink(stream: str, **settings: Any) -> ApiSink:  # noqa: ANN401  # any setting
    """A stream's sink.

    Args:
        stream: The stream.
        settings: Settings that are not at their defaults.
    """
    return _made(stream, tuple(sorted(settings.items())))


def form(stream: str, record: Row, **settings: Any) -> Form:  # noqa: ANN401
    """What a record of a stream asks for."""
    return sink(stream, **settings).form(record)


def as_the_tap_emits(stream: str, row: Row, **ancestors: str) -> Row:
    """The record that the tap makes of a row."""
    return as_dicts(_shape(stream).records(LooseRows([row]), ancestors))[0]


def finds(look: Look | None, row: Row) -> bool:
    """Whether a look takes a row for the one that is wanted."""
    assert look is not None
    return look.identity(row) == look.wanted


@cache
def _made(stream: str, settings: tuple[tuple[str, Any], ...]) -> ApiSink:
    target = SimpleNamespace(config={**_DEFAULTS, **dict(settings)}, logger=logging.getLogger("target"), initialized_at=0)
    made = next(one for one in SINKS if one.name == stream)
    return made(cast("TargetHiringcenter", target), stream, {"properties": {}}, ["id"])


@cache
def _shape(stream: str) -> Shape:
    return Shape(json.loads(_SCHEMAS[stream].read_text(encoding="utf-8")))
