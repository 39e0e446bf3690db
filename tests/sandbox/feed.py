"""The prospects as GET /webhooks/poll tells of them: flat, in snake case, with ISO times."""

from __future__ import annotations

import heapq
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from tests.sandbox.draw import CITIES, Draw
from tests.sandbox.rows import USERS
from tests.sandbox.times import iso, position

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.sandbox.store import Entry, Row

_LENGTH = 50
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def feed(prospects: Iterable[Entry]) -> list[Row]:
    """The newest prospects, newest first."""
    newest = heapq.nlargest(_LENGTH, prospects, key=lambda entry: (position(entry.row.get("createdAt")) or 0, entry.id))
    return [_record(entry) for entry in newest]


def _record(entry: Entry) -> Row:
    row, hidden, draw = entry.row, entry.hidden, Draw(entry.id, {})
    city, state, code = draw.one(CITIES)
    owner = draw.one(USERS)
    return {
        "id": entry.id,
        "first_name": row.get("firstName"),
        "last_name": row.get("lastName"),
        "email": row.get("email"),
        "phone": row.get("phone"),
        "title": row.get("title"),
        "company": row.get("company"),
        "street_address": hidden.get("streetAddress", f"{1 + draw.below(900)} Main St"),
        "city": hidden.get("city", city),
        "state": hidden.get("state", state),
        "postal_code": hidden.get("postalCode", code),
        "country": "US",
        "latitude": round(25 + draw.below(20_000) / 1000, 3),
        "longitude": None if draw.chance(0.2) else -round(70 + draw.below(40_000) / 1000, 3),
        "time_zone": "America/Chicago",
        "stage_id": row.get("currentStageId"),
        "stage_name": row.get("currentStage"),
        "pipeline_id": row.get("pipelineId"),
        "pipeline_name": "Hiring",
        "office_id": hidden.get("officeId"),
        "office_name": None,
        "source_id": hidden.get("sourceId"),
        "source_name": hidden.get("newSourceName"),
        "owner_id": owner,
        "owner_name": "Zoë Coleman",
        "created_at": _iso(row.get("createdAt")),
        "updated_at": _iso(row.get("updatedAt")),
    }


def _iso(value: object) -> str | None:
    found = position(value)
    return None if found is None else iso(_EPOCH + timedelta(microseconds=found))
