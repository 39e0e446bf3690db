"""The APIs as an agency sees them: one address, and a key for each client's account."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from tests.sandbox import Variant, World
from tests.sandbox.account import Account
from tests.sandbox.engine import KEYS, SYSTEMS, Engine, Message
from tests.sandbox.server import HttpServer

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

    from typing_extensions import Self

    from tests.sandbox.calls import Answer, LoggedRequest

# What a request takes, so that there is a middle to be met in.
_SECONDS_FOR_A_REQUEST = 0.02
_READ = ("hiringcenter", "prospectb2b")


@dataclass
class Client:
    """A client of the agency.

    Attributes:
        name: What its account is called.
        seed: Another seed makes other rows.
        size: How many leads and prospects it has.
        account: Its rows.
        engine: What answers for it.
        keys: Its key of each system.
    """

    name: str
    seed: int
    size: int
    account: Account = field(init=False)
    engine: Engine = field(init=False)
    keys: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        """Make its rows, and its keys."""
        self.account = Account(World(seed=self.seed, size=self.size), Variant())
        self.engine = Engine(self.account, None)
        self.engine.before.append(_linger)
        self.keys = {system: f"{system}-key-of-{self.name}-{self.seed:04x}" for system in _READ}

    @property
    def requests(self) -> list[LoggedRequest]:
        """What it was asked so far."""
        return self.engine.requests


class Agency:
    """A server that plays the APIs for all clients. It knows an account by its key alone: a key that goes to the wrong run brings wrong rows.

    Args:
        clients: The clients that have a key which is known.
    """

    def __init__(self, clients: Iterable[Client]) -> None:
        self._doors = _Doors(clients)
        self._server = HttpServer(self._doors, 0)
        self.url = self._server.url

    def __enter__(self) -> Self:
        """Start serving."""
        self._server.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Stop, and raise what went wrong inside unless something else did."""
        self._server.stop()
        if error is None:
            self._doors.complain()

    def settings(self) -> dict[str, Any]:
        """Where the tap finds it, with ceilings that pace nothing."""
        addresses = {f"{system.name}_api_url": f"{self.url}{system.base}" for system in SYSTEMS if system.name in _READ}
        ceilings = ("hiringcenter_requests_per_minute", "hiringcenter_requests_per_hour", "prospectb2b_requests_per_minute")
        return {**addresses, **dict.fromkeys(ceilings, 100_000)}


class _Doors(Engine):
    """Leads each request to the account that its key is of."""

    def __init__(self, clients: Iterable[Client]) -> None:
        """Learn the keys."""
        # Nobody's: whoever comes with a key that is not known is refused here.
        super().__init__(Account(World.empty(), Variant()), None)
        self._engines = {(system, f"Bearer {key}"): client.engine for client in clients for system, key in client.keys.items()}

    def answer(self, name: str, message: Message) -> Answer:
        """Answer a request, which has the sandbox's own key from here on."""
        engine = self._engines.get((name, message.headers.get("authorization", "")))
        if engine is None:
            return super().answer(name, message)
        return engine.answer(name, replace(message, headers={**message.headers, "authorization": f"Bearer {KEYS[name]}"}))

    def complain(self) -> None:
        """Raise the first mistake of any engine."""
        for engine in (self, *self._engines.values()):
            for mistake in engine.mistakes:
                raise mistake


def _linger(_: LoggedRequest) -> None:
    time.sleep(_SECONDS_FOR_A_REQUEST)
