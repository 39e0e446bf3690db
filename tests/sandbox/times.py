"""The sandbox's clock, and the forms in which the three APIs write a moment."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from functools import lru_cache

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_ISO = re.compile(
    r"(?P<date>\d{4}-\d\d-\d\d)"
    r"(?:[T ](?P<minute>\d\d:\d\d)(?::(?P<second>\d\d)(?:\.(?P<fraction>\d{1,9}))?)?(?P<zone>Z|[+-]\d\d:?\d\d)?)?"
)


class Clock:
    """Real time plus an offset that tests push forward."""

    def __init__(self) -> None:
        """Start at real time."""
        self._offset = timedelta(0)

    def now(self) -> datetime:
        """The sandbox's present, with a zone."""
        return datetime.now(timezone.utc) + self._offset

    def advance(self, seconds: float) -> None:
        """Push the clock; a negative number makes a server whose clock is behind."""
        self._offset += timedelta(seconds=seconds)


def iso(moment: datetime) -> str:
    """As ProspectB2B writes it: UTC with milliseconds."""
    return f"{moment.astimezone(timezone.utc):%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def millis(moment: datetime) -> int:
    """As HiringCenter writes it: Unix milliseconds."""
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def parse_iso(text: str) -> datetime | None:
    """Read an ISO 8601 date or date-time; no zone means UTC.

    Returns:
        The moment, or None when the text is none.
    """
    found = _ISO.fullmatch(text)
    if not found:
        return None
    zone = found["zone"] or "Z"
    offset = "+00:00" if zone == "Z" else f"{zone[:3]}:{zone[-2:]}"
    fraction = (found["fraction"] or "").ljust(6, "0")[:6]
    try:
        return datetime.fromisoformat(f"{found['date']}T{found['minute'] or '00:00'}:{found['second'] or '00'}.{fraction}{offset}")
    except ValueError:
        return None


def has_zone(text: str) -> bool:
    """Whether the text is a full date-time that names its zone."""
    found = _ISO.fullmatch(text)
    return bool(found and found["zone"])


def position(value: object) -> int | None:
    """Where a served time lies, in microseconds since 1970, whichever API wrote it.

    Returns:
        The microseconds, or None for anything that is not a time.
    """
    if isinstance(value, str):
        return _position_of_text(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value * 1000
    return None


@lru_cache(maxsize=100_000)
def _position_of_text(text: str) -> int | None:
    moment = parse_iso(text)
    return None if moment is None else (moment - _EPOCH) // timedelta(microseconds=1)


def to_millis(value: int | str) -> int:
    """What HiringCenter keeps of an input that may be milliseconds or ISO 8601.

    Raises:
        ValueError: It is neither.
    """
    if isinstance(value, int):
        return value
    moment = parse_iso(value)
    if moment is None:
        message = f"{value!r} is no ISO 8601 date"
        raise ValueError(message)
    return millis(moment)
