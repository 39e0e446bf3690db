"""What the runbook says is so: its commands are run, and what they are there for has come about."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from target_hiringcenter.sinks import SINKS
from target_hiringcenter.target import TargetHiringcenter
from tests import running, writing
from tests.effects import snapshot, writes
from tests.effects.example import KEY_PROPERTIES, Player
from tests.operations.example import ROOT, play, play_page
from tests.sandbox import Sandbox, engine

if TYPE_CHECKING:
    from pathlib import Path

PAGE = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
FAMILY = ("leads", "lead_activities", "prospects")
ADA = {"id": "p1", "firstName": "Ada", "lastName": "Lovelace", "email": "ada@example.com"}


def commands(begin: str) -> str:
    """The one block of the page that begins so, as bash takes it."""
    blocks = re.findall(r"(?:^ {4,}\S.*\n)+", PAGE, re.MULTILINE)
    (block,) = (block for block in blocks if block.lstrip().startswith(begin))
    return str(re.sub(r"^ +", "", block, flags=re.MULTILINE))


def needs(*programs: str) -> None:
    for program in programs:
        if not shutil.which(program):
            pytest.skip(f"no {program} to try it with")


def save(folder: Path, name: str, content: object) -> None:
    (folder / name).write_text(json.dumps(content), encoding="utf-8")


def play_well(lines: str, folder: Path) -> str:
    """Run commands that must do what they are there for, and tell what they print."""
    ended = play_page(lines, folder)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_metrics_of_a_report(sandbox: Sandbox, tmp_path: Path) -> None:
    running.sync(running.settings_for(sandbox, run_report_path=str(tmp_path / "run-report.json")), "prospects")
    play_well(commands("python metrics.py"), tmp_path)
    assert 'hiringcenter_run_status{account="acme",program="tap",status="complete"} 1' in (tmp_path / "acme-tap.prom").read_text(encoding="utf-8")


def test_a_log_as_json(sandbox: Sandbox, tmp_path: Path) -> None:
    save(tmp_path, "config.json", running.settings_for(sandbox))
    play_well(commands("SINGER_SDK_LOG_CONFIG"), tmp_path)
    log = (tmp_path / "log.jsonl").read_text(encoding="utf-8")
    assert "The run is complete." in [json.loads(line)["message"].partition("\n")[0] for line in log.splitlines()]
    assert (tmp_path / "messages.jsonl").stat().st_size


def test_a_stream_without_its_bookmark_is_read_again_and_the_others_are_not(sandbox: Sandbox, tmp_path: Path) -> None:
    needs("jq")
    config = running.settings_for(sandbox)
    save(tmp_path, "state.json", running.sync(config, *FAMILY).state)
    block = commands("jq")
    assert "`del(.bookmarks.leads, .bookmarks.lead_activities)`" in PAGE

    play_well(block, tmp_path)
    alone = running.sync(config, *FAMILY, state=json.loads((tmp_path / "state.json").read_text(encoding="utf-8")))
    play_well(block.replace("del(.bookmarks.leads)", "del(.bookmarks.leads, .bookmarks.lead_activities)"), tmp_path)
    both = running.sync(config, *FAMILY, state=json.loads((tmp_path / "state.json").read_text(encoding="utf-8")))

    assert len({row["id"] for row in alone.records("leads")}) == len(sandbox.truth("leads"))
    assert len(alone.records("lead_activities")) < len(sandbox.truth("lead_activities"))
    assert len(alone.records("prospects")) < len(sandbox.truth("prospects"))
    assert len({row["id"] for row in both.records("lead_activities")}) == len(sandbox.truth("lead_activities"))


def test_a_stream_that_is_left_out_keeps_its_bookmark(sandbox: Sandbox) -> None:
    config = running.settings_for(sandbox)
    state = running.sync(config, *FAMILY).state

    without = running.sync(config, "prospects", state=state).state

    assert {name: without["bookmarks"][name] for name in ("leads", "lead_activities")} == {
        name: state["bookmarks"][name] for name in ("leads", "lead_activities")
    }


def test_rejects_are_replayed(sandbox: Sandbox, tmp_path: Path) -> None:
    config = writing.settings_for(sandbox, tmp_path, rejects_path=str(tmp_path / "hiringcenter-rejects.jsonl"))
    save(tmp_path, "target.json", config)
    save(tmp_path, "source.json", {})
    assert writing.write(config, writing.messages({"prospects": [ADA, {**ADA, "id": "p2", "email": "b@example.com", "firstName": None}]})).code == 1
    mended = writing.messages({"prospects": [{**ADA, "title": "new"}, {**ADA, "id": "p2", "email": "b@example.com"}]})
    (tmp_path / "all.jsonl").write_text("\n".join(mended) + "\n", encoding="utf-8")
    (tmp_path / "bin").mkdir()
    tap = tmp_path / "bin" / "tap-of-your-choice"
    tap.write_text("#!/bin/sh\nexec cat all.jsonl\n", encoding="utf-8")
    tap.chmod(0o700)
    before = snapshot(sandbox)

    assert play_well(commands("mv hiringcenter-rejects"), tmp_path) == ""

    assert len(writes(sandbox, before)) == 1
    assert not (tmp_path / "hiringcenter-rejects.jsonl").exists()


def _written(sandbox: Sandbox, config: dict[str, Any]) -> list[str]:
    lines = writing.messages({one.stream: one.records for one in Player(sandbox).input()}, keys=KEY_PROPERTIES)
    assert writing.write(config, lines).code == 0
    return lines


def _knows_all(sandbox: Sandbox, config: dict[str, Any], lines: list[str]) -> None:
    before = snapshot(sandbox)
    assert writing.write(config, lines).code == 0
    assert writes(sandbox, before) == []


def test_a_ledger_in_sqlite_is_backed_up_and_put_back(sandbox: Sandbox, tmp_path: Path) -> None:
    needs("sqlite3")
    file = tmp_path / "hiringcenter-ledger.db"
    config = writing.settings_for(sandbox, tmp_path, ledger_uri=f"sqlite:///{file}")
    lines = _written(sandbox, config)
    play_well(commands("umask"), tmp_path)
    assert (tmp_path / "ledger-backup.db").stat().st_mode & 0o077 == 0
    file.write_bytes(b"damaged")
    file.with_name(f"{file.name}-wal").write_bytes(b"what a killed run left behind")

    play_well(commands("rm -f"), tmp_path)

    assert list(tmp_path.glob(f"{file.name}*")) == [file]
    _knows_all(sandbox, config, lines)


def test_a_ledger_in_sqlite_is_not_backed_up_while_a_run_lasts(sandbox: Sandbox, tmp_path: Path) -> None:
    needs("sqlite3")
    uri = f"sqlite:///{tmp_path / 'hiringcenter-ledger.db'}"
    target = TargetHiringcenter(config=writing.settings_for(sandbox, tmp_path, ledger_uri=uri))
    ledger = target._ledger  # noqa: SLF001  # as a run holds it
    ended = play_page(commands("umask"), tmp_path)
    ledger.close()
    assert ended.returncode
    assert "database is locked" in ended.stderr


@pytest.fixture
def postgresql(tmp_path: Path) -> Any:  # noqa: ANN401  # what it yields
    """A schema, as URI of a ledger, as URL for PostgreSQL's own programs, and by its name."""
    with writing.ledger_in("postgresql", tmp_path) as uri:
        url, _, schema = uri.partition("?options=-csearch_path%3D")
        yield uri, url, schema


def _on_the_server(lines: str, schema: str, url: str) -> str:
    named = lines.replace("schema=acme", f"schema={schema}").replace("EXISTS acme", f'EXISTS "{schema}"')
    return f"export DATABASE='{url}'\n{named}"


def test_a_ledger_in_postgresql_is_backed_up_and_put_back(postgresql: tuple[str, str, str], sandbox: Sandbox, tmp_path: Path) -> None:
    needs("pg_dump", "pg_restore", "psql")
    uri, url, schema = postgresql
    config = writing.settings_for(sandbox, tmp_path, ledger_uri=uri)
    lines = _written(sandbox, config)
    play_well(_on_the_server(commands("pg_dump"), schema, url), tmp_path)
    other = {**ADA, "id": "later", "email": "later@example.com"}
    assert writing.write(config, writing.messages({"prospects": [other]})).code == 0

    play_well(_on_the_server(commands("psql"), schema, url), tmp_path)

    _knows_all(sandbox, config, lines)
    # It is the older copy, which does not know what came later.
    assert writing.write(config, writing.messages({"prospects": [other]})).counts("prospects") == {"written": 1}


def test_a_ledger_moves_from_sqlite_to_postgresql(postgresql: tuple[str, str, str], sandbox: Sandbox, tmp_path: Path) -> None:
    uri = postgresql[0]
    file = tmp_path / "hiringcenter-ledger.db"
    config = writing.settings_for(sandbox, tmp_path, ledger_uri=f"sqlite:///{file}")
    lines = _written(sandbox, config)

    told = play_well(f"export LEDGER_URI='{uri}'\n{commands('python move_ledger')}", tmp_path)

    assert re.match(r"[1-9]\d* records are known there now", told)
    file.unlink()
    _knows_all(sandbox, {**config, "ledger_uri": uri}, lines)


def test_a_ledger_does_not_move_over_another_or_out_of_a_run(postgresql: tuple[str, str, str], sandbox: Sandbox, tmp_path: Path) -> None:
    uri = postgresql[0]
    file = tmp_path / "hiringcenter-ledger.db"
    target = TargetHiringcenter(config=writing.settings_for(sandbox, tmp_path, ledger_uri=f"sqlite:///{file}"))
    ledger = target._ledger  # noqa: SLF001  # as a run holds it
    during = play("move_ledger.py", file, uri)
    ledger.close()
    assert (during.returncode, during.stdout) == (1, "")
    assert "database is locked" in during.stderr

    assert play("move_ledger.py", file, uri).returncode == 0
    again = play("move_ledger.py", file, uri)
    assert (again.returncode, again.stdout) == (1, "")
    assert "already exists" in again.stderr
    assert play("move_ledger.py", tmp_path / "none.db", uri).stderr == f"There is no file {tmp_path / 'none.db'}\n"


def test_no_run_begins_with_a_ledger_that_is_being_moved(postgresql: tuple[str, str, str], sandbox: Sandbox, tmp_path: Path) -> None:
    uri, url, schema = postgresql
    file = tmp_path / "hiringcenter-ledger.db"
    config = writing.settings_for(sandbox, tmp_path, ledger_uri=f"sqlite:///{file}")
    lines = _written(sandbox, config)
    with closing(sqlite3.connect(file)) as database:
        # As a copy may be. In the mode that a run leaves behind, any connection that reads keeps runs out.
        database.execute("PRAGMA journal_mode = DELETE")
    with ThreadPoolExecutor() as pool, psycopg.connect(url) as other, psycopg.connect(url, autocommit=True) as looker:
        # Who makes a table of that name waits until it is known what becomes of this one.
        other.execute(f'CREATE TABLE "{schema}".hiringcenter_ledger (name text)'.encode())
        moving = pool.submit(play, "move_ledger.py", file, uri)
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() <> pid AND %s = ANY(pg_blocking_pids(pid))"
        while not moving.done() and looker.execute(waiting, [other.info.backend_pid]).fetchone() == (0,):
            time.sleep(0.05)
        during = writing.write(config, lines)
        other.rollback()
        assert moving.result().returncode == 0, moving.result().stderr
    assert "another run uses it" in str(during.error)


def _told_of_loss(begin: str) -> set[str]:
    """The streams of the rows, on lost ledgers, whose second cell begins so; with its mode for leads."""
    section = PAGE.partition("## The ledger: when it is lost")[2].partition("\n## ")[0]
    cells = [line.split("|")[1] for line in section.splitlines() if line.startswith("| ") and line.split("|")[2].strip().startswith(begin)]
    return {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}


@pytest.mark.parametrize("mode", ["bulk", "upsert", "create"])
def test_what_is_made_again_without_its_ledger(mode: str, sandbox: Sandbox, tmp_path: Path) -> None:
    config = writing.settings_for(sandbox, tmp_path, leads_write_mode=mode)
    lines = _written(sandbox, config)
    before = snapshot(sandbox)
    for file in tmp_path.glob("ledger.db*"):
        file.unlink()

    assert writing.write(config, lines).code == 0

    grown = {table for table, rows in snapshot(sandbox).rows.items() if len(rows) > len(before.rows[table])}
    modes = {"bulk", "upsert", "create"}
    made_again, same = _told_of_loss("made again"), _told_of_loss("the API finds") | _told_of_loss("looked for")
    assert (made_again & modes, same & modes) == ({"create"}, {"bulk", "upsert"})
    assert grown & {sink.name for sink in SINKS} == made_again - modes - {"leads"} | ({"leads"} if mode == "create" else set())
    assert {sink.name for sink in SINKS} - {"webhook_deliveries"} == (made_again | same) - modes
    assert _told_of_loss("done again") == {"publish", "run", "retry"}
    actions = {request.path.rpartition("/")[2] for request in writes(sandbox, before)} & {"publish", "run", "retry"}
    assert actions == {"publish", "run", "retry"}


def test_what_names_its_own_row_is_not_made_again(sandbox: Sandbox, tmp_path: Path) -> None:
    config = writing.settings_for(sandbox, tmp_path)
    streams = ("campaigns", "prospector_workflows")
    lines = writing.messages({stream: [{"id": sandbox.truth(stream)[0]["id"], "status": "paused", "name": "W"}] for stream in streams})
    before = snapshot(sandbox)
    for _ in range(2):
        assert writing.write(config, lines).code == 0
        (tmp_path / "ledger.db").unlink()
    assert [len(snapshot(sandbox).rows[stream]) for stream in streams] == [len(before.rows[stream]) for stream in streams]


def test_a_prospect_with_neither_mail_nor_phone_without_its_ledger(sandbox: Sandbox, tmp_path: Path) -> None:
    config = writing.settings_for(sandbox, tmp_path, allow_unmatched_creates=True)
    lines = writing.messages({"prospects": [{"id": "p1", "firstName": "Ada", "lastName": "Lovelace"}]})
    assert writing.write(config, lines).code == 0
    once = len(sandbox.kept("prospects"))
    (tmp_path / "ledger.db").unlink()
    assert writing.write(config, lines).code == 0
    assert len(sandbox.kept("prospects")) == once + 1


def test_a_new_key_finds_state_and_ledger_as_they_were(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reading = running.settings_for(sandbox)
    writing_config = writing.settings_for(sandbox, tmp_path)
    state = running.sync(reading, "notes").state
    assert writing.write(writing_config, writing.messages({"prospects": [ADA]})).code == 0

    monkeypatch.setitem(engine.KEYS, "hiringcenter", "another-key")

    new = {"hiringcenter_api_key": "another-key"}
    save(tmp_path, "config.json", reading)
    assert play_page(commands("tap-hiringcenter --config config.json --test"), tmp_path).returncode == 1
    save(tmp_path, "config.json", {**reading, **new})
    assert "HiringCenter: the key works." in play_well(commands("tap-hiringcenter --config config.json --test"), tmp_path)
    assert len(running.sync({**reading, **new}, "notes", state=state).records("notes")) < len(sandbox.truth("notes"))
    assert writing.write({**writing_config, **new}, writing.messages({"prospects": [ADA]})).counts("prospects") == {"unchanged": 1}


def test_the_command_line_is_refused_with_2(tmp_path: Path) -> None:
    assert play_page("tap-hiringcenter --no-such-option", tmp_path).returncode == 2
    assert play_page("target-hiringcenter --no-such-option", tmp_path).returncode == 2
