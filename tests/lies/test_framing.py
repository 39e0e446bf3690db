"""Answers that lie below their JSON."""

from __future__ import annotations

import pytest

from tests.lies.framing import WIRE_LIES, WireLie
from tests.lies.kinds import KINDS, Kind
from tests.lies.rule import judge
from tests.lies.wire import Wire

# The end of the path of each kind that is tried.
PATHS = {"meetings current": "/meetings", "campaigns": "/campaigns", "lead_activities": "/activities", "billing_usage": "/billing/usage"}
TRIED = tuple(kind for kind in KINDS if kind.name in PATHS)


def wrong_with(kind: Kind, lie: WireLie) -> list[str]:
    """What must hold and doesn't, when a kind of list is answered like this."""
    with kind.sandbox() as sandbox, Wire(sandbox.url, PATHS[kind.name], lie.tell, lie.times) as wire:
        verdict = judge(sandbox, kind, url=wire.url, **lie.settings)
    status = verdict.run.status(kind.stream)
    found = verdict.violations if wire.told else [*verdict.violations, "it was never told"]
    if lie.outcome == "refused" and status == "complete":
        found.append("a lie that stays is believed")
    if lie.outcome == "read" and status != "complete":
        found.append(f"it is refused: {verdict.run.report['streams'][kind.stream]['reason']}")
    return found


@pytest.mark.parametrize("number", range(len(WIRE_LIES)), ids=[str(lie) for lie in WIRE_LIES])
def test_whatever_comes_over_the_wire_is_read_whole_or_refused(number: int) -> None:
    assert wrong_with(TRIED[number % len(TRIED)], WIRE_LIES[number]) == []
