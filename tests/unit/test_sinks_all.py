"""What holds for every sink: what it makes of any record can be sent, or the record is rejected; and the documents' bodies come out of it."""

from __future__ import annotations

import json
import random
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from target_hiringcenter.sinks import SINKS
from target_hiringcenter.writes import RejectedError, digest
from tests.sandbox import Variant
from tests.sandbox.bodies import FORMS, find_problem
from tests.unit.sinks import form, sink

if TYPE_CHECKING:
    from target_hiringcenter.writes import Form, Row

STREAMS = [
    "prospects",
    "meetings",
    "notes",
    "tasks",
    "leads",
    "campaigns",
    "prospector_workflows",
    "webhooks",
    "webhook_deliveries",
    "support_tickets",
    "imports",
    "exports",
    "closershq_prospects",
]
MODES = ("bulk", "upsert", "create")
NEWEST = Variant()
UUID = "6b3e1a9d-4c7f-42e8-a5d0-c1f9b2e7a4c6"
TIME = "2026-07-01T12:00:00+02:00"
# For each column a value that the documents allow, in a form in which a pipeline may bring it.
VALUES: Row = {
    "firstName": "Ada", "lastName": "Lovelace", "full_name": "Ada Lovelace", "email": " ada@example.com", "phone": 12125550123, "update": False,
    "stageId": "s1", "currentStageId": "s2", "pipelineId": 9, "licenseStatus": "licensed", "labels": "a, b", "title": "CTO", "company": "C",
    "userId": 4, "streetAddress": "S", "city": "C", "state": "S", "postalCode": 50667, "officeId": "o", "sourceId": "s", "newSourceName": "n",
    "resume": '{"a": 1}', "muteWebhook": "true", "jobId": "j", "prospectId": 7, "meetingDate": TIME, "timeZone": "UTC", "meetingType": "phone",
    "ownerId": "u", "location": "L", "body": "B", "date": "2026-07-01", "createdAt": 1782900000000, "mentions": "[{}]", "pin": 1,
    "fileUrl": "https://example.com/", "assignedTo": "u", "task": "T", "dueAt": TIME, "company_name": "C", "column_id": UUID, "notes": "N",
    "tags": ["x", None], "owner_user_id": UUID, "value_amount": "1.5", "due_date": TIME, "is_qualified": "false", "status": "active",
    "prospector_workflow_id": "w", "publish": "true", "apply_strategy": "new", "name": "N", "run": True, "url": " https://example.com/hook",
    "description": "D", "events": "lead.created,lead.updated", "webhook_id": "h", "id": 3, "retry": 1, "subject": "S", "file_name": "f.csv",
    "file_type": "csv", "file_data": [{"a": 1}], "include_suppressed": "TRUE", "otherAttribute": '{"a": [1]}', "bounced": 0, "openedEmail": 1,
    "replied": "true", "isContacted": False, "unSubscribed": True, "object": "o", "created_at": TIME,
}  # fmt: skip
PATHS = {
    "POST /prospects": "prospect",
    "POST /meetings": "meeting",
    "POST /meetings/{id}": "meeting change",
    "POST /notes": "note",
    "POST /tasks": "task",
    "POST /leads": "lead",
    "POST /leads/upsert": "lead change",
    "PATCH /leads/{id}": "lead change",
    "POST /campaigns": "campaign",
    "PATCH /campaigns/{id}": "campaign change",
    "POST /campaigns/{id}/publish": "publication",
    "POST /exports": "export",
    "POST /imports": "import",
    "POST /support/tickets": "ticket",
    "POST /webhooks": "webhook",
    "PATCH /webhooks/{id}": "webhook change",
    "POST /crm/prospect": "closershq prospect",
    "PATCH /crm/prospect": "closershq change",
    "DELETE /crm/prospect": "closershq removal",
}
FREE = {"POST /prospector/workflows", "PATCH /prospector/workflows/{id}", "POST /prospector/workflows/{id}/run"}
BODILESS = {
    "DELETE /prospects/{id}",
    "DELETE /meetings/{id}",
    "DELETE /prospector/workflows/{id}",
    "DELETE /webhooks/{id}",
    "POST /webhooks/{webhook_id}/deliveries/{id}/retry",
}
# Nothing in these may come out in a reason.
ODD: tuple[Any, ...] = (
    None, "", " ", "secret", "secret@example.com", "a@secret, b", "\ud800secret", "\x00", "7", 7, -7.5, 2**80, 10**400, True, False, float("nan"),
    float("inf"), Decimal("1.5"), Decimal("NaN"), Decimal("1e999999"), [], ["secret"], ["secret", ["x"]], [None], [{"secret": float("nan")}], {},
    {"secret": {"a": [Decimal(1)]}}, {"a": {"\ud800": 1}}, {"\ud800": 1}, "[", "[1]", '{"secret": NaN}', "2026-01-01", TIME, "UTC", "https://[",
    "1e9999999",
)  # fmt: skip


def _writes(found: Form) -> list[tuple[str, Row | None]]:
    writes = (found.create, found.change, found.remove, *found.after_create, *found.actions)
    return [(f"{write.method} {write.path}", None if write.body is None else dict(write.body)) for write in writes if write]


def _outcome(stream: str, record: Row, settings: Row) -> Form | RejectedError:
    try:
        return form(stream, record, **settings)
    except RejectedError as error:
        return error


def test_the_sinks_are_those_of_the_table_in_its_order() -> None:
    assert [sink.name for sink in SINKS] == STREAMS


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("names", ["current", "older"])
@pytest.mark.parametrize("nulls", ["omit", "clear"])
@pytest.mark.parametrize("stream", STREAMS)
def test_every_body_is_as_documented(stream: str, nulls: str, names: str, mode: str) -> None:
    draw = random.Random(f"{stream} {nulls} {names} {mode}")
    settings = {"null_policy": nulls, "hiringcenter_field_names": names, "leads_write_mode": mode, "allow_deletes": True}
    seen = 0
    for _ in range(300):
        record = {name: value for name, value in VALUES.items() if draw.random() < 0.9}
        record.update({name: None for name in record if draw.random() < 0.1})
        if draw.random() < 0.1:
            record["_sdc_deleted_at"] = TIME
        found = _outcome(stream, record, settings)
        if isinstance(found, RejectedError):
            continue
        for line, body in _writes(found):
            seen += 1
            if line in FREE:
                continue
            if line in BODILESS:
                assert body is None
                continue
            name = f"older {PATHS[line]}" if names == "older" and stream in {"notes", "tasks"} else PATHS[line]
            assert find_problem(name, body or {}, NEWEST) is None, (line, body)
            json.dumps(body, allow_nan=False)
    assert seen


def test_every_documented_property_can_be_written() -> None:
    written: dict[str, set[str]] = {}
    for stream in STREAMS:
        for mode in MODES:
            record = {name: value for name, value in VALUES.items() if name != "stageId"}
            by_pipeline = {name: value for name, value in record.items() if name != "currentStageId"}
            for one in (record, by_pipeline):
                for line, body in _writes(form(stream, one, leads_write_mode=mode)):
                    written.setdefault(PATHS.get(line, line), set()).update(body or ())

    for name, properties in FORMS.items():
        # The rows of a bulk request are a form of their own, and a removal is no record.
        if not name.startswith("older ") and name not in {"leads", "closershq removal"}:
            # A lead's id stands in the path.
            assert written[name] == properties.keys() - ({"id"} if name == "lead change" else set()), name


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("stream", STREAMS)
def test_any_record_is_a_form_that_can_be_sent_or_rejected_without_a_word_of_it(stream: str, mode: str) -> None:
    draw = random.Random(f"{stream} {mode}")
    columns = sorted({*sink(stream).reads, "id", "name", "run", "additional_properties"})
    settings = {"leads_write_mode": mode, "null_policy": "clear", "allow_unmatched_creates": True, "allow_deletes": True}
    rejected = 0
    for _ in range(1000):
        record = {name: VALUES[name] for name in columns if name in VALUES}
        record.update({name: draw.choice(ODD) for name in draw.sample(columns, min(len(columns), draw.randint(1, 4)))})
        if record.get("_sdc_deleted_at") and draw.random() < 0.8:
            del record["_sdc_deleted_at"]
        found = _outcome(stream, record, settings)
        if isinstance(found, RejectedError):
            assert "secret" not in found.reason
            assert found.column in {None, *columns} or stream == "prospector_workflows"
            rejected += 1
            continue
        # What ledgers hold, whatever it is put together from.
        writes = (found.create, found.change, found.remove, *found.after_create, *found.actions)
        sent = [(one.method, one.path, one.body, dict(one.query), dict(one.ids)) if one else None for one in writes]
        assert found.content() == digest(sent) == form(stream, record, **settings).content()
        for _line, body in _writes(found):
            json.dumps(body, allow_nan=False, ensure_ascii=False).encode()
        json.dumps([found.own_id, *found.locks, found.look and found.look.request.query, found.bulk], ensure_ascii=False).encode()
        assert found.match <= found.locks
    assert rejected


@pytest.mark.parametrize("stream", [stream for stream in STREAMS if stream != "prospector_workflows"])
def test_a_sink_names_all_columns_that_it_reads(stream: str) -> None:
    reads = sink(stream).reads
    named, whole = form(stream, {name: VALUES[name] for name in VALUES if name in reads}), form(stream, VALUES)

    assert (_writes(named), named.own_id) == (_writes(whole), whole.own_id)
    assert {"additional_properties", "_sdc_deleted_at"} <= reads


@pytest.mark.parametrize("row", [{}, {"id": None}, {name: [1] for name in VALUES}, {name: {"a": 1} for name in VALUES}], ids=repr)
@pytest.mark.parametrize("stream", STREAMS)
def test_a_row_that_is_not_as_documented_is_none_that_was_looked_for(stream: str, row: Row) -> None:
    look = form(stream, VALUES, leads_write_mode="create").look

    # One export is like another.
    assert look is None or stream == "exports" or look.identity(row) != look.wanted
