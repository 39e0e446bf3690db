"""What is done with a row beside writing it: actions that leave no other trace than that they were done, and jobs that take their time."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tap_hiringcenter.api.budget import HOUR
from tap_hiringcenter.api.errors import ForbiddenError, NotFoundError, TransientError
from target_hiringcenter.writes import RejectedError

if TYPE_CHECKING:
    from target_hiringcenter.client import Client
    from target_hiringcenter.ledger import Ledger
    from target_hiringcenter.tasks import Task
    from target_hiringcenter.writes import Row, Write

_FIRST_POLL = 0.5
_LONGEST_POLL = 30.0
# So often a job may not be found, since it may become visible late.
_MOST_MISSES = 6
# No document lists what the status of a job can be; these are the words that such a thing ends with.
_DONE = {"completed", "complete", "done", "finished", "succeeded", "success", "ready"}
_FAILED = {"failed", "failure", "error", "errored", "cancelled", "canceled", "expired"}


class Actions:
    """Carries out the actions of records, each once, and follows the jobs that they start.

    Args:
        client: How their system is asked.
        ledger: Holds how far a record has come.
    """

    def __init__(self, client: Client, ledger: Ledger) -> None:
        self._client = client
        self._ledger = ledger

    def carry_out(self, task: Task) -> None:
        """Do what a record asks for beside its write, from where an earlier attempt was cut off.

        Args:
            task: The record, whose row is written.

        Raises:
            ApiError: Something was refused, or it isn't known whether it was done.
            RejectedError: A job failed.
        """
        form, entry = task.form, task.entry
        for number, action in enumerate(form.actions[entry.step :], entry.step):
            self._act(task, action, f"action {number}")
            entry.step, entry.probe = number + 1, None
            self._save(task)
        if form.follow:
            self._follow(task, form.follow)

    def _act(self, task: Task, action: Write, what: str) -> None:
        """Do once what has no other trace than that it was done."""
        entry, probe = task.entry, action.probe
        done = None
        if probe:
            try:
                count = self._client.count(probe, entry.remote_id, task.usage)
            except (ForbiddenError, NotFoundError):
                count = None
            if count is not None:
                if entry.probe is None:
                    entry.probe = count
                    self._save(task)
                elif count > entry.probe:
                    return  # an earlier attempt has done it
                before = entry.probe

                def done() -> Row | None:
                    return {} if self._client.count(probe, entry.remote_id, task.usage) > before else None

        self._client.send(task, action, what, done)

    def _follow(self, task: Task, path: str) -> None:
        """Read a job until it has ended.

        Raises:
            RejectedError: It failed.
            TransientError: It can't be found, or it has not ended for an hour.
        """
        wait, until, misses = _FIRST_POLL, time.monotonic() + HOUR, 0
        while True:
            row = self._client.read(path, {"id": str(task.entry.remote_id)}, task.usage) or {}
            misses += not row
            status = str(row.get("status")).casefold()
            if status in _DONE:
                break
            if status in _FAILED:
                msg = "the API took it and its job failed; its errors are in the product, and in the tap's streams"
                raise RejectedError(msg)
            if time.monotonic() > until or misses > _MOST_MISSES:
                raise TransientError("the job can't be found, or has not ended for an hour", asked=f"{task.sink.system.label}: GET {path}")  # noqa: EM101, TRY003
            self._client.rest(wait)
            wait = min(wait * 1.5, _LONGEST_POLL)
        if row.get("error_count"):
            task.warnings.append("done, but some of its rows were refused: see the tap's stream import_errors")

    def _save(self, task: Task) -> None:
        self._ledger.save(task.sink.name, {task.key: task.entry})
