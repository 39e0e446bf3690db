"""What is installed: the package from each place that it can come from, and the border inside it."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[1]
EXECUTABLES = ("tap-hiringcenter", "target-hiringcenter")
STREAMS = sorted(file.stem for file in ROOT.glob("schemas/*/*.json"))


def _run(*command: str | Path, cwd: Path, pythonpath: Path | None = None) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "TAP_", "TARGET_", "VIRTUAL_ENV"))}
    if pythonpath:
        environment["PYTHONPATH"] = str(pythonpath)
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Wheels by their way: straight from the checkout, and by way of the sdist."""
    found = {}
    for way, kinds in {"wheel": ["--wheel"], "sdist": []}.items():
        place = tmp_path_factory.mktemp(way)
        _run(sys.executable, "-m", "build", "--no-isolation", *kinds, "--outdir", place, ROOT, cwd=place)
        (found[way],) = place.glob("*.whl")
    return found


@pytest.fixture
def install(tmp_path: Path) -> Callable[..., Path]:
    """Installs into an environment that has this one's dependencies, but not this one's own package."""

    def installed(*arguments: str | Path) -> Path:
        venv.create(tmp_path / "venv", with_pip=True)
        executables = tmp_path / "venv" / "bin"
        (packages,) = tmp_path.glob("venv/lib/*/site-packages")
        # A path from a .pth file is searched, but the .pth files in it are not read: the editable install stays behind.
        (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
        _run(executables / "python", "-m", "pip", "install", "-q", "--no-deps", "--no-index", "--no-build-isolation", *arguments, cwd=tmp_path)
        return executables

    return installed


def _about(text: str) -> str:
    """The name that an executable gives to itself, after saying what it can be set to."""
    about = json.loads(text)
    assert "hiringcenter_api_key" in about["settings"]["properties"]
    return str(about["name"])


def _streams(catalog: str) -> list[str]:
    return sorted(stream["tap_stream_id"] for stream in json.loads(catalog)["streams"])


@pytest.mark.parametrize("way", ["wheel", "sdist"])
def test_a_wheel_has_all_that_it_needs(way: str, built: dict[str, Path], install: Callable[..., Path], tmp_path: Path) -> None:
    executables = install(built[way])

    for executable in EXECUTABLES:
        assert version("hiringcenter-singer") in _run(executables / executable, "--version", cwd=tmp_path)
        assert _about(_run(executables / executable, "--about", "--format=json", cwd=tmp_path)) == executable
    assert _streams(_run(executables / "tap-hiringcenter", "--discover", cwd=tmp_path)) == STREAMS


def test_an_editable_install_reads_the_schemas_of_the_checkout(install: Callable[..., Path], tmp_path: Path) -> None:
    executables = install("-e", ROOT)

    assert _streams(_run(executables / "tap-hiringcenter", "--discover", cwd=tmp_path)) == STREAMS


def test_a_checkout_needs_no_install(tmp_path: Path) -> None:
    tap = "from tap_hiringcenter.tap import TapHiringcenter; TapHiringcenter.cli(['--discover'])"
    target = "from target_hiringcenter.target import TargetHiringcenter; TargetHiringcenter.cli(['--about', '--format=json'])"

    assert _streams(_run(sys.executable, "-c", tap, cwd=tmp_path, pythonpath=ROOT)) == STREAMS
    assert _about(_run(sys.executable, "-c", target, cwd=tmp_path, pythonpath=ROOT)) == "target-hiringcenter"


def test_both_wheels_hold_the_same_and_nothing_else(built: dict[str, Path]) -> None:
    names = {way: {name for name in zipfile.ZipFile(file).namelist() if ".dist-info/" not in name} for way, file in built.items()}
    expected = {
        *(str(file.relative_to(ROOT)) for package in ("tap_hiringcenter", "target_hiringcenter") for file in (ROOT / package).rglob("*.py")),
        *(f"tap_hiringcenter/{file.relative_to(ROOT)}" for file in ROOT.glob("schemas/*/*.json")),
    }

    assert names == {"wheel": expected, "sdist": expected}


def test_there_are_39_streams() -> None:
    assert len(STREAMS) == 39
    assert len(set(STREAMS)) == 39


def _imports(folder: Path) -> Iterator[tuple[str, str]]:
    for file in folder.rglob("*.py"):
        place = str(file.relative_to(ROOT))
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                yield from ((place, name.name) for name in node.names)
            elif isinstance(node, ast.ImportFrom):
                assert not node.level, f"{place} has a relative import"
                yield from ((place, f"{node.module}.{name.name}") for name in node.names)


@pytest.mark.parametrize(
    ("folder", "own"),
    [
        ("tap_hiringcenter/api", ("tap_hiringcenter.api.",)),
        ("tap_hiringcenter", ("tap_hiringcenter.",)),
        ("target_hiringcenter", ("target_hiringcenter.", "tap_hiringcenter.api.")),
    ],
)
def test_imports_keep_to_the_border(folder: str, own: tuple[str, ...]) -> None:
    across = [
        f"{place} imports {name}"
        for place, name in _imports(ROOT / folder)
        if f"{name}.".startswith(("tap_hiringcenter.", "target_hiringcenter.", "tests.")) and not f"{name}.".startswith(own)
    ]

    assert across == []


def test_the_linter_knows_the_whole_border() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    banned = set(settings["tool"]["ruff"]["lint"]["flake8-tidy-imports"]["banned-api"])
    modules = {f"tap_hiringcenter.{place.stem}" for place in (ROOT / "tap_hiringcenter").iterdir() if place.suffix == ".py" or place.is_dir()}

    assert banned == modules - {"tap_hiringcenter.__init__", "tap_hiringcenter.__pycache__", "tap_hiringcenter.api"}
