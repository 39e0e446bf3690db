"""Log lines as JSON: with the example's logging config, every line of standard error is one object, whatever happens."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests import running, writing
from tests.operations.example import EXAMPLES, run
from tests.sandbox import Fault

if TYPE_CHECKING:
    from pathlib import Path

    from tests.sandbox import Sandbox

AS_JSON = {"SINGER_SDK_LOG_CONFIG": str(EXAMPLES / "logging.yaml"), "LOGLEVEL": "DEBUG"}
ADA = {"id": "p1", "firstName": "Ada", "lastName": "Lovelace", "email": "ada@example.com"}


def lines(log: str, *secrets: str) -> list[dict[str, Any]]:
    """The lines of a log, each an object that says when, how grave and what; and nothing in it of what must stay away."""
    found = [json.loads(line) for line in log.splitlines()]
    assert found
    for line in found:
        assert isinstance(line["ts"], float)
        assert isinstance(line["level"], str)
        assert isinstance(line["message"], str)
        assert line["app_name"] == "hiringcenter-singer"
    assert [secret for secret in secrets if secret in log] == []
    return found


def messages_at(level: str, log: list[dict[str, Any]]) -> str:
    return "\n".join(line["message"] for line in log if line["level"] == level)


def people(sandbox: Sandbox) -> list[str]:
    """What tells who is in the account, and the keys that open it."""
    rows = [*sandbox.truth("prospects"), *sandbox.truth("leads")]
    found = [row[name] for row in rows for name in ("email", "phone") if row.get(name)]
    assert found
    return [*found, sandbox.hiringcenter_key, sandbox.prospectb2b_key, sandbox.closershq_key]


def test_each_line_of_the_tap_is_an_object(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.scopes = sandbox.scopes - {"support.read"}
    sandbox.inject(Fault("status", stream="prospects", status=503))
    sandbox.inject(Fault("status", stream="lead_activities", status=400, times=None))
    config = running.settings_for(sandbox)

    ended = running.execute(config, tmp_path, selection=running.catalog("prospects", "leads", "lead_activities"), environment=AS_JSON)

    assert ended.returncode == 1
    log = lines(ended.stderr, *people(sandbox))
    assert "asking again in" in messages_at("warning", log)
    assert "support_tickets is left out" in messages_at("warning", log)
    assert "lead_activities is not complete" in messages_at("error", log)
    assert "The run is partial.\nstream " in messages_at("info", log)


def test_each_line_of_the_target_is_an_object(sandbox: Sandbox, tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    config.write_text(json.dumps(writing.settings_for(sandbox, tmp_path)), encoding="utf-8")
    given = "\n".join(writing.messages({"prospects": [ADA, {**ADA, "id": "p2", "firstName": None}]})) + "\n"

    ended = run("target", "--config", str(config), given=given, environment=AS_JSON)

    assert ended.returncode == 1
    log = lines(ended.stderr, *people(sandbox), *(value for name, value in ADA.items() if name != "id"))
    assert "Rejected records: 1" in messages_at("warning", log)


@pytest.mark.parametrize("which", ["tap", "target"])
def test_a_refusal_is_an_object_as_well(which: str, sandbox: Sandbox, tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    config.write_text(json.dumps({**sandbox.tap_config(), "max_concurrency": 0, "mistyped": 1}), encoding="utf-8")

    ended = run(which, "--config", str(config), environment=AS_JSON)

    assert ended.returncode == 1
    log = lines(ended.stderr, *people(sandbox))
    assert "mistyped" in messages_at("error", log)


@pytest.mark.parametrize("which", ["tap", "target"])
def test_a_wrong_key_is_an_object_as_well(which: str, sandbox: Sandbox, tmp_path: Path) -> None:
    settings = running.settings_for(sandbox) if which == "tap" else writing.settings_for(sandbox, tmp_path)
    config = tmp_path / "config.json"
    config.write_text(json.dumps({**settings, "hiringcenter_api_key": "a-wrong-key"}), encoding="utf-8")
    given = "" if which == "tap" else "\n".join(writing.messages({"prospects": [ADA]})) + "\n"

    ended = run(which, "--config", str(config), given=given, environment=AS_JSON)

    assert ended.returncode == 1
    assert "Check the setting *_api_key" in messages_at("error", lines(ended.stderr, "a-wrong-key", *people(sandbox)))
