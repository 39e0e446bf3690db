"""Fixtures for all tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests import waits
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
    """Repeats and polls follow at once."""
    waits.shorten(monkeypatch.setattr)
