"""Rules taken out: for each rule that the connector keeps, a change that takes it out, and the tests that must notice."""

from __future__ import annotations

from tests.mutants.hostile import HOSTILE
from tests.mutants.tap import TAP
from tests.mutants.target import TARGET

MUTANTS = (*TAP, *TARGET, *HOSTILE)
