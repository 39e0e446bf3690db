"""What goes wrong while a list is read (T-08 to T-11), and what must hold then.

I1: all runs together hold exactly what the server had. I3: the exit code is not 0 whenever something is missing.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import pytest

from tests.auditor import differences
from tests.running import settings_for, sync
from tests.sandbox import Fault, LoggedRequest, Sandbox, Variant, World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Body = dict[str, Any]

# How each kind of list says where it goes on: its stream, the parameter that asks for the next page, a page that says so with a token.
TOKENS: dict[str, tuple[str, Callable[[list[Body], str], Body]]] = {
    "campaigns": ("cursor", lambda rows, token: {"data": rows, "pagination": {"has_more": True, "next_cursor": token}}),
    "leads": ("cursor", lambda rows, token: {"data": rows, "pagination": {"has_more": True, "next_cursor": token}}),
    "lead_activities": ("cursor", lambda rows, token: {"data": rows, "pagination": {"has_more": True, "next_cursor": token}}),
    "meetings": ("pageToken", lambda rows, token: {"success": True, "items": rows, "pagination": {"nextPageToken": token}}),
    "tasks": ("pageToken", lambda rows, token: {"success": True, "items": rows, "nextPageToken": token}),
    "notes": ("pageToken", lambda rows, token: {"success": True, "items": rows, "pagination": {"nextPageToken": token}}),
    "prospects": ("pageToken", lambda rows, token: {"success": True, "items": rows, "pagination": {"nextPageToken": token, "totalCount": 9}}),
}


def tokens_in(body: Body) -> Iterator[tuple[Body, str]]:
    """Where a page holds the token of the next one: the object, and the name in it."""
    for place in (body, body.get("pagination") or {}):
        for name in ("next_cursor", "nextPageToken"):
            if place.get(name) is not None:
                yield place, name


@pytest.mark.parametrize("empty", [1, 3])
@pytest.mark.parametrize("stream", ["leads", "campaigns", "lead_activities", "meetings", "tasks", "notes"])
def test_t08_empty_pages_with_a_next_token_do_not_end_a_list(stream: str, empty: int) -> None:
    name, page = TOKENS[stream]
    world = World(seed=1, size=20, campaigns=9, activities_per_lead=5)
    with Sandbox(world, variant=Variant(prospectb2b_page_size=4)) as sandbox:
        detours: list[Fault] = []

        def lead_astray(body: Body) -> Body:
            for place, key in tokens_in(body):
                # Some pages without a row lie between this page and the next one.
                for number in range(empty):
                    after = f"detour {place[key]} {number + 1}" if number + 1 < empty else place[key]
                    asked = f"{name}=detour {place[key]} {number}"
                    where = partial(asks_for, name, [asked.partition("=")[2]])
                    detours.append(Fault("body", stream=stream, where=where, body=page([], after), times=None))
                    sandbox.inject(detours[-1])
                place[key] = f"detour {place[key]} 0"
            return body

        sandbox.inject(Fault("edit", stream=stream, where=is_no_detour, edit=lead_astray, times=None))
        run = sync(settings_for(sandbox, hiringcenter_page_size=4), stream)
        assert sum(detour.played for detour in detours) >= empty
        assert run.code == 0
        assert differences(sandbox, [run], [stream]) == []


def is_no_detour(request: LoggedRequest) -> bool:
    return not any(value.startswith("detour") for values in request.query.values() for value in values)


def asks_for(name: str, token: list[str] | None, request: LoggedRequest) -> bool:
    return request.query.get(name) == token


@pytest.mark.parametrize("circle", [["a"], ["a", "b"], ["a", "b", "c"]], ids=len)
@pytest.mark.parametrize("stream", TOKENS)
def test_t09_tokens_in_a_circle_end_the_list_within_one_of_it(sandbox: Sandbox, stream: str, circle: list[str]) -> None:
    name, page = TOKENS[stream]
    for number, token in enumerate([None, *circle]):
        body = page([{"id": f"row {number}", "createdAt": 1}], circle[number % len(circle)])
        sandbox.inject(Fault("body", stream=stream, body=body, times=None, where=partial(asks_for, name, [token] if token else None)))
    run = sync(settings_for(sandbox, max_concurrency=1), stream)
    assert run.code == 1
    assert "circle" in run.report["streams"][stream]["reason"]
    asked: dict[str, int] = {}
    for request in sandbox.requests:
        if request.stream == stream:
            asked[request.path] = asked.get(request.path, 0) + 1
    # Each page of the circle, and the page before it.
    assert max(asked.values()) <= len(circle) + 1


@pytest.mark.parametrize("cursor", [None, "", True], ids=str)
@pytest.mark.parametrize("stream", ["campaigns", "leads", "lead_activities"])
def test_t09_a_list_that_goes_on_without_a_cursor_is_an_error(sandbox: Sandbox, stream: str, cursor: object) -> None:
    def without(body: Body) -> Body:
        return {**body, "pagination": {"has_more": True, "next_cursor": cursor}}

    sandbox.inject(Fault("edit", stream=stream, edit=without, times=None))
    run = sync(settings_for(sandbox), stream)
    assert run.code == 1
    assert "next_cursor" in run.report["streams"][stream]["reason"]


def test_t09_a_list_that_ignores_its_cursor_is_an_error() -> None:
    with Sandbox(World(seed=1, size=60), variant=Variant(prospectb2b_page_size=2, cursor_on_all_lists="ignored")) as sandbox:
        run = sync(settings_for(sandbox), "campaigns", "leads")
        assert run.code == 1
        assert (run.status("campaigns"), run.status("leads")) == ("partial", "complete")
        assert len([request for request in sandbox.requests if request.path == "/campaigns"]) < 10


@pytest.mark.parametrize("cursor", ["id", "live", "offset"])
@pytest.mark.parametrize("order", ["created", "updated", "shuffled"])
def test_t10_rows_that_exist_throughout_survive_changes_while_the_list_is_read(
    cursor: Literal["id", "live", "offset"], order: Literal["created", "updated", "shuffled"]
) -> None:
    with Sandbox(World(seed=8, size=60), variant=Variant(prospectb2b_page_size=5, cursor=cursor, order=order)) as sandbox:
        streams = ("leads", "referrals", "meetings", "tasks")
        doomed = [row["id"] for row in sandbox.truth("referrals")[::3]]
        doomed_meetings = [row["id"] for row in sandbox.truth("meetings")[::5]]
        movers = [row["id"] for row in sandbox.truth("meetings")[1::5]]

        def churn(request: LoggedRequest) -> None:
            if request.path == "/referrals" and request.query and doomed and is_first:
                sandbox.remove("referrals", doomed.pop(0))
                sandbox.put("referrals", {"email": "new@example.com", "status": "open"})
            if request.path == "/meetings" and request.query.get("pageToken") and is_first:
                if doomed_meetings:
                    sandbox.remove("meetings", doomed_meetings.pop(0))
                if movers:
                    sandbox.change("meetings", movers.pop(), meetingDate=1_900_000_000_000)

        is_first = True
        sandbox.on_request(churn)
        first = sync(settings_for(sandbox, hiringcenter_page_size=5), *streams)
        is_first = False
        second = sync(settings_for(sandbox, hiringcenter_page_size=5), *streams, state=first.state)
        missing = [line for line in differences(sandbox, [first, second], streams) if "not in the sandbox" not in line]
        assert missing == []


def test_t11_rows_of_one_moment_survive_the_edges_of_pages_and_windows() -> None:
    with Sandbox(World(seed=8, size=120), variant=Variant(prospectb2b_page_size=4, hiringcenter_shape="older")) as sandbox:
        for row in sandbox.truth("leads")[:90]:
            sandbox.change("leads", row["id"], updated_at="2026-03-10T12:00:00.000Z")
        # Seven of each moment, so that the edge of a page of ten lies between two of one moment.
        for number, row in enumerate(sandbox.truth("notes")):
            sandbox.change("notes", row["id"], createdAt=1_772_000_000_000 + number // 7)
        run = sync(settings_for(sandbox, hiringcenter_page_size=10), "leads", "notes")
        assert run.code == 0
        assert differences(sandbox, [run], ["leads", "notes"]) == []
