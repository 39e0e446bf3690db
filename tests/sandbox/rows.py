"""What a made-up row of each table looks like, without its id and the times of its making."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tests.sandbox.draw import COMPANIES, LABELS, TITLES, ZONES
from tests.sandbox.times import iso, millis

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.sandbox.draw import Draw

Row = dict[str, Any]

# Stage id, its name, its pipeline. The first stage of a pipeline is where newcomers of that pipeline go.
STAGES = (
    ("9a3d7c1e4b2f48d6a5c0e1f9b7d2a346", "New Lead", "3d9a1c7e4b2f46d8a5c0e1f9b7d2a348"),
    ("0f6b2d8a7c1e49b3a4d5e6f708192a3b", "Contacted", "3d9a1c7e4b2f46d8a5c0e1f9b7d2a348"),
    ("1a7c3e9b8d2f40c4b5e6f70819a2b3c4", "Interview", "3d9a1c7e4b2f46d8a5c0e1f9b7d2a348"),
    ("2b8d4f0c9e3a41d5c6f708192ab3c4d5", "Offer & Contract", "3d9a1c7e4b2f46d8a5c0e1f9b7d2a348"),
    ("3c9e5a1dafb42e6d708192a3bc4d5e6f", "Eingestellt", "4e0b2d8f5c3a47e9b6d1f2a0c8e3b459"),
    ("4daf6b2eb0c53f7e8192a3b4cd5e6f70", "Lost / No Answer", "4e0b2d8f5c3a47e9b6d1f2a0c8e3b459"),
)
USERS = ("b2e7a1d94c3f4a8eb6d05c1f9a7e2d45", "c3f8b2ea5d4040f9c7e16d20ab8f3e56", "d409c3fb6e51410ad8f27e31bc904f67")
API_KEY_ID = "5f0c3e9a6d4b48f0c7e2a3b1d9f4c560"
API_KEY_NAME = "Sandbox key"

EVENTS = (
    "lead.created", "lead.updated", "import.completed", "import.failed", "export.completed", "export.failed",
    "campaign.created", "campaign.updated", "campaign.published",
)  # fmt: skip


def _prospect(draw: Draw) -> Row:
    person, (stage_id, stage, pipeline) = draw.person(), draw.one(STAGES)
    return {
        "message": None,
        "firstName": person.first,
        "lastName": person.last,
        "email": None if draw.chance(0.05) else person.email,
        "phone": None if draw.chance(0.1) else person.phone,
        "currentStage": stage,
        "currentStageId": stage_id,
        "pipelineId": pipeline,
        "labels": draw.some(LABELS),
        "title": None if draw.chance(0.2) else draw.one(TITLES),
        "company": None if draw.chance(0.2) else draw.one(COMPANIES),
    }


def _made_by(draw: Draw) -> Row:
    by_key = draw.chance(0.3)
    return {"createdByApi": by_key, "createdByApiKeyId": API_KEY_ID if by_key else None, "createdByApiKeyName": API_KEY_NAME if by_key else None}


def _meeting(draw: Draw) -> Row:
    maker = _made_by(draw)
    return {
        "prospectId": draw.reference("prospects"),
        "meetingDate": millis(draw.moment()),
        "timeZone": draw.one(ZONES),
        "meetingType": draw.one(("phone", "virtual", "in-person")),
        "ownerId": draw.one(USERS),
        "location": None if draw.chance(0.3) else draw.one(("Zoom", "Büro 2. OG", "12 Main St, Austin")),
        "notes": None if draw.chance(0.5) else "Review benefits package;\nthen next steps.",
        "createdBy": None if maker["createdByApi"] else draw.one(USERS),
        **maker,
        "review": None,
    }


def _note(draw: Draw) -> Row:
    maker = _made_by(draw)
    return {
        "prospectId": draw.reference("prospects"),
        "body": draw.one(("<p>Left a voicemail.</p>", "<p>Ruft zurück: <b>Montag</b></p>", "<p>Asked for the &quot;offer&quot; 📄</p>")),
        "userId": None if maker["createdByApi"] else draw.one(USERS),
        **maker,
        "mentions": [{"id": draw.one(USERS)}] if draw.chance(0.2) else [],
        "pin": draw.chance(0.1),
        "fileUrl": f"https://example.com/files/{draw.hex(8)}.pdf" if draw.chance(0.1) else None,
    }


def _task(draw: Draw) -> Row:
    maker, due = _made_by(draw), draw.moment()
    return {
        "prospectId": draw.reference("prospects"),
        "task": draw.one(("Call back", "Send contract", "Prüfen: Lizenz", "Schedule interview")),
        "assignedTo": draw.one(USERS),
        "assignedBy": None if draw.chance(0.5) else draw.one(USERS),
        "createdBy": None if maker["createdByApi"] else draw.one(USERS),
        **maker,
        "dueAt": None if draw.chance(0.1) else millis(due),
        "completedAt": millis(due + timedelta(hours=5)) if draw.chance(0.4) else None,
    }


def _lead(draw: Draw) -> Row:
    person = draw.person()
    return {
        "full_name": person.name,
        "email": None if draw.chance(0.05) else person.email,
        "phone": None if draw.chance(0.1) else person.phone,
        "company_name": draw.one(COMPANIES),
        "title": None if draw.chance(0.2) else draw.one(TITLES),
        "location": None if draw.chance(0.3) else draw.one(("Austin, TX", "Köln", "São Paulo")),
        "tags": draw.some(LABELS),
        "is_qualified": draw.chance(0.4),
    }


def _message(draw: Draw) -> Row:
    return {
        "direction": draw.one(("inbound", "outbound")),
        "channel": draw.one(("email", "sms")),
        "subject": draw.one(("Quick question", "Re: Quick question", "Grüße 👋")),
        "body": draw.one(("Is Tuesday fine?", "Thanks,\nlet us talk.", "Nein danke.")),
    }


def _thread(draw: Draw) -> Row:
    return {
        "lead_id": draw.reference("leads"),
        "lead_name": draw.person().name,
        "message_count": draw.below(9),
        "last_message_at": iso(draw.moment()),
    }


def _export(draw: Draw) -> Row:
    key = f"exports/{draw.hex(8)}.csv"
    if draw.chance(0.2):
        return {"status": "failed", "row_count": 0, "file_key": None, "error_message": "The storage was full."}
    return {"status": "completed", "row_count": draw.below(500), "file_key": key, "error_message": None}


def _import(draw: Draw) -> Row:
    total, errors = 3 + draw.below(200), draw.below(3)
    counts = {"total_rows": total, "imported_rows": total - errors, "error_count": errors}
    return {"status": "completed", "name": f"Fair {draw.hex(4)}", "file_name": f"fair-{draw.hex(4)}.csv", **counts}


def _job(draw: Draw) -> Row:
    started = draw.moment()
    is_done = draw.chance(0.8)
    return {
        "type": draw.one(("import", "export", "enrichment")),
        "status": "completed" if is_done else "running",
        "started_at": iso(started),
        "finished_at": iso(draw.later(started)) if is_done else None,
        "progress": 100 if is_done else draw.one((0, 12.5, 40)),
        "result": {"rows": draw.below(90), "files": [{"name": "out.csv"}]} if is_done else {},
        "error": {},
    }


def _webhook(draw: Draw) -> Row:
    return {
        "url": f"https://example.com/hooks/{draw.hex(6)}",
        "description": draw.one(("Primary sink", "Zweite Senke")),
        "events": draw.some(EVENTS) or [EVENTS[0]],
        "signing_secret_prefix": f"whsec_{draw.hex(4)}",
        "last_delivered_at": iso(draw.moment()) if draw.chance(0.5) else None,
        "disabled_at": None,
    }


def _delivery(draw: Draw) -> Row:
    sent, is_done = draw.moment(), draw.chance(0.7)
    return {
        "event": draw.one(EVENTS),
        "status": "delivered" if is_done else "failed",
        "payload_redacted": {"id": draw.reference("leads")},
        "request_headers": {"X-ProspectB2B-Event": "lead.created"},
        "response_status_code": 200 if is_done else 503,
        "response_headers": {"content-type": "text/plain"},
        "response_body_snippet": "ok" if is_done else "Service Unavailable",
        "error_message": None if is_done else "The endpoint answered 503.",
        "attempt_count": 1 + draw.below(4),
        "delivered_at": iso(sent) if is_done else None,
        "last_attempted_at": iso(sent),
        "next_attempt_at": None if is_done else iso(draw.later(sent)),
    }


def _identity(_: Draw) -> Row:
    made = {"created_at": "2026-01-02T09:30:00.000Z", "updated_at": "2026-01-02T09:30:00.000Z"}
    return {
        "tenant": {"id": "tenant_123", "object": "tenant", "name": "Sandbox Ltd", **made},
        "user": {"id": "user_123", "object": "user", "name": "Zoë Coleman", "email": "zoe.coleman@example.com", **made},
        "role": "owner",
        "permissions": ["SETTINGS_EDIT", "LEADS_EDIT"],
        "scopes": [],
        "read_only": False,
    }


MAKERS: dict[str, Callable[[Draw], Row]] = {
    "prospects": _prospect,
    "meetings": _meeting,
    "notes": _note,
    "tasks": _task,
    "leads": _lead,
    "lead_activities": lambda draw: {"type": draw.one(("call", "email.opened", "note")), "summary": draw.one(("Called twice", "Öffnete die Mail"))},
    "lead_messages": _message,
    "lead_fields": lambda draw: {"key": f"field_{draw.hex(4)}", "label": draw.one(("Budget", "Größe")), "field_type": draw.one(("text", "number"))},
    "prospector_workflows": lambda draw: {"name": f"Workflow {draw.hex(4)}", "status": draw.one(("active", "paused"))},
    "prospector_runs": lambda draw: {"status": draw.one(("completed", "failed", "running"))},
    "prospector_results": lambda draw: {"lead_id": draw.reference("leads"), "company_name": draw.one(COMPANIES)},
    "campaigns": lambda draw: {
        "status": draw.one(("draft", "active", "paused")),
        "enabled": draw.chance(0.5),
        "prospector_workflow_id": draw.reference("prospector_workflows"),
    },
    "campaign_logs": lambda draw: {"level": draw.one(("info", "warning")), "message": draw.one(("Started", "Limit reached → paused"))},
    "campaign_runs": lambda draw: {"status": draw.one(("completed", "running"))},
    "campaign_run_events": lambda draw: {"type": draw.one(("sent", "bounced", "opened")), "summary": draw.one(("Mail 1", "Mail 2"))},
    "exports": _export,
    "export_downloads": lambda _: {"status": "pending", "file_key": None, "download_ready": False},
    "imports": _import,
    "import_errors": lambda draw: {"row": 1 + draw.below(100_000), "message": draw.one(("The email is malformed.", "Zeile ohne Namen"))},
    "inbox_threads": _thread,
    "inbox_messages": _message,
    "jobs": _job,
    "job_events": lambda draw: {"level": draw.one(("info", "error")), "message": draw.one(("Queued", "Chunk done", "Retried"))},
    "referrals": lambda draw: {"email": draw.person().email, "status": draw.one(("invited", "qualified"))},
    "support_tickets": lambda draw: {
        "subject": draw.one(("Import hangs", "Rechnung fehlt")),
        "body": draw.one(("It has been an hour.", "Bitte um Rückruf.")),
        "status": draw.one(("open", "closed")),
        "source": draw.one(("app", "public_api")),
    },
    "webhooks": _webhook,
    "webhook_deliveries": _delivery,
    "prospector_config": lambda _: {"timezone": "America/New_York", "states": [{"code": "TX", "enabled": True}, {"code": "FL", "enabled": False}]},
    "referral_summary": lambda draw: {"total_referrals": 5 + draw.below(9), "qualified_referrals": draw.below(5)},
    "billing_subscription": lambda _: {"status": "active", "plan": "growth"},
    "billing_usage": lambda draw: {"active_trial": False, "usage": {"emails": {"sent": draw.below(5000), "limit": 10_000}}},
    "api_identity": _identity,
    "settings_email": lambda _: {"verified_senders": [{"email": "team@example.com", "verified": True}]},
    "settings_integrations": lambda _: {"integrations": [{"name": "calendar", "connected": False}]},
    "settings_lead_qualification": lambda _: {"mode_preset": "balanced", "enabled_signals": {"opens": True, "replies": True}},
    "settings_profile": lambda _: {"name": "Zoë Coleman", "email": "zoe.coleman@example.com"},
    "settings_sms": lambda _: {"status": "inactive"},
    "settings_voice": lambda _: {"status": "active"},
    "closershq_prospects": lambda _: {},
}  # fmt: skip
