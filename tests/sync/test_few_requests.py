"""T-20: with fewer requests a run than a family needs, each run brings the next ones on, wherever it had to stop."""

from __future__ import annotations

import pytest

from tests.auditor import differences
from tests.running import Outcome, settings_for, sync
from tests.sandbox import Sandbox, World

LEADS = ("leads", "lead_activities", "lead_messages")
CAMPAIGNS = ("campaigns", "campaign_logs", "campaign_runs", "campaign_run_events")


def runs_until_complete(sandbox: Sandbox, streams: tuple[str, ...], most: int, **settings: object) -> list[Outcome]:
    """Run with `max_requests` from the last STATE again and again, until a run is complete."""
    runs: list[Outcome] = []
    while not runs or runs[-1].code != 0:
        state = next((run.state for run in reversed(runs) if run.states), None)
        runs.append(sync(settings_for(sandbox, max_requests=most, **settings), *streams, state=state))
        assert len(sandbox.requests) <= most * len(runs)
        assert max(len(line) for line in runs[-1].lines) < 4096
        assert len(runs) < 40, "the runs get nowhere"
    return runs


@pytest.mark.parametrize("child_sync", ["changed", "full"])
def test_t20_t11_parents_of_one_moment_are_not_begun_again_by_each_run(child_sync: str) -> None:
    with Sandbox(World(seed=9, size=60, activities_per_lead=1, messages_per_lead=1)) as sandbox:
        for row in sandbox.truth("leads"):
            sandbox.change("leads", row["id"], updated_at="2026-03-10T12:00:00.000Z")
        runs = runs_until_complete(sandbox, LEADS, 30, child_sync=child_sync)
        assert differences(sandbox, runs, LEADS) == []
        # 120 lists of children, and a few requests of each run for what they hang on.
        assert len(runs) <= 8


@pytest.mark.parametrize("most", [12, 25])
@pytest.mark.parametrize("child_sync", ["changed", "full"])
def test_t20_grandchildren_come_on_although_their_parents_alone_use_up_a_run(child_sync: str, most: int) -> None:
    with Sandbox(World(seed=9, campaigns=40, runs_per_campaign=2, events_per_run=1, logs_per_campaign=1)) as sandbox:
        runs = runs_until_complete(sandbox, CAMPAIGNS, most, child_sync=child_sync)
        assert differences(sandbox, runs, CAMPAIGNS) == []
