"""Running the tap as a pipeline does, and looking at what came out."""

from __future__ import annotations

import copy
import io
import json
import os
import subprocess
import sys
from contextlib import redirect_stdout
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

from tap_hiringcenter.api.reports import COMPLETE
from tap_hiringcenter.tap import TapHiringcenter

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from tests.sandbox import Sandbox

Record = dict[str, Any]
# What the executable does.
PROGRAM = "from tap_hiringcenter.tap import TapHiringcenter; TapHiringcenter.cli()"


@dataclass(frozen=True)
class Outcome:
    """What one run left behind.

    Attributes:
        code: The exit code.
        lines: The lines on standard output.
        report: The run report.
    """

    code: int
    lines: list[str]
    report: dict[str, Any]

    @cached_property
    def messages(self) -> list[dict[str, Any]]:
        """The Singer messages."""
        return [json.loads(line) for line in self.lines]

    def records(self, stream: str) -> list[Record]:
        """The records of a stream, in order."""
        return [message["record"] for message in self.messages if message["type"] == "RECORD" and message["stream"] == stream]

    @property
    def states(self) -> list[dict[str, Any]]:
        """Every state that was written."""
        return [message["value"] for message in self.messages if message["type"] == "STATE"]

    @property
    def state(self) -> dict[str, Any]:
        """The last state."""
        return self.states[-1]

    def status(self, stream: str) -> str:
        """What the report says of a stream."""
        return str(self.report["streams"][stream]["status"])


@cache
def _whole_catalog() -> dict[str, Any]:
    return TapHiringcenter(setup_mapper=False).catalog_dict


def catalog(*streams: str, full_table: Iterable[str] = ()) -> dict[str, Any]:
    """A catalog in which just these streams are selected.

    Args:
        streams: The streams.
        full_table: Those among them that are to be read whole.
    """
    found = copy.deepcopy(_whole_catalog())
    for entry in found["streams"]:
        root = next(item["metadata"] for item in entry["metadata"] if not item["breadcrumb"])
        root["selected"] = entry["stream"] in streams
        if entry["stream"] in full_table:
            root["replication-method"] = "FULL_TABLE"
    return found


def settings_for(sandbox: Sandbox, **settings: object) -> dict[str, Any]:
    """Settings that reach a sandbox and read nothing twice.

    Args:
        sandbox: The sandbox.
        settings: More settings.
    """
    return {**sandbox.tap_config(), "lookback_seconds": 0, **settings}


def sync(config: Mapping[str, Any], *streams: str, state: Mapping[str, Any] | None = None, full_table: Iterable[str] = ()) -> Outcome:
    """Run the tap in this process.

    Args:
        config: Settings.
        streams: What to select; everything that is selected by default when there are none.
        state: The state to start from.
        full_table: Streams to be read whole.
    """
    selection = catalog(*streams, full_table=full_table) if streams else None
    tap = TapHiringcenter(config=dict(config), state=copy.deepcopy(dict(state)) if state else None, catalog=selection)
    # As standard output is made: text over bytes.
    written = io.BytesIO()
    with redirect_stdout(io.TextIOWrapper(written, encoding="utf-8", write_through=True)):
        report = tap.sync()
        return Outcome(0 if report.status == COMPLETE else 1, written.getvalue().decode().split("\n")[:-1], report.to_dict())


def execute(
    config: Mapping[str, Any],
    folder: Path,
    *arguments: str,
    state: Mapping[str, Any] | None = None,
    selection: Mapping[str, Any] | None = None,
    environment: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run the executable in a process of its own, with its files in a folder.

    Args:
        config: Settings.
        folder: Where its files go.
        arguments: More arguments.
        state: The state to start from.
        selection: The catalog.
        environment: More environment variables.
    """
    command = command_line(config, folder, *arguments, state=state, selection=selection)
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=100, env={**os.environ, **(environment or {})})


def command_line(
    config: Mapping[str, Any],
    folder: Path,
    *arguments: str,
    state: Mapping[str, Any] | None = None,
    selection: Mapping[str, Any] | None = None,
) -> list[str]:
    """The command that `execute` runs."""
    command = [sys.executable, "-c", PROGRAM]
    for name, content in (("config", config), ("state", state), ("catalog", selection)):
        if content is not None:
            path = folder / f"{name}.json"
            path.write_text(json.dumps(content), encoding="utf-8")
            command += [f"--{name}", str(path)]
    return [*command, *arguments]
