"""The account behind the three APIs: how its rows come, change and go."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, Final

from tests.sandbox.draw import Draw
from tests.sandbox.feed import feed
from tests.sandbox.operations import SCOPES
from tests.sandbox.store import Entry, Row, Store, table_of
from tests.sandbox.streams import FEED
from tests.sandbox.times import Clock, iso, millis
from tests.sandbox.world import complete, download_of, insert

if TYPE_CHECKING:
    from datetime import datetime

    from tests.sandbox.streams import Table
    from tests.sandbox.variant import Variant
    from tests.sandbox.world import World

# Given as a field's value: the field is not there at all.
ABSENT: Final = object()


class Account:
    """All rows, the key's rights and the clock."""

    def __init__(self, world: World, variant: Variant) -> None:
        """Make the world.

        Args:
            world: What is there at the start.
            variant: How the servers behave.
        """
        self.variant = variant
        self.clock = Clock()
        self.store = Store()
        self.seed = world.seed
        self.scopes = set(SCOPES)
        self.read_only = False
        world.fill(self.store)
        self._draw = Draw(f"{world.seed}/later", {})

    def put(self, stream: str, row: Row, **parent: str) -> Row:
        """Add a row; what isn't given is made up.

        Args:
            stream: Its stream.
            row: Fields that are fixed.
            parent: The id of the row above it, as `lead_id=...`.

        Returns:
            The row as the API serves it.
        """
        return dict(self.create(stream, row, parent=_parent_id(table_of(stream), parent), invent=True).row)

    def create(self, stream: str, given: Row, *, parent: str | None = None, hidden: Row | None = None, invent: bool = False) -> Entry:
        """Add a row.

        Args:
            stream: Its stream.
            given: Fields that are fixed.
            parent: Id of the row above it.
            hidden: What is kept with it but never served.
            invent: Whether the other fields are made up, else they are null.

        Raises:
            ValueError: There is such a row already.
        """
        table, now = table_of(stream), self.clock.now()
        with self.store.lock:
            row = complete(table, {}, self._draw, (now, now), parent)
            if not invent:
                fixed = {"id", "object", table.created, table.updated, table.parent_key}
                row = {name: value if name in fixed else None for name, value in row.items()}
            row = _merged(row, given)
            if table.created and table.updated in given and table.created not in given:
                # A row that is made with an old change is no younger than that change.
                row[table.created] = row.get(table.updated) or row[table.created]
            if "id" in row and self.store.find(stream, row["id"]):
                message = f"{stream} has a row {row['id']} already"
                raise ValueError(message)
            return insert(self.store, table, row, parent, hidden)

    def change(self, stream: str, row_id: str, **fields: Any) -> Row:  # noqa: ANN401 - any JSON
        """Change a row, and stamp it as changed now unless the stamp is given.

        Args:
            stream: Its stream.
            row_id: Its id.
            fields: New values; `ABSENT` removes a field.

        Returns:
            The row as the API serves it.

        Raises:
            KeyError: There is no such row.
        """
        with self.store.lock:
            entry = self.store.find(stream, row_id)
            if entry is None:
                raise KeyError(stream, row_id)
            self.write(stream, entry, fields)
            return dict(entry.row)

    def write(self, stream: str, entry: Entry, fields: Row) -> None:
        """Change a row that was found already."""
        table = table_of(stream)
        stamp = {table.updated: self._stamp(table, self.clock.now())} if table.updated else {}
        with self.store.lock:
            self.store.replace(stream, entry, _merged({**entry.row, **stamp}, fields))
            if stream == "exports":
                for download in list(self.store.entries("export_downloads", entry.id)):
                    self.store.replace("export_downloads", download, {**download.row, **download_of(entry.row)})

    def remove(self, stream: str, row_id: str) -> None:
        """Remove a row with everything below it.

        Args:
            stream: Its stream.
            row_id: Its id.

        Raises:
            KeyError: There is no such row.
        """
        with self.store.lock:
            entry = self.store.find(stream, row_id)
            if entry is None:
                raise KeyError(stream, row_id)
            self.store.delete(stream, entry)

    def truth(self, stream: str) -> list[Row]:
        """What a complete read of a stream must hold right now.

        Args:
            stream: Its name.

        Returns:
            The rows as the API serves them, each with the ids of the rows above it.
        """
        with self.store.lock:
            if stream == FEED:
                return self.feed()
            table_of(stream)
            if stream == "api_identity":
                return [self.identity()]
            return self.store.truth(stream)

    def kept(self, stream: str) -> dict[str, Row]:
        """All that is kept of a stream's rows, by their ids: what a read tells, and what was written and no read ever tells."""
        table_of(stream)
        with self.store.lock:
            return {entry.id: copy.deepcopy({**entry.hidden, **entry.row, **entry.ancestors}) for entry in self.store.entries(stream)}

    def identity(self) -> Row:
        """What GET /me says."""
        row = {**self.store.the("api_identity").row, "scopes": sorted(self.scopes), "read_only": self.read_only}
        if not self.variant.me_scopes:
            del row["scopes"]
        return row

    def feed(self) -> list[Row]:
        """What GET /webhooks/poll says."""
        rows = feed(self.store.entries("prospects"))
        return rows[:1] if self.variant.poll_feed == "single" else rows

    @staticmethod
    def _stamp(table: Table, moment: datetime) -> int | str:
        return millis(moment) if table.system == "hiringcenter" else iso(moment)


def _merged(row: Row, fields: Row) -> Row:
    merged = {**row, **fields}
    return {name: value for name, value in merged.items() if value is not ABSENT}


def _parent_id(table: Table, given: dict[str, str]) -> str | None:
    wanted = {table.parent_key} if table.parent_key else set()
    if given.keys() != wanted:
        message = f"{table.name} needs {' and '.join(sorted(str(name) for name in wanted)) or 'no parent'}"
        raise ValueError(message)
    return next(iter(given.values()), None)
