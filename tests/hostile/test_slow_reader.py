"""T-25 for the tap: whoever reads its output may be slow, stop, or go away; what is read ahead stays bounded, and no STATE is ahead of its lines."""

from __future__ import annotations

import json
import resource
import subprocess
import time
from pathlib import Path

import pytest

from tests.running import catalog, command_line, settings_for
from tests.sandbox import Sandbox, Variant, World

_LEADS = 1_500


def _held(pid: int) -> float:
    """The memory that a process holds, in MiB."""
    text = Path(f"/proc/{pid}/statm").read_text(encoding="utf-8")
    return int(text.split()[1]) * resource.getpagesize() / 2**20


def _settled(sandbox: Sandbox) -> int:
    """How many requests there were once no more come."""
    seen = -1
    while seen != len(sandbox.requests):
        seen = len(sandbox.requests)
        # That nothing comes is no event.
        time.sleep(0.5)
    return seen


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="only Linux tells what a process holds while it runs")
def test_t25_a_reader_that_stops_reading_stops_the_asking(tmp_path: Path) -> None:
    """The leads are far more than what is read ahead and what a pipe holds, so most of them must not have been asked for."""
    with Sandbox(
        World(seed=7, size=_LEADS, **dict.fromkeys(("activities_per_lead", "messages_per_lead"), 0)), variant=Variant(prospectb2b_page_size=10)
    ) as sandbox:
        command = command_line(settings_for(sandbox), tmp_path, selection=catalog("leads", full_table=["leads"]))
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
            assert process.stdout
            head = [process.stdout.readline() for _ in range(10)]
            while len(sandbox.requests) < 10:
                time.sleep(0.05)
            asked, held = _settled(sandbox), _held(process.pid)
            rest = process.stdout.read()
            process.wait()
        lines = [json.loads(line) for line in "".join([*head, rest]).split("\n")[:-1]]
    # 1,500 leads are 150 pages.
    assert asked < 100
    assert held < 250
    assert process.returncode == 0
    assert len({line["record"]["id"] for line in lines if line["type"] == "RECORD"}) == _LEADS


def _until_gone(command: list[str], count: int) -> tuple[list[str], str, int]:
    """Read so many lines, and go away."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stderr
        lines = [process.stdout.readline() for _ in range(count)]
        process.stdout.close()
        told = process.stderr.read()
    return lines, told, process.returncode


def test_t25_no_state_is_ahead_of_the_lines_that_a_reader_got_before_it_went_away(tmp_path: Path) -> None:
    with Sandbox(World(seed=7, size=150), variant=Variant(prospectb2b_page_size=10)) as sandbox:
        command = command_line(settings_for(sandbox), tmp_path, selection=catalog("leads", "campaigns", "campaign_logs", "jobs"))
        for count in (1, 120, 170):
            lines, told, code = _until_gone(command, count)
            assert code != 0
            assert "Traceback" not in told
            _refuse_states_ahead(sandbox, lines)


def _refuse_states_ahead(sandbox: Sandbox, lines: list[str]) -> None:
    """Each bookmark of leads in the lines must have every lead before it among the records that came earlier."""
    seen: set[str] = set()
    for message in map(json.loads, lines):
        if message["type"] == "RECORD" and message["stream"] == "leads":
            seen.add(message["record"]["id"])
        if message["type"] == "STATE":
            bookmark = message["value"].get("bookmarks", {}).get("leads", {}).get("replication_key_value", "")
            missing = [row["id"] for row in sandbox.truth("leads") if row["updated_at"] < bookmark and row["id"] not in seen]
            assert missing == []
