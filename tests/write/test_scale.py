"""G-14: many records, few of them changed: only these are written, and what is held in memory doesn't grow with their number."""

from __future__ import annotations

import json
import tracemalloc
from typing import TYPE_CHECKING, Any

from tests.effects import snapshot, writes
from tests.sandbox import Sandbox, World
from tests.writing import schema, settings_for, write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

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


def test_g14_ten_times_as_many_records_take_no_more_memory(tmp_path: Path) -> None:
    with Sandbox(World.empty()) as account:
        config = settings_for(account, tmp_path, leads_bulk_size=1000, batch_size_rows=500)
        write(config, _lines(5_000))
        peaks: list[int] = []
        for rows in (500, 5_000):
            lines: Any = _lines(rows)
            tracemalloc.start()
            assert write(config, lines).counts("leads") == {"unchanged": rows}
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
        assert peaks[1] < 1.5 * peaks[0]
