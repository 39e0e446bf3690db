"""Rejects that are replayed: only the records that were rejected come again, and no STATE."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.effects import snapshot, writes
from tests.operations.example import play
from tests.writing import messages, settings_for, write

if TYPE_CHECKING:
    from pathlib import Path

    from tests.sandbox import Sandbox

PEOPLE: list[dict[str, Any]] = [
    {"nr": number, "region": "north", "firstName": "Ada", "lastName": f"Number {number}", "email": f"ada{number}@example.com"} for number in range(6)
]
KEYS = {"prospects": ("nr", "region"), "leads": ("nr",)}


def input_of(people: list[dict[str, Any]]) -> list[str]:
    leads = [{"nr": 4, "email": "lead@example.com"}]
    return messages({"prospects": people, "leads": leads}, keys=KEYS)


def mended(spoilt: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**person, "firstName": "Ada", "title": "mended"} if person["firstName"] is None else {**person, "title": "new"} for person in spoilt]


def test_what_was_rejected_is_written_when_it_is_replayed_and_nothing_else(sandbox: Sandbox, tmp_path: Path) -> None:
    spoilt = [{**person, "firstName": None} if person["nr"] in {2, 4} else person for person in PEOPLE]
    config = settings_for(sandbox, tmp_path)
    first = write(config, input_of(spoilt))
    assert first.counts("prospects") == {"written": 4, "rejected": 2}
    (tmp_path / "rejects.jsonl").rename(tmp_path / "old.jsonl")
    before = snapshot(sandbox)

    replayed = play("replay.py", tmp_path / "old.jsonl", given="\n".join(input_of(mended(spoilt))) + "\n")
    again = write(config, replayed.stdout.splitlines())

    assert replayed.returncode == 0
    assert replayed.stderr == "2 of 2 rejected records came again; rejects without a key: 0\n"
    assert again.code == 0
    assert again.counts("prospects") == {"written": 2}
    assert "leads" not in again.report["streams"]
    assert again.states == []
    assert len(writes(sandbox, before)) == 2
    # Once more, an old line does no harm.
    before = snapshot(sandbox)
    assert write(config, replayed.stdout.splitlines()).counts("prospects") == {"unchanged": 2}
    assert writes(sandbox, before) == []


def test_rejects_that_do_not_come_or_name_no_record_are_told(tmp_path: Path) -> None:
    rejects = [
        {"stream": "prospects", "key": {"nr": "2", "region": "north"}},
        {"stream": "prospects", "key": {"region": "north", "nr": 3}},
        {"stream": "prospects", "key": {"nr": 3, "region": "south"}},
        {"stream": "meetings", "key": {"nr": 1}},
        {"stream": "prospects", "key": {}},
    ]
    file = tmp_path / "rejects.jsonl"
    file.write_text("".join(json.dumps(reject) + "\n" for reject in rejects), encoding="utf-8")
    given = input_of(PEOPLE)

    ended = play("replay.py", file, given="\n".join(given) + "\n")

    assert ended.stderr == "2 of 4 rejected records came again; rejects without a key: 1\n"
    # Untouched: the very lines of the tap.
    assert ended.stdout.splitlines() == [given[0], given[3], given[4]]


@pytest.mark.parametrize("content", [None, '{"stream": "prospects", "key": {"nr": 1}}\n{"stream": "pros', "[]\n", '{"key": {"nr": 1}}\n'], ids=ascii)
def test_a_file_of_rejects_that_cannot_be_read_lets_nothing_through(content: str | None, tmp_path: Path) -> None:
    file = tmp_path / "rejects.jsonl"
    if content is not None:
        file.write_text(content, encoding="utf-8")

    ended = play("replay.py", file, given="\n".join(input_of(PEOPLE)) + "\n")

    assert (ended.returncode, ended.stdout) == (1, "")
    assert len(ended.stderr.splitlines()) == 1
    assert str(file) in ended.stderr
