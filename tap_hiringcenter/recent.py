"""The roots that a next run looks at again, and which of them are just as they were.

Each run reads again what changed shortly before its bookmark, for roots that become visible late. Asking for the children of all of them once more
would cost a run without any news thousands of requests after a large import. So a bookmark of children holds a digest of these roots: where it is
the same, their children are complete. It is as long for a thousand roots as for one.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import TYPE_CHECKING

from tap_hiringcenter.api import times

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import timedelta

Root = tuple[str, str]
"""The id of a root, and when it changed."""

# One root that changed spoils the digest of those in its bucket only.
_BUCKETS = 8
_LENGTH = 6


class Recent:
    """The roots that changed last.

    Args:
        lookback: How far back from the last one they are kept.
    """

    def __init__(self, lookback: timedelta) -> None:
        self._lookback = lookback
        self._roots: list[Root] = []

    def add(self, roots: Iterable[Root]) -> None:
        """Take more roots, none of which changed before those that were taken already."""
        self._roots += roots
        if self._roots:
            self._keep_from(max(change for _, change in self._roots))

    def digest(self, until: str) -> str:
        """What tells the roots from a look-back before a time on from any other set of roots, as text.

        Args:
            until: The time, which no root is later than; nothing when there is no root.
        """
        if until:
            self._keep_from(until)
        return base64.b64encode(b"".join(_folded(self._roots))).decode()

    def _keep_from(self, until: str) -> None:
        first = times.earlier(until, self._lookback)
        self._roots = [root for root in self._roots if root[1] >= first]


def unchanged(roots: Iterable[Root], digest: str) -> set[str]:
    """Which roots are as they were.

    Args:
        roots: The roots now, within the time that the digest is about.
        digest: What `Recent.digest` gave then; anything else is the digest of no root.

    Returns:
        The ids of those that were there with just this change, in a bucket where nothing else came, changed or went.
    """
    roots = list(roots)
    try:
        then = base64.b64decode(digest, validate=True)
    except binascii.Error:
        return set()
    same = [now == then[place * _LENGTH : (place + 1) * _LENGTH] for place, now in enumerate(_folded(roots))]
    return {root[0] for root in roots if same[_hashed(root)[0]]}


def _folded(roots: Iterable[Root]) -> list[bytes]:
    buckets = [0] * _BUCKETS
    for root in set(roots):
        bucket, value = _hashed(root)
        buckets[bucket] ^= value
    return [value.to_bytes(_LENGTH, "big") for value in buckets]


def _hashed(root: Root) -> tuple[int, int]:
    found = hashlib.blake2b("\n".join(root).encode(errors="surrogatepass"), digest_size=1 + _LENGTH).digest()
    return found[0] % _BUCKETS, int.from_bytes(found[1:], "big")
