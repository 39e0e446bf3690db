"""What goes wrong while a list is read, by its id in the list of faults, and what must hold then.

I1: all runs together hold exactly what the server had. I2: the same from any STATE. I3: the exit code is not 0 whenever something is missing.
I4: STATE stays under 4 KB. I5: no more requests than allowed.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import pytest

from tests.auditor import differences
from tests.running import Outcome, catalog, command_line, settings_for, sync
from tests.sandbox import Fault, LoggedRequest, Sandbox, Variant, World

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FAMILY = ("leads", "lead_activities", "lead_messages")


def killed(sandbox: Sandbox, folder: Path, streams: tuple[str, ...], when: int, how: signal.Signals, **settings: object) -> tuple[int, Outcome]:
    """Run the executable and send it a signal when it makes its n-th request."""
    command = command_line(settings_for(sandbox, **settings), folder, selection=catalog(*streams))
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        seen = 0

        def count(_request: object) -> None:
            nonlocal seen
            seen += 1
            if seen == when:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process.pid, how)

        sandbox.on_request(count)
        out = process.communicate(timeout=60)[0]
    # A line that was cut off by SIGKILL is one that a loader never got.
    whole = out[: out.rindex("\n") + 1].splitlines() if "\n" in out else []
    return process.returncode, Outcome(process.returncode, whole, {})


@pytest.mark.parametrize("when", [1, 2, 3, 5, 8, 13, 21, 34])
def test_t01_a_run_that_was_killed_goes_on_from_its_last_state(when: int, tmp_path: Path) -> None:
    with Sandbox(World(seed=1, size=12), variant=Variant(prospectb2b_page_size=3)) as sandbox:
        code, cut = killed(sandbox, tmp_path, FAMILY, when, signal.SIGKILL)
        rest = sync(settings_for(sandbox), *FAMILY, state=cut.state if cut.states else None)
        assert differences(sandbox, [cut, rest], FAMILY) == []
        assert code in {0, -signal.SIGKILL}


@pytest.mark.parametrize("when", [1, 4, 9, 20])
def test_t02_a_run_that_was_asked_to_stop_ends_soon_with_whole_lines_and_not_with_0(when: int, tmp_path: Path) -> None:
    with Sandbox(World(seed=1, size=12), variant=Variant(prospectb2b_page_size=3)) as sandbox:
        sandbox.inject(Fault(path="*", action="delay", seconds=0.02))
        code, cut = killed(sandbox, tmp_path, FAMILY, when, signal.SIGTERM)
        assert code == 128 + signal.SIGTERM
        assert all(message["type"] for message in cut.messages)
        sandbox.heal()
        rest = sync(settings_for(sandbox), *FAMILY, state=cut.state if cut.states else None)
        assert differences(sandbox, [cut, rest], FAMILY) == []


@pytest.mark.parametrize(
    "told",
    [
        lambda: "1",
        lambda: format_datetime(datetime.now(timezone.utc) + timedelta(seconds=2), usegmt=True),
        lambda: "0",
        lambda: "soon",
    ],
    ids=["seconds", "date", "zero", "junk"],
)
def test_t03_a_429_is_waited_out(sandbox: Sandbox, told: Callable[[], str]) -> None:
    sandbox.inject(Fault(path="/campaigns", action="status", status=429, headers={"Retry-After": told()}, times=1))
    run = sync(settings_for(sandbox), "campaigns")
    assert run.code == 0
    assert differences(sandbox, [run], ["campaigns"]) == []
    assert run.report["streams"]["campaigns"]["rate_limited"] == 1
    first, second = [request.at for request in sandbox.requests if request.path == "/campaigns"]
    assert second - first >= (0.9 if told() == "1" else 0)


def test_t03_a_429_that_asks_for_a_day_ends_the_system_whose_key_it_is(sandbox: Sandbox) -> None:
    sandbox.inject(Fault(path="/campaigns", action="status", status=429, headers={"Retry-After": "86400"}, times=1))
    run = sync(settings_for(sandbox, max_concurrency=1), "campaigns", "jobs", "prospects")
    assert run.code == 1
    assert (run.status("campaigns"), run.status("prospects")) == ("failed", "complete")
    assert "86400 s" in run.report["streams"]["campaigns"]["reason"]
    rest = sync(settings_for(sandbox), "campaigns", "jobs", "prospects", state=run.state)
    assert differences(sandbox, [run, rest], ["campaigns", "jobs", "prospects"]) == []


@pytest.mark.parametrize("times", [1, 4])
def test_t04_a_503_is_repeated(sandbox: Sandbox, times: int) -> None:
    sandbox.inject(Fault(path="/campaigns", action="status", status=503, times=times))
    run = sync(settings_for(sandbox), "campaigns")
    assert run.code == 0
    assert run.report["streams"]["campaigns"]["retries"] == times


@pytest.mark.parametrize("status", [500, 502, 503, 504, 408, 425])
def test_t04_a_stream_that_fails_for_ever_fails_alone(sandbox: Sandbox, status: int) -> None:
    sandbox.inject(Fault(path="/campaigns", action="status", status=status, times=None))
    run = sync(settings_for(sandbox), "campaigns", "campaign_runs", "leads", "prospects")
    assert run.code == 1
    assert {name: run.status(name) for name in ("campaigns", "campaign_runs", "leads", "prospects")} == {
        "campaigns": "failed",
        "campaign_runs": "failed",
        "leads": "complete",
        "prospects": "complete",
    }
    assert str(status) in run.report["streams"]["campaigns"]["reason"]


@pytest.mark.parametrize("action", ["reset", "reset_body", "html", "broken_json", "empty_body"])
@pytest.mark.parametrize("path", ["/leads", "/prospects", "/leads/*/activities"])
def test_t05_t06_an_answer_that_breaks_is_asked_for_again(
    sandbox: Sandbox, action: Literal["reset", "reset_body", "html", "broken_json", "empty_body"], path: str
) -> None:
    sandbox.inject(Fault(path=path, action=action, times=2))
    run = sync(settings_for(sandbox), *FAMILY, "prospects")
    assert run.code == 0
    assert differences(sandbox, [run], [*FAMILY, "prospects"]) == []
    assert len(run.records("leads")) == len(sandbox.truth("leads"))


def test_t05_an_answer_that_drips_is_cut_off_and_asked_for_again(sandbox: Sandbox) -> None:
    sandbox.inject(Fault(path="/leads", action="drip", times=1))
    run = sync(settings_for(sandbox, request_timeout_seconds=1.5), "leads")
    assert run.code == 0
    assert differences(sandbox, [run], ["leads"]) == []
    assert run.report["streams"]["leads"]["retries"] == 1


@pytest.mark.parametrize("action", ["html", "broken_json", "empty_body"])
def test_t06_an_answer_that_stays_broken_is_an_error(sandbox: Sandbox, action: Literal["html", "broken_json", "empty_body"]) -> None:
    sandbox.inject(Fault(path="/jobs", action=action, times=None))
    run = sync(settings_for(sandbox), "jobs", "leads")
    assert run.code == 1
    assert (run.status("jobs"), run.status("leads")) == ("failed", "complete")
    assert "/jobs" in run.report["streams"]["jobs"]["reason"]


LIES: list[tuple[str, str, Any]] = [
    ("/meetings", "meetings", {"success": False, "items": [], "pagination": {}}),
    ("/meetings", "meetings", {"success": True, "pagination": {}}),
    ("/meetings", "meetings", {"success": True, "items": None, "pagination": {}}),
    ("/meetings", "meetings", {"success": True, "items": {}, "pagination": {}}),
    ("/meetings", "meetings", {"success": True, "items": [1], "pagination": {}}),
    ("/meetings", "meetings", {"success": True, "items": [{"updatedAt": 1}], "pagination": {}}),
    ("/meetings", "meetings", {"success": True, "items": [], "pagination": []}),
    ("/meetings", "meetings", {"success": True, "items": [], "pagination": {"totalCount": 3}}),
    ("/meetings", "meetings", []),
    ("/meetings", "meetings", {"result": []}),
    ("/prospects", "prospects", {"success": False}),
    ("/prospects", "prospects", {"success": True, "items": []}),
    ("/prospects", "prospects", {"prospects": None, "totalCount": 0}),
    ("/prospects", "prospects", {"prospects": [], "totalCount": 7}),
    ("/notes", "notes", {"success": True, "lastNote": None}),
    ("/leads", "leads", {"data": {}, "pagination": {"has_more": False}}),
    ("/leads", "leads", {"data": None, "pagination": {"has_more": False}}),
    ("/leads", "leads", {"pagination": {"has_more": False}}),
    ("/leads", "leads", {"data": []}),
    ("/leads", "leads", {"data": [], "pagination": {}}),
    ("/leads", "leads", {"data": [], "pagination": {"has_more": True}}),
    ("/leads", "leads", {"data": [], "pagination": {"has_more": True, "next_cursor": None}}),
    ("/leads", "leads", {"data": [{"id": None}], "pagination": {"has_more": False}}),
    ("/leads", "leads", {"error": {"code": "oops"}}),
    ("/leads", "leads", {"success": False, "data": [], "pagination": {"has_more": False}}),
    ("/billing/usage", "billing_usage", {"success": False, "data": {"id": "1"}}),
    ("/billing/usage", "billing_usage", {"data": []}),
    ("/billing/usage", "billing_usage", {"data": {}}),
    ("/billing/usage", "billing_usage", "usage"),
]


@pytest.mark.parametrize(("path", "stream", "body"), LIES, ids=lambda value: json.dumps(value) if not isinstance(value, str) else value)
def test_t07_an_answer_that_no_document_describes_is_an_error(sandbox: Sandbox, path: str, stream: str, body: object) -> None:
    sandbox.inject(Fault(path=path, action="body", body=body, times=None))
    run = sync(settings_for(sandbox), stream)
    assert run.code == 1
    assert run.status(stream) == "failed"
    assert path in run.report["streams"][stream]["reason"]


def test_t08_an_empty_page_with_a_next_token_does_not_end_a_list() -> None:
    def empty(body: dict[str, Any]) -> dict[str, Any]:
        return {**body, "data": []}

    with Sandbox(World(seed=1, size=20), variant=Variant(prospectb2b_page_size=4, cursor="offset")) as sandbox:
        # The same cursor answers with its rows when it is asked for again, by the sweep that an offset needs anyway.
        sandbox.inject(Fault(path="/referrals", action="edit", edit=empty, after=1, times=1))
        run = sync(settings_for(sandbox), "referrals")
        assert run.code == 0
        assert differences(sandbox, [run], ["referrals"]) == []


def asks_for(cursor: list[str] | None, request: LoggedRequest) -> bool:
    return request.query.get("cursor") == cursor


@pytest.mark.parametrize("circle", [["a"], ["a", "b"], ["a", "b", "c"]])
@pytest.mark.parametrize(("path", "stream"), [("/campaigns", "campaigns"), ("/leads", "leads"), ("/leads/*/activities", "lead_activities")])
def test_t09_tokens_in_a_circle_are_an_error(sandbox: Sandbox, path: str, stream: str, circle: list[str]) -> None:
    for number, cursor in enumerate([None, *circle]):
        body = {"data": [{"id": f"row {number}"}], "pagination": {"has_more": True, "next_cursor": circle[number % len(circle)]}}
        asked = [cursor] if cursor else None
        sandbox.inject(Fault(path=path, action="body", body=body, times=None, where=partial(asks_for, asked)))
    run = sync(settings_for(sandbox, max_concurrency=1), stream)
    assert run.code == 1
    assert "circle" in run.report["streams"][stream]["reason"]


def test_t09_a_list_that_ignores_its_cursor_is_an_error() -> None:
    with Sandbox(World(seed=1, size=60), variant=Variant(prospectb2b_page_size=2, cursor_on_all_lists="ignored")) as sandbox:
        run = sync(settings_for(sandbox), "campaigns", "leads")
        assert run.code == 1
        assert (run.status("campaigns"), run.status("leads")) == ("partial", "complete")


@pytest.mark.parametrize("cursor", ["id", "live", "offset"])
@pytest.mark.parametrize("order", ["created", "updated", "shuffled"])
def test_t10_rows_that_exist_throughout_survive_changes_while_the_list_is_read(
    cursor: Literal["id", "live", "offset"], order: Literal["created", "updated", "shuffled"]
) -> None:
    with Sandbox(World(seed=8, size=60), variant=Variant(prospectb2b_page_size=5, cursor=cursor, order=order)) as sandbox:
        streams = ("leads", "referrals", "meetings", "tasks")
        doomed = [row["id"] for row in sandbox.truth("referrals")[::3]]
        doomed_meetings = [row["id"] for row in sandbox.truth("meetings")[::5]]
        movers = [row["id"] for row in sandbox.truth("meetings")[1::5]]

        def churn(request: LoggedRequest) -> None:
            if request.path == "/referrals" and request.query and doomed and is_first:
                sandbox.remove("referrals", doomed.pop(0))
                sandbox.put("referrals", {"email": "new@example.com", "status": "open"})
            if request.path == "/meetings" and request.query.get("pageToken") and is_first:
                if doomed_meetings:
                    sandbox.remove("meetings", doomed_meetings.pop(0))
                if movers:
                    sandbox.change("meetings", movers.pop(), meetingDate=1_900_000_000_000)

        is_first = True
        sandbox.on_request(churn)
        first = sync(settings_for(sandbox, hiringcenter_page_size=5), *streams)
        is_first = False
        second = sync(settings_for(sandbox, hiringcenter_page_size=5), *streams, state=first.state)
        missing = [line for line in differences(sandbox, [first, second], streams) if "not in the sandbox" not in line]
        assert missing == []


def test_t11_rows_of_one_moment_survive_the_edges_of_pages_and_windows() -> None:
    with Sandbox(World(seed=8, size=120), variant=Variant(prospectb2b_page_size=4, hiringcenter_shape="older")) as sandbox:
        for row in sandbox.truth("leads")[:90]:
            sandbox.change("leads", row["id"], updated_at="2026-03-10T12:00:00.000Z")
        for row in sandbox.truth("notes")[:9]:
            sandbox.change("notes", row["id"], createdAt=1_772_000_000_000)
        run = sync(settings_for(sandbox, hiringcenter_page_size=10), "leads", "notes")
        assert run.code == 0
        assert differences(sandbox, [run], ["leads", "notes"]) == []
