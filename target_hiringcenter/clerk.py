"""Bringing the records of one group to their end: together where they go in bulk, else one after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from target_hiringcenter.batch import is_unchanged
from target_hiringcenter.bulk import Bulk
from target_hiringcenter.client import Client
from target_hiringcenter.entries import PENDING
from target_hiringcenter.files import Lines
from target_hiringcenter.plan import Plan
from target_hiringcenter.tasks import NOTHING, Outcome, Reject
from target_hiringcenter.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

    from tap_hiringcenter.api.systems import System
    from tap_hiringcenter.api.transport import Transport
    from target_hiringcenter.ledger import Ledger
    from target_hiringcenter.order import Group
    from target_hiringcenter.sinks.base import ApiSink
    from target_hiringcenter.tasks import Task


class Clerk:
    """Writes groups of records, or plans what would be written; may be used by many threads.

    Args:
        transports: How each configured system is asked.
        ledger: The memory of what was written.
        config: The settings.
        doubtful: Systems whose URL may be wrong.

    Attributes:
        plan: Where a dry run writes what it would do; None where it is none.
    """

    def __init__(self, transports: Mapping[System, Transport], ledger: Ledger, config: Mapping[str, object], doubtful: Container[System]) -> None:
        self._transports = transports
        self._ledger = ledger
        self._resends = bool(config["resend_unchanged"])
        self._secrets = Lines(str(config["webhook_secrets_path"]))
        self._may_double = bool(config["allow_unmatched_creates"])
        self._doubtful = doubtful
        self._bulk_size = int(str(config["leads_bulk_size"]))
        self.plan = Plan(Lines(str(config["plan_path"]), is_new=True)) if config["dry_run"] else None
        self._writers: dict[System, Writer] = {}
        self._bulks: dict[str, Bulk] = {}

    def most(self, sink: ApiSink) -> int:
        """Most records of a sink in a group."""
        return 1 if self.plan or sink.bulk_path is None else self._bulk_size

    def write(self, sink: ApiSink, group: Group) -> None:
        """Bring each record of a group to its end.

        Args:
            sink: The records' sink.
            group: The group; its records are told what became of them.

        Raises:
            SystemEndedError: The system can't be asked any more.
            LedgerError: The ledger can't be used.
            OSError: A secret can't be kept.
        """
        due = []
        for task in group.tasks:
            # A record of the same key may have gone before it.
            if not self._resends and is_unchanged(task):
                task.outcome = Outcome.UNCHANGED
            else:
                due.append(task)
        writer = self.writer(sink.system)
        if self.plan:
            for task in due:
                self.plan.make(task, writer)
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
        for task in group.tasks:
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
            elif self.plan:
                self.plan.make(last, writer)
            else:
                writer.write(last)
            task = last
        task.pass_over()

    def _bulk(self, sink: ApiSink, writer: Writer) -> Bulk:
        return self._bulks.setdefault(sink.name, Bulk(writer, str(sink.bulk_path), sink.name, self._bulk_size))

    def writer(self, system: System) -> Writer:
        """What carries out what records ask of a system."""
        if system not in self._writers:
            client = Client(self._transports[system], self._ledger)
            is_doubtful = system in self._doubtful
            self._writers[system] = Writer(client, self._ledger, self._secrets, may_double=self._may_double, is_doubtful=is_doubtful)
        return self._writers[system]
