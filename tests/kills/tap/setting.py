"""How tap and servers may be set: what is selected, how it is read, how the servers behave, and what happens in between."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any, Literal

from tests.auditor import EVERY_STREAM
from tests.sandbox import Variant, World
from tests.sandbox.streams import TABLES

# Small lists, most of them longer than a page; leads fill so many pages that they are read in windows.
_PAGE = 2
WORLD: dict[str, int] = {
    "size": 8,
    "leads": 24,
    "campaigns": 4,
    "exports": 3,
    "imports": 4,
    "inbox_threads": 5,
    "jobs": 4,
    "prospector_workflows": 3,
    "webhooks": 4,
    "messages_per_lead": 1,
}
VARIANTS = {
    "current": Variant(prospectb2b_page_size=_PAGE, prospects_paging="token"),
    "older": Variant(
        prospectb2b_page_size=_PAGE, hiringcenter_shape="older", prospects_paging="cap_silent", prospects_cap=5, cursor="offset", order="updated_desc"
    ),
}
# Names of the selections that hold more than one stream.
EVERYTHING = "everything"
_ROOTS = {name: name for name in EVERY_STREAM}
for _child in (table for table in TABLES.values() if table.parent):
    _ROOTS[_child.name] = _ROOTS[_child.parent or ""]
FAMILIES = {f"{root}+": tuple(name for name in EVERY_STREAM if _ROOTS[name] == root) for root in _ROOTS if list(_ROOTS.values()).count(root) > 1}

Mode = Literal["first", "incremental", "full", "children"]
_MODES: tuple[Mode, ...] = ("first", "incremental", "full", "children")


@dataclass(frozen=True)
class Setting:
    """How tap and servers are set.

    Attributes:
        selection: A stream, a family (the name of its root with a plus) or `everything`.
        mode: What the stopped run is: `first` (without a state), `incremental` (after a whole run, and changes), `full` (all streams FULL_TABLE,
            after a whole run, changes and deletions), `children` (`child_sync: full`, likewise, with deletions among the children).
        concurrency: The setting `max_concurrency`.
        variant: How the servers behave (`VARIANTS`).
        is_moving: Whether rows change between a stopped run and the next one.
    """

    selection: str
    mode: Mode = "first"
    concurrency: int = 1
    variant: str = "current"
    is_moving: bool = False

    def __str__(self) -> str:
        """In one word for each of its parts."""
        return f"{self.selection} {self.mode} {self.concurrency} {self.variant} {'moving' if self.is_moving else 'still'}"

    @property
    def streams(self) -> tuple[str, ...]:
        """The streams that are selected."""
        return EVERY_STREAM if self.selection == EVERYTHING else FAMILIES.get(self.selection, (self.selection,))

    @property
    def swept(self) -> tuple[str, ...]:
        """Those among them of which deletions must show."""
        children = tuple(name for name in self.streams if TABLES.get(name) and TABLES[name].parent)
        return {"full": self.streams, "children": children}.get(self.mode, ())

    @property
    def config(self) -> dict[str, Any]:
        """Settings of the tap."""
        changed = {"child_sync": "full"} if self.mode == "children" else {}
        return {"max_concurrency": self.concurrency, "hiringcenter_page_size": 3, **changed}

    @property
    def full_table(self) -> tuple[str, ...]:
        """The streams that are FULL_TABLE in the catalog."""
        return self.streams if self.mode == "full" else ()

    def world(self) -> World:
        """What the servers hold at first: the same each time."""
        return World(seed=7, **WORLD)


# Concurrency, variant and movement: any two of their values meet in one of these.
_WAYS = ((1, "current", False), (1, "older", True), (8, "current", True), (8, "older", False))


def _settings() -> list[Setting]:
    """Families in each of these ways; streams alone, and everything together, in one or two for each mode."""
    way = itertools.cycle(_WAYS)
    alone = [Setting(name, mode, *next(way)) for mode in _MODES for name in EVERY_STREAM]
    families = [Setting(name, mode, *one) for name in FAMILIES for mode in _MODES for one in _WAYS]
    together = [Setting(EVERYTHING, mode, *next(way)) for mode in _MODES for _ in range(2)]
    return [one for one in (*alone, *families, *together) if one.mode != "children" or one.swept]


SETTINGS = _settings()
