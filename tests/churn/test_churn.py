"""T-10 to T-14 and T-20 together: rows come, change, move and go at chosen moments of some runs. `python -m tests.churn` plays many more plans."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.churn.draws import CASTS, plans
from tests.churn.plan import Deed, Plan
from tests.churn.play import violations
from tests.sandbox import Variant

_SETTINGS: dict[str, int | str] = {"lookback_seconds": 300, "max_concurrency": 1, "hiringcenter_page_size": 8, "child_sync": "changed"}
_TWO, _THREE = (None, None), (None, None, None)
# One for each way in which much could be lost; in each of them it was, with a tap that was broken on purpose.
PLANS = {
    "T-12 a row from the future": Plan(
        ("meetings",), (), {"seed": 1, "meetings": 9}, Variant(), _SETTINGS, _TWO, (Deed(0, 0, "insert", "meetings", stamp="future"),)
    ),
    "T-13 a row that becomes visible late": Plan(
        ("meetings",),
        (),
        {"seed": 1, "meetings": 9},
        Variant(),
        _SETTINGS,
        _THREE,
        (Deed(0, 0, "insert", "meetings"), Deed(1, 0, "update", "meetings", stamp="late")),
    ),
    "T-10 rows that are deleted before others move up": Plan(
        ("referrals",),
        (),
        {"seed": 1, "referrals": 9},
        Variant(cursor="offset", prospectb2b_page_size=3),
        _SETTINGS,
        _TWO,
        (Deed(0, 3, "delete", "referrals", count=3),),
    ),
    "T-14 children that can't be had in one run": Plan(
        ("leads", "lead_activities"),
        (),
        {"seed": 1, "leads": 9, "activities_per_lead": 2},
        Variant(),
        _SETTINGS,
        _TWO,
        (Deed(0, 0, "refuse", "lead_activities"),),
    ),
    "T-11 rows of one moment at the edges of windows": Plan(
        ("leads",),
        (),
        {"seed": 1, "leads": 30},
        Variant(prospectb2b_page_size=2),
        _SETTINGS,
        _TWO,
        (Deed(0, 0, "update", "leads", count=6),),
    ),
}


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
def test_t10_to_t14_a_plan_that_breaks_a_careless_tap(plan: Plan) -> None:
    assert violations(plan) == []


# To make a plan that failed as small as it can be takes its time.
@pytest.mark.timeout(600)
@pytest.mark.parametrize("cast", CASTS)
@settings(derandomize=True, database=None, deadline=None, max_examples=18, print_blob=True, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_t10_to_t14_and_t20_the_first_quiet_run_makes_it_whole(cast: str, data: st.DataObject) -> None:
    assert violations(data.draw(plans(cast))) == []
