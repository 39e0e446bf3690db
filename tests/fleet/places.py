"""Everything that the fleet needs on this machine, in one folder: programs, projects, DAGs; and the processes that were started from there."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from tests.demo.pipeline import ROOT, environment
from tests.pipelines.project import EXAMPLE as PROJECT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.fleet.agency import Agency

EXAMPLE = ROOT / "examples" / "airflow"
DAGS = EXAMPLE / "dags"
MELTANO = "meltano[postgres]==4.4.1"
# For the pod template alone.
KUBERNETES = "apache-airflow-providers-cncf-kubernetes==10.25.0"
_PLUGINS = ("tap-hiringcenter", "tap-hiringcenter--whole", "target-postgres", "reconcile")
# Nobody waits for five minutes here.
_IN_A_HURRY = {"retry_delay=timedelta(minutes=5)": "retry_delay=timedelta(seconds=5)"}
_SECONDS_TO_END = 10


def install(folder: Path, agency: Agency, state: str) -> None:
    """Install Airflow, Meltano and the project, as docs/orchestration.md says.

    Args:
        folder: Where to.
        agency: The APIs, which the project is pointed at.
        state: Meltano's database.
    """
    uv = os.environ.get("UV") or shutil.which("uv") or "uv"
    for name, what in (("airflow", ["-r", str(EXAMPLE / "requirements.txt"), KUBERNETES]), ("meltano", [MELTANO])):
        subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, str(folder / name)], check=True)
        subprocess.run([uv, "pip", "install", "--quiet", "--python", str(folder / name / "bin" / "python"), *what], check=True)
    project = folder / "project"
    shutil.copytree(PROJECT, project, ignore=shutil.ignore_patterns(".meltano"))
    file = project / "meltano.yml"
    told = yaml.safe_load(file.read_text(encoding="utf-8").replace("pip_url: hiringcenter-singer", f"pip_url: {ROOT}"))
    for extractor in next(found for found in told["environments"] if found["name"] == "prod")["config"]["plugins"]["extractors"]:
        extractor["config"].update(agency.settings())
    file.write_text(yaml.safe_dump(told, sort_keys=False), encoding="utf-8")
    variables = environment({}, MELTANO_DATABASE_URI=state)
    subprocess.run([folder / "meltano" / "bin" / "meltano", "install", *_PLUGINS], cwd=project, env=variables, check=True)


def copy_dags(folder: Path) -> Path:
    """Copy the DAGs, which try again sooner here and are run when they are told to.

    Returns:
        Where they are.
    """
    dags = folder / "dags"
    shutil.copytree(DAGS, dags, ignore=shutil.ignore_patterns("__pycache__"))
    for file, edits in (("hiringcenter_runs/tasks.py", _IN_A_HURRY), ("hiringcenter_fleet.py", {"schedule=schedule": "schedule=None"})):
        text = (dags / file).read_text(encoding="utf-8")
        for old, new in edits.items():
            if text.count(old) != 1:
                message = f"{file} has no {old!r} any more"
                raise ValueError(message)
            text = text.replace(old, new)
        (dags / file).write_text(text, encoding="utf-8")
    return dags


class Processes:
    """Programs that run in the background, each leading a group of its own.

    Args:
        folder: Where they run; all that runs from below there is ended in the end, whoever started it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, command: list[str], variables: Mapping[str, str]) -> None:
        """Start a program, whose output goes to a file of its name.

        Args:
            name: What to call it.
            command: Its command line.
            variables: Its environment.
        """
        place = self._folder / name
        place.mkdir(parents=True, exist_ok=True)
        with (self._folder / f"{name}.log").open("ab") as log:
            self._running[name] = subprocess.Popen(
                command, cwd=place, env=variables, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )

    def kill(self, name: str, *, with_all: bool) -> None:
        """Kill a program and its group.

        Args:
            name: The program.
            with_all: Whether what it has started dies as well, as when the machine is gone; else that goes on without it.
        """
        process = self._running.pop(name)
        others = descendants(process.pid) if with_all else []
        os.killpg(process.pid, signal.SIGKILL)
        for other in others:
            with contextlib.suppress(ProcessLookupError):
                os.kill(other, signal.SIGKILL)
        process.wait()

    def ended(self) -> list[str]:
        """Programs that have ended by themselves."""
        return [name for name, process in self._running.items() if process.poll() is not None]

    def end(self) -> None:
        """End them all."""
        for process in self._running.values():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
        until = time.monotonic() + _SECONDS_TO_END
        for process in self._running.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0, until - time.monotonic()))
        for process_id in living_in(self._folder):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process_id, signal.SIGKILL)
        for process in self._running.values():
            process.wait()


def living_in(folder: Path) -> list[int]:
    """Processes that have their working directory in a folder."""
    found = []
    for entry in Path("/proc").iterdir():
        # Many end while they are looked at, and some are not ours to look at.
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and int(entry.name) != os.getpid() and (entry / "cwd").resolve().is_relative_to(folder):
                found.append(int(entry.name))
    return found


def descendants(process_id: int) -> list[int]:
    """What a process has started, and what that has started."""
    parents = {}
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit():
                # The name of the program, in brackets, may hold anything.
                parents[int(entry.name)] = int((entry / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1])
    found = [process_id]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found[1:]
