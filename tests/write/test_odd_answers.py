"""Answers to writes that no document shows: nothing is taken for granted of them, and nothing is built on them."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING, Any

import pytest
from singer_sdk.exceptions import ConfigValidationError

from target_hiringcenter.target import TargetHiringcenter
from tests.effects import snapshot, writes
from tests.sandbox import Fault, Sandbox
from tests.sandbox.rows import USERS
from tests.writing import messages, settings_for, write

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

ADA = {"id": "p1", "firstName": "Ada", "lastName": "Lovelace", "email": "ada@example.com"}
MEETING = {
    "id": "m1",
    "prospectId": "p1",
    "meetingDate": "2026-07-01T10:00:00Z",
    "timeZone": "UTC",
    "meetingType": "phone",
    "ownerId": USERS[0],
}


def test_the_row_of_another_is_not_taken_for_the_one_that_was_written(sandbox: Sandbox, tmp_path: Path) -> None:
    stranger = sandbox.truth("prospects")[0]

    def swap(body: Mapping[str, Any]) -> object:
        return {**body, "item": {**body["item"], "id": stranger["id"], "email": "someone@else.example", "phone": None}}

    sandbox.inject(Fault("edit", path="/prospects", method="POST", edit=swap))
    config = settings_for(sandbox, tmp_path)
    outcome = write(config, messages({"prospects": [ADA], "meetings": [MEETING]}))
    assert outcome.counts("prospects") == {"rejected": 1}
    assert "the row of another" in outcome.rejects[0]["reason"]
    assert outcome.counts("meetings") == {"rejected": 1}
    assert not [row for row in sandbox.truth("meetings") if row["prospectId"] == stranger["id"] and row["meetingDate"] == "2026-07-01T10:00:00.000Z"]
    again = write(config, messages({"prospects": [ADA], "meetings": [MEETING]}))
    assert again.code == 0
    (made,) = (row for row in sandbox.truth("prospects") if row["email"] == ADA["email"])
    assert [row["prospectId"] for row in sandbox.truth("meetings") if row["ownerId"] == USERS[0]].count(made["id"]) == 1


def test_after_an_empty_answer_the_row_is_looked_for_so_that_others_can_refer_to_it(sandbox: Sandbox, tmp_path: Path) -> None:
    before = snapshot(sandbox)
    sandbox.inject(Fault("lost", path="/prospects", method="POST", status=204))
    outcome = write(settings_for(sandbox, tmp_path), messages({"prospects": [ADA], "meetings": [MEETING]}))
    assert outcome.rejects == []
    assert [request.path for request in writes(sandbox, before)] == ["/prospects", "/meetings"]


def test_a_meeting_that_moves_to_another_prospect_is_a_reject_and_stays_where_it_is(sandbox: Sandbox, tmp_path: Path) -> None:
    config = settings_for(sandbox, tmp_path)
    bob = {**ADA, "id": "p2", "email": "bob@example.com"}
    assert write(config, messages({"prospects": [ADA, bob], "meetings": [MEETING]})).code == 0
    before = snapshot(sandbox)
    outcome = write(config, messages({"meetings": [{**MEETING, "prospectId": "p2"}]}))
    assert outcome.counts("meetings") == {"rejected": 1}
    assert outcome.rejects[0]["field"] == "prospectId"
    assert writes(sandbox, before) == []


def test_an_answer_of_closershq_that_says_no_is_a_no(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.inject(Fault("body", path="/crm/prospect", body={"success": False, "message": "already exists"}))
    outcome = write(
        settings_for(sandbox, tmp_path), messages({"closershq_prospects": [{"email": "a@example.com"}]}, keys={"closershq_prospects": ["email"]})
    )
    assert outcome.counts("closershq_prospects") == {"rejected": 1}


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ('{"type": "RECORD", "stream": "leads", "record": null}', "RECORD"),
        ('{"type": "RECORD", "stream": "leads", "record": ["a"]}', "RECORD"),
        ('{"type": "HELLO", "stream": "leads"}', "type"),
        ('{"type": "RECORD", "stream": "leads", "rec', "JSON"),
        ("[]", "Singer"),
    ],
)
def test_a_line_that_singer_does_not_know_ends_the_run_with_a_word_on_it(line: str, word: str, sandbox: Sandbox, tmp_path: Path) -> None:
    first, *rest = messages({"leads": [{"id": 1, "email": "a@example.com"}]})
    outcome = write(settings_for(sandbox, tmp_path), [first, line, *rest])
    assert outcome.code == 1
    assert word in str(outcome.error)
    assert outcome.states == []


def test_activate_version_of_a_stream_that_was_never_described_changes_nothing(sandbox: Sandbox, tmp_path: Path) -> None:
    line = '{"type": "ACTIVATE_VERSION", "stream": "other", "version": 1}'
    assert write(settings_for(sandbox, tmp_path), [line, *messages({})]).states == [{"bookmark": "end"}]


def test_a_key_that_auth_calls_bad_in_so_many_words_ends_the_run_before_the_first_write(sandbox: Sandbox, tmp_path: Path) -> None:
    before = snapshot(sandbox)
    sandbox.inject(Fault("body", path="/auth", status=200, body={"success": False}))
    outcome = write(settings_for(sandbox, tmp_path), messages({"prospects": [ADA]}))
    assert "not accepted" in str(outcome.error)
    assert writes(sandbox, before) == []


def test_the_ledger_is_its_owners(sandbox: Sandbox, tmp_path: Path) -> None:
    assert write(settings_for(sandbox, tmp_path), messages({"prospects": [ADA]})).code == 0
    assert stat.S_IMODE((tmp_path / "ledger.db").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({"batch_size_rows": 0}, "batch_size_rows"),
        ({"rejects_path": "/"}, "folder"),
        ({"request_timeout_seconds": 1e308}, "maximum"),
    ],
)
def test_a_setting_that_could_only_fail_later_is_refused_at_once(settings: dict[str, Any], word: str, sandbox: Sandbox, tmp_path: Path) -> None:
    with pytest.raises(ConfigValidationError) as found:
        TargetHiringcenter(config=settings_for(sandbox, tmp_path, **settings))
    assert word in str(found.value.errors)


def test_a_campaign_that_the_record_names_by_its_id_is_not_made_again_to_be_published(sandbox: Sandbox, tmp_path: Path) -> None:
    campaign = sandbox.truth("campaigns")[0]
    before = snapshot(sandbox)
    record = {"id": campaign["id"], "prospector_workflow_id": campaign["prospector_workflow_id"], "publish": True}
    assert write(settings_for(sandbox, tmp_path), messages({"campaigns": [record]})).code == 0
    assert [request.path for request in writes(sandbox, before)] == [f"/campaigns/{campaign['id']}/publish"]


def test_where_neither_the_check_of_the_key_nor_the_first_write_is_there_the_url_is_doubted(sandbox: Sandbox, tmp_path: Path) -> None:
    config = settings_for(sandbox, tmp_path, hiringcenter_api_url=f"{sandbox.hiringcenter_url}/wrong")
    outcome = write(config, messages({"prospects": [ADA, {**ADA, "id": "p2", "email": "b@example.com"}]}))
    assert "hiringcenter_api_url" in str(outcome.error)
    assert outcome.states == []
    assert outcome.rejects == []


def test_warnings_stand_in_the_log_too(sandbox: Sandbox, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    config = settings_for(sandbox, tmp_path)
    assert write(config, messages({"prospects": [ADA]})).code == 0
    assert write(config, messages({"prospects": [{**ADA, "email": "another@example.com"}]})).code == 0
    assert "prospects: neither e-mail nor phone is what it was" in caplog.text
    assert "another@example.com" not in caplog.text
