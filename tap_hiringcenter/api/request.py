"""A request: as data, and as it goes over the wire."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

import msgspec

from tap_hiringcenter.api.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_hiringcenter.api.answers import Decoder
    from tap_hiringcenter.api.systems import System

_SHOWN = 80
_HEADERS = {
    "Accept": "application/json",
    # What urllib3 unpacks piece by piece, wherever it is installed and whatever beside it.
    "Accept-Encoding": "gzip, deflate",
    "User-Agent": "hiringcenter-singer",
}


@dataclass(frozen=True)
class Request:
    """A request as data.

    Attributes:
        method: HTTP method.
        path: Path below the system's URL, with the names of ids in braces: `/leads/{lead_id}/activities`.
        ids: The ids that stand for those names.
        query: Query parameters.
        body: What to send as JSON.
        idempotency_key: Tells the API that a repeat of this request is a repeat, where the system has a header for it.
        is_repeatable: Whether it may be sent again although its first answer was lost, because doing it twice is the same as doing it once.
        rows: Parses the list of rows in the answer (see `answers.judge`).
    """

    method: str
    path: str
    ids: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    idempotency_key: str | None = None
    is_repeatable: bool = True
    rows: Decoder | None = None


@dataclass(frozen=True)
class Signed:
    """A request as it goes over the wire, as often as it is repeated.

    Attributes:
        method: HTTP method.
        target: Path and query, encoded.
        headers: All headers but those that the connection adds.
        body: What is sent.
        asked: The request in words, for messages, such as `ProspectB2B: GET /leads`: without its query, which may carry personal data.
        is_repeatable: As of the request.
    """

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes | None
    asked: str
    is_repeatable: bool


class Signer:
    """Makes requests to one system with one key ready to be sent.

    Without `requests`, which takes ten times as long for it, and whose sessions put an entry of ~/.netrc in the place of the key.

    Args:
        system: Whom to ask.
        url: Its URL.
        key: The API key.
    """

    def __init__(self, system: System, url: str, key: str) -> None:
        self._system = system
        self._path = urlsplit(url).path
        self._headers = {**_HEADERS, "Authorization": f"Bearer {key}"}

    def sign(self, request: Request) -> Signed:
        """Make a request ready.

        Args:
            request: What to ask.

        Returns:
            The request as it goes over the wire.

        Raises:
            RefusedError: An id can't stand in a path: `.` and `..` would lead to another operation, and so would nothing at all.
        """
        ids = {name: _quoted(value) for name, value in request.ids.items()}
        shown = {name: text[:_SHOWN] for name, text in ids.items()}
        asked = f"{self._system.label}: {request.method} {request.path.format_map(shown)}"
        for name, text in ids.items():
            if text in {"", ".", ".."}:
                raise RefusedError(f"{name} is not an id that can be asked for", asked=asked)  # noqa: EM102, TRY003  # as it is read
        target = self._path + request.path.format_map(ids)
        if request.query:
            target += f"?{urlencode(request.query)}"
        headers, body = self._headers, None
        if request.idempotency_key and self._system.idempotency_header:
            headers = {**headers, self._system.idempotency_header: request.idempotency_key}
        if request.body is not None:
            headers, body = {**headers, "Content-Type": "application/json"}, _encoded(request.body)
        return Signed(request.method, target, headers, body, asked, request.is_repeatable)


def _quoted(value: str) -> str:
    """A part of a path; nothing where there is half a character, which can't be encoded."""
    try:
        return quote(value, safe="")
    except UnicodeEncodeError:
        return ""


def _encoded(body: Mapping[str, Any]) -> bytes:
    try:
        return msgspec.json.encode(body)
    except (ValueError, OverflowError):
        # Whole numbers of any size, and half a character, which only an escape can carry.
        return json.dumps(body, allow_nan=False).encode()
