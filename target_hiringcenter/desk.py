"""Working off batches: side by side as far as limits allow, in order where two records touch the same."""

from __future__ import annotations

import logging
import sys
import time
from collections import deque
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING

from tqdm import tqdm

from tap_hiringcenter.api.errors import SystemEndedError
from target_hiringcenter.batch import Batch, is_unchanged
from target_hiringcenter.bulk import Bulk
from target_hiringcenter.client import Client
from target_hiringcenter.files import Lines
from target_hiringcenter.ledger import PENDING
from target_hiringcenter.plan import Plan
from target_hiringcenter.tasks import Outcome, Reject, SinkReport, Task
from target_hiringcenter.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping, Sequence

    from tap_hiringcenter.api.reports import Report
    from tap_hiringcenter.api.systems import System
    from tap_hiringcenter.api.transport import Transport
    from target_hiringcenter.ledger import Ledger
    from target_hiringcenter.sinks.base import ApiSink
    from target_hiringcenter.writes import Row

logger = logging.getLogger(__name__)

_SIGN_OF_LIFE = 30.0
# A signal that comes just before a wait begins is heeded when it is over.
_LONGEST_WAIT = 1.0
# So long the writes that are under way may take to come to their end when the run is broken off. What does not is looked up by the next run.
_LAST_ANSWERS = 5.0


class Desk:
    """Where records are worked off.

    Args:
        transports: How each configured system is asked.
        ledger: The memory of what was written.
        report: What is told of the run.
        config: The settings.
        doubtful: Systems whose URL may be wrong.
    """

    def __init__(
        self,
        transports: Mapping[System, Transport],
        ledger: Ledger,
        report: Report[SinkReport],
        config: Mapping[str, object],
        doubtful: Container[System],
    ) -> None:
        self._transports = transports
        self._ledger = ledger
        self._report = report
        self._is_dry = bool(config["dry_run"])
        self._resends = bool(config["resend_unchanged"])
        self._rejects = Lines(str(config["rejects_path"]))
        self._secrets = Lines(str(config["webhook_secrets_path"]))
        self._may_double = bool(config["allow_unmatched_creates"])
        self._doubtful = doubtful
        self._writers: dict[System, Writer] = {}
        self._plan = Plan(Lines(str(config["plan_path"]), is_new=True)) if self._is_dry else None
        self._bulk_size = int(str(config["leads_bulk_size"]))
        self._bulks: dict[str, Bulk] = {}
        self._pools: dict[System, ThreadPoolExecutor] = {}

    def work_off(self, sink: ApiSink, records: Sequence[Row]) -> None:
        """Bring each record to its end: written, unchanged, rejected or, in a dry run, skipped.

        Args:
            sink: The records' sink.
            records: The records, in their order.

        Raises:
            SystemEndedError: A system can't be asked any more; the records that have no end are left to the next run.
            LedgerError: The ledger can't be used.
            OSError: The rejects can't be kept.
            Stopped: The process was asked to stop.
        """
        batch = Batch(sink, records, self._ledger)
        try:
            self._run(sink, self._groups(sink, batch.changed(resends=self._resends)))
        finally:
            self._close(sink, batch.tasks)

    def _groups(self, sink: ApiSink, tasks: Iterable[Task]) -> list[list[Task]]:
        """Records that go in one request: those that go in bulk, up to the size of one, and no two that touch the same."""
        writer = self._writer(sink.system)
        groups: list[list[Task]] = []
        last: list[Task] = []
        held, passed = set[str](), set[str]()
        for task in tasks:
            locks = _locks(task)
            if self._is_dry or sink.bulk_path is None or not writer.fits_in_bulk(task):
                groups.append([task])
                passed |= locks
                continue
            # Nothing joins a request that stands before something of the same in the input.
            if not last or len(last) >= self._bulk_size or locks & (held | passed):
                last, held, passed = [], set(), set()
                groups.append(last)
            last.append(task)
            held |= locks
        return groups

    def _run(self, sink: ApiSink, groups: Sequence[list[Task]]) -> None:
        order = _order(groups)
        pool = self._pool(sink.system)
        most = 2 * self._transports[sink.system].concurrency
        ready: deque[int] = deque()
        under_way: dict[Future[None], int] = {}
        total, last_sign = sum(map(len, groups)), time.monotonic()
        with tqdm(total=total, desc=sink.name, unit=" records", disable=not sys.stderr.isatty(), file=sys.stderr) as progress:
            try:
                while order.is_active():
                    ready.extend(order.get_ready())
                    while ready and len(under_way) < most:
                        number = ready.popleft()
                        under_way[pool.submit(self._write, sink, groups[number])] = number
                    for future in wait(under_way, _LONGEST_WAIT, FIRST_COMPLETED).done:
                        future.result()
                        order.done(number := under_way.pop(future))
                        progress.update(len(groups[number]))
                    if time.monotonic() - last_sign > _SIGN_OF_LIFE:
                        last_sign = time.monotonic()
                        logger.info("At %s: %d of %d records to write are not written yet", sink.name, total - int(progress.n), total)
            except BaseException:
                self._break_off(under_way)
                raise

    def _break_off(self, under_way: Iterable[Future[None]]) -> None:
        """Begin nothing more; what is under way is given a moment, so that the ledger knows its end."""
        for transport in self._transports.values():
            transport.end(SystemEndedError("the run was broken off"))
        for future in under_way:
            future.cancel()
        wait(under_way, _LAST_ANSWERS)

    def _write(self, sink: ApiSink, tasks: list[Task]) -> None:
        due = []
        for task in tasks:
            # A record of the same key may have gone before it in this batch.
            if not self._resends and is_unchanged(task):
                task.outcome = Outcome.UNCHANGED
            else:
                due.append(task)
        writer = self._writer(sink.system)
        if self._plan:
            for task in due:
                self._plan.make(task, writer)
        elif len(due) > 1:
            self._bulk(sink, writer).write(due)
        else:
            for task in due:
                writer.write(task)
        for task in tasks:
            self._go_back(task, writer)

    def _go_back(self, task: Task, writer: Writer) -> None:
        """When a record was rejected, the one of the same key that it had overtaken counts after all."""
        while task.outcome is Outcome.REJECTED and task.overtaken:
            *earlier, last = task.overtaken
            task.overtaken, last.overtaken = [], earlier
            if task.entry.outcome == PENDING:
                # Nobody knows what the API holds now; what came before it must not be written over it.
                last.outcome, last.reject = Outcome.REJECTED, Reject("overtaken by a later record of which it isn't known whether it was written")
            elif self._plan:
                self._plan.make(last, writer)
            else:
                writer.write(last)
            task = last
        task.pass_over()

    def _bulk(self, sink: ApiSink, writer: Writer) -> Bulk:
        return self._bulks.setdefault(sink.name, Bulk(writer, str(sink.bulk_path), sink.name, self._bulk_size))

    def _writer(self, system: System) -> Writer:
        if system not in self._writers:
            client = Client(self._transports[system], self._ledger)
            is_doubtful = system in self._doubtful
            self._writers[system] = Writer(client, self._ledger, self._secrets, may_double=self._may_double, is_doubtful=is_doubtful)
        return self._writers[system]

    def _pool(self, system: System) -> ThreadPoolExecutor:
        if system not in self._pools:
            self._pools[system] = ThreadPoolExecutor(self._transports[system].concurrency, f"write {system.name}")
        return self._pools[system]

    def _close(self, sink: ApiSink, tasks: Iterable[Task]) -> None:
        """Count the records that have come to an end, and keep the rejects."""
        entry = self._report.streams[sink.name]
        for task in tasks:
            entry.usage.count(requests=task.usage.requests, retries=task.usage.retries, rate_limited=task.usage.rate_limited)
            if task.outcome is None:
                continue
            if task.reject:
                self._rejects.append(_line(task))
            if task.outcome is Outcome.SKIPPED and self._plan:
                self._plan.write(task)
            entry.outcomes[task.outcome] += 1
            entry.warnings.update(task.warnings)
        self._rejects.sync()


def _locks(task: Task) -> set[str]:
    return {f"key:{task.key}", *task.form.locks}


def _order(groups: Sequence[list[Task]]) -> TopologicalSorter[int]:
    """What must wait for what: whatever touches the same goes in the order in which it came."""
    order: TopologicalSorter[int] = TopologicalSorter()
    last: dict[str, int] = {}
    for number, group in enumerate(groups):
        locks = {lock for task in group for lock in _locks(task)}
        order.add(number, *{last[lock] for lock in locks if lock in last})
        last.update(dict.fromkeys(locks, number))
    order.prepare()
    return order


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
