"""A plan of a play: a world, servers, settings, some runs, and what happens before and while they read. Plain data, drawn by hypothesis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from tests.sandbox.streams import lineage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.sandbox import Variant

Kind = Literal["insert", "update", "delete", "clock", "refuse"]
Stamp = Literal["now", "late", "future", "null", "absent"]


@dataclass(frozen=True)
class Deed:
    """One thing that happens to the account.

    Attributes:
        run: The run that it belongs to, counted from zero.
        request: It happens before that run's n-th request for rows; 0: before the run begins.
        kind: Rows are inserted, updated or deleted; the server's clock is moved; or, while this run lasts, the server refuses what is asked
            for: the list of a stream without a parent, or that of one parent.
        stream: The stream of the rows.
        pick: Which row, counted from any of them.
        count: How many rows, one after the other, all of them with one and the same stamp.
        stamp: When the rows say that they changed: now, earlier than now by no more than the look-back covers, later than now, or not at all.
        amount: How late, in tenths of what the look-back covers; or by how many minutes the clock is moved.
        is_told: Whether the rows above are stamped as well.
        is_moved: Whether that changes too by which a list may be sorted or divided.
    """

    run: int
    request: int
    kind: Kind
    stream: str
    pick: int = 0
    count: int = 1
    stamp: Stamp = "now"
    amount: int = 10
    is_told: bool = True
    is_moved: bool = False


@dataclass(frozen=True)
class Plan:
    """All that a play depends on.

    Attributes:
        streams: The selected streams.
        full_table: Those among them that are read whole.
        world: What World.empty takes: the seed, and how many rows of what.
        variant: How the servers behave.
        settings: Settings of the tap.
        ceilings: For each run, the setting `max_requests`.
        deeds: What happens. None of it belongs to the last runs, which are quiet.
    """

    streams: tuple[str, ...]
    full_table: tuple[str, ...]
    world: Mapping[str, int]
    variant: Variant
    settings: Mapping[str, int | str]
    ceilings: tuple[int | None, ...]
    deeds: tuple[Deed, ...]

    @property
    def played(self) -> tuple[str, ...]:
        """The selected streams and those above them, parents first."""
        found: dict[str, None] = {}
        for stream in self.streams:
            found.update(dict.fromkeys(reversed(lineage(stream))))
        return tuple(found)

    def is_disturbed(self, run: int) -> bool:
        """Whether a run has a ceiling, is refused something, or something happens while it reads."""
        return self.ceilings[run] is not None or any(deed.run == run and (deed.request or deed.kind == "refuse") for deed in self.deeds)
