"""Plays a plan: runs from the last STATE each, and what is wrong with them."""

from __future__ import annotations

import time
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from tests.churn.account import Account
from tests.loader import Loader
from tests.running import settings_for, sync
from tests.sandbox import Sandbox, World
from tests.sandbox.streams import lineage
from tests.sandbox.times import iso

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from tests.churn.account import Start
    from tests.churn.plan import Plan
    from tests.running import Outcome

_MOST_STATE = 4096


def violations(plan: Plan) -> list[str]:
    """Play a plan.

    Returns:
        What is wrong, by the number of the run after which it is: nothing when all promises were kept.
    """
    with Sandbox(World.empty(**plan.world), variant=plan.variant) as sandbox:
        return list(_Play(plan, sandbox).runs())


class _Play:
    def __init__(self, plan: Plan, sandbox: Sandbox) -> None:
        self._plan = plan
        self._sandbox = sandbox
        self._account = Account(plan, sandbox)
        self._loader = Loader()
        self._activated: Collection[str] = ()
        self._complete_since: dict[str, int] = dict.fromkeys(plan.streams, 0)
        self._counted_from = 0
        self._allowed = 0

    def runs(self) -> Iterator[str]:
        """Play all runs, and say what is wrong."""
        state = None
        for number, ceiling in enumerate(self._plan.ceilings):
            self._account.begin(number)
            ceilings = {} if ceiling is None else {"max_requests": ceiling}
            config = settings_for(self._sandbox, **self._plan.settings, **ceilings)
            earliest = iso(datetime.fromtimestamp(time.time(), timezone.utc))
            run = sync(config, *self._plan.streams, state=state, full_table=self._plan.full_table)
            latest = iso(datetime.fromtimestamp(time.time(), timezone.utc))
            self._activated = self._loader.take(run.messages).keys()
            for found in (*self._requests(ceiling), *self._states(run, earliest, latest), *self._ends(number, run), *self._holds(number, run)):
                yield f"run {number}: {found}"
            state = run.state if run.states else state

    def _requests(self, ceiling: int | None) -> Iterator[str]:
        """I5, counted over all runs in a row that have a ceiling: what one of them has sent at its very end may arrive in the next."""
        if ceiling is None:
            self._counted_from, self._allowed = len(self._sandbox.requests), 0
            return
        self._allowed += ceiling
        sent = len(self._sandbox.requests) - self._counted_from
        if sent > self._allowed:
            yield f"I5: {sent} requests, where {self._allowed} are allowed"

    @staticmethod
    def _states(run: Outcome, earliest: str, latest: str) -> Iterator[str]:
        """I4, and no bookmark past the beginning of the run."""
        began = run.report["started_at"]
        if not earliest <= began <= latest:
            yield f"it says that it began at {began}, but that was between {earliest} and {latest}"
        for line in run.lines:
            if line.startswith('{"type":"STATE"') and len(line) >= _MOST_STATE:
                yield f"I4: a STATE of {len(line)} bytes"
        for state in run.states:
            for stream, entry in state["bookmarks"].items():
                if entry.get("replication_key_value", "") > began:
                    yield f"{stream}: the bookmark {entry['replication_key_value']} is past the beginning of the run, {began}"

    def _ends(self, number: int, run: Outcome) -> Iterator[str]:
        """Whether it ends as it must: with 0 only if all is complete, and complete when nothing stands in its way."""
        statuses = {stream: run.status(stream) for stream in self._plan.streams}
        incomplete = [stream for stream, status in statuses.items() if status != "complete"]
        if (run.code == 0) != (not incomplete):
            yield f"I3: it ends with {run.code}, and {statuses}"
        if not self._plan.is_disturbed(number):
            for stream in incomplete:
                if not self._is_unprovable(stream):
                    yield f"{stream} is {statuses[stream]} though nothing happened: {run.report['streams'][stream]['reason']}"

    def _holds(self, number: int, run: Outcome) -> Iterator[str]:
        """Whether it holds what it must, and nothing that never was: I1 and I3."""
        for stream in self._plan.streams:
            held = self._loader.rows(stream)
            for key, record in held.items():
                if record not in self._account.versions(stream, key):
                    yield f"{stream}: {key} never was {record}"
            if run.status(stream) != "complete":
                continue
            start = self._account.starts[self._began(stream, number)]
            self._complete_since[stream] = number + 1
            yield from self._missing(stream, start)
            if stream in self._activated:
                gone = [key for key in held if not self._account.was_there(stream, key, start)]
                yield from (f"{stream}: {key} was gone before the full-table sync" for key in gone)
            elif stream in self._plan.full_table and run.records(stream):
                yield f"{stream}: a full-table sync is complete, and there is no ACTIVATE_VERSION"

    def _missing(self, stream: str, start: Start) -> Iterator[str]:
        held = self._loader.rows(stream)
        for key in start.rows[stream].keys() & self._account.rows[stream].keys():
            if (stream, key) in start.hidden:
                continue
            wanted = self._account.versions(stream, key, start.moment)
            if key not in held:
                yield f"I1: {stream}: {key} is missing: {wanted[-1]}"
            elif held[key] not in wanted:
                yield f"I1: {stream}: {key} is {held[key]}, not {wanted[-1]}"

    def _began(self, stream: str, number: int) -> int:
        """The run in which that began which a run has finished: children that are read whole go on where an earlier run was broken off."""
        is_whole = stream in self._plan.full_table or self._plan.settings["child_sync"] == "full"
        return self._complete_since[stream] if is_whole and len(lineage(stream)) > 1 else number

    def _is_unprovable(self, stream: str) -> bool:
        """Whether an API may be such that nothing proves a list whole; its stream then has to fail, and may do so at any time."""
        variant = self._plan.variant
        if stream == "notes" and (variant.notes_token != "exact" or variant.is_older("notes")):
            # A token that tells a moment only loses notes of that moment at the edge of a page.
            moments = [record["createdAt"] for record in self._account.rows[stream].values()]
            return len(set(moments)) < len(moments)
        # A cap that no filter gets around, and totals that count no more than the rows beside them.
        return stream == "prospects" and (variant.prospects_paging.startswith("cap") or variant.total_is == "returned")
