"""What is written into ProspectB2B's leads."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, ClassVar

from tap_hiringcenter.api.systems import PROSPECTB2B
from target_hiringcenter.fields import Field, body_of, boolean, date_time, email, names, number, require, text, texts, trimmed
from target_hiringcenter.rows import found_by
from target_hiringcenter.sinks.base import DELETED_AT
from target_hiringcenter.sinks.looks import Trait, contact_locks, digits, folded, look_for
from target_hiringcenter.sinks.record import RecordSink, own_id
from target_hiringcenter.writes import Form, RejectedError, Write

if sys.version_info >= (3, 12):
    from typing import override
else:
    from typing_extensions import override

if TYPE_CHECKING:
    from tap_hiringcenter.api.systems import System
    from target_hiringcenter.writes import Row

# What POST /leads takes (LeadCreateRequest); the other operations take all of LeadUpsertRequest.
_CREATE = (
    Field("full_name", text),
    Field("email", email),
    Field("phone", trimmed),
    Field("company_name", text),
    Field("column_id", text),
    Field("notes", text),
)
_LEAD = (
    *_CREATE,
    Field("title", text),
    Field("location", text),
    Field("tags", texts),
    Field("owner_user_id", text),
    Field("value_amount", number),
    Field("due_date", date_time),
    Field("is_qualified", boolean),
)
_CREATED = frozenset(field.name for field in _CREATE)
_BY_EMAIL = {"email": Trait(("email",), folded), "full_name": Trait(("full_name",))}
_BY_PHONE = {"phone": Trait(("phone",), digits), "full_name": Trait(("full_name",))}


class Leads(RecordSink):
    """Leads, which the API matches by e-mail or phone, or that are made once for each record and then changed by their id."""

    name = "leads"
    system: ClassVar[System] = PROSPECTB2B
    scopes = ("leads.write",)
    row_path = "/leads/{id}"
    bulk_path = "/leads/bulk"
    reads = names(_LEAD, "id", DELETED_AT)

    @override
    def writing(self, columns: Row) -> Form:
        lead = body_of(_LEAD, columns)
        change = _change(lead)
        match = found_by(lead)
        if not match:
            return _named(columns, change)
        locks = contact_locks(match)
        mode = self.config["leads_write_mode"]
        # The id that the record names is left out: it may be another account's, and e-mail or phone tell enough.
        if mode != "create":
            create = Write("POST", "/leads/upsert", lead, takes_key=True, is_repeatable=True)
            return Form(create=create, change=change, locks=locks, match=match, upserts=True, bulk=lead if mode == "bulk" else None)
        require(lead, "full_name")
        rest = {name: value for name, value in lead.items() if name not in _CREATED}
        return Form(
            create=Write("POST", "/leads", {name: lead[name] for name in lead if name in _CREATED}, takes_key=True),
            change=change,
            after_create=(_change(rest),) if rest else (),
            look=look_for("/leads", lead, _BY_EMAIL if "email" in lead else _BY_PHONE, since="created_after"),
            locks=locks,
            match=match,
        )


def _named(columns: Row, change: Write) -> Form:
    """The form of a record that has nothing but an id to find its lead by."""
    found = own_id(columns)
    if found is None:
        msg = "has no e-mail, no phone and no id, so that its lead could not be found again"
        raise RejectedError(msg)
    key = frozenset({f"id:{found}"})
    lacks = "has neither e-mail nor phone, one of which a new lead needs"
    return Form(change=change if change.body else None, own_id=found, locks=key, match=key, lacks=lacks)


def _change(lead: Row) -> Write:
    return Write("PATCH", "/leads/{id}", lead, is_repeatable=True)
