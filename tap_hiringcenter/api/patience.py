"""How long one request is repeated."""

from __future__ import annotations

import random

from tap_hiringcenter.api.budget import HOUR, MINUTE
from tap_hiringcenter.api.errors import RateLimitedError, TransientError, UncertainError

_FIRST_WAIT = 0.5


class Patience:
    """How long one request is repeated: failures further and further apart, 429 when the server asks for it, and no more than an hour in all.

    Args:
        tries: Most attempts that may fail. Eight failures are about a minute of waiting.
        limited: Most attempts that may be answered with 429, which don't use up the others; by default as many.

    Attributes:
        wait: Seconds to wait before the next attempt, after `is_out` has said that there is one.
    """

    def __init__(self, tries: int = 8, limited: int | None = None) -> None:
        self._tries = tries
        self._most_limited = tries if limited is None else limited
        self._failures = 0
        self._limited = 0
        self._waited = 0.0
        self.wait = 0.0

    def is_out(self, error: Exception) -> bool:
        """Whether to give up after this error: a `TransientError`, or another one after which the same may be tried again."""
        told = error.wait if isinstance(error, (TransientError, UncertainError)) else None
        if isinstance(error, RateLimitedError):
            self._limited += 1
            count, most = self._limited, self._most_limited
        else:
            self._failures += 1
            count, most = self._failures, self._tries
        # A server that asks for no wait, or for one that is over at once, gets one that grows, so that it isn't asked in a circle.
        growing = min(_FIRST_WAIT * 2.0 ** (count - 1), MINUTE) * random.uniform(0.75, 1)  # noqa: S311  # spreads threads, guards nothing
        self.wait = (told or growing) if isinstance(error, RateLimitedError) else max(told or 0, growing)
        self._waited += self.wait
        return count >= most or self._waited > HOUR
