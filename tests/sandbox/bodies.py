"""What the bodies of requests must look like."""

from __future__ import annotations

import re
import uuid
import zoneinfo
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tests.sandbox.calls import BAD_REQUEST, BAD_TYPE, Call, Refusal
from tests.sandbox.rows import EVENTS
from tests.sandbox.times import has_zone, parse_iso

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.sandbox.variant import Variant

_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")


@dataclass(frozen=True)
class Field:
    """What one property may hold.

    Attributes:
        kind: Name of the check for its value.
        required: Whether it must be there.
        nullable: Whether null is allowed.
        choices: The only values there are.
    """

    kind: str = "text"
    required: bool = False
    nullable: bool = False
    choices: tuple[str, ...] = ()


@lru_cache(maxsize=1)
def _zones() -> set[str]:
    return zoneinfo.available_timezones()


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _is_moment(value: object) -> bool:
    if isinstance(value, str):
        return parse_iso(value) is not None
    return isinstance(value, int) and not isinstance(value, bool)


def _is_url(value: object) -> bool:
    return isinstance(value, str) and urlsplit(value).scheme in {"http", "https"} and bool(urlsplit(value).netloc)


def _is_uuid(value: object) -> bool:
    try:
        return isinstance(value, str) and str(uuid.UUID(value)) == value.lower()
    except ValueError:
        return False


_CHECKS: dict[str, Callable[[Any], bool]] = {
    "text": lambda value: isinstance(value, str),
    "email": lambda value: isinstance(value, str) and _EMAIL.fullmatch(value) is not None,
    "boolean": lambda value: isinstance(value, bool),
    "number": _is_number,
    "object": lambda value: isinstance(value, dict),
    "texts": _is_texts,
    "labels": lambda value: isinstance(value, str) or _is_texts(value),
    "objects": lambda value: isinstance(value, list) and all(isinstance(item, dict) for item in value),
    "moment": _is_moment,
    "date-time": lambda value: isinstance(value, str) and has_zone(value) and parse_iso(value) is not None,
    "zone": lambda value: isinstance(value, str) and value in _zones(),
    "url": _is_url,
    "uuid": _is_uuid,
    "events": lambda value: _is_texts(value) and bool(value) and set(value) <= set(EVENTS),
}

_PROSPECT = {
    "firstName": Field(required=True),
    "lastName": Field(required=True),
    "update": Field("boolean"),
    "email": Field("email", nullable=True),
    "phone": Field(nullable=True),
    "stageId": Field(),
    "pipelineId": Field(),
    "licenseStatus": Field(nullable=True, choices=("not_started", "in_progress", "licensed")),
    "labels": Field("labels"),
    "notes": Field(),
    "title": Field(nullable=True),
    "company": Field(nullable=True),
    "userId": Field(),
    "streetAddress": Field(nullable=True),
    "city": Field(nullable=True),
    "state": Field(nullable=True),
    "postalCode": Field(nullable=True),
    "officeId": Field(nullable=True),
    "sourceId": Field(nullable=True),
    "newSourceName": Field(),
    "resume": Field("object"),
    "muteWebhook": Field("boolean"),
    "jobId": Field(),
}
_MEETING_CHANGE = {
    "userId": Field(),
    "meetingDate": Field("moment"),
    "timeZone": Field("zone"),
    "meetingType": Field(),
    "ownerId": Field(),
    "location": Field(nullable=True),
    "notes": Field(nullable=True),
}
_NOTE = {
    "prospectId": Field(required=True),
    "body": Field(required=True),
    "userId": Field(),
    "date": Field("moment"),
    "mentions": Field("objects"),
    "pin": Field("boolean"),
    "fileUrl": Field("url"),
}
_TASK = {
    "prospectId": Field(required=True),
    "assignedTo": Field(required=True),
    "task": Field(required=True),
    "userId": Field(),
    "dueAt": Field("moment"),
}
_LEAD = {
    "full_name": Field(),
    "email": Field("email"),
    "phone": Field(),
    "company_name": Field(),
    "column_id": Field("uuid"),
    "notes": Field(),
}
_LEAD_CHANGE = {
    **_LEAD,
    "id": Field(),
    "title": Field(),
    "location": Field(),
    "tags": Field("texts"),
    "owner_user_id": Field("uuid"),
    "value_amount": Field("number"),
    "due_date": Field("date-time"),
    "is_qualified": Field("boolean"),
}
_CLOSERSHQ = {"email": Field("email", required=True), "firstName": Field(), "lastName": Field(), "otherAttribute": Field("object")}
_WEBHOOK = {"url": Field("url"), "description": Field(), "events": Field("events")}


def _required(fields: Mapping[str, Field], *names: str) -> dict[str, Field]:
    return {name: replace(field, required=field.required or name in names) for name, field in fields.items()}


def _renamed(fields: Mapping[str, Field], **names: str) -> dict[str, Field]:
    return {names.get(name, name): field for name, field in fields.items()}


FORMS: dict[str, dict[str, Field]] = {
    "prospect": _PROSPECT,
    "older prospect": {name: replace(field, nullable=False) for name, field in _PROSPECT.items()},
    "meeting": {
        "prospectId": Field(required=True),
        **_required(_MEETING_CHANGE, "meetingDate", "timeZone", "meetingType", "ownerId"),
    },
    "meeting change": _MEETING_CHANGE,
    "note": _NOTE,
    "older note": _renamed(_NOTE, body="note"),
    "task": _TASK,
    "older task": _renamed(_TASK, assignedTo="assignTo", dueAt="due"),
    "lead": _required(_LEAD, "full_name"),
    "lead change": _LEAD_CHANGE,
    "leads": {"leads": Field("objects", required=True)},
    "campaign": {"prospector_workflow_id": Field(required=True)},
    "campaign change": {"status": Field(required=True, choices=("draft", "active", "paused", "archived"))},
    "publication": {"apply_strategy": Field(choices=("new", "all"))},
    "export": {"include_suppressed": Field("boolean")},
    "import": {name: Field(required=True) for name in ("name", "file_name", "file_type", "file_data")},
    "ticket": {"subject": Field(required=True), "body": Field(required=True)},
    "webhook": _required(_WEBHOOK, "url", "events"),
    "webhook change": _WEBHOOK,
    "closershq prospect": _CLOSERSHQ,
    "closershq change": {
        **_CLOSERSHQ,
        "title": Field(),
        **{name: Field("boolean") for name in ("bounced", "openedEmail", "replied", "isContacted", "unSubscribed")},
    },
    "closershq removal": {"email": Field("email", required=True)},
}
# Any property may stand in these.
_FREE = {"workflow"}
_LEAD_FORMS = {"lead", "lead change"}


def form_name(call: Call, variant: Variant) -> str:
    """The form that a call's body must have, as the API's age wants it."""
    name = call.operation.body or ""
    is_older = call.log.system == "hiringcenter" and variant.is_older(call.operation.table)
    return f"older {name}" if is_older and f"older {name}" in FORMS else name


def require_body(call: Call, variant: Variant) -> None:
    """Refuse a body that isn't as documented.

    Raises:
        Refusal: It is missing, unexpected, not JSON, or a property is wrong.
    """
    operation, body = call.operation, call.log.body
    if operation.body is None:
        # Clients that always send JSON send an empty object here.
        if call.content and body != {}:
            raise Refusal(BAD_REQUEST, "This operation takes no body.")
        return
    if not call.content and operation.body_is_optional:
        return
    if call.log.headers.get("content-type", "").split(";")[0].strip().lower() != "application/json":
        raise Refusal(BAD_TYPE, "The body must be application/json.")
    if not isinstance(body, dict):
        raise Refusal(BAD_REQUEST, "The body must be a JSON object.")
    if operation.body in _FREE:
        return
    problem = find_problem(form_name(call, variant), body, variant)
    if problem:
        raise Refusal(BAD_REQUEST, problem)


def find_problem(form: str, body: Mapping[str, Any], variant: Variant) -> str | None:
    """The first thing that is wrong with a body.

    Args:
        form: Name of the form.
        body: The body.
        variant: Whether leads take null.
    """
    fields = FORMS[form]
    for name, field in fields.items():
        if field.required and (name not in body or body[name] in (None, "")):
            return f"{name} is required."
    takes_null = form in _LEAD_FORMS and variant.prospectb2b_nulls != "refuse"
    for name, value in body.items():
        if name not in fields:
            return f"There is no property {name} here."
        field = fields[name]
        if value is None:
            if not (field.nullable or takes_null):
                return f"{name} can't be null."
        elif not _CHECKS[field.kind](value) or (field.choices and value not in field.choices):
            return f"{name} is not valid."
    return None
