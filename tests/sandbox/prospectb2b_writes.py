"""ProspectB2B's writes, but for leads, imports and exports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.sandbox.calls import BAD_REQUEST, Answer, Call, Refusal
from tests.sandbox.prospectb2b_leads import ProspectB2BLeads
from tests.sandbox.times import iso

if TYPE_CHECKING:
    from tests.sandbox.store import Entry, Row

_SECRET_PREFIX = 10


class ProspectB2B(ProspectB2BLeads):
    """The whole API."""

    def create_campaign(self, call: Call) -> Answer:
        """Make a campaign for a workflow."""
        workflow = call.body["prospector_workflow_id"]
        if not self.store.find("prospector_workflows", workflow):
            raise Refusal(BAD_REQUEST, "There is no such prospector_workflow_id.")
        return self._made("campaigns", {"status": "draft", "enabled": False, "prospector_workflow_id": workflow})

    def change_campaign(self, call: Call) -> Answer:
        """Set a campaign's status."""
        status = call.body["status"]
        return self._changed(call, {"status": status, "enabled": status == "active"})

    def publish_campaign(self, call: Call) -> Answer:
        """Set a campaign going: it runs, and says so."""
        answer = self._changed(call, {"status": "active", "enabled": True})
        campaign = call.ids[0]
        run = self.account.create("campaign_runs", {"status": "running"}, parent=campaign)
        strategy = call.body.get("apply_strategy", "new")
        self.account.create("campaign_run_events", {"type": "started", "summary": f"Strategy {strategy}"}, parent=run.id)
        self.account.create("campaign_logs", {"level": "info", "message": "Published"}, parent=campaign)
        return answer

    def create_workflow(self, call: Call) -> Answer:
        """Make a workflow; what a workflow has beyond its name is kept and never served."""
        served = {"name": call.body.get("name"), "status": call.body.get("status", "active")}
        return self._made("prospector_workflows", served, hidden=dict(call.body))

    def change_workflow(self, call: Call) -> Answer:
        """Change a workflow."""
        entry = self.wanted(call)
        entry.hidden.update(call.body)
        return self._changed(call, {name: call.body[name] for name in ("name", "status") if name in call.body})

    def run_workflow(self, call: Call) -> Answer:
        """Start a run."""
        workflow = self.wanted(call)
        return self._made("prospector_runs", {"status": "queued"}, parent=workflow.id)

    def remove_row(self, call: Call) -> Answer:
        """Delete a workflow or a webhook, and show it once more."""
        entry = self.wanted(call)
        self.store.delete(call.operation.table, entry)
        return Answer(payload={"data": entry.row})

    def create_ticket(self, call: Call) -> Answer:
        """Open a ticket: each time another one."""
        return self._made("support_tickets", {**call.body, "status": "open", "source": "public_api"})

    def create_webhook(self, call: Call) -> Answer:
        """Make a webhook; only this answer shows its whole secret."""
        number = self.store.count("webhooks") + 1
        secret = f"whsec_{number:04d}{self.account.seed:08d}sandbox"
        entry = self.account.create("webhooks", {**call.body, "signing_secret_prefix": secret[:_SECRET_PREFIX]}, hidden={"signing_secret": secret})
        return Answer(payload={"data": {**entry.row, "signing_secret": secret}})

    def change_webhook(self, call: Call) -> Answer:
        """Change a webhook."""
        return self._changed(call, call.body)

    def retry_delivery(self, call: Call) -> Answer:
        """Deliver once more: each time another attempt."""
        delivery = self.wanted(call)
        attempts = (delivery.row.get("attempt_count") or 0) + 1
        now = iso(self.account.clock.now())
        return self._changed(call, {"status": "queued", "attempt_count": attempts, "last_attempted_at": now, "next_attempt_at": now})

    def _made(self, table: str, row: Row, *, parent: str | None = None, hidden: Row | None = None) -> Answer:
        entry: Entry = self.account.create(table, row, parent=parent, hidden=hidden)
        return Answer(payload={"data": entry.row})

    def _changed(self, call: Call, fields: Row) -> Answer:
        entry = self.wanted(call)
        self.account.write(call.operation.table, entry, fields)
        return Answer(payload={"data": entry.row})
