"""Faults whose answers are full of canaries, each for one stream, so that a single run meets them all."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.auditor import EVERY_STREAM
from tests.hostile.canaries import EMAIL, ERROR, HEADERS, PHONE, WORD, mark, marked
from tests.sandbox import Fault

if TYPE_CHECKING:
    from collections.abc import Callable


def refused(status: int, **facts: Any) -> Fault:  # noqa: ANN401 - attributes of Fault
    """An answer that says no, and quotes all that it was told and more."""
    return Fault("status", status=status, body=ERROR, headers=HEADERS, **{"times": None, **facts})


def _edited(edit: Callable[[dict[str, Any]], Any]) -> Callable[[str], Fault]:
    """Answers with canaries of which something is broken."""
    return lambda stream: marked(lambda body: edit(mark(body)) if isinstance(body, dict) else {WORD: mark(body)}, stream=stream)


def _rows(row: object) -> Callable[[dict[str, Any]], Any]:
    """Makes an envelope with other rows."""
    return lambda body: {
        name: [row] if isinstance(value, list) else {WORD: row} if name in {"data", "item"} else value for name, value in body.items()
    }


FAULTS: dict[str, Callable[[str], Fault]] = {
    "none": lambda stream: marked(stream=stream),
    **{str(status): lambda stream, status=status: refused(status, stream=stream) for status in (400, 403, 404, 409, 422, 500)},  # type: ignore[misc]
    "500 now and then": lambda stream: refused(500, stream=stream, times=1),
    "reset": lambda stream: Fault("reset", stream=stream, times=None),
    "half a body": lambda stream: Fault("reset_body", stream=stream, times=None, headers=HEADERS),
    "no JSON": lambda stream: Fault("html", stream=stream, times=None, headers=HEADERS),
    "elsewhere": lambda stream: Fault("redirect", stream=stream, location=f"https://{WORD}.example/{EMAIL}", times=None, headers=HEADERS),
    "no list": _edited(lambda body: {WORD: list(body.values()), "email": EMAIL, "success": True}),
    "texts for rows": _edited(_rows(EMAIL)),
    "rows without keys": _edited(_rows({"id": None, "email": EMAIL, WORD: PHONE})),
    "objects for keys": _edited(_rows({"id": {"email": EMAIL}, "email": EMAIL})),
    "no success": _edited(lambda body: {**body, "success": EMAIL}),
    "tokens in a circle": _edited(lambda body: {**body, "pagination": {"has_more": True, "next_cursor": EMAIL, "nextPageToken": PHONE}}),
    "a total that is none": _edited(lambda body: {**body, "totalCount": EMAIL, "pagination": {"totalCount": EMAIL, "has_more": EMAIL}}),
    "limits that are none": lambda stream: marked(
        stream=stream, headers={"RateLimit-Limit": EMAIL, "RateLimit-Remaining": WORD, "RateLimit-Reset": PHONE, "Date": EMAIL, "Retry-After": EMAIL}
    ),
    "times that are none": _edited(lambda body: json.loads(json.dumps(body).replace('"2026-', f'"{EMAIL}-'))),
}
# What is answered with, and not what is asked about, ends the whole system; it is tried alone.
FOR_ALL = {
    "401": lambda: refused(401, after=12),
    "403 for the key": lambda: refused(403, path="/me"),
    "429 for a day": lambda: Fault("status", status=429, body=ERROR, headers={**HEADERS, "Retry-After": "90000"}, times=None, after=12),
}


def plan(turn: int) -> dict[str, Fault]:
    """A fault for each stream; in as many turns as there are faults, each stream meets each.

    Args:
        turn: The turn.
    """
    kinds = list(FAULTS.values())
    # What /me answers decides about the whole system.
    streams = [stream for stream in EVERY_STREAM if stream != "api_identity"]
    return {stream: kinds[(place + turn) % len(kinds)](stream) for place, stream in enumerate(streams)}
