"""The server in a process of its own, and what it tells of a run."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from bench.server import HIRINGCENTER, PROSPECTB2B

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
KEY = "bench-key"
_PAGES = 400


@dataclass(frozen=True)
class Statistics:
    """What the server was asked in a run.

    Attributes:
        busy: Seconds of processor time that it took.
        rows: Rows that it gave.
        requests: Requests by system.
    """

    busy: float
    rows: int
    requests: dict[str, int]


@dataclass(frozen=True)
class Served:
    """A server that is running.

    Attributes:
        port: Where.
    """

    port: int

    @property
    def hiringcenter(self) -> str:
        """Base URL of HiringCenter."""
        return f"http://127.0.0.1:{self.port}{HIRINGCENTER}"

    @property
    def prospectb2b(self) -> str:
        """Base URL of ProspectB2B."""
        return f"http://127.0.0.1:{self.port}{PROSPECTB2B}"

    def slow(self, paths: str, seconds: float) -> None:
        """Let paths that match a pattern wait so many seconds before they answer."""
        self._get(f"/bench/slow?paths={quote(paths)}&seconds={seconds}")

    def statistics(self) -> Statistics:
        """What it was asked since this was called last."""
        found = self._get("/bench/statistics")
        return Statistics(found["busy"], found.get("rows", 0), {name: found.get(name, 0) for name in ("hiringcenter", "prospectb2b")})

    def rate(self) -> float:
        """Rows a second that it gives to somebody who throws them away: one page again and again, over one connection."""
        connection = HTTPConnection("127.0.0.1", self.port)

        def ask() -> None:
            connection.request("GET", f"{PROSPECTB2B}/leads?limit=200")
            connection.getresponse().read()

        ask()  # has the rows made
        self.statistics()
        began = time.perf_counter()
        for _ in range(_PAGES):
            ask()
        seconds = time.perf_counter() - began
        connection.close()
        return self.statistics().rows / seconds

    def _get(self, path: str) -> dict[str, Any]:
        connection = HTTPConnection("127.0.0.1", self.port)
        connection.request("GET", path)
        found: dict[str, Any] = json.loads(connection.getresponse().read())
        connection.close()
        return found


@contextmanager
def served(*, rows: int = 0, small: int = 0, children: int = 0) -> Iterator[Served]:
    """A server, for as long as it is needed.

    Args:
        rows: How many leads and meetings it has.
        small: How many rows each other list has.
        children: How many activities each lead has.

    Yields:
        The server.
    """
    options = [f"--rows={rows}", f"--small={small}", f"--children={children}"]
    command = [sys.executable, "-m", "bench.server", *options]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        if process.stdin is None or process.stdout is None:
            raise AssertionError
        try:
            yield Served(int(process.stdout.readline()))
        finally:
            process.stdin.close()
            process.wait()
