"""A PostgreSQL warehouse and its loader, for the tests that fill one."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from functools import cache
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.demo.database import new_database, reached
from tests.pipelines.project import plugin
from tests.pipelines.warehouse import RealLoader, with_another_clock

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


@cache
def _command(name: str) -> list[str]:
    """How a loader of the example is started, in an environment of its own; skips when that can't be made."""
    uv = os.environ.get("UV") or shutil.which("uv")
    if not uv:
        pytest.skip("no uv to install the loader with")
    package, *others = plugin(name)["pip_url"].split()
    along = [argument for other in others for argument in ("--with", other)]
    command = [uv, "tool", "run", "--quiet", "--python", sys.executable, "--from", package, *along, plugin(name)["executable"]]
    tried = subprocess.run([*command, "--help"], capture_output=True, text=True, check=False)
    if tried.returncode:
        pytest.skip(f"the loader can't be installed: {tried.stderr.strip()}")
    return command


def _loader(name: str, place: Mapping[str, Any], folder: Path) -> RealLoader:
    """A loader as the example sets it up."""
    file = folder / "loader.json"
    file.write_text(json.dumps({**plugin(name)["config"], **place}), encoding="utf-8")
    return RealLoader([*_command(name), "--config", str(file)], plugin(name).get("env", {}))


@pytest.fixture
def warehouse() -> Iterator[psycopg.Connection[Any]]:
    """An empty warehouse, whose clock is another one than that of the times in it."""
    try:
        with new_database("hiringcenter_warehouse") as database:
            with_another_clock(database)
            yield database
    except psycopg.OperationalError as error:
        pytest.skip(f"no PostgreSQL to try it with: {error}")


@pytest.fixture
def to_postgresql(warehouse: psycopg.Connection[Any], tmp_path: Path) -> RealLoader:
    """The loader that fills `warehouse`."""
    return _loader("target-postgres", reached(warehouse), tmp_path)


@pytest.fixture
def duckdb_file(tmp_path: Path) -> Path:
    """A DuckDB file that isn't there yet."""
    return tmp_path / "warehouse.duckdb"


@pytest.fixture
def to_duckdb(duckdb_file: Path, tmp_path: Path) -> RealLoader:
    """The loader that fills `duckdb_file`."""
    return _loader("target-duckdb", {"path": str(duckdb_file)}, tmp_path)
