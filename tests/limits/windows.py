"""How a server may count: a rolling window, one by the calendar, a bucket that fills up again."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections import deque


class Window(ABC):
    """So many requests in so many seconds.

    Args:
        seconds: The length.
        most: The requests.
    """

    def __init__(self, seconds: float, most: int) -> None:
        self.seconds = seconds
        self.most = most

    @abstractmethod
    def left(self, now: float) -> int:
        """How many requests fit right now."""

    @abstractmethod
    def take(self, now: float) -> None:
        """Count a request."""

    @abstractmethod
    def reset(self, now: float) -> float:
        """Seconds until it starts anew, which is what RateLimit-Reset tells."""

    def wait(self, now: float) -> float:
        """Seconds until one more request fits, which is what Retry-After tells of a full window."""
        return self.reset(now)


class Rolling(Window):
    """The last so many seconds, at each moment."""

    def __init__(self, seconds: float, most: int) -> None:
        super().__init__(seconds, most)
        self._moments: deque[float] = deque()

    def left(self, now: float) -> int:
        while self._moments and self._moments[0] <= now - self.seconds:
            self._moments.popleft()
        return self.most - len(self._moments)

    def take(self, now: float) -> None:
        self._moments.append(now)

    def reset(self, now: float) -> float:
        return self._moments[0] + self.seconds - now if self._moments else self.seconds

    def wait(self, now: float) -> float:
        # After the limit was lowered more than the oldest have to leave.
        leaving = len(self._moments) - self.most
        return self._moments[leaving] + self.seconds - now if 0 <= leaving < len(self._moments) else self.reset(now)


class Fixed(Window):
    """From one full minute (or hour) to the next."""

    def __init__(self, seconds: float, most: int) -> None:
        super().__init__(seconds, most)
        self._number = 0.0
        self._taken = 0

    def left(self, now: float) -> int:
        number = now // self.seconds
        if number != self._number:
            self._number, self._taken = number, 0
        return self.most - self._taken

    def take(self, now: float) -> None:
        self.left(now)
        self._taken += 1

    def reset(self, now: float) -> float:
        return self.seconds - now % self.seconds


class Bucket(Window):
    """Full at first, and filled up again evenly."""

    def __init__(self, seconds: float, most: int) -> None:
        super().__init__(seconds, most)
        self._level = float(most)
        self._seen = 0.0

    def left(self, now: float) -> int:
        if self._seen:
            self._level = min(self.most, self._level + (now - self._seen) * self.most / self.seconds)
        self._seen = now
        return math.floor(self._level + 1e-9)

    def take(self, now: float) -> None:
        self.left(now)
        self._level -= 1

    def reset(self, now: float) -> float:
        self.left(now)
        return max(0.0, self.most - self._level) * self.seconds / self.most

    def wait(self, now: float) -> float:
        self.left(now)
        return max(0.0, 1 - self._level) * self.seconds / self.most


KINDS: dict[str, type[Window]] = {"rolling": Rolling, "fixed": Fixed, "bucket": Bucket}
