"""I5, T-02, T-03, T-20, G-09 over real HTTP: tap and target, alone and at once, against a server whose minutes are short."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from typing import IO, TYPE_CHECKING, Any, cast

import pytest

from tests import running, writing
from tests.auditor import differences
from tests.effects import Given, snapshot, violations
from tests.running import Outcome, sync
from tests.sandbox import Fault, Limits, Sandbox, Variant, World
from tests.writing import messages, write

if TYPE_CHECKING:
    from pathlib import Path

# A minute of the server and of the connector.
_MINUTE = 2.0
_MOST = 20
_FASTER = f"from tap_hiringcenter.api import transport; transport.MINUTE = {_MINUTE}"
_STREAMS = ("leads", "lead_activities")
_TICKETS = [{"id": f"t{number}", "subject": "s", "body": f"{number}"} for number in range(20)]
_LEADS = [{"id": f"l{number}", "full_name": f"F {number}", "email": f"l{number}@example.com"} for number in range(30)]
_ONE_BY_ONE = {"leads_write_mode": "upsert"}


@pytest.fixture
def _fast_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tap_hiringcenter.api.transport.MINUTE", _MINUTE)


def _limited(variant: Variant | None = None, *, headers: bool = True) -> Sandbox:
    limits = Limits(per_minute=_MOST, minute_seconds=_MINUTE, headers=headers)
    return Sandbox(World(seed=7, size=20), variant=variant or Variant(prospectb2b_page_size=5), limits=limits)


def _refused(sandbox: Sandbox) -> int:
    return sum(request.status == 429 for request in sandbox.requests)


_TELLING = {
    "headers": (Variant(prospectb2b_page_size=5, ratelimit_reset="epoch"), True, 0),
    "nothing, as it is set": (Variant(prospectb2b_page_size=5), False, 0),
    "headers, lower than set": (Variant(prospectb2b_page_size=5, ratelimit_reset="delta"), True, 0),
    "nothing but 429s, lower than set": (Variant(prospectb2b_page_size=5), False, 30),
}


@pytest.mark.usefixtures("_fast_minutes")
@pytest.mark.parametrize("telling", _TELLING)
def test_i5_the_tap_keeps_to_the_servers_limit(telling: str) -> None:
    variant, headers, most_refused = _TELLING[telling]
    ceiling = 2 * _MOST if "lower" in telling else _MOST
    with _limited(variant, headers=headers) as sandbox:
        run = sync(running.settings_for(sandbox, prospectb2b_requests_per_minute=ceiling), *_STREAMS)
        assert run.code == 0
        assert differences(sandbox, [run], _STREAMS) == []
        assert len(sandbox.requests) > _MOST
        assert _refused(sandbox) <= most_refused


@pytest.mark.usefixtures("_fast_minutes")
@pytest.mark.parametrize("telling", _TELLING)
def test_g09_the_target_keeps_to_the_servers_limit(telling: str, tmp_path: Path) -> None:
    variant, headers, most_refused = _TELLING[telling]
    ceiling = 2 * _MOST if "lower" in telling else _MOST
    with _limited(variant, headers=headers) as sandbox:
        before = snapshot(sandbox)
        config = writing.settings_for(sandbox, tmp_path, prospectb2b_requests_per_minute=ceiling, **_ONE_BY_ONE)
        run = write(config, messages({"leads": _LEADS}))
        assert run.code == 0
        assert violations(sandbox, before, Given("leads", ("id",), _LEADS)) == []
        assert len(sandbox.requests) > _MOST
        assert _refused(sandbox) <= most_refused


@pytest.mark.parametrize("headers", [True, False], ids=["headers", "nothing but 429s"])
def test_i5_tap_and_target_at_once_on_one_key_both_complete(headers: bool, tmp_path: Path) -> None:  # noqa: FBT001  # a parameter of the test
    with _limited(headers=headers) as sandbox:
        before = snapshot(sandbox)
        config = writing.settings_for(sandbox, tmp_path, prospectb2b_requests_per_minute=_MOST)
        tap = _start_tap(running.settings_for(sandbox, prospectb2b_requests_per_minute=_MOST), tmp_path, *_STREAMS, first=_FASTER)
        with tap, writing.start(config, tmp_path, first=_FASTER) as target:
            lines = messages({"support_tickets": _TICKETS})
            _, log = target.communicate("".join(f"{line}\n" for line in lines), timeout=100)
            out, tap_log = tap.communicate(timeout=100)
        assert (tap.returncode, target.returncode) == (0, 0), tap_log + log
        run = Outcome(0, out.split("\n")[:-1], {})
        assert differences(sandbox, [run], _STREAMS) == []
        assert violations(sandbox, before, Given("support_tickets", ("id",), _TICKETS)) == []
        # Neither knows of the other but from what the server says; what is refused is asked again.
        assert _refused(sandbox) < len(sandbox.requests) / 3


@pytest.mark.parametrize("most", [1, 17, 30])
def test_t20_max_requests_is_exact_however_many_are_under_way(most: int, tmp_path: Path) -> None:
    with Sandbox(World(seed=7, size=30), variant=Variant(prospectb2b_page_size=5)) as sandbox:
        run = sync(running.settings_for(sandbox, max_requests=most, max_concurrency=16), *_STREAMS, "campaigns", "prospects", "tasks")
        assert run.code != 0
        assert len(sandbox.requests) == most
        written = write(writing.settings_for(sandbox, tmp_path, max_requests=most, max_concurrency=16, **_ONE_BY_ONE), messages({"leads": _LEADS}))
        assert written.code != 0
        assert len(sandbox.requests) == 2 * most


def test_t02_a_signal_while_a_429_is_waited_out_ends_the_tap(tmp_path: Path) -> None:
    with Sandbox(World(seed=7, size=12)) as sandbox:
        fault = Fault("status", path="/campaigns", status=429, headers={"Retry-After": "600"}, times=None)
        sandbox.inject(fault)
        config = running.settings_for(sandbox, run_report_path=str(tmp_path / "report.json"))
        with _start_tap(config, tmp_path, "campaigns", "leads") as tap:
            for line in cast("IO[str]", tap.stderr):
                if "asking again in 6" in line:
                    break
            began = time.monotonic()
            tap.send_signal(signal.SIGTERM)
            out, log = tap.communicate(timeout=100)
        assert time.monotonic() - began < 15
        assert tap.returncode == 128 + signal.SIGTERM
        assert "Traceback" not in log
        assert json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))["status"] != "complete"
        cut = Outcome(tap.returncode, out.split("\n")[:-1], {})
        sandbox.heal()
        rest = sync(running.settings_for(sandbox), "campaigns", "leads", state=cut.state if cut.states else None)
        assert differences(sandbox, [cut, rest], ["campaigns", "leads"]) == []


def _start_tap(config: dict[str, Any], folder: Path, *streams: str, first: str = "") -> subprocess.Popen[str]:
    """Start the tap in a process of its own, and some Python in it before."""
    place = folder / "tap"
    place.mkdir()
    command = running.command_line(config, place, selection=running.catalog(*streams))
    program = command.index("-c") + 1
    command[program] = f"{first}\n{command[program]}"
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
