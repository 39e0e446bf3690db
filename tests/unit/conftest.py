"""What several tests of the target's parts need."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from target_hiringcenter.ledger import Ledger

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def ledger() -> Iterator[Ledger]:
    """A ledger in memory that knows nothing."""
    found = Ledger("sqlite://")
    yield found
    found.close()
