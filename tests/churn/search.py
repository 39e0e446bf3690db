"""Looks for a plan that breaks a promise, and makes it as small as it can."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, seed, settings
from hypothesis.errors import Flaky

from tests import waits
from tests.churn.draws import plans
from tests.churn.play import violations

if TYPE_CHECKING:
    from tests.churn.plan import Plan


class _BrokenError(Exception):
    """A promise was broken; one kind of error, so that hypothesis takes all of them for one."""


@dataclass
class Found:
    """What a search has found.

    Attributes:
        tried: How many plans were played, those that only made a plan smaller included.
        plan: The smallest plan that broke a promise.
        violations: What is wrong with it; nothing when there is no such plan.
    """

    tried: int = 0
    plan: Plan | None = None
    violations: tuple[str, ...] = ()


def be_quick_and_quiet() -> None:
    """Prepare a process that searches: no wait before a repeat, no log."""
    logging.disable()
    waits.shorten()


def search(cast: str, number: int, examples: int) -> Found:
    """Play some plans, until one breaks a promise.

    Args:
        cast: Whose streams are read.
        number: The seed; with the same number of examples it leads to the same plans.
        examples: How many plans.
    """
    found = Found()

    @seed(number)
    @settings(max_examples=examples, database=None, deadline=None, report_multiple_bugs=False, suppress_health_check=list(HealthCheck))
    @given(plans(cast))
    def play(plan: Plan) -> None:
        found.tried += 1
        if broken := violations(plan):
            found.plan, found.violations = plan, tuple(broken)
            raise _BrokenError

    try:
        play()
    except _BrokenError:
        pass
    except Flaky:
        # It depends on more than the plan, such as which of two threads was faster; it was seen all the same.
        found.violations = (*found.violations, "not each time that it was played")
    return found
