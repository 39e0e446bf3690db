"""The executable: what it says, what it writes, and how it ends."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tap_hiringcenter.api.program import InputError
from tests.auditor import EVERY_STREAM
from tests.running import catalog, execute, settings_for, sync
from tests.sandbox import Sandbox, Variant, World

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

NOWHERE = "http://127.0.0.1:9/v2"


def errors(result: subprocess.CompletedProcess[str]) -> list[str]:
    return [line.split("| ", 3)[-1] for line in result.stderr.splitlines() if "| ERROR" in line]


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({}, "At least one key is needed: set hiringcenter_api_key or prospectb2b_api_key"),
        ({"hiringcenter_api_key": "k", "hiringcenter_page_sise": 5}, "hiringcenter_page_sise"),
        ({"hiringcenter_api_key": "k", "hiringcenter_page_size": 201}, "hiringcenter_page_size"),
        ({"hiringcenter_api_key": "k", "max_concurrency": 0}, "max_concurrency"),
        ({"hiringcenter_api_key": "k", "lookback_seconds": -1}, "lookback_seconds"),
        ({"hiringcenter_api_key": "k", "request_timeout_seconds": 0}, "request_timeout_seconds"),
        ({"hiringcenter_api_key": "k", "child_sync": "some"}, "child_sync"),
        ({"hiringcenter_api_key": "k", "start_date": "last week"}, "start_date must be"),
        ({"hiringcenter_api_key": "k", "hiringcenter_api_url": "http://api.example.com/v2"}, "hiringcenter_api_url must be an https URL"),
        ({"hiringcenter_api_key": "k\n"}, "hiringcenter_api_key holds a character that no key has"),
        ({"hiringcenter_api_key": "k", "hiringcenter_api_url": "https://api.example.com:port/v2"}, "hiringcenter_api_url must be an https URL"),
        ({"hiringcenter_api_key": "k", "run_report_path": "no/such/folder/report.json"}, "run_report_path must lie in a folder that exists"),
        ({"prospectb2b_api_key": "k", "prospectb2b_api_url": "login.prospectb2b.com"}, "prospectb2b_api_url must be an https URL"),
    ],
)
def test_bad_settings_are_one_clear_line_and_nothing_is_written(config: dict[str, Any], said: str, tmp_path: Path) -> None:
    result = execute(config, tmp_path)
    assert result.returncode == 1
    assert result.stdout == ""
    assert len([line for line in errors(result) if said in line]) == 1
    assert "Traceback" not in result.stderr


def test_a_key_of_the_wrong_type_is_not_quoted(tmp_path: Path) -> None:
    result = execute({"hiringcenter_api_key": 918273645}, tmp_path)
    assert result.returncode == 1
    assert "918273645" not in result.stderr


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ({"bookmarks": {"orders": {}}}, "another tap"),
        ({"leads": "2026-01-01"}, "not of the form"),
        ({"bookmarks": []}, "not of the form"),
        ({"bookmarks": {"leads": {"replication_key_value": "yesterday"}}}, "not a time"),
        ({"bookmarks": {"leads": {"replication_key_value": "2999-01-01T00:00:00Z"}}}, "in the future"),
        ({"bookmarks": {"leads": {"offset": 5}}}, "none that this tap writes"),
        ({"bookmarks": {"leads": 5}}, "none that this tap writes"),
        ({"bookmarks": {"lead_activities": {"position": "2026-01-01T00:00:00Z", "version": "new"}}}, "not a number"),
        ({"bookmarks": {"lead_activities": {"resume_from": "2999-01-01T00:00:00Z"}}}, "in the future"),
        # As a loader leaves it that keeps whole messages.
        ({"type": "STATE", "value": {"bookmarks": {}}}, "not of the form"),
    ],
)
def test_t21_a_state_that_is_not_ours_is_refused_before_anything_is_asked(state: dict[str, Any], said: str, sandbox: Sandbox) -> None:
    with pytest.raises(InputError, match=said):
        sync(sandbox.tap_config(), state=state)
    assert sandbox.requests == []


@pytest.mark.parametrize("content", ["", '{"bookmarks": {"leads": {"replication_key_value": "2026-01', "[]", "\0\0\0"])
def test_t21_a_state_file_that_is_corrupt_is_not_taken_for_none(content: str, sandbox: Sandbox, tmp_path: Path) -> None:
    state = tmp_path / "broken.json"
    state.write_text(content, encoding="utf-8")
    result = execute(sandbox.tap_config(), tmp_path, "--state", str(state))
    assert result.returncode == 1
    assert result.stdout == ""
    assert len(errors(result)) == 1
    assert "state file" in errors(result)[0]
    assert sandbox.requests == []


def test_t21_a_state_of_another_connector_is_one_clear_line(sandbox: Sandbox, tmp_path: Path) -> None:
    result = execute(sandbox.tap_config(), tmp_path, state={"bookmarks": {"orders": {}}})
    assert result.returncode == 1
    assert result.stdout == ""
    assert len(errors(result)) == 1
    assert "another tap" in errors(result)[0]
    assert sandbox.requests == []


@pytest.mark.parametrize("catalog", [{"streams": 5}, {"hiringcenter_api_key": "k"}, {}], ids=str)
def test_a_catalog_of_another_form_is_one_clear_line(catalog: dict[str, Any], sandbox: Sandbox, tmp_path: Path) -> None:
    result = execute(sandbox.tap_config(), tmp_path, selection=catalog)
    assert result.returncode == 1
    assert result.stdout == ""
    assert errors(result) == ["The catalog can't be used: it is not of the form that --discover gives; nothing was read or written."]


@pytest.mark.parametrize("option", ["--config", "--catalog"])
def test_a_file_that_is_no_json_is_one_clear_line(option: str, tmp_path: Path) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text("{")
    result = execute({"hiringcenter_api_key": "k"}, tmp_path, option, str(broken))
    assert result.returncode == 1
    assert result.stdout == ""
    [said] = errors(result)
    assert option != "--config" or "line 1, column 2" in said


def test_a_url_of_another_path_is_told_to_be_checked(sandbox: Sandbox, tmp_path: Path) -> None:
    config = sandbox.tap_config()
    result = execute({**config, "hiringcenter_api_url": config["hiringcenter_api_url"] + "2"}, tmp_path, "--test")
    assert result.returncode == 1
    assert "Check hiringcenter_api_url" in result.stdout.splitlines()[0]


@pytest.mark.parametrize(
    "config",
    [
        {"hiringcenter_api_key": "secret-1", "hiringcenter_api_url": NOWHERE},
        {"prospectb2b_api_key": "secret-1", "prospectb2b_api_url": NOWHERE},
    ],
)
def test_a_host_that_cannot_be_reached_is_one_clear_line(config: dict[str, Any], tmp_path: Path) -> None:
    result = execute(config, tmp_path)
    assert result.returncode == 1
    assert result.stdout == ""
    [said] = errors(result)
    assert "ConnectionRefusedError" in said
    assert "_api_url" in said
    assert "secret-1" not in result.stderr


@pytest.mark.parametrize("system", ["hiringcenter", "prospectb2b"])
def test_a_wrong_key_is_one_clear_line(system: str, sandbox: Sandbox, tmp_path: Path) -> None:
    config = {name: value for name, value in sandbox.tap_config().items() if name.startswith(system)}
    config[f"{system}_api_key"] = "pb2b_live_wrong_wrong"
    for arguments in ([], ["--discover"], ["--test"]):
        if (system, arguments) == ("hiringcenter", ["--discover"]):
            continue  # nothing of HiringCenter's catalog depends on the key, so it isn't asked
        result = execute(config, tmp_path, *arguments)
        assert result.returncode == 1
        said = errors(result) if arguments != ["--test"] else result.stdout.splitlines()
        assert len(said) == 1
        assert "401" in said[0]
        assert "pb2b_live_wrong_wrong" not in result.stderr + result.stdout
        assert arguments == ["--test"] or result.stdout == ""


def test_the_test_option_says_what_works(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.scopes.discard("jobs.read")
    result = execute(sandbox.tap_config(), tmp_path, "--test")
    assert result.returncode == 0
    hiringcenter, prospectb2b, *rest = result.stdout.splitlines()
    assert hiringcenter.startswith("HiringCenter: the key works")
    assert "prospects" in hiringcenter
    assert prospectb2b.startswith("ProspectB2B: the key works")
    assert "jobs" not in prospectb2b
    assert len(rest) == 2
    assert all("jobs.read" in line for line in rest)
    assert sorted(request.path for request in sandbox.requests) == ["/auth", "/me"]


def test_a_clean_run_ends_with_0_a_report_and_a_table(sandbox: Sandbox, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    result = execute({**sandbox.tap_config(), "run_report_path": str(report)}, tmp_path, selection=catalog(*EVERY_STREAM))
    assert result.returncode == 0
    found = json.loads(report.read_text())
    assert found["status"] == "complete"
    assert set(found["streams"]) == set(EVERY_STREAM)
    assert found["started_at"] < found["ended_at"]
    assert found["streams"]["leads"]["records"] == len(sandbox.truth("leads"))
    assert sum(entry["requests"] for entry in found["streams"].values()) == len(sandbox.requests) - 1  # without the one that asks for scopes
    assert "The run is complete" in result.stderr
    assert "webhook_deliveries" in result.stderr


def test_settings_come_from_the_environment(sandbox: Sandbox, tmp_path: Path) -> None:
    environment = {f"TAP_HIRINGCENTER_{name.upper()}": str(value) for name, value in sandbox.tap_config().items()}
    environment["TAP_HIRINGCENTER_REQUEST_TIMEOUT_SECONDS"] = "30"
    result = execute({}, tmp_path, "--config", "ENV", selection=catalog("leads"), environment=environment)
    assert result.returncode == 0, result.stderr
    assert result.stdout.count('"RECORD"') == len(sandbox.truth("leads"))


def test_a_misspelt_setting_in_the_environment_is_one_clear_line(sandbox: Sandbox, tmp_path: Path) -> None:
    environment = {f"TAP_HIRINGCENTER_{name.upper()}": str(value) for name, value in sandbox.tap_config().items()}
    result = execute({}, tmp_path, "--config", "ENV", environment={**environment, "TAP_HIRINGCENTER_STRAT_DATE": "2026-06-01"})
    assert result.returncode == 1
    assert errors(result) == ["There is no setting 'strat_date' (variable TAP_HIRINGCENTER_STRAT_DATE)"]


def test_a_replication_method_that_there_is_not_is_one_clear_line(sandbox: Sandbox, tmp_path: Path) -> None:
    selection = catalog("leads")
    selection["streams"][0]["replication_method"] = "full table"
    result = execute(sandbox.tap_config(), tmp_path, selection=selection)
    assert result.returncode == 1
    assert "must be one of FULL_TABLE, INCREMENTAL" in errors(result)[0]


def test_the_last_line_is_a_state(sandbox: Sandbox, tmp_path: Path) -> None:
    result = execute(settings_for(sandbox, start_date="2026-06-01"), tmp_path)
    assert json.loads(result.stdout.splitlines()[-1])["type"] == "STATE"


def test_neither_keys_nor_rows_nor_queries_get_into_the_log(tmp_path: Path) -> None:
    variant = Variant(prospectb2b_page_size=3, prospects_paging="cap_silent", prospects_cap=5)
    with Sandbox(World(seed=7, size=12), variant=variant) as sandbox:
        result = execute(sandbox.tap_config(), tmp_path, environment={"LOGLEVEL": "DEBUG", "TAP_HIRINGCENTER_LOGLEVEL": "DEBUG"})
        for secret in (sandbox.hiringcenter_key, sandbox.prospectb2b_key):
            assert secret not in result.stderr
        assert "stage=" not in result.stderr
        assert "cursor=" not in result.stderr
        for row in sandbox.truth("leads") + sandbox.truth("prospects"):
            assert row["email"] is None or row["email"] not in result.stderr
            assert row["phone"] is None or row["phone"] not in result.stderr
