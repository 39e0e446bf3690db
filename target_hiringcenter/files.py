"""Files of JSON lines that a run leaves behind for people: rejects, secrets that are shown once, the plan of a dry run."""

from __future__ import annotations

import json
import os
import stat
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


class Lines:
    """A file of JSON lines, made when the first one comes, readable by its owner only. May be used by many threads.

    Args:
        path: The file.
        is_new: Whether what an earlier run left in it goes.
    """

    def __init__(self, path: str, *, is_new: bool = False) -> None:
        self._path = path
        self._flags = os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if is_new else os.O_APPEND)
        self._file: int | None = None
        self._lock = threading.Lock()

    def append(self, line: Mapping[str, Any]) -> None:
        """Write a line, whole; when this returns, the operating system has it.

        Args:
            line: What to write.

        Raises:
            OSError: It can't be written.
        """
        rest = memoryview((json.dumps(line) + "\n").encode())
        with self._lock:
            if self._file is None:
                self._file = os.open(self._path, self._flags, 0o600)
            while rest:
                rest = rest[os.write(self._file, rest) :]

    def open(self) -> None:
        """Make the file now, so that a path that can't be written is known before anything else is done.

        Raises:
            OSError: It can't be made.
        """
        with self._lock:
            self._file = os.open(self._path, self._flags, 0o600)

    def sync(self) -> None:
        """Bring to the disk what was written.

        Raises:
            OSError: It did not arrive there.
        """
        with self._lock:
            # What is no file, such as /dev/null, is on no disk.
            if self._file is not None and stat.S_ISREG(os.fstat(self._file).st_mode):
                os.fsync(self._file)
