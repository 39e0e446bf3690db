"""Every row of the list of faults is a test that is named after it."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

# The rows of the two lists of what goes wrong out there: of the tap, and of the target.
ROWS = (*(f"T-{number:02}" for number in range(1, 28)), *(f"G-{number:02}" for number in range(1, 18)))
_ROWS_IN_A_NAME = re.compile(r"test((?:_[tg]\d\d)+)_")


@cache
def _named() -> set[str]:
    found: set[str] = set()
    for path in sorted(Path(__file__).parent.rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and (name := _ROWS_IN_A_NAME.match(node.name)):
                found |= {f"{row[0].upper()}-{row[1:]}" for row in name[1].split("_") if row}
    return found


@pytest.mark.parametrize("row", ROWS)
def test_each_row_has_a_test_of_its_name(row: str) -> None:
    assert row in _named()


def test_no_test_is_named_after_a_row_that_there_is_not() -> None:
    assert _named() <= set(ROWS)
