"""Lists: every way of paging that the documents leave open, and every way in which a list can contradict itself."""

from __future__ import annotations

from typing import Literal

import pytest

from tests.auditor import BY_DEFAULT, differences
from tests.running import sync
from tests.sandbox import Sandbox, Variant, World

LISTS = tuple(name for name in BY_DEFAULT if not name.startswith(("settings_", "billing_", "api_", "prospector_config")))


@pytest.mark.parametrize("cursor", ["id", "live", "offset"])
@pytest.mark.parametrize("order", ["created", "updated", "updated_desc", "shuffled"])
def test_lists_are_whole_in_any_order_and_with_any_cursor(
    cursor: Literal["id", "live", "offset"], order: Literal["created", "updated", "updated_desc", "shuffled"]
) -> None:
    with Sandbox(World(seed=5, size=30), variant=Variant(cursor=cursor, order=order, prospectb2b_page_size=7)) as sandbox:
        run = sync({**sandbox.tap_config(), "hiringcenter_page_size": 7}, *LISTS)
        assert run.code == 0
        assert differences(sandbox, [run], LISTS) == []


@pytest.mark.parametrize("ending", ["absent", "null", "present"])
def test_a_list_ends_when_it_says_so_whatever_stands_in_its_cursor(ending: Literal["absent", "null", "present"]) -> None:
    with Sandbox(World(seed=5, size=12), variant=Variant(next_cursor_at_end=ending, prospectb2b_page_size=5)) as sandbox:
        run = sync(sandbox.tap_config(), "leads", "campaigns")
        assert run.code == 0
        assert differences(sandbox, [run], ["leads", "campaigns"]) == []


@pytest.mark.parametrize("paging", ["all", "token", "cap_silent", "cap_refused"])
@pytest.mark.parametrize("shape", ["current", "older"])
def test_prospects_are_complete_however_the_server_pages_them(
    paging: Literal["all", "token", "cap_silent", "cap_refused"], shape: Literal["current", "older"]
) -> None:
    variant = Variant(prospects_paging=paging, prospects_cap=15, hiringcenter_shape=shape)
    with Sandbox(World(seed=5, size=40), variant=variant) as sandbox:
        run = sync({**sandbox.tap_config(), "hiringcenter_page_size": 10}, "prospects")
        assert run.code == 0, run.report
        assert differences(sandbox, [run], ["prospects"]) == []
        assert run.report["streams"]["prospects"]["expected"] == len(sandbox.truth("prospects"))


def test_prospects_that_cannot_be_proven_complete_are_an_error() -> None:
    variant = Variant(prospects_paging="cap_silent", prospects_cap=3)
    with Sandbox(World(seed=5, size=60), variant=variant) as sandbox:
        run = sync(sandbox.tap_config(), "prospects")
        assert run.code == 1
        assert run.status("prospects") == "partial"
        assert "all 60" in run.report["streams"]["prospects"]["reason"]


def test_prospects_behind_a_cap_are_not_taken_for_complete_when_totals_only_count_what_came() -> None:
    variant = Variant(prospects_paging="cap_silent", prospects_cap=5, total_is="returned")
    with Sandbox(World(seed=5, size=40), variant=variant) as sandbox:
        run = sync(sandbox.tap_config(), "prospects")
        assert run.code == 1


@pytest.mark.parametrize("count", [0, 1, 5, 10, 11])
def test_prospects_are_complete_at_every_edge_of_a_page(count: int) -> None:
    with Sandbox(World(seed=5, size=10, prospects=count)) as sandbox:
        run = sync({**sandbox.tap_config(), "hiringcenter_page_size": 5}, "prospects")
        assert run.code == 0
        assert differences(sandbox, [run], ["prospects"]) == []
        assert any(message["type"] == "SCHEMA" for message in run.messages)


def test_a_page_size_that_the_server_refuses_is_asked_for_again_in_its_own() -> None:
    with Sandbox(World(seed=5, size=12), variant=Variant(prospectb2b_max_limit=10)) as sandbox:
        run = sync({**sandbox.tap_config(), "prospectb2b_page_size": 500}, "leads")
        assert run.code == 0
        assert differences(sandbox, [run], ["leads"]) == []
