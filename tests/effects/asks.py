"""Which records are about one and the same row: by key, or by e-mail and phone as the servers match people."""

from __future__ import annotations

import base64
import binascii
import contextlib
import csv
import io
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.effects.wanted import FACTS, Row, Version, folded

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass
class Ask:
    """All records that ask for the same row.

    Attributes:
        versions: The records, in their order.
        row_id: The row, once it is known.
        holds: The version that the row shows, where it needn't be the last.
        is_optional: Whether its effect may be missing, since other records of the same keys came later.
    """

    versions: list[Version]
    row_id: str | None = None
    holds: Version | None = None
    is_optional: bool = False

    @property
    def last(self) -> Version:
        """The last record."""
        return self.versions[-1]

    @property
    def label(self) -> str:
        """The key of the last record, as sentences name it."""
        return str(self.last.key if len(self.last.key) != 1 else self.last.key[0])

    @property
    def keys(self) -> set[tuple[Any, ...]]:
        """All keys."""
        return {version.key for version in self.versions}


def asks_by_key(stream: str, versions: Iterable[Version], old: Mapping[str, Row]) -> list[Ask]:
    """One ask for each key; where ids of the account may be named, its row is known.

    Args:
        stream: The stream.
        versions: Its records, in their order.
        old: The rows from before.
    """
    asks: dict[tuple[Any, ...], Ask] = {}
    for version in versions:
        ask = asks.setdefault(version.key, Ask([]))
        ask.versions.append(version)
        named = str(version.record.get("id"))
        if named in old and (FACTS[stream].by_id or version.is_deletion or not (version.email or version.phone)):
            ask.row_id = named
    return list(asks.values())


class _Directory:
    """Who is there at that moment, found as the servers find people: by e-mail, else by phone, the oldest first."""

    def __init__(self) -> None:
        self._asks: dict[tuple[str, str], dict[int, Ask]] = defaultdict(dict)
        self._places: dict[int, tuple[str, str]] = {}

    def put(self, ask: Ask, email: str, phone: str) -> None:
        """Have someone with that e-mail and phone, and with no other."""
        self.remove(ask)
        self._places[id(ask)] = (email, phone)
        for place in zip(("email", "phone"), (email, phone), strict=True):
            self._asks[place][id(ask)] = ask

    def remove(self, ask: Ask) -> None:
        """Have that one no more."""
        for place in zip(("email", "phone"), self._places.pop(id(ask), ()), strict=False):
            del self._asks[place][id(ask)]

    def reach(self, ask: Ask) -> tuple[str, str]:
        """The e-mail and the phone of someone."""
        return self._places.get(id(ask), ("", ""))

    def find(self, version: Version) -> Ask | None:
        """Whom a record is about."""
        by_email = self._asks.get(("email", version.email), {}) if version.email else {}
        by_phone = self._asks.get(("phone", version.phone), {}) if version.phone else {}
        return next(iter(by_email.values()), None) or next(iter(by_phone.values()), None)


def asks_by_person(stream: str, versions: Iterable[Version], old: Mapping[str, Row], rows: Mapping[str, Row]) -> list[Ask]:
    """One ask for each person.

    Args:
        stream: The stream.
        versions: Its records, in their order.
        old: The rows from before.
        rows: The rows now.
    """
    people, by_row, by_key = _Directory(), {}, dict[tuple[Any, ...], Ask]()
    for row_id, row in old.items():
        by_row[row_id] = Ask([], row_id)
        people.put(by_row[row_id], folded(row.get("email")), folded(row.get("phone")))
    asks: list[Ask] = []
    for version in versions:
        named = str(version.record.get("id"))
        ask = by_key.get(version.key) or by_row.get(named) if version.is_deletion else None
        ask = ask or people.find(version)
        if ask is None and stream == "leads" and named in by_row and folded(rows.get(named, {}).get("email")) == version.email:
            ask = by_row[named]
        if ask is None and stream == "leads" and named in by_row and not (version.email or version.phone):
            ask = by_row[named]
        if ask is None:
            if version.is_deletion:
                # Nobody was there.
                continue
            ask = Ask([])
        if not ask.versions:
            asks.append(ask)
        ask.versions.append(version)
        by_key[version.key] = ask
        if version.is_deletion:
            people.remove(ask)
            del by_key[version.key]
        else:
            email, phone = people.reach(ask)
            people.put(ask, folded(version.wanted.get("email", email)), folded(version.wanted.get("phone", phone)))
    return asks


@dataclass(frozen=True)
class People:
    """E-mails and phones."""

    emails: set[str] = field(default_factory=set)
    phones: set[str] = field(default_factory=set)

    def has(self, row: Row) -> bool:
        """Whether a row is about one of them."""
        return folded(row.get("email")) in self.emails or folded(row.get("phone")) in self.phones


def people_of_imports(asks: Iterable[Ask]) -> People:
    """Whoever stands in the files of imports: the server makes and changes their leads by itself."""
    found = People()
    for ask in asks:
        for version in ask.versions:
            data = str(version.record.get("file_data"))
            # If it isn't base64, it is the text itself.
            with contextlib.suppress(binascii.Error, UnicodeDecodeError):
                data = base64.b64decode(data, validate=True).decode()
            for line in csv.DictReader(io.StringIO(data)):
                found.emails.update({folded(line.get("email"))} - {""})
                found.phones.update({folded(line.get("phone"))} - {""})
    return found
