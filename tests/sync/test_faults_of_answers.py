"""What goes wrong with one answer (T-03 to T-07), whatever kind of stream it was for, and what must hold then.

I1: all runs together hold exactly what the server had. I3: the exit code is not 0 whenever something is missing.
"""

from __future__ import annotations

import itertools
import json
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any, Literal

import pytest

from tests.auditor import differences
from tests.running import settings_for, sync
from tests.sandbox import Fault, Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable

Broken = Literal["reset", "reset_body", "html", "broken_json", "empty_body"]

# One of each kind: lists of both systems, one that is read in windows, one without a page token; a single; children, and their children.
KINDS = ("meetings", "prospects", "notes", "leads", "referrals", "billing_usage", "lead_activities", "campaign_run_events", "export_downloads")
# What stands for the others: a fault there costs none of these.
OTHERS = ("jobs", "job_events", "tasks")


def in_seconds() -> str:
    return "1"


def as_a_date() -> str:
    return format_datetime(datetime.now(timezone.utc) + timedelta(seconds=2), usegmt=True)


@pytest.mark.parametrize(
    ("told", "least"),
    [(in_seconds, 0.9), (as_a_date, 0.9), (lambda: "0", 0), (lambda: "-5", 0), (lambda: "soon", 0), (lambda: "Thu, 01 Jan 1970 00:00:00 GMT", 0)],
    ids=["seconds", "date", "zero", "less than nothing", "junk", "a date that has passed"],
)
def test_t03_a_429_is_waited_out_as_it_asks(sandbox: Sandbox, told: Callable[[], str], least: float) -> None:
    sandbox.inject(Fault(path="/campaigns", action="status", status=429, headers={"Retry-After": told()}, times=1))
    run = sync(settings_for(sandbox), "campaigns")
    assert run.code == 0
    assert differences(sandbox, [run], ["campaigns"]) == []
    assert run.report["streams"]["campaigns"]["rate_limited"] == 1
    first, second = [request.at for request in sandbox.requests if request.path == "/campaigns"]
    assert second - first >= least


def test_t03_a_429_of_hiringcenter_tells_in_its_body_how_long(sandbox: Sandbox) -> None:
    sandbox.inject(Fault(path="/tasks", action="status", status=429, body={"success": False, "retryAfter": 1}, times=1))
    run = sync(settings_for(sandbox), "tasks")
    assert run.code == 0
    assert differences(sandbox, [run], ["tasks"]) == []
    first, second = [request.at for request in sandbox.requests if request.path == "/tasks"]
    assert second - first >= 0.9


@pytest.mark.parametrize("retry_after", ["0"])
def test_t03_a_429_for_ever_ends_its_stream_and_is_not_asked_in_a_circle(sandbox: Sandbox, retry_after: str) -> None:
    fault = sandbox.inject(Fault(path="/campaigns", action="status", status=429, headers={"Retry-After": retry_after}, times=None))
    run = sync(settings_for(sandbox), "campaigns", *OTHERS)
    assert run.code == 1
    assert run.status("campaigns") == "failed"
    assert {run.status(name) for name in OTHERS} == {"complete"}
    assert fault.played < 20
    sandbox.heal()
    rest = sync(settings_for(sandbox), "campaigns", *OTHERS, state=run.state)
    assert differences(sandbox, [run, rest], ["campaigns", *OTHERS]) == []


def test_t03_a_429_that_asks_for_a_day_ends_the_system_whose_key_it_is(sandbox: Sandbox) -> None:
    sandbox.inject(Fault(path="/campaigns", action="status", status=429, headers={"Retry-After": "86400"}, times=1))
    run = sync(settings_for(sandbox, max_concurrency=1), "campaigns", "jobs", "prospects")
    assert run.code == 1
    assert (run.status("campaigns"), run.status("prospects")) == ("failed", "complete")
    assert "86400 s" in run.report["streams"]["campaigns"]["reason"]
    rest = sync(settings_for(sandbox), "campaigns", "jobs", "prospects", state=run.state)
    assert differences(sandbox, [run, rest], ["campaigns", "jobs", "prospects"]) == []


@pytest.mark.parametrize(("stream", "times"), [("campaigns", 1), *((stream, 4) for stream in KINDS)])
def test_t04_a_503_is_repeated(sandbox: Sandbox, stream: str, times: int) -> None:
    sandbox.inject(Fault(stream=stream, action="status", status=503, times=times))
    run = sync(settings_for(sandbox, max_concurrency=1), stream)
    assert run.code == 0
    assert differences(sandbox, [run], [stream]) == []
    assert run.report["streams"][stream]["retries"] == times


@pytest.mark.parametrize(
    ("stream", "status"),
    [
        ("campaigns", 500),
        ("campaigns", 502),
        ("campaigns", 504),
        ("billing_usage", 503),
        ("lead_activities", 408),
        ("lead_activities", 500),
        ("prospects", 425),
    ],
)
def test_t04_a_stream_that_fails_for_ever_fails_alone_and_is_caught_up_with(sandbox: Sandbox, stream: str, status: int) -> None:
    sandbox.inject(Fault(stream=stream, action="status", status=status, times=None))
    run = sync(settings_for(sandbox), stream, *OTHERS)
    assert run.code == 1
    assert run.status(stream) == "failed"
    assert str(status) in run.report["streams"][stream]["reason"]
    assert {run.status(name) for name in OTHERS} == {"complete"}
    assert differences(sandbox, [run], OTHERS) == []
    sandbox.heal()
    rest = sync(settings_for(sandbox), stream, *OTHERS, state=run.state)
    assert rest.code == 0
    assert differences(sandbox, [run, rest], [stream, *OTHERS]) == []


def test_t04_what_fails_for_ever_takes_its_children_with_it(sandbox: Sandbox) -> None:
    sandbox.inject(Fault(path="/campaigns", action="status", status=503, times=None))
    run = sync(settings_for(sandbox), "campaign_runs", "campaign_run_events", "leads")
    assert run.code == 1
    assert [run.status(name) for name in ("campaign_runs", "campaign_run_events", "leads")] == ["failed", "failed", "complete"]


def broken_answer_is_asked_for_again(sandbox: Sandbox, stream: str, action: Broken) -> None:
    fault = sandbox.inject(Fault(stream=stream, action=action, times=2))
    run = sync(settings_for(sandbox), stream)
    assert fault.played == 2
    assert run.code == 0
    assert differences(sandbox, [run], [stream]) == []
    assert len(run.records(stream)) == len(sandbox.truth(stream))


@pytest.mark.parametrize("action", ["reset", "reset_body"])
@pytest.mark.parametrize("stream", KINDS)
def test_t05_a_connection_that_breaks_is_made_again_and_nothing_comes_twice(sandbox: Sandbox, stream: str, action: Broken) -> None:
    broken_answer_is_asked_for_again(sandbox, stream, action)


@pytest.mark.parametrize("stream", ["leads", "billing_usage", "lead_activities"])
def test_t05_an_answer_that_drips_is_cut_off_and_asked_for_again(sandbox: Sandbox, stream: str) -> None:
    sandbox.inject(Fault(stream=stream, action="drip", times=1))
    run = sync(settings_for(sandbox, request_timeout_seconds=1.0), stream)
    assert run.code == 0
    assert differences(sandbox, [run], [stream]) == []
    assert len(run.records(stream)) == len(sandbox.truth(stream))
    assert run.report["streams"][stream]["retries"] >= 1


@pytest.mark.parametrize(("stream", "action"), list(zip(KINDS, itertools.cycle(("html", "broken_json", "empty_body")))))
def test_t06_a_body_that_is_no_json_is_asked_for_again(sandbox: Sandbox, stream: str, action: Broken) -> None:
    broken_answer_is_asked_for_again(sandbox, stream, action)


@pytest.mark.parametrize(
    ("stream", "action"),
    list(zip(("prospects", "leads", "referrals", "billing_usage", "lead_activities"), itertools.cycle(("html", "broken_json", "empty_body")))),
)
def test_t06_a_body_that_never_is_json_is_an_error_that_names_the_request(sandbox: Sandbox, stream: str, action: Broken) -> None:
    sandbox.inject(Fault(stream=stream, action=action, times=None))
    run = sync(settings_for(sandbox), stream, *OTHERS)
    assert run.code == 1
    assert (run.status(stream), run.status("jobs")) == ("failed", "complete")
    [path] = {request.path for request in sandbox.requests if request.stream == stream and request.path in run.report["streams"][stream]["reason"]}
    assert path


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
    ("/leads/lead_", "lead_activities", {"data": {}, "pagination": {"has_more": False}}),
    ("/leads/lead_", "lead_activities", {"data": [{"type": "no id"}], "pagination": {"has_more": False}}),
    ("/leads/lead_", "lead_activities", {"data": []}),
    ("/campaigns/runs/run_", "campaign_run_events", {"pagination": {"has_more": False}}),
    ("/imports/imp_", "import_errors", {"data": [{"row": 1}], "pagination": {"has_more": False}}),
    ("/exports/exp_", "export_downloads", {"data": None}),
    ("/webhooks/poll", "prospect_feed", {"success": False, "items": []}),
    ("/webhooks/poll", "prospect_feed", {"feed": []}),
    ("/webhooks/poll", "prospect_feed", None),
]


@pytest.mark.parametrize(("path", "stream", "body"), LIES, ids=lambda value: json.dumps(value) if not isinstance(value, str) else value)
def test_t07_an_answer_that_no_document_describes_is_an_error(sandbox: Sandbox, path: str, stream: str, body: object) -> None:
    sandbox.inject(Fault(stream=stream, action="body", body=body, times=None))
    run = sync(settings_for(sandbox), stream)
    assert run.code == 1
    assert run.status(stream) == "failed"
    assert f"GET {path}" in run.report["streams"][stream]["reason"]
    assert not run.states or stream not in run.state["bookmarks"]
