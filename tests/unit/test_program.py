"""How an executable is started and ended, shown by a target that does nothing: what the tap adds is tested with the tap."""

from __future__ import annotations

import json
import os
import signal
import sys
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from singer_sdk import Target
from singer_sdk import typing as th
from singer_sdk.plugin_base import _ConfigInput

from tap_hiringcenter.api import settings
from tap_hiringcenter.api.errors import ApiError
from tap_hiringcenter.api.program import InputError, Program, Stopped
from tap_hiringcenter.api.reports import Report
from tap_hiringcenter.api.systems import CLOSERSHQ

if sys.version_info >= (3, 12):
    from typing import override
else:
    from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

KEY = {"closershq_api_key": "a-key"}


class Left(Exception):  # noqa: N818  # it is no error that a process ends
    """Stands for the end of the process."""


class Loader(Program, Target):
    """A target that does what a test tells it."""

    name = "target-loader"
    package_name = "hiringcenter-singer"
    systems = (CLOSERSHQ,)
    config_jsonschema: ClassVar[dict[str, Any]]
    does: ClassVar[Callable[[Loader], int]]

    @override
    def stop(self, signal_number: int) -> None:
        raise Stopped(signal_number)

    @classmethod
    @override
    def invoke(cls, *, config: _ConfigInput | None = None, **_: Any) -> None:
        cls._conclude(config, lambda: cls._ready(config), cls.load)

    def load(self) -> int:
        """Do it, and tell of it."""
        with self._telling(Report[Any](datetime(2026, 6, 1, tzinfo=timezone.utc))):
            return type(self).does(self)


def _failing(error: BaseException) -> Callable[[Loader], int]:
    def does(_: Loader) -> int:
        raise error

    return does


@pytest.fixture(autouse=True)
def _process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a process would take with it when it ends stays as it was."""

    def leave(code: int) -> None:
        raise Left(code)

    monkeypatch.setattr(os, "_exit", leave)
    # The SDK adds its own settings to it.
    schema = th.PropertiesList(*settings.properties(Loader.systems), additional_properties=False).to_dict()
    monkeypatch.setattr(Loader, "config_jsonschema", schema)
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)


def _end(config: dict[str, Any], does: Callable[[Loader], int] = lambda _: 0, *, parse_env: bool = False) -> int:
    """Start the loader, and tell the exit code with which it ends."""
    Loader.does = does
    try:
        Loader.invoke(config=_ConfigInput(config, parse_env))
    except (Left, SystemExit) as end:
        return int(str(end))
    return 0


def _errors(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]


def test_a_run_that_did_all_ends_with_0(caplog: pytest.LogCaptureFixture) -> None:
    assert _end(KEY) == 0
    assert _errors(caplog) == []


def test_a_run_ends_with_its_own_code() -> None:
    assert _end(KEY, lambda _: 3) == 3


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (InputError("The ledger is of another version."), 1, "The ledger is of another version."),
        (ApiError("the key is unknown", asked="ClosersHQ: POST /prospect"), 1, "ClosersHQ: POST /prospect: the key is unknown."),
        (Stopped(15), 143, "Stopped by signal 15; the next run goes on from the last STATE"),
        (BrokenPipeError(), 1, "The program that reads our output is gone; the next run goes on from the last STATE that it kept"),
        (OSError(28, "No space left on device"), 1, "Can't write: No space left on device"),
    ],
    ids=["input", "api", "signal", "pipe", "disk"],
)
def test_each_error_is_one_line_and_a_code(error: BaseException, code: int, said: str, caplog: pytest.LogCaptureFixture) -> None:
    assert _end(KEY, _failing(error)) == code
    assert _errors(caplog) == [said]
    assert not any(record.exc_info for record in caplog.records)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops(number: signal.Signals) -> None:
    def does(_: Loader) -> int:
        signal.raise_signal(number)
        return 0

    assert _end(KEY, does) == 128 + number


def test_without_a_key_it_names_those_of_its_own_systems(caplog: pytest.LogCaptureFixture) -> None:
    assert _end({}) == 1
    assert _errors(caplog) == ["At least one key is needed: set closershq_api_key"]


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"closershq_api_key": 918273645}, "*** is not of type 'string', 'null' in config['closershq_api_key']"),
        ({**KEY, "closershq_api_url": "http://api.example.com"}, "closershq_api_url must be an https URL"),
        ({**KEY, "hiringcenter_api_key": "k"}, "'hiringcenter_api_key' was unexpected"),
    ],
    ids=["type", "url", "system"],
)
def test_settings_are_held_to_its_own_schema_and_systems(config: dict[str, Any], said: str, caplog: pytest.LogCaptureFixture) -> None:
    assert _end(config) == 1
    [line] = _errors(caplog)
    assert line.startswith("Settings: ")
    assert said in line


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TARGET_LOADER_CLOSERSHQ_API_KEY", "a-key")
    monkeypatch.setenv("TARGET_LOADER_REQUEST_TIMEOUT_SECONDS", "0.5")
    monkeypatch.setenv("TARGET_LOADER_ADD_RECORD_METADATA", "true")  # one of the SDK's own
    monkeypatch.setenv("TARGET_LOADER__CATALOG", "catalog.json")  # Meltano's
    monkeypatch.setenv("TARGET_LOADER_LOGLEVEL", "INFO")
    monkeypatch.setenv("TAP_LOADER_NONSENSE", "1")
    seen: dict[str, Any] = {}

    def does(loader: Loader) -> int:
        seen.update(loader.config)
        return 0

    assert _end({}, does, parse_env=True) == 0
    assert seen["request_timeout_seconds"] == 0.5
    assert seen["add_record_metadata"] is True


@pytest.mark.parametrize(
    ("variable", "said"),
    [
        ("TARGET_LOADER_MAX_REQUETS", "There is no setting 'max_requets' (variable TARGET_LOADER_MAX_REQUETS)"),
        ("TARGET_LOADER_MAX_REQUESTS", "A variable in the environment holds something else than its setting takes (a number, or JSON)."),
    ],
    ids=["misspelt", "no number"],
)
def test_a_wrong_variable_is_one_line(variable: str, said: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setenv(variable, "many")
    assert _end(KEY, parse_env=True) == 1
    assert _errors(caplog) == [said]


@pytest.mark.parametrize(
    ("does", "status", "reason"),
    [
        (lambda _: 0, "complete", None),
        (_failing(Stopped(15)), "failed", "Stopped by a signal."),
        (_failing(OSError(28, "of a person")), "failed", "Broken off: OSError."),
    ],
    ids=["end", "signal", "error"],
)
def test_the_report_is_written_however_it_ends(
    does: Callable[[Loader], int], status: str, reason: str | None, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "report.json"
    caplog.set_level("INFO")

    _end({**KEY, "run_report_path": str(path)}, does)

    found = json.loads(path.read_text(encoding="utf-8"))
    assert (found["status"], found["reason"]) == (status, reason)
    assert f"The run is {status}." in caplog.text


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({}, "At least one key is needed: set closershq_api_key"),
        ({**KEY, "closershq_api_url": "http://api.example.com"}, "Settings: closershq_api_url must be an https URL"),
    ],
    ids=["no key", "settings"],
)
@pytest.mark.parametrize("parse_env", [False, True])
def test_a_run_that_is_refused_replaces_the_report_of_the_run_before(
    config: dict[str, Any], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, parse_env: bool
) -> None:
    path = tmp_path / "report.json"
    path.write_text('{"status": "complete"}', encoding="utf-8")
    if parse_env:
        monkeypatch.setenv("TARGET_LOADER_RUN_REPORT_PATH", str(path))
    else:
        config = {**config, "run_report_path": str(path)}

    assert _end(config, parse_env=parse_env) == 1

    found = json.loads(path.read_text(encoding="utf-8"))
    assert (found["status"], found["streams"]) == ("failed", {})
    assert found["reason"].startswith(said)


def test_a_refusal_that_can_not_be_reported_is_told_all_the_same(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert _end({"run_report_path": str(tmp_path / "none" / "report.json")}) == 1
    assert _errors(caplog) == [
        "The run report can't be written: No such file or directory",
        "Settings: run_report_path must lie in a folder that exists",
    ]
