"""I6 for the tap: no key and nothing of a row gets anywhere but into a record, whatever goes wrong and however much is logged."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import signal
import struct
import termios
import threading
import time
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from tests.auditor import EVERY_STREAM
from tests.hostile import process
from tests.hostile.canaries import EMAIL, LOUD, WORD, leaks, leaks_of, loudest, mark, marked
from tests.hostile.faults import FOR_ALL, plan
from tests.running import catalog, settings_for
from tests.sandbox import Sandbox, Variant, World

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def world() -> Iterator[Sandbox]:
    """A small world that lasts for the module."""
    with Sandbox(World(seed=7, size=3, webhooks=2, lead_fields=3), variant=Variant(prospectb2b_page_size=2)) as sandbox:
        yield sandbox


@pytest.fixture
def server(world: Sandbox) -> Sandbox:
    """The world, with no faults."""
    world.heal()
    return world


def choose(folder: Path, *streams: str) -> list[str]:
    """The arguments that select some streams, or all."""
    path = folder / "catalog.json"
    path.write_text(json.dumps(catalog(*(streams or EVERY_STREAM))), encoding="utf-8")
    return ["--catalog", str(path)]


def tap(server: Sandbox, folder: Path, *arguments: str, **settings: Any) -> process.Ended:  # noqa: ANN401 - any setting
    """Run the tap, as loud as it can be."""
    return process.run("tap", folder / "run", settings_for(server, **settings), *arguments, environment=loudest(folder))


# Each stream meets each fault in `python -m tests.hostile`.
@pytest.mark.parametrize("turn", [0, 5, 11])
def test_i6_nothing_of_an_answer_is_told_whatever_is_wrong_with_it(turn: int, server: Sandbox, tmp_path: Path) -> None:
    faults = plan(turn)
    for fault in faults.values():
        server.inject(fault)
    ended = tap(server, tmp_path, *choose(tmp_path))
    assert leaks_of(ended) == []
    assert ended.code == 1
    assert sum(fault.played > 0 for fault in faults.values()) > len(faults) / 2
    assert [line for line in ended.out.split("\n") if '"RECORD"' in line and WORD in line]
    assert "DEBUG" in ended.log
    assert "Traceback" not in ended.log


@pytest.mark.parametrize("name", FOR_ALL)
def test_i6_nothing_is_told_of_an_answer_that_ends_a_system(name: str, server: Sandbox, tmp_path: Path) -> None:
    server.inject(FOR_ALL[name]())
    server.inject(marked())
    ended = tap(server, tmp_path, *choose(tmp_path, "leads", "lead_messages", "notes", "prospects"))
    assert leaks_of(ended) == []
    assert "Traceback" not in ended.log


def test_i6_a_clean_run_tells_nothing_but_records(server: Sandbox, tmp_path: Path) -> None:
    server.inject(marked())
    ended = tap(server, tmp_path, *choose(tmp_path))
    assert ended.code == 0
    assert leaks_of(ended) == []
    for stream in EVERY_STREAM:
        lines = [line for line in ended.out.split("\n") if f'"stream":"{stream}"' in line and '"RECORD"' in line]
        assert any(WORD in line for line in lines), stream
    assert EMAIL in ended.out
    assert [message["type"] for message in ended.messages].count("STATE") > 1


def test_i6_a_query_is_not_logged_even_where_the_http_library_is_asked_to(server: Sandbox, tmp_path: Path) -> None:
    ended = tap(server, tmp_path, *choose(tmp_path, "leads", "notes"))
    assert ended.code == 0
    assert [word for word in ("cursor=", "updated_after", "pageToken=", "Bearer") if word in ended.log] == []


@pytest.mark.parametrize("option", ["--test", "--discover", "--about", "--about --format=json"])
def test_i6_no_option_tells_a_key_or_what_an_answer_holds(option: str, server: Sandbox, tmp_path: Path) -> None:
    server.inject(marked())
    ended = tap(server, tmp_path, *option.split())
    assert ended.code == 0
    assert ended.out
    assert leaks_of(ended) == []


MAPS = {
    "raises at each row": {"full_name": "int(email)"},
    "takes a field that isn't there": {"full_name": "nothing_of_that_name + email"},
    "can't be parsed": {"full_name": "int("},
    "filters by what raises": {"__filter__": "float(email) > 1"},
}


@pytest.mark.parametrize("name", MAPS)
def test_i6_a_stream_map_that_fails_quotes_no_row(name: str, server: Sandbox, tmp_path: Path) -> None:
    server.inject(marked())
    ended = tap(server, tmp_path, *choose(tmp_path, "leads", "jobs"), stream_maps={"leads": MAPS[name]})
    assert leaks_of(ended) == []
    assert ended.code == 1
    assert "Traceback" not in ended.log


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_i6_a_run_that_is_stopped_tells_nothing(number: signal.Signals, server: Sandbox, tmp_path: Path) -> None:
    server.inject(marked())
    begin = partial(process.start, "tap", tmp_path / "run", settings_for(server), *choose(tmp_path), environment=loudest(tmp_path))
    ended = process.stop_while_it_waits(server, 12, number, begin)
    assert leaks_of(ended) == []
    assert ended.code == 128 + number
    assert "Traceback" not in ended.log


def slowly(body: Any) -> Any:  # noqa: ANN401 - any JSON
    """Canaries, after a while."""
    time.sleep(0.15)
    return mark(body)


def test_i6_the_progress_line_tells_nothing(server: Sandbox, tmp_path: Path) -> None:
    # The line is written anew ten times a second at most, so rows must come more slowly.
    server.inject(marked(slowly))
    ours, theirs = pty.openpty()
    # On a terminal without a width there is no room for a description.
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 200, 0, 0))
    told = bytearray()

    def read() -> None:
        # Reading fails once the other end is closed.
        with suppress(OSError):
            while True:
                told.extend(os.read(ours, 4096))

    reader = threading.Thread(target=read)
    reader.start()
    options = choose(tmp_path, "leads", "prospects", "inbox_messages")
    ended = process.run("tap", tmp_path / "run", settings_for(server), *options, environment=LOUD, terminal=os.ttyname(theirs))
    os.close(theirs)
    reader.join(10)
    os.close(ours)
    assert ended.code == 0
    text = told.decode("utf-8", "replace")
    assert " records" in text
    assert leaks(text) == []
    assert leaks_of(ended) == []
