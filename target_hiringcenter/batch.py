"""A batch of one stream's records: what each asks for, and which of them have to be written at all."""

from __future__ import annotations

import logging
import traceback
from typing import TYPE_CHECKING, Any

from target_hiringcenter.ledger import DELETED, REJECTED, WRITTEN, Entry
from target_hiringcenter.tasks import Outcome, Reject, Task
from target_hiringcenter.writes import Form, RejectedError, digest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from target_hiringcenter.ledger import Ledger
    from target_hiringcenter.sinks.base import ApiSink
    from target_hiringcenter.writes import Row

logger = logging.getLogger(__name__)

_NOTHING = Form()


class Batch:
    """Records of one stream.

    Args:
        sink: Their sink.
        records: The records, in the order in which they came.
        ledger: The memory of what was written.

    Attributes:
        tasks: The records on their way, in that order; those that can't be written are rejected already.
    """

    def __init__(self, sink: ApiSink, records: Sequence[Row], ledger: Ledger) -> None:
        self._sink = sink
        self._ledger = ledger
        # By column: the entries of the records that its values are keys of.
        self._referred = {column: self._entries(stream, [record.get(column) for record in records]) for column, stream in sink.refers_to.items()}
        self.tasks = [self._task(record) for record in records]

    def changed(self, *, resends: bool) -> list[Task]:
        """The records that have to be written; the others are told that they are unchanged.

        Args:
            resends: Whether unchanged records are to be written as well.
        """
        entries = self._ledger.find(self._sink.name, (task.key for task in self.tasks if task.key))
        found: dict[str, list[Task]] = {}
        unwritten: dict[str, Entry] = {}
        for task in self.tasks:
            if task.outcome is not None:
                # So that what refers to it is rejected as well, and not sent with a key that means nothing to the API.
                if task.key and task.key not in entries:
                    unwritten[task.key] = entries[task.key] = Entry(outcome=REJECTED)
                continue
            # All records of one key share its entry, so that each sees what became of the one before it.
            task.entry = entries.setdefault(task.key, Entry())
            versions = found.setdefault(task.key, [])
            if versions and task.form.covers(versions[-1].form):
                # Later versions win; without this, the same input again would lead through the earlier ones once more.
                earlier = versions.pop()
                task.overtaken = [*earlier.overtaken, earlier]
                earlier.overtaken = []
            versions.append(task)
        self._ledger.save(self._sink.name, unwritten)
        due = []
        for task in self.tasks:
            versions = found.get(task.key, [])
            if task.outcome is not None or task not in versions:
                continue
            if not resends and task is versions[0] and is_unchanged(task):
                task.outcome = Outcome.UNCHANGED
                task.pass_over()
            else:
                due.append(task)
        return due

    def _task(self, record: Row) -> Task:
        task = Task(self._sink, {}, "", _NOTHING, "", Entry())
        try:
            task.source = self._source(record)
            task.key = key_of(task.source.values()) if task.source else ""
            task.form = self._form({**record, **self._translated(record)})
        except RejectedError as error:
            task.outcome = Outcome.REJECTED
            task.reject = Reject(error.reason, error.column)
            return task
        task.content = task.form.content()
        if not task.key:
            # A stream without key properties: what the API finds the row by is its key, else all that it holds.
            task.key = digest(["without key properties", *(sorted(task.form.match) or [task.content])])
        return task

    def _source(self, record: Row) -> Mapping[str, Any]:
        source = {name: record.get(name) for name in self._sink.key_properties}
        for name, value in source.items():
            if value is None:
                msg = "is a key property and has no value"
                raise RejectedError(msg, name)
        return source

    def _form(self, record: Row) -> Form:
        try:
            return self._sink.form(record)
        except RejectedError:
            raise
        except Exception as error:
            # A record that this program has a mistake with costs only itself. Where it happened is logged, but not its text, which could quote it.
            logger.error("A mistake in this target, please report it:\n%s%s", "".join(traceback.format_tb(error.__traceback__)), type(error).__name__)  # noqa: TRY400
            msg = f"a mistake in this target ({type(error).__name__}); please report it with the log"
            raise RejectedError(msg) from error

    def _translated(self, record: Row) -> Row:
        """The columns that hold a key of a row which this target has written, with the API's id in its place."""
        found: Row = {}
        for column, entries in self._referred.items():
            entry = entries.get(key_of([record.get(column)]))
            if entry is None:
                continue
            if entry.remote_id is None:
                msg = f"refers to a row of {self._sink.refers_to[column]} that is not written"
                raise RejectedError(msg, column)
            found[column] = entry.remote_id
        return found

    def _entries(self, stream: str, values: Sequence[object]) -> dict[str, Entry]:
        return self._ledger.find(stream, (key_of([value]) for value in values if value is not None))


def is_unchanged(task: Task) -> bool:
    """Whether the ledger says that just this was done last."""
    return task.entry.content == task.content and task.entry.outcome in {WRITTEN, DELETED}


def key_of(values: Any) -> str:  # noqa: ANN401  # any values, as text: a key is the same as a number and as its digits
    """Digest of a source key.

    Args:
        values: The values of the key properties, in their order.
    """
    return digest([str(value) for value in values])
