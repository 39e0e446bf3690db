"""What goes wrong with a whole run (T-01, T-02, T-14, T-20, T-25), by its id in the list of faults, and what must hold then.

I1: all runs together hold exactly what the server had. I2: the same from any STATE. I3: the exit code is not 0 whenever something is missing.
I5: no more requests than allowed.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from typing import TYPE_CHECKING

import pytest

from tests.auditor import BY_DEFAULT, differences
from tests.running import Outcome, catalog, command_line, settings_for, sync
from tests.sandbox import Fault, Limits, LoggedRequest, Sandbox, Variant, World

if TYPE_CHECKING:
    from pathlib import Path

FAMILY = ("leads", "lead_activities", "lead_messages")
# More than a pipe holds, and more than is read ahead: who does not read such a run's output holds it up.
LONG = World(seed=7, size=10, leads=800, activities_per_lead=1)


def killed(sandbox: Sandbox, command: list[str], how: signal.Signals, when: int, path: str = "") -> tuple[int, Outcome]:
    """Run the executable and send it a signal when it makes its n-th request, of those whose path ends like this."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        seen = 0

        def count(request: LoggedRequest) -> None:
            nonlocal seen
            seen += request.path.endswith(path)
            if seen == when:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process.pid, how)

        sandbox.on_request(count)
        out = process.communicate(timeout=60)[0]
    return process.returncode, outcome(process.returncode, out)


def outcome(code: int, out: str) -> Outcome:
    """What a loader got of a run: a line that was cut off is one that it never got."""
    return Outcome(code, out.split("\n")[:-1], {})


@pytest.mark.parametrize(("when", "concurrency"), [(1, 8), (6, 1), (10, 1), (15, 1), (21, 8), (34, 8)])
def test_t01_a_run_that_was_killed_goes_on_from_its_last_state(when: int, concurrency: int, tmp_path: Path) -> None:
    with Sandbox(World(seed=1, size=12), variant=Variant(prospectb2b_page_size=3)) as sandbox:
        # So that what was read is written before the next answer comes.
        sandbox.inject(Fault("delay", seconds=0.02, times=None))
        command = command_line(settings_for(sandbox, max_concurrency=concurrency), tmp_path, selection=catalog(*FAMILY))
        code, cut = killed(sandbox, command, signal.SIGKILL, when)
        sandbox.heal()
        rest = sync(settings_for(sandbox), *FAMILY, state=cut.state if cut.states else None)
        assert differences(sandbox, [cut, rest], FAMILY) == []
        assert code in {0, -signal.SIGKILL}


@pytest.mark.parametrize("when", [1, 9])
def test_t02_a_run_that_was_asked_to_stop_ends_soon_with_whole_lines_and_not_with_0(when: int, tmp_path: Path) -> None:
    with Sandbox(World(seed=1, size=12), variant=Variant(prospectb2b_page_size=3)) as sandbox:
        sandbox.inject(Fault(path="*", action="delay", seconds=0.02))
        code, cut = killed(sandbox, command_line(settings_for(sandbox), tmp_path, selection=catalog(*FAMILY)), signal.SIGTERM, when)
        assert code == 128 + signal.SIGTERM
        assert all(message["type"] for message in cut.messages)
        sandbox.heal()
        rest = sync(settings_for(sandbox), *FAMILY, state=cut.state if cut.states else None)
        assert differences(sandbox, [cut, rest], FAMILY) == []


@pytest.mark.parametrize("when", [1, 4])
def test_t14_a_child_that_changes_with_its_parent_is_not_missed_when_the_run_is_killed_between_the_two(when: int, tmp_path: Path) -> None:
    streams = ("leads", "lead_activities")
    with Sandbox(World(seed=1, size=12)) as sandbox:
        first = sync(settings_for(sandbox), *streams)
        for number, lead in enumerate(sandbox.truth("leads")[3:9]):
            sandbox.put("lead_activities", {"type": "call", "summary": "new"}, lead_id=lead["id"])
            # After all others, and so long ago that no difference of clocks matters.
            sandbox.change("leads", lead["id"], updated_at=f"2026-08-01T00:00:0{number}.000Z")
        command = command_line(settings_for(sandbox, max_concurrency=1), tmp_path, state=first.state, selection=catalog(*streams))
        _, cut = killed(sandbox, command, signal.SIGKILL, when, "/activities")
        rest = sync(settings_for(sandbox), *streams, state=cut.state if cut.states else first.state)
        assert differences(sandbox, [first, cut, rest], streams) == []


def test_t20_a_run_that_waits_for_the_next_hour_asks_nothing_more_and_goes_on_when_it_is_told_to_stop(tmp_path: Path) -> None:
    streams = ("meetings", "tasks", "notes")
    most = 12
    with Sandbox(World(seed=1, size=60), limits=Limits(per_hour=most, headers=False)) as sandbox:
        settings = {"hiringcenter_page_size": 5, "max_concurrency": 1}
        command = command_line(settings_for(sandbox, **settings, hiringcenter_requests_per_hour=most), tmp_path, selection=catalog(*streams))
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
            # What it does not do can't be waited for: it is given a second to do it.
            sandbox.on_answer(lambda _: threading.Timer(1, process.terminate).start(), number=most)
            out = process.communicate(timeout=60)[0]
        assert process.returncode == 128 + signal.SIGTERM
        assert [request.status for request in sandbox.requests if request.system == "hiringcenter"] == [200] * most
        runs = [outcome(process.returncode, out)]
        for _ in range(60):
            sandbox.clock.advance(3600)
            state = next((run.state for run in reversed(runs) if run.states), None)
            runs.append(sync(settings_for(sandbox, **{**settings, "hiringcenter_page_size": 200}, max_requests=most), *streams, state=state))
            if runs[-1].code == 0:
                break
        assert not [request for request in sandbox.requests if request.status == 429]
        assert differences(sandbox, runs, streams) == []


def test_t20_a_run_that_has_made_all_of_its_requests_does_not_wait_for_its_pace(sandbox: Sandbox) -> None:
    began = time.monotonic()
    run = sync(settings_for(sandbox, max_requests=8, prospectb2b_requests_per_minute=8), "leads", "lead_activities")
    assert run.code == 1
    assert time.monotonic() - began < 30  # it would wait for a minute


@pytest.mark.parametrize("most", [7, 15, 40])
def test_t20_a_run_with_too_few_requests_keeps_to_them_and_the_next_ones_finish(most: int) -> None:
    with Sandbox(World(seed=9, size=30), variant=Variant(prospectb2b_page_size=5)) as sandbox:
        runs: list[Outcome] = []
        while not runs or runs[-1].code != 0:
            state = next((run.state for run in reversed(runs) if run.states), None)
            runs.append(sync(settings_for(sandbox, max_requests=most), "leads", "lead_activities", state=state))
            # Counted over all runs: what one of them has sent at its very end may arrive when the next one has begun.
            assert len(sandbox.requests) <= most * len(runs)
            assert len(runs) < 60
        assert differences(sandbox, runs, ["leads", "lead_activities"]) == []


def test_t20_a_bulk_import_within_the_lookback_does_not_hold_the_runs_up() -> None:
    with Sandbox(World(seed=9, size=60)) as sandbox:
        for number, row in enumerate(sandbox.truth("leads")):
            sandbox.change("leads", row["id"], updated_at=f"2026-03-10T12:{number // 30:02d}:{number % 30 * 2:02d}.000Z")
        runs: list[Outcome] = []
        while not runs or runs[-1].code != 0:
            state = next((run.state for run in reversed(runs) if run.states), None)
            runs.append(sync({**sandbox.tap_config(), "max_requests": 40}, "leads", "lead_activities", "lead_messages", state=state))
            assert len(runs) < 12
        assert differences(sandbox, runs, FAMILY) == []


def test_t25_a_reader_that_goes_away_ends_the_run_with_an_error_and_without_a_stack_trace(tmp_path: Path) -> None:
    with Sandbox(World(seed=7, size=300), variant=Variant(prospectb2b_page_size=20)) as sandbox:
        command = command_line(settings_for(sandbox), tmp_path)
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            assert process.stdout
            assert process.stderr
            process.stdout.readline()
            process.stdout.close()
            said = process.stderr.read()
        assert process.returncode == 1
        assert "is gone" in said
        assert "Traceback" not in said


@pytest.mark.parametrize("lines", [40, 400])
def test_t25_what_a_reader_that_goes_away_has_got_is_all_that_its_last_state_covers(lines: int, tmp_path: Path) -> None:
    with Sandbox(World(seed=7, size=200), variant=Variant(prospectb2b_page_size=20)) as sandbox:
        command = command_line(settings_for(sandbox), tmp_path, selection=catalog(*BY_DEFAULT))
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
            assert process.stdout
            got = [process.stdout.readline() for _ in range(lines)]
            process.stdout.close()
        assert process.returncode == 1
        cut = outcome(process.returncode, "".join(got))
        rest = sync(settings_for(sandbox), state=cut.state if cut.states else None)
        assert differences(sandbox, [cut, rest], BY_DEFAULT) == []


def test_t25_a_reader_that_is_slow_slows_the_run_down_and_its_memory_does_not_fill_up(tmp_path: Path) -> None:
    streams = ("leads", "lead_activities")
    with Sandbox(LONG, variant=Variant(prospectb2b_page_size=20)) as sandbox:
        command = command_line(settings_for(sandbox, max_concurrency=2), tmp_path, selection=catalog(*streams))
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
            # Nobody reads: after a while nothing more is asked.
            asked = -1
            while asked != len(sandbox.requests) or not asked:
                asked = len(sandbox.requests)
                time.sleep(1)
            # Of more than 800; how many it is depends on what the system keeps in a pipe.
            assert asked < 400
            assert process.stdout
            got = "".join(process.stdout.readline() for _ in range(500))
            process.kill()
        cut = outcome(process.returncode, got)
        rest = sync(settings_for(sandbox), "leads", state=cut.state if cut.states else None)
        assert differences(sandbox, [cut, rest], ["leads"]) == []
