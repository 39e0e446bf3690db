"""An input that hurts: all streams, versions that go A, B, A, rows that are equal under two keys, people under two keys, deletions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.effects import Given
from tests.sandbox.rows import STAGES, USERS
from tests.writing import schema

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tests.sandbox import Sandbox

Record = dict[str, Any]
Block = tuple[str, list[Record]]

KEY_PROPERTIES = {"webhook_deliveries": ("webhook_id", "id"), "closershq_prospects": ("email",)}
# Every block has a multiple of so many records, so that batches of that size leave nothing waiting at the STATE behind it.
BATCH = 4
# A sandbox that has what the input names by its id.
WORLD: dict[str, int] = {"size": 4, "deliveries_per_webhook": BATCH}


def blocks(sandbox: Sandbox) -> list[Block]:
    """The input, as blocks of records with a STATE behind each.

    Args:
        sandbox: Where it goes; it gets a campaign that the input publishes.
    """
    campaign = sandbox.put("campaigns", {"status": "draft", "enabled": False})
    return [*_first(sandbox.truth("webhook_deliveries")[:BATCH]), *_second(str(campaign["id"]), is_older=sandbox.variant.is_older("prospects"))]


def lines_of(given: Iterable[Block], start: int = 0) -> list[str]:
    """The Singer lines of blocks, each with its SCHEMA and a STATE that counts the blocks.

    Args:
        given: The blocks.
        start: How many blocks a STATE that was passed on covers, which are left out.
    """
    found: list[dict[str, Any]] = []
    for number, (stream, records) in enumerate(given, 1):
        if number > start:
            found.append(schema(stream, records, KEY_PROPERTIES.get(stream, ("id",))))
            found += [{"type": "RECORD", "stream": stream, "record": record} for record in records]
            found.append({"type": "STATE", "value": {"blocks": number}})
    return [json.dumps(message) for message in found]


def givens(given: Iterable[Block]) -> list[Given]:
    """The same for the auditor."""
    records: dict[str, list[Record]] = {}
    for stream, more in given:
        records.setdefault(stream, []).extend(more)
    return [Given(stream, KEY_PROPERTIES.get(stream, ("id",)), found) for stream, found in records.items()]


def last_versions(given: Sequence[Block]) -> list[Block]:
    """Of each key the last record only: what a source that holds no history shows."""
    found: list[Block] = []
    for one in givens(given):
        last = {tuple(record[name] for name in one.keys): number for number, record in enumerate(one.records)}
        found.append((one.stream, [one.records[number] for number in sorted(last.values())]))
    return found


def _first(deliveries: Sequence[Record]) -> list[Block]:
    return [
        (
            "prospects",
            [
                *(_prospect(number) for number in range(6)),
                _prospect(6, email="P0@example.com"),
                _by_phone(7),
                *(_prospect(number) for number in range(9, 13)),
            ],
        ),
        ("meetings", [*(_meeting(number) for number in range(6)), _meeting(6, like=0), _meeting(7)]),
        ("notes", [*(_note(number) for number in range(6)), _note(6, like=0), _note(7, like=1)]),
        ("tasks", [*(_task(number) for number in range(6)), _task(6, like=0), _task(7, like=1)]),
        ("leads", [*(_lead(number) for number in range(9)), _lead(9, email="L0@example.com"), _lead(10, like=3), _lead_by_phone(11)]),
        ("prospector_workflows", [_workflow(0, run=True), _workflow(1), _workflow(2, name="W1"), _workflow(3, run=True)]),
        ("campaigns", [_campaign(0), _campaign(1, publish=True), _campaign(2, like=0), _campaign(3)]),
        ("webhooks", [_webhook(number) for number in range(4)]),
        ("webhook_deliveries", [{"id": row["id"], "webhook_id": row["webhook_id"], "retry": True} for row in deliveries]),
        ("support_tickets", [_ticket(0), _ticket(1), _ticket(2), _ticket(3, like=0)]),
        ("imports", [_import(0), _import(1), _import(2, like=0), _import(3)]),
        ("exports", [{"id": f"e{number}", "include_suppressed": number > 1} for number in range(4)]),
        ("closershq_prospects", [_contact(number) for number in range(8)]),
    ]


def _second(campaign: str, *, is_older: bool) -> list[Block]:
    """Changes, each of them back again or not, and deletions; the older API deletes no prospects."""
    last = _prospect(10) if is_older else _gone(_prospect(10))
    return [
        (
            "prospects",
            [
                *(_prospect(1, title="B"), _prospect(1), _prospect(2, title="B"), _prospect(3, title="B"), _prospect(3, title="C")),
                *(last, _prospect(8, email="p4@example.com"), _prospect(6, email="P0@example.com", title="C")),
            ],
        ),
        ("meetings", [_meeting(1, location="B"), _meeting(1), _gone(_meeting(2)), _meeting(6, like=0, location="C")]),
        ("notes", [_note(2, pin=True), _note(2), _note(8), _note(9, like=0)]),
        ("tasks", [_task(2, task="B"), _task(2), _task(8), _task(9, like=0)]),
        (
            "leads",
            [
                *(_lead(1, title="B"), _lead(1), _lead(2, title="B"), _lead(15)),
                *(_lead(12, email="l4@example.com"), _lead(13), _lead(9, email="L0@example.com", title="C"), _lead_by_phone(14)),
            ],
        ),
        ("prospector_workflows", [_workflow(1, depth=2), _workflow(1), _gone(_workflow(2, name="W1")), _workflow(4, run=True)]),
        ("campaigns", [_campaign(0, status="active"), _campaign(0), {"id": campaign, "publish": True}, _campaign(4)]),
        ("webhooks", [_webhook(1, description="B"), _webhook(1), _gone(_webhook(2)), _webhook(4)]),
        ("support_tickets", [_ticket(1, body="B"), _ticket(1), _ticket(4), _ticket(5, like=0)]),
        ("closershq_prospects", [_contact(1, firstName="B"), _contact(1), _gone(_contact(2)), _contact(8, replied=True)]),
    ]


def _prospect(number: int, *, email: str | None = None, title: str = "A") -> Record:
    address = email or f"p{number}@example.com"
    stage = STAGES[number % len(STAGES)][0]
    return {"id": f"p{number}", "firstName": "F", "lastName": f"L{number}", "email": address, "title": title, "currentStageId": stage}


def _by_phone(number: int) -> Record:
    return {"id": f"p{number}", "firstName": "F", "lastName": f"L{number}", "phone": f"+121255501{number:02d}"}


def _meeting(number: int, *, like: int | None = None, location: str = "A") -> Record:
    about = number if like is None else like
    # Of the prospects that stay, and of which each record makes one.
    prospect = ("p1", "p2", "p5")[about % 3]
    when = f"2026-07-01T1{about}:00:00.000Z"
    return {
        "id": f"m{number}",
        "prospectId": prospect,
        "meetingDate": when,
        "timeZone": "UTC",
        "meetingType": "phone",
        "ownerId": USERS[0],
        "location": location,
    }


def _note(number: int, *, like: int | None = None, pin: bool = False) -> Record:
    about = number if like is None else like
    return {"id": f"n{number}", "prospectId": ("p1", "p2", "p7")[about % 3], "body": f"note {about}", "pin": pin}


def _task(number: int, *, like: int | None = None, task: str | None = None) -> Record:
    about = number if like is None else like
    found = {"id": f"t{number}", "prospectId": ("p1", "p2", "p5")[about % 3], "task": task or f"task {about}", "assignedTo": USERS[about % 2]}
    return {**found, "dueAt": f"2026-07-02T1{about}:00:00.000Z"}


def _lead(number: int, *, email: str | None = None, like: int | None = None, title: str = "A") -> Record:
    about = number if like is None else like
    return {"id": f"l{number}", "full_name": f"Lead {about}", "email": email or f"l{about}@example.com", "title": title}


def _lead_by_phone(number: int) -> Record:
    return {"id": f"l{number}", "full_name": f"Lead {number}", "phone": f"+130555501{number:02d}", "is_qualified": True}


def _workflow(number: int, *, name: str | None = None, depth: int = 1, run: bool = False) -> Record:
    return {"id": f"w{number}", "name": name or f"W{number}", "depth": {"of": depth, "at": number}, "run": run}


def _campaign(number: int, *, like: int | None = None, status: str = "paused", publish: bool = False) -> Record:
    about = number if like is None else like
    return {"id": f"c{number}", "prospector_workflow_id": ("w0", "w1", "w3")[about % 3], "status": status, "publish": publish}


def _webhook(number: int, *, description: str = "A") -> Record:
    return {"id": f"h{number}", "url": f"https://example.com/{number}", "events": ["lead.created"], "description": description}


def _ticket(number: int, *, like: int | None = None, body: str = "A") -> Record:
    return {"id": f"s{number}", "subject": f"subject {number if like is None else like}", "body": body}


def _import(number: int, *, like: int | None = None) -> Record:
    about = number if like is None else like
    rows = f"full_name,email\nImported {about},i{about}@example.com\n"
    return {"id": f"i{number}", "name": f"import {about}", "file_name": "f.csv", "file_type": "csv", "file_data": rows}


def _contact(number: int, **more: Any) -> Record:  # noqa: ANN401 - any JSON
    return {"email": f"k{number}@example.com", "firstName": "A", "title": "T", **more}


def _gone(record: Record) -> Record:
    return {**record, "_sdc_deleted_at": "2026-07-01T00:00:00Z"}
