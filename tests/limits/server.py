"""A server that limits, in virtual time, and the wire to it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import TYPE_CHECKING

from requests.structures import CaseInsensitiveDict

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

    from typing_extensions import Self

    from tests.limits.schedule import Schedule
    from tests.limits.windows import Window

_EPOCH = 1_780_000_000.0
_NEAR_THE_END = 0.2


@dataclass(frozen=True)
class Telling:
    """What a server says of its limits.

    Attributes:
        reset: Unit of RateLimit-Reset; nothing is told in headers where it is None.
        window: Which window the headers are about: its place, or None for the one that has least left.
        near_the_end: Whether they are sent only when less than a fifth is left.
        counts_itself: Whether RateLimit-Remaining is what is left after this request.
        retry_after: How a 429 says when to come back.
        clock: How far the server's clock is ahead, in seconds.
    """

    reset: str | None = None
    window: int | None = 0
    near_the_end: bool = False
    counts_itself: bool = True
    retry_after: str | None = "seconds"
    clock: float = 0.0


class _Watchdog:
    """Stands in for the one of the connection: virtual answers end in time."""

    def __enter__(self) -> Self:
        """Stand in for its beginning."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stand in for its end."""

    def check(self) -> None:
        """Stand in for its check."""


@dataclass
class Answer:
    """As much of an answer as the transport looks at."""

    status: int
    headers: CaseInsensitiveDict[str]
    content: bytes
    watchdog: _Watchdog = field(default_factory=_Watchdog)

    def stream(self, *_: object, **__: object) -> list[bytes]:
        """The body, in one part."""
        return [self.content]

    def __enter__(self) -> Self:
        """Stand in for the connection, which has nothing to close."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stand in for the connection."""


class Server:
    """Counts requests, and refuses those that exceed a window.

    Attributes:
        windows: What it enforces; tests may change it.
        served: The moments of the requests that it carried out.
        refused: The moments of its 429s.
    """

    def __init__(self, schedule: Schedule, windows: Sequence[Window], telling: Telling) -> None:
        self.windows = list(windows)
        self.served: list[float] = []
        self.refused: list[float] = []
        self._schedule = schedule
        self._telling = telling

    def answer(self) -> tuple[Answer, float]:
        """Count a request that arrives now.

        Returns:
            Its answer, and until when a 429 asked to wait.
        """
        now = self._schedule.now
        headers = CaseInsensitiveDict({"Date": formatdate(self._clock(), usegmt=True)})
        full = [window for window in self.windows if window.left(now) < 1]
        if not full:
            shown = self._shown(self.windows)
            before = shown.left(now)
            for window in self.windows:
                window.take(now)
            headers.update(self._limits(shown, before if not self._telling.counts_itself else before - 1))
            self.served.append(now)
            return Answer(200, headers, b'{"data": []}'), now
        window = max(full, key=lambda one: one.wait(now))
        self.refused.append(now)
        headers.update(self._limits(window, 0))
        wait = max(1, math.ceil(window.wait(now)))
        body = b'{"retryAfter": %d}' % wait if self._telling.retry_after == "body" else b"{}"
        if self._telling.retry_after == "seconds":
            headers["Retry-After"] = str(wait)
        elif self._telling.retry_after == "date":
            headers["Retry-After"] = formatdate(math.ceil(self._clock() + window.wait(now)), usegmt=True)
        return Answer(429, headers, body), now if self._telling.retry_after is None else now + window.wait(now)

    def _clock(self) -> float:
        return _EPOCH + self._schedule.now + self._telling.clock

    def _shown(self, windows: Sequence[Window]) -> Window:
        if self._telling.window is not None:
            return windows[self._telling.window]
        return min(windows, key=lambda one: one.left(self._schedule.now) / one.most)

    def _limits(self, window: Window, left: int) -> dict[str, str]:
        telling = self._telling
        if telling.reset is None or (telling.near_the_end and left > _NEAR_THE_END * window.most):
            return {}
        reset = window.reset(self._schedule.now)
        forms = {
            "delta": math.ceil(reset),
            "epoch": math.ceil(self._clock() + reset),
            "epoch_ms": math.ceil((self._clock() + reset) * 1000),
        }
        return {"RateLimit-Limit": str(window.most), "RateLimit-Remaining": str(max(0, left)), "RateLimit-Reset": str(forms[telling.reset])}


@dataclass(frozen=True)
class Latency:
    """How long an answer takes.

    Attributes:
        typical: Seconds.
        spread: `fixed`; `jitter` (half to one and a half of it); `tail` (now and then twenty times as long, and 20 s at most).
        counted: When the request is counted on its way: `soon` (after a tenth of the time, and a second at most) or `anywhere`.
    """

    typical: float = 0.1
    spread: str = "fixed"
    counted: str = "soon"

    def draw(self, dice: random.Random) -> tuple[float, float]:
        """Seconds before and after the request is counted."""
        whole = self.typical
        if self.spread == "jitter":
            whole *= dice.uniform(0.5, 1.5)
        elif self.spread == "tail":
            whole = min(20.0, whole * dice.paretovariate(1.2))
        before = whole * dice.random() if self.counted == "anywhere" else min(1.0, whole * dice.uniform(0.05, 0.15))
        return before, whole - before


class Wire:
    """Stands in for a transport's adapter and its connections: carries its requests to the server and back, which takes time.

    Attributes:
        concurrency: Most requests that may be under way at once.
        undercut: How many requests were sent before the wait was over that a 429 had asked for.
        most_under_way: Most requests that were under way at once.
    """

    def __init__(self, schedule: Schedule, server: Server, latency: Latency, dice: random.Random, concurrency: int) -> None:
        self.concurrency = concurrency
        self.undercut = 0
        self.most_under_way = 0
        self._under_way = 0
        self._not_before = 0.0
        self._schedule = schedule
        self._server = server
        self._latency = latency
        self._dice = dice

    def get_connection_with_tls_context(self, *_: object) -> Wire:
        """Stand in for the adapter's."""
        return self

    def cert_verify(self, *_: object) -> None:
        """Stand in for the adapter's."""

    def urlopen(self, *_: object, **__: object) -> Answer:
        """Stand in for the connections'."""
        self.undercut += self._schedule.now < self._not_before - 1e-6
        self._under_way += 1
        self.most_under_way = max(self.most_under_way, self._under_way)
        before, after = self._latency.draw(self._dice)
        self._schedule.sleep(before)
        answer, not_before = self._server.answer()
        self._schedule.sleep(after)
        self._under_way -= 1
        self._not_before = max(self._not_before, not_before)
        return answer
