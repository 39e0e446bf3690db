"""Requests that were carried out a second time, other than as a replay of their first answer."""

from __future__ import annotations

import json
import re
import sys
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from tests.effects.wanted import ACTIONS, FACTS, folded, is_same

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tests.effects.asks import Ask
    from tests.sandbox import LoggedRequest, Variant

_ACTION = re.compile(r".*/(?P<id>[^/]+)/(publish|run|retry)")
# A second time does no harm to these: who is written is told by e-mail, phone or path.
_UPSERT = re.compile(r"/prospects|/leads/(bulk|upsert)|/meetings/[^/]+")


def repeats(requests: Iterable[LoggedRequest], asks: Mapping[str, list[Ask]], variant: Variant) -> list[str]:
    """One sentence for each POST that was carried out once too often.

    Args:
        requests: Those that wrote, in their order.
        asks: What was asked for, by stream.
        variant: Whether the server minds idempotency keys; where it doesn't, an upsert may be sent again after a lost answer.
    """
    posts = [request for request in requests if request.method == "POST"]
    upserts = [request for request in posts if _UPSERT.fullmatch(request.path) and _minds_keys(request, variant)]
    others = [request for request in posts if not _UPSERT.fullmatch(request.path)]
    return [*_second_creations(others, asks), *_second_upserts(upserts, asks)]


def _minds_keys(request: LoggedRequest, variant: Variant) -> bool:
    is_older = request.system == "hiringcenter" and variant.is_older(request.table or "")
    return variant.idempotency == "honoured" and not is_older


def _second_creations(requests: Iterable[LoggedRequest], asks: Mapping[str, list[Ask]]) -> list[str]:
    """Of what makes something new each time."""
    counts: dict[tuple[str, str, str], list[LoggedRequest]] = defaultdict(list)
    for request in requests:
        counts[request.system, request.path, json.dumps(request.body, sort_keys=True)].append(request)
    found = []
    for (_, path, _), same in counts.items():
        if len(same) > 1 and len(same) > _most(same[0], asks.get(same[0].table or "", [])):
            found.append(f"{same[0].table}: POST {path} was performed {len(same)} times with the same body")
    return found


def _most(request: LoggedRequest, asks: Iterable[Ask]) -> int:
    """How many times the input has a reason for this request."""
    action = _ACTION.fullmatch(request.path)
    stream = request.table or ""
    if action and stream in ACTIONS:
        return sum(version.acts for ask in asks if ask.row_id == action["id"] for version in ask.versions)
    body = request.body if isinstance(request.body, dict) else {}
    count = 0
    for ask in asks:
        if any(_agrees(stream, version.wanted, body) for version in ask.versions):
            count += 1 + sum(version.is_deletion for version in ask.versions)
    return count


def _agrees(stream: str, wanted: Mapping[str, Any], body: Mapping[str, Any]) -> bool:
    names = FACTS[stream].fields
    sent = {names.get(name, name): value for name, value in body.items()}
    common = wanted.keys() & sent.keys()
    return bool(common) and all(is_same(stream, name, wanted[name], sent[name]) for name in common)


def _second_upserts(requests: Iterable[LoggedRequest], asks: Mapping[str, list[Ask]]) -> list[str]:
    """Of what says the same of the same row, with nothing else said of it in between."""
    # What was said last of each row, and by a body of what form.
    said: dict[tuple[str, str], tuple[str, str]] = {}
    times: dict[tuple[str, str], int] = defaultdict(int)
    found = []
    for request in requests:
        stream, whole = request.table or "", json.dumps(request.body, sort_keys=True)
        rows = request.body["leads"] if request.path == "/leads/bulk" else [request.body]
        places = [(stream, _who(request, row)) for row in rows]
        if all(said.get(place) == (json.dumps(row, sort_keys=True), whole) for place, row in zip(places, rows, strict=True)):
            for place in places:
                times[place] += 1
            most = min(_keys_of(place, asks) for place in places)
            if min(times[place] for place in places) > max(1, most):
                found.append(f"{stream}: POST {request.path} was performed again with the same body")
        else:
            for place, row in zip(places, rows, strict=True):
                said[place], times[place] = (json.dumps(row, sort_keys=True), whole), 1
    return found


def _who(request: LoggedRequest, row: Mapping[str, Any]) -> str:
    if request.table == "meetings":
        return request.path
    return folded(row.get("email")) or folded(row.get("phone")) or str(row.get("id", ""))


def _keys_of(place: tuple[str, str], asks: Mapping[str, list[Ask]]) -> int:
    """How often a row may be told the same: once for each key, and any number of times where a run that goes on leads through its versions again."""
    stream, who = place
    keys = [version.key for ask in asks.get(stream, ()) for version in ask.versions if who in {version.email, version.phone}]
    return len(keys) if len(keys) == len(set(keys)) else sys.maxsize
