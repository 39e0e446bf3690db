"""Batches that follow each other while requests of the one before are still under way."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

import pytest

from target_hiringcenter.desk import Desk
from target_hiringcenter.foreman import Foreman, Job
from target_hiringcenter.target import TargetHiringcenter
from tests.effects import Given, snapshot, violations
from tests.sandbox import Fault, Sandbox, World
from tests.writing import messages, settings_for, write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.sandbox import LoggedRequest


def _lead(key: int, name: str, email: str = "") -> dict[str, Any]:
    return {"id": str(key), "full_name": name, "email": email or f"lead{key}@example.com"}


@pytest.fixture(name="server")
def _server() -> Iterator[Sandbox]:
    with Sandbox(World.empty()) as server:
        yield server


def _names(server: Sandbox) -> dict[str, str]:
    return {row["email"]: row["full_name"] for row in server.truth("leads")}


def test_a_batch_begins_while_the_last_requests_of_the_one_before_are_under_way(server: Sandbox, tmp_path: Path) -> None:
    second = threading.Event()
    waited: list[bool] = []

    def meet(request: LoggedRequest) -> None:
        if request.method == "POST" and request.path == "/leads/upsert":
            if request.body["email"] == "lead1@example.com":
                waited.append(second.wait(30))
            elif request.body["email"] == "lead3@example.com":
                second.set()

    server.on_request(meet)
    config = settings_for(server, tmp_path, leads_write_mode="upsert", batch_size_rows=2)
    outcome = write(config, messages({"leads": [_lead(number, "A") for number in range(4)]}))
    assert outcome.counts("leads") == {"written": 4}
    assert waited == [True]


@pytest.mark.parametrize("mode", ["bulk", "upsert", "create"])
@pytest.mark.parametrize("size", [1, 2, 3])
def test_g05_a_record_that_comes_again_while_it_is_being_written_ends_as_it_came_last(server: Sandbox, size: int, mode: Any, tmp_path: Path) -> None:  # noqa: ANN401  # a literal
    config = settings_for(server, tmp_path, leads_write_mode=mode, batch_size_rows=size)
    before = snapshot(server)
    assert write(config, messages({"leads": [_lead(1, "A"), _lead(2, "A")]})).counts("leads") == {"written": 2}
    # What the ledger holds is what comes last, yet between the two comes another.
    server.inject(Fault("delay", method="POST", seconds=0.2, times=None))
    server.inject(Fault("delay", method="PATCH", seconds=0.2, times=None))
    records = [_lead(1, "B"), _lead(2, "A"), _lead(3, "A"), _lead(1, "A"), _lead(2, "B"), _lead(4, "A"), _lead(1, "C"), _lead(1, "A"), _lead(2, "A")]
    outcome = write(config, messages({"leads": records}))
    assert outcome.code == 0
    assert outcome.report["streams"]["leads"]["records"] == len(records)
    assert _names(server) == {f"lead{key}@example.com": "A" for key in range(1, 5)}
    assert violations(server, before, Given("leads", ("id",), records), leads_write_mode=mode) == []
    server.heal()
    assert write(config, messages({"leads": records[-2:]})).counts("leads") == {"unchanged": 2}


def test_g05_a_record_that_waits_for_another_one_is_not_passed_over_when_it_comes_again(server: Sandbox, tmp_path: Path) -> None:
    config = settings_for(server, tmp_path, leads_write_mode="upsert", batch_size_rows=2)
    assert write(config, messages({"leads": [_lead(1, "A", "a@example.com")]})).counts("leads") == {"written": 1}
    server.inject(Fault("delay", method="POST", seconds=0.3, times=1))
    # The first two are of one e-mail, so the second has not been begun when the third comes, which is what the ledger holds.
    records = [_lead(0, "Z", "a@example.com"), _lead(1, "B", "a@example.com"), _lead(1, "A", "a@example.com"), _lead(2, "A")]
    assert write(config, messages({"leads": records})).counts("leads") == {"written": 4}
    assert _names(server) == {"a@example.com": "A", "lead2@example.com": "A"}


def test_g05_a_record_that_comes_again_as_it_is_being_written_costs_no_request(server: Sandbox, tmp_path: Path) -> None:
    config = settings_for(server, tmp_path, leads_write_mode="upsert", batch_size_rows=1)
    server.inject(Fault("delay", method="POST", seconds=0.2, times=1))
    assert write(config, messages({"leads": [_lead(1, "A"), _lead(1, "A"), _lead(1, "A")]})).counts("leads") == {"written": 1, "unchanged": 2}
    assert [request.method for request in server.requests].count("POST") == 1


def test_g05_what_comes_again_after_a_reject_is_tried_again(server: Sandbox, tmp_path: Path) -> None:
    config = settings_for(server, tmp_path, leads_write_mode="upsert", batch_size_rows=1, max_rejects=1)
    server.inject(Fault("delay", method="POST", seconds=0.2, times=1))
    server.inject(Fault("status", method="POST", status=422, after=1, times=1))
    # While the first one is under way, the second one's first attempt is refused.
    outcome = write(config, messages({"leads": [_lead(1, "A"), _lead(2, "A"), _lead(2, "A"), _lead(2, "A")]}))
    assert outcome.counts("leads") == {"written": 2, "rejected": 1, "unchanged": 1}
    assert _names(server) == {"lead1@example.com": "A", "lead2@example.com": "A"}


@pytest.mark.parametrize("mode", ["bulk", "upsert"])
@pytest.mark.parametrize("size", [1, 2, 100])
@pytest.mark.parametrize("place", ["ledger", "batch"])
def test_g05_who_takes_over_an_e_mail_waits_for_who_gives_it_up(server: Sandbox, place: str, size: int, mode: str, tmp_path: Path) -> None:
    config = settings_for(server, tmp_path, leads_write_mode=mode, batch_size_rows=size)
    # The second record of the first says nothing of the title, so that it doesn't overtake the first.
    old, new, other = {**_lead(1, "A", "old@example.com"), "title": "t"}, _lead(1, "A", "new@example.com"), _lead(2, "B", "old@example.com")
    records = [old, new, other]
    if place == "ledger":
        assert write(config, messages({"leads": [records.pop(0)]})).counts("leads") == {"written": 1}
    # What gives it up goes by the row's id.
    server.inject(Fault("delay", method="PATCH", seconds=0.3, times=None))
    assert write(config, messages({"leads": records})).counts("leads") == {"written": len(records)}
    assert _names(server) == {"new@example.com": "A", "old@example.com": "B"}


def test_a_state_waits_for_the_batches_before_its_own(server: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    start, *records, _ = messages({"leads": [_lead(number, "A") for number in range(6)]})
    states = [json.dumps({"type": "STATE", "value": {"bookmark": number}}) for number in (1, 3, 5)]
    # Each STATE comes while a batch is being collected.
    lines = [start, *(line for pair in zip(records[::2], states, records[1::2], strict=True) for line in pair)]
    server.inject(Fault("delay", method="POST", seconds=0.3, times=1))
    ahead: list[int] = []
    passes_on = TargetHiringcenter._pass_on  # noqa: SLF001  # the moment at which it is passed on

    def look(target: TargetHiringcenter, state: dict[str, Any]) -> None:
        ahead.append(max(0, state["bookmark"] - len(server.truth("leads"))))
        passes_on(target, state)

    monkeypatch.setattr(TargetHiringcenter, "_pass_on", look)
    outcome = write(settings_for(server, tmp_path, leads_write_mode="upsert", batch_size_rows=2), lines)
    assert outcome.counts("leads") == {"written": 6}
    assert [state["bookmark"] for state in outcome.states] == [1, 3, 5]
    assert set(ahead) == {0}


def test_a_batch_that_fails_takes_the_states_of_the_next_ones_with_it(server: Sandbox, tmp_path: Path) -> None:
    start, *records, _ = messages({"leads": [_lead(number, "A") for number in range(8)]})
    states = [json.dumps({"type": "STATE", "value": {"bookmark": number}}) for number in (1, 3, 5, 7)]
    lines = [start, *(line for pair in zip(records[::2], states, records[1::2], strict=True) for line in pair)]
    # The key is withdrawn while the first request of the second batch is under way, and those of the third are as well.
    server.inject(Fault("delay", method="POST", seconds=0.2, after=2, times=1))
    server.inject(Fault("status", method="POST", status=401, after=5, times=None))
    config = settings_for(server, tmp_path, leads_write_mode="upsert", batch_size_rows=2)
    outcome = write(config, lines)
    assert outcome.code == 1
    assert "401" in str(outcome.error)
    assert [state["bookmark"] for state in outcome.states] in ([1], [1, 3])
    written = outcome.counts("leads")["written"]
    assert written == len(server.truth("leads")) < 8
    server.heal()
    assert write(config, lines).counts("leads") == {"unchanged": written, "written": 8 - written}


@pytest.mark.parametrize("who_looks", ["desk", "foreman"])
def test_no_state_of_what_follows_a_batch_that_failed_is_passed_on(
    server: Sandbox,
    who_looks: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    config = settings_for(server, tmp_path, leads_write_mode="upsert", batch_size_rows=2)
    assert write(config, messages({"leads": [_lead(3, "A")]})).counts("leads") == {"written": 1}
    server.inject(Fault("status", method="POST", status=401, times=None))
    has_failed = threading.Event()
    gives_up = Foreman._give_up  # noqa: SLF001  # the moment at which it is known

    def give_up(foreman: Foreman, error: BaseException) -> None:
        gives_up(foreman, error)
        has_failed.set()

    monkeypatch.setattr(Foreman, "_give_up", give_up)
    if who_looks == "foreman":
        # The end of the first batch comes just after the desk has looked.
        waits = Desk._wait  # noqa: SLF001  # as above
        monkeypatch.setattr(Desk, "_wait", lambda desk, most: None if most else waits(desk, most))

    def lines() -> Iterator[str]:
        *others, state = messages({"leads": [_lead(1, "A"), _lead(2, "A"), _lead(3, "A")]})
        yield from others
        yield state
        assert has_failed.wait(30)
        # Under a new schema: what came under the old one is worked off first, and would need no request.
        yield others[0]

    outcome = write(config, lines())
    assert outcome.code == 1
    assert outcome.states == []
    server.heal()
    monkeypatch.undo()
    assert write(config, lines()).counts("leads") == {"written": 2, "unchanged": 1}


def test_streams_of_several_systems_in_turns_go_each_to_its_own(server: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    people = [{"id": str(key), "firstName": "Ada", "lastName": f"No {key}", "email": f"p{key}@example.com"} for key in range(20)]
    others = [{"email": f"c{key}@example.com", "firstName": "Ada", "lastName": f"No {key}"} for key in range(20)]
    alone = {stream: messages({stream: records}) for stream, records in (("prospects", people), ("leads", [_lead(key, "A") for key in range(20)]))}
    alone["closershq_prospects"] = messages({"closershq_prospects": others}, keys={"closershq_prospects": ("email",)})
    lines = [lines[0] for lines in alone.values()]
    lines += [line for turn in zip(*(lines[1:] for lines in alone.values()), strict=True) for line in turn]
    # A batch of another stream comes in before the foreman has seen that there is none of this one.
    came_in = threading.Event()
    takes, closes = Foreman.take, Foreman._close  # noqa: SLF001  # the moment at which the next one may come in

    def close(foreman: Foreman) -> None:
        came_in.clear()
        closes(foreman)
        came_in.wait(0.05)

    def take(foreman: Foreman, job: Job) -> None:
        takes(foreman, job)
        came_in.set()

    monkeypatch.setattr(Foreman, "take", take)
    monkeypatch.setattr(Foreman, "_close", close)
    outcome = write(settings_for(server, tmp_path, batch_size_rows=1), lines)
    assert {stream: outcome.counts(stream) for stream in alone} == {stream: {"written": 20} for stream in alone}
    assert outcome.code == 0
