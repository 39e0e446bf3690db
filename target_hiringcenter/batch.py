"""A batch of one stream's records: what each asks for, and which of them have to be written at all."""

from __future__ import annotations

import logging
import traceback
from collections import Counter
from typing import TYPE_CHECKING, Any

from target_hiringcenter.entries import DELETED, REJECTED, WRITTEN, Entry
from target_hiringcenter.tasks import NOTHING, Outcome, Reject, Task
from target_hiringcenter.writes import RejectedError, digest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from target_hiringcenter.fingerprints import Fingerprints
    from target_hiringcenter.ledger import Ledger
    from target_hiringcenter.sinks.base import ApiSink
    from target_hiringcenter.writes import Form, Row

logger = logging.getLogger(__name__)

_DONE = frozenset({WRITTEN, DELETED})


class Batch:
    """Records of one stream.

    Args:
        sink: Their sink.
        records: The records, in the order in which they came; the list forgets each when its turn has come.
        ledger: The memory of what was written.
        fingerprints: Tell a record that the ledger knows.
        under_way: By key: what is known of records of an earlier batch that are being written, which is newer than what the ledger holds.

    Attributes:
        tasks: The records on their way, as far as they were come to; those that can't be written are rejected already.
        known: How many records the ledger knew as they came, so that nothing had to be made of them.
        left: How many records were not come to yet.
    """

    def __init__(self, sink: ApiSink, records: list[Row], ledger: Ledger, fingerprints: Fingerprints, under_way: Mapping[str, Entry]) -> None:
        self._sink = sink
        self._records = records
        self._ledger = ledger
        self._fingerprints = fingerprints
        self._under_way = under_way
        # By column: the entries of the records that its values are keys of.
        self._referred = {column: self._written(stream, [record.get(column) for record in records]) for column, stream in sink.refers_to.items()}
        self._keys = [self._key(record) for record in records]
        self._entries = self._entries_of({key for key in self._keys if key})
        self.tasks: list[Task] = []
        self.known = 0
        self.left = len(records)

    def changed(self, *, resends: bool) -> Iterator[Task]:
        """The records that have to be written, made as they are asked for; the others are told that they are unchanged.

        Args:
            resends: Whether unchanged records are to be written as well.

        Yields:
            The records, in their order.
        """
        several = self._several(resends=resends)
        noted: dict[str, Entry] = {}
        for number, key in enumerate(self._keys):
            self.left -= 1
            record, self._records[number] = self._records[number], {}
            if number in several:
                task, is_due = several.pop(number)
            elif not resends and self._is_known(record, key):
                self.known += 1
                continue
            else:
                task = self._task(record, key)
                is_due = self._look_up(task, noted) and (resends or not self._is_told_unchanged(task, noted))
            self.tasks.append(task)
            if is_due:
                yield task
            elif task.outcome is not None:
                task.form = NOTHING
        self._ledger.save(self._sink.name, noted)

    def _several(self, *, resends: bool) -> dict[int, tuple[Task, bool]]:
        """Records that share their key with others, or may, by their numbers; and whether each has to be written."""
        times = Counter(self._keys)
        shared = {key for key, number in times.items() if not key or number > 1 or key in self._under_way}
        tasks = {number: self._task(self._records[number], key) for number, key in enumerate(self._keys) if key in shared}
        self._entries.update(self._entries_of({task.key for task in tasks.values() if task.key} - times.keys()))
        unwritten: dict[str, Entry] = {}
        versions: dict[str, list[Task]] = {}
        for task in tasks.values():
            if self._look_up(task, unwritten):
                of_key = versions.setdefault(task.key, [])
                if of_key and task.form.covers(of_key[-1].form):
                    # Later versions win; without this, the same input again would lead through the earlier ones once more.
                    earlier = of_key.pop()
                    task.overtaken = [*earlier.overtaken, earlier]
                    earlier.overtaken = []
                of_key.append(task)
        # Before any of them is sent, which changes what they share.
        self._ledger.save(self._sink.name, unwritten)
        due = {task for of_key in versions.values() for task in of_key}
        for first, *_ in versions.values():
            # What another record of its key leaves behind shows when that one is written.
            if not resends and first.key not in self._under_way and is_unchanged(first):
                due.remove(first)
                first.outcome = Outcome.UNCHANGED
                first.pass_over()
        return {number: (task, task in due) for number, task in tasks.items()}

    def _entries_of(self, keys: AbstractSet[str]) -> dict[str, Entry]:
        """What is known of records, by their keys."""
        return {**self._ledger.find(self._sink.name, keys), **{key: self._under_way[key] for key in keys & self._under_way.keys()}}

    def _look_up(self, task: Task, unwritten: dict[str, Entry]) -> bool:
        """Give a record what the ledger knows of it, which it shares with others of its key, so that each sees what became of the one before it.

        Args:
            task: The record.
            unwritten: Is given an entry for one that is rejected, and of which the ledger knows nothing.

        Returns:
            Whether it can be written.
        """
        if task.outcome is None:
            task.entry = self._entries.setdefault(task.key, Entry())
            return True
        # So that what refers to it is rejected as well, and not sent with a key that means nothing to the API.
        if task.key and task.key not in self._entries:
            unwritten[task.key] = self._entries[task.key] = Entry(outcome=REJECTED)
        return False

    def _is_known(self, record: Row, key: str) -> bool:
        """Whether just this record is the one that was done last, as it came."""
        entry = self._entries.get(key)
        if entry is None or not entry.fingerprint or entry.outcome not in _DONE:
            return False
        try:
            whole = self._whole(record)
        except RejectedError:
            return False
        return self._fingerprints.of(whole, entry.content) == entry.fingerprint

    @staticmethod
    def _is_told_unchanged(task: Task, noted: dict[str, Entry]) -> bool:
        """Tell a record when it is unchanged, though it came in another form, and note that form."""
        if not is_unchanged(task):
            return False
        task.outcome = Outcome.UNCHANGED
        if task.fingerprint != task.entry.fingerprint:
            task.entry.fingerprint = task.fingerprint
            noted[task.key] = task.entry
        return True

    def _task(self, record: Row, key: str) -> Task:
        task = Task(self._sink, {}, key, NOTHING, "", Entry())
        try:
            task.source = self._source(record)
            whole = self._whole(record)
            task.form = self._form(whole)
        except RejectedError as error:
            task.outcome = Outcome.REJECTED
            task.reject = Reject(error.reason, error.column)
            return task
        task.locks = task.form.locks
        task.content = task.form.content()
        task.fingerprint = self._fingerprints.of(whole, task.content)
        if not key:
            # A stream without key properties: what the API finds the row by is its key, else all that it holds.
            task.key = digest(["without key properties", *(sorted(task.form.match) or [task.content])])
        return task

    def _key(self, record: Row) -> str:
        """Digest of a record's key; empty where it has none."""
        values = [record.get(name) for name in self._sink.key_properties]
        return key_of(values) if values and None not in values else ""

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

    def _whole(self, record: Row) -> Row:
        """A record with the API's ids in the columns that hold a key of a row which this target has written."""
        if not self._referred:
            return record
        found = dict(record)
        for column, entries in self._referred.items():
            entry = entries.get(key_of([record.get(column)]))
            if entry is None:
                continue
            if entry.remote_id is None:
                msg = f"refers to a row of {self._sink.refers_to[column]} that is not written"
                raise RejectedError(msg, column)
            found[column] = entry.remote_id
        return found

    def _written(self, stream: str, values: Sequence[object]) -> dict[str, Entry]:
        return self._ledger.find(stream, (key_of([value]) for value in values if value is not None))


def is_unchanged(task: Task) -> bool:
    """Whether the ledger says that just this was done last."""
    return task.entry.content == task.content and task.entry.outcome in _DONE


def key_of(values: Any) -> str:  # noqa: ANN401  # any values, as text: a key is the same as a number and as its digits
    """Digest of a source key.

    Args:
        values: The values of the key properties, in their order.
    """
    return digest([str(value) for value in values])
