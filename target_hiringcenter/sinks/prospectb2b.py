"""What is written into ProspectB2B, but for leads and files."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from tap_hiringcenter.api.systems import PROSPECTB2B
from target_hiringcenter.fields import EXTRAS, Field, anything, body_of, is_nothing, names, require, text, texts, trimmed, url, value_of
from target_hiringcenter.sinks.base import DELETED_AT
from target_hiringcenter.sinks.looks import Trait, look_for
from target_hiringcenter.sinks.record import RecordSink, is_true, own_id
from target_hiringcenter.writes import Form, Probe, RejectedError, Write

if sys.version_info >= (3, 12):
    from typing import override
else:
    from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_hiringcenter.api.systems import System
    from target_hiringcenter.writes import Look, Row


class ProspectB2BSink(RecordSink):
    """A sink of ProspectB2B. No document of it says that null clears anything, so nulls are never sent."""

    system: ClassVar[System] = PROSPECTB2B


_WORKFLOW_ID = Field("prospector_workflow_id", text)
_STATUS = Field("status", text)
_STRATEGY = Field("apply_strategy", text)


class Campaigns(ProspectB2BSink):
    """Campaigns: made for a workflow, given a status, and published when the record says so."""

    name = "campaigns"
    scopes = ("campaigns.write",)
    refers_to: ClassVar[Mapping[str, str]] = {"prospector_workflow_id": "prospector_workflows"}
    row_path = "/campaigns/{id}"
    reads = names((_WORKFLOW_ID, _STATUS, _STRATEGY), "id", "publish", DELETED_AT)

    @override
    def writing(self, columns: Row) -> Form:
        body, status = body_of((_WORKFLOW_ID,), columns), body_of((_STATUS,), columns)
        change = Write("PATCH", "/campaigns/{id}", status, is_repeatable=True) if status else None
        look = look_for("/campaigns", body, {"prospector_workflow_id": Trait(("prospector_workflow_id",))}) if body else None
        return Form(
            create=Write("POST", "/campaigns", body, takes_key=True) if body else None,
            change=change,
            after_create=(change,) if change and body else (),
            actions=(_publication(columns),) if is_true(columns, "publish") else (),
            own_id=own_id(columns),
            look=look,
            locks=self.lock(look),
            lacks="names no prospector_workflow_id, which a new campaign needs",
        )


def _publication(columns: Row) -> Write:
    # Each publication makes a run.
    probe = Probe("/campaigns/{id}/runs")
    return Write("POST", "/campaigns/{id}/publish", body_of((_STRATEGY,), columns) or None, takes_key=True, probe=probe)


# A workflow's body is free-form: what the tap reads and what this target is told is no part of it.
_NOT_THE_BODY = frozenset({"id", "object", "created_at", "updated_at", "run", EXTRAS})


_NAME = {"name": Trait(("name",))}


class ProspectorWorkflows(ProspectB2BSink):
    """Workflows, with whatever columns the record has, and run when it says so."""

    name = "prospector_workflows"
    scopes = ("prospector.run",)
    row_path = "/prospector/workflows/{id}"
    reads: ClassVar[frozenset[str]] = frozenset()

    @override
    def writing(self, columns: Row) -> Form:
        kept = [name for name in columns if name not in _NOT_THE_BODY and not name.startswith("_sdc_")]
        body = {text(name): value_of(columns, name, anything) for name in kept if not is_nothing(columns[name])}
        look = look_for("/prospector/workflows", body, _NAME) if "name" in body else None
        return Form(
            create=Write("POST", "/prospector/workflows", body, takes_key=True) if body else None,
            change=Write("PATCH", "/prospector/workflows/{id}", body, is_repeatable=True) if body else None,
            actions=(_RUN,) if is_true(columns, "run") else (),
            own_id=own_id(columns),
            look=look,
            locks=self.lock(look),
            lacks="has nothing that a new workflow could be made of",
        )

    @override
    def removal(self, columns: Row) -> Form:
        # By its id alone, since two workflows may have one name; but for one whose create had no answer, of which the ledger knows the name.
        look = replace(look_for("/prospector/workflows", {"name": ""}, _NAME), wanted="", is_unsure=True)
        return Form(remove=Write("DELETE", "/prospector/workflows/{id}", is_repeatable=True), own_id=own_id(columns), look=look)


_RUN = Write("POST", "/prospector/workflows/{id}/run", takes_key=True, probe=Probe("/prospector/workflows/{id}/runs"))

_URL = Field("url", url)
_WEBHOOK = (_URL, Field("description", text), Field("events", texts))


class Webhooks(ProspectB2BSink):
    """Webhooks; two with one address are never wanted, so one that is there is taken for the record's."""

    name = "webhooks"
    scopes = ("webhooks.write",)
    row_path = "/webhooks/{id}"
    reads = names(_WEBHOOK, "id", DELETED_AT)

    @override
    def writing(self, columns: Row) -> Form:
        # A webhook without events is none, so an empty list is nothing.
        body = {name: value for name, value in body_of(_WEBHOOK, columns).items() if value != []}
        look = self._look(body)
        return Form(
            create=Write("POST", "/webhooks", body, takes_key=True) if {"url", "events"} <= body.keys() else None,
            change=Write("PATCH", "/webhooks/{id}", body, is_repeatable=True) if body else None,
            own_id=own_id(columns),
            look=look,
            locks=self.lock(look),
            lacks="lacks url or events, which a new webhook needs",
            secret=True,
        )

    @override
    def removal(self, columns: Row) -> Form:
        look = self._look(body_of((_URL,), columns))
        remove = Write("DELETE", "/webhooks/{id}", is_repeatable=True)
        return Form(remove=remove, own_id=own_id(columns), look=look, locks=self.lock(look))

    @staticmethod
    def _look(body: Row) -> Look | None:
        return look_for("/webhooks", body, {"url": Trait(("url",))}, is_always=True) if "url" in body else None


class WebhookDeliveries(ProspectB2BSink):
    """Deliveries, which can be retried and nothing else."""

    name = "webhook_deliveries"
    scopes = ("webhooks.write",)
    refers_to: ClassVar[Mapping[str, str]] = {"webhook_id": "webhooks"}
    row_path = "/webhooks/{webhook_id}/deliveries/{id}"
    reads = names((), "webhook_id", "id", "retry", DELETED_AT)

    @override
    def writing(self, columns: Row) -> Form:
        if not is_true(columns, "retry"):
            msg = "has nothing to write: a delivery can only be retried, which takes a column retry that is true"
            raise RejectedError(msg)
        ids = {name: value_of(columns, name, trimmed) for name in ("webhook_id", "id")}
        require(ids, *ids)
        probe = Probe(self.row_path, {"webhook_id": ids["webhook_id"]}, "attempt_count")
        retry = Write("POST", f"{self.row_path}/retry", ids=probe.ids, probe=probe)
        return Form(actions=(retry,), own_id=ids["id"], lacks="names a delivery that is not known")


_TICKET = (Field("subject", text), Field("body", text))


class SupportTickets(ProspectB2BSink):
    """Tickets to ProspectB2B's support: each is opened once, and the API takes no key that would tell a repeat."""

    name = "support_tickets"
    scopes = ("support.write",)
    row_path = "/support/tickets/{id}"
    reads = names(_TICKET, "id", DELETED_AT)

    @override
    def writing(self, columns: Row) -> Form:
        body = body_of(_TICKET, columns)
        require(body, "subject", "body")
        look = look_for("/support/tickets", body, {"subject": Trait(("subject",)), "body": Trait(("body",))}, is_always=True)
        return Form(create=Write("POST", "/support/tickets", body), own_id=own_id(columns), look=look, locks=self.lock(look))
