"""Many records in one request: split until the bad rows stand alone, answers matched by what rows are found by and never by place."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from tap_hiringcenter.api.errors import ConflictError, NotFoundError, RefusedError, TransientError
from tap_hiringcenter.api.request import Request
from target_hiringcenter.rows import found_by, kept

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tap_hiringcenter.api.answers import Answer
    from target_hiringcenter.tasks import Task
    from target_hiringcenter.writer import Writer
    from target_hiringcenter.writes import Row


class Bulk:
    """Writes records of one stream in bulk; may be used by many threads.

    Args:
        writer: Writes those that must go alone.
        path: Path of the bulk operation.
        rows_in: Name of the property that holds the rows.
        size: Most rows in a request.
    """

    def __init__(self, writer: Writer, path: str, rows_in: str, size: int) -> None:
        self._writer = writer
        self._path = path
        self._rows_in = rows_in
        self._size = size
        self._lock = threading.Lock()

    def write(self, tasks: Sequence[Task]) -> None:
        """Carry out what records ask for.

        Args:
            tasks: Records of which no two are found by the same; each is told what became of it.

        Raises:
            SystemEndedError: Nothing more can be written in this run.
            LedgerError: The ledger can't hold them.
        """
        size = self._size
        self._writer.begin(tasks)
        for start in range(0, len(tasks), size):
            self._send(tasks[start : start + size])

    def _send(self, tasks: Sequence[Task]) -> None:
        if len(tasks) == 1:
            self._writer.write(tasks[0])
            return
        body = {self._rows_in: [task.form.bulk for task in tasks]}
        # The same rows in the same versions are the same request, also after a kill.
        key = self._writer.client.key(tasks, "bulk")
        request = Request("POST", self._path, body=body, idempotency_key=key)
        try:
            answer = self._writer.client.exchange(request, tasks[0].usage, is_part=True)
        except (RefusedError, NotFoundError, TransientError) as error:
            # After a 409 too: whatever it speaks of, the same rows in parts do no more than the whole.
            self._split(tasks, is_refused=not isinstance(error, (ConflictError, TransientError)))
        else:
            self._confirm(tasks, _rows(answer))

    def _split(self, tasks: Sequence[Task], *, is_refused: bool) -> None:
        """Write both halves: one of them has the row that is bad, or the whole was too long."""
        half = len(tasks) // 2
        self._send(tasks[:half])
        self._send(tasks[half:])
        if is_refused and all(task.reject is None for task in tasks):
            # Nothing in it was bad, so it was too long: later requests are made shorter from the start.
            with self._lock:
                self._size = min(self._size, max(half, 1))

    def _confirm(self, tasks: Sequence[Task], rows: list[Row]) -> None:
        """Settle the records that the answer shows; the others are written alone, which is the same once more and tells why one is refused."""
        confirmed, missing = [], []
        shown = {key: row for row in reversed(rows) for key in found_by(row)}
        for task in tasks:
            # An e-mail tells more than a phone, and sorts before it; a phone may come back with or without its country's code.
            row = next((shown[key] for key in sorted(task.form.match) if key in shown), None)
            row = row or next((row for row in rows if kept(task.form.match, row)), None)
            if row is None:
                missing.append(task)
            else:
                self._writer.created(task, row)
                confirmed.append(task)
        self._writer.settle(confirmed)
        for task in missing:
            self._writer.write(task)


def _rows(answer: Answer | Row | None) -> list[Row]:
    body: Any = getattr(answer, "body", None)
    rows = body.get("data") if isinstance(body, dict) else None
    return [row for row in rows if isinstance(row, dict) and row.get("id") is not None] if isinstance(rows, list) else []
