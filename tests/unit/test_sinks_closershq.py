"""What records ask of ClosersHQ."""

from __future__ import annotations

from typing import Any

import pytest

from target_hiringcenter.writes import RejectedError, Write
from tests.unit.sinks import form, sink

CHO: dict[str, Any] = {"email": "Cho@example.com", "firstName": "Cho", "lastName": "Chang", "otherAttribute": {"house": 1}}
PATH = "/crm/prospect"


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, {}),
        ({"title": "Seeker"}, {"title": "Seeker"}),
        ({"unSubscribed": False}, {"unSubscribed": False}),
        (
            {"bounced": "true", "openedEmail": 1, "replied": 0, "isContacted": "FALSE", "unsubscribed": True},
            {"bounced": True, "openedEmail": True, "replied": False, "isContacted": False},
        ),
        ({"title": None, "replied": None, "lastName": ""}, {}),
    ],
    ids=repr,
)
def test_a_prospect_is_added_and_what_that_can_not_carry_follows(more: dict[str, Any], expected: dict[str, Any]) -> None:
    found = form("closershq_prospects", {**CHO, **more}, null_policy="clear")

    added = {name: value for name, value in CHO.items() if more.get(name, value)}
    change = Write("PATCH", PATH, {**added, **expected}, is_repeatable=True)
    assert found.create == Write("POST", PATH, added, is_repeatable=True)
    assert found.change == change
    assert found.after_create == ((change,) if expected else ())
    assert (found.exists_after_refusal, found.upserts, found.look, found.own_id) == (True, False, None, None)
    assert found.match == found.locks == {"email:cho@example.com"}


@pytest.mark.parametrize(
    ("place", "body", "query"),
    [("body", {"email": "Cho@example.com"}, {}), ("query", None, {"email": "Cho@example.com"})],
)
def test_a_prospect_is_deleted_where_the_setting_says(place: str, body: dict[str, Any] | None, query: dict[str, Any]) -> None:
    found = form("closershq_prospects", {**CHO, "_sdc_deleted_at": "x"}, allow_deletes=True, closershq_delete_in=place)

    assert found.remove == Write("DELETE", PATH, body, query, is_repeatable=True)
    assert (found.create, found.change, found.after_create) == (None, None, ())
    assert found.match == found.locks == {"email:cho@example.com"}


@pytest.mark.parametrize(
    ("columns", "allow_deletes", "column", "reason"),
    [
        ({"email": None}, False, "email", "is required"),
        ({"email": "secret"}, False, "email", "must be an e-mail address"),
        ({"otherAttribute": "secret"}, False, "otherAttribute", "must be an object"),
        ({"replied": "secret"}, False, "replied", "must be true or false"),
        ({"_sdc_deleted_at": "x"}, False, None, "is deleted in the source, and allow_deletes is off"),
        ({"_sdc_deleted_at": "x", "email": None}, True, "email", "is required"),
    ],
    ids=repr,
)
def test_what_can_not_be_written_is_rejected_with_its_column(
    columns: dict[str, Any], column: str | None, reason: str, *, allow_deletes: bool
) -> None:
    with pytest.raises(RejectedError) as refused:
        form("closershq_prospects", {**CHO, **columns}, allow_deletes=allow_deletes)

    assert (refused.value.column, refused.value.reason) == (column, reason)


def test_the_sink_says_what_it_needs() -> None:
    made = sink("closershq_prospects")

    assert (made.scopes, made.row_path, made.bulk_path, dict(made.refers_to)) == ((), None, None, {})
