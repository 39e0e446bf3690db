"""What came back: told apart here and nowhere else."""

from __future__ import annotations

import json
import math
import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from enum import Enum
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import msgspec

from tap_hiringcenter.api.budget import HOUR, Told
from tap_hiringcenter.api.errors import (
    ApiError,
    ConflictError,
    ForbiddenError,
    KeyRefusedError,
    NotFoundError,
    RateLimitedError,
    RefusedError,
    TransientError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# 408 and 425 say "again, please" like 5xx does, which no list of the documents names but every server sends sooner or later.
_ASK_AGAIN = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY}
_KINDS: dict[int, type[ApiError]] = {
    HTTPStatus.UNAUTHORIZED: KeyRefusedError,
    HTTPStatus.FORBIDDEN: ForbiddenError,
    HTTPStatus.NOT_FOUND: NotFoundError,
}
_REQUEST_ID_HEADERS = ("X-Request-Id", "Request-Id", "X-Correlation-Id")
# What a 409 says of a thing that exists already, as far as it says anything: its words are in no document.
_EXISTS = re.compile(rb"exist|duplicate", re.IGNORECASE)
_REQUEST_ID = re.compile(r"[\w.:+/=-]{1,128}")
# What decides on rows and pages, as it stands in the JSON of an answer.
_NAMES = [
    f'"{name}"'.encode()
    for name in ("success", "data", "items", "prospects", "notes", "pagination", "has_more", "next_cursor", "nextPageToken", "totalCount", "lastNote")
]
Decoder = msgspec.json.Decoder[Any]
_VALUE = msgspec.json.Decoder()
# Stands where the rows stood.
_ROWS, _QUOTED_ROWS = "<rows>", b'"<rows>"'
_MILLISECONDS_FROM = 1e12
_SECONDS_FROM = 1e9


@dataclass(frozen=True)
class Answer:
    """A 2xx answer.

    Attributes:
        asked: The request in words, such as `ProspectB2B: GET /leads`.
        status: HTTP status.
        body: The parsed JSON; None where there was none and none is needed.
        request_id: The id that the vendor's support asks for, when there was one.
    """

    asked: str
    status: int
    body: Any
    request_id: str | None


class Content(Enum):
    """What the body of a 2xx answer must be."""

    JSON = "JSON"
    JSON_OR_NOTHING = "JSON, or nothing at all"
    ANYTHING = "anything: the status alone counts"


def judge(  # noqa: PLR0913  # what there is to an answer, and to what was asked
    asked: str,
    status: int,
    headers: Mapping[str, str],
    content: bytes,
    needed: Content = Content.JSON,
    *,
    rows: Decoder | None = None,
) -> Answer:
    """Tell a good answer from a bad one.

    Args:
        asked: The request in words, for error messages.
        status: HTTP status.
        headers: The answer's headers, in a mapping that ignores case.
        content: The whole body.
        needed: What the body of a good answer is.
        rows: Parses the list of rows in it; where it can't, or where there is none, rows are dictionaries.

    Returns:
        The answer, when it is 2xx and its body is what it must be.

    Raises:
        ApiError: Anything else, as the subclass that says what to do next.
    """
    body, is_json = _parse(content, rows or _VALUE)
    request_id = _request_id(headers, body)
    facts: dict[str, Any] = {"asked": asked, "status": status, "request_id": request_id}
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        is_empty = not content.strip()
        if is_json or needed is Content.ANYTHING or (is_empty and needed is Content.JSON_OR_NOTHING):
            return Answer(asked, status, body, request_id)
        what = "an empty body" if is_empty else "a body that is not JSON"
        reason = f"answered {status} with {what}"
        raise TransientError(reason, **facts)

    reason = f"answered {_in_words(status)}"
    if kind := _KINDS.get(status):
        raise kind(reason, **facts)
    if status == HTTPStatus.CONFLICT:
        raise ConflictError(reason, exists=bool(_EXISTS.search(content)), **facts)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        raise RateLimitedError(reason, wait=retry_after(headers, body), **facts)
    if status in _ASK_AGAIN or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise TransientError(reason, wait=retry_after(headers, body), **facts)
    is_redirect = status < HTTPStatus.BAD_REQUEST
    advice = "Redirects are not followed, so that the key goes nowhere else: correct the api_url setting" if is_redirect else None
    raise RefusedError(reason, advice=advice, **facts)


def retry_after(headers: Mapping[str, str], body: object) -> float | None:
    """How long the server asks to wait.

    Args:
        headers: The answer's headers; `Retry-After` holds seconds or an HTTP date.
        body: The parsed body; HiringCenter's 429 repeats the seconds as `retryAfter` (API overview, "Rate limits").

    Returns:
        Seconds, or None when nothing usable was said.
    """
    text = headers.get("Retry-After")
    seconds = _number(text)
    if seconds is None and text:
        try:
            seconds = (_aware(parsedate_to_datetime(text)) - server_time(headers)).total_seconds()
        except (ValueError, OverflowError):
            seconds = None
    if seconds is None and isinstance(body, dict):
        seconds = _number(body.get("retryAfter"))
    return None if seconds is None else max(0.0, seconds)


def told(headers: Mapping[str, str]) -> Told | None:
    """What the answer says of the limits.

    Args:
        headers: The answer's headers. The unit of `RateLimit-Reset` differs between the copies of the documents: it is taken for epoch
            milliseconds, epoch seconds or seconds from now by its size.

    Returns:
        The limits, or None when none of the headers is there.
    """
    limit, remaining, reset = (_number(headers.get(f"RateLimit-{name}")) for name in ("Limit", "Remaining", "Reset"))
    if limit is None and remaining is None:
        return None
    if reset is not None and reset >= _SECONDS_FROM:
        epoch = reset / 1000 if reset >= _MILLISECONDS_FROM else reset
        reset = epoch - server_time(headers).timestamp()
    return Told(
        limit=None if limit is None else int(limit),
        remaining=None if remaining is None else int(remaining),
        reset=None if reset is None else min(max(0.0, reset), HOUR),
    )


def _parse(content: bytes, rows: Decoder) -> tuple[Any, bool]:
    with suppress(msgspec.MsgspecError, ValueError, RecursionError):
        return _parse_envelope(content, rows), True
    try:
        # Making sure of it takes as long as all the rest, so it is done where an envelope may be concerned: a name may be written with escapes.
        unique = _unique if b"\\u" in content or any(content.count(name) > 1 for name in _NAMES) else None
        return _parse_leniently(content, unique), True
    except (ValueError, RecursionError):
        return None, False


def _parse_envelope(content: bytes, rows: Decoder) -> dict[str, Any]:
    """Parse an object fast: the list in it, which are the rows, by msgspec, and what is around it with an eye on names that come twice.

    Raises:
        MsgspecError: The list holds what msgspec doesn't take; the json module takes more.
        ValueError: It is no object with one list, or holds what needs a closer look, such as a name that comes twice.
    """
    begin, end = content.index(b"["), content.rindex(b"]") + 1
    rest = content[:begin] + _QUOTED_ROWS + content[end:]
    # Nothing else may be taken for what stands where the rows stood. Had the bracket been within a text, these quotes would have ended it.
    if not rest.lstrip().startswith(b"{") or b"\\u" in rest or rest.count(_QUOTED_ROWS) > 1:
        raise ValueError
    found: dict[str, Any] = _parse_leniently(rest, _unique)
    (name,) = [name for name, value in found.items() if value == _ROWS]
    listed = memoryview(content)[begin:end]
    with suppress(msgspec.ValidationError):
        return {**found, name: rows.decode(listed)}
    return {**found, name: _VALUE.decode(listed)}


def _parse_leniently(content: bytes, unique: Callable[[list[tuple[str, Any]]], dict[str, Any]] | None) -> Any:  # noqa: ANN401
    # NaN, Infinity and 1e400 can't be written as JSON again: they are kept as text, so that the row survives.
    return json.loads(content, parse_constant=str, parse_float=_finite, object_pairs_hook=unique)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse an object in which one name has two values: of two lists of rows, one would be lost."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError
    return found


def _finite(text: str) -> float | str:
    number = float(text)
    return number if math.isfinite(number) else text


def _request_id(headers: Mapping[str, str], body: object) -> str | None:
    candidates = [body.get("request_id")] if isinstance(body, dict) else []
    candidates += [headers.get(name) for name in _REQUEST_ID_HEADERS]
    return next((found for found in candidates if isinstance(found, str) and _REQUEST_ID.fullmatch(found)), None)


def _in_words(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _number(value: object) -> float | None:
    try:
        number = float(value)  # type: ignore[arg-type]  # anything that is no number is caught
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def server_time(headers: Mapping[str, str]) -> datetime:
    """The server's clock when it answered, in UTC; ours where it doesn't tell (header `Date`)."""
    try:
        return _aware(parsedate_to_datetime(headers["Date"])).astimezone(timezone.utc)
    except (KeyError, ValueError, OverflowError):
        return datetime.now(timezone.utc)


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
