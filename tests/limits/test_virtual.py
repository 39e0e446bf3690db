"""T-03, T-20, G-09 and promise 4.8, over hours that take no time: a sample of what `python -m tests.limits` tries."""

from __future__ import annotations

import random

import pytest

from tests.limits.scenario import Client, Scenario, play
from tests.limits.scenarios import EVERY
from tests.limits.schedule import Schedule, StuckError
from tests.limits.server import Latency, Telling
from tests.limits.windows import KINDS

_SAMPLE = (
    "equal, untold, rolling",
    "equal, told as epoch, fixed",
    "equal, told as delta, rolling",
    "lower, told, bucket",
    "told near the end only",
    "clock five minutes behind",
    "1 ms, 64 at once",
    "1 s, jitter, counted anywhere",
    "3 s, told",
    "20 s, 64 at once",
    "lower, untold, fixed",
    "lower, untold, Retry-After: None",
    "lowered, told",
    "lowered, untold",
    "minute and hour, untold, rolling",
    "minute and hour, told of the hour",
    "lower hour, untold",
    "two at once, told, rolling",
    "two at once, told, fixed",
    "one after the other, told",
    "300 and 5,400, told",
)


@pytest.mark.parametrize("name", _SAMPLE)
def test_t03_t20_the_allowance_is_used_and_hardly_ever_exceeded(name: str) -> None:
    [scenario] = [one for one in EVERY if one.name == name]

    assert play(scenario).faults(scenario) == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_server_keeps_to_what_it_says_however_it_is_asked(kind: str) -> None:
    dice = random.Random(kind)
    window = KINDS[kind](60, 10)
    taken: list[float] = []
    now = 1000.0
    for _ in range(500):
        now += dice.choice((0.0, 0.1, 1.0, 7.0, 30.0))
        left = window.left(now)
        assert 0 <= left <= 10
        if left:
            window.take(now)
            taken.append(now)
            assert window.left(now) == left - 1
        else:
            assert 0 < window.wait(now) <= 60
            now += window.wait(now) + 1e-6
            assert window.left(now) >= 1

    in_a_window = max(sum(start <= one < start + 60 - 1e-6 for one in taken) for start in taken)
    assert in_a_window <= (10 if kind == "rolling" else 20)


def test_an_allowance_follows_its_changes() -> None:
    quick = Scenario("", 60, changes={600: 30}, hours=0.5, latency=Latency(5), clients=(Client(concurrency=1),))

    assert play(quick).allowed == 10 * 60 + 20 * 30
    assert play(quick).share < 0.95


def test_what_goes_wrong_is_named() -> None:
    # One request at a time, which takes five seconds, and a server that allows a tenth of what it could be asked.
    slow = Scenario("", 60, latency=Latency(5), clients=(Client(concurrency=1),), hours=0.1)
    strict = Scenario("", 1, telling=Telling(retry_after=None), clients=(Client(concurrency=64),), hours=0.1)

    assert "of the allowance was used" in str(play(slow).faults(slow))
    assert "requests were refused" in str(play(strict).faults(strict))


def test_who_waits_for_ever_is_found() -> None:
    schedule = Schedule()
    schedule.start(lambda: schedule.condition().wait())

    with pytest.raises(StuckError, match="wait for ever"):
        schedule.run()


def test_who_never_waits_is_found() -> None:
    schedule = Schedule()

    def circle() -> None:
        while True:
            schedule.sleep(0)

    schedule.start(circle)
    with pytest.raises(StuckError, match="stands still"):
        schedule.run()


def test_an_error_in_a_thread_is_raised() -> None:
    schedule = Schedule()

    def fail() -> None:
        schedule.sleep(1)
        raise OSError("reset")  # noqa: EM101  # as the socket would

    schedule.start(fail)
    schedule.start(lambda: schedule.sleep(2))
    with pytest.raises(OSError, match="reset"):
        schedule.run()


def test_threads_wake_each_other_up_in_order() -> None:
    schedule = Schedule()
    condition = schedule.condition()
    seen: list[tuple[str, float]] = []

    def wait(name: str, seconds: float | None) -> None:
        condition.wait(seconds)
        seen.append((name, schedule.now - 1000))

    def call() -> None:
        schedule.sleep(5)
        condition.notify_all()
        schedule.sleep(5)

    schedule.start(lambda: wait("soon", 1))
    schedule.start(lambda: wait("late", 10))
    schedule.start(lambda: wait("never", None))
    schedule.start(call)
    schedule.run()

    assert seen == [("soon", 1), ("late", 5), ("never", 5)]
    assert schedule.now == 1010
