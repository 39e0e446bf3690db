"""Times: every one becomes RFC 3339 in UTC with milliseconds, so that the text of two times sorts as the times do.

HiringCenter sends Unix milliseconds (API overview, "Timestamps"), its poll feed and ProspectB2B send ISO 8601.
"""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import msgspec
import pendulum

if TYPE_CHECKING:
    from collections.abc import Sequence

_FIRST = datetime.min.replace(tzinfo=timezone.utc)
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
# The form of `to_text`: how long it is, and what stands where in it.
_LENGTH = len("0000-00-00T00:00:00.000Z")
_MARKS = ((10, "T"), (19, "."), (23, "Z"))
_COMMON = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d)?", re.ASCII)
_DIGITS = re.compile(r"-?\d{9,16}", re.ASCII)
# What pendulum takes beyond ISO 8601 (a time alone, "now") would become a moment of today.
_DATED = re.compile(r"\d{4}-\d\d-\d\d(?:[T ].*)?", re.ASCII)


def to_text(moment: datetime) -> str:
    """Write a moment as this project writes all of them.

    Args:
        moment: An aware time.

    Returns:
        For example `2024-05-29T16:26:40.000Z`; what is finer than a millisecond is cut off.
    """
    return moment.astimezone(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse(value: object) -> datetime:
    """Read a time in any of the forms that the APIs use.

    Args:
        value: Unix milliseconds (a number, or its digits), or an ISO 8601 date or time; without a zone it is UTC.

    Returns:
        The moment, in UTC.

    Raises:
        ValueError: It is no time, or one outside of the years 1 to 9999.
    """
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        value = int(value)
    try:
        if isinstance(value, str) and _COMMON.fullmatch(value):
            return _in_utc(msgspec.convert(value, datetime))  # twenty times as fast as pendulum
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return _EPOCH + timedelta(milliseconds=value)
        if isinstance(value, str) and _DATED.fullmatch(value):
            found: object = pendulum.parse(value, exact=True)
            if isinstance(found, datetime):
                # A plain datetime: pendulum's own is slower to compare and to shift, and nothing here needs more.
                return _in_utc(datetime.fromisoformat(found.isoformat()))
            if isinstance(found, date):
                return datetime(found.year, found.month, found.day, tzinfo=timezone.utc)
    except (ValueError, OverflowError, TypeError, msgspec.ValidationError) as error:
        msg = f"not a time within the years 1 to 9999: {type(value).__name__}"
        raise ValueError(msg) from error
    msg = f"not a time: {type(value).__name__}"
    raise ValueError(msg)


def _in_utc(moment: datetime) -> datetime:
    return moment.astimezone(timezone.utc) if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def earlier(value: object, by: timedelta) -> str:
    """Go back from a time, but not out of the years that there are.

    Args:
        value: See `parse`.
        by: How far.

    Returns:
        The earlier time as `to_text` writes it.

    Raises:
        ValueError: As `parse` does.
    """
    moment = parse(value)
    return to_text(moment - by if moment - _FIRST > by else _FIRST)


def normalise(value: object) -> str:
    """Turn a time in any of the APIs' forms into the project's form.

    Args:
        value: See `parse`.

    Returns:
        The time as `to_text` writes it.

    Raises:
        ValueError: As `parse` does.
    """
    return to_text(parse(value))


def column(values: Sequence[Any]) -> Sequence[str | None]:
    """Normalise many times at once, which costs a fraction of doing it one by one.

    Args:
        values: Values as `parse` takes them, or anything else.

    Returns:
        For each of them what `normalise` gives, None where it would raise; the very values that were given when all are in that form already.
    """
    present = [value for value in values if value is not None]
    kinds = set(map(type, present))
    if not kinds or (kinds == {str} and _are_normal(present)):
        return values
    if kinds == {int}:
        with suppress(msgspec.ValidationError, ValueError, OverflowError):
            texts = _of_milliseconds(present)
            if len(texts) == len(values):
                return texts
            following = iter(texts)
            return [None if value is None else next(following) for value in values]
    return [_normalised_or_none(value) for value in values]


def _are_normal(texts: Sequence[str]) -> bool:
    """Whether all texts are as `to_text` writes them."""
    joined = "".join(texts)
    # As long as that, and with these three at their places: of all that msgspec takes for a time, only this form is so.
    if not joined.isascii() or len(joined) != _LENGTH * len(texts) or any(joined[place::_LENGTH] != letter * len(texts) for place, letter in _MARKS):
        return False
    try:
        msgspec.convert(texts, list[datetime])
    except msgspec.ValidationError:
        return False  # no such day, or no such hour
    return True


def _of_milliseconds(values: Sequence[int]) -> list[str | None]:
    """Unix milliseconds as `to_text` writes them.

    Raises:
        ValidationError: One of them is outside of the years 1 to 9999.
        ValueError: The same, for the first second after them.
        OverflowError: The same, for one that no float holds.
    """
    # From the middle of each millisecond no rounding leads out of it, and all of its digits are written.
    moments = msgspec.convert([(value + 0.5) / 1000 for value in values], list[datetime], strict=False)
    return [f"{text[: _LENGTH - 1]}Z" for text in msgspec.to_builtins(moments)]


def _normalised_or_none(value: object) -> str | None:
    try:
        return normalise(value)
    except ValueError:
        return None
