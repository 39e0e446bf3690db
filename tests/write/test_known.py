"""Records that the ledger knows as they came: unchanged for as long as nothing that shapes what is sent has changed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.effects import snapshot, writes
from tests.writing import messages, settings_for, write

if TYPE_CHECKING:
    from pathlib import Path

    from tests.sandbox import Sandbox

ADA = {"id": "p1", "firstName": "Ada", "lastName": "Lovelace", "email": "ada@example.com", "city": None}
BOB = {"id": "p2", "firstName": "Bob", "lastName": "Boole", "email": "bob@example.com", "city": "Cork"}
LINES = messages({"prospects": [ADA, BOB]})
UPPER = {"stream_maps": {"prospects": {"lastName": "lastName.upper()"}}}


def _without_city(lines: list[str]) -> list[str]:
    """The same records, with a SCHEMA and without a column of theirs."""
    found: list[dict[str, Any]] = [json.loads(line) for line in lines]
    for message in found:
        message.get("record", {}).pop("city", None)
        message.get("schema", {}).get("properties", {}).pop("city", None)
    return [json.dumps(message) for message in found]


@pytest.mark.parametrize(
    ("settings", "lines", "written"),
    [
        ({}, LINES, 0),
        # The columns in another order make the same form.
        ({}, messages({"prospects": [dict(reversed(ADA.items())), dict(reversed(BOB.items()))]}), 0),
        ({}, messages({"prospects": [ADA, {**BOB, "city": "Dublin"}]}), 1),
        (UPPER, LINES, 2),
        # Only what is null is sent otherwise.
        ({"null_policy": "clear"}, LINES, 1),
        ({"mute_webhooks": True}, LINES, 2),
        # What no longer comes stays as it was.
        ({}, _without_city(LINES), 1),
        ({"resend_unchanged": True}, LINES, 2),
    ],
    ids=["the same", "another order", "another value", "a stream map", "another setting", "another setting of all", "a column less", "sent again"],
)
def test_only_what_is_sent_otherwise_is_written_again(
    sandbox: Sandbox, tmp_path: Path, settings: dict[str, Any], lines: list[str], written: int
) -> None:
    config = settings_for(sandbox, tmp_path)
    assert write(config, LINES).code == 0
    for expected in (written, written if settings.get("resend_unchanged") else 0):
        before = snapshot(sandbox)
        assert write({**config, **settings}, lines).code == 0
        assert len(writes(sandbox, before)) == expected


def test_what_is_mapped_to_the_same_as_before_is_not_written_again(sandbox: Sandbox, tmp_path: Path) -> None:
    config = settings_for(sandbox, tmp_path)
    assert write(config, LINES).code == 0
    before = snapshot(sandbox)

    assert write({**config, "stream_maps": {"prospects": {"lastName": "lastName.strip()"}}}, LINES).code == 0

    assert writes(sandbox, before) == []
