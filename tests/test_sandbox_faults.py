"""The faults that tests can plant: where they strike, what the client sees, what is done all the same."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

import pytest
import requests

from tests.sandbox import Fault, Limits, Sandbox, Variant
from tests.sandbox.client import Client

if TYPE_CHECKING:
    from tests.sandbox import LoggedRequest

LEAD = {"full_name": "Ada Lovelace", "email": "ada@example.com"}


@pytest.fixture
def client(sandbox: Sandbox) -> Client:
    return Client(sandbox, "prospectb2b")


def statuses(client: Client, *paths: str) -> list[int]:
    return [client.send("GET", path).status_code for path in paths]


def test_a_fault_strikes_so_often_after_so_many(sandbox: Sandbox, client: Client) -> None:
    fault = sandbox.inject(Fault("status", path="/leads", status=503, times=2, after=1))

    assert statuses(client, "/leads", "/jobs", "/leads", "/leads", "/leads") == [200, 200, 503, 503, 200]
    assert (fault.seen, fault.played) == (4, 2)
    assert [request.fault for request in sandbox.requests] == [None, None, "status", "status", None]


def test_a_fault_for_ever_ends_when_the_sandbox_is_healed(sandbox: Sandbox, client: Client) -> None:
    sandbox.inject(Fault("status", times=None))
    assert statuses(client, "/me", "/leads", "/nowhere") == [503] * 3

    sandbox.heal()

    assert statuses(client, "/me") == [200]


@pytest.mark.parametrize(
    ("chosen", "struck"),
    [
        ({"path": "/leads"}, ["/leads?limit=5"]),
        ({"path": "/leads/*"}, ["/leads/L"]),
        ({"path": "/leads/**"}, ["/leads/L", "/leads/L/activities"]),
        ({"path": re.compile(r"/(me|jobs)")}, ["/me"]),
        ({"stream": "lead_activities"}, ["/leads/L/activities"]),
        ({"query_contains": "limit=5"}, ["/leads?limit=5"]),
        ({"where": lambda request: "activities" in request.path}, ["/leads/L/activities"]),
        ({"method": "POST"}, []),
        ({"system": "hiringcenter"}, []),
    ],
)
def test_a_fault_strikes_only_where_it_should(sandbox: Sandbox, client: Client, chosen: dict[str, Any], struck: list[str]) -> None:
    lead = sandbox.truth("leads")[0]["id"]
    sandbox.inject(Fault("status", status=500, times=None, **chosen))
    paths = ["/leads?limit=5", "/leads/L", "/leads/L/activities", "/me"]

    assert [path for path in paths if statuses(client, path.replace("L", lead)) == [500]] == struck


def test_a_fault_does_not_strike_before_the_key_is_looked_at(sandbox: Sandbox) -> None:
    sandbox.inject(Fault("status", times=None))

    assert statuses(Client(sandbox, "prospectb2b", key="wrong"), "/me") == [401]


def test_answers_in_place_of_the_real_one(sandbox: Sandbox, client: Client) -> None:
    sandbox.inject(Fault("status", status=429, headers={"Retry-After": "0"}, body={"oops": 1}))
    sandbox.inject(Fault("html"))
    sandbox.inject(Fault("broken_json"))
    sandbox.inject(Fault("empty_body"))
    sandbox.inject(Fault("body", body={"success": False}))
    sandbox.inject(Fault("redirect", location="https://example.com/elsewhere"))
    status, html, broken, empty, body, redirect = (client.send("GET", "/leads") for _ in range(6))

    assert (status.status_code, status.json(), status.headers["Retry-After"]) == (429, {"oops": 1}, "0")
    assert (html.status_code, html.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    with pytest.raises(requests.JSONDecodeError):
        broken.json()
    assert (broken.status_code, empty.status_code, empty.content) == (200, 200, b"")
    assert (body.status_code, body.json()) == (200, {"success": False})
    assert (redirect.status_code, redirect.headers["Location"]) == (302, "https://example.com/elsewhere")


def test_a_planted_error_looks_like_one_of_that_system(sandbox: Sandbox, client: Client) -> None:
    sandbox.inject(Fault("status", status=503, times=None))
    body = client.send("GET", "/me").json()

    assert body["error"]["code"] == "service_unavailable"
    assert body["request_id"] == sandbox.requests[-1].request_id
    assert Client(sandbox, "hiringcenter").send("GET", "/auth").json()["error"] == "Service Unavailable"


def test_the_real_answer_can_be_edited(sandbox: Sandbox, client: Client) -> None:
    sandbox.inject(Fault("edit", path="/leads", edit=lambda body: {**body, "data": body["data"][:1], "pagination": {"has_more": True}}))

    body = client.get("/leads")

    assert (len(body["data"]), body["pagination"]) == (1, {"has_more": True})


@pytest.mark.parametrize("action", ["reset", "reset_body", "lost"])
def test_a_connection_is_cut_off(sandbox: Sandbox, client: Client, action: Any) -> None:  # noqa: ANN401 - a literal of Fault
    sandbox.inject(Fault(action, path="/leads", method="POST"))

    error = requests.exceptions.ChunkedEncodingError if action == "reset_body" else requests.ConnectionError
    with pytest.raises(error):
        client.send("POST", "/leads", LEAD, {"Idempotency-Key": "k"})

    written = [lead for lead in sandbox.truth("leads") if lead["email"] == LEAD["email"]]
    assert len(written) == (0 if action == "reset" else 1)
    assert client.send("POST", "/leads", LEAD, {"Idempotency-Key": "k"}).status_code == 200
    assert sandbox.requests[-1].is_replay is (action != "reset")
    assert sandbox.requests[0].status == (200 if action == "reset_body" else None)


def test_an_answer_is_late_or_comes_byte_by_byte(sandbox: Sandbox, client: Client) -> None:
    sandbox.inject(Fault("delay", seconds=0.2))
    sandbox.inject(Fault("drip", seconds=0.0005))

    started = time.monotonic()
    assert statuses(client, "/me") == [200]
    assert time.monotonic() - started >= 0.2
    assert client.get("/billing/usage")["data"] == sandbox.truth("billing_usage")[0]


def test_the_sandbox_stops_at_once_in_the_middle_of_a_fault() -> None:
    with Sandbox() as sandbox:
        sandbox.inject(Fault("drip", seconds=30))
        url, headers = f"{sandbox.prospectb2b_url}/me", {"Authorization": f"Bearer {sandbox.prospectb2b_key}"}
        answer = requests.get(url, headers=headers, timeout=10, stream=True)
        started = time.monotonic()

    assert time.monotonic() - started < 2
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        _ = answer.content


def test_the_world_can_change_in_the_middle_of_a_list(sandbox: Sandbox, client: Client) -> None:
    late: list[str] = []

    def add_a_lead(request: LoggedRequest) -> None:
        if "cursor" in request.query and not late:
            late.append(sandbox.put("leads")["id"])

    sandbox.on_request(add_a_lead)

    found = client.ids("/leads", limit=5)

    assert found[-1:] == late


def test_what_goes_wrong_inside_is_raised_at_the_end() -> None:
    def fail(_: LoggedRequest) -> None:
        message = "a check in a callback"
        raise AssertionError(message)

    def run() -> None:
        with Sandbox() as sandbox:
            sandbox.on_request(fail)
            assert statuses(Client(sandbox, "prospectb2b"), "/me") == [500]

    with pytest.raises(AssertionError, match="a check in a callback"):
        run()


def test_every_request_is_logged_as_it_was_sent(sandbox: Sandbox, client: Client) -> None:
    client.send("POST", "/leads", LEAD)
    client.send("GET", "/leads/a%2Fb", limit=["1", "2"])

    post, get = sandbox.requests
    assert (post.system, post.method, post.path, post.body, post.stream, post.status) == ("prospectb2b", "POST", "/leads", LEAD, None, 200)
    assert (get.path, get.query, get.body, get.status) == ("/leads/a%2Fb", {"limit": ["1", "2"]}, None, 400)
    assert post.at <= get.at <= time.time()
    assert post.headers["authorization"] == f"Bearer {sandbox.prospectb2b_key}"


def test_an_impossible_fault_is_refused() -> None:
    with pytest.raises(ValueError, match="explode"):
        Fault("explode")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="edit"):
        Fault("edit")


def test_it_is_quick_enough(sandbox: Sandbox) -> None:
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {sandbox.prospectb2b_key}"
        started = time.monotonic()
        for _ in range(100):
            session.get(f"{sandbox.prospectb2b_url}/leads", timeout=10).raise_for_status()

    # With a delayed acknowledgement for each answer it would take four seconds.
    assert time.monotonic() - started < 3


def test_minutes_may_be_short_for_tests_that_live_in_real_time() -> None:
    limits = Limits(per_minute=2, minute_seconds=0.5, per_hour=3, hour_seconds=40)
    with Sandbox(limits=limits, variant=Variant(ratelimit_reset="delta")) as sandbox:
        client = Client(sandbox, "prospectb2b")
        answers = [client.send("GET", "/me") for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert [answer.headers["RateLimit-Reset"] for answer in answers] == ["1", "1", "1"]
        sandbox.clock.advance(0.5)
        assert statuses(client, "/me", "/me") == [200, 429]
        assert 38 <= int(client.send("GET", "/me").headers["Retry-After"]) <= 40
        sandbox.clock.advance(40)
        assert statuses(client, "/me") == [200]
