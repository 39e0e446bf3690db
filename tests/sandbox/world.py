"""What is there when a sandbox starts: the same seed and size make the same rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.sandbox.draw import Draw
from tests.sandbox.rows import MAKERS, Row
from tests.sandbox.streams import TABLES, Table
from tests.sandbox.times import iso, millis

if TYPE_CHECKING:
    from datetime import datetime

    from tests.sandbox.store import Entry, Store

# How many of each list: per so many of `size`, at least, at most.
_SCALES = {
    "prospects": (1.0, 0, None),
    "meetings": (0.8, 2, None),
    "notes": (1.2, 2, None),
    "tasks": (1.0, 2, None),
    "leads": (1.0, 0, None),
    "lead_fields": (0.0, 4, 4),
    "prospector_workflows": (0.15, 2, 30),
    "campaigns": (0.2, 2, 40),
    "exports": (0.1, 2, 20),
    "imports": (0.1, 2, 20),
    "inbox_threads": (0.25, 2, None),
    "jobs": (0.2, 2, 200),
    "referrals": (0.15, 2, None),
    "support_tickets": (0.1, 2, 100),
    "webhooks": (0.0, 3, 3),
}
_PER_PARENT = {
    "activities_per_lead": "lead_activities",
    "messages_per_lead": "lead_messages",
    "runs_per_workflow": "prospector_runs",
    "results_per_run": "prospector_results",
    "logs_per_campaign": "campaign_logs",
    "runs_per_campaign": "campaign_runs",
    "events_per_run": "campaign_run_events",
    "errors_per_import": "import_errors",
    "messages_per_thread": "inbox_messages",
    "events_per_job": "job_events",
    "deliveries_per_webhook": "webhook_deliveries",
}
# Every seventh row was changed in the same moment as the one before it.
_TWINS = 7


class World:
    """A recipe for the rows of all three systems."""

    def __init__(self, seed: int = 7, size: int = 20, **counts: int) -> None:
        """Take the recipe; nothing is made yet.

        Args:
            seed: Another seed makes other rows.
            size: Number of leads and of prospects; the rest scales with it.
            counts: Exact numbers instead: of a list by its stream's name (`meetings=0`), or of children for each parent
                (`activities_per_lead=1`). Without one, the first parent has no children and the second has two.

        Raises:
            ValueError: A count is negative, or of something that is not there.
        """
        unknown = counts.keys() - _SCALES.keys() - _PER_PARENT.keys()
        if unknown or any(count < 0 for count in counts.values()):
            message = f"no such count: {sorted(unknown)}" if unknown else "a count can't be negative"
            raise ValueError(message)
        self.seed = seed
        self._numbers = {}
        for name, (scale, least, most) in _SCALES.items():
            scaled = max(least, int(size * scale))
            self._numbers[name] = counts.get(name, scaled if most is None else min(scaled, most))
        self._children = {table: counts.get(name) for name, table in _PER_PARENT.items()}

    @classmethod
    def empty(cls, seed: int = 8, **counts: int) -> World:
        """An account that has no row in any list: what another one can be copied into.

        Stages, pipelines and users are known all the same, and so is what there is one of (settings, identity ...).

        Args:
            seed: Another one than the default world's, so that no id of an account is one of its copy's by chance.
            counts: What it has in spite of that.
        """
        return cls(seed, 0, **{**dict.fromkeys(_SCALES, 0), **counts})

    def fill(self, store: Store) -> None:
        """Make all rows."""
        ids: dict[str, list[str]] = {}
        for table in TABLES.values():
            if table.system == "closershq":
                continue
            builder = Builder(store, table, Draw(f"{self.seed}/{table.name}", ids))
            if table.parent is None:
                for _ in range(1 if table.is_single else self._numbers[table.name]):
                    builder.add()
            elif table.name != "export_downloads":
                self._fill_children(builder, store.ids(table.parent))
            else:
                # It comes into being with its export.
                continue
            ids[table.name] = store.ids(table.name)

    def _fill_children(self, builder: Builder, parents: list[str]) -> None:
        wanted = self._children[builder.table.name]
        for number, parent in enumerate(parents):
            count = wanted if wanted is not None else (0, 2)[number] if number < 2 else builder.draw.below(4)
            for _ in range(count):
                builder.add(parent)


class Builder:
    """Makes complete rows of one table and puts them into a store."""

    def __init__(self, store: Store, table: Table, draw: Draw) -> None:
        """Take what is needed.

        Args:
            store: Where rows go.
            table: The table.
            draw: The chance behind them.
        """
        self.table = table
        self.draw = draw
        self._store = store
        self._made = 0
        self._last: datetime | None = None

    def add(self, parent: str | None = None) -> None:
        """Make a row at some time of the past."""
        created = self.draw.moment()
        updated = self.draw.later(created)
        if self._last and self._made % _TWINS == 0 and self._last >= created:
            updated = self._last
        self._made, self._last = self._made + 1, updated
        row = complete(self.table, {}, self.draw, (created, updated), parent)
        insert(self._store, self.table, row, parent)


def complete(table: Table, given: Row, draw: Draw, times: tuple[datetime, datetime], parent: str | None) -> Row:
    """A whole row: what is given, and the rest as the recipe makes it.

    Args:
        table: Its table.
        given: Fields that are fixed.
        draw: The chance behind the others.
        times: When it was made, when it was last changed.
        parent: Id of the row above it.
    """
    row: Row = {}
    if table.system == "hiringcenter":
        row["id"] = draw.hex(32)
    elif table.prefix:
        row = {"id": f"{table.prefix}_{draw.hex(12)}", "object": table.object_name}
    if parent is not None and table.name in {"campaign_runs", "prospector_runs"}:
        # The only rows that tell their parent themselves.
        row[table.parent_key or ""] = parent
    row.update(MAKERS[table.name](draw))
    for name, moment in zip((table.created, table.updated), times, strict=True):
        if name:
            row[name] = millis(moment) if table.system == "hiringcenter" else iso(moment)
    row.update(given)
    return row


def insert(store: Store, table: Table, row: Row, parent: str | None, hidden: Row | None = None) -> Entry:
    """Put a whole row into its table.

    Returns:
        The entry that the store keeps.
    """
    row_id = row.get("id")
    if table.name == "import_errors":
        while store.find(table.name, f"{parent}/{row['row']}"):
            row["row"] += 1
        row_id = f"{parent}/{row['row']}"
    elif table.system == "closershq":
        row_id = str(row["email"]).casefold()
    entry = store.insert(table.name, str(row_id), row, parent, hidden)
    if table.name == "exports":
        download = TABLES["export_downloads"]
        identity = {"id": f"{download.prefix}_{entry.id.removeprefix('exp_')}", "object": download.object_name}
        store.insert(download.name, identity["id"] or "", {**identity, **download_of(row)}, entry.id)
    return entry


def download_of(export: Row) -> Row:
    """What the download of an export says while the export is in that state."""
    return {
        **{name: export.get(name) for name in ("created_at", "updated_at", "status", "file_key")},
        "download_ready": export.get("status") == "completed",
    }
