"""Envelopes: every documented shape is read, and nothing else is taken for zero rows."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from tap_hiringcenter.api.envelopes import hiringcenter_feed, hiringcenter_list, names_a_row, prospectb2b_list, prospectb2b_single, refuse
from tap_hiringcenter.api.errors import EnvelopeError
from tests.unit.lists import answer

ROWS: list[dict[str, Any]] = [{"id": "a"}, {"id": "b"}]
NOT_LISTS: list[Any] = [None, {}, {"id": "a"}, "a", 0, False, [1], [None], [[]], [{"id": "a"}, "b"]]


@pytest.mark.parametrize(
    ("pagination", "following"),
    [
        ({"next_cursor": "lead_002", "has_more": True}, {"cursor": "lead_002"}),
        ({"next_cursor": 2, "has_more": True}, {"cursor": 2}),
        ({"next_cursor": 0, "has_more": True}, {"cursor": 0}),
        ({"next_cursor": "lead_002", "has_more": False}, {}),
        ({"next_cursor": None, "has_more": False}, {}),
        ({"has_more": False}, {}),
    ],
)
def test_a_list_of_prospectb2b_goes_on_as_it_says(pagination: dict[str, Any], following: dict[str, Any]) -> None:
    page = prospectb2b_list(answer({"data": ROWS, "pagination": pagination, "request_id": "r"}))

    assert ([*page.rows], page.next) == (ROWS, following)


@pytest.mark.parametrize(
    "pagination",
    [
        None,
        [],
        "next",
        {},
        {"has_more": None},
        {"has_more": "false"},
        {"has_more": 0},
        {"has_more": True},
        {"has_more": True, "next_cursor": None},
        {"has_more": True, "next_cursor": ""},
        {"has_more": True, "next_cursor": True},
        {"has_more": True, "next_cursor": {}},
    ],
)
def test_a_list_of_prospectb2b_that_does_not_say_whether_or_where_it_goes_on_is_refused(pagination: object) -> None:
    with pytest.raises(EnvelopeError):
        prospectb2b_list(answer({"data": ROWS, "pagination": pagination}))


@pytest.mark.parametrize("body", [None, [], ROWS, "x", 1, {}, {"pagination": {"has_more": False}}, {"items": [], "pagination": {"has_more": False}}])
def test_a_list_of_prospectb2b_without_data_is_refused(body: object) -> None:
    with pytest.raises(EnvelopeError):
        prospectb2b_list(answer(body))


@pytest.mark.parametrize("success", [False, None, "true", 1])
def test_prospectb2b_is_believed_when_it_says_that_it_had_no_success(success: object) -> None:
    with pytest.raises(EnvelopeError, match="success"):
        prospectb2b_list(answer({"success": success, "data": ROWS, "pagination": {"has_more": False}}))
    with pytest.raises(EnvelopeError, match="success"):
        prospectb2b_single(answer({"success": success, "data": {"id": "me"}}))


@pytest.mark.parametrize("rows", NOT_LISTS)
def test_rows_of_prospectb2b_that_are_no_list_of_objects_are_refused(rows: object) -> None:
    with pytest.raises(EnvelopeError):
        prospectb2b_list(answer({"data": rows, "pagination": {"has_more": False}}))


def test_zero_rows_are_zero_rows_when_the_api_says_so() -> None:
    assert [*prospectb2b_list(answer({"data": [], "pagination": {"has_more": False}})).rows] == []
    assert [*hiringcenter_list(answer({"success": True, "items": [], "pagination": {}}), "tasks", 200).rows] == []
    assert [*hiringcenter_list(answer({"prospects": [], "totalCount": 0}), "prospects", 200).rows] == []


def test_a_single_of_prospectb2b_is_one_row() -> None:
    page = prospectb2b_single(answer({"data": {"id": "me"}}))

    assert ([*page.rows], page.next) == ([{"id": "me"}], {})


@pytest.mark.parametrize("body", [None, [], {}, {"data": None}, {"data": []}, {"data": {}}, {"data": [{"id": "a"}]}, {"id": "me"}])
def test_a_single_of_prospectb2b_that_is_no_object_is_refused(body: object) -> None:
    with pytest.raises(EnvelopeError):
        prospectb2b_single(answer(body))


@pytest.mark.parametrize(
    ("name", "body", "following", "total"),
    [
        ("tasks", {"success": True, "items": ROWS, "pagination": {"nextPageToken": "t", "totalCount": 125}}, {"pageToken": "t"}, 125),
        ("tasks", {"success": True, "items": ROWS, "pagination": {"totalCount": 2}}, {}, 2),
        ("tasks", {"success": True, "items": ROWS, "pagination": {"nextPageToken": None}}, {}, None),
        ("tasks", {"success": True, "items": ROWS, "pagination": {"nextPageToken": ""}}, {}, None),
        ("tasks", {"success": True, "items": ROWS, "pagination": {}}, {}, None),
        ("tasks", {"success": True, "items": ROWS, "pagination": {"nextPageToken": 0}}, {"pageToken": 0}, None),
        ("meetings", {"success": True, "items": ROWS, "nextPageToken": "t"}, {"pageToken": "t"}, None),
        ("meetings", {"success": True, "items": ROWS, "nextPageToken": None}, {}, None),
        ("notes", {"success": True, "notes": ROWS, "lastNote": 1717007200000}, {"startAfter": 1717007200001}, None),
        ("notes", {"success": True, "notes": ROWS, "lastNote": None}, {}, None),
        ("prospects", {"prospects": ROWS, "totalCount": 7}, {}, 7),
    ],
)
def test_both_ages_of_hiringcenter_are_read(name: str, body: dict[str, Any], following: dict[str, Any], total: int | None) -> None:
    page = hiringcenter_list(answer(body), name, 2)

    assert ([*page.rows], page.next, page.total) == (ROWS, following, total)


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        ROWS,
        {},
        {"success": True},
        {"success": True, "data": []},
        {"success": True, "notes": []},
        {"success": False, "items": [], "pagination": {}},
        {"success": None, "items": [], "pagination": {}},
        {"success": "true", "items": [], "pagination": {}},
        {"success": 1, "items": [], "pagination": {}},
        {"success": True, "items": [], "pagination": []},
        {"success": True, "items": [], "pagination": None},
        {"success": True, "items": [], "pagination": {"nextPageToken": 7.5}},
        {"success": True, "items": [], "pagination": {"nextPageToken": True}},
        {"success": True, "items": [], "pagination": {"nextPageToken": {}}},
        {"success": True, "items": [], "pagination": {"totalCount": "7"}},
        {"success": True, "items": [], "pagination": {"totalCount": -1}},
        {"success": True, "items": [], "pagination": {"totalCount": True}},
        {"success": True, "items": [], "lastNote": "yesterday"},
        {"success": True, "items": [], "lastNote": 1717007200000},
        {"success": True, "items": ROWS},
        {"items": ROWS, "pagination": {}},
        {"items": [], "pagination": {"totalCount": 0}},
        {"items": [], "nextPageToken": None},
        {"tasks": [], "pagination": {}},
    ],
)
def test_any_other_list_of_hiringcenter_is_refused(body: object) -> None:
    with pytest.raises(EnvelopeError):
        hiringcenter_list(answer(body), "tasks", 2)


def test_only_older_prospects_may_be_silent_on_their_success() -> None:
    with pytest.raises(EnvelopeError, match="success"):
        hiringcenter_list(answer({"notes": ROWS, "lastNote": None}), "notes", 2)
    with pytest.raises(EnvelopeError, match="success"):
        hiringcenter_list(answer({"items": ROWS, "pagination": {"totalCount": 2}}), "prospects", 2)
    with pytest.raises(EnvelopeError, match="success"):
        hiringcenter_list(answer({"success": False, "prospects": ROWS, "totalCount": 2}), "prospects", 2)


@pytest.mark.parametrize("rows", NOT_LISTS)
def test_rows_of_hiringcenter_that_are_no_list_of_objects_are_refused(rows: object) -> None:
    with pytest.raises(EnvelopeError):
        hiringcenter_list(answer({"success": True, "items": rows, "pagination": {}}), "tasks", 2)


@pytest.mark.parametrize(("limit", "otherwise"), [(3, {"startAfter": 100}), (2, {}), (None, {})])
def test_the_older_cursor_leaves_its_edge_only_when_the_page_was_not_cut(limit: int | None, otherwise: dict[str, int]) -> None:
    page = hiringcenter_list(answer({"success": True, "notes": ROWS, "lastNote": 100}), "notes", limit)

    assert page.otherwise == otherwise


@pytest.mark.parametrize(
    ("body", "rows"),
    [
        (ROWS, ROWS),
        ([], []),
        ({"success": True, "items": ROWS}, ROWS),
        ({"items": []}, []),
        ({"id": "a", "first_name": "Avery"}, [{"id": "a", "first_name": "Avery"}]),
    ],
)
def test_the_feed_is_read_in_any_wrapping(body: object, rows: list[dict[str, Any]]) -> None:
    assert [*hiringcenter_feed(answer(body)).rows] == rows


@pytest.mark.parametrize("body", [None, "x", {}, {"success": True}, {"success": False, "items": []}, {"items": None}, [1]])
def test_a_feed_without_records_is_refused(body: object) -> None:
    with pytest.raises(EnvelopeError):
        hiringcenter_feed(answer(body))


def _coded(value: object) -> str:
    return base64.b64encode(json.dumps(value).encode()).decode()


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        ({"cursor": "lead_002"}, True),
        ({"cursor": "lead_003"}, False),
        ({"pageToken": _coded({"id": "lead_002"})}, True),
        ({"pageToken": _coded({"id": "lead_002"}).rstrip("=")}, True),
        ({"pageToken": _coded({"id": "lead_009"})}, False),
        ({"pageToken": _coded({"offset": 200})}, False),
        ({"pageToken": _coded([200])}, False),
        ({"pageToken": _coded({"createdAt": 1717007200000})}, False),
        ({"cursor": "1717007200000"}, False),
        ({"cursor": "200"}, False),
        ({"cursor": 200}, False),
        ({"cursor": "\u00fc\u00fc"}, False),
        ({"startAfter": 1717007200001}, True),
    ],
)
def test_a_token_names_a_row_only_when_it_holds_something_of_it(token: dict[str, Any], expected: bool) -> None:  # noqa: FBT001  # what is expected
    assert names_a_row(token, {"id": "lead_002", "row_count": 200, "createdAt": 1717007200000, "is_qualified": True}) is expected


def test_a_refusal_names_request_and_request_id_and_no_row() -> None:
    with pytest.raises(EnvelopeError, match=r"ProspectB2B: GET /things: .*\(request id req_1\)") as caught:
        prospectb2b_list(answer({"data": [{"id": "a", "email": "avery@example.com"}, 1]}))

    assert "avery" not in str(caught.value)


def test_refuse_always_raises() -> None:
    with pytest.raises(EnvelopeError, match="says nothing"):
        refuse(answer(), "says nothing")
