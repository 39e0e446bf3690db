"""Files of JSON lines: whole lines, for the owner's eyes only, and an error where they can't be kept."""

from __future__ import annotations

import errno
import json
import os
import stat
import threading
from pathlib import Path

import pytest

from target_hiringcenter.files import Lines

needs_full_device = pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")


def _read(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_the_file_is_made_with_its_first_line_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "lines.jsonl"
    lines = Lines(str(path))
    lines.sync()
    assert not path.exists()
    lines.append({"a": "ü\n"})
    assert _read(path) == [{"a": "ü\n"}]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(("is_new", "expected"), [(False, [{"run": 1}, {"run": 2}]), (True, [{"run": 2}])])
def test_what_an_earlier_run_left_stays_unless_the_file_is_to_be_new(*, is_new: bool, expected: list[object], tmp_path: Path) -> None:
    path = tmp_path / "lines.jsonl"
    Lines(str(path)).append({"run": 1})
    Lines(str(path), is_new=is_new).append({"run": 2})
    assert _read(path) == expected


def test_opening_empties_a_new_file_once(tmp_path: Path) -> None:
    path = tmp_path / "lines.jsonl"
    path.write_text("{}\n")
    lines = Lines(str(path), is_new=True)
    lines.open()
    assert path.read_text() == ""
    lines.append({"a": 1})
    lines.append({"a": 2})
    assert _read(path) == [{"a": 1}, {"a": 2}]


def test_a_line_that_the_system_takes_in_parts_arrives_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = os.write
    monkeypatch.setattr(os, "write", lambda file, data: whole(file, bytes(data[:3])))
    path = tmp_path / "lines.jsonl"
    Lines(str(path)).append({"name": "x" * 50})
    monkeypatch.undo()
    assert _read(path) == [{"name": "x" * 50}]


def test_lines_of_many_threads_do_not_mix(tmp_path: Path) -> None:
    path = tmp_path / "lines.jsonl"
    lines = Lines(str(path))

    def append(thread: int) -> None:
        for number in range(50):
            lines.append({"thread": thread, "number": number, "long": "x" * 5000})

    threads = [threading.Thread(target=append, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = _read(path)
    assert len(found) == 400
    assert [line["number"] for line in found if line["thread"] == 3] == list(range(50))


@needs_full_device
def test_a_full_disk_is_an_error() -> None:
    with pytest.raises(OSError, match="No space") as caught:
        Lines("/dev/full").append({"a": 1})
    assert caught.value.errno == errno.ENOSPC


def test_a_path_that_cannot_be_made_is_known_at_once(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        Lines(str(tmp_path / "no" / "lines.jsonl")).open()


def test_what_did_not_arrive_on_the_disk_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = Lines(str(tmp_path / "lines.jsonl"))
    lines.append({"a": 1})

    def fail(_: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="Input/output"):
        lines.sync()
