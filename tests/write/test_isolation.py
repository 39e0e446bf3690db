"""What the records of one stream, or one system, suffer costs the others nothing: their effects are those of a clean run."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.effects import Given, snapshot, violations, writes
from tests.effects.example import KEY_PROPERTIES, RECORDS, Player
from tests.sandbox import Fault, LoggedRequest, Sandbox, World
from tests.writing import messages, settings_for, write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Records that name a row of another stream, which is not there when that one was refused.
REFER = {"prospects": ("meetings", "notes", "tasks"), "prospector_workflows": ("campaigns",)}


@pytest.fixture
def player() -> Iterator[Player]:
    with Sandbox(World(seed=7, size=4)) as server:
        yield Player(server)


def refused(given: list[Given], stream: str) -> list[Given]:
    """The input, when everything of one stream is refused, and with it what refers to its rows."""
    keys = {str(record.get("id")) for record in RECORDS[stream]}
    found = []
    for one in given:
        records = [record for record in one.records if one.stream == stream or _refers(one.stream, stream, record, keys)]
        found.append(replace(one, rejected=[tuple(record[key] for key in one.keys) for record in records]))
    return found


def _refers(referring: str, stream: str, record: dict[str, object], keys: set[str]) -> bool:
    return referring in REFER.get(stream, ()) and bool(keys & {str(value) for name, value in record.items() if name != "id"})


@pytest.mark.parametrize("stream", RECORDS)
def test_records_that_are_all_refused_cost_no_other_stream_anything(player: Player, stream: str, tmp_path: Path) -> None:
    def is_its_write(request: LoggedRequest) -> bool:
        return request.method != "GET" and request.table == stream

    given = player.input()
    fault = player.sandbox.inject(Fault("status", where=is_its_write, status=422, times=None))
    outcome = write(settings_for(player.sandbox, tmp_path), messages({one.stream: one.records for one in given}, keys=KEY_PROPERTIES))
    assert fault.played
    expected = refused(given, stream)
    assert violations(player.sandbox, player.before, *expected) == []
    assert {one.stream: outcome.counts(one.stream).get("rejected", 0) for one in expected} == {
        one.stream: len(list(one.rejected)) for one in expected
    }
    assert outcome.code == 1
    assert outcome.states == [{"bookmark": "end"}]


@pytest.mark.parametrize("system", ["hiringcenter", "prospectb2b", "closershq"])
@pytest.mark.parametrize("how", ["500", "reset", "401"])
def test_after_a_system_was_down_the_next_run_leaves_the_effects_of_a_clean_one(player: Player, system: str, how: str, tmp_path: Path) -> None:
    given = player.input()
    lines = messages({one.stream: one.records for one in given}, keys=KEY_PROPERTIES)
    config = settings_for(player.sandbox, tmp_path)
    fault = Fault("reset", system=system, times=None) if how == "reset" else Fault("status", system=system, status=int(how), times=None)
    player.sandbox.inject(fault)
    broken = write(config, lines)
    # Whether it is ended at once or goes on with rejects: it says so, and no STATE covers what nobody knows of.
    assert broken.code == 1
    assert broken.error is not None or broken.rejects
    assert not [request for request in writes(player.sandbox, player.before) if request.system == system]
    player.sandbox.heal()
    assert write(config, lines).code == 0
    assert violations(player.sandbox, player.before, *given) == []
    before = snapshot(player.sandbox)
    assert write(config, lines).code == 0
    assert writes(player.sandbox, before) == []
