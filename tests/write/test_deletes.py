"""G-12: what the source has deleted is deleted where that is allowed and possible, once, and nothing else is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.effects import Given, snapshot, violations, writes
from tests.effects.example import KEY_PROPERTIES, RECORDS
from tests.sandbox import Fault, Sandbox, Variant, World
from tests.sandbox.rows import USERS
from tests.writing import Written, json_lines, messages, settings_for, write

if TYPE_CHECKING:
    from pathlib import Path

Record = dict[str, Any]

WHEN = {"_sdc_deleted_at": "2026-06-01T00:00:00Z"}
DELETABLE = ("prospects", "meetings", "prospector_workflows", "webhooks", "closershq_prospects")


def _record(stream: str, server: Sandbox) -> Record:
    meeting = {"meetingDate": "2026-07-01T10:00:00Z", "timeZone": "UTC", "meetingType": "phone", "ownerId": USERS[0]}
    records: dict[str, Record] = {
        "prospects": {"id": "1", "firstName": "Ada", "lastName": "Lovelace", "email": "ada@example.com"},
        "meetings": {"id": "1", "prospectId": server.truth("prospects")[0]["id"], **meeting},
        "prospector_workflows": {"id": "1", "name": "W"},
        "webhooks": {"id": "1", "url": "https://example.com/h", "events": ["lead.created"]},
        "closershq_prospects": {"email": "cho@example.com", "firstName": "Cho"},
    }
    return records[stream]


def _run(config: dict[str, Any], stream: str, *records: Record) -> Written:
    return write(config, messages({stream: records}, keys=KEY_PROPERTIES))


def _given(stream: str, *records: Record) -> Given:
    return Given(stream, KEY_PROPERTIES.get(stream, ("id",)), records)


def _ids(server: Sandbox, stream: str) -> set[str]:
    return set(server.kept(stream))


@pytest.mark.parametrize(("stream", "place"), [*[(stream, "body") for stream in DELETABLE], ("closershq_prospects", "query")])
def test_g12_a_row_is_deleted_once_and_may_come_back(stream: str, place: Any, tmp_path: Path) -> None:  # noqa: ANN401  # a literal
    with Sandbox(World(seed=7, size=4), variant=Variant(closershq_delete_in=place)) as server:
        before = snapshot(server)
        record = _record(stream, server)
        config = settings_for(server, tmp_path, allow_deletes=True, closershq_delete_in=place, batch_size_rows=1)
        assert _run(config, stream, record).counts(stream) == {"written": 1}
        assert _run(config, stream, {**record, **WHEN}).counts(stream) == {"written": 1}
        assert server.kept(stream) == before.rows[stream]
        # Deleted twice, also when it is named twice.
        assert _run(config, stream, {**record, **WHEN}, {**record, **WHEN}).counts(stream) == {"unchanged": 2}
        assert _run(config, stream, record, {**record, **WHEN}, record).counts(stream) == {"written": 3}
        (row,) = (row for row_id, row in server.kept(stream).items() if row_id not in before.rows[stream])
        # Of a meeting the API shows its time in another form.
        names = record.keys() - {"id", "meetingDate"}
        assert {name: row[name] for name in names} == {name: record[name] for name in names}
        assert [request.method for request in writes(server, before)] == ["POST", "DELETE", "POST", "DELETE", "POST"]


def test_g12_a_row_that_comes_back_after_its_delete_has_nothing_of_the_deleted_one(sandbox: Sandbox, tmp_path: Path) -> None:
    before = snapshot(sandbox)
    record = _record("prospects", sandbox)
    config = settings_for(sandbox, tmp_path, allow_deletes=True)
    assert _run(config, "prospects", {**record, "title": "t"}).code == 0
    assert _run(config, "prospects", {**record, **WHEN}, record).code == 0
    (row,) = (row for row_id, row in sandbox.kept("prospects").items() if row_id not in before.rows["prospects"])
    assert row.get("title") is None


@pytest.mark.parametrize("stream", DELETABLE)
def test_g12_a_row_that_is_not_there_is_no_error(sandbox: Sandbox, stream: str, tmp_path: Path) -> None:
    before = snapshot(sandbox)
    record = {**_record(stream, sandbox), **WHEN}
    config = settings_for(sandbox, tmp_path, allow_deletes=True)
    outcome = _run(config, stream, record)
    assert (outcome.code, outcome.rejects) == (0, [])
    assert sum(outcome.counts(stream).values()) == 1
    assert snapshot(sandbox).rows == before.rows
    assert _run(config, stream, record).counts(stream) == {"unchanged": 1}


@pytest.mark.parametrize("stream", DELETABLE)
def test_g12_a_row_that_another_one_has_deleted_is_no_error(sandbox: Sandbox, stream: str, tmp_path: Path) -> None:
    record = _record(stream, sandbox)
    before = snapshot(sandbox)
    config = settings_for(sandbox, tmp_path, allow_deletes=True)
    assert _run(config, stream, record).code == 0
    (gone,) = _ids(sandbox, stream) - before.rows[stream].keys()
    sandbox.remove(stream, gone)
    assert _run(config, stream, {**record, **WHEN}).code == 0
    assert snapshot(sandbox).rows == before.rows


@pytest.mark.parametrize("stream", DELETABLE)
def test_g12_a_delete_that_is_not_allowed_is_a_reject_and_others_go_on(sandbox: Sandbox, stream: str, tmp_path: Path) -> None:
    before = snapshot(sandbox)
    record = _record(stream, sandbox)
    config = settings_for(sandbox, tmp_path)
    assert _run(config, stream, record).code == 0
    outcome = _run(config, stream, {**record, **WHEN}, record)
    assert outcome.code == 1
    (reject,) = outcome.rejects
    assert "allow_deletes" in reject["reason"]
    assert [request for request in writes(sandbox, before) if request.method == "DELETE"] == []
    assert _ids(sandbox, stream) > before.rows[stream].keys()


@pytest.mark.parametrize("allow_deletes", [True, False])
def test_g12_what_no_operation_deletes_is_a_reject(sandbox: Sandbox, allow_deletes: object, tmp_path: Path) -> None:
    streams = [stream for stream in RECORDS if stream not in DELETABLE]
    before = snapshot(sandbox)
    config = settings_for(sandbox, tmp_path, allow_deletes=allow_deletes)
    outcome = write(config, messages({stream: [{**RECORDS[stream][0], **WHEN}] for stream in streams}, keys=KEY_PROPERTIES))
    assert sorted(reject["stream"] for reject in outcome.rejects) == sorted(streams)
    assert {reject["status"] for reject in outcome.rejects} == {None}
    assert all("no operation" in reject["reason"] for reject in outcome.rejects)
    assert writes(sandbox, before) == []


@pytest.mark.parametrize("stream", ["prospects", "meetings", "webhooks"])
def test_g12_without_the_ledger_a_row_is_found_by_what_it_says(sandbox: Sandbox, stream: str, tmp_path: Path) -> None:
    record = _record(stream, sandbox)
    before = snapshot(sandbox)
    config = settings_for(sandbox, tmp_path, allow_deletes=True)
    assert _run(config, stream, record).code == 0
    (tmp_path / "ledger.db").unlink()
    assert _run(config, stream, {**record, **WHEN}).counts(stream) == {"written": 1}
    assert snapshot(sandbox).rows == before.rows


@pytest.mark.parametrize("stream", ["prospects", "meetings", "prospector_workflows", "webhooks"])
def test_g12_a_row_is_found_by_the_id_that_its_record_names(sandbox: Sandbox, stream: str, tmp_path: Path) -> None:
    before = snapshot(sandbox)
    row_id = next(iter(before.rows[stream]))
    config = settings_for(sandbox, tmp_path, allow_deletes=True)
    assert _run(config, stream, {"id": row_id, **WHEN}).counts(stream) == {"written": 1}
    assert before.rows[stream].keys() - _ids(sandbox, stream) == {row_id}
    assert violations(sandbox, before, _given(stream, {"id": row_id, **WHEN})) == []


def test_g12_a_prospect_without_email_and_phone_is_not_deleted_for_its_name(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.put("prospects", {"firstName": "Ada", "lastName": "Lovelace", "email": None, "phone": None})
    before = snapshot(sandbox)
    config = settings_for(sandbox, tmp_path, allow_deletes=True, allow_unmatched_creates=True)
    assert _run(config, "prospects", {"id": "1", "firstName": "Ada", "lastName": "Lovelace", **WHEN}).code == 0
    assert snapshot(sandbox).rows == before.rows


@pytest.mark.parametrize("action", ["lost", "status", "reset"])
@pytest.mark.parametrize("stream", DELETABLE)
def test_g12_a_delete_whose_answer_is_lost_is_done(stream: str, action: Any, tmp_path: Path) -> None:  # noqa: ANN401  # a literal
    with Sandbox(World(seed=7, size=4)) as server:
        record = _record(stream, server)
        before = snapshot(server)
        config = settings_for(server, tmp_path, allow_deletes=True)
        assert _run(config, stream, record).code == 0
        fault = server.inject(Fault(action, method="DELETE", times=2))
        assert _run(config, stream, {**record, **WHEN}).code == 0
        assert fault.played
        assert server.kept(stream) == before.rows[stream]


@pytest.mark.parametrize("columns", [("id", "name"), ("id",)])
def test_g12_a_workflow_whose_create_had_no_answer_is_deleted(sandbox: Sandbox, columns: tuple[str, ...], tmp_path: Path) -> None:
    config = settings_for(sandbox, tmp_path, allow_deletes=True, max_rejects=1)
    before, workflow = _ids(sandbox, "prospector_workflows"), _record("prospector_workflows", sandbox)
    sandbox.inject(Fault("lost", method="POST", path="/prospector/workflows", times=1))
    sandbox.inject(Fault("reset", path="/prospector/workflows", times=None, after=1))
    assert _run(config, "prospector_workflows", workflow).counts("prospector_workflows") == {"rejected": 1}
    assert len(_ids(sandbox, "prospector_workflows") - before) == 1
    sandbox.heal()
    # One of the same name that somebody else has made before stays.
    gone = {name: workflow[name] for name in columns} | WHEN
    assert _run(config, "prospector_workflows", gone).counts("prospector_workflows") == {"written": 1}
    assert _ids(sandbox, "prospector_workflows") == before


def test_g12_a_dry_run_deletes_nothing_and_shows_what_would_go(sandbox: Sandbox, tmp_path: Path) -> None:
    before = snapshot(sandbox)
    row_id = next(iter(before.rows["prospects"]))
    config = settings_for(sandbox, tmp_path, allow_deletes=True, dry_run=True)
    assert _run(config, "prospects", {"id": row_id, **WHEN}).counts("prospects") == {"skipped": 1}
    (line,) = json_lines(config["plan_path"])
    assert (line["method"], line["path"], line["after"]) == ("DELETE", f"/prospects/{row_id}", None)
    assert snapshot(sandbox).rows == before.rows
