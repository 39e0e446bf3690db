"""Dry runs: nothing is written anywhere but in the plan, and the real run then does just what the plan said."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING, Any

import pytest

from tests.effects import snapshot, writes
from tests.effects.example import KEY_PROPERTIES, KEYS, Player
from tests.sandbox import Fault, Sandbox, Variant, World
from tests.writing import Written, json_lines, messages, settings_for, write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.sandbox import LoggedRequest

Record = dict[str, Any]
Sent = tuple[str, str, Any]

PERSON = {"id": "1", "firstName": "Ada", "lastName": "Lovelace", "email": "ada@example.com", "title": "Director"}


@pytest.fixture(params=["current", "older"])
def player(request: pytest.FixtureRequest) -> Iterator[Player]:
    variant = Variant(hiringcenter_shape=request.param)
    with Sandbox(World(seed=7, size=4), variant=variant) as server:
        yield Player(server)


def _settings(player: Player, folder: Path, **settings: object) -> dict[str, Any]:
    return settings_for(
        player.sandbox, folder, hiringcenter_field_names="older" if player.sandbox.variant.is_older("notes") else "current", **settings
    )


def _run(config: dict[str, Any], player: Player) -> Written:
    return write(config, messages({one.stream: one.records for one in player.input()}, keys=KEY_PROPERTIES))


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


def test_a_dry_run_only_reads_and_the_run_does_what_it_planned(player: Player, tmp_path: Path) -> None:
    server, config = player.sandbox, _settings(player, tmp_path)
    dry = _run({**config, "dry_run": True}, player)
    assert (dry.error, dry.code, dry.rejects, dry.states) == (None, 0, [], [])
    assert {request.method for request in server.requests[player.before.requests :]} == {"GET"}
    assert snapshot(server).rows == player.before.rows
    assert not (tmp_path / "ledger.db").exists()
    assert stat.S_IMODE((tmp_path / "plan.jsonl").stat().st_mode) == 0o600
    plan = json_lines(config["plan_path"])
    given = player.input()
    expected = [(one.stream, {name: record[name] for name in one.keys}) for one in given for record in one.records]
    assert sorted(str((line["stream"], line["key"])) for line in plan) == sorted(map(str, expected))
    for one in given:
        assert dry.counts(one.stream) == {"skipped": len(one.records)}

    real = _run(config, player)
    assert (real.code, real.rejects) == (0, [])
    done = [_sent(request) for request in writes(server, player.before)]
    for line in plan:
        for step in (line, *line["then"]):
            _take(done, step)
    assert done == []


def _sent(request: LoggedRequest) -> Sent:
    return request.method, request.path, request.body


def _take(done: list[Sent], step: Record) -> None:
    """Strike the planned request off the done ones; where ids were not known yet, or leads go together, the rest must agree."""
    method, body = step["method"], step["body"] or {}

    def agrees(sent: Sent) -> bool:
        parts = list(zip(sent[1].split("/"), step["path"].split("/"), strict=False))
        is_there = sent[1].count("/") == step["path"].count("/") and all(known in {done, "{id}"} for done, known in parts)
        return sent[0] == method and is_there and _agrees(sent[2] or {}, body)

    found = next(sent for sent in done if agrees(sent))
    rows = (found[2] or {}).get("leads", []) if step["path"] == "/leads/bulk" else []
    for row in body.get("leads", []):
        rows.remove(row)
    if not rows:
        done.remove(found)


def _agrees(sent: Record, planned: Record) -> bool:
    if "leads" in planned:
        return all(row in sent.get("leads", []) for row in planned["leads"])
    # A reference to a row that was not there yet shows the source's key in the plan.
    references = {"prospectId", "prospector_workflow_id"}
    return sent.keys() == planned.keys() and all(sent[name] == planned[name] or name in references for name in sent)


def test_a_plan_shows_the_row_before_and_after(sandbox: Sandbox, tmp_path: Path) -> None:
    row = sandbox.put("prospects", {"firstName": "Ada", "lastName": "L", "email": "ada@example.com", "title": "Analyst"})
    workflow = sandbox.put("prospector_workflows", {"name": "Old", "status": "paused"})
    hook = sandbox.put("webhooks", {"url": "https://example.com/h", "description": "old", "events": ["lead.created"]})
    lead = sandbox.put("leads", {"full_name": "Old", "email": "bob@example.com"})
    streams: dict[str, list[Record]] = {
        "prospects": [PERSON],
        "prospector_workflows": [{"id": workflow["id"], "name": "New"}],
        "webhooks": [{"id": "1", "url": hook["url"], "description": "new", "events": ["lead.created"]}],
        "leads": [{"id": lead["id"], "full_name": "New"}, {"id": "2", "full_name": "Bob", "email": "new@example.com"}],
    }
    config = settings_for(sandbox, tmp_path, dry_run=True)
    assert write(config, messages(streams)).code == 0
    lines = json_lines(config["plan_path"])
    shown = [(line["method"], line["path"], line["before"]) for line in lines]
    assert shown == [
        ("POST", "/prospects", {"firstName": "Ada", "lastName": "L", "email": "ada@example.com", "title": "Analyst"}),
        ("PATCH", f"/prospector/workflows/{workflow['id']}", {"name": "Old"}),
        ("PATCH", f"/webhooks/{hook['id']}", {"url": hook["url"], "description": "old", "events": ["lead.created"]}),
        ("PATCH", f"/leads/{lead['id']}", {"full_name": "Old"}),
        ("POST", "/leads/bulk", None),
    ]
    assert all(line["after"] == line["body"] for line in lines[:4])
    assert lines[4]["body"] == {"leads": [lines[4]["after"]]}
    assert row["title"] == "Analyst"


def test_a_dry_run_after_a_run_plans_what_changed_and_leaves_the_ledger_alone(sandbox: Sandbox, tmp_path: Path) -> None:
    config = settings_for(sandbox, tmp_path)
    assert write(config, messages({"prospects": [PERSON]})).code == 0
    ledger, held = _content(tmp_path / "ledger.db"), snapshot(sandbox)
    people = [PERSON, {**PERSON, "title": "CEO"}, {**PERSON, "id": "2", "email": "x@example.com"}, {"id": "3"}]
    dry = write({**config, "dry_run": True}, messages({"prospects": people}))
    assert dry.counts("prospects") == {"unchanged": 1, "skipped": 2, "rejected": 1}
    titles = [(line["key"]["id"], line["before"] and line["before"]["title"]) for line in json_lines(config["plan_path"])]
    assert titles == [("1", "Director"), ("2", None)]
    assert _content(tmp_path / "ledger.db") == ledger
    assert writes(sandbox, held) == []
    # The next plan takes the place of this one.
    assert write({**config, "dry_run": True}, messages({"prospects": [PERSON]})).counts("prospects") == {"unchanged": 1}
    assert json_lines(config["plan_path"]) == []


def test_a_dry_run_rejects_what_the_run_would(sandbox: Sandbox, tmp_path: Path) -> None:
    before = snapshot(sandbox)
    config = settings_for(sandbox, tmp_path, dry_run=True)
    outcome = write(config, messages({"prospects": [{**PERSON, "lastName": None}, PERSON]}))
    assert (outcome.code, outcome.counts("prospects")) == (1, {"rejected": 1, "skipped": 1})
    assert outcome.rejects[0]["field"] == "lastName"
    assert outcome.states == []
    assert writes(sandbox, before) == []


def test_a_dry_run_of_what_an_attempt_left_open_changes_nothing(sandbox: Sandbox, tmp_path: Path) -> None:
    note = {"id": "1", "prospectId": sandbox.truth("prospects")[0]["id"], "body": "x"}
    config = settings_for(sandbox, tmp_path)
    sandbox.inject(Fault("status", method="POST", path="/notes", status=500, times=None))
    assert write(config, messages({"notes": [note]})).counts("notes") == {"rejected": 1}
    sandbox.heal()
    before = snapshot(sandbox)
    for _ in range(2):
        assert write({**config, "dry_run": True}, messages({"notes": [note]})).counts("notes") == {"skipped": 1}
    assert writes(sandbox, before) == []
    assert write(config, messages({"notes": [note]})).counts("notes") == {"written": 1}
    keys = {request.headers[KEYS["hiringcenter"].lower()] for request in sandbox.requests if request.method == "POST"}
    assert len(keys) == 1
