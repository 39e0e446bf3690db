"""G-08, G-10, G-11: nothing in each field, values that can't be written, and warnings of the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.effects import Given, snapshot, violations, writes
from tests.effects.example import KEY_PROPERTIES
from tests.sandbox import Fault, Sandbox, Variant, World
from tests.sandbox.rows import STAGES, USERS
from tests.writing import Written, json_lines, messages, settings_for, write

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

Record = dict[str, Any]

# Records with something in every field that can be written; each number is another row.
MEETING = {"meetingDate": "2026-07-01T10:00:00.000Z", "timeZone": "Europe/Berlin", "meetingType": "phone", "ownerId": USERS[0]}
UUID = "6f1c2a5e-58a8-4b6e-9d7d-3f0d5d9b1c11"
FULL: dict[str, Callable[[int, Mapping[str, str]], Record]] = {
    "prospects": lambda number, _: {
        "firstName": f"First{number}",
        "lastName": f"Last{number}",
        "email": f"p{number}@example.com",
        "phone": f"+1212555{number:04d}",
        "stageId": STAGES[1][0],
        "licenseStatus": "licensed",
        "labels": ["Hot"],
        "notes": "n",
        "title": "t",
        "company": "c",
        "userId": USERS[0],
        "streetAddress": "s",
        "city": "c",
        "state": "s",
        "postalCode": "p",
        "officeId": "o",
        "sourceId": "s",
        "newSourceName": "n",
        "resume": {"url": "https://example.com/r"},
        "jobId": "j",
    },
    "meetings": lambda number, ids: {
        "prospectId": ids["prospects"],
        **MEETING,
        "meetingDate": f"2026-07-01T10:{number:02d}:00.000Z",
        "userId": USERS[1],
        "location": "l",
        "notes": "n",
    },
    "notes": lambda number, ids: {
        "prospectId": ids["prospects"],
        "body": f"Body {number}",
        "userId": USERS[1],
        "date": "2026-01-01T00:00:00.000Z",
        "mentions": [{"id": USERS[0]}],
        "pin": True,
        "fileUrl": "https://example.com/f",
    },
    "tasks": lambda number, ids: {
        "prospectId": ids["prospects"],
        "task": f"Task {number}",
        "assignedTo": USERS[0],
        "userId": USERS[1],
        "dueAt": "2026-07-02T08:00:00.000Z",
    },
    "leads": lambda number, _: {
        "full_name": f"Lead {number}",
        "email": f"l{number}@example.com",
        "phone": f"+1305555{number:04d}",
        "company_name": "c",
        "column_id": UUID,
        "notes": "n",
        "title": "t",
        "location": "l",
        "tags": ["x"],
        "owner_user_id": UUID,
        "value_amount": 12.5,
        "due_date": "2026-07-01T10:00:00.000Z",
        "is_qualified": True,
    },
    "campaigns": lambda _, ids: {"prospector_workflow_id": ids["prospector_workflows"], "status": "paused"},
    "prospector_workflows": lambda number, _: {"name": f"W{number}", "status": "paused", "anything": {"of": number}},
    "webhooks": lambda number, _: {"url": f"https://example.com/{number}", "description": f"d{number}", "events": ["lead.created"]},
    "support_tickets": lambda number, _: {"subject": f"s{number}", "body": "b"},
    "imports": lambda number, _: {"name": f"n{number}", "file_name": "f.csv", "file_type": "csv", "file_data": f"email\ni{number}@example.com\n"},
    "exports": lambda _, __: {"include_suppressed": True},
    "closershq_prospects": lambda number, _: {
        "email": f"c{number}@example.com",
        "firstName": "f",
        "lastName": "l",
        "otherAttribute": {"a": 1},
        "title": "t",
        **dict.fromkeys(("bounced", "openedEmail", "replied", "isContacted", "unSubscribed"), True),
    },
}
NEEDS = {
    "prospects": {"firstName", "lastName"},
    "meetings": {"meetingDate", "timeZone", "meetingType", "ownerId"},
    "notes": {"prospectId", "body"},
    "tasks": {"prospectId", "task", "assignedTo"},
    "support_tickets": {"subject", "body"},
    "imports": {"name", "file_name", "file_type", "file_data"},
    "closershq_prospects": {"email"},
}
# Needed to make a row, and no longer once there is one.
NEEDS_AT_FIRST = {"meetings": {"prospectId"}, "webhooks": {"url", "events"}, "campaigns": {"prospector_workflow_id"}}
# Of prospects; those of meetings are taken by every variant.
CLEARABLE = {"email", "phone", "licenseStatus", "title", "company", "streetAddress", "city", "state", "postalCode", "officeId", "sourceId"}


def _ids(server: Sandbox) -> dict[str, str]:
    return {stream: server.truth(stream)[0]["id"] for stream in ("prospects", "prospector_workflows")}


def _run(config: dict[str, Any], stream: str, records: list[Record]) -> Written:
    return write(config, messages({stream: records}, keys={stream: ("key",)}))


def _full(stream: str, server: Sandbox) -> dict[str, Record]:
    """A record for each of its fields, by the field."""
    names = FULL[stream](0, _ids(server))
    return {name: {"key": name, **FULL[stream](number, _ids(server))} for number, name in enumerate(names)}


VARIANTS = {
    "current": Variant(),
    "older": Variant(hiringcenter_shape="older", idempotency="ignored", prospectb2b_nulls="refuse", bulk_refusal="rows"),
    "null ignored": Variant(prospectb2b_nulls="ignore"),
}
# ProspectB2B and ClosersHQ document no null, so their policy doesn't matter; both are tried all the same.
CASES = [(stream, policy, "current") for stream in FULL for policy in ("omit", "clear")] + [
    *[(stream, policy, "older") for stream in ("prospects", "meetings", "leads") for policy in ("omit", "clear")],
    ("leads", "clear", "null ignored"),
]


@pytest.mark.parametrize("nothing", [None, ""], ids=["null", "empty"])
@pytest.mark.parametrize(("stream", "policy", "variant"), CASES)
def test_g08_nothing_in_a_field_does_what_the_policy_says(stream: str, policy: Any, variant: str, nothing: object, tmp_path: Path) -> None:  # noqa: ANN401  # a literal
    with Sandbox(World(seed=7, size=2), variant=VARIANTS[variant]) as server:
        before = snapshot(server)
        config = settings_for(server, tmp_path, null_policy=policy, hiringcenter_field_names="older" if variant == "older" else "current")
        full = _full(stream, server)
        assert _run(config, stream, list(full.values())).counts(stream) == {"written": len(full)}
        changed = {name: {**record, name: nothing} for name, record in full.items()}
        outcome = _run(config, stream, list(changed.values()))
        wrong = set(NEEDS.get(stream, ()))
        refused = CLEARABLE if (stream, policy, variant) == ("prospects", "clear", "older") else set()
        assert {reject["key"]["key"] for reject in outcome.rejects} == wrong | refused
        assert {reject["field"] for reject in outcome.rejects if reject["status"] is None} == wrong
        assert {reject["key"]["key"] for reject in outcome.rejects if reject["status"] == 400} == refused
        given = Given(stream, ("key",), [*full.values(), *changed.values()], [(name,) for name in wrong | refused])
        assert violations(server, before, given, null_policy=policy) == []
        # An absent column changes nothing more, and what can't be cleared is as it was.
        absent = [{key: value for key, value in record.items() if key != name} for name, record in full.items() if name not in wrong]
        held = snapshot(server).rows
        assert _run(config, stream, absent).code == 0
        assert snapshot(server).rows[stream].keys() == held[stream].keys()


@pytest.mark.parametrize("nothing", [None, ""], ids=["null", "empty"])
@pytest.mark.parametrize("stream", FULL)
def test_g08_nothing_in_a_field_of_a_new_row_is_left_out(stream: str, nothing: object, tmp_path: Path) -> None:
    with Sandbox(World(seed=7, size=2), variant=Variant(prospectb2b_nulls="refuse")) as server:
        before = snapshot(server)
        records = [{**record, name: nothing} for name, record in _full(stream, server).items()]
        outcome = _run(settings_for(server, tmp_path), stream, records)
        wrong = NEEDS.get(stream, set()) | NEEDS_AT_FIRST.get(stream, set())
        assert {reject["key"]["key"] for reject in outcome.rejects} == wrong
        given = Given(stream, ("key",), records, [(name,) for name in wrong])
        assert violations(server, before, given) == []
        assert [request for request in writes(server, before) if isinstance(request.body, dict) and None in request.body.values()] == []


def _bad(stream: str) -> dict[str, tuple[Record, str | None, int | None]]:
    """Values that can't be written, by the key of their record: what is changed, and which column or which status must be named."""
    found: dict[str, dict[str, tuple[Record, str | None, int | None]]] = {
        "prospects": {
            "no name": ({"firstName": None}, "firstName", None),
            "a number for an e-mail": ({"email": 5}, "email", None),
            "no e-mail": ({"email": "nobody"}, "email", None),
            "an object for a text": ({"title": {"a": 1}}, "title", None),
            "an unknown word": ({"licenseStatus": "revoked"}, "licenseStatus", None),
            "an unknown stage": ({"stageId": "no stage"}, None, 400),
            "half a character": ({"title": "\ud800"}, "title", None),
            "neither e-mail nor phone": ({"email": None, "phone": None}, None, None),
        },
        "meetings": {
            "no zone": ({"timeZone": None}, "timeZone", None),
            "an unknown zone": ({"timeZone": "Mars/Olympus"}, "timeZone", None),
            "no date": ({"meetingDate": "yesterday"}, "meetingDate", None),
            "true for a date": ({"meetingDate": True}, "meetingDate", None),
            "an unknown prospect": ({"prospectId": "nobody"}, None, 404),
        },
        "notes": {"an unknown prospect": ({"prospectId": "nobody"}, None, 404), "no address": ({"fileUrl": "file:///x"}, "fileUrl", None)},
        "tasks": {"an unknown prospect": ({"prospectId": "nobody"}, None, 404), "no time": ({"dueAt": "soon"}, "dueAt", None)},
        "leads": {
            "no number": ({"value_amount": "much"}, "value_amount", None),
            "an unknown column": ({"column_id": "x"}, None, 400),
            "no time": ({"due_date": "soon"}, "due_date", None),
            "neither true nor false": ({"is_qualified": "perhaps"}, "is_qualified", None),
        },
        "campaigns": {
            "an unknown workflow": ({"prospector_workflow_id": "none"}, None, 400),
            "an unknown status": ({"status": "running"}, None, 400),
        },
        "webhooks": {"no address": ({"url": "example"}, "url", None), "an unknown event": ({"events": ["nothing"]}, None, 400)},
        "closershq_prospects": {
            "no e-mail": ({"email": "nobody"}, "email", None),
            "a text for an object": ({"otherAttribute": "x"}, "otherAttribute", None),
        },
    }
    return found[stream]


@pytest.mark.parametrize("stream", ["prospects", "meetings", "notes", "tasks", "leads", "campaigns", "webhooks", "closershq_prospects"])
def test_g10_a_bad_value_is_rejected_with_its_reason_and_others_go_on(stream: str, tmp_path: Path) -> None:
    with Sandbox(World(seed=7, size=2)) as server:
        before = snapshot(server)
        bad = _bad(stream)
        records = []
        for number, (name, (change, _, _)) in enumerate(bad.items()):
            records.append({"key": f"good {number}", **FULL[stream](number, _ids(server))})
            records.append({"key": name, **FULL[stream](50 + number, _ids(server)), **change})
        config = settings_for(server, tmp_path)
        outcome = _run(config, stream, records)
        assert {reject["key"]["key"]: (reject["field"], reject["status"]) for reject in outcome.rejects} == {
            name: (column, status) for name, (_, column, status) in bad.items()
        }
        assert all(reject["reason"] and bool(reject["attempts"]) == bool(reject["status"]) for reject in outcome.rejects)
        assert (outcome.code, outcome.states) == (1, [{"bookmark": "end"}])
        assert outcome.counts(stream) == {"written": len(bad), "rejected": len(bad)}
        # A campaign with an unknown status is made before its status is refused.
        made = {"an unknown status"} if stream == "campaigns" else set()
        kept = [record for record in records if record["key"] not in bad]
        kept += [{name: value for name, value in record.items() if name != "status"} for record in records if record["key"] in made]
        assert violations(server, before, Given(stream, ("key",), kept)) == []


def test_g10_a_record_that_refers_to_a_rejected_one_is_rejected_as_well(sandbox: Sandbox, tmp_path: Path) -> None:
    bad = {"id": "p1", "firstName": "Ada", "lastName": None, "email": "ada@example.com"}
    note = {"id": "n1", "prospectId": "p1", "body": "x"}
    before = snapshot(sandbox)
    config = settings_for(sandbox, tmp_path)
    outcome = write(config, messages({"prospects": [bad], "notes": [note]}))
    assert [(reject["stream"], reject["field"]) for reject in outcome.rejects] == [("prospects", "lastName"), ("notes", "prospectId")]
    assert writes(sandbox, before) == []
    mended = write(config, messages({"prospects": [{**bad, "lastName": "Lovelace"}], "notes": [note]}))
    assert (mended.code, mended.rejects) == (0, [])
    assert len(writes(sandbox, before)) == 2


def test_g10_a_rejected_record_is_tried_again_when_it_comes_again(sandbox: Sandbox, tmp_path: Path) -> None:
    config = settings_for(sandbox, tmp_path)
    record = {"key": "1", **FULL["leads"](1, {}), "column_id": "x"}
    for number in (1, 2):
        assert _run(config, "leads", [record]).counts("leads") == {"rejected": 1}
        assert len(json_lines(config["rejects_path"])) == number


def test_g11_a_phone_that_the_api_drops_is_told(sandbox: Sandbox, tmp_path: Path) -> None:
    before = snapshot(sandbox)
    record = {"id": "1", "firstName": "Ada", "lastName": "Lovelace", "email": "ada@example.com", "phone": "555"}
    config = settings_for(sandbox, tmp_path)
    outcome = write(config, messages({"prospects": [record]}))
    assert outcome.counts("prospects") == {"written": 1}
    assert sorted(outcome.report["streams"]["prospects"]["warnings"]) == [
        "accepted with a warning of the API (message) (1)",
        "accepted, but its phone was not kept (1)",
    ]
    assert violations(sandbox, before, Given("prospects", ("id",), [record])) == []
    assert write(config, messages({"prospects": [record]})).counts("prospects") == {"unchanged": 1}


def test_g11_the_words_of_a_warning_are_not_told(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.inject(Fault("edit", method="POST", edit=lambda body: {**body, "item": {**body["item"], "message": "ada@example.com is odd"}}))
    record = {"id": "1", "firstName": "Ada", "lastName": "Lovelace", "email": "ada@example.com"}
    outcome = write(settings_for(sandbox, tmp_path), messages({"prospects": [record]}))
    assert outcome.report["streams"]["prospects"]["warnings"] == ["accepted with a warning of the API (message) (1)"]


@pytest.mark.parametrize("stream", ["prospects", "meetings", "leads", "campaigns", "webhooks", "support_tickets"])
@pytest.mark.parametrize("body", [{"success": False}, {}, {"data": None}, [], {"data": []}])
def test_a_2xx_that_shows_no_row_is_no_success(stream: str, body: Any, tmp_path: Path) -> None:  # noqa: ANN401  # any JSON
    with Sandbox(World(seed=7, size=2)) as server:
        server.inject(Fault("body", method="POST", body=body, times=None))
        config = settings_for(server, tmp_path, leads_write_mode="upsert")
        outcome = _run(config, stream, [{"key": "1", **FULL[stream](1, _ids(server))}])
        assert (outcome.code, outcome.counts(stream)) == (1, {"rejected": 1})
        server.heal()
        before = snapshot(server)
        assert _run(config, stream, [{"key": "1", **FULL[stream](1, _ids(server))}]).counts(stream) == {"written": 1}
        assert len({row_id for table in snapshot(server).rows.values() for row_id in table}) == 1 + sum(len(rows) for rows in before.rows.values())


def test_no_key_is_another_one_than_its_digits(sandbox: Sandbox, tmp_path: Path) -> None:
    lead = {"full_name": "Ada", "email": "ada@example.com"}
    config = settings_for(sandbox, tmp_path)
    assert write(config, messages({"leads": [{"id": 1, **lead}]}, keys=KEY_PROPERTIES)).counts("leads") == {"written": 1}
    assert write(config, messages({"leads": [{"id": "1", **lead}]}, keys=KEY_PROPERTIES)).counts("leads") == {"unchanged": 1}
