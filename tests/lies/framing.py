"""Lies below the JSON: bodies cut off, coded, framed or written wrongly, statuses and headers that don't fit."""

from __future__ import annotations

import gzip
import zlib
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from tests.lies.wire import Bytes, Truth, head, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# What must come of it while it stays: `read`, all of it; `refused`, a stream that isn't complete; `either`, whatever the rule allows.
Outcome = Literal["read", "refused", "either"]


@dataclass(frozen=True)
class WireLie:
    """A way to write an answer to the wire.

    Attributes:
        name: What a test calls it.
        tell: Makes the bytes.
        outcome: What must come of it.
        times: How often it is told; None is for ever.
        settings: Settings of the tap that let it hurt.
    """

    name: str
    tell: Callable[[Truth], Bytes]
    outcome: Outcome
    times: int | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        """Its name."""
        return self.name


def _one(make: Callable[[bytes], bytes], truth: Truth) -> Bytes:
    return Bytes((make(truth.body),))


def _closed(make: Callable[[bytes], bytes], truth: Truth) -> Bytes:
    return Bytes((make(truth.body),), closes=True)


def _body(name: str, outcome: Outcome, change: Callable[[bytes], bytes]) -> WireLie:
    return WireLie(name, partial(_one, lambda body: plain(change(body))), outcome)


def _answer(name: str, outcome: Outcome, *headers: str, **changes: Any) -> WireLie:  # noqa: ANN401 - what `plain` takes
    return WireLie(name, partial(_one, lambda body: plain(body, *headers, **changes)), outcome)


def _last(name: str, outcome: Outcome, make: Callable[[bytes], bytes]) -> WireLie:
    return WireLie(name, partial(_closed, make), outcome)


def _chunks(body: bytes, *, end: bytes = b"0\r\n\r\n", size: bytes | None = None) -> bytes:
    middle = len(body) // 2
    parts = [(size or b"%x" % len(part)) + b"\r\n" + part + b"\r\n" for part in (body[:middle], body[middle:])]
    return head("200 OK", "Content-Type: application/json", "Transfer-Encoding: chunked") + b"\r\n\r\n" + b"".join(parts) + end


def _early(status: str, pause: Literal["pause", "at once"], truth: Truth) -> Bytes:
    """An interim answer, and then the answer: what HTTP allows at any time (RFC 9110, 15.2)."""
    hints = head(status, "Link: </style.css>; rel=preload") + b"\r\n\r\n"
    return Bytes((hints, plain(truth.body)) if pause == "pause" else (hints + plain(truth.body),))


def _late_rest(truth: Truth) -> Bytes:
    """An answer that ends where its length says, and more of it later."""
    return Bytes((plain(truth.body[: len(truth.body) // 2]), truth.body[len(truth.body) // 2 :]))


def _left_open(truth: Truth) -> Bytes:
    return Bytes((plain(truth.body, length=len(truth.body) + 10),))


def _no_rows_behind(body: bytes) -> bytes:
    """The same names twice in one object: the rows, and then none."""
    return body.rstrip()[:-1] + b', "data": [], "items": []}'


def _end_behind(body: bytes) -> bytes:
    end = b', "pagination": {"has_more": false, "next_cursor": null}'
    return body.rstrip()[:-1] + end + end + b"}"


def _only_head(status: str, _body: bytes) -> bytes:
    return head(status) + b"\r\n\r\n"


def _later(status: str, when: str, _body: bytes) -> bytes:
    return plain(b"{}", f"Retry-After: {when}", status=status)


def _coded(body: bytes, coding: str) -> bytes:
    return plain(body, f"Content-Encoding: {coding}")


def _half(body: bytes) -> bytes:
    return body[: len(body) // 2]


_LENGTHLESS = head("200 OK", "Content-Type: application/json", "Connection: close") + b"\r\n\r\n"
# With one connection, the next request goes where the rest of an answer is still to come.
_ONE_BY_ONE = {"max_concurrency": 1}
# Half a second, or a third of an hour, is a wait that a server may ask for.
_RESETS = ("-1", "1e400", "NaN", "", "0.01")
_ABSURD = ("-1", "1e400", "NaN", "", "9" * 40, "0.5")

FRAMES = (
    _answer("as it should be", "read"),
    _body("half of it", "refused", _half),
    _body("all but a byte", "refused", lambda body: body.rstrip()[:-1]),
    _last("half of its length", "refused", lambda body: plain(_half(body), length=len(body))),
    _last("all but a byte of its length", "refused", lambda body: plain(body[:-1], length=len(body))),
    _answer("longer than its length", "refused", length=20),
    WireLie("the rest behind its length, later", _late_rest, "refused", settings=_ONE_BY_ONE),
    WireLie("shorter than its length, and left open", _left_open, "either", times=1, settings={"request_timeout_seconds": 1.0}),
    _last("no length, the whole", "read", lambda body: _LENGTHLESS + body),
    _last("no length, half", "refused", lambda body: _LENGTHLESS + _half(body)),
    _last("chunks", "read", _chunks),
    _last("chunks without an end", "either", partial(_chunks, end=b"")),
    _last("chunks of a wrong size", "refused", partial(_chunks, size=b"5")),
    _last("chunks of no size", "refused", partial(_chunks, size=b"many")),
    _last("half a chunk", "refused", lambda body: _half(_chunks(body))),
    _last("chunks that are none", "refused", lambda body: plain(body, "Transfer-Encoding: chunked")),
    _last("two lengths that agree", "either", lambda body: plain(body, f"Content-Length: {len(body)}")),
    _last("two lengths that don't", "either", lambda body: plain(body, "Content-Length: 20")),
    _last("a negative length", "either", partial(plain, length=-1)),
    _last("a length in words", "either", lambda body: head("200 OK", "Content-Length: long") + b"\r\n\r\n" + body),
)

CODINGS = (
    WireLie("gzip", partial(_one, lambda body: _coded(gzip.compress(body), "gzip")), "read"),
    WireLie("deflate", partial(_one, lambda body: _coded(zlib.compress(body), "deflate")), "read"),
    WireLie("gzip, half of it", partial(_one, lambda body: _coded(_half(gzip.compress(body)), "gzip")), "refused"),
    WireLie("gzip of half", partial(_one, lambda body: _coded(gzip.compress(_half(body)), "gzip")), "refused"),
    WireLie("gzip without its check", partial(_one, lambda body: _coded(gzip.compress(body)[:-8], "gzip")), "either"),
    WireLie("gzip with a wrong check", partial(_one, lambda body: _coded(gzip.compress(body)[:-8] + b"\0" * 8, "gzip")), "either"),
    WireLie("gzip that is none", partial(_one, lambda body: _coded(body, "gzip")), "refused"),
    WireLie("gzip that isn't told", partial(_one, lambda body: plain(gzip.compress(body))), "refused"),
    WireLie("deflate that is none", partial(_one, lambda body: _coded(body, "deflate")), "refused"),
    WireLie("a coding never heard of", partial(_one, lambda body: _coded(body, "zigzag")), "either"),
)

TEXTS = (
    _body("nothing", "refused", lambda _: b""),
    _body("blanks", "refused", lambda _: b" \r\n "),
    _body("a page", "refused", lambda _: b"<!doctype html><title>Sign in</title>"),
    _answer("a page by its type only", "either", kind="text/html; charset=utf-8"),
    _body("blanks around it", "read", lambda body: b" " * 100_000 + body + b"\n" * 100_000),
    _body("a byte order mark", "either", lambda body: b"\xef\xbb\xbf" + body),
    _body("UTF-16", "either", lambda body: body.decode().encode("utf-16")),
    _body("UTF-16 without a mark", "either", lambda body: body.decode().encode("utf-16-le")),
    _body("UTF-32", "either", lambda body: body.decode().encode("utf-32")),
    _body("Latin-1", "either", lambda body: body.decode().encode("latin-1", "replace") + b"\xfc"),
    _body("bytes that are no text", "refused", lambda body: body.replace(b'"id"', b'"\xff\xfe"')),
    _body("a word behind it", "refused", lambda body: body + b" done"),
    _body("a comma behind it", "refused", lambda body: body + b","),
    _body("itself behind it", "refused", lambda body: body + body),
    _body("itself in the next line", "refused", lambda body: body + b"\n" + body),
    _body("a NUL behind it", "refused", lambda body: body + b"\0"),
    _body("a call around it", "refused", lambda body: b"callback(" + body + b");"),
    _body("a guard before it", "refused", lambda body: b")]}',\n" + body),
    _body("single quotes", "refused", lambda body: body.replace(b'"', b"'")),
    _body("a trailing comma", "refused", lambda body: body.rstrip()[:-1] + b",}"),
    _body("brackets without end", "refused", lambda _: b"[" * 200_000),
    _body("NaN", "refused", lambda _: b"NaN"),
    _body("rows that are NaN", "refused", lambda _: b'{"data": NaN, "items": NaN, "success": true, "pagination": {"has_more": false}}'),
    _body("has_more that is Infinity", "refused", lambda _: b'{"data": [], "pagination": {"has_more": Infinity}}'),
    _body("names twice, the last rows none", "refused", _no_rows_behind),
    _body("names twice, the last end sooner", "refused", _end_behind),
)

STATUSES = (
    *(
        _answer(f"{status} with its rows", "either", status=status)
        for status in ("201 Created", "202 Accepted", "203 Other", "206 Partial", "299 Odd")
    ),
    *(_answer(f"{status} with its rows", "refused", status=status) for status in ("300 Choices", "302 Found", "999 What")),
    *(
        WireLie(f"{status} without a body", partial(_one, partial(_only_head, status)), "refused")
        for status in ("204 No Content", "304 Not Modified")
    ),
    _last("205 without a body", "refused", lambda _: plain(b"", status="205 Reset")),
    _last("101 and nothing", "refused", lambda _: head("101 Switching Protocols", "Upgrade: websocket") + b"\r\n\r\n"),
    WireLie("100 first", partial(_early, "100 Continue", "at once"), "read"),
    WireLie("100 first, then a pause", partial(_early, "100 Continue", "pause"), "read", settings=_ONE_BY_ONE),
    WireLie("103 first", partial(_early, "103 Early Hints", "at once"), "either"),
    WireLie("103 first, then a pause", partial(_early, "103 Early Hints", "pause"), "either", settings=_ONE_BY_ONE),
    WireLie("102 first, then a pause", partial(_early, "102 Processing", "pause"), "either", settings=_ONE_BY_ONE),
    _last("an old HTTP", "read", lambda body: b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n" + body),
    _answer("no phrase", "read", status="200"),
    _last("no head at all", "either", lambda body: body),
    _last("a head that is none", "refused", lambda body: b"HELLO\r\n\r\n" + body),
    _last("only a head", "refused", lambda _: head("200 OK", "Content-Type: application/json") + b"\r\n"),
)

HEADERS = (
    _answer("no type", "either", kind=""),
    _answer("another alphabet by its type", "either", kind="application/json; charset=utf-16"),
    _answer("its type twice", "either", "Content-Type: text/html"),
    _answer("a header without a colon", "either", "Nonsense"),
    _answer("many headers", "either", *(f"X-{number}: {number}" for number in range(300))),
    _answer("a header without end", "either", "X: " + "x" * 100_000),
    _answer("no date that is", "either", "Date: yesterday"),
    _answer("a date of long ago", "either", "Date: Thu, 01 Jan 1970 00:00:00 GMT"),
    _answer("a date far off", "either", "Date: Fri, 31 Dec 9999 23:59:59 GMT"),
    *(_answer(f"a limit of {value!r}", "read", f"RateLimit-Limit: {value}", "RateLimit-Remaining: 50", "RateLimit-Reset: 60") for value in _ABSURD),
    *(
        _answer(f"{value!r} requests left", "read", "RateLimit-Limit: 500", f"RateLimit-Remaining: {value}", "RateLimit-Reset: 0")
        for value in _ABSURD
    ),
    *(_answer(f"none left until {value!r}", "read", "RateLimit-Remaining: 0", f"RateLimit-Reset: {value}") for value in _RESETS),
    *(
        WireLie(f"{status}, again after {value!r}", partial(_one, partial(_later, status, value)), "read", 1)
        for status in ("429 Too Many", "503 Busy")
        for value in _RESETS
    ),
    _answer("two limits", "read", "RateLimit-Limit: 500", "RateLimit-Limit: 1", "RateLimit-Remaining: 50", "RateLimit-Remaining: 49"),
)

WIRE_LIES = (*FRAMES, *CODINGS, *TEXTS, *STATUSES, *HEADERS)
