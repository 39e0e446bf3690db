"""Times: every one becomes RFC 3339 in UTC with milliseconds, so that the text of two times sorts as the times do.

HiringCenter sends Unix milliseconds (API overview, "Timestamps"), its poll feed and ProspectB2B send ISO 8601.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, timezone

import pendulum

_FIRST = datetime.min.replace(tzinfo=timezone.utc)
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_NORMAL = re.compile(r"(?!0000)\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z", re.ASCII)
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
    if isinstance(value, str) and _NORMAL.fullmatch(value):
        # The form of `to_text` and of ProspectB2B, and by far the fastest way to read it.
        return datetime.fromisoformat(value[:-1] + "+00:00")
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        value = int(value)
    try:
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return _EPOCH + timedelta(milliseconds=value)
        if isinstance(value, str) and _DATED.fullmatch(value):
            found: object = pendulum.parse(value, exact=True)
            if isinstance(found, datetime):
                # A plain datetime: pendulum's own is slower to compare and to shift, and nothing here needs more.
                return datetime.fromisoformat(found.isoformat()).astimezone(timezone.utc)
            if isinstance(found, date):
                return datetime(found.year, found.month, found.day, tzinfo=timezone.utc)
    except (ValueError, OverflowError, TypeError) as error:
        msg = f"not a time within the years 1 to 9999: {type(value).__name__}"
        raise ValueError(msg) from error
    msg = f"not a time: {type(value).__name__}"
    raise ValueError(msg)


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
    # Most values are in this form already; parsing them would be the dearest step of a row.
    if isinstance(value, str) and _NORMAL.fullmatch(value):
        return value
    return to_text(parse(value))
