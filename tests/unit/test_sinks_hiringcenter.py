"""What records ask of HiringCenter: prospects, meetings, notes and tasks."""

from __future__ import annotations

from typing import Any

import pytest

from target_hiringcenter.writes import Form, RejectedError, Write
from tests.unit.sinks import as_the_tap_emits, finds, form, sink

ADA = {"firstName": "Ada", "lastName": "Lovelace", "email": "Ada@example.com", "phone": "+1 212-555-0123"}
GONE = {"_sdc_deleted_at": "2026-03-01T00:00:00Z"}
MEETING: dict[str, Any] = {
    "prospectId": "p1",
    "meetingDate": "2026-07-01T10:00:00.000Z",
    "timeZone": "Europe/Berlin",
    "meetingType": "phone",
    "ownerId": "u1",
}
MEETING_ROW = {**MEETING, "id": "m7", "meetingDate": 1782900000000}


def _post(path: str, body: dict[str, Any], *, is_repeatable: bool = False) -> Write:
    return Write("POST", path, body, takes_key=True, is_repeatable=is_repeatable)


def _create(stream: str, record: dict[str, Any], **settings: Any) -> dict[str, Any]:  # noqa: ANN401  # any setting
    """The body of what creates the record's row."""
    found = form(stream, record, **settings).create
    assert found is not None
    return dict(found.body or {})


def _refused(stream: str, record: dict[str, Any], **settings: Any) -> tuple[str | None, str]:  # noqa: ANN401
    with pytest.raises(RejectedError) as refused:
        form(stream, record, **settings)
    return refused.value.column, refused.value.reason


def test_a_prospect_is_one_request_that_creates_or_updates() -> None:
    found = form("prospects", {"id": "p1", **ADA, "city": "Köln", "createdAt": "2026-01-01T00:00:00.000Z", "message": "x"})

    assert found.create == _post("/prospects", {**ADA, "city": "Köln", "update": True}, is_repeatable=True)
    assert (found.change, found.remove, found.own_id, found.upserts, found.bulk) == (None, None, None, True, None)
    assert found.match == {"email:ada@example.com", "phone:12125550123"}
    assert form("prospects", {**ADA, "phone": "unknown"}).locks == {"email:ada@example.com"}
    # The same phone without its country's code must wait as well.
    assert found.locks == found.match | {"phone:2125550123"}


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"currentStageId": "s", "currentStage": "New Lead"}, {"stageId": "s"}),
        ({"currentStageId": "s", "pipelineId": "p"}, {"stageId": "s"}),
        ({"stageId": "t", "currentStageId": "s"}, {"stageId": "t"}),
        ({"pipelineId": "p"}, {"pipelineId": "p"}),
        ({"office": 7, "source": "s"}, {"officeId": "7", "sourceId": "s"}),
        ({"officeId": "o", "office": "p"}, {"officeId": "o"}),
        ({"labels": ["Hot", None, "Hot"]}, {"labels": ["Hot"]}),
        ({"labels": []}, {"labels": []}),
        ({"labels": "a, b"}, {"labels": ["a", "b"]}),
        ({"licenseStatus": "in_progress"}, {"licenseStatus": "in_progress"}),
        ({"resume": {"skills": ["x"]}}, {"resume": {"skills": ["x"]}}),
        ({"notes": "n", "newSourceName": "s", "jobId": "j", "userId": "u"}, {"notes": "n", "newSourceName": "s", "jobId": "j", "userId": "u"}),
        ({"muteWebhook": "true"}, {"muteWebhook": True}),
        ({"update": False, "unknown": "x"}, {}),
        ({"additional_properties": {"postalCode": 50667, "more": 1}}, {"postalCode": "50667"}),
        ({"title": "", "state": None, "labels": None, "notes": " ", "pipelineId": ""}, {}),
    ],
    ids=repr,
)
def test_each_column_of_a_prospect_goes_where_the_api_wants_it(columns: dict[str, Any], expected: dict[str, Any]) -> None:
    assert _create("prospects", {**ADA, **columns}) == {**ADA, **expected, "update": True}


def test_webhooks_are_muted_by_setting() -> None:
    assert _create("prospects", {**ADA, "muteWebhook": False}, mute_webhooks=True)["muteWebhook"] is True


CLEARABLE = {"email", "phone", "licenseStatus", "title", "company", "streetAddress", "city", "state", "postalCode", "officeId", "sourceId"}
KEPT = {"stageId", "pipelineId", "labels", "notes", "userId", "newSourceName", "resume", "muteWebhook", "jobId"}


@pytest.mark.parametrize("nothing", [None, "", "  "], ids=repr)
def test_nothing_clears_what_the_api_can_clear_and_no_more(nothing: object) -> None:
    record = {"firstName": "A", "lastName": "B", **dict.fromkeys(CLEARABLE | KEPT, nothing)}
    settings = {"allow_unmatched_creates": True, "null_policy": "clear"}

    assert _create("prospects", record, **settings) == {"firstName": "A", "lastName": "B", "update": True, **dict.fromkeys(CLEARABLE)}
    assert _create("prospects", record, allow_unmatched_creates=True) == {"firstName": "A", "lastName": "B", "update": True}
    meeting = {**MEETING, "location": nothing, "notes": nothing, "userId": nothing}
    assert _create("meetings", meeting, null_policy="clear").items() >= {"location": None, "notes": None}.items()
    assert "userId" not in _create("meetings", meeting, null_policy="clear")
    assert not {"location", "notes"} & _create("meetings", meeting).keys()


@pytest.mark.parametrize(
    ("columns", "query", "it", "another"),
    [
        ({}, {"email": "Ada@example.com"}, {"email": "ADA@example.com", "phone": None}, {"email": "ada@example.org", "phone": ADA["phone"]}),
        ({"email": None}, {"phone": ADA["phone"]}, {"phone": "(212) 555-0123"}, {"phone": "+442125550123"}),
    ],
    ids=["by e-mail", "by phone"],
)
def test_a_prospect_is_looked_up_by_what_the_api_matches(
    columns: dict[str, Any], query: dict[str, Any], it: dict[str, Any], another: dict[str, Any]
) -> None:
    found = form("prospects", {**ADA, **columns})

    assert found.create is not None
    assert found.create.is_repeatable is ("email" in query)
    assert found.look is not None
    assert (found.look.request.method, found.look.request.path, found.look.request.query) == ("GET", "/prospects", {**query, "limit": 200})
    assert not found.look.is_always
    assert finds(found.look, {"id": "p7", **it})
    assert not finds(found.look, {"id": "p7", **another})


@pytest.mark.parametrize("phone", [None, "", "unknown"], ids=repr)
def test_a_prospect_that_nothing_can_find_again_is_only_written_where_that_is_allowed(phone: object) -> None:
    record = {**ADA, "email": None, "phone": phone}

    assert _refused("prospects", record) == (
        None,
        "has neither e-mail nor phone, so that each write would make another prospect; allow_unmatched_creates is off",
    )
    found = form("prospects", record, allow_unmatched_creates=True)
    assert found.create is not None
    assert (found.create.is_repeatable, found.match) == (False, frozenset())
    assert found.look is not None
    assert found.look.request.query == {"name": "Ada Lovelace", "limit": 200}
    assert found.look.request.path == "/prospects"
    assert finds(found.look, {"firstName": "Ada", "lastName": "Lovelace ", "email": "", "phone": None})
    assert not finds(found.look, {"firstName": "Ida", "lastName": "Lovelace"})
    assert not finds(found.look, {"firstName": "Ada", "lastName": "Byron"})
    assert not finds(found.look, {"firstName": "Ada", "lastName": "Lovelace", "email": "ada@example.com"})
    assert not finds(found.look, {"firstName": "Ada", "lastName": "Lovelace", "phone": "1"})
    # Two of one name are two prospects, one after the other.
    assert found.locks == form("prospects", record, allow_unmatched_creates=True).locks != frozenset()


@pytest.mark.parametrize(
    ("record", "look", "match"),
    [
        ({"id": "p1", "email": "ADA@example.com"}, {"email": "ADA@example.com", "limit": 200}, {"email:ada@example.com"}),
        ({"id": 7, "phone": "2125550123"}, {"phone": "2125550123", "limit": 200}, {"phone:2125550123"}),
        ({"id": "p1", "firstName": "Ada", "lastName": "Lovelace"}, None, set()),
    ],
    ids=repr,
)
def test_a_prospect_is_deleted_by_id_and_never_for_its_name(record: dict[str, Any], look: dict[str, Any] | None, match: set[str]) -> None:
    found = form("prospects", {**record, **GONE}, allow_deletes=True)

    assert found.remove == Write("DELETE", "/prospects/{id}", takes_key=True, is_repeatable=True)
    assert (found.create, found.change, found.own_id) == (None, None, str(record["id"]))
    assert (found.look and found.look.request.query) == look
    assert found.match == match
    assert found.locks >= found.match


def test_a_meeting_is_made_and_then_changed_by_its_id() -> None:
    found = form("meetings", {**MEETING, "id": "m1", "userId": "u2", "location": "Here", "createdBy": "u9", "review": {}})

    sent = {**MEETING, "meetingDate": 1782900000000, "userId": "u2", "location": "Here"}
    assert found.create == _post("/meetings", sent)
    changed = {name: value for name, value in sent.items() if name != "prospectId"}
    assert found.change == _post("/meetings/{id}", changed, is_repeatable=True)
    assert (found.own_id, found.upserts, found.match) == ("m1", False, frozenset())
    assert found.look is not None
    assert found.look.is_always
    assert (found.look.request.path, found.look.request.query) == ("/meetings", {"prospectId": "p1", "limit": 200})
    assert finds(found.look, MEETING_ROW)
    assert finds(found.look, {**MEETING_ROW, "meetingDate": "2026-07-01T12:00:00+02:00"})
    assert found.locks == {f"meetings:{found.look.wanted}"}


@pytest.mark.parametrize("name", MEETING)
def test_a_meeting_is_another_one_when_anything_that_tells_it_is(name: str) -> None:
    other = 1782900000001 if name == "meetingDate" else "other"

    assert not finds(form("meetings", MEETING).look, {**MEETING_ROW, name: other})


def test_a_meeting_without_its_prospect_can_be_changed_and_not_made() -> None:
    found = form("meetings", {"id": "m1", "location": "There"})

    assert found.change == _post("/meetings/{id}", {"location": "There"}, is_repeatable=True)
    assert (found.create, found.look, found.own_id, found.lacks) == (None, None, "m1", "names no prospectId, which a new meeting needs")
    assert form("meetings", {"id": "m1"}).change is None


def test_a_meeting_is_deleted_by_its_id_or_what_tells_it() -> None:
    whole = form("meetings", {**MEETING, "id": "m1", **GONE}, allow_deletes=True)
    bare = form("meetings", {"id": "m1", **GONE}, allow_deletes=True)

    for found in (whole, bare):
        assert found.remove == Write("DELETE", "/meetings/{id}", takes_key=True, is_repeatable=True)
        assert (found.create, found.change, found.own_id) == (None, None, "m1")
    assert finds(whole.look, MEETING_ROW)
    assert (whole.look and whole.look.request.path) == "/meetings"
    assert whole.locks == form("meetings", MEETING).locks
    assert (bare.look, bare.locks) == (None, frozenset())


NOTE = {"prospectId": "p1", "body": "<p>Hi</p>", "userId": "u1", "mentions": [{"id": "u2"}], "pin": False, "fileUrl": "https://example.com/f"}
TASK = {"prospectId": "p1", "task": "Call", "assignedTo": "u1", "userId": "u2"}


@pytest.mark.parametrize(
    ("stream", "record", "names", "expected"),
    [
        ("notes", {**NOTE, "date": "2026-07-01T10:00:00Z"}, "current", {**NOTE, "date": 1782900000000}),
        ("notes", {**NOTE, "createdAt": "2026-07-01T10:00:00.000Z"}, "current", {**NOTE, "date": 1782900000000}),
        ("notes", {"prospectId": "p1", "note": "Hi"}, "current", {"prospectId": "p1", "body": "Hi"}),
        ("notes", {"prospectId": "p1", "note": "Hi"}, "older", {"prospectId": "p1", "note": "Hi"}),
        ("notes", {"prospectId": "p1", "body": "Hi"}, "older", {"prospectId": "p1", "note": "Hi"}),
        ("tasks", {**TASK, "dueAt": 1782900000000}, "current", {**TASK, "dueAt": 1782900000000}),
        (
            "tasks",
            {"prospectId": "p1", "task": "Call", "assignTo": "u1", "due": "2026-07-01T10:00:00Z"},
            "current",
            {"prospectId": "p1", "task": "Call", "assignedTo": "u1", "dueAt": 1782900000000},
        ),
        (
            "tasks",
            {**TASK, "dueAt": "2026-07-01T10:00:00Z"},
            "older",
            {"prospectId": "p1", "task": "Call", "assignTo": "u1", "userId": "u2", "due": 1782900000000},
        ),
    ],
    ids=repr,
)
def test_notes_and_tasks_are_made_once_under_the_names_of_the_api(stream: str, record: dict[str, Any], names: str, expected: dict[str, Any]) -> None:
    found = form(stream, {"id": "x", **record}, hiringcenter_field_names=names)

    assert found.create == _post(f"/{stream}", expected)
    assert (found.change, found.remove, found.own_id, found.upserts) == (None, None, "x", False)
    assert found.look is not None
    assert found.look.is_always
    assert (found.look.request.path, found.look.request.query) == (f"/{stream}", {"prospectId": "p1", "limit": 200})
    assert found.locks == {f"{stream}:{found.look.wanted}"}


@pytest.mark.parametrize(
    ("stream", "record", "row", "is_it"),
    [
        ("notes", {"body": "Hi"}, {"body": "Hi\n", "createdAt": 5}, True),
        ("notes", {"body": "Hi"}, {"note": "Hi", "body": None}, True),
        ("notes", {"body": "Hi"}, {"body": "Ho"}, False),
        ("notes", {"body": "Hi"}, {"body": "Hi", "prospectId": "p2"}, False),
        ("notes", {"body": "Hi", "date": 1782900000000}, {"body": "Hi", "createdAt": 1782900000000}, True),
        ("notes", {"body": "Hi", "date": 1782900000000}, {"body": "Hi", "createdAt": "2026-07-01T10:00:00Z"}, True),
        ("notes", {"body": "Hi", "date": 1782900000000}, {"body": "Hi", "createdAt": 1782900000001}, False),
        ("notes", {"body": "Hi", "date": 1782900000000}, {"body": "Hi", "createdAt": "?"}, False),
        ("tasks", {"dueAt": 1782900000000}, {"dueAt": 1782900000000}, True),
        ("tasks", {"dueAt": 1782900000000}, {"due": 1782900000000, "assignedTo": None, "assignTo": "u1"}, True),
        ("tasks", {"dueAt": 1782900000000}, {"dueAt": None}, False),
        ("tasks", {}, {"dueAt": 1782900000000}, True),
        ("tasks", {}, {"assignedTo": "u2"}, False),
        ("tasks", {}, {"task": "Write"}, False),
        ("tasks", {}, {"prospectId": "p2"}, False),
    ],
    ids=repr,
)
def test_notes_and_tasks_are_known_by_what_they_say(stream: str, record: dict[str, Any], row: dict[str, Any], *, is_it: bool) -> None:
    base = {"prospectId": "p1", **({"task": "Call", "assignedTo": "u1"} if stream == "tasks" else {})}

    assert finds(form(stream, {**base, **record}).look, {"id": "x", **base, **row}) is is_it


@pytest.mark.parametrize(
    ("stream", "record", "column", "reason"),
    [
        ("prospects", {"firstName": None}, "firstName", "is required"),
        ("prospects", {"lastName": " "}, "lastName", "is required"),
        ("prospects", {"email": "secret"}, "email", "must be an e-mail address"),
        ("prospects", {"phone": ["secret"]}, "phone", "must be text"),
        ("prospects", {"currentStageId": {"secret": 1}}, "currentStageId", "must be text"),
        ("prospects", {"licenseStatus": "secret"}, "licenseStatus", "must be one of not_started, in_progress, licensed"),
        ("prospects", {"resume": "secret"}, "resume", "must be an object"),
        ("prospects", {"muteWebhook": "secret"}, "muteWebhook", "must be true or false"),
        ("prospects", {"additional_properties": "secret"}, "additional_properties", "must be an object"),
        ("prospects", {"additional_properties": {"labels": 7}}, "labels", "must be a list of texts"),
        ("prospects", GONE, None, "is deleted in the source, and allow_deletes is off"),
        ("meetings", {"meetingDate": None}, "meetingDate", "is required"),
        ("meetings", {"timeZone": None}, "timeZone", "is required"),
        ("meetings", {"meetingType": ""}, "meetingType", "is required"),
        ("meetings", {"ownerId": None}, "ownerId", "is required"),
        ("meetings", {"meetingDate": "secret"}, "meetingDate", "must be a date, a time or Unix milliseconds"),
        ("meetings", {"timeZone": "Secret/City"}, "timeZone", "must be the IANA name of a time zone"),
        ("meetings", {"id": ["secret"]}, "id", "must be text"),
        ("meetings", GONE, None, "is deleted in the source, and allow_deletes is off"),
        ("notes", {"prospectId": None}, "prospectId", "is required"),
        ("notes", {"body": None}, "body", "is required"),
        ("notes", {"createdAt": "secret"}, "createdAt", "must be a date, a time or Unix milliseconds"),
        ("notes", {"mentions": "secret"}, "mentions", "must be a list of objects"),
        ("notes", {"pin": "secret"}, "pin", "must be true or false"),
        ("notes", {"fileUrl": "secret"}, "fileUrl", "must be an http or https address"),
        ("notes", GONE, None, "is deleted in the source, and HiringCenter has no operation that deletes it"),
        ("tasks", {"prospectId": ""}, "prospectId", "is required"),
        ("tasks", {"task": None}, "task", "is required"),
        ("tasks", {"assignedTo": None}, "assignedTo", "is required"),
        ("tasks", {"dueAt": "secret"}, "dueAt", "must be a date, a time or Unix milliseconds"),
        ("tasks", GONE, None, "is deleted in the source, and HiringCenter has no operation that deletes it"),
    ],
    ids=repr,
)
def test_what_can_not_be_written_is_rejected_with_its_column(stream: str, record: dict[str, Any], column: str | None, reason: str) -> None:
    good = {"prospects": ADA, "meetings": MEETING, "notes": NOTE, "tasks": TASK}[stream]

    assert _refused(stream, {**good, **record}) == (column, reason)


@pytest.mark.parametrize("stream", ["notes", "tasks"])
def test_allowing_deletes_gives_no_api_an_operation(stream: str) -> None:
    column, reason = _refused(stream, {"id": "x", **GONE}, allow_deletes=True)

    assert (column, reason) == (None, "is deleted in the source, and HiringCenter has no operation that deletes it")


ROWS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "prospects": (
        {
            "id": "p1", **ADA, "message": None, "currentStage": "New Lead", "currentStageId": "s1", "pipelineId": "pl1", "labels": ["Hot"],
            "title": "CTO", "company": None, "createdAt": 1717000000000, "updatedAt": 1717000000000, "city": "Köln", "score": 3,
        },
        {**ADA, "stageId": "s1", "labels": ["Hot"], "title": "CTO", "city": "Köln", "update": True},
    ),
    "meetings": (
        {
            **MEETING_ROW, "location": None, "notes": "n", "createdBy": "u1", "createdByApi": True, "createdByApiKeyId": "k",
            "createdByApiKeyName": None, "createdAt": 1717000000000, "updatedAt": 1717000000000, "review": None,
        },
        {**MEETING, "meetingDate": 1782900000000, "notes": "n"},
    ),
    "notes": (
        {"id": "n1", **NOTE, "createdAt": 1717000000000, "createdByApi": False, "createdByApiKeyId": None, "createdByApiKeyName": None},
        {**NOTE, "date": 1717000000000},
    ),
    "tasks": (
        {
            "id": "t1", "prospectId": "p1", "task": "Call", "assignedTo": "u1", "assignedBy": "u2", "createdBy": "u2", "createdByApi": False,
            "dueAt": 1782900000000, "completedAt": 1782900000000, "createdAt": 1717000000000, "updatedAt": None,
        },
        {"prospectId": "p1", "task": "Call", "assignedTo": "u1", "dueAt": 1782900000000},
    ),
}  # fmt: skip


@pytest.mark.parametrize("stream", ROWS)
def test_a_record_of_the_tap_is_taken_back_in(stream: str) -> None:
    row, expected = ROWS[stream]
    record = as_the_tap_emits(stream, row)

    assert _create(stream, record) == expected
    found = form(stream, record)
    assert found.content() == form(stream, record).content() != Form().content()
    if found.look:
        # The row that the record came from is the one that is found in its own account.
        assert finds(found.look, row)


def test_sinks_say_what_they_need_and_read() -> None:
    for stream, row_path in {name: f"/{name}/{{id}}" for name in ROWS}.items():
        made = sink(stream)
        assert (made.scopes, made.row_path, made.bulk_path) == ((), row_path, None)
        assert dict(made.refers_to) == ({} if stream == "prospects" else {"prospectId": "prospects"})
        assert {"id", "additional_properties", "_sdc_deleted_at"} < made.reads
