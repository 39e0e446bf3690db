"""Rolling request limits, and the ways in which a server may tell of them."""

from __future__ import annotations

import math
import threading
from collections import defaultdict, deque
from dataclasses import dataclass
from datetime import timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

from tests.sandbox.calls import TOO_MANY, Refusal
from tests.sandbox.times import millis

if TYPE_CHECKING:
    from tests.sandbox.times import Clock
    from tests.sandbox.variant import Limits, Variant


@dataclass(frozen=True)
class _Window:
    name: str
    seconds: float
    most: int


class RollingLimits:
    """Counts the requests of each system's key."""

    def __init__(self, limits: Limits | None, variant: Variant, clock: Clock) -> None:
        """Take the limits; None is without any.

        Args:
            limits: How many requests in which window.
            variant: How they are told.
            clock: Whose minutes count.
        """
        self._limits = limits
        self._variant = variant
        self._clock = clock
        self._lock = threading.Lock()
        self._times: dict[tuple[str, str], deque[float]] = defaultdict(deque)
        self._windows: list[_Window] = []
        if limits and limits.per_minute is not None:
            self._windows.append(_Window("Minute", limits.minute_seconds, limits.per_minute))
        if limits and limits.per_hour is not None:
            self._windows.append(_Window("Hour", limits.hour_seconds, limits.per_hour))

    def take(self, system: str) -> dict[str, str]:
        """Count a request.

        Returns:
            Headers for its answer.

        Raises:
            Refusal: A window is full. Such a request isn't counted.
        """
        if not self._limits or system not in self._limits.systems or not self._windows:
            return {}
        with self._lock:
            now = self._clock.now().timestamp()
            for window in self._windows:
                times = self._times[system, window.name]
                while times and times[0] <= now - window.seconds:
                    times.popleft()
            full = [window for window in self._windows if len(self._times[system, window.name]) >= window.most]
            if full:
                raise self._refusal(system, full[-1], now)
            for window in self._windows:
                self._times[system, window.name].append(now)
            return self._headers(system, self._windows[0], now)

    def _refusal(self, system: str, window: _Window, now: float) -> Refusal:
        wait = self._wait(system, window, now)
        kind = self._variant.retry_after
        headers = self._headers(system, window, now)
        if kind == "seconds":
            headers["Retry-After"] = str(wait)
        elif kind == "date":
            headers["Retry-After"] = format_datetime(self._clock.now() + timedelta(seconds=wait), usegmt=True)
        extra: dict[str, Any] = {}
        if kind == "body" or (kind != "none" and system == "hiringcenter"):
            extra = {"retryAfter" if system == "hiringcenter" else "retry_after": wait}
        return Refusal(TOO_MANY, f"{window.name} limit exceeded. Please try again later.", headers=headers, extra=extra)

    def _headers(self, system: str, window: _Window, now: float) -> dict[str, str]:
        if not (self._limits and self._limits.headers and self._variant.ratelimit_headers):
            return {}
        wait = self._wait(system, window, now)
        reset = {
            "delta": str(wait),
            "epoch": str(math.ceil(now) + wait),
            "epoch_ms": str(millis(self._clock.now() + timedelta(seconds=wait))),
        }
        left = window.most - len(self._times[system, window.name])
        return {
            "RateLimit-Limit": str(window.most),
            "RateLimit-Remaining": str(max(0, left)),
            "RateLimit-Reset": reset[self._variant.ratelimit_reset],
        }

    def _wait(self, system: str, window: _Window, now: float) -> int:
        """Seconds until the oldest counted request leaves the window."""
        times = self._times[system, window.name]
        return max(1, math.ceil(times[0] + window.seconds - now)) if times else math.ceil(window.seconds)
