"""G-13: the ledger is lost, damaged, of another version, in use, restored, about another account, or can't be written."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from target_hiringcenter import databases
from target_hiringcenter.entries import LedgerError
from target_hiringcenter.ledger import Ledger
from tests.effects import Given, snapshot, violations, writes, writes_by_stream
from tests.effects.example import KEY_PROPERTIES, Player
from tests.sandbox import Sandbox, Variant, World
from tests.writing import ledger_in, messages, settings_for, write

if TYPE_CHECKING:
    from collections.abc import Iterator

    import sqlalchemy as sa

# What would be made twice if nothing were known of it, and what is told by e-mail, address or id.
ONCE = ("prospects", "meetings", "notes", "tasks", "leads", "webhooks", "support_tickets", "closershq_prospects")
ADA = {"id": "p1", "firstName": "Ada", "lastName": "Lovelace", "email": "ada@example.com"}


@pytest.fixture(params=["sqlite", "postgresql"])
def uri(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with ledger_in(request.param, tmp_path) as found:
        yield found


def _input(player: Player) -> tuple[list[Given], list[str]]:
    given = [one for one in player.input() if one.stream in ONCE]
    return given, messages({one.stream: one.records for one in given}, keys=KEY_PROPERTIES)


def _forget(config: dict[str, Any]) -> None:
    """Delete a ledger in SQLite."""
    for file in Path(config["ledger_uri"].removeprefix("sqlite:///")).parent.glob("ledger.db*"):
        file.unlink()


def test_a_run_that_begins_a_new_ledger_says_so(sandbox: Sandbox, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    config, lines = settings_for(sandbox, tmp_path), messages({"prospects": [ADA]})
    for run, is_said in (({"dry_run": True}, False), ({}, True), ({}, False)):
        caplog.clear()
        assert write({**config, **run}, lines).code == 0
        assert ("A new ledger was begun" in caplog.text) == is_said


def test_an_input_of_nothing_is_told(sandbox: Sandbox, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for lines, is_said in (([], True), (messages({}), False), (messages({"prospects": [ADA]}), False)):
        caplog.clear()
        assert write(settings_for(sandbox, tmp_path), lines).code == 0
        assert ("No message came in" in caplog.text) == is_said


@pytest.mark.parametrize("shape", ["current", "older"])
@pytest.mark.parametrize("idempotency", ["honoured", "ignored"])
def test_g13_without_its_ledger_nothing_is_made_twice(idempotency: Any, shape: Any, tmp_path: Path) -> None:  # noqa: ANN401  # literals
    with Sandbox(World(seed=7, size=4), variant=Variant(idempotency=idempotency, hiringcenter_shape=shape)) as server:
        player = Player(server)
        given, lines = _input(player)
        config = settings_for(server, tmp_path, hiringcenter_field_names=shape)
        assert write(config, lines).code == 0
        made = {table: set(rows) for table, rows in snapshot(server).rows.items()}
        _forget(config)
        again = write(config, lines)
        assert again.code == 0
        assert again.states == [{"bookmark": "end"}]
        assert {table: set(rows) for table, rows in snapshot(server).rows.items()} == made
        assert [line for line in violations(server, player.before, *given) if "with the same body" not in line] == []
        # From then on it is known again.
        before = snapshot(server)
        assert write(config, lines).code == 0
        assert writes(server, before) == []


def test_g13_rows_that_are_equal_stay_as_many_as_they_are(sandbox: Sandbox, tmp_path: Path) -> None:
    notes = [{"id": f"n{number}", "prospectId": "p1", "body": "the same"} for number in range(3)]
    config = settings_for(sandbox, tmp_path)
    before = snapshot(sandbox)
    assert write(config, messages({"prospects": [ADA], "notes": notes})).code == 0
    _forget(config)
    assert write(config, messages({"prospects": [ADA], "notes": [*notes, {**notes[0], "id": "n3"}]})).code == 0
    assert len(sandbox.kept("notes")) == len(before.rows["notes"]) + 4


def test_g13_a_ledger_in_either_database_knows_what_was_written(uri: str, sandbox: Sandbox, tmp_path: Path) -> None:
    player = Player(sandbox)
    given = player.input()
    lines = messages({one.stream: one.records for one in given}, keys=KEY_PROPERTIES)
    config = settings_for(sandbox, tmp_path, ledger_uri=uri)
    assert write(config, lines).code == 0
    assert violations(sandbox, player.before, *given) == []
    before = snapshot(sandbox)
    assert write(config, lines).code == 0
    assert writes(sandbox, before) == []


def _damage(config: dict[str, Any]) -> None:
    file = Path(config["ledger_uri"].removeprefix("sqlite:///"))
    file.write_bytes(b"no database at all" * 1000)


def _other_version(config: dict[str, Any]) -> None:
    with closing(sqlite3.connect(config["ledger_uri"].removeprefix("sqlite:///"))) as database, database:
        database.execute("UPDATE hiringcenter_ledger SET value = '2' WHERE name = 'version'")


def _other_program(config: dict[str, Any]) -> None:
    _forget(config)
    with closing(sqlite3.connect(config["ledger_uri"].removeprefix("sqlite:///"))) as database, database:
        database.execute("CREATE TABLE hiringcenter_ledger (what TEXT)")


def _other_account(config: dict[str, Any]) -> None:
    with closing(sqlite3.connect(config["ledger_uri"].removeprefix("sqlite:///"))) as database, database:
        database.execute("UPDATE hiringcenter_ledger SET value = 'another' WHERE name LIKE 'account.%'")


def _folder(config: dict[str, Any]) -> None:
    _forget(config)
    Path(config["ledger_uri"].removeprefix("sqlite:///")).mkdir()


@pytest.mark.parametrize("spoil", [_damage, _other_version, _other_program, _other_account, _folder])
def test_g13_a_ledger_that_cannot_be_trusted_ends_the_run_before_the_first_write(spoil: Any, sandbox: Sandbox, tmp_path: Path) -> None:  # noqa: ANN401
    config = settings_for(sandbox, tmp_path)
    assert write(config, messages({"prospects": [ADA]})).code == 0
    spoil(config)
    before = snapshot(sandbox)
    ended = write(config, messages({"prospects": [{**ADA, "title": "Countess"}]}))
    assert isinstance(ended.error, LedgerError)
    assert "ada" not in str(ended.error).casefold()
    assert ended.states == []
    assert writes(sandbox, before) == []
    assert ended.report["status"] == "failed"


def test_g13_a_run_that_finds_the_ledger_in_use_writes_nothing(uri: str, sandbox: Sandbox, tmp_path: Path) -> None:
    other = Ledger(uri)
    before = snapshot(sandbox)
    config = settings_for(sandbox, tmp_path, ledger_uri=uri)
    ended = write(config, messages({"prospects": [ADA]}))
    assert isinstance(ended.error, LedgerError)
    assert "another run" in str(ended.error)
    assert ended.states == []
    assert writes(sandbox, before) == []
    other.close()
    assert write(config, messages({"prospects": [ADA]})).counts("prospects") == {"written": 1}


@pytest.mark.parametrize("idempotency", ["honoured", "ignored"])
def test_g13_a_ledger_restored_from_an_older_copy_makes_nothing_twice_and_ends_at_the_last_version(idempotency: Any, tmp_path: Path) -> None:  # noqa: ANN401
    with Sandbox(World(seed=7, size=4), variant=Variant(idempotency=idempotency)) as server:
        player = Player(server)
        given, lines = _input(player)
        config = settings_for(server, tmp_path)
        half = messages({one.stream: one.records[:1] for one in given if one.stream in {"prospects", "leads"}})
        assert write(config, half).code == 0
        copy = shutil.copy(tmp_path / "ledger.db", tmp_path / "copy.db")
        assert write(config, lines).code == 0
        made = {table: set(rows) for table, rows in snapshot(server).rows.items()}
        _forget(config)
        shutil.copy(copy, tmp_path / "ledger.db")
        changed = {**ADA, "title": "Countess"}
        assert write(config, lines).code == 0
        assert {table: set(rows) for table, rows in snapshot(server).rows.items()} == made
        # The version after the copy has the number of another content, and is no replay of it all the same.
        assert write(config, messages({"prospects": [changed]})).code == 0
        assert [row["title"] for row in server.kept("prospects").values() if row["email"] == ADA["email"]] == ["Countess"]


def test_g13_a_full_ledger_ends_the_run_without_a_state(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Where its connection is made ready.
    def seize(connection: sa.Connection) -> None:
        databases.seize(connection)
        connection.exec_driver_sql("PRAGMA max_page_count = 9")
        connection.rollback()

    monkeypatch.setattr("target_hiringcenter.ledger.seize", seize)
    people = [{**ADA, "id": str(number), "email": f"ada{number}@example.com"} for number in range(200)]
    config = settings_for(sandbox, tmp_path, batch_size_rows=20)
    before = snapshot(sandbox)
    lines = messages({"prospects": people}, state="end")
    ended = write(config, lines)
    assert isinstance(ended.error, LedgerError)
    assert "full" in str(ended.error)
    assert ended.states == []
    assert 0 < len(writes(sandbox, before)) < len(people)
    monkeypatch.undo()
    assert write(config, lines).code == 0
    assert len(sandbox.kept("prospects")) == len(before.rows["prospects"]) + len(people)


def test_g13_a_ledger_that_was_deleted_gives_new_keys(tmp_path: Path) -> None:
    with Sandbox(World(seed=7, size=4)) as server:
        config = settings_for(server, tmp_path)
        changed = {**ADA, "title": "Countess"}
        for record in (ADA, changed):
            assert write(config, messages({"prospects": [record]})).code == 0
        _forget(config)
        before = snapshot(server)
        # With the keys of the first ledger this would be a replay, and the title would stay.
        assert write(config, messages({"prospects": [ADA]})).code == 0
        assert writes_by_stream(server, before) == {"prospects": 1}
