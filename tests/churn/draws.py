"""How hypothesis draws a plan: small worlds of one family, short pages, and deeds that are near to each other."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from tests.churn.plan import Deed, Plan
from tests.sandbox import Variant
from tests.sandbox.streams import TABLES, lineage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.churn.plan import Kind

# One family at a time, so that "before the n-th request" is the same moment in each play of a plan. A child's stream is there without its
# parent's, too.
CASTS: dict[str, list[tuple[str, ...]]] = {
    "leads": [("leads",)],
    "children of leads": [("leads", "lead_activities"), ("lead_activities", "lead_messages"), ("leads", "lead_messages"), ("lead_activities",)],
    "prospects": [("prospects",), ("prospects", "prospect_feed")],
    "notes": [("notes",)],
    "meetings and tasks": [("meetings",), ("tasks",)],
    "grandchildren": [
        ("campaigns", "campaign_logs", "campaign_runs", "campaign_run_events"),
        ("campaign_run_events",),
        ("prospector_workflows", "prospector_runs", "prospector_results"),
        ("prospector_runs", "prospector_results"),
    ],
    "children": [
        ("inbox_threads", "inbox_messages"),
        ("job_events",),
        ("webhooks", "webhook_deliveries"),
        ("exports", "export_downloads"),
        ("imports", "import_errors"),
    ],
    "other lists": [("referrals",), ("support_tickets",), ("lead_fields",), ("billing_usage",)],
}
_CHILDREN = {
    "lead_activities": "activities_per_lead",
    "lead_messages": "messages_per_lead",
    "campaign_logs": "logs_per_campaign",
    "campaign_runs": "runs_per_campaign",
    "campaign_run_events": "events_per_run",
    "prospector_runs": "runs_per_workflow",
    "prospector_results": "results_per_run",
    "import_errors": "errors_per_import",
    "inbox_messages": "messages_per_thread",
    "job_events": "events_per_job",
    "webhook_deliveries": "deliveries_per_webhook",
}
_ALL = 40


@st.composite
def plans(draw: st.DrawFn, cast: str) -> Plan:
    """Draw a plan.

    Args:
        draw: What hypothesis draws with.
        cast: Whose streams are selected.
    """
    streams = draw(st.sampled_from(CASTS[cast]))
    noisy = draw(st.integers(1, 3))
    quiet = draw(st.integers(1, 2)) if noisy < _MOST_NOISY else 1
    plan = Plan(
        streams=streams,
        full_table=tuple(stream for stream in streams if stream not in {"billing_usage", "prospect_feed"} and draw(_rarely)),
        world=draw(_worlds(streams)),
        variant=draw(_VARIANTS),
        settings=draw(_SETTINGS),
        ceilings=(*draw(st.lists(_CEILINGS, min_size=noisy, max_size=noisy)), *[None] * quiet),
        deeds=(),
    )
    deeds = draw(st.lists(_deeds(noisy, plan.played), min_size=2, max_size=10))
    if draw(_mostly):
        # Something that is as young as the first run: from then on bookmarks are young as well.
        deeds.insert(0, Deed(0, 0, "insert", plan.played[0]))
    return Plan(**{**vars(plan), "deeds": tuple(sorted(deeds, key=lambda deed: (deed.run, deed.request)))})


_MOST_NOISY = 3
_mostly = st.integers(0, 3).map(bool)
_rarely = st.integers(0, 5).map(lambda number: number == 5)
_CEILINGS = st.one_of(st.none(), st.none(), st.none(), st.integers(3, 25))
_SETTINGS: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "lookback_seconds": st.sampled_from([300, 60, 300, 2, 0]),
        "max_concurrency": st.sampled_from([1, 1, 1, 4]),
        # With shorter ones and some kinds of token, notes can't be told to be whole.
        "hiringcenter_page_size": st.integers(7, 12),
        "child_sync": st.sampled_from(["changed", "changed", "changed", "full"]),
    },
    optional={"prospectb2b_page_size": st.integers(1, 5)},
)
_VARIANTS = st.builds(
    Variant,
    hiringcenter_shape=st.sampled_from(["current", "older", "mixed"]),
    hiringcenter_end=st.sampled_from(["absent", "null", "empty"]),
    hiringcenter_totals=st.booleans(),
    prospects_paging=st.sampled_from(["all", "token", "cap_silent", "cap_refused"]),
    prospects_cap=st.integers(4, 9),
    total_is=st.sampled_from(["matches", "matches", "returned"]),
    text_filters=st.sampled_from(["exact", "partial"]),
    notes_token=st.sampled_from(["exact", "before", "until"]),
    poll_feed=st.sampled_from(["array", "items", "single"]),
    cursor=st.sampled_from(["id", "live", "offset", "offset"]),
    order=st.sampled_from(["created", "updated", "updated_desc", "shuffled"]),
    prospectb2b_page_size=st.integers(1, 5),
    next_cursor_at_end=st.sampled_from(["null", "absent", "present"]),
    updated_filters=st.sampled_from(["honoured", "honoured", "ignored"]),
    after_is_inclusive=st.booleans(),
    before_is_inclusive=st.booleans(),
    null_times=st.sampled_from(["excluded", "included"]),
)


@st.composite
def _worlds(draw: st.DrawFn, streams: tuple[str, ...]) -> dict[str, int]:
    root = lineage(streams[0])[-1]
    world = {"seed": draw(st.integers(0, 99))}
    if not TABLES[root].is_single:
        # Leads are read in windows when they fill more than ten pages; HiringCenter's pages are larger.
        most = 30 if root == "leads" or TABLES[root].system == "hiringcenter" else 14
        world[root] = draw(st.one_of(st.integers(8, most), st.integers(0, most)))
    for stream, count in _CHILDREN.items():
        if any(stream in lineage(one) for one in streams):
            world[count] = draw(st.integers(0, 3))
    return world


@cache
def _deeds(noisy: int, streams: tuple[str, ...]) -> st.SearchStrategy[Deed]:
    lists = [stream for stream in streams if stream != "prospect_feed"]
    children = [stream for stream in lists if TABLES[stream].parent]
    runs = st.integers(0, noisy - 1)
    while_it_reads = st.tuples(runs, st.one_of(st.integers(2, 5), st.integers(1, 30)))
    moment = {"moment": st.one_of(while_it_reads, while_it_reads, st.tuples(runs, st.just(0)))}
    rows = {**moment, "stream": st.sampled_from(lists), "pick": st.integers(0, _ALL)}
    changes = {
        **rows,
        "stamp": st.sampled_from(["now", "late", "now", "late", "future", "null", "absent"]),
        "amount": st.sampled_from([10, 5, 9]),
        "is_told": st.sampled_from([True, True, False]),
    }
    few, many = st.integers(1, 3), st.one_of(st.just(1), st.integers(1, 6), st.just(_ALL))
    update = _deed("update", changes, count=many, is_moved=st.booleans())
    insert = _deed("insert", changes, count=few)
    delete = _deed("delete", rows, count=few)
    clock = _deed("clock", moment, stream=st.just(streams[0]), amount=st.sampled_from([1, -1, 5, -5, 10, -10]))
    refuse = _deed("refuse", rows, stream=st.sampled_from(children)) if children else clock
    return st.one_of(update, update, insert, insert, delete, delete, clock, refuse)


def _deed(kind: Kind, fields: Mapping[str, st.SearchStrategy[Any]], **more: st.SearchStrategy[Any]) -> st.SearchStrategy[Deed]:
    def make(drawn: dict[str, Any]) -> Deed:
        run, request = drawn.pop("moment")
        return Deed(run, request, kind, **drawn)

    return st.fixed_dictionaries({**fields, **more}).map(make)
