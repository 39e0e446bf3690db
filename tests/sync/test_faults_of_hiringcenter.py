"""What goes wrong with HiringCenter's lists alone (T-22, T-27): prospects without a page token, and two ages of the API.

The sandbox's prospects are complete in what came out, or the run says that they aren't: never a third thing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import pytest

from tests.auditor import differences
from tests.running import settings_for, sync
from tests.sandbox import Fault, Sandbox, Variant, World

if TYPE_CHECKING:
    from collections.abc import Callable

Shape = Literal["current", "older", "mixed"]
STREAMS = ("prospects", "meetings", "notes", "tasks")
SHAPES: tuple[Shape, ...] = ("current", "older", "mixed")


@pytest.mark.parametrize("paging", ["cap_silent", "cap_refused"])
@pytest.mark.parametrize("filters", ["exact", "partial"])
@pytest.mark.parametrize("cap", [1, 4, 20])
def test_t22_prospects_behind_a_cap_are_complete_or_an_error(
    cap: int, paging: Literal["cap_silent", "cap_refused"], filters: Literal["exact", "partial"]
) -> None:
    variant = Variant(prospects_paging=paging, prospects_cap=cap, text_filters=filters, hiringcenter_shape="older" if cap % 2 else "current")
    with Sandbox(World(seed=cap, size=40), variant=variant) as sandbox:
        run = sync(settings_for(sandbox, hiringcenter_page_size=min(cap, 25)), *STREAMS)
        found = differences(sandbox, [run], ["prospects"])
        # What comes of a capped list must be known to be not all of it; and a cap that is not far below the number of rows is overcome.
        assert (run.code, found) == (0, []) or (run.code == 1 and "prospects" in run.report["streams"]["prospects"]["reason"] and cap < 20)
        assert differences(sandbox, [run], STREAMS[1:]) == []


def test_t22_a_cap_that_is_overcome_is_overcome_by_the_next_run_too() -> None:
    with Sandbox(World(seed=5, size=40), variant=Variant(prospects_paging="cap_silent", prospects_cap=15)) as sandbox:
        first = sync(settings_for(sandbox), "prospects")
        assert first.code == 0
        for row in sandbox.truth("prospects")[::7]:
            sandbox.change("prospects", row["id"], title="changed")
        second = sync(settings_for(sandbox), "prospects", state=first.state)
        assert second.code == 0
        assert differences(sandbox, [first, second], ["prospects"]) == []


def with_total(total: Callable[[int], Any]) -> Callable[[Any], Any]:
    """An edit of the total of an answer, in either shape."""

    def edit(body: Any) -> Any:  # noqa: ANN401  # any JSON
        place = body.get("pagination", body)
        place["totalCount"] = total(place["totalCount"])
        return body

    return edit


@pytest.mark.parametrize("shape", ["current", "older"])
@pytest.mark.parametrize("more", [1, 1000])
def test_t22_a_total_that_is_never_reached_is_an_error_after_a_few_requests(shape: Shape, more: int) -> None:
    with Sandbox(World(seed=5, size=20), variant=Variant(hiringcenter_shape=shape)) as sandbox:
        sandbox.inject(Fault("edit", path="/prospects", edit=with_total(lambda total: total + more), times=None))
        run = sync(settings_for(sandbox), *STREAMS)
        assert run.code == 1
        assert run.status("prospects") == "partial"
        assert "prospects" in run.report["streams"]["prospects"]["reason"]
        assert "prospects" not in run.state["bookmarks"]
        assert differences(sandbox, [run], STREAMS[1:]) == []
        # Each value of each filter may be asked for in a few passes, but not each combination of them.
        assert len([request for request in sandbox.requests if request.path == "/prospects"]) < 500
        sandbox.heal()
        rest = sync(settings_for(sandbox), *STREAMS, state=run.state)
        assert differences(sandbox, [run, rest], STREAMS) == []


@pytest.mark.parametrize("shape", ["current", "older"])
@pytest.mark.parametrize("total", [None, -1, 2.5, "20"], ids=str)
def test_t22_a_total_that_is_no_count_is_an_error(shape: Shape, total: object) -> None:
    with Sandbox(World(seed=5, size=20), variant=Variant(hiringcenter_shape=shape)) as sandbox:
        sandbox.inject(Fault("edit", path="/prospects", edit=with_total(lambda _: total), times=None))
        run = sync(settings_for(sandbox), "prospects")
        assert run.code == 1
        assert run.status("prospects") in {"failed", "partial"}


def test_t22_a_token_is_followed_when_one_comes_and_the_total_is_held_to() -> None:
    with Sandbox(World(seed=5, size=40), variant=Variant(prospects_paging="token", prospects_cap=2)) as sandbox:
        # So low a cap is overcome by no filter.
        whole = sync(settings_for(sandbox), "prospects")
        assert whole.code == 0
        assert differences(sandbox, [whole], ["prospects"]) == []
        sandbox.inject(Fault("edit", path="/prospects", edit=with_total(lambda total: total + 3), times=None))
        run = sync(settings_for(sandbox), "prospects")
        assert run.code == 1


@pytest.mark.parametrize("shape", SHAPES)
def test_t27_either_shape_is_read_and_both_in_one_run(shape: Shape) -> None:
    with Sandbox(World(seed=3, size=30), variant=Variant(hiringcenter_shape=shape)) as sandbox:
        first = sync(settings_for(sandbox, hiringcenter_page_size=5), *STREAMS, "prospect_feed")
        assert first.code == 0
        assert differences(sandbox, [first], [*STREAMS, "prospect_feed"]) == []
        for stream in ("prospects", "meetings", "tasks"):
            sandbox.change(stream, sandbox.truth(stream)[0]["id"])
        sandbox.put("notes", {"prospectId": sandbox.truth("prospects")[0]["id"], "body": "<p>new</p>"})
        second = sync(settings_for(sandbox, hiringcenter_page_size=5), *STREAMS, state=first.state)
        assert second.code == 0
        assert differences(sandbox, [first, second], STREAMS) == []


@pytest.mark.parametrize(("shape", "later"), [("older", "current"), ("current", "older"), ("mixed", "current")])
def test_t27_a_server_that_changes_its_shape_between_two_runs_is_read_on(shape: Shape, later: Shape) -> None:
    world = World(seed=3, size=30)
    with Sandbox(world, variant=Variant(hiringcenter_shape=shape)) as sandbox:
        first = sync(settings_for(sandbox, hiringcenter_page_size=5), *STREAMS)
    with Sandbox(world, variant=Variant(hiringcenter_shape=later)) as sandbox:
        # Names of fields differ between the shapes, so only what has changed is compared.
        changed = {stream: sandbox.change(stream, sandbox.truth(stream)[0]["id"])["id"] for stream in ("prospects", "meetings", "tasks")}
        changed["notes"] = sandbox.put("notes", {"prospectId": sandbox.truth("prospects")[0]["id"], "body": "<p>new</p>"})["id"]
        second = sync(settings_for(sandbox, hiringcenter_page_size=5), *STREAMS, state=first.state)
        assert second.code == 0
        for stream, row_id in changed.items():
            assert {record["id"] for record in first.records(stream)} | {row_id} == {row["id"] for row in sandbox.truth(stream)}
            assert row_id in {record["id"] for record in second.records(stream)}
