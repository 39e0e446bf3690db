"""The settings are told in three places: by the executables, in meltano.yml and in the README. All three agree."""

from __future__ import annotations

import json
import re
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tap_hiringcenter.tap import TapHiringcenter
from target_hiringcenter.sinks import SINKS
from target_hiringcenter.target import TargetHiringcenter

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from singer_sdk.plugin_base import PluginBase

ROOT = Path(__file__).parents[1]
EXECUTABLES: dict[str, type[PluginBase]] = {"tap": TapHiringcenter, "target": TargetHiringcenter}
# As the classes tell them; running the command line adds the SDK's to them.
OWN = {which: dict(executable.config_jsonschema["properties"]) for which, executable in EXECUTABLES.items()}

each = pytest.mark.parametrize("which", EXECUTABLES)


@cache
def _of_the_executable(which: str) -> dict[str, dict[str, Any]]:
    """All settings: its own, and those that the SDK adds."""
    schema = json.loads(json.dumps(EXECUTABLES[which].config_jsonschema))
    EXECUTABLES[which].append_builtin_config(schema)
    found: dict[str, dict[str, Any]] = schema["properties"]
    return found


@cache
def _project() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "meltano.yml").read_text(encoding="utf-8"))
    return found


def _plugins() -> list[dict[str, Any]]:
    return [plugin for plugins in _project()["plugins"].values() for plugin in plugins]


@cache
def _plugin(name: str) -> dict[str, Any]:
    (found,) = (plugin for plugin in _plugins() if plugin["name"] == name)
    return found


@cache
def _of_meltano(which: str) -> dict[str, dict[str, Any]]:
    return {setting["name"]: setting for setting in _plugin(f"{which}-hiringcenter")["settings"]}


@cache
def _of_the_readme(which: str) -> dict[str, list[str]]:
    """Rows of the tables whose first column is headed as a setting of this executable or of both: name to the other cells."""
    found: dict[str, list[str]] = {}
    is_inside = False
    for line in (ROOT / "README.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")] if line.lstrip().startswith("|") else []
        if not cells:
            is_inside = False
        elif cells[0].startswith("setting"):
            is_inside = cells[0] in {f"setting of the {which}", "setting of both"}
        elif is_inside and (names := re.findall(r"`([a-z0-9_]+)`", cells[0])):
            found.update(dict.fromkeys(names, cells[1:]))
    return found


def _kind(setting: dict[str, Any]) -> set[str]:
    """What Meltano may call a setting of the executable."""
    types = {setting["type"]} if isinstance(setting["type"], str) else set(setting["type"])
    (kind,) = types - {"null"}
    if "enum" in setting:
        return {"options"}
    if setting.get("format") == "date-time":
        return {"date_iso8601"}
    return {"number": {"decimal"}, "string": {"string", "file"}}.get(kind, {kind})


@each
def test_meltano_knows_every_setting_and_no_other(which: str) -> None:
    assert sorted(_of_the_executable(which).keys() - _of_meltano(which).keys()) == [], "not in meltano.yml"
    assert sorted(_of_meltano(which).keys() - _of_the_executable(which).keys()) == [], "only in meltano.yml"


@pytest.mark.parametrize(("which", "name"), [(which, name) for which in EXECUTABLES for name in _of_the_executable(which)])
def test_meltano_tells_a_setting_as_the_executable_does(which: str, name: str) -> None:
    told, meltano = _of_the_executable(which)[name], _of_meltano(which)[name]

    assert meltano.get("sensitive", False) == told.get("secret", False)
    assert meltano.get("value") == told.get("default")
    assert meltano["kind"] in _kind(told)
    if "enum" in told:
        assert {option["value"] for option in meltano["options"]} == set(told["enum"]) - {None}


@each
def test_meltano_asks_for_one_key_at_least(which: str) -> None:
    keys = [[name] for name in OWN[which] if name.endswith("_api_key")]

    assert _plugin(f"{which}-hiringcenter")["settings_group_validation"] == keys


@each
def test_the_readme_tells_every_setting_and_none_that_is_not_there(which: str) -> None:
    told = set(_of_the_readme(which))

    assert sorted(set(OWN[which]) - told) == [], "not in the README"
    assert sorted(told - set(_of_the_executable(which))) == [], "only in the README"


@each
def test_the_readme_tells_the_defaults(which: str) -> None:
    told = {name: cells[0] for name, cells in _of_the_readme(which).items() if name in OWN[which]}
    defaults = {name: f"`{json.dumps(setting['default'])}`".replace('"', "") if "default" in setting else "" for name, setting in OWN[which].items()}

    assert told == defaults


def test_the_example_of_the_environment_names_variables_that_are_there() -> None:
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    known = {f"{plugin['name']}_{setting['name']}".upper().replace("-", "_") for plugin in _plugins() for setting in plugin.get("settings", ())}
    told = set(re.findall(r"^# ([A-Z0-9_]+)=", text, re.MULTILINE))

    assert told - known == set()
    assert {f"{which}_hiringcenter_{name}".upper() for which in EXECUTABLES for name in OWN[which] if name.endswith("_api_key")} <= told


def test_meltano_selects_what_the_tap_selects() -> None:
    catalog = TapHiringcenter(config={}, setup_mapper=False, validate_config=False).catalog_dict
    left_out = {
        f"!{stream['tap_stream_id']}.*"
        for stream in catalog["streams"]
        for entry in stream["metadata"]
        if not entry["breadcrumb"] and entry["metadata"].get("selected-by-default") is False
    }

    assert set(_plugin("tap-hiringcenter")["select"]) == {"*.*", *left_out}


@each
def test_meltano_promises_what_the_executable_can(which: str) -> None:
    promised = set(_plugin(f"{which}-hiringcenter")["capabilities"])

    assert promised <= {capability.value for capability in EXECUTABLES[which].capabilities}


def test_what_is_copied_can_be_read_and_written() -> None:
    read = {stream["tap_stream_id"] for stream in TapHiringcenter(config={}, setup_mapper=False, validate_config=False).catalog_dict["streams"]}
    selected = {pattern.removesuffix(".*") for pattern in _plugin("tap-hiringcenter--copy")["select"]}

    assert selected <= read & {sink.name for sink in SINKS}


def test_no_plugin_is_looked_up_on_a_hub() -> None:
    names = {plugin["name"] for plugin in _plugins()}

    assert all(plugin["namespace"] and plugin["pip_url"] for plugin in _plugins() if plugin.get("inherit_from") not in names)
    assert _project()["send_anonymous_usage_stats"] is False


def test_jobs_run_plugins_that_are_there() -> None:
    names = {plugin["name"] for plugin in _plugins()}

    assert {name for job in _project()["jobs"] for task in job["tasks"] for name in task.split()} <= names


def test_loader_and_demo_pin_the_same_duckdb() -> None:
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["dependency-groups"]
    (pin,) = (requirement for requirement in groups["warehouse"] if requirement.startswith("duckdb"))

    assert pin in _plugin("target-duckdb")["pip_url"].split()
