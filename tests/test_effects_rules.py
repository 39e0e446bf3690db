"""What the auditor of writes lets pass, since settings or documents leave it open, and that it goes no further."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.effects import Given, snapshot, writes
from tests.effects.example import ADA, HOOK, Body, Player
from tests.sandbox.rows import STAGES, USERS

if TYPE_CHECKING:
    from tests.sandbox import Sandbox

GONE = {"_sdc_deleted_at": "2026-07-01T00:00:00Z"}


@pytest.fixture
def player(sandbox: Sandbox) -> Player:
    return Player(sandbox)


def prospects(*records: Body) -> Given:
    return Given("prospects", ("id",), records)


@pytest.mark.parametrize(
    ("record", "sent", "wrong"),
    [
        ({"stageId": STAGES[2][0], "currentStageId": STAGES[3][0]}, {"stageId": STAGES[2][0]}, {"stageId": STAGES[3][0]}),
        ({"sourceId": "s", "newSourceName": "n"}, {"sourceId": "s"}, {"newSourceName": "n"}),
        ({"title": ""}, {}, {"title": "x"}),
        ({"title": ""}, {"title": ""}, {"title": "x"}),
        ({"additional_properties": {"city": "Bonn"}}, {}, {"city": "Kiel"}),
        ({"additional_properties": {"city": "Bonn"}}, {"city": "Bonn"}, {"city": "Kiel"}),
        ({"pipelineId": STAGES[4][2]}, {"pipelineId": STAGES[4][2]}, {}),
    ],
)
def test_a_prospect_may_be_written_in_more_than_one_way(player: Player, record: Body, sent: Body, wrong: Body) -> None:
    given = prospects({"id": "1", **ADA, **record})
    player.send("hiringcenter", "POST /prospects", {**ADA, **sent})
    assert player.found(given) == []

    player.send("hiringcenter", f"DELETE /prospects/{player.sandbox.truth('prospects')[-1]['id']}")
    player.send("hiringcenter", "POST /prospects", {**ADA, **wrong})

    assert [line.split(":")[0] for line in player.found(given)] == ["prospects 1"]


def test_a_prospect_is_found_by_its_phone(player: Player) -> None:
    known = player.sandbox.put("prospects", {"email": None, "phone": "+12125550199"})
    player.before = snapshot(player.sandbox)
    body = {"firstName": "A", "lastName": "B", "email": "new@example.com", "phone": known["phone"]}
    player.send("hiringcenter", "POST /prospects", body)

    assert player.found(prospects({"id": "1", **body})) == []


def test_an_address_that_a_later_version_left_need_not_show(player: Player) -> None:
    person = {"id": "1", "firstName": "A", "lastName": "B"}
    given = prospects({**person, "email": "a@example.com"}, {**person, "email": "b@example.com"})
    player.send("hiringcenter", "POST /prospects", {"firstName": "A", "lastName": "B", "email": "b@example.com"})
    assert player.found(given) == []

    player.send("hiringcenter", "POST /prospects", {"firstName": "A", "lastName": "B", "email": "a@example.com"})

    assert player.found(given) == []


def test_a_rejected_key_leaves_the_other_one_of_that_person(player: Player) -> None:
    person = {"firstName": "A", "lastName": "B", "email": "a@example.com"}
    records = [{"id": "1", **person}, {"id": "2", **person}, {"id": "2", **person, "lastName": ""}]

    assert player.found(Given("prospects", ("id",), records, rejected=[("2",)])) == ["prospects 2 has no effect"]


def test_what_was_deleted_may_come_again(player: Player) -> None:
    webhook = player.sandbox.truth("webhooks")[0]["id"]
    friend = {"firstName": "Old", "lastName": "Friend", "email": "old@example.com"}
    given = [
        Given("webhooks", ("id",), [{"id": webhook, **GONE}, {"id": webhook, **HOOK}]),
        prospects({"id": "1", "email": "old@example.com", **GONE}, {"id": "2", **friend}),
    ]
    player.send("prospectb2b", f"DELETE /webhooks/{webhook}")
    player.send("hiringcenter", "DELETE /prospects/{p2}")
    assert player.found(*given) == [f"webhooks {webhook} has no effect", "prospects 2 has no effect"]

    player.send("prospectb2b", "POST /webhooks", HOOK)
    player.send("hiringcenter", "POST /prospects", friend)

    assert player.found(*given) == []


def test_a_campaign_is_published_after_its_status_was_set(player: Player) -> None:
    given = Given("campaigns", ("id",), [{"id": player.ids["OLD CAMPAIGN"], "status": "paused", "publish": True}])
    player.send("prospectb2b", "PATCH /campaigns/{OLD CAMPAIGN}", {"status": "paused"})
    player.send("prospectb2b", "POST /campaigns/{OLD CAMPAIGN}/publish")
    assert player.found(given) == []

    player.send("prospectb2b", "PATCH /campaigns/{OLD CAMPAIGN}", {"status": "archived"})

    assert len(player.found(given)) == 1


def test_closershq_keeps_an_email_as_it_was_spelt_first(player: Player) -> None:
    player.send("closershq", "POST /crm/prospect", {"email": "cho@example.com"})
    player.send("closershq", "PATCH /crm/prospect", {"email": "Cho@Example.com", "title": "T"})

    assert player.found(Given("closershq_prospects", ("email",), [{"email": "Cho@Example.com", "title": "T"}])) == []


def test_an_export_is_of_what_is_not_suppressed_unless_it_says_so(player: Player) -> None:
    given = Given("exports", ("id",), [{"id": "1"}])
    assert player.found(given) == ["exports 1 has no effect"]
    player.send("prospectb2b", "POST /exports", {"include_suppressed": False})

    assert player.found(given) == ["exports 1 was not followed to its end"]


def test_a_lead_that_is_named_by_its_id_may_get_another_email(player: Player) -> None:
    lead = player.sandbox.put("leads", {"email": "a@example.com", "phone": None})["id"]
    player.before = snapshot(player.sandbox)
    player.send("prospectb2b", f"PATCH /leads/{lead}", {"email": "b@example.com"})

    assert player.found(Given("leads", ("id",), [{"id": lead, "email": "b@example.com"}])) == []


def test_a_task_may_stay_as_its_first_version_says_in_any_zone(player: Player) -> None:
    task = {"prospectId": player.ids["p2"], "assignedTo": USERS[1], "task": "Call"}
    versions = [{"id": "1", **task, "dueAt": f"2026-07-0{day}T08:00:00Z"} for day in (1, 2)]
    player.send("hiringcenter", "POST /tasks", {**task, "dueAt": "2026-07-01T10:00:00+02:00"})
    assert player.found(Given("tasks", ("id",), versions)) == []

    assert len(player.found(Given("tasks", ("id",), versions[1:]))) == 1


def test_only_writes_since_the_snapshot_count(player: Player) -> None:
    player.send("prospectb2b", "POST /support/tickets", {"subject": "s", "body": "b"})

    assert len(writes(player.sandbox)) == 1
    assert writes(player.sandbox, snapshot(player.sandbox)) == []
