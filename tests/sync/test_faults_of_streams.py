"""What goes wrong with one stream, one key or one run, by its id in the list of faults, and what must hold for the others.

I1: all runs together hold exactly what the server had. I2: the same from any STATE. I3: the exit code is not 0 whenever something is missing.
I4: STATE stays under 4 KB. I5: no more requests than allowed.
"""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.auditor import BY_DEFAULT, differences
from tests.running import Outcome, settings_for, sync
from tests.sandbox import Fault, Sandbox, Variant, World

FAMILY = ("leads", "lead_activities", "lead_messages")


def test_t14_a_child_that_changes_with_its_parent_after_a_broken_run_is_not_missed(sandbox: Sandbox) -> None:
    lead = sandbox.truth("leads")[4]["id"]
    sandbox.inject(Fault(path=f"/leads/{lead}/activities", action="status", status=500, times=None))
    first = sync(settings_for(sandbox), "leads", "lead_activities")
    assert first.code == 1
    sandbox.heal()
    sandbox.put("lead_activities", {"type": "call", "summary": "new"}, lead_id=lead)
    sandbox.change("leads", lead, title="changed")
    second = sync(settings_for(sandbox), "leads", "lead_activities", state=first.state)
    assert differences(sandbox, [first, second], ["leads", "lead_activities"]) == []


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


PATHS = ["/campaigns", "/leads", "/prospects", "/meetings", "/jobs", "/webhooks", "/settings/sms", "/campaigns/*/runs", "/imports/*/errors"]


@pytest.mark.parametrize("path", PATHS)
def test_t16_what_one_stream_suffers_no_other_feels(sandbox: Sandbox, path: str) -> None:
    def rows(run: Outcome) -> dict[str, list[dict[str, Any]]]:
        return {name: run.records(name) for name in BY_DEFAULT if run.report["streams"][name]["status"] == "complete"}

    clean = rows(sync(settings_for(sandbox)))
    sandbox.inject(Fault(path=path, action="status", status=422, times=None))
    broken = sync(settings_for(sandbox))
    assert broken.code == 1
    left = rows(broken)
    assert set(clean) - set(left)
    assert left == {name: clean[name] for name in left}


def test_t17_a_key_that_is_refused_ends_only_its_own_system(sandbox: Sandbox) -> None:
    run = sync({**settings_for(sandbox), "prospectb2b_api_key": "pb2b_live_wrong_wrong"})
    assert run.code == 1
    assert run.status("prospects") == "complete"
    assert run.status("leads") == "failed"
    assert "401" in run.report["streams"]["leads"]["reason"]
    assert len([request for request in sandbox.requests if request.system == "prospectb2b"]) == 1


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


def test_t18_what_no_schema_foresees_is_kept(sandbox: Sandbox) -> None:
    lead = sandbox.truth("leads")[0]["id"]

    def surprise(body: dict[str, Any]) -> dict[str, Any]:
        for row in body["data"]:
            if row["id"] == lead:
                row.update(score=7, tags="a,b", is_qualified="true", company_name=None, full_name=5, nested={"deep": [1, {"a": None}]})
        return body

    sandbox.inject(Fault(path="/leads", action="edit", edit=surprise, times=None))
    run = sync(settings_for(sandbox), "leads")
    assert run.code == 0
    [record] = [record for record in run.records("leads") if record["id"] == lead]
    assert record["additional_properties"] == {"score": 7, "tags": "a,b", "nested": {"deep": [1, {"a": None}]}}
    assert (record["tags"], record["is_qualified"], record["company_name"], record["full_name"]) == (None, True, None, "5")


def test_t20_a_run_that_has_made_all_of_its_requests_does_not_wait_for_its_pace(sandbox: Sandbox) -> None:
    began = time.monotonic()
    run = sync(settings_for(sandbox, max_requests=8, prospectb2b_requests_per_minute=8), "leads", "lead_activities")
    assert run.code == 1
    assert time.monotonic() - began < 30  # it would wait for a minute


@pytest.mark.parametrize("most", [7, 15, 40])
def test_t20_a_run_with_too_few_requests_keeps_to_them_and_the_next_ones_finish(most: int) -> None:
    with Sandbox(World(seed=9, size=30), variant=Variant(prospectb2b_page_size=5)) as sandbox:
        runs: list[Outcome] = []
        while not runs or runs[-1].code != 0:
            state = next((run.state for run in reversed(runs) if run.states), None)
            runs.append(sync(settings_for(sandbox, max_requests=most), "leads", "lead_activities", state=state))
            # Counted over all runs: what one of them has sent at its very end may arrive when the next one has begun.
            assert len(sandbox.requests) <= most * len(runs)
            assert len(runs) < 60
        assert differences(sandbox, runs, ["leads", "lead_activities"]) == []


def test_t20_a_bulk_import_within_the_lookback_does_not_hold_the_runs_up() -> None:
    with Sandbox(World(seed=9, size=60)) as sandbox:
        for number, row in enumerate(sandbox.truth("leads")):
            sandbox.change("leads", row["id"], updated_at=f"2026-03-10T12:{number // 30:02d}:{number % 30 * 2:02d}.000Z")
        runs: list[Outcome] = []
        while not runs or runs[-1].code != 0:
            state = next((run.state for run in reversed(runs) if run.states), None)
            runs.append(sync({**sandbox.tap_config(), "max_requests": 40}, "leads", "lead_activities", "lead_messages", state=state))
            assert len(runs) < 12
        assert differences(sandbox, runs, FAMILY) == []


def test_t23_an_empty_list_does_not_empty_a_table(sandbox: Sandbox) -> None:
    sandbox.inject(Fault(path="/lead-fields", action="body", body={"data": [], "pagination": {"has_more": False}}, times=None))
    run = sync(settings_for(sandbox), "lead_fields")
    assert run.code == 0
    assert not any(message["type"] == "ACTIVATE_VERSION" for message in run.messages)


def test_t23_a_full_table_sync_that_is_broken_off_activates_no_version(sandbox: Sandbox) -> None:
    def activated(run: Outcome) -> set[str]:
        return {message["stream"] for message in run.messages if message["type"] == "ACTIVATE_VERSION"}

    sandbox.inject(Fault(path="/meetings", action="status", status=422, times=None))
    run = sync(settings_for(sandbox), "meetings", "tasks", "lead_fields", full_table=["meetings", "tasks"])
    assert activated(run) == {"tasks", "lead_fields"}
    versions = {message.get("version") for message in run.messages if message["type"] == "RECORD"}
    assert len(versions) == 1
    assert None not in versions


def test_t26_the_key_does_not_follow_a_redirect_to_another_host(sandbox: Sandbox) -> None:
    with Sandbox(World(seed=1, size=5)) as other:
        sandbox.inject(Fault(path="/leads", action="redirect", location=f"{other.prospectb2b_url}/leads", times=None))
        run = sync(settings_for(sandbox), "leads")
        assert run.code == 1
        assert other.requests == []
