"""What records ask of ProspectB2B: campaigns, workflows, webhooks and their deliveries, tickets, imports and exports."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from target_hiringcenter.writes import Form, Probe, RejectedError, Write
from tests.unit.sinks import as_the_tap_emits, finds, form, sink

GONE = {"_sdc_deleted_at": "2026-03-01T00:00:00Z"}
STAMPS = {"created_at": "2026-03-10T12:00:00.000Z", "updated_at": "2026-03-10T12:00:00.000Z"}
HOOK: dict[str, Any] = {"url": "https://example.com/hook", "description": "d", "events": ["lead.created"]}
TICKET = {"subject": "s", "body": "b"}
FILE = {"name": "n", "file_name": "f.csv", "file_type": "csv", "file_data": "a,b\n1,2\n"}
RUNS = Probe("/prospector/workflows/{id}/runs")


def _post(path: str, body: dict[str, Any] | None) -> Write:
    return Write("POST", path, body, takes_key=True)


def _patch(path: str, body: dict[str, Any]) -> Write:
    return Write("PATCH", path, body, is_repeatable=True)


def test_a_campaign_is_made_given_its_status_and_published() -> None:
    record = {"id": "c1", "prospector_workflow_id": "w1", "status": "paused", "enabled": True, "publish": "true", "apply_strategy": "new"}
    found = form("campaigns", record)

    status = _patch("/campaigns/{id}", {"status": "paused"})
    assert found.create == _post("/campaigns", {"prospector_workflow_id": "w1"})
    assert (found.change, found.after_create) == (status, (status,))
    publish = Write("POST", "/campaigns/{id}/publish", {"apply_strategy": "new"}, takes_key=True, probe=Probe("/campaigns/{id}/runs"))
    assert found.actions == (publish,)
    assert (found.own_id, found.upserts) == ("c1", False)
    assert found.look is not None
    assert (found.look.request.path, found.look.request.query, found.look.is_always) == ("/campaigns", {}, False)
    assert finds(found.look, {"id": "c7", "prospector_workflow_id": "w1", "status": "draft"})
    assert not finds(found.look, {"id": "c7", "prospector_workflow_id": "w2"})
    assert found.locks == {f"campaigns:{found.look.wanted}"}


@pytest.mark.parametrize(
    ("record", "has_create", "has_change", "publications"),
    [
        ({"prospector_workflow_id": "w1"}, True, False, []),
        ({"prospector_workflow_id": "w1", "publish": False, "apply_strategy": "new"}, True, False, []),
        ({"status": "active"}, False, True, []),
        ({"publish": True}, False, False, [None]),
        ({"publish": 1, "apply_strategy": ""}, False, False, [None]),
        ({"publish": None}, False, False, []),
    ],
    ids=repr,
)
def test_a_campaign_asks_for_what_its_columns_say(record: dict[str, Any], publications: list[Any], *, has_create: bool, has_change: bool) -> None:
    found = form("campaigns", {"id": "c1", **record})

    assert (found.create is not None, found.change is not None) == (has_create, has_change)
    assert found.after_create == ()
    assert (found.look is not None) is has_create
    assert [write.body for write in found.actions] == publications
    assert found.lacks == "names no prospector_workflow_id, which a new campaign needs"


def test_a_workflow_is_whatever_its_columns_say() -> None:
    more = {"depth": {"of": [Decimal("1.5"), None]}, "limit": 0, "on": False, "to": []}
    record = {"id": "w1", "object": "o", **STAMPS, "name": "W", **more, "empty": None, "blank": "", "_sdc_batched_at": "x", "run": False}
    found = form("prospector_workflows", {**record, "additional_properties": {"extra": 1, "name": "other", "object": "p"}})

    body = {"name": "W", "depth": {"of": [1.5, None]}, "limit": 0, "on": False, "to": [], "extra": 1}
    assert found.create == _post("/prospector/workflows", body)
    assert found.change == _patch("/prospector/workflows/{id}", body)
    assert (found.actions, found.own_id) == ((), "w1")
    assert found.look is not None
    assert (found.look.request.path, found.look.is_always) == ("/prospector/workflows", False)
    assert finds(found.look, {"id": "w7", "name": "W"})
    assert not finds(found.look, {"id": "w7", "name": "V"})
    assert found.locks == {f"prospector_workflows:{found.look.wanted}"}


def test_a_workflow_is_run_and_may_be_nothing_but_run() -> None:
    run = Write("POST", "/prospector/workflows/{id}/run", takes_key=True, probe=RUNS)

    assert form("prospector_workflows", {"name": "W", "run": True}).actions == (run,)
    found = form("prospector_workflows", {"id": "w1", "run": True})
    assert (found.create, found.change, found.look, found.actions, found.own_id) == (None, None, None, (run,), "w1")
    assert found.lacks == "has nothing that a new workflow could be made of"


def test_a_workflow_is_deleted_by_its_id_alone() -> None:
    found = form("prospector_workflows", {"id": "w1", "name": "W", **GONE}, allow_deletes=True)

    assert found.look
    # What it finds is what the ledger says of an attempt, if anything: not what the record says, nor one that has no name.
    assert (found.look.is_unsure, found.look.wanted) == (True, "")
    assert not any(finds(found.look, row) for row in ({"name": "W"}, {"name": ""}, {}))
    assert msgspec.structs.replace(found, look=None) == Form(remove=Write("DELETE", "/prospector/workflows/{id}", is_repeatable=True), own_id="w1")


def test_a_webhook_is_made_with_its_secret_and_changed() -> None:
    found = form("webhooks", {"id": "h1", **HOOK, "signing_secret_prefix": "whsec_"})

    assert found.create == _post("/webhooks", HOOK)
    assert found.change == _patch("/webhooks/{id}", HOOK)
    assert (found.own_id, found.secret) == ("h1", True)
    assert found.look is not None
    assert (found.look.request.path, found.look.is_always) == ("/webhooks", True)
    assert finds(found.look, {"id": "h7", "url": HOOK["url"]})
    assert not finds(found.look, {"id": "h7", "url": "https://example.com/other"})
    assert found.locks == {f"webhooks:{found.look.wanted}"}


@pytest.mark.parametrize(
    ("record", "body"),
    [
        ({"description": "d"}, {"description": "d"}),
        ({"url": HOOK["url"]}, {"url": HOOK["url"]}),
        ({"url": HOOK["url"], "events": []}, {"url": HOOK["url"]}),
        ({"events": "a,b"}, {"events": ["a", "b"]}),
        ({"events": [None], "url": ""}, None),
    ],
    ids=repr,
)
def test_a_webhook_that_lacks_something_can_be_changed_and_not_made(record: dict[str, Any], body: dict[str, Any] | None) -> None:
    found = form("webhooks", {"id": "h1", **record})

    assert (found.create, found.lacks) == (None, "lacks url or events, which a new webhook needs")
    assert found.change == (body and _patch("/webhooks/{id}", body))
    assert (found.look is not None) is ("url" in (body or {}))


def test_a_webhook_is_deleted_by_its_id_or_address() -> None:
    whole = form("webhooks", {"id": "h1", **HOOK, **GONE}, allow_deletes=True)
    bare = form("webhooks", {"id": "h1", **GONE}, allow_deletes=True)

    for found in (whole, bare):
        assert found.remove == Write("DELETE", "/webhooks/{id}", is_repeatable=True)
        assert (found.create, found.change, found.own_id, found.secret) == (None, None, "h1", False)
    assert finds(whole.look, {"id": "h7", "url": HOOK["url"]})
    assert whole.locks == form("webhooks", HOOK).locks
    assert (bare.look, bare.locks) == (None, frozenset())


def test_a_delivery_is_retried() -> None:
    found = form("webhook_deliveries", {"webhook_id": "h1", "id": "d1", "retry": True, "status": "failed"})

    path, ids = "/webhooks/{webhook_id}/deliveries/{id}", {"webhook_id": "h1"}
    assert found.actions == (Write("POST", f"{path}/retry", ids=ids, probe=Probe(path, ids, "attempt_count")),)
    assert (found.create, found.change, found.own_id, found.lacks) == (None, None, "d1", "names a delivery that is not known")


def test_a_ticket_is_opened_once_and_looked_for_before() -> None:
    found = form("support_tickets", {"id": "s1", **TICKET, "status": "open"})

    assert found.create == Write("POST", "/support/tickets", TICKET)
    assert (found.change, found.own_id) == (None, "s1")
    assert found.look is not None
    assert (found.look.request.path, found.look.is_always) == ("/support/tickets", True)
    assert finds(found.look, {"id": "s7", "subject": "s", "body": "b ", "status": "closed"})
    assert not finds(found.look, {"id": "s7", "subject": "s", "body": "c"})
    assert not finds(found.look, {"id": "s7", "subject": "t", "body": "b"})
    assert found.locks == {f"support_tickets:{found.look.wanted}"}


def test_a_file_is_imported_as_it_is_and_followed() -> None:
    found = form("imports", {"id": "i1", **FILE})

    assert found.create == _post("/imports", FILE)
    assert (found.change, found.follow, found.own_id) == (None, "/imports/{id}", None)
    assert found.look is not None
    assert (found.look.request.path, found.look.is_always) == ("/imports", False)
    assert finds(found.look, {"id": "i7", "name": "n", "file_name": "f.csv"})
    assert not finds(found.look, {"id": "i7", "name": "n", "file_name": "g.csv"})
    assert not finds(found.look, {"id": "i7", "name": "m", "file_name": "f.csv"})
    assert found.locks == {f"imports:{found.look.wanted}"}


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ([{"a": 1, "b": "x"}], "a,b\n1,x\n"),
        ([{"a": 1}, {"b": None, "a": 2}, {"c": True}], "a,b,c\n1,,\n2,,\n,,true\n"),
        ([{"a": 'say "x", y\n', "b": ["ü", {"c": 1.5}]}], 'a,b\n"say ""x"", y\n","[""ü"", {""c"": 1.5}]"\n'),
        ('[{"a": 1}]', "a\n1\n"),
        (" a,b\n1,2\n\n", " a,b\n1,2\n\n"),
        ("YSxiCg==", "YSxiCg=="),
        ("[1, 2]", "[1, 2]"),
        ('{"a": 1}', '{"a": 1}'),
    ],
    ids=repr,
)
def test_rows_become_a_file_and_a_file_stays(data: object, expected: str) -> None:
    found = form("imports", {**FILE, "file_data": data}).create

    assert found is not None
    assert (found.body or {})["file_data"] == expected


def test_a_file_of_rows_reads_back_as_the_rows() -> None:
    rows = [{"full_name": 'A "B", C', "email": "a@example.com"}, {"full_name": "D\r\nE", "email": "\u00fc"}]
    found = form("imports", {**FILE, "file_data": json.dumps(rows)}).create

    assert found is not None
    assert list(csv.DictReader(io.StringIO((found.body or {})["file_data"], newline=""))) == rows


@pytest.mark.parametrize(("data", "expected"), [('[{"a":1} ]', '[{"a":1} ]'), ([{"a": "ü"}], '[{"a": "ü"}]')], ids=repr)
def test_rows_are_json_in_a_file_that_says_so(data: object, expected: str) -> None:
    record = {**FILE, "file_type": "application/JSON"}

    assert form("imports", {**record, "file_data": data}).create == _post("/imports", {**record, "file_data": expected})


@pytest.mark.parametrize(("record", "body"), [({}, {}), ({"include_suppressed": "true", "status": "x"}, {"include_suppressed": True})], ids=repr)
def test_an_export_is_started_and_followed(record: dict[str, Any], body: dict[str, Any]) -> None:
    found = form("exports", {"id": "e1", **record})

    assert found.create == _post("/exports", body)
    assert (found.change, found.follow, found.own_id) == (None, "/exports/{id}", None)
    assert found.look is not None
    assert (found.look.request.path, found.look.is_always) == ("/exports", False)
    assert finds(found.look, {"id": "e7", "status": "queued"})
    assert found.locks == {f"exports:{found.look.wanted}"}


GOOD: dict[str, dict[str, Any]] = {
    "campaigns": {"prospector_workflow_id": "w1"},
    "prospector_workflows": {"name": "W"},
    "webhooks": HOOK,
    "webhook_deliveries": {"webhook_id": "h1", "id": "d1", "retry": True},
    "support_tickets": TICKET,
    "imports": FILE,
    "exports": {},
}
NO_RETRY = "has nothing to write: a delivery can only be retried, which takes a column retry that is true"
NO_DELETE = "is deleted in the source, and ProspectB2B has no operation that deletes it"


@pytest.mark.parametrize(
    ("stream", "record", "column", "reason"),
    [
        ("campaigns", {"publish": "secret"}, "publish", "must be true or false"),
        ("campaigns", {"status": ["secret"]}, "status", "must be text"),
        ("prospector_workflows", {"run": "secret"}, "run", "must be true or false"),
        ("prospector_workflows", {"depth": {"of": float("nan")}}, "depth", "must be a number"),
        ("prospector_workflows", {"depth": "\ud800"}, "depth", "holds text that is not valid Unicode"),
        ("webhooks", {"url": "secret"}, "url", "must be an http or https address"),
        ("webhooks", {"events": 7}, "events", "must be a list of texts"),
        ("webhook_deliveries", {"retry": False}, None, NO_RETRY),
        ("webhook_deliveries", {"retry": None}, None, NO_RETRY),
        ("webhook_deliveries", {"retry": "secret"}, "retry", "must be true or false"),
        ("webhook_deliveries", {"webhook_id": ""}, "webhook_id", "is required"),
        ("webhook_deliveries", {"id": None}, "id", "is required"),
        ("support_tickets", {"subject": None}, "subject", "is required"),
        ("support_tickets", {"body": " "}, "body", "is required"),
        ("imports", {"name": None}, "name", "is required"),
        ("imports", {"file_name": None}, "file_name", "is required"),
        ("imports", {"file_type": None}, "file_type", "is required"),
        ("imports", {"file_data": ""}, "file_data", "is required"),
        ("imports", {"file_data": []}, "file_data", "has no rows"),
        ("imports", {"file_data": "[]"}, "file_data", "has no rows"),
        ("imports", {"file_data": [{}]}, "file_data", "has no rows"),
        ("imports", {"file_data": ["secret"]}, "file_data", "must be a list of objects"),
        ("imports", {"file_data": [{"a": "\ud800"}]}, "file_data", "holds text that is not valid Unicode"),
        ("exports", {"include_suppressed": "secret"}, "include_suppressed", "must be true or false"),
        ("prospector_workflows", GONE, None, "is deleted in the source, and allow_deletes is off"),
        ("webhooks", GONE, None, "is deleted in the source, and allow_deletes is off"),
        *((stream, GONE, None, NO_DELETE) for stream in GOOD if stream not in {"prospector_workflows", "webhooks"}),
    ],
    ids=repr,
)
def test_what_can_not_be_written_is_rejected_with_its_column(stream: str, record: dict[str, Any], column: str | None, reason: str) -> None:
    with pytest.raises(RejectedError) as refused:
        form(stream, {**GOOD[stream], **record})

    assert (refused.value.column, refused.value.reason) == (column, reason)


@pytest.mark.parametrize("stream", GOOD)
def test_nulls_are_never_sent(stream: str) -> None:
    record = {"status": None, "description": None, "apply_strategy": None, "include_suppressed": None, "whatever": None, **GOOD[stream]}
    found = form(stream, record, null_policy="clear")

    for write in (found.create, found.change, *found.actions):
        assert write is None or None not in (write.body or {}).values()


ROWS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "campaigns": ({"status": "active", "enabled": True, "prospector_workflow_id": "w1"}, {"prospector_workflow_id": "w1"}),
    "prospector_workflows": ({"name": "W", "status": "active", "depth": 2}, {"name": "W", "status": "active", "depth": 2}),
    "webhooks": ({**HOOK, "signing_secret_prefix": "whsec_", "last_delivered_at": None, "disabled_at": None}, HOOK),
    "support_tickets": ({**TICKET, "status": "open", "source": "app"}, TICKET),
    "exports": ({"status": "completed", "row_count": 3, "file_key": "k", "error_message": None}, {}),
}


@pytest.mark.parametrize("stream", ROWS)
def test_a_record_of_the_tap_is_taken_back_in(stream: str) -> None:
    row, expected = ROWS[stream]
    row = {"id": "x1", "object": stream, **STAMPS, **row}
    found = form(stream, as_the_tap_emits(stream, row))

    assert found.create is not None
    assert found.create.body == expected
    if found.look:
        assert finds(found.look, row)


def test_what_the_tap_reads_of_a_file_is_not_the_file() -> None:
    row = {"id": "i1", "object": "import", **STAMPS, "status": "completed", "name": "n", "file_name": "f.csv", "total_rows": 3, "error_count": 0}

    with pytest.raises(RejectedError) as refused:
        form("imports", as_the_tap_emits("imports", row))

    assert (refused.value.column, refused.value.reason) == ("file_type", "is required")


def test_a_delivery_of_the_tap_is_retried_when_it_is_told_to() -> None:
    row = {"id": "d1", "object": "x", **STAMPS, "event": "lead.created", "status": "failed", "attempt_count": 3}
    record = as_the_tap_emits("webhook_deliveries", row, webhook_id="h1")

    assert form("webhook_deliveries", {**record, "retry": True}).actions[0].ids == {"webhook_id": "h1"}


@pytest.mark.parametrize(
    ("stream", "scope", "row_path", "refers_to"),
    [
        ("campaigns", "campaigns.write", "/campaigns/{id}", {"prospector_workflow_id": "prospector_workflows"}),
        ("prospector_workflows", "prospector.run", "/prospector/workflows/{id}", {}),
        ("webhooks", "webhooks.write", "/webhooks/{id}", {}),
        ("webhook_deliveries", "webhooks.write", "/webhooks/{webhook_id}/deliveries/{id}", {"webhook_id": "webhooks"}),
        ("support_tickets", "support.write", "/support/tickets/{id}", {}),
        ("imports", "leads.import", "/imports/{id}", {}),
        ("exports", "leads.export", "/exports/{id}", {}),
    ],
)
def test_sinks_say_what_they_need(stream: str, scope: str, row_path: str, refers_to: dict[str, str]) -> None:
    made = sink(stream)

    assert (made.scopes, made.row_path, made.bulk_path, dict(made.refers_to)) == ((scope,), row_path, None, refers_to)
