"""G-06, G-07: many leads in a request, some of them bad, and two records about one person."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest

from tests.effects import Given, snapshot, violations, writes
from tests.sandbox import Fault, Sandbox, Variant, World
from tests.writing import messages, settings_for, write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from tests.sandbox import LoggedRequest

Record = dict[str, Any]

BULK = "/leads/bulk"
COUNT = 24


def _leads(count: int = COUNT, bad: Iterable[int] = ()) -> list[Record]:
    """Leads, with some that only the API can know to be bad."""
    found = [{"id": str(number), "full_name": f"Lead {number}", "email": f"lead{number}@example.com"} for number in range(count)]
    for number in bad:
        found[number]["column_id"] = "no column of that name"
    return found


def _bulks(server: Sandbox) -> list[LoggedRequest]:
    return [request for request in server.requests if request.path == BULK]


def _holds(email: str) -> Callable[[LoggedRequest], bool]:
    return lambda request: request.method != "GET" and email in str(request.body)


@pytest.mark.parametrize(("refusal", "order"), [("whole", "same"), ("rows", "shuffled")])
@pytest.mark.parametrize("bad", [(), (0,), (7,), (23,), (3, 4, 11), range(1, 24, 2), range(24)])
def test_g06_bad_rows_cost_only_themselves(bad: Iterable[int], refusal: Any, order: Any, tmp_path: Path) -> None:  # noqa: ANN401  # literals
    with Sandbox(World(seed=7, size=2), variant=Variant(bulk_refusal=refusal, bulk_order=order)) as server:
        before = snapshot(server)
        leads = _leads(bad=bad)
        outcome = write(settings_for(server, tmp_path, leads_bulk_size=10), messages({"leads": leads}))
        assert sorted(int(reject["key"]["id"]) for reject in outcome.rejects) == list(bad)
        assert {reject["status"] for reject in outcome.rejects} <= {400}
        assert all(reject["request_id"] for reject in outcome.rejects)
        assert outcome.counts("leads") == {name: count for name, count in (("written", 24 - len(list(bad))), ("rejected", len(list(bad)))) if count}
        assert outcome.states == [{"bookmark": "end"}]
        assert outcome.code == (1 if list(bad) else 0)
        assert violations(server, before, Given("leads", ("id",), leads, [(str(number),) for number in bad])) == []


@pytest.mark.parametrize("status", [400, 413])
@pytest.mark.parametrize("most", [1, 2, 5])
def test_g06_too_many_rows_are_sent_in_parts_and_that_is_learnt(most: int, status: Any, tmp_path: Path) -> None:  # noqa: ANN401  # a literal
    with Sandbox(World(seed=7, size=2), variant=Variant(bulk_max=most, bulk_too_many=status)) as server:
        before = snapshot(server)
        leads = _leads(60)
        config = settings_for(server, tmp_path, leads_bulk_size=20, batch_size_rows=20, max_concurrency=1)
        outcome = write(config, messages({"leads": leads}))
        assert (outcome.code, outcome.rejects) == (0, [])
        assert violations(server, before, Given("leads", ("id",), leads)) == []
        refused = [request for request in _bulks(server) if request.status == status]
        # All of them are of the first batch.
        assert {row["email"] for request in refused for row in request.body["leads"]} <= {lead["email"] for lead in leads[:20]}


def test_g06_rows_that_are_bad_among_too_many(tmp_path: Path) -> None:
    with Sandbox(World(seed=7, size=2), variant=Variant(bulk_max=4)) as server:
        before = snapshot(server)
        leads = _leads(bad=(5, 6))
        outcome = write(settings_for(server, tmp_path), messages({"leads": leads}))
        assert [reject["key"]["id"] for reject in outcome.rejects] == ["5", "6"]
        assert violations(server, before, Given("leads", ("id",), leads, [("5",), ("6",)])) == []


EDITS: dict[str, Callable[[Any], Any]] = {
    "a row is missing": lambda body: {**body, "data": body["data"][1:]},
    "a row is there twice": lambda body: {**body, "data": [*body["data"], body["data"][0]]},
    "a row is foreign": lambda body: {**body, "data": [{"id": "lead_x", "email": "foreign@example.com"}, *body["data"][1:]]},
    "rows without ids": lambda body: {**body, "data": [{**row, "id": None} for row in body["data"]]},
    "rows without e-mail": lambda body: {**body, "data": [{"id": row["id"]} for row in body["data"]]},
    "e-mails in capitals": lambda body: {**body, "data": [{**row, "email": row["email"].upper()} for row in body["data"]]},
    "no rows": lambda body: {**body, "data": []},
    "null": lambda body: {**body, "data": None},
    "an object": lambda body: {**body, "data": {"accepted": True}},
    "another envelope": lambda body: {"accepted": len(body["data"])},
    "a list": lambda body: body["data"],
    "rows that are none": lambda _: {"data": ["x", 1, None]},
}


@pytest.mark.parametrize("edit", EDITS)
def test_g06_what_the_answer_does_not_show_is_made_sure_of(edit: str, tmp_path: Path) -> None:
    with Sandbox(World(seed=7, size=2)) as server:
        before = snapshot(server)
        server.inject(Fault("edit", path=BULK, edit=EDITS[edit], times=None))
        leads = _leads()
        config = settings_for(server, tmp_path)
        outcome = write(config, messages({"leads": leads}))
        assert (outcome.code, outcome.rejects) == (0, [])
        assert outcome.counts("leads") == {"written": COUNT}
        assert violations(server, before, Given("leads", ("id",), leads)) == []
        # Each record has the id of its own row: a change of the e-mail finds it.
        server.heal()
        moved = [{**lead, "email": f"new{lead['email']}"} for lead in leads]
        assert write(config, messages({"leads": moved})).code == 0
        assert violations(server, before, Given("leads", ("id",), [*leads, *moved])) == []


@pytest.mark.parametrize("action", ["html", "empty_body", "broken_json", "reset", "reset_body", "status"])
@pytest.mark.parametrize("times", [1, None])
def test_g06_a_bulk_request_without_a_good_answer_goes_in_parts(action: Any, times: int | None, tmp_path: Path) -> None:  # noqa: ANN401  # a literal
    with Sandbox(World(seed=7, size=2)) as server:
        before = snapshot(server)
        server.inject(Fault(action, path=BULK, times=times))
        leads = _leads(5)
        outcome = write(settings_for(server, tmp_path), messages({"leads": leads}))
        assert (outcome.code, outcome.rejects) == (0, [])
        assert violations(server, before, Given("leads", ("id",), leads)) == []


@pytest.mark.parametrize("position", [0, 11, 23])
def test_g06_a_row_that_the_api_always_fails_at_is_rejected_alone(position: int, tmp_path: Path) -> None:
    with Sandbox(World(seed=7, size=2)) as server:
        before = snapshot(server)
        server.inject(Fault("status", where=_holds(f"lead{position}@"), status=500, times=None))
        leads = _leads()
        config = settings_for(server, tmp_path, leads_bulk_size=8)
        outcome = write(config, messages({"leads": leads}))
        (reject,) = outcome.rejects
        assert (reject["key"]["id"], reject["status"]) == (str(position), 500)
        assert outcome.states == [{"bookmark": "end"}]
        assert outcome.code == 1
        server.heal()
        second = write(config, messages({"leads": leads}))
        assert second.counts("leads") == {"written": 1, "unchanged": 23}
        assert violations(server, before, Given("leads", ("id",), leads)) == []


def test_g06_records_that_the_api_has_no_leave_for_are_not_written_and_end_the_run(tmp_path: Path) -> None:
    with Sandbox(World(seed=7, size=2)) as server:
        before = snapshot(server)
        server.inject(Fault("status", path=BULK, status=403, times=None))
        outcome = write(settings_for(server, tmp_path), messages({"leads": _leads()}))
        assert outcome.error is not None
        assert outcome.states == []
        assert writes(server, before) == []


PEOPLE: dict[str, Callable[[str, str, str], Record]] = {
    "prospects": lambda key, email, name: {"id": key, "firstName": name, "lastName": "X", "email": email},
    "leads": lambda key, email, name: {"id": key, "full_name": name, "email": email},
    "closershq_prospects": lambda key, email, name: {"id": key, "firstName": name, "email": email},
}
NAMES = {"prospects": "firstName", "leads": "full_name", "closershq_prospects": "firstName"}
EMAILS = {"the same": ("ada@example.com", "ada@example.com"), "in another case": ("ada@example.com", "ADA@Example.com")}


@pytest.mark.parametrize("mode", ["bulk", "upsert"])
@pytest.mark.parametrize("emails", EMAILS)
@pytest.mark.parametrize("stream", PEOPLE)
def test_g07_of_two_records_with_one_email_the_last_one_wins(stream: str, emails: str, mode: str, tmp_path: Path) -> None:
    person, (one, other) = PEOPLE[stream], EMAILS[emails]
    around = [person(f"o{number}", f"other{number}@example.com", "O") for number in range(6)]
    records = [*around[:2], person("1", one, "First"), *around[2:4], person("2", other, "Last"), *around[4:]]
    with Sandbox(World(seed=7, size=2)) as server:
        before = snapshot(server)
        config = settings_for(server, tmp_path, leads_write_mode=mode)
        assert write(config, messages({stream: records})).counts(stream) == {"written": 8}
        assert violations(server, before, Given(stream, ("id",), records)) == []
        (row,) = (row for row in server.kept(stream).values() if row["email"].casefold() == one)
        assert row[NAMES[stream]] == "Last"
        again = snapshot(server)
        assert write(config, messages({stream: records})).counts(stream) == {"unchanged": 8}
        assert writes(server, again) == []


def test_g07_in_mode_create_each_record_has_a_lead_of_its_own(tmp_path: Path) -> None:
    with Sandbox(World(seed=7, size=2)) as server:
        before = snapshot(server)
        records = [PEOPLE["leads"](str(number), "ada@example.com", f"Ada {number}") for number in range(3)]
        assert write(settings_for(server, tmp_path, leads_write_mode="create"), messages({"leads": records})).code == 0
        assert violations(server, before, Given("leads", ("id",), records), leads_write_mode="create") == []


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("stream", PEOPLE)
def test_g07_writes_of_few_people_in_any_order_end_as_their_last_records_say(stream: str, seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    with Sandbox(World(seed=7, size=2)) as server:
        before = snapshot(server)
        config = settings_for(server, tmp_path, leads_bulk_size=chance.choice([2, 5, 100]))
        records = []
        for number in range(60):
            email = f"person{chance.randrange(5)}@example.com"
            # A key stays with its person.
            records.append(PEOPLE[stream](f"{email} {chance.randrange(2)}", chance.choice([email, email.upper()]), f"N{number}"))
        counts = write(config, messages({stream: records})).counts(stream)
        assert (counts.keys() <= {"written", "unchanged"}, sum(counts.values())) == (True, 60)
        last = {record["email"].casefold(): record[NAMES[stream]] for record in records}
        rows = [row for row_id, row in server.kept(stream).items() if row_id not in before.rows[stream]]
        assert {row["email"].casefold(): row[NAMES[stream]] for row in rows} == last
        assert len(rows) == len(last)
        # Which of two rows of one person the API would take last is documented nowhere, so no request holds two.
        for request in _bulks(server):
            emails = [row["email"].casefold() for row in request.body["leads"]]
            assert len(emails) == len(set(emails))


def test_a_bulk_request_that_was_killed_is_sent_again_with_its_key(tmp_path: Path) -> None:
    with Sandbox(World(seed=7, size=2)) as server:
        before = snapshot(server)
        fault = server.inject(Fault("status", path="/leads/**", status=401, times=1))
        leads = _leads(5)
        config = settings_for(server, tmp_path)
        assert write(config, messages({"leads": leads})).error is not None
        assert fault.played == 1
        assert write(config, messages({"leads": leads})).code == 0
        first, second = _bulks(server)
        assert first.headers["idempotency-key"] == second.headers["idempotency-key"]
        assert violations(server, before, Given("leads", ("id",), leads)) == []
