"""What the process of a target does."""

from __future__ import annotations

import io
import json
import os
from contextlib import redirect_stdout
from typing import TYPE_CHECKING, Any

from target_hiringcenter.target import TargetHiringcenter
from tests.kills.process import Run, fork

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path


def start(config: Mapping[str, Any], lines: Iterable[str], folder: Path) -> Run:
    """Start the target.

    Args:
        config: Settings.
        lines: Singer messages.
        folder: Where this run's output, report and log go.
    """
    own = {**config, "run_report_path": str(folder / "report.json")}
    return fork(_work, folder, own, "".join(f"{line}\n" for line in lines))


def last_state(run: Run) -> Any:  # noqa: ANN401 - any JSON
    """The last STATE that came out, as the pipeline would keep it; None when none did."""
    lines = run.lines()
    return json.loads(lines[-1]) if lines else None


def report(run: Run) -> dict[str, Any]:
    """The run report of a run that came to its end."""
    found: dict[str, Any] = json.loads((run.folder / "report.json").read_text(encoding="utf-8"))
    return found


def _work(folder: Path, config: dict[str, Any], text: str) -> None:
    with (folder / "out.jsonl").open("w", encoding="utf-8") as out, redirect_stdout(out):
        code = 1
        try:
            code = TargetHiringcenter(config=config).run(io.StringIO(text))
        finally:
            out.flush()
            # As the executable ends: nobody waits for threads.
            os._exit(code)
