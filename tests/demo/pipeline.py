"""Runs Meltano as a user would: a job of this checkout's meltano.yml, with a place of its own for all that it leaves behind, or any project."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[2]
# Nothing that someone has set up for real use may find its way in here.
_NOT_OURS = ("MELTANO_", "TAP_", "TARGET_")


def environment(settings: Mapping[str, Mapping[str, Any]], **others: str) -> dict[str, str]:
    """The environment to run Meltano in.

    Args:
        settings: Settings of plugins, by plugin.
        others: More variables.
    """
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(_NOT_OURS)},
        **{f"{plugin}_{name}".upper().replace("-", "_"): str(value) for plugin, values in settings.items() for name, value in values.items()},
        "MELTANO_CLI_LOG_LEVEL": "warning",
        "MELTANO_SEND_ANONYMOUS_USAGE_STATS": "false",
        **others,
    }


def meltano(folder: Path, variables: Mapping[str, str], *arguments: str, **settings: str) -> None:
    """Run one command of Meltano.

    Args:
        folder: The project.
        variables: Its environment.
        arguments: The command.
        settings: More variables, which are shown with the command.

    Raises:
        CalledProcessError: It ended with another exit code than 0.
    """
    print(" ".join(("\n$", *(f"{name}={value}" for name, value in settings.items()), "meltano", *arguments)), flush=True)
    executable = Path(sys.executable).with_name("meltano")
    subprocess.run([executable, *arguments], cwd=folder, env={**variables, **settings}, stdin=subprocess.DEVNULL, check=True)


class Pipeline:
    """A job, pointed at a sandbox."""

    def __init__(self, job: str, place: Path, settings: Mapping[str, Mapping[str, Any]]) -> None:
        """Take a folder, and forget the state of an earlier run in it.

        Args:
            job: The job's name.
            place: The folder. Meltano's environments in it are used again.
            settings: Settings of its plugins, by plugin.
        """
        place.mkdir(exist_ok=True)
        for leftover in place.glob("meltano.db*"):
            leftover.unlink()
        shutil.rmtree(place / "run", ignore_errors=True)
        jobs = yaml.safe_load((ROOT / "meltano.yml").read_text(encoding="utf-8"))["jobs"]
        self._job = job
        self._plugins = [name for found in jobs if found["name"] == job for task in found["tasks"] for name in task.split()]
        # The checkout is read, never written to.
        self._environment = environment(settings, MELTANO_SYS_DIR_ROOT=str(place), MELTANO_PROJECT_READONLY="true")

    def install(self) -> None:
        """Install the job's plugins, each into an environment of its own."""
        meltano(ROOT, self._environment, "install", *self._plugins)

    def run(self, **settings: str) -> None:
        """Run the job, from where its state says.

        Args:
            settings: More environment variables, for this run only.
        """
        meltano(ROOT, self._environment, "run", self._job, **settings)
