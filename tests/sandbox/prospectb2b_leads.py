"""ProspectB2B's leads, one by one and in bulk, and the jobs that import and export them."""

from __future__ import annotations

import base64
import binascii
import csv
import io
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tests.sandbox.bodies import find_problem
from tests.sandbox.calls import BAD_REQUEST, CONFLICT, Answer, Call, Refusal
from tests.sandbox.prospectb2b import ProspectB2BReads

if TYPE_CHECKING:
    from tests.sandbox.store import Entry, Row

_SERVED = ("full_name", "email", "phone", "company_name", "title", "location", "tags", "is_qualified")


class ProspectB2BLeads(ProspectB2BReads):
    """The reads, and all that writes leads."""

    def create_lead(self, call: Call) -> Answer:
        """Make a lead."""
        if self.variant.lead_create_existing == "conflict" and self.store.match("leads", call.body):
            raise Refusal(CONFLICT, "There is a lead with that email or phone.")
        if not (call.body.get("email") or call.body.get("phone")):
            raise Refusal(BAD_REQUEST, "A lead needs an email or a phone.")
        return Answer(payload={"data": self._make(call.body).row})

    def change_lead(self, call: Call) -> Answer:
        """Change a lead that is named in the path."""
        entry = self.wanted(call)
        if call.body.get("id", entry.id) != entry.id:
            raise Refusal(BAD_REQUEST, "The id of a lead can't be changed.")
        self._change(entry, call.body)
        return Answer(payload={"data": entry.row})

    def upsert_lead(self, call: Call) -> Answer:
        """Change the lead with that id, email or phone, else make one."""
        problem = self._unwritable(call.body)
        if problem:
            raise Refusal(BAD_REQUEST, problem)
        return Answer(payload={"data": self._upsert(call.body).row})

    def write_leads(self, call: Call) -> Answer:
        """Upsert many leads; the answer is a plain list, without a word on each row."""
        rows = call.body["leads"]
        if not 1 <= len(rows) <= self.variant.bulk_max:
            raise Refusal(self.variant.bulk_too_many if rows else BAD_REQUEST, f"leads must have 1 to {self.variant.bulk_max} entries.")
        problems = [find_problem("lead change", row, self.variant) or self._unwritable(row) for row in rows]
        if self.variant.bulk_refusal == "whole":
            for number, problem in enumerate(problems):
                if problem:
                    raise Refusal(BAD_REQUEST, f"leads[{number}]: {problem}")
        written = {entry.id: entry for entry in (self._upsert(row) for row, problem in zip(rows, problems, strict=True) if not problem)}
        data = [entry.row for entry in written.values()]
        if self.variant.bulk_order == "shuffled":
            data = data[1::2] + data[::2]
        return Answer(payload={"data": data, "pagination": {"next_cursor": None, "has_more": False}})

    def create_export(self, call: Call) -> Answer:
        """Start an export."""
        return self._started("exports", {"status": "queued", "row_count": 0}, {"is_suppressed_too": call.body.get("include_suppressed", False)})

    def create_import(self, call: Call) -> Answer:
        """Start an import."""
        counts = {"total_rows": 0, "imported_rows": 0, "error_count": 0}
        row = {"status": "queued", "name": call.body["name"], "file_name": call.body["file_name"], **counts}
        return self._started("imports", row, {name: call.body[name] for name in ("file_type", "file_data")})

    def list_rows(self, call: Call) -> Answer:
        """A page of a list, after the jobs in it went on."""
        if call.operation.table in {"exports", "imports"}:
            for entry in list(self.store.entries(call.operation.table)):
                self._go_on(call.operation.table, entry, polls=0)
        return super().list_rows(call)

    def read_row(self, call: Call) -> Answer:
        """One row; to look at a job brings it nearer to its end."""
        entry = self.wanted(call)
        if call.operation.table in {"exports", "imports"}:
            self._go_on(call.operation.table, entry, polls=1)
        return super().read_row(call)

    def _unwritable(self, row: Row) -> str | None:
        if row.get("id") and not self.store.find("leads", row["id"]):
            return "There is no lead with that id."
        return None if any(row.get(name) for name in ("id", "email", "phone")) else "A lead needs an id, an email or a phone."

    def _upsert(self, row: Row) -> Entry:
        entry = self.store.find("leads", row["id"]) if row.get("id") else self.store.match("leads", row)
        if entry is None:
            return self._make(row)
        self._change(entry, row)
        return entry

    def _make(self, row: Row) -> Entry:
        served = {name: row[name] for name in _SERVED if name in row}
        hidden = {name: value for name, value in row.items() if name not in _SERVED}
        return self.account.create("leads", {"tags": [], "is_qualified": False, **served}, hidden=hidden)

    def _change(self, entry: Entry, row: Row) -> None:
        if self.variant.prospectb2b_nulls == "ignore":
            row = {name: value for name, value in row.items() if value is not None}
        entry.hidden.update({name: value for name, value in row.items() if name not in {*_SERVED, "id"}})
        self.account.write("leads", entry, {name: row[name] for name in _SERVED if name in row})

    def _started(self, table: str, row: Row, hidden: dict[str, Any]) -> Answer:
        due = self.account.clock.now() + timedelta(seconds=self.variant.job_seconds)
        entry = self.account.create(table, row, hidden={**hidden, "due": due, "polls": 0})
        return Answer(payload={"data": entry.row})

    def _go_on(self, table: str, entry: Entry, *, polls: int) -> None:
        """Bring a job that was started through the API nearer to its end."""
        if "due" not in entry.hidden:
            return
        entry.hidden["polls"] += polls
        if entry.hidden["polls"] < self.variant.job_polls and self.account.clock.now() < entry.hidden["due"]:
            if entry.row["status"] == "queued" and polls:
                self.account.write(table, entry, {"status": "processing"})
            return
        del entry.hidden["due"]
        if table == "imports":
            self._finish_import(entry)
        else:
            key = f"exports/{entry.id}.csv"
            self.account.write("exports", entry, {"status": "completed", "row_count": self.store.count("leads"), "file_key": key})

    def _finish_import(self, entry: Entry) -> None:
        """Take each line of the file: a lead, or an error."""
        rows = list(csv.DictReader(io.StringIO(_text(entry.hidden["file_data"]))))
        errors = 0
        for number, row in enumerate(rows, start=1):
            given = {name: value for name, value in row.items() if name in _SERVED and name not in {"tags", "is_qualified"} and value}
            problem = find_problem("lead", given, self.variant) or self._unwritable(given)
            if problem:
                errors += 1
                self.account.create("import_errors", {"row": number, "message": problem}, parent=entry.id)
            else:
                self._upsert(given)
        counts = {"total_rows": len(rows), "imported_rows": len(rows) - errors, "error_count": errors}
        self.account.write("imports", entry, {"status": "completed" if rows else "failed", **counts})


def _text(data: str) -> str:
    """The file's text; whether it comes in base64 is not documented, so it may."""
    try:
        return base64.b64decode(data, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return data
