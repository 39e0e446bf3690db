"""G-14: many records, few of them changed: only these are written, and what is held in memory doesn't grow with their number."""

from __future__ import annotations

import json
import sqlite3
import tracemalloc
from contextlib import closing
from typing import TYPE_CHECKING, Any

from target_hiringcenter.sinks.leads import Leads
from tests.effects import snapshot, writes
from tests.sandbox import Sandbox, World
from tests.writing import schema, settings_for, write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pytest

    from target_hiringcenter.writes import Form

ROWS = 20_000
CHANGED = 1_000


def _lines(rows: int, *, changed: int = 0) -> Iterator[str]:
    yield json.dumps(schema("leads", [{"full_name": "", "email": ""}]))
    for number in range(rows):
        name = "changed" if changed and number % (rows // changed) == 0 else "as it was"
        record = {"id": number, "full_name": f"{number} {name}", "email": f"l{number}@example.com"}
        yield json.dumps({"type": "RECORD", "stream": "leads", "record": record})
    yield json.dumps({"type": "STATE", "value": {"rows": rows}})


def test_g14_only_what_changed_is_written(tmp_path: Path) -> None:
    with Sandbox(World.empty()) as account:
        config = settings_for(account, tmp_path, leads_bulk_size=1000)
        assert write(config, _lines(ROWS)).counts("leads") == {"written": ROWS}
        before = snapshot(account)
        assert write(config, _lines(ROWS)).counts("leads") == {"unchanged": ROWS}
        assert writes(account, before) == []
        one_by_one = write({**config, "leads_write_mode": "upsert"}, _lines(ROWS, changed=CHANGED))
        assert one_by_one.counts("leads") == {"written": CHANGED, "unchanged": ROWS - CHANGED}
        assert len(writes(account, before)) == CHANGED
        assert one_by_one.states == [{"rows": ROWS}]


def test_a_run_knows_again_what_the_one_before_has_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with Sandbox(World.empty()) as account:
        config = settings_for(account, tmp_path)
        assert write(config, _lines(300)).counts("leads") == {"written": 300}
        made: list[object] = []
        form = Leads.form

        def noted(self: Leads, record: dict[str, Any]) -> Form:
            made.append(record["id"])
            return form(self, record)

        monkeypatch.setattr(Leads, "form", noted)
        again = write(config, _lines(300, changed=3))
        # Nothing is made of the records that came before, and a request only of those that ask for something else.
        assert again.counts("leads") == {"written": 3, "unchanged": 297}
        assert made == [0, 100, 200]
        made.clear()
        # A setting that may make something else of them: all are looked at, and none is sent.
        before = snapshot(account)
        assert write({**config, "null_policy": "clear"}, _lines(300, changed=3)).counts("leads") == {"unchanged": 300}
        assert len(made) == 300
        assert writes(account, before) == []


def test_a_ledger_of_the_first_program_is_read_and_nothing_is_written_twice(tmp_path: Path) -> None:
    with Sandbox(World.empty()) as account:
        config = settings_for(account, tmp_path)
        assert write(config, _lines(300)).counts("leads") == {"written": 300}
        with closing(sqlite3.connect(tmp_path / "ledger.db")) as ledger, ledger:
            ledger.execute("ALTER TABLE hiringcenter_ledger_entries DROP COLUMN fingerprint")
            ledger.execute("DROP INDEX IF EXISTS hiringcenter_ledger_remote")
            ledger.execute("CREATE INDEX hiringcenter_ledger_remote ON hiringcenter_ledger_entries (stream, remote_id)")
        before = snapshot(account)
        for _ in range(2):
            assert write(config, _lines(300)).counts("leads") == {"unchanged": 300}
        assert writes(account, before) == []
        with closing(sqlite3.connect(tmp_path / "ledger.db")) as ledger:
            assert ledger.execute("SELECT COUNT(*) FROM hiringcenter_ledger_entries WHERE fingerprint = ''").fetchone() == (0,)


def test_a_run_that_was_stopped_by_a_former_program_is_gone_on_with(tmp_path: Path) -> None:
    # It changes an entry's content and leaves the fingerprint of the content before, which must not pass for it.
    with Sandbox(World.empty()) as account:
        config = settings_for(account, tmp_path)
        lines = list(_lines(3))
        assert write(config, lines).counts("leads") == {"written": 3}
        with closing(sqlite3.connect(tmp_path / "ledger.db")) as ledger, ledger:
            ledger.execute("UPDATE hiringcenter_ledger_entries SET content = 'what it wrote', version = version + 1")
        assert write(config, lines).counts("leads") == {"written": 3}


def test_g14_ten_times_as_many_records_take_no_more_memory(tmp_path: Path) -> None:
    with Sandbox(World.empty()) as account:
        config = settings_for(account, tmp_path, leads_bulk_size=1000, batch_size_rows=500)
        write(config, _lines(15_000))
        peaks: list[int] = []
        # Three batches, which is as much as there is at a time, and thirty.
        for rows in (1_500, 15_000):
            lines: Any = _lines(rows)
            tracemalloc.start()
            assert write(config, lines).counts("leads") == {"unchanged": rows}
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
        assert peaks[1] < 2 * peaks[0]
