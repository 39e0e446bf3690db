"""How the transport repeats, over real sockets: patience, failures, 429, and what ends a system."""

from __future__ import annotations

import gzip
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from typing import TYPE_CHECKING

import pytest

from tap_hiringcenter.api.errors import ApiError, KeyRefusedError, RateLimitedError, SystemEndedError, TransientError
from tap_hiringcenter.api.patience import Patience
from tap_hiringcenter.api.request import Request
from tap_hiringcenter.api.usage import Usage
from tests.unit.clock import Clock
from tests.unit.server import LEADS, plain, raw, reset, serving, transport

if TYPE_CHECKING:
    from tests.unit.server import Respond


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Waits between repeats take no time."""
    return Clock().install(monkeypatch)


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


@pytest.mark.parametrize(
    "retry_after",
    ["86400", format_datetime(datetime.now(timezone.utc) + timedelta(days=1), usegmt=True)],
    ids=["seconds", "date"],
)
def test_a_wait_of_a_day_is_not_waited_for_and_ends_the_system(retry_after: str, clock: Clock) -> None:
    with serving(plain(b"{}", "429 Too Many Requests", Retry_After=retry_after), plain()) as server:
        way = transport(server.url)
        for _ in range(2):
            with pytest.raises(SystemEndedError, match=r"asks to wait for 8[56]\d{3} s"):
                way.send(LEADS, Usage())

    assert clock.waits == []
    assert len(server.seen) == 1


@pytest.mark.parametrize(
    ("status", "moment"),
    [("429 Too Many Requests", 1030), ("503 Service Unavailable", 1010)],
    ids=["a 429 holds it", "a failure does not"],
)
def test_another_request_waits_for_a_429_and_for_no_failure(status: str, moment: float, clock: Clock) -> None:
    with serving(plain(b"{}", status, Retry_After="30"), plain()) as server:
        way = transport(server.url)
        moments: list[float] = []

        def send_another() -> None:
            way.send(LEADS, Usage())
            moments.append(clock.now)

        clock.at(1010, send_another)
        way.send(LEADS, Usage())

    assert moments == [moment]
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
