"""The table of docs/requests.md: what it says is what the sandbox's log holds.

An account as large as the table's would keep the sandbox busy for minutes. A first sync costs what its pages cost, however many rows are in them:
so it is counted here with a part of the rows, in pages that are smaller by the same factor. A later sync costs what changed, however much there is:
so it is counted in pages of full size, beside fewer rows that did not change.
"""

from __future__ import annotations

import re
from collections import Counter
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from tap_hiringcenter.api.systems import HIRINGCENTER, PROSPECTB2B, System
from tap_hiringcenter.streams import STREAMS
from tests.running import settings_for, sync
from tests.sandbox import Sandbox, Variant, World

if TYPE_CHECKING:
    from collections.abc import Mapping

_TABLE = (Path(__file__).parents[1] / "docs" / "requests.md").read_text(encoding="utf-8")
_LEADS, _PROSPECTS, _CHANGED, _PAGE = 100_000, 50_000, 200, 200
_SMALLER = 20
_CHILDREN = ("lead_activities", "lead_messages")
_ROOTS = tuple(stream.name for stream in STREAMS if stream.parent is None and stream.name != "prospect_feed")
# Where windows of time end depends on the date, and with it some pages of a first sync.
_TOLERANCE = 0.03


class Cost(NamedTuple):
    """Requests of the three syncs: the first one, one after which nothing had changed, and one after which some leads had."""

    first: Counter[str]
    unchanged: Counter[str]
    changed: Counter[str]

    def __add__(self, other: object) -> Cost:
        """Those of both."""
        assert isinstance(other, Cost)
        return Cost(*(one + another for one, another in zip(self, other, strict=True)))


def _minutes(requests: int, system: System) -> float:
    """How long requests take: a window's worth of them goes through at once, and a sixtieth of each limit is left to others."""
    windows = [(system.requests_per_minute, 1), *([(system.requests_per_hour, 60)] if system.requests_per_hour else [])]
    return max(requests / (most - most // 60) * minutes if requests > most - most // 60 else 0 for most, minutes in windows)


def _time(counts: Mapping[str, int]) -> str:
    minutes = max(_minutes(counts[system.name], system) for system in (HIRINGCENTER, PROSPECTB2B))
    if minutes <= 1:
        return "a minute at most"
    return f"{ceil(minutes)} minutes" if minutes < 120 else f"{ceil(minutes / 60)} hours"


def _asked(sandbox: Sandbox) -> Counter[str]:
    counts = Counter(request.system for request in sandbox.requests)
    sandbox.requests.clear()
    return counts


def _whole(sandbox: Sandbox, size: int, *streams: str) -> tuple[Counter[str], Mapping[str, Any]]:
    run = sync(settings_for(sandbox, hiringcenter_page_size=size), *streams)
    assert run.code == 0
    return _asked(sandbox), run.state


def _first_sync_of_leads() -> Counter[str]:
    world = World(seed=3, size=5, leads=_LEADS // _SMALLER, activities_per_lead=0, messages_per_lead=0)
    with Sandbox(world, variant=Variant(prospectb2b_page_size=_PAGE // _SMALLER)) as sandbox:
        return _whole(sandbox, _PAGE, "leads")[0]


def _later(*streams: str) -> tuple[Counter[str], Counter[str]]:
    """Requests of the syncs after the first one."""
    with Sandbox(World(seed=3, size=20, leads=2 * _CHANGED), variant=Variant(prospectb2b_page_size=_PAGE)) as sandbox:
        settings = settings_for(sandbox, lookback_seconds=300)
        first = sync(settings, *streams)
        sandbox.requests.clear()
        second = sync(settings, *streams, state=first.state)
        unchanged = _asked(sandbox)
        for row in sandbox.truth("leads")[:_CHANGED]:
            sandbox.change("leads", row["id"], title="CTO")
        third = sync(settings, *streams, state=second.state)
        assert [run.code for run in (first, second, third)] == [0, 0, 0]
        assert len(third.records("leads")) >= _CHANGED
        return unchanged, _asked(sandbox)


def _prospects(paging: str) -> Cost:
    """Prospects can't be filtered by time: each sync reads all."""
    world = World(seed=3, size=5, prospects=_PROSPECTS // _SMALLER)
    with Sandbox(world, variant=Variant(prospects_paging=paging)) as sandbox:  # type: ignore[arg-type]  # one of those that there are
        first, state = _whole(sandbox, _PAGE // _SMALLER, "prospects")
        run = sync(settings_for(sandbox, hiringcenter_page_size=_PAGE // _SMALLER), "prospects", state=state)
        assert run.code == 0
        again = _asked(sandbox)
    return Cost(*(Counter({HIRINGCENTER.name: counts[HIRINGCENTER.name]}) for counts in (first, again, again)))


def _children() -> Counter[str]:
    """Requests for the children of all leads, of which there are fewer here."""
    count = 60
    with Sandbox(World(seed=3, size=5, leads=count)) as sandbox:
        assert sync(settings_for(sandbox), "leads", *_CHILDREN).code == 0
        asked = sum(request.stream in _CHILDREN for request in sandbox.requests)
    assert asked % count == 0
    return Counter({PROSPECTB2B.name: asked * _LEADS // count})


def _others() -> Counter[str]:
    """Requests for all other streams that are below none, each of them shorter than a page."""
    with Sandbox(World(seed=3, size=20)) as sandbox:
        assert sync(settings_for(sandbox), *_ROOTS).code == 0
        return Counter(request.system for request in sandbox.requests if request.stream not in {"leads", "prospects"})


@pytest.fixture(scope="module")
def costs() -> dict[str, Cost]:
    """What each row of the table should hold."""
    first = _first_sync_of_leads()
    leads = Cost(first, *_later("leads"))
    by_token = _prospects("token")
    others = _others()
    # The request that looks at the key is among the others' as well.
    others[PROSPECTB2B.name] -= 1
    return {
        "`leads`": leads,
        "`leads`, `lead_activities`, `lead_messages`": Cost(first + _children(), *_later("leads", *_CHILDREN)),
        "`prospects`, where their pages have tokens": by_token,
        "`prospects`, where a page may be as long as it likes": _prospects("all"),
        "all streams without children": leads + by_token + Cost(others, others, others),
    }


def _written() -> dict[str, list[str]]:
    rows = [line.strip("| ").split(" | ") for line in _TABLE.splitlines() if line.startswith("| ") and " in " in line]
    return {row[0]: row[1:] for row in rows}


def test_the_table_of_requests_is_what_the_sandbox_counts(costs: dict[str, Cost]) -> None:
    told = {}
    for name, cells in _written().items():
        told[name] = cells
        for cell, counts in zip(cells, costs[name], strict=True):
            requests, _, time = cell.replace(",", "").partition(" in ")
            counted = sum(counts.values())
            assert int(requests) == pytest.approx(counted, rel=_TOLERANCE if counts is costs[name].first else 0), f"{name}: {counted}"
            said = Counter({system: round(count * int(requests) / counted) for system, count in counts.items()})
            assert time == _time(said), f"{name}: {cell}"
    assert list(told) == list(costs)


def test_what_the_text_says_of_limits_is_what_the_tap_keeps_to() -> None:
    said = [int(number.replace(",", "")) for number in re.findall(r"([\d,]+) requests (?:a minute|an hour)", _TABLE)]

    assert said == [PROSPECTB2B.requests_per_minute, HIRINGCENTER.requests_per_minute, HIRINGCENTER.requests_per_hour]
