"""Time that passes only when every thread waits for it: one thread runs at a time, and hands over when it has to wait."""

from __future__ import annotations

import heapq
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import Self

# So many turns without any time going by are a circle, and no queue of threads that had the same moment.
_TOO_MANY_TURNS = 100_000


class StuckError(Exception):
    """Somebody waits for what will never come, or never waits at all."""


class _Task:
    """A thread that takes turns with the others.

    Attributes:
        baton: Free while it is this thread's turn to go on.
        number: Counts its turns, so that a call to an earlier one is known as out of date.
    """

    def __init__(self) -> None:
        self.baton = threading.Lock()
        self.baton.acquire()
        self.number = 0


class Schedule:
    """Threads that hand over turns, and the clock that they share.

    Attributes:
        now: What the clock shows, in seconds.
    """

    def __init__(self) -> None:
        self.now = 1000.0
        self._coming: list[tuple[float, int, int, _Task]] = []
        self._calls = 0
        self._turns = 0
        self._main = self._running = _Task()
        self._alive = 0
        self._error: BaseException | None = None

    def start(self, work: Callable[[], None]) -> None:
        """Begin another thread; it gets its first turn when whoever calls this waits.

        Args:
            work: What it does.
        """
        task = _Task()

        def run() -> None:
            task.baton.acquire()
            try:
                work()
            except BaseException as error:  # noqa: BLE001  # raised where the threads were started
                self._error = self._error or error
            self._alive -= 1
            following = self._main if self._error else self._next() or self._main
            self._give_turn(following)

        self._alive += 1
        self._call(self.now, task)
        threading.Thread(target=run, daemon=True).start()

    def run(self) -> None:
        """Let the threads have their turns until all of them are done.

        Raises:
            StuckError: Nobody can go on, or time stands still.
        """
        following = self._next()
        if following:
            self._give_turn(following)
            self._main.baton.acquire()
        if self._error:
            raise self._error
        if self._alive:
            message = f"{self._alive} threads wait for ever"
            raise StuckError(message)

    def sleep(self, seconds: float) -> None:
        """Wait so many seconds."""
        self._call(self.now + seconds, self._running)
        self._hand_over()

    def condition(self) -> _Condition:
        """What stands in for `threading.Condition`."""
        return _Condition(self)

    def wait_for_call(self, callers: list[tuple[_Task, int]], seconds: float | None) -> None:
        """Wait until one of the callers wakes this thread up, or until the time is over.

        Args:
            callers: Where this thread leaves its name.
            seconds: The time; None is for ever.
        """
        me = self._running
        callers.append((me, me.number))
        if seconds is not None:
            self._call(self.now + seconds, me)
        self._hand_over()

    def wake(self, callers: list[tuple[_Task, int]]) -> None:
        """Give a turn, at this very moment, to all who left their names."""
        for task, number in callers:
            if task.number == number:
                self._call(self.now, task)
        callers.clear()

    def _call(self, moment: float, task: _Task) -> None:
        self._calls += 1
        heapq.heappush(self._coming, (moment, self._calls, task.number, task))

    def _next(self) -> _Task | None:
        while self._coming:
            moment, _, number, task = heapq.heappop(self._coming)
            if task.number != number:
                continue
            self._turns = 0 if moment > self.now else self._turns + 1
            if self._turns > _TOO_MANY_TURNS:
                self._error = StuckError("time stands still")
                return self._main
            self.now = max(self.now, moment)
            task.number += 1
            return task
        return None

    def _hand_over(self) -> None:
        me = self._running
        following = self._next() or self._main
        if following is not me:
            self._give_turn(following)
            me.baton.acquire()

    def _give_turn(self, task: _Task) -> None:
        self._running = task
        task.baton.release()


class _Condition:
    """Stands in for `threading.Condition` where one thread runs at a time: its lock is never contended."""

    def __init__(self, schedule: Schedule) -> None:
        self._schedule = schedule
        self._waiting: list[tuple[_Task, int]] = []

    def __enter__(self) -> Self:
        """Stand in for the lock."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stand in for the lock."""

    def wait(self, seconds: float | None = None) -> None:
        """Wait for a notification, or until the time is over."""
        self._schedule.wait_for_call(self._waiting, seconds)

    def notify_all(self) -> None:
        """Wake all who wait."""
        self._schedule.wake(self._waiting)
