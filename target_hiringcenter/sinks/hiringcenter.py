"""What is written into HiringCenter: prospects, and the meetings, notes and tasks about them."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, ClassVar

from tap_hiringcenter.api.systems import HIRINGCENTER
from target_hiringcenter.fields import (
    Field,
    body_of,
    boolean,
    email,
    mapping,
    moment,
    names,
    objects,
    one_of,
    require,
    text,
    texts,
    trimmed,
    url,
    zone,
)
from target_hiringcenter.rows import found_by
from target_hiringcenter.sinks.base import DELETED_AT
from target_hiringcenter.sinks.looks import Trait, contact_locks, digits, folded, instant, look_for, words
from target_hiringcenter.sinks.record import RecordSink, own_id
from target_hiringcenter.writes import Form, RejectedError, Write

if sys.version_info >= (3, 12):
    from typing import override
else:
    from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_hiringcenter.api.systems import System
    from target_hiringcenter.writes import Look, Row

# The most rows that a list gives at once (API reference, "List meetings" and "List tasks").
_LIMIT = 200


class HiringCenterSink(RecordSink):
    """A sink of HiringCenter."""

    system: ClassVar[System] = HIRINGCENTER

    def body(self, fields: tuple[Field, ...], columns: Row) -> Row:
        """The body of a request, with the nulls that `null_policy` wants."""
        return body_of(fields, columns, clears=self.config["null_policy"] == "clear")


_PROSPECT = (
    Field("firstName", text),
    Field("lastName", text),
    Field("email", email, is_clearable=True),
    Field("phone", trimmed, is_clearable=True),
    Field("stageId", text, ("currentStageId",)),
    Field("pipelineId", text),
    Field("licenseStatus", one_of("not_started", "in_progress", "licensed"), is_clearable=True),
    Field("labels", texts),
    Field("notes", text),
    Field("title", text, is_clearable=True),
    Field("company", text, is_clearable=True),
    Field("userId", text),
    Field("streetAddress", text, is_clearable=True),
    Field("city", text, is_clearable=True),
    Field("state", text, is_clearable=True),
    Field("postalCode", text, is_clearable=True),
    Field("officeId", text, ("office",), is_clearable=True),
    Field("sourceId", text, ("source",), is_clearable=True),
    Field("newSourceName", text),
    Field("resume", mapping),
    Field("muteWebhook", boolean),
    Field("jobId", text),
)
_CONTACT = tuple(field for field in _PROSPECT if field.name in {"email", "phone"})
_BY_EMAIL = {"email": Trait(("email",), folded)}
_BY_PHONE = {"phone": Trait(("phone",), digits)}
_BY_NAME = {"firstName": Trait(("firstName",)), "lastName": Trait(("lastName",)), **_BY_EMAIL, **_BY_PHONE}


class Prospects(HiringCenterSink):
    """Candidates, which the API matches by e-mail or phone ("Create or update prospect")."""

    name = "prospects"
    row_path = "/prospects/{id}"
    reads = names(_PROSPECT, "id", DELETED_AT)

    @override
    def writing(self, columns: Row) -> Form:
        body = self.body(_PROSPECT, columns)
        require(body, "firstName", "lastName")
        match = found_by(body)
        if not match and not self.config["allow_unmatched_creates"]:
            msg = "has neither e-mail nor phone, so that each write would make another prospect; allow_unmatched_creates is off"
            raise RejectedError(msg)
        if "stageId" in body:
            # A stage beats a pipeline, which is read back with each prospect.
            body.pop("pipelineId", None)
        if self.config["mute_webhooks"]:
            body["muteWebhook"] = True
        # By a phone alone a repeat may find nothing: the API drops one that it takes for invalid.
        has_email = bool(body.get("email"))
        create = Write("POST", "/prospects", {**body, "update": True}, takes_key=True, is_repeatable=has_email)
        look = _contact_look(body) or _name_look(body)
        return Form(create=create, look=look, locks=contact_locks(match) or self.lock(look), match=match, upserts=True)

    @override
    def removal(self, columns: Row) -> Form:
        contact = body_of(_CONTACT, columns)
        match = found_by(contact)
        return Form(
            remove=Write("DELETE", "/prospects/{id}", takes_key=True, is_repeatable=True),
            own_id=own_id(columns),
            # Never by name: what can't be brought back is only done to the one that is meant.
            look=_contact_look(contact),
            locks=contact_locks(match),
            match=match,
        )


def _contact_look(body: Row) -> Look | None:
    """How to find a prospect by its e-mail, or else its phone; None without either."""
    if body.get("email"):
        return look_for("/prospects", body, _BY_EMAIL, query={"email": body["email"], "limit": _LIMIT})
    if digits(body.get("phone")):
        return look_for("/prospects", body, _BY_PHONE, query={"phone": body["phone"], "limit": _LIMIT})
    return None


def _name_look(body: Row) -> Look:
    """How to find a prospect that nothing but its name tells from others: among those of that name one without e-mail and phone."""
    wanted = {"firstName": body["firstName"], "lastName": body["lastName"], "email": None, "phone": None}
    return look_for("/prospects", wanted, _BY_NAME, query={"name": f"{body['firstName']} {body['lastName']}", "limit": _LIMIT})


_MEETING = (
    Field("prospectId", text),
    Field("meetingDate", moment),
    Field("timeZone", zone),
    Field("meetingType", text),
    Field("ownerId", text),
    Field("userId", text),
    Field("location", text, is_clearable=True),
    Field("notes", text, is_clearable=True),
)
_MEETING_NEEDS = ("prospectId", "meetingDate", "timeZone", "meetingType", "ownerId")
_MEETING_TRAITS = {name: Trait((name,), instant if name == "meetingDate" else words) for name in _MEETING_NEEDS}


class Meetings(HiringCenterSink):
    """Meetings with prospects, which the API changes and deletes by their id."""

    name = "meetings"
    refers_to: ClassVar[Mapping[str, str]] = {"prospectId": "prospects"}
    row_path = "/meetings/{id}"
    reads = names(_MEETING, "id", DELETED_AT)

    @override
    def writing(self, columns: Row) -> Form:
        body = self.body(_MEETING, columns)
        content = {name: value for name, value in body.items() if name != "prospectId"}
        # A meeting can't go over to another prospect.
        change = Write("POST", "/meetings/{id}", content, takes_key=True, is_repeatable=True) if content else None
        if "prospectId" not in body:
            return Form(change=change, own_id=own_id(columns), lacks="names no prospectId, which a new meeting needs")
        require(body, *_MEETING_NEEDS)
        look = _about("/meetings", body, _MEETING_TRAITS)
        return Form(
            create=Write("POST", "/meetings", body, takes_key=True),
            change=change,
            own_id=own_id(columns),
            look=look,
            locks=self.lock(look),
            # No operation moves a meeting to another prospect ("Update meeting").
            fixed=("prospectId", body["prospectId"]),
        )

    @override
    def removal(self, columns: Row) -> Form:
        body = body_of(_MEETING, columns)
        look = _about("/meetings", body, _MEETING_TRAITS) if all(name in body for name in _MEETING_NEEDS) else None
        return Form(
            remove=Write("DELETE", "/meetings/{id}", takes_key=True, is_repeatable=True),
            own_id=own_id(columns),
            look=look,
            locks=self.lock(look),
        )


_NOTE = (
    Field("prospectId", text),
    Field("body", text, ("note",)),
    Field("userId", text),
    Field("date", moment, ("createdAt",)),
    Field("mentions", objects),
    Field("pin", boolean),
    Field("fileUrl", url),
)
_NOTE_TRAITS = {
    "prospectId": Trait(("prospectId",)),
    "body": Trait(("body", "note")),
    "date": Trait(("createdAt",), instant),
}
_TASK = (
    Field("prospectId", text),
    Field("task", text),
    Field("assignedTo", text, ("assignTo",)),
    Field("userId", text),
    Field("dueAt", moment, ("due",)),
)
_TASK_TRAITS = {
    "prospectId": Trait(("prospectId",)),
    "task": Trait(("task",)),
    "assignedTo": Trait(("assignedTo", "assignTo")),
    "dueAt": Trait(("dueAt", "due"), instant),
}
# What the older copies of "Create note" and "Create task" call them.
_OLDER_NAMES = {"body": "note", "assignedTo": "assignTo", "dueAt": "due"}


class OnceSink(HiringCenterSink):
    """Makes rows that the API has no operation to change: once for each record.

    Attributes:
        fields: The properties of a row.
        needs: Those that the API requires.
        traits: What tells a row from the others about the same prospect.
    """

    refers_to: ClassVar[Mapping[str, str]] = {"prospectId": "prospects"}
    fields: ClassVar[tuple[Field, ...]]
    needs: ClassVar[tuple[str, ...]]
    traits: ClassVar[Mapping[str, Trait]]

    @override
    def writing(self, columns: Row) -> Form:
        body = self.body(self.fields, columns)
        require(body, *self.needs)
        path = f"/{self.name}"
        look = _about(path, body, self.traits)
        renamed = _OLDER_NAMES if self.config["hiringcenter_field_names"] == "older" else {}
        sent: dict[str, Any] = {renamed.get(name, name): value for name, value in body.items()}
        return Form(create=Write("POST", path, sent, takes_key=True), own_id=own_id(columns), look=look, locks=self.lock(look))


class Notes(OnceSink):
    """Notes about prospects."""

    name = "notes"
    row_path = "/notes/{id}"
    reads = names(_NOTE, "id", DELETED_AT)
    fields = _NOTE
    needs = ("prospectId", "body")
    traits = _NOTE_TRAITS


class Tasks(OnceSink):
    """Tasks of the account's users."""

    name = "tasks"
    row_path = "/tasks/{id}"
    reads = names(_TASK, "id", DELETED_AT)
    fields = _TASK
    needs = ("prospectId", "task", "assignedTo")
    traits = _TASK_TRAITS


def _about(path: str, body: Row, traits: Mapping[str, Trait]) -> Look:
    """How to find a row about a prospect, which is always looked for: without a ledger nothing else tells that it is there."""
    return look_for(path, body, traits, query={"prospectId": body["prospectId"], "limit": _LIMIT}, is_always=True)
