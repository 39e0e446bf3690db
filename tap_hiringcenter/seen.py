"""Which rows of a list were seen, and in which version: in a dict while they are few, and in twenty-four bytes each when they are many.

A dict of the keys and versions of a million rows takes 140 MB, which is more than all the rest of a run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

Sighting = tuple[Any, Any]
"""A row's key (what makes it this row), and its version (what changes when it changes)."""

_FEW = 200_000
_BUCKETS = 4096
_DIGEST = 16
_ENTRY = 24
_64_BITS = (1 << 64) - 1


class Seen:
    """The rows that were seen.

    Args:
        few: Up to how many rows are kept as they are. The others are kept as digests: of a million rows, two have the same once in 10^26 runs.
    """

    def __init__(self, few: int = _FEW) -> None:
        self._few = few
        self._rows: dict[Any, Any] = {}
        self._buckets: list[bytearray] = []
        self._packed = 0

    def __len__(self) -> int:
        """How many rows there are."""
        return len(self._rows) + self._packed

    def add(self, sightings: Sequence[Sighting]) -> tuple[list[int], bool]:
        """Note rows.

        Args:
            sightings: The rows.

        Returns:
            The places of those that had not been seen as they are now, and whether one of these had been seen otherwise.
        """
        if not self._buckets and len(self) + len(sightings) > self._few:
            self._pack()
        if not self._buckets:
            new = dict(sightings)
            if len(new) == len(sightings) and self._rows.keys().isdisjoint(new):
                # As nearly always: none of them was seen before.
                self._rows.update(new)
                return list(range(len(sightings))), False
        note = self._note_packed if self._buckets else self._note
        before = len(self)
        fresh = [place for place, (key, version) in enumerate(sightings) if note(key, version)]
        return fresh, len(self) - before < len(fresh)

    def holds_all_of(self, other: Seen) -> bool:
        """Whether all rows that another has were seen, and last as it saw them."""
        if other._buckets and not self._buckets:
            self._pack()
        if other._buckets:
            return all(self._has(entry) for bucket in other._buckets for entry in _entries(bucket))
        if self._buckets:
            return all(self._has(_entry(key, version)) for key, version in other._rows.items())
        return all(key in self._rows and self._rows[key] == version for key, version in other._rows.items())

    def missing(self, sightings: Sequence[Sighting]) -> list[int]:
        """The places of the rows whose keys were never seen, in any version."""
        if not self._buckets:
            return [place for place, (key, _) in enumerate(sightings) if key not in self._rows]
        return [place for place, (key, version) in enumerate(sightings) if self._find(_entry(key, version)) < 0]

    def _note(self, key: Any, version: Any) -> bool:  # noqa: ANN401  # whatever JSON holds
        if key in self._rows and self._rows[key] == version:
            return False
        self._rows[key] = version
        return True

    def _note_packed(self, key: Any, version: Any) -> bool:  # noqa: ANN401  # as above
        entry = _entry(key, version)
        bucket, place = self._bucket(entry), self._find(entry)
        if place < 0:
            bucket += entry
            self._packed += 1
        elif bucket.startswith(entry, place):
            return False
        else:
            bucket[place : place + _ENTRY] = entry
        return True

    def _has(self, entry: bytes) -> bool:
        place = self._find(entry)
        return place >= 0 and self._bucket(entry).startswith(entry, place)

    def _bucket(self, entry: bytes) -> bytearray:
        return self._buckets[(entry[0] << 8 | entry[1]) % _BUCKETS]

    def _find(self, entry: bytes) -> int:
        bucket, digest = self._bucket(entry), entry[:_DIGEST]
        place = bucket.find(digest)
        while place > 0 and place % _ENTRY:
            place = bucket.find(digest, place + 1)
        return place

    def _pack(self) -> None:
        self._buckets = [bytearray() for _ in range(_BUCKETS)]
        for key, version in self._rows.items():
            self._bucket(entry := _entry(key, version)).extend(entry)
        self._packed, self._rows = len(self._rows), {}


def _entry(key: Any, version: Any) -> bytes:  # noqa: ANN401  # as above
    """A row in twenty-four bytes, by Python's own keyed hash; the first sixteen are those of its key."""
    text = repr(key)
    hashes = hash(text), hash(f"{text}+"), hash(repr(version))
    return b"".join([(number & _64_BITS).to_bytes(8, "big") for number in hashes])


def _entries(bucket: bytearray) -> list[bytes]:
    return [bytes(bucket[place : place + _ENTRY]) for place in range(0, len(bucket), _ENTRY)]
