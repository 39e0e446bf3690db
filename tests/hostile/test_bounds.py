"""A hostile server can stop a stream, but never the machine: memory and time are bounded, and the other streams come whole."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.hostile import process
from tests.hostile.bounds import CASES, bomb, packed
from tests.hostile.raw import answer, endless, listed, serving
from tests.running import catalog
from tests.writing import messages

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.hostile.bounds import Case
    from tests.hostile.raw import Handler

# What a run may hold at most, in MiB: an answer of 128 MB (docs/guarantees.md) as bytes, as text and as a few joined copies of both.
MOST = 600
# No try takes longer than `request_timeout_seconds`; this is what the machine may need beside it.
SLACK = 60.0
TRIES = 8
STREAMS = ("campaigns", "jobs", "referrals", "imports", "exports", "webhooks")


def check(names: Sequence[str], folder: Path) -> list[str]:
    """What is wrong with a run in which some streams get such answers; nothing when each has failed alone, or has come whole.

    Args:
        names: The answers, one for each of the first streams; all of them with the same time-out.
        folder: Where the run's files go.
    """
    cases = [CASES[name] for name in names]
    folder.mkdir(exist_ok=True)
    (folder / "catalog.json").write_text(json.dumps(catalog(*STREAMS)), encoding="utf-8")
    routes = {f"/{stream}": answer(listed({"id": "row_1"})) for stream in STREAMS}
    routes |= {f"/{stream}": case.respond() for stream, case in zip(STREAMS, cases, strict=False)}
    with serving(routes) as server:
        began = time.monotonic()
        config = server.config(request_timeout_seconds=cases[0].seconds)
        ended = process.run("tap", folder / "run", config, "--catalog", str(folder / "catalog.json"))
        took = time.monotonic() - began
        asked = [request.path.rpartition("/")[2] for request in server.asked]
    found = [f"{stream} is not complete" for stream in STREAMS[len(names) :] if ended.streams[stream]["status"] != "complete"]
    for name, case, stream in zip(names, cases, STREAMS, strict=False):
        found += [f"{name}: {wrong}" for wrong in _wrong(case, ended.streams[stream], f"GET /{stream}", asked.count(stream))]
    is_complete = all(entry["status"] == "complete" for entry in ended.streams.values())
    if ended.code != int(not is_complete):
        found.append(f"{names}: the exit code is {ended.code}")
    if ended.peak > MOST and not any(case.is_long and case.is_good for case in cases):
        found.append(f"{names}: {ended.peak:.0f} MiB")
    if took > max(case.seconds * (1 if case.is_final else TRIES) for case in cases) + SLACK:
        found.append(f"{names}: took {took:.0f} s")
    if "Traceback" in ended.log or "mistake in this tap" in ended.log:
        found.append(f"{names}: a stack trace")
    return found


def _wrong(case: Case, entry: dict[str, Any], asked: str, tries: int) -> list[str]:
    """What is wrong with what became of one stream."""
    found = []
    is_complete = entry["status"] == "complete"
    if case.is_good is not None and is_complete != case.is_good:
        found.append(f"the stream is {entry['status']}: {entry['reason']}")
    if not is_complete and case.is_good is False and asked not in str(entry["reason"]):
        found.append(f"the reason doesn't say what was asked: {entry['reason']}")
    if tries > (1 if case.is_final else TRIES):
        found.append(f"asked {tries} times")
    return found


def together() -> list[list[str]]:
    """The answers that don't take long, as many of the same kind in one run as there are streams for them; what takes memory is alone."""
    groups: dict[object, list[list[str]]] = {}
    for name, case in CASES.items():
        if case.is_long:
            continue
        found = groups.setdefault(name if case.is_final else (case.is_good, case.seconds), [[]])
        if len(found[-1]) == len(STREAMS) - 1:
            found.append([])
        found[-1].append(name)
    return [group for found in groups.values() for group in found]


@pytest.mark.parametrize("names", together(), ids=lambda names: names[0])
def test_an_answer_without_measure_stops_its_stream_and_not_the_machine(names: list[str], tmp_path: Path) -> None:
    assert check(names, tmp_path) == []


def test_a_list_without_end_ends_at_max_requests_with_what_it_brought(tmp_path: Path) -> None:
    """Always more, with fresh tokens and new rows: nothing tells it from an honest list, so only `max_requests` ends it."""

    def respond(handler: Handler) -> None:
        number = len(handler.server.asked)
        answer(listed(*({"id": f"job_{number}_{row}", "message": "x" * 1000} for row in range(50)), cursor=f"token_{number}"))(handler)

    (tmp_path / "catalog.json").write_text(json.dumps(catalog("jobs")), encoding="utf-8")
    with serving({"/jobs": respond}) as server:
        ended = process.run("tap", tmp_path / "run", server.config(max_requests=100), "--catalog", str(tmp_path / "catalog.json"))
    assert ended.code == 1
    assert len(server.asked) <= 100
    assert ended.streams["jobs"]["records"] > 3_000
    assert "max_requests" in ended.streams["jobs"]["reason"]
    assert ended.peak < 200


@pytest.mark.parametrize("path", ["/me", "/leads/bulk"])
def test_the_target_takes_no_answer_without_measure(path: str, tmp_path: Path) -> None:
    records = messages({"leads": [{"id": str(number), "full_name": "n", "email": f"a{number}@example.com"} for number in range(3)]})
    files = {"ledger_uri": f"sqlite:///{tmp_path / 'ledger.db'}", "rejects_path": str(tmp_path / "rejects.jsonl")}
    for name, respond in {"bomb": packed(bomb(256), "gzip"), "stream": endless(b"HTTP/1.1 200 OK\r\n\r\n", b" " * 2**20)}.items():
        with serving({path: respond}) as server:
            ended = process.run("target", tmp_path / name, server.config(request_timeout_seconds=20, **files), lines=records)
        assert ended.code == 1
        assert ended.peak < MOST
        assert not [message for message in ended.messages if message["type"] == "STATE"] or path != "/me"
