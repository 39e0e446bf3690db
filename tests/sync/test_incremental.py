"""Runs after the first one: what changed comes, what did not change costs nothing, and nothing falls between two runs."""

from __future__ import annotations

from typing import Literal

import pytest

from tests.auditor import BY_DEFAULT, differences
from tests.running import settings_for, sync
from tests.sandbox import Sandbox, Variant, World


def test_a_second_run_brings_what_changed_and_only_that(sandbox: Sandbox) -> None:
    first = sync(settings_for(sandbox))
    lead, meeting = sandbox.truth("leads")[3]["id"], sandbox.truth("meetings")[0]["id"]
    sandbox.change("leads", lead, title="CTO")
    sandbox.change("meetings", meeting, location="Room 7")
    second = sync(settings_for(sandbox), state=first.state)
    assert differences(sandbox, [first, second], BY_DEFAULT) == []
    assert [record["title"] for record in second.records("leads") if record["id"] == lead] == ["CTO"]
    assert len(second.records("leads")) <= 2  # the changed one, and the one that the bookmark stands on
    assert len(second.records("meetings")) <= 2


def test_a_run_without_changes_asks_no_children(sandbox: Sandbox) -> None:
    first = sync(settings_for(sandbox), "leads", "lead_activities", "lead_messages")
    newest = max(sandbox.truth("leads"), key=lambda row: row["updated_at"])
    sandbox.requests.clear()
    second = sync(settings_for(sandbox), "leads", "lead_activities", "lead_messages", state=first.state)
    asked = [request.path for request in sandbox.requests if request.path != "/me"]
    # Bookmarks are inclusive, so the newest lead is looked at again.
    assert asked[0] == "/leads"
    assert set(asked[1:]) <= {f"/leads/{newest['id']}/activities", f"/leads/{newest['id']}/messages"}
    assert second.code == 0


def test_children_of_a_changed_parent_come_even_when_their_own_times_are_old(sandbox: Sandbox) -> None:
    first = sync(settings_for(sandbox), "leads", "lead_activities")
    lead = sandbox.truth("leads")[0]["id"]
    sandbox.put("lead_activities", {"type": "call", "summary": "late", "updated_at": "2026-01-02T00:00:00.000Z"}, lead_id=lead)
    sandbox.change("leads", lead, title="changed")
    second = sync(settings_for(sandbox), "leads", "lead_activities", state=first.state)
    assert differences(sandbox, [first, second], ["leads", "lead_activities"]) == []


def test_a_child_stream_that_is_selected_later_catches_up_by_itself(sandbox: Sandbox) -> None:
    first = sync(settings_for(sandbox), "leads")
    second = sync(settings_for(sandbox), "leads", "lead_activities", state=first.state)
    assert differences(sandbox, [second], ["lead_activities"]) == []
    assert len(second.records("leads")) <= 1


def test_grandchildren_of_a_changed_root_are_read_again(sandbox: Sandbox) -> None:
    streams = ("campaigns", "campaign_runs", "campaign_run_events")
    first = sync(settings_for(sandbox), *streams)
    run = sandbox.truth("campaign_run_events")[0]
    sandbox.put("campaign_run_events", {"type": "sent", "summary": "one more"}, run_id=run["run_id"])
    sandbox.change("campaigns", run["campaign_id"], status="paused")
    second = sync(settings_for(sandbox), *streams, state=first.state)
    assert differences(sandbox, [first, second], streams) == []


def test_child_sync_full_reads_children_of_all_parents(sandbox: Sandbox) -> None:
    first = sync(settings_for(sandbox), "lead_activities")
    lead = sandbox.truth("leads")[0]["id"]
    sandbox.put("lead_activities", {"type": "call", "summary": "the parent does not show it"}, lead_id=lead)
    second = sync(settings_for(sandbox, child_sync="full"), "lead_activities", state=first.state)
    assert differences(sandbox, [second], ["lead_activities"]) == []


def test_start_date_leaves_out_what_changed_before_it(sandbox: Sandbox) -> None:
    times = sorted(row["updated_at"] for row in sandbox.truth("leads"))
    middle = times[len(times) // 2]
    run = sync(settings_for(sandbox, start_date=middle), "leads")
    assert {record["id"] for record in run.records("leads")} == {row["id"] for row in sandbox.truth("leads") if row["updated_at"] >= middle}


def test_lookback_reads_again_before_the_bookmark(sandbox: Sandbox) -> None:
    first = sync(settings_for(sandbox), "leads")
    run = sync(settings_for(sandbox, lookback_seconds=10 * 365 * 86400), "leads", state=first.state)
    assert len(run.records("leads")) == len(sandbox.truth("leads"))


@pytest.mark.parametrize("after", [True, False])
@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("filters", ["honoured", "ignored"])
@pytest.mark.parametrize("order", ["created", "updated_desc", "shuffled"])
def test_long_lists_are_read_in_windows_whatever_the_bounds_mean(
    *, after: bool, before: bool, filters: Literal["honoured", "ignored"], order: Literal["created", "updated", "updated_desc", "shuffled"]
) -> None:
    variant = Variant(after_is_inclusive=after, before_is_inclusive=before, updated_filters=filters, order=order, prospectb2b_page_size=5)
    with Sandbox(World(seed=11, size=150), variant=variant) as sandbox:
        run = sync(settings_for(sandbox), "leads")
        assert run.code == 0
        assert differences(sandbox, [run], ["leads"]) == []
        marks = [state["bookmarks"]["leads"]["replication_key_value"] for state in run.states if "leads" in state["bookmarks"]]
        assert marks == sorted(marks)
        assert len(marks) > 3 or filters == "ignored"


def test_every_state_of_a_long_read_leads_to_a_complete_second_run() -> None:
    with Sandbox(World(seed=11, size=80), variant=Variant(prospectb2b_page_size=5, order="updated_desc")) as sandbox:
        streams = ("leads", "lead_activities")
        whole = sync(settings_for(sandbox), *streams)
        for position, message in enumerate(whole.messages):
            if message["type"] != "STATE":
                continue
            cut = type(whole)(1, whole.lines[: position + 1], {})
            rest = sync(settings_for(sandbox), *streams, state=message["value"])
            assert differences(sandbox, [cut, rest], streams) == []


def test_notes_stop_at_the_bookmark() -> None:
    with Sandbox(World(seed=4, size=100, notes=400)) as sandbox:
        first = sync(settings_for(sandbox, hiringcenter_page_size=50), "notes")
        sandbox.put("notes", {"prospectId": sandbox.truth("prospects")[0]["id"], "body": "<p>new</p>"})
        sandbox.requests.clear()
        second = sync(settings_for(sandbox, hiringcenter_page_size=50), "notes", state=first.state)
        assert differences(sandbox, [first, second], ["notes"]) == []
        assert len([request for request in sandbox.requests if request.path == "/notes"]) == 1
