"""Working off batches: one while the next is read, side by side as far as limits allow, in order where two records touch the same."""

from __future__ import annotations

import logging
import sys
import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from typing import TYPE_CHECKING

from tqdm import tqdm

from tap_hiringcenter.api.errors import SystemEndedError
from target_hiringcenter.batch import Batch, is_unchanged
from target_hiringcenter.bulk import Bulk
from target_hiringcenter.client import Client
from target_hiringcenter.entries import PENDING
from target_hiringcenter.files import Lines
from target_hiringcenter.fingerprints import Fingerprints
from target_hiringcenter.order import Order, grouped
from target_hiringcenter.plan import Plan
from target_hiringcenter.tasks import NOTHING, Outcome, Reject, SinkReport, Task
from target_hiringcenter.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Mapping

    from tap_hiringcenter.api.reports import Report
    from tap_hiringcenter.api.systems import System
    from tap_hiringcenter.api.transport import Transport
    from target_hiringcenter.ledger import Ledger
    from target_hiringcenter.order import Group
    from target_hiringcenter.sinks.base import ApiSink
    from target_hiringcenter.writes import Row

logger = logging.getLogger(__name__)

_SIGN_OF_LIFE = 30.0
# A signal that comes just before a wait begins is heeded when it is over.
_LONGEST_WAIT = 1.0
# So long the writes that are under way may take to come to their end when the run is broken off. What does not is looked up by the next run.
_LAST_ANSWERS = 5.0
_BROKEN_OFF = "the run was broken off"


class Desk:
    """Where records are worked off.

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
        self._is_dry = bool(config["dry_run"])
        self._resends = bool(config["resend_unchanged"])
        self._rejects = Lines(str(config["rejects_path"]))
        self._secrets = Lines(str(config["webhook_secrets_path"]))
        self._may_double = bool(config["allow_unmatched_creates"])
        self._doubtful = doubtful
        self._fingerprints = Fingerprints(config, version)
        self._writers: dict[System, Writer] = {}
        self._plan = Plan(Lines(str(config["plan_path"]), is_new=True)) if self._is_dry else None
        self._bulk_size = int(str(config["leads_bulk_size"]))
        self._bulks: dict[str, Bulk] = {}
        self._pools: dict[System, ThreadPoolExecutor] = {}
        self._foreman = ThreadPoolExecutor(1, "foreman")
        self._batch: Future[None] | None = None
        self._is_broken_off = False

    def begin(self, sink: ApiSink, records: list[Row], then: Callable[[], None] | None) -> None:
        """Begin to bring each record to its end: written, unchanged, rejected or, in a dry run, skipped. The batch before it comes to its end first.

        Args:
            sink: The records' sink.
            records: The records, in their order; the list forgets each when its turn has come.
            then: What is to be done when all of them have come to their end, if anything.

        Raises:
            Stopped: As `finish` does all that it raises.
        """
        self.finish()
        self._batch = self._foreman.submit(self._work_off, sink, records, then)

    def finish(self) -> None:
        """Wait until all that was begun has come to its end.

        Raises:
            SystemEndedError: A system can't be asked any more; the records that have no end are left to the next run.
            LedgerError: The ledger can't be used.
            OSError: The rejects can't be kept.
            Stopped: The process was asked to stop.
        """
        while self._batch:
            if wait([self._batch], _LONGEST_WAIT).done:
                # What has failed stays so, however often it is asked.
                self._batch.result()
                self._batch = None

    @property
    def is_idle(self) -> bool:
        """Whether all that was begun has come to its end."""
        return self._batch is None or self._batch.done()

    def break_off(self) -> None:
        """Begin nothing more; what is under way is given a moment."""
        self._is_broken_off = True
        with suppress(Exception):
            self.finish()

    def _work_off(self, sink: ApiSink, records: list[Row], then: Callable[[], None] | None) -> None:
        batch = Batch(sink, records, self._ledger, self._fingerprints)
        writer = self._writer(sink.system)
        most = 1 if self._is_dry or sink.bulk_path is None else self._bulk_size
        groups = grouped(batch.changed(resends=self._resends), most, writer.fits_in_bulk)
        try:
            self._run(sink, batch, Order(groups))
        finally:
            self._close(sink, batch)
        if then:
            then()

    def _run(self, sink: ApiSink, batch: Batch, order: Order) -> None:
        pool = self._pool(sink.system)
        most = self._workers(sink.system)
        under_way: dict[Future[None], Group] = {}
        total, last_sign = batch.left, time.monotonic()
        with tqdm(total=total, desc=sink.name, unit=" records", disable=not sys.stderr.isatty(), file=sys.stderr) as progress:
            try:
                while True:
                    while len(under_way) < most and (group := order.following()):
                        under_way[pool.submit(self._write, sink, group.tasks)] = group
                    if not under_way:
                        break
                    for future in self._done(under_way):
                        future.result()
                        order.done(under_way.pop(future))
                    left = batch.left + sum(len(group.tasks) for group in under_way.values())
                    progress.update(total - left - progress.n)
                    if time.monotonic() - last_sign > _SIGN_OF_LIFE:
                        last_sign = time.monotonic()
                        logger.info("At %s: %d of %d records are not worked off yet", sink.name, left, total)
            except BaseException:
                self._break_off(under_way)
                raise

    def _done(self, under_way: Iterable[Future[None]]) -> Iterable[Future[None]]:
        done = wait(under_way, _LONGEST_WAIT, FIRST_COMPLETED).done
        if self._is_broken_off:
            raise SystemEndedError(_BROKEN_OFF)
        return done

    def _break_off(self, under_way: Iterable[Future[None]]) -> None:
        """Begin nothing more; what is under way is given a moment, so that the ledger knows its end."""
        for transport in self._transports.values():
            transport.end(SystemEndedError(_BROKEN_OFF))
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
        else:
            # Asked anew: an earlier record of the same key may have told what the API finds the row by, and this one may say otherwise.
            together: list[Task] = []
            alone: list[Task] = []
            for task in due:
                (together if writer.fits_in_bulk(task) else alone).append(task)
            if len(together) > 1:
                self._bulk(sink, writer).write(together)
            else:
                alone = due
            for task in alone:
                writer.write(task)
        for task in tasks:
            self._go_back(task, writer)
            task.form = NOTHING

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
            self._pools[system] = ThreadPoolExecutor(self._workers(system), f"write {system.name}")
        return self._pools[system]

    def _workers(self, system: System) -> int:
        """A quarter more than may ask at once, which the transport sees to: while these wait for answers, the others prepare and note.

        One by one they go in their order, and that takes one worker.
        """
        several = self._transports[system].concurrency
        return several * 5 // 4 + 1 if several > 1 else 1

    def _close(self, sink: ApiSink, batch: Batch) -> None:
        """Count the records that have come to an end, and keep the rejects."""
        entry = self._report.streams[sink.name]
        entry.outcomes[Outcome.UNCHANGED] += batch.known
        for task in batch.tasks:
            if task.asked:
                entry.usage.count(requests=task.asked.requests, retries=task.asked.retries, rate_limited=task.asked.rate_limited)
            if task.outcome is None:
                continue
            if task.reject:
                self._rejects.append(_line(task))
            if task.outcome is Outcome.SKIPPED and self._plan:
                self._plan.write(task)
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
