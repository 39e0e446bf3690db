"""One scenario: clients with the connector's own transport, a server that limits them, some hours."""

from __future__ import annotations

import random
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from unittest import mock

from tap_hiringcenter.api import budget, patience, transport, wire
from tap_hiringcenter.api.errors import SystemEndedError, TransientError
from tap_hiringcenter.api.request import Request
from tap_hiringcenter.api.systems import HIRINGCENTER, PROSPECTB2B
from tap_hiringcenter.api.transport import Transport
from tap_hiringcenter.api.usage import Allowance, Usage
from tests.limits.schedule import Schedule
from tests.limits.server import Latency, Server, Telling, Wire
from tests.limits.windows import KINDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.limits.windows import Window

MINUTE, HOUR = 60.0, 3600.0


@dataclass(frozen=True)
class Client:
    """A tap or a target with enough work.

    Attributes:
        begins: When, in seconds after the start.
        ends: When its work is done; None is with the scenario.
        concurrency: Its `max_concurrency`.
        pause: Seconds that each of its threads has something else to do between two requests.
    """

    begins: float = 0.0
    ends: float | None = None
    concurrency: int = 8
    pause: float = 0.0


@dataclass(frozen=True)
class Scenario:
    """What is tried.

    Attributes:
        name: In a few words.
        minute: Requests per minute that the server allows; None is any number.
        hour: Likewise, per hour.
        kind: How it counts.
        telling: What it says of it.
        latency: How long answers take.
        clients: Who asks, with one key.
        ceilings: Our own ceilings, per minute and per hour.
        changes: At which moments the minute's limit becomes another.
        hours: For how long.
        steady: From when on it is looked at, in seconds.
        may_refuse: Most 429s from then on.
        least: Least share of the allowance that is used from then on.
    """

    name: str
    minute: int | None = 60
    hour: int | None = None
    kind: str = "rolling"
    telling: Telling = field(default_factory=Telling)
    latency: Latency = field(default_factory=Latency)
    clients: tuple[Client, ...] = (Client(),)
    ceilings: tuple[int, int | None] = (60, None)
    changes: Mapping[float, int] = field(default_factory=dict)
    hours: float = 0.5
    steady: float = 0.0
    may_refuse: int = 0
    least: float = 0.95


@dataclass(frozen=True)
class Figures:
    """What came of it.

    Attributes:
        allowed: Requests that the server would have carried out from the steady moment on.
        used: Those that it did.
        refused: Its 429s from then on.
        refused_before: Its 429s until then.
        given_up: Requests that were given up.
        undercut: Requests that were sent before the time that a 429 had told.
        too_many_under_way: Whether a client had more requests under way than it may.
        by_client: Requests that each client had answered well.
    """

    allowed: float
    used: int
    refused: int
    refused_before: int
    given_up: int
    undercut: int
    too_many_under_way: bool
    by_client: tuple[int, ...]

    @property
    def share(self) -> float:
        """How much of the allowance was used."""
        return self.used / self.allowed

    def faults(self, scenario: Scenario) -> list[str]:
        """What of the scenario's promises doesn't hold."""
        found = []
        if self.refused > scenario.may_refuse:
            found.append(f"{self.refused} requests were refused")
        if self.share < scenario.least:
            found.append(f"only {self.share:.1%} of the allowance was used")
        if self.given_up:
            found.append(f"{self.given_up} requests were given up")
        if self.undercut:
            found.append(f"{self.undercut} requests were sent before the time that a 429 had told")
        if self.too_many_under_way:
            found.append("more requests were under way at once than max_concurrency allows")
        return found


def play(scenario: Scenario, seed: int = 1) -> Figures:
    """Let a scenario happen.

    Args:
        scenario: What happens.
        seed: Another seed, other latencies.
    """
    return _Play(scenario, seed).figures()


class _Play:
    """A scenario while it happens."""

    def __init__(self, scenario: Scenario, seed: int) -> None:
        self._scenario = scenario
        self._dice = random.Random(seed)
        self._schedule = Schedule()
        self._began = self._schedule.now
        self._windows = _windows(scenario)
        self._server = Server(self._schedule, self._windows, scenario.telling)
        self._wires: list[Wire] = []
        self._answered = [0] * len(scenario.clients)
        self._given_up = 0

    def figures(self) -> Figures:
        """Let it happen, and count."""
        with _virtual(self._schedule, self._make_wire, self._dice):
            for number, client in enumerate(self._scenario.clients):
                self._schedule.start(partial(self._run, number, client))
            self._schedule.start(self._change)
            self._schedule.run()
        steady, end = self._began + self._scenario.steady, self._began + self._scenario.hours * HOUR
        return Figures(
            allowed=_allowed(self._scenario),
            used=sum(steady <= moment < end for moment in self._server.served),
            refused=sum(steady <= moment < end for moment in self._server.refused),
            refused_before=sum(moment < steady for moment in self._server.refused),
            given_up=self._given_up,
            undercut=sum(wire.undercut for wire in self._wires),
            too_many_under_way=any(wire.most_under_way > wire.concurrency for wire in self._wires),
            by_client=tuple(self._answered),
        )

    def _make_wire(self, pool_maxsize: int) -> Wire:
        """Stand in for the class of the adapter."""
        self._wires.append(Wire(self._schedule, self._server, self._scenario.latency, random.Random(self._dice.random()), pool_maxsize))
        return self._wires[-1]

    def _run(self, number: int, client: Client) -> None:
        """Be a client, from its beginning to its end."""
        self._schedule.sleep(client.begins)
        way = _transport(self._scenario, client)
        for _ in range(client.concurrency):
            self._schedule.start(partial(self._ask, number, way, client.pause))
        end = self._began + (client.ends or self._scenario.hours * HOUR)
        self._schedule.sleep(end - self._schedule.now)
        way.end(SystemEndedError("its work is done"))

    def _ask(self, number: int, way: Transport, pause: float) -> None:
        """Be a thread of a client, which has enough to ask."""
        usage = Usage()
        while True:
            try:
                way.send(Request("GET", "/leads"), usage)
                self._answered[number] += 1
            except TransientError:
                self._given_up += 1
            except SystemEndedError:
                return
            if pause:
                self._schedule.sleep(pause)

    def _change(self) -> None:
        """Change the server's limit at its moments."""
        for moment, most in sorted(self._scenario.changes.items()):
            self._schedule.sleep(self._began + moment - self._schedule.now)
            self._windows[0].most = most


def _windows(scenario: Scenario) -> list[Window]:
    make = KINDS[scenario.kind]
    return [make(seconds, most) for seconds, most in ((MINUTE, scenario.minute), (HOUR, scenario.hour)) if most]


def _allowed(scenario: Scenario) -> float:
    """What the server would have carried out from the steady moment to the end."""
    moments = [scenario.steady, *sorted(moment for moment in scenario.changes if moment > scenario.steady), scenario.hours * HOUR]
    by_minute = 0.0
    for start, stop in pairwise(moments):
        past = [most for moment, most in sorted(scenario.changes.items()) if moment <= start]
        most = past[-1] if past else scenario.minute
        by_minute += (stop - start) / MINUTE * most if most else float("inf")
    by_hour = (moments[-1] - moments[0]) / HOUR * scenario.hour if scenario.hour else float("inf")
    return min(by_minute, by_hour)


def _transport(scenario: Scenario, client: Client) -> Transport:
    minute, hour = scenario.ceilings
    system = HIRINGCENTER if hour else PROSPECTB2B
    config: dict[str, Any] = {
        f"{system.name}_api_url": "https://api.example.com",
        f"{system.name}_api_key": "key",
        f"{system.name}_requests_per_minute": minute,
        f"{system.name}_requests_per_hour": hour,
        "max_concurrency": client.concurrency,
        "request_timeout_seconds": 60,
    }
    return Transport(system, config, Allowance(None))


def _virtual(schedule: Schedule, make_wire: Any, dice: random.Random) -> ExitStack:  # noqa: ANN401  # what stands in for a class
    """Let transports made from now on live in virtual time, and speak over a wire of it."""
    with ExitStack() as stack:
        for place, name, value in (
            (budget, "time", SimpleNamespace(monotonic=lambda: schedule.now)),
            (budget, "threading", SimpleNamespace(Condition=schedule.condition)),
            (wire, "TimelyAdapter", make_wire),
            (transport, "logger", mock.Mock()),
            (patience, "random", random.Random(dice.random())),
            (patience, "_FIRST_WAIT", 0.5),
        ):
            stack.enter_context(mock.patch.object(place, name, value))
        # Only now: a patch that can't be made undoes those before it.
        return stack.pop_all()
