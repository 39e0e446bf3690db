"""The benchmarks still run: with next to nothing to do, and our own executables alone. How fast they are is nobody's business here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bench import pages
from bench.__main__ import MEASURES, main
from bench.process import FailedError, measured
from bench.tables import Table

if TYPE_CHECKING:
    from pathlib import Path


# The others are made of the same parts, and each start takes a second.
@pytest.mark.parametrize("measure", ["lists", "target"])
def test_a_measure_has_figures_for_our_executables(measure: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([measure, "--tiny"]) == 0

    out = capsys.readouterr().out
    assert "Left out" not in out
    assert "failed" not in out
    if measure == "target":
        # Two bulks and the check of the key: a server whose answers are not believed is asked for each row.
        assert "| bulk | 200 | 3 |" in out
    assert out.count("### ") == {"lists": 2, "target": 2}[measure]


@pytest.mark.parametrize(("named", "made"), [([], ["one", "two"]), (["two"], ["two"]), (["two", "one"], ["one", "two"])])
def test_all_measures_are_made_where_none_is_named(named: list[str], made: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    def measure(name: str) -> list[Table]:
        seen.append(name)
        return [Table(name, ("", "seconds"), [["ours", "1.00"]])]

    monkeypatch.setattr("bench.__main__.MEASURES", {name: lambda *_, name=name: measure(name) for name in ("one", "two")})

    assert main([*named, "--tiny"]) == 0
    assert seen == made


def test_a_measure_that_is_none_is_refused_with_the_names_of_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["lists", "lits"])

    assert "no such measure: lits; there are lists, children" in capsys.readouterr().err


def test_a_program_that_fails_is_told_and_not_measured() -> None:
    with pytest.raises(FailedError, match="no such measure"):
        measured(["python3", "-c", "import sys; sys.exit('no such measure')"])


def test_figures_go_between_the_markers_of_their_measure_and_nowhere_else(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    text = pages.PAGE.read_text(encoding="utf-8")
    page = tmp_path / "speed.md"
    page.write_text(text, encoding="utf-8")
    monkeypatch.setattr(pages, "PAGE", page)
    table = Table("What it took", ("", "seconds"), [["ours", "1.00"]])

    pages.write({name: [table] for name in MEASURES if name == "start"}, "Measured here.", is_quick=True)
    once = page.read_text(encoding="utf-8")
    pages.write({"start": [table]}, "Measured here.", is_quick=True)

    assert page.read_text(encoding="utf-8") == once
    assert once.split("<!-- end of start -->")[1] == text.split("<!-- end of start -->")[1]
    assert "| ours | 1.00 |" in once.split("<!-- start -->")[1].split("<!-- end of start -->")[0]


def test_the_page_has_a_place_for_each_measure() -> None:
    text = pages.PAGE.read_text(encoding="utf-8")

    assert [name for name in MEASURES if f"<!-- {name} -->\n" not in text or f"<!-- end of {name} -->" not in text] == []
