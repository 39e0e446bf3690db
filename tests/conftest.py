"""Fixtures for all tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.sandbox import Sandbox, World

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A small world, played as the newest documents describe it."""
    with Sandbox(World(seed=7, size=12)) as server:
        yield server


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Repeats follow at once: how long they wait is tested where waiting is."""
    monkeypatch.setattr("tap_hiringcenter.api.patience._FIRST_WAIT", 0.001)
    monkeypatch.setattr("target_hiringcenter.actions._FIRST_POLL", 0.001)
