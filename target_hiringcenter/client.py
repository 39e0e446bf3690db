"""Sending a write once, whatever becomes of its answer, and reading what is needed to know whether it was done."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from tap_hiringcenter.api import envelopes, times
from tap_hiringcenter.api.errors import ConflictError, ForbiddenError, NotFoundError, RefusedError, UncertainError
from tap_hiringcenter.api.patience import Patience
from tap_hiringcenter.api.request import Request
from tap_hiringcenter.api.systems import HIRINGCENTER, PROSPECTB2B
from target_hiringcenter.rows import made_before
from target_hiringcenter.writes import digest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from tap_hiringcenter.api.answers import Answer
    from tap_hiringcenter.api.transport import Transport
    from tap_hiringcenter.api.usage import Usage
    from target_hiringcenter.ledger import Ledger
    from target_hiringcenter.tasks import Task
    from target_hiringcenter.writes import Look, Probe, Row, Write

# About three minutes of failures: a restart or a failover passes, a stream of records does not pile up behind one that always fails.
_TRIES = 10
# A record whose turn has come is not given up because of others that use the same key: that takes up to an hour.
_LIMITED = 100
# About a quarter of a minute: the first request with a key may still be under way when it is asked again.
_CONFLICTS = 6
# What can be done in parts is given up sooner as a whole.
_TRIES_OF_PARTS = 6
_CONFLICTS_OF_PARTS = 3
# The server's clock is known to the second, as far as its answers' dates tell it.
_CLOCKS_APART = timedelta(seconds=5)


class Client:
    """Reads and writes one system for the target; may be used by many threads.

    Args:
        transport: How the system is asked.
        ledger: Tells which rows belong to other records.
    """

    def __init__(self, transport: Transport, ledger: Ledger) -> None:
        self._transport = transport
        self._ledger = ledger
        self._system = transport.system

    def now(self) -> str:
        """The server's time, rather too early than too late (RFC 3339, UTC)."""
        return times.to_text(datetime.now(timezone.utc) - self._transport.lag - _CLOCKS_APART)

    def send(self, task: Task, write: Write, what: str, done: Callable[[], Row | None] | None = None) -> Row | None:
        """Send a write so that it has one effect.

        Args:
            task: Whose write; its version makes the idempotency key.
            write: The write.
            what: What tells it from other writes of the same version.
            done: Looks whether it was done, after an answer was lost; returns the row when it was.

        Returns:
            The row of the answer, or the one that was found; None when the answer shows none.

        Raises:
            ApiError: It was refused, or it isn't known whether it was done (`UncertainError`, `TransientError`, `EnvelopeError`).
        """
        key = self.key([task], what) if write.takes_key else None
        ids = {**write.ids, **({} if task.entry.remote_id is None else {"id": task.entry.remote_id})}
        request = Request(write.method, write.path, ids, write.query, write.body, key, write.is_repeatable)
        return self.row(self.exchange(request, task.usage, done))

    def key(self, tasks: Iterable[Task], what: str) -> str:
        """The idempotency key of a write: the same for the same records in the same versions, and for no other.

        Args:
            tasks: The records that it writes.
            what: What tells it from other writes of them.

        Returns:
            64 hexadecimal digits; ProspectB2B documents no limit, HiringCenter one of 512 (API overview, "Idempotency").
        """
        # A ledger that was lost counts from one again, so it has keys of its own. One that was restored has versions twice: the content counts too.
        parts = [self._ledger.id, what, *(f"{task.sink.name}.{task.key}.{task.entry.version}.{task.content}" for task in tasks)]
        return hashlib.sha256("/".join(parts).encode()).hexdigest()

    def exchange(
        self,
        request: Request,
        usage: Usage,
        done: Callable[[], Row | None] | None = None,
        *,
        is_part: bool = False,
    ) -> Answer | Row | None:
        """As `send`, of a request that is made already.

        Args:
            request: The request.
            usage: Where requests are counted.
            done: As in `send`.
            is_part: Whether it can be done in parts as well, so that it is soon given up as a whole.

        Returns:
            The answer, or the row that was found.
        """
        key = request.idempotency_key
        tries = _TRIES_OF_PARTS if is_part else _TRIES
        failures, conflicts = _patience(tries), Patience(_CONFLICTS_OF_PARTS if is_part else _CONFLICTS)
        while True:
            try:
                return self._transport.send(request, usage, _patience(tries))
            except UncertainError as error:
                if (key is None and done is None) or failures.is_out(error):
                    raise
                self._transport.rest(failures.wait)
                try:
                    found = done() if done else None
                except ForbiddenError:
                    # Only the API itself can tell then, by the key.
                    if key is None:
                        raise error from None
                    found = None
                if found is not None:
                    return found
            except ConflictError as error:
                if error.exists or key is None or conflicts.is_out(error):
                    raise
                self._transport.rest(conflicts.wait)
            usage.count(retries=1)

    def row(self, answer: Answer | Row | None) -> Row | None:
        """The row that an answer to a write shows, or None when it shows none."""
        if answer is None or isinstance(answer, dict):
            return answer
        body = answer.body
        if isinstance(body, dict) and body.get("success", True) is not True:
            reason = f"answered {answer.status}, yet says that it had no success"
            raise RefusedError(reason, asked=answer.asked, status=answer.status, request_id=answer.request_id)
        if body is None or not self._system.answers_json:
            return None
        wrapped = "item" if self._system is HIRINGCENTER else "data"
        row = body.get(wrapped, body if self._system is HIRINGCENTER else None) if isinstance(body, dict) else None
        if not isinstance(row, dict):
            envelopes.refuse(answer, "answered without the row that was written")
        return row

    def read(self, path: str, ids: Mapping[str, str], usage: Usage) -> Row | None:
        """Read one row.

        Args:
            path: Where it is.
            ids: The ids in the path.
            usage: Where requests are counted.

        Returns:
            The row, or None when there is none.
        """
        try:
            answer = self._transport.send(Request("GET", path, ids), usage, _patience())
        except (NotFoundError, RefusedError):
            # An id of another system may be one that this API calls malformed.
            return None
        row = self.row(answer)
        return row if row and row.get("id") is not None else None

    def find(self, task: Task, look: Look, *, since: str | None) -> Row | None:
        """Find the row that a record asks for, or may have made.

        Args:
            task: The record.
            look: Where it would be.
            since: Leaves rows out that were made before (RFC 3339, UTC).

        Returns:
            The row, or None. Rows that belong to other records are left out.
        """
        marks = {digest(look.wanted), *task.entry.marks.split()}
        request = look.request
        if since and look.since:
            request = Request(request.method, request.path, request.ids, {**request.query, look.since: since})
        for row in self.list(request, task.usage):
            identity = look.identity(row)
            is_it = (identity is not None and digest(identity) in marks) or (task.form.own_id is not None and str(row["id"]) == task.form.own_id)
            if is_it and not (since and made_before(row, since)) and self.is_free(task, str(row["id"])):
                return row
        return None

    def is_free(self, task: Task, remote_id: str) -> bool:
        """Whether a row of the API belongs to no other record."""
        return self._ledger.owner(task.sink.name, remote_id) in {None, task.key}

    def count(self, probe: Probe, remote_id: str | None, usage: Usage) -> int:
        """What a probe counts now."""
        ids = {**probe.ids, "id": str(remote_id)}
        if probe.column is None:
            return sum(1 for _ in self.list(Request("GET", probe.path, ids), usage))
        row = self.row(self._transport.send(Request("GET", probe.path, ids), usage, _patience()))
        return int((row or {}).get(probe.column) or 0)

    def rest(self, seconds: float) -> None:
        """Wait so many seconds, or until the system is ended."""
        self._transport.rest(seconds)

    def list(self, request: Request, usage: Usage) -> Iterator[Row]:
        """The rows of a list, to its end, as far as they have an id."""
        limit = request.query.get("limit")
        query: dict[str, Any] = dict(request.query)
        asked = [query]
        while True:
            try:
                answer = self._transport.send(Request("GET", request.path, request.ids, query), usage, _patience())
            except NotFoundError:
                return  # of what is not there, there are no rows
            except RefusedError:
                if "limit" not in query:
                    raise
                # The most that a list gives is not documented for all of them.
                limit = None
                query = {name: value for name, value in query.items() if name != "limit"}
                continue
            if self._system is PROSPECTB2B:
                page = envelopes.prospectb2b_list(answer)
            else:
                page = envelopes.hiringcenter_list(answer, request.path.strip("/"), limit)
            yield from (row for row in page.rows if row.get("id") is not None)
            base = {name: value for name, value in request.query.items() if name != "limit" or limit is not None}
            following = next((step for step in (page.next, page.otherwise) if step and {**base, **step} not in asked), None)
            if following is None:
                if page.next and not page.otherwise:
                    envelopes.refuse(answer, "names a page as the next one that was read already")
                return
            query = {**base, **following}
            asked.append(query)


def _patience(tries: int = _TRIES) -> Patience:
    return Patience(tries, _LIMITED)
