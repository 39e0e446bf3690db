"""A rule taken out, and how it is tried: the change made in a copy of the project, and the tests run there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from collections.abc import Collection

ROOT = Path(__file__).parents[2]
# What tests need of the project.
_NEEDED = ("tap_hiringcenter", "target_hiringcenter", "schemas", "tests", "pyproject.toml")
_TESTS = re.compile(r"^def (test_\w+)\(", re.MULTILINE)
_LONGEST = 120


@dataclass(frozen=True)
class Mutant:
    """A rule taken out.

    Attributes:
        rule: A row of the list of faults (`T-07`, `G-03`), or a promise of the interface (`4.8`).
        file: The file that holds the rule.
        old: The text in it that does; it stands there once.
        new: What takes the rule out.
        tests: Names of the tests that must fail, with their parameters in brackets where one of many is enough.
    """

    rule: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]

    def __str__(self) -> str:
        """The rule, and where it is kept."""
        return f"{self.rule} {self.file}: {self.old.strip().splitlines()[0].strip()[:80]}"

    def mistakes(self, known: dict[str, list[str]], root: Path) -> list[str]:
        """What is wrong with it: it can't be tried as the code or the tests are now.

        Args:
            known: The tests that there are, as `places_of_tests` gives them.
            root: Where the project is.

        Returns:
            One sentence for each mistake.
        """
        text = (root / self.file).read_text(encoding="utf-8")
        found = [f"{self}: stands there {text.count(self.old)} times"] if text.count(self.old) != 1 else []
        for test in self.tests:
            places = known.get(test.partition("[")[0], [])
            if len(places) != 1:
                found.append(f"{self}: {len(places)} tests are called {test}")
        return found

    def ids(self, known: dict[str, list[str]]) -> list[str]:
        """The tests, as pytest calls them."""
        return [f"{known[test.partition('[')[0]][0]}::{test}" for test in self.tests]


def places_of_tests(root: Path) -> dict[str, list[str]]:
    """The files in which each test is."""
    found: dict[str, list[str]] = {}
    for path in sorted((root / "tests").rglob("test_*.py")):
        for name in _TESTS.findall(path.read_text(encoding="utf-8")):
            found.setdefault(name, []).append(path.relative_to(root).as_posix())
    return found


def copy_project(folder: Path) -> Path:
    """Copy what tests need into a folder.

    Returns:
        The copy.
    """
    for name in _NEEDED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__", ".*"))
        else:
            shutil.copy(source, folder / name)
    return folder


@dataclass(frozen=True)
class Outcome:
    """What became of some tests.

    Attributes:
        code: Exit code of pytest: 0 when all have passed, 1 when some have failed; others mean that they weren't run.
        failed: The tests that failed: none of those that could not be set up.
    """

    code: int
    failed: list[str]


def run_tests(copy: Path, ids: list[str], *options: str) -> Outcome:
    """Run tests in a copy of the project.

    Args:
        copy: The copy.
        ids: The tests.
        options: More options of pytest.
    """
    results = copy / "results.xml"
    results.unlink(missing_ok=True)
    given = ["-q", "-p", "no:cacheprovider", f"--timeout={_LONGEST}", f"--junitxml={results}", *options]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *given, *ids],
        cwd=copy,
        # Before whatever is installed, also in the processes that tests start.
        env={**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        check=False,
    )
    if not results.exists():
        return Outcome(done.returncode, [])
    cases = ET.parse(results).iter("testcase")  # noqa: S314  # pytest wrote it just now
    return Outcome(done.returncode, [str(case.get("name")) for case in cases if case.find("failure") is not None])


def is_noticed(mutant: Mutant, copy: Path, known: dict[str, list[str]], failing: Collection[str]) -> bool:
    """Take a rule out of a copy of the project, run its tests, and put it back.

    Args:
        mutant: The rule.
        copy: The copy.
        known: As in `Mutant.mistakes`.
        failing: Tests that fail anyway, and so notice nothing.

    Returns:
        Whether a test failed.
    """
    file = copy / mutant.file
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace(mutant.old, mutant.new), encoding="utf-8")
    try:
        outcome = run_tests(copy, mutant.ids(known), "-n0", "-x")
    finally:
        file.write_text(text, encoding="utf-8")
    # Code 1: the tests were collected and run, and some have failed.
    return outcome.code == 1 and not set(failing).issuperset(outcome.failed)
