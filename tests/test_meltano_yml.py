"""The settings are told in three places: the tap, meltano.yml and the README. All three agree."""

from __future__ import annotations

import json
import re
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from tap_hiringcenter.tap import TapHiringcenter

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[1]
OWN: dict[str, dict[str, Any]] = TapHiringcenter.config_jsonschema["properties"]


@cache
def _of_the_tap() -> dict[str, dict[str, Any]]:
    schema = json.loads(json.dumps(TapHiringcenter.config_jsonschema))
    TapHiringcenter.append_builtin_config(schema)
    found: dict[str, dict[str, Any]] = schema["properties"]
    return found


@cache
def _plugin(kind: str, name: str) -> dict[str, Any]:
    project = yaml.safe_load((ROOT / "meltano.yml").read_text(encoding="utf-8"))
    (found,) = (plugin for plugin in project["plugins"][kind] if plugin["name"] == name)
    return dict(found)


@cache
def _of_meltano() -> dict[str, dict[str, Any]]:
    return {setting["name"]: setting for setting in _plugin("extractors", "tap-hiringcenter")["settings"]}


@cache
def _of_the_readme() -> dict[str, list[str]]:
    """Rows of the tables whose first column is headed "setting": name to the other cells."""
    found: dict[str, list[str]] = {}
    is_inside = False
    for line in (ROOT / "README.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")] if line.lstrip().startswith("|") else []
        if not cells:
            is_inside = False
        elif cells[0].lower() in {"setting", "settings"}:
            is_inside = True
        elif is_inside and (names := re.findall(r"`([a-z0-9_]+)`", cells[0])):
            found.update(dict.fromkeys(names, cells[1:]))
    return found


def _kind(setting: dict[str, Any]) -> set[str]:
    """What Meltano may call a setting of the tap."""
    types = {setting["type"]} if isinstance(setting["type"], str) else set(setting["type"])
    (kind,) = types - {"null"}
    if "enum" in setting:
        return {"options"}
    if setting.get("format") == "date-time":
        return {"date_iso8601"}
    return {"number": {"decimal"}, "string": {"string", "file"}}.get(kind, {kind})


def test_meltano_knows_every_setting_and_no_other() -> None:
    assert sorted(_of_the_tap().keys() - _of_meltano().keys()) == [], "not in meltano.yml"
    assert sorted(_of_meltano().keys() - _of_the_tap().keys()) == [], "only in meltano.yml"


@pytest.mark.parametrize("name", _of_the_tap())
def test_meltano_tells_a_setting_as_the_tap_does(name: str) -> None:
    tap, meltano = _of_the_tap()[name], _of_meltano()[name]

    assert meltano.get("sensitive", False) == tap.get("secret", False)
    assert meltano.get("value") == tap.get("default")
    assert meltano["kind"] in _kind(tap)
    if "enum" in tap:
        assert {option["value"] for option in meltano["options"]} == set(tap["enum"]) - {None}


def test_the_readme_tells_every_setting_and_none_that_is_not_there() -> None:
    told = set(_of_the_readme())

    assert sorted(set(OWN) - told) == [], "not in the README"
    assert sorted(told - set(_of_the_tap())) == [], "only in the README"


def test_the_readme_tells_the_defaults() -> None:
    defaults = {name: json.dumps(setting["default"]).strip('"') for name, setting in OWN.items() if "default" in setting}
    told = {name: " | ".join(_of_the_readme().get(name, [])) for name in defaults}
    wrong = {name: default for name, default in defaults.items() if not re.search(rf"(?<![\w.]){re.escape(default)}(?!\w)", told[name])}

    assert wrong == {}, "not the README's defaults"


def test_meltano_selects_what_the_tap_selects() -> None:
    catalog = TapHiringcenter(config={}, setup_mapper=False, validate_config=False).catalog_dict
    left_out = {
        f"!{stream['tap_stream_id']}.*"
        for stream in catalog["streams"]
        for entry in stream["metadata"]
        if not entry["breadcrumb"] and entry["metadata"].get("selected-by-default") is False
    }

    assert set(_plugin("extractors", "tap-hiringcenter")["select"]) == {"*.*", *left_out}


def test_meltano_promises_what_the_tap_can() -> None:
    assert set(_plugin("extractors", "tap-hiringcenter")["capabilities"]) <= {capability.value for capability in TapHiringcenter.capabilities}


def test_no_plugin_is_looked_up_on_a_hub() -> None:
    project = yaml.safe_load((ROOT / "meltano.yml").read_text(encoding="utf-8"))

    assert all(plugin["namespace"] and plugin["pip_url"] for plugins in project["plugins"].values() for plugin in plugins)
    assert project["send_anonymous_usage_stats"] is False


def test_loader_and_demo_pin_the_same_duckdb() -> None:
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["dependency-groups"]
    (pin,) = (requirement for requirement in groups["warehouse"] if requirement.startswith("duckdb"))

    assert pin in _plugin("loaders", "target-duckdb")["pip_url"].split()
