"""The target in a process of its own that starts within milliseconds: forked from one that has imported everything and has no threads."""

from __future__ import annotations

import io
import json
import logging
import multiprocessing
import os
import signal
import sys
import threading
from contextlib import redirect_stdout
from dataclasses import dataclass
from multiprocessing.connection import wait
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from tap_hiringcenter.api import patience
from target_hiringcenter import actions
from target_hiringcenter.target import TargetHiringcenter

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from multiprocessing.context import ForkServerProcess

_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload([__name__])


@dataclass(frozen=True)
class Run:
    """A run of the target that was started.

    Attributes:
        process: Its process.
        folder: Where its files are.
    """

    process: ForkServerProcess
    folder: Path

    def kill(self) -> None:
        """Kill it, from whatever thread, and wait until it is gone."""
        os.kill(self.process.pid or 0, signal.SIGKILL)
        wait([self.process.sentinel])

    def state(self) -> Any:  # noqa: ANN401 - any JSON
        """The last STATE that came out, as the pipeline would keep it; None when none did."""
        lines = (self.folder / "out.jsonl").read_text(encoding="utf-8").split("\n")
        # What follows the last line break is no line.
        return json.loads(lines[-2]) if len(lines) > 1 else None

    def report(self) -> dict[str, Any]:
        """The run report of a run that came to its end."""
        found: dict[str, Any] = json.loads((self.folder / "report.json").read_text(encoding="utf-8"))
        return found


def start(config: Mapping[str, Any], lines: Iterable[str], folder: Path) -> Run:
    """Start the target.

    Args:
        config: Settings.
        lines: Singer messages.
        folder: Where this run's output, report and log go.
    """
    folder.mkdir()
    own = {**config, "run_report_path": str(folder / "report.json")}
    process = _forks.Process(target=_work, args=(own, "".join(f"{line}\n" for line in lines), str(folder)))
    process.start()
    return Run(process, folder)


def _work(config: dict[str, Any], text: str, folder: str) -> None:
    """What the process does."""
    log = os.open(f"{folder}/log.txt", os.O_WRONLY | os.O_CREAT)
    os.dup2(log, sys.stderr.fileno())
    logging.disable(logging.INFO)
    # Its own is a semaphore of the system, which a kill would leave behind.
    tqdm.set_lock(threading.RLock())
    # As in all tests: a repeat follows at once.
    patience._FIRST_WAIT = 0.001  # noqa: SLF001
    actions._FIRST_POLL = 0.001  # noqa: SLF001
    with Path(folder, "out.jsonl").open("w", encoding="utf-8") as out, redirect_stdout(out):
        code = 1
        try:
            code = TargetHiringcenter(config=config).run(io.StringIO(text))
        finally:
            out.flush()
            # As the executable ends: nobody waits for threads.
            os._exit(code)
