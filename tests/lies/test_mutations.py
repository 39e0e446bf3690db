"""Answers that are changed anywhere, at random. `python -m tests.lies --mutations 5000` tries more."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, given, settings

from tests.lies.mutations import TOLD, Told, wrong_with

# The sandbox and the fixture that shortens waits are the same for all examples; how long one takes is not the question.
_CHECKS = (HealthCheck.function_scoped_fixture, HealthCheck.too_slow)
# The first example that fails is shown as it is: to look for a smaller one takes minutes, and `python -m tests.lies` does that.
_PHASES = (Phase.explicit, Phase.generate)


@settings(max_examples=60, derandomize=True, deadline=None, print_blob=True, database=None, suppress_health_check=_CHECKS, phases=_PHASES)
@given(TOLD)
def test_an_answer_that_is_changed_anywhere_is_kept_or_refused(told: Told) -> None:
    assert wrong_with(told) == []
