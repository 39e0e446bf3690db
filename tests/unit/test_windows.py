"""Windows: every row belongs to one of them, whatever the server makes of the filters, and they come in ascending order."""

from __future__ import annotations

import random
from concurrent.futures import Executor, Future
from datetime import datetime, timedelta, timezone
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from tap_hiringcenter.api import times
from tap_hiringcenter.api.errors import ApiError
from tap_hiringcenter.records import Records
from tap_hiringcenter.spans import Window
from tap_hiringcenter.sweeps import read_list
from tap_hiringcenter.windows import Slice, Windows
from tests.unit.lists import ListServer, People, identify, shuffled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tap_hiringcenter.api.envelopes import Page
    from tap_hiringcenter.api.rows import Row
    from tests.unit.timed import TimedServer

NOW = datetime(2026, 6, 1, tzinfo=timezone.utc)
SINCE = NOW - timedelta(days=10)
SPREADS: dict[str, Callable[[random.Random], datetime]] = {
    "all at one moment": lambda _dice: NOW - timedelta(days=3),
    "over a year": lambda dice: NOW - timedelta(seconds=dice.random() * 400 * 86400),
    "in heaps": lambda dice: NOW - timedelta(days=dice.randint(0, 3), milliseconds=dice.randint(0, 5)),
    "long ago and in the future": lambda dice: dice.choice([NOW - timedelta(days=20_000 * dice.random()), NOW + timedelta(days=30)]),
}


class AtOnce(Executor):
    """A pool that has no threads."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:  # noqa: ANN401  # as Executor has it
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except ApiError as error:
            future.set_exception(error)
        return future


def records(page: Page) -> Records:
    """As the stream does, but that rows stay as they are."""
    changes = times.column([row.get("updated_at") for row in page.rows])
    return Records([row["id"] for row in page.rows], changes, page.rows, bool(page.next))


def reader(server: ListServer | TimedServer) -> Callable[[Mapping[str, Any]], Iterator[Records]]:
    """As the stream does."""
    return lambda query: map(records, read_list(server.ask, query, identify))


def waiting() -> float:
    """As of a thread that does nothing but wait for the API."""
    return 0.0


def _passes(row: Row, query: Mapping[str, Any], *, after_inclusive: bool, before_inclusive: bool, undated: bool) -> bool:
    if not {"updated_after", "updated_before"} & set(query):
        return True
    moment, after, before = row["updated_at"], query.get("updated_after"), query.get("updated_before")
    if moment is None:
        return undated
    return (not after or moment > after or (after_inclusive and moment == after)) and (
        not before or moment < before or (before_inclusive and moment == before)
    )


def _slices(server: ListServer, since: datetime | None, *, ahead: int = 2, most_pages: int | None = None) -> list[Slice]:
    windows = Windows(reader(server), AtOnce(), ahead=ahead, most_pages=most_pages, now=NOW, busy=waiting)
    return [Slice(list(part.pages), part.until) for part in windows.slices(since)]


def _ids(slices: list[Slice]) -> list[str]:
    return [one for part in slices for page in part.pages for one in page.ids]


def _server(dice: random.Random, spread: str, count: int, *, share_undated: float = 0, undated_pass: bool = False) -> ListServer:
    rows = []
    for number in shuffled(dice, count):
        moment = None if dice.random() < share_undated else times.to_text(SPREADS[spread](dice))
        rows.append({"id": f"lead_{number:03}", "updated_at": moment})
    order = dice.choice([lambda row: row["id"], lambda row: (row["updated_at"] or "", row["id"]), lambda row: (row["updated_at"] or "9", row["id"])])
    accepts = partial(_passes, after_inclusive=dice.random() < 0.5, before_inclusive=dice.random() < 0.5, undated=undated_pass)
    return ListServer(rows, order, "values of the last row", dice.randint(1, 20), accepts=accepts, most_requests=4000)


@pytest.mark.parametrize("since", [None, SINCE], ids=["everything", "since ten days ago"])
@pytest.mark.parametrize("spread", SPREADS)
def test_every_row_is_given_once(spread: str, since: datetime | None) -> None:
    for seed in range(15):
        dice = random.Random(seed)
        server = _server(dice, spread, dice.choice([0, 1, 5, 60, 250]))
        expected = [row["id"] for row in server.rows if not since or str(row["updated_at"]) >= times.to_text(since)]

        assert sorted(_ids(_slices(server, since, ahead=dice.randint(1, 5)))) == sorted(expected)


@pytest.mark.parametrize("spread", SPREADS)
def test_windows_come_in_ascending_order(spread: str) -> None:
    for seed in range(8):
        dice = random.Random(seed)
        done: datetime | None = None
        for part in _slices(_server(dice, spread, 200), None):
            moments = [times.parse(change) for page in part.pages for change in page.changes if change]
            assert done is None or all(moment >= done for moment in moments)
            done = max([*moments, *([done] if done else [])], default=None)
            assert not part.until or not done or times.parse(part.until) > done
            done = times.parse(part.until) if part.until else done


def test_a_long_list_is_cut() -> None:
    server = _server(random.Random(2), "over a year", 250)
    server.size = 5

    parts = _slices(server, None)

    assert len(parts) > 5
    assert max(len(list(part.pages)) for part in parts) <= 10


@pytest.mark.parametrize(("most_pages", "most_requests"), [(1, 1), (3, 2 * 3)], ids=["a page proves itself", "pages are read twice to be proven"])
def test_few_requests_make_small_windows(most_pages: int, most_requests: int) -> None:
    server = _server(random.Random(2), "over a year", 120)
    server.size = 10

    parts = _slices(server, None, most_pages=most_pages)

    assert len(_ids(parts)) == 120
    assert max(sum(page.has_next for page in part.pages) for part in parts) < most_pages
    assert max(len(list(part.pages)) for part in parts) <= most_requests


@pytest.mark.parametrize("undated_pass", [True, False])
def test_rows_without_a_time_are_given_when_the_list_is_short(undated_pass: bool) -> None:  # noqa: FBT001  # a parameter of the test
    for seed in range(40):
        server = _server(random.Random(seed), "in heaps", 30, share_undated=0.3, undated_pass=undated_pass)
        server.size = 5

        assert sorted(_ids(_slices(server, None))) == sorted(row["id"] for row in server.rows)


def test_rows_without_a_time_at_the_beginning_of_a_long_list_are_given() -> None:
    server = _server(random.Random(3), "over a year", 200)
    server.rows += [{"id": f"none_{number}", "updated_at": None} for number in range(50)]
    server.order = lambda row: (row["updated_at"] or "", row["id"])
    server.size = 4

    assert sorted(_ids(_slices(server, None))) == sorted(row["id"] for row in server.rows)


def test_rows_without_a_time_are_given_where_they_are_asked_for() -> None:
    server = _server(random.Random(3), "over a year", 200)
    server.rows += [{"id": "lead_900", "updated_at": None}]
    server.order = lambda row: (row["updated_at"] or "9", row["id"])

    found = [
        one for part in Windows(reader(server), AtOnce(), ahead=2, now=NOW).slices(SINCE, undated=True) for page in part.pages for one in page.ids
    ]

    assert sorted(found) == sorted(row["id"] for row in server.rows if (row["updated_at"] or "9") >= times.to_text(SINCE))


def test_rows_without_a_time_that_pass_the_filter_of_a_window_are_given() -> None:
    server = _server(random.Random(3), "over a year", 200)
    server.rows += [{"id": "lead_900", "updated_at": None, "created_at": times.to_text(NOW - timedelta(days=99))}]
    server.order = lambda row: (row["updated_at"] or "9", row["id"])
    server.accepts = lambda row, query: _passes(
        {**row, "updated_at": row["updated_at"] or row["created_at"]}, query, after_inclusive=True, before_inclusive=True, undated=True
    )
    server.size = 10

    assert sorted(_ids(_slices(server, None))) == sorted(row["id"] for row in server.rows)


@pytest.mark.parametrize("count", [0, 30, 60, 100, 300, 430, 480, 600])
def test_rows_without_a_time_that_pass_every_filter_do_not_make_windows_short(count: int) -> None:
    dated = [{"id": f"lead_{number:04}", "updated_at": times.to_text(NOW - timedelta(hours=8 * number))} for number in range(2000)]
    rows = [{"id": f"none_{number:03}", "updated_at": None} for number in range(count)] + dated
    accepts = partial(_passes, after_inclusive=True, before_inclusive=False, undated=True)
    server = ListServer(rows, lambda row: (row["updated_at"] or "", row["id"]), "id of the last row", 50, accepts=accepts)

    assert set(_ids(_slices(server, None))) == {row["id"] for row in rows}
    # Of a list of some fifty pages; those without a time come again in each window.
    assert len(server.queries) < 400


def test_a_row_of_the_first_moment_that_there_is_is_given() -> None:
    server = _server(random.Random(3), "over a year", 200)
    server.rows += [{"id": "lead_900", "updated_at": "0001-01-01T00:00:00.000Z"}]
    server.accepts = partial(_passes, after_inclusive=False, before_inclusive=False, undated=False)
    server.size = 10

    assert sorted(_ids(_slices(server, None))) == sorted(row["id"] for row in server.rows)


def test_rows_without_a_time_at_the_end_of_a_long_list_are_left_to_the_full_table_sync() -> None:
    server = _server(random.Random(3), "over a year", 200)
    server.rows += [{"id": "lead_900", "updated_at": None}]
    server.order = lambda row: (row["updated_at"] or "9", row["id"])
    server.size = 10

    # A known gap: the filters keep them back, and of the whole list only the first pages are looked at.
    assert sorted(_ids(_slices(server, None))) == [f"lead_{number:03}" for number in range(200)]


def test_many_rows_without_a_time_that_pass_every_filter_do_not_cut_time_to_pieces() -> None:
    server = _server(random.Random(3), "over a year", 20, undated_pass=True)
    server.rows += [{"id": f"none_{number:03}", "updated_at": None} for number in range(30)]
    server.order = lambda row: (row["updated_at"] or "", row["id"])
    server.size = 2

    parts = _slices(server, None)

    assert sorted(_ids(parts)) == sorted(row["id"] for row in server.rows)
    assert len(server.queries) < 4 * 25


@pytest.mark.parametrize("since", [None, SINCE], ids=["everything", "since ten days ago"])
def test_a_server_that_ignores_the_filters_is_read_as_one_list(since: datetime | None) -> None:
    for seed in range(20):
        server = _server(random.Random(seed), "over a year", 200)
        server.accepts = lambda _row, _query: True
        expected = {row["id"] for row in server.rows if not since or str(row["updated_at"]) >= times.to_text(since)}

        assert set(_ids(_slices(server, since))) == expected
        assert len(server.queries) < 20 * 200


@pytest.mark.parametrize("name", ["updated_after", "updated_before"])
def test_a_server_that_ignores_one_filter_loses_nothing(name: str) -> None:
    for seed in range(20):
        server = _server(random.Random(seed), "over a year", 200)
        kept = server.accepts
        server.accepts = lambda row, query, kept=kept: kept(row, {key: value for key, value in query.items() if key != name})  # type: ignore[misc]

        assert {row["id"] for row in server.rows} <= set(_ids(_slices(server, None)))


@pytest.mark.parametrize("deeds", [("insert",), ("delete",), ("insert", "delete")])
def test_rows_that_nobody_touched_are_given_while_people_work(deeds: tuple[str, ...]) -> None:
    for seed in range(60):
        dice = random.Random(seed)
        server = _server(dice, "over a year", 150)
        before = {row["id"] for row in server.rows}
        people = People(server, dice, deeds, share=0.1, most=20)
        server.between = people.act
        found = set(_ids(_slices(server, None)))

        assert before - people.touched <= found


def test_changes_lose_nothing_or_are_told_of() -> None:
    whole = 0
    for seed in range(60):
        dice = random.Random(seed)
        server = _server(dice, "over a year", 150)
        before = {row["id"] for row in server.rows}
        people = People(server, dice, ("change",), share=0.1, most=20)
        server.between = people.act
        try:
            found = set(_ids(_slices(server, None)))
        except ApiError:
            continue
        whole += 1
        assert before - people.touched <= found

    assert whole > 40


@pytest.mark.parametrize("odd", ["0001-01-01T00:00:00.000Z", "1700-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z"])
def test_a_long_list_with_a_time_at_an_end_of_the_calendar_is_read(odd: str) -> None:
    server = _server(random.Random(3), "over a year", 60)
    server.rows.append({"id": "lead_900", "updated_at": odd})
    server.order = lambda row: (row["id"] != "lead_900", row["id"])
    server.size = 3

    assert len(set(_ids(_slices(server, None)))) == 61


def test_everything_since_the_first_moment_can_be_asked_for() -> None:
    server = _server(random.Random(3), "over a year", 5)

    assert len(_ids(_slices(server, datetime.min.replace(tzinfo=timezone.utc)))) == 5


def test_a_window_asks_for_more_than_it_holds() -> None:
    window = Window(datetime(2026, 1, 1, tzinfo=timezone.utc), datetime(2026, 1, 2, tzinfo=timezone.utc))

    assert window.query == {"updated_after": "2025-12-31T23:59:59.000Z", "updated_before": "2026-01-02T00:00:01.000Z"}


@pytest.mark.parametrize(
    ("moment", "held"),
    [
        (datetime(2025, 12, 31, 23, 59, 59, 999000, tzinfo=timezone.utc), False),
        (datetime(2026, 1, 1, tzinfo=timezone.utc), True),
        (datetime(2026, 1, 2, tzinfo=timezone.utc), False),
        (None, False),
    ],
)
def test_a_window_holds_its_lower_bound_and_not_its_upper_one(moment: datetime | None, held: bool) -> None:  # noqa: FBT001  # a parameter of the test
    page = Records(["lead_1"], [times.to_text(moment) if moment else None], b"{}\n")

    window = Window(datetime(2026, 1, 1, tzinfo=timezone.utc), datetime(2026, 1, 2, tzinfo=timezone.utc))

    assert [*window.own(page).ids] == (["lead_1"] if held else [])


def test_an_open_window_asks_for_everything_and_holds_what_has_no_time() -> None:
    assert Window(None, None).query == {}
    assert len(Window(None, None).own(Records(["lead_1"], [None], b"{}\n"))) == 1


def test_no_window_that_could_still_fill_says_that_it_is_settled() -> None:
    server = _server(random.Random(5), "in heaps", 200)
    server.size = 3

    untils = [part.until for part in _slices(server, None) if part.until]

    assert untils
    assert max(untils) < times.to_text(NOW - timedelta(days=1))


def test_an_error_of_a_window_is_raised_and_not_swallowed() -> None:
    server = _server(random.Random(5), "over a year", 200)

    def fail() -> None:
        if len(server.queries) > 12:
            raise ApiError("answered 500")  # noqa: EM101, TRY003  # as the transport words it

    server.between = fail

    with pytest.raises(ApiError):
        _slices(server, None)
