"""The transport, over real sockets: what is sent, what is repeated, what ends a system, and what no message may hold."""

from __future__ import annotations

import gzip
import logging
import socketserver
import struct
import threading
import time
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from socket import SO_LINGER, SOL_SOCKET
from typing import TYPE_CHECKING, Any

import pytest
import requests

from tap_hiringcenter.api.errors import (
    ApiError,
    KeyRefusedError,
    RateLimitedError,
    RefusedError,
    RequestsSpentError,
    SystemEndedError,
    TransientError,
)
from tap_hiringcenter.api.systems import PROSPECTB2B
from tap_hiringcenter.api.transport import Allowance, Patience, Request, Transport, Usage
from tests.unit.clock import Clock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Respond = Callable[["_Handler"], None]

KEY = "pb2b_live_test_key"
SECRETS = (KEY, "avery@example.com", "updated_after", "2026-01-01", "session=1")
LEADS = Request("GET", "/leads", query={"updated_after": "2026-01-01", "email": "avery@example.com"})


class _Handler(socketserver.StreamRequestHandler):
    """Reads one request and gives the next answer of the script."""

    server: Server

    def handle(self) -> None:
        line = self.rfile.readline().decode().strip()
        headers = {}
        while header := self.rfile.readline().decode().strip():
            name, _, value = header.partition(": ")
            headers[name.lower()] = value
        with self.server.lock:
            self.server.seen.append((line, headers))
            respond = self.server.script.pop(0) if len(self.server.script) > 1 else self.server.script[0]
        with suppress(OSError):  # the client may not wait for the rest
            respond(self)


class Server(socketserver.ThreadingTCPServer):
    """Gives the answers of a script, one for each connection; the last one for ever.

    Attributes:
        script: The answers.
        seen: Request lines with their headers.
    """

    daemon_threads = True

    def __init__(self, *script: Respond) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.script = list(script)
        self.seen: list[tuple[str, dict[str, str]]] = []
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


@contextmanager
def serving(*script: Respond) -> Iterator[Server]:
    """A server while it is needed."""
    with Server(*script) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def raw(content: bytes) -> Respond:
    """These bytes, then the end of the connection."""
    return lambda handler: (handler.wfile.write(content), None)[1]


def plain(content: bytes = b'{"data": []}', status: str = "200 OK", **headers: str) -> Respond:
    """A whole answer."""
    lines = {"Content-Length": str(len(content)), "Connection": "close", **{name.replace("_", "-"): value for name, value in headers.items()}}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return raw(f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + content)


def drip(at_once: bytes, one_by_one: bytes) -> Respond:
    """Bytes at once, and then others one at a time."""

    def respond(handler: _Handler) -> None:
        handler.wfile.write(at_once)
        for place in range(len(one_by_one)):
            time.sleep(0.02)
            handler.wfile.write(one_by_one[place : place + 1])

    return respond


def reset(handler: _Handler) -> None:
    """Cut the connection hard."""
    handler.request.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
    handler.request.close()


def silent(handler: _Handler) -> None:
    """Answer nothing until the client goes away."""
    handler.rfile.read()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Waits between repeats take no time."""
    return Clock().install(monkeypatch)


def transport(url: str, *, most: int | None = None, **settings: Any) -> Transport:  # noqa: ANN401  # settings are of many types
    """A transport to a server."""
    config = {
        "max_concurrency": 2,
        "prospectb2b_api_url": url,
        "prospectb2b_api_key": KEY,
        "prospectb2b_requests_per_minute": 1000,
        "request_timeout_seconds": 5,
        **settings,
    }
    return Transport(PROSPECTB2B, config, Allowance(most))


def _all_of(error: BaseException | None) -> str:
    """Everything that an error and those behind it say when a logger prints them."""
    return "" if error is None else f"{error!r} {error} {_all_of(error.__cause__ or (None if error.__suppress_context__ else error.__context__))}"


@pytest.mark.parametrize(
    "respond",
    [
        plain(),
        raw(b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"dat\r\n7\r\na": []}\r\n0\r\n\r\n'),
        plain(gzip.compress(b'{"data": []}'), Content_Encoding="gzip"),
        raw(b'HTTP/1.1 200 OK\r\n\r\n{"data": []}'),
        plain(b'{"data": [] }', Content_Type="text/html"),
    ],
    ids=["plain", "chunked", "gzip", "until the connection ends", "wrong content type"],
)
def test_an_answer_is_read_however_it_is_sent(respond: Respond) -> None:
    usage = Usage()
    with serving(respond) as server:
        assert transport(server.url).send(Request("GET", "/leads"), usage).body == {"data": []}

    assert (usage.requests, usage.retries, usage.rate_limited) == (1, 0, 0)


def test_a_request_is_signed_and_asks_for_json() -> None:
    with serving(plain()) as server:
        transport(server.url).send(Request("GET", "/leads", query={"limit": 5, "cursor": "a b&c"}), Usage())

    line, headers = server.seen[0]
    assert line == "GET /v1/leads?limit=5&cursor=a+b%26c HTTP/1.1"
    assert headers["authorization"] == f"Bearer {KEY}"
    assert headers["accept"] == "application/json"
    assert "content-length" not in headers


@pytest.mark.parametrize(
    "respond",
    [
        plain(b"<html></html>"),
        plain(b'{"data": ['),
        plain(b""),
        plain(b"{}", "503 Service Unavailable"),
        plain(b"{}", "408 Request Timeout"),
        raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}"),
        raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{}"),
        raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}"),
        plain(gzip.compress(b'{"data": []}' * 50)[:-20], Content_Encoding="gzip"),
        plain(b"no gzip", Content_Encoding="gzip"),
        raw(b""),
        raw(b"what?\r\n\r\n"),
        reset,
    ],
    ids=[
        "HTML",
        "broken JSON",
        "empty body",
        "503",
        "408",
        "cut short",
        "chunk cut short",
        "broken chunk",
        "gzip cut short",
        "no gzip",
        "no answer",
        "no HTTP",
        "reset",
    ],
)
def test_what_may_be_better_next_time_is_asked_again(respond: Respond, clock: Clock) -> None:
    usage = Usage()
    with serving(respond, respond, plain()) as server:
        assert transport(server.url).send(Request("GET", "/leads"), usage).body == {"data": []}

    assert (usage.requests, usage.retries) == (3, 2)
    assert len(clock.waits) == 2


@pytest.mark.parametrize(
    "respond",
    [
        silent,
        drip(b"HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n", b" " * 38 + b"{}"),
        drip(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n" * 8 + b"2\r\n{}\r\n0\r\n\r\n"),
        drip(b"HTTP/1.1 ", b"200 OK\r\nContent-Length: 2\r\nX-Slow: 1\r\n\r\n{}"),
    ],
    ids=["silence", "slow body", "slow chunks", "slow headers"],
)
def test_an_answer_must_be_whole_within_the_time_out(respond: Respond) -> None:
    with serving(respond) as server, pytest.raises(ApiError, match=r"within (0\.3 s|the time-out)"):
        transport(server.url, request_timeout_seconds=0.3).send(Request("GET", "/leads"), Usage(), Patience(1))


def test_a_slow_compressed_body_is_given_up_while_it_still_comes() -> None:
    body = gzip.compress(b"{}" + b" " * 500) + b"\0" * 60
    sent: list[int] = []

    def respond(handler: _Handler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 20000\r\n\r\n")
        for place in range(len(body[:18]) * 3):
            time.sleep(0.02)
            handler.wfile.write(body[:10] if not place else b"")
            handler.wfile.write(b"\x00\x00\x00\xff\xff")  # empty stored blocks: valid, and nothing comes out of them
            sent.append(place)

    with serving(respond) as server, pytest.raises(ApiError):
        transport(server.url, request_timeout_seconds=0.1).send(Request("GET", "/leads"), Usage(), Patience(1))

    assert len(sent) < 40


def test_slow_headers_are_given_up_while_they_still_come() -> None:
    sent: list[int] = []

    def respond(handler: _Handler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        for place in range(50):
            time.sleep(0.02)
            handler.wfile.write(b"x")
            sent.append(place)

    with serving(respond) as server, pytest.raises(ApiError):
        transport(server.url, request_timeout_seconds=0.1).send(Request("GET", "/leads"), Usage(), Patience(1))

    assert len(sent) < 40


def test_a_host_that_never_answers_ends_the_system(clock: Clock) -> None:
    with serving(plain()) as server:
        url = server.url
    way = transport(url)
    with pytest.raises(SystemEndedError, match="prospectb2b_api_url"):
        way.send(LEADS, Usage())
    usage = Usage()
    with pytest.raises(SystemEndedError):
        way.send(LEADS, usage)

    assert usage.requests == 0
    assert clock.waits


def test_a_failure_that_stays_costs_the_stream_and_not_the_system(clock: Clock) -> None:
    usage = Usage()
    with serving(plain(), plain(b"{}", "500 Internal Server Error")) as server:
        way = transport(server.url)
        way.send(LEADS, Usage())
        with pytest.raises(TransientError, match="500"):
            way.send(LEADS, usage)
        server.script = [plain()]
        way.send(LEADS, Usage())

    assert usage.requests == 8
    assert len(clock.waits) == 7
    assert 20 < sum(clock.waits) < 120
    assert clock.waits[-1] > clock.waits[0]


def test_a_refused_key_ends_the_system_and_nothing_more_is_sent() -> None:
    with serving(plain(b"{}", "401 Unauthorized"), plain()) as server:
        way = transport(server.url)
        for _ in range(3):
            with pytest.raises(KeyRefusedError, match="api_key"):
                way.send(LEADS, Usage())

    assert len(server.seen) == 1


@pytest.mark.parametrize("status", ["400 Bad Request", "403 Forbidden", "404 Not Found", "409 Conflict", "422 Unprocessable"])
def test_what_asking_again_would_not_help_is_asked_once(status: str) -> None:
    with serving(plain(b"{}", status), plain()) as server:
        way = transport(server.url)
        with pytest.raises(ApiError):
            way.send(LEADS, Usage())
        way.send(LEADS, Usage())

    assert len(server.seen) == 2


@pytest.mark.parametrize(
    ("retry_after", "at_least", "at_most"),
    [
        ("30", 30, 30),
        ("1.5", 1.5, 1.5),
        (format_datetime(datetime(2026, 6, 1, 12, 0, 40, tzinfo=timezone.utc), usegmt=True), 40, 40),
        ("0", 0.1, 1),
        ("-5", 0.1, 1),
        ("soon", 0.1, 1),
    ],
    ids=["seconds", "a fraction", "a date", "none at all", "in the past", "junk"],
)
def test_a_429_is_waited_for_as_told(retry_after: str, at_least: float, at_most: float, clock: Clock) -> None:
    usage = Usage()
    limited = plain(b"{}", "429 Too Many Requests", Retry_After=retry_after, Date="Mon, 01 Jun 2026 12:00:00 GMT")
    with serving(limited, plain()) as server:
        transport(server.url).send(LEADS, usage)

    assert at_least <= clock.waits[0] <= at_most
    assert (usage.requests, usage.retries, usage.rate_limited) == (2, 1, 1)


@pytest.mark.parametrize("retry_after", ["86400", format_datetime(datetime.now(timezone.utc) + timedelta(days=1), usegmt=True)])
def test_a_wait_of_a_day_is_not_waited_for_and_ends_the_system(retry_after: str, clock: Clock) -> None:
    with serving(plain(b"{}", "429 Too Many Requests", Retry_After=retry_after), plain()) as server:
        way = transport(server.url)
        for _ in range(2):
            with pytest.raises(SystemEndedError, match=r"asks to wait for 8[56]\d{3} s"):
                way.send(LEADS, Usage())

    assert clock.waits == []
    assert len(server.seen) == 1


def test_a_429_holds_other_requests_too(clock: Clock) -> None:
    with serving(plain(b"{}", "429 Too Many Requests", Retry_After="30"), plain()) as server:
        way = transport(server.url)
        moments: list[float] = []

        def send_another() -> None:
            way.send(LEADS, Usage())
            moments.append(clock.now)

        clock.at(1010, send_another)
        way.send(LEADS, Usage())

    assert moments == [1030]


def test_a_failure_holds_no_other_request(clock: Clock) -> None:
    with serving(plain(b"{}", "503 Service Unavailable", Retry_After="30"), plain()) as server:
        way = transport(server.url)
        moments: list[float] = []

        def send_another() -> None:
            way.send(LEADS, Usage())
            moments.append(clock.now)

        clock.at(1010, send_another)
        way.send(LEADS, Usage())

    assert moments == [1010]
    assert clock.now == 1030


def test_who_waits_to_ask_again_is_told_at_once_when_the_system_ends(clock: Clock) -> None:
    usage = Usage()
    error = SystemEndedError("over")
    with serving(plain(b"{}", "503 Service Unavailable", Retry_After="30"), plain()) as server:
        way = transport(server.url)
        clock.at(1010, lambda: (way.end(error), None)[1])
        with pytest.raises(SystemEndedError) as caught:
            way.send(LEADS, usage)

    assert caught.value is error
    assert (clock.now, usage.requests) == (1010, 1)


def test_a_503_is_waited_for_as_told(clock: Clock) -> None:
    with serving(plain(b"{}", "503 Service Unavailable", Retry_After="20"), plain()) as server:
        transport(server.url).send(LEADS, Usage())

    assert clock.waits == [20]


def test_429s_for_ever_end_within_the_hour(clock: Clock) -> None:
    with serving(plain(b"{}", "429 Too Many Requests", Retry_After="0")) as server, pytest.raises(RateLimitedError):
        transport(server.url).send(LEADS, Usage())

    assert sum(clock.waits) <= 3600
    assert len(clock.waits) > 3


@pytest.mark.parametrize("kind", [TransientError, RateLimitedError])
def test_the_eighth_of_a_kind_is_the_last(kind: type[TransientError]) -> None:
    patience = Patience()

    assert [patience.is_out(kind("x")) for _ in range(8)] == [False] * 7 + [True]


@pytest.mark.parametrize("kind", [TransientError, RateLimitedError])
def test_no_request_waits_more_than_an_hour_in_all(kind: type[TransientError]) -> None:
    patience = Patience()

    assert [patience.is_out(kind("x", wait=1500)) for _ in range(3)] == [False, False, True]


def test_failures_and_429s_are_counted_apart() -> None:
    patience = Patience(tries=3)

    outs = [patience.is_out(error("x")) for error in (TransientError, RateLimitedError, TransientError, RateLimitedError, TransientError)]

    assert outs == [False, False, False, False, True]


def test_the_servers_limits_reach_the_budget(clock: Clock) -> None:
    told = plain(RateLimit_Limit="10", RateLimit_Remaining="0", RateLimit_Reset="25")
    with serving(told, plain()) as server:
        way = transport(server.url)
        way.send(LEADS, Usage())
        way.send(LEADS, Usage())

    assert clock.now >= 1025


def test_the_run_makes_no_more_requests_than_allowed(clock: Clock) -> None:
    with serving(plain(), plain(b"{}", "503 Service Unavailable"), plain(b"{}", "503 Service Unavailable"), plain()) as server:
        way = transport(server.url, most=3)
        assert way.allowance.left == 3
        way.send(LEADS, Usage())
        with pytest.raises(RequestsSpentError, match="all of the 3 requests"):
            way.send(LEADS, Usage())

    assert len(server.seen) == 3
    assert way.allowance.left == 0
    assert clock.waits


def test_no_ceiling_is_no_ceiling() -> None:
    assert Allowance(None).left is None


@pytest.mark.parametrize(
    ("identifier", "on_the_wire"),
    [
        ("lead_1", "lead_1"),
        ("a/b", "a%2Fb"),
        ("../me", "..%2Fme"),
        ("a?b=c#d", "a%3Fb%3Dc%23d"),
        ("a\r\nHost: x", "a%0D%0AHost%3A%20x"),
        ("a b", "a%20b"),
        ("%2e%2e", "%252e%252e"),
        ("\u00e4\U0001f600", "%C3%A4%F0%9F%98%80"),
        ("{lead_id}", "%7Blead_id%7D"),
        ("...", "..."),
    ],
)
def test_an_id_stays_one_segment_of_the_path(identifier: str, on_the_wire: str) -> None:
    with serving(plain()) as server:
        transport(server.url).send(Request("GET", "/leads/{lead_id}/messages", {"lead_id": identifier}), Usage())

    assert server.seen[0][0] == f"GET /v1/leads/{on_the_wire}/messages HTTP/1.1"


@pytest.mark.parametrize("identifier", ["", ".", ".."])
def test_an_id_that_would_lead_elsewhere_is_not_asked_for(identifier: str) -> None:
    with pytest.raises(RefusedError, match="lead_id"):
        transport("http://127.0.0.1:9").prepare(Request("GET", "/leads/{lead_id}", {"lead_id": identifier}))


def test_an_id_that_can_not_be_encoded_is_not_asked_for() -> None:
    with pytest.raises(RefusedError):
        transport("http://127.0.0.1:9").prepare(Request("GET", "/leads/{lead_id}", {"lead_id": "\ud800"}))


@pytest.mark.parametrize("status", ["301 Moved Permanently", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"])
def test_the_key_does_not_follow_a_redirect(status: str) -> None:
    with serving(plain()) as other, serving(plain(b"", status, Location=f"{other.url}/leads")) as server:
        with pytest.raises(RefusedError, match="api_url"):
            transport(server.url).send(LEADS, Usage())

        assert other.seen == []
    assert len(server.seen) == 1


@pytest.mark.parametrize(
    "location",
    [
        "http://[",
        "ftp://x",
        "//",
        "http://a:b/",
    ],
)
def test_a_redirect_to_nowhere_is_refused_like_any_other(location: str, clock: Clock) -> None:
    with serving(plain(b"", "302 Found", Location=location)) as server, pytest.raises(RefusedError):
        transport(server.url).send(LEADS, Usage())

    assert clock.waits == []


def test_an_entry_of_netrc_does_not_replace_the_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login someone password else\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with serving(plain()) as server:
        assert requests.utils.get_netrc_auth(server.url) == ("someone", "else")
        transport(server.url).send(LEADS, Usage())

    assert server.seen[0][1]["authorization"] == f"Bearer {KEY}"


def test_no_cookie_is_kept() -> None:
    with serving(plain(Set_Cookie="session=1; Path=/")) as server:
        way = transport(server.url)
        way.send(LEADS, Usage())
        way.send(LEADS, Usage())

    assert [headers.get("cookie") for _, headers in server.seen] == [None, None]


@pytest.mark.parametrize(
    "respond",
    [
        plain(b"avery@example.com", Set_Cookie="session=1"),
        plain(b'{"error": "avery@example.com"}', "500 avery@example.com"),
        plain(b'{"error": "avery@example.com"}', "404 avery@example.com"),
        plain(b'{"error": "avery@example.com"}', "429 avery@example.com"),
        raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\navery@example.com"),
        raw(b"avery@example.com\r\n\r\n"),
        reset,
        silent,
    ],
    ids=["text", "500", "404", "429", "cut short", "no HTTP", "reset", "silence"],
)
def test_neither_errors_nor_the_log_hold_key_query_or_body(respond: Respond, clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="tap_hiringcenter"), serving(respond) as server, pytest.raises(ApiError) as caught:
        transport(server.url, request_timeout_seconds=0.2).send(LEADS, Usage(), Patience(2))

    said = _all_of(caught.value) + caplog.text
    assert "GET /leads" in said
    assert [secret for secret in SECRETS if secret in said] == []
    assert len(clock.waits) <= 2


def test_many_threads_may_share_a_transport() -> None:
    usage = Usage()
    with serving(plain()) as server:
        way = transport(server.url)
        threads = [threading.Thread(target=way.send, args=(LEADS, usage)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)

    assert usage.requests == len(server.seen) == 8
