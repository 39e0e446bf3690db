"""Seeded chance, and the words that made-up rows are made of."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_T = TypeVar("_T")

_FIRST = (
    ("Avery", "avery"), ("Zoë", "zoe"), ("Jürgen", "juergen"), ("Siobhán", "siobhan"), ("李娜", "lina"), ("Łukasz", "lukasz"), ("Noor", "noor"),
    ("Nguyễn", "nguyen"), ("Mateo", "mateo"), ("Иван", "ivan"), ("Chloé", "chloe"), ("Kwame", "kwame"), ("D'Arcy", "darcy"), ("Sana 🌱", "sana"),
)  # fmt: skip
_LAST = (
    ("Coleman", "coleman"), ("O'Neill", "oneill"), ("Müller", "mueller"), ("王", "wang"), ("García-López", "garcia"), ("Çelik", "celik"),
    ("Kowalczyk", "kowalczyk"), ("Ångström", "angstrom"), ("Петрова", "petrova"), ("Adeyemi", "adeyemi"), ("Silva", "silva"),
    ("de la Cruz", "cruz"),
)  # fmt: skip
COMPANIES = ("Northwind Health", "Hafen & Söhne", "Acme, Inc.", "Blå Fjord AS", 'Tidewater "Realty"', "株式会社サクラ", "Copper Kettle")  # fmt: skip
TITLES = ("Sales Manager", "Team Lead, Field", "Broker", "Directrice régionale", "Recruiter", "Loan Officer")
LABELS = ("Hot", "Inbound", "Referral", "Licensed", "Zürich", "Needs follow-up")
CITIES = (("Austin", "TX", "78701"), ("Portland", "OR", "97201"), ("Québec", "QC", "G1R 4P5"), ("Tampa", "FL", "33602"))
ZONES = ("America/New_York", "Europe/Berlin", "America/Los_Angeles", "Asia/Tokyo", "UTC")
_AREAS = ("212", "305", "415", "512", "646", "773")

_START = datetime(2026, 1, 5, 8, 0, tzinfo=timezone.utc)
_SPAN_MS = 150 * 24 * 3600 * 1000


@dataclass(frozen=True)
class Person:
    """A name with ways to reach it."""

    first: str
    last: str
    email: str
    phone: str

    @property
    def name(self) -> str:
        """Both names."""
        return f"{self.first} {self.last}"


class Draw:
    """All the chance that one table needs; the same seed draws the same rows."""

    def __init__(self, seed: str, ids: Mapping[str, Sequence[str]]) -> None:
        """Seed it.

        Args:
            seed: Any text.
            ids: The ids that there are already, by table, for references.
        """
        self._random = random.Random(seed)
        self._ids = ids
        self._people = 0

    def chance(self, share: float) -> bool:
        """True in that share of all cases."""
        return self._random.random() < share

    def below(self, end: int) -> int:
        """A number from 0 to end - 1."""
        return int(self._random.random() * end)

    def one(self, items: Sequence[_T]) -> _T:
        """One of them."""
        return items[int(self._random.random() * len(items))]

    def some(self, items: Sequence[_T]) -> list[_T]:
        """None to three of them, in their order."""
        return [item for item in items if self._random.random() < 1.5 / len(items)][:3]

    def hex(self, digits: int) -> str:
        """So many hex digits."""
        return f"{self._random.getrandbits(4 * digits):0{digits}x}"

    def reference(self, table: str) -> str:
        """The id of a row of that table, or of none when it is empty."""
        ids = self._ids.get(table)
        return self.one(ids) if ids else self.hex(12)

    def person(self) -> Person:
        """Someone whose email and phone nobody else drawn here has."""
        (first, plain_first), (last, plain_last) = self.one(_FIRST), self.one(_LAST)
        number, self._people = self._people, self._people + 1
        phone = f"+1{_AREAS[number % len(_AREAS)]}{200 + number // 10_000 % 800}{number % 10_000:04d}"
        return Person(first, last, f"{plain_first}.{plain_last}{number}@example.com", phone)

    def moment(self) -> datetime:
        """Some time in the first half of 2026; one in five is a whole second."""
        ms = int(self._random.random() * _SPAN_MS)
        return _START + timedelta(milliseconds=ms - ms % 1000 if self.chance(0.2) else ms)

    def later(self, moment: datetime) -> datetime:
        """Up to ten days afterwards; one in four is the same moment."""
        if self.chance(0.25):
            return moment
        return moment + timedelta(milliseconds=int(self._random.random() * 864_000_000))
