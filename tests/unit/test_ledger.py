"""The ledger: what it keeps, whom it keeps out, and what it refuses to take for one of its own."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from target_hiringcenter.databases import parse
from target_hiringcenter.entries import DELETED, PENDING, REJECTED, WRITTEN, Entry, LedgerError
from target_hiringcenter.ledger import Ledger
from target_hiringcenter.writes import digest
from tests.writing import ledger_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(params=["sqlite", "postgresql"])
def uri(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with ledger_in(request.param, tmp_path) as found:
        yield found


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


def _open(file: Path) -> Ledger:
    return Ledger(f"sqlite:///{file}")


def _find(uri: str, keys: list[str]) -> None:
    """Open a ledger, look up, close."""
    ledger = Ledger(uri)
    try:
        ledger.find("leads", keys)
    finally:
        ledger.close()


def _execute(uri: str, *statements: str) -> None:
    """As somebody does who works on the database itself."""
    engine = sa.create_engine(parse(uri))
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(sa.text(statement))
    engine.dispose()


def _count(uri: str, table: str, ledger: Ledger | None = None) -> int:
    """Rows of a table; by way of the ledger while it keeps others out."""
    query = f"SELECT count(*) FROM {table}"  # noqa: S608  # ours
    if ledger:
        return int(ledger._connection.exec_driver_sql(query).scalar_one())  # noqa: SLF001  # nobody else may look
    engine = sa.create_engine(parse(uri))
    try:
        with engine.connect() as connection:
            return int(connection.exec_driver_sql(query).scalar_one())
    finally:
        engine.dispose()


def test_what_is_kept_is_found_again_after_the_ledger_was_closed(uri: str) -> None:
    entry = Entry(3, "c" * 32, PENDING, "r1", "m1 m2", "k1 k2", "2026-07-01T00:00:00.000Z", 2, 7)
    ledger = Ledger(uri)
    ledger.save("notes", {"a": entry, "b": Entry(1, "d", WRITTEN)})
    ledger.save("tasks", {"a": Entry(9, "e", REJECTED)})
    identity = ledger.id
    ledger.close()
    ledger = Ledger(uri)
    assert ledger.id == identity
    assert ledger.find("notes", ["a", "b", "c"]) == {"a": entry, "b": Entry(1, "d", WRITTEN)}
    assert ledger.find("tasks", ["a"]) == {"a": Entry(9, "e", REJECTED)}
    assert ledger.find("tasks", []) == {}
    ledger.save("notes", {"a": Entry(4, "f", DELETED)})
    assert ledger.find("notes", ["a"]) == {"a": Entry(4, "f", DELETED)}
    ledger.close()


def test_more_keys_than_a_statement_takes_are_found(uri: str) -> None:
    ledger = Ledger(uri)
    entries = {digest(number): Entry(1, "c", WRITTEN, str(number)) for number in range(1301)}
    ledger.save("leads", entries)
    assert ledger.find("leads", [*entries, "missing"]) == entries
    ledger.close()


def test_a_ledger_goes_on_after_a_statement_that_failed(uri: str) -> None:
    ledger = Ledger(uri)
    with pytest.raises(LedgerError):
        ledger.save(None, {"half": Entry(1, "c", WRITTEN)})  # type: ignore[arg-type]  # what no column takes
    ledger.save("leads", {"a": Entry(1, "c", WRITTEN)})
    assert list(ledger.find("leads", ["a", "b", "half"])) == ["a"]
    ledger.close()
    ledger = Ledger(uri)
    assert list(ledger.find("leads", ["a", "b", "half"])) == ["a"]
    ledger.close()


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("target_hiringcenter.ledger._MOST_LOGGED", 10)


def _last(number: int) -> Entry:
    return Entry(2, f"c{number}", WRITTEN, f"r{number}", fingerprint="f")


def _save_many(ledger: Ledger) -> dict[str, Entry]:
    """Keep entries of two streams, each first as pending, a few at a time; what is to be found in the end."""
    for number in range(0, 60, 3):
        for entry in (Entry(1, "c", PENDING), Entry(2, "d", PENDING)):
            ledger.save("leads", {digest(one): entry for one in range(number, number + 3)})
        ledger.save("leads", {digest(one): _last(one) for one in range(number, number + 3)})
        if number % 21 == 0:
            ledger.save("notes", {digest(number): Entry(7, "n", WRITTEN)})
    return {digest(number): _last(number) for number in range(60)}


@pytest.mark.parametrize("is_killed", [False, True])
@pytest.mark.usefixtures("few")
def test_what_waits_in_the_log_is_found_there_and_by_the_next_run_in_its_place(uri: str, *, is_killed: bool) -> None:
    ledger = Ledger(uri)
    last = _save_many(ledger)
    assert ledger.find("leads", [*last, "missing"]) == last
    assert 0 < _count(uri, "hiringcenter_ledger_begun", ledger) < 20
    assert 30 < _count(uri, "hiringcenter_ledger_entries", ledger) < 63
    if is_killed:
        ledger._engine.dispose()  # noqa: SLF001  # as the end of the process does
    else:
        ledger.close()
        assert _count(uri, "hiringcenter_ledger_begun") == 0
    for _ in range(2):
        ledger = Ledger(uri)
        assert ledger.find("leads", last) == last
        assert ledger.find("notes", [digest(number) for number in (0, 21, 42)]) == {digest(number): Entry(7, "n", WRITTEN) for number in (0, 21, 42)}
        ledger.close()
    assert _count(uri, "hiringcenter_ledger_begun") == 0
    assert _count(uri, "hiringcenter_ledger_entries") == 63


@pytest.mark.usefixtures("few")
def test_what_waits_in_the_log_is_found_wherever_a_run_is_killed(file: Path) -> None:
    for most in range(10, 20):
        ledger = _open(file)
        last = {digest(number): _last(number) for number in range(most)}
        for key, entry in last.items():
            ledger.save("leads", {key: entry})
        ledger._engine.dispose()  # noqa: SLF001  # as the end of the process does
        ledger = _open(file)
        assert ledger.find("leads", last) == last
        ledger.close()
        file.unlink()


@pytest.mark.usefixtures("few")
def test_what_can_not_be_put_in_its_place_stays_in_the_log(uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = Ledger(uri)
    entries = {digest(number): _last(number) for number in range(12)}
    ledger.save("leads", entries)
    with monkeypatch.context() as broken:
        broken.setattr(ledger, "_upsert", "nothing that a database knows")
        with pytest.raises(LedgerError):
            ledger.save("leads", {"a": Entry(1, "c", WRITTEN)})
    assert ledger.find("leads", [*entries, "a"]) == entries
    ledger.close()
    ledger = Ledger(uri)
    assert ledger.find("leads", [*entries, "a"]) == entries
    ledger.close()


def test_what_a_former_program_has_left_in_the_log_is_older_than_what_it_put_in_its_place(uri: str) -> None:
    ledger = Ledger(uri)
    ledger.save("leads", {"a": Entry(2, "new", WRITTEN), "b": Entry(1, "old", WRITTEN), "c": Entry(3, "newer", WRITTEN)})
    ledger.close()
    row = '"new","pending",null,"","",null,0,null,""'
    text = ",".join(f'["{key}",2,{row}]' for key in "abcd")
    _execute(uri, f"INSERT INTO hiringcenter_ledger_begun VALUES (0, 'leads', '[{text}]')".replace(":", "\\:"))  # noqa: S608  # ours
    ledger = Ledger(uri)
    assert {key: (entry.version, entry.outcome) for key, entry in ledger.find("leads", "abcd").items()} == {
        "a": (2, WRITTEN),
        "b": (2, PENDING),
        "c": (3, WRITTEN),
        "d": (2, PENDING),
    }
    ledger.close()


def test_a_row_of_the_api_has_one_owner(uri: str) -> None:
    ledger = Ledger(uri)
    ledger.save("notes", {"a": Entry(1, "c", WRITTEN, "r1")})
    ledger.save("leads", {"b": Entry(1, "c", WRITTEN, "r3")})
    assert ledger.owner("notes", "r1") == "a"
    assert ledger.owner("leads", "r3") == "b"
    assert ledger.owner("notes", "r2") is None
    assert ledger.owner("tasks", "r1") is None
    ledger.close()


def test_settling_forgets_what_was_needed_to_find_out() -> None:
    entry = Entry(2, "c", PENDING, "r1", "m", "marks", "2026-07-01T00:00:00.000Z", 2, 7)
    entry.settle(WRITTEN)
    assert entry == Entry(2, "c", WRITTEN, "r1", "m")


def test_threads_share_it(uri: str) -> None:
    ledger = Ledger(uri)
    failures: list[Exception] = []

    def work(thread: int) -> None:
        try:
            for number in range(40):
                key = f"{thread} {number}"
                ledger.save("leads", {key: Entry(number, "c", WRITTEN)})
                assert ledger.find("leads", [key])[key].version == number
        except Exception as error:  # noqa: BLE001  # shown below
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    ledger.close()


def test_a_second_run_is_kept_out_until_the_first_has_ended(uri: str) -> None:
    first = Ledger(uri)
    with pytest.raises(LedgerError, match="another run"):
        Ledger(uri)
    first.close()
    Ledger(uri).close()


def test_another_process_is_kept_out_until_the_first_is_killed(uri: str) -> None:
    script = "import sys; from target_hiringcenter.ledger import Ledger; ledger = Ledger(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", script, uri], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "open\n"
        with pytest.raises(LedgerError, match="another run"):
            Ledger(uri)
        process.kill()
        process.wait()
    ledger: Ledger | None = None
    for _ in range(1000):
        # PostgreSQL may learn a little later that the process is gone.
        try:
            ledger = Ledger(uri)
            break
        except LedgerError:
            assert uri.startswith("postgresql")
    assert ledger is not None
    ledger.close()


@pytest.mark.parametrize("version", ["0", "2", "one"])
def test_another_version_is_refused_and_left_as_it_is(version: str, uri: str) -> None:
    ledger = Ledger(uri)
    ledger.save("leads", {"a": Entry(1, "c", WRITTEN)})
    ledger.close()
    _execute(uri, f"UPDATE hiringcenter_ledger SET value = '{version}' WHERE name = 'version'")  # noqa: S608  # ours
    with pytest.raises(LedgerError, match=f"has version {version}"):
        Ledger(uri)
    _execute(uri, "UPDATE hiringcenter_ledger SET value = '1' WHERE name = 'version'")
    ledger = Ledger(uri)
    assert ledger.find("leads", ["a"]) == {"a": Entry(1, "c", WRITTEN)}
    ledger.close()


def test_a_ledger_of_the_first_program_gets_the_column_that_it_lacks(uri: str) -> None:
    ledger = Ledger(uri)
    ledger.save("leads", {"a": Entry(1, "c", WRITTEN, fingerprint="f")})
    ledger.close()
    _execute(uri, "ALTER TABLE hiringcenter_ledger_entries DROP COLUMN fingerprint")
    ledger = Ledger(uri)
    assert ledger.find("leads", ["a"]) == {"a": Entry(1, "c", WRITTEN)}
    ledger.save("leads", {"b": Entry(1, "c", WRITTEN, fingerprint="f")})
    ledger.close()
    # As that program keeps an entry: it names the columns that it knows.
    known = 'stream, key, version, content, outcome, "match", marks, step'
    _execute(uri, f"INSERT INTO hiringcenter_ledger_entries ({known}) VALUES ('leads', 'd', 1, 'c', 'written', '', '', 0)")  # noqa: S608  # ours
    ledger = Ledger(uri)
    assert ledger.find("leads", ["b", "d"]) == {"b": Entry(1, "c", WRITTEN, fingerprint="f"), "d": Entry(1, "c", WRITTEN)}
    ledger.close()


@pytest.mark.parametrize("names", ["('version', 'id')", "('id')", "('version')"])
def test_a_ledger_without_what_tells_it_from_others_is_refused(names: str, uri: str) -> None:
    ledger = Ledger(uri)
    ledger.save("leads", {"a": Entry(1, "c", WRITTEN)})
    ledger.close()
    _execute(uri, f"DELETE FROM hiringcenter_ledger WHERE name IN {names}")  # noqa: S608  # ours
    with pytest.raises(LedgerError, match="version"):
        Ledger(uri)


def test_an_older_table_that_lacks_a_column_is_refused(uri: str) -> None:
    Ledger(uri).close()
    _execute(uri, "ALTER TABLE hiringcenter_ledger_entries DROP COLUMN probe")
    with pytest.raises(LedgerError):
        _find(uri, ["a"])


def test_it_is_about_one_account_of_each_system(uri: str) -> None:
    ledger = Ledger(uri)
    ledger.belongs_to("hiringcenter", "a1")
    ledger.belongs_to("prospectb2b", "t1")
    ledger.belongs_to("hiringcenter", "a1")
    with pytest.raises(LedgerError, match="another account of hiringcenter"):
        ledger.belongs_to("hiringcenter", "a2")
    ledger.close()
    ledger = Ledger(uri)
    with pytest.raises(LedgerError, match="another account of prospectb2b"):
        ledger.belongs_to("prospectb2b", "t2")
    ledger.close()


def test_it_names_no_account(file: Path) -> None:
    ledger = _open(file)
    ledger.belongs_to("hiringcenter", "the account")
    ledger.close()
    assert b"the account" not in file.read_bytes()


def test_two_ledgers_differ(tmp_path: Path) -> None:
    first, second = _open(tmp_path / "a.db"), _open(tmp_path / "b.db")
    assert first.id != second.id
    first.close()
    second.close()


def test_a_file_that_is_no_database_is_refused_and_left_as_it_is(file: Path) -> None:
    content = b"These are somebody's notes, and no database at all.\n" * 200
    file.write_bytes(content)
    with pytest.raises(LedgerError, match="not a database"):
        _open(file)
    assert file.read_bytes() == content


@pytest.mark.parametrize("place", [0.0, 0.5])
def test_a_damaged_file_is_refused(place: float, file: Path) -> None:
    ledger = _open(file)
    ledger.save("leads", {digest(number): Entry(1, "c" * 32, WRITTEN, str(number)) for number in range(2000)})
    ledger.close()
    whole = bytearray(file.read_bytes())
    start = int(len(whole) * place)
    whole[start : start + len(whole) // 2] = os.urandom(len(whole) // 2)
    file.write_bytes(whole)
    with pytest.raises(LedgerError):
        _find(f"sqlite:///{file}", [digest(number) for number in range(2000)])


def test_a_file_that_was_cut_off_is_refused(file: Path) -> None:
    ledger = _open(file)
    ledger.save("leads", {digest(number): Entry(1, "c" * 32, WRITTEN, str(number)) for number in range(2000)})
    ledger.close()
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 3])
    with pytest.raises(LedgerError):
        _find(f"sqlite:///{file}", [digest(number) for number in range(2000)])


def test_the_database_of_another_program_keeps_what_it_has(file: Path) -> None:
    with sqlite3.connect(file) as other:
        other.execute("CREATE TABLE accounts (name TEXT)")
        other.execute("INSERT INTO accounts VALUES ('theirs')")
    other.close()
    ledger = _open(file)
    ledger.save("leads", {"a": Entry(1, "c", WRITTEN)})
    ledger.close()
    with sqlite3.connect(file) as other:
        assert other.execute("SELECT name FROM accounts").fetchall() == [("theirs",)]
    other.close()


def test_tables_of_the_same_name_that_are_not_ours_are_refused(file: Path) -> None:
    with sqlite3.connect(file) as other:
        other.execute("CREATE TABLE hiringcenter_ledger (what TEXT)")
    other.close()
    with pytest.raises(LedgerError, match="be used"):
        _open(file)


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="be used"):
        _open(tmp_path / "no" / "ledger.db")


def test_a_place_that_cannot_be_written_is_an_error(file: Path) -> None:
    _open(file).close()
    # Also the administrator can't write to what is opened for reading only.
    with pytest.raises(LedgerError, match="be used"):
        Ledger(f"sqlite:///file:{file}?mode=ro&uri=true")


def test_a_full_disk_is_an_error_and_what_was_kept_stays(file: Path) -> None:
    ledger = _open(file)
    ledger.save("leads", {"first": Entry(1, "c", WRITTEN)})
    ledger._connection.exec_driver_sql("PRAGMA max_page_count = 1")  # noqa: SLF001  # SQLite's own way of being full: never below what is used
    with pytest.raises(LedgerError, match="full"):
        ledger.save("leads", {digest(number): Entry(1, "c" * 32, WRITTEN, str(number)) for number in range(5000)})
    ledger.close()
    ledger = _open(file)
    assert ledger.find("leads", ["first"]) == {"first": Entry(1, "c", WRITTEN)}
    ledger.close()


def test_a_read_only_ledger_keeps_nothing_and_makes_no_file(file: Path) -> None:
    ledger = Ledger(f"sqlite:///{file}", is_read_only=True)
    ledger.save("leads", {"a": Entry(1, "c", WRITTEN)})
    ledger.belongs_to("hiringcenter", "a1")
    assert ledger.find("leads", ["a"]) == {}
    ledger.close()
    assert not file.exists()


def test_what_it_says_of_an_error_quotes_no_statement_and_no_key(uri: str) -> None:
    ledger = Ledger(uri)
    with pytest.raises(LedgerError) as caught:
        ledger.save(None, {"the key": Entry(1, "the content", WRITTEN)})  # type: ignore[arg-type]  # what no column takes
    ledger.close()
    for secret in ("the key", "the content", "INSERT"):
        assert secret not in str(caught.value)


@pytest.mark.parametrize("uri", ["", "ledger.db", "mysql://u:secret@h/d", "postgresql://u:secret@h:port/d", "sqlite//x", "nothing+at+all://"])
def test_what_is_no_ledgers_uri_is_refused_without_quoting_it(uri: str) -> None:
    with pytest.raises(LedgerError, match="ledger_uri must be") as caught:
        parse(uri)
    assert "secret" not in str(caught.value)


def test_a_server_that_is_not_there_is_one_line_without_the_password() -> None:
    pytest.importorskip("psycopg")
    with pytest.raises(LedgerError) as caught:
        Ledger("postgresql://u:secret@127.0.0.1:9/d?connect_timeout=5")
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_look_up_among_many_entries_uses_the_primary_key(file: Path) -> None:
    _open(file).close()
    keys = [f"{number:032x}" for number in range(200_000)]
    with sqlite3.connect(file) as database:
        rows = ((key, str(number)) for number, key in enumerate(keys))
        database.executemany("INSERT INTO hiringcenter_ledger_entries VALUES ('leads', ?, 1, 'c', 'written', ?, '', '', NULL, 0, NULL, '')", rows)
    database.close()
    ledger = _open(file)
    wanted = keys[::400]
    # Makes the index.
    assert ledger.owner("leads", "none") is None
    seen: list[tuple[str, object]] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: object, *_: object) -> None:
        seen.append((statement, parameters))

    sa.event.listen(ledger._engine, "before_cursor_execute", note)  # noqa: SLF001  # the only place where its statements can be seen
    assert len(ledger.find("leads", wanted)) == 500
    assert ledger.owner("leads", "777") == keys[777]
    (look_up, parameters), (owner, row) = seen
    plans = [ledger._connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", values).all() for text, values in ((look_up, parameters), (owner, row))]  # type: ignore[arg-type]  # noqa: SLF001  # as they were seen
    ledger.close()
    for plan, index in zip(plans, ("USING PRIMARY KEY (stream=? AND key=?)", "hiringcenter_ledger_remote"), strict=True):
        steps = [row.detail for row in plan]
        assert any(step.startswith("SEARCH hiringcenter_ledger_entries") and index in step for step in steps)
        assert not any(step.startswith("SCAN hiringcenter") for step in steps)
