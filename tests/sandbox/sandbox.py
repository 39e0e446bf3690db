"""The sandbox as tests and the demo use it."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from tests.sandbox.account import Account
from tests.sandbox.engine import KEYS, SYSTEMS, Engine
from tests.sandbox.server import HttpServer
from tests.sandbox.variant import Limits, Variant
from tests.sandbox.world import World

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from typing_extensions import Self

    from tests.sandbox.calls import LoggedRequest
    from tests.sandbox.faults import Fault
    from tests.sandbox.idempotency import IdempotencyKeys
    from tests.sandbox.store import Row
    from tests.sandbox.times import Clock

_NO_CEILING = 100_000


class Sandbox:
    """A local server that plays HiringCenter, ProspectB2B and ClosersHQ.

    Attributes:
        clock: Real time plus an offset.
        requests: Every request so far.
        idempotency: The keys that were used; `hold(key)` leaves one in progress.
        hiringcenter_key: The key that HiringCenter accepts; the other two have theirs.
    """

    hiringcenter_key = KEYS["hiringcenter"]
    prospectb2b_key = KEYS["prospectb2b"]
    closershq_key = KEYS["closershq"]

    def __init__(self, world: World | None = None, *, variant: Variant | None = None, limits: Limits | None = None, port: int = 0) -> None:
        """Make the world; `with` starts serving it.

        Args:
            world: What is there at the start.
            variant: How the servers behave where the documents are silent.
            limits: Requests that are allowed; None is any number.
            port: The port; 0 takes a free one.
        """
        self._account = Account(world or World(), variant or Variant())
        self._engine = Engine(self._account, limits)
        self._server = HttpServer(self._engine, port)
        self.clock: Clock = self._account.clock
        self.requests: list[LoggedRequest] = self._engine.requests
        self.idempotency: IdempotencyKeys = self._engine.idempotency
        self.hiringcenter_url, self.prospectb2b_url, self.closershq_url = (f"{self._server.url}{system.base}" for system in SYSTEMS)

    def __enter__(self) -> Self:
        """Start serving."""
        self._server.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Stop, and raise what went wrong inside unless the test failed already."""
        self._server.stop()
        if self._engine.mistakes and error is None:
            raise self._engine.mistakes[0]

    @property
    def variant(self) -> Variant:
        """How the servers behave where the documents are silent."""
        return self._account.variant

    @property
    def url(self) -> str:
        """Where the sandbox's own pages are, such as /sandbox/truth."""
        return self._server.url

    @property
    def scopes(self) -> set[str]:
        """What ProspectB2B's key is allowed; all 21 scopes at first."""
        return self._account.scopes

    @scopes.setter
    def scopes(self, scopes: set[str]) -> None:
        self._account.scopes = scopes

    @property
    def read_only(self) -> bool:
        """Whether the membership behind ProspectB2B's key may only read."""
        return self._account.read_only

    @read_only.setter
    def read_only(self, value: bool) -> None:
        self._account.read_only = value

    def tap_config(self) -> dict[str, Any]:
        """Settings of the tap for this sandbox, with ceilings that pace nothing."""
        return {
            "hiringcenter_api_key": self.hiringcenter_key,
            "hiringcenter_api_url": self.hiringcenter_url,
            "hiringcenter_requests_per_minute": _NO_CEILING,
            "hiringcenter_requests_per_hour": _NO_CEILING,
            "prospectb2b_api_key": self.prospectb2b_key,
            "prospectb2b_api_url": self.prospectb2b_url,
            "prospectb2b_requests_per_minute": _NO_CEILING,
        }

    def target_config(self) -> dict[str, Any]:
        """Settings of the target for this sandbox, with ceilings that pace nothing; where it keeps its files is for the caller to say."""
        return {
            **self.tap_config(),
            "closershq_api_key": self.closershq_key,
            "closershq_api_url": self.closershq_url,
            "closershq_requests_per_minute": _NO_CEILING,
        }

    def truth(self, stream: str) -> list[Row]:
        """What a complete read of a stream must hold right now.

        Args:
            stream: Its name, or `closershq_prospects`.

        Returns:
            The rows as the API serves them, each with the ids of the rows above it.
        """
        return self._account.truth(stream)

    def kept(self, stream: str) -> dict[str, Row]:
        """All that the server keeps of a stream's rows right now.

        Args:
            stream: Its name, or `closershq_prospects`.

        Returns:
            By id (of `closershq_prospects`: by e-mail in lower case), the rows of `truth` with what was written to them and is never served.
        """
        return self._account.kept(stream)

    def put(self, stream: str, row: Row | None = None, **parent: str) -> Row:
        """Add a row; what isn't given is made up, and made now.

        Args:
            stream: Its stream.
            row: Fields that are fixed.
            parent: The id of the row right above it, as `lead_id=...`. The parent itself is not changed by it.

        Returns:
            The row as the API serves it.
        """
        return self._account.put(stream, row or {}, **parent)

    def change(self, stream: str, row_id: str, **fields: Any) -> Row:  # noqa: ANN401 - any JSON
        """Change a row, and stamp it as changed now unless `updated_at` or `updatedAt` is given.

        Args:
            stream: Its stream.
            row_id: Its id; an import error's is `{import_id}/{row}`.
            fields: New values; `ABSENT` removes a field.

        Returns:
            The row as the API serves it.
        """
        return self._account.change(stream, row_id, **fields)

    def remove(self, stream: str, row_id: str) -> None:
        """Remove a row with everything below it.

        Args:
            stream: Its stream.
            row_id: Its id.
        """
        self._account.remove(stream, row_id)

    def inject(self, fault: Fault) -> Fault:
        """Plant a fault.

        Returns:
            The fault, which counts how often it was met.
        """
        self._engine.faults.add(fault)
        return fault

    def heal(self) -> None:
        """Remove all faults."""
        self._engine.faults.clear()

    def on_request(self, callback: Callable[[LoggedRequest], None], *, number: int | None = None) -> None:
        """Have a callback called before each request is carried out, in the server's thread.

        Args:
            callback: Gets the request.
            number: Call it just once, for the n-th request from now on.
        """
        self._engine.before.append(callback if number is None else _only(callback, number))

    def on_answer(self, callback: Callable[[LoggedRequest], None], *, number: int | None = None) -> None:
        """Have a callback called after each request was carried out or refused, and before anything of its answer is sent.

        A client that is killed by such a callback never hears of a write that was performed.

        Args:
            callback: Gets the request, which says whether it `is_performed`.
            number: Call it just once, for the n-th request from now on.
        """
        self._engine.after.append(callback if number is None else _only(callback, number))


def _only(callback: Callable[[LoggedRequest], None], number: int) -> Callable[[LoggedRequest], None]:
    count = itertools.count(1)

    def call(request: LoggedRequest) -> None:
        if next(count) == number:
            callback(request)

    return call
