"""G-02: asked to stop, left alone by whoever reads the STATE, or out of space: the run ends soon, says so, and claims nothing that isn't kept."""

from __future__ import annotations

import concurrent.futures
import json
import os
import select
import signal
import threading
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

import pytest

from tests.effects import Given, snapshot, violations, writes
from tests.sandbox import Fault, Sandbox, Variant, World
from tests.writing import json_lines, messages, settings_for, start, write

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator, Sequence

    from tests.sandbox import LoggedRequest

# What is under way has five seconds when the run is broken off: here a moment.
SHORT = "from target_hiringcenter import desk, foreman; foreman._LAST_ANSWERS = 0.2; desk._LAST_MOMENT = 60"
SOON = 15.0
STREAMS: dict[str, list[dict[str, Any]]] = {
    "prospects": [{"id": f"p{number}", "firstName": "F", "lastName": f"L{number}", "email": f"p{number}@example.com"} for number in range(2)],
    "notes": [{"id": f"n{number}", "prospectId": "p0", "body": "the same"} for number in range(4)],
    "leads": [{"id": f"l{number}", "full_name": "F", "email": f"l{number}@example.com"} for number in range(6)],
    "support_tickets": [{"id": f"s{number}", "subject": "s", "body": f"{number % 2}"} for number in range(4)],
}
needs_full_device = pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")


@pytest.fixture
def server() -> Iterator[Sandbox]:
    """Servers that make no use of idempotency keys: what is done twice is there twice."""
    with Sandbox(World(seed=7, size=4), variant=Variant(idempotency="ignored")) as found:
        yield found


def _lines(*streams: str) -> list[str]:
    """Each stream's records with a STATE behind them."""
    return [line for stream in streams or STREAMS for line in messages({stream: STREAMS[stream]}, state=stream)]


def _settings(server: Sandbox, folder: Path, **more: object) -> dict[str, Any]:
    # A batch is as many records as every stream has a multiple of.
    return settings_for(server, folder, batch_size_rows=2, run_report_path=str(folder / "report.json"), **more)


def _feed(process: subprocess.Popen[str], lines: Sequence[str]) -> IO[str]:
    stdin = cast("IO[str]", process.stdin)
    stdin.write("".join(f"{line}\n" for line in lines))
    stdin.flush()
    return stdin


def _wait_for(process: subprocess.Popen[str], text: str) -> None:
    """Read the log until it says something."""
    for line in cast("IO[str]", process.stderr):
        if text in line:
            return
    pytest.fail(f"the log never said {text!r}")


def _end(process: subprocess.Popen[str]) -> tuple[list[Any], str, float]:
    """The states, the rest of the log, and how long it took to end."""
    began = time.monotonic()
    cast("IO[str]", process.stdin).close()
    process.stdin = None
    out, log = process.communicate(timeout=60)
    return [json.loads(line)["bookmark"] for line in out.splitlines()], log, time.monotonic() - began


def _check(server: Sandbox, folder: Path, before: Any, code: int | None, number: int, ended: tuple[list[Any], str, float]) -> list[Any]:  # noqa: ANN401, PLR0913, PLR0917
    """What must hold of each run that was stopped, and of the one after it."""
    states, log, took = ended
    assert code == 128 + number
    assert took < SOON
    for noise in ("Traceback", "leaked", "resource_tracker"):
        assert noise not in log
    assert f"Stopped by signal {number}" in log
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    assert report["status"] != "complete"
    assert json_lines(str(folder / "rejects.jsonl")) == []
    # The next run gets what the last STATE doesn't cover.
    streams = list(STREAMS)
    rest = streams[streams.index(states[-1]) + 1 :] if states else streams
    again = write(_settings(server, folder), _lines(*rest))
    assert (again.code, again.rejects) == (0, [])
    assert violations(server, before, *(Given(stream, ("id",), records) for stream, records in STREAMS.items())) == []
    return states


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_g02_a_signal_while_input_is_awaited(number: int, server: Sandbox, tmp_path: Path) -> None:
    before = snapshot(server)
    are_written = threading.Event()
    noted: list[str] = []

    def note(request: LoggedRequest) -> None:
        if (request.method, request.path) == ("POST", "/notes"):
            noted.append(request.path)
            if len(noted) == len(STREAMS["notes"]):
                are_written.set()

    server.on_answer(note)
    with start(_settings(server, tmp_path), tmp_path, first=SHORT) as process:
        # One lead is half of a batch, and no STATE behind it is covered.
        half = messages({"leads": STREAMS["leads"][:1]}, state="half")
        _feed(process, [*_lines("prospects"), *half, *_lines("notes")])
        assert are_written.wait(60)
        process.send_signal(number)
        process.wait(SOON)
        ended = _end(process)
    assert _check(server, tmp_path, before, process.returncode, number, ended) == ["prospects"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize(
    ("path", "settled"),
    [("/notes", ["prospects"]), ("/leads/bulk", ["prospects", "notes"]), ("/support/tickets", ["prospects", "notes", "leads"])],
)
def test_g02_a_signal_while_an_answer_is_awaited(path: str, settled: list[str], number: int, server: Sandbox, tmp_path: Path) -> None:
    before = snapshot(server)
    server.inject(Fault("drip", path=path, method="POST", seconds=60, times=None))
    is_done = threading.Event()
    server.on_answer(lambda request: is_done.set() if (request.method, request.path) == ("POST", path) else None)
    with start(_settings(server, tmp_path), tmp_path, first=SHORT) as process:
        _feed(process, _lines())
        assert is_done.wait(60)
        process.send_signal(number)
        ended = _end(process)
    server.heal()
    assert _check(server, tmp_path, before, process.returncode, number, ended) == settled


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_g02_a_signal_while_a_429_is_waited_out(number: int, server: Sandbox, tmp_path: Path) -> None:
    before = snapshot(server)
    server.inject(Fault("status", path="/leads/bulk", status=429, headers={"Retry-After": "600"}, times=None))
    with start(_settings(server, tmp_path), tmp_path) as process:
        _feed(process, _lines())
        _wait_for(process, "asking again in 6")
        process.send_signal(number)
        ended = _end(process)
    server.heal()
    assert _check(server, tmp_path, before, process.returncode, number, ended) == ["prospects", "notes"]


# Places that a run comes by on its way out.
WAY_OUT = ["target_hiringcenter.foreman.Foreman._give_up", "tap_hiringcenter.api.reports.Report.write", "tap_hiringcenter.api.program._leave"]
AGAIN = """
import os, pkgutil, signal
whole, _, name = {place!r}.rpartition(".")
owner = pkgutil.resolve_name(whole)
real = getattr(owner, name)
def interrupted(*arguments):
    os.kill(os.getpid(), signal.SIGINT)
    return real(*arguments)
setattr(owner, name, interrupted)
"""


@pytest.mark.parametrize("place", WAY_OUT)
def test_g02_a_second_signal_while_the_first_is_heeded(place: str, server: Sandbox, tmp_path: Path) -> None:
    before = snapshot(server)
    server.inject(Fault("drip", path="/notes", method="POST", seconds=60, times=None))
    is_done = threading.Event()
    server.on_answer(lambda request: is_done.set() if (request.method, request.path) == ("POST", "/notes") else None)
    with start(_settings(server, tmp_path), tmp_path, first=SHORT + AGAIN.format(place=place)) as process:
        _feed(process, _lines())
        assert is_done.wait(60)
        process.send_signal(signal.SIGTERM)
        ended = _end(process)
    server.heal()
    assert _check(server, tmp_path, before, process.returncode, signal.SIGTERM, ended) == ["prospects"]


HANDED_OVER = ["target_hiringcenter.foreman.Foreman.take", "concurrent.futures.ThreadPoolExecutor.submit"]


@pytest.mark.parametrize("place", HANDED_OVER)
def test_g02_a_signal_while_a_batch_is_handed_over(place: str, server: Sandbox, tmp_path: Path) -> None:
    before = snapshot(server)
    with start(_settings(server, tmp_path), tmp_path, first=f"{SHORT}\n{AGAIN.format(place=place)}") as process:
        _feed(process, _lines())
        # Nobody works off what is handed over by half, and whoever waits for it waits without end.
        ended = _end(process)
    _check(server, tmp_path, before, process.returncode, signal.SIGINT, ended)


def test_g02_a_signal_while_nobody_takes_the_states(server: Sandbox, tmp_path: Path) -> None:
    # More than a pipe holds, after a batch, so that it is not the main thread that waits.
    lines = messages({"leads": STREAMS["leads"]}, state="x" * 2**20)
    lines.insert(2, lines.pop())
    with start(_settings(server, tmp_path), tmp_path, first=f"{SHORT}; desk._LAST_MOMENT = 1") as process:
        _feed(process, lines)
        # As soon as there is something to read, the writer fills the pipe.
        assert select.select([cast("IO[str]", process.stdout)], [], [], 60)[0]
        process.send_signal(signal.SIGTERM)
        assert process.wait(SOON) == 128 + signal.SIGTERM


def test_g02_no_wait_for_answers_keeps_a_signal_waiting(server: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # One that comes just before the main thread begins to wait is heeded only afterwards.
    waits: list[float] = []

    def note(futures: Any, timeout: float, *more: Any) -> Any:  # noqa: ANN401  # as it is
        waits.append(timeout)
        return concurrent.futures.wait(futures, timeout, *more)

    monkeypatch.setattr("target_hiringcenter.desk.wait", note)
    assert write(_settings(server, tmp_path), _lines()).code == 0
    assert waits
    assert max(waits) <= 1


def test_a_reader_of_states_that_goes_away_ends_the_run_and_nothing_is_done_twice(server: Sandbox, tmp_path: Path) -> None:
    before = snapshot(server)
    config = _settings(server, tmp_path)
    with start(config, tmp_path) as process:
        out = cast("IO[str]", process.stdout)
        _feed(process, _lines("prospects"))
        assert json.loads(out.readline()) == {"bookmark": "prospects"}
        out.close()
        _feed(process, _lines("notes"))
        log = cast("IO[str]", process.stderr).read()
        cast("IO[str]", process.stdin).close()
        process.stdin = None
    assert process.returncode == 1
    assert "is gone" in log
    assert "Traceback" not in log
    again = write(config, _lines("notes", "leads", "support_tickets"))
    assert again.code == 0
    assert again.counts("notes") == {"unchanged": 4}
    assert violations(server, before, *(Given(stream, ("id",), records) for stream, records in STREAMS.items())) == []


BAD = {"id": "bad", "firstName": "F", "email": "f@example.com"}
HOOK = {"id": "h1", "url": "https://example.com/hook", "events": ["lead.created"]}


@needs_full_device
@pytest.mark.parametrize(
    ("setting", "stream", "record"),
    [("rejects_path", "prospects", BAD), ("webhook_secrets_path", "webhooks", HOOK)],
)
def test_what_cannot_be_kept_ends_the_run_without_a_state(setting: str, stream: str, record: dict[str, Any], server: Sandbox, tmp_path: Path) -> None:
    lines = messages({stream: [record]})
    with start(_settings(server, tmp_path, max_rejects=9, **{setting: "/dev/full"}), tmp_path) as process:
        _feed(process, lines)
        states, log, _ = _end(process)
    assert process.returncode == 1
    assert states == []
    assert "Can't write: No space left on device" in log
    assert "Traceback" not in log
    again = write(_settings(server, tmp_path, max_rejects=9), lines)
    assert again.code == 0
    assert again.states == [{"bookmark": "end"}]
    assert len(again.rejects) == (setting == "rejects_path")
    assert sum(row["url"] == HOOK["url"] for row in server.kept("webhooks").values()) == (stream == "webhooks")


@needs_full_device
def test_a_plan_that_cannot_be_kept_ends_a_dry_run(server: Sandbox, tmp_path: Path) -> None:
    before = snapshot(server)
    with start(_settings(server, tmp_path, dry_run=True, plan_path="/dev/full"), tmp_path) as process:
        _feed(process, _lines("prospects"))
        states, log, _ = _end(process)
    assert (process.returncode, states) == (1, [])
    assert "Can't write: No space left on device" in log
    assert writes(server, before) == []


def test_rejects_may_be_thrown_away(server: Sandbox, tmp_path: Path) -> None:
    ended = write(_settings(server, tmp_path, max_rejects=9, rejects_path=os.devnull), messages({"prospects": [BAD]}))
    assert ended.code == 0
    assert ended.states == [{"bookmark": "end"}]
