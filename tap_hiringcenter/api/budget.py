"""How fast a system may be asked: one budget per key, shared by all threads of a run.

A ceiling of N requests in a window holds whether the server counts a rolling or a fixed window: a request stays in the count from the
moment it is sent until the window's length after its *answer*, so that no delay on the way can put N + 1 of them into one window of the
server's. What the server tells in RateLimit-* headers wins over the settings.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tap_hiringcenter.api.errors import SystemEndedError

MINUTE = 60.0
HOUR = 3600.0


@dataclass
class _Window:
    """The requests of the last `seconds`, how many there may be, and how many the server says are left until a moment."""

    seconds: float
    ceiling: int
    answered: deque[float] = field(default_factory=deque)
    left: int | None = None
    left_until: float = 0.0

    def wait(self, now: float, under_way: int) -> float | None:
        """Seconds until one more request fits; 0 when it fits now, None when an answer must come first."""
        if self.left is not None and now >= self.left_until:
            self.left = None
        while self.answered and self.answered[0] + self.seconds - now <= 0:
            self.answered.popleft()
        if self.left is not None and self.left <= 0:
            return self.left_until - now
        if len(self.answered) + under_way < self.ceiling:
            return 0
        return self.answered[0] + self.seconds - now if self.answered else None

    def told(self, told: Told, now: float, others_under_way: int) -> None:
        """Take over what the server says of this window."""
        if told.limit is not None and told.limit > 0:
            self.ceiling = told.limit
        if told.remaining is None or told.reset is None:
            return
        until = now + told.reset
        # Answers overtake each other: other requests under way may not be counted in what is told yet, so they are taken off.
        left = max(0, told.remaining - others_under_way)
        is_same = self.left is not None and abs(until - self.left_until) <= 1
        self.left = min(left, self.left) if is_same and self.left is not None else left
        self.left_until = until


@dataclass(frozen=True)
class Told:
    """What the RateLimit-* headers of an answer say.

    Attributes:
        limit: Requests per window, when told.
        remaining: Requests left in the window, when told.
        reset: Seconds until the window starts anew, when told.
    """

    limit: int | None
    remaining: int | None
    reset: float | None


class Budget:
    """Lets requests through, so many at once and so many per window.

    Args:
        ceilings: Most requests by length of window in seconds.
        concurrency: Most requests under way at once.
    """

    def __init__(self, ceilings: Mapping[float, int], concurrency: int) -> None:
        self._windows = [_Window(seconds, ceiling) for seconds, ceiling in ceilings.items()]
        self._concurrency = concurrency
        self._under_way = 0
        self._paused_until = 0.0
        self._has_answer = False
        self._turn = threading.Condition()
        self._ended: SystemEndedError | None = None

    @contextmanager
    def request(self) -> Iterator[None]:
        """Wait for the turn of one request, and hold it until its answer has come.

        Raises:
            SystemEndedError: The budget was ended meanwhile; this is the error that it was ended with.
        """
        with self._turn:
            while (wait := self._wait()) != 0:
                self._turn.wait(wait)
            self._under_way += 1
            for window in self._windows:
                if window.left is not None:
                    window.left -= 1
        try:
            yield
        finally:
            with self._turn:
                self._under_way -= 1
                self._has_answer = True
                now = time.monotonic()
                for window in self._windows:
                    window.answered.append(now)
                self._turn.notify_all()

    def told(self, told: Told) -> None:
        """Take over what an answer said about the limits; to be called while its request still holds its turn."""
        with self._turn:
            # A reset further away than a minute can only belong to a longer window; a limit that was seen with one stays with it.
            window = self._windows[0]
            for longer in self._windows[1:]:
                if (told.reset or 0) > window.seconds + 1 or told.limit == longer.ceiling:
                    window = longer
            window.told(told, time.monotonic(), self._under_way - 1)
            self._turn.notify_all()

    def pause(self, seconds: float) -> None:
        """Let nothing through for so many seconds: a 429 speaks to all threads of the key."""
        with self._turn:
            self._paused_until = max(self._paused_until, time.monotonic() + seconds)

    def rest(self, seconds: float) -> None:
        """Wait so many seconds, or until the budget is ended.

        Raises:
            SystemEndedError: It was ended.
        """
        until = time.monotonic() + seconds
        with self._turn:
            while self._ended is None and (left := until - time.monotonic()) > 0:
                self._turn.wait(left)
            if self._ended is not None:
                raise self._ended

    def end(self, error: SystemEndedError) -> SystemEndedError:
        """Let nothing through any more; whoever waits or comes later gets this error, or an earlier one that is returned."""
        with self._turn:
            self._ended = self._ended or error
            self._turn.notify_all()
            return self._ended

    def _wait(self) -> float | None:
        if self._ended is not None:
            raise self._ended
        now = time.monotonic()
        # The first answer tells the limits, so it is waited for before others go out beside it.
        if self._under_way >= (self._concurrency if self._has_answer else 1):
            return None
        waits = [self._paused_until - now]
        for window in self._windows:
            wait = window.wait(now, self._under_way)
            if wait is None:
                return None
            waits.append(wait)
        return max(0, *waits)
