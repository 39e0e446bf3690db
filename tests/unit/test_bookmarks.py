"""Bookmarks: what is accepted from a state, and how far they may move."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from tap_hiringcenter import streams
from tap_hiringcenter.api import times
from tap_hiringcenter.bookmarks import Bookmarks, Start, StateError, check

BEGAN = datetime(2026, 6, 1, 12, tzinfo=timezone.utc)
STREAMS = {"leads", "lead_activities"}
VERSION = int(BEGAN.timestamp() * 1000)


def _bookmarks(state: dict[str, Any] | None = None, start_date: str | None = None, lookback: timedelta = timedelta(seconds=300)) -> Bookmarks:
    return Bookmarks({} if state is None else state, BEGAN, start_date, lookback)  # type: ignore[arg-type]  # a state is a dict of JSON


def _entry(**entry: Any) -> dict[str, Any]:  # noqa: ANN401  # whatever JSON holds
    return {"bookmarks": {"leads": entry}}


@pytest.mark.parametrize(
    "state",
    [
        {},
        {"bookmarks": {}},
        {"bookmarks": {}, "other": 1},
        _entry(),
        _entry(replication_key="updated_at", replication_key_value="2026-03-10T12:00:00.000Z"),
        _entry(replication_key="updated_at", replication_key_value="2026-03-10T12:00:00Z"),
        _entry(replication_key_value=None),
        _entry(position="2026-03-10T12:00:00.000Z", version=5),
        _entry(replication_key_value="2026-03-10T12:00:00.000Z", resume_from="2026-03-10T12:00:00.000Z"),
        _entry(progress_markers={}, starting_replication_value=None, replication_key_signpost="x"),
    ],
)
def test_a_state_of_ours_is_accepted(state: dict[str, Any]) -> None:
    check(state, STREAMS)


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (None, "form"),
        ([], "form"),
        ("x", "form"),
        ({"leads": "2026"}, "form"),
        ({"bookmarks": None}, "form"),
        ({"bookmarks": []}, "form"),
        ({"bookmarks": {"contacts": {}}}, "another tap"),
        ({"bookmarks": {"leads": None}}, "none that this tap writes"),
        ({"bookmarks": {"leads": "2026-03-10"}}, "none that this tap writes"),
        (_entry(partitions=[]), "none that this tap writes"),
        (_entry(replication_key_value="soon"), "not a time"),
        (_entry(replication_key_value=True), "not a time"),
        (_entry(replication_key_value={}), "not a time"),
        (_entry(replication_key_value=1717007200000), "not a time"),
        (_entry(position="soon"), "not a time"),
        (_entry(resume_from="soon"), "not a time"),
        (_entry(resume_from="2999-01-01T00:00:00.000Z"), "future"),
        (_entry(replication_key_value="2999-01-01T00:00:00.000Z"), "future"),
        (_entry(position="2999-01-01T00:00:00.000Z"), "future"),
    ],
)
def test_any_other_state_is_refused_with_the_reason(state: object, reason: str) -> None:
    with pytest.raises(StateError, match=reason):
        check(state, STREAMS)


@pytest.mark.parametrize("version", ["5", None, {}, 1.5, True])
def test_a_version_that_is_no_whole_number_is_refused(version: object) -> None:
    with pytest.raises(StateError):
        check(_entry(position="2026-03-10T12:00:00.000Z", version=version), STREAMS)


def test_clocks_may_differ_a_little() -> None:
    soon = (datetime.now(timezone.utc) + timedelta(minutes=30)).isoformat()

    check(_entry(replication_key_value=soon), STREAMS)


def test_without_a_bookmark_everything_is_read_or_what_the_start_date_says() -> None:
    assert _bookmarks().start("leads", full_table=False, resumable=False) == Start(None)
    assert _bookmarks(start_date="2026-01-01").start("leads", full_table=False, resumable=False) == Start("2026-01-01T00:00:00.000Z")


def test_a_bookmark_wins_over_the_start_date_and_is_looked_back_from() -> None:
    bookmarks = _bookmarks(_entry(replication_key="updated_at", replication_key_value="2026-03-10T12:00:00.000Z"), "2026-05-01")

    assert bookmarks.start("leads", full_table=False, resumable=False) == Start("2026-03-10T11:55:00.000Z")


def test_no_lookback_starts_at_the_bookmark() -> None:
    bookmarks = _bookmarks(_entry(replication_key_value="2026-03-10T12:00:00.000Z"), lookback=timedelta())

    assert bookmarks.start("leads", full_table=False, resumable=False) == Start("2026-03-10T12:00:00.000Z")


@pytest.mark.parametrize("value", ["0001-01-01T00:00:00.000Z", "0001-01-01T00:01:00.000Z"])
def test_the_lookback_ends_where_the_calendar_does(value: str) -> None:
    bookmarks = _bookmarks(_entry(replication_key_value=value))

    assert bookmarks.start("leads", full_table=False, resumable=False) == Start("0001-01-01T00:00:00.000Z")


def test_a_full_table_sync_starts_anew_with_a_version() -> None:
    bookmarks = _bookmarks(_entry(replication_key_value="2026-03-10T12:00:00.000Z", position="2026-03-10T12:00:00.000Z"))

    assert bookmarks.start("leads", full_table=True, resumable=False) == Start(None, VERSION)


def test_a_full_table_sync_that_was_broken_off_goes_on_with_its_version() -> None:
    bookmarks = _bookmarks(_entry(position="2026-03-10T12:00:00.000Z", version=5))

    assert bookmarks.start("leads", full_table=True, resumable=True) == Start("2026-03-10T12:00:00.000Z", 5)


def test_a_reading_that_was_broken_off_goes_on_where_it_was() -> None:
    bookmarks = _bookmarks(_entry(replication_key_value="2026-03-10T12:00:00.000Z", resume_from="2026-03-09T12:00:00Z"))

    assert bookmarks.start("leads", full_table=False, resumable=False) == Start("2026-03-09T12:00:00.000Z")


def _move(state: dict[str, Any], value: str, name: str = "leads", *, lag: timedelta = timedelta(), is_final: bool = True) -> None:
    _bookmarks(state).move(name, "updated_at", value, lag=lag, is_final=is_final)


def test_a_bookmark_moves_forward() -> None:
    state: dict[str, Any] = {}
    for value in ("2026-03-10T12:00:00.000Z", "2026-03-11T12:00:00.000Z"):
        _move(state, value)

    assert state == _entry(replication_key="updated_at", replication_key_value="2026-03-11T12:00:00.000Z")


def test_a_bookmark_never_goes_back() -> None:
    state = _entry(replication_key="updated_at", replication_key_value="2026-03-10T12:00:00Z")
    _move(state, "2026-03-09T12:00:00.000Z")

    assert state == _entry(replication_key="updated_at", replication_key_value="2026-03-10T12:00:00.000Z")


def test_a_bookmark_of_another_column_does_not_hold_it_back() -> None:
    state = _entry(replication_key="createdAt", replication_key_value="2026-03-10T12:00:00Z")
    _move(state, "2026-03-09T12:00:00.000Z")

    assert state == _entry(replication_key="updated_at", replication_key_value="2026-03-09T12:00:00.000Z")


@pytest.mark.parametrize(
    ("lag", "began"),
    [(timedelta(), "2026-06-01T12:00:00.000Z"), (timedelta(minutes=7), "2026-06-01T11:53:00.000Z")],
    ids=["clocks agree", "the server's clock is behind"],
)
@pytest.mark.parametrize("is_final", [True, False])
def test_no_bookmark_goes_past_the_beginning_of_the_run_by_the_servers_clock(lag: timedelta, began: str, is_final: bool) -> None:  # noqa: FBT001  # a parameter of the test
    state: dict[str, Any] = {}
    _move(state, "9999-12-31T23:59:59.999Z", lag=lag, is_final=is_final)

    assert state["bookmarks"]["leads"]["replication_key_value"] == began


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-06-01T12:00:00.000Z", "2026-06-01T11:48:00.000Z"),
        ("2026-06-01T11:48:00.001Z", "2026-06-01T11:48:00.000Z"),
        ("2026-06-01T11:47:59.999Z", "2026-06-01T11:47:59.999Z"),
    ],
)
def test_what_is_broken_off_goes_on_before_rows_that_may_become_visible_late(value: str, expected: str) -> None:
    state: dict[str, Any] = {}
    _move(state, value, lag=timedelta(minutes=7), is_final=False)
    _bookmarks(state).hold("lead_activities", value, 5, lag=timedelta(minutes=7))

    assert state["bookmarks"]["leads"]["resume_from"] == expected
    assert state["bookmarks"]["lead_activities"] == {"position": expected, "version": 5}


def test_what_is_broken_off_before_its_old_bookmark_goes_on_from_there() -> None:
    state = _entry(replication_key="updated_at", replication_key_value="2026-03-10T12:00:00.000Z")
    _move(state, "2026-03-10T11:57:00.000Z", is_final=False)

    expected = {"replication_key": "updated_at", "replication_key_value": "2026-03-10T12:00:00.000Z", "resume_from": "2026-03-10T11:57:00.000Z"}
    assert state == _entry(**expected)
    assert _bookmarks(state).start("leads", full_table=False, resumable=False) == Start("2026-03-10T11:57:00.000Z")


def test_a_reading_that_came_to_its_end_has_nowhere_to_go_on() -> None:
    state: dict[str, Any] = {}
    _move(state, "2026-03-10T12:00:00.000Z", is_final=False)
    _move(state, "2026-03-10T12:00:00.000Z")

    assert state == _entry(replication_key="updated_at", replication_key_value="2026-03-10T12:00:00.000Z")


def test_a_child_has_no_column_that_tells_how_far_it_is() -> None:
    state: dict[str, Any] = {}
    for value in ("2026-03-11T12:00:00.000Z", "2026-03-10T12:00:00.000Z"):
        _bookmarks(state).move("leads", None, value, lag=timedelta(), is_final=True)

    assert state == _entry(replication_key_value="2026-03-11T12:00:00.000Z")


@pytest.mark.parametrize("bookmark", [{}, {"replication_key_value": "2026-03-09T12:00:00.000Z"}], ids=["the first one", "after others"])
def test_a_finished_full_table_sync_leaves_no_position(bookmark: dict[str, str]) -> None:
    state = _entry(**bookmark)
    bookmarks = _bookmarks(state)
    bookmarks.hold("leads", "2026-03-10T12:00:00.000Z", 5, lag=timedelta())
    assert state == _entry(**bookmark, position="2026-03-10T12:00:00.000Z", version=5)
    bookmarks.finish("leads")
    bookmarks.finish("lead_activities")

    assert state == _entry(**bookmark)


def test_a_final_mark_of_a_full_table_sync_leaves_no_position() -> None:
    state: dict[str, Any] = {}
    _bookmarks(state).hold("leads", "2026-03-10T12:00:00.000Z", 5, lag=timedelta())
    _move(state, "2026-03-11T12:00:00.000Z")

    assert state == _entry(replication_key="updated_at", replication_key_value="2026-03-11T12:00:00.000Z")


@pytest.mark.parametrize("child_sync", ["changed", "full"])
def test_what_is_written_is_accepted_and_small_even_when_every_stream_was_broken_off(child_sync: str) -> None:
    state: dict[str, Any] = {}
    bookmarks = _bookmarks(state)
    for stream in streams.STREAMS:
        for is_final in (True, False):
            if stream.parent or stream.replication_key:
                bookmarks.move(
                    stream.name,
                    stream.replication_key,
                    "2026-03-10T12:00:00.000Z",
                    lag=timedelta(),
                    is_final=is_final or child_sync == "full",
                    after="i" * 40 if stream.parent else None,
                    done="d" * 64 if stream.parent else "",
                )
        if stream.parent and child_sync == "full":
            bookmarks.hold(stream.name, "2026-03-10T12:00:00.000Z", VERSION, lag=timedelta(), after="i" * 40)

    check(json.loads(json.dumps(state)), [stream.name for stream in streams.STREAMS])
    assert len(json.dumps({"type": "STATE", "value": state})) < 4096


NOON = "2026-03-10T12:00:00.000Z"


@pytest.mark.parametrize("full_table", [False, True])
@pytest.mark.parametrize(
    ("ids", "expected"),
    [(["lead_1", "lead_2"], "lead_2"), (["lead_2", None], "lead_2"), ([None], None), (["i" * 41], None), (["lead_2", "i" * 41], "lead_2")],
)
def test_among_rows_of_one_moment_an_id_tells_how_far_a_child_is(ids: list[str | None], expected: str | None, *, full_table: bool) -> None:
    state: dict[str, Any] = {}
    for after in ids:
        if full_table:
            _bookmarks(state).hold("lead_activities", NOON, 5, lag=timedelta(), after=after)
        else:
            _bookmarks(state).move("lead_activities", None, NOON, lag=timedelta(), is_final=False, after=after)

    start = _bookmarks(state).start("lead_activities", full_table=full_table, resumable=True)
    assert start == Start(NOON, 5 if full_table else None, expected)


@pytest.mark.parametrize("is_final", [False, True])
def test_an_id_is_forgotten_with_its_moment(*, is_final: bool) -> None:
    state: dict[str, Any] = {}
    _bookmarks(state).move("lead_activities", None, NOON, lag=timedelta(), is_final=False, after="lead_2")
    _bookmarks(state).move("lead_activities", None, "2026-03-10T12:00:01.000Z", lag=timedelta(), is_final=is_final)

    assert "after" not in state["bookmarks"]["lead_activities"]


def test_within_the_lookback_no_id_stands_for_its_moment() -> None:
    state: dict[str, Any] = {}
    value = times.to_text(BEGAN - timedelta(seconds=299))
    _bookmarks(state).move("lead_activities", None, value, lag=timedelta(), is_final=False, after="lead_2")

    assert "after" not in state["bookmarks"]["lead_activities"]


@pytest.mark.parametrize(("age", "is_kept"), [(300, True), (299, False)])
def test_a_digest_stands_for_roots_that_have_settled(age: int, *, is_kept: bool) -> None:
    state: dict[str, Any] = {}
    value = times.to_text(BEGAN - timedelta(seconds=age))
    _bookmarks(state).move("lead_activities", None, value, lag=timedelta(), is_final=True, done="digest")

    start = _bookmarks(state).start("lead_activities", full_table=False, resumable=True)
    since = times.to_text(BEGAN - timedelta(seconds=age + 300))
    assert start == (Start(since, until=value, done="digest") if is_kept else Start(since))


def test_a_digest_goes_with_a_bookmark_that_another_run_has_moved_on() -> None:
    state = {"bookmarks": {"lead_activities": {"replication_key_value": "2026-03-11T12:00:00.000Z"}}}
    _bookmarks(state).move("lead_activities", None, NOON, lag=timedelta(), is_final=True, done="digest")

    assert state == {"bookmarks": {"lead_activities": {"replication_key_value": "2026-03-11T12:00:00.000Z"}}}
