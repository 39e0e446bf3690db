"""Budgets: what the server counts never exceeds the ceilings, wherever on the way a request is counted."""

from __future__ import annotations

import random
import threading

import pytest

from tap_hiringcenter.api.budget import HOUR, MINUTE, Budget, Told
from tap_hiringcenter.api.errors import SystemEndedError
from tests.unit.clock import Clock


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """A clock that passes only when somebody waits."""
    return Clock().install(monkeypatch)


def _send(budget: Budget, clock: Clock, latency: float = 0, told: Told | None = None) -> float:
    """Send a request, whose answer comes by itself; returns the moment at which it was let through."""
    context = budget.request()
    turn = context.__enter__()
    sent = clock.now

    def take_answer() -> None:
        if told:
            budget.told(told, turn)
        context.__exit__(None, None, None)

    clock.at(sent + latency, take_answer)
    if not latency:
        clock.wait(0)
    return sent


def _most_in(seconds: float, arrivals: list[float]) -> int:
    found = sorted(arrivals)
    return max(sum(start <= one < start + seconds - 1e-6 for one in found) for start in found)


@pytest.mark.parametrize("seed", range(12))
def test_no_window_at_the_server_ever_holds_more_than_its_ceiling(seed: int, clock: Clock) -> None:
    dice = random.Random(seed)
    ceilings = {MINUTE: dice.randint(1, 12), HOUR: dice.randint(8, 60)}
    budget = Budget(ceilings, concurrency=dice.randint(1, 16))
    arrivals = []
    for _ in range(150):
        # In fractions that floats hold exactly: rounding is another test's matter.
        clock.now += dice.choice([0, 0, 0, dice.randrange(30 * 1024) / 1024])
        # Where all answers take long it is taken for the server's work, which is another test's matter too.
        latency = dice.choice([1 / 16, *[(1 + dice.randrange(1024)) / 1024] * 4, (1 + dice.randrange(90 * 1024)) / 1024])
        sent = _send(budget, clock, latency)
        arrivals.append(sent + dice.random() * latency)

    for seconds, ceiling in ceilings.items():
        assert _most_in(seconds, arrivals) <= ceiling


def test_rounding_opens_no_window(clock: Clock) -> None:
    clock.now = 4734.188028972779
    budget = Budget({HOUR: 1}, concurrency=8)
    sent = [_send(budget, clock) for _ in range(3)]

    assert sent[2] >= sent[1] + HOUR


def test_the_ceiling_is_used_up(clock: Clock) -> None:
    budget = Budget({MINUTE: 5}, concurrency=8)

    sent = [_send(budget, clock) - 1000 for _ in range(11)]

    assert sent == [0] * 5 + [60] * 5 + [120]


def test_the_first_answer_is_waited_for(clock: Clock) -> None:
    budget = Budget({MINUTE: 100}, concurrency=3)

    assert [_send(budget, clock, 10) - 1000 for _ in range(3)] == [0, 10, 10]


def test_a_first_request_that_fails_opens_the_way_too(clock: Clock) -> None:
    budget = Budget({MINUTE: 100}, concurrency=3)
    with pytest.raises(OSError, match="reset"), budget.request():
        raise OSError("reset")  # noqa: EM101  # as the socket would

    assert [_send(budget, clock, 10) - 1000 for _ in range(2)] == [0, 0]


def test_no_more_are_under_way_at_once_than_allowed(clock: Clock) -> None:
    budget = Budget({MINUTE: 100}, concurrency=3)
    _send(budget, clock)

    sent = [_send(budget, clock, 10) - 1000 for _ in range(9)]

    assert sent == [0] * 3 + [10] * 3 + [20] * 3


def test_a_request_counts_until_a_window_after_its_answer(clock: Clock) -> None:
    budget = Budget({MINUTE: 1}, concurrency=8)
    _send(budget, clock, 30)

    assert _send(budget, clock) == 1000 + 30 + 60


def test_a_failed_request_counts_like_any_other(clock: Clock) -> None:
    budget = Budget({MINUTE: 1}, concurrency=8)
    with pytest.raises(OSError, match="reset"), budget.request():
        raise OSError("reset")  # noqa: EM101  # as the socket would

    assert _send(budget, clock) == 1060


@pytest.mark.parametrize(("told", "expected"), [(2, [0, 0, 60, 60]), (100, [0, 0, 0, 0])], ids=["lower", "higher"])
def test_a_told_limit_wins_over_the_settings(told: int, expected: list[float], clock: Clock) -> None:
    budget = Budget({MINUTE: 3, HOUR: 5400}, concurrency=8)
    first = _send(budget, clock, told=Told(told, None, None))

    assert [0, *(_send(budget, clock) - first for _ in range(3))] == expected


def test_nothing_remaining_waits_until_the_reset(clock: Clock) -> None:
    budget = Budget({MINUTE: 100}, concurrency=8)
    _send(budget, clock, told=Told(100, 0, 25))

    assert _send(budget, clock) == 1025
    assert _send(budget, clock) == 1025


def test_what_remains_is_used_up_before_the_wait(clock: Clock) -> None:
    budget = Budget({MINUTE: 100}, concurrency=8)
    _send(budget, clock, told=Told(100, 2, 25))

    assert [_send(budget, clock) - 1000 for _ in range(3)] == [0, 0, 25]


def test_an_older_answer_that_comes_late_gives_nothing_back(clock: Clock) -> None:
    budget = Budget({MINUTE: 100}, concurrency=8)
    _send(budget, clock)
    _send(budget, clock, 5, Told(100, 7, 25))
    _send(budget, clock, 2, Told(100, 0, 25))
    clock.wait()
    clock.wait()

    assert _send(budget, clock) == 1002 + 25


def test_requests_under_way_are_taken_off_what_remains(clock: Clock) -> None:
    budget = Budget({MINUTE: 100}, concurrency=8)
    _send(budget, clock)
    for _ in range(3):
        _send(budget, clock, 20)
    _send(budget, clock, 5, Told(100, 3, 50))
    clock.wait()

    assert _send(budget, clock, 1) == 1055


def test_the_hour_window_is_not_taken_for_the_minute_window(clock: Clock) -> None:
    budget = Budget({MINUTE: 2, HOUR: 5400}, concurrency=8)
    _send(budget, clock, told=Told(10_000, 9_000, 1800))

    assert [_send(budget, clock) - 1000 for _ in range(3)] == [0, 60, 60]


def test_a_limit_that_was_seen_with_the_hour_stays_with_it_in_its_last_minute(clock: Clock) -> None:
    budget = Budget({MINUTE: 2, HOUR: 5400}, concurrency=8)
    _send(budget, clock, told=Told(10_000, 9_999, 1800))
    _send(budget, clock, told=Told(10_000, 9_998, 12))

    assert [_send(budget, clock) - 1000 for _ in range(3)] == [60, 60, 120]


def test_an_hour_that_is_used_up_waits_for_the_hour(clock: Clock) -> None:
    budget = Budget({MINUTE: 100, HOUR: 5400}, concurrency=8)
    _send(budget, clock, told=Told(5400, 0, 1800))

    assert _send(budget, clock) == 1000 + 1800


def test_what_is_told_of_the_minute_does_not_give_back_a_spent_hour(clock: Clock) -> None:
    budget = Budget({MINUTE: 100, HOUR: 5400}, concurrency=8)
    _send(budget, clock)
    _send(budget, clock, 2, told=Told(100, 90, 30))
    _send(budget, clock, 1, told=Told(5400, 0, 1800))
    clock.wait()
    clock.wait()

    assert _send(budget, clock) == 1001 + 1800


def test_a_limit_below_nothing_is_not_believed(clock: Clock) -> None:
    budget = Budget({MINUTE: 2}, concurrency=8)
    _send(budget, clock, told=Told(-1, None, None))

    assert _send(budget, clock) == 1000


def test_a_limit_of_nothing_is_not_believed(clock: Clock) -> None:
    budget = Budget({MINUTE: 2}, concurrency=8)
    _send(budget, clock, told=Told(0, None, None))

    assert _send(budget, clock) == 1000


def _refuse(budget: Budget, clock: Clock, wait: float | None = None) -> None:
    """Send a request that is answered with 429 after a second."""
    with budget.request() as turn:
        clock.now += 1
        budget.refused(turn, wait)


def _moments(budget: Budget, clock: Clock, count: int) -> list[float]:
    return [_send(budget, clock) - 1000 for _ in range(count)]


def test_a_429_tells_what_our_share_is_once_it_is_sure(clock: Clock) -> None:
    budget = Budget({MINUTE: 20}, concurrency=8)
    _moments(budget, clock, 5)
    _refuse(budget, clock)
    _refuse(budget, clock)

    # The second one was sent beyond what the first one showed, and was refused again. After a minute one more is tried.
    assert _moments(budget, clock, 7) == [60] * 5 + [62] * 2


def test_a_single_429_may_have_other_reasons(clock: Clock) -> None:
    budget = Budget({MINUTE: 20}, concurrency=8)
    _moments(budget, clock, 5)
    _refuse(budget, clock)

    assert _moments(budget, clock, 15) == [1] * 15


def test_a_429_of_an_early_request_does_not_hold_the_others_up(clock: Clock) -> None:
    budget = Budget({MINUTE: 1000}, concurrency=8)
    for _ in range(4):
        _refuse(budget, clock)

    assert _moments(budget, clock, 50) == [4] * 50


def test_a_429_that_asks_for_more_than_a_minute_speaks_of_the_hour(clock: Clock) -> None:
    budget = Budget({MINUTE: 10, HOUR: 40}, concurrency=8)
    _moments(budget, clock, 10)
    _refuse(budget, clock, 1800)
    _refuse(budget, clock, 1800)

    assert _moments(budget, clock, 11)[0] >= 1440


def test_one_in_sixty_is_left_to_others(clock: Clock) -> None:
    assert _moments(Budget({MINUTE: 120}, concurrency=8), clock, 119) == [0] * 118 + [60]


def test_where_all_answers_take_long_requests_are_counted_when_they_are_sent(clock: Clock) -> None:
    budget = Budget({MINUTE: 20}, concurrency=20)
    _send(budget, clock, 20)
    sent = [_send(budget, clock, 20) - 1000 for _ in range(60)]

    assert sent[:19] == [20] * 19
    # Of the first sixteen nothing was known yet.
    assert sent[20:40] == sorted(sent[20:40])
    assert sent[40] - sent[20] <= 20 + MINUTE


def test_a_pause_holds_all_and_is_never_shortened(clock: Clock) -> None:
    budget = Budget({MINUTE: 100}, concurrency=8)
    budget.pause(30)
    budget.pause(5)

    assert _send(budget, clock) == 1030


def test_a_rest_is_as_long_as_it_was_asked_for(clock: Clock) -> None:
    Budget({MINUTE: 100}, concurrency=8).rest(30)

    assert clock.now == 1030


def test_a_rest_ends_with_the_budget(clock: Clock) -> None:
    budget = Budget({MINUTE: 100}, concurrency=8)
    error = SystemEndedError("over")
    clock.at(1010, lambda: (budget.end(error), None)[1])
    with pytest.raises(SystemEndedError) as caught:
        budget.rest(30)

    assert caught.value is error
    assert clock.now == 1010


def test_an_ended_budget_raises_the_error_that_ended_it_first() -> None:
    budget = Budget({MINUTE: 100}, concurrency=8)
    budget.end(SystemEndedError("first"))
    budget.end(SystemEndedError("second"))

    with pytest.raises(SystemEndedError, match="first"), budget.request():
        pytest.fail("was let through")


def test_who_waits_when_the_budget_ends_gets_the_error() -> None:
    budget = Budget({MINUTE: 1}, concurrency=1)
    raised = []

    def wait() -> None:
        try:
            with budget.request():
                pass
        except SystemEndedError as error:
            raised.append(error)

    with budget.request():
        waiting = threading.Thread(target=wait)
        waiting.start()
        error = SystemEndedError("over")
        budget.end(error)
        waiting.join(5)

    assert raised == [error]


def test_threads_share_one_budget() -> None:
    budget = Budget({MINUTE: 1000}, concurrency=3)
    most, under_way, lock = 0, 0, threading.Lock()

    def send() -> None:
        nonlocal most, under_way
        for _ in range(20):
            with budget.request():
                with lock:
                    under_way += 1
                    most = max(most, under_way)
                with lock:
                    under_way -= 1

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)

    assert 1 <= most <= 3


def test_a_window_that_is_shorter_than_a_minute_is_not_waited_out_for_one(clock: Clock) -> None:
    budget = Budget({MINUTE: 300}, concurrency=4)
    sent: list[float] = []

    for _ in range(30):
        with budget.request() as turn:
            sent.append(clock.now)
            used = sum(moment // 2 == clock.now // 2 for moment in sent)
            budget.told(Told(10, 10 - used, 2 - clock.now % 2), turn)

    assert max(sum(moment // 2 == other // 2 for moment in sent) for other in sent) == 10
    assert sent[-1] - sent[0] < 10
