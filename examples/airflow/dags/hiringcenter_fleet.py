# ruff: noqa: INP001  # a file to copy, in no package
"""Many accounts, each on its own: what has changed each hour, everything once a week; in the end one word on all that are not complete."""

from __future__ import annotations

from datetime import datetime, timezone

from airflow.sdk import DAG
from hiringcenter_runs.alerts import tell
from hiringcenter_runs.tasks import accounts, load, report

# Of the hours several may be under way: the next one doesn't wait for the slowest account of the last, and leaves that one to it.
for name, schedule, whole, at_once in (("hourly", "0 * * * *", False, 4), ("weekly", "30 3 * * 0", True, 1)):
    with DAG(
        f"hiringcenter_fleet_{name}",
        schedule=schedule,
        start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
        catchup=False,
        max_active_runs=at_once,
        # As many tasks as the pool has room for.
        max_active_tasks=1024,
        tags=["hiringcenter"],
    ):
        names = accounts()
        load.partial(whole=whole).expand(account=names) >> report.override(on_failure_callback=tell)(names)
