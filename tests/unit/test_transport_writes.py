"""The transport and writes, over real sockets: what is sent of them, which are repeated, and which answer is enough."""

from __future__ import annotations

import json
import logging
import socket
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tap_hiringcenter.api.errors import (
    ApiError,
    ConflictError,
    ForbiddenError,
    KeyRefusedError,
    NotFoundError,
    RateLimitedError,
    RefusedError,
    SystemEndedError,
    TransientError,
    UncertainError,
)
from tap_hiringcenter.api.patience import Patience
from tap_hiringcenter.api.request import Request
from tap_hiringcenter.api.systems import CLOSERSHQ, HIRINGCENTER, PROSPECTB2B
from tap_hiringcenter.api.usage import Usage
from tests.unit.clock import Clock
from tests.unit.server import KEY, drip, everything, plain, raw, reset, serving, silent, transport

if TYPE_CHECKING:
    from tap_hiringcenter.api.systems import System
    from tests.unit.server import Respond

ONCE = Request("POST", "/webhooks", body={"url": "https://avery.example/hook"}, idempotency_key="version-1", is_repeatable=False)
AGAIN = replace(ONCE, is_repeatable=True)
SECRETS = (KEY, "avery", "version-1")

DRIPPING = drip(b"HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n", b" " * 38 + b"{}")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Waits between repeats take no time."""
    return Clock().install(monkeypatch)


@pytest.mark.parametrize(
    "body",
    [{"name": "Zo\u00eb", "tags": ["a", None], "score": 1.5}, {}, {"name": "half of \ud83d"}, {"number": -(2**70)}],
    ids=["some", "an empty one", "half a character", "a large number"],
)
def test_a_body_is_sent_as_json(body: dict[str, object]) -> None:
    with serving(plain()) as server:
        transport(server.url).send(Request("PATCH", "/leads/{id}", {"id": "lead_1"}, body=body), Usage())

    line, headers = server.seen[0]
    assert line == "PATCH /v1/leads/lead_1 HTTP/1.1"
    assert headers["content-type"] == "application/json"
    assert json.loads(server.bodies[0]) == body


def test_a_write_may_have_a_query_and_no_body() -> None:
    with serving(plain()) as server:
        transport(server.url).send(Request("DELETE", "/leads", query={"email": "a@b.example"}), Usage())

    assert server.seen[0][0] == "DELETE /v1/leads?email=a%40b.example HTTP/1.1"
    assert server.bodies == [b""]
    assert "content-type" not in server.seen[0][1]


@pytest.mark.parametrize(
    ("system", "sent"),
    [
        (HIRINGCENTER, {"x-idempotency-key": "version-1"}),
        (PROSPECTB2B, {"idempotency-key": "version-1"}),
        (CLOSERSHQ, {}),
    ],
    ids=["hiringcenter", "prospectb2b", "closershq"],
)
def test_an_idempotency_key_goes_into_the_header_that_the_system_knows(system: System, sent: dict[str, str]) -> None:
    with serving(plain()) as server:
        transport(server.url, system=system).send(ONCE, Usage())

    assert {name: value for name, value in server.seen[0][1].items() if "idempotency" in name or value == "version-1"} == sent


@pytest.mark.parametrize("system", [HIRINGCENTER, PROSPECTB2B], ids=["hiringcenter", "prospectb2b"])
def test_a_request_without_an_idempotency_key_has_no_header_for_one(system: System) -> None:
    with serving(plain()) as server:
        transport(server.url, system=system).send(replace(ONCE, idempotency_key=None), Usage())

    assert [name for name in server.seen[0][1] if "idempotency" in name] == []


def test_a_repeat_of_a_write_is_the_very_same_request(clock: Clock) -> None:
    with serving(plain(b"{}", "503 Service Unavailable"), reset, plain(b"{}", "429 Too Many Requests"), plain()) as server:
        transport(server.url).send(AGAIN, Usage())

    assert len(server.seen) == 4
    assert [*server.seen, *server.bodies] == [server.seen[0]] * 4 + [server.bodies[0]] * 4
    assert clock.waits


@pytest.mark.parametrize(
    "respond",
    [
        plain(b"{}", "500 Internal Server Error"),
        plain(b"{}", "504 Gateway Timeout"),
        plain(b"{}", "408 Request Timeout"),
        plain(b"<html></html>"),
        plain(b'{"data": {', "201 Created"),
        plain(b"", "204 No Content"),
        raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}"),
        raw(b""),
        raw(b"what?\r\n\r\n"),
        reset,
    ],
    ids=["500", "504", "408", "HTML", "broken JSON", "empty body", "cut short", "no answer", "no HTTP", "reset"],
)
def test_what_must_not_be_done_twice_is_sent_once_when_its_answer_is_lost(respond: Respond, clock: Clock) -> None:
    usage = Usage()
    with serving(respond, plain()) as server:
        way = transport(server.url)
        with pytest.raises(UncertainError, match="POST /webhooks"):
            way.send(ONCE, usage)
        assert len(server.seen) == 1

        assert way.send(ONCE, Usage()).status == 200, "it costs the request, and not the system"

    assert (usage.requests, usage.retries) == (1, 0)
    assert clock.waits == []


@pytest.mark.parametrize("respond", [silent, DRIPPING], ids=["silence", "slow body"])
def test_what_must_not_be_done_twice_is_sent_once_when_its_answer_is_not_whole_in_time(respond: Respond) -> None:
    with serving(respond, plain()) as server:
        with pytest.raises(UncertainError, match=r"no whole answer within 0\.3 s"):
            transport(server.url, request_timeout_seconds=0.3).send(ONCE, Usage())

        assert len(server.seen) == 1


def test_an_uncertain_end_tells_what_the_answer_told() -> None:
    answer = plain(b"{}", "503 Service Unavailable", Retry_After="20", X_Request_Id="req_7")
    with serving(answer) as server, pytest.raises(UncertainError) as caught:
        transport(server.url).send(ONCE, Usage())

    assert (caught.value.wait, caught.value.status, caught.value.request_id) == (20, 503, "req_7")


def test_a_refused_connection_is_tried_again_since_nothing_was_sent(clock: Clock) -> None:
    usage = Usage()
    with serving(plain()) as server:
        way = transport(server.url)
        way.send(ONCE, Usage())
    with pytest.raises(TransientError, match="ConnectionRefusedError"):
        way.send(ONCE, usage, Patience(3))

    assert (usage.requests, len(clock.waits)) == (3, 2)


def test_a_connection_that_does_not_come_about_in_time_is_tried_again_since_nothing_was_sent(clock: Clock) -> None:
    usage = Usage()
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        # Nobody accepts, so that the queue is full after the first and whoever comes later is kept waiting.
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.settimeout(0)
            waiting.connect_ex(listener.getsockname())
        way = transport(f"http://127.0.0.1:{listener.getsockname()[1]}/v1", request_timeout_seconds=0.1)
        with pytest.raises(SystemEndedError, match="no connection within the time-out"):
            way.send(ONCE, usage, Patience(3))

    assert (usage.requests, len(clock.waits)) == (3, 2)


def test_a_429_is_waited_for_also_by_what_must_not_be_done_twice(clock: Clock) -> None:
    usage = Usage()
    with serving(plain(b"{}", "429 Too Many Requests", Retry_After="30"), plain()) as server:
        assert transport(server.url).send(ONCE, usage).body == {"data": []}

    assert clock.waits == [30]
    assert (usage.requests, usage.retries, usage.rate_limited) == (2, 1, 1)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("302 Found", RefusedError),
        ("400 Bad Request", RefusedError),
        ("401 Unauthorized", KeyRefusedError),
        ("403 Forbidden", ForbiddenError),
        ("404 Not Found", NotFoundError),
        ("422 Unprocessable", RefusedError),
    ],
)
def test_an_answer_that_says_no_leaves_nothing_uncertain(status: str, kind: type[ApiError]) -> None:
    with serving(plain(b"{}", status)) as server, pytest.raises(ApiError) as caught:
        transport(server.url).send(ONCE, Usage())

    assert type(caught.value) is kind
    assert len(server.seen) == 1


@pytest.mark.parametrize("asked", [ONCE, AGAIN], ids=["once", "again"])
@pytest.mark.parametrize(
    ("content", "exists"),
    [
        (b'{"error": "avery@example.com already exists"}', True),
        (b'{"error": {"code": "DUPLICATE_LEAD"}}', True),
        (b'{"error": "This key was used with another payload"}', False),
        (b'{"error": "A request with this key is in progress"}', False),
        (b"", False),
    ],
    ids=["exists", "duplicate", "other payload", "in progress", "no word"],
)
def test_a_409_is_not_repeated_and_its_words_tell_whether_the_thing_exists(asked: Request, content: bytes, *, exists: bool) -> None:
    with serving(plain(content, "409 Conflict")) as server, pytest.raises(ConflictError) as caught:
        transport(server.url).send(asked, Usage())

    assert caught.value.exists is exists
    assert len(server.seen) == 1


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
@pytest.mark.parametrize("respond", [plain(b"", "204 No Content"), plain(b"\r\n", "200 OK")], ids=["204", "blank"])
def test_an_empty_answer_is_enough_for_a_write_that_may_be_repeated(method: str, respond: Respond) -> None:
    with serving(respond) as server:
        answer = transport(server.url).send(replace(AGAIN, method=method), Usage())

    assert answer.body is None
    assert len(server.seen) == 1


@pytest.mark.parametrize(
    ("asked", "content"),
    [(AGAIN, b"<html></html>"), (Request("GET", "/leads"), b"")],
    ids=["no JSON to a write", "nothing to a question"],
)
def test_what_is_no_answer_is_asked_for_again(asked: Request, content: bytes, clock: Clock) -> None:
    with serving(plain(content), plain()) as server:
        assert transport(server.url).send(asked, Usage()).body == {"data": []}

    assert len(server.seen) == 2
    assert len(clock.waits) == 1


@pytest.mark.parametrize("asked", [ONCE, AGAIN], ids=["once", "again"])
@pytest.mark.parametrize(
    ("content", "body"),
    [(b"", None), (b"OK", None), (b"<html></html>", None), (b'{"id": 1', None), (b'{"id": 1}', {"id": 1})],
    ids=["nothing", "text", "HTML", "broken JSON", "JSON"],
)
def test_where_no_answer_is_documented_its_status_is_enough(asked: Request, content: bytes, body: object) -> None:
    with serving(plain(content, "201 Created")) as server:
        answer = transport(server.url, system=CLOSERSHQ).send(asked, Usage())

    assert (answer.status, answer.body) == (201, body)
    assert len(server.seen) == 1


@pytest.mark.parametrize(
    ("status", "kind"),
    [("302 Found", RefusedError), ("404 Not Found", NotFoundError), ("422 Unprocessable", RefusedError), ("500 Oh", UncertainError)],
)
def test_where_no_answer_is_documented_its_status_still_says_no(status: str, kind: type[ApiError]) -> None:
    with serving(plain(b"OK", status)) as server, pytest.raises(ApiError) as caught:
        transport(server.url, system=CLOSERSHQ).send(ONCE, Usage())

    assert type(caught.value) is kind


@pytest.mark.parametrize(("status", "most"), [("503 Service Unavailable", 2), ("429 Too Many Requests", 5)])
def test_429s_may_be_allowed_more_often_than_failures(status: str, most: int, clock: Clock) -> None:
    with serving(plain(b"{}", status)) as server:
        way = transport(server.url)
        with pytest.raises(TransientError):
            way.send(AGAIN, Usage(), Patience(2, limited=5))

        assert len(server.seen) == most
    assert len(clock.waits) == most - 1


def test_a_lost_answer_counts_as_a_failure_and_is_waited_for_as_told() -> None:
    patience = Patience(tries=3, limited=1)

    assert not patience.is_out(UncertainError("x", wait=40))
    assert patience.wait == 40
    assert not patience.is_out(TransientError("x"))
    assert patience.wait < 2
    assert patience.is_out(UncertainError("x"))
    assert Patience(tries=3, limited=1).is_out(RateLimitedError("x"))


def test_a_conflict_may_be_tried_again_further_and_further_apart(clock: Clock) -> None:
    patience = Patience(tries=4)
    error = ConflictError("x", exists=False)
    waits = []
    while not patience.is_out(error):
        waits.append(patience.wait)

    assert waits == sorted(waits)
    assert len(waits) == 3
    assert clock.waits == [], "whoever asks waits"


def test_a_rest_lasts_as_long_as_it_was_asked_for(clock: Clock) -> None:
    transport("http://127.0.0.1:9").rest(25)

    assert clock.waits == [25]


def test_a_rest_ends_when_the_system_does(clock: Clock) -> None:
    way = transport("http://127.0.0.1:9")
    error = SystemEndedError("over")
    clock.at(1010, lambda: (way.end(error), None)[1])
    with pytest.raises(SystemEndedError) as caught:
        way.rest(25)

    assert caught.value is error
    assert clock.now == 1010


@pytest.mark.parametrize(
    "respond",
    [
        plain(b"https://avery.example/hook"),
        plain(b'{"error": "https://avery.example/hook"}', "500 avery"),
        plain(b'{"error": "avery exists"}', "409 avery"),
        plain(b'{"error": "avery"}', "422 avery", X_Idempotency_Key="version-1"),
        raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\navery"),
        raw(b"avery\r\n\r\n"),
        reset,
        silent,
    ],
    ids=["text", "500", "409", "422", "cut short", "no HTTP", "reset", "silence"],
)
@pytest.mark.parametrize("asked", [ONCE, AGAIN], ids=["once", "again"])
def test_neither_errors_nor_the_log_hold_what_was_written(asked: Request, respond: Respond, clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), serving(respond) as server, pytest.raises(ApiError) as caught:
        transport(server.url, request_timeout_seconds=0.2).send(asked, Usage(), Patience(2))

    said = everything(caught.value) + caplog.text
    assert "POST /webhooks" in said
    assert [secret for secret in SECRETS if secret in said] == []
    assert len(clock.waits) <= 1
