"""Working off batches: side by side as far as limits allow, in order where two records touch the same, one batch right after the other."""

from __future__ import annotations

import logging
import sys
import time
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from tqdm import tqdm

from tap_hiringcenter.api.errors import SystemEndedError
from target_hiringcenter.batch import Batch
from target_hiringcenter.clerk import Clerk
from target_hiringcenter.files import Lines
from target_hiringcenter.fingerprints import Fingerprints
from target_hiringcenter.order import Order, grouped
from target_hiringcenter.tasks import Outcome, SinkReport, Task

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Mapping

    from tap_hiringcenter.api.reports import Report
    from tap_hiringcenter.api.systems import System
    from tap_hiringcenter.api.transport import Transport
    from target_hiringcenter.ledger import Ledger
    from target_hiringcenter.order import Group
    from target_hiringcenter.sinks.base import ApiSink
    from target_hiringcenter.writes import Row

logger = logging.getLogger(__name__)

_SIGN_OF_LIFE = 30.0
# So often it is looked whether the run was broken off, where nothing else happens.
_LONGEST_WAIT = 1.0
# So long the writes that are under way may take to come to their end when the run is broken off. What does not is looked up by the next run.
_LAST_ANSWERS = 5.0
_BROKEN_OFF = "the run was broken off"
# One whose last writes are under way, and one whose first ones are.
_MOST_OPEN = 2


@dataclass(eq=False)
class Job:
    """A batch that is to be worked off.

    Attributes:
        sink: The records' sink.
        records: The records, in their order; the list forgets each when its turn has come.
        then: What is to be done when all of them, and all before them, have come to their end, if anything.
        end: Done when that is, or failed with what kept it from it.
    """

    sink: ApiSink
    records: list[Row]
    then: Callable[[], None] | None
    end: Future[None] = field(default_factory=Future)


class _Open:
    """A batch that is being worked off.

    Attributes:
        job: The batch.
        batch: What its records ask for.
        groups: Its groups that were made and are not done.
        are_all_made: Whether there will be no more of them.
    """

    def __init__(self, job: Job, batch: Batch) -> None:
        self.job = job
        self.batch = batch
        self.groups: set[Group] = set()
        self.are_all_made = False

    def noted(self, groups: Iterator[Group]) -> Iterator[Group]:
        """The groups, each of them noted as not done."""
        for group in groups:
            self.groups.add(group)
            yield group
        self.are_all_made = True

    @property
    def is_worked_off(self) -> bool:
        """Whether all that had to be written is."""
        return self.are_all_made and not self.groups

    @property
    def left(self) -> int:
        """How many records have not come to their end."""
        return self.batch.left + sum(len(group.tasks) for group in self.groups)


class Foreman:
    """Works batches off, in a thread of its own.

    Args:
        transports: How each configured system is asked.
        ledger: The memory of what was written.
        report: What is told of the run.
        config: The settings.
        doubtful: Systems whose URL may be wrong.
        version: The program's version.
    """

    def __init__(  # noqa: PLR0913, PLR0917  # all that a run has
        self,
        transports: Mapping[System, Transport],
        ledger: Ledger,
        report: Report[SinkReport],
        config: Mapping[str, object],
        doubtful: Container[System],
        version: str,
    ) -> None:
        self._transports = transports
        self._ledger = ledger
        self._report = report
        self._resends = bool(config["resend_unchanged"])
        self._rejects = Lines(str(config["rejects_path"]))
        self._fingerprints = Fingerprints(config, version)
        self._clerk = Clerk(transports, ledger, config, doubtful)
        self._pools: dict[System, ThreadPoolExecutor] = {}
        self._thread = ThreadPoolExecutor(1, "foreman")
        self._waiting: deque[Job] = deque()
        self._open: deque[_Open] = deque()
        self._order = Order()
        self._under_way: dict[Future[None], Group] = {}
        # What is waited for: a write that is done, or None where a batch has come in.
        self._events: SimpleQueue[Future[None] | None] = SimpleQueue()
        # How many records the batches had that were opened one right after the other.
        self._taken_in = 0
        self._is_broken_off = False
        self._failure: BaseException | None = None

    def take(self, job: Job) -> None:
        """Take a batch in; all that are not done yet are of one sink."""
        self._waiting.append(job)
        self._events.put(None)
        # Finds nothing to do where the one before it is still at work, and has taken it in.
        self._thread.submit(self._work_off)

    def break_off(self) -> None:
        """Begin nothing more; what is under way is given a moment."""
        self._is_broken_off = True

    def _work_off(self) -> None:
        """Work off what has come in, and what comes in meanwhile."""
        try:
            if self._failure:
                raise self._failure  # noqa: TRY301  # what comes after a batch that failed fails as well: its STATE would cover that one
            if self._waiting:
                self._run(self._waiting[0].sink)
        except BaseException as error:  # noqa: BLE001  # it is told to who waits for the end
            self._failure = error
            self._give_up(error)

    def _run(self, sink: ApiSink) -> None:
        pool, most = self._pool(sink.system), self._workers(sink.system)
        last_sign = time.monotonic()
        self._taken_in = 0
        with tqdm(desc=sink.name, unit=" records", disable=not sys.stderr.isatty(), file=sys.stderr) as progress:
            while True:
                while len(self._under_way) < most and (group := self._following(sink)):
                    future = pool.submit(self._clerk.write, sink, group)
                    self._under_way[future] = group
                    future.add_done_callback(self._events.put)
                left = sum(one.left for one in self._open)
                progress.update(self._taken_in - left - progress.n)
                if time.monotonic() - last_sign > _SIGN_OF_LIFE:
                    last_sign = time.monotonic()
                    logger.info("At %s: %d of %d records are not worked off yet", sink.name, left, self._taken_in)
                if self._open and self._open[0].is_worked_off:
                    self._close()
                elif self._under_way:
                    self._wait()
                elif not self._has_more(sink):
                    return

    def _has_more(self, sink: ApiSink) -> bool:
        """Whether a batch of this sink has come in: one of another comes as soon as these are done, and needs another pool."""
        return bool(self._waiting) and self._waiting[0].sink is sink

    def _following(self, sink: ApiSink) -> Group | None:
        """The next group that can be written, if need be of the next batch."""
        while (group := self._order.following()) is None and len(self._open) < _MOST_OPEN and self._has_more(sink):
            job = self._waiting[0]
            # What is under way for a key is newer than what the ledger holds.
            tasks = [task for one in self._open for group in one.groups for task in group.tasks]
            batch = Batch(sink, job.records, self._ledger, self._fingerprints, {task.key: task.entry for task in tasks})
            opened = _Open(job, batch)
            fits = self._clerk.writer(sink.system).fits_in_bulk
            groups = grouped(batch.changed(resends=self._resends), self._clerk.most(sink), fits, self._order.touched)
            self._order.add(opened.noted(groups))
            self._taken_in += batch.left
            self._open.append(opened)
            self._waiting.popleft()
        return group

    def _wait(self) -> None:
        """Wait for a write that is done, or for one more batch."""
        try:
            done = self._events.get(timeout=_LONGEST_WAIT)
        except Empty:
            done = None
        if self._is_broken_off:
            raise SystemEndedError(_BROKEN_OFF)
        if done:
            done.result()
            group = self._under_way.pop(done)
            self._order.done(group)
            for one in self._open:
                one.groups.discard(group)

    def _close(self) -> None:
        """Conclude the batch that was begun first."""
        job = self._open[0].job
        self._count(self._open[0])
        if job.then:
            job.then()
        self._open.popleft()
        job.end.set_result(None)

    def _give_up(self, error: BaseException) -> None:
        """Begin nothing more; what is under way is given a moment, so that the ledger knows its end."""
        for transport in self._transports.values():
            transport.end(SystemEndedError(_BROKEN_OFF))
        for future in self._under_way:
            future.cancel()
        wait(self._under_way, _LAST_ANSWERS)
        for one in self._open:
            try:
                self._count(one)
            except OSError as lost:  # noqa: PERF203  # there are two
                error = lost
        for job in (*(one.job for one in self._open), *self._waiting):
            job.end.set_exception(error)
        self._open.clear()
        self._waiting.clear()

    def _pool(self, system: System) -> ThreadPoolExecutor:
        if system not in self._pools:
            self._pools[system] = ThreadPoolExecutor(self._workers(system), f"write {system.name}")
        return self._pools[system]

    def _workers(self, system: System) -> int:
        """A quarter more than may ask at once, which the transport sees to: while these wait for answers, the others prepare and note.

        One by one they go in their order, and that takes one worker.
        """
        several = self._transports[system].concurrency
        return several * 5 // 4 + 1 if several > 1 else 1

    def _count(self, one: _Open) -> None:
        """Count the records that have come to an end, each of them once, and keep the rejects."""
        entry = self._report.streams[one.job.sink.name]
        tasks, one.batch.tasks = one.batch.tasks, []
        known, one.batch.known = one.batch.known, 0
        entry.outcomes[Outcome.UNCHANGED] += known
        for task in tasks:
            if task.asked:
                entry.usage.count(requests=task.asked.requests, retries=task.asked.retries, rate_limited=task.asked.rate_limited)
            if task.outcome is None:
                continue
            if task.reject:
                self._rejects.append(_line(task))
            if task.outcome is Outcome.SKIPPED and self._clerk.plan:
                self._clerk.plan.write(task)
            entry.outcomes[task.outcome] += 1
            if task.warnings:
                entry.warnings.update(task.warnings)
        self._rejects.sync()


def _line(task: Task) -> dict[str, object]:
    """A reject as the rejects file has it: of the record only its key."""
    reject = task.reject
    return {
        "stream": task.sink.name,
        "key": dict(task.source),
        "reason": reject.reason if reject else None,
        "field": reject.column if reject else None,
        "status": reject.status if reject else None,
        "request_id": reject.request_id if reject else None,
        "attempts": task.usage.requests,
    }
