"""Streams: all are registered, each has its schema, and what they ask for is what the documents say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tap_hiringcenter.api.systems import HIRINGCENTER, PROSPECTB2B
from tap_hiringcenter.base import ApiStream
from tap_hiringcenter.client import HiringCenterStream, ProspectB2BSingleStream, ProspectB2BStream, ProspectB2BWindowedStream
from tap_hiringcenter.streams import STREAMS
from tests.auditor import REPLICATION_KEYS

SCHEMAS = Path(__file__).parents[2] / "schemas"
BY_NAME = {stream.name: stream for stream in STREAMS}

# From ProspectB2B's reference: path, scope, and whether the operation lists `limit`.
OPERATIONS = {
    "leads": ("/leads", "leads.read", True),
    "lead_activities": ("/leads/{lead_id}/activities", "leads.read", True),
    "lead_messages": ("/leads/{lead_id}/messages", "messages.read", False),
    "lead_fields": ("/lead-fields", "lead-fields.read", False),
    "campaigns": ("/campaigns", "campaigns.read", False),
    "campaign_logs": ("/campaigns/{campaign_id}/logs", "campaigns.read", False),
    "campaign_runs": ("/campaigns/{campaign_id}/runs", "campaigns.read", False),
    "campaign_run_events": ("/campaigns/runs/{run_id}/events", "campaigns.read", False),
    "exports": ("/exports", "leads.export", False),
    "export_downloads": ("/exports/{export_id}/download", "leads.export", False),
    "imports": ("/imports", "leads.import", False),
    "import_errors": ("/imports/{import_id}/errors", "leads.import", False),
    "inbox_threads": ("/inbox/threads", "inbox.read", True),
    "inbox_messages": ("/inbox/threads/{thread_id}/messages", "inbox.read", False),
    "jobs": ("/jobs", "jobs.read", False),
    "job_events": ("/jobs/{job_id}/events", "jobs.read", False),
    "prospector_config": ("/prospector/config", "prospector.read", False),
    "prospector_workflows": ("/prospector/workflows", "prospector.read", False),
    "prospector_runs": ("/prospector/workflows/{workflow_id}/runs", "prospector.read", False),
    "prospector_results": ("/prospector/runs/{run_id}/results", "prospector.read", False),
    "referrals": ("/referrals", "referrals.read", False),
    "referral_summary": ("/referrals/summary", "referrals.read", False),
    "billing_subscription": ("/billing/subscription", "billing.read", False),
    "billing_usage": ("/billing/usage", "billing.read", False),
    "api_identity": ("/me", "me.read", False),
    "settings_email": ("/settings/email", "settings.read", False),
    "settings_integrations": ("/settings/integrations", "settings.read", False),
    "settings_lead_qualification": ("/settings/lead-qualification", "settings.read", False),
    "settings_profile": ("/settings/profile", "settings.read", False),
    "settings_sms": ("/settings/sms", "settings.read", False),
    "settings_voice": ("/settings/voice", "settings.read", False),
    "support_tickets": ("/support/tickets", "support.read", False),
    "webhooks": ("/webhooks", "webhooks.read", False),
    "webhook_deliveries": ("/webhooks/{webhook_id}/deliveries", "webhooks.read", False),
}
PATHS = {"prospects": "/prospects", "meetings": "/meetings", "notes": "/notes", "tasks": "/tasks", "prospect_feed": "/webhooks/poll"}
SINGLES = {
    "export_downloads",
    "prospector_config",
    "referral_summary",
    "billing_subscription",
    "billing_usage",
    "api_identity",
    *(name for name in OPERATIONS if name.startswith("settings_")),
}
ANCESTORS = {
    "lead_activities": ["lead_id"],
    "lead_messages": ["lead_id"],
    "campaign_logs": ["campaign_id"],
    "campaign_runs": ["campaign_id"],
    "campaign_run_events": ["campaign_id", "run_id"],
    "export_downloads": ["export_id"],
    "import_errors": ["import_id"],
    "inbox_messages": ["thread_id"],
    "job_events": ["job_id"],
    "prospector_runs": ["workflow_id"],
    "prospector_results": ["workflow_id", "run_id"],
    "webhook_deliveries": ["webhook_id"],
}
all_streams = pytest.mark.parametrize("stream", STREAMS, ids=lambda stream: stream.name)


def _kinds(base: type[ApiStream]) -> set[type[ApiStream]]:
    return {base, *(kind for below in base.__subclasses__() for kind in _kinds(below))}


def test_every_stream_that_is_written_is_registered_once() -> None:
    bases = {ApiStream, HiringCenterStream, ProspectB2BStream, ProspectB2BWindowedStream, ProspectB2BSingleStream}
    written = {kind for kind in _kinds(ApiStream) if kind.__module__.startswith("tap_hiringcenter.")}

    assert set(STREAMS) == written - bases
    assert len(STREAMS) == len(BY_NAME) == len(OPERATIONS) + len(PATHS)


def test_every_stream_has_a_schema_and_every_schema_a_stream() -> None:
    assert {f"{stream.system.name}/{stream.name}" for stream in STREAMS} == {
        str(file.relative_to(SCHEMAS).with_suffix("")) for file in SCHEMAS.rglob("*.json")
    }


def test_parents_stand_before_their_children() -> None:
    for place, stream in enumerate(STREAMS):
        assert stream.parent is None or stream.parent in STREAMS[:place]


@all_streams
def test_a_stream_asks_for_what_the_documents_say(stream: type[ApiStream]) -> None:
    if stream.system is HIRINGCENTER:
        assert (stream.path, stream.scope) == (PATHS[stream.name], "")
        return
    assert stream.system is PROSPECTB2B
    assert issubclass(stream, ProspectB2BStream)
    assert (stream.path, stream.scope, stream.takes_limit) == OPERATIONS[stream.name]


@all_streams
def test_a_stream_is_a_single_where_the_documents_say_so(stream: type[ApiStream]) -> None:
    assert issubclass(stream, ProspectB2BSingleStream) is (stream.name in SINGLES)


@all_streams
def test_a_stream_has_the_keys_that_are_promised(stream: type[ApiStream]) -> None:
    assert tuple(stream.primary_keys) == (("import_id", "row", "message") if stream.name == "import_errors" else ("id",))
    assert stream.replication_key == REPLICATION_KEYS.get(stream.name)


@all_streams
def test_a_child_carries_the_ids_above_it(stream: type[ApiStream]) -> None:
    assert stream.ancestor_names() == ANCESTORS.get(stream.name, [])
    assert stream.path.count("{") == bool(stream.parent)


@all_streams
def test_a_schema_has_what_a_stream_needs(stream: type[ApiStream]) -> None:
    schema = json.loads((SCHEMAS / stream.system.name / f"{stream.name}.json").read_text(encoding="utf-8"))
    columns = schema["properties"]

    assert sorted(schema["required"]) == sorted(stream.primary_keys)
    assert {*stream.primary_keys, *stream.ancestor_names(), "additional_properties"} <= set(columns)
    if stream.replication_key:
        assert columns[stream.replication_key]["format"] == "date-time"
    for name, column in columns.items():
        assert ("null" in column["type"]) is (name not in stream.primary_keys), name


def test_all_but_the_feed_are_selected_by_default() -> None:
    assert [stream.name for stream in STREAMS if not stream.selected_by_default] == ["prospect_feed"]


def test_only_leads_are_filtered_by_the_server() -> None:
    assert [stream.name for stream in STREAMS if issubclass(stream, ProspectB2BWindowedStream)] == ["leads"]


def test_only_notes_come_newest_first() -> None:
    assert [stream.name for stream in STREAMS if issubclass(stream, HiringCenterStream) and stream.newest_first] == ["notes"]
