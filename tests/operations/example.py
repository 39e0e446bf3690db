"""The programs of `examples/operations`, and the executables beside them, started as their users start them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests import running, writing

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples" / "operations"
_PROGRAMS = {"tap": running.PROGRAM, "target": writing.PROGRAM}


def play(program: str, *arguments: str | Path, given: str = "") -> subprocess.CompletedProcess[str]:
    """Run a program of the examples.

    Args:
        program: Its file.
        arguments: Its command line.
        given: Its standard input.
    """
    return _run([sys.executable, str(EXAMPLES / program), *map(str, arguments)], given)


def run(which: str, *arguments: str, given: str = "", environment: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run tap or target.

    Args:
        which: `tap` or `target`.
        arguments: Its command line.
        given: Its standard input.
        environment: More environment variables.
    """
    return _run([sys.executable, "-c", _PROGRAMS[which], *arguments], given, environment)


def play_page(commands: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run commands of a page in a folder in which the examples lie, with the executables on the path.

    Args:
        commands: Lines for bash; the first that fails ends them.
        folder: The folder.
    """
    programs = folder / "bin"
    programs.mkdir(exist_ok=True)
    started = {**{f"{which}-hiringcenter": ["-c", f"'{program}'"] for which, program in _PROGRAMS.items()}, "python": []}
    for name, arguments in started.items():
        program = programs / name
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" {" ".join(arguments)} "$@"\n', encoding="utf-8")
        program.chmod(0o700)
    for example in EXAMPLES.iterdir():
        if not (folder / example.name).exists() and example.is_file():
            (folder / example.name).symlink_to(example)
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    return _run(["bash", "-euo", "pipefail", "-c", commands], "", {"PATH": path}, folder)


def _run(
    command: list[str], given: str, environment: Mapping[str, str] | None = None, folder: Path | None = None
) -> subprocess.CompletedProcess[str]:
    # What is tried is what stands beside the tests, also in a copy of the project.
    variables = {**os.environ, "PYTHONPATH": str(ROOT), **(environment or {})}
    return subprocess.run(command, input=given, capture_output=True, text=True, check=False, timeout=100, env=variables, cwd=folder)
