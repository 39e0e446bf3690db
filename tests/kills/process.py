"""Tap and target in processes of their own that start within milliseconds: forked from one that has imported everything and has no threads."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from tests import waits

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.context import ForkServerProcess
    from pathlib import Path

# A run takes a second or two; one that has not ended by then never will.
_LONGEST = 60.0

_forks = multiprocessing.get_context("forkserver")
# With all that the main module of a sweep imports, or each process would import it again.
_forks.set_forkserver_preload(["tests.kills.tap.point", "tests.kills.target.point"])


@dataclass(frozen=True)
class Run:
    """A run that was started.

    Attributes:
        process: Its process.
        folder: Where its files are.
    """

    process: ForkServerProcess
    folder: Path

    def kill(self) -> None:
        """Kill it, from whatever thread, and wait until it is gone."""
        self.stop(signal.SIGKILL)

    def stop(self, number: int) -> None:
        """Send it a signal that ends it, from whatever thread, and wait until it is gone; for a minute at most, as `finish` then tells."""
        # It may just have come to its end.
        with suppress(ProcessLookupError):
            os.kill(self.process.pid or 0, number)
        wait([self.process.sentinel], _LONGEST)

    def finish(self) -> int | None:
        """Wait for its end.

        Returns:
            Its exit code; None when it did not end by itself.
        """
        self.process.join(_LONGEST)
        if self.process.exitcode is None:
            self.process.kill()
            self.process.join()
            return None
        return self.process.exitcode

    def lines(self) -> list[str]:
        """The lines that came out. What follows the last line break is no line."""
        return (self.folder / "out.jsonl").read_text(encoding="utf-8").split("\n")[:-1]


def fork(work: Callable[..., None], folder: Path, *arguments: Any) -> Run:  # noqa: ANN401 - passed on
    """Start a run.

    Args:
        work: What its process does; gets the folder and the arguments.
        folder: Where this run's output, report and log go.
        arguments: What can be pickled.
    """
    folder.mkdir()
    folder.joinpath("out.jsonl").touch()
    process = _forks.Process(target=_work, args=(work, folder, *arguments))
    process.start()
    return Run(process, folder)


def _work(work: Callable[..., None], folder: Path, *arguments: Any) -> None:  # noqa: ANN401 - passed on
    log = os.open(folder / "log.txt", os.O_WRONLY | os.O_CREAT)
    os.dup2(log, sys.stderr.fileno())
    logging.disable(logging.INFO)
    # Its own is a semaphore of the system, which a kill would leave behind.
    tqdm.set_lock(threading.RLock())
    waits.shorten()
    work(folder, *arguments)
