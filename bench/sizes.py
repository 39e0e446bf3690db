"""How much is measured."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Sizes:
    """How much is measured.

    Attributes:
        rounds: How often each contestant runs.
        rows: Rows of a list.
        parents: Leads that activities are read for.
        at_once: Requests under way at once, one measure for each.
        small: Rows of each list when all streams are read.
        starts: How often each start-up is measured.
        unchanged: Rows that the target gets and has nothing to do for.
        ledger: Keys in the ledger.
        bulk: Rows that are written in bulk.
        single: Rows that are written one by one.
    """

    rounds: int
    rows: int
    parents: int
    at_once: tuple[int, ...]
    small: int
    starts: int
    unchanged: int
    ledger: int
    bulk: int
    single: int


FULL = Sizes(
    rounds=5, rows=200_000, parents=2_000, at_once=(8, 16, 32), small=100, starts=10, unchanged=200_000, ledger=1_000_000, bulk=160_000, single=2_000
)
QUICK = Sizes(rounds=3, rows=20_000, parents=400, at_once=(8, 32), small=20, starts=3, unchanged=50_000, ledger=100_000, bulk=16_000, single=400)
TINY = Sizes(rounds=1, rows=100, parents=10, at_once=(4,), small=2, starts=1, unchanged=100, ledger=200, bulk=200, single=10)
