"""The project in examples/meltano says nothing that isn't so; `python -m tests.pipelines` runs it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tap_hiringcenter.tap import TapHiringcenter
from target_hiringcenter.target import TargetHiringcenter
from tests.demo.pipeline import ROOT
from tests.pipelines.project import EXAMPLE, example, plugin, plugins
from tests.sandbox import Sandbox

if TYPE_CHECKING:
    from singer_sdk.plugin_base import PluginBase

OURS: dict[str, type[PluginBase]] = {"tap-hiringcenter": TapHiringcenter, "target-hiringcenter": TargetHiringcenter}
# What Meltano and PostgreSQL's clients read themselves, beside what the project names.
_OF_OTHERS = {"MELTANO_DATABASE_URI", "PGPASSWORD"}


def _root() -> dict[str, dict[str, Any]]:
    """The plugins of this checkout's meltano.yml."""
    found = yaml.safe_load((ROOT / "meltano.yml").read_text(encoding="utf-8"))["plugins"]
    return {plugin["name"]: plugin for plugins in found.values() for plugin in plugins}


@pytest.mark.parametrize("name", OURS)
def test_settings_are_those_of_the_executable(name: str) -> None:
    told = OURS[name].config_jsonschema["properties"]
    listed = {setting["name"]: setting for setting in plugin(name)["settings"]}

    assert {setting: told[setting].get("secret", False) for setting in listed} == {n: s.get("sensitive", False) for n, s in listed.items()}
    assert {setting: told[setting].get("default") for setting in listed} == {n: s.get("value") for n, s in listed.items()}
    assert plugin(name).get("config", {}).keys() <= told.keys()


def test_an_environment_sets_nothing_that_an_inheriting_plugin_would_not_see() -> None:
    listed = {setting["name"] for setting in plugin("tap-hiringcenter")["settings"]}

    for environment in example()["environments"]:
        for extractor in environment["config"]["plugins"]["extractors"]:
            assert extractor["config"].keys() <= listed


def test_each_plugin_of_the_tap_gets_the_keys_itself() -> None:
    _, prod = example()["environments"]
    keys = {"hiringcenter_api_key": "$HIRINGCENTER_API_KEY", "prospectb2b_api_key": "$PROSPECTB2B_API_KEY"}
    taps = [found["name"] for found in plugins() if "tap-hiringcenter" in {found["name"], found.get("inherit_from")}]

    assert {extractor["name"]: extractor["config"] for extractor in prod["config"]["plugins"]["extractors"]} == dict.fromkeys(taps, keys)


def test_dev_is_the_sandbox() -> None:
    dev, _ = example()["environments"]
    (told,) = (extractor["config"] for extractor in dev["config"]["plugins"]["extractors"])
    with Sandbox() as sandbox:
        assert {name: str(value).replace("http://127.0.0.1:8765", sandbox.url) for name, value in told.items()} == {
            name: str(value) for name, value in sandbox.tap_config().items()
        }


def test_other_plugins_are_those_of_this_checkout() -> None:
    root = _root()

    for name in ("tap-postgres", "target-duckdb"):
        assert plugin(name)["pip_url"] == root[name]["pip_url"]
    assert plugin("tap-hiringcenter")["select"] == root["tap-hiringcenter"]["select"]
    assert plugin("reconcile")["pip_url"].split()[1] in plugin("target-duckdb")["pip_url"].split()


def test_pages_name_the_versions_that_are_tried() -> None:
    pages = [(ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8") for name in ("pipelines", "warehouses")]
    groups = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    told = [*re.findall(r"'meltano\[postgres\](==[\d.]+)'", pages[0]), *re.findall(r"`(?:meltanolabs-)?(target-\w+)` ([\d.]+)", pages[1])]

    assert told == [
        *re.findall(r'"meltano(==[\d.]+)"', groups),
        *re.findall(r"(target-postgres)==([\d.]+)", str(plugin("target-postgres"))),
        *re.findall(r"(target-duckdb)==([\d.]+)", str(plugin("target-duckdb"))),
    ]
    assert re.findall(r"a DuckDB file \(([\d.]+)\)", pages[1]) == re.findall(r" duckdb==([\d.]+)", plugin("target-duckdb")["pip_url"])


def test_no_hub_is_asked_and_nothing_is_told() -> None:
    assert all(found["namespace"] and found["pip_url"] for found in plugins() if "inherit_from" not in found)
    assert example()["send_anonymous_usage_stats"] is False


def test_schedules_and_jobs_name_what_is_there() -> None:
    commands = {f"reconcile:{command}" for command in plugin("reconcile")["commands"]}
    tasks = {name for job in example()["jobs"] for task in job["tasks"] for name in task.split()}

    assert tasks <= {found["name"] for found in plugins()} | commands
    assert {schedule["job"] for schedule in example()["schedules"]} <= {job["name"] for job in example()["jobs"]}


def test_reconcile_reads_the_reports_that_the_taps_write() -> None:
    reports = {name: plugin(f"tap-hiringcenter{suffix}")["config"]["run_report_path"] for name, suffix in (("hourly", ""), ("weekly", "--whole"))}

    for name, report in reports.items():
        assert f"--report {report} " in plugin("reconcile")["commands"][name]


def test_the_example_of_the_environment_names_variables_that_are_read() -> None:
    text = (EXAMPLE / "meltano.yml").read_text(encoding="utf-8")
    settings = {f"{found['name']}_{setting['name']}".upper().replace("-", "_") for found in plugins() for setting in found.get("settings", ())}
    told = set(re.findall(r"^# ([A-Z0-9_]+)=", (EXAMPLE / ".env.example").read_text(encoding="utf-8"), re.MULTILINE))

    expanded = set(re.findall(r"\$([A-Z0-9_]+)", text))
    assert told <= settings | expanded | _OF_OTHERS
    assert expanded <= told
