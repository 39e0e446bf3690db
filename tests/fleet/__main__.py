"""A fleet of accounts under Airflow, with Celery workers of which some are killed: `python -m tests.fleet`.

It needs a PostgreSQL (PGHOST, PGPORT, PGUSER and PGPASSWORD say where; databases of its own are made there, and dropped in the end), its
`pg_dump`, a Redis (FLEET_BROKER says which database of it, which must be empty) and uv. It takes about a quarter of an hour on two cores.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.demo.database import concluded, new_database, reached, uri_of
from tests.fleet import audit
from tests.fleet.agency import Agency, Client
from tests.fleet.airflow import Airflow
from tests.fleet.broker import emptied
from tests.fleet.places import install
from tests.fleet.story import Fleet, expect
from tests.pipelines.warehouse import with_another_clock

if TYPE_CHECKING:
    import psycopg

_BROKER = os.environ.get("FLEET_BROKER", "redis://127.0.0.1:6379/15")
_SIZES = (4, 12, 25, 50)
_GOOD = 18
_WORKERS = ("one", "two")
# Of all workers: each run is a few busy programs.
_SLOTS = 3
_DAGS = ("hiringcenter_hourly", "hiringcenter_weekly", "hiringcenter_fleet_hourly", "hiringcenter_fleet_weekly")


def main() -> int:
    """Run the fleet.

    Returns:
        The exit code: 0 when everything is as docs/orchestration.md says.
    """
    return concluded(_run)


def _run() -> str:
    clients = [Client(f"client{number:02d}", seed=100 + number, size=_SIZES[number % len(_SIZES)]) for number in range(_GOOD)]
    # The one that the DAGs of one account name, and the one whose keys nobody knows; a third one has no connection.
    alone, bad = Client("acme", seed=7, size=20), Client("umbrella", seed=8, size=20)
    with (
        tempfile.TemporaryDirectory(prefix="fleet-") as place,
        new_database("fleet_airflow") as own,
        new_database("fleet_meltano") as state,
        new_database("fleet_warehouse") as warehouse,
        Agency([*clients, alone]) as agency,
        emptied(_BROKER),
    ):
        folder = Path(place).resolve()
        with_another_clock(warehouse)
        install(folder, agency, uri_of(state, "postgresql+psycopg"))
        airflow = Airflow(folder, own, _BROKER)
        connections = {f"hiringcenter_{client.name}": _keys(client) for client in (*clients, alone, bad)}
        connections.update(hiringcenter_warehouse=_reached(warehouse), hiringcenter_meltano=_reached(state))
        try:
            wrong = {bad.name: "401", "hooli": "isn't defined"}
            airflow.set_up([*(client.name for client in clients), *wrong], connections, _SLOTS)
            airflow.start(_WORKERS)
            airflow.wait_for_dags(*_DAGS)
            fleet = Fleet(airflow, clients, wrong, warehouse)
            fleet.page()
            fleet.alone(alone)
            fleet.first_load()
            fleet.changes()
            fleet.week()
            fleet.wrong_list()
        finally:
            airflow.stop()
        expect("no two runs of an account were under way at one time", audit.side_by_side(state))
        dumps = [_dumped(database) for database in (own, state, warehouse)]
        keys = [key for client in (*clients, alone, bad) for key in client.keys.values()]
        expect("no key stands in a log, a file or a database", audit.told(folder, dumps, keys))
    return "The fleet is as docs/orchestration.md says."


def _reached(database: psycopg.Connection[Any]) -> dict[str, Any]:
    """The connection to a database, as a file to import has it."""
    there = reached(database)
    named = {name: there[name] for name in ("host", "port", "password")}
    return {"conn_type": "postgres", "login": there["user"], "schema": there["database"], **named}


def _keys(client: Client) -> dict[str, Any]:
    return {"conn_type": "generic", "extra": {f"{system}_api_key": key for system, key in client.keys.items()}}


def _dumped(database: psycopg.Connection[Any]) -> bytes:
    return subprocess.run(["pg_dump", uri_of(database)], capture_output=True, check=True).stdout  # noqa: S607  # PostgreSQL's own, on the path


if __name__ == "__main__":
    sys.exit(main())
