"""The sandbox's writes: what they change and what they refuse."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from tests.sandbox import Sandbox, Variant, World
from tests.sandbox.checks import problems_of, without_ancestors
from tests.sandbox.client import Client
from tests.sandbox.operations import CLOSERSHQ, HIRINGCENTER, PROSPECTB2B
from tests.sandbox.rows import STAGES

LEAD = {"full_name": "Ada Lovelace", "email": "ada@example.com", "phone": "+12125550123", "company_name": "Analytical Engine Inc."}
PROSPECT = {"firstName": "Ada", "lastName": "Lovelace", "email": "ada@example.com", "phone": "+12125550123"}


def write(sandbox: Sandbox, system: str, method: str, path: str, body: Any = None) -> Any:  # noqa: ANN401 - any JSON
    """The JSON of a write that succeeds."""
    answer = Client(sandbox, system).send(method, path, body)
    assert answer.ok, answer.text
    return answer.json()


def one(sandbox: Sandbox, stream: str, row_id: str) -> dict[str, Any]:
    [row] = [row for row in sandbox.truth(stream) if row["id"] == row_id]
    return row


def _writes(sandbox: Sandbox) -> list[tuple[str, str, str, Any]]:
    """One good request for every operation that writes, by the path that it is listed with."""
    workflow, campaign, lead = (sandbox.truth(name)[0]["id"] for name in ("prospector_workflows", "campaigns", "leads"))
    prospect, meeting, delivery = (sandbox.truth(name)[-1] for name in ("prospects", "meetings", "webhook_deliveries"))
    time = {"meetingDate": "2026-07-01T10:00:00Z", "timeZone": "Europe/Berlin", "meetingType": "virtual", "ownerId": "u"}
    about = {"prospectId": prospect["id"]}
    hooks = f"/webhooks/{delivery['webhook_id']}"
    return [
        ("prospectb2b", "POST", "/campaigns", {"prospector_workflow_id": workflow}),
        ("prospectb2b", "PATCH", f"/campaigns/{campaign}", {"status": "active"}),
        ("prospectb2b", "POST", f"/campaigns/{campaign}/publish", None),
        ("prospectb2b", "POST", "/exports", {"include_suppressed": False}),
        (
            "prospectb2b",
            "POST",
            "/imports",
            {"name": "n", "file_name": "f.csv", "file_type": "csv", "file_data": "full_name,email\nA,a@example.com\n"},
        ),
        ("prospectb2b", "POST", "/leads", LEAD),
        ("prospectb2b", "PATCH", f"/leads/{lead}", {"title": "CTO"}),
        ("prospectb2b", "POST", "/leads/bulk", {"leads": [LEAD]}),
        ("prospectb2b", "POST", "/leads/upsert", LEAD),
        ("prospectb2b", "POST", "/prospector/workflows", {"name": "W", "anything": {"goes": True}}),
        ("prospectb2b", "PATCH", f"/prospector/workflows/{workflow}", {"name": "V"}),
        ("prospectb2b", "POST", f"/prospector/workflows/{workflow}/run", None),
        ("prospectb2b", "DELETE", f"/prospector/workflows/{workflow}", None),
        ("prospectb2b", "POST", "/support/tickets", {"subject": "s", "body": "b"}),
        ("prospectb2b", "POST", "/webhooks", {"url": "https://example.com/x", "events": ["lead.created"]}),
        ("prospectb2b", "PATCH", hooks, {"description": "d"}),
        ("prospectb2b", "POST", f"{hooks}/deliveries/{delivery['id']}/retry", None),
        ("prospectb2b", "DELETE", hooks, None),
        ("hiringcenter", "POST", "/prospects", PROSPECT),
        ("hiringcenter", "POST", "/meetings", {**about, **time}),
        ("hiringcenter", "POST", f"/meetings/{meeting['id']}", {"location": None}),
        ("hiringcenter", "DELETE", f"/meetings/{meeting['id']}", None),
        ("hiringcenter", "POST", "/notes", {**about, "body": "<p>x</p>"}),
        ("hiringcenter", "POST", "/tasks", {**about, "assignedTo": "u", "task": "t"}),
        ("hiringcenter", "DELETE", f"/prospects/{prospect['id']}", None),
        ("closershq", "POST", "/crm/prospect", {"email": "a@example.com"}),
        ("closershq", "PATCH", "/crm/prospect", {"email": "a@example.com", "replied": True}),
        ("closershq", "DELETE", "/crm/prospect", {"email": "a@example.com"}),
    ]


def test_every_write_is_reachable_and_leaves_rows_that_fit(sandbox: Sandbox) -> None:
    writes = _writes(sandbox)
    assert len(writes) == sum(operation.method != "GET" for operation in (*PROSPECTB2B, *HIRINGCENTER, *CLOSERSHQ))

    for system, method, path, body in writes:
        write(sandbox, system, method, path, body)

    for stream in (
        "leads",
        "campaigns",
        "campaign_runs",
        "campaign_run_events",
        "prospector_runs",
        "imports",
        "exports",
        "webhooks",
        "meetings",
        "tasks",
    ):
        assert problems_of(stream, [without_ancestors(stream, row) for row in sandbox.truth(stream)]) == []
    assert sandbox.truth("closershq_prospects") == []


_MEETING = {"meetingDate": 1, "timeZone": "UTC", "meetingType": "phone", "ownerId": "u"}


@pytest.mark.parametrize(
    ("system", "method", "path", "body", "status"),
    [
        ("hiringcenter", "POST", "/prospects", {"firstName": "A"}, 400),
        ("hiringcenter", "POST", "/prospects", {**PROSPECT, "firstName": None}, 400),
        ("hiringcenter", "POST", "/prospects", {**PROSPECT, "email": "no"}, 400),
        ("hiringcenter", "POST", "/prospects", {**PROSPECT, "labels": None}, 400),
        ("hiringcenter", "POST", "/prospects", {**PROSPECT, "labels": [1]}, 400),
        ("hiringcenter", "POST", "/prospects", {**PROSPECT, "licenseStatus": "lost"}, 400),
        ("hiringcenter", "POST", "/prospects", {**PROSPECT, "stageId": "none"}, 400),
        ("hiringcenter", "POST", "/prospects", {**PROSPECT, "currentStageId": STAGES[0][0]}, 400),
        ("hiringcenter", "POST", "/prospects", {**PROSPECT, "update": "yes"}, 400),
        ("hiringcenter", "POST", "/prospects", [PROSPECT], 400),
        ("hiringcenter", "POST", "/prospects", None, 415),
        ("hiringcenter", "DELETE", "/prospects/none", None, 404),
        ("hiringcenter", "POST", "/meetings", {**_MEETING, "prospectId": "none"}, 404),
        ("hiringcenter", "POST", "/meetings", {**_MEETING, "prospectId": "none", "timeZone": "Mars/Base"}, 400),
        ("hiringcenter", "POST", "/meetings", {**_MEETING, "prospectId": "none", "meetingDate": "soon"}, 400),
        ("hiringcenter", "POST", "/meetings/none", {"location": "x"}, 404),
        ("hiringcenter", "POST", "/meetings/none", {"prospectId": "x"}, 400),
        ("hiringcenter", "POST", "/meetings/none", {"ownerId": None}, 400),
        ("hiringcenter", "POST", "/notes", {"prospectId": "none", "note": "x"}, 400),
        ("hiringcenter", "POST", "/notes", {"prospectId": "none", "body": "x", "fileUrl": "x"}, 400),
        ("hiringcenter", "POST", "/tasks", {"prospectId": "none", "assignTo": "u", "task": "t"}, 400),
        ("prospectb2b", "POST", "/leads", {"email": "a@example.com"}, 400),
        ("prospectb2b", "POST", "/leads", {"full_name": "A"}, 400),
        ("prospectb2b", "POST", "/leads", {**LEAD, "title": "CTO"}, 400),
        ("prospectb2b", "POST", "/leads", {**LEAD, "column_id": "1"}, 400),
        ("prospectb2b", "POST", "/leads/upsert", {"full_name": "A"}, 400),
        ("prospectb2b", "POST", "/leads/upsert", {**LEAD, "id": "none"}, 400),
        ("prospectb2b", "POST", "/leads/upsert", {**LEAD, "due_date": "2026-07-01"}, 400),
        ("prospectb2b", "POST", "/leads/upsert", {**LEAD, "tags": "a"}, 400),
        ("prospectb2b", "POST", "/leads/bulk", {"leads": []}, 400),
        ("prospectb2b", "PATCH", "/leads/none", {"title": "x"}, 404),
        ("prospectb2b", "DELETE", "/leads/none", None, 405),
        ("prospectb2b", "POST", "/campaigns", {"prospector_workflow_id": "none"}, 400),
        ("prospectb2b", "PATCH", "/campaigns/none", {"status": "great"}, 400),
        ("prospectb2b", "POST", "/webhooks", {"url": "https://example.com", "events": ["lead.deleted"]}, 400),
        ("prospectb2b", "POST", "/webhooks", {"url": "example.com", "events": ["lead.created"]}, 400),
        ("prospectb2b", "POST", "/imports", {"name": "n"}, 400),
        ("prospectb2b", "DELETE", "/webhooks/none", {"x": 1}, 400),
        ("closershq", "POST", "/crm/prospect", {"firstName": "A"}, 400),
        ("closershq", "POST", "/crm/prospect", {"email": "a@example.com", "title": "CTO"}, 400),
        ("closershq", "PATCH", "/crm/prospect", {"email": "nobody@example.com"}, 404),
        ("closershq", "DELETE", "/crm/prospect", None, 400),
    ],
)
def test_a_wrong_body_is_refused_and_changes_nothing(sandbox: Sandbox, system: str, method: str, path: str, body: Any, status: int) -> None:  # noqa: ANN401, PLR0913, PLR0917 - a table
    before = {stream: sandbox.truth(stream) for stream in ("prospects", "meetings", "notes", "tasks", "leads", "campaigns", "closershq_prospects")}

    assert Client(sandbox, system).send(method, path, body).status_code == status

    assert {stream: sandbox.truth(stream) for stream in before} == before


def test_a_prospect_is_matched_by_email_then_by_phone(sandbox: Sandbox) -> None:
    made = write(sandbox, "hiringcenter", "POST", "/prospects", {**PROSPECT, "title": "Countess"})["item"]
    same = write(sandbox, "hiringcenter", "POST", "/prospects", {"firstName": "A", "lastName": "L", "email": "ADA@example.com", "company": "Engine"})[
        "item"
    ]
    third = write(sandbox, "hiringcenter", "POST", "/prospects", {"firstName": "A", "lastName": "L", "phone": "+12125550123", "title": None})["item"]

    assert made["id"] == same["id"] == third["id"]
    assert (same["title"], third["title"], third["company"], third["email"]) == ("Countess", None, "Engine", "ADA@example.com")
    assert made["currentStage"] == "New Lead"
    assert len(sandbox.truth("prospects")) == 13


def test_stage_pipeline_and_labels_of_a_prospect(sandbox: Sandbox) -> None:
    stage, pipeline = STAGES[2], STAGES[5][2]
    by_stage = write(sandbox, "hiringcenter", "POST", "/prospects", {**PROSPECT, "stageId": stage[0], "pipelineId": pipeline, "labels": "a, b"})[
        "item"
    ]
    by_pipeline = write(sandbox, "hiringcenter", "POST", "/prospects", {**PROSPECT, "pipelineId": pipeline, "labels": ["c"]})["item"]

    assert (by_stage["currentStage"], by_stage["labels"]) == (stage[1], ["a", "b"])
    assert (by_pipeline["currentStage"], by_pipeline["labels"]) == (STAGES[4][1], ["c"])
    with Sandbox(variant=Variant(labels_update="merge")) as merging:
        write(merging, "hiringcenter", "POST", "/prospects", {**PROSPECT, "labels": ["a"]})
        assert write(merging, "hiringcenter", "POST", "/prospects", {**PROSPECT, "labels": ["b", "a"]})["item"]["labels"] == ["a", "b"]


def test_a_bad_phone_is_a_warning(sandbox: Sandbox) -> None:
    for phone in ("+11125550123", "+12121550123", "call me"):
        item = write(sandbox, "hiringcenter", "POST", "/prospects", {**PROSPECT, "phone": phone})["item"]
        assert item["phone"] is None
        assert item["message"]
        assert one(sandbox, "prospects", item["id"])["message"] is None


def test_without_update_a_match_is_returned_or_doubled(sandbox: Sandbox) -> None:
    body = {**PROSPECT, "firstName": "Other", "update": False}
    made = write(sandbox, "hiringcenter", "POST", "/prospects", PROSPECT)["item"]
    assert write(sandbox, "hiringcenter", "POST", "/prospects", body)["item"] == made
    for variant in (Variant(update_false="duplicates"), Variant(hiringcenter_shape="older")):
        with Sandbox(World(prospects=0), variant=variant) as doubling:
            write(doubling, "hiringcenter", "POST", "/prospects", {**PROSPECT, "update": True})
            write(doubling, "hiringcenter", "POST", "/prospects", body)
            assert len(doubling.truth("prospects")) == 2


def test_the_older_hiringcenter_has_other_names_and_defaults() -> None:
    with Sandbox(variant=Variant(hiringcenter_shape="older")) as sandbox:
        prospect = write(sandbox, "hiringcenter", "POST", "/prospects", PROSPECT)
        assert prospect["email"] == PROSPECT["email"]
        assert write(sandbox, "hiringcenter", "POST", "/prospects", PROSPECT)["id"] != prospect["id"]
        assert Client(sandbox, "hiringcenter").send("POST", "/prospects", {**PROSPECT, "title": None}).status_code == 400
        note = write(sandbox, "hiringcenter", "POST", "/notes", {"prospectId": prospect["id"], "note": "<p>x</p>"})
        task = write(sandbox, "hiringcenter", "POST", "/tasks", {"prospectId": prospect["id"], "task": "t", "assignTo": "u", "due": 5})

        assert (note["body"], note["success"]) == ("<p>x</p>", True)
        assert (task["assignedTo"], task["dueAt"]) == ("u", 5)


def test_a_meeting_is_made_and_changed(sandbox: Sandbox) -> None:
    body = {**_MEETING, "prospectId": sandbox.truth("prospects")[0]["id"], "meetingDate": "2024-05-31T15:40:00Z", "notes": "n"}
    by_key = write(sandbox, "hiringcenter", "POST", "/meetings", body)["item"]
    by_user = write(sandbox, "hiringcenter", "POST", "/meetings", {**body, "userId": "u"})["item"]
    assert (by_key["createdBy"], by_key["createdByApi"], by_key["meetingDate"]) == (None, True, 1_717_170_000_000)
    assert (by_user["createdBy"], by_user["createdByApi"], by_user["createdByApiKeyId"]) == ("u", False, None)

    changed = write(sandbox, "hiringcenter", "POST", f"/meetings/{by_key['id']}", {"notes": None, "userId": "u"})["item"]

    assert changed == {**by_key, "notes": None, "updatedAt": changed["updatedAt"]}


def test_a_lead_is_matched_by_id_email_or_phone(sandbox: Sandbox) -> None:
    made = write(sandbox, "prospectb2b", "POST", "/leads", LEAD)["data"]
    by_email = write(sandbox, "prospectb2b", "POST", "/leads/upsert", {"email": "Ada@Example.com", "title": "CTO"})["data"]
    by_phone = write(sandbox, "prospectb2b", "POST", "/leads/upsert", {"phone": LEAD["phone"], "company_name": None})["data"]
    by_id = write(sandbox, "prospectb2b", "POST", "/leads/upsert", {"id": made["id"], "email": "new@example.com", "notes": "kept, not served"})[
        "data"
    ]

    assert made["id"] == by_email["id"] == by_phone["id"] == by_id["id"]
    assert (by_id["title"], by_id["company_name"], by_id["email"], by_id["full_name"]) == ("CTO", None, "new@example.com", "Ada Lovelace")
    assert "notes" not in by_id
    assert write(sandbox, "prospectb2b", "POST", "/leads", LEAD)["data"]["id"] != made["id"]
    with Sandbox(variant=Variant(lead_create_existing="conflict")) as strict:
        write(strict, "prospectb2b", "POST", "/leads", LEAD)
        assert Client(strict, "prospectb2b").send("POST", "/leads", LEAD).status_code == 409


@pytest.mark.parametrize(("value", "status", "title"), [("clear", 200, None), ("ignore", 200, "CTO"), ("refuse", 400, "CTO")])
def test_null_may_clear_be_ignored_or_be_refused(value: Any, status: int, title: str | None) -> None:  # noqa: ANN401 - a literal of Variant
    with Sandbox(variant=Variant(prospectb2b_nulls=value)) as sandbox:
        lead = sandbox.put("leads", {"title": "CTO"})
        assert Client(sandbox, "prospectb2b").send("PATCH", f"/leads/{lead['id']}", {"title": None}).status_code == status
        assert one(sandbox, "leads", lead["id"])["title"] == title


def test_bulk_is_refused_as_a_whole_or_row_by_row() -> None:
    rows = [{**LEAD, "email": f"{number}@example.com", "phone": None} for number in range(4)]
    bad = [*rows[:2], {"full_name": "nobody"}, *rows[2:]]
    with Sandbox(World(leads=0), variant=Variant(bulk_max=5)) as sandbox:
        refused = Client(sandbox, "prospectb2b").send("POST", "/leads/bulk", {"leads": bad})
        assert (refused.status_code, len(sandbox.truth("leads"))) == (400, 0)
        assert "leads[2]" in refused.json()["error"]["message"]
        assert Client(sandbox, "prospectb2b").send("POST", "/leads/bulk", {"leads": rows * 2}).status_code == 400
    with Sandbox(World(leads=0), variant=Variant(bulk_refusal="rows", bulk_order="shuffled")) as sandbox:
        body = write(sandbox, "prospectb2b", "POST", "/leads/bulk", {"leads": bad})
        emails = [row["email"] for row in body["data"]]
        assert sorted(emails) == [row["email"] for row in rows]
        assert emails != sorted(emails)
        assert body["pagination"] == {"next_cursor": None, "has_more": False}
        twice = write(sandbox, "prospectb2b", "POST", "/leads/bulk", {"leads": [rows[0], {**rows[0], "title": "last"}]})
        assert [row["title"] for row in twice["data"]] == ["last"]


@pytest.mark.parametrize("wait", ["polls", "clock"])
def test_an_import_ends_after_some_looks_or_some_time(sandbox: Sandbox, wait: str) -> None:
    text = "full_name,email,ignored\nBob,bob@example.com,1\nNobody,,2\nCarl,carl@example.com,3\n"
    body = {"name": "n", "file_name": "f.csv", "file_type": "csv", "file_data": base64.b64encode(text.encode()).decode()}
    job = write(sandbox, "prospectb2b", "POST", "/imports", body)["data"]
    client = Client(sandbox, "prospectb2b")
    assert job["status"] == "queued"
    if wait == "clock":
        sandbox.clock.advance(61)

    seen = [client.get(f"/imports/{job['id']}")["data"]["status"] for _ in range(3)]

    assert seen == (["completed"] * 3 if wait == "clock" else ["processing", "processing", "completed"])
    done = one(sandbox, "imports", job["id"])
    assert (done["total_rows"], done["imported_rows"], done["error_count"]) == (3, 2, 1)
    assert [row for row in sandbox.truth("import_errors") if row["import_id"] == job["id"]] == [
        {"row": 2, "message": "A lead needs an id, an email or a phone.", "import_id": job["id"]}
    ]
    assert {"bob@example.com", "carl@example.com"} <= {lead["email"] for lead in sandbox.truth("leads")}


def test_an_export_ends_and_can_be_downloaded(sandbox: Sandbox) -> None:
    job = write(sandbox, "prospectb2b", "POST", "/exports", {"include_suppressed": True})["data"]
    client = Client(sandbox, "prospectb2b")
    assert client.get(f"/exports/{job['id']}/download")["data"]["download_ready"] is False
    sandbox.clock.advance(61)

    assert job["id"] in client.ids("/exports")

    done = client.get(f"/exports/{job['id']}/download")["data"]
    assert (done["status"], done["download_ready"]) == ("completed", True)


def test_a_campaign_is_published_and_a_workflow_runs(sandbox: Sandbox) -> None:
    workflow = write(sandbox, "prospectb2b", "POST", "/prospector/workflows", {"name": "W", "free": 1})["data"]
    campaign = write(sandbox, "prospectb2b", "POST", "/campaigns", {"prospector_workflow_id": workflow["id"]})["data"]
    published = write(sandbox, "prospectb2b", "POST", f"/campaigns/{campaign['id']}/publish", {"apply_strategy": "new"})["data"]
    run = write(sandbox, "prospectb2b", "POST", f"/prospector/workflows/{workflow['id']}/run")["data"]

    assert (campaign["status"], published["status"], published["enabled"]) == ("draft", "active", True)
    assert [row["campaign_id"] for row in sandbox.truth("campaign_runs")].count(campaign["id"]) == 1
    assert (run["workflow_id"], run["status"]) == (workflow["id"], "queued")
    assert write(sandbox, "prospectb2b", "DELETE", f"/prospector/workflows/{workflow['id']}")["data"] == workflow
    assert Client(sandbox, "prospectb2b").send("GET", f"/prospector/runs/{run['id']}").status_code == 404


def test_a_webhook_shows_its_secret_once(sandbox: Sandbox) -> None:
    made = write(sandbox, "prospectb2b", "POST", "/webhooks", {"url": "https://example.com/x", "events": ["lead.created"]})["data"]

    assert made["signing_secret"].startswith(made["signing_secret_prefix"])
    assert "signing_secret" not in one(sandbox, "webhooks", made["id"])


def test_a_retried_delivery_is_one_more_attempt(sandbox: Sandbox) -> None:
    delivery = sandbox.truth("webhook_deliveries")[0]
    path = f"/webhooks/{delivery['webhook_id']}/deliveries/{delivery['id']}/retry"

    assert write(sandbox, "prospectb2b", "POST", path)["data"]["attempt_count"] == delivery["attempt_count"] + 1
    other = sandbox.truth("webhooks")[-1]["id"]
    assert other != delivery["webhook_id"]
    assert Client(sandbox, "prospectb2b").send("POST", path.replace(delivery["webhook_id"], other)).status_code == 404
