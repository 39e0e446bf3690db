"""How many requests were made, and how many may be."""

from __future__ import annotations

import threading

from tap_hiringcenter.api.errors import RequestsSpentError


class Usage:
    """How much one stream has asked for; counted by many threads.

    Attributes:
        requests: All requests, repeats included.
        retries: The repeats among them.
        rate_limited: Answers with status 429.
    """

    def __init__(self) -> None:
        self.requests = 0
        self.retries = 0
        self.rate_limited = 0
        self._lock = threading.Lock()

    def count(self, *, requests: int = 0, retries: int = 0, rate_limited: int = 0) -> None:
        """Add to the counts."""
        with self._lock:
            self.requests += requests
            self.retries += retries
            self.rate_limited += rate_limited


class Allowance:
    """The hard ceiling of requests in one run (`max_requests`), over all systems.

    Args:
        most: The ceiling, or None for none.
    """

    def __init__(self, most: int | None) -> None:
        self._most = most
        self._spent = RequestsSpentError(f"this run has made all of the {most} requests that max_requests allows")
        self._used = 0
        self._lock = threading.Lock()

    def take(self) -> None:
        """Use one request up.

        Raises:
            RequestsSpentError: There is none left.
        """
        with self._lock:
            if self._most is not None and self._used >= self._most:
                raise self._spent
            self._used += 1

    @property
    def left(self) -> int | None:
        """Requests that may still be made, or None when there is no ceiling."""
        with self._lock:
            return None if self._most is None else self._most - self._used
