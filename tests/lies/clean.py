"""Honest servers of every sort that the documents leave open: what must not be taken for a liar."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

from tests.auditor import EVERY_STREAM, emitted, schema
from tests.lies.rule import broken_promises
from tests.running import settings_for, sync
from tests.sandbox import Limits, Sandbox, Variant, World
from tests.sandbox.streams import TABLES
from tests.sandbox.times import position

if TYPE_CHECKING:
    from tests.running import Outcome
    from tests.sandbox.store import Row

# What is read only: the other choices are about writes.
_CHOICES = (
    "hiringcenter_shape", "hiringcenter_end", "prospects_paging", "total_is", "text_filters", "notes_token", "poll_feed", "cursor", "order",
    "cursor_on_all_lists", "next_cursor_at_end", "updated_filters", "null_times", "retry_after", "ratelimit_reset",
)  # fmt: skip
_YES_OR_NO = ("hiringcenter_totals", "limit_on_all_lists", "after_is_inclusive", "before_is_inclusive", "me_scopes", "ratelimit_headers")
_SIZES = (1, 2, 3, 5, 7, 50, 200)
_COUNTS = {
    "prospects": (0, 1, 2, 9, 30), "meetings": (0, 1, 9, 30), "notes": (0, 1, 9, 30), "tasks": (0, 1, 9, 30), "leads": (0, 1, 9, 25),
    "campaigns": (0, 1, 4), "referrals": (0, 1, 8), "support_tickets": (0, 1, 8), "jobs": (0, 1, 4), "exports": (0, 1, 3), "imports": (0, 1, 3),
    "inbox_threads": (0, 1, 4), "prospector_workflows": (0, 1, 3), "lead_fields": (0, 1, 4),
    "activities_per_lead": (0, 1, 4), "messages_per_lead": (0, 1, 3), "events_per_run": (0, 1, 5), "errors_per_import": (0, 1, 5),
}  # fmt: skip
# The other lists take no parameter in the reference.
_TAKE_CURSORS = {"leads", "lead_activities", "inbox_threads"}
_CHANGES = {"prospects": "updatedAt", "meetings": "updatedAt", "tasks": "updatedAt", "notes": "createdAt"}
_WHOLE = {"prospect_feed", "lead_fields"}


@dataclass(frozen=True)
class Honest:
    """An honest server, and how it is read.

    Attributes:
        seed: What all of it was drawn from.
        world: Its rows.
        variant: How it behaves.
        limits: Whether it limits requests, and says so.
        settings: Settings of the tap.
    """

    seed: int
    world: World
    variant: Variant
    limits: Limits | None
    settings: dict[str, Any]


def draw_honest(seed: int) -> Honest:
    """Draw an honest server."""
    draw = random.Random(seed)
    hints = get_type_hints(Variant)
    choices: dict[str, Any] = {name: draw.choice(get_args(hints[name])) for name in _CHOICES}
    if draw.random() < 0.7:
        # Most servers take the cursors that they hand out; the others would leave little else to see.
        choices["cursor_on_all_lists"] = "allowed"
    choices |= {name: draw.random() < 0.5 for name in _YES_OR_NO}
    sizes: dict[str, Any] = {
        "prospects_cap": draw.choice(_SIZES),
        "prospectb2b_page_size": draw.choice(_SIZES),
        "prospectb2b_max_limit": draw.choice((50, 200)),
    }
    variant = Variant(**choices, **sizes)
    world = World(seed, 4, **{name: draw.choice(counts) for name, counts in _COUNTS.items() if draw.random() < 0.8})
    settings: dict[str, Any] = {"hiringcenter_page_size": draw.choice(_SIZES), "max_concurrency": draw.choice((1, 2, 8))}
    if draw.random() < 0.4:
        settings["prospectb2b_page_size"] = draw.choice((1, 3, 100, 1000))
    if draw.random() < 0.4:
        settings["start_date"] = f"202{draw.choice('456')}-0{draw.randint(1, 9)}-01T00:00:00Z"
    limits = Limits(per_minute=100_000, headers=variant.ratelimit_headers) if draw.random() < 0.5 else None
    return Honest(seed, world, variant, limits, settings)


def wrong_with(honest: Honest) -> list[str]:
    """Read an honest server whole.

    Returns:
        One sentence for everything that isn't as it must be: a stream that is refused although it can be read, a row that is missing.
    """
    with Sandbox(honest.world, variant=honest.variant, limits=honest.limits) as sandbox:
        run = sync(settings_for(sandbox, **honest.settings), *EVERY_STREAM)
        found = broken_promises(run)
        unreadable = unprovable(sandbox, honest)
        for stream in EVERY_STREAM:
            status = run.status(stream)
            if status == "complete" and not (stream == "prospects" and _hides_prospects(sandbox)):
                found += _missing(sandbox, run, stream, honest.settings.get("start_date"))
            elif status != "complete" and stream not in unreadable:
                found.append(f"{stream} is {status}: {run.report['streams'][stream]['reason']}")
    return [f"seed {honest.seed}: {line}" for line in found]


def unprovable(sandbox: Sandbox, honest: Honest) -> set[str]:
    """The streams that this server may not let anybody read to a proven end; they must be whole, or said not to be."""
    variant, found = honest.variant, set()
    is_capped = variant.prospects_paging in {"cap_silent", "cap_refused"}
    if is_capped and (len(sandbox.truth("prospects")) > variant.prospects_cap or variant.total_is == "returned"):
        found.add("prospects")
    count = len(sandbox.truth("prospects"))
    if count >= honest.settings["hiringcenter_page_size"] and (variant.total_is == "returned" or count == 1):
        # As many as were asked for, or as its cap: that no number beside them counts others shows nothing.
        found.add("prospects")
    if variant.prospects_paging == "cap_refused" and variant.prospects_cap < honest.settings["hiringcenter_page_size"]:
        # It refuses what it was asked for, and says nowhere what it would take.
        found.add("prospects")
    if variant.poll_feed == "single" and not sandbox.truth("prospect_feed"):
        # What stands in the place of a record when there is none, nobody knows: the sandbox says {}.
        found.add("prospect_feed")
    if variant.notes_token == "until" and honest.settings["hiringcenter_page_size"] == 1:
        # A page of one row, whose token leads to that row again.
        found.add("notes")
    if variant.cursor_on_all_lists != "allowed":
        for stream in EVERY_STREAM:
            table = TABLES.get(stream)
            if table and table.system == "prospectb2b" and stream not in _TAKE_CURSORS and _longest(sandbox, stream) > variant.prospectb2b_page_size:
                found.add(stream)
        found |= {stream for stream in EVERY_STREAM if _above(stream) & found}
    return found


def _hides_prospects(sandbox: Sandbox) -> bool:
    """Whether the server cuts its one page short and counts no more than is in it (see `unseen`)."""
    variant = sandbox.variant
    return (variant.prospects_paging, variant.total_is) == ("cap_silent", "returned") and len(sandbox.truth("prospects")) > variant.prospects_cap


def _longest(sandbox: Sandbox, stream: str) -> int:
    """How many rows the longest list of a stream has."""
    counts: dict[Any, int] = {}
    for row in sandbox.truth(stream):
        above = row.get(TABLES[stream].parent_key or "")
        counts[above] = counts.get(above, 0) + 1
    return max(counts.values(), default=0)


def _above(stream: str) -> set[str]:
    parent = TABLES[stream].parent if stream in TABLES else None
    return {parent, *_above(parent)} if parent else set()


def _missing(sandbox: Sandbox, run: Outcome, stream: str, start_date: str | None) -> list[str]:
    """What a stream lacks of what changed since the start, and what it has that isn't there."""
    keys = schema(stream)["required"]
    held = {tuple(record[key] for key in keys): record for record in run.records(stream)}
    wanted = {}
    there = {}
    for row in sandbox.truth(stream):
        record = emitted(stream, row)
        key = tuple(record[name] for name in keys)
        there[key] = record
        if start_date is None or _is_since(sandbox, stream, row, start_date):
            wanted[key] = record
    found = [f"{stream}: {key} is missing" for key in wanted if key not in held]
    return found + [f"{stream}: {key} is {record}, not {there.get(key)}" for key, record in held.items() if there.get(key) != record]


def _is_since(sandbox: Sandbox, stream: str, row: Row, start_date: str) -> bool:
    """Whether a row is in a family that changed since then; the root's change counts."""
    table = TABLES.get(stream)
    if table and table.parent:
        parents = {parent["id"]: parent for parent in sandbox.truth(table.parent)}
        return _is_since(sandbox, table.parent, parents[row[table.parent_key or ""]], start_date)
    if stream in _WHOLE or (table and table.is_single):
        return True
    change = position(row.get(_CHANGES.get(stream, "updated_at")))
    return change is None or change >= (position(start_date) or 0)
