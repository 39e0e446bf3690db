"""The table of rules that are taken out fits the code as it is: `python -m tests.mutants` takes them out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.mutants import MUTANTS
from tests.mutants.mutant import ROOT, Mutant, places_of_tests
from tests.test_faults import ROWS

if TYPE_CHECKING:
    from pathlib import Path


def test_what_is_taken_out_is_there_once_and_its_tests_too() -> None:
    known = places_of_tests(ROOT)
    assert [mistake for mutant in MUTANTS for mistake in mutant.mistakes(known, ROOT)] == []
    assert [str(mutant) for mutant in MUTANTS if mutant.old == mutant.new or not mutant.tests] == []


@pytest.mark.parametrize("row", ROWS)
def test_each_row_of_the_list_of_faults_has_a_rule_that_can_be_taken_out(row: str) -> None:
    assert row in {mutant.rule for mutant in MUTANTS}


def test_a_change_that_does_not_fit_is_named(tmp_path: Path) -> None:
    (tmp_path / "code.py").write_text("one two two", encoding="utf-8")
    known = {"test_one": ["tests/test_one.py"], "test_two": ["tests/a.py", "tests/b.py"]}
    assert Mutant("T-01", "code.py", "one", "", ("test_one[a]",)).mistakes(known, tmp_path) == []
    assert len(Mutant("T-01", "code.py", "two", "", ("test_two", "test_three")).mistakes(known, tmp_path)) == 3
