"""G-04, G-05: what a 409 may mean, and records that go back to what they were."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.effects import Given, snapshot, violations, writes
from tests.effects.example import KEY_PROPERTIES, KEYS, Player
from tests.sandbox import Fault, Sandbox, Variant, World
from tests.sandbox.rows import USERS
from tests.writing import Written, messages, settings_for, write

if TYPE_CHECKING:
    from pathlib import Path

    from tests.sandbox import LoggedRequest

# Each write of the example's input that carries an idempotency key, and the stream that it is for.
KEYED = {
    "prospects": ("POST", "/prospects"),
    "meetings": ("POST", "/meetings"),
    "notes": ("POST", "/notes"),
    "tasks": ("POST", "/tasks"),
    "leads": ("POST", "/leads/bulk"),
    "campaigns": ("POST", "/campaigns"),
    "prospector_workflows": ("POST", "/prospector/workflows"),
    "webhooks": ("POST", "/webhooks"),
    "imports": ("POST", "/imports"),
    "exports": ("POST", "/exports"),
}
BODIES = ("reason", "phrase", "nothing")
# Each of them, and each of what the body of a 409 may tell.
HELD = [(stream, BODIES[number % len(BODIES)]) for number, stream in enumerate(KEYED)]
EXISTS = {"message": "A row like this already exists."}
PERSON = {"id": "1", "firstName": "Ada", "lastName": "Lovelace", "email": "ada@example.com"}


def _key(request: LoggedRequest) -> str | None:
    return request.headers.get(KEYS[request.system].lower())


def _lines(*given: Given) -> list[str]:
    return messages({one.stream: one.records for one in given}, keys=KEY_PROPERTIES)


def _asked(server: Sandbox, method: str, path: str) -> list[LoggedRequest]:
    return [request for request in server.requests if (request.method, request.path) == (method, path)]


@pytest.mark.parametrize(("stream", "conflict_body"), HELD)
def test_g04_a_first_request_that_is_still_under_way_is_asked_again_with_its_key(stream: str, conflict_body: Any, tmp_path: Path) -> None:  # noqa: ANN401  # a literal
    method, path = KEYED[stream]
    with Sandbox(World(seed=7, size=4), variant=Variant(conflict_body=conflict_body)) as server:
        player = Player(server)
        given = player.input()
        held: dict[str, int] = {}

        def hold(request: LoggedRequest) -> None:
            key = _key(request)
            if (request.method, request.path) == (method, path) and key:
                held[key] = held.get(key, 0) + 1
                (server.idempotency.hold if held[key] < 3 else server.idempotency.release)(key)

        server.on_request(hold)
        outcome = write(settings_for(server, tmp_path), _lines(*given))
        assert outcome.code == 0
        assert set(held.values()) == {3}
        assert len(held) == sum(1 for request in writes(server, player.before) if (request.method, request.path) == (method, path))
        assert violations(server, player.before, *given) == []


@pytest.mark.parametrize(("stream", "conflict_body"), [case for case in HELD if case[0] != "leads"])
def test_g04_a_key_that_stays_in_use_costs_its_record_alone_and_is_used_by_the_next_run(
    stream: str,
    conflict_body: Any,  # noqa: ANN401  # a literal
    tmp_path: Path,
) -> None:
    method, path = KEYED[stream]
    with Sandbox(World(seed=7, size=4), variant=Variant(conflict_body=conflict_body)) as server:
        player = Player(server)
        given = [one for one in player.input() if one.stream == stream or stream not in {"prospects", "prospector_workflows"}]
        held: set[str] = set()

        def hold(request: LoggedRequest) -> None:
            if (request.method, request.path) == (method, path):
                held.add(_key(request) or "")
                server.idempotency.hold(_key(request) or "")

        server.on_request(hold)
        config = settings_for(server, tmp_path)
        first = write(config, _lines(*given))
        assert first.code == 1
        assert {(reject["stream"], reject["status"]) for reject in first.rejects} == {(stream, 409)}
        assert {request.table for request in writes(server, player.before)} >= {one.stream for one in given} - {stream}
        assert [request for request in writes(server, player.before) if (request.method, request.path) == (method, path)] == []
        keys = set(held)
        asked = len(_asked(server, method, path))
        for key in keys:
            server.idempotency.release(key)
        server.on_request(lambda request: server.idempotency.release(_key(request) or ""))
        second = write(config, _lines(*given))
        assert second.code == 0
        assert held == keys
        assert len(_asked(server, method, path)) - asked == len(keys)
        assert violations(server, player.before, *given) == []


@pytest.mark.parametrize("conflict_body", BODIES)
def test_g04_a_bulk_request_whose_key_stays_in_use_goes_in_parts(conflict_body: Any, tmp_path: Path) -> None:  # noqa: ANN401  # a literal
    with Sandbox(World(seed=7, size=1), variant=Variant(conflict_body=conflict_body)) as server:
        before = snapshot(server)
        leads = [{"id": str(number), "full_name": f"L{number}", "email": f"l{number}@example.com"} for number in range(5)]
        whole: set[str] = set()

        def hold(request: LoggedRequest) -> None:
            if request.path == "/leads/bulk" and len(request.body["leads"]) == 5:
                whole.add(_key(request) or "")
                server.idempotency.hold(_key(request) or "")

        server.on_request(hold)
        outcome = write(settings_for(server, tmp_path), messages({"leads": leads}))
        assert (outcome.code, len(whole)) == (0, 1)
        assert violations(server, before, Given("leads", ("id",), leads)) == []


@pytest.mark.parametrize("stream", KEYED)
def test_g04_a_thing_that_exists_already_is_refused_at_once(stream: str, tmp_path: Path) -> None:
    method, path = KEYED[stream]
    with Sandbox(World(seed=7, size=4)) as server:
        player = Player(server)
        given = [one for one in player.input() if one.stream == stream]
        server.inject(Fault("status", method=method, path=path, status=409, body=EXISTS, times=None))
        server.inject(Fault("status", method=method, path="/leads/upsert", status=409, body=EXISTS, times=None))
        outcome = write(settings_for(server, tmp_path), _lines(*given))
        rejects = [reject for reject in outcome.rejects if reject["stream"] == stream]
        assert rejects
        assert {reject["status"] for reject in rejects} == {409}
        asked = _asked(server, method, path)
        assert len(asked) == len({_key(request) for request in asked})


@pytest.mark.parametrize(
    ("conflict_body", "status", "answers"),
    [
        ("reason", 409, "json"),
        ("phrase", 409, "json"),
        ("nothing", 409, "json"),
        ("reason", 409, "empty"),
        ("reason", 400, "json"),
        ("reason", 422, "empty"),
        ("reason", 422, "text"),
    ],
)
def test_g04_a_prospect_of_closershq_that_exists_already_is_changed(conflict_body: Any, status: Any, answers: Any, tmp_path: Path) -> None:  # noqa: ANN401  # literals
    variant = Variant(conflict_body=conflict_body, closershq_exists_status=status, closershq_answers=answers)
    with Sandbox(World(seed=7, size=1), variant=variant) as server:
        server.put("closershq_prospects", {"email": "cho@example.com", "firstName": "Old", "title": "Kept"})
        before = snapshot(server)
        given = Given("closershq_prospects", ("email",), [{"email": "Cho@example.com", "firstName": "Cho"}, {"email": "new@example.com"}])
        outcome = write(settings_for(server, tmp_path), _lines(given))
        assert (outcome.code, outcome.rejects) == (0, [])
        assert violations(server, before, given) == []
        assert server.kept("closershq_prospects")["cho@example.com"]["title"] == "Kept"


def test_g04_what_was_refused_first_is_told_when_it_did_not_exist(tmp_path: Path) -> None:
    with Sandbox(World(seed=7, size=1)) as server:
        server.inject(Fault("status", method="POST", path="/crm/prospect", status=422, times=None))
        outcome = write(settings_for(server, tmp_path), messages({"closershq_prospects": [{"email": "a@example.com"}]}, keys=KEY_PROPERTIES))
        (reject,) = outcome.rejects
        assert reject["status"] == 422
        assert "POST /crm/prospect" in reject["reason"]


@pytest.mark.parametrize("conflict_body", BODIES)
def test_g04_a_lead_that_the_api_has_already_can_not_be_created_twice(conflict_body: Any, tmp_path: Path) -> None:  # noqa: ANN401  # a literal
    with Sandbox(World(seed=7, size=1), variant=Variant(lead_create_existing="conflict", conflict_body=conflict_body)) as server:
        server.put("leads", {"email": "there@example.com", "full_name": "There", "created_at": "2026-01-01T00:00:00.000Z"})
        before = snapshot(server)
        leads = [{"id": "1", "full_name": "There", "email": "there@example.com"}, {"id": "2", "full_name": "New", "email": "new@example.com"}]
        config = settings_for(server, tmp_path, leads_write_mode="create")
        for _ in range(2):
            outcome = write(config, messages({"leads": leads}))
            (reject,) = outcome.rejects
            assert (reject["key"], reject["status"]) == ({"id": "1"}, 409)
        asked = [request for request in _asked(server, "POST", "/leads") if request.body["email"] == "there@example.com"]
        assert len({_key(request) for request in asked}) == 1
        assert violations(server, before, Given("leads", ("id",), leads, [("1",)]), leads_write_mode="create") == []


def _meeting(sandbox: Sandbox, place: str) -> dict[str, Any]:
    prospect = sandbox.truth("prospects")[0]["id"]
    facts = {"meetingDate": "2026-07-01T10:00:00Z", "timeZone": "UTC", "meetingType": "phone", "ownerId": USERS[0]}
    return {"id": "1", "prospectId": prospect, **facts, "location": place}


def _contents(stream: str, sandbox: Sandbox) -> tuple[dict[str, Any], dict[str, Any], str, tuple[str, str]]:
    """Two contents of one record, and the field in which their effects differ, with its two values."""
    workflow = sandbox.truth("prospector_workflows")[0]["id"]
    a, b, column = {
        "prospects": ({**PERSON, "title": "A"}, {**PERSON, "title": "B"}, "title"),
        "meetings": (_meeting(sandbox, "A"), _meeting(sandbox, "B"), "location"),
        "leads": ({"id": "1", "full_name": "A", "email": "a@example.com"}, {"id": "1", "full_name": "B", "email": "a@example.com"}, "full_name"),
        "campaigns": (
            {"id": "1", "prospector_workflow_id": workflow, "status": "active"},
            {"id": "1", "prospector_workflow_id": workflow, "status": "paused"},
            "status",
        ),
        "prospector_workflows": ({"id": "1", "name": "A"}, {"id": "1", "name": "B"}, "name"),
        "webhooks": (
            {"id": "1", "url": "https://example.com/h", "events": ["lead.created"], "description": "A"},
            {"id": "1", "url": "https://example.com/h", "events": ["lead.created"], "description": "B"},
            "description",
        ),
        "closershq_prospects": ({"email": "c@example.com", "lastName": "A"}, {"email": "c@example.com", "lastName": "B"}, "lastName"),
    }[stream]
    return a, b, column, (a[column], b[column])


def _new(server: Sandbox, stream: str, before: Any) -> dict[str, Any]:  # noqa: ANN401  # a snapshot
    (row,) = (row for row_id, row in server.kept(stream).items() if row_id not in before.rows[stream])
    return row


CHANGEABLE = [
    *[(stream, "bulk") for stream in ("prospects", "meetings", "campaigns", "prospector_workflows", "webhooks", "closershq_prospects")],
    *[("leads", mode) for mode in ("bulk", "upsert", "create")],
]


@pytest.mark.parametrize(("stream", "mode"), CHANGEABLE)
def test_g05_a_record_that_goes_a_b_a_ends_at_a(sandbox: Sandbox, stream: str, mode: str, tmp_path: Path) -> None:
    a, b, column, (first, other) = _contents(stream, sandbox)
    before = snapshot(sandbox)
    config = settings_for(sandbox, tmp_path, leads_write_mode=mode)

    def run(*records: dict[str, Any], size: int = 1) -> Written:
        return write({**config, "batch_size_rows": size}, messages({stream: records}, keys=KEY_PROPERTIES))

    assert run(a, b, a).counts(stream) == {"written": 3}
    assert _new(sandbox, stream, before)[column] == first
    for record, value in ((b, other), (a, first), (b, other)):
        assert run(record).counts(stream) == {"written": 1}
        assert _new(sandbox, stream, before)[column] == value
        assert run(record).counts(stream) == {"unchanged": 1}
    assert run(b, a, a, b, b).counts(stream) == {"unchanged": 3, "written": 2}
    assert _new(sandbox, stream, before)[column] == other
    # In one batch, what is overtaken may be left out.
    for records, value in (((a, b, a), first), ((a, b), other), ((b, a, b, a), first)):
        outcome = run(*records, size=100)
        assert (outcome.code, sum(outcome.counts(stream).values())) == (0, len(records))
        assert _new(sandbox, stream, before)[column] == value
    assert [request for request in sandbox.requests if request.is_replay] == []


@pytest.mark.parametrize("others", [[], [{"id": "2", "email": "c@example.com"}]], ids=["alone", "with another"])
@pytest.mark.parametrize("mode", ["bulk", "upsert"])
def test_g05_a_lead_whose_e_mail_changes_within_a_batch_stays_one(mode: str, others: list[dict[str, str]], tmp_path: Path) -> None:
    with Sandbox(World(seed=7, size=0)) as server:
        # The second one says nothing of the title, so that it doesn't overtake the first.
        records = [{"id": "1", "email": "a@example.com", "title": "CTO"}, {"id": "1", "email": "b@example.com"}, *others]

        outcome = write(settings_for(server, tmp_path, leads_write_mode=mode), messages({"leads": records}))

        assert outcome.code == 0
        assert len(server.truth("leads")) == 1 + len(others)
        assert ("b@example.com", "CTO") in [(row["email"], row["title"]) for row in server.truth("leads")]


@pytest.mark.parametrize("stream", ["notes", "tasks", "support_tickets"])
def test_g05_what_no_operation_changes_stays_and_is_told(sandbox: Sandbox, stream: str, tmp_path: Path) -> None:
    prospect = sandbox.truth("prospects")[0]["id"]
    a, b, column = {
        "notes": ({"id": "1", "prospectId": prospect, "body": "A"}, {"id": "1", "prospectId": prospect, "body": "B"}, "body"),
        "tasks": (
            {"id": "1", "prospectId": prospect, "task": "A", "assignedTo": USERS[0]},
            {"id": "1", "prospectId": prospect, "task": "B", "assignedTo": USERS[0]},
            "task",
        ),
        "support_tickets": ({"id": "1", "subject": "A", "body": "x"}, {"id": "1", "subject": "B", "body": "x"}, "subject"),
    }[stream]
    before = snapshot(sandbox)
    config = settings_for(sandbox, tmp_path, batch_size_rows=1)
    outcome = write(config, messages({stream: [a, b]}))
    assert outcome.counts(stream) == {"written": 1, "unchanged": 1}
    assert [warning for warning in outcome.report["streams"][stream]["warnings"] if "no operation" in warning]
    assert write(config, messages({stream: [a]})).code == 0
    assert _new(sandbox, stream, before)[column] == "A"
