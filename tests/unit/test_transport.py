"""What the transport asks, over real sockets: what is sent, within which limits, and what no message may hold."""

from __future__ import annotations

import gzip
import logging
import threading
import time
from typing import TYPE_CHECKING

import pytest
import requests

from tap_hiringcenter.api.errors import ApiError, EnvelopeError, RefusedError, RequestsSpentError
from tap_hiringcenter.api.patience import Patience
from tap_hiringcenter.api.request import Request
from tap_hiringcenter.api.usage import Allowance, Usage
from tap_hiringcenter.api.wire import MOST_VALUES
from tests.unit.clock import Clock
from tests.unit.server import KEY, LEADS, Handler, drip, everything, plain, raw, reset, serving, silent, transport

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.server import Respond

SECRETS = (KEY, "avery@example.com", "updated_after", "2026-01-01", "session=1")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Waits between repeats take no time."""
    return Clock().install(monkeypatch)


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


def test_more_values_than_any_answer_has_are_refused_before_they_are_parsed() -> None:
    with serving(plain(b"[" + b"0," * (MOST_VALUES + 1) + b"0]")) as server, pytest.raises(EnvelopeError, match="more than 5,000,000 values"):
        transport(server.url).send(Request("GET", "/leads"), Usage())


@pytest.mark.parametrize(
    "headers",
    [{"Transfer_Encoding": "chunked"}, {"Content_Length": "9, 9"}, {"Content_Encoding": "gzip"}],
    ids=["in parts", "two lengths", "compressed"],
)
def test_what_an_answer_says_of_its_length_makes_it_no_longer_than_any_may_be(headers: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tap_hiringcenter.api.wire.LARGEST_BODY", 2**21)
    body = b" " * 2**22
    if "Content_Encoding" in headers:
        body = gzip.compress(body)
        headers = {**headers, "Content_Length": str(len(body))}
    elif "Transfer_Encoding" in headers:
        body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
        headers = {**headers, "Content_Length": "9"}
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    with serving(raw(f"HTTP/1.1 200 OK\r\n{lines}\r\n".encode() + body)) as server, pytest.raises(EnvelopeError, match="MB"):
        transport(server.url).send(Request("GET", "/leads"), Usage())


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

    def respond(handler: Handler) -> None:
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

    def respond(handler: Handler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        for place in range(50):
            time.sleep(0.02)
            handler.wfile.write(b"x")
            sent.append(place)

    with serving(respond) as server, pytest.raises(ApiError):
        transport(server.url, request_timeout_seconds=0.1).send(Request("GET", "/leads"), Usage(), Patience(1))

    assert len(sent) < 40


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
        transport("http://127.0.0.1:9").send(Request("GET", "/leads/{lead_id}", {"lead_id": identifier}), Usage())


def test_an_id_that_can_not_be_encoded_is_not_asked_for() -> None:
    with pytest.raises(RefusedError):
        transport("http://127.0.0.1:9").send(Request("GET", "/leads/{lead_id}", {"lead_id": "\ud800"}), Usage())


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

    said = everything(caught.value) + caplog.text
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
