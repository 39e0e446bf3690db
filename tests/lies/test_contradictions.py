"""Rows that say themselves that they don't belong where they stand."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from tests.running import settings_for, sync
from tests.sandbox import Fault, Sandbox, World


def _each(values: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    return {**body, "data": [{**row, **values} for row in body["data"]]}


@pytest.mark.parametrize(
    ("stream", "values"),
    [
        ("campaign_runs", {"campaign_id": "cmp_another"}),
        ("prospector_runs", {"workflow_id": "pwf_another"}),
        ("leads", {"object": "campaign"}),
        ("lead_activities", {"object": "lead"}),
        ("jobs", {"object": "job_event"}),
    ],
)
def test_rows_that_name_another_parent_or_another_list_are_refused(stream: str, values: dict[str, Any]) -> None:
    with Sandbox(World(3, 4)) as sandbox:
        sandbox.inject(Fault("edit", stream=stream, edit=partial(_each, values), times=None))
        run = sync(settings_for(sandbox), stream)
        assert run.code == 1
        assert run.status(stream) in {"failed", "partial"}
