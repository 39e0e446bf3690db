"""Which records go in one request, and which requests must wait for which: whatever touches the same goes in the order in which it came."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from target_hiringcenter.writes import mark

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from target_hiringcenter.tasks import Task


@dataclass(eq=False)
class Group:
    """Records that go in one request, or one record.

    Attributes:
        tasks: The records.
        locks: What they touch.
        waits_for: How many groups must be done before it.
        followers: The groups that wait for it.
    """

    tasks: list[Task] = field(default_factory=list)
    locks: set[str] = field(default_factory=set)
    waits_for: int = 0
    followers: list[Group] = field(default_factory=list)


def grouped(tasks: Iterable[Task], most: int, fits: Callable[[Task], bool], touched: Callable[[Task], set[str]]) -> Iterator[Group]:
    """Put records together: those that go in bulk, up to the size of a request, and no two that touch the same.

    Args:
        tasks: The records, in their order.
        most: Most records in a group.
        fits: Whether a record goes in bulk.
        touched: What a record touches (see `Order.touched`); asked once for each, in their order.

    Yields:
        The groups, so that of two records that touch the same the earlier one is in the earlier group.
    """
    bulk = Group()
    for task in tasks:
        locks = touched(task)
        if not locks.isdisjoint(bulk.locks):
            yield bulk
            bulk = Group()
        if not fits(task):
            yield Group([task], locks)
            continue
        bulk.tasks.append(task)
        bulk.locks |= locks
        if len(bulk.tasks) == most:
            yield bulk
            bulk = Group()
    if bulk.tasks:
        yield bulk


class Order:
    """Tells which group may go next; takes no more of them in than it must to find one."""

    def __init__(self) -> None:
        self._groups: Iterator[Group] = iter(())
        self._ready: deque[Group] = deque()
        # By what is touched: the last group that touches it and is not done.
        self._last: dict[str, Group] = {}
        # By key: the last record of those that are not done.
        self._latest: dict[str, Task] = {}
        self._are_known = False

    def touched(self, task: Task) -> set[str]:
        """What a record touches: its key, and what the API finds its row by, before and after.

        An e-mail that it gives up may be one that another record takes over. Whoever comes too early would be written into its row.

        Args:
            task: The record, after all that came before it.
        """
        # Those it has overtaken count after all if it is rejected; and so does what the records of its key before it say.
        for earlier in (*task.overtaken, self._latest.get(task.key)):
            if earlier:
                task.locks |= earlier.locks
        self._latest[task.key] = task
        touched = {f"key:{task.key}", *task.locks}
        # What the ledger knows of a row it knows by digests. In a first load it knows nothing, and they would be half of this work.
        self._are_known = self._are_known or bool(task.entry.match)
        if self._are_known:
            touched.update(task.entry.match.split(), map(mark, task.locks))
        return touched

    def add(self, groups: Iterator[Group]) -> None:
        """Take more groups in, where there were none left.

        Args:
            groups: The groups, in their order.
        """
        self._groups = groups

    def following(self) -> Group | None:
        """A group that nothing stands before; None when there is none until another one is done, or more are added."""
        while not self._ready:
            group = next(self._groups, None)
            if group is None:
                return None
            before = {self._last[lock] for lock in group.locks if lock in self._last}
            for other in before:
                other.followers.append(group)
            group.waits_for = len(before)
            self._last.update(dict.fromkeys(group.locks, group))
            if not before:
                self._ready.append(group)
        return self._ready.popleft()

    def done(self, group: Group) -> None:
        """Let those go that waited for a group.

        Args:
            group: The group, which has come to its end.
        """
        for lock in group.locks:
            if self._last[lock] is group:
                del self._last[lock]
        for task in group.tasks:
            if self._latest[task.key] is task:
                del self._latest[task.key]
        for follower in group.followers:
            follower.waits_for -= 1
            if not follower.waits_for:
                self._ready.append(follower)
