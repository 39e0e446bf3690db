"""What tells one row of an API from the others, where the API itself doesn't."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tap_hiringcenter.api import times
from tap_hiringcenter.api.request import Request
from target_hiringcenter.rows import digits_in
from target_hiringcenter.writes import Look

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from target_hiringcenter.writes import Row

# Digits of a North American number with its 1.
_WITH_CODE = 11


def words(value: object) -> str:
    """A text without the blanks around it, which a server may cut off."""
    return "" if value is None else str(value).strip()


def instant(value: object) -> str:
    """A time, the same in all of its forms."""
    try:
        return times.normalise(value)
    except ValueError:
        return words(value)


def folded(value: object) -> str:
    """An e-mail, the same in letters of any case."""
    return words(value).casefold()


def digits(value: object) -> str:
    """A phone number, the same in all notations, and of a North American one with and without its 1."""
    return _national(digits_in(words(value)))


def _national(number: str) -> str:
    return number[1:] if len(number) == _WITH_CODE and number[0] == "1" else number


def contact_locks(match: frozenset[str]) -> frozenset[str]:
    """What a person may be found by, in all the notations that are taken for one.

    Args:
        match: What the API finds it by (see `Form.match`).
    """
    phones = [_national(key[len("phone:") :]) for key in match if key.startswith("phone:")]
    return match.union(f"phone:{code}{phone}" for phone in phones for code in ("", "1"))


@dataclass(frozen=True)
class Trait:
    """One thing by which a row is known.

    Attributes:
        columns: Names under which a row may have it.
        reads: Makes two values of it the same text when they are the same.
    """

    columns: tuple[str, ...]
    reads: Callable[[object], str] = words

    def of(self, row: Row) -> str:
        """The trait of a row."""
        return self.reads(next((row[name] for name in self.columns if row.get(name) is not None), None))


def look_for(  # noqa: PLR0913  # each says one thing of where and how to look
    path: str,
    wanted: Mapping[str, Any],
    traits: Mapping[str, Trait],
    *,
    query: Mapping[str, Any] | None = None,
    is_always: bool = False,
    since: str | None = None,
) -> Look:
    """Say how to find a row in a list.

    Args:
        path: The list's path.
        wanted: The row as it is wanted.
        traits: By what it is known, under the names that they have in `wanted`; those that are not there don't count.
        query: Query parameters.
        is_always: See `Look`.
        since: See `Look`.
    """
    known = {name: trait for name, trait in traits.items() if name in wanted}

    def identity(row: Row) -> str:
        return json.dumps([trait.of(row) for trait in known.values()])

    text = json.dumps([trait.reads(wanted[name]) for name, trait in known.items()])
    return Look(Request("GET", path, query=query or {}), text, identity, is_always=is_always, since=since)
