"""A clock that passes only when somebody waits for it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

from tap_hiringcenter.api import budget, patience

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest
    from typing_extensions import Self


# A wait that ends where the sum of two floats is not exact is followed by one that makes up for it.
_ROUNDING = 1e-9


class Clock:
    """Time as the budget and the repeats see it, for one thread.

    Attributes:
        now: What it shows, in seconds.
        waits: How long was waited, each time that something had to wait.
    """

    def __init__(self) -> None:
        self.now = 1000.0
        self.waits: list[float] = []
        self._coming: list[tuple[float, Callable[[], None]]] = []

    def install(self, monkeypatch: pytest.MonkeyPatch) -> Clock:
        """Let budgets made from now on, and the repeats, use this clock."""
        # The tests' conftest makes repeats follow at once; here waiting costs nothing, so it may be what it is.
        monkeypatch.setattr(patience, "_FIRST_WAIT", 0.5)
        monkeypatch.setattr(budget, "time", SimpleNamespace(monotonic=lambda: self.now))
        monkeypatch.setattr(budget, "threading", SimpleNamespace(Condition=lambda: self))
        return self

    def at(self, moment: float, action: Callable[[], None]) -> None:
        """Do something once the clock shows a moment."""
        self._coming.append((moment, action))

    def wait(self, seconds: float | None = None) -> None:
        """Stand in for `Condition.wait`: until the time is over, or until something happens."""
        self._coming.sort(key=lambda item: item[0])
        if self._coming and (seconds is None or self._coming[0][0] <= self.now + seconds):
            moment, action = self._coming.pop(0)
            self.now = max(self.now, moment)
            action()
            return
        assert seconds is not None, "waits for ever"
        assert seconds > 0, "waits for no time at all, in a circle"
        self.now += seconds
        if seconds > _ROUNDING:
            self.waits.append(seconds)

    def finish(self) -> None:
        """Let everything happen that is still to come."""
        while self._coming:
            self.wait()

    def notify_all(self) -> None:
        """Stand in for `Condition.notify_all`: nobody else waits."""

    def __enter__(self) -> Self:
        """Stand in for the lock of `Condition`: there is one thread only."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stand in for the lock of `Condition`."""
