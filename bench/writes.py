"""What is measured of the target: rows that are unchanged, a large ledger, and writes that take their time."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from bench.account import lead
from bench.contestants import COUNTER, Contestants
from bench.environments import MissingError
from bench.rounds import Result, Run, rounds, say
from bench.serving import ROOT, served
from bench.tables import Table, count, seconds, times

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bench.serving import Served
    from bench.sizes import Sizes

OURS = "target-hiringcenter"
LATENCY = 0.05
_BULK = 100
_LARGEST_BULK = 1000
_AT_ONCE = 8


def target(contestants: Contestants, sizes: Sizes) -> Iterator[Table]:
    """All measures of the target."""
    with served() as server:
        yield _unchanged(contestants, sizes, server)
        yield _written(contestants, sizes, server)


def idle(contestants: Contestants, server: Served) -> Run:
    """Our target with nothing to write."""
    return replace(_ours(contestants, server, "idle", _input(contestants.folder, "nothing", 0), {}), name=f"{OURS}, an empty input")


def _unchanged(contestants: Contestants, sizes: Sizes, server: Served) -> Table:
    say(f"target: a ledger of {sizes.ledger} keys, {sizes.unchanged} unchanged rows")
    many = _input(contestants.folder, "many", sizes.ledger)
    some = _input(contestants.folder, "some", sizes.unchanged)
    settings = {"leads_bulk_size": _LARGEST_BULK}
    filling = _ours(contestants, server, "filling", many, settings)
    (filled,) = rounds([replace(filling, before=partial(_forget, contestants.folder, "filling"))], 1, server)
    (again,) = rounds([filling], 1, server)
    runs = [replace(filling, source=some)]
    notes = []
    if not contestants.is_alone:
        try:
            runs.append(Run(COUNTER.name, contestants.command(COUNTER), some))
        except MissingError as error:
            notes.append(f"Left out: {COUNTER.name}, which can't be installed here ({error}).")
    results = rounds(runs, sizes.rounds, server)
    (ours, *others) = results
    cells = [
        _row(f"{OURS}, a first load, in bulks of {_LARGEST_BULK:,}", sizes.ledger, filled),
        _row(f"{OURS}, the same rows again", sizes.ledger, again),
        _row(f"{OURS}, some of them", sizes.unchanged, ours),
        *(_row(one.name, sizes.unchanged, one) for one in others),
    ]
    if others and others[0].runs and ours.runs:
        notes.append(f"Unchanged rows take {times(ours.ratio(others[0]))} times what a target takes that only counts them.")
    notes += [f"{one.name} failed: {one.failure}" for one in (filled, again, *results) if one.failure]
    return Table(
        f"Target: unchanged rows, with {sizes.ledger:,} keys in the ledger (SQLite)",
        ("", "rows", "seconds", "rows a second", "most memory, MB"),
        [row for row in cells if row],
        notes,
        {one.name: one.seconds for one in results if one.runs},
    )


def _written(contestants: Contestants, sizes: Sizes, server: Served) -> Table:
    server.slow("/leads/", LATENCY)
    kinds = {"bulk": (sizes.bulk, _BULK), "upsert": (sizes.single, 1)}
    (started,) = rounds([idle(contestants, server)], sizes.starts, server)
    notes = [f"an empty input failed: {started.failure}"] if started.failure else []
    start_up = started.seconds if started.runs else 0.0
    cells = []
    for mode, (rows, size) in kinds.items():
        say(f"target: {rows} rows, {mode}")
        source = _input(contestants.folder, mode, rows)
        run = _ours(contestants, server, mode, source, {"leads_write_mode": mode, "leads_bulk_size": _BULK})
        fresh = replace(run, before=partial(_forget, contestants.folder, mode))
        (result,) = rounds([fresh], max(1, sizes.rounds - 2), server)
        if not result.runs or not result.served:
            notes.append(f"{mode} failed: {result.failure}")
            continue
        bound = rows / size * LATENCY / _AT_ONCE
        asked = count(sum(result.served.requests.values()))
        cells.append(
            [
                mode,
                count(rows),
                asked,
                seconds(bound),
                seconds(result.seconds),
                times(result.seconds / bound),
                times((result.seconds - start_up) / bound),
                seconds(result.busy),
                count(result.memory),
            ]
        )
    return Table(
        f"Target: writes of leads, {LATENCY * 1000:.0f} ms an answer, {_AT_ONCE} at once, bulks of {_BULK}",
        (
            "`leads_write_mode`",
            "rows",
            "requests",
            "bound, seconds",
            "seconds",
            "times the bound",
            "without start-up, times the bound",
            "of the processor, seconds",
            "most memory, MB",
        ),
        cells,
        notes,
    )


def _row(name: str, rows: int, result: Result) -> list[str]:
    return [name, count(rows), seconds(result.seconds), count(rows / result.seconds), count(result.memory)] if result.runs else []


def _ours(contestants: Contestants, server: Served, name: str, source: Path, settings: dict[str, Any]) -> Run:
    folder = contestants.folder / name
    folder.mkdir(exist_ok=True)
    config = {
        **contestants.systems(server),
        "max_concurrency": _AT_ONCE,
        "ledger_uri": f"sqlite:///{folder / 'ledger.db'}",
        "rejects_path": str(folder / "rejects.jsonl"),
        "webhook_secrets_path": str(folder / "secrets.jsonl"),
        **settings,
    }
    return Run(OURS, [contestants.executable(OURS), f"--config={contestants.file(name, config)}"], source)


def _forget(folder: Path, name: str) -> None:
    for file in (folder / name).glob("ledger.db*"):
        file.unlink()


def _input(folder: Path, name: str, rows: int) -> Path:
    """Messages with so many leads, as our tap writes them."""
    schema = json.loads((ROOT / "schemas" / "prospectb2b" / "leads.json").read_text(encoding="utf-8"))
    place = folder / f"{name}.jsonl"
    with place.open("w", encoding="utf-8") as file:
        file.write(json.dumps({"type": "SCHEMA", "stream": "leads", "schema": schema, "key_properties": ["id"]}) + "\n")
        for number in range(rows):
            dated = {"id": f"lead_{number:08d}", "object": "lead", "created_at": "2026-01-01T00:00:00.000Z", "updated_at": "2026-01-02T00:00:00.000Z"}
            record = {**dated, **lead(number), "additional_properties": None}
            file.write(json.dumps({"type": "RECORD", "stream": "leads", "record": record, "time_extracted": "2026-01-02T00:00:00+00:00"}) + "\n")
        file.write(json.dumps({"type": "STATE", "value": {"bookmarks": {}}}) + "\n")
    return place
