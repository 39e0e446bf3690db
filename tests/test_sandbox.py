"""The sandbox's rows: complete, repeatable, as the schemas describe them, and changed as tests ask for."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests

from tests.sandbox import ABSENT, Sandbox, Variant, World
from tests.sandbox.checks import problems_of, without_ancestors
from tests.sandbox.client import Client
from tests.sandbox.operations import CLOSERSHQ, HIRINGCENTER, PROSPECTB2B, SCOPES
from tests.sandbox.rows import STAGES, USERS
from tests.sandbox.streams import READABLE, TABLES
from tests.sandbox.times import iso, millis, parse_iso

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
STREAMS = sorted(file.stem for file in ROOT.glob("schemas/*/*.json"))
# Streams of streams: their parents are known by id from the truth.
_PATHS = {operation.stream: operation.path for operation in (*PROSPECTB2B, *HIRINGCENTER) if operation.reads}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(World(seed=7, size=20)) as running:
        yield running


def get(sandbox: Sandbox, system: str, path: str, **query: Any) -> requests.Response:  # noqa: ANN401 - any parameter
    return Client(sandbox, system).send("GET", path, **query)


def read_all(sandbox: Sandbox, stream: str) -> list[dict[str, Any]]:
    """A complete read of a stream over HTTP, below each of its parents."""
    table = TABLES.get(stream)
    if table is None or table.system == "hiringcenter":
        rows = get(sandbox, "hiringcenter", _PATHS[stream], **({} if stream == "prospect_feed" else {"limit": 200})).json()
        found: list[dict[str, Any]] = rows if isinstance(rows, list) else rows["items"]
        return found
    found = []
    for parent in sandbox.truth(table.parent) if table.parent else [{}]:
        path = _PATHS[stream].replace(f"{{{table.parent_key}}}", parent.get("id", ""))
        cursor: str | None = None
        while True:
            body = get(sandbox, "prospectb2b", path, **({"cursor": cursor} if cursor else {})).json()
            found += body["data"] if isinstance(body["data"], list) else [body["data"]]
            if not body.get("pagination", {}).get("has_more"):
                break
            cursor = body["pagination"]["next_cursor"]
    return found


def test_every_stream_of_the_schemas_can_be_read() -> None:
    assert sorted(READABLE) == STREAMS
    assert len(STREAMS) == 39


@pytest.mark.parametrize("stream", STREAMS)
def test_what_is_served_is_the_truth_and_fits_the_schema(sandbox: Sandbox, stream: str) -> None:
    rows = read_all(sandbox, stream)

    assert rows
    assert problems_of(stream, rows) == []
    truth = [without_ancestors(stream, row) for row in sandbox.truth(stream)]
    assert sorted(map(repr, rows)) == sorted(map(repr, truth))
    assert {request.stream for request in sandbox.requests} == {stream}
    assert {request.status for request in sandbox.requests} == {200}


def test_children_know_all_their_ancestors(sandbox: Sandbox) -> None:
    runs = {run["id"]: run["campaign_id"] for run in sandbox.truth("campaign_runs")}
    workflows = {run["id"]: run["workflow_id"] for run in sandbox.truth("prospector_runs")}

    assert all(runs[event["run_id"]] == event["campaign_id"] for event in sandbox.truth("campaign_run_events"))
    assert all(workflows[result["run_id"]] == result["workflow_id"] for result in sandbox.truth("prospector_results"))


def test_the_same_seed_makes_the_same_world() -> None:
    one, same, other = (Sandbox(World(seed=seed, size=9)) for seed in (1, 1, 2))
    for sandbox in (one, same, other):
        with sandbox:
            pass

    assert {stream: one.truth(stream) for stream in READABLE} == {stream: same.truth(stream) for stream in READABLE}
    assert one.truth("leads") != other.truth("leads")


def test_counts_can_be_set() -> None:
    with Sandbox(World(size=3, leads=40, activities_per_lead=1, meetings=0)) as sandbox:
        assert {stream: len(sandbox.truth(stream)) for stream in ("prospects", "leads", "lead_activities", "meetings")} == {
            "prospects": 3,
            "leads": 40,
            "lead_activities": 40,
            "meetings": 0,
        }
    with pytest.raises(ValueError, match="leeds"):
        World(leeds=3)


def test_an_account_may_be_empty() -> None:
    lists = [table.name for table in TABLES.values() if not table.is_single]
    with Sandbox(World.empty()) as sandbox:
        assert [stream for stream in lists if sandbox.truth(stream)] == []
        assert len(sandbox.truth("api_identity")) == 1
        client = Client(sandbox, "hiringcenter")
        for stage_id, _, pipeline in STAGES:
            body = {"firstName": "A", "lastName": "B", "stageId": stage_id, "pipelineId": pipeline, "userId": USERS[0]}
            assert client.send("POST", "/prospects", body).status_code == 201
    with Sandbox(World.empty(leads=2)) as sandbox:
        assert [stream for stream in lists if sandbox.truth(stream)][:1] == ["leads"]


def test_the_settings_of_the_target_reach_all_three_systems(sandbox: Sandbox) -> None:
    config = sandbox.target_config()

    for system, method, path, status in (
        ("hiringcenter", "GET", "/auth", 200),
        ("prospectb2b", "GET", "/me", 200),
        ("closershq", "POST", "/crm/prospect", 200),
    ):
        headers = {"Authorization": f"Bearer {config[f'{system}_api_key']}"}
        answer = requests.request(
            method, config[f"{system}_api_url"] + path, json={"email": "a@example.com"} if method == "POST" else None, headers=headers, timeout=10
        )
        assert answer.status_code == status
    assert {name for name in config if name.endswith("minute")} == {
        f"{system}_requests_per_minute" for system in ("hiringcenter", "prospectb2b", "closershq")
    }


def test_some_parent_has_no_child_and_some_times_are_shared(sandbox: Sandbox) -> None:
    with_children = {activity["lead_id"] for activity in sandbox.truth("lead_activities")}
    changed = [lead["updated_at"] for lead in sandbox.truth("leads")]

    assert with_children < {lead["id"] for lead in sandbox.truth("leads")}
    assert len(set(changed)) < len(changed)
    assert all("2026-01" <= moment < "2026-07" for moment in changed)


def test_changes_are_stamped_by_the_sandbox_clock(sandbox: Sandbox) -> None:
    sandbox.clock.advance(3600)
    before = sandbox.clock.now()
    lead = sandbox.put("leads", {"full_name": "New"})
    prospect = sandbox.change("prospects", sandbox.truth("prospects")[0]["id"], title="Boss")

    stamped = parse_iso(lead["updated_at"])
    assert stamped is not None
    assert timedelta(0) <= stamped - before.replace(microsecond=before.microsecond // 1000 * 1000) < timedelta(seconds=5)
    assert lead["created_at"] == lead["updated_at"]
    assert 0 <= prospect["updatedAt"] - millis(before) < 5000
    assert lead in sandbox.truth("leads")


def test_a_stamp_and_any_field_can_be_given_or_taken_away(sandbox: Sandbox) -> None:
    stamp = iso(sandbox.clock.now().astimezone(timezone.utc) - timedelta(days=300))
    lead = sandbox.put("leads", {"updated_at": stamp})
    assert (lead["created_at"], lead["updated_at"]) == (stamp, stamp)

    lead = sandbox.change("leads", lead["id"], updated_at=ABSENT, colour="red")

    assert "updated_at" not in lead
    assert get(sandbox, "prospectb2b", f"/leads/{lead['id']}").json()["data"] == lead


def test_children_come_with_their_parent_and_go_with_it(sandbox: Sandbox) -> None:
    run = sandbox.put("campaign_runs", {}, campaign_id=sandbox.put("campaigns")["id"])
    event = sandbox.put("campaign_run_events", {"summary": "Hello"}, run_id=run["id"])

    assert {**event, "run_id": run["id"], "campaign_id": run["campaign_id"]} in sandbox.truth("campaign_run_events")
    sandbox.remove("campaigns", run["campaign_id"])
    assert event["id"] not in {row["id"] for row in sandbox.truth("campaign_run_events")}
    with pytest.raises(ValueError, match="run_id"):
        sandbox.put("campaign_run_events", {}, campaign_id=run["campaign_id"])


def test_a_download_comes_and_changes_with_its_export(sandbox: Sandbox) -> None:
    export = sandbox.put("exports", {"status": "processing", "file_key": None})
    assert get(sandbox, "prospectb2b", f"/exports/{export['id']}/download").json()["data"]["download_ready"] is False

    sandbox.change("exports", export["id"], status="completed", file_key="x.csv")

    assert get(sandbox, "prospectb2b", f"/exports/{export['id']}/download").json()["data"]["file_key"] == "x.csv"


def test_the_identity_tells_what_the_key_may(sandbox: Sandbox) -> None:
    assert set(get(sandbox, "prospectb2b", "/me").json()["data"]["scopes"]) == SCOPES
    sandbox.scopes.discard("leads.read")
    sandbox.read_only = True

    identity = get(sandbox, "prospectb2b", "/me").json()["data"]

    assert "leads.read" not in identity["scopes"]
    assert identity["read_only"] is True
    with Sandbox(variant=Variant(me_scopes=False)) as silent:
        assert "scopes" not in get(silent, "prospectb2b", "/me").json()["data"]


def test_all_operations_are_there() -> None:
    assert len({(operation.method, operation.path) for operation in PROSPECTB2B}) == 65
    assert len(SCOPES) == 21
    assert sum(operation.takes_key for operation in PROSPECTB2B) == 10
    assert [len(HIRINGCENTER), len(CLOSERSHQ)] == [16, 3]


def test_another_process_can_compare_and_change(sandbox: Sandbox) -> None:
    counts = requests.get(f"{sandbox.url}/sandbox/truth", timeout=10).json()
    before = sandbox.truth("leads")
    assert counts["leads"] == 20
    assert requests.get(f"{sandbox.url}/sandbox/truth/leads", timeout=10).json() == before
    assert requests.get(f"{sandbox.url}/sandbox/truth/nothing", timeout=10).status_code == 404

    changed = requests.post(f"{sandbox.url}/sandbox/change", timeout=10).json()

    after = {row["id"]: row for row in sandbox.truth("leads")}
    assert changed["leads"] == len(after) == 21
    assert len([row for row in before if row != after[row["id"]]]) == 4
    assert sandbox.requests == []
    for stream in STREAMS:
        assert problems_of(stream, [without_ancestors(stream, row) for row in sandbox.truth(stream)]) == []


def test_a_change_of_a_grandchild_is_seen_from_the_top(sandbox: Sandbox) -> None:
    before = {stream: {row["id"]: row for row in sandbox.truth(stream)} for stream in ("campaigns", "campaign_runs", "campaign_run_events")}
    requests.post(f"{sandbox.url}/sandbox/change", timeout=10)

    [event] = [row for row in sandbox.truth("campaign_run_events") if row["id"] not in before["campaign_run_events"]]

    [campaign] = [row for row in sandbox.truth("campaigns") if row["id"] == event["campaign_id"]]
    assert campaign != before["campaigns"].get(campaign["id"])


def test_it_runs_in_the_foreground_until_it_is_told_to_stop() -> None:
    command = [sys.executable, "-m", "tests.sandbox", "--port", "0", "--size", "3", "--print-env"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = list(iter(process.stdout.readline, "ready\n"))
        settings = dict(line.strip().removeprefix("export TAP_HIRINGCENTER_").split("=", 1) for line in lines)
        key = settings["PROSPECTB2B_API_KEY"]
        answer = requests.get(settings["PROSPECTB2B_API_URL"] + "/me", headers={"Authorization": f"Bearer {key}"}, timeout=10)
        process.terminate()
        assert process.wait(timeout=5) == 0

    assert answer.status_code == 200
