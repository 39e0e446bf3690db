"""The 65 operations of ProspectB2B, and those of the other two systems."""

from __future__ import annotations

from tests.sandbox.calls import Operation

_PAGES = ("limit", "cursor")
_DATES = ("created_after", "created_before", "updated_after", "updated_before")


def _list(path: str, table: str, scope: str, query: tuple[str, ...] = ()) -> Operation:
    return Operation("GET", path, "list_rows", table, scope, query, reads=True)


def _one(path: str, table: str, scope: str) -> Operation:
    return Operation("GET", path, "read_row", table, scope)


def _single(path: str, table: str, scope: str) -> Operation:
    return Operation("GET", path, "read_single", table, scope, reads=True)


def _patch(path: str, does: str, table: str, scope: str, body: str) -> Operation:
    return Operation("PATCH", path, does, table, scope, body=body)


def _delete(path: str, table: str, scope: str) -> Operation:
    return Operation("DELETE", path, "remove_row", table, scope)


def _post(path: str, does: str, table: str, scope: str, body: str | None = None) -> Operation:
    return Operation("POST", path, does, table, scope, body=body)


def _create(path: str, does: str, table: str, scope: str, body: str | None = None) -> Operation:
    return Operation("POST", path, does, table, scope, body=body, takes_key=True)


PROSPECTB2B = (
    _single("/billing/subscription", "billing_subscription", "billing.read"),
    _single("/billing/usage", "billing_usage", "billing.read"),
    _list("/campaigns", "campaigns", "campaigns.read"),
    _create("/campaigns", "create_campaign", "campaigns", "campaigns.write", "campaign"),
    _one("/campaigns/{campaign_id}", "campaigns", "campaigns.read"),
    _patch("/campaigns/{campaign_id}", "change_campaign", "campaigns", "campaigns.write", "campaign change"),
    _list("/campaigns/{campaign_id}/logs", "campaign_logs", "campaigns.read"),
    Operation(
        "POST",
        "/campaigns/{campaign_id}/publish",
        "publish_campaign",
        "campaigns",
        "campaigns.publish",
        body="publication",
        body_is_optional=True,
        takes_key=True,
    ),
    _list("/campaigns/{campaign_id}/runs", "campaign_runs", "campaigns.read"),
    _one("/campaigns/runs/{run_id}", "campaign_runs", "campaigns.read"),
    _list("/campaigns/runs/{run_id}/events", "campaign_run_events", "campaigns.read"),
    _create("/exports", "create_export", "exports", "leads.export", "export"),
    _list("/exports", "exports", "leads.export"),
    _one("/exports/{export_id}", "exports", "leads.export"),
    Operation("GET", "/exports/{export_id}/download", "read_download", "export_downloads", "leads.export", reads=True),
    _single("/me", "api_identity", "me.read"),
    _create("/imports", "create_import", "imports", "leads.import", "import"),
    _list("/imports", "imports", "leads.import"),
    _one("/imports/{import_id}", "imports", "leads.import"),
    _list("/imports/{import_id}/errors", "import_errors", "leads.import"),
    _list("/inbox/threads", "inbox_threads", "inbox.read", _PAGES),
    _one("/inbox/threads/{thread_id}", "inbox_threads", "inbox.read"),
    _list("/inbox/threads/{thread_id}/messages", "inbox_messages", "inbox.read"),
    _list("/jobs", "jobs", "jobs.read"),
    _one("/jobs/{job_id}", "jobs", "jobs.read"),
    _list("/jobs/{job_id}/events", "job_events", "jobs.read"),
    _list("/lead-fields", "lead_fields", "lead-fields.read"),
    _one("/lead-fields/{field_id}", "lead_fields", "lead-fields.read"),
    _list("/leads", "leads", "leads.read", (*_PAGES, *_DATES)),
    _create("/leads", "create_lead", "leads", "leads.write", "lead"),
    _one("/leads/{lead_id}", "leads", "leads.read"),
    _patch("/leads/{lead_id}", "change_lead", "leads", "leads.write", "lead change"),
    _list("/leads/{lead_id}/activities", "lead_activities", "leads.read", _PAGES),
    _create("/leads/bulk", "write_leads", "leads", "leads.write", "leads"),
    _create("/leads/upsert", "upsert_lead", "leads", "leads.write", "lead change"),
    _list("/leads/{lead_id}/messages", "lead_messages", "messages.read"),
    _single("/prospector/config", "prospector_config", "prospector.read"),
    _one("/prospector/runs/{run_id}", "prospector_runs", "prospector.read"),
    _list("/prospector/runs/{run_id}/results", "prospector_results", "prospector.read"),
    _list("/prospector/workflows", "prospector_workflows", "prospector.read"),
    _create("/prospector/workflows", "create_workflow", "prospector_workflows", "prospector.run", "workflow"),
    _one("/prospector/workflows/{workflow_id}", "prospector_workflows", "prospector.read"),
    _patch("/prospector/workflows/{workflow_id}", "change_workflow", "prospector_workflows", "prospector.run", "workflow"),
    _delete("/prospector/workflows/{workflow_id}", "prospector_workflows", "prospector.run"),
    _create("/prospector/workflows/{workflow_id}/run", "run_workflow", "prospector_workflows", "prospector.run"),
    _list("/prospector/workflows/{workflow_id}/runs", "prospector_runs", "prospector.read"),
    _list("/referrals", "referrals", "referrals.read"),
    _single("/referrals/summary", "referral_summary", "referrals.read"),
    _single("/settings/email", "settings_email", "settings.read"),
    _single("/settings/integrations", "settings_integrations", "settings.read"),
    _single("/settings/lead-qualification", "settings_lead_qualification", "settings.read"),
    _single("/settings/profile", "settings_profile", "settings.read"),
    _single("/settings/sms", "settings_sms", "settings.read"),
    _single("/settings/voice", "settings_voice", "settings.read"),
    _list("/support/tickets", "support_tickets", "support.read"),
    _post("/support/tickets", "create_ticket", "support_tickets", "support.write", "ticket"),
    _one("/support/tickets/{ticket_id}", "support_tickets", "support.read"),
    _list("/webhooks", "webhooks", "webhooks.read"),
    _create("/webhooks", "create_webhook", "webhooks", "webhooks.write", "webhook"),
    _one("/webhooks/{webhook_id}", "webhooks", "webhooks.read"),
    _patch("/webhooks/{webhook_id}", "change_webhook", "webhooks", "webhooks.write", "webhook change"),
    _delete("/webhooks/{webhook_id}", "webhooks", "webhooks.write"),
    _list("/webhooks/{webhook_id}/deliveries", "webhook_deliveries", "webhooks.read"),
    _one("/webhooks/{webhook_id}/deliveries/{delivery_id}", "webhook_deliveries", "webhooks.read"),
    _post("/webhooks/{webhook_id}/deliveries/{delivery_id}/retry", "retry_delivery", "webhook_deliveries", "webhooks.write"),
)

SCOPES = frozenset(operation.scope for operation in PROSPECTB2B if operation.scope)

_PROSPECT_FILTERS = ("email", "phone", "name", "title", "company", "stage", "label")

HIRINGCENTER = (
    Operation("GET", "/auth", "read_key"),
    Operation("GET", "/prospects", "list_prospects", "prospects", query=(*_PROSPECT_FILTERS, "limit"), reads=True),
    Operation("POST", "/prospects", "write_prospect", "prospects", body="prospect", takes_key=True),
    Operation("GET", "/prospects/{prospectId}", "read_row", "prospects"),
    Operation("DELETE", "/prospects/{prospectId}", "remove_row", "prospects", takes_key=True),
    Operation(
        "GET",
        "/meetings",
        "list_rows",
        "meetings",
        query=("prospectId", "ownerId", "meetingType", "meetingDateAfter", "meetingDateBefore", "limit", "pageToken"),
        reads=True,
    ),
    Operation("POST", "/meetings", "create_meeting", "meetings", body="meeting", takes_key=True),
    Operation("GET", "/meetings/{meetingId}", "read_row", "meetings"),
    Operation("POST", "/meetings/{meetingId}", "change_meeting", "meetings", body="meeting change", takes_key=True),
    Operation("DELETE", "/meetings/{meetingId}", "remove_row", "meetings", takes_key=True),
    Operation("GET", "/notes", "list_rows", "notes", query=("prospectId", "userId", "limit", "pageToken"), reads=True),
    Operation("POST", "/notes", "create_note", "notes", body="note", takes_key=True),
    Operation("GET", "/notes/{noteId}", "read_row", "notes"),
    Operation(
        "GET",
        "/tasks",
        "list_rows",
        "tasks",
        query=("prospectId", "assignedTo", "userId", "incompleteOnly", "dueBefore", "dueAfter", "limit", "pageToken"),
        reads=True,
    ),
    Operation("POST", "/tasks", "create_task", "tasks", body="task", takes_key=True),
    Operation("GET", "/webhooks/poll", "read_feed", "prospect_feed", query=("accountId", "eventType"), reads=True),
)

CLOSERSHQ = (
    Operation("POST", "/crm/prospect", "create", "closershq_prospects", body="closershq prospect"),
    Operation("PATCH", "/crm/prospect", "change", "closershq_prospects", body="closershq change"),
    Operation("DELETE", "/crm/prospect", "remove", "closershq_prospects", body="closershq removal", body_is_optional=True),
)
