"""Lies in the structure of an answer, each as an edit of the true one: the envelope, the rows, where the list goes on, the total."""

from __future__ import annotations

import copy
from functools import partial
from typing import TYPE_CHECKING, Any

from tests.lies.telling import Lie, Page
from tests.sandbox import ABSENT

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.lies.kinds import Form

# What may stand where something else belongs.
_NO_SUCCESS: tuple[Any, ...] = (False, None, 0, "false", "true", "no", [], {})
_NO_KEYS: tuple[Any, ...] = (None, [], {}, ["a"], "", True)
_NO_TOTALS: tuple[Any, ...] = (-1, "12", 12.5, True, [], {})
# Tokens that lead nowhere.
_NOWHERE = ("  ", "nowhere", 7, "x" * 4000, "..", "&cursor=", "\u0000", "ü")
_SCALARS: dict[str, Any] = {"null": None, "true": True, "a number": 7, "a text": "rows"}


def _always(_form: Form) -> bool:
    return True


def _has_rows(form: Form) -> bool:
    return not form.is_single


def _has_ids(form: Form) -> bool:
    return not form.is_single and form.has_ids


def _is_object(form: Form) -> bool:
    return bool(form.rows)


def _has_token(form: Form) -> bool:
    return bool(form.token)


def _has_text_token(form: Form) -> bool:
    return form.token in {"nextPageToken", "next_cursor"}


def _has_pagination(form: Form) -> bool:
    """Whether something that is read stands in `pagination`: the feed's is empty."""
    return form.pagination and (form.token != "" or form.total)


def _whole(value: Any, _page: Page) -> Any:  # noqa: ANN401 - any JSON
    return copy.deepcopy(value)


def _with(values: dict[str, Any], page: Page) -> Any:  # noqa: ANN401 - any JSON
    body = {**page.body, **values}
    return {name: value for name, value in body.items() if value is not ABSENT}


def _rows(change: Callable[[list[Any]], Any], page: Page) -> Any:  # noqa: ANN401 - any JSON
    return page.form.with_rows(page.body, change(page.rows))


def _instead(value: Any, _true: object) -> Any:  # noqa: ANN401 - any JSON
    return copy.deepcopy(value)


def _each(change: Callable[[dict[str, Any]], Any], page: Page) -> Any:  # noqa: ANN401 - any JSON
    return page.form.with_rows(page.body, [change(row) for row in page.rows])


def _paging(values: dict[str, Any], page: Page) -> Any:  # noqa: ANN401 - any JSON
    return page.form.with_paging(page.body, **values)


def _identified(value: Any, row: dict[str, Any]) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    """The row with another value in its key, or without it; an import error has no id, and its key is where it stands."""
    name = "id" if "id" in row else "row"
    changed = {**row, name: value}
    return {name: value for name, value in changed.items() if value is not ABSENT}


def _without_rows(page: Page) -> Any:  # noqa: ANN401 - any JSON
    return _with({page.form.rows: ABSENT}, page)


def _renamed_rows(page: Page) -> Any:  # noqa: ANN401 - any JSON
    return _with({page.form.rows: ABSENT, "results": page.body[page.form.rows]}, page)


def _by_id(page: Page) -> Any:  # noqa: ANN401 - any JSON
    return page.form.with_rows(page.body, {str(row.get("id", number)): row for number, row in enumerate(page.rows)})


def _other_system(page: Page) -> Any:  # noqa: ANN401 - any JSON
    """The envelope that lists of the other system have."""
    if page.form.has_more:
        return {"success": True, "items": page.rows, "pagination": {}}
    return {"data": page.rows, "pagination": {"next_cursor": None, "has_more": False}, "request_id": "req_1"}


def _twice_wrapped(page: Page) -> Any:  # noqa: ANN401 - any JSON
    return page.form.with_rows(page.body, page.body)


def _second_is_first(rows: list[Any]) -> list[Any]:
    """The second row, by the name of the first."""
    return [rows[0], {**rows[1], "id": rows[0]["id"]}, *rows[2:]] if rows[1:] else rows


def _identity_differs(rows: list[Any]) -> list[Any]:
    """All rows by one name, of which each says something else."""
    return [{**row, "id": rows[0]["id"], "extra": number} for number, row in enumerate(rows)]


def _repeated_page(page: Page) -> Any:  # noqa: ANN401 - any JSON
    """The rows of the first page once more, in the place of these."""
    return page.form.with_rows(page.body, page.form.rows_of(page.earlier[0])) if page.earlier else page.body


def _own_token(page: Page) -> Any:  # noqa: ANN401 - any JSON
    """A next page that is the one which was asked for: a circle of one."""
    before = page.earlier[-1] if page.earlier else page.body
    token = page.form.paging(before).get(page.form.token)
    return _paging({page.form.token: token, **_going_on(page.form)}, page) if token else page.body


def _first_token(page: Page) -> Any:  # noqa: ANN401 - any JSON
    """A next page that is the second one: a circle as long as the list."""
    token = page.form.paging((page.earlier or [page.body])[0]).get(page.form.token)
    return _paging({page.form.token: token, **_going_on(page.form)}, page) if token else page.body


def _going_on(form: Form) -> dict[str, Any]:
    return {"has_more": True} if form.has_more else {}


def _next(value: Any, page: Page) -> Any:  # noqa: ANN401 - any JSON
    """Going on, at a token of this kind."""
    return _paging({page.form.token: value, **_going_on(page.form)}, page)


def _new_token(page: Page) -> Any:  # noqa: ANN401 - any JSON
    """The same rows for ever, at a token that was never there before."""
    first = page.earlier[0] if page.earlier else page.body
    token = 10**12 - len(page.earlier) if page.form.token == "lastNote" else f"token {len(page.earlier)}"
    return page.form.with_rows(_next(token, page), page.form.rows_of(first))


def _empty_for_ever(page: Page) -> Any:  # noqa: ANN401 - any JSON
    return page.form.with_rows(_new_token(page), [])


def _total(change: Callable[[int], Any], page: Page) -> Any:  # noqa: ANN401 - any JSON
    true = page.form.paging(page.body)["totalCount"]
    return _paging({"totalCount": change(true)}, page)


def _growing_total(page: Page) -> Any:  # noqa: ANN401 - any JSON
    return _total(lambda true: true + 1 + len(page.earlier), page)


def _older_paging(page: Page) -> Any:  # noqa: ANN401 - any JSON
    """What the other age of the API would say of going on."""
    paging = page.form.paging(page.body)
    if page.form.pagination:
        return {**{name: value for name, value in page.body.items() if name != "pagination"}, **paging}
    rest = {name: value for name, value in page.body.items() if name not in {"totalCount", page.form.token}}
    return {**rest, "pagination": {name: paging[name] for name in ("totalCount", page.form.token) if name in paging}}


ENVELOPES = (
    *(Lie(f"the answer is {name}", partial(_whole, value), _always) for name, value in _SCALARS.items()),
    Lie("the answer is an empty object", partial(_whole, {}), lambda form: form.rows != "" or not form.is_single),
    Lie("the answer is an empty list", partial(_whole, []), lambda form: form.rows != "" and not form.is_feed),
    Lie("the answer is a list of lists", partial(_whole, [[]]), _always),
    Lie("an error instead", partial(_whole, {"error": {"code": "internal", "message": "Sorry."}}), _always),
    Lie("a limit in words", partial(_whole, {"error": "Too many requests", "message": "Later.", "retryAfter": 1}), _always),
    Lie("an envelope never seen", partial(_whole, {"results": [], "count": 0}), _always),
    Lie("only its success", partial(_whole, {"success": True}), _always),
    *(Lie(f"success is {value!r}", partial(_with, {"success": value}), _is_object) for value in _NO_SUCCESS),
    Lie("not a word on success", partial(_with, {"success": ABSENT}), lambda form: form.success, is_refused=False),
    Lie("wrapped twice", _twice_wrapped, _is_object),
    Lie("the envelope of the other system", _other_system, lambda form: form.has_more or (_has_rows(form) and form.rows != "")),
    Lie("the paging of the other age", _older_paging, lambda form: form.success or form.total, is_refused=False),
)

ROWS = (
    Lie("no rows", _without_rows, _is_object),
    Lie("rows by another name", _renamed_rows, _is_object),
    *(Lie(f"rows are {name}", partial(_rows, partial(_instead, value)), _is_object) for name, value in _SCALARS.items()),
    Lie("rows are an object", partial(_rows, lambda _rows: {}), _is_object),
    Lie("rows by their ids", _by_id, _has_rows),
    Lie("rows are numbers", partial(_rows, lambda rows: list(range(len(rows) or 1))), _has_rows),
    Lie("rows are nulls", partial(_rows, lambda rows: [None] * (len(rows) or 1)), _has_rows),
    Lie("rows are lists", partial(_rows, lambda rows: [list(row.items()) for row in rows] or [[]]), _has_rows),
    Lie("a null beside the rows", partial(_rows, lambda rows: [*rows, None]), _has_rows),
    Lie("an empty row beside the others", partial(_rows, lambda rows: [{}, *rows]), _has_rows),
    Lie("a row without its key", partial(_each, partial(_identified, ABSENT)), _always, forges=True),
    *(Lie(f"a key that is {value!r}", partial(_each, partial(_identified, value)), _always, forges=True) for value in _NO_KEYS),
    Lie("two rows by one name", partial(_rows, _second_is_first), _has_ids, is_refused=False, forges=True),
    Lie("all rows by one name", partial(_rows, _identity_differs), _has_ids, is_refused=False, forges=True),
    Lie("a row told twice", partial(_rows, lambda rows: [*rows, *rows[:1]]), _has_rows, is_refused=False),
    Lie("the rows backwards", partial(_rows, lambda rows: rows[::-1]), _has_rows, is_refused=False),
    Lie("the first page again", _repeated_page, _has_token, is_refused=False),
)

GOING_ON = (
    Lie("no pagination", partial(_with, {"pagination": ABSENT}), _has_pagination, is_refused=False),
    *(Lie(f"pagination is {name}", partial(_with, {"pagination": value}), lambda form: form.has_more) for name, value in _SCALARS.items()),
    Lie("pagination is a list", partial(_with, {"pagination": []}), _has_pagination),
    Lie("pagination is a text", partial(_with, {"pagination": "next"}), _has_pagination),
    Lie("pagination is empty", partial(_with, {"pagination": {}}), lambda form: form.has_more),
    *(
        Lie(f"has_more is {'absent' if value is ABSENT else repr(value)}", partial(_paging, {"has_more": value}), lambda form: form.has_more)
        for value in (ABSENT, None, "false", "true", 0, 1, [], {})
    ),
    *(
        Lie(f"more, at the cursor {'absent' if value is ABSENT else repr(value)}", partial(_next, value), lambda form: form.has_more)
        for value in (ABSENT, None, "")
    ),
    *(Lie(f"more, at {value!r}", partial(_next, value), _has_token) for value in ({}, [], {"id": "x"}, ["x"], True, 1.5)),
    *(Lie(f"more, at {value!r:.20}", partial(_next, value), _has_text_token) for value in _NOWHERE),
    *(Lie(f"more, after {value!r}", partial(_next, value), lambda form: form.token == "lastNote") for value in ("1", "soon", -5, 0)),
    Lie("a circle of one", _own_token, _has_token),
    Lie("a circle of all", _first_token, _has_token),
    Lie("the first page for ever", _new_token, _has_token),
    Lie("empty pages for ever", _empty_for_ever, _has_token),
)

TOTALS = (
    Lie("a total too high", partial(_total, lambda true: true + 1), lambda form: form.total),
    Lie("a total far too high", partial(_total, lambda _true: 10**30), lambda form: form.total),
    # Without a token, a total is the only proof that there is, and stands among the lies that nobody can see.
    Lie("a total too low", partial(_total, lambda true: max(0, true - 1)), lambda form: form.total and _has_token(form), is_refused=False),
    Lie("a total of none", partial(_total, lambda _true: 0), lambda form: form.total and _has_token(form), is_refused=False),
    Lie("a total that grows", _growing_total, lambda form: form.total),
    *(Lie(f"a total that is {value!r}", partial(_total, partial(_instead, value)), lambda form: form.total) for value in _NO_TOTALS),
    Lie("a total that is null", partial(_total, lambda _true: None), lambda form: form.total, is_refused=False),
    Lie("a total with a point", partial(_total, float), lambda form: form.total, is_refused=False),
    Lie("no total", partial(_total, lambda _true: ABSENT), lambda form: form.total, is_refused=False),
)

LIES = (*ENVELOPES, *ROWS, *GOING_ON, *TOTALS)
