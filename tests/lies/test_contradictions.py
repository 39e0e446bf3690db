"""Rows that say themselves that they belong elsewhere.

They are data, and kept with what they say: which ids and names an API writes there is not documented for all streams, and a refusal would cost
a whole stream for good. So whoever reads the records sees both, what was asked for and what the row says.
"""

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
def test_rows_that_name_another_parent_or_another_list_are_kept_with_what_they_say(stream: str, values: dict[str, Any]) -> None:
    with Sandbox(World(3, 4)) as sandbox:
        sandbox.inject(Fault("edit", stream=stream, edit=partial(_each, values), times=None))
        run = sync(settings_for(sandbox), stream)
        assert run.code == 0
        records = run.records(stream)
        assert {(record["id"], record.get(name)) for record in records for name in values if name != "object"} <= {
            (row["id"], row.get(name)) for row in sandbox.truth(stream) for name in values
        }
        assert all({**record, **(record["additional_properties"] or {})}.items() >= values.items() for record in records)
        assert len(records) == len(sandbox.truth(stream))
