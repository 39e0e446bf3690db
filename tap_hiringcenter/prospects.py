"""Reading all prospects of an account: complete, or an error.

`GET /prospects` takes a `limit` and no page token in any copy of its documentation, while the shared example of `pagination` shows one. So a
token is followed when one comes. Otherwise as many rows as `totalCount` are asked for, and where the server caps the page, the list is read
by its filters and united by id. Nothing is taken for complete until the number of ids reaches `totalCount`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from tap_hiringcenter.api.envelopes import refuse
from tap_hiringcenter.api.errors import RefusedError
from tap_hiringcenter.sweeps import identified, read_list

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping, Sequence

    from tap_hiringcenter.api.envelopes import Page
    from tap_hiringcenter.sweeps import Ask, Identify

_MOST_PASSES = 3
# After so many values of one filter in a row that brought no new row, the rest of them is taken to bring none either.
_MOST_FRUITLESS = 50
# The filters of the list, and the fields of a row that hold what they match. The others follow where a single stage is larger than the cap.
_DIVISIONS = (("stage", "currentStage"), ("label", "labels"), ("company", "company"), ("title", "title"))


def read_prospects(ask: Ask, limits: Sequence[int], identify: Identify) -> Iterator[Page]:
    """Read all prospects.

    Args:
        ask: Asks for one page.
        limits: How many rows to ask for at first; the next one when the server refuses one.
        identify: Tells rows apart.

    Yields:
        Pages of rows that were not given before.

    Raises:
        ApiError: A request failed, or the list can't be proven complete.
    """
    for limit in limits:
        try:
            first = ask({"limit": limit})
            break
        except RefusedError:
            if limit == limits[-1]:
                raise
    if first.next:
        yield from read_list(ask, {"limit": limit}, identify, first)
        return
    given: set[object] = set()
    for _ in range(_MOST_PASSES):
        reader = _Reader(ask, limit, identify)
        is_new = False
        for page in reader.read(first):
            keys = [key for key, _ in identify(page)]
            fresh = [place for place, key in enumerate(keys) if key not in given]
            given.update(keys)
            is_new = is_new or bool(fresh)
            yield replace(page, rows=page.rows.picked(fresh))
        if not reader.is_divided:
            return
        first = ask({"limit": limit})
        if reader.holds_all(first):
            return
        if not is_new:
            break
    refuse(
        first.answer, f"gives {len(given)} prospects in parts, which nothing proves to be all {first.total}: not by stage, label, company or title"
    )


class _Reader:
    """What has been read so far, and what it proves."""

    def __init__(self, ask: Ask, limit: int, identify: Identify) -> None:
        self._ask = ask
        self._limit = limit
        self._identify = identify
        self._keys: set[object] = set()
        self._values: dict[str, set[str]] = {column: set() for _, column in _DIVISIONS}
        self._total_counts_matches = False
        self._longest = 0
        self._total_at_first: int | None = None
        self.is_divided = False

    def read(self, first: Page) -> Iterator[Page]:
        """Read all prospects once, from the first page on."""
        self._total_at_first = first.total
        yield self.fresh(first)
        yield from self.rest({}, first, _DIVISIONS)
        if not self.is_divided:
            yield from self.check()

    def holds_all(self, later: Page) -> bool:
        """Whether what was read in parts is all: as many as there were before and after, so that none came in the place of another."""
        return self._total_at_first == later.total == len(self._keys) and self._total_is_proof()

    def fresh(self, page: Page) -> Page:
        """The rows of a page that are new, and note them."""
        places = []
        for place, (key, _) in enumerate(identified(page, self._identify)):
            if key not in self._keys:
                self._keys.add(key)
                places.append(place)
        for column, found in self._values.items():
            values = page.rows.column(column)
            for place in places:
                value = values[place]
                # A comma would make two labels of one (documentation of the `label` filter).
                found.update(one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str) and one and "," not in one)
        self._longest = max(self._longest, len(page.rows))
        return replace(page, rows=page.rows.picked(places))

    def rest(self, filters: Mapping[str, str], page: Page, divisions: Sequence[tuple[str, str]]) -> Iterator[Page]:
        """Read what a first page of a filtered list left out: in one larger page, else filter by filter."""
        matches = self._keys_of(page)
        total = self._total(page)
        limit = self._limit
        while total > len(page.rows) or len(page.rows) >= limit:
            # More than there can be: an answer as long as its limit never proves that nothing was cut off.
            limit += max(total, len(page.rows))
            larger = self._try({**filters, "limit": limit})
            if larger:
                yield self.fresh(larger)
                matches |= self._keys_of(larger)
                total = self._total(larger)
            if not larger or len(larger.rows) <= len(page.rows):
                break  # the server has a cap
            page = larger
        else:
            return
        if filters and len(page.rows) < self._longest:
            return  # no cap has cut this part off, so it is its total that is wrong: only the unfiltered count is proof
        self.is_divided = True
        asked: set[tuple[str, str]] = set()
        fruitless: Counter[str] = Counter()
        while len(matches) < total and (division := self._next_division(divisions, asked, fruitless)):
            position, name, value = division
            asked.add((name, value))
            narrower = {**filters, name: value}
            fruitless[name] += 1
            part = self._try({**narrower, "limit": self._limit})
            if not part:
                continue
            before = set(self._keys)
            yield self.fresh(part)
            yield from self.rest(narrower, part, divisions[position + 1 :])
            if len(self._keys) > len(before):
                fruitless[name] = 0
            # Filters may match parts of a text, so what came below a filter may not match it. Only the unfiltered count is proof.
            matches |= (set(self._keys) - before) | self._keys_of(part)

    def _next_division(
        self, divisions: Sequence[tuple[str, str]], asked: Container[tuple[str, str]], fruitless: Mapping[str, int]
    ) -> tuple[int, str, str] | None:
        """The next filter to ask for, of the values seen so far: each answer may bring values that were not known before."""
        return next(
            (
                (position, name, value)
                for position, (name, column) in enumerate(divisions)
                if fruitless[name] < _MOST_FRUITLESS
                for value in sorted(self._values[column])
                if (name, value) not in asked
            ),
            None,
        )

    def check(self) -> Iterator[Page]:
        """Prove that the total counts what there is: if it is only ever the number of rows beside it, it proves nothing."""
        if len(self._keys) <= 1 or self._total_is_proof():
            return
        for name, column in _DIVISIONS:
            for value in sorted(self._values[column]):
                page = self._ask({name: value, "limit": self._limit + len(self._keys)})
                fresh = self.fresh(page)
                yield fresh
                if fresh.rows:
                    refuse(page.answer, "cuts its pages short and counts only the rows that it gives, so nothing proves that all were read")

    def _total_is_proof(self) -> bool:
        """Whether a total was seen that is larger than the number of rows beside it; if none was, one row is asked for to see."""
        if not self._total_counts_matches:
            self._total(self._ask({"limit": 1}))
        return self._total_counts_matches

    def _try(self, query: Mapping[str, str | int]) -> Page | None:
        """Ask for a page that the server may refuse for its size."""
        try:
            return self._ask(query)
        except RefusedError:
            return None

    def _keys_of(self, page: Page) -> set[object]:
        return {key for key, _ in self._identify(page)}

    def _total(self, page: Page) -> int:
        if page.total is None:
            refuse(page.answer, "answered prospects without a page token and without a totalCount, so nothing tells whether they are all")
        if page.total > len(page.rows):
            self._total_counts_matches = True
        return page.total
