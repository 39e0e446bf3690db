"""From an API's row to a record that is valid against its schema, with nothing lost.

A value that its column can hold without loss goes there (a number sent as text, a time in any form). Everything else, fields that the schema
doesn't name and values that their column can't hold, is kept as it came in `additional_properties`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import compress, repeat
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import msgspec

from tap_hiringcenter.columns import Column, IdColumn

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from tap_hiringcenter.api.answers import Decoder
    from tap_hiringcenter.api.rows import Rows

    Record = dict[str, Any]

_ENCODER = msgspec.json.Encoder()
EXTRAS = "additional_properties"
_MOST_OTHERS = 30


@dataclass(frozen=True)
class Records:
    """The records of a page.

    Attributes:
        ids: The `id` of each; empty where there is none.
        changes: When each changed, as `times.to_text` writes it; None for one that doesn't say.
        contents: Lines of JSON, one for each, which are made while the rows are still in the processor's cache and take a fraction of their
            memory; the records themselves where somebody must see them before they are written.
        has_next: Whether the list goes on after this page.
        total: Number of rows in the whole list, when the API tells it.
    """

    ids: Sequence[str]
    changes: Sequence[str | None]
    contents: bytes | Sequence[Record]
    has_next: bool = False
    total: int | None = None

    def __len__(self) -> int:
        """How many there are."""
        return len(self.ids)

    @cached_property
    def dated(self) -> Sequence[str]:
        """When those changed that say so."""
        return [change for change in self.changes if change is not None] if None in self.changes else self.changes  # type: ignore[return-value]  # as it says

    @cached_property
    def undated(self) -> Sequence[str]:
        """The ids of those that don't."""
        return [one for one, change in zip(self.ids, self.changes, strict=True) if change is None] if None in self.changes else ()

    def kept(self, are_wanted: Iterable[bool]) -> Records:
        """Only those that are wanted."""
        wanted = list(are_wanted)
        if all(wanted):
            return self
        contents: bytes | list[Record]
        if isinstance(self.contents, bytes):
            contents = b"".join(compress(self.contents.splitlines(keepends=True), wanted))
        else:
            contents = [*compress(self.contents, wanted)]
        return replace(self, ids=[*compress(self.ids, wanted)], changes=[*compress(self.changes, wanted)], contents=contents)


def as_json(records: Sequence[msgspec.Struct]) -> bytes | Sequence[Record]:
    """Encode records.

    Args:
        records: The records, as a shape made them.

    Returns:
        Lines of JSON, one for each; all of them as dictionaries when one can't be, such as one with half a character, which has no form in UTF-8.
    """
    try:
        return _ENCODER.encode_lines(records)
    except (ValueError, RecursionError):
        return as_dicts(records)


def as_dicts(records: Sequence[msgspec.Struct]) -> list[Record]:
    """Each of the records as a dictionary of the columns that it has."""
    return [{name: _as_dict(value) for name, value in msgspec.structs.asdict(record).items() if value is not msgspec.UNSET} for record in records]


def _as_dict(value: Any) -> Any:  # noqa: ANN401  # whatever JSON holds
    return msgspec.to_builtins(value) if isinstance(value, msgspec.Struct) else value


class Shape:
    """The columns of one stream, resolved once.

    Args:
        schema: JSON Schema of the stream's records, with `additional_properties` among its properties.
    """

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._columns = {name: Column(column) for name, column in schema["properties"].items() if name != EXTRAS}
        self._keys = schema["required"]
        if "id" in self._keys:
            self._columns["id"] = IdColumn(schema["properties"]["id"])
        self._others: tuple[str, ...] = ()
        self._parsers: dict[Sequence[str], Decoder] = {}
        self._objects: dict[Sequence[str], type[msgspec.Struct]] = {}

    @cached_property
    def _record(self) -> type[msgspec.Struct]:
        """What holds a record: made, and written as JSON, in half the time that a dictionary takes."""
        return msgspec.defstruct("Record", [*self._columns, EXTRAS], gc=False)

    @property
    def parser(self) -> Decoder:
        """Parses rows into structs that can become their records, where nothing but times and unknown names has to be changed for that."""
        others = self._others
        if others not in self._parsers:
            self._parsers[others] = self._made_parser(others)
        return self._parsers[others]

    def _made_parser(self, others: Sequence[str]) -> Decoder:
        kinds: dict[str, Any] = {**{name: column.kind for name, column in self._columns.items()}, EXTRAS: Any}
        renamed = _renamed(others)
        fields = [(name, kind, msgspec.UNSET) for name, kind in [*kinds.items(), *dict.fromkeys(renamed, Any).items()]]
        row: Any = msgspec.defstruct("Row", fields, rename=renamed, forbid_unknown_fields=True, gc=False)
        return msgspec.json.Decoder(list[row])

    def records(self, rows: Rows, ancestors: Mapping[str, str]) -> list[msgspec.Struct]:
        """Make the records of a page, column by column: nearly all columns of nearly all pages need no more than one look, or none.

        Args:
            rows: The rows as the API sent them.
            ancestors: Ids of the rows above these, by column. They are what was asked for, so they win over what the rows say.

        Returns:
            The records, in the order of the rows; what a row doesn't have is `msgspec.UNSET`.

        Raises:
            ValueError: A key is missing, null or of a type that no key can have; the message names the column only.
        """
        extras = self._unknown(rows)
        columns: dict[str, Sequence[Any]] = {}
        for name in rows.names:
            column = self._columns.get(name)
            if not column or (rows.are_typed and column.is_proven_by_kind and name not in ancestors):
                continue
            values = rows.column(name)
            columns[name] = column.fitted(values)
            if columns[name] is not values or name in ancestors:
                _set_aside(extras, name, _misfits(values, columns[name], ancestors.get(name)))
        if not rows.are_typed:
            self._learn(rows)
        added = {name: repeat(value) for name, value in ancestors.items()}
        records = rows.records(self._record, columns, {**added, EXTRAS: extras})
        for name in self._keys:
            if not {None, msgspec.UNSET}.isdisjoint(map(attrgetter(name), records)):
                msg = f"a row without a usable {name!r}, which is a key"
                raise ValueError(msg)
        return records

    def _unknown(self, rows: Rows) -> list[Any]:
        """What the rows hold that no column is called like: an object for each row, None for one that holds nothing like that."""
        # Sorted, so that one row always makes the very same line.
        names = tuple(sorted(name for name in rows.names if name not in self._columns))
        if not rows.are_typed:
            return [{name: row[name] for name in names if name in row} or None for row in rows]
        if names not in self._objects:
            renamed = _renamed(names)
            self._objects[names] = msgspec.defstruct("Extras", renamed, rename=renamed, gc=False)
        columns = [rows.held(name) for name in names]
        kinds = [set(map(type, column)) for column in columns]
        if all(kind == {msgspec.UnsetType} for kind in kinds):
            return [None] * len(rows)
        objects: list[Any] = list(map(self._objects[names], *columns))
        if all(msgspec.UnsetType in kind for kind in kinds):
            are_empty = [all(value is msgspec.UNSET for value in values) for values in zip(*columns, strict=True)]
            return [None if is_empty else found for found, is_empty in zip(objects, are_empty, strict=True)]
        return objects

    def _learn(self, rows: Rows) -> None:
        """Let the next rows have the unknown names of these: there are only a few that all rows share, or some have."""
        # Looked at once: another thread may learn meanwhile, and no name may come twice.
        others = self._others
        new = [name for name in rows.names if name not in self._columns and name != EXTRAS and name not in others and _can_be_parsed(name)]
        if new and len(others) + len(new) <= _MOST_OTHERS:
            self._others = (*others, *new)


def _can_be_parsed(name: str) -> bool:
    """Whether a struct may have a field of this name: msgspec takes none with half a character, or with what JSON must escape."""
    return name.isprintable() and '"' not in name and "\\" not in name


def _renamed(names: Sequence[str]) -> dict[str, str]:
    """Fields of a struct for names of JSON, which may be none of Python's."""
    return {f"other_{number}": name for number, name in enumerate(names)}


def _misfits(values: Sequence[Any], fitted: Sequence[Any], ancestor: str | None) -> Iterator[tuple[int, Any]]:
    """What its column doesn't hold, or holds something else than, and at which places."""
    if ancestor is None and values.count(None) == fitted.count(None):
        return
    for place, (value, held) in enumerate(zip(values, fitted, strict=True)):
        if value is not None and (held is None or (ancestor is not None and held != ancestor)):
            yield place, value


def _set_aside(extras: list[Any], name: str, misfits: Iterable[tuple[int, Any]]) -> None:
    for place, value in misfits:
        found = {**(_as_dict(extras[place]) or {}), name: value}
        extras[place] = dict(sorted(found.items()))
