"""An environment for each contestant, with the versions of its `programs/*.txt`, kept from run to run."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.serving import ROOT

PROGRAMS = Path(__file__).parent / "programs"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "hiringcenter-singer" / "bench"
_OURS = ("pyproject.toml", "uv.lock", "tap_hiringcenter/**/*.py", "target_hiringcenter/**/*.py", "schemas/**/*.json")
_VERSION = sysconfig.get_python_version()


class MissingError(Exception):
    """An environment can't be made."""


@cache
def python(name: str) -> Path:
    """The Python of a contestant's environment, which is made when it isn't there yet.

    Args:
        name: Which of `programs/*.txt`, or `ours` for a wheel of this checkout with the versions of its lock file.

    Raises:
        MissingError: It can't be made; the message says why.
    """
    files = sorted(file for pattern in _OURS for file in ROOT.glob(pattern)) if name == "ours" else [PROGRAMS / f"{name}.txt"]
    mark = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]
    place = CACHE / f"{name}-{_VERSION}-{mark}"
    executable = place / "bin" / "python"
    if (place / "complete").exists():
        return executable
    for outdated in CACHE.glob(f"{name}-{_VERSION}-*"):
        shutil.rmtree(outdated)
    _uv("venv", "--python", sys.executable, str(place))
    if name == "ours":
        _install_wheel(executable)
    else:
        _uv("pip", "install", "--python", str(executable), "--requirements", str(files[0]))
    # What is compiled at the first start must not count.
    subprocess.run([executable, "-m", "compileall", "-q", place / "lib"], check=False, stdout=subprocess.DEVNULL)
    (place / "complete").touch()
    return executable


def _install_wheel(executable: Path) -> None:
    with TemporaryDirectory() as scratch:
        locked = Path(scratch) / "locked.txt"
        _uv("export", "--locked", "--no-emit-project", "--output-file", str(locked))
        _uv("build", "--wheel", "--out-dir", scratch, str(ROOT))
        (wheel,) = Path(scratch).glob("*.whl")
        _uv("pip", "install", "--python", str(executable), "--requirements", str(locked))
        _uv("pip", "install", "--python", str(executable), "--no-deps", str(wheel))


def versions(name: str) -> dict[str, str]:
    """What is installed in an environment, by distribution."""
    lines = _uv("pip", "freeze", "--python", str(python(name))).splitlines()
    return {line.split("==")[0]: line.split("==")[1] for line in lines if "==" in line}


def _uv(*arguments: str) -> str:
    uv = os.environ.get("UV") or shutil.which("uv")
    if not uv:
        msg = "uv is not there: see the command in docs/speed.md"
        raise MissingError(msg)
    done = subprocess.run([uv, "--quiet", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise MissingError(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else f"uv {arguments[0]} failed")
    return done.stdout
