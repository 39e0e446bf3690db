"""How fast a system may be asked: one budget per key, shared by all threads of a run.

A ceiling of N requests in a window holds whether the server counts a rolling window, a fixed one or a bucket that fills up again: a request
stays in the count from the moment it is sent until the window's length after its *answer*, so that no delay on the way can put N + 1 of them
into one window of the server's. Only where all answers take long is that work which begins when the server has counted, and no delay.

What the server tells wins over the settings: a limit in RateLimit-* headers becomes the ceiling; where fewer remain than our own requests
explain, others use the key as well and a share is left to us; and a 429 tells that what went through in the window before it is our share.
"""

from __future__ import annotations

import math
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
# Where each of the last so many answers took longer than this, it is the server's work that does, and requests are counted within this time.
_WAY = 1.0
_MANY = 16
# Servers tell of whole seconds.
_ROUNDING = 1.0
# Nobody's limit is less than this part of what is documented or set: what refuses sooner has other reasons.
_LEAST = 20


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


@dataclass
class _Window:
    """The requests of the last `seconds`, and how many there may be.

    Attributes:
        seconds: Its length.
        ceiling: Most requests, as the settings or the server say.
        leaving: When each request that was answered leaves the count.
        share: How many of them are for us, as far as 429s have shown; None is all.
        held_until: From then on one more than the share is tried.
        hold: How long that takes.
        grown: How many more than the share have gone through since, while it is not sure that there is a limit.
        shared_until: Until when others are taken to use the key, after headers have shown that they do.
        remaining: What remains, as the headers said last, without what was sent since.
        reset: When it starts anew, likewise.
        left: How many requests left the count since.
        told_at: When that was said; who was sent later tells something newer.
        sent_at: When the last request was sent.
        refused_at: When a 429 told our share last; who was sent before tells nothing new.
    """

    seconds: float
    ceiling: int
    leaving: deque[float] = field(default_factory=deque)
    share: int | None = None
    held_until: float = 0.0
    hold: float = 0.0
    grown: int = 0
    shared_until: float = 0.0
    remaining: int = 0
    reset: float = 0.0
    left: int = 0
    told_at: float = 0.0
    sent_at: float = 0.0
    refused_at: float = 0.0

    def wait(self, now: float, under_way: int) -> float | None:
        """Seconds until one more request fits; 0 when it fits now, None when an answer must come first."""
        self._forget(now)
        if len(self.leaving) + under_way >= self._most(now):
            return self._wait_when_full(now, under_way)
        if now >= self.shared_until:
            return 0
        # Those who share the key go by what they were told as well: half of what is left is for them, and to who has less the last of it.
        free = self.remaining + (self.left if now >= self.reset else 0) - (len(self.leaving) + under_way > self.ceiling / 2)
        if under_way + 2 <= free or (under_way == 0 and (free > 0 or now >= self.reset)):
            return 0
        return None if under_way else self.reset - now

    def _wait_when_full(self, now: float, under_way: int) -> float | None:
        """As `wait`, where our own count lets nothing through: the next answer tells whether the server's window has begun anew."""
        moments = [*list(self.leaving)[:1], self.held_until]
        if max(self.told_at, self.sent_at) < self.reset and now >= self.shared_until and not under_way:
            if now >= self.reset + _ROUNDING:
                return 0
            moments.append(self.reset + _ROUNDING)
        return min((moment - now for moment in moments if moment > now), default=None)

    def count(self, now: float, until: float) -> None:
        """Count a request that was answered, and not with 429."""
        self._forget(now)
        self.leaving.append(until)
        if self.share is not None and len(self.leaving) > self.share:
            # More went through than was thought to be our share.
            self.share = len(self.leaving)
            if now >= self.held_until:
                self.hold /= 2
                self.grown += self.hold == 0

    def tell(self, told: Told, now: float, turn: Turn, others: int, sent_since: int) -> None:
        """Take over what the answer to a request says of this window.

        Args:
            told: What it says.
            now: When it says so.
            turn: The turn of the request.
            others: How many others are under way.
            sent_since: How many were sent after it.
        """
        self._forget(now)
        if told.limit is not None and told.limit > 0:
            self.ceiling = told.limit
        if told.remaining is None or told.reset is None:
            return
        if self.ceiling - told.remaining > turn.counted[self.seconds] + sent_since:
            # Others show only when their requests and ours come together, which may be at the end of each window.
            self.shared_until = now + 2 * self.seconds
        self.share = None
        if self.told_at < self.reset <= turn.sent - _ROUNDING and self.ceiling - told.remaining <= 1 + others + sent_since:
            # The server's window has begun anew with this request: it is shorter than ours, or begins by the calendar.
            self.leaving.clear()
        # Others under way may not be counted in what is told yet, nor those that were answered meanwhile: answers overtake each other.
        remaining = told.remaining - max(others, sent_since)
        self.remaining = remaining if turn.sent >= self.told_at else min(remaining, self.remaining)
        if turn.sent >= self.told_at:
            self.told_at, self.reset, self.left = now, now + told.reset, 0

    def refuse(self, now: float, turn: Turn, under_way: int) -> None:
        """Take over from a 429 what our share is: as much as went through in the window before it."""
        self._forget(now)
        if turn.sent < self.refused_at:
            return
        self.refused_at = now
        is_first = self.share is None
        is_same = not is_first and len(self.leaving) + under_way > (self.share or 0)
        self.share = max(len(self.leaving), self.ceiling // _LEAST)
        self.grown = 0
        # While more than that doesn't go through, it is tried less and less often; who has little tries sooner. At first it is tried as soon
        # as the server says that there may be more: a 429 may have had other reasons.
        longest = max(0.4 * self.seconds, HOUR * self.share / self.ceiling)
        self.hold = 0.0 if is_first else min(max(2 * self.hold, self.seconds), longest) if is_same else self.seconds
        self.held_until = now + self.hold

    def _most(self, now: float) -> int:
        if self.share is None:
            # One in sixty is left to others with the same key, so that they get in and are noticed.
            return self.ceiling - self.ceiling // 60
        more = 1 + self.grown if now >= self.held_until else 0
        return min(self.ceiling, max(1, self.share) + more)

    def _forget(self, now: float) -> None:
        while self.leaving and self.leaving[0] - now <= 0:
            self.leaving.popleft()
            self.left += 1


@dataclass
class Turn:
    """One request that was let through.

    Attributes:
        number: How many were let through before it.
        sent: When.
        counted: How many requests were in the count of each window then, with this one.
        window: The window that its answer spoke of.
        is_refused: Whether it was answered with 429, and so not counted by the server.
    """

    number: int
    sent: float
    counted: Mapping[float, int]
    window: _Window | None = None
    is_refused: bool = False


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
        self._sent = 0
        self._latencies: deque[float] = deque(maxlen=_MANY)
        self._paused_until = 0.0
        self._has_answer = False
        self._turn = threading.Condition()
        self._ended: SystemEndedError | None = None

    @contextmanager
    def request(self) -> Iterator[Turn]:
        """Wait for the turn of one request, and hold it until its answer has come.

        Raises:
            SystemEndedError: The budget was ended meanwhile; this is the error that it was ended with.
        """
        with self._turn:
            while (wait := self._wait()) != 0:
                self._turn.wait(wait)
            self._under_way += 1
            self._sent += 1
            counted = {window.seconds: len(window.leaving) + self._under_way for window in self._windows}
            turn = Turn(self._sent, time.monotonic(), counted)
            for window in self._windows:
                window.remaining -= 1
                window.sent_at = turn.sent
        try:
            yield turn
        finally:
            with self._turn:
                self._under_way -= 1
                self._has_answer = True
                if not turn.is_refused:
                    self._count(turn)
                self._turn.notify_all()

    def told(self, told: Told, turn: Turn) -> None:
        """Take over what the answer to a request said about the limits; to be called while the request still holds its turn."""
        with self._turn:
            turn.window = self._window_of(told)
            turn.window.tell(told, time.monotonic(), turn, self._under_way - 1, self._sent - turn.number)
            self._turn.notify_all()

    def refused(self, turn: Turn, wait: float | None) -> None:
        """Take over from a 429 what our share is; to be called while its request still holds its turn.

        Args:
            turn: The turn of its request.
            wait: Seconds that it asked to wait, when it did.
        """
        with self._turn:
            turn.is_refused = True
            # Who asks to wait longer than a minute speaks of a longer window.
            window = turn.window or next((window for window in self._windows if (wait or 0) <= window.seconds + 1), self._windows[-1])
            window.refuse(time.monotonic(), turn, self._under_way)
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

    def _count(self, turn: Turn) -> None:
        now = time.monotonic()
        self._latencies.append(now - turn.sent)
        is_slow = len(self._latencies) == _MANY and min(self._latencies) > _WAY
        for window in self._windows:
            # Of an hour not much is lost by the answer's time.
            counted = turn.sent + _WAY if is_slow and window.seconds <= MINUTE else now
            window.count(now, counted + window.seconds)

    def _window_of(self, told: Told) -> _Window:
        """The window that headers speak of: a reset further away than a minute is that of a longer one; else the limit tells."""
        if len(self._windows) == 1:
            return self._windows[0]
        long_enough = [window for window in self._windows if (told.reset or 0) <= window.seconds + 1] or self._windows[-1:]
        limit = told.limit
        if limit is None or limit <= 0:
            return long_enough[0]
        return min(long_enough, key=lambda window: abs(math.log(limit / window.ceiling)))
