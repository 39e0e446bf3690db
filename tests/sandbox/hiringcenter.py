"""HiringCenter's REST API v2, in its current and its older shape: envelopes and reads."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, ClassVar

from tests.sandbox.calls import BAD_REQUEST, NOT_ALLOWED, TOO_MANY, Answer, Call, Operation, Refusal, read_limit, require_parameters
from tests.sandbox.operations import HIRINGCENTER
from tests.sandbox.system import System
from tests.sandbox.times import parse_iso, position

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.sandbox.store import Entry, Key, Row

ACCOUNT_ID = "6b3e1a9d4c7f42e8a5d0c1f9b2e7a4c6"

_MOST_LABELS = 10
_MOST_ROWS = 200
_PAGE = 50
_EQUALS = {"prospectId": "prospectId", "ownerId": "ownerId", "meetingType": "meetingType", "assignedTo": "assignedTo", "assignTo": "assignedTo"}
_BOUNDS = ("meetingDateAfter", "meetingDateBefore", "dueAfter", "dueBefore")
_TEXTS = {"name": "", "title": "title", "company": "company", "stage": "currentStage"}


class HiringCenterReads(System):
    """All that reads."""

    name: ClassVar[str] = "hiringcenter"
    base: ClassVar[str] = "/hiringcenter/v2"
    operations: ClassVar[tuple[Operation, ...]] = HIRINGCENTER

    def allow(self, call: Call) -> None:
        """Check the query parameters, as the API's age names them; the older one deletes no prospects.

        Raises:
            Refusal: A parameter isn't listed, or there is no such operation yet.
        """
        operation = call.operation
        allowed = set(operation.query)
        is_older = self.variant.is_older(operation.table)
        if is_older and operation.method == "DELETE" and operation.table == "prospects":
            raise Refusal(NOT_ALLOWED, "Prospects can't be deleted.")
        if is_older:
            renamed = {"notes": ("pageToken", "startAfter"), "tasks": ("assignedTo", "assignTo")}.get(operation.table)
            if renamed and operation.reads:
                allowed = (allowed - {renamed[0]}) | {renamed[1]}
        if operation.does == "list_prospects" and self.variant.prospects_paging == "token":
            allowed.add("pageToken")
        require_parameters(call, allowed)

    def refuse(self, refusal: Refusal) -> Answer:
        """The error body, as the one documented 429 shows it."""
        label = "Too many requests" if refusal.status == TOO_MANY else HTTPStatus(refusal.status).phrase
        return Answer(refusal.status, {"error": label, "message": refusal.message, **refusal.extra}, dict(refusal.headers))

    def one(self, table: str, row: Row) -> Answer:
        """A single row in its envelope."""
        if not self.variant.is_older(table):
            return Answer(payload={"success": True, "item": row})
        return Answer(payload=dict(row) if table == "prospects" else {**row, "success": True})

    def read_key(self, call: Call) -> Answer:
        """What the key is."""
        return self.one(call.operation.table, {"accountId": ACCOUNT_ID, "permissions": ["read", "write"], "active": True})

    def read_row(self, call: Call) -> Answer:
        """One row by its id."""
        return self.one(call.operation.table, self.must_find(call.operation.table, call.ids[0]).row)

    def read_feed(self, call: Call) -> Answer:
        """The newest prospects, in whichever outer form."""
        if call.value("eventType") not in {None, "prospect.created"} or call.value("accountId") not in {None, ACCOUNT_ID}:
            raise Refusal(BAD_REQUEST, "There is no such event, or no such account.")
        rows = self.account.feed()
        form = self.variant.poll_feed
        if form == "items":
            return Answer(payload={"success": True, "items": rows, "pagination": {}})
        if form == "single":
            return Answer(payload=rows[0] if rows else {})
        return Answer(payload=rows)

    def list_prospects(self, call: Call) -> Answer:
        """Prospects, with each way of paging that the document leaves open."""
        is_older, paging, cap = self.variant.is_older("prospects"), self.variant.prospects_paging, self.variant.prospects_cap
        limit = read_limit(call, 1 if is_older else 25, cap if paging == "cap_refused" else None)
        if paging in {"token", "cap_silent"}:
            limit = min(limit, cap)
        tests = self._prospect_tests(call)
        rows = [pair for pair in self.sorted_rows("prospects") if all(test(pair[1]) for test in tests)]
        page = self.tokens.page("prospects", rows, limit, call.value("pageToken"))
        items = [entry.row for entry in page.entries]
        total = len(rows) if self.variant.total_is == "matches" else len(items)
        end: Row = {}
        if paging == "token":
            end = {"nextPageToken": page.token} if page.has_more else self._end(is_older=is_older)
        if is_older:
            return Answer(payload={"prospects": items, "totalCount": total, **end})
        return Answer(payload={"success": True, "items": items, "pagination": {**end, "totalCount": total}})

    def list_rows(self, call: Call) -> Answer:
        """Meetings, notes or tasks."""
        table = call.operation.table
        is_older = self.variant.is_older(table)
        # How many notes may be asked for is not documented.
        limit = min(read_limit(call, _PAGE, None if table == "notes" else _MOST_ROWS), _MOST_ROWS)
        tests = self._row_tests(call)
        rows = [pair for pair in self.sorted_rows(table) if all(test(pair[1]) for test in tests)]
        if table == "notes" and is_older:
            return self._older_notes(call, rows, limit)
        page = self.tokens.page(table, rows, limit, call.value("pageToken"))
        items = [entry.row for entry in page.entries]
        end = {"nextPageToken": page.token} if page.has_more else self._end(is_older=is_older)
        if is_older:
            return Answer(payload={"success": True, "items": items, **end})
        total = {"totalCount": len(rows)} if self.variant.hiringcenter_totals else {}
        return Answer(payload={"success": True, "items": items, "pagination": {**end, **total}})

    def _older_notes(self, call: Call, rows: list[tuple[Key, Entry]], limit: int) -> Answer:
        start, after = 0, call.value("startAfter")
        if after is not None:
            if not after.isascii() or not after.isdigit():
                raise Refusal(BAD_REQUEST, "startAfter must be Unix milliseconds.")
            start = self.tokens.notes_after(rows, int(after))
        notes = [entry.row for _, entry in rows[start : start + limit]]
        last = notes[-1]["createdAt"] if start + limit < len(rows) else None
        return Answer(payload={"success": True, "notes": notes, "lastNote": last})

    def _end(self, *, is_older: bool) -> Row:
        if is_older:
            return {"nextPageToken": None}
        ends: dict[str, Row] = {"absent": {}, "null": {"nextPageToken": None}, "empty": {"nextPageToken": ""}}
        return ends[self.variant.hiringcenter_end]

    def _prospect_tests(self, call: Call) -> list[Callable[[Entry], bool]]:
        tests = [self._has_text(name, call.value(name)) for name in ("email", "phone", *_TEXTS) if name in call.log.query]
        labels = {label for value in call.log.query.get("label", []) for label in value.split(",")}
        if len(labels) > _MOST_LABELS:
            raise Refusal(BAD_REQUEST, f"At most {_MOST_LABELS} labels can be asked for.")
        if labels:
            tests.append(lambda entry: bool(labels & set(entry.row.get("labels") or ())))
        return tests

    def _has_text(self, name: str, text: str | None) -> Callable[[Entry], bool]:
        wanted = (text or "").casefold()
        is_partial = name in _TEXTS and self.variant.text_filters == "partial"

        def has(entry: Entry) -> bool:
            row = entry.row
            value = f"{row.get('firstName')} {row.get('lastName')}" if name == "name" else row.get(_TEXTS.get(name, name))
            folded = value.casefold() if isinstance(value, str) else None
            return folded is not None and (wanted in folded if is_partial else wanted == folded)

        return has

    @staticmethod
    def _row_tests(call: Call) -> list[Callable[[Entry], bool]]:
        tests = [_equals(field, call.value(name)) for name, field in _EQUALS.items() if name in call.log.query]
        if "userId" in call.log.query:
            field = "userId" if call.operation.table == "notes" else "createdBy"
            tests.append(_equals(field, call.value("userId")))
        tests.extend(_bound(name, call.value(name) or "") for name in _BOUNDS if name in call.log.query)
        only_open = call.value("incompleteOnly")
        if only_open not in {None, "true", "false"}:
            raise Refusal(BAD_REQUEST, "incompleteOnly must be true or false.")
        if only_open == "true":
            tests.append(lambda entry: entry.row.get("completedAt") is None)
        return tests


def _equals(field: str, wanted: str | None) -> Callable[[Entry], bool]:
    return lambda entry: entry.row.get(field) == wanted


def _bound(name: str, text: str) -> Callable[[Entry], bool]:
    """A filter on a time, both bounds inclusive."""
    bound = int(text) * 1000 if text.isascii() and text.isdigit() else position(text) if parse_iso(text) else None
    if bound is None:
        raise Refusal(BAD_REQUEST, f"{name} must be Unix milliseconds or an ISO 8601 date.")
    field, sign = "meetingDate" if name.startswith("meeting") else "dueAt", 1 if name.endswith("After") else -1

    def is_within(entry: Entry) -> bool:
        at = position(entry.row.get(field))
        return at is not None and sign * (at - bound) >= 0

    return is_within
