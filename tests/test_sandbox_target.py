"""What the sandbox has for tests of a target: a moment to kill it, conflicts of all kinds, and ways to look before writing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import Any

import pytest

from tests.sandbox import Fault, Sandbox, Variant, World
from tests.sandbox.client import Client

LEAD = {"full_name": "Ada Lovelace", "email": "ada@example.com"}
PROSPECT = {"firstName": "Ada", "lastName": "Lovelace", "email": "ada@example.com", "phone": "+12125550123"}
_ENDLESS = """
import sys, requests
while True:
    requests.post(sys.argv[1], json={"subject": "s", "body": "b"}, headers={"Authorization": sys.argv[2]}, timeout=9)
"""


@pytest.mark.parametrize(("moment", "performed"), [("on_request", 2), ("on_answer", 3)])
def test_a_client_can_be_killed_at_any_request(moment: str, performed: int) -> None:
    with Sandbox(World(support_tickets=0)) as sandbox:
        counts: list[int] = []
        arguments = [f"{sandbox.prospectb2b_url}/support/tickets", f"Bearer {sandbox.prospectb2b_key}"]
        with subprocess.Popen([sys.executable, "-c", _ENDLESS, *arguments]) as process:

            def kill(_: object) -> None:
                counts.append(sum(request.is_performed for request in sandbox.requests))
                os.kill(process.pid, signal.SIGKILL)
                process.wait()

            getattr(sandbox, moment)(kill, number=3)
            assert process.wait(timeout=20) == -signal.SIGKILL

        # The server is not shaken by it.
        assert Client(sandbox, "prospectb2b").send("GET", "/me").status_code == 200
        assert counts == [performed]
        assert len(sandbox.truth("support_tickets")) == 3


def test_a_hook_without_a_number_sees_every_request(sandbox: Sandbox) -> None:
    seen: list[tuple[str, bool]] = []
    sandbox.on_request(lambda request: seen.append(("before", request.is_performed)))
    sandbox.on_answer(lambda request: seen.append(("after", request.is_performed)))
    client = Client(sandbox, "prospectb2b")

    client.send("POST", "/leads", LEAD, {"Idempotency-Key": "k"})
    client.send("POST", "/leads", LEAD, {"Idempotency-Key": "k"})
    client.send("POST", "/leads", {})

    assert seen == [("before", False), ("after", True)] + [("before", False), ("after", False)] * 2
    assert [request.table for request in sandbox.requests] == ["leads"] * 3


def test_what_is_kept_is_more_than_what_is_served(sandbox: Sandbox) -> None:
    body = {**PROSPECT, "city": "Paris", "notes": "n", "licenseStatus": "licensed"}
    prospect = Client(sandbox, "hiringcenter").send("POST", "/prospects", body).json()["item"]
    kept = sandbox.kept("prospects")[prospect["id"]]
    kept["labels"].append("changed outside")

    [served] = [row for row in sandbox.truth("prospects") if row["id"] == prospect["id"]]
    assert "city" not in served
    assert served["labels"] == []
    assert {**kept, **served} == {**kept, "labels": []}
    assert (kept["city"], kept["notes"], kept["licenseStatus"]) == ("Paris", "n", "licensed")
    with pytest.raises(ValueError, match="nothing"):
        sandbox.kept("nothing")


@pytest.mark.parametrize("system", ["hiringcenter", "prospectb2b", "closershq"])
def test_a_conflict_may_say_why_or_not(system: str) -> None:
    path, first, second = {
        "hiringcenter": ("/prospects", PROSPECT, {**PROSPECT, "title": "x"}),
        "prospectb2b": ("/leads/upsert", LEAD, {**LEAD, "title": "x"}),
        "closershq": ("/crm/prospect", {"email": "a@example.com"}, {"email": "a@example.com"}),
    }[system]
    key = {"X-Idempotency-Key": "k", "Idempotency-Key": "k"}
    texts = {}
    for told in ("reason", "phrase", "nothing"):
        with Sandbox(variant=Variant(conflict_body=told)) as sandbox:
            client = Client(sandbox, system)
            assert client.send("POST", path, first, key).ok
            answers = [client.send("POST", path, second, key)]
            if system != "closershq":
                sandbox.idempotency.hold("k")
                answers.append(client.send("POST", path, first, key))
            assert {answer.status_code for answer in answers} == {409}
            assert [request.is_performed for request in sandbox.requests][1:] == [False] * len(answers)
            texts[told] = [answer.text for answer in answers]
            # No other refusal is cut short.
            assert client.send("POST", path, {"x": 1}).text

    assert all("idempotency key" in text or "exists" in text for text in texts["reason"])
    assert all("Conflict" in text and "key" not in text and "exists" not in text for text in texts["phrase"])
    assert set(texts["nothing"]) == {""}


@pytest.mark.parametrize("status", [400, 413])
def test_a_bulk_may_be_too_large(status: Any) -> None:  # noqa: ANN401 - a literal of Variant
    with Sandbox(World(leads=0), variant=Variant(bulk_max=2, bulk_too_many=status)) as sandbox:
        client = Client(sandbox, "prospectb2b")
        rows = [{**LEAD, "email": f"{number}@example.com"} for number in range(3)]

        assert client.send("POST", "/leads/bulk", {"leads": rows}).status_code == status
        assert client.send("POST", "/leads/bulk", {"leads": []}).status_code == 400
        assert sandbox.truth("leads") == []
        assert client.send("POST", "/leads/bulk", {"leads": rows[:2]}).status_code == 200


def test_a_bulk_answer_may_lack_a_row_that_was_written(sandbox: Sandbox) -> None:
    sandbox.inject(Fault("edit", path="/leads/bulk", edit=lambda body: {**body, "data": body["data"][1:]}))
    rows = [{**LEAD, "email": f"{number}@example.com"} for number in range(3)]

    answer = Client(sandbox, "prospectb2b").send("POST", "/leads/bulk", {"leads": rows})

    assert [row["email"] for row in answer.json()["data"]] == ["1@example.com", "2@example.com"]
    assert {"0@example.com", "1@example.com", "2@example.com"} <= {row["email"] for row in sandbox.truth("leads")}
    assert answer.json()["request_id"] == sandbox.requests[-1].request_id


def test_a_write_may_be_performed_and_answered_with_an_error(sandbox: Sandbox) -> None:
    sandbox.inject(Fault("lost", path="/prospects", status=504))
    client = Client(sandbox, "hiringcenter")

    answers = [client.send("POST", "/prospects", PROSPECT, {"X-Idempotency-Key": "k"}) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [504, 201]
    assert [(request.is_performed, request.is_replay) for request in sandbox.requests] == [(True, False), (False, True)]
    assert [row["email"] for row in sandbox.truth("prospects")].count(PROSPECT["email"]) == 1


@pytest.mark.parametrize("shape", ["current", "older", "mixed"])
def test_hiringcenter_can_be_looked_at_before_writing(shape: Any) -> None:  # noqa: ANN401 - a literal of Variant
    with Sandbox(World(size=9), variant=Variant(hiringcenter_shape=shape)) as sandbox:
        person = sandbox.put("prospects", PROSPECT)
        client = Client(sandbox, "hiringcenter")

        def ids(path: str, **query: str) -> list[str]:
            return client.ids(path, **query)

        assert ids("/prospects", email="ADA@example.com", limit="5") == ids("/prospects", phone="+12125550123", limit="5") == [person["id"]]
        assert ids("/prospects", email="ada", limit="5") == ids("/prospects", phone="12125550123", limit="5") == []
        assert ids("/prospects", email="ada@example.com", phone="+10000000000", limit="5") == []
        for table in ("meetings", "notes", "tasks"):
            # An older page of notes ends at a millisecond, so no two of them share one.
            own = [sandbox.put(table, {"prospectId": person["id"], "createdAt": number})["id"] for number in range(3)]
            assert sorted(ids(f"/{table}", prospectId=person["id"], limit="2")) == sorted(own)
            assert ids(f"/{table}", prospectId="nobody") == []
        for table in ("prospects", "meetings", "notes"):
            row = sandbox.truth(table)[-1]
            body = client.get(f"/{table}/{row['id']}")
            assert {**row, **body.get("item", body)} == {**row, **({"success": True} if "item" not in body and table != "prospects" else {})}
            assert client.send("GET", f"/{table}/none").status_code == 404


def test_what_was_written_to_prospectb2b_can_be_read_by_its_id(sandbox: Sandbox) -> None:
    client = Client(sandbox, "prospectb2b")
    delivery = sandbox.truth("webhook_deliveries")[0]
    paths = {
        "campaigns": "/campaigns/", "exports": "/exports/", "imports": "/imports/", "leads": "/leads/", "support_tickets": "/support/tickets/",
        "prospector_workflows": "/prospector/workflows/", "webhooks": "/webhooks/",
        "webhook_deliveries": f"/webhooks/{delivery['webhook_id']}/deliveries/",
    }  # fmt: skip
    for stream, path in paths.items():
        row = sandbox.truth(stream)[0]
        assert {**row, **client.get(path + row["id"])["data"]} == row


@pytest.mark.parametrize(("system", "path"), [("hiringcenter", "/auth"), ("prospectb2b", "/me")])
def test_a_key_that_may_not_be_used_is_told_apart(sandbox: Sandbox, system: str, path: str) -> None:
    wrong, good = Client(sandbox, system, key="wrong"), Client(sandbox, system)
    assert wrong.send("GET", path).status_code == 401
    fault = Fault("status", system="hiringcenter", status=403, times=None)
    if system == "hiringcenter":
        # No document tells of its scopes.
        sandbox.inject(fault)
    else:
        sandbox.scopes.discard("me.read")

    assert good.send("GET", path).status_code == 403
