"""Tables of figures, as they are printed and as they stand in the docs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True)
class Table:
    """Figures of one measure.

    Attributes:
        title: What was measured.
        columns: The headings.
        rows: The cells.
        notes: What a reader must know beside it, such as who was left out and why.
        bars: Seconds by name, where they are worth a chart.
        bound: What no bar can go below, where there is such a thing.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str] = ()
    bars: Mapping[str, float] = field(default_factory=dict)
    bound: float | None = None

    def markdown(self) -> str:
        """The table with its title and its notes."""
        lines = [self.columns, ["--"] * len(self.columns), *self.rows]
        table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
        return "\n\n".join([f"### {self.title}", table, *self.notes])


def seconds(value: float) -> str:
    """Seconds, to as many digits as mean anything."""
    return f"{value:.2f}" if value < 100 else f"{value:.0f}"  # noqa: PLR2004  # three digits


def times(value: float) -> str:
    """A ratio."""
    return f"{value:.2f}"


def count(value: float) -> str:
    """A number of things."""
    return f"{value:,.0f}"
