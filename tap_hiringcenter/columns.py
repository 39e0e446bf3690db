"""What the columns of a record can hold."""

from __future__ import annotations

import json
import sys
from decimal import Decimal, InvalidOperation
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any

import msgspec

from tap_hiringcenter.api import times

if sys.version_info >= (3, 12):
    from typing import override
else:
    from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_LARGEST = int(sys.float_info.max)


class Column:
    """What a column can hold.

    Args:
        column: Its JSON Schema.

    Attributes:
        kind: What msgspec has to parse its values as: null, the schema's types, and any that a time may have.
        is_proven_by_kind: Whether a value of this kind is one that the column holds as it is.
    """

    def __init__(self, column: Mapping[str, Any]) -> None:
        kinds = [kind for kind in column["type"] if kind != "null"]
        self._is_dated = column.get("format") == "date-time"
        self._items = Column(column["items"]) if "items" in column else None
        self._types = {type(None), *(found for kind in kinds for found in _TYPES[kind])}
        self._is_of_numbers = int in self._types
        self._fit = _list_of(self._items.fit) if self._items else _first_of([_FITS[kind] for kind in kinds])
        found: set[Any] = {str, int, float, None} if self._is_dated else self._types
        if self._items:
            found = {list[self._items.kind] if one is list else one for one in found}  # type: ignore[name-defined]  # known at run time only
        self.kind: Any = reduce(or_, found, msgspec.UnsetType)
        are_items_proven: bool = self._items is None or self._items.is_proven_by_kind
        self.is_proven_by_kind: bool = are_items_proven and not self._is_dated and not self._is_of_numbers

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


class IdColumn(Column):
    """The column by which rows are told apart."""

    def __init__(self, column: Mapping[str, Any]) -> None:
        super().__init__(column)
        self.is_proven_by_kind = False

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
