"""HiringCenter's writes: prospects by email or phone, meetings by id, notes and tasks once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar

from tests.sandbox.calls import BAD_REQUEST, Answer, Call, Refusal
from tests.sandbox.hiringcenter import HiringCenterReads
from tests.sandbox.rows import API_KEY_ID, API_KEY_NAME, STAGES
from tests.sandbox.times import millis, to_millis

if TYPE_CHECKING:
    from tests.sandbox.store import Entry, Row

CREATED = 201

# The North American plan knows no area code and no exchange that begins with 0 or 1.
_PHONE = re.compile(r"\+?(?:1?[2-9]\d{2}[2-9]\d{6}|(?!1)[2-9]\d{10,13})")
_SERVED = ("firstName", "lastName", "email", "phone", "title", "company")
_HIDDEN = (
    "licenseStatus", "notes", "streetAddress", "city", "state", "postalCode", "officeId", "sourceId", "newSourceName", "resume", "jobId", "userId",
)  # fmt: skip


class HiringCenter(HiringCenterReads):
    """The whole API."""

    _stages: ClassVar[dict[str, tuple[str, str, str]]] = {stage[0]: stage for stage in STAGES}
    _pipelines: ClassVar[dict[str, tuple[str, str, str]]] = {stage[2]: stage for stage in reversed(STAGES)}

    def write_prospect(self, call: Call) -> Answer:
        """Create a prospect, or update the one with that email or phone."""
        body, is_older = call.body, self.variant.is_older("prospects")
        served, hidden, warning = self._prospect_fields(body)
        match = self.store.match("prospects", body)
        wants_update = body.get("update", not is_older)
        if match and not wants_update and (is_older or self.variant.update_false == "duplicates"):
            match = None
        if match is None:
            stage = {} if "currentStage" in served else self._stage(STAGES[0])
            entry = self.account.create("prospects", {"labels": [], **stage, **served}, hidden=hidden)
        else:
            entry = match
            if wants_update:
                self._update(entry, served, hidden)
        answer = self.one("prospects", {**entry.row, "message": warning})
        answer.status = CREATED if match is None else 200
        return answer

    def remove_row(self, call: Call) -> Answer:
        """Delete a prospect or a meeting."""
        entry = self.must_find(call.operation.table, call.ids[0])
        self.store.delete(call.operation.table, entry)
        return Answer(payload={"success": True, "message": "Deleted."})

    def create_meeting(self, call: Call) -> Answer:
        """Make a meeting."""
        body = dict(call.body)
        user = body.pop("userId", None)
        row = {"location": None, "notes": None, **body, "meetingDate": to_millis(body["meetingDate"])}
        return self._created("meetings", {**row, "createdBy": user, **_made_by(user)})

    def change_meeting(self, call: Call) -> Answer:
        """Update a meeting."""
        entry = self.must_find("meetings", call.ids[0])
        fields = {name: value for name, value in call.body.items() if name != "userId"}
        if "meetingDate" in fields:
            fields["meetingDate"] = to_millis(fields["meetingDate"])
        self.account.write("meetings", entry, fields)
        return self.one("meetings", entry.row)

    def create_note(self, call: Call) -> Answer:
        """Make a note."""
        body = dict(call.body)
        if "note" in body:
            body["body"] = body.pop("note")
        made = {"createdAt": to_millis(body.pop("date"))} if "date" in body else {}
        user = body.get("userId")
        return self._created("notes", {"mentions": [], "pin": False, **body, **made, **_made_by(user)})

    def create_task(self, call: Call) -> Answer:
        """Make a task; without a time it is due now."""
        body = dict(call.body)
        user = body.pop("userId", None)
        due = body.pop("dueAt", body.pop("due", None))
        row = {"prospectId": body["prospectId"], "task": body["task"], "assignedTo": body.get("assignedTo", body.get("assignTo"))}
        row["dueAt"] = millis(self.account.clock.now()) if due is None else to_millis(due)
        return self._created("tasks", {**row, "assignedBy": user, "createdBy": user, **_made_by(user)})

    def _created(self, table: str, row: Row) -> Answer:
        self.must_find("prospects", row["prospectId"])
        answer = self.one(table, self.account.create(table, row).row)
        answer.status = CREATED
        return answer

    def _prospect_fields(self, body: Row) -> tuple[Row, Row, str | None]:
        """What is served of a body, what is only kept, and a warning."""
        served = {name: body[name] for name in _SERVED if name in body}
        hidden = {name: body[name] for name in _HIDDEN if name in body}
        warning = None
        if served.get("phone") and not keeps_phone(served["phone"]):
            served["phone"], warning = None, "The phone number is not valid and was not saved."
        if "labels" in body:
            labels = body["labels"].split(",") if isinstance(body["labels"], str) else body["labels"]
            served["labels"] = list(dict.fromkeys(label.strip() for label in labels if label.strip()))
        for name, known in (("stageId", self._stages), ("pipelineId", self._pipelines)):
            if name in body and body[name] not in known:
                raise Refusal(BAD_REQUEST, f"There is no such {name}.")
        if "stageId" in body:
            served.update(self._stage(self._stages[body["stageId"]]))
        elif "pipelineId" in body:
            served.update(self._stage(self._pipelines[body["pipelineId"]]))
        return served, hidden, warning

    def _update(self, entry: Entry, served: Row, hidden: Row) -> None:
        if self.variant.labels_update == "merge" and "labels" in served:
            served["labels"] = list(dict.fromkeys([*(entry.row.get("labels") or ()), *served["labels"]]))
        entry.hidden.update(hidden)
        self.account.write("prospects", entry, served)

    @staticmethod
    def _stage(stage: tuple[str, str, str]) -> Row:
        return {"currentStageId": stage[0], "currentStage": stage[1], "pipelineId": stage[2]}


def keeps_phone(phone: str) -> bool:
    """Whether a phone is one that the server keeps; another one is dropped with a warning."""
    return _PHONE.fullmatch(re.sub(r"[\s().-]", "", phone)) is not None


def _made_by(user: str | None) -> dict[str, Any]:
    """Who is said to have made a row: the user that was named, else the key."""
    by_key = user is None
    return {"createdByApi": by_key, "createdByApiKeyId": API_KEY_ID if by_key else None, "createdByApiKeyName": API_KEY_NAME if by_key else None}
