"""Runs the job of meltano.yml as a user would, with a place of its own for all that it leaves behind."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[2]
SCHEMA = "hiringcenter"


class Pipeline:
    """The job `load`, pointed at a sandbox."""

    def __init__(self, place: Path, tap_config: Mapping[str, Any]) -> None:
        """Take a folder, and forget the state and the rows of an earlier run in it.

        Args:
            place: The folder. Meltano's environments in it are used again.
            tap_config: Settings of the tap.
        """
        place.mkdir(exist_ok=True)
        self.warehouse = place / "warehouse.duckdb"
        for leftover in (*place.glob("warehouse.duckdb*"), *place.glob("meltano.db*")):
            leftover.unlink()
        shutil.rmtree(place / "run", ignore_errors=True)
        self._environment = {
            # Nothing that someone has set up for real use may find its way in here.
            **{name: value for name, value in os.environ.items() if not name.startswith(("MELTANO_", "TAP_HIRINGCENTER_", "TARGET_DUCKDB_"))},
            **{f"TAP_HIRINGCENTER_{name.upper()}": str(value) for name, value in tap_config.items()},
            "MELTANO_SYS_DIR_ROOT": str(place),
            "MELTANO_CLI_LOG_LEVEL": "warning",
            # The checkout is read, never written to.
            "MELTANO_PROJECT_READONLY": "true",
            "MELTANO_SEND_ANONYMOUS_USAGE_STATS": "false",
            "TARGET_DUCKDB_PATH": str(self.warehouse),
            "TARGET_DUCKDB_DEFAULT_TARGET_SCHEMA": SCHEMA,
        }

    def install(self) -> None:
        """Install tap and loader, each into an environment of its own."""
        self._meltano("install")

    def run(self) -> None:
        """Run the job, from where its state says."""
        self._meltano("run", "load")

    def _meltano(self, *arguments: str) -> None:
        print(f"\n$ meltano {' '.join(arguments)}", flush=True)
        meltano = Path(sys.executable).with_name("meltano")
        subprocess.run([meltano, *arguments], cwd=ROOT, env=self._environment, stdin=subprocess.DEVNULL, check=True)
