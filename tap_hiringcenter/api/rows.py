"""The rows of a page, as the API sent them.

They are looked at column by column, which takes a fraction of the time that row by row takes. Rows that all are as the schema of their stream says
(see `records`) are parsed into structs, in half the time of dictionaries, and need no second look at most of their columns. Any others are
dictionaries. Nobody else needs to know which.
"""

from __future__ import annotations

import sys
from abc import abstractmethod
from collections import deque
from collections.abc import Sequence
from functools import cached_property
from itertools import chain, repeat
from operator import attrgetter
from typing import TYPE_CHECKING, Any, overload

import msgspec

if sys.version_info >= (3, 12):
    from typing import override
else:
    from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

Row = dict[str, Any]


class Rows(Sequence[Row]):
    """Some rows; each one that is taken out of them is a dictionary of what the API sent.

    Attributes:
        are_typed: Whether each value is null or of a type that its column's schema names.
    """

    are_typed: bool

    @overload
    def __getitem__(self, place: int) -> Row: ...

    @overload
    def __getitem__(self, place: slice) -> list[Row]: ...

    def __getitem__(self, place: int | slice) -> Row | list[Row]:
        """A row, or some of them."""
        if isinstance(place, slice):
            return [self._row(one) for one in range(*place.indices(len(self)))]
        return self._row(place)

    @abstractmethod
    def _row(self, place: int) -> Row: ...

    @property
    @abstractmethod
    def names(self) -> Collection[str]:
        """The names that the values of the rows have; some may be of no row."""

    @abstractmethod
    def column(self, name: str) -> Sequence[Any]:
        """The values of all rows by one name, None for a row that has none."""

    @abstractmethod
    def held(self, name: str) -> Sequence[Any]:
        """The same, but `msgspec.UNSET` for a row that has none."""

    def has(self, name: str) -> Sequence[bool]:
        """Whether each row has a value by a name, if only null."""
        return [value is not msgspec.UNSET for value in self.held(name)]

    @abstractmethod
    def picked(self, places: Iterable[int]) -> Rows:
        """The rows at some places."""

    @abstractmethod
    def records(self, kind: type[msgspec.Struct], columns: Mapping[str, Sequence[Any]], added: Mapping[str, Iterable[Any]]) -> list[msgspec.Struct]:
        """Make a record of each row.

        Args:
            kind: What holds a record of any rows of the stream.
            columns: What the record's columns hold for rows that have them. Where rows are typed, those that are left out hold what came.
            added: What they hold in any case.

        Returns:
            The records; what a row doesn't have is `msgspec.UNSET`.
        """


class LooseRows(Rows):
    """Rows of any values."""

    are_typed = False

    def __init__(self, rows: list[Row]) -> None:
        self._rows = rows

    def __len__(self) -> int:
        """How many there are."""
        return len(self._rows)

    @override
    def _row(self, place: int) -> Row:
        return self._rows[place]

    @property
    @override
    def names(self) -> Collection[str]:
        return self._columns

    @override
    def column(self, name: str) -> Sequence[Any]:
        return self._columns.get(name) or [None] * len(self)

    @override
    def held(self, name: str) -> Sequence[Any]:
        return [row.get(name, msgspec.UNSET) for row in self._rows]

    @override
    def picked(self, places: Iterable[int]) -> Rows:
        return LooseRows([self._rows[place] for place in places])

    @override
    def records(self, kind: type[msgspec.Struct], columns: Mapping[str, Sequence[Any]], added: Mapping[str, Iterable[Any]]) -> list[msgspec.Struct]:
        table: dict[str, Iterable[Any]] = dict.fromkeys(kind.__struct_fields__, repeat(msgspec.UNSET))
        for name, values in columns.items():
            table[name] = [value if has else msgspec.UNSET for value, has in zip(values, self.has(name), strict=True)] if self._has_gaps else values
        table.update(added)
        return list(map(kind, *table.values()))

    @cached_property
    def _has_gaps(self) -> bool:
        return set(map(len, self._rows)) != {len(self._columns)}

    @cached_property
    def _columns(self) -> Mapping[str, Sequence[Any]]:
        rows = self._rows
        if len(set(map(len, rows))) == 1 and all(names.count(names[0]) == len(rows) for names in zip(*rows, strict=True)):
            # As nearly always: all rows have the same names, in one order.
            return dict(zip(rows[0], zip(*map(dict.values, rows), strict=True), strict=True))
        return {name: [row.get(name) for row in rows] for name in dict.fromkeys(chain.from_iterable(rows))}


class TypedRows(Rows):
    """Rows that were parsed into structs.

    Their records are these very structs, completed. So whatever is looked at, which is all that is ever changed, is kept here as it came.

    Args:
        structs: One or more, all of one type, with `msgspec.UNSET` for what a row doesn't have.
    """

    are_typed = True

    def __init__(self, structs: list[msgspec.Struct]) -> None:
        self._structs = structs
        self._kind = type(structs[0])
        self._fields = dict(zip(self._kind.__struct_encode_fields__, self._kind.__struct_fields__, strict=True))
        self._came: dict[str, Sequence[Any]] = {}
        self._columns: dict[str, Sequence[Any]] = {}

    def __len__(self) -> int:
        """How many there are."""
        return len(self._structs)

    @override
    def _row(self, place: int) -> Row:
        struct, came = self._structs[place], self._came
        values = {name: came[name][place] if name in came else getattr(struct, field) for name, field in self._fields.items()}
        return {name: value for name, value in values.items() if value is not msgspec.UNSET}

    @property
    @override
    def names(self) -> Collection[str]:
        return self._fields

    @override
    def column(self, name: str) -> Sequence[Any]:
        if name not in self._fields:
            return [None] * len(self)
        if name not in self._columns:
            came = self.held(name)
            has_gaps = type(msgspec.UNSET) in set(map(type, came))
            self._columns[name] = [None if value is msgspec.UNSET else value for value in came] if has_gaps else came
        return self._columns[name]

    @override
    def picked(self, places: Iterable[int]) -> Rows:
        rows = [self._kind(**{self._fields[name]: value for name, value in self._row(place).items()}) for place in places]
        return TypedRows(rows) if rows else LooseRows([])

    @override
    def records(self, kind: type[msgspec.Struct], columns: Mapping[str, Sequence[Any]], added: Mapping[str, Iterable[Any]]) -> list[msgspec.Struct]:
        for name, values in columns.items():
            if values is not self.column(name):
                self._set(name, [value if has else msgspec.UNSET for value, has in zip(values, self.has(name), strict=True)])
        others = {
            name: repeat(msgspec.UNSET)
            for name in self._fields.keys() - set(kind.__struct_fields__)
            if any(value is not msgspec.UNSET for value in self.held(name))
        }
        for name, added_values in {**added, **others}.items():
            self._set(name, added_values)
        return self._structs

    def _set(self, name: str, values: Iterable[Any]) -> None:
        self.held(name)
        # The fastest way to call something for many values.
        deque(map(setattr, self._structs, repeat(self._fields[name]), values), maxlen=0)

    @override
    def held(self, name: str) -> Sequence[Any]:
        # As it came.
        if name not in self._came:
            self._came[name] = [*map(attrgetter(self._fields[name]), self._structs)]
        return self._came[name]
