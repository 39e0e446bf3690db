"""One run of an account: what Meltano is told, what becomes of keys, folders and the lock. Meltano is played by a script here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
import threading
import time
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from hiringcenter_runs.lock import BusyError, locked
from hiringcenter_runs.outcomes import Outcome
from hiringcenter_runs.runs import Database, Places, Worker
from sqlalchemy import make_url

from tests.demo.database import new_database, reached
from tests.fleet.places import DAGS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

COMPLETE = {"status": "complete", "reason": None, "streams": {"leads": {"status": "complete", "reason": None}}}


class Player:
    """A worker on which a script stands in for Meltano, and writes down how it was called."""

    def __init__(self, folder: Path, warehouse: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.warehouse = warehouse
        self.places = Places(folder / "project", folder / "accounts")
        for kind in ("extractors", "loaders", "utilities/reconcile/venv/bin"):
            (self.places.project / ".meltano" / kind).mkdir(parents=True)
        (self.places.project / "meltano.yml").write_text("version: 1\n", encoding="utf-8")
        (folder / "bin").mkdir()
        monkeypatch.setenv("PATH", f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}")
        self.plays(f"report({COMPLETE!r})")

    def plays(self, script: str) -> None:
        """What Meltano and `reconcile` do; `report(content)` leaves a run report."""
        head = f"""\
            #!{sys.executable}
            import json, os, sys, time
            with open({str(self.folder / "calls")!r}, "a") as calls:
                calls.write(json.dumps([sys.argv[1:], dict(os.environ), os.getcwd()]) + "\\n")
            def report(content):
                name = "run-report-whole.json" if "tap-hiringcenter--whole" in sys.argv else "run-report.json"
                with open(name, "w") as file:
                    json.dump(content, file)
            """
        for program in (self.folder / "bin" / "meltano", self.places.project / ".meltano/utilities/reconcile/venv/bin/python"):
            program.write_text(textwrap.dedent(head) + textwrap.dedent(script), encoding="utf-8")
            program.chmod(0o700)

    def run(self, account: str = "acme", *, whole: bool = False, say: Callable[[str], object] = str, **variables: str) -> Outcome:
        return Worker(self.warehouse, self.places, say).run(account, variables, whole=whole)

    def calls(self) -> list[tuple[list[str], dict[str, str], str]]:
        return [tuple(json.loads(line)) for line in (self.folder / "calls").read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def warehouse() -> Iterator[Database]:
    try:
        with new_database("fleet_runs") as database:
            there = reached(database)
            yield Database(there["host"], there["port"], there["user"], there["password"], there["database"])
    except psycopg.OperationalError as error:
        pytest.skip(f"no PostgreSQL to try it with: {error}")


@pytest.fixture
def player(tmp_path: Path, warehouse: Database, monkeypatch: pytest.MonkeyPatch) -> Player:
    return Player(tmp_path, warehouse, monkeypatch)


def is_free(account: str, warehouse: Database) -> bool:
    try:
        with locked(account, warehouse.conninfo):
            return True
    except BusyError:
        return False


def test_a_run_loads_and_compares_in_the_account_s_own_schema_and_folder(player: Player) -> None:
    assert player.run(HIRINGCENTER_API_KEY="key", MELTANO_DATABASE_URI="postgresql+psycopg://meltano") == Outcome("complete")

    (load, loading, place), (compare, comparing, _) = player.calls()
    assert load == ["--environment=prod", "run", "--force", "--state-id-suffix=acme", "tap-hiringcenter", "target-postgres"]
    assert compare[:2] == ["-m", "tap_hiringcenter.reconcile"]
    assert "--report=run-report.json" in compare
    assert "--schema=hiringcenter_acme" in compare
    assert place == str(player.places.accounts / "acme")
    for variables in (loading, comparing):
        assert variables["TARGET_POSTGRES_DEFAULT_TARGET_SCHEMA"] == "hiringcenter_acme"
        assert variables["HIRINGCENTER_API_KEY"] == "key"
        assert variables["MELTANO_DATABASE_URI"] == "postgresql+psycopg://meltano"
        assert variables["MELTANO_AUTO_INSTALL"] == "false"


def test_a_week_s_run_is_another_plugin_with_a_report_of_its_own(player: Player) -> None:
    assert player.run(whole=True) == Outcome("complete")

    (load, _, _), (compare, _, _) = player.calls()
    assert "tap-hiringcenter--whole" in load
    assert "--report=run-report-whole.json" in compare


def test_no_key_is_on_a_command_line_and_nothing_of_airflow_is_passed_on(player: Player, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_HIRINGCENTER_GLOBEX", "another account's key")
    monkeypatch.setenv("_AIRFLOW_SOMETHING", "1")
    player.run(HIRINGCENTER_API_KEY="a-key")

    for arguments, variables, _ in player.calls():
        assert not any("a-key" in argument for argument in arguments)
        assert not any("AIRFLOW" in name for name in variables)


def test_plugins_are_shared_and_the_project_is_as_it_is_now(player: Player) -> None:
    player.run()
    (player.places.project / "meltano.yml").write_text("version: 2\n", encoding="utf-8")
    player.run()

    folder = player.places.accounts / "acme"
    assert (folder / "meltano.yml").read_text(encoding="utf-8") == "version: 2\n"
    for kind in ("extractors", "loaders", "utilities"):
        assert (folder / ".meltano" / kind).resolve() == player.places.project / ".meltano" / kind


def test_what_a_killed_run_left_behind_is_taken_away(player: Player) -> None:
    player.run()
    leftover = player.places.accounts / "acme" / ".meltano" / "run" / "tap-hiringcenter" / "tap.1.config.json"
    leftover.parent.mkdir(parents=True)
    leftover.write_text('{"hiringcenter_api_key": "key"}', encoding="utf-8")
    cached = leftover.with_name("tap.properties.json")
    cached.write_text("{}", encoding="utf-8")
    player.run()

    assert not leftover.exists()
    assert cached.exists()
    assert player.places.accounts.stat().st_mode & 0o077 == 0


def test_an_old_report_tells_nothing_of_this_run(player: Player) -> None:
    player.run()
    player.plays("sys.exit(0)")

    assert player.run().status == "failed"


def test_a_partial_load_is_not_compared(player: Player) -> None:
    player.plays("report({'status': 'partial', 'reason': None, 'streams': {'leads': {'status': 'partial', 'reason': 'trouble'}}}); sys.exit(1)")

    assert player.run() == Outcome("partial", "leads: trouble")
    assert len(player.calls()) == 1


def test_rows_that_reconcile_misses_are_a_failure(player: Player) -> None:
    player.plays(f"'-m' in sys.argv and sys.exit(1)\nreport({COMPLETE!r})")

    found = player.run()
    assert found.status == "failed"
    assert "reconcile" in found.reason


def test_what_the_program_says_is_passed_on_line_by_line(player: Player) -> None:
    player.plays("print('one'); print('two', file=sys.stderr, flush=True)")
    said: list[str] = []
    player.run(say=said.append)

    assert sorted(said) == ["one", "two"]


def test_a_second_run_of_the_account_is_kept_out_and_others_are_not(player: Player) -> None:
    with locked("acme", player.warehouse.conninfo):
        assert player.run() == Outcome("busy", "another run of it is under way")
        assert player.run("globex") == Outcome("complete")
    assert player.run() == Outcome("complete")


def test_a_warehouse_that_is_not_there_is_a_failure_like_another(player: Player) -> None:
    player.warehouse = Database(player.warehouse.host, player.warehouse.port, player.warehouse.user, "none", "no_such_database")

    found = player.run()
    assert found.status == "failed"
    assert not found.is_for_people


def test_a_program_that_outlives_its_killed_task_keeps_the_lock_until_its_end(player: Player) -> None:
    player.plays(f"""
        open({str(player.folder / "begun")!r}, "w").close()
        while not os.path.exists({str(player.folder / "go")!r}):
            time.sleep(0.01)
    """)
    program = f"""
        from pathlib import Path
        from hiringcenter_runs.runs import Database, Places, Worker
        places = Places(Path({str(player.places.project)!r}), Path({str(player.places.accounts)!r}))
        Worker({player.warehouse!r}, places, print).run("acme", {{}}, whole=False)
    """
    variables = {**os.environ, "PYTHONPATH": str(DAGS)}
    task = subprocess.Popen([sys.executable, "-c", textwrap.dedent(program)], env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for((player.folder / "begun").exists)
    task.kill()
    task.wait()

    assert not is_free("acme", player.warehouse)
    (player.folder / "go").touch()
    wait_for(lambda: is_free("acme", player.warehouse))


def test_a_task_that_is_broken_off_stops_the_program_before_it_lets_go(player: Player) -> None:
    player.plays("print('begun', flush=True); time.sleep(60)")
    free: list[bool] = []

    def break_off(_: str) -> None:
        free.append(is_free("acme", player.warehouse))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        player.run(say=break_off)
    assert free == [False]
    wait_for(lambda: is_free("acme", player.warehouse))


def test_a_run_that_loses_its_lock_is_stopped(player: Player, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hiringcenter_runs.runs._SECONDS_BETWEEN_LOOKS", 0.01)
    player.plays("print('begun', flush=True); time.sleep(60)")

    def take_away(_: str) -> None:
        with psycopg.connect(player.warehouse.conninfo, autocommit=True) as server:
            # In this database alone: other tests have locks of their own.
            server.execute("""
                SELECT pg_terminate_backend(pid) FROM pg_stat_activity JOIN pg_locks USING (pid)
                WHERE locktype = 'advisory' AND datname = current_database()
            """)

    assert player.run(say=take_away).status == "failed"


def test_odd_names_and_passwords_get_through() -> None:
    odd = Database("host", 5432, "me@here", "p@ss/w:rd%", "warehouse")

    assert make_url(odd.meltano_uri).translate_connect_args() == {
        "host": "host",
        "port": 5432,
        "username": "me@here",
        "password": odd.password,
        "database": odd.database,
    }
    assert make_url(odd.uri).translate_connect_args() == {"host": "host", "port": 5432, "username": "me@here", "database": "warehouse"}
    assert psycopg.conninfo.conninfo_to_dict(odd.conninfo)["dbname"] == "warehouse"
    assert psycopg.conninfo.conninfo_to_dict(odd.conninfo)["password"] == odd.password


def test_nothing_is_left_running(player: Player) -> None:
    before: set[Any] = set(threading.enumerate())
    player.run()

    wait_for(lambda: set(threading.enumerate()) <= before)


def wait_for(is_so: Callable[[], bool]) -> None:
    while not is_so():
        time.sleep(0.01)
