"""G-16: the tap's output is the target's input: an account is copied into an empty one, and the second copy writes nothing."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from tests.effects import snapshot, writes
from tests.running import settings_for as tap_settings
from tests.running import sync
from tests.sandbox import Sandbox, Variant, World
from tests.writing import settings_for, write

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# What can be written of each stream, as the tap shows it; ids of rows that were copied are compared by what they lead to.
WRITABLE = {
    "prospects": ("firstName", "lastName", "email", "phone", "title", "company", "currentStageId", "labels"),
    "meetings": ("prospectId", "meetingDate", "timeZone", "meetingType", "ownerId", "location", "notes"),
    "notes": ("prospectId", "body", "userId", "createdAt", "mentions", "pin", "fileUrl"),
    "tasks": ("prospectId", "task", "assignedTo"),
    "leads": ("full_name", "email", "phone", "company_name", "title", "location", "tags", "is_qualified"),
    "prospector_workflows": ("name", "status"),
    "campaigns": ("prospector_workflow_id", "status"),
    "webhooks": ("url", "description", "events"),
    "support_tickets": ("subject", "body"),
}
REFERS = {"prospectId": "prospects", "prospector_workflow_id": "prospector_workflows"}


def _content(stream: str, rows: Mapping[str, list[dict[str, Any]]]) -> Counter[str]:
    """The rows of a stream in every field that can be written, with what ids lead to in their place."""

    def shown(name: str, value: Any) -> Any:  # noqa: ANN401  # any JSON
        if name not in REFERS:
            return value
        parent = REFERS[name]
        (row,) = (row for row in rows[parent] if row["id"] == value)
        return [row[column] for column in WRITABLE[parent]]

    return Counter(str([shown(name, row[name]) for name in WRITABLE[stream]]) for row in rows[stream])


def _due(rows: Mapping[str, list[dict[str, Any]]]) -> Counter[str | None]:
    return Counter(row["dueAt"] for row in rows["tasks"])


@pytest.mark.parametrize("shape", ["current", "older", "mixed"])
@pytest.mark.parametrize("mode", ["bulk", "upsert", "create"])
def test_g16_a_copy_is_the_same_in_every_field_that_can_be_written(shape: Any, mode: str, tmp_path: Path) -> None:  # noqa: ANN401  # a literal
    variant = Variant(hiringcenter_shape=shape)
    with Sandbox(World(seed=7, size=30), variant=variant) as source, Sandbox(World.empty(), variant=variant) as copy:
        config = settings_for(
            copy,
            tmp_path,
            leads_write_mode=mode,
            allow_unmatched_creates=True,
            hiringcenter_field_names="older" if shape == "older" else "current",
        )
        read = sync(tap_settings(source), *WRITABLE)
        written = write(config, read.lines)
        assert written.rejects == []
        assert written.code == 0
        assert written.states[-1] == read.state
        back = sync(tap_settings(copy), *WRITABLE)
        originals, copies = ({stream: outcome.records(stream) for stream in WRITABLE} for outcome in (read, back))
        for stream in WRITABLE:
            assert len(originals[stream]) > 1
            assert _content(stream, copies) == _content(stream, originals), stream
        # A task without a time is due now, says "Create task": nothing else can be written.
        assert _due(originals) - _due(copies) == Counter({None: _due(originals)[None]})

        before = snapshot(copy)
        again = write(config, sync(tap_settings(source), *WRITABLE).lines)
        assert again.code == 0
        assert writes(copy, before) == []


def test_g16_a_warehouse_row_of_the_same_account_changes_the_row_that_it_came_from(tmp_path: Path) -> None:
    with Sandbox(World(seed=7, size=10)) as account:
        read = sync(tap_settings(account), *WRITABLE)
        before = snapshot(account)
        written = write(settings_for(account, tmp_path, allow_unmatched_creates=False), read.lines)
        made = [request for request in writes(account, before) if request.status == 201]
        assert made == []
        for stream in WRITABLE:
            assert snapshot(account).rows[stream].keys() == before.rows[stream].keys(), stream
        assert written.report["streams"]["meetings"]["written"] == 0
