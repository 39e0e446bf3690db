"""Loads the sandbox into a warehouse, changes the sandbox, loads again, and compares both times."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING

import duckdb
import requests

from tests.demo.comparison import Comparison, compare, rows_of
from tests.demo.pipeline import ROOT, Pipeline
from tests.sandbox import Sandbox, World

if TYPE_CHECKING:
    from collections.abc import Iterable

_PLACE = ROOT / ".demo"
_WAREHOUSE = _PLACE / "warehouse.duckdb"
_SCHEMA = "hiringcenter"
_SHOWN = 5
# A window on the newest prospects, which meltano.yml leaves out.
_LEFT_OUT = {"prospect_feed"}


def main() -> int:
    """Run the demo.

    Returns:
        The exit code: 0 when every stream is equal both times.
    """
    streams = sorted({file.stem for file in ROOT.glob("schemas/*/*.json")} - _LEFT_OUT)
    with Sandbox(World(seed=7, size=50)) as sandbox:
        loader = {"path": _WAREHOUSE, "default_target_schema": _SCHEMA}
        pipeline = Pipeline("load", _PLACE, {"tap-hiringcenter": sandbox.tap_config(), "target-duckdb": loader})
        for leftover in _PLACE.glob(f"{_WAREHOUSE.name}*"):
            leftover.unlink()
        try:
            pipeline.install()
            is_first_equal = _load_and_compare("first load", pipeline, sandbox, streams)
            requests.post(f"{sandbox.hiringcenter_url.split('/hiringcenter/')[0]}/sandbox/change", timeout=30).raise_for_status()
            is_second_equal = _load_and_compare("after changes", pipeline, sandbox, streams)
        except subprocess.CalledProcessError as error:
            print(f"\nMeltano ended with exit code {error.returncode}")
            return 1
    is_equal = is_first_equal and is_second_equal
    print("\nEvery row of the sandbox is in the warehouse." if is_equal else "\nThe warehouse is not what the sandbox is.")
    return 0 if is_equal else 1


def _load_and_compare(title: str, pipeline: Pipeline, sandbox: Sandbox, streams: Iterable[str]) -> bool:
    """Run the job once and show what came of it."""
    before, started = len(sandbox.requests), time.monotonic()
    pipeline.run()
    print(f"\n{title}: {len(sandbox.requests) - before} requests, {time.monotonic() - started:.1f} s\n")
    with duckdb.connect(str(_WAREHOUSE), read_only=True) as connection:
        found = [compare(stream, sandbox.truth(stream), rows_of(connection, _SCHEMA, stream)) for stream in streams]
    _show(found)
    return all(comparison.is_equal for comparison in found)


def _show(found: Iterable[Comparison]) -> None:
    print(f"{'stream':<30}{'in the sandbox':>15}{'in the warehouse':>18}  equal?")
    for comparison in found:
        print(f"{comparison.stream:<30}{comparison.in_sandbox:>15}{comparison.in_warehouse:>18}  {'yes' if comparison.is_equal else 'NO'}")
        for line in comparison.differences[:_SHOWN]:
            print(f"    {line}")
        if len(comparison.differences) > _SHOWN:
            print(f"    and {len(comparison.differences) - _SHOWN} more")


if __name__ == "__main__":
    sys.exit(main())
