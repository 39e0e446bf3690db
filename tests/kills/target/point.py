"""One point of the sweep: a kill at one request, the run after it, the audit, and the run that must change nothing."""

from __future__ import annotations

import itertools
import signal
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from tests.effects import Snapshot, snapshot, violations, writes
from tests.kills.sweep import Sweep
from tests.kills.target.given import BATCH, WORLD, blocks, givens, last_versions, lines_of
from tests.kills.target.program import last_state, report, start
from tests.sandbox import Fault, Sandbox, Variant, World
from tests.writing import COUNTS, json_lines, settings_for

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.kills.process import Run
    from tests.kills.target.given import Block
    from tests.sandbox import LoggedRequest

# Requests that had left before the kill arrive within this time.
_ON_THE_WAY = 0.02


@dataclass(frozen=True)
class Setting:
    """How target and servers are set.

    Attributes:
        idempotency: Whether the servers honour idempotency keys.
        shape: HiringCenter's shape.
        mode: The setting `leads_write_mode`.
        concurrency: The setting `max_concurrency`.
        is_in_batches: Whether batches are small, so that a STATE is passed on behind each block; else one is at the end.
    """

    idempotency: Literal["honoured", "ignored"] = "honoured"
    shape: Literal["current", "older"] = "current"
    mode: Literal["bulk", "upsert", "create"] = "bulk"
    concurrency: int = 1
    is_in_batches: bool = True

    def __str__(self) -> str:
        """In one word for each of its parts."""
        batches = "batches" if self.is_in_batches else "whole"
        return f"{self.idempotency} {self.shape} {self.mode} {self.concurrency} {batches}"


Moment = Literal["before", "after"]
_IDEMPOTENCY: tuple[Literal["honoured", "ignored"], ...] = ("honoured", "ignored")
_SHAPES: tuple[Literal["current", "older"], ...] = ("current", "older")
_MODES: tuple[Literal["bulk", "upsert", "create"], ...] = ("bulk", "upsert", "create")
SETTINGS = [Setting(*parts) for parts in itertools.product(_IDEMPOTENCY, _SHAPES, _MODES, (1, 8), (True, False))]
MOMENTS: tuple[Moment, ...] = ("before", "after")


@dataclass(frozen=True)
class Point:
    """Where a kill happens.

    Attributes:
        setting: How target and servers are set.
        number: At which request, counted from one.
        moment: `before`: the request never reaches the server; `after`: it was carried out, and its answer never arrives.
    """

    setting: Setting
    number: int
    moment: Moment

    def __str__(self) -> str:
        """As `python -m tests.kills --only` takes it."""
        return f"{self.setting} {self.moment} {self.number}"


class _Play:
    """A sandbox, the input, and the runs of the target against it."""

    def __init__(self, sandbox: Sandbox, setting: Setting, folder: Path) -> None:
        self.sandbox = sandbox
        self.folder = folder
        self.setting = setting
        self.given: list[Block] = blocks(sandbox)
        self.before: Snapshot = snapshot(sandbox)
        self._runs = itertools.count()
        self._lock = threading.Lock()
        self._in_hand = 0
        sandbox.on_request(lambda _: self._count(1))
        sandbox.on_answer(lambda _: self._count(-1))

    def _count(self, step: int) -> None:
        with self._lock:
            self._in_hand += step

    def start(self, lines: list[str]) -> Run:
        """Start the target."""
        config = settings_for(
            self.sandbox,
            self.folder,
            allow_deletes=True,
            leads_write_mode=self.setting.mode,
            max_concurrency=self.setting.concurrency,
            hiringcenter_field_names=self.setting.shape,
            **({"batch_size_rows": BATCH} if self.setting.is_in_batches else {}),
        )
        return start(config, lines, self.folder / f"run {next(self._runs)}")

    def finish(self, run: Run) -> int | None:
        """Wait for a run's end, and for that of its requests that are still with the server.

        Returns:
            Its exit code; None when it did not end.
        """
        code = run.finish()
        quiet = 0
        while quiet < 2 and self.setting.concurrency > 1:
            time.sleep(_ON_THE_WAY / 2)
            quiet = 0 if self._in_hand else quiet + 1
        return code

    def kill_at(self, point: Point) -> Run:
        """Start the target with the whole input, to be killed at a point."""
        is_started = threading.Event()
        runs: list[Run] = []

        def kill(request: LoggedRequest) -> None:
            is_started.wait()
            runs[0].kill()
            if point.moment == "before":
                self.sandbox.inject(Fault("reset", where=lambda found: found is request))

        hook = self.sandbox.on_request if point.moment == "before" else self.sandbox.on_answer
        hook(kill, number=point.number)
        runs.append(self.start(lines_of(self.given)))
        is_started.set()
        return runs[0]

    def wrong_counts(self, run: Run, given: list[Block]) -> list[str]:
        """J3: the counts of a run that came to its end."""
        read: dict[str, int] = {}
        for stream, records in given:
            read[stream] = read.get(stream, 0) + len(records)
        streams: Mapping[str, Mapping[str, Any]] = report(run)["streams"]
        told = {name: sum(entry[count] for count in COUNTS) for name, entry in streams.items()}
        return [f"J3: {stream}: {number} records read, {told.get(stream)} told" for stream, number in read.items() if told.get(stream) != number]

    def rejects(self) -> list[str]:
        """What was rejected in any run; nothing in this input should be."""
        lines = json_lines(str(self.folder / "rejects.jsonl"))
        return [f"{line['stream']} {line['key']} was rejected: {line['field']} {line['reason']}" for line in lines]


def points_of(setting: Setting) -> list[Point]:
    """Both moments of each request that a run makes which isn't killed.

    Raises:
        AssertionError: It goes wrong already without a kill.
    """
    with _sandbox(setting) as sandbox, tempfile.TemporaryDirectory() as folder:
        play = _Play(sandbox, setting, Path(folder))
        run = play.start(lines_of(play.given))
        code = play.finish(run)
        found = [*play.rejects(), *violations(sandbox, play.before, *givens(play.given), leads_write_mode=setting.mode)]
        assert (code, found) == (0, []), f"{setting}: exit code {code}, {found}"
        return [Point(setting, number, moment) for moment in MOMENTS for number in range(1, len(sandbox.requests) + 1)]


def try_point(point: Point) -> list[str]:
    """Kill, run again, audit, and run once more.

    Args:
        point: Where to kill.

    Returns:
        One sentence for everything that must hold and doesn't.
    """
    with _sandbox(point.setting) as sandbox, tempfile.TemporaryDirectory() as folder:
        play = _Play(sandbox, point.setting, Path(folder))
        killed = play.kill_at(point)
        code = play.finish(killed)
        if code == 0:
            return []  # with threads, one run makes a few requests less than another
        if code != -signal.SIGKILL:
            return [f"the first run ended with {code}"]
        found: list[str] = []
        covered = int((last_state(killed) or {"blocks": 0})["blocks"])
        again = play.start(lines_of(play.given, covered))
        if (code := play.finish(again)) != 0:
            found.append(f"the second run ended with {code}")
        found += play.rejects()
        if again.folder.joinpath("report.json").exists():
            found += play.wrong_counts(again, play.given[covered:])
        found += violations(sandbox, play.before, *givens(play.given), leads_write_mode=point.setting.mode)
        before = snapshot(sandbox)
        third = play.start(lines_of(last_versions(play.given)))
        if (code := play.finish(third)) != 0:
            found.append(f"the third run ended with {code}")
        found += [f"J4: {request.method} {request.path} in a run with nothing new" for request in writes(sandbox, before)]
        return found


def _sandbox(setting: Setting) -> Sandbox:
    return Sandbox(World(seed=7, **WORLD), variant=Variant(hiringcenter_shape=setting.shape, idempotency=setting.idempotency))


SWEEP = Sweep(SETTINGS, points_of, try_point)
