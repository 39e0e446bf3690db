"""Who takes part: how each contestant is started, in an environment of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench import environments
from bench.environments import PROGRAMS, MissingError
from bench.rounds import Run
from bench.serving import KEY

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bench.serving import Served

OURS = "tap-hiringcenter"
FLOOR = "requests + orjson, bare loop (the floor)"
UNLIMITED = 1_000_000


@dataclass(frozen=True)
class Program:
    """A contestant other than our own executables.

    Attributes:
        name: What it is called in the tables.
        environment: Which of `programs/*.txt` it needs.
        file: Which of `programs/*.py` it is.
        arguments: More arguments.
        streams: What it reads.
        is_one_by_one: Whether it asks for one thing at a time, so that it needs minutes for children.
    """

    name: str
    environment: str
    file: str
    arguments: tuple[str, ...] = ()
    streams: tuple[str, ...] = ("leads", "meetings", "lead_activities")
    is_one_by_one: bool = False


_LISTS = ("leads", "meetings")
READERS = (
    Program(FLOOR, "bare", "bare_requests.py"),
    Program("http.client + orjson, bare loop", "bare", "bare_http.py", streams=_LISTS),
    Program("dlt rest_api, iterated", "dlt", "dlt_source.py", ("iterate",)),
    Program("dlt rest_api, pipeline (extract, normalise)", "dlt", "dlt_source.py", ("pipeline",), streams=_LISTS),
    Program("airbyte-cdk, low-code source", "airbyte", "airbyte_source.py"),
    Program("singer-sdk, tap as the template makes it", "template", "template_tap.py", is_one_by_one=True),
)
COUNTER = Program("singer-sdk, target that only counts", "template", "template_target.py")


@dataclass(frozen=True)
class Contestants:
    """Makes the runs.

    Attributes:
        folder: Where their files go.
        is_alone: Whether just our own executables take part, as they are installed in this very environment.
    """

    folder: Path
    is_alone: bool = False

    @cached_property
    def _catalog(self) -> dict[str, Any]:
        done = subprocess.run([self.executable(OURS), "--discover"], capture_output=True, text=True, check=True)
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def executable(self, name: str) -> Path:
        """One of our own executables."""
        return Path(sysconfig.get_path("scripts")) / name if self.is_alone else environments.python("ours").with_name(name)

    def interpreter(self) -> Path:
        """The Python that our own executables run on."""
        return Path(sys.executable) if self.is_alone else environments.python("ours")

    def ours(self, served: Served, at_once: int, streams: Iterable[str] | None = None) -> Run:
        """Our tap.

        Args:
            served: The server.
            at_once: How many requests may be under way.
            streams: What to select; everything when None.
        """
        catalog = json.loads(json.dumps(self._catalog))
        for entry in catalog["streams"]:
            root = next(item["metadata"] for item in entry["metadata"] if not item["breadcrumb"])
            root["selected"] = streams is None or entry["stream"] in streams
        config = {
            **self.systems(served),
            "prospectb2b_page_size": 200,
            "max_concurrency": at_once,
        }
        files = [f"--config={self.file('tap', config)}", f"--catalog={self.file('catalog', catalog)}"]
        return Run(OURS, [self.executable(OURS), *files])

    def systems(self, served: Served) -> dict[str, Any]:
        """Settings that reach both systems, with limits out of the way."""
        return {
            "hiringcenter_api_key": KEY,
            "hiringcenter_api_url": served.hiringcenter,
            "hiringcenter_requests_per_minute": UNLIMITED,
            "hiringcenter_requests_per_hour": UNLIMITED,
            "prospectb2b_api_key": KEY,
            "prospectb2b_api_url": served.prospectb2b,
            "prospectb2b_requests_per_minute": UNLIMITED,
        }

    def others(self, served: Served, at_once: int, stream: str) -> tuple[list[Run], list[str]]:
        """The others that read a stream.

        Args:
            served: The server.
            at_once: How many requests may be under way.
            stream: What is read.

        Returns:
            Their runs, and a line for each that can't take part.
        """
        given = {"hiringcenter": served.hiringcenter, "prospectb2b": served.prospectb2b, "key": KEY, "stream": stream, "at_once": at_once}
        runs, left_out = [], []
        for program in (one for one in READERS if stream in one.streams and not self.is_alone):
            is_singer = program.environment == "template"
            arguments = [f"--config={self.file('template', given)}"] if is_singer else [json.dumps(given), *program.arguments]
            try:
                command = self.command(program, *arguments)
            except MissingError as error:
                left_out.append(f"Left out: {program.name}, which can't be installed here ({error}).")
                continue
            is_slow = program.is_one_by_one and stream == "lead_activities"
            runs.append(Run(program.name, command, most=1) if is_slow else Run(program.name, command))
        return runs, left_out

    def command(self, program: Program, *arguments: str) -> list[str | Path]:
        """What starts another program.

        Raises:
            MissingError: Its environment can't be made.
        """
        return [environments.python(program.environment), PROGRAMS / program.file, *arguments]

    def file(self, name: str, content: Mapping[str, Any]) -> Path:
        """A file with some JSON."""
        place = self.folder / f"{name}.json"
        place.write_text(json.dumps(content), encoding="utf-8")
        return place
