# ruff: noqa: INP001  # a file to copy, in no package
"""One account: what has changed each hour, everything once a week."""

from __future__ import annotations

from datetime import datetime, timezone

from airflow.sdk import DAG
from hiringcenter_runs.alerts import tell
from hiringcenter_runs.tasks import load

ACCOUNT = "acme"

for name, schedule, whole in (("hourly", "0 * * * *", False), ("weekly", "30 3 * * 0", True)):
    with DAG(
        f"hiringcenter_{name}",
        schedule=schedule,
        start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
        catchup=False,
        max_active_runs=1,
        tags=["hiringcenter"],
    ):
        load.override(on_failure_callback=tell)(account=ACCOUNT, whole=whole)
