"""Families: which children are read, in which order, what a mark promises, and what a failure costs."""

from __future__ import annotations

import logging
import random
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, ClassVar, cast

import pytest

from tap_hiringcenter.api import times
from tap_hiringcenter.api.errors import ApiError, ForbiddenError, KeyRefusedError, NotFoundError, TransientError
from tap_hiringcenter.bookmarks import Start
from tap_hiringcenter.events import End, Event, Mark, Rows
from tap_hiringcenter.family import Family
from tap_hiringcenter.records import Records
from tap_hiringcenter.windows import Slice
from tests.unit.lists import paged
from tests.unit.test_windows import AtOnce

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tap_hiringcenter.api.envelopes import Page
    from tap_hiringcenter.api.rows import Row
    from tap_hiringcenter.base import ApiStream

T0 = datetime(2026, 1, 1, tzinfo=timezone.utc)


LOOKBACK = timedelta(minutes=2)


def _at(minute: int) -> str:
    return times.to_text(T0 + timedelta(minutes=minute))


@dataclass
class Account:
    """What the API holds.

    Attributes:
        leads: The root's rows, in the slices in which they are given.
        notes: Ids of the children by lead.
        words: Ids of the grandchildren by child.
        failures: Errors by the id of the row whose children are asked for.
        asked: What children were asked for, in order.
    """

    leads: list[list[Row]]
    notes: dict[str, list[str]] = field(default_factory=dict)
    words: dict[str, list[str]] = field(default_factory=dict)
    failures: dict[str, ApiError] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)


class Fake:
    """As much of a stream as a family needs."""

    name: ClassVar[str]
    parent: ClassVar[type[Fake] | None] = None
    id_name: ClassVar[str] = ""
    replication_key: ClassVar[str | None] = None

    def __init__(self, account: Account, *, is_full_table: bool = False) -> None:
        self.account = account
        self.is_full_table = is_full_table
        self.expected: int | None = None
        self.logger = logging.getLogger("tests.family")

    @classmethod
    def lineage(cls) -> list[type[Fake]]:
        return [cls, *(cls.parent.lineage() if cls.parent else [])]

    @classmethod
    def ancestor_names(cls) -> list[str]:
        return [*cls.parent.ancestor_names(), cls.id_name] if cls.parent else []

    def slices(self, since: str | None, *, undated: bool = False) -> Iterator[Slice]:
        del undated
        for rows in self.account.leads:
            kept = [row for row in rows if not since or not row["updated_at"] or row["updated_at"] >= since]
            yield Slice([replace(self.records(paged(kept), {}), total=len(rows))])

    def pages(self, context: Mapping[str, str]) -> Iterator[Page]:
        above = context[self.id_name]
        self.account.asked.append((self.name, above))
        if above in self.account.failures:
            raise self.account.failures[above]
        children = self.account.notes if self.name == "notes" else self.account.words
        yield paged([{"id": one} for one in children.get(above, [])])

    def records(self, page: Page, context: Mapping[str, str]) -> Records:
        changes = [row.get("updated_at") for row in page.rows]
        return Records([row["id"] for row in page.rows], changes, [{**row, **context} for row in page.rows])


class Leads(Fake):
    """The root."""

    name = "leads"
    replication_key = "updated_at"


class Notes(Fake):
    """Its children."""

    name = "notes"
    parent = Leads
    id_name = "lead_id"


class Words(Fake):
    """Their children."""

    name = "words"
    parent = Notes
    id_name = "note_id"


def _records(event: Rows) -> list[Row]:
    return cast("list[Row]", event.records.contents)


def _lead(number: int, minute: int | None = None) -> Row:
    return {"id": f"l{number}", "updated_at": None if minute is None else _at(minute)}


def _account(count: int = 6) -> Account:
    """Leads that changed a minute after each other, in one slice and in any order, with two notes of one word each."""
    leads = [_lead(number, number) for number in random.Random(1).sample(range(count), count)]
    notes = {row["id"]: [f"{row['id']}n0", f"{row['id']}n1"] for row in leads}
    return Account([leads], notes, {note: [f"{note}w"] for found in notes.values() for note in found})


def _events(streams: Sequence[Fake], wanted: Mapping[Fake, Start]) -> list[Event]:
    return list(
        Family(
            cast("list[ApiStream]", streams), cast("dict[ApiStream, Start]", dict(wanted)), AtOnce(), ahead=4, left=lambda: None, lookback=LOOKBACK
        ).events()
    )


def _read(account: Account, since: Mapping[type[Fake], str | None], *, version: int | None = None) -> list[Event]:
    """Read an account for these streams, each from a time on."""
    lineage = {kind for wanted in since for kind in wanted.lineage()}
    streams = [kind(account, is_full_table=version is not None) for kind in (Leads, Notes, Words) if kind in lineage]
    return _events(streams, {stream: Start(since[type(stream)], version) for stream in streams if type(stream) in since})


def _ids(events: list[Event], name: str) -> list[str]:
    return [record["id"] for event in events if isinstance(event, Rows) and event.stream.name == name for record in _records(event)]


def _marks(events: list[Event], name: str) -> list[str]:
    return [event.value for event in events if isinstance(event, Mark) and event.stream.name == name]


def _errors(events: list[Event]) -> dict[str, Exception | None]:
    return {event.stream.name: event.error for event in events if isinstance(event, End)}


def test_everything_is_read_without_a_bookmark() -> None:
    account = _account()
    events = _read(account, {Leads: None, Notes: None, Words: None})

    assert sorted(_ids(events, "leads")) == [f"l{number}" for number in range(6)]
    assert sorted(_ids(events, "notes")) == sorted(note for found in account.notes.values() for note in found)
    assert len(_ids(events, "words")) == 12
    assert _errors(events) == {"leads": None, "notes": None, "words": None}


@pytest.mark.parametrize(("left", "is_ahead"), [(None, True), (10_000, False)])
def test_the_next_group_is_asked_for_while_the_last_lists_of_one_are_awaited(left: int | None, *, is_ahead: bool) -> None:
    account = _account(250)
    leads, notes = Leads(account), Notes(account)
    streams, starts = cast("list[ApiStream]", [leads, notes]), cast("dict[ApiStream, Start]", {notes: Start(None)})
    family = Family(streams, starts, AtOnce(), ahead=4, left=lambda: left, lookback=LOOKBACK)

    asked_at_marks = [len(account.asked) for event in family.events() if isinstance(event, Mark) and event.is_checkpoint]

    # With few requests left, none is spent on what may not count.
    assert asked_at_marks[:2] == ([104, 204] if is_ahead else [100, 200])
    assert account.asked == [("notes", f"l{number}") for number in range(250)]


def test_children_carry_the_ids_above_them() -> None:
    events = _read(_account(1), {Words: None})

    (record, _) = [record for event in events if isinstance(event, Rows) for record in _records(event)]
    assert record == {"id": "l0n0w", "lead_id": "l0", "note_id": "l0n0"}


def test_only_what_is_wanted_is_given() -> None:
    events = _read(_account(), {Words: None})

    assert {event.stream.name for event in events} == {"words"}


def test_children_are_read_for_the_parents_that_changed_since_their_own_bookmark() -> None:
    account = _account()
    events = _read(account, {Leads: _at(5), Notes: _at(3)})

    assert _ids(events, "leads") == ["l5"]
    assert account.asked == [("notes", "l3"), ("notes", "l4"), ("notes", "l5")]


def test_a_grandchild_that_is_behind_has_its_own_way_down() -> None:
    account = _account()
    events = _read(account, {Notes: _at(4), Words: _at(2)})

    assert {above for name, above in account.asked if name == "notes"} == {"l2", "l3", "l4", "l5"}
    assert {one[:2] for one in _ids(events, "notes")} == {"l4", "l5"}
    assert {one[:2] for one in _ids(events, "words")} == {"l2", "l3", "l4", "l5"}


def test_parents_without_a_time_have_their_children_read_every_time() -> None:
    account = _account(2)
    account.leads[0].append(_lead(9))
    account.notes["l9"] = ["l9n"]

    assert "l9n" in _ids(_read(account, {Notes: _at(5)}), "notes")


def test_parents_are_taken_in_the_order_of_their_changes() -> None:
    account = _account(30)
    _read(account, {Notes: None})

    assert [above for _, above in account.asked] == [f"l{number}" for number in range(30)]


@pytest.mark.parametrize("count", [1, 100, 101, 250])
def test_a_mark_comes_after_everything_that_it_covers(count: int) -> None:
    account = _account(count)
    changes = {row["id"]: row["updated_at"] for rows in account.leads for row in rows}
    seen: dict[str, set[str]] = {"leads": set(), "notes": set(), "words": set()}
    covered = dict.fromkeys(seen, "")
    for event in _read(account, {Leads: None, Notes: None, Words: None}):
        name = event.stream.name
        if isinstance(event, Rows):
            seen[name] |= {str(record.get("lead_id", record["id"])) for record in _records(event)}
        elif isinstance(event, Mark):
            assert event.value >= covered[name]
            covered[name] = event.value
            assert {lead for lead, change in changes.items() if change < event.value} <= seen[name]

    assert set(covered.values()) == {_at(count - 1)}


def test_marks_are_named_after_whose_time_they_are() -> None:
    keys = {(event.stream.name, event.replication_key) for event in _read(_account(), {Leads: None, Notes: None}) if isinstance(event, Mark)}

    assert keys == {("leads", "updated_at"), ("notes", None)}


def test_only_the_last_mark_of_a_stream_is_final() -> None:
    account = _account(250)
    account.leads = [sorted(account.leads[0], key=lambda row: str(row["updated_at"]))]
    account.leads = [account.leads[0][:120], account.leads[0][120:]]
    events = _read(account, {Leads: None, Notes: None, Words: None})

    for name in ("leads", "notes", "words"):
        finals = [event.is_final for event in events if isinstance(event, Mark) and event.stream.name == name]
        assert finals == [False] * (len(finals) - 1) + [True]
        assert len(finals) > 2


def test_a_stream_that_misses_something_has_no_final_mark() -> None:
    account = _account()
    account.failures["l2"] = ForbiddenError("answered 403")
    events = _read(account, {Leads: None, Notes: None, Words: None})

    assert {event.stream.name for event in events if isinstance(event, Mark) and event.is_final} == {"leads"}


def test_a_slice_that_is_settled_moves_the_marks_without_rows() -> None:
    class Settled(Leads):
        """A root whose windows were empty."""

        def slices(self, since: str | None, *, undated: bool = False) -> Iterator[Slice]:
            del since, undated
            yield Slice([], _at(7))

    root = Settled(Account([]))

    assert [(event.value, event.is_final) for event in _events([root], {root: Start(None)}) if isinstance(event, Mark)] == [
        (_at(7), False),
        (_at(7), True),
    ]


def test_parents_of_one_moment_are_gone_on_with_in_the_order_of_their_ids() -> None:
    account = Account([[_lead(number, 3) for number in range(150)]])
    [first, *_] = [event for event in _read(account, {Notes: None}) if isinstance(event, Mark) and event.is_checkpoint]
    account.asked.clear()
    notes = Notes(account)
    _events([Leads(account), notes], {notes: Start(first.value, after=first.after)})

    assert len(account.asked) == 50
    assert min(above for _, above in account.asked) > str(first.after)


def test_parents_of_one_moment_in_two_groups_are_all_read_again_when_no_id_is_known() -> None:
    account = Account([[_lead(number, 3) for number in range(150)]])
    values = _marks(_read(account, {Notes: None}), "notes")
    account.asked.clear()
    _read(account, {Notes: values[0]})

    assert len(account.asked) == 150


def test_a_parent_that_is_gone_costs_only_its_own_children() -> None:
    account = _account()
    account.failures["l2"] = NotFoundError("answered 404")
    events = _read(account, {Leads: None, Notes: None})

    assert [one[:2] for one in _ids(events, "notes")] == ["l0", "l0", "l1", "l1", "l3", "l3", "l4", "l4", "l5", "l5"]
    assert _errors(events) == {"leads": None, "notes": None}
    assert _marks(events, "notes")[-1] == _at(5)


@pytest.mark.parametrize(("gone", "left", "is_believed"), [(2, 0, True), (3, 0, False), (50, 0, False), (50, 1, True)])
def test_that_all_parents_are_gone_is_not_believed(gone: int, left: int, is_believed: bool) -> None:  # noqa: FBT001  # a parameter of the test
    account = _account(gone + left)
    account.failures = {f"l{number}": NotFoundError("answered 404 Not Found") for number in range(gone)}
    events = _read(account, {Leads: None, Notes: None, Words: None})

    errors = _errors(events)
    assert errors.pop("leads") is None
    assert [error is None for error in errors.values()] == [is_believed] * 2
    assert is_believed or "404" in str(errors["notes"])
    assert {event.stream.name for event in events if isinstance(event, Mark) and event.is_final} == {"leads", *(errors if is_believed else ())}


@pytest.mark.parametrize("name", ["notes", "words"])
def test_no_bookmark_moves_while_every_parent_seems_to_be_gone(name: str) -> None:
    account = _account(250)
    account.failures = {f"l{number}": NotFoundError("answered 404 Not Found") for number in range(250)}

    assert _marks(_read(account, {Leads: None, Notes: None, Words: None}), name) == []


@pytest.mark.parametrize("name", ["notes", "words"])
def test_bookmarks_move_as_soon_as_one_parent_is_found(name: str) -> None:
    account = _account(250)
    account.failures = {f"l{number}": NotFoundError("answered 404 Not Found") for number in range(100)}

    values = _marks(_read(account, {Leads: None, Notes: None, Words: None}), name)
    assert values[-1] == _at(249)
    assert _at(199) in values


@pytest.mark.parametrize("kind", [ForbiddenError, TransientError, ApiError])
def test_a_parent_that_fails_holds_the_mark_of_its_children_and_nothing_else(kind: type[ApiError]) -> None:
    account = _account()
    account.failures["l2"] = kind("answered badly")
    events = _read(account, {Leads: None, Notes: None, Words: None})

    assert {one[:2] for one in _ids(events, "notes")} == {"l0", "l1", "l3", "l4", "l5"}
    assert _errors(events) == {"leads": None, "notes": account.failures["l2"], "words": account.failures["l2"]}
    assert all(value < _at(2) for value in _marks(events, "notes") + _marks(events, "words"))
    assert _marks(events, "leads")[-1] == _at(5)


def test_a_child_that_fails_holds_the_mark_of_the_grandchildren_only() -> None:
    account = _account()
    account.failures["l2n0"] = ForbiddenError("answered 403")
    events = _read(account, {Leads: None, Notes: None, Words: None})

    assert _errors(events) == {"leads": None, "notes": None, "words": account.failures["l2n0"]}
    assert all(value < _at(2) for value in _marks(events, "words"))
    assert len(_ids(events, "words")) == 11


def test_children_that_fail_again_and_again_are_given_up() -> None:
    account = _account(100)
    account.failures = {f"l{number}": TransientError("answered 503") for number in range(10, 100)}
    events = _read(account, {Leads: None, Notes: None})

    assert len(account.asked) < 10 + 3 + 4 + 1
    assert len(_ids(events, "notes")) == 20
    assert len(_ids(events, "leads")) == 100


def test_the_end_of_a_system_ends_all_streams_with_its_reason() -> None:
    account = _account()
    account.failures["l2"] = KeyRefusedError("answered 401")
    events = _read(account, {Leads: None, Notes: None, Words: None})

    assert set(_errors(events).values()) == {account.failures["l2"]}
    assert all(value < _at(2) for value in _marks(events, "notes") + _marks(events, "words"))


def test_a_root_that_fails_fails_what_is_below_it() -> None:
    class Broken(Leads):
        """A root that can't be listed to its end."""

        def slices(self, since: str | None, *, undated: bool = False) -> Iterator[Slice]:
            yield from super().slices(since, undated=undated)
            raise TransientError("answered 500")  # noqa: EM101, TRY003  # as the transport words it

    class Below(Notes):
        """Its children."""

        parent = Broken

    account = _account()
    streams = [Broken(account), Below(account)]
    events = _events(streams, dict.fromkeys(streams, Start(None)))

    assert [str(error) for error in _errors(events).values()] == [str(TransientError("answered 500"))] * 2
    assert len(_ids(events, "notes")) == 12


def test_each_wanted_stream_ends_once_and_last() -> None:
    events = _read(_account(), {Leads: None, Notes: None, Words: None})

    assert [event.stream.name for event in events[-3:] if isinstance(event, End)] == ["leads", "notes", "words"]
    assert sum(isinstance(event, End) for event in events) == 3


def test_a_full_table_sync_gives_its_version_only_when_nothing_is_missing() -> None:
    account = _account()
    account.failures["l2"] = ForbiddenError("answered 403")
    events = _read(account, {Leads: None, Notes: None}, version=7)

    assert {event.version for event in events if isinstance(event, Rows)} == {7}
    assert {event.stream.name: event.version for event in events if isinstance(event, End)} == {"leads": 7, "notes": None}


def test_a_full_table_sync_holds_its_position_until_its_end() -> None:
    marks = [event for event in _read(_account(250), {Notes: None}, version=7) if isinstance(event, Mark)]

    assert {mark.version for mark in marks} == {7}
    assert [mark.is_final for mark in marks] == [False] * (len(marks) - 1) + [True]


def test_a_full_table_sync_that_finds_nothing_more_is_finished_too() -> None:
    account = Account([[]])
    notes = Notes(account, is_full_table=True)
    events = _events([Leads(account), notes], {notes: Start(_at(3), 7)})

    assert [(event.error, event.version) for event in events if isinstance(event, End)] == [(None, 7)]


@pytest.mark.parametrize("seed", range(25))
def test_from_any_mark_a_second_run_completes_the_first(seed: int) -> None:
    dice = random.Random(seed)
    account = _account(dice.choice([3, 40, 130]))
    account.leads = [sorted(account.leads[0], key=lambda row: str(row["updated_at"]))]
    size = dice.randint(1, 60)
    account.leads = [account.leads[0][place : place + size] for place in range(0, len(account.leads[0]), size)]
    for row in dice.sample(account.leads[-1], 1):
        row["updated_at"] = None
    events = _read(account, {Leads: None, Notes: None, Words: None})
    cut = dice.randrange(len(events))
    first, left = events[:cut], {name: _marks(events[:cut], name) for name in ("leads", "notes", "words")}

    second = _read(account, {kind: left[kind.name][-1] if left[kind.name] else None for kind in (Leads, Notes, Words)})

    for name in left:
        assert set(_ids(first, name)) | set(_ids(second, name)) == set(_ids(events, name))


def test_the_total_that_the_api_tells_is_kept() -> None:
    root = Leads(_account(4))
    _events([root], {root: Start(None)})

    assert root.expected == 4
