"""The sinks: one class for each stream that can be written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from target_hiringcenter.sinks.closershq import ClosersHQProspects
from target_hiringcenter.sinks.files import Exports, Imports
from target_hiringcenter.sinks.hiringcenter import Meetings, Notes, Prospects, Tasks
from target_hiringcenter.sinks.leads import Leads
from target_hiringcenter.sinks.prospectb2b import Campaigns, ProspectorWorkflows, SupportTickets, WebhookDeliveries, Webhooks

if TYPE_CHECKING:
    from target_hiringcenter.sinks.base import ApiSink

SINKS: tuple[type[ApiSink], ...] = (
    Prospects,
    Meetings,
    Notes,
    Tasks,
    Leads,
    Campaigns,
    ProspectorWorkflows,
    Webhooks,
    WebhookDeliveries,
    SupportTickets,
    Imports,
    Exports,
    ClosersHQProspects,
)
