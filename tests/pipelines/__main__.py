"""The project in examples/meltano, as its users run it: two machines, a DuckDB file, a PostgreSQL, every job: `python -m tests.pipelines`.

PGHOST, PGPORT, PGUSER and PGPASSWORD say where PostgreSQL is; a database of its own is made there, and dropped in the end.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import requests

from tests.auditor import BY_DEFAULT
from tests.demo.comparison import compare
from tests.demo.comparison import rows_of as rows_of_duckdb
from tests.demo.database import NotAsToldError, concluded, example_database
from tests.pipelines.project import TIMESTAMPS, Project
from tests.pipelines.warehouse import SCHEMA, differences, types_of, value_of, with_another_clock
from tests.sandbox import Sandbox, World

if TYPE_CHECKING:
    from collections.abc import Iterable

    import psycopg

_WITHOUT_ZONE = "timestamp without time zone"


def main() -> int:
    """Run the project.

    Returns:
        The exit code: 0 when everything is as docs/pipelines.md says.
    """
    return concluded(_run)


def _run() -> str:
    with tempfile.TemporaryDirectory() as folder, example_database("hiringcenter_pipelines") as database:
        with_another_clock(database)
        with Sandbox(World(seed=7, size=20)) as sandbox:
            _use(Path(folder), database, sandbox)
    return "Every job did what it is there for."


def _use(folder: Path, database: psycopg.Connection[Any], sandbox: Sandbox) -> None:
    one = Project(folder / "one", database, sandbox)
    one.meltano("install")

    one.meltano("run", "try")
    with duckdb.connect(str(one.folder / "warehouse.duckdb"), read_only=True) as file:
        found = [compare(stream, sandbox.truth(stream), rows_of_duckdb(file, SCHEMA, stream)) for stream in BY_DEFAULT]
    _expect("DuckDB has every row", [comparison.stream for comparison in found if not comparison.is_equal])

    one.meltano("schedule", "run", "hourly", environment="prod")
    _expect("PostgreSQL has every row", differences(database, sandbox, BY_DEFAULT))
    database.execute(TIMESTAMPS.read_text(encoding="utf-8"))
    _expect("all times have their zone", [place for place, kind in types_of(database).items() if kind == _WITHOUT_ZONE])

    # Another machine, which has the project and knows the database.
    two = Project(folder / "two", database, sandbox, environments_of=one)
    requests.post(f"{sandbox.url}/sandbox/change", timeout=30).raise_for_status()
    before = len(sandbox.requests)
    two.meltano("run", "hourly", environment="prod")
    asked = [request for request in sandbox.requests[before:] if request.path == "/leads"]
    _expect("the other machine goes on from the state", [] if all("updated_after" in request.query for request in asked) else ["leads"])
    _expect("PostgreSQL has the changes", differences(database, sandbox, BY_DEFAULT))

    gone = {"leads": sandbox.truth("leads")[0]["id"], "notes": sandbox.truth("notes")[0]["id"]}
    for stream, row_id in gone.items():
        sandbox.remove(stream, row_id)
    sandbox.change("notes", sandbox.truth("notes")[0]["id"], body="Edited")
    sandbox.put("lead_messages", {}, lead_id=sandbox.truth("leads")[0]["id"])
    two.meltano("schedule", "run", "weekly", environment="prod")
    _expect("a week's run finds what the hours could not", differences(database, sandbox, BY_DEFAULT))
    _expect("what was deleted is marked", [stream for stream, row_id in gone.items() if not value_of(database, stream, "_sdc_deleted_at", row_id)])
    _expect("all times have their zone", [place for place, kind in types_of(database).items() if kind == _WITHOUT_ZONE])

    database.execute("DELETE FROM hiringcenter.job_events WHERE id = (SELECT min(id) FROM hiringcenter.job_events)")
    try:
        two.meltano("invoke", "reconcile:weekly", environment="prod")
    except subprocess.CalledProcessError:
        print("ok: reconcile finds a row that is missing")
    else:
        _expect("reconcile finds a row that is missing", ["it did not"])

    _write_back(one, two, sandbox)


def _write_back(one: Project, two: Project, sandbox: Sandbox) -> None:
    before = len(sandbox.kept("prospects"))
    one.meltano("run", "write-back", environment="prod", TARGET_HIRINGCENTER_DRY_RUN="true")
    _expect("a dry run writes nothing", [] if len(sandbox.kept("prospects")) == before else ["prospects"])
    one.meltano("run", "write-back", environment="prod")
    _expect("the candidates are prospects", [] if len(sandbox.kept("prospects")) == before + 3 else ["prospects"])
    asked = len(sandbox.requests)
    two.meltano("run", "write-back", environment="prod")
    writes = [request.path for request in sandbox.requests[asked:] if request.method != "GET"]
    _expect("the other machine knows what was written", writes)


def _expect(what: str, wrong: Iterable[object]) -> None:
    wrong = list(wrong)
    if wrong:
        message = f"Not as it must be: {what}: {wrong[:10]}"
        raise NotAsToldError(message)
    print(f"ok: {what}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
