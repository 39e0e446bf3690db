"""How few requests an incremental sync needs: one for each list that has to be looked at, and one for each child list of a parent that changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.auditor import BY_DEFAULT, differences
from tests.running import settings_for, sync
from tests.sandbox import Sandbox, World

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.sandbox import LoggedRequest

LEADS = ("leads", "lead_activities", "lead_messages")
EARLIER = "2026-05-10T12:00:00.000Z"


def of_children(requests: Iterable[LoggedRequest]) -> list[str]:
    """The paths of the lists of children among requests."""
    roots = ("leads", "campaigns", "exports", "imports", "inbox", "jobs", "webhooks", "prospector")
    paths = [request.path for request in requests]
    return [path for path in paths if path.split("/")[1] in roots and path.count("/") >= 3 and path != "/prospector/workflows"]


@pytest.mark.parametrize("lookback", [0, 300])
def test_while_nothing_changes_no_child_is_asked_for(lookback: int) -> None:
    with Sandbox(World(seed=3, size=40)) as sandbox:
        settings = settings_for(sandbox, lookback_seconds=lookback)
        run = sync(settings)
        assert of_children(sandbox.requests)
        for _ in range(2):
            sandbox.requests.clear()
            run = sync(settings, state=run.state)
            assert run.code == 0
            assert of_children(sandbox.requests) == []


@pytest.mark.parametrize("count", [1, 5, 40])
def test_parents_that_changed_cost_a_request_for_each_child_stream(count: int) -> None:
    with Sandbox(World(seed=3, size=60)) as sandbox:
        first = sync(settings_for(sandbox, lookback_seconds=300), *LEADS)
        changed = [row["id"] for row in sandbox.truth("leads")[:count]]
        for number, lead in enumerate(changed):
            sandbox.change("leads", lead, updated_at=f"2026-10-10T12:00:{number:02d}.000Z")
        sandbox.requests.clear()
        second = sync(settings_for(sandbox, lookback_seconds=300), *LEADS, state=first.state)
        assert sorted(of_children(sandbox.requests)) == sorted(f"/leads/{lead}/{kind}" for lead in changed for kind in ("activities", "messages"))
        assert differences(sandbox, [first, second], LEADS) == []


def test_an_import_of_one_moment_is_not_asked_for_again_and_again() -> None:
    with Sandbox(World(seed=3, size=80)) as sandbox:
        for row in sandbox.truth("leads"):
            sandbox.change("leads", row["id"], updated_at=EARLIER)
        first = sync(settings_for(sandbox, lookback_seconds=300), *LEADS)
        sandbox.requests.clear()
        second = sync(settings_for(sandbox, lookback_seconds=300), *LEADS, state=first.state)
        assert of_children(sandbox.requests) == []
        late = sandbox.put("leads", {"updated_at": "2026-05-10T11:56:00.000Z"})
        sandbox.put("lead_activities", {"type": "call"}, lead_id=late["id"])
        sandbox.requests.clear()
        third = sync(settings_for(sandbox, lookback_seconds=300), *LEADS, state=second.state)
        # The newcomer, and an eighth of the others, more or less: which of them it was can't be told from so short a digest.
        assert 2 <= len(of_children(sandbox.requests)) < 60
        assert differences(sandbox, [first, second, third], LEADS) == []


def test_a_parent_that_changed_just_before_a_run_is_looked_at_again(sandbox: Sandbox) -> None:
    first = sync(settings_for(sandbox, lookback_seconds=300), *LEADS)
    lead = sandbox.truth("leads")[3]["id"]
    sandbox.change("leads", lead, title="CTO")
    second = sync(settings_for(sandbox, lookback_seconds=300), *LEADS, state=first.state)
    # Written a moment after its parent, and after the run had asked.
    sandbox.put("lead_activities", {"type": "call", "summary": "late"}, lead_id=lead)
    third = sync(settings_for(sandbox, lookback_seconds=300), *LEADS, state=second.state)
    assert differences(sandbox, [first, second, third], LEADS) == []


def test_a_child_stream_that_failed_is_not_taken_for_complete(sandbox: Sandbox) -> None:
    first = sync(settings_for(sandbox), *BY_DEFAULT)
    changed = sandbox.truth("leads")[2]["id"]
    sandbox.change("leads", changed, updated_at="2026-10-10T12:00:00.000Z")
    late = sandbox.put("lead_messages", {"body": "hello"}, lead_id=changed)
    without = {**settings_for(sandbox), "request_timeout_seconds": 5}
    sandbox.scopes.discard("messages.read")
    second = sync(without, "leads", "lead_activities", state=first.state)
    sandbox.scopes.add("messages.read")
    third = sync(without, *LEADS, state=second.state)
    assert late["id"] in {record["id"] for record in third.records("lead_messages")}
    assert differences(sandbox, [first, second, third], LEADS) == []
