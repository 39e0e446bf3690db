"""From an API's row to a record that is valid against its schema, with nothing lost.

A value that its column can hold without loss goes there (a number sent as text, a time in any form). Everything else, fields that the schema
doesn't name and values that their column can't hold, is kept as it came in `additional_properties`.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from functools import cached_property
from itertools import compress, repeat
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import msgspec

from tap_hiringcenter.api import times

if sys.version_info >= (3, 12):
    from typing import override
else:
    from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from tap_hiringcenter.api.envelopes import Page

    Record = dict[str, Any]

_ENCODER = msgspec.json.Encoder()
EXTRAS = "additional_properties"
_LARGEST = int(sys.float_info.max)


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
    return [{name: value for name, value in msgspec.structs.asdict(record).items() if value is not msgspec.UNSET} for record in records]


class Shape:
    """The columns of one stream, resolved once.

    Args:
        schema: JSON Schema of the stream's records, with `additional_properties` among its properties.
    """

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._columns = {name: _Column(column) for name, column in schema["properties"].items() if name != EXTRAS}
        self._keys = schema["required"]
        if "id" in self._keys:
            self._columns["id"] = _IdColumn(schema["properties"]["id"])

    @cached_property
    def _record(self) -> type[msgspec.Struct]:
        """What holds a record: made, and written as JSON, in half the time that a dictionary takes."""
        return msgspec.defstruct("Record", [*self._columns, EXTRAS], gc=False)

    def records(self, page: Page, ancestors: Mapping[str, str]) -> list[msgspec.Struct]:
        """Make the records of a page, column by column: nearly all columns of nearly all pages need no more than one look.

        Args:
            page: The rows as the API sent them.
            ancestors: Ids of the rows above these, by column. They are what was asked for, so they win over what the rows say.

        Returns:
            The records, in the order of the rows; what a row doesn't have is `msgspec.UNSET`.

        Raises:
            ValueError: A key is missing, null or of a type that no key can have; the message names the column only.
        """
        rows, has_gaps = page.rows, set(map(len, page.rows)) != {len(page.columns)}
        extras: list[dict[str, Any] | None] = [None] * len(rows)
        table: dict[str, Iterable[Any]] = dict.fromkeys(self._columns, repeat(msgspec.UNSET))
        # Sorted, so that one row always makes the very same line.
        for name, values in sorted(page.columns.items()):
            if column := self._columns.get(name):
                fitted = column.fitted(values)
                if fitted is not values or name in ancestors:
                    _set_aside(extras, name, _misfits(values, fitted, ancestors.get(name)))
                table[name] = [value if name in row else msgspec.UNSET for value, row in zip(fitted, rows, strict=True)] if has_gaps else fitted
            else:
                _set_aside(extras, name, [pair for pair in enumerate(values) if name in rows[pair[0]]] if has_gaps else enumerate(values))
        table.update((name, repeat(value)) for name, value in ancestors.items())
        records = list(map(self._record, *table.values(), extras))
        for name in self._keys:
            if not {None, msgspec.UNSET}.isdisjoint(map(attrgetter(name), records)):
                msg = f"a row without a usable {name!r}, which is a key"
                raise ValueError(msg)
        return records


def _misfits(values: Sequence[Any], fitted: Sequence[Any], ancestor: str | None) -> Iterator[tuple[int, Any]]:
    """What its column doesn't hold, or holds something else than, and at which places."""
    for place, (value, held) in enumerate(zip(values, fitted, strict=True)):
        if value is not None and (held is None or (ancestor is not None and held != ancestor)):
            yield place, value


def _set_aside(extras: list[dict[str, Any] | None], name: str, misfits: Iterable[tuple[int, Any]]) -> None:
    for place, value in misfits:
        found = extras[place] = extras[place] or {}
        found[name] = value


class _Column:
    """What a column can hold.

    Args:
        column: Its JSON Schema.
    """

    def __init__(self, column: Mapping[str, Any]) -> None:
        kinds = [kind for kind in column["type"] if kind != "null"]
        self._is_dated = column.get("format") == "date-time"
        self._items = _Column(column["items"]) if "items" in column else None
        self._types = {type(None), *(found for kind in kinds for found in _TYPES[kind])}
        self._is_of_numbers = int in self._types
        self._fit = _list_of(self._items.fit) if self._items else _first_of([_FITS[kind] for kind in kinds])

    def fitted(self, values: Sequence[Any]) -> Sequence[Any]:
        """Fit values into the column.

        Args:
            values: The values, None where there is none.

        Returns:
            For each what the column holds without loss, None where that is nothing; the very values that were given when all fit as they are.
        """
        if self._is_dated:
            return times.column(values)
        return values if self._holds(values) else [self._fit_or_none(value) for value in values]

    def fit(self, value: Any) -> Any:  # noqa: ANN401  # whatever JSON holds
        """Fit one value, which is not None, into the column.

        Raises:
            ValueError: It can't be held without loss.
        """
        return times.normalise(value) if self._is_dated else self._fit(value)

    def _holds(self, values: Sequence[Any]) -> bool:
        """Whether all values can stay as they are."""
        if not self._types.issuperset(map(type, values)):
            return False
        if self._items:
            items = [item for value in values if value for item in value]
            return self._items.fitted(items) is items
        return not self._is_of_numbers or all(value is None or abs(value) <= _LARGEST for value in values)

    def _fit_or_none(self, value: Any) -> Any:  # noqa: ANN401
        try:
            return None if value is None else self.fit(value)
        except ValueError:
            return None


class _IdColumn(_Column):
    """The column by which rows are told apart."""

    @override
    def fit(self, value: Any) -> str:
        # Rows that are all called "" or true would become one.
        if isinstance(value, bool) or not (text := _string(value)).strip():
            raise ValueError
        return text

    @override
    def _holds(self, values: Sequence[Any]) -> bool:
        return super()._holds(values) and None not in values and all(map(str.strip, values))


def _first_of(fits: list[Callable[[Any], Any]]) -> Callable[[Any], Any]:
    if len(fits) == 1:
        return fits[0]

    def fit(value: Any) -> Any:  # noqa: ANN401  # whatever JSON holds
        for one in fits:
            try:
                return one(value)
            except ValueError:  # noqa: PERF203  # the first that fits; there are two at most
                continue
        raise ValueError

    return fit


def _list_of(item: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def fit(value: Any) -> list[Any]:  # noqa: ANN401
        return [None if one is None else item(one) for one in _array(value)]

    return fit


def _string(value: Any) -> str:  # noqa: ANN401
    if isinstance(value, str):
        return value
    if isinstance(value, (bool, int, float)):
        return json.dumps(value)
    raise ValueError


def _integer(value: Any) -> int:  # noqa: ANN401
    number = _number(value)
    if number != int(number):
        raise ValueError
    return int(number)


def _number(value: Any) -> int | float:  # noqa: ANN401
    if isinstance(value, float) or (isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _LARGEST):
        return value
    if isinstance(value, str):
        try:
            exact = Decimal(value)
        except InvalidOperation:
            raise ValueError from None
        # Beyond what a double holds, no column of numbers holds it, and writing all digits out could take for ever.
        if exact.is_finite() and exact.copy_abs() <= _LARGEST:
            number = int(exact) if exact == exact.to_integral_value() else float(exact)
            if Decimal(repr(number)) == exact:
                return number
    raise ValueError


def _boolean(value: Any) -> bool:  # noqa: ANN401
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in {"true", "false"}:
        return value.lower() == "true"
    raise ValueError


def _array(value: Any) -> list[Any]:  # noqa: ANN401
    if isinstance(value, list):
        return value
    raise ValueError


def _object(value: Any) -> dict[str, Any]:  # noqa: ANN401
    if isinstance(value, dict):
        return value
    raise ValueError


_FITS: dict[str, Callable[[Any], Any]] = {
    "string": _string,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "array": _array,
    "object": _object,
}
_TYPES: dict[str, set[type]] = {
    "string": {str},
    "integer": {int},
    "number": {int, float},
    "boolean": {bool},
    "array": {list},
    "object": {dict},
}
