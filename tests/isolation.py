"""What one stream, one system or one parent suffers, and what all others must not feel of it: their lines byte for byte as in a clean run.

`python -m tests.isolation` tries each kind of failure on each stream, with one request at a time and with eight; the tests hold a sample.
"""

from __future__ import annotations

import copy
import itertools
import json
import re
import sys
from typing import TYPE_CHECKING, Any

from tests import waits
from tests.auditor import EVERY_STREAM, SCHEMAS
from tests.running import settings_for, sync
from tests.sandbox import Fault, Sandbox, World
from tests.sandbox.streams import TABLES, lineage

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from tests.running import Outcome

# The parent of each child stream.
PARENTS = {table.name: table.parent for table in TABLES.values() if table.parent}
SYSTEMS = {stream: path.parent.name for stream, path in SCHEMAS.items()}
# What no two runs have in common: when it was, and the number that a whole sweep goes by.
_OF_THIS_RUN = re.compile(r'"time_extracted":"[^"]*"|"version":\d{13}')


def world() -> World:
    """Small, but each list of children has some."""
    return World(seed=7, size=6, activities_per_lead=2, runs_per_campaign=2, errors_per_import=1, runs_per_workflow=2, results_per_run=1)


def below(stream: str) -> set[str]:
    """A stream and all that are read by way of it."""
    return {one for one in EVERY_STREAM if stream in lineage(one)}


def lines(run: Outcome, streams: Collection[str]) -> list[str]:
    """The lines of some streams, in their order, without what no two runs have in common."""
    found = zip(run.lines, run.messages, strict=True)
    return [_OF_THIS_RUN.sub("", line) for line, message in found if message["type"] != "STATE" and message["stream"] in streams]


def differences(clean: Outcome, broken: Outcome, streams: Collection[str]) -> list[str]:
    """What some streams feel of a failure that is none of theirs; nothing when all is well."""
    found = []
    if lines(clean, streams) != lines(broken, streams):
        pairs = itertools.zip_longest(lines(clean, streams), lines(broken, streams))
        one, other = next((one, other) for one, other in pairs if one != other)
        found.append(f"{str(other)[:200]} where {str(one)[:200]} belongs")
    found += [f"{stream} is {broken.status(stream)}" for stream in streams if broken.status(stream) != "complete"]
    before, after = (run.state["bookmarks"] if run.states else {} for run in (clean, broken))
    found += [f"the bookmark of {stream} is another one" for stream in streams if before.get(stream) != after.get(stream)]
    return found


def _spoilt(body: Any) -> Any:  # noqa: ANN401  # any JSON
    """An answer whose last row has nothing that it could be told apart by."""
    body = copy.deepcopy(body)
    place = body if isinstance(body, dict) else {"data": body}
    name = next((name for name in ("data", "items", "prospects", "notes") if name in place), None)
    rows = place[name] if name else place
    for row in rows[-1:] if isinstance(rows, list) else [rows]:
        row.pop("id", None)
        row.pop("message", None)
    return body


FAULTS: dict[str, Callable[[str], Fault]] = {
    "422": lambda stream: Fault("status", stream=stream, status=422, times=None),
    "403": lambda stream: Fault("status", stream=stream, status=403, times=None),
    "500": lambda stream: Fault("status", stream=stream, status=500, times=None),
    "reset": lambda stream: Fault("reset", stream=stream, times=None),
    "html": lambda stream: Fault("html", stream=stream, times=None),
    "envelope": lambda stream: Fault("body", stream=stream, body={"success": False}, times=None),
    "row": lambda stream: Fault("edit", stream=stream, edit=_spoilt, times=None),
}
# A stream map that can't cope with a record; it belongs to no request.
MAP = "map"
KINDS = (*FAULTS, MAP)


def clean_run(concurrency: int, *, is_full: bool = False) -> Outcome:
    """A run of all streams that nothing disturbs."""
    with Sandbox(world()) as sandbox:
        return _sync(sandbox, concurrency, is_full=is_full)


def feels(clean: Outcome, stream: str, kind: str, concurrency: int, *, is_full: bool = False) -> list[str]:
    """What other streams feel of a failure.

    Args:
        clean: A run that nothing disturbs.
        stream: Which one fails.
        kind: How, as in `KINDS`.
        concurrency: Requests under way at once.
        is_full: Whether everything is read whole, so that there are versions.

    Returns:
        One sentence for each violation.
    """
    settings: dict[str, Any] = {}
    broken_with_it = below(stream)
    with Sandbox(world()) as sandbox:
        if kind == MAP:
            settings["stream_maps"] = {stream: {"broken": "int('x')"}}
            broken_with_it = {stream}
        else:
            sandbox.inject(FAULTS[kind](stream))
        if stream == "api_identity" and kind != MAP:
            # What it is read from tells as well what the key may do, so that nothing of its system can be begun without it.
            broken_with_it = {one for one in EVERY_STREAM if SYSTEMS[one] == SYSTEMS[stream]}
        broken = _sync(sandbox, concurrency, is_full=is_full, **settings)
    found = differences(clean, broken, [one for one in EVERY_STREAM if one not in broken_with_it])
    if broken.code == 0:
        found.append("the exit code is 0")
    if broken.status(stream) == "complete":
        found.append(f"{stream} is complete")
    return found


def _sync(sandbox: Sandbox, concurrency: int, *, is_full: bool, **settings: object) -> Outcome:
    settings = {"max_concurrency": concurrency, "child_sync": "full" if is_full else "changed", **settings}
    return sync(settings_for(sandbox, **settings), *EVERY_STREAM, full_table=EVERY_STREAM if is_full else ())


def main() -> int:
    """Try everything.

    Returns:
        The exit code: 0 when nothing was violated.
    """
    waits.shorten()
    tried, violated = 0, 0
    for concurrency, is_full in ((1, False), (8, False), (8, True)):
        clean = clean_run(concurrency, is_full=is_full)
        for stream, kind in itertools.product(EVERY_STREAM, KINDS):
            found = feels(clean, stream, kind, concurrency, is_full=is_full)
            tried, violated = tried + 1, violated + bool(found)
            for sentence in found:
                sys.stdout.write(f"{stream}, {kind}, {concurrency} at once: {sentence}\n")
    sys.stdout.write(json.dumps({"tried": tried, "violated": violated}) + "\n")
    return int(violated > 0)


if __name__ == "__main__":
    sys.exit(main())
