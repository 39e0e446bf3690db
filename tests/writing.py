"""Running the target as a pipeline does, and looking at what it left behind."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import uuid
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

import pytest

from tap_hiringcenter.api.errors import ApiError
from tap_hiringcenter.api.program import InputError
from target_hiringcenter.target import TargetHiringcenter

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from tests.sandbox import Sandbox

Record = dict[str, Any]
# What the executable does.
PROGRAM = "from target_hiringcenter.target import TargetHiringcenter; TargetHiringcenter.cli()"

COUNTS = ("written", "unchanged", "rejected", "skipped")


@dataclass(frozen=True)
class Written:
    """What one run left behind.

    Attributes:
        code: The exit code.
        states: Every state that was passed on.
        report: The run report.
        rejects: The rejects of this run.
        error: What ended the run early.
    """

    code: int
    states: list[dict[str, Any]]
    report: dict[str, Any]
    rejects: list[dict[str, Any]]
    error: Exception | None = None

    def counts(self, stream: str) -> dict[str, int]:
        """The counts of a stream that aren't zero; J3 is checked on the way."""
        entry = self.report["streams"][stream]
        assert sum(entry[name] for name in COUNTS) == entry["records"]
        return {name: entry[name] for name in COUNTS if entry[name]}


def schema(stream: str, records: Iterable[Record], keys: Sequence[str] = ("id",)) -> dict[str, Any]:
    """The SCHEMA message of some records."""
    columns = dict.fromkeys([name for record in records for name in record] + list(keys))
    return {
        "type": "SCHEMA",
        "stream": stream,
        "schema": {"type": "object", "properties": {name: {} for name in columns}},
        "key_properties": list(keys),
    }


def messages(streams: Mapping[str, Sequence[Record]], *, keys: Mapping[str, Sequence[str]] | None = None, state: object = "end") -> list[str]:
    """Singer lines: each stream's SCHEMA and records, and a STATE at the end.

    Args:
        streams: Records by stream.
        keys: Key properties of streams where they aren't `id`.
        state: Value of the bookmark in the STATE.
    """
    found: list[dict[str, Any]] = []
    for stream, records in streams.items():
        found.append(schema(stream, records, (keys or {}).get(stream, ("id",))))
        found += [{"type": "RECORD", "stream": stream, "record": record} for record in records]
    found.append({"type": "STATE", "value": {"bookmark": state}})
    return [json.dumps(message) for message in found]


def settings_for(sandbox: Sandbox, folder: Path, **settings: object) -> dict[str, Any]:
    """Settings that reach a sandbox, with all files in a folder.

    Args:
        sandbox: The sandbox.
        folder: Where the files go.
        settings: More settings.
    """
    return {
        **sandbox.target_config(),
        "ledger_uri": f"sqlite:///{folder / 'ledger.db'}",
        "rejects_path": str(folder / "rejects.jsonl"),
        "plan_path": str(folder / "plan.jsonl"),
        "webhook_secrets_path": str(folder / "secrets.jsonl"),
        **settings,
    }


def write(config: Mapping[str, Any], lines: Iterable[str]) -> Written:
    """Run the target in this process.

    Args:
        config: Settings.
        lines: Singer messages.
    """
    before = len(json_lines(config["rejects_path"]))
    target = TargetHiringcenter(config=dict(config))
    out, error, code = io.StringIO(), None, 1
    with redirect_stdout(out):
        try:
            # Line by line: what the target holds in memory shall not hide behind its input.
            code = target.run(cast("IO[str]", (f"{line}\n" for line in lines)))
        except (ApiError, InputError) as ended:
            error = ended
    states = [json.loads(line) for line in out.getvalue().splitlines()]
    return Written(code, states, target.report.to_dict(), json_lines(config["rejects_path"])[before:], error)


def json_lines(path: str) -> list[dict[str, Any]]:
    """What a file of JSON lines holds; nothing when it isn't there."""
    file = Path(path)
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()] if file.exists() else []


def start(config: Mapping[str, Any], folder: Path, *arguments: str, first: str = "") -> subprocess.Popen[str]:
    """Start the executable in a process of its own.

    Args:
        config: Settings.
        folder: Where its settings file goes.
        arguments: More arguments.
        first: Python that runs in it before, such as one that shortens a wait.
    """
    path = folder / "config.json"
    path.write_text(json.dumps(config), encoding="utf-8")
    command = [sys.executable, "-c", f"{first}\n{PROGRAM}"]
    return subprocess.Popen(
        [*command, "--config", str(path), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ},
    )


@contextmanager
def ledger_in(backend: str, folder: Path) -> Iterator[str]:
    """A place for a ledger.

    Args:
        backend: `sqlite`, or `postgresql`: a schema of its own at 127.0.0.1 or where PGHOST says, dropped in the end. Skips without one.
        folder: Where SQLite's file goes.

    Yields:
        What to set as `ledger_uri`.
    """
    if backend == "sqlite":
        yield f"sqlite:///{folder / 'ledger.db'}"
        return
    psycopg = pytest.importorskip("psycopg")
    host, user = os.environ.get("PGHOST", "127.0.0.1"), os.environ.get("PGUSER", "postgres")
    name = f"hiringcenter_{uuid.uuid4().hex}"
    try:
        connection = psycopg.connect(host=host, user=user, dbname="postgres", autocommit=True, connect_timeout=5)
    except psycopg.OperationalError as error:
        pytest.skip(f"no PostgreSQL to try it with: {error}")
    with connection:
        connection.execute(f'CREATE SCHEMA "{name}"')
        try:
            yield f"postgresql://{user}@{host}/postgres?options=-csearch_path%3D{name}"
        finally:
            connection.execute(f'DROP SCHEMA "{name}" CASCADE')
