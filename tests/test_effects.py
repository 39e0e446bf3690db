"""The auditor of writes sees what was lost, doubled, wrong or stray, and nothing where all is well."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.auditor import emitted
from tests.effects import Given, snapshot, violations, writes, writes_by_stream
from tests.effects.example import ADA, BOB, FILE, RECORDS, STEPS, Body, Player
from tests.effects.wanted import FACTS
from tests.sandbox import Fault, Sandbox, Variant, World
from tests.sandbox.client import Client
from tests.sandbox.rows import STAGES, USERS


@pytest.fixture
def player(sandbox: Sandbox) -> Player:
    return Player(sandbox)


def test_good_writes_are_found_good(player: Player) -> None:
    player.play()

    assert player.found() == []
    assert sum(writes_by_stream(player.sandbox).values()) == len(writes(player.sandbox, player.before)) == len(STEPS)
    assert writes_by_stream(player.sandbox)["notes"] == 2


def test_every_sink_is_played() -> None:
    assert RECORDS.keys() == FACTS.keys()
    assert len(FACTS) == 13


@pytest.mark.parametrize(
    ("step", "sentences"),
    [
        ("p2", ["prospects p2: lastName", "prospects p2: email", "prospects p2: city"]),
        ("m1", ["meetings m1 has no effect"]),
        ("n2", ["notes n2 has no effect"]),
        ("t1", ["tasks t1 has no effect"]),
        ("l1", ["leads l1 has no effect"]),
        ("l2", ["leads l2 has no effect"]),
        ("w1 run", ["prospector_workflows w1: run has no effect"]),
        ("c1 status", ["campaigns c1: status is 'draft', not 'paused'"]),
        ("c2", ["publish has no effect"]),
        ("h1", ["webhooks h1 has no effect"]),
        ("d1", ["retry has no effect"]),
        ("s1", ["support_tickets s1 has no effect"]),
        ("i1", ["imports i1 has no effect"]),
        ("e1", ["exports e1 has no effect"]),
        ("k1 flag", ["closershq_prospects cho@example.com: replied is False, not True"]),
    ],
)
def test_a_loss_is_named(player: Player, step: str, sentences: list[str]) -> None:
    player.play(without=[step])

    found = player.found()

    assert len(found) == len(sentences)
    assert [text for text in sentences if not any(text in line for line in found)] == []


def test_a_lost_prospect_takes_what_leans_on_it_along(player: Player) -> None:
    player.play(without=["p1", "m1", "n1", "n2"])

    assert player.found() == ["prospects p1 has no effect", "meetings m1 has no effect", "notes n1 has no effect", "notes n2 has no effect"]


@pytest.mark.parametrize(
    ("step", "sentences"),
    [
        ("p1", ["prospects: POST /prospects was performed again"]),
        ("m1", ["meetings m1 has a second effect", "meetings: POST /meetings was performed 2 times"]),
        ("n1", ["notes n1 has a second effect", "notes: POST /notes was performed 2 times"]),
        ("t1", ["tasks t1 has a second effect", "tasks: POST /tasks was performed 2 times"]),
        ("l1", ["leads: POST /leads/bulk was performed again"]),
        ("l2", ["leads: POST /leads/upsert was performed again"]),
        ("w1", ["prospector_workflows w1 has a second effect", "POST /prospector/workflows was performed 2 times"]),
        ("w1 run", ["prospector_workflows w1: run happened 2 times, not 1", "/run was performed 2 times"]),
        ("c1", ["was created, and no record asked for it", "POST /campaigns was performed 2 times"]),
        ("c2", ["publish happened 2 times, not 1", "/publish was performed 2 times"]),
        ("h1", ["webhooks h1 has a second effect", "POST /webhooks was performed 2 times"]),
        ("d1", ["retry happened 2 times, not 1", "/retry was performed 2 times"]),
        ("s1", ["support_tickets s1 has a second effect", "POST /support/tickets was performed 2 times"]),
        ("i1", ["imports i1 has a second effect", "POST /imports was performed 2 times"]),
        ("e1", ["exports e1 has a second effect", "POST /exports was performed 2 times"]),
    ],
)
def test_a_second_effect_is_named(player: Player, step: str, sentences: list[str]) -> None:
    player.play(twice=[step])

    found = player.found()

    assert [text for text in sentences if not any(text in line for line in found)] == []
    # What an import that happens twice does to its leads is the server's affair.
    assert len([line for line in found if not line.startswith(("import_errors", "export_downloads"))]) == len(sentences)


@pytest.mark.parametrize(("stream", "key", "row"), [("prospects", "p1", {"email": "ADA@example.com"}), ("leads", "l2", {"phone": "+13055550123"})])
def test_a_second_person_with_the_same_email_or_phone_is_named(player: Player, stream: str, key: str, row: Body) -> None:
    player.play()
    double = player.sandbox.put(stream, row)

    assert player.found() == [f"{stream} {key} has a second effect: {double['id']}"]


@pytest.mark.parametrize(
    ("step", "change", "sentence"),
    [
        ("p1", {"lastName": "King"}, "prospects p1: lastName is 'King', not 'Lovelace'"),
        ("p1", {"stageId": STAGES[1][0]}, "prospects p1: currentStageId is"),
        ("p1", {"labels": ["Hot", "Cold"]}, "prospects p1: labels is ['Hot', 'Cold'], not ['Hot']"),
        ("p1", {"officeId": "o"}, "prospects p1: officeId is 'o', and no record says so"),
        ("p2", {"title": None}, "prospects p2: title is None, and no record says so"),
        ("p2", {"city": "Bonn"}, "prospects p2: city is 'Bonn', not 'Köln'"),
        ("m1", {"meetingDate": 1_782_900_000_001}, "meetings m1: meetingDate is 1782900000001"),
        ("m1", {"location": "Zoom"}, "meetings m1: location is 'Zoom', and no record says so"),
        ("n1", {"body": "<p>one</p>"}, "notes n1: body is '<p>one</p>'"),
        ("n1", {"prospectId": "{p2}"}, "notes n1: prospectId is"),
        ("n1", {"pin": True}, "notes n1: pin is True, and no record says so"),
        ("t1", {"assignedTo": USERS[2]}, "tasks t1: assignedTo is"),
        ("l1", {"leads": [{**BOB, "due_date": "2026-07-01T10:00:00Z"}]}, "leads l1: due_date is"),
        ("l1", {"leads": [{**BOB, "tags": ["x"]}]}, "leads l1: tags is ['x']"),
        ("l1", {"leads": [{**BOB, "notes": "other"}]}, "leads l1: notes is 'other'"),
        ("l2", {"company_name": "C"}, "leads l2: company_name is 'C', and no record says so"),
        ("w1", {"depth": {"of": 3}}, "prospector_workflows w1: depth is {'of': 3}"),
        ("c1 status", {"status": "active"}, "campaigns c1: status is 'active', not 'paused'"),
        ("h1", {"events": ["lead.updated"]}, "webhooks h1: events is"),
        ("s1", {"subject": "t"}, "support_tickets s1: subject is 't'"),
        ("i1", {"name": "other"}, "imports i1: name is 'other'"),
        ("k1", {"firstName": "Choo"}, "closershq_prospects cho@example.com: firstName is 'Choo'"),
        ("k1 flag", {"bounced": True}, "closershq_prospects cho@example.com: bounced is True, and no record says so"),
    ],
)
def test_a_wrong_field_is_named(player: Player, step: str, change: Body, sentence: str) -> None:
    player.play(instead={step: change})

    [found] = player.found()

    assert sentence in found


def test_an_export_of_something_else_is_named(player: Player) -> None:
    player.play(instead={"e1": {"include_suppressed": False}})

    assert player.found()[0] == "exports e1 has no effect"


@pytest.mark.parametrize("stream", ["prospects", "meetings", "notes", "tasks", "leads", "campaigns", "webhooks", "support_tickets", "referrals"])
def test_what_nobody_asked_for_is_named(player: Player, stream: str) -> None:
    player.play()
    changed, deleted = [row_id for row_id in player.before.rows[stream] if row_id not in player.ids.values()][:2]
    made = player.sandbox.put(stream)["id"]
    player.sandbox.change(stream, changed, colour="red")
    player.sandbox.remove(stream, deleted)

    found = [line for line in player.found() if line.startswith(f"{stream} ")]

    assert f"{stream} {made} was created, and no record asked for it" in found
    assert f"{stream} {deleted} was deleted, and no record asked for it" in found
    assert any(f"{stream} {changed} was changed (colour" in line for line in found)
    assert len(found) == 3


def test_a_row_that_went_again_is_named(player: Player) -> None:
    player.play()
    player.send("hiringcenter", "DELETE /meetings/{m1}")
    player.send("closershq", "DELETE /crm/prospect", {"email": "cho@example.com"})

    assert player.found() == ["meetings m1 has no effect", "closershq_prospects cho@example.com has no effect"]


def test_a_deletion_must_happen_and_no_other(player: Player) -> None:
    gone = {"_sdc_deleted_at": "2026-07-01T00:00:00Z"}
    webhook, workflow = (player.sandbox.truth(stream)[-1]["id"] for stream in ("webhooks", "prospector_workflows"))
    prospect = next(row for row in player.sandbox.truth("prospects") if row["email"])
    given = [
        Given("prospects", ("id",), [{"id": "elsewhere", "email": prospect["email"].upper(), **gone}, {"id": "never there", **gone}]),
        Given("webhooks", ("id",), [{"id": webhook, **gone}]),
        Given("prospector_workflows", ("id",), [{"id": workflow, **gone}]),
        Given("closershq_prospects", ("email",), [{"email": "x@example.com"}, {"email": "x@example.com", **gone}]),
        Given("support_tickets", ("id",), [{"id": "s", "subject": "s", "body": "b"}], rejected=[("s",)]),
    ]
    player.send("closershq", "POST /crm/prospect", {"email": "x@example.com"})
    assert sorted(line.split(" is still")[0] for line in player.found(*given)) == [
        "closershq_prospects x@example.com",
        "prospector_workflows " + workflow,
        "prospects elsewhere",
        "webhooks " + webhook,
    ]

    player.send("closershq", "DELETE /crm/prospect", {"email": "x@example.com"})
    player.send("prospectb2b", f"DELETE /webhooks/{webhook}")
    player.send("prospectb2b", f"DELETE /prospector/workflows/{workflow}")
    player.send("hiringcenter", f"DELETE /prospects/{prospect['id']}")

    assert player.found(*given) == []


def test_a_rejected_record_must_have_no_effect(player: Player) -> None:
    records = [{"id": "a", "subject": "s", "body": "b"}, {"id": "b", "subject": "t", "body": "b"}]
    given = Given("support_tickets", ("id",), records, rejected=[("b",)])
    player.send("prospectb2b", "POST /support/tickets", {"subject": "s", "body": "b"})
    assert player.found(given) == []

    made = player.send("prospectb2b", "POST /support/tickets", {"subject": "t", "body": "b"})["data"]["id"]

    assert player.found(given) == [f"support_tickets {made} was created, and no record asked for it"]


def test_the_last_version_must_hold_and_earlier_ones_may_show(player: Player) -> None:
    versions = [{"id": "1", **ADA, "title": "A", "city": "Bonn"}, {"id": "1", **ADA, "title": "B"}, {"id": "1", **ADA, "title": "A"}]
    given = Given("prospects", ("id",), versions)
    for title in ("A", "B"):
        player.send("hiringcenter", "POST /prospects", {**ADA, "title": title, "city": "Bonn"})
    assert player.found(given) == ["prospects 1: title is 'B', not 'A'"]

    player.send("hiringcenter", "POST /prospects", {**ADA, "title": "A", "city": "Bonn"})

    assert player.found(given) == []
    player.send("hiringcenter", "POST /prospects", {**ADA, "city": "Kiel"})
    assert player.found(given) == ["prospects 1: city is 'Kiel', and no record says so"]


def test_what_is_made_once_may_stay_as_any_version_says(player: Player) -> None:
    ticket = {"id": "1", "subject": "s", "body": "first"}
    given = Given("support_tickets", ("id",), [ticket, {**ticket, "body": "second"}])
    player.send("prospectb2b", "POST /support/tickets", {"subject": "s", "body": "first"})

    assert player.found(given) == []


def test_two_keys_may_be_one_person_and_one_key_two(player: Player) -> None:
    one = {"full_name": "One", "email": "One@example.com"}
    given = Given("leads", ("id",), [{"id": "1", **one}, {"id": "2", **one, "email": "one@example.com"}, {"id": "3", "full_name": "X", "phone": "7"}])
    player.send("prospectb2b", "POST /leads/bulk", {"leads": [{**one, "email": "one@example.com"}, {"full_name": "X", "phone": "7"}]})
    assert player.found(given) == []

    moved = Given("leads", ("id",), [*given.records, {"id": "1", "full_name": "One", "email": "uno@example.com"}])
    assert player.found(moved) == ["leads 1 has no effect"]
    player.send("prospectb2b", "POST /leads/upsert", {"full_name": "One", "email": "uno@example.com"})

    assert player.found(moved) == []


def test_with_create_each_key_has_a_lead_of_its_own(player: Player) -> None:
    lead = {"full_name": "One", "email": "one@example.com"}
    given = Given("leads", ("id",), [{"id": "1", **lead}, {"id": "2", **lead}])
    player.send("prospectb2b", "POST /leads", lead)
    assert player.found(given, leads_write_mode="create") == ["leads 2 has no effect"]

    player.send("prospectb2b", "POST /leads", lead)

    assert player.found(given, leads_write_mode="create") == []
    assert [line.split(": ")[0] for line in player.found(given)] == ["leads 2 has a second effect", "leads"]


def test_a_lead_may_be_named_by_its_id(player: Player) -> None:
    lead = player.sandbox.truth("leads")[0]["id"]
    given = Given("leads", ("id",), [{"id": lead, "title": "CTO"}])
    assert [line.split(":")[0] for line in player.found(given)] == [f"leads {lead}"]

    player.send("prospectb2b", f"PATCH /leads/{lead}", {"title": "CTO"})

    assert player.found(given) == []


@pytest.mark.parametrize("policy", ["omit", "clear"])
def test_null_clears_or_is_left_out(player: Player, policy: str) -> None:
    given = Given("prospects", ("id",), [{"id": "1", "firstName": "Old", "lastName": "L", "email": "old@example.com", "title": None}])
    body = {"firstName": "Old", "lastName": "L", "email": "old@example.com"}
    player.send("hiringcenter", "POST /prospects", body if policy == "omit" else {**body, "title": None})

    assert player.found(given, null_policy=policy) == []
    wrong = {"omit": "clear", "clear": "omit"}[policy]
    assert len(player.found(given, null_policy=wrong)) == 1


def test_labels_that_are_merged_are_compared_as_sets() -> None:
    with Sandbox(World(size=3), variant=Variant(labels_update="merge")) as sandbox:
        sandbox.put("prospects", {"email": "ada@example.com", "phone": None, "labels": ["Old"], "firstName": "Ada"})
        player = Player(sandbox)
        given = Given("prospects", ("id",), [{"id": "1", **ADA, "labels": "b, a"}])
        player.send("hiringcenter", "POST /prospects", {**ADA, "labels": ["a", "b"]})
        assert player.found(given) == []

        player.send("hiringcenter", "POST /prospects", {**ADA, "labels": ["c"]})

        assert player.found(given) == ["prospects 1: labels is ['Old', 'a', 'b', 'c'], and no record says so"]


def test_a_phone_may_be_dropped_with_a_warning(player: Player) -> None:
    person = {"firstName": "A", "lastName": "B", "phone": "+11125550123"}
    given = Given("prospects", ("id",), [{"id": "1", **ADA, "phone": "+11125550123"}, {"id": "2", **person}])
    for body in (ADA | {"phone": "+11125550123"}, person):
        player.send("hiringcenter", "POST /prospects", body)

    assert player.found(given) == []


def test_the_answer_may_be_lost_and_the_request_replayed(player: Player) -> None:
    given = Given("leads", ("id",), [{"id": "1", "full_name": "One", "email": "one@example.com"}])
    body = {"full_name": "One", "email": "one@example.com"}
    player.sandbox.inject(Fault("lost", path="/leads/upsert"))
    with pytest.raises(requests.ConnectionError):
        player.send("prospectb2b", "POST /leads/upsert", body, key="k")
    player.send("prospectb2b", "POST /leads/upsert", body, key="k")
    assert player.found(given) == []
    assert len(writes(player.sandbox, player.before)) == 1

    player.send("prospectb2b", "POST /leads/upsert", body, key="other")

    assert player.found(given) == ["leads: POST /leads/upsert was performed again with the same body"]
    assert len(writes(player.sandbox, player.before)) == 2


def test_an_upsert_may_be_repeated_where_keys_mean_nothing() -> None:
    with Sandbox(World(size=3), variant=Variant(hiringcenter_shape="older")) as sandbox:
        player = Player(sandbox)
        for _ in range(2):
            player.send("hiringcenter", "POST /prospects", {**ADA, "update": True})

        assert player.found(Given("prospects", ("id",), [{"id": "1", **ADA}])) == []


def test_a_refused_request_is_no_write(player: Player) -> None:
    client = Client(player.sandbox, "prospectb2b")
    assert client.send("POST", "/leads", {"full_name": "Nobody"}).status_code == 400
    player.sandbox.inject(Fault("reset", path="/leads"))
    with pytest.raises(requests.ConnectionError):
        client.send("POST", "/leads", BOB)

    assert writes(player.sandbox) == []


def test_a_meeting_of_the_account_is_changed_in_place(player: Player) -> None:
    meeting = player.sandbox.truth("meetings")[0]
    given = Given("meetings", ("id",), [{"id": meeting["id"], "ownerId": "o", "userId": USERS[0]}])
    player.send("hiringcenter", f"POST /meetings/{meeting['id']}", {"ownerId": "o", "userId": USERS[0]})

    assert player.found(given) == []


def test_a_row_that_was_there_is_an_effect_only_where_that_is_allowed(player: Player) -> None:
    note = player.sandbox.truth("notes")[0]
    given = Given("notes", ("key",), [{"key": 1, "prospectId": note["prospectId"], "body": note["body"]}])

    assert player.found(given) == ["notes 1 has no effect"]
    assert player.found(given, adopts=True) == []


# Of each stream of an account, what a copy of it can be given; a prospect's stage has another name.
COPIED = {
    "prospects": "firstName lastName email phone title company labels currentStageId",
    "meetings": "prospectId meetingDate timeZone meetingType ownerId location notes",
    "notes": "prospectId body userId mentions pin fileUrl",
    "tasks": "prospectId task assignedTo dueAt",
}


def test_a_copied_account_is_found_good() -> None:
    with Sandbox(World(size=40)) as source, Sandbox(World.empty()) as copy:
        before, given = snapshot(copy), []
        ids: dict[Any, str] = {}
        client = Client(copy, "hiringcenter")
        for stream, names in COPIED.items():
            records = [emitted(stream, row) for row in source.truth(stream)]
            given.append(Given(stream, ("id",), records))
            for record in records:
                body = {name: record[name] for name in names.split() if record[name] is not None}
                if stream == "prospects":
                    body["stageId"] = body.pop("currentStageId")
                else:
                    body["prospectId"] = ids[body["prospectId"]]
                ids[record["id"]] = client.send("POST", f"/{stream}", body).json()["item"]["id"]

        assert violations(copy, before, *given) == []
        assert len(copy.truth("notes")) == len(source.truth("notes"))
        copy.remove("notes", copy.truth("notes")[5]["id"])
        assert len(violations(copy, before, *given)) == 1


def test_an_import_must_be_followed_to_its_end(player: Player) -> None:
    body = {"name": "n", "file_name": "f.csv", "file_type": "csv", "file_data": FILE}
    player.send("prospectb2b", "POST /imports", body)

    assert player.found(Given("imports", ("id",), [{"id": "1", **body}])) == ["imports 1 was not followed to its end"]


def test_a_stream_is_given_once(player: Player) -> None:
    with pytest.raises(ValueError, match="twice"):
        player.found(Given("notes", ("id",), []), Given("notes", ("id",), []))
