"""From an API's row to a record that is valid against its schema, with nothing lost.

A value that its column can hold without loss goes there (a number sent as text, a time in any form). Everything else, fields that the schema
doesn't name and values that their column can't hold, is kept as it came in `additional_properties`.
"""

from __future__ import annotations

import json
import sys
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from tap_hiringcenter.api import times

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

EXTRAS = "additional_properties"
_LARGEST = int(sys.float_info.max)


class Shape:
    """The columns of one stream, resolved once.

    Args:
        schema: JSON Schema of the stream's records, with `additional_properties` among its properties.
    """

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._fits = {name: _fit_for(column) for name, column in schema["properties"].items() if name != EXTRAS}
        self._keys = schema["required"]
        if "id" in self._keys:
            self._fits["id"] = _identity

    def record(self, row: Mapping[str, Any], ancestors: Mapping[str, str]) -> dict[str, Any]:
        """Make the record of a row.

        Args:
            row: The row as the API sent it.
            ancestors: Ids of the rows above this one, by column. They are what was asked for, so they win over what the row says.

        Returns:
            The record.

        Raises:
            ValueError: A key is missing, null or of a type that no key can have; the message names the column only.
        """
        record: dict[str, Any] = {}
        extras: dict[str, Any] = {}
        for name, value in row.items():
            fit = self._fits.get(name)
            if fit is None:
                extras[name] = value
            elif value is None:
                record[name] = None
            else:
                try:
                    record[name] = fit(value)
                except ValueError:
                    record[name] = None
                    extras[name] = value
        for name, value in ancestors.items():
            if record.get(name) not in {None, value}:
                extras[name] = row[name]
            record[name] = value
        for name in self._keys:
            if record.get(name) is None:
                msg = f"a row without a usable {name!r}, which is a key"
                raise ValueError(msg)
        record[EXTRAS] = extras or None
        return record


def _fit_for(column: Mapping[str, Any]) -> Callable[[Any], Any]:
    """The function that fits a value into a column without loss, or raises ValueError."""
    if column.get("format") == "date-time":
        return times.normalise
    fits = [_FITS[kind] for kind in column["type"] if kind != "null"]
    if "items" in column:
        fits = [_list_of(_fit_for(column["items"]))]
    return fits[0] if len(fits) == 1 else _first_of(fits)


def _first_of(fits: list[Callable[[Any], Any]]) -> Callable[[Any], Any]:
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


def _identity(value: Any) -> str:  # noqa: ANN401
    # Rows that are all called "" or true would become one.
    if isinstance(value, bool) or not (text := _string(value)).strip():
        raise ValueError
    return text


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
