"""An input for every sink, and what a good target writes for it: the auditor's own tests play it, well and badly."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Any

from tests.effects.audit import violations
from tests.effects.given import Given, Snapshot, snapshot
from tests.sandbox.client import Client
from tests.sandbox.rows import STAGES, USERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tests.sandbox import Sandbox

Body = dict[str, Any]
KEYS = {"hiringcenter": "X-Idempotency-Key", "prospectb2b": "Idempotency-Key", "closershq": "X-None"}
ADA = {"firstName": "Ada", "lastName": "Lovelace", "email": "ada@example.com", "phone": "+12125550123"}
BOB = {"full_name": "Bob", "email": "bob@example.com", "due_date": "2026-07-01T10:00:00+02:00", "tags": ["x", "y"], "notes": "kept"}
HOOK = {"url": "https://example.com/hook", "events": ["lead.created"]}
FILE = "full_name,email\nEve,eve@example.com\nNobody,\n"

# What the input says; ids are those of another account, but for what was there.
RECORDS: dict[str, list[Body]] = {
    "prospects": [
        {"id": "p1", **ADA, "currentStageId": STAGES[2][0], "labels": ["Hot"], "title": None, "updatedAt": "2026-03-01T00:00:00.000Z"},
        {"id": "p2", "firstName": "Old", "lastName": "Friend", "email": "OLD@example.com", "city": "Köln", "additional_properties": {"x": 1}},
    ],
    "meetings": [
        {"id": "m1", "prospectId": "p1", "meetingDate": "2026-07-01T10:00:00.000Z", "timeZone": "UTC", "meetingType": "phone", "ownerId": USERS[0]},
    ],
    "notes": [{"id": f"n{number}", "prospectId": "p1", "body": f"<p>{number}</p>", "createdAt": "2026-01-01T00:00:00.000Z"} for number in (1, 2)],
    "tasks": [{"id": "t1", "prospectId": "p2", "assignedTo": USERS[1], "task": "Call", "dueAt": "2026-07-02T08:00:00.000Z"}],
    "leads": [{"id": "l1", **BOB}, {"id": "l2", "full_name": "Kim", "phone": "+13055550123", "is_qualified": True}],
    "campaigns": [{"id": "c1", "prospector_workflow_id": "w1", "status": "paused"}, {"id": "OLD CAMPAIGN", "publish": True}],
    "prospector_workflows": [{"id": "w1", "name": "W", "depth": {"of": 2}, "run": True}],
    "webhooks": [{"id": "h1", **HOOK, "description": "sink"}],
    "webhook_deliveries": [{"id": "OLD DELIVERY", "webhook_id": "OLD WEBHOOK", "retry": True}],
    "support_tickets": [{"id": "s1", "subject": "s", "body": "b", "status": "closed"}],
    "imports": [{"id": "i1", "name": "n", "file_name": "f.csv", "file_type": "csv", "file_data": FILE}],
    "exports": [{"id": "e1", "include_suppressed": True}],
    "closershq_prospects": [{"email": "cho@example.com", "firstName": "Cho", "replied": True}],
}
KEY_PROPERTIES = {"webhook_deliveries": ("webhook_id", "id"), "closershq_prospects": ("email",)}

# What a good target does about it: the system, the request, and its body. Names in braces are ids from answers.
STEPS: dict[str, tuple[str, str, Body | None]] = {
    "p1": ("hiringcenter", "POST /prospects", {**ADA, "stageId": STAGES[2][0], "labels": ["Hot"], "update": True}),
    "p2": ("hiringcenter", "POST /prospects", {"firstName": "Old", "lastName": "Friend", "email": "OLD@example.com", "city": "Köln"}),
    "m1": (
        "hiringcenter",
        "POST /meetings",
        {"prospectId": "{p1}", "meetingDate": 1_782_900_000_000, "timeZone": "UTC", "meetingType": "phone", "ownerId": USERS[0]},
    ),
    "n1": ("hiringcenter", "POST /notes", {"prospectId": "{p1}", "body": "<p>1</p>"}),
    "n2": ("hiringcenter", "POST /notes", {"prospectId": "{p1}", "body": "<p>2</p>"}),
    "t1": ("hiringcenter", "POST /tasks", {"prospectId": "{p2}", "assignedTo": USERS[1], "task": "Call", "dueAt": "2026-07-02T10:00:00+02:00"}),
    "l1": ("prospectb2b", "POST /leads/bulk", {"leads": [{**BOB, "due_date": "2026-07-01T08:00:00Z"}]}),
    "l2": ("prospectb2b", "POST /leads/upsert", {"full_name": "Kim", "phone": "+13055550123", "is_qualified": True}),
    "w1": ("prospectb2b", "POST /prospector/workflows", {"name": "W", "depth": {"of": 2}}),
    "w1 run": ("prospectb2b", "POST /prospector/workflows/{w1}/run", None),
    "c1": ("prospectb2b", "POST /campaigns", {"prospector_workflow_id": "{w1}"}),
    "c1 status": ("prospectb2b", "PATCH /campaigns/{c1}", {"status": "paused"}),
    "c2": ("prospectb2b", "POST /campaigns/{OLD CAMPAIGN}/publish", {"apply_strategy": "new"}),
    "h1": ("prospectb2b", "POST /webhooks", {**HOOK, "description": "sink"}),
    "d1": ("prospectb2b", "POST /webhooks/{OLD WEBHOOK}/deliveries/{OLD DELIVERY}/retry", None),
    "s1": ("prospectb2b", "POST /support/tickets", {"subject": "s", "body": "b"}),
    "i1": ("prospectb2b", "POST /imports", {"name": "n", "file_name": "f.csv", "file_type": "csv", "file_data": FILE}),
    "e1": ("prospectb2b", "POST /exports", {"include_suppressed": True}),
    "k1": ("closershq", "POST /crm/prospect", {"email": "cho@example.com", "firstName": "Cho"}),
    "k1 flag": ("closershq", "PATCH /crm/prospect", {"email": "cho@example.com", "replied": True}),
}


class Player:
    """Plays the target against a sandbox, well or badly."""

    def __init__(self, sandbox: Sandbox) -> None:
        """Look at what is there before anything is written."""
        self.sandbox = sandbox
        self._serial = itertools.count()
        friend = sandbox.put("prospects", {"email": "old@example.com", "firstName": "Old", "title": "Boss"})
        delivery = sandbox.truth("webhook_deliveries")[0]
        campaign = sandbox.put("campaigns", {"status": "draft", "enabled": False})
        self.ids = {"p2": friend["id"], "OLD CAMPAIGN": campaign["id"], "OLD DELIVERY": delivery["id"], "OLD WEBHOOK": delivery["webhook_id"]}
        self.before: Snapshot = snapshot(sandbox)

    def send(self, system: str, line: str, body: Body | None = None, *, key: str | None = None) -> Any:  # noqa: ANN401 - any JSON
        """Send one write that succeeds."""
        method, path = line.split(" ", 1)
        answer = Client(self.sandbox, system).send(
            method, path.format_map(self.ids), self._named(body), {KEYS[system]: key or f"k{next(self._serial)}"}
        )
        assert answer.ok, answer.text
        return answer.json()

    def play(self, *, without: Iterable[str] = (), twice: Iterable[str] = (), instead: Mapping[str, Body] | None = None) -> None:
        """Do what a good target does, but for what is said.

        Args:
            without: Steps that are left out.
            twice: Steps that are done a second time, as another request.
            instead: Other values in the bodies of steps.
        """
        for name, (system, line, body) in STEPS.items():
            if name in without:
                continue
            changed = {**(body or {}), **(instead or {}).get(name, {})} if body is not None else None
            answer = self.send(system, line, changed)
            if name in twice:
                self.send(system, line, changed)
            row = answer.get("item") or answer.get("data")
            if isinstance(row, dict):
                self.ids.setdefault(name, row["id"])
        self.sandbox.clock.advance(100)
        for table in ("imports", "exports"):
            Client(self.sandbox, "prospectb2b").get(f"/{table}")

    def found(self, *given: Given, **settings: Any) -> list[str]:  # noqa: ANN401 - settings of the auditor
        """What the auditor says."""
        return violations(self.sandbox, self.before, *(given or self.input()), **settings)

    def input(self) -> list[Given]:
        """The records, with ids of this account where they name rows of it."""
        return [
            Given(stream, KEY_PROPERTIES.get(stream, ("id",)), [{name: self._id(value) for name, value in record.items()} for record in records])
            for stream, records in RECORDS.items()
        ]

    def _id(self, value: Any) -> Any:  # noqa: ANN401 - any JSON
        return self.ids[value] if isinstance(value, str) and value.startswith("OLD ") else value

    def _named(self, body: Body | None) -> Body | None:
        def named(value: Any) -> Any:  # noqa: ANN401 - any JSON
            return self.ids[value[1:-1]] if isinstance(value, str) and re.fullmatch(r"\{\w+}", value) else value

        return None if body is None else {name: named(value) for name, value in body.items()}
