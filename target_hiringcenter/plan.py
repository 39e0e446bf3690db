"""A dry run: what would be written, and what it would change, from reads alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_hiringcenter.api.errors import ApiError, ForbiddenError
from target_hiringcenter.entries import PENDING
from target_hiringcenter.tasks import Outcome
from target_hiringcenter.writes import RejectedError

if TYPE_CHECKING:
    from target_hiringcenter.files import Lines
    from target_hiringcenter.tasks import Task
    from target_hiringcenter.writer import Writer
    from target_hiringcenter.writes import Row, Write


class Plan:
    """What a run would do.

    Args:
        lines: Where it is written.
    """

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        lines.open()

    def make(self, task: Task, writer: Writer) -> None:
        """Find out what a record would do.

        Args:
            task: The record; it is told what became of it.
            writer: Decides what would be sent.

        Raises:
            SystemEndedError: The system can't be asked any more.
        """
        task.is_resumed = task.entry.outcome == PENDING
        try:
            remote_id, row = writer.locate(task)
            if row is None:
                row = _read(task, writer, remote_id)
            write = writer.choose(task, remote_id, row)
        except (RejectedError, ApiError) as error:
            writer.reject(task, error)
            return
        form = task.form
        follows = (*(form.after_create if write is form.create else ()), *form.actions)
        writes = [write, *follows] if write else list(follows)
        if not writes:
            task.outcome = Outcome.UNCHANGED
            return
        task.outcome = Outcome.SKIPPED
        first, *then = [_shown(one, remote_id) for one in writes]
        if write and form.bulk is not None and write is form.create and task.sink.bulk_path:
            first["path"], first["body"] = task.sink.bulk_path, {task.sink.name: [form.bulk]}
        task.plan = {
            "stream": task.sink.name,
            "key": dict(task.source),
            **first,
            "before": None if row is None else row if form.remove else {name: row.get(name) for name in (writes[0].body or {}) if name in row},
            "after": None if form.remove else dict(writes[0].body or {}),
            "then": then,
        }

    def write(self, task: Task) -> None:
        """Write down what a record would do.

        Raises:
            OSError: It can't be written.
        """
        self._lines.append(task.plan)


def _read(task: Task, writer: Writer, remote_id: str | None) -> Row | None:
    """The row as it is now, where the API can find it: by its id, or by what it matches by."""
    form = task.form
    try:
        if remote_id is not None:
            if task.sink.row_path is None:
                return None
            ids = {name: value for write in form.actions for name, value in write.ids.items()}
            return writer.client.read(task.sink.row_path, {**ids, "id": remote_id}, task.usage)
        return writer.client.find(task, form.look, since=None) if form.look and form.upserts else None
    except ForbiddenError:
        return None


def _shown(write: Write, remote_id: str | None) -> dict[str, Any]:
    ids = {**write.ids, "id": remote_id or "{id}"}
    return {"method": write.method, "path": write.path.format_map(ids), "body": None if write.body is None else dict(write.body)}
