"""What the figures were measured on."""

from __future__ import annotations

import os
import platform
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path

from bench import environments
from bench.environments import MissingError

_NAMED = ("airbyte-cdk", "dlt", "orjson", "requests", "singer-sdk", "urllib3")
_CPU = Path("/proc/cpuinfo")
_MEMORY = Path("/proc/meminfo")


def described(*, is_alone: bool) -> str:
    """The machine and the versions, in sentences.

    Args:
        is_alone: Whether no environments were made.
    """
    model = _after("model name", _CPU) or platform.processor() or platform.machine()
    memory = _after("MemTotal", _MEMORY)
    size = f", {int(memory.split()[0]) // 1024**2} GB of memory" if memory else ""
    kernel = f"{platform.system()} {platform.release().split('-')[0]}"
    machine = f"{os.cpu_count()} cores of {model}{size}, {kernel}, {platform.python_implementation()} {platform.python_version()}"
    today = datetime.now(timezone.utc).date().isoformat()
    return f"Measured on {today}: {machine}. hiringcenter-singer {version('hiringcenter-singer')}{'' if is_alone else _versions()}."


def _versions() -> str:
    found: dict[str, str] = {}
    for name in ("ours", "bare", "dlt", "airbyte", "template"):
        try:
            installed = environments.versions(name)
        except MissingError:
            continue  # its tables say why
        label = "tap and target" if name == "ours" else name
        found[label] = ", ".join(f"{one} {installed[one]}" for one in _NAMED if one in installed)
    return "; " + "; ".join(f"{label}: {those}" for label, those in found.items())


def _after(name: str, file: Path) -> str | None:
    if not file.exists():
        return None
    lines = file.read_text(encoding="utf-8").splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), None)
