"""The tables behind the three APIs: one for each stream that a tap can read, and what ClosersHQ keeps."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Table:
    """What is fixed about one table.

    Attributes:
        name: Name of the stream.
        system: The API that serves it.
        prefix: How its ids begin; HiringCenter's are plain hex.
        object_name: What its rows say in `object`.
        parent: The table whose rows own these.
        parent_key: Name of the parent's id in a complete read.
        created: Field of the creation time.
        updated: Field that every change stamps.
        is_single: Whether it has one row, served without a list.
    """

    name: str
    system: str = "prospectb2b"
    prefix: str = ""
    object_name: str | None = None
    parent: str | None = None
    parent_key: str | None = None
    created: str | None = "created_at"
    updated: str | None = "updated_at"
    is_single: bool = False


def _hiringcenter(name: str, updated: str | None = "updatedAt") -> Table:
    return Table(name, system="hiringcenter", created="createdAt", updated=updated)


def _child(name: str, prefix: str, object_name: str, parent: str, parent_key: str) -> Table:
    return Table(name, prefix=prefix, object_name=object_name, parent=parent, parent_key=parent_key)


def _single(name: str, prefix: str, object_name: str) -> Table:
    return Table(name, prefix=prefix, object_name=object_name, is_single=True)


_ALL = (
    _hiringcenter("prospects"),
    _hiringcenter("meetings"),
    _hiringcenter("notes", updated=None),
    _hiringcenter("tasks"),
    Table("leads", prefix="lead", object_name="lead"),
    _child("lead_activities", "act", "lead_activity", "leads", "lead_id"),
    _child("lead_messages", "msg", "message", "leads", "lead_id"),
    Table("lead_fields", prefix="fld", object_name="lead_field"),
    Table("prospector_workflows", prefix="wfl", object_name="prospector_workflow"),
    _child("prospector_runs", "prn", "prospector_run", "prospector_workflows", "workflow_id"),
    _child("prospector_results", "res", "prospector_result", "prospector_runs", "run_id"),
    Table("campaigns", prefix="cmp", object_name="campaign"),
    _child("campaign_logs", "log", "campaign_log", "campaigns", "campaign_id"),
    _child("campaign_runs", "run", "campaign_run", "campaigns", "campaign_id"),
    _child("campaign_run_events", "rev", "campaign_run_event", "campaign_runs", "run_id"),
    Table("exports", prefix="exp", object_name="export"),
    _child("export_downloads", "dwn", "export_download", "exports", "export_id"),
    Table("imports", prefix="imp", object_name="import"),
    # Its rows are nothing but a row number and a message.
    Table("import_errors", parent="imports", parent_key="import_id", created=None, updated=None),
    Table("inbox_threads", prefix="thr", object_name="inbox_thread"),
    _child("inbox_messages", "ims", "message", "inbox_threads", "thread_id"),
    Table("jobs", prefix="job", object_name="job"),
    _child("job_events", "jev", "job_event", "jobs", "job_id"),
    Table("referrals", prefix="ref", object_name="referral"),
    Table("support_tickets", prefix="tck", object_name="support_ticket"),
    Table("webhooks", prefix="whe", object_name="public_api_webhook_endpoint"),
    _child("webhook_deliveries", "del", "public_api_webhook_delivery", "webhooks", "webhook_id"),
    _single("prospector_config", "pcf", "prospector_config"),
    _single("referral_summary", "rsm", "referral_summary"),
    _single("billing_subscription", "sub", "billing_subscription"),
    _single("billing_usage", "usg", "billing_usage"),
    _single("api_identity", "pak", "public_api_identity"),
    _single("settings_email", "set", "settings_email"),
    _single("settings_integrations", "set", "settings_integrations"),
    _single("settings_lead_qualification", "set", "settings_lead_qualification"),
    _single("settings_profile", "set", "settings_profile"),
    _single("settings_sms", "set", "settings_sms"),
    _single("settings_voice", "set", "settings_voice"),
    Table("closershq_prospects", system="closershq", created=None, updated=None),
)

TABLES = {table.name: table for table in _ALL}

# The feed has no table: it is another view of the prospects.
FEED = "prospect_feed"
READABLE = (*(name for name, table in TABLES.items() if table.system != "closershq"), FEED)


def lineage(stream: str) -> list[str]:
    """A stream and those above it, the root last."""
    parent = TABLES[stream].parent if stream in TABLES else None
    return [stream, *(lineage(parent) if parent else [])]
