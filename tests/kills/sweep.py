"""What a sweep is made of, whichever program it stops."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


@dataclass(frozen=True)
class Sweep:
    """All points at which a program is stopped.

    Attributes:
        settings: How program and servers may be set; each is named by its `str`.
        points_of: Runs a setting without stopping it, and gives its points, whose names begin like its own; raises AssertionError when it goes wrong.
        try_point: Tries a point, and gives one sentence for everything that must hold and doesn't.
    """

    settings: Sequence[Any]
    points_of: Callable[[Any], list[Any]]
    try_point: Callable[[Any], list[str]]
