"""G-15: a key that can't write what is asked for ends the run before its first write, with a message that says what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tap_hiringcenter.api.systems import CLOSERSHQ, HIRINGCENTER, PROSPECTB2B
from target_hiringcenter.sinks import SINKS
from tests.effects import snapshot, writes
from tests.effects.example import KEY_PROPERTIES, Player
from tests.sandbox import Fault, Sandbox, Variant, World
from tests.writing import messages, settings_for, write

if TYPE_CHECKING:
    from pathlib import Path

    from tap_hiringcenter.api.systems import System

SYSTEMS = (HIRINGCENTER, PROSPECTB2B, CLOSERSHQ)
PROSPECT = {"id": "1", "firstName": "Ada", "lastName": "Lovelace", "email": "ada@example.com"}
LEAD = {"id": "1", "full_name": "Ada", "email": "ada@example.com"}
OTHER = {"firstName": "Ada", "email": "ada@example.com"}
FIRST = {"hiringcenter": {"prospects": [PROSPECT]}, "prospectb2b": {"leads": [LEAD]}, "closershq": {"closershq_prospects": [OTHER]}}
SCOPED = [sink.name for sink in SINKS if sink.system is PROSPECTB2B]


@pytest.fixture
def player() -> object:
    with Sandbox(World(seed=7, size=4)) as server:
        yield Player(server)


def _lines(player: Player, *streams: str) -> list[str]:
    return messages({one.stream: one.records for one in player.input() if one.stream in streams}, keys=KEY_PROPERTIES)


def _scope(stream: str) -> str:
    (scope,) = next(sink.scopes for sink in SINKS if sink.name == stream)
    return scope


@pytest.mark.parametrize("stream", SCOPED)
def test_g15_a_key_without_the_scope_of_a_stream_writes_nothing_of_it(player: Player, stream: str, tmp_path: Path) -> None:
    player.sandbox.scopes = player.sandbox.scopes - {_scope(stream)}
    config = settings_for(player.sandbox, tmp_path)
    outcome = write(config, _lines(player, stream))
    assert outcome.code == 1
    assert _scope(stream) in str(outcome.error)
    assert stream in str(outcome.error)
    assert outcome.states == []
    assert outcome.report["streams"][stream]["reason"] == str(outcome.error)
    assert [request.method for request in player.sandbox.requests[player.before.requests :]] == ["GET"]


@pytest.mark.parametrize("stream", SCOPED)
def test_g15_scopes_that_are_not_told_are_told_by_the_first_write(stream: str, tmp_path: Path) -> None:
    with Sandbox(World(seed=7, size=4), variant=Variant(me_scopes=False)) as server:
        player = Player(server)
        server.scopes = server.scopes - {_scope(stream)}
        # Another record of the stream may do no more than publish, for which there is a scope of its own.
        record = next(one for one in player.input() if one.stream == stream).records[0]
        outcome = write(settings_for(server, tmp_path), messages({stream: [record]}, keys=KEY_PROPERTIES))
        assert "403" in str(outcome.error)
        assert "scope" in str(outcome.error)
        assert (outcome.states, outcome.rejects) == ([], [])
        assert writes(server, player.before) == []


def test_g15_with_all_its_scopes_and_none_told_a_key_writes(tmp_path: Path) -> None:
    with Sandbox(World(seed=7, size=4), variant=Variant(me_scopes=False)) as server:
        server.scopes = {"leads.write"}
        assert write(settings_for(server, tmp_path), messages(FIRST["prospectb2b"])).counts("leads") == {"written": 1}


def test_g15_a_key_that_may_only_read_writes_nothing(player: Player, tmp_path: Path) -> None:
    player.sandbox.read_only = True
    outcome = write(settings_for(player.sandbox, tmp_path), _lines(player, *SCOPED))
    assert "may only read" in str(outcome.error)
    assert outcome.states == []
    assert writes(player.sandbox, player.before) == []


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system.name)
def test_g15_a_wrong_key_ends_the_run(sandbox: Sandbox, system: System, tmp_path: Path) -> None:
    before = snapshot(sandbox)
    config = settings_for(sandbox, tmp_path, **{f"{system.name}_api_key": "wrong-key-0123456789"})
    outcome = write(config, messages(FIRST[system.name], keys=KEY_PROPERTIES))
    assert "401" in str(outcome.error)
    assert "wrong-key" not in str(outcome.error) + str(outcome.report)
    assert (outcome.code, outcome.states, outcome.rejects) == (1, [], [])
    assert writes(sandbox, before) == []


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system.name)
def test_g15_a_system_without_a_key_is_named_before_anything_is_written(sandbox: Sandbox, system: System, tmp_path: Path) -> None:
    config = settings_for(sandbox, tmp_path)
    del config[f"{system.name}_api_key"]
    outcome = write(config, messages(FIRST[system.name], keys=KEY_PROPERTIES))
    assert f"{system.name}_api_key" in str(outcome.error)
    assert sandbox.requests == []


@pytest.mark.parametrize("status", [401, 403])
def test_g15_a_key_that_is_refused_when_it_is_checked_is_not_used(sandbox: Sandbox, status: int, tmp_path: Path) -> None:
    sandbox.inject(Fault("status", path="/auth", status=status, times=None))
    outcome = write(settings_for(sandbox, tmp_path), messages(FIRST["hiringcenter"]))
    assert str(status) in str(outcome.error)
    assert [request.path for request in sandbox.requests] == ["/auth"]


def test_g15_a_key_of_another_account_than_the_ledgers_writes_nothing(sandbox: Sandbox, tmp_path: Path) -> None:
    config = settings_for(sandbox, tmp_path)
    assert write(config, messages(FIRST["prospectb2b"])).code == 0
    before = snapshot(sandbox)

    def elsewhere(body: dict[str, dict[str, object]]) -> object:
        return {**body, "data": {**body["data"], "tenant": {"id": "tenant_other"}}}

    sandbox.inject(Fault("edit", path="/me", edit=elsewhere, times=None))
    outcome = write(config, messages({"leads": [{**LEAD, "full_name": "Other"}]}))
    assert "another account" in str(outcome.error)
    assert writes(sandbox, before) == []


def test_g15_what_came_before_the_stream_that_can_not_be_written_is_not_lost(player: Player, tmp_path: Path) -> None:
    player.sandbox.scopes = player.sandbox.scopes - {"leads.write"}
    config = settings_for(player.sandbox, tmp_path)
    lines = messages({**FIRST["hiringcenter"], **FIRST["prospectb2b"]})
    first = write(config, lines)
    assert first.states == []
    player.sandbox.scopes = player.sandbox.scopes | {"leads.write"}
    second = write(config, lines)
    assert second.code == 0
    assert second.states == [{"bookmark": "end"}]
    assert len([request for request in writes(player.sandbox, player.before) if request.table == "prospects"]) == 1


def test_g15_a_scope_that_is_lost_in_the_middle_costs_a_record_and_not_the_run(sandbox: Sandbox, tmp_path: Path) -> None:
    leads = [{**LEAD, "id": str(number), "email": f"l{number}@example.com"} for number in range(4)]
    sandbox.inject(Fault("status", path="/leads/upsert", status=403, after=1))
    config = settings_for(sandbox, tmp_path, leads_write_mode="upsert", max_concurrency=1)
    outcome = write(config, messages({"leads": leads}))
    (reject,) = outcome.rejects
    assert (reject["key"], reject["status"]) == ({"id": "1"}, 403)
    assert outcome.counts("leads") == {"written": 3, "rejected": 1}
