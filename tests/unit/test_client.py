"""How a system is asked for the target: keys of writes, lists to their end, and what an answer shows."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from tap_hiringcenter.api.answers import Answer
from tap_hiringcenter.api.errors import (
    ApiError,
    ConflictError,
    EnvelopeError,
    ForbiddenError,
    NotFoundError,
    RefusedError,
    UncertainError,
)
from tap_hiringcenter.api.request import Request
from tap_hiringcenter.api.systems import CLOSERSHQ, HIRINGCENTER, PROSPECTB2B
from tap_hiringcenter.api.usage import Usage
from target_hiringcenter.client import Client
from target_hiringcenter.entries import Entry
from target_hiringcenter.tasks import Task
from tests.unit.sinks import form, sink

if TYPE_CHECKING:
    from tap_hiringcenter.api.systems import System
    from tap_hiringcenter.api.transport import Transport
    from target_hiringcenter.ledger import Ledger
    from target_hiringcenter.writes import Row

LEAD = {"full_name": "Ada", "email": "ada@example.com"}
KEYED = Request("POST", "/leads", body={}, idempotency_key="k", is_repeatable=False)
BARE = Request("POST", "/support/tickets", body={}, is_repeatable=False)


class Script:
    """Stands in for the transport: answers one after the other, the last one for ever."""

    def __init__(self, *answers: Any, system: System = PROSPECTB2B) -> None:  # noqa: ANN401  # bodies and errors
        self.system = system
        self.lag = timedelta(0)
        self.asked: list[Request] = []
        self.rested = 0
        self._answers = list(answers)

    def send(self, request: Request, *_: object) -> Answer:
        self.asked.append(request)
        found = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(found, ApiError):
            raise found
        return Answer("asked", 200, found, None)

    def rest(self, _: float) -> None:
        self.rested += 1


def _client(script: Script, ledger_id: str = "ledger", owner: str | None = None) -> Client:
    ledger = SimpleNamespace(id=ledger_id, owner=lambda *_: owner)
    return Client(cast("Transport", script), cast("Ledger", ledger))


def _task(record: Row | None = None, key: str = "key", version: int = 1, mode: str = "create") -> Task:
    asked = form("leads", record or LEAD, leads_write_mode=mode)
    return Task(sink("leads", leads_write_mode=mode), {}, key, asked, asked.content(), Entry(version=version))


def test_a_key_is_the_same_for_the_same_write_and_for_no_other() -> None:
    client = _client(Script({}))
    same = client.key([_task()], "create")
    assert re.fullmatch(r"[0-9a-f]{64}", same)
    assert client.key([_task()], "create") == same
    others = {
        client.key([_task()], "change"),
        client.key([_task(version=2)], "create"),
        client.key([_task(key="other")], "create"),
        client.key([_task({**LEAD, "full_name": "Eve"})], "create"),
        client.key([_task(), _task(key="other")], "create"),
        client.key([_task(key="other"), _task()], "create"),
        _client(Script({}), "another").key([_task()], "create"),
    }
    assert len(others - {same}) == 7


def test_the_servers_time_is_told_too_early_rather_than_too_late() -> None:
    script = Script({})
    script.lag = timedelta(minutes=3)
    told = datetime.fromisoformat(_client(script).now().replace("Z", "+00:00"))
    assert timedelta(minutes=3, seconds=5) <= datetime.now(timezone.utc) - told < timedelta(minutes=3, seconds=10)


def test_a_write_whose_answer_was_lost_is_looked_for_before_it_is_sent_again() -> None:
    script, looks = Script(UncertainError("lost"), UncertainError("lost"), {"data": {"id": "1"}}), []
    answer = _client(script).exchange(BARE, Usage(), lambda: looks.append(len(script.asked)))
    assert isinstance(answer, Answer)
    assert looks == [1, 2]
    assert len(script.asked) == 3


def test_a_write_that_was_found_is_not_sent_again() -> None:
    script = Script(UncertainError("lost"))
    assert _client(script).exchange(BARE, Usage(), lambda: {"id": "1"}) == {"id": "1"}
    assert len(script.asked) == 1


def test_a_write_that_nothing_can_tell_of_is_sent_once() -> None:
    script = Script(UncertainError("lost"))
    with pytest.raises(UncertainError):
        _client(script).exchange(BARE, Usage())
    assert len(script.asked) == 1


def _forbidden() -> Row | None:
    raise ForbiddenError("answered 403")  # noqa: EM101, TRY003  # as the transport does


def test_without_leave_to_look_only_a_write_with_a_key_is_sent_again() -> None:
    script = Script(UncertainError("lost"), {"data": {"id": "1"}})
    assert isinstance(_client(script).exchange(KEYED, Usage(), _forbidden), Answer)
    script = Script(UncertainError("lost"), {"data": {"id": "1"}})
    with pytest.raises(UncertainError):
        _client(script).exchange(BARE, Usage(), _forbidden)
    assert len(script.asked) == 1


@pytest.mark.parametrize(("request_", "exists", "times"), [(KEYED, False, 6), (KEYED, True, 1), (BARE, False, 1)])
def test_a_conflict_is_waited_for_only_where_it_may_be_the_key(request_: Request, times: int, *, exists: bool) -> None:
    script = Script(ConflictError("answered 409", exists=exists))
    with pytest.raises(ConflictError):
        _client(script).exchange(request_, Usage())
    assert len(script.asked) == times
    assert {one.idempotency_key for one in script.asked} == {request_.idempotency_key}


def _page(*ids: str, after: str | None = None) -> Row:
    return {"data": [{"id": row_id} for row_id in ids], "pagination": {"next_cursor": after, "has_more": after is not None}}


def _listed(script: Script, **query: object) -> list[str]:
    return [row["id"] for row in _client(script).list(Request("GET", "/leads", query=query), Usage())]


def test_a_list_is_read_to_its_end() -> None:
    script = Script(_page("1", "2", after="c"), _page("3", after="d"), _page())
    assert _listed(script, created_after="x") == ["1", "2", "3"]
    assert [dict(one.query) for one in script.asked] == [{"created_after": "x", **more} for more in ({}, {"cursor": "c"}, {"cursor": "d"})]


def test_a_list_in_a_circle_is_no_list() -> None:
    with pytest.raises(EnvelopeError, match="already"):
        _listed(Script(_page("1", after="c")))


def test_a_list_of_what_is_not_there_is_empty() -> None:
    assert _listed(Script(NotFoundError("answered 404"))) == []


def test_a_limit_that_is_refused_is_left_out() -> None:
    script = Script(RefusedError("answered 400"), _page("1", after="c"), _page("2"))
    assert _listed(script, limit=200, email="a") == ["1", "2"]
    assert [dict(one.query) for one in script.asked[1:]] == [{"email": "a"}, {"email": "a", "cursor": "c"}]
    with pytest.raises(RefusedError):
        _listed(Script(RefusedError("answered 400")), email="a")


@pytest.mark.parametrize(
    ("row", "since", "owner", "is_found"),
    [
        ({}, None, None, True),
        ({"full_name": "Eve"}, None, None, False),
        ({"email": "ADA@example.com"}, None, None, True),
        ({}, None, "key", True),
        ({}, None, "another", False),
        ({"created_at": "2026-01-01T00:00:00Z"}, "2026-01-01T00:00:00.001Z", None, False),
        ({"created_at": "2026-01-01T00:00:00.001Z"}, "2026-01-01T00:00:00.001Z", None, True),
        ({"created_at": "yesterday"}, "2026-01-01T00:00:00.001Z", None, True),
    ],
)
def test_a_row_is_found_by_what_it_says_and_only_if_it_is_nobody_elses(row: Row, since: str | None, owner: str | None, *, is_found: bool) -> None:
    task, found = _task(), {"id": "1", **LEAD, **row}
    script = Script({"data": [found], "pagination": {"next_cursor": None, "has_more": False}})
    assert task.form.look is not None
    assert _client(script, owner=owner).find(task, task.form.look, since=since) == (found if is_found else None)
    assert dict(script.asked[0].query) == ({"created_after": since} if since else {})


@pytest.mark.parametrize("body", [{}, {"data": None}, {"data": []}, [], "x", None, {"item": {"id": "1"}}])
def test_an_answer_without_the_row_is_not_trusted(body: Any) -> None:  # noqa: ANN401  # any JSON
    if body is None:
        assert _client(Script({})).row(Answer("asked", 200, body, None)) is None
        return
    with pytest.raises(EnvelopeError):
        _client(Script({})).row(Answer("asked", 200, body, None))


def test_the_row_of_an_answer_stands_where_its_api_puts_it() -> None:
    row = {"id": "1"}
    assert _client(Script({})).row(Answer("asked", 200, {"data": row}, None)) == row
    hiringcenter = _client(Script({}, system=HIRINGCENTER))
    assert hiringcenter.row(Answer("asked", 200, {"success": True, "item": row}, None)) == row
    assert hiringcenter.row(Answer("asked", 200, row, None)) == row
    assert _client(Script({}, system=CLOSERSHQ)).row(Answer("asked", 200, {"message": "added"}, None)) is None
    with pytest.raises(RefusedError, match="no success"):
        hiringcenter.row(Answer("asked", 200, {"success": False, "item": row}, None))


@pytest.mark.parametrize("answer", [NotFoundError("answered 404"), RefusedError("answered 400"), {"data": {"name": "no id"}}])
def test_what_can_not_be_read_is_not_there(answer: object) -> None:
    assert _client(Script(answer)).read("/leads/{id}", {"id": "x"}, Usage()) is None
