"""Rows of a PostgreSQL database into the sandbox, through the job write-back: `python -m tests.demo.write_back`.

PGHOST, PGPORT, PGUSER and PGPASSWORD say where the server is; a database of its own is made there, and dropped in the end.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from tests.demo.database import NotAsToldError, concluded, example_database, reached
from tests.demo.pipeline import ROOT, Pipeline
from tests.sandbox import Sandbox, World

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import psycopg

_PLACE = ROOT / ".demo"
_CANDIDATES = "SELECT candidate_id, given_name, family_name, email, phone, city FROM crm.candidates ORDER BY candidate_id"
_INTERVIEWS = """
    SELECT interview_id, candidate_id, (extract(epoch FROM starts_at) * 1000)::bigint, time_zone, kind, recruiter_id, place
    FROM crm.interviews ORDER BY interview_id
"""
_MEETING = ("prospectId", "meetingDate", "timeZone", "meetingType", "ownerId", "location")
_TITLE = "Engineer"
_LATER = """
    UPDATE crm.candidates SET city = 'Paris' WHERE candidate_id = 1;
    UPDATE crm.interviews SET place = 'Room 7' WHERE interview_id = 11;
    INSERT INTO crm.interviews VALUES (12, 2, '2026-12-03 09:00+01', 'Europe/Berlin', 'virtual', 'b2e7a1d94c3f4a8eb6d05c1f9a7e2d45', NULL);
"""


def main() -> int:
    """Run the example.

    Returns:
        The exit code: 0 when the sandbox holds, after each run, just what the database says, and got no write too many.
    """
    return concluded(_run)


def _run() -> str:
    with example_database("hiringcenter_write_back") as database, Sandbox(World(seed=7, size=10)) as sandbox:
        if not _write_back(database, sandbox):
            raise NotAsToldError("The sandbox is not what the database says.")  # noqa: EM101, TRY003  # said once, and to people
    return "Every row of the database is in the sandbox, once."


def _write_back(database: psycopg.Connection[Any], sandbox: Sandbox) -> bool:
    """Write back: as a plan, really, once more, and after changes."""
    plan = _PLACE / "plan.jsonl"
    pipeline = Pipeline("write-back", _PLACE, {"tap-postgres": reached(database), "target-hiringcenter": _target(sandbox, plan)})
    for leftover in (*_PLACE.glob("ledger.db*"), *_PLACE.glob("*.jsonl")):
        leftover.unlink()
    others = {stream: len(sandbox.kept(stream)) for stream in ("prospects", "meetings")}
    # Zoë is known there already, with a title that is not the database's to change.
    sandbox.put("prospects", {"firstName": "Zoe", "lastName": "Muller", "email": "Zoe@example.com", "phone": None, "title": _TITLE})
    pipeline.install()
    found = [_step("a plan", pipeline, sandbox, 0, TARGET_HIRINGCENTER_DRY_RUN="true")]
    for line in plan.read_text(encoding="utf-8").splitlines():
        planned = json.loads(line)
        print(f"    {planned['stream']} {planned['key']}: {planned['method']} {planned['path']}, from {planned['before']} to {planned['after']}")
    found += [_step("first run", pipeline, sandbox, 5), _is_there(database, sandbox, others)]
    found += [_step("the same again", pipeline, sandbox, 0)]
    database.execute(_LATER)
    found += [_step("after changes", pipeline, sandbox, 3), _is_there(database, sandbox, others)]
    return all(found)


def _step(title: str, pipeline: Pipeline, sandbox: Sandbox, expected: int, **settings: str) -> bool:
    """Run the job once, and see whether it wrote as often as it has to."""
    before = len(sandbox.requests)
    pipeline.run(**settings)
    writes = [request for request in sandbox.requests[before:] if request.method != "GET"]
    print(f"{title}: {len(sandbox.requests) - before} requests, {len(writes)} of them writes")
    return len(writes) == expected


def _target(sandbox: Sandbox, plan: Path) -> dict[str, Any]:
    files = {"ledger_uri": f"sqlite:///{_PLACE / 'ledger.db'}", "plan_path": plan, "rejects_path": _PLACE / "rejects.jsonl"}
    return {**sandbox.target_config(), **files, "webhook_secrets_path": _PLACE / "secrets.jsonl"}


def _is_there(database: psycopg.Connection[Any], sandbox: Sandbox, others: Mapping[str, int]) -> bool:
    """Whether the sandbox holds what the database says, and nothing else but what it held before."""
    prospects, meetings = sandbox.kept("prospects"), list(sandbox.kept("meetings").values())
    ids, missing = {}, []
    for key, given, family, email, phone, city in database.execute(_CANDIDATES):
        wanted = {"firstName": given, "lastName": family, "email": email, "phone": phone, "city": city}
        if email == "zoe@example.com":
            wanted["title"] = _TITLE
        matching = [row_id for row_id, row in prospects.items() if all(row.get(name) == value for name, value in wanted.items())]
        missing += [f"prospect {key}"] * (len(matching) != 1)
        ids[key] = matching[0] if matching else None
    for key, candidate, *values in database.execute(_INTERVIEWS):
        wanted = dict(zip(_MEETING, (ids[candidate], *values), strict=True))
        missing += [f"meeting {key}"] * (sum({name: row.get(name) for name in _MEETING} == wanted for row in meetings) != 1)
    counts = (len(prospects) - others["prospects"] - len(ids), len(meetings) - others["meetings"] - database.execute(_INTERVIEWS).rowcount)
    print(f"missing: {', '.join(missing) or 'nothing'}; too many: {counts[0]} prospects, {counts[1]} meetings")
    return not missing and counts == (0, 0)


if __name__ == "__main__":
    sys.exit(main())
