"""Every row of the three systems, and what a complete read of them must hold."""

from __future__ import annotations

import itertools
import threading
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.sandbox.streams import FEED, TABLES, Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

Row = dict[str, Any]
Key = tuple[int, str]

# People are found by these; other tables are found by id only.
_MATCHED = {"prospects": ("email", "phone"), "leads": ("email", "phone")}


@dataclass
class Entry:
    """One row with all that is known about it but not served.

    Attributes:
        id: Its id, or what stands for it in a table without ids.
        row: What the API serves.
        ancestors: Ids of the rows above it, by the names a complete read gives them.
        parent: Id of the row right above it.
        place: How many rows were made before it.
        hidden: What was written to it and is never served.
    """

    id: str
    row: Row
    ancestors: dict[str, str]
    parent: str | None
    place: int
    hidden: Row = field(default_factory=dict)


class Store:
    """The tables. Whoever reads or changes more than one thing holds the lock."""

    def __init__(self) -> None:
        """Make all tables, empty."""
        self.lock = threading.RLock()
        self._rows: dict[str, dict[str, Entry]] = {name: {} for name in TABLES}
        self._children: dict[str, dict[str, dict[str, Entry]]] = {name: defaultdict(dict) for name in TABLES}
        self._matches: dict[tuple[str, str, str], dict[str, Entry]] = defaultdict(dict)
        self._versions: dict[str, int] = dict.fromkeys(TABLES, 0)
        self._sorted: dict[tuple[str, str], tuple[int, list[tuple[Key, Entry]]]] = {}
        self._places = itertools.count()

    def insert(self, table: str, row_id: str, row: Row, parent: str | None = None, hidden: Row | None = None) -> Entry:
        """Add a row that is complete.

        Raises:
            KeyError: The parent is not there.
        """
        kind = TABLES[table]
        ancestors: dict[str, str] = {}
        if kind.parent and kind.parent_key:
            above = self._rows[kind.parent][parent or ""]
            ancestors = {**above.ancestors, kind.parent_key: above.id}
        entry = Entry(row_id, row, ancestors, parent, next(self._places), hidden or {})
        self._rows[table][row_id] = entry
        if parent is not None:
            self._children[table][parent][row_id] = entry
        self._index(table, entry)
        self._versions[table] += 1
        return entry

    def find(self, table: str, row_id: str) -> Entry | None:
        """The row of that id."""
        return self._rows[table].get(row_id)

    def the(self, table: str) -> Entry:
        """The row of a table that has just one."""
        return next(iter(self._rows[table].values()))

    def ids(self, table: str) -> list[str]:
        """All ids of a table, in the order of making."""
        return list(self._rows[table])

    def count(self, table: str) -> int:
        """How many rows it has."""
        return len(self._rows[table])

    def entries(self, table: str, parent: str | None = None) -> Iterable[Entry]:
        """All rows of a table, or those of one parent."""
        if parent is None:
            return self._rows[table].values()
        return self._children[table].get(parent, {}).values()

    def ordered(self, table: str, parent: str | None, order: str, key: Callable[[Entry], Key]) -> list[tuple[Key, Entry]]:
        """Rows with their sort keys, sorted; whole tables stay sorted until they change.

        Args:
            table: The table.
            parent: One parent, or None for all rows.
            order: Name of the order.
            key: What that order sorts by.
        """
        version, kept = self._sorted.get((table, order), (-1, []))
        if parent is None and version == self._versions[table]:
            return kept
        found = sorted(((key(entry), entry) for entry in self.entries(table, parent)), key=lambda pair: pair[0])
        if parent is None:
            self._sorted[table, order] = (self._versions[table], found)
        return found

    def replace(self, table: str, entry: Entry, row: Row) -> None:
        """Give an entry a new row; the old one is left as it was, since an answer may hold it."""
        self._unindex(table, entry)
        entry.row = row
        self._index(table, entry)
        self._versions[table] += 1

    def delete(self, table: str, entry: Entry) -> None:
        """Remove a row with everything below it."""
        for child in TABLES.values():
            if child.parent == table:
                for below in list(self.entries(child.name, entry.id)):
                    self.delete(child.name, below)
                self._children[child.name].pop(entry.id, None)
        self._unindex(table, entry)
        del self._rows[table][entry.id]
        if entry.parent is not None:
            del self._children[table][entry.parent][entry.id]
        self._versions[table] += 1

    def match(self, table: str, row: Mapping[str, Any]) -> Entry | None:
        """The oldest row with the same email, else the oldest with the same phone."""
        for name in _MATCHED[table]:
            for value in _folded(row.get(name)):
                for entry in self._matches[table, name, value].values():
                    return entry
        return None

    def truth(self, stream: str) -> list[Row]:
        """All rows of a table, each with the ids of the rows above it."""
        with self.lock:
            return [{**entry.row, **entry.ancestors} for entry in self._rows[stream].values()]

    def _index(self, table: str, entry: Entry) -> None:
        for name in _MATCHED.get(table, ()):
            for value in _folded(entry.row.get(name)):
                self._matches[table, name, value][entry.id] = entry

    def _unindex(self, table: str, entry: Entry) -> None:
        for name in _MATCHED.get(table, ()):
            for value in _folded(entry.row.get(name)):
                self._matches[table, name, value].pop(entry.id, None)


def table_of(name: str) -> Table:
    """The table behind a stream's name.

    Raises:
        ValueError: There is none.
    """
    if name not in TABLES:
        message = f"{name} is kept in the table prospects" if name == FEED else f"no table is called {name}; there are {', '.join(TABLES)}"
        raise ValueError(message)
    return TABLES[name]


def _folded(value: object) -> tuple[str, ...]:
    return (value.casefold(),) if isinstance(value, str) and value else ()
