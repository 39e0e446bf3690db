"""Sweeps: no row that stays in a list may be missed, and no list may be read for ever."""

from __future__ import annotations

import base64
import json
import random
from typing import TYPE_CHECKING, Any

import pytest

from tap_hiringcenter.api.errors import ApiError, EnvelopeError, NotFoundError, RefusedError
from tap_hiringcenter.sweeps import read_list
from tests.unit.lists import PAGINGS, ListServer, People, identify, paged, shuffled

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tap_hiringcenter.api.envelopes import Page
    from tap_hiringcenter.api.rows import Row

ORDERS: dict[str, Callable[[Row], Any]] = {
    "id": lambda row: row["id"],
    "oldest change first": lambda row: (row["updated_at"], row["id"]),
}


def _rows(dice: random.Random, count: int) -> list[Row]:
    """Rows in any order, many of them with the same time."""
    return [{"id": f"lead_{number:03}", "updated_at": f"2026-01-01T00:00:0{dice.randint(0, 3)}.000Z"} for number in shuffled(dice, count)]


def _numbered(count: int) -> list[Row]:
    """Rows in the order of their ids, without a time."""
    return [{"id": f"lead_{number:03}", "updated_at": None} for number in range(count)]


def _ids(server: ListServer) -> list[str]:
    return [row["id"] for page in read_list(server.ask, {}, identify) for row in page.rows]


def _lost(paging: str, order: str, deeds: tuple[str, ...], seeds: int, *, may_fail: bool = False) -> int:
    """How many reads of how many lists miss a row that nobody touched."""
    lost = 0
    for seed in range(seeds):
        dice = random.Random(seed)
        server = ListServer(_rows(dice, dice.randint(0, 30)), ORDERS[order], paging, dice.randint(1, 8), tells_total=dice.random() < 0.3)
        before = {row["id"] for row in server.rows}
        people = People(server, dice, deeds)
        server.between = people.act
        try:
            found = set(_ids(server))
        except ApiError:
            if not may_fail:
                raise
            continue
        lost += not before - people.touched <= found
    return lost


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("paging", PAGINGS)
def test_a_list_at_rest_is_given_whole_and_once(paging: str, order: str) -> None:
    for seed in range(60):
        dice = random.Random(seed)
        server = ListServer(_rows(dice, dice.randint(0, 40)), ORDERS[order], paging, dice.randint(1, 9), tells_total=bool(seed % 2))

        assert sorted(_ids(server)) == sorted(row["id"] for row in server.rows)


@pytest.mark.parametrize("deeds", [("insert",), ("delete",), ("insert", "change", "delete")])
def test_tokens_with_a_fixed_order_need_no_second_look_while_people_work(deeds: tuple[str, ...]) -> None:
    assert _lost("values of the last row", "id", deeds, 200) == 0


@pytest.mark.parametrize("paging", ["offset", "page number"])
def test_one_deletion_under_tokens_that_count_costs_no_row(paging: str) -> None:
    for place in range(4):
        server = ListServer(_rows(random.Random(place), 9), paging=paging, size=3)
        kept = {row["id"] for row in server.rows}

        def delete_once(server: ListServer = server, place: int = place, kept: set[str] = kept) -> None:
            if len(server.queries) == 1:
                gone = sorted(server.rows, key=server.order)[place]
                server.rows.remove(gone)
                kept.discard(gone["id"])

        server.between = delete_once

        assert kept <= set(_ids(server))


@pytest.mark.parametrize("paging", ["offset", "page number"])
def test_deletions_in_every_sweep_cost_no_row(paging: str) -> None:
    assert _lost(paging, "id", ("delete",), 300) == 0


@pytest.mark.parametrize("paging", ["offset", "page number", "values of the last row"])
def test_changes_in_every_sweep_cost_no_other_row(paging: str) -> None:
    assert _lost(paging, "oldest change first", ("change",), 300, may_fail=True) == 0


def test_a_row_at_a_page_edge_that_moves_takes_no_other_row_with_it() -> None:
    assert _lost("id of the last row", "oldest change first", ("change",), 200, may_fail=True) == 0


@pytest.mark.parametrize("size", [None, 2], ids=["pages as large as asked for", "pages of two whatever is asked for"])
def test_rows_of_one_millisecond_on_both_sides_of_a_page_edge_are_all_read(size: int | None) -> None:
    moments = {"n0": 1717007200009, "n1": 1717007200008, "n2": 1717007200008, "n3": 1717007200007}

    def ask(query: Mapping[str, Any]) -> Page:
        most = size or query["limit"]
        last = json.loads(base64.b64decode(query["pageToken"]))["createdAt"] if "pageToken" in query else 1717007200099
        left: list[Row] = [{"id": name, "createdAt": moment} for name, moment in moments.items() if moment < last]
        token = base64.b64encode(json.dumps({"createdAt": left[most - 1]["createdAt"]}).encode()).decode() if len(left) > most else ""
        return paged(left[:most], {"pageToken": token} if token else {})

    try:
        found = {row["id"] for page in read_list(ask, {"limit": 2}, identify) for row in page.rows}
    except EnvelopeError:
        return  # to say that it can't be read is as good
    assert found == set(moments)


@pytest.mark.parametrize("paging", ["offset", "page number"])
def test_a_row_that_came_does_not_stand_in_for_one_that_was_pushed_over_a_page_edge(paging: str) -> None:
    server = ListServer(_numbered(4), paging=paging, tells_total=True)

    def replace_once() -> None:
        if len(server.queries) == 1:
            server.rows = [*server.rows[1:], {"id": "lead_900", "updated_at": None}]

    server.between = replace_once

    assert {row["id"] for row in _numbered(4)} <= set(_ids(server))


def test_as_many_new_rows_as_fill_a_page_are_no_circle() -> None:
    server = ListServer(_rows(random.Random(1), 6), size=2)

    def insert_once() -> None:
        if len(server.queries) == 1:
            server.rows += [{"id": "a1", "updated_at": None}, {"id": "a2", "updated_at": None}]

    server.between = insert_once

    assert len(_ids(server)) == 8


def test_rows_that_come_again_because_they_changed_are_no_circle() -> None:
    server = ListServer(_rows(random.Random(1), 6), ORDERS["oldest change first"], "values of the last row", size=1)

    def change_once() -> None:
        if len(server.queries) == 3:
            for row in sorted(server.rows, key=server.order)[:2]:
                row["updated_at"] = "2026-06-01T00:00:00.000Z"

    server.between = change_once

    assert len(_ids(server)) == 8


def test_a_list_that_only_grows_is_read_whole() -> None:
    server = ListServer(_numbered(6), lambda row: -int(row["id"][-3:]), size=3)
    server.between = lambda: server.rows.append({"id": f"lead_{100 + len(server.queries)}", "updated_at": None})

    assert {row["id"] for row in _numbered(6)} <= set(_ids(server))


@pytest.mark.parametrize("tells_total", [False, True])
def test_a_list_that_loses_a_row_in_each_sweep_is_not_called_complete(tells_total: bool) -> None:  # noqa: FBT001  # a parameter of the test
    server = ListServer(_numbered(60), size=20, tells_total=tells_total)

    def delete_after_a_first_page() -> None:
        if "cursor" not in server.queries[-1]:
            del server.rows[0]

    server.between = delete_after_a_first_page

    with pytest.raises(EnvelopeError, match="in each of 8 sweeps"):
        _ids(server)


def test_a_list_that_changes_in_each_sweep_is_not_called_complete() -> None:
    server = ListServer(_rows(random.Random(1), 6), ORDERS["oldest change first"], size=3)

    def change_after_a_first_page() -> None:
        if "cursor" not in server.queries[-1]:
            oldest = min(server.rows, key=server.order)
            oldest["updated_at"] = f"2026-06-01T00:00:00.{len(server.queries):03}Z"

    server.between = change_after_a_first_page

    with pytest.raises(EnvelopeError, match="in each of 8 sweeps"):
        _ids(server)


def test_a_list_at_rest_that_is_not_proven_whole_is_swept_twice_with_a_smaller_limit() -> None:
    server = ListServer(_numbered(10), size=99)

    pages = list(read_list(server.ask, {"limit": 5}, identify))

    assert [query["limit"] for query in server.queries] == [5, 5, 4, 4, 4]
    assert [bool(page.next) for page in pages] == [True, False, False, False, False]
    assert [len(page.rows) for page in pages] == [5, 5, 0, 0, 0]


@pytest.mark.parametrize(("limit", "other"), [(1, 2), (2, 3), (3, 2), (50, 45), (200, 180)])
def test_a_second_sweep_has_other_edges(limit: int, other: int) -> None:
    server = ListServer(_numbered(2 * limit), size=999)

    list(read_list(server.ask, {"limit": limit}, identify))

    assert {query["limit"] for query in server.queries} == {limit, other}


@pytest.mark.parametrize(
    "server",
    [
        ListServer([{"id": "lead_001"}], size=2),
        ListServer([{"id": f"lead_{number:03}"} for number in range(9)], paging="values of the last row"),
        ListServer([{"id": f"lead_{number:03}"} for number in range(9)], paging="id of the last row"),
        ListServer([{"id": f"lead_{number:03}", "dueAt": number} for number in range(9)], paging="id of the last row", tells_total=True),
    ],
    ids=["one page", "tokens with the id and the order of it", "tokens that are ids", "a total that is reached"],
)
def test_a_list_that_is_proven_whole_is_read_once(server: ListServer) -> None:
    list(read_list(server.ask, {}, identify))

    assert len(server.queries) == (len(server.rows) + 1) // 2


@pytest.mark.parametrize("moves_by", ["updatedAt", "updated_at", "meetingDate", "dueAt", "last_message_at"])
def test_an_order_that_may_be_one_of_changes_is_no_proof(moves_by: str) -> None:
    rows = [{"id": f"lead_{number:03}", moves_by: number} for number in range(6)]
    server = ListServer(rows, paging="id of the last row")

    list(read_list(server.ask, {}, identify))

    assert len(server.queries) == 2 * 3


@pytest.mark.parametrize("first", ["2026-03-10T12:00:00.000Z", None], ids=["one row alone shows", "no row shows any more"])
def test_an_order_of_changes_that_is_not_refuted_is_no_proof_either(first: str | None) -> None:
    rows = [{"id": f"lead_{number:03}", "updated_at": None if number else first} for number in range(6)]
    server = ListServer(rows, paging="id of the last row")

    list(read_list(server.ask, {}, identify))

    assert len(server.queries) == 2 * 3


def test_a_row_that_is_gone_when_its_token_is_asked_for_is_not_a_list_that_is_gone() -> None:
    def ask(query: Mapping[str, Any]) -> Page:
        if query:
            raise NotFoundError("answered 404 Not Found", status=404)  # noqa: EM101, TRY003  # as the transport words it
        return paged([{"id": "lead_01"}], {"cursor": "lead_01"})

    with pytest.raises(RefusedError, match="404"):
        list(read_list(ask, {}, identify))


def test_empty_pages_without_end_are_refused() -> None:
    asked: list[Any] = []

    def ask(query: Mapping[str, Any]) -> Page:
        asked.append(query)
        return paged([], {"cursor": f"t{len(asked)}"})

    with pytest.raises(EnvelopeError, match="no end"):
        list(read_list(ask, {}, identify))

    assert len(asked) < 100


def _scripted(*pages: tuple[list[str], str | None]) -> Callable[[Mapping[str, Any]], Page]:
    """An API that gives these pages, ids with the next cursor, whatever it is asked; the last one for ever."""
    left = list(pages)

    def ask(query: Mapping[str, Any]) -> Page:
        del query
        ids, cursor = left.pop(0) if len(left) > 1 else left[0]
        return paged([{"id": one} for one in ids], {"cursor": cursor} if cursor else {})

    return ask


@pytest.mark.parametrize(
    "pages",
    [
        [(["lead_1"], "lead_1")],
        [(["lead_1"], "x"), (["lead_2"], "y"), (["lead_3"], "x"), (["lead_4"], "y")],
        [(["lead_1"], "1"), (["lead_1"], "2"), (["lead_1"], "3"), (["lead_1"], "4"), (["lead_1"], "5")],
        [([], "x")],
    ],
    ids=["the same token", "tokens in a circle", "an API that ignores its own tokens", "empty pages with the same token"],
)
def test_a_circle_is_refused(pages: list[tuple[list[str], str | None]]) -> None:
    with pytest.raises(EnvelopeError, match="circle"):
        list(read_list(_scripted(*pages), {}, identify))


def test_a_circle_is_noticed_within_one_turn() -> None:
    asked: list[Any] = []
    give = _scripted((["lead_1"], "x"), (["lead_2"], "y"), (["lead_3"], "x"), (["lead_1"], "y"))

    def ask(query: Mapping[str, Any]) -> Page:
        asked.append(query)
        return give(query)

    with pytest.raises(EnvelopeError):
        list(read_list(ask, {}, identify))

    assert len(asked) <= 4


def test_an_empty_page_with_a_next_token_is_not_the_end() -> None:
    pages = read_list(_scripted((["lead_01"], "lead_01"), ([], "lead_02"), (["lead_03"], None)), {}, identify)

    assert [row["id"] for page in pages for row in page.rows] == ["lead_01", "lead_03"]


def test_filters_are_sent_with_every_token() -> None:
    server = ListServer(_rows(random.Random(1), 5), paging="id of the last row")

    list(read_list(server.ask, {"updated_after": "x", "limit": 2}, identify))

    assert [query["updated_after"] for query in server.queries] == ["x"] * 3
    assert [query.get("cursor") for query in server.queries] == [None, "lead_001", "lead_003"]


def test_a_list_shorter_than_its_total_is_read_again_and_then_refused() -> None:
    asked = []

    def ask(query: Mapping[str, Any]) -> Page:
        asked.append(query)
        return paged([{"id": "lead_1"}], total=2)

    with pytest.raises(EnvelopeError, match="totalCount is 2"):
        list(read_list(ask, {}, identify))
    assert len(asked) > 1


def test_a_row_that_was_missing_from_the_total_is_found_by_the_next_sweep() -> None:
    pages = iter([["lead_1"], ["lead_1", "lead_2"]])

    found = read_list(lambda _query: paged([{"id": one} for one in next(pages)], total=2), {}, identify)

    assert [row["id"] for page in found for row in page.rows] == ["lead_1", "lead_2"]


def test_a_row_that_changed_while_the_list_was_read_is_given_again() -> None:
    server = ListServer(
        [{"id": f"lead_{number:02}", "updated_at": "2026-01-01T00:00:00.000Z"} for number in (1, 2)],
        ORDERS["oldest change first"],
        "values of the last row",
        size=1,
    )

    def change_once() -> None:
        if len(server.queries) == 1:
            server.rows[0]["updated_at"] = "2026-06-01T00:00:00.000Z"

    server.between = change_once

    found = [(row["id"], row["updated_at"][:7]) for page in read_list(server.ask, {}, identify) for row in page.rows]
    assert found == [("lead_01", "2026-01"), ("lead_02", "2026-01"), ("lead_01", "2026-06")]
    # The first sweep was disturbed, so that it takes two others to prove each other.
    assert len(server.queries) == 3 + 2 + 2


def test_a_first_page_that_was_asked_for_already_is_not_asked_for_again() -> None:
    server = ListServer(_rows(random.Random(1), 5), paging="id of the last row")
    first = server.ask({})

    found = [row["id"] for page in read_list(server.ask, {}, identify, first) for row in page.rows]

    assert len(found) == 5
    assert [query.get("cursor") for query in server.queries] == [None, "lead_001", "lead_003"]


def test_the_edge_of_a_cursor_that_is_a_time_alone_is_asked_for_again_and_then_left() -> None:
    rows = [{"id": f"n{number}", "createdAt": 100 - number // 2} for number in range(10)]

    def ask(query: Mapping[str, Any]) -> Page:
        left = [row for row in rows if "startAfter" not in query or row["createdAt"] < query["startAfter"]]
        if not left:
            return paged([])
        last = left[:3][-1]["createdAt"]
        return paged(left[:3], {"startAfter": int(str(last)) + 1}, otherwise={"startAfter": last} if len(left) <= 2 else {})

    found = [row["id"] for page in read_list(ask, {}, identify) for row in page.rows]

    assert found == [row["id"] for row in rows]
