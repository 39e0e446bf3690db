"""How many requests windows take, beside the pages that nobody can avoid; and that they lose nothing where rows are close together."""

from __future__ import annotations

import time
import weakref
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tap_hiringcenter.api import times
from tap_hiringcenter.sweeps import read_list
from tap_hiringcenter.windows import Windows
from tests.unit.lists import identify
from tests.unit.test_windows import AtOnce, reader, records, waiting
from tests.unit.timed import NOW, ORDERS, SPREADS, TimedServer, rows_spread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from concurrent.futures import Future
    from datetime import datetime

    from tap_hiringcenter.records import Records


class Counting(AtOnce):
    """A pool that knows how many of its results nobody has asked for yet."""

    def __init__(self) -> None:
        self._waiting = 0
        self.most = 0

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:  # noqa: ANN401  # as Executor has it
        self._waiting += 1
        self.most = max(self.most, self._waiting)
        found = super().submit(fn, *args, **kwargs)
        really = found.result

        def result(timeout: float | None = None) -> Any:  # noqa: ANN401  # as above
            self._waiting -= 1
            return really(timeout)

        found.result = result  # type: ignore[method-assign]  # only this one's
        return found


_SIZE = 50
_AHEAD = 8
_MOST_PAGES = 10
# What is asked for before anything is known: the first pages of the list, twice more when it shows its newest rows first, and a few short windows.
_AT_FIRST = 60


def _windows(server: TimedServer) -> Windows:
    return Windows(reader(server), AtOnce(), ahead=_AHEAD, now=NOW, busy=waiting)


def _ids(windows: Windows, since: datetime | None = None) -> list[str]:
    return [one for part in windows.slices(since) for page in part.pages for one in page.ids]


def _requests(server: TimedServer, count: int) -> int:
    """How many requests it takes to read all rows of a server, each once."""
    found = _ids(_windows(server))
    assert len(found) == len(set(found)) == count
    return server.requests


@pytest.mark.parametrize("order", ["id", "newest id"])
@pytest.mark.parametrize("spread", [name for name in SPREADS if name != "all at one moment"])
def test_hardly_a_page_is_read_twice(spread: str, order: str) -> None:
    for seed, pages in enumerate((12, 40, 100, 400)):
        rows = rows_spread(spread, pages * _SIZE, seed)

        assert _requests(TimedServer(rows, order, _SIZE), len(rows)) <= 1.1 * pages + _AT_FIRST


@pytest.mark.parametrize("spread", ["evenly", "more and more", "each night"])
def test_a_first_sync_of_many_leads_takes_a_tenth_more_than_their_pages(spread: str) -> None:
    rows = rows_spread(spread, 100_000)

    assert _requests(TimedServer(rows, "id", 100), len(rows)) <= 1.1 * 1000


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("spread", SPREADS)
def test_where_lists_are_swept_twice_windows_add_hardly_anything(spread: str, order: str) -> None:
    rows = rows_spread(spread, 200 * _SIZE)

    assert _requests(TimedServer(rows, order, _SIZE, names_rows=False), len(rows)) <= 2 * 1.1 * 200 + 2 * _AT_FIRST


@pytest.mark.parametrize("order", ["nothing", "time"])
def test_where_lists_are_swept_twice_windows_of_one_page_prove_themselves(order: str) -> None:
    rows = rows_spread("evenly", 400 * _SIZE)

    assert _requests(TimedServer(rows, order, _SIZE), len(rows)) <= 1.6 * 400


@pytest.mark.parametrize(("count", "requests"), [(0, 1), (1, 1), (_SIZE, 1), (_SIZE + 1, 2), (_MOST_PAGES * _SIZE, _MOST_PAGES)])
def test_a_short_list_is_read_once(count: int, requests: int) -> None:
    assert _requests(TimedServer(rows_spread("evenly", count), "id", _SIZE), count) == requests


@pytest.mark.parametrize("order", ORDERS)
def test_what_changed_since_costs_its_pages(order: str) -> None:
    rows = rows_spread("evenly", 400 * _SIZE)
    newest = sorted(str(row["updated_at"]) for row in rows)

    for count in (1, _SIZE - 1):
        server = TimedServer(rows, order, _SIZE)
        assert len(_ids(_windows(server), times.parse(newest[-count]))) == count
        assert server.requests == 1


@pytest.mark.parametrize("is_inclusive", [True, False])
def test_rows_at_the_bounds_of_windows_are_given(is_inclusive: bool) -> None:  # noqa: FBT001  # a parameter of the test
    # One in each millisecond, so that there is one at each bound.
    rows = [{"id": f"lead_{number:07d}", "updated_at": times.to_text(NOW - timedelta(milliseconds=number))} for number in range(30_000)]

    assert sorted(_ids(_windows(TimedServer(rows, "id", 100, is_inclusive=is_inclusive)))) == [row["id"] for row in rows]


@pytest.mark.parametrize("spread", SPREADS)
def test_no_more_pages_are_held_than_are_read_ahead(spread: str) -> None:
    server = TimedServer(rows_spread(spread, 400 * _SIZE), "id", _SIZE)
    held = most = 0

    def forget() -> None:
        nonlocal held
        held -= 1

    def read(query: Mapping[str, Any]) -> Iterator[Records]:
        nonlocal held, most
        for page in map(records, read_list(server.ask, query, identify)):
            held += 1
            most = max(most, held)
            weakref.finalize(page, forget)
            yield page

    for part in Windows(read, AtOnce(), ahead=_AHEAD, now=NOW, busy=waiting).slices(None):
        for _page in part.pages:
            pass

    # Those that are read ahead, and those of the window that was given last.
    assert _MOST_PAGES <= most <= (_AHEAD + 1) * _MOST_PAGES + 2


@pytest.mark.parametrize(("busy", "most"), [(waiting, _AHEAD), (time.perf_counter, 1)], ids=["waiting", "at work"])
def test_what_keeps_the_processor_busy_is_not_read_side_by_side(busy: Callable[[], float], most: int) -> None:
    server = TimedServer(rows_spread("evenly", 400 * _SIZE), "id", _SIZE)
    pool = Counting()

    parts = Windows(reader(server), pool, ahead=_AHEAD, now=NOW, busy=busy).slices(None)

    assert len([one for part in parts for page in part.pages for one in page.ids]) == 400 * _SIZE
    assert pool.most == most


def test_a_page_that_lies_inside_of_its_window_is_given_as_it_is() -> None:
    rows = rows_spread("evenly", 100 * _SIZE)
    server = TimedServer(rows, "id", _SIZE)
    read: list[Records] = []

    def kept(query: Mapping[str, Any]) -> Iterator[Records]:
        for page in map(records, read_list(server.ask, query, identify)):
            read.append(page)
            yield page

    given = [page for part in Windows(kept, AtOnce(), ahead=_AHEAD, now=NOW, busy=waiting).slices(None) for page in part.pages]

    assert len({id(page) for page in given} & {id(page) for page in read}) > 0.9 * len(given)
