"""Random changes of true answers: anywhere in the tree of the JSON, a node is dropped, doubled, replaced or given another type."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from hypothesis import strategies as st

from tests.lies.allowed import allowed_rows, lost_of
from tests.lies.kinds import KINDS, Kind
from tests.lies.rule import judge
from tests.lies.telling import Telling

if TYPE_CHECKING:
    from tests.lies.telling import Page

Change = Literal["drop", "double", "replace", "wrap", "to text", "to number"]
CHANGES: tuple[Change, ...] = ("drop", "double", "replace", "wrap", "to text", "to number")
_SCALARS = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8)
_VALUES = st.recursive(_SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3), max_leaves=6)


@dataclass(frozen=True)
class Mutation:
    """One change of an answer.

    Attributes:
        steps: The way to the node: at each object and list, which of its members, counted round and round.
        change: What becomes of the node.
        value: What replaces it.
    """

    steps: tuple[int, ...]
    change: Change
    value: Any

    def apply(self, page: Page) -> Any:  # noqa: ANN401 - any JSON
        """The answer as it is after the change."""
        return self._within(page.body, self.steps)

    def _within(self, node: Any, steps: tuple[int, ...]) -> Any:  # noqa: ANN401 - any JSON
        members = list(node) if isinstance(node, dict) else list(range(len(node))) if isinstance(node, list) else []
        if not steps or not members:
            return self._changed(node)
        name = members[steps[0] % len(members)]
        is_end = len(steps) == 1
        if isinstance(node, list):
            if is_end and self.change in {"drop", "double"}:
                return node[:name] + node[name : name + 1] * (2 if self.change == "double" else 0) + node[name + 1 :]
            return [*node[:name], self._within(node[name], steps[1:]), *node[name + 1 :]]
        if is_end and self.change == "drop":
            return {key: value for key, value in node.items() if key != name}
        if is_end and self.change == "double":
            return {**node, f"{name}2": node[name]}
        return {**node, name: self._within(node[name], steps[1:])}

    def _changed(self, node: Any) -> Any:  # noqa: ANN401 - any JSON
        if self.change == "wrap":
            return [node]
        if self.change == "to text":
            return node if isinstance(node, str) else json.dumps(node)
        if self.change == "to number":
            return 7 if isinstance(node, (str, type(None))) else 0.5
        return self.value


MUTATIONS = st.builds(Mutation, st.lists(st.integers(0, 40), max_size=5).map(tuple), st.sampled_from(CHANGES), _VALUES)


@dataclass(frozen=True)
class Told:
    """A mutation, told about a list.

    Attributes:
        kind: The list.
        mutation: The mutation.
        after: How many answers are honest first.
        times: How many are not, then; None is all of them.
    """

    kind: Kind
    mutation: Mutation
    after: int
    times: int | None


TOLD = st.builds(Told, st.sampled_from(KINDS), MUTATIONS, st.integers(0, 3), st.sampled_from((1, None)))


def wrong_with(told: Told) -> list[str]:
    """Have a sandbox tell it, and run the tap against that.

    An answer that the documents allow is data, and all that it holds must come out. Any other must not be believed.

    Returns:
        One sentence for everything that must hold and doesn't.
    """
    changed: list[tuple[Any, Any]] = []

    def tell(page: Page) -> Any:  # noqa: ANN401 - any JSON
        changed.append((page.body, told.mutation.apply(page)))
        return changed[-1][1]

    def is_seen() -> bool:
        return any(allowed_rows(told.kind.form, true, answer) is None for true, answer in changed)

    with told.kind.sandbox() as sandbox:
        Telling(told.kind, tell, times=told.times, after=told.after).plant(sandbox)
        verdict = judge(sandbox, told.kind, forges=True, is_seen=is_seen)
    if is_seen() or verdict.run.status(told.kind.stream) != "complete":
        return verdict.violations
    form = told.kind.form
    given = [row for true, answer in changed for row in allowed_rows(form, true, answer) or []]
    answered = [*given, *(row for true, _ in changed for row in form.rows_of(true))]
    records = verdict.run.records(told.kind.stream)
    return verdict.violations + [line for row in given for line in lost_of(row, answered, records)]
