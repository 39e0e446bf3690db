"""Writing figures and charts into the docs."""

from __future__ import annotations

import re
from textwrap import fill
from typing import TYPE_CHECKING

from bench.serving import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from bench.tables import Table

PAGE = ROOT / "docs" / "speed.md"
_CHART = ROOT / "docs" / "speed"
_OURS = ("tap-hiringcenter", "target-hiringcenter")
_HEIGHT = 0.42
_WIDTH = 80


def write(found: Mapping[str, Sequence[Table]], machine: str, *, is_quick: bool) -> None:
    """Put figures between the markers of their measures, and draw the charts anew when all were measured.

    Args:
        found: Tables by measure.
        machine: What they were measured on.
        is_quick: Whether the sizes were too small to mean much; the page then says so.
    """
    text = PAGE.read_text(encoding="utf-8")
    doubt = " With --quick: sizes too small to judge by." if is_quick else ""
    for name, tables in found.items():
        text = _between(text, name, "\n\n".join([*(table.markdown() for table in tables), f"{machine}{doubt}"]))
    PAGE.write_text(text, encoding="utf-8")
    charted = [table for tables in found.values() for table in tables if len(table.bars) > 1]
    if charted and {"lists", "children", "target"} <= set(found):
        draw(charted, _CHART)


def _between(text: str, name: str, content: str) -> str:
    marked = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end of {name} -->)", re.DOTALL)
    if not marked.search(text):
        msg = f"docs/speed.md has no markers for {name}"
        raise ValueError(msg)
    return marked.sub(lambda match: f"{match[1]}\n{content}\n\n{match[2]}", text)


def draw(tables: Sequence[Table], place: Path) -> None:
    """Draw bars, as SVG and PNG.

    Args:
        tables: Those with bars; each becomes a part of the chart.
        place: Path of the files, without their endings.
    """
    import matplotlib as mpl  # noqa: PLC0415  # only needed to write

    mpl.use("Agg")
    from matplotlib import pyplot as plt  # noqa: PLC0415

    mpl.rcParams["svg.hashsalt"] = "speed"
    heights = [len(table.bars) + 1.5 for table in tables]
    figure, parts = plt.subplots(len(tables), 1, figsize=(10, _HEIGHT * sum(heights)), height_ratios=heights, squeeze=False, layout="constrained")
    for table, part in zip(tables, parts[:, 0], strict=True):
        names, values = list(table.bars), list(table.bars.values())
        bars = part.barh(names, values, color=["#c2410c" if name in _OURS else "#94a3b8" for name in names])
        part.bar_label(bars, [f"{value:.2f}" for value in values], padding=3)
        part.invert_yaxis()
        part.set_title(fill(table.title, _WIDTH), loc="left", fontsize=10)
        part.set_xlabel("seconds")
        part.margins(x=0.1)
        part.spines[["top", "right"]].set_visible(False)
        if table.bound is not None:
            part.axvline(table.bound, color="#0f172a", linestyle="--", linewidth=1)
    for ending, metadata in (("svg", {"Date": None}), ("png", None)):
        figure.savefig(place.with_suffix(f".{ending}"), metadata=metadata, dpi=120)
    plt.close(figure)
