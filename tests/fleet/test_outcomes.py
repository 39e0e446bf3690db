"""What a run of an account comes to: complete only when everything says so, and another try only where it may help."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hiringcenter_runs import outcomes
from hiringcenter_runs.outcomes import Outcome, judge, settled, summary

from tests import running
from tests.fleet.places import EXAMPLE
from tests.sandbox import Fault, Sandbox

if TYPE_CHECKING:
    from pathlib import Path

STREAMS = ("prospects", "leads", "lead_activities")
RUNBOOK = (EXAMPLE.parents[1] / "docs" / "operations.md").read_text(encoding="utf-8")


def report_of(sandbox: Sandbox, **settings: Any) -> dict[str, Any]:  # noqa: ANN401  # settings of any type
    return running.sync(running.settings_for(sandbox, **settings), *STREAMS).report


def test_complete_needs_the_report_and_the_exit_code(sandbox: Sandbox) -> None:
    report = report_of(sandbox)

    assert judge("The load", 0, report) == Outcome("complete")
    loader = judge("The load", 1, report)
    assert loader.status == "failed"
    assert not loader.is_for_people


def test_a_partial_run_is_worth_another_try_and_has_its_reason(sandbox: Sandbox) -> None:
    sandbox.inject(Fault("status", stream="leads", status=400, times=None))
    found = judge("The load", 1, report_of(sandbox))

    assert found.status == "partial"
    assert found.reason.startswith("leads, lead_activities: ProspectB2B: GET /leads: answered 400")
    assert not found.is_for_people


def test_a_report_that_is_not_complete_counts_whatever_the_exit_code(sandbox: Sandbox) -> None:
    sandbox.inject(Fault("status", stream="leads", status=400, times=None))

    assert judge("The load", 0, report_of(sandbox)).status == "partial"


def test_a_wrong_key_is_for_people(sandbox: Sandbox) -> None:
    found = judge("The load", 1, report_of(sandbox, hiringcenter_api_key="wrong", prospectb2b_api_key="wrong"))

    assert found.status == "failed"
    assert found.is_for_people


def test_a_wrong_key_beside_what_may_pass_is_tried_again(sandbox: Sandbox) -> None:
    sandbox.inject(Fault("status", stream="prospects", status=400, times=None))

    assert not judge("The load", 1, report_of(sandbox, prospectb2b_api_key="wrong")).is_for_people


def test_wrong_settings_are_for_people(tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    for settings in ({}, {"hiringcenter_api_key": "key", "misspelt": 1}, {"hiringcenter_api_key": "key", "start_date": "soon"}):
        file.unlink(missing_ok=True)
        ended = running.execute({**settings, "run_report_path": str(file)}, tmp_path)
        found = judge("The load", ended.returncode, json.loads(file.read_text(encoding="utf-8")))
        assert found.status == "failed"
        assert found.is_for_people, found.reason


def test_without_a_report_nothing_is_known() -> None:
    found = judge("The load", 143, None, ["2026-01-01T00:00:00Z [info     ] meltano      Running catalog discovery"])

    assert found.status == "failed"
    assert "143" in found.reason
    assert not found.is_for_people


def test_what_meltano_finds_out_before_the_run_is_read_from_the_log(sandbox: Sandbox, tmp_path: Path) -> None:
    ended = running.execute(running.settings_for(sandbox, prospectb2b_api_key="wrong"), tmp_path, "--discover")
    said = [f"2026-01-01T00:00:00.1Z [info     ] tap-hiringcenter--whole {line.rpartition('| ')[2]}" for line in ended.stderr.splitlines()]
    found = judge("The load", 1, None, [*said, *said])

    assert ended.returncode
    assert found.reason.startswith("ProspectB2B: GET /me: answered 401")
    assert found.reason.count("401") == 1
    assert found.is_for_people


def test_the_log_is_asked_of_the_tap_alone() -> None:
    line = "2026-01-01T00:00:00Z [info     ] target-postgres Check the setting *_api_key of this system"

    assert not judge("The load", 1, None, [line]).is_for_people


def test_many_streams_with_one_reason_are_one_reason() -> None:
    streams = {name: {"status": "failed", "reason": "trouble"} for name in ("one", "two", "three", "four", "five")}
    found = judge("The load", 1, {"status": "failed", "reason": None, "streams": streams})

    assert found.reason == "one, two, three and 2 more: trouble"


def test_each_sentence_for_people_is_in_the_runbook() -> None:
    told = RUNBOOK.replace("`", "")

    # The SDK puts its word before what is wrong with a setting.
    assert [sentence for sentence in outcomes.FOR_PEOPLE if sentence not in told] == ["Settings: "]


def test_an_hour_leaves_a_busy_account_to_the_run_that_has_it_and_nothing_else_does() -> None:
    busy, partial = Outcome("busy", "another run"), Outcome("partial", "trouble")

    assert settled(busy, 1, whole=False) == busy
    assert settled(busy, 2, whole=False) == Outcome("failed", "another run")
    assert settled(busy, 1, whole=True) == Outcome("failed", "another run")
    assert settled(partial, 2, whole=True) == partial


def test_the_summary_names_every_account_that_is_not_complete() -> None:
    ended = {
        "acme": Outcome("complete"),
        "globex": Outcome("partial", "leads: trouble"),
        "initech": Outcome("busy", "another run of it is under way"),
        "umbrella": Outcome("failed", "the key", is_for_people=True),
    }
    missing, busy = summary([*ended, "hooli"], ended)

    assert missing == [
        "globex: partial: leads: trouble",
        "umbrella: failed: the key",
        "hooli: failed: its run left no word: it was killed, or never began; see its log",
    ]
    assert busy == ["initech: another run of it is under way"]
