"""What goes wrong with times (T-12, T-13): rows without one, rows from the future, clocks that are wrong, rows that become visible late.

I1: all runs together hold exactly what the server had. No bookmark passes the beginning of its run.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Literal

import pytest

from tests.auditor import BY_DEFAULT, REPLICATION_KEYS, differences
from tests.running import settings_for, sync
from tests.sandbox import ABSENT, Sandbox, Variant, World

if TYPE_CHECKING:
    from tests.running import Outcome

NEXT_YEAR = datetime.now(timezone.utc) + timedelta(days=365)


def as_the_api_writes_it(stream: str, moment: datetime) -> int | str:
    if REPLICATION_KEYS[stream] == "updated_at":
        return f"{moment:%Y-%m-%dT%H:%M:%S}.000Z"
    return int(moment.timestamp() * 1000)


def set_time(sandbox: Sandbox, stream: str, row_id: str, value: object) -> None:
    # As `updated_at`, which else is stamped.
    sandbox.change(stream, row_id, **{REPLICATION_KEYS[stream]: value})


def bookmarks(run: Outcome) -> list[str]:
    return [entry["replication_key_value"] for entry in run.state["bookmarks"].values()]


@pytest.mark.parametrize("value", [None, ABSENT, "", "soon"], ids=["null", "missing", "empty", "no time"])
@pytest.mark.parametrize("null_times", ["included", "excluded"])
def test_t12_a_row_that_does_not_say_when_it_changed_comes_with_its_children(value: Any, null_times: Literal["included", "excluded"]) -> None:  # noqa: ANN401  # any JSON
    # In one page, and in so many that the list is read in windows.
    size = 2 if null_times == "excluded" else 50
    with Sandbox(World(seed=7, size=30), variant=Variant(null_times=null_times, prospectb2b_page_size=size)) as sandbox:
        first = sync(settings_for(sandbox), "jobs")
        for stream in REPLICATION_KEYS:
            set_time(sandbox, stream, sandbox.truth(stream)[1]["id"], value)
        run = sync(settings_for(sandbox))
        assert run.code == 0
        assert missing(sandbox, [run]) == []
        again = sync(settings_for(sandbox), "jobs", "job_events", state=first.state)
        assert sandbox.truth("jobs")[1]["id"] in {record["id"] for record in again.records("jobs")}


@pytest.mark.parametrize("null_times", ["included", "excluded"])
def test_t23_a_full_sync_that_is_resumed_has_the_children_of_leads_without_a_time(null_times: Literal["included", "excluded"]) -> None:
    with Sandbox(World(seed=7, size=60), variant=Variant(null_times=null_times, prospectb2b_page_size=2)) as sandbox:
        for row in sandbox.truth("leads")[20:23]:
            set_time(sandbox, "leads", row["id"], None)
        runs: list[Outcome] = []
        while not runs or runs[-1].code != 0:
            state = next((run.state for run in reversed(runs) if run.states), None)
            settings = settings_for(sandbox, child_sync="full", **({"max_requests": 80} if len(runs) < 8 else {}))
            runs.append(sync(settings, "leads", "lead_activities", state=state))
            assert len(runs) < 10
        (version,) = {message["version"] for run in runs for message in run.messages if message["type"] == "ACTIVATE_VERSION"}
        left = {
            message["record"]["id"]
            for run in runs
            for message in run.messages
            if message["type"] == "RECORD" and message["stream"] == "lead_activities" and message.get("version") == version
        }
        assert len(runs) > 1
        assert left == {row["id"] for row in sandbox.truth("lead_activities")}


def missing(sandbox: Sandbox, runs: list[Outcome]) -> list[str]:
    """What is not there: a text that is no time is kept in another column than the auditor looks for it in."""
    found = []
    for stream in BY_DEFAULT:
        keys = {str(record.get("id")) for run in runs for record in run.records(stream)}
        found += [f"{stream}: {row['id']}" for row in sandbox.truth(stream) if "id" in row and row["id"] not in keys]
    return found


def test_t12_no_bookmark_passes_the_beginning_of_its_run(sandbox: Sandbox) -> None:
    for stream in REPLICATION_KEYS:
        set_time(sandbox, stream, sandbox.truth(stream)[0]["id"], as_the_api_writes_it(stream, NEXT_YEAR))
    began = datetime.now(timezone.utc)
    run = sync(settings_for(sandbox))
    assert differences(sandbox, [run], BY_DEFAULT) == []
    assert len(bookmarks(run)) >= len(REPLICATION_KEYS)
    assert max(bookmarks(run)) <= f"{began + timedelta(seconds=1):%Y-%m-%dT%H:%M:%S}.999Z"
    changed = {stream: sandbox.change(stream, sandbox.truth(stream)[1]["id"])["id"] for stream in REPLICATION_KEYS if stream != "notes"}
    second = sync(settings_for(sandbox), state=run.state)
    for stream, row_id in changed.items():
        assert row_id in {record["id"] for record in second.records(stream)}


@pytest.mark.parametrize("minutes", [-20, -3, 3, 20])
def test_t12_a_server_whose_clock_is_wrong_by_minutes_loses_nothing(minutes: int) -> None:
    with Sandbox(World(seed=7, size=12)) as sandbox:
        sandbox.clock.advance(60 * minutes)
        # What makes the bookmark the beginning of the run, and not the time of a row.
        for stream in REPLICATION_KEYS:
            set_time(sandbox, stream, sandbox.truth(stream)[0]["id"], as_the_api_writes_it(stream, NEXT_YEAR))
        runs = [sync(settings_for(sandbox))]
        for _ in range(2):
            for stream in REPLICATION_KEYS:
                if stream != "notes":
                    sandbox.change(stream, sandbox.truth(stream)[1]["id"])
            sandbox.put("notes", {"prospectId": sandbox.truth("prospects")[0]["id"], "body": "<p>new</p>"})
            lead = sandbox.truth("leads")[1]["id"]
            sandbox.put("lead_activities", {"type": "call", "summary": "new"}, lead_id=lead)
            runs.append(sync(settings_for(sandbox), state=runs[-1].state))
        assert {run.code for run in runs} == {0}
        assert differences(sandbox, runs, BY_DEFAULT) == []


def test_t13_rows_that_become_visible_late_come_when_they_are_within_the_lookback(sandbox: Sandbox) -> None:
    lookback = {"lookback_seconds": 300}
    now = datetime.now(timezone.utc)
    for stream in REPLICATION_KEYS:
        set_time(sandbox, stream, sandbox.truth(stream)[-1]["id"], as_the_api_writes_it(stream, now))
    first = sync(settings_for(sandbox, **lookback))
    for stream, name in REPLICATION_KEYS.items():
        sandbox.put(stream, {name: as_the_api_writes_it(stream, now - timedelta(seconds=290))})
    for child, parent in (("lead_messages", "lead"), ("job_events", "job"), ("campaign_runs", "campaign")):
        sandbox.put(child, {}, **{f"{parent}_id": sandbox.truth(f"{parent}s")[-1]["id"]})
    second = sync(settings_for(sandbox, **lookback), state=first.state)
    assert differences(sandbox, [first, second], BY_DEFAULT) == []
    # And again from there, since the bookmark must not have lost its way back.
    for stream, name in REPLICATION_KEYS.items():
        sandbox.put(stream, {name: as_the_api_writes_it(stream, now - timedelta(seconds=280))})
    third = sync(settings_for(sandbox, **lookback), state=second.state)
    assert differences(sandbox, [first, second, third], BY_DEFAULT) == []


def test_t13_a_run_that_was_broken_off_looks_back_as_well() -> None:
    with Sandbox(World(seed=7, size=12), variant=Variant(prospectb2b_page_size=3)) as sandbox:
        now = datetime.now(timezone.utc)
        for number, row in enumerate(sandbox.truth("leads")):
            sandbox.change("leads", row["id"], updated_at=as_the_api_writes_it("leads", now - timedelta(seconds=20 * number)))
        streams = ("leads", "lead_activities")
        settings = settings_for(sandbox, lookback_seconds=300, max_requests=14)
        runs = [sync(settings, *streams)]
        assert runs[0].code == 1
        late = sandbox.put("leads", {"updated_at": as_the_api_writes_it("leads", now - timedelta(seconds=290))})
        sandbox.put("lead_activities", {"type": "call", "summary": "late"}, lead_id=late["id"])
        while runs[-1].code:
            runs.append(sync({**settings, "max_requests": 200}, *streams, state=runs[-1].state if runs[-1].states else None))
            assert len(runs) < 10
        assert differences(sandbox, runs, streams) == []
