"""One round of changes to the world, as a day of work makes them: what an incremental load must pick up."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.sandbox.account import Account

_FEW = 3
# A list of children, the list of their parents, and the name of the parent's id.
_CHILDREN = (
    ("lead_activities", "leads", "lead_id"),
    ("lead_messages", "leads", "lead_id"),
    ("campaign_logs", "campaigns", "campaign_id"),
    ("campaign_runs", "campaigns", "campaign_id"),
    ("campaign_run_events", "campaign_runs", "run_id"),
    ("prospector_runs", "prospector_workflows", "workflow_id"),
    ("prospector_results", "prospector_runs", "run_id"),
    ("import_errors", "imports", "import_id"),
    ("inbox_messages", "inbox_threads", "thread_id"),
    ("job_events", "jobs", "job_id"),
    ("webhook_deliveries", "webhooks", "webhook_id"),
)


def change_world(account: Account) -> dict[str, int]:
    """New rows everywhere, changed rows, and new children whose parents say that they have changed.

    Nothing is deleted and no note is edited, since no list of the APIs would tell.

    Args:
        account: What to change.

    Returns:
        How many rows each stream has afterwards, where anything was done.
    """
    with account.store.lock:
        touched = set()
        for stream in (
            "prospects",
            "meetings",
            "notes",
            "tasks",
            "leads",
            "lead_fields",
            "campaigns",
            "referrals",
            "support_tickets",
            "exports",
            "jobs",
        ):
            account.put(stream, {})
            touched.add(stream)
        for stream, fields in _edits(account).items():
            for row_id in account.store.ids(stream)[:_FEW]:
                account.change(stream, row_id, **fields())
            touched.add(stream)
        for child, parent, key in _CHILDREN:
            # The last but one is no newcomer of this round.
            for row_id in account.store.ids(parent)[-2:][:1]:
                account.put(child, {}, **{key: row_id})
                _touch(account, parent, row_id)
                touched |= {child, parent}
        return {stream: len(account.truth(stream)) for stream in sorted(touched)}


def _edits(account: Account) -> dict[str, Callable[[], dict[str, object]]]:
    number = account.store.count("leads")
    return {
        "prospects": lambda: {"title": f"Promoted {number}", "labels": ["Hot", "Changed"]},
        "meetings": lambda: {"location": f"Raum {number}"},
        "tasks": lambda: {"task": f"Call back, again ({number})"},
        "leads": lambda: {"company_name": f"Renamed & Söhne {number}", "is_qualified": True},
        "campaigns": lambda: {"status": "paused", "enabled": False},
        "inbox_threads": lambda: {"message_count": number},
        "billing_usage": lambda: {"usage": {"emails": {"sent": number, "limit": 10_000}}},
    }


def _touch(account: Account, table: str, row_id: str) -> None:
    """Stamp a row and all rows above it as changed."""
    entry = account.store.find(table, row_id)
    if entry is None:
        return
    account.write(table, entry, {})
    above = {"campaign_runs": "campaigns", "prospector_runs": "prospector_workflows"}.get(table)
    if above and entry.parent:
        _touch(account, above, entry.parent)
