"""Programs of the Singer world that other people wrote, and what they make of our output. Each runs in an environment of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.auditor import BY_DEFAULT, emitted, schema
from tests.running import execute, settings_for

if TYPE_CHECKING:
    from tests.sandbox import Sandbox

UV = shutil.which("uv", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))

pytestmark = pytest.mark.skipif(UV is None, reason="these programs need old versions of our own dependencies, and uv to install them apart")


def tool(package: str, *command: str, folder: Path, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run a program of a package of its own."""
    uv = [str(UV), "tool", "run", "--quiet", "--python", sys.executable, "--from", package]
    return subprocess.run([*uv, *command], cwd=folder, input=stdin, capture_output=True, text=True, check=False, timeout=110)


def test_singer_check_tap_accepts_the_output_and_a_second_run_from_its_state(sandbox: Sandbox, tmp_path: Path) -> None:
    # Through its standard input: when it starts a tap itself, it doesn't wait for its own reader to come to the end.
    state = None
    for _ in range(2):
        run = execute(settings_for(sandbox), tmp_path, state=state)
        result = tool("singer-tools==0.4.1", "singer-check-tap", folder=tmp_path, stdin=run.stdout)
        assert result.returncode == 0, result.stdout + result.stderr
        assert "The output is valid." in result.stdout
        state = json.loads(run.stdout.splitlines()[-1])["value"]


def test_target_jsonl_holds_exactly_the_rows_after_a_first_run_and_after_changes(sandbox: Sandbox, tmp_path: Path) -> None:
    folder = tmp_path / "loaded"
    config = tmp_path / "target.json"
    config.write_text(json.dumps({"destination_path": str(folder), "do_timestamp_file": False}), encoding="utf-8")

    def load(state: dict[str, object] | None) -> dict[str, object]:
        run = execute(settings_for(sandbox), tmp_path, state=state)
        assert run.returncode == 0
        loaded = tool("target-jsonl==0.1.4", "target-jsonl", "--config", str(config), folder=tmp_path, stdin=run.stdout)
        assert loaded.returncode == 0, loaded.stderr
        last: dict[str, object] = json.loads(loaded.stdout.splitlines()[-1])
        return last

    def differing() -> list[str]:
        found = []
        for stream in BY_DEFAULT:
            keys = schema(stream)["required"]
            path = folder / f"{stream}.jsonl"
            lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []
            held = {tuple(row[key] for key in keys): row for row in lines}
            wanted = {tuple(row[key] for key in keys): row for row in (emitted(stream, row) for row in sandbox.truth(stream))}
            found += [stream] if held != wanted else []
        return found

    state = load(None)
    assert differing() == []
    sandbox.change("leads", sandbox.truth("leads")[0]["id"], title="changed")
    sandbox.put("meetings", {**sandbox.truth("meetings")[0], "id": "m-new", "createdAt": None, "updatedAt": None})
    sandbox.change("campaigns", sandbox.truth("campaigns")[0]["id"], status="paused")
    load(state)
    assert differing() == []
