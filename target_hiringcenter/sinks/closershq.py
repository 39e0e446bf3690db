"""What is written into ClosersHQ."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, ClassVar

from tap_hiringcenter.api.systems import CLOSERSHQ
from target_hiringcenter.fields import Field, body_of, boolean, email, mapping, names, require, text
from target_hiringcenter.rows import found_by
from target_hiringcenter.sinks.base import DELETED_AT
from target_hiringcenter.sinks.record import RecordSink
from target_hiringcenter.writes import Form, Write

if sys.version_info >= (3, 12):
    from typing import override
else:
    from typing_extensions import override

if TYPE_CHECKING:
    from tap_hiringcenter.api.systems import System
    from target_hiringcenter.writes import Row

_PATH = "/crm/prospect"
_EMAIL = Field("email", email)
# What POST takes; PATCH takes the others as well ("Prospect API").
_CREATE = (_EMAIL, Field("firstName", text), Field("lastName", text), Field("otherAttribute", mapping))
_PROSPECT = (
    *_CREATE,
    Field("title", text),
    Field("bounced", boolean),
    Field("openedEmail", boolean),
    Field("replied", boolean),
    Field("isContacted", boolean),
    Field("unSubscribed", boolean),
)
_CREATED = frozenset(field.name for field in _CREATE)


class ClosersHQProspects(RecordSink):
    """Prospects of campaigns, which the API knows by their e-mail and can't list."""

    name = "closershq_prospects"
    system: ClassVar[System] = CLOSERSHQ
    reads = names(_PROSPECT, DELETED_AT)

    @override
    def writing(self, columns: Row) -> Form:
        body = body_of(_PROSPECT, columns)
        require(body, "email")
        match = found_by(body)
        change = Write("PATCH", _PATH, body, is_repeatable=True)
        created = {name: value for name, value in body.items() if name in _CREATED}
        return Form(
            # A repeat is refused because the prospect exists, which `change` takes care of.
            create=Write("POST", _PATH, created, is_repeatable=True),
            change=change,
            after_create=(change,) if len(created) < len(body) else (),
            locks=match,
            match=match,
            exists_after_refusal=True,
        )

    @override
    def removal(self, columns: Row) -> Form:
        body = body_of((_EMAIL,), columns)
        require(body, "email")
        match = found_by(body)
        is_in_query = self.config["closershq_delete_in"] == "query"
        remove = Write("DELETE", _PATH, None if is_in_query else body, body if is_in_query else {}, is_repeatable=True)
        return Form(remove=remove, locks=match, match=match)
