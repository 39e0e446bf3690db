"""What goes wrong with one stream or one key (T-14 to T-17, T-19, T-23, T-26), and what must hold for the others.

I1: all runs together hold exactly what the server had. I2: the same from any STATE. I3: the exit code is not 0 whenever something is missing.
I4: STATE stays under 4 KB.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.auditor import EVERY_STREAM, differences
from tests.running import Outcome, settings_for, sync
from tests.sandbox import Fault, Sandbox, Variant, World

if TYPE_CHECKING:
    from collections.abc import Iterator

FAMILY = ("leads", "lead_activities", "lead_messages")


def test_t14_a_child_that_changes_with_its_parent_is_not_missed_by_the_run_after_a_broken_one(sandbox: Sandbox) -> None:
    streams = ("leads", "lead_activities")
    first = sync(settings_for(sandbox), *streams)
    leads = [row["id"] for row in sandbox.truth("leads")]
    for number, lead in enumerate(leads[3:8]):
        sandbox.put("lead_activities", {"type": "call", "summary": "new"}, lead_id=lead)
        # After all others, and so long ago that no difference of clocks matters.
        sandbox.change("leads", lead, updated_at=f"2026-08-01T00:00:0{number}.000Z")
    sandbox.inject(Fault(path=f"/leads/{leads[4]}/activities", action="status", status=500, times=None))
    broken = sync(settings_for(sandbox), *streams, state=first.state)
    assert (broken.status("leads"), broken.status("lead_activities")) == ("complete", "partial")
    sandbox.heal()
    rest = sync(settings_for(sandbox), *streams, state=broken.state)
    assert differences(sandbox, [first, broken, rest], streams) == []


@pytest.mark.parametrize(("status", "is_complete"), [(404, True), (403, False), (500, False)])
def test_t15_one_parent_costs_only_its_own_children(sandbox: Sandbox, status: int, *, is_complete: bool) -> None:
    lead = sandbox.truth("leads")[4]["id"]
    sandbox.inject(Fault(path=f"/leads/{lead}/activities", action="status", status=status, times=None))
    run = sync(settings_for(sandbox), "leads", "lead_activities")
    assert (run.code == 0) is is_complete
    assert run.status("lead_activities") == ("complete" if is_complete else "partial")
    held = {record["id"] for record in run.records("lead_activities")}
    assert held == {row["id"] for row in sandbox.truth("lead_activities") if row["lead_id"] != lead}
    if not is_complete:
        sandbox.heal()
        rest = sync(settings_for(sandbox), "leads", "lead_activities", state=run.state)
        assert differences(sandbox, [run, rest], ["lead_activities"]) == []


@pytest.fixture(scope="module")
def family_of_2000() -> Iterator[tuple[Sandbox, set[str], Outcome]]:
    """A run over 2,000 parents with one child each, and the four parents whose children can't be read, each for another reason."""
    with Sandbox(World(seed=2, size=10, leads=2000, activities_per_lead=1)) as sandbox:
        gone, forbidden, failing, odd = broken = [row["id"] for row in sandbox.truth("leads")[400::400]]
        for lead, status in ((gone, 404), (forbidden, 403), (failing, 500)):
            sandbox.inject(Fault("status", path=f"/leads/{lead}/activities", status=status, times=None))
        sandbox.inject(Fault("body", path=f"/leads/{odd}/activities", body={"result": []}, times=None))
        with pytest.MonkeyPatch.context() as patch:
            # As the fixture for all tests, which lives no longer than one of them.
            patch.setattr("tap_hiringcenter.api.patience._FIRST_WAIT", 0.001)
            run = sync(settings_for(sandbox), "lead_activities", "api_identity")
        yield sandbox, set(broken), run


def test_t15_four_parents_of_2000_cost_only_their_own_children(family_of_2000: tuple[Sandbox, set[str], Outcome]) -> None:
    sandbox, broken, run = family_of_2000
    assert run.code == 1
    assert (run.status("lead_activities"), run.status("api_identity")) == ("partial", "complete")
    held = sorted(record["id"] for record in run.records("lead_activities"))
    assert held == sorted(row["id"] for row in sandbox.truth("lead_activities") if row["lead_id"] not in broken)


def test_t19_the_state_is_small_and_as_small_with_2000_parents_as_with_20(family_of_2000: tuple[Sandbox, set[str], Outcome]) -> None:
    def size(run: Outcome) -> int:
        return max(len(line) for line in run.lines if json.loads(line)["type"] == "STATE")

    with Sandbox(World(seed=2, size=10, leads=20, activities_per_lead=1)) as few:
        # Broken as well, since what a broken run leaves behind is the longer state.
        few.inject(Fault("status", path=f"/leads/{few.truth('leads')[10]['id']}/activities", status=403, times=None))
        assert size(family_of_2000[2]) <= size(sync(settings_for(few), "lead_activities", "api_identity")) < 4096
        assert size(sync(settings_for(few), *EVERY_STREAM)) < 4096
        few.heal()
        assert size(sync(settings_for(few), *EVERY_STREAM)) < 4096


def test_t15_a_path_that_answers_404_for_every_parent_is_not_taken_for_their_absence(sandbox: Sandbox) -> None:
    sandbox.inject(Fault(path="/leads/*/activities", action="status", status=404, times=None))
    run = sync(settings_for(sandbox, child_sync="full"), "leads", "lead_activities")
    assert run.code == 1
    assert "404" in run.report["streams"]["lead_activities"]["reason"]
    assert not any(message["type"] == "ACTIVATE_VERSION" for message in run.messages)


def test_t15_after_a_path_was_gone_its_children_are_caught_up_with(sandbox: Sandbox) -> None:
    sandbox.inject(Fault(path="/leads/*/activities", action="status", status=404, times=None))
    first = sync(settings_for(sandbox), "leads", "lead_activities")
    assert first.code == 1
    sandbox.heal()
    second = sync(settings_for(sandbox), "leads", "lead_activities", state=first.state)
    assert differences(sandbox, [first, second], ["leads", "lead_activities"]) == []


def test_t15_a_page_that_is_gone_is_not_taken_for_a_parent_that_is() -> None:
    with Sandbox(World(seed=1, size=6, activities_per_lead=9), variant=Variant(prospectb2b_page_size=4)) as sandbox:
        sandbox.inject(Fault(path="/leads/*/activities", action="status", status=404, query_contains="cursor=", times=1))
        assert sync(settings_for(sandbox), "lead_activities").code == 1


def test_t16_a_record_that_cannot_be_written_costs_only_its_own_stream(sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    maps = {"jobs": {"type": "int('canary' + type)"}}
    run = sync(settings_for(sandbox, stream_maps=maps))
    assert run.code == 1
    assert {name for name, entry in run.report["streams"].items() if entry["status"] != "complete"} == {"jobs"}
    assert "jobs" not in run.state["bookmarks"]
    assert "canary" not in caplog.text


def test_t17_a_key_that_is_refused_ends_only_its_own_system(sandbox: Sandbox) -> None:
    run = sync({**settings_for(sandbox), "prospectb2b_api_key": "pb2b_live_wrong_wrong"})
    assert run.code == 1
    assert run.status("prospects") == "complete"
    assert run.status("leads") == "failed"
    assert "401" in run.report["streams"]["leads"]["reason"]
    assert "_api_key" in run.report["streams"]["leads"]["reason"]
    assert len([request for request in sandbox.requests if request.system == "prospectb2b"]) == 1


def test_t17_a_key_of_hiringcenter_that_is_refused_ends_only_its_own_system(sandbox: Sandbox) -> None:
    run = sync({**settings_for(sandbox), "hiringcenter_api_key": "wrong"})
    assert run.code == 1
    assert run.status("leads") == "complete"
    for stream in ("prospects", "meetings", "notes", "tasks"):
        assert run.status(stream) == "failed"
        assert "401" in run.report["streams"][stream]["reason"]
        assert "_api_key" in run.report["streams"][stream]["reason"]
    assert len([request for request in sandbox.requests if request.system == "hiringcenter"]) == 1


def test_t17_where_scopes_are_not_told_a_403_costs_its_stream_by_name(caplog: pytest.LogCaptureFixture) -> None:
    with Sandbox(World(seed=7, size=12), variant=Variant(me_scopes=False)) as sandbox:
        sandbox.scopes.discard("billing.read")
        run = sync(settings_for(sandbox))
        assert run.code == 1
        assert {name for name, entry in run.report["streams"].items() if entry["status"] != "complete"} == {"billing_subscription", "billing_usage"}
        assert "403" in run.report["streams"]["billing_usage"]["reason"]
        assert "billing_usage is not complete" in caplog.text


def test_t17_a_key_that_is_revoked_in_the_middle_leaves_a_state_to_go_on_from(sandbox: Sandbox) -> None:
    sandbox.inject(Fault(path="/leads/*/*", action="status", status=401, after=5, times=None))
    run = sync(settings_for(sandbox), *FAMILY, "prospects")
    assert run.code == 1
    assert run.status("prospects") == "complete"
    sandbox.heal()
    rest = sync(settings_for(sandbox), *FAMILY, "prospects", state=run.state)
    assert differences(sandbox, [run, rest], [*FAMILY, "prospects"]) == []


def test_t17_a_stream_whose_scope_is_missing_is_left_out_by_name(sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    sandbox.scopes.discard("billing.read")
    run = sync(settings_for(sandbox))
    assert run.code == 0
    assert "billing_usage" not in run.report["streams"]
    assert "billing_usage is left out: the key has no scope billing.read" in caplog.text


def test_t17_a_stream_that_the_catalog_selects_is_not_left_out_quietly(sandbox: Sandbox) -> None:
    sandbox.scopes.discard("billing.read")
    run = sync(settings_for(sandbox), "billing_usage", "leads")
    assert run.code == 1
    assert "billing.read" in run.report["streams"]["billing_usage"]["reason"]
    assert run.status("leads") == "complete"


def test_t23_an_empty_list_does_not_empty_a_table(sandbox: Sandbox) -> None:
    sandbox.inject(Fault(path="/lead-fields", action="body", body={"data": [], "pagination": {"has_more": False}}, times=None))
    run = sync(settings_for(sandbox), "lead_fields")
    assert run.code == 0
    assert not any(message["type"] == "ACTIVATE_VERSION" for message in run.messages)


def activated(run: Outcome) -> set[str]:
    return {message["stream"] for message in run.messages if message["type"] == "ACTIVATE_VERSION"}


@pytest.mark.parametrize("stream", ["meetings", "leads", "referrals", "prospects", "notes"])
@pytest.mark.parametrize("after", [0, 1])
def test_t23_a_full_table_sync_that_is_broken_off_activates_no_version(stream: str, after: int) -> None:
    variant = Variant(prospectb2b_page_size=3, prospects_paging="token", prospects_cap=3)
    with Sandbox(World(seed=7, size=12, referrals=8), variant=variant) as sandbox:
        sandbox.inject(Fault(stream=stream, action="status", status=422, after=2 * after, times=None))
        run = sync(settings_for(sandbox, hiringcenter_page_size=3), stream, "tasks", "lead_fields", full_table=[stream, "tasks"])
        assert run.code == 1
        assert activated(run) == {"tasks", "lead_fields"}
        assert bool(run.records(stream)) == bool(after)
        versions = {message.get("version") for message in run.messages if message["type"] == "RECORD"}
        assert len(versions) == 1
        assert None not in versions


def test_t23_a_version_is_activated_after_the_last_row_of_it(sandbox: Sandbox) -> None:
    run = sync(settings_for(sandbox, child_sync="full"), *EVERY_STREAM, full_table=EVERY_STREAM)
    assert run.code == 0
    assert activated(run) == {stream for stream in EVERY_STREAM if run.records(stream)}
    over = set()
    for message in run.messages:
        assert message["type"] != "RECORD" or message["stream"] not in over
        if message["type"] == "ACTIVATE_VERSION":
            over.add(message["stream"])


@pytest.mark.parametrize("stream", ["lead_activities", "campaign_run_events", "export_downloads"])
def test_t23_children_that_are_not_all_there_activate_no_version(sandbox: Sandbox, stream: str) -> None:
    sandbox.inject(Fault(stream=stream, action="status", status=403, after=1, times=1))
    run = sync(settings_for(sandbox, child_sync="full", max_concurrency=1), stream, "jobs", "job_events")
    assert run.code == 1
    assert activated(run) == {"job_events"}


@pytest.mark.parametrize("status", [302, 307, 308])
@pytest.mark.parametrize("stream", ["leads", "prospects"])
def test_t26_the_key_does_not_follow_a_redirect_to_another_host(sandbox: Sandbox, stream: str, status: int) -> None:
    with Sandbox(World(seed=1, size=5)) as other:
        location = f"{other.prospectb2b_url if stream == 'leads' else other.hiringcenter_url}/{stream}"
        sandbox.inject(Fault(path=f"/{stream}", action="redirect", status=status, location=location, times=None))
        run = sync(settings_for(sandbox), stream)
        assert run.code == 1
        assert "api_url" in run.report["streams"][stream]["reason"]
        assert other.requests == []
