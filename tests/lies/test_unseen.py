"""What no client can see, so that the guarantees can say so: each of these lies is believed, and does no other harm."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.lies.kinds import KINDS, Kind
from tests.lies.rule import judge
from tests.lies.telling import Page, Telling
from tests.lies.unseen import UNSEEN, Unseen
from tests.running import settings_for, sync

if TYPE_CHECKING:
    from tests.sandbox import LoggedRequest


@pytest.mark.parametrize(
    ("unseen", "kind"),
    [pytest.param(unseen, kind, id=f"{unseen.name}: {kind}") for unseen in UNSEEN for kind in unseen.tellings()],
)
def test_a_lie_that_nobody_can_see_is_believed(unseen: Unseen, kind: Kind) -> None:
    with kind.sandbox() as sandbox:
        telling = Telling(kind, unseen.make(sandbox, kind)).plant(sandbox)
        verdict = judge(sandbox, kind, is_seen=lambda: False)
    assert verdict.violations == []
    assert telling.told
    assert (verdict.run.code, verdict.is_exact) == (0, False)


def without_token(request: LoggedRequest) -> None:
    """Let a token that was made up lead to the first page."""
    for name in ("cursor", "pageToken"):
        request.query.pop(name, None)


@pytest.mark.parametrize("name", ["meetings current", "campaigns", "lead_activities"])
def test_a_list_that_makes_up_rows_for_ever_is_ended_by_the_ceiling_of_requests(name: str) -> None:
    kind = next(kind for kind in KINDS if kind.name == name)

    def more(page: Page) -> object:
        number = len(page.earlier)
        rows = [{**row, "id": f"row {number}.{place}"} for place, row in enumerate(page.rows or [{}])]
        paging = {page.form.token: f"token {number}", **({"has_more": True} if page.form.has_more else {})}
        return page.form.with_rows(page.form.with_paging(page.body, **paging), rows)

    with kind.sandbox() as sandbox:
        sandbox.on_request(without_token)
        Telling(kind, more).plant(sandbox)
        run = sync(settings_for(sandbox, max_requests=60), kind.stream)
        assert run.code == 1
        assert run.status(kind.stream) in {"failed", "partial"}
        assert len(sandbox.requests) <= 60
