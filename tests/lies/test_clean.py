"""No false alarms: whatever the documents leave open, an honest server is read whole. `python -m tests.lies --clean 500` tries more."""

from __future__ import annotations

import pytest

from tests.lies.clean import draw_honest, wrong_with


@pytest.mark.parametrize("seed", range(15))
def test_an_honest_server_is_read_whole(seed: int) -> None:
    assert wrong_with(draw_honest(seed)) == []
