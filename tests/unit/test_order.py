"""Which records go together, and what waits for what."""

from __future__ import annotations

from target_hiringcenter.entries import Entry
from target_hiringcenter.order import Order, grouped
from target_hiringcenter.tasks import Task
from target_hiringcenter.writes import Form, mark
from tests.unit.sinks import form, sink


def _task(key: str, *locks: str) -> Task:
    return Task(sink("leads"), {}, key, Form(), "", Entry(), locks=frozenset(locks))


def _keys(*tasks: Task, most: int = 2, singles: str = "") -> list[str]:
    """The groups, each as the keys of its records."""
    return ["".join(task.key for task in group.tasks) for group in grouped(tasks, most, lambda task: task.key not in singles, Order().touched)]


def test_a_group_is_given_as_soon_as_it_is_full() -> None:
    tasks = (_task(key) for key in "abcde")
    groups = grouped(tasks, 2, lambda _: True, Order().touched)
    assert [task.key for task in next(groups).tasks] == ["a", "b"]
    assert next(tasks).key == "c"


def test_what_touches_the_same_is_in_groups_of_its_own_in_its_order() -> None:
    assert _keys(*map(_task, "abcde")) == ["ab", "cd", "e"]
    assert _keys(_task("a", "x"), _task("b", "x"), _task("c"), most=3) == ["a", "bc"]
    assert _keys(_task("a"), _task("a"), _task("b"), most=3) == ["a", "ab"]
    # One that goes alone is no reason to send a group that has room, unless it touches the same.
    assert _keys(_task("a"), _task("s"), _task("b"), singles="s") == ["s", "ab"]
    assert _keys(_task("a", "x"), _task("s", "x"), _task("b", "x"), singles="s") == ["a", "s", "b"]


def test_only_what_touches_the_same_waits() -> None:
    tasks = [_task("a", "x"), _task("b", "y"), _task("c", "x", "y"), _task("d", "x"), _task("e")]
    order = Order()
    order.add(grouped(tasks, 1, lambda _: False, order.touched))
    going = {group.tasks[0].key: group for group in iter(order.following, None)}
    assert list(going) == ["a", "b", "e"]
    order.done(going["a"])
    assert order.following() is None
    order.done(going["b"])
    for key in "cd":
        group = order.following()
        assert group is not None
        assert group.tasks[0].key == key
        # What touches the same waits for this one.
        assert order.following() is None
        order.done(group)
    assert order.following() is None


def test_no_more_groups_are_made_than_are_asked_for() -> None:
    tasks = iter([_task("a", "x"), _task("b", "x"), _task("c"), _task("d")])
    order = Order()
    order.add(grouped(tasks, 1, lambda _: False, order.touched))
    assert order.following()
    # What stands behind one that waits is looked for, and nothing beyond it.
    group = order.following()
    assert group is not None
    assert group.tasks[0].key == "c"
    assert next(tasks).key == "d"


def test_what_may_count_after_all_is_touched_as_well() -> None:
    order, later = Order(), _task("a", "y")
    later.overtaken = [_task("a", "x")]
    order.add(grouped([later, _task("b", "x"), _task("c")], 1, lambda _: False, order.touched))
    assert [group.tasks[0].key for group in iter(order.following, None)] == ["a", "c"]


def test_what_a_row_was_found_by_is_touched_until_it_is_not_any_more() -> None:
    order, moves, again = Order(), _task("a", "new"), _task("a", "newest")
    again.entry = moves.entry
    moves.entry.match = mark("old")
    order.add(grouped([moves, _task("b", "old"), again, _task("c", "new")], 1, lambda _: False, order.touched))
    # The third one is of the first one's key, and gives up what that one had if it is rejected; the last one takes over what the third one gives up.
    for key in "abac":
        (group,) = iter(order.following, None)
        assert group.tasks[0].key == key
        order.done(group)
    assert order.following() is None


def test_a_phone_is_touched_in_both_notations() -> None:
    order, moves = Order(), _task("a")
    moves.entry.match = mark("phone:12125550100")
    lead = _task("b", *form("leads", {"id": "b", "full_name": "B", "phone": "212 555 0100"}).locks)
    order.add(grouped([moves, lead], 1, lambda _: False, order.touched))
    assert [group.tasks[0].key for group in iter(order.following, None)] == ["a"]
