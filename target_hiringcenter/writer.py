"""From a form to its one effect: look where the documents leave no other way, write ahead into the ledger, send, note what became of it."""

from __future__ import annotations

import logging
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from tap_hiringcenter.api.errors import (
    ApiError,
    ConflictError,
    EnvelopeError,
    ForbiddenError,
    NotFoundError,
    RefusedError,
    SystemEndedError,
    TransientError,
    UncertainError,
)
from target_hiringcenter.actions import Actions
from target_hiringcenter.entries import DELETED, PENDING, REJECTED, WRITTEN
from target_hiringcenter.rows import agrees, found_by, kept
from target_hiringcenter.tasks import Outcome, Reject
from target_hiringcenter.writes import RejectedError, digest, mark

if TYPE_CHECKING:
    from collections.abc import Sequence

    from target_hiringcenter.client import Client
    from target_hiringcenter.files import Lines
    from target_hiringcenter.ledger import Ledger
    from target_hiringcenter.tasks import Task
    from target_hiringcenter.writes import Form, Row, Write

logger = logging.getLogger(__name__)

# An API that finds rows by e-mail gives no id for them.
_NO_ID = "-"
# So many records in a row that the API did not answer for are its trouble and not theirs.
_MOST_FAILURES = 3
_UNSEEN = "its signing secret was not shown: rotate it in the product to get one"


class Writer:
    """Carries out what records ask of one system; may be used by many threads.

    Args:
        client: How the system is asked.
        ledger: The memory of what was written.
        secrets: Where secrets go that the API shows once.
        may_double: Whether prospects may be written that the API can't find again.
        is_doubtful: Whether the system's URL may be wrong.
    """

    def __init__(self, client: Client, ledger: Ledger, secrets: Lines, *, may_double: bool, is_doubtful: bool = False) -> None:
        self.client = client
        self._ledger = ledger
        self._secrets = secrets
        self._may_double = may_double
        self._is_doubtful = is_doubtful
        self._actions = Actions(client, ledger)
        self._failures = 0
        self._has_written: set[str] = set()
        self._lock = threading.Lock()

    def write(self, task: Task) -> None:
        """Carry out what a record asks for.

        Args:
            task: The record; it is told what became of it.

        Raises:
            SystemEndedError: Nothing more can be written in this run.
            LedgerError: The ledger can't hold it.
        """
        try:
            if not task.is_begun:
                self.begin([task])
            self._carry_out(task)
        except (RejectedError, ApiError) as error:
            self.reject(task, error)
        else:
            self.settle([task])

    def begin(self, tasks: Sequence[Task]) -> None:
        """Write ahead: from here on the ledger knows that records may have an effect.

        Args:
            tasks: Records of one stream, none of which was begun.
        """
        now = self.client.now()
        for task in tasks:
            entry, content = task.entry, task.content
            task.is_begun = True
            task.is_resumed = entry.outcome == PENDING
            if not (task.is_resumed and entry.content == content):
                # A number of its own for each content, so that A, B and A again are three writes with three keys.
                entry.version += 1
                entry.content = content
                entry.step, entry.probe = 0, None
            entry.fingerprint = task.fingerprint
            entry.since = entry.since or now
            if task.form.look:
                entry.marks = " ".join(sorted({*entry.marks.split(), digest(task.form.look.wanted)}))
            entry.outcome = PENDING
        self._save(tasks)

    def settle(self, tasks: list[Task]) -> None:
        """Note that records are done with.

        Args:
            tasks: Records of one stream; those that have no outcome yet are written.
        """
        with self._lock:
            self._failures = 0
            self._has_written.update({task.sink.name for task in tasks})
        for task in tasks:
            task.outcome = task.outcome or Outcome.WRITTEN
            task.entry.settle(DELETED if task.form.remove else WRITTEN)
        self._save(tasks)

    def reject(self, task: Task, error: RejectedError | ApiError) -> None:
        """Note that a record was not written, or that nobody knows.

        Args:
            task: The record.
            error: Why.

        Raises:
            SystemEndedError: It is no fault of the record.
        """
        if isinstance(error, RejectedError):
            task.reject = Reject(error.reason, error.column)
            is_known = True
        else:
            if isinstance(error, SystemEndedError):
                raise error
            self._judge(task, error)
            task.reject = Reject(str(error), None, error.status, error.request_id)
            is_open = isinstance(error, (TransientError, UncertainError, EnvelopeError))
            is_known = not is_open and not (isinstance(error, ConflictError) and not error.exists)
        task.outcome = Outcome.REJECTED
        # What isn't known stays as it is in the ledger: the next run asks for the same version with the same key.
        if is_known and task.is_begun:
            task.entry.settle(REJECTED)
            self._save([task])

    def _judge(self, task: Task, error: ApiError) -> None:
        """End the run where an error says more about the system or the key than about the record."""
        with self._lock:
            if isinstance(error, (TransientError, UncertainError)):
                self._failures += 1
            advice = "The next run goes on from the last STATE" if self._failures >= _MOST_FAILURES else None
            if isinstance(error, ForbiddenError) and task.sink.name not in self._has_written:
                advice = error.advice
            if isinstance(error, NotFoundError) and self._is_doubtful and not self._has_written and not task.sink.refers_to:
                # Neither the check of the key nor the first write: nothing seems to be there.
                advice = f"Check {task.sink.system.name}_api_url"
        if advice:
            raise SystemEndedError(error.reason, asked=error.asked, status=error.status, request_id=error.request_id, advice=advice) from error

    def _carry_out(self, task: Task) -> None:
        form, entry = task.form, task.entry
        known = entry.remote_id
        remote_id, row = self.locate(task)
        entry.remote_id = remote_id
        if known is None and row is not None:
            entry.match = _found_by(form, kept(form.match, row))
            self._save([task])
            if form.secret and task.is_resumed:
                task.warnings.append(_UNSEEN)
        try:
            write = self.choose(task, remote_id, row)
            if write is None:
                task.outcome = None if task.is_resumed or form.actions else Outcome.UNCHANGED
            elif write is form.remove:
                self._remove(task, write)
            elif write is form.create:
                self._create(task, write)
            else:
                self._change(task, write)
        except NotFoundError:
            if row is None:
                entry.remote_id = known  # an id that the record itself named, and that the API doesn't know
            raise
        self._actions.carry_out(task)

    def locate(self, task: Task) -> tuple[str | None, Row | None]:
        """Where a record's row is, with as few requests as can tell.

        Args:
            task: The record.

        Returns:
            The API's id, when there is a row or the record says so; the row, when it was read on the way.
        """
        form, entry = task.form, task.entry
        if entry.remote_id is not None:
            return entry.remote_id, None
        is_open = task.is_resumed and not (form.create and form.create.is_repeatable)
        is_sure = form.look is not None and (form.look.is_always or (form.remove is not None and not form.look.is_unsure))
        if form.look and (is_sure or is_open):
            try:
                row = self.client.find(task, form.look, since=None if is_sure else entry.since)
            except ForbiddenError:
                # Without leave to read, a write that the API itself makes once by its key is still safe.
                if is_open and form.create and not form.create.takes_key:
                    raise
                row = None
            if row is not None:
                return str(row["id"]), row
        if form.own_id is None or not self.client.is_free(task, form.own_id):
            return None, None
        if form.create is None:
            return form.own_id, None
        if form.look and form.look.is_always:
            return None, None  # it would have been among those looked through
        # An id that a record names may be the API's, or of another account or system.
        row = self.client.read(str(task.sink.row_path), {"id": form.own_id}, task.usage)
        return (None, None) if row is None else (form.own_id, row)

    def choose(self, task: Task, remote_id: str | None, row: Row | None) -> Write | None:
        """What has to be sent for a record, before its actions.

        Args:
            task: The record; it is warned of what can't be done.
            remote_id: The API's id of its row, when it has one.
            row: The row, when it was read.

        Returns:
            One of its form's writes; None when there is nothing to send.

        Raises:
            RejectedError: The record can't create a row, or must not.
        """
        form = task.form
        if form.remove:
            return form.remove if remote_id is not None or not form.remove.names_row else None
        if remote_id is None:
            if form.create is None:
                raise RejectedError(form.lacks or "can't be created")
            return form.create
        if row is None and form.fixed and task.entry.match and digest(form.fixed) != task.entry.match:
            msg = "can't be changed once the row is there: delete that one, and make another"
            raise RejectedError(msg, form.fixed[0])
        if form.change and not (form.upserts and not self._is_lost(task)):
            # What an attempt that was cut off has made may lack what its further writes would have brought, and that the API doesn't show.
            is_whole = row is not None and agrees(row, form.change) and not (task.is_resumed and form.after_create)
            return None if is_whole else form.change
        if form.upserts:
            self._warn_of_double(task)
            return form.create
        if form.create and row is None:
            task.warnings.append("changed in the source, where the API has no operation to change it")
        return None

    def _warn_of_double(self, task: Task) -> None:
        if not (task.form.match and self._is_lost(task)):
            return
        if not task.entry.match and not self._may_double:
            msg = "the API kept nothing that it could be found by, so that another write would make a second one"
            raise RejectedError(msg)
        task.warnings.append("neither e-mail nor phone is what it was, so the API takes it for another one")

    def fits_in_bulk(self, task: Task) -> bool:
        """Whether a record may go as one row of a bulk request."""
        return task.form.bulk is not None and not self._is_lost(task)

    def _is_lost(self, task: Task) -> bool:
        """Whether the API can't find the row any more by what the record now says."""
        entry = task.entry
        return entry.remote_id is not None and not set(map(mark, task.form.match)) & set(entry.match.split())

    def _create(self, task: Task, create: Write) -> None:
        form, entry = task.form, task.entry
        look = form.look
        done = (lambda: self.client.find(task, look, since=None if look.is_always else entry.since)) if look else None
        try:
            row = self.client.send(task, create, "create", done)
        except RefusedError as error:
            if not (form.exists_after_refusal and form.change):
                raise
            try:
                self._change(task, form.change)
            except ApiError as second:
                # What was refused first is what the person must mend; unless nobody knows what became of the second.
                raise (error if isinstance(second, (RefusedError, NotFoundError)) else second) from second
            return
        if row is None and look and task.sink.row_path:
            # The answer was empty. What refers to the row needs its id.
            row = self.client.find(task, look, since=None)
        self.created(task, row)
        if form.after_create or form.actions or form.follow:
            self._save([task])
        for number, write in enumerate(form.after_create):
            self.client.send(task, write, f"after {number}")

    def created(self, task: Task, row: Row | None) -> None:
        """Note what the answer to a create tells.

        Args:
            task: The record.
            row: The row, when the answer shows it.

        Raises:
            EnvelopeError: It can't be the row that was written.
        """
        form, entry = task.form, task.entry
        match = form.match
        if row is None:
            entry.remote_id = entry.remote_id or _unnamed(task)
        else:
            match = kept(form.match, row)
            is_another = bool(form.match and not match and found_by(row))
            if is_another or row.get("id") is None:
                reason = "answered with the row of another" if is_another else "answered with a row that has no id"
                raise EnvelopeError(reason, asked=f"{task.sink.system.label}: creating one of {task.sink.name}")
            entry.remote_id = str(row["id"])
            if row.get("message") is not None:
                task.warnings.append("accepted with a warning of the API (message)")
            if row.get("phone") is None and any(key.startswith("phone:") for key in form.match - match):
                task.warnings.append("accepted, but its phone was not kept")
            if form.secret:
                self._keep_secret(task, row)
        entry.match = _found_by(form, match)

    def _change(self, task: Task, change: Write) -> None:
        try:
            row = self.client.send(task, change, "change")
        except NotFoundError:
            # Found by what it is and not by an id, or deleted by the attempt that was cut off: it is made anew.
            may_be_gone = task.form.exists_after_refusal or task.is_resumed
            if not (may_be_gone and task.entry.remote_id and task.form.create):
                raise
            task.entry.remote_id = None
            self._create(task, task.form.create)
            return
        task.entry.remote_id = task.entry.remote_id or _unnamed(task)
        task.entry.match = _found_by(task.form, task.form.match if row is None else kept(task.form.match, row))

    def _remove(self, task: Task, remove: Write) -> None:
        # A row that is gone already is what was asked for.
        with suppress(NotFoundError):
            self.client.send(task, remove, "remove")
        task.entry.remote_id, task.entry.match = None, ""

    def _keep_secret(self, task: Task, row: Row) -> None:
        shown = {name: value for name, value in row.items() if "secret" in name and not name.endswith("_prefix")}
        if shown:
            self._secrets.append({"stream": task.sink.name, "key": dict(task.source), "id": row["id"], **shown})
        else:
            task.warnings.append(_UNSEEN)

    def _save(self, tasks: Sequence[Task]) -> None:
        if tasks:
            self._ledger.save(tasks[0].sink.name, {task.key: task.entry for task in tasks})


def _found_by(form: Form, match: frozenset[str]) -> str:
    """What the API finds a row by from now on, or what of it is fixed, as the ledger keeps it."""
    return digest(form.fixed) if form.fixed else " ".join(sorted(map(mark, match)))


def _unnamed(task: Task) -> str | None:
    return _NO_ID if task.sink.row_path is None else None
