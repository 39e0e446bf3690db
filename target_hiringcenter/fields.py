"""From the columns of a record to the properties of a request: converted without loss, or refused for a reason that quotes nothing.

Null and an empty text are nothing. Nothing is left out, or sent as null where the API's document says that null clears (HiringCenter,
"Create or update prospect" and "Update meeting"; ProspectB2B and ClosersHQ document no such thing).
"""

from __future__ import annotations

import json
import math
import re
import sys
import zoneinfo
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import urlsplit

import msgspec

from tap_hiringcenter.api import times
from target_hiringcenter.writes import RejectedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from target_hiringcenter.writes import Row

# Where the tap puts what its schema does not name.
EXTRAS = "additional_properties"

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_LARGEST = int(sys.float_info.max)
# Beyond it a float no longer tells one integer from the next.
_EXACT = 2**53
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d{1,4})?", re.ASCII)
# One @ between a name and a host, as the HTML standard has it, but with letters of any language.
_EMAIL = re.compile(r"[^@\s\x00-\x20\x7f]+@[^@\s\x00-\x20\x7f.]+(?:\.[^@\s\x00-\x20\x7f.]+)*")
_BLANK = re.compile(r"[\s\x00-\x20\x7f]")
_WORDS = {"true": True, "1": True, "false": False, "0": False}


class Field(msgspec.Struct, frozen=True):
    """One property of a request.

    Attributes:
        name: Its name in the API.
        kind: Makes its value of a column's value, or raises `RejectedError`; one of the functions below.
        others: Other names under which a record may bring it.
        is_clearable: Whether the API's document says that null clears it.
    """

    name: str
    kind: Callable[[Any], Any]
    others: tuple[str, ...] = ()
    is_clearable: bool = False

    @property
    def brought(self) -> tuple[str, ...]:
        """All names under which a record may bring it, its own first."""
        return (self.name, *self.others)


def columns_of(record: Row) -> Row:
    """The columns of a record, with those that the tap had put aside.

    Args:
        record: The record, as it came.

    Returns:
        Its columns by name; a column of the record's own wins.

    Raises:
        RejectedError: What was put aside is no object.
    """
    if is_nothing(record.get(EXTRAS)):
        return record
    extras = _parsed(record[EXTRAS])
    if not isinstance(extras, dict):
        msg = "must be an object"
        raise RejectedError(msg, EXTRAS)
    return {**extras, **record}


def names(fields: Iterable[Field], *more: str) -> frozenset[str]:
    """The columns that fields can come from.

    Args:
        fields: The fields.
        more: Other columns that are made use of.
    """
    return frozenset({EXTRAS, *more, *(name for field in fields for name in field.brought)})


def body_of(fields: Iterable[Field], columns: Row, *, clears: bool = False) -> Row:
    """Make the body of a request.

    Args:
        fields: The properties that it may have.
        columns: The columns, see `columns_of`.
        clears: Whether nothing is sent as null to the fields that null clears.

    Returns:
        The properties that have something, and with `clears` the nulls.

    Raises:
        RejectedError: A value can't be converted; it names the column.
    """
    found: Row = {}
    name = ""
    try:
        for field in fields:
            name = field.name
            value = columns.get(name)
            if value is None or is_nothing(value):
                name = next((other for other in field.others if not is_nothing(columns.get(other))), "") if field.others else ""
                if not name:
                    if clears and field.is_clearable and not columns.keys().isdisjoint(field.brought):
                        found[field.name] = None
                    continue
                value = columns[name]
            found[field.name] = field.kind(value)
    except RejectedError as error:
        raise RejectedError(error.reason, name) from None
    return found


def value_of(columns: Row, name: str, kind: Callable[[Any], Any]) -> Any:  # noqa: ANN401  # what the kind makes
    """The value of one column.

    Args:
        columns: The columns.
        name: Which one.
        kind: See `Field`.

    Returns:
        The value, or None when there is nothing.

    Raises:
        RejectedError: It can't be converted; it names the column.
    """
    value = columns.get(name)
    if is_nothing(value):
        return None
    try:
        return kind(value)
    except RejectedError as error:
        raise RejectedError(error.reason, name) from None


def require(body: Mapping[str, Any], *needed: str) -> None:
    """Make sure that a body has what an operation needs.

    Args:
        body: The body.
        needed: Names of the properties.

    Raises:
        RejectedError: One of them has nothing.
    """
    for name in needed:
        if body.get(name) is None:
            msg = "is required"
            raise RejectedError(msg, name)


def is_nothing(value: object) -> bool:
    """Whether a value is null or an empty text."""
    return value is None or (isinstance(value, str) and not value.strip())


def text(value: object) -> str:
    """A text as it is; a number becomes its text, since the ids of warehouses are often integers."""
    if isinstance(value, str):
        return value if value.isascii() else _sound(value)
    try:
        found = number(value)
    except RejectedError:
        _refuse("text")
    is_whole = isinstance(found, float) and found.is_integer() and abs(found) < _EXACT
    return str(int(found) if is_whole else found)


def trimmed(value: object) -> str:
    """A text without blanks around it."""
    return text(value).strip()


def email(value: object) -> str:
    """An e-mail address, without blanks around it."""
    found = trimmed(value)
    if not _EMAIL.fullmatch(found):
        _refuse("an e-mail address")
    return found


def number(value: object) -> int | float:
    """A number of JSON: an integer as it is, anything else as far as a float holds all its digits."""
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        value = Decimal(value.strip())
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _LARGEST:
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    if isinstance(value, Decimal) and value.is_finite() and value.copy_abs() <= _LARGEST:
        found = int(value) if value == value.to_integral_value() else float(value)
        if Decimal(repr(found)) == value:
            return found
        msg = "has more digits than a number of JSON keeps"
        raise RejectedError(msg)
    return _refuse("a number")


def boolean(value: object) -> bool:
    """True or false, also as their words or as 1 and 0."""
    if isinstance(value, (int, float, Decimal)) and value in {0, 1}:
        return bool(value)
    found = _WORDS.get(value.strip().casefold()) if isinstance(value, str) else None
    if found is None:
        _refuse("true or false")
    return found


def moment(value: object) -> int:
    """A time in any form, as Unix milliseconds (HiringCenter)."""
    return (_time(value) - _EPOCH) // timedelta(milliseconds=1)


def date_time(value: object) -> str:
    """A time in any form, as RFC 3339 in UTC with milliseconds (ProspectB2B)."""
    return times.to_text(_time(value))


def zone(value: object) -> str:
    """The IANA name of a time zone; any, where the machine knows none."""
    found = trimmed(value)
    if _zones() and found not in _zones():
        _refuse("the IANA name of a time zone")
    return found


def url(value: object) -> str:
    """An address of the web, without blanks around it."""
    found = trimmed(value)
    try:
        parts = urlsplit(found)
        is_good = parts.scheme in {"http", "https"} and bool(parts.hostname) and not _BLANK.search(found)
    except ValueError:
        is_good = False
    if not is_good:
        _refuse("an http or https address")
    return found


def texts(value: object) -> list[str]:
    """Texts in their order, each once: a list, JSON of a list, or a text with commas."""
    found = _parsed(value)
    if not isinstance(found, list):
        if not isinstance(value, str):
            _refuse("a list of texts")
        found = value.split(",")
    return list(dict.fromkeys([trimmed(item) for item in found if not is_nothing(item)]))


def objects(value: object) -> list[Row]:
    """A list of objects, or JSON of it."""
    found = _parsed(value)
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found if item is not None):
        _refuse("a list of objects")
    return [mapping(item) for item in found if item is not None]


def mapping(value: object) -> Row:
    """An object, or JSON of it."""
    found = _parsed(value)
    if not isinstance(found, dict):
        _refuse("an object")
    made: Row = anything(found)
    return made


def one_of(*choices: str) -> Callable[[Any], str]:
    """The kind that takes nothing but these texts.

    Args:
        choices: The texts.
    """

    def choice(value: object) -> str:
        found = trimmed(value)
        if found not in choices:
            _refuse(f"one of {', '.join(choices)}")
        return found

    return choice


def anything(value: object) -> Any:  # noqa: ANN401  # whatever JSON holds
    """A value of a free-form object, as JSON can carry it."""
    try:
        return _plain(value)
    except RecursionError:
        msg = "is nested too deeply"
        raise RejectedError(msg) from None


def _plain(value: object) -> Any:  # noqa: ANN401
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _sound(value)
    if isinstance(value, (int, float, Decimal)):
        return number(value)
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {_sound(str(name)): _plain(item) for name, item in value.items()}
    return _refuse("something that JSON can carry")


def _time(value: object) -> datetime:
    if isinstance(value, date):
        value = value.isoformat()
    try:
        return times.parse(value.strip() if isinstance(value, str) else number(value))
    except (ValueError, RejectedError):
        _refuse("a date, a time or Unix milliseconds")


def _parsed(value: object) -> object:
    """What a text says as JSON; anything else, or a text that is no JSON, as it is."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


def _sound(value: str) -> str:
    """A text that can be sent: half of a surrogate pair can't."""
    try:
        value.encode()
    except UnicodeEncodeError:
        msg = "holds text that is not valid Unicode"
        raise RejectedError(msg) from None
    return value


def _refuse(what: str) -> NoReturn:
    msg = f"must be {what}"
    raise RejectedError(msg) from None


@cache
def _zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())
