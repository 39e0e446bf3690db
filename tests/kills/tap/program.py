"""What the process of a tap does: the executable itself, stopped where it is told to at its own output."""

from __future__ import annotations

import io
import json
import os
import signal
import sys
from contextlib import redirect_stdout
from typing import TYPE_CHECKING, Any, Literal, cast

from tap_hiringcenter.tap import TapHiringcenter
from tests.kills.process import Run, fork

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from typing_extensions import Buffer

# Killed right after a line was written, or when one half of it was; asked to end right after a line was written.
AtLine = Literal["line", "half", "term-line"]


def start(folder: Path, config: Mapping[str, Any], *, state: Any, selection: Mapping[str, Any], stop: tuple[AtLine, int] | None) -> Run:  # noqa: ANN401 - any JSON
    """Start the tap.

    Args:
        folder: Where this run's files go.
        config: Settings.
        state: The state to start from; None for none.
        selection: The catalog.
        stop: At which of its lines it is stopped, counted from one; None when it isn't.
    """
    return fork(_work, folder, {"config": dict(config), "state": state, "catalog": dict(selection)}, stop)


def _work(folder: Path, files: Mapping[str, Any], stop: tuple[AtLine, int] | None) -> None:
    arguments = []
    for name, content in files.items():
        if content is not None:
            path = folder / f"{name}.json"
            path.write_text(json.dumps(content), encoding="utf-8")
            arguments += [f"--{name}", str(path)]
    with (folder / "out.jsonl").open("wb", buffering=0) as file:
        # As standard output is made: text over a buffer over what the system gets to see.
        out = io.TextIOWrapper(io.BufferedWriter(_Lines(cast("io.RawIOBase", file), stop)), encoding="utf-8")
        with redirect_stdout(out):
            code: object = 1
            try:
                TapHiringcenter.cli(arguments)
            except SystemExit as end:
                code = end.code
            sys.stdout.flush()
            # As the executable ends: with its code, and nobody waits for threads of ours.
            os._exit(code if isinstance(code, int) else 0 if code is None else 1)


class _Lines(io.RawIOBase):
    """A file that stops its own process at one of the lines, once the system has got it."""

    def __init__(self, file: io.RawIOBase, stop: tuple[AtLine, int] | None) -> None:
        self._file = file
        self._stop = stop
        self._count = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Buffer) -> int:
        given = bytes(data)
        moment, number = self._stop or ("line", 0)
        before, self._count = self._count, self._count + given.count(b"\n")
        if not before < number <= self._count:
            return self._file.write(given) or 0
        lines = given.split(b"\n")[: number - before]
        end = len(b"\n".join(lines)) + 1
        if moment == "half":
            self._file.write(given[: end - len(lines[-1]) // 2 - 1])
            os.kill(os.getpid(), signal.SIGKILL)
        self._file.write(given[:end])
        os.kill(os.getpid(), signal.SIGTERM if moment == "term-line" else signal.SIGKILL)
        self._file.write(given[end:])
        return len(given)
