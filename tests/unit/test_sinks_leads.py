"""What records ask of ProspectB2B's leads, in each of the three ways to write them."""

from __future__ import annotations

from typing import Any

import pytest

from target_hiringcenter.writes import RejectedError, Write
from tests.unit.sinks import as_the_tap_emits, finds, form, sink

BOB: dict[str, Any] = {"full_name": "Bob", "email": "Bob@example.com", "phone": "+12125550123", "company_name": "C", "notes": "n"}
REST: dict[str, Any] = {"title": "CEO", "location": "Bonn", "tags": ["x", "y"], "value_amount": 12.5, "is_qualified": False}
MATCH = frozenset({"email:bob@example.com", "phone:12125550123"})
MODES = ("bulk", "upsert", "create")


def _patch(body: dict[str, Any]) -> Write:
    return Write("PATCH", "/leads/{id}", body, is_repeatable=True)


@pytest.mark.parametrize("mode", ["bulk", "upsert"])
def test_a_lead_is_upserted_alone_or_in_bulk(mode: str) -> None:
    record = {"id": "l1", **BOB, **REST, "created_at": "2026-01-01T00:00:00.000Z", "object": "lead"}
    found = form("leads", record, leads_write_mode=mode)

    assert found.create == Write("POST", "/leads/upsert", {**BOB, **REST}, takes_key=True, is_repeatable=True)
    assert found.change == _patch({**BOB, **REST})
    assert found.bulk == ({**BOB, **REST} if mode == "bulk" else None)
    assert (found.after_create, found.look, found.own_id, found.upserts) == ((), None, None, True)
    assert (found.match, found.locks) == (MATCH, MATCH | {"phone:2125550123"})


def test_a_lead_is_created_once_and_then_changed() -> None:
    found = form("leads", {"id": "l1", **BOB, **REST}, leads_write_mode="create")

    assert found.create == Write("POST", "/leads", BOB, takes_key=True)
    assert found.after_create == (_patch(REST),)
    assert found.change == _patch({**BOB, **REST})
    assert (found.bulk, found.own_id, found.upserts, found.match) == (None, None, False, MATCH)
    assert found.locks == MATCH | {"phone:2125550123"}
    assert found.look is not None
    assert (found.look.request.path, found.look.request.query) == ("/leads", {})
    assert (found.look.since, found.look.is_always) == ("created_after", False)
    assert form("leads", BOB, leads_write_mode="create").after_create == ()


@pytest.mark.parametrize(
    ("columns", "row", "is_it"),
    [
        ({}, {"email": "BOB@example.com", "full_name": "Bob"}, True),
        ({}, {"email": "bob@example.com", "full_name": "Rob"}, False),
        ({}, {"email": "bob@example.org", "full_name": "Bob", "phone": "+12125550123"}, False),
        ({"email": None}, {"email": None, "full_name": "Bob ", "phone": "(212) 555-0123"}, True),
        ({"email": None}, {"full_name": "Bob", "phone": "+12125550124"}, False),
        ({"email": None}, {"full_name": "Rob", "phone": "+12125550123"}, False),
    ],
    ids=repr,
)
def test_a_created_lead_is_known_by_email_or_phone_and_name(columns: dict[str, Any], row: dict[str, Any], *, is_it: bool) -> None:
    assert finds(form("leads", {**BOB, **columns}, leads_write_mode="create").look, row) is is_it


@pytest.mark.parametrize("mode", MODES)
def test_a_lead_with_nothing_but_an_id_is_changed_and_never_made(mode: str) -> None:
    found = form("leads", {"id": 7, "title": "CEO", "phone": None}, leads_write_mode=mode)

    assert found.change == _patch({"title": "CEO"})
    assert (found.create, found.bulk, found.look, found.own_id, found.upserts) == (None, None, None, "7", False)
    assert found.lacks == "has neither e-mail nor phone, one of which a new lead needs"
    assert found.match == found.locks == {"id:7"}
    assert form("leads", {"id": 7}, leads_write_mode=mode).change is None


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [
        ("due_date", "2026-07-01T10:00:00+02:00", "2026-07-01T08:00:00.000Z"),
        ("value_amount", "12.50", 12.5),
        ("value_amount", 0, 0),
        ("is_qualified", 1, True),
        ("tags", "a, b", ["a", "b"]),
        ("tags", [None, "a"], ["a"]),
        ("column_id", 5, "5"),
        ("owner_user_id", "u", "u"),
    ],
    ids=repr,
)
def test_each_column_of_a_lead_goes_as_the_api_wants_it(mode: str, column: str, value: object, expected: object) -> None:
    found = form("leads", {**BOB, column: value}, leads_write_mode=mode).change

    assert found is not None
    assert found.body == {**BOB, column: expected}


@pytest.mark.parametrize("mode", MODES)
def test_nothing_is_never_sent(mode: str) -> None:
    record = {**BOB, **dict.fromkeys(("phone", "company_name", "notes", "title", "tags", "due_date", "is_qualified"), None), "location": " "}
    found = form("leads", record, leads_write_mode=mode, null_policy="clear").change

    assert found is not None
    assert found.body == {"full_name": "Bob", "email": "Bob@example.com"}


@pytest.mark.parametrize(
    ("record", "mode", "column", "reason"),
    [
        ({"full_name": "Bob"}, "bulk", None, "has no e-mail, no phone and no id, so that its lead could not be found again"),
        ({"full_name": "Bob", "phone": "none"}, "upsert", None, "has no e-mail, no phone and no id, so that its lead could not be found again"),
        ({"email": "bob@example.com"}, "create", "full_name", "is required"),
        ({**BOB, "email": "secret"}, "bulk", "email", "must be an e-mail address"),
        ({**BOB, "value_amount": "secret"}, "bulk", "value_amount", "must be a number"),
        ({**BOB, "due_date": "secret"}, "bulk", "due_date", "must be a date, a time or Unix milliseconds"),
        ({**BOB, "is_qualified": "secret"}, "bulk", "is_qualified", "must be true or false"),
        ({**BOB, "tags": {"secret": 1}}, "bulk", "tags", "must be a list of texts"),
        ({**BOB, "_sdc_deleted_at": "x"}, "bulk", None, "is deleted in the source, and ProspectB2B has no operation that deletes it"),
    ],
    ids=repr,
)
def test_what_can_not_be_written_is_rejected_with_its_column(record: dict[str, Any], mode: str, column: str | None, reason: str) -> None:
    with pytest.raises(RejectedError) as refused:
        form("leads", record, leads_write_mode=mode, allow_deletes=True)

    assert (refused.value.column, refused.value.reason) == (column, reason)


def test_without_a_name_a_lead_can_be_upserted() -> None:
    assert form("leads", {"email": "bob@example.com"}).bulk == {"email": "bob@example.com"}


@pytest.mark.parametrize("mode", MODES)
def test_a_record_of_the_tap_is_taken_back_in(mode: str) -> None:
    row = {
        "id": "lead_1", "object": "lead", "created_at": "2026-03-10T12:00:00.000Z", "updated_at": "2026-03-10T12:00:00.000Z", "full_name": "Bob",
        "email": "bob@example.com", "phone": None, "company_name": "C", "title": "CEO", "location": "Bonn", "tags": ["x"], "is_qualified": True,
        "due_date": "2026-07-01T08:00:00.000Z", "score": 7,
    }  # fmt: skip
    found = form("leads", as_the_tap_emits("leads", row), leads_write_mode=mode)

    assert found.change is not None
    assert found.change.body == {
        "full_name": "Bob", "email": "bob@example.com", "company_name": "C", "title": "CEO", "location": "Bonn", "tags": ["x"], "is_qualified": True,
        "due_date": "2026-07-01T08:00:00.000Z",
    }  # fmt: skip
    assert found.match == {"email:bob@example.com"}


def test_the_sink_says_what_it_needs() -> None:
    made = sink("leads")

    assert "id" in made.reads
    assert (made.scopes, made.row_path, made.bulk_path, dict(made.refers_to)) == (("leads.write",), "/leads/{id}", "/leads/bulk", {})
