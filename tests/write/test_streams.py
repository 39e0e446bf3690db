"""Every sink, over real HTTP: each record has its one effect, and the same input again has none."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING, Any

import pytest

from tests.effects import Given, snapshot, violations, writes, writes_by_stream
from tests.effects.example import KEY_PROPERTIES, Player
from tests.sandbox import Sandbox, Variant, World
from tests.writing import json_lines, messages, settings_for, write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

VARIANTS = {
    "current": Variant(),
    "older": Variant(hiringcenter_shape="older", idempotency="ignored"),
    "mixed": Variant(hiringcenter_shape="mixed", hiringcenter_end="null", closershq_answers="empty"),
    "shuffled": Variant(bulk_order="shuffled", bulk_refusal="rows", closershq_answers="text", closershq_exists_status=400),
}


@pytest.fixture(params=VARIANTS)
def server(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    with Sandbox(World(seed=7, size=6), variant=VARIANTS[request.param]) as found:
        yield found


def _input(player: Player) -> tuple[list[Given], list[str]]:
    given = player.input()
    return given, messages({one.stream: one.records for one in given}, keys=KEY_PROPERTIES)


def _settings(server: Sandbox, folder: Path) -> dict[str, Any]:
    return settings_for(server, folder, hiringcenter_field_names="older" if server.variant.is_older("notes") else "current")


def test_each_record_has_one_effect_and_none_the_second_time(server: Sandbox, tmp_path: Path) -> None:
    player = Player(server)
    given, lines = _input(player)
    config = _settings(server, tmp_path)
    first = write(config, lines)
    assert first.error is None
    assert first.rejects == []
    assert first.code == 0
    assert first.states == [{"bookmark": "end"}]
    assert violations(server, player.before, *given) == []
    before = snapshot(server)
    second = write(config, lines)
    assert second.code == 0
    assert writes(server, before) == []
    assert {name for entry in second.report["streams"].values() for name in ("written", "rejected", "skipped") if entry[name]} == set()


def test_a_secret_that_is_shown_once_is_kept_for_its_owner(sandbox: Sandbox, tmp_path: Path) -> None:
    hook = {"id": "h1", "url": "https://example.com/hook", "events": ["lead.created"]}
    config = settings_for(sandbox, tmp_path)
    assert write(config, messages({"webhooks": [hook]})).code == 0
    (line,) = json_lines(config["webhook_secrets_path"])
    assert line["signing_secret"].startswith("whsec_")
    assert stat.S_IMODE((tmp_path / "secrets.jsonl").stat().st_mode) == 0o600


def test_meltano_runs_of_one_stream_leave_the_others_alone(sandbox: Sandbox, tmp_path: Path) -> None:
    before = snapshot(sandbox)
    prospect = {"id": "1", "firstName": "Ada", "lastName": "Lovelace", "email": "ada@example.com"}
    assert write(settings_for(sandbox, tmp_path), messages({"prospects": [prospect]})).counts("prospects") == {"written": 1}
    assert writes_by_stream(sandbox, before) == {"prospects": 1}
