"""How each API wraps what it answers: from an answer to a page of rows.

Every shape that the documents show is read without a setting, by looking at the answer. A shape that they don't show is an error: zero rows
is only a result when the API says zero.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NoReturn

import msgspec

from tap_hiringcenter.api.errors import EnvelopeError
from tap_hiringcenter.api.rows import LooseRows, TypedRows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tap_hiringcenter.api.answers import Answer
    from tap_hiringcenter.api.rows import Row, Rows

# A shorter number is more likely an offset that happens to stand in a row than anything that tells rows apart.
_SHORT = 4


@dataclass(frozen=True)
class Page:
    """Some rows of a list, and where the list goes on.

    Attributes:
        answer: What the page was read from.
        rows: The rows as the API sent them.
        next: Query parameters that ask for the next page; empty at the end of the list.
        total: Number of rows in the whole list, when the API tells it.
        otherwise: Query parameters to go on with where `next` was asked already; empty where that would be a circle.
    """

    answer: Answer
    rows: Rows
    next: Mapping[str, Any] = field(default_factory=dict)
    total: int | None = None
    otherwise: Mapping[str, Any] = field(default_factory=dict)


def prospectb2b_list(answer: Answer) -> Page:
    """Read `{"data": [...], "pagination": {"next_cursor", "has_more"}, "request_id"}` (reference, every list).

    Raises:
        EnvelopeError: It is anything else, or says that there is more without saying where.
    """
    body = _object(answer)
    _check_success(answer, body)
    rows = _rows(answer, body.get("data"), "data")
    pagination = body.get("pagination")
    if not isinstance(pagination, dict):
        refuse(answer, "answered a list without pagination, so nothing tells whether it is whole")
    more, cursor = pagination.get("has_more"), pagination.get("next_cursor")
    if not isinstance(more, bool):
        refuse(answer, "answered a list without has_more, so nothing tells whether it is whole")
    if not more:
        return Page(answer, rows)
    if not isinstance(cursor, (str, int)) or isinstance(cursor, bool) or cursor == "":
        refuse(answer, "says that the list goes on (has_more) but not where (next_cursor)")
    return Page(answer, rows, {"cursor": cursor})


def prospectb2b_single(answer: Answer) -> Page:
    """Read `{"data": {...}, "request_id"}` (reference, every operation that is not a list).

    Raises:
        EnvelopeError: It is anything else.
    """
    body = _object(answer)
    _check_success(answer, body)
    row = body.get("data")
    if not isinstance(row, dict) or not row:
        refuse(answer, "answered without the object that belongs into data")
    return Page(answer, LooseRows([row]))


def hiringcenter_list(answer: Answer, own_name: str, limit: int | None) -> Page:
    """Read a list of either age of the API.

    Current: `{success, items, pagination: {nextPageToken?, totalCount?}}`. Older: `{success, items, nextPageToken}` (meetings, tasks),
    `{success, notes, lastNote}`, `{prospects, totalCount}`.

    Args:
        answer: The answer.
        own_name: Name of the resource, which is the older key of its rows.
        limit: The number of rows that was asked for; a full page that is silent about a next one could be cut off.

    Returns:
        The page.

    Raises:
        EnvelopeError: It is anything else, or `success` is not true.
    """
    body = _object(answer)
    _check_success(answer, body)
    key = next((name for name in ("items", own_name) if name in body), None)
    if key is None:
        refuse(answer, f"answered without items or {own_name}")
    if key != "prospects" and "success" not in body:
        refuse(answer, "answered without a word on its success")
    rows = _rows(answer, body[key], key)
    pagination = body.get("pagination", {})
    if not isinstance(pagination, dict):
        refuse(answer, "answered with a pagination that is no object")
    total = pagination.get("totalCount", body.get("totalCount"))
    if total is not None and (not isinstance(total, int) or isinstance(total, bool) or total < 0):
        refuse(answer, "answered with a totalCount that is no count")

    token = pagination.get("nextPageToken", body.get("nextPageToken"))
    if token is not None and (not isinstance(token, (str, int)) or isinstance(token, bool)):
        refuse(answer, "answered with a nextPageToken that is no text")
    if token not in {None, ""}:
        return Page(answer, rows, {"pageToken": token}, total)
    last = pagination.get("lastNote", body.get("lastNote"))
    if last is not None:
        return _page_before(answer, rows, last, limit, total)
    says_end = "pagination" in body or "nextPageToken" in body or "lastNote" in body or total is not None
    if not says_end and (limit is None or len(rows) >= limit):
        refuse(answer, "answered a full page without a word on whether there are more")
    return Page(answer, rows, total=total)


def _page_before(answer: Answer, rows: Rows, last: object, limit: int | None, total: int | None) -> Page:
    """A page of older notes, whose cursor is the time of its last one."""
    if not isinstance(last, int) or isinstance(last, bool):
        refuse(answer, "answered with a lastNote that is no time")
    if not rows:
        refuse(answer, "answered with a lastNote but no note, so nothing tells what lies before it")
    if any(isinstance(row.get("createdAt"), int) and row["createdAt"] > last for row in rows[-1:]):
        refuse(answer, "answered with a lastNote that is older than the last note, so the notes between are left out")
    # Notes of the same millisecond may lie on both sides of a page's edge. So the edge is asked for again, and left behind only when it brought
    # nothing new and was not cut off by the limit.
    is_cut = limit is None or len(rows) >= limit
    return Page(answer, rows, {"startAfter": last + 1}, total, {} if is_cut else {"startAfter": last})


def hiringcenter_feed(answer: Answer) -> Page:
    """Read the poll feed, whose wrapping no document tells: an array, an object with items, or one record.

    Raises:
        EnvelopeError: It is none of these.
    """
    body = answer.body
    if isinstance(body, dict):
        _check_success(answer, body)
        body = body.get("items", [body] if "id" in body else None)
    return Page(answer, _rows(answer, body, "the feed"))


def names_a_row(next_page: Mapping[str, Any], *rows: Row) -> bool:
    """Whether a page token says "after this row", and not "after so many rows" or "after this moment".

    The tokens in the documents do, but for the one of notes: `lead_002` is an id, others decode to `{"id": ...}`.

    Args:
        next_page: Query parameters that ask for the next page.
        rows: The rows at the edge.

    Returns:
        True when every parameter holds the id of one of the rows.
    """
    if "startAfter" in next_page:
        return True  # a moment, but one that is asked for again (see `hiringcenter_list`), in a list whose order is documented
    ids = {str(row["id"]) for row in rows if row.get("id") is not None}
    return all(any(str(part) in ids and len(str(part)) > _SHORT for part in _parts(token)) for token in next_page.values())


def moments_in(next_page: Mapping[str, Any], row: Row) -> set[str]:
    """What a page token tells of a row that isn't its id: a moment, which other rows may share.

    Args:
        next_page: Query parameters that ask for the next page.
        row: The row before the edge.

    Returns:
        The parts of the token that stand in the row, but for its id.
    """
    values = {str(value) for name, value in row.items() if name != "id" and isinstance(value, (str, int)) and not isinstance(value, bool)}
    return {str(part) for token in next_page.values() for part in _parts(token) if str(part) in values and len(str(part)) > _SHORT}


def is_overlap(next_page: Mapping[str, Any], edge: Row, rows: Sequence[Row]) -> bool:
    """Whether a page holds nothing but what its token asks for a second time: rows of the moment at the edge.

    Args:
        next_page: Query parameters that asked for the page.
        edge: The row before the edge.
        rows: The rows of the page.
    """
    moments = {str(next_page["startAfter"] - 1)} if "startAfter" in next_page else moments_in(next_page, edge)
    return all(moments & {str(value) for value in row.values()} for row in rows)


@lru_cache(maxsize=64)
def _parts(token: str | int) -> Sequence[Any]:
    """What a page token holds: the values of the JSON object that it encodes, or itself."""
    try:
        decoded = json.loads(base64.b64decode(str(token) + "=="))
    except (binascii.Error, ValueError):
        return [token]
    return list(decoded.values()) if isinstance(decoded, dict) else [token]


def _object(answer: Answer) -> dict[str, Any]:
    if not isinstance(answer.body, dict):
        refuse(answer, f"answered with {_kind(answer.body)} where an object belongs")
    return answer.body


def _rows(answer: Answer, rows: object, where: str) -> Rows:
    if not isinstance(rows, list):
        refuse(answer, f"answered with {_kind(rows)} where the list of rows belongs ({where})")
    if rows and isinstance(rows[0], msgspec.Struct):
        return TypedRows(rows)
    if not all(isinstance(row, dict) for row in rows):
        refuse(answer, f"answered with rows that are no objects ({where})")
    return LooseRows(rows)


def _check_success(answer: Answer, body: dict[str, Any]) -> None:
    if body.get("success", True) is not True:
        refuse(answer, f"answered {answer.status}, yet says that it had no success")


def _kind(value: object) -> str:
    kinds = {dict: "an object", list: "a list", str: "a text", bool: "a truth value", int: "a number", float: "a number"}
    return kinds.get(type(value), "nothing")


def refuse(answer: Answer, reason: str, kind: type[EnvelopeError] = EnvelopeError) -> NoReturn:
    """Say that an answer can't be trusted.

    Args:
        answer: The answer.
        reason: What is wrong with it, without anything that its rows hold.
        kind: The error to raise.

    Raises:
        EnvelopeError: Always.
    """
    raise kind(reason, asked=answer.asked, status=answer.status, request_id=answer.request_id)
