"""Repeats and polls that follow at once: how long they wait is tested where waiting is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_hiringcenter.api import patience
from target_hiringcenter import actions

if TYPE_CHECKING:
    from collections.abc import Callable

_SECONDS = 0.001


def shorten(put: Callable[[Any, str, float], object] = setattr) -> None:
    """Shorten all waits of this process.

    Args:
        put: How they are set; pytest's `monkeypatch.setattr` puts them back.
    """
    put(patience, "_FIRST_WAIT", _SECONDS)
    put(actions, "_FIRST_POLL", _SECONDS)
