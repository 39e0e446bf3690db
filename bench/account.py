"""What the server holds: rows as the documents show them, written out as JSON once, so that an answer is a join of bytes."""

from __future__ import annotations

import base64
import json
import zlib
from bisect import bisect_left, bisect_right
from datetime import datetime, timedelta, timezone
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

PAGE = 200
_FIRST = datetime(2024, 1, 1, tzinfo=timezone.utc)
_SPAN = 63_072_000_000  # two years, in milliseconds
_PRIME = 2_147_483_647
_CHILDREN = 2
_SINGLES = ("/me", "/billing/", "/settings/", "/prospector/config", "/referrals/summary")
_SCOPES = (
    "billing.read", "campaigns.read", "inbox.read", "jobs.read", "lead-fields.read", "leads.export", "leads.import", "leads.read", "leads.write",
    "me.read", "messages.read", "prospector.read", "referrals.read", "settings.read", "support.read", "webhooks.read",
)  # fmt: skip

Query = dict[str, str]


class Account:
    """Answers the reads and the writes of leads.

    Args:
        rows: How many leads and meetings there are.
        small: How many rows each other list has that is below no other.
        children: How many activities each lead has.
    """

    def __init__(self, rows: int, small: int, children: int) -> None:
        self._rows = rows
        self._small = small
        self._activities = children
        self._filtered = lru_cache(32)(self._indices)

    def hiringcenter(self, path: str, query: Query) -> tuple[bytes, int]:
        """Answer a read of HiringCenter.

        Args:
            path: The path below the base URL.
            query: Its query.

        Returns:
            The body, and how many rows are in it.
        """
        if path == "/auth":
            return _dumped({"success": True, "item": {"accountId": "a", "permissions": ["read", "write"], "active": True}}), 0
        rows = self._meetings if path == "/meetings" else self._other(path)
        start = int(json.loads(base64.b64decode(query["pageToken"]))["id"].rpartition("_")[2]) + 1 if "pageToken" in query else 0
        end = min(start + min(int(query.get("limit", "50")), PAGE), len(rows))
        token = {"nextPageToken": _token(json.loads(rows[end - 1])["id"])} if end < len(rows) else {}
        pagination = _dumped({**token, "totalCount": len(rows)})
        return b'{"success":true,"items":[%b],"pagination":%b}' % (b",".join(rows[start:end]), pagination), end - start

    def prospectb2b(self, path: str, query: Query) -> tuple[bytes, int]:
        """Answer a read of ProspectB2B; see `hiringcenter`."""
        if path.endswith("/download") or path.startswith(_SINGLES):
            return b'{"data":%b,"request_id":"req_1"}' % _dumped(_single(path)), 1
        if path != "/leads":
            rows = self._other(path)
            return _page(rows, None), len(rows)
        bounds = _milliseconds(query.get("updated_after")), _milliseconds(query.get("updated_before"))
        numbers = self._filtered(*bounds)
        start = bisect_right(numbers, int(query["cursor"][5:])) if "cursor" in query else 0
        end = min(start + min(int(query.get("limit", PAGE)), PAGE), len(numbers))
        wanted = self._leads[start:end] if isinstance(numbers, range) else [self._leads[number] for number in numbers[start:end]]
        return _page(wanted, f"lead_{numbers[end - 1]:08d}" if end < len(numbers) else None), end - start

    def write(self, path: str, body: bytes) -> tuple[bytes, int]:
        """Take leads in, and forget them; see `hiringcenter`."""
        found = json.loads(body)
        if path == "/leads/bulk":
            rows = [_written(row) for row in found["leads"]]
            return _page([_dumped(row) for row in rows], None), len(rows)
        return b'{"data":%b,"request_id":"req_1"}' % _dumped(_written(found)), 1

    def _indices(self, after: int | None, before: int | None) -> Sequence[int]:
        """Numbers of the leads between two times, ascending."""
        if after is None and before is None:
            return range(self._rows)
        moments, numbers = self._by_time
        low = 0 if after is None else bisect_left(moments, after)
        high = len(moments) if before is None else bisect_right(moments, before)
        return sorted(numbers[low:high])

    @cached_property
    def _by_time(self) -> tuple[list[int], list[int]]:
        pairs = sorted((_updated(number), number) for number in range(self._rows))
        return [moment for moment, _ in pairs], [number for _, number in pairs]

    @cached_property
    def _leads(self) -> list[bytes]:
        return _many(_lead, self._rows)

    @cached_property
    def _meetings(self) -> list[bytes]:
        return _many(_meeting, self._rows)

    def _other(self, path: str) -> list[bytes]:
        """Rows of a list that has nothing special to it."""
        is_root = path.count("/") == 1 or path in {"/inbox/threads", "/support/tickets", "/prospector/workflows", "/webhooks/poll"}
        activities = path.startswith("/leads/") and self._activities
        place = f"row_{zlib.crc32(path.encode()):08x}"
        return _many(lambda number: _plain(place, number), self._small if is_root else activities or _CHILDREN)


def lead(number: int) -> dict[str, Any]:
    """What a lead with this number is: the fields that can be written."""
    return {
        "full_name": f"Ada Lovelace-{number}",
        "email": f"ada.lovelace.{number}@example.com",
        "phone": f"+1212{number:07d}",
        "company_name": f"Analytical Engine {number % 977} Inc.",
        "title": "Vice President of Sales",
        "location": "Austin, TX",
        "tags": ["fair", "follow-up"],
        "is_qualified": number % 3 == 0,
    }


def _lead(number: int) -> dict[str, Any]:
    # The last two are fields that the document's example of a lead doesn't show: 14 in all.
    dated = {"id": f"lead_{number:08d}", "object": "lead", "created_at": _text(number * 1000), "updated_at": _text(_updated(number))}
    return {**dated, **lead(number), "owner_user_id": "b2e7a1d9-4c3f-4a8e-b6d0-5c1f9a7e2d45", "value_amount": number % 10_000}


def _meeting(number: int) -> dict[str, Any]:
    # The furthest-out first, as the document tells.
    moment = 1_800_000_000_000 - number * 60_000
    return {
        "id": f"mtg_{number:08d}",
        "prospectId": f"prs_{number % 5000:08d}",
        "meetingDate": moment,
        "timeZone": "America/Chicago",
        "meetingType": "virtual",
        "ownerId": "b2e7a1d94c3f4a8eb6d05c1f9a7e2d45",
        "location": "Zoom",
        "notes": "Review benefits package; then next steps.",
        "createdBy": None,
        "createdByApi": True,
        "createdByApiKeyId": "5f0c3e9a6d4b48f0c7e2a3b1d9f4c560",
        "createdByApiKeyName": "Key of the website",
        "createdAt": 1_717_000_000_000 + number,
        "updatedAt": 1_717_000_000_000 + _updated(number),
    }


def _plain(place: str, number: int) -> dict[str, Any]:
    dated = {"created_at": _text(number * 1000), "updated_at": _text(_updated(number)), "createdAt": 1_717_000_000_000 + number}
    return {"id": f"{place}_{number:08d}", **dated, "updatedAt": 1_717_000_000_000, "row": number, "message": "Called twice", "type": "call"}


def _single(path: str) -> dict[str, Any]:
    return {"id": f"one_{zlib.crc32(path.encode()):08x}", "created_at": _text(0), "updated_at": _text(0), "scopes": _SCOPES, "read_only": False}


def _written(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": f"lead_{zlib.crc32(str(row.get('email')).encode()):010d}", "object": "lead", "created_at": _text(0), "updated_at": _text(1), **row}


def _page(rows: Sequence[bytes], cursor: str | None) -> bytes:
    pagination = _dumped({"next_cursor": cursor, "has_more": cursor is not None})
    return b'{"data":[%b],"pagination":%b,"request_id":"req_1"}' % (b",".join(rows), pagination)


def _many(make: Callable[[int], dict[str, Any]], count: int) -> list[bytes]:
    return [_dumped(make(number)) for number in range(count)]


def _dumped(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _token(row_id: str) -> str:
    return base64.b64encode(_dumped({"id": row_id})).decode()


def _updated(number: int) -> int:
    """When a row changed, in milliseconds since the first moment: spread over the years without an order."""
    return (number + 1) * 48_271 * 69_621 % _PRIME * _SPAN // _PRIME


def _text(milliseconds: int) -> str:
    return (_FIRST + timedelta(milliseconds=milliseconds)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _milliseconds(text: str | None) -> int | None:
    return None if text is None else (datetime.fromisoformat(text.replace("Z", "+00:00")) - _FIRST) // timedelta(milliseconds=1)
