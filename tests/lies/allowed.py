"""What the documents allow an answer to be, written from them alone; and what must come out of the rows of such an answer."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.sandbox.times import position

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tests.lies.kinds import Form

Row = dict[str, Any]


def allowed_rows(form: Form, true: Any, answer: Any) -> list[Row] | None:  # noqa: ANN401 - any JSON
    """The rows of an answer, when nothing in it contradicts the documents, itself, or the total that it tells.

    Args:
        form: The form that belongs to the list.
        true: The true answer.
        answer: What was answered instead.

    Returns:
        Its rows; None where the answer shows that something is wrong with it.
    """
    if isinstance(answer, dict) and answer.get("success", True) is not True:
        return None
    if form.is_feed:
        rows = _rows_of_feed(answer)
    elif not isinstance(answer, dict) or (form.success and "success" not in answer):
        return None
    else:
        rows = [answer.get(form.rows)] if form.is_single else answer.get(form.rows)
    if not isinstance(rows, list) or not all(isinstance(row, dict) and row and _key(form, row) for row in rows):
        return None
    by_key = {_key(form, row): row for row in rows}
    if any(row != by_key[_key(form, row)] for row in rows):
        return None  # different rows by one name
    goes_on_well = form.is_single or form.is_feed or _goes_on_well(form, true, answer, len(by_key))
    return rows if goes_on_well else None


def _rows_of_feed(answer: Any) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(answer, dict):
        return answer.get("items", [answer])
    return answer


def _key(form: Form, row: Row) -> tuple[str, ...] | None:
    """What tells a row apart. An id is a text; a number in its place is kept as one."""
    if form.has_ids:
        value = row.get("id")
        is_key = _is_number(value) or (isinstance(value, str) and value.strip() != "")
        return (_text(value),) if is_key else None
    number, message = row.get("row"), row.get("message")
    is_key = isinstance(number, int) and not isinstance(number, bool) and (isinstance(message, str) or _is_number(message))
    return (_text(number), _text(message)) if is_key else None


def _goes_on_well(form: Form, true: Any, answer: Row, count: int) -> bool:  # noqa: ANN401 - any JSON
    pagination = answer.get("pagination") if form.pagination else answer
    if not isinstance(pagination, dict):
        return False
    if form.has_more:
        cursor = pagination.get("next_cursor")
        more = pagination.get("has_more")
        return isinstance(more, bool) and (not more or (isinstance(cursor, str) and cursor.strip() != ""))
    token = pagination.get(form.token) if form.token else None
    if form.token == "lastNote":
        # The list is sorted by this time, so it can't be another than its last note's.
        true_time = true.get("lastNote")
        return "lastNote" in answer and (token is None or (type(token) is int and token == true_time))
    if token is not None and not isinstance(token, str):
        return False
    if form.token and not form.pagination and form.token not in answer:
        return False
    return not form.total or _total_fits(form, true, pagination, token, count)


def _total_fits(form: Form, true: Any, pagination: Row, token: object, count: int) -> bool:  # noqa: ANN401 - any JSON
    """Whether the total that is told and the rows beside it are those of the true answer, so that no count shows a difference."""
    true_paging = form.paging(true)
    total = pagination.get("totalCount")
    if not isinstance(total, int) or isinstance(total, bool) or total < 0:
        return False
    # Where nothing else tells the end, a total that is too low is the one lie that can't be seen.
    is_low = not form.token and total < true_paging["totalCount"]
    is_same = total == true_paging["totalCount"] and (token or None) == (true_paging.get(form.token) or None)
    return is_low or (is_same and count == len(form.rows_of(true)))


def lost_of(row: Row, answered: Iterable[Row], records: Iterable[Row]) -> list[str]:
    """What did not come out of a row.

    Args:
        row: A row as it was answered.
        answered: All rows that were, of which some may be other versions of it: a list that is read twice may tell two.
        records: All that came out.
    """
    names = ("id",) if "id" in row else ("row", "message")
    key = [_text(row[name]) for name in names]
    held = [record for record in records if [_text(record.get(name)) for name in names] == key]
    if not held:
        return [f"{key} never came out"]
    versions = [version for version in answered if [_text(version.get(name)) for name in names] == key]
    if any(not _changed(version, record) for version in versions for record in held):
        return []
    return [f"{key}: {_changed(row, held[-1])} did not come out as they were"]


def _changed(row: Row, record: Mapping[str, Any]) -> list[str]:
    """Names of the values of a row that a record doesn't keep."""
    extras = record.get("additional_properties") or {}
    found = []
    for name, value in row.items():
        if name in extras:
            is_kept = _is_same(value, extras[name])
        else:
            is_kept = name in record and name != "additional_properties" and _says(value, record[name])
        found += [] if is_kept else [name]
    return found


def _says(value: Any, kept: Any) -> bool:  # noqa: ANN401 - any JSON
    """Whether what is kept says the same as a value: a number as text, a text as number, a time in another form."""
    if _is_same(value, kept) or (value is not None and kept is not None and _text(value) == _text(kept)):
        return True
    if isinstance(value, list) and isinstance(kept, list):
        return len(value) == len(kept) and all(map(_says, value, kept))
    try:
        if not isinstance(value, bool) and float(value) == float(kept):
            return True
    except (TypeError, ValueError, OverflowError):
        pass
    at = position(kept)
    return at is not None and at // 1000 == (position(value) or 0) // 1000


def _is_same(value: Any, other: Any) -> bool:  # noqa: ANN401 - any JSON
    return json.dumps(value, sort_keys=True) == json.dumps(other, sort_keys=True)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
