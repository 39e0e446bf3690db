"""The sandbox refuses what the documents don't allow, and plays each way of reading that they leave open."""

from __future__ import annotations

import http.client
import itertools
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
import requests

from tests.sandbox import Sandbox, Variant, World
from tests.sandbox.client import Client
from tests.sandbox.operations import HIRINGCENTER, PROSPECTB2B

if TYPE_CHECKING:
    from tests.sandbox.calls import Operation

WORLD = World(seed=3, size=30)


def playing(world: World = WORLD, **choices: Any) -> Sandbox:  # noqa: ANN401 - choices of all kinds
    return Sandbox(world, variant=Variant(**choices))


def ids_of(sandbox: Sandbox, stream: str) -> list[str]:
    return [row["id"] for row in sandbox.truth(stream)]


@pytest.mark.parametrize(
    ("system", "path", "query", "status"),
    [
        ("prospectb2b", "/leeds", {}, 404),
        ("prospectb2b", "/leads/none", {}, 404),
        ("prospectb2b", "/leads/none/activities", {}, 404),
        ("prospectb2b", "/exports/none/download", {}, 404),
        ("prospectb2b", "/leads", {"colour": "red"}, 400),
        ("prospectb2b", "/leads", {"limit": "0"}, 400),
        ("prospectb2b", "/leads", {"limit": "201"}, 400),
        ("prospectb2b", "/leads", {"limit": "x"}, 400),
        ("prospectb2b", "/leads", {"limit": ["1", "2"]}, 400),
        ("prospectb2b", "/leads", {"cursor": "never"}, 400),
        ("prospectb2b", "/leads", {"updated_after": "yesterday"}, 400),
        ("prospectb2b", "/leads", {"updated_after": "2026-03-01"}, 400),
        ("prospectb2b", "/campaigns", {"limit": "5"}, 400),
        ("prospectb2b", "/campaigns", {"updated_after": "2026-03-01T00:00:00Z"}, 400),
        ("prospectb2b", "/me", {"cursor": "x"}, 400),
        ("hiringcenter", "/prospects", {"pageToken": "x"}, 400),
        ("hiringcenter", "/prospects", {"updatedAfter": "1"}, 400),
        ("hiringcenter", "/prospects", {"label": ",".join("abcdefghijk")}, 400),
        ("hiringcenter", "/prospects/none", {}, 404),
        ("hiringcenter", "/meetings", {"limit": "201"}, 400),
        ("hiringcenter", "/meetings", {"pageToken": "x"}, 400),
        ("hiringcenter", "/meetings", {"meetingDateAfter": "soon"}, 400),
        ("hiringcenter", "/tasks", {"limit": "201"}, 400),
        ("hiringcenter", "/tasks", {"incompleteOnly": "yes"}, 400),
        ("hiringcenter", "/notes", {"startAfter": "1"}, 400),
        ("hiringcenter", "/webhooks/poll", {"eventType": "prospect.updated"}, 400),
        ("closershq", "/crm/prospect", {}, 405),
    ],
)
def test_what_is_not_documented_is_refused(sandbox: Sandbox, system: str, path: str, query: dict[str, Any], status: int) -> None:
    answer = Client(sandbox, system).send("GET", path, **query)

    assert answer.status_code == status
    assert sandbox.requests[-1].status == status
    if system == "hiringcenter":
        assert answer.json().keys() == {"error", "message"}
    if system == "prospectb2b":
        assert answer.json()["error"].keys() == {"code", "message"}


@pytest.mark.parametrize("system", ["hiringcenter", "prospectb2b", "closershq"])
def test_a_wrong_key_is_refused_before_anything_else(sandbox: Sandbox, system: str) -> None:
    assert Client(sandbox, system, key="wrong").send("GET", "/nowhere").status_code == 401
    assert requests.get(getattr(sandbox, f"{system}_url") + "/nowhere", timeout=10).status_code == 401
    assert [request.status for request in sandbox.requests] == [401, 401]


@pytest.mark.parametrize("operation", PROSPECTB2B, ids=lambda operation: f"{operation.method} {operation.path}")
def test_each_operation_needs_its_scope(sandbox: Sandbox, operation: Operation) -> None:
    sandbox.scopes.discard(operation.scope or "")

    answer = Client(sandbox, "prospectb2b").send(operation.method, operation.path)

    assert answer.status_code == 403
    assert operation.scope is not None
    assert operation.scope in answer.json()["error"]["message"]


def test_a_read_only_membership_reads_and_does_not_write(sandbox: Sandbox) -> None:
    sandbox.read_only = True
    client = Client(sandbox, "prospectb2b")

    assert client.send("GET", "/leads").status_code == 200
    writes = [operation for operation in PROSPECTB2B if operation.method != "GET"]
    assert len(writes) == 18
    assert {client.send(operation.method, operation.path).status_code for operation in writes} == {403}


def test_every_read_is_reachable(sandbox: Sandbox) -> None:
    for system, operations in (("prospectb2b", PROSPECTB2B), ("hiringcenter", HIRINGCENTER)):
        client = Client(sandbox, system)
        for operation in operations:
            if operation.method == "GET":
                client.get(_example(sandbox, operation))


def _example(sandbox: Sandbox, operation: Operation) -> str:
    """The path of an operation with ids that exist."""
    path = operation.path
    if path.endswith("{delivery_id}"):
        delivery = sandbox.truth("webhook_deliveries")[0]
        return f"/webhooks/{delivery['webhook_id']}/deliveries/{delivery['id']}"
    owners = {
        "lead_id": "leads", "field_id": "lead_fields", "campaign_id": "campaigns", "export_id": "exports", "import_id": "imports",
        "thread_id": "inbox_threads", "job_id": "jobs", "workflow_id": "prospector_workflows", "ticket_id": "support_tickets",
        "webhook_id": "webhooks", "run_id": "prospector_runs" if "prospector" in path else "campaign_runs",
        "prospectId": "prospects", "meetingId": "meetings", "noteId": "notes",
    }  # fmt: skip
    for name, stream in owners.items():
        path = path.replace(f"{{{name}}}", sandbox.truth(stream)[0]["id"])
    return path


def test_every_answer_of_prospectb2b_has_a_request_id_of_its_own(sandbox: Sandbox) -> None:
    client = Client(sandbox, "prospectb2b")
    answers = [client.send("GET", path) for path in ("/me", "/leads", "/nowhere", "/me")]

    found = [answer.json()["request_id"] for answer in answers]
    assert len(set(found)) == 4
    assert found == [answer.headers["X-Request-Id"] for answer in answers] == [request.request_id for request in sandbox.requests]


def test_a_connection_stays_open(sandbox: Sandbox) -> None:
    url = urlsplit(sandbox.prospectb2b_url)
    connection = http.client.HTTPConnection(url.hostname or "", url.port)
    ports = set()
    for _ in range(3):
        connection.request("GET", f"{url.path}/me", headers={"Authorization": f"Bearer {sandbox.prospectb2b_key}"})
        assert connection.getresponse().read()
        ports.add(connection.sock and connection.sock.getsockname()[1])
    connection.close()

    assert len(ports) == 1
    assert None not in ports


@pytest.mark.parametrize("cursor", ["id", "live", "offset"])
@pytest.mark.parametrize("order", ["created", "updated", "updated_desc", "shuffled"])
@pytest.mark.parametrize("end", ["absent", "null", "present"])
def test_pages_add_up_to_the_list(cursor: str, order: str, end: str) -> None:
    with playing(cursor=cursor, order=order, next_cursor_at_end=end, prospectb2b_page_size=7) as sandbox:
        client = Client(sandbox, "prospectb2b")
        assert sorted(client.ids("/leads")) == sorted(ids_of(sandbox, "leads"))
        assert len(sandbox.requests) == 5
        assert sorted(client.ids("/jobs")) == sorted(ids_of(sandbox, "jobs"))
        hiringcenter = Client(sandbox, "hiringcenter")
        for table in ("meetings", "notes", "tasks"):
            assert sorted(hiringcenter.ids(f"/{table}", limit=4)) == sorted(ids_of(sandbox, table))


def test_documented_orders_are_kept(sandbox: Sandbox) -> None:
    client = Client(sandbox, "hiringcenter")
    columns = {
        name: [row[field] for page in client.pages(f"/{name}", limit=5) for row in page if row[field] is not None]
        for name, field in (("meetings", "meetingDate"), ("notes", "createdAt"), ("tasks", "dueAt"))
    }

    assert columns["meetings"] == sorted(columns["meetings"], reverse=True)
    assert columns["notes"] == sorted(columns["notes"], reverse=True)
    assert columns["tasks"] == sorted(columns["tasks"])


def test_a_row_that_moves_does_not_move_an_id_cursor() -> None:
    with playing(order="updated", prospectb2b_page_size=10) as sandbox:
        client = Client(sandbox, "prospectb2b")
        first = client.get("/leads")
        sandbox.remove("leads", first["pagination"]["next_cursor"])

        rest = client.ids("/leads", cursor=first["pagination"]["next_cursor"])

        assert len(rest) == 20


@pytest.mark.parametrize(("value", "pages"), [("allowed", 2), ("refused", 1), ("ignored", 1)])
def test_lists_without_parameters_may_treat_their_cursor_as_they_like(value: str, pages: int) -> None:
    with playing(cursor_on_all_lists=value, prospectb2b_page_size=3) as sandbox:
        client = Client(sandbox, "prospectb2b")
        first = client.get("/campaigns")
        second = client.send("GET", "/campaigns", cursor=first["pagination"]["next_cursor"])

        assert second.status_code == (400 if value == "refused" else 200)
        if value != "refused":
            assert len({row["id"] for row in (*first["data"], *second.json()["data"])}) == (6 if pages > 1 else 3)


def test_lists_without_parameters_may_take_a_limit() -> None:
    with playing(limit_on_all_lists=True) as sandbox:
        assert len(Client(sandbox, "prospectb2b").get("/campaigns", limit=2)["data"]) == 2


@pytest.mark.parametrize(("after", "before"), list(itertools.product((True, False), repeat=2)))
def test_bounds_of_the_lead_filters(after: bool, before: bool) -> None:  # noqa: FBT001 - parametrised
    with playing(World(leads=0), after_is_inclusive=after, before_is_inclusive=before) as sandbox:
        for second in range(1, 6):
            sandbox.put("leads", {"full_name": str(second), "updated_at": f"2026-03-01T00:00:0{second}.000Z"})
        sandbox.put("leads", {"full_name": "null", "updated_at": None})

        found = Client(sandbox, "prospectb2b").get("/leads", updated_after="2026-03-01T00:00:02Z", updated_before="2026-03-01T01:00:04.000+01:00")

        assert [row["full_name"] for row in found["data"]] == ["2"] * after + ["3"] + ["4"] * before


def test_null_times_may_pass_the_filters_and_filters_may_be_ignored() -> None:
    for variant, count in (({"null_times": "included"}, 1), ({}, 0), ({"updated_filters": "ignored"}, 2)):
        with playing(World(leads=0), **variant) as sandbox:
            sandbox.put("leads", {"updated_at": None})
            sandbox.put("leads", {"updated_at": "2026-03-01T00:00:00.000Z"})

            assert len(Client(sandbox, "prospectb2b").get("/leads", updated_after="2026-04-01T00:00:00.000Z")["data"]) == count


def test_prospects_without_a_cap() -> None:
    with Sandbox(WORLD) as sandbox:
        client = Client(sandbox, "hiringcenter")
        assert len(client.get("/prospects")["items"]) == 25
        body = client.get("/prospects", limit=1000)

        assert len(body["items"]) == 30
        assert body["pagination"] == {"totalCount": 30}


def test_prospects_by_token() -> None:
    with playing(prospects_paging="token", prospects_cap=8) as sandbox:
        client = Client(sandbox, "hiringcenter")

        assert sorted(client.ids("/prospects", limit=1000)) == sorted(ids_of(sandbox, "prospects"))
        assert len(sandbox.requests) == 4


def test_prospects_with_a_cap_can_be_read_by_stage() -> None:
    for paging, status in (("cap_silent", 200), ("cap_refused", 400)):
        with playing(prospects_paging=paging, prospects_cap=15) as sandbox:
            client = Client(sandbox, "hiringcenter")
            assert client.send("GET", "/prospects", limit=16).status_code == status
            body = client.get("/prospects", limit=15)
            assert (len(body["items"]), body["pagination"]["totalCount"]) == (15, 30)
            stages = {row["currentStage"] for row in sandbox.truth("prospects")}

            found = [row["id"] for stage in stages for row in client.get("/prospects", limit=15, stage=stage)["items"]]

            assert sorted(found) == sorted(ids_of(sandbox, "prospects"))


def test_a_total_may_count_what_was_returned() -> None:
    with playing(total_is="returned", hiringcenter_totals=True) as sandbox:
        client = Client(sandbox, "hiringcenter")
        assert client.get("/prospects", limit=10)["pagination"]["totalCount"] == 10
        assert client.get("/meetings", limit=10)["pagination"]["totalCount"] == 24


def test_filters_of_prospects(sandbox: Sandbox) -> None:
    client = Client(sandbox, "hiringcenter")
    sandbox.put("prospects", {"firstName": "Ada", "lastName": "King", "email": "Ada@Example.com", "labels": ["a", "b"], "company": "Engine Ltd"})

    def count(**query: Any) -> int:  # noqa: ANN401 - any filter
        return int(client.get("/prospects", **query)["pagination"]["totalCount"])

    assert count(email="ada@example.com") == count(name="ada king") == count(company="Engine Ltd") == 1
    assert count(label=["x", "b"]) == count(label="x,b") == 1
    assert count(company="Engine") == count(email="nobody@example.com") == 0
    with playing(text_filters="partial") as partial:
        partial.put("prospects", {"company": "Engine Ltd"})
        assert Client(partial, "hiringcenter").get("/prospects", company="engine")["pagination"]["totalCount"] == 1


def test_filters_of_the_other_lists(sandbox: Sandbox) -> None:
    client = Client(sandbox, "hiringcenter")
    prospect = sandbox.truth("prospects")[0]["id"]
    meeting = sandbox.put("meetings", {"prospectId": prospect, "meetingDate": 1_717_170_000_000})
    task = sandbox.put("tasks", {"prospectId": prospect, "completedAt": None, "assignedTo": "somebody"})

    assert client.ids("/meetings", meetingDateBefore="2024-05-31T15:40:00.000Z") == [meeting["id"]]
    assert client.ids("/meetings", meetingDateBefore="1717169999999") == []
    assert client.ids("/tasks", assignedTo="somebody", incompleteOnly="true") == [task["id"]]
    assert set(client.ids("/notes", prospectId=prospect)) == {row["id"] for row in sandbox.truth("notes") if row["prospectId"] == prospect}
