"""The rule: whatever a server says, a run that ends well has all that there is, and one that doesn't says so and can be gone on from."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import jsonschema

from tests.auditor import differences, schema
from tests.running import Outcome, settings_for, sync

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.lies.kinds import Kind
    from tests.sandbox import LoggedRequest, Sandbox

# A run of these worlds takes a few dozen requests; eight sweeps with repeats stay far below this.
MOST_REQUESTS = 1500


class EndlessError(AssertionError):
    """A run that asks without end."""


@dataclass(frozen=True)
class Verdict:
    """What a run against a liar came to.

    Attributes:
        run: The run.
        violations: One sentence for everything that must hold and doesn't.
        is_exact: Whether what came out is what there is.
    """

    run: Outcome
    violations: list[str]
    is_exact: bool


def judge(
    sandbox: Sandbox,
    kind: Kind,
    *,
    forges: bool = False,
    is_seen: Callable[[], bool] = lambda: True,
    url: str | None = None,
    **settings: object,
) -> Verdict:
    """Run the tap against a liar, then against an honest server, and hold both to the rule.

    Args:
        sandbox: The liar; it is honest afterwards.
        kind: The kind of list that it lies about.
        forges: Whether the lie makes up rows, which may have come out before it was found out.
        is_seen: Whether the lie that was told can be seen. With one that can't, what came out need not be what there is.
        url: Where HiringCenter and ProspectB2B are reached, if not at the sandbox itself.
        settings: More settings of the tap.
    """
    streams = (kind.stream, *kind.neighbours)
    config = settings_for(sandbox, hiringcenter_page_size=kind.page_size, **settings)
    liar = config if url is None else {**config, **{name: value.replace(sandbox.url, url) for name, value in config.items() if name.endswith("_url")}}
    _bound(sandbox)
    run = sync(liar, *streams)
    found = broken_promises(run)
    found += differences(sandbox, [run], kind.neighbours)
    found += [f"{name} is {run.status(name)}" for name in kind.neighbours if run.status(name) != "complete"]
    wrong = differences(sandbox, [run], [kind.stream])
    is_complete = run.status(kind.stream) == "complete"
    if is_complete and is_seen():
        found += [f"it is said to be complete, but {line}" for line in wrong]
    if not is_complete:
        found += _unexplained(sandbox, run, kind.stream)
    if not is_complete and is_seen():
        sandbox.heal()
        again = sync(config, *streams, state=run.state if run.states else None)
        found += [] if again.code == 0 else [f"the next run fails: {again.report['streams']}"]
        rest = differences(sandbox, [run, again], streams)
        found += [f"after the next run, {line}" for line in rest if not (forges and line.endswith("is not in the sandbox"))]
    if (run.code == 0) != is_complete:
        found.append(f"the exit code is {run.code} while {kind.stream} is {run.status(kind.stream)}")
    return Verdict(run, found, not wrong)


def broken_promises(run: Outcome) -> list[str]:
    """What is wrong with a run by itself, whatever the server held.

    Returns:
        One sentence for each mistake of the tap, each record that its SCHEMA doesn't allow, and each state that is too large.
    """
    found = [f"{name}: {entry['reason']}" for name, entry in run.report["streams"].items() if "mistake" in (entry["reason"] or "")]
    found += ["a STATE of 4 KB or more" for state in run.states if len(json.dumps(state)) >= 4096]
    for message in run.messages:
        if message["type"] == "RECORD":
            error = next(_validator(message["stream"]).iter_errors(message["record"]), None)
            found += [f"{message['stream']}: a record is not valid: {error.message}"] if error else []
    return found


@cache
def _validator(stream: str) -> jsonschema.Draft7Validator:
    return jsonschema.Draft7Validator(schema(stream), format_checker=jsonschema.FormatChecker())


def _unexplained(sandbox: Sandbox, run: Outcome, stream: str) -> list[str]:
    """Whether the reason of a stream that isn't complete names the request that it fell over."""
    entry = run.report["streams"][stream]
    paths = {request.path for request in sandbox.requests if request.stream == stream}
    is_named = any(path in (entry["reason"] or "") for path in paths)
    return [] if is_named and entry["status"] in {"failed", "partial"} else [f"no path in the reason of {entry['status']}: {entry['reason']}"]


def _bound(sandbox: Sandbox) -> None:
    """Let a run that asks without end come to one, which the sandbox then raises."""
    lock, seen = threading.Lock(), 0

    def count(_request: LoggedRequest) -> None:
        nonlocal seen
        with lock:
            seen += 1
            if seen > MOST_REQUESTS:
                message = f"more than {MOST_REQUESTS} requests"
                raise EndlessError(message)

    sandbox.on_request(count)
