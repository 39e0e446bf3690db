"""G-01: killed right before or after a request was carried out; run again, each record has one effect. `python -m tests.kills target` tries all."""

from __future__ import annotations

import random
import signal
import threading
from typing import TYPE_CHECKING, Any

import pytest

from tests.effects import Given, snapshot, violations
from tests.kills.target.point import MOMENTS, SETTINGS, Point, try_point
from tests.kills.target.program import start
from tests.sandbox.rows import USERS
from tests.writing import messages, settings_for, write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.kills.process import Run
    from tests.sandbox import LoggedRequest, Sandbox

# No run of the input makes fewer requests.
_REQUESTS = 190
_chance = random.Random(5)
POINTS = [Point(setting, _chance.randrange(1, _REQUESTS), moment) for setting, moment in zip(_chance.sample(SETTINGS, 12), MOMENTS * 6, strict=True)]


@pytest.mark.parametrize("point", POINTS, ids=str)
def test_g01_a_kill_costs_and_doubles_nothing(point: Point) -> None:
    assert try_point(point) == []


ADA: dict[str, Any] = {"id": "1", "firstName": "Ada", "lastName": "Lovelace", "email": "ada@example.com"}
MEETING = {"id": "m1", "prospectId": "1", "meetingDate": "2026-07-01T10:00:00.000Z", "timeZone": "UTC", "meetingType": "phone", "ownerId": USERS[0]}


def _cut_off(sandbox: Sandbox, config: dict[str, Any], lines: list[str], folder: Path, is_moment: Callable[[LoggedRequest], bool]) -> None:
    """Kill a run right after the first of some requests was carried out."""
    runs: list[Run] = []
    is_started = threading.Event()

    def kill(request: LoggedRequest) -> None:
        is_started.wait()
        if is_moment(request) and len(runs) == 1:
            runs.append(runs[0])
            runs[0].kill()

    sandbox.on_answer(kill)
    runs.append(start(config, lines, folder))
    is_started.set()
    runs[0].process.join()
    assert runs[0].process.exitcode == -signal.SIGKILL


def test_g01_a_kill_after_a_deletion_rejects_nothing(sandbox: Sandbox, tmp_path: Path) -> None:
    before = snapshot(sandbox)
    meetings = [MEETING, {**MEETING, "_sdc_deleted_at": "2026-07-01T00:00:00Z"}]
    config, lines = settings_for(sandbox, tmp_path, allow_deletes=True), messages({"prospects": [ADA], "meetings": meetings})
    _cut_off(sandbox, config, lines, tmp_path / "killed", lambda request: request.method == "DELETE")
    again = write(config, lines)
    assert violations(sandbox, before, Given("prospects", ("id",), [ADA]), Given("meetings", ("id",), meetings)) == []
    assert again.rejects == []
    assert again.code == 0


def test_g01_a_bulk_that_was_cut_off_is_not_forgotten_when_its_record_is_what_it_was_before(sandbox: Sandbox, tmp_path: Path) -> None:
    def leads(title: str) -> list[str]:
        people = [{"id": str(number), "full_name": "Ada", "email": f"cut-off-{number}@example.com"} for number in range(3)]
        return messages({"leads": [{**person, "title": title} for person in people]})

    def titles() -> set[str]:
        return {row["title"] for row in sandbox.kept("leads").values() if str(row["email"]).startswith("cut-off-")}

    config = settings_for(sandbox, tmp_path)
    assert write(config, leads("before")).code == 0
    _cut_off(sandbox, config, leads("new"), tmp_path / "killed", lambda request: request.path == "/leads/bulk")
    assert titles() == {"new"}
    assert write(config, leads("before")).code == 0
    assert titles() == {"before"}


@pytest.mark.parametrize("concurrency", [1, 8])
def test_g07_of_two_keys_with_one_email_the_last_wins_in_a_replay_too(concurrency: int, sandbox: Sandbox, tmp_path: Path) -> None:
    records = [{**ADA, "title": "A"}, {**ADA, "title": "B"}, {**ADA, "id": "2", "title": "C"}]
    config = settings_for(sandbox, tmp_path, max_concurrency=concurrency)
    for _ in range(2):
        assert write(config, messages({"prospects": records})).code == 0
        assert [row["title"] for row in sandbox.kept("prospects").values() if row["email"] == ADA["email"]] == ["C"]
