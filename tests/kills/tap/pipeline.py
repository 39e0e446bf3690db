"""A pipeline as the sweep plays it: runs of the tap one after the other, each from the last STATE, and a loader that takes what comes out."""

from __future__ import annotations

import itertools
import signal
import threading
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Literal, cast, get_args

import requests

from tests.auditor import key_of, mismatches
from tests.kills.tap.program import AtLine, start
from tests.kills.tap.setting import VARIANTS
from tests.loader import Key, Loader
from tests.running import Outcome, catalog, settings_for
from tests.sandbox import Sandbox
from tests.sandbox.streams import TABLES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from typing_extensions import Self

    from tests.kills.process import Run
    from tests.kills.tap.setting import Setting
    from tests.sandbox import LoggedRequest

# Killed before a request is carried out, or after that and before it is answered; asked to end while a request waits for its answer.
AtRequest = Literal["before", "after", "term"]
Moment = Literal[AtRequest, AtLine, "state"]
# All of it must fit into an entry of a pipeline's database, as promised.
_MOST_STATE = 4096
# Longer than anything here takes.
_WAIT = 60.0
# By the servers' clock, which may be wrong by as much.
_A_WHILE = 120.0


class Pipeline:
    """A sandbox, and what was brought from it.

    Args:
        setting: How tap and servers are set.

    Attributes:
        sandbox: The servers.
        outcome: What the last run left behind.
        found: What was violated so far.
    """

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.sandbox = Sandbox(setting.world(), variant=VARIANTS[setting.variant])
        self.outcome = Outcome(0, [], {})
        self.found: list[str] = []
        self._state: Any = None
        self._loader = Loader()
        self._numbers = itertools.count()
        self._open = ExitStack()

    def __enter__(self) -> Self:
        """Serve, and have behind it what comes before the run that is stopped."""
        self._folder = Path(self._open.enter_context(TemporaryDirectory()))
        self._open.enter_context(self.sandbox)
        if self.setting.mode != "first":
            self._take(_first_run(self.setting))
            _delete(self.sandbox, self.setting)
            self.change()
            if not self.setting.is_moving:
                # So that what has changed is long past for any clock; else it has changed just now.
                self.sandbox.clock.advance(_A_WHILE)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Stop serving."""
        self._open.__exit__(kind, error, trace)

    def change(self) -> None:
        """Have a day of work go by."""
        requests.post(f"{self.sandbox.url}/sandbox/change", timeout=_WAIT).raise_for_status()

    def run(self, moment: Moment | None = None, number: int = 0) -> None:
        """Run the tap from the last STATE.

        Args:
            moment: When it is stopped; `state`: it isn't, but nothing that came after one of its STATEs is kept.
            number: At which request, line or STATE, counted from one.
        """
        run = self._start(moment, number)
        code = run.finish()
        if code is None:
            self.found.append(f"a run did not end ({moment} {number})")
        lines = run.lines()
        whole = Outcome(code if code is not None else 1, lines, {})
        self._judge(whole, moment)
        states = [position for position, message in enumerate(whole.messages, 1) if message["type"] == "STATE"]
        if moment == "state" and number <= len(states):
            whole = Outcome(whole.code, lines[: states[number - 1]], {})
        self._take(whole)
        if code == 0 and moment in {"term", "term-line"}:
            # It says that it is complete.
            self.audit()

    def audit(self) -> None:
        """Compare what a loader holds now with what the servers do."""
        for stream in self.setting.streams:
            self.found += [f"I1: {line}" for line in mismatches(stream, self._loader.rows(stream), self.sandbox.truth(stream))]

    def _start(self, moment: Moment | None, number: int) -> Run:
        runs: list[Run] = []
        is_started = threading.Event()

        def stop(_: LoggedRequest) -> None:
            is_started.wait(_WAIT)
            runs[0].stop(signal.SIGTERM if moment == "term" else signal.SIGKILL)

        if moment in get_args(AtRequest):
            hook = self.sandbox.on_answer if moment == "after" else self.sandbox.on_request
            hook(stop, number=number)
        runs.append(
            start(
                self._folder / f"run {next(self._numbers)}",
                settings_for(self.sandbox, **self.setting.config),
                state=self._state,
                selection=catalog(*self.setting.streams, full_table=self.setting.full_table),
                stop=(cast("AtLine", moment), number) if moment in get_args(AtLine) else None,
            )
        )
        is_started.set()
        return runs[0]

    def _judge(self, outcome: Outcome, moment: Moment | None) -> None:
        """What must hold of a run by itself."""
        is_killed = moment in {"before", "after", "line", "half"}
        # Whoever makes less requests or lines than its like did has come to its end.
        if outcome.code != 0 and (moment in {None, "state"} or (is_killed and outcome.code != -signal.SIGKILL)):
            self.found.append(f"a run ended with {outcome.code} ({moment})")
        sizes = [len(line.encode()) for line, message in zip(outcome.lines, outcome.messages, strict=True) if message["type"] == "STATE"]
        self.found += [f"I4: a STATE of {size} bytes" for size in sizes if size >= _MOST_STATE]

    def _take(self, outcome: Outcome) -> None:
        """Have the loader, and whoever keeps the state, take what a run wrote."""
        self.outcome = outcome
        gone = self._loader.take(outcome.messages)
        there = {stream: {key_of(stream, row) for row in self.sandbox.truth(stream)} for stream in gone}
        self.found += taken_too_early(gone, there)
        if outcome.states:
            self._state = outcome.state


def taken_too_early(gone: Mapping[str, set[Key]], there: Mapping[str, set[Key]]) -> list[str]:
    """One sentence for each table that lost rows which are still there.

    Args:
        gone: Keys of the rows that went with a version that was activated, by stream.
        there: The keys that the server has now.
    """
    lost = {stream: sorted(str(key) for key in keys & there[stream]) for stream, keys in gone.items()}
    return [f"T-23: {stream}: ACTIVATE_VERSION took away what is still there: {', '.join(keys)}" for stream, keys in lost.items() if keys]


@cache
def _first_run(setting: Setting) -> Outcome:
    """A whole run without a state: always the same, since the world is."""
    with Sandbox(setting.world(), variant=VARIANTS[setting.variant]) as sandbox, TemporaryDirectory() as folder:
        config, selection = settings_for(sandbox, **setting.config), catalog(*setting.streams, full_table=setting.full_table)
        run = start(Path(folder, "run"), config, state=None, selection=selection, stop=None)
        code = run.finish()
        if code != 0:
            message = f"{setting}: the first run ended with {code}"
            raise AssertionError(message)
        return Outcome(0, run.lines(), {})


def _delete(sandbox: Sandbox, setting: Setting) -> None:
    """Have the last row of each list go whose deletions must show, children first."""
    for stream in reversed([name for name in TABLES if name in setting.swept and not TABLES[name].is_single]):
        rows = sandbox.kept(stream)
        if len(rows) > 1 and stream != "export_downloads":
            sandbox.remove(stream, list(rows)[-1])
