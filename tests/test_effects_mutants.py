"""What the auditor of writes must go by and no other test shows: each of these was written for a change of it that no test noticed."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest

from tests.effects import Given, snapshot
from tests.effects.example import ADA, FILE, HOOK, Player
from tests.sandbox.client import Client

if TYPE_CHECKING:
    from tests.sandbox import Sandbox

GONE = {"_sdc_deleted_at": "2026-07-01T00:00:00Z"}


@pytest.fixture
def player(sandbox: Sandbox) -> Player:
    return Player(sandbox)


def test_a_workflow_of_the_account_is_named_by_its_id_whatever_its_body_says(player: Player) -> None:
    workflow = player.sandbox.truth("prospector_workflows")[0]["id"]
    player.send("prospectb2b", f"PATCH /prospector/workflows/{workflow}", {"email": "x@example.com"})

    assert player.found(Given("prospector_workflows", ("id",), [{"id": workflow, "email": "x@example.com"}])) == []


def test_a_deletion_names_a_row_of_the_account_by_its_id(player: Player) -> None:
    lead = next(row for row in player.sandbox.truth("leads") if row["email"])
    given = Given("leads", ("id",), [{"id": lead["id"], "email": lead["email"], **GONE}])
    assert player.found(given, leads_write_mode="create") == [f"leads {lead['id']} is still there as {lead['id']}"]
    player.sandbox.remove("leads", lead["id"])

    assert player.found(given, leads_write_mode="create") == []


def test_an_email_tells_more_than_a_phone(player: Player) -> None:
    one, other = (player.sandbox.put("prospects", {"email": f"{name}@example.com", "phone": f"+1212555019{name}"}) for name in "12")
    player.before = snapshot(player.sandbox)
    body = {"firstName": "A", "lastName": "B", "email": one["email"], "phone": other["phone"]}
    player.send("hiringcenter", "POST /prospects", body)

    assert player.found(Given("prospects", ("id",), [{"id": "x", **body}])) == []


def test_a_key_that_was_deleted_means_nobody_until_it_comes_again(player: Player) -> None:
    records = [{"id": "1", **ADA}, {"id": "1", **GONE}, {"id": "2", **ADA}, {"id": "1", "email": ADA["email"], **GONE}]

    assert player.found(Given("prospects", ("id",), records)) == []
    player.send("hiringcenter", "POST /prospects", ADA)
    assert set(player.found(Given("prospects", ("id",), records))) == {
        f"prospects 1 is still there as {player.sandbox.truth('prospects')[-1]['id']}",
    }


def test_who_should_be_gone_is_found_by_what_was_said_before(player: Player) -> None:
    made = player.send("hiringcenter", "POST /prospects", ADA)["item"]["id"]

    assert player.found(Given("prospects", ("id",), [{"id": "1", **ADA}, {"id": "1", **GONE}])) == [f"prospects 1 is still there as {made}"]


def test_the_second_effect_of_one_record_is_not_taken_for_the_only_one_of_another(player: Player) -> None:
    player.play(without=["n2"], twice=["n1"])

    lines = [line.split(": ")[0] for line in player.found()]
    assert lines == ["notes n2 has no effect", "notes n1 has a second effect", "notes"]


@pytest.mark.parametrize("status", ["queued", "processing"])
def test_a_job_is_followed_until_it_is_neither_queued_nor_processed(player: Player, status: str) -> None:
    made = player.send("prospectb2b", "POST /exports", {"include_suppressed": True})["data"]["id"]
    given = Given("exports", ("id",), [{"id": "e", "include_suppressed": True}])
    player.sandbox.change("exports", made, status=status)
    assert player.found(given) == ["exports e was not followed to its end"]
    player.sandbox.change("exports", made, status="failed")

    assert player.found(given) == []


def test_what_comes_along_with_a_row_that_nobody_asked_for_is_named_too(player: Player) -> None:
    player.sandbox.put("exports")

    lines = player.found(Given("exports", ("id",), []))
    assert sorted(line.split(" ")[0] for line in lines) == ["export_downloads", "exports"]


def test_what_was_deleted_in_between_may_be_made_by_the_same_request_again(player: Player) -> None:
    given = Given("webhooks", ("id",), [{"id": "1", **HOOK}, {"id": "1", **GONE}, {"id": "1", **HOOK}])
    made = player.send("prospectb2b", "POST /webhooks", HOOK)["data"]["id"]
    player.send("prospectb2b", f"DELETE /webhooks/{made}")
    player.send("prospectb2b", "POST /webhooks", HOOK)

    assert player.found(given) == []


def test_an_action_may_happen_as_often_as_its_own_records_say(player: Player) -> None:
    ids = [row["id"] for row in player.sandbox.truth("prospector_workflows")[:2]]
    for row_id in (*ids, ids[0]):
        player.send("prospectb2b", f"POST /prospector/workflows/{row_id}/run")

    assert player.found(Given("prospector_workflows", ("id",), [{"id": row_id, "run": True} for row_id in ids])) == [
        f"prospector_workflows {ids[0]}: run happened 2 times, not 1",
        f"prospector_workflows: POST /prospector/workflows/{ids[0]}/run was performed 2 times with the same body",
    ]


def test_a_change_of_a_meeting_is_a_repeat_where_it_is_of_the_same_meeting(player: Player) -> None:
    one, other = (row["id"] for row in player.sandbox.truth("meetings")[:2])
    for row_id, location in ((one, "X"), (one, "X"), (other, "Y")):
        player.send("hiringcenter", f"POST /meetings/{row_id}", {"location": location})

    assert player.found(Given("meetings", ("id",), [{"id": one, "location": "X"}, {"id": other, "location": "Y"}])) == [
        f"meetings: POST /meetings/{one} was performed again with the same body"
    ]


def test_a_run_that_goes_on_may_lead_through_the_versions_of_a_person_again(player: Player) -> None:
    records = [{"id": "1", **ADA, "title": title} for title in "ABA"]
    for _ in range(3):
        player.send("hiringcenter", "POST /prospects", {**ADA, "title": "A"})

    assert player.found(Given("prospects", ("id",), records)) == []
    assert len(player.found(Given("prospects", ("id",), records[2:]))) == 2


def test_a_person_keeps_the_email_that_a_later_record_does_not_name(player: Player) -> None:
    name = {"firstName": "Ada", "lastName": "Lovelace"}
    records = [{"id": "1", **ADA}, {"id": "2", **name, "phone": ADA["phone"]}, {"id": "3", **name, "email": ADA["email"]}]
    player.send("hiringcenter", "POST /prospects", ADA)

    assert player.found(Given("prospects", ("id",), records)) == []


def test_a_record_that_asks_for_nothing_needs_no_effect(player: Player) -> None:
    assert player.found(Given("webhook_deliveries", ("webhook_id", "id"), [{"webhook_id": "elsewhere", "id": "elsewhere"}])) == []


def test_leads_of_an_import_are_the_servers_affair_in_either_form_of_its_file(player: Player) -> None:
    body = {"name": "n", "file_name": "f.csv", "file_type": "csv", "file_data": base64.b64encode(FILE.encode()).decode()}
    player.send("prospectb2b", "POST /imports", body)
    player.sandbox.clock.advance(100)
    Client(player.sandbox, "prospectb2b").get("/imports")
    assert any(row["email"] == "eve@example.com" for row in player.sandbox.truth("leads"))

    assert player.found(Given("imports", ("id",), [{"id": "i", **body}])) == []
    # Nobody in the file has a phone, which makes nobody else without one a lead of it.
    stranger = player.sandbox.put("leads", {"email": "stranger@example.com", "phone": None})["id"]
    # And an import makes leads, but no prospects.
    prospect = player.sandbox.put("prospects", {"email": "eve@example.com"})["id"]
    assert player.found(Given("imports", ("id",), [{"id": "i", **body}])) == [
        f"{row} was created, and no record asked for it" for row in (f"prospects {prospect}", f"leads {stranger}")
    ]
