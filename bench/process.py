"""Running a command and measuring it: seconds, and the most memory that it held."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

# ru_maxrss is in kilobytes on Linux, in bytes on macOS.
_UNIT = 1 if sys.platform == "darwin" else 1024
_RECORD = b'"RECORD"'
_QUOTED = 2000


@dataclass(frozen=True)
class Measured:
    """What one run of a command took.

    Attributes:
        seconds: From start to end.
        busy: Of the processors.
        memory: Most resident memory, in bytes.
        rows: Lines that hold a record; None when the output went to /dev/null.
    """

    seconds: float
    busy: float
    memory: int
    rows: int | None = None


class FailedError(Exception):
    """A command ended with an error; the end of what it said."""


def measured(
    command: Sequence[str | Path], *, source: Path | None = None, environment: Mapping[str, str] | None = None, counts: bool = False
) -> Measured:
    """Run a command to its end.

    The memory counts from the moment before the command is loaded, so that it is never less than that of this very process, which is therefore
    kept small: the server and all rows are elsewhere.

    Args:
        command: The command.
        source: What it reads on standard input; nothing by default.
        environment: More environment variables.
        counts: Whether its lines are counted, through a pipe, instead of thrown away.

    Returns:
        What it took.

    Raises:
        FailedError: It failed.
    """
    with ExitStack() as stack:
        errors: IO[bytes] = stack.enter_context(tempfile.TemporaryFile())
        given = stack.enter_context(source.open("rb")) if source else subprocess.DEVNULL
        began = time.perf_counter()
        process = subprocess.Popen(
            command,
            stdin=given,
            stdout=subprocess.PIPE if counts else subprocess.DEVNULL,
            stderr=errors,
            env={**os.environ, **(environment or {})},
        )
        rows = sum(_RECORD in line[:400] for line in process.stdout) if process.stdout else None
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.stdout:
            process.stdout.close()
        if process.returncode:
            errors.seek(0)
            said = errors.read().decode(errors="replace")[-_QUOTED:]
            msg = f"{command[0]} ended with {process.returncode}:\n{said}"
            raise FailedError(msg)
    return Measured(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * _UNIT, rows)
