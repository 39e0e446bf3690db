"""What an idempotency key makes of a second request."""

from __future__ import annotations

import threading

import pytest

from tests.sandbox import Fault, Sandbox, Variant, World
from tests.sandbox.client import Client

LEAD = {"full_name": "Ada Lovelace", "email": "ada@example.com"}
NOBODY = {"firstName": "No", "lastName": "Body"}


@pytest.mark.parametrize(
    ("system", "path", "header", "body", "stream"),
    [
        ("hiringcenter", "/prospects", "X-Idempotency-Key", NOBODY, "prospects"),
        ("prospectb2b", "/leads", "Idempotency-Key", LEAD, "leads"),
    ],
)
def test_a_key_makes_one_effect(sandbox: Sandbox, system: str, path: str, header: str, body: dict[str, str], stream: str) -> None:  # noqa: PLR0913, PLR0917 - a table
    client, before = Client(sandbox, system), len(sandbox.truth(stream))
    first, again = (client.send("POST", path, body, {header: "k"}) for _ in range(2))
    other = client.send("POST", path, {**body, next(iter(body)): "Else"}, {header: "k"})
    keyless = client.send("POST", path, body)

    assert [answer.status_code for answer in (first, again, other, keyless)] == [first.status_code, first.status_code, 409, first.status_code]
    assert [request.is_replay for request in sandbox.requests] == [False, True, False, False]
    assert len(sandbox.truth(stream)) == before + 2
    rows = [answer.json().get("item") or answer.json().get("data") for answer in (first, again)]
    assert rows[0] == rows[1]
    sandbox.clock.advance(86_401)
    assert client.send("POST", path, {**body, next(iter(body)): "Else"}, {header: "k"}).ok


def test_a_key_does_nothing_where_none_is_listed(sandbox: Sandbox) -> None:
    for _ in range(2):
        Client(sandbox, "prospectb2b").send("POST", "/support/tickets", {"subject": "s", "body": "b"}, {"Idempotency-Key": "k"})

    assert [row["subject"] for row in sandbox.truth("support_tickets")].count("s") == 2


def test_keys_can_be_too_long_or_switched_off(sandbox: Sandbox) -> None:
    assert Client(sandbox, "hiringcenter").send("POST", "/prospects", NOBODY, {"X-Idempotency-Key": "k" * 513}).status_code == 400
    for variant in (Variant(idempotency="ignored"), Variant(hiringcenter_shape="older")):
        with Sandbox(World(prospects=0), variant=variant) as forgetful:
            for _ in range(2):
                Client(forgetful, "hiringcenter").send("POST", "/prospects", NOBODY, {"X-Idempotency-Key": "k"})
            assert len(forgetful.truth("prospects")) == 2


def test_a_second_request_meets_the_first_one_still_under_way(sandbox: Sandbox) -> None:
    client = Client(sandbox, "prospectb2b")
    fault = sandbox.inject(Fault("delay", path="/leads", seconds=0.4))
    slow = threading.Thread(target=client.send, args=("POST", "/leads", LEAD, {"Idempotency-Key": "k"}))
    slow.start()
    while not fault.played:
        threading.Event().wait(0.01)
    early = client.send("POST", "/leads", LEAD, {"Idempotency-Key": "k"})
    slow.join()

    assert early.status_code == 409
    assert client.send("POST", "/leads", LEAD, {"Idempotency-Key": "k"}).status_code == 200
    sandbox.idempotency.hold("held")
    assert client.send("POST", "/leads", LEAD, {"Idempotency-Key": "held"}).status_code == 409
    sandbox.idempotency.release("held")
    assert client.send("POST", "/leads", LEAD, {"Idempotency-Key": "held"}).status_code == 200
