"""The files around the runs say nothing that isn't so; `python -m tests.fleet` has Airflow run them."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
import yaml

from tests.fleet.agency import Agency, Client
from tests.fleet.places import DAGS, EXAMPLE, KUBERNETES, MELTANO, copy_dags
from tests.running import sync

PAGE = (EXAMPLE.parents[1] / "docs" / "orchestration.md").read_text(encoding="utf-8")
FILES = sorted(DAGS.glob("hiringcenter_*.py"))
PACKAGE = sorted((DAGS / "hiringcenter_runs").glob("*.py"))
# All that may be called while a file is parsed: what describes a DAG.
_DESCRIBES = {"DAG", "accounts", "datetime", "expand", "load", "override", "partial", "report"}


def names_of(node: ast.AST) -> set[str]:
    """What is called in a piece of code."""
    return {
        called.func.attr if isinstance(called.func, ast.Attribute) else called.func.id
        for called in ast.walk(node)
        if isinstance(called, ast.Call) and isinstance(called.func, (ast.Attribute, ast.Name))
    }


def modules_of(file: Path) -> set[str]:
    """The modules that a file imports when it runs."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    typing = {child for node in ast.walk(tree) if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING" for child in ast.walk(node)}
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node not in typing:
            found.add(str(node.module))
        elif isinstance(node, ast.Import) and node not in typing:
            found |= {alias.name for alias in node.names}
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_file_of_dags_does_nothing_but_describe_them(file: Path) -> None:
    tree = ast.parse(file.read_text(encoding="utf-8"))

    assert names_of(tree) <= _DESCRIBES
    assert {name for name in modules_of(file) if name.startswith("hiringcenter_runs")} == {"hiringcenter_runs.alerts", "hiringcenter_runs.tasks"}


@pytest.mark.parametrize("file", PACKAGE, ids=lambda file: file.name)
def test_a_module_of_the_package_does_nothing_when_it_is_imported(file: Path) -> None:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    at_once = [node for node in tree.body if not isinstance(node, (ast.FunctionDef, ast.ClassDef))]
    decorators = [decorator for node in tree.body if isinstance(node, ast.FunctionDef) for decorator in node.decorator_list]

    called = {name for node in at_once + decorators for name in names_of(node)}
    assert called <= {"compile", "getLogger", "items", "join", "task", "timedelta"}


def test_airflow_is_imported_by_the_tasks_alone() -> None:
    assert [file.stem for file in PACKAGE if any(name.startswith("airflow") for name in modules_of(file))] == ["tasks"]


def test_airflow_does_not_take_the_package_for_dags() -> None:
    assert (DAGS / ".airflowignore").read_text(encoding="utf-8").split() == ["hiringcenter_runs/"]


def test_the_long_form_finds_what_it_changes(tmp_path: Path) -> None:
    for file in copy_dags(tmp_path).rglob("*.py"):
        compile(file.read_text(encoding="utf-8"), str(file), "exec")


def test_the_pool_is_made_before_it_is_used() -> None:
    (pool,) = re.findall(r'pool="(\w+)"', (DAGS / "hiringcenter_runs" / "tasks.py").read_text(encoding="utf-8"))

    assert f"airflow pools set {pool} " in PAGE


def test_the_page_names_the_dags_that_there_are() -> None:
    dags = set()
    for file in FILES:
        (prefix,) = re.findall(r'f"(\w+_)\{name\}"', file.read_text(encoding="utf-8"))
        dags |= {prefix + name for name in re.findall(r'\("(\w+)", "[\d* ]+", (?:True|False)', file.read_text(encoding="utf-8"))}

    assert len(dags) == 4
    assert set(re.findall(r"`(hiringcenter_(?:fleet_)?(?:hourly|weekly))`", PAGE)) == dags


def test_the_page_names_connections_variables_and_files_that_are_read() -> None:
    code = "".join(file.read_text(encoding="utf-8") for file in PACKAGE)
    pod = (EXAMPLE / "pod_template.yaml").read_text(encoding="utf-8")

    read = {"HIRINGCENTER_PROJECT", "HIRINGCENTER_ACCOUNTS"}
    assert set(re.findall(r"\b(HIRINGCENTER_(?:PROJECT|ACCOUNTS))\b", PAGE)) == read
    assert set(re.findall(r'environ\["(\w+)"\]', code)) == read
    assert set(re.findall(r"name: (HIRINGCENTER_\w+)", pod)) == read
    for name in ("hiringcenter_warehouse", "hiringcenter_meltano", "hiringcenter_accounts"):
        assert f'"{name}"' in code
        assert f"`{name}`" in PAGE
    for file in re.findall(r"\b(\w+\.(?:json|yaml|txt))\b", PAGE):
        assert list(EXAMPLE.glob(file)), file


def test_the_page_names_the_releases_that_are_tried() -> None:
    (release,) = re.findall(r"apache-airflow\[.*\]==([\d.]+)", (EXAMPLE / "requirements.txt").read_text(encoding="utf-8"))

    assert f"Airflow {release}" in PAGE
    assert f"'{MELTANO}'" in PAGE
    assert f"`{KUBERNETES}`" in PAGE
    assert MELTANO.replace("[postgres]", "") in (EXAMPLE.parents[1] / "pyproject.toml").read_text(encoding="utf-8")


def test_the_pod_is_one_that_airflow_can_use() -> None:
    pod = yaml.safe_load((EXAMPLE / "pod_template.yaml").read_text(encoding="utf-8"))

    assert (pod["apiVersion"], pod["kind"]) == ("v1", "Pod")
    (container,) = pod["spec"]["containers"]
    assert container["name"] == "base"
    assert container["image"]
    assert pod["spec"]["restartPolicy"] == "Never"
    mounted = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    assert mounted.keys() == {volume["name"] for volume in pod["spec"]["volumes"]}
    places = {variable["name"]: variable["value"] for variable in container["env"]}
    # A folder of its own below the mount: the mount belongs to root, and the folder is to be closed to others.
    assert Path(places["HIRINGCENTER_ACCOUNTS"]).parent == Path(mounted["accounts"])


def test_each_client_of_the_agency_has_its_own_rows_by_its_own_key() -> None:
    one, other, unknown = (Client(name, seed=seed, size=4) for seed, name in enumerate(("one", "other", "unknown")))
    with Agency([one, other]) as agency:

        def ids(client: Client) -> set[str]:
            settings = {**agency.settings(), "hiringcenter_api_key": client.keys["hiringcenter"], "lookback_seconds": 0}
            return {record["id"] for record in sync(settings, "prospects").records("prospects")}

        assert ids(one) == {row["id"] for row in one.account.truth("prospects")}
        assert ids(other) == {row["id"] for row in other.account.truth("prospects")}
        assert not ids(one) & ids(other)
        assert ids(unknown) == set()
        assert not unknown.requests
