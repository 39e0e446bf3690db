"""ProspectB2B's public API v1: its envelopes, rights and reads."""

from __future__ import annotations

import itertools
import zlib
from http import HTTPStatus
from typing import TYPE_CHECKING, ClassVar

from tests.sandbox.calls import BAD_REQUEST, FORBIDDEN, NOT_FOUND, Answer, Call, LoggedRequest, Operation, Refusal, read_limit, require_parameters
from tests.sandbox.operations import PROSPECTB2B
from tests.sandbox.streams import TABLES
from tests.sandbox.system import System
from tests.sandbox.times import has_zone, parse_iso, position

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.sandbox.account import Account
    from tests.sandbox.store import Entry, Key, Row

_DATES = {
    "created_after": "created_at",
    "created_before": "created_at",
    "updated_after": "updated_at",
    "updated_before": "updated_at",
}


class ProspectB2BReads(System):
    """All that reads."""

    name: ClassVar[str] = "prospectb2b"
    base: ClassVar[str] = "/prospectb2b/api/public/v1"
    operations: ClassVar[tuple[Operation, ...]] = PROSPECTB2B

    def __init__(self, account: Account) -> None:
        """Serve an account."""
        super().__init__(account)
        self._request_numbers = itertools.count(1)

    def allow(self, call: Call) -> None:
        """Check scope, membership and query parameters.

        Raises:
            Refusal: The key may not, or a parameter isn't listed.
        """
        operation = call.operation
        if operation.scope not in self.account.scopes:
            raise Refusal(FORBIDDEN, f"This key lacks the scope {operation.scope}.")
        if operation.method != "GET" and self.account.read_only:
            raise Refusal(FORBIDDEN, "The membership behind this key is read-only.")
        allowed = list(operation.query)
        if operation.does == "list_rows" and not allowed:
            allowed += ["limit"] if self.variant.limit_on_all_lists else []
            allowed += ["cursor"] if self.variant.cursor_on_all_lists != "refused" else []
        require_parameters(call, allowed)

    def refuse(self, refusal: Refusal) -> Answer:
        """The error body; the documents show none."""
        code = HTTPStatus(refusal.status).phrase.lower().replace(" ", "_")
        error = {"code": code, "message": refusal.message, **refusal.extra}
        return Answer(refusal.status, {"error": error}, dict(refusal.headers))

    def finish(self, answer: Answer, log: LoggedRequest) -> None:
        """Give the answer a request id of its own."""
        number = next(self._request_numbers)
        log.request_id = f"req_{zlib.crc32(f'{self.account.seed}/{number}'.encode()):08x}{number:06d}"
        answer.headers["X-Request-Id"] = log.request_id
        if isinstance(answer.payload, dict):
            answer.payload = {**answer.payload, "request_id": log.request_id}

    def list_rows(self, call: Call) -> Answer:
        """A page of a list."""
        table, ids = call.operation.table, call.ids
        parent = ids[0] if ids else None
        if parent is not None:
            self.must_find(TABLES[table].parent or "", parent)
        rows = self.sorted_rows(table, parent)
        if table == "leads":
            rows = self._filtered(call, rows)
        cursor = call.value("cursor")
        if not call.operation.query and self.variant.cursor_on_all_lists == "ignored":
            cursor = None
        limit = read_limit(call, self.variant.prospectb2b_page_size, self.variant.prospectb2b_max_limit)
        page = self.tokens.page(table, rows, limit, cursor)
        pagination: Row = {"next_cursor": page.token, "has_more": page.has_more}
        if not page.has_more and self.variant.next_cursor_at_end == "absent":
            del pagination["next_cursor"]
        elif not page.has_more and self.variant.next_cursor_at_end == "null":
            pagination["next_cursor"] = None
        return Answer(payload={"data": [entry.row for entry in page.entries], "pagination": pagination})

    def read_row(self, call: Call) -> Answer:
        """One row by its id."""
        return _envelope(self.wanted(call))

    def read_single(self, call: Call) -> Answer:
        """The row of a table that has just one."""
        table = call.operation.table
        return Answer(payload={"data": self.account.identity() if table == "api_identity" else self.store.the(table).row})

    def read_download(self, call: Call) -> Answer:
        """Whether an export can be fetched."""
        self.must_find("exports", call.ids[0])
        return _envelope(next(iter(self.store.entries("export_downloads", call.ids[0]))))

    def wanted(self, call: Call) -> Entry:
        """The row that the path names.

        Raises:
            Refusal: It isn't there, or not below the row that the path names before it.
        """
        entry = self.must_find(call.operation.table, call.ids[-1])
        if len(call.ids) > 1 and entry.parent != call.ids[0]:
            raise Refusal(NOT_FOUND, "That row belongs to another one.")
        return entry

    def _filtered(self, call: Call, rows: list[tuple[Key, Entry]]) -> list[tuple[Key, Entry]]:
        """Only the leads that the date filters let through."""
        tests = []
        for parameter, field in _DATES.items():
            text = call.value(parameter)
            if text is None:
                continue
            if not has_zone(text) or parse_iso(text) is None:
                raise Refusal(BAD_REQUEST, f"{parameter} must be an ISO 8601 date-time with a zone.")
            tests.append(self._bound(field, position(text) or 0, is_after=parameter.endswith("after")))
        if not tests or self.variant.updated_filters == "ignored":
            return rows
        return [pair for pair in rows if all(test(pair[1]) for test in tests)]

    def _bound(self, field: str, bound: int, *, is_after: bool) -> Callable[[Entry], bool]:
        is_inclusive = self.variant.after_is_inclusive if is_after else self.variant.before_is_inclusive
        sign = 1 if is_after else -1
        keeps_null = self.variant.null_times == "included"

        def is_within(entry: Entry) -> bool:
            at = position(entry.row.get(field))
            if at is None:
                return keeps_null
            distance = sign * (at - bound)
            return distance > 0 or (is_inclusive and distance == 0)

        return is_within


def _envelope(entry: Entry) -> Answer:
    return Answer(payload={"data": entry.row})
