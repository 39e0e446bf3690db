"""Reading a whole list: pages followed to their end, and refused when they contradict themselves.

A sweep believes the API: it goes on while the API says that there is more, an empty page included. It never goes in a circle, and it ends
well only when the list is whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tap_hiringcenter.api.envelopes import Page, is_overlap, moments_in, names_a_row, refuse
from tap_hiringcenter.api.errors import CircleError, EnvelopeError, NotFoundError, RefusedError
from tap_hiringcenter.seen import Seen, Sighting

if TYPE_CHECKING:
    from tap_hiringcenter.api.rows import Row, Rows

Ask = Callable[[Mapping[str, Any]], Page]
"""Asks for one page with these query parameters."""

Identify = Callable[[Page], Sequence[Sighting]]
"""Tells the key of each row of a page and its version."""

_MOST_SWEEPS = 8
_MOST_EMPTY = 50
# What a list may be sorted by: what never changes, and what moves a row while the list is read.
_FIXED = ("id", "createdAt", "created_at")
_MUTABLE = ("updatedAt", "updated_at", "meetingDate", "dueAt", "last_message_at")
_ORDERED = {str, int, float}
# Rows that come in at the front may push known rows into one page after another, but not for long.
_MOST_REPEATED = 2


def read_list(ask: Ask, query: Mapping[str, Any], identify: Identify, first: Page | None = None) -> Iterator[Page]:
    """Read a list until it is proven whole.

    While a list is read page by page, rows come, go and move, and may push others into pages that were read already. One sweep is proof
    enough when nothing of that can cost a row: the list is one page; or each page token names a row, in an order that no change can alter;
    or each token names a row, and the list tells its total, which stays the same and is reached. Otherwise the list is swept again, with other
    edges of pages where their size can be chosen, until a sweep holds all rows of the one before, unchanged: then none was deleted or moved
    during that one. Where tokens tell moments, rows of the same moment may be lost at an edge: no such edge may be common to all sweeps.

    Args:
        ask: Asks for one page.
        query: Query parameters of each request.
        identify: Tells rows apart.
        first: The first page, when it was asked for already.

    Yields:
        The pages; a row that was given before is left out, unless it has changed. Pages of later sweeps have no `next`.

    Raises:
        ApiError: A page could not be had, contradicts the ones before, or the list can't be proven whole.
    """
    known = Seen()
    before = _Proof()
    moments: set[str] = set()
    limit = query.get("limit", 0)
    for number in range(_MOST_SWEEPS):
        proof = _Proof()
        # What one sweep has seen is known to the others.
        known = known if number else proof.swept
        for page in _sweep(ask, query, identify, first, proof):
            if not number:
                yield page
                continue
            found = identify(page)
            missed = known.missing(found)
            known.add([found[place] for place in missed])
            yield replace(page, rows=page.rows.picked(missed), next={})
        moments = proof.moments if not number else moments & proof.moments
        is_short = page.total is not None and len(known) < page.total
        if not is_short and (proof.is_enough or (number > 0 and not moments and before.is_confirmed_by(proof))):
            return
        before = proof
        first = None
        if limit:
            query = {**query, "limit": _other_limit(limit, number + 1)}
    if is_short:
        refuse(page.answer, f"the list ended after {len(known)} rows, yet its own totalCount is {page.total}")
    refuse(page.answer, f"the list changed so much in each of {_MOST_SWEEPS} sweeps that nothing proves it whole")


def identified(page: Page, identify: Identify) -> Sequence[Sighting]:
    """Tell the rows of a page apart.

    Args:
        page: The page.
        identify: Tells rows apart.

    Returns:
        The key and the version of each row.

    Raises:
        EnvelopeError: Different rows have one key. A page shows one moment, so one of them would be lost for the other.
    """
    found = identify(page)
    if len(dict(found)) < len(found):
        rows = {key: row for (key, _), row in zip(found, page.rows, strict=True)}
        if any(rows[key] != row for (key, _), row in zip(found, page.rows, strict=True)):
            refuse(page.answer, "answered with different rows that have one key")
    return found


def _other_limit(limit: int, number: int) -> int:
    """Another size of pages for another sweep: a smaller one, since a larger one may be refused, but never of one row, which is all edge."""
    smaller = limit - number * (limit + 9) // 10
    return smaller if smaller > 1 else limit + number


class _Proof:
    """What one sweep says for being whole."""

    def __init__(self) -> None:
        self.swept = Seen()
        self.moments: set[str] = set()
        self._is_disturbed = False
        self._repeats_a_page = False
        self._pages = 0
        self._totals: set[int | None] = set()
        self._tokens_name_rows = True
        self._fixed = [_Order(name, of_all=True) for name in _FIXED]
        self._mutable = [_Order(name, of_all=False) for name in _MUTABLE]

    def add(self, page: Page, found: Sequence[Sighting]) -> Page:
        """Take the rows of a page into account.

        Args:
            page: The page.
            found: The key and the version of each row.

        Returns:
            The page with those rows that this sweep has not seen yet as they are; the very one that was given when these are all.
        """
        fresh, has_changed = self.swept.add(found)
        self._is_disturbed = self._is_disturbed or has_changed
        first = page.rows[0] if page.rows else {}
        for order in self._fixed + self._mutable:
            order.add(page.rows, first)
        return page if len(fresh) == len(page.rows) else replace(page, rows=page.rows.picked(fresh))

    def turn(self, page: Page, *, names_row: bool, is_repeated: bool) -> None:
        """Take into account how the sweep came to a page.

        Args:
            page: The page.
            names_row: Whether the token that led to it names a row.
            is_repeated: Whether it holds nothing but rows of pages before, and may have come in the place of another page.
        """
        self._pages += 1
        self._totals.add(page.total)
        self._tokens_name_rows = self._tokens_name_rows and names_row
        self._repeats_a_page = self._repeats_a_page or is_repeated

    @property
    def is_enough(self) -> bool:
        """Whether no other sweep is needed."""
        is_fixed = any(order.holds for order in self._fixed) and not any(order.holds for order in self._mutable)
        return not self._repeats_a_page and (self._pages == 1 or (self._tokens_name_rows and (is_fixed or self._totals == {len(self.swept)})))

    def is_confirmed_by(self, later: _Proof) -> bool:
        """Whether a later sweep shows that no row was deleted or moved after this one had read it."""
        if self._is_disturbed or self._repeats_a_page or later._repeats_a_page:
            return False
        return later.swept.holds_all_of(self.swept)


class _Order:
    """Whether rows come in the order of one of their fields.

    Args:
        name: The field.
        of_all: Whether that is true only when all rows have a value there, and at least two have shown it. Else those without one may stand
            anywhere, and the field alone is enough: the list may have had such an order before all values went.
    """

    def __init__(self, name: str, *, of_all: bool) -> None:
        self._name = name
        self._of_all = of_all
        self._last: Any = None
        self._compared = 0
        self._is_known = False
        self._rises = True
        self._falls = True

    def add(self, rows: Rows, first: Row) -> None:
        """Take the next rows, and the first of them, into account."""
        # What no row has is no order, and no break of one that is enough by itself.
        if not (self._rises or self._falls) or (self._name not in rows.names and not self._of_all):
            return
        self._is_known = self._is_known or self._name in first
        values = rows.column(self._name)
        kinds = set(map(type, values))
        if len(kinds) == 1 and kinds <= _ORDERED and (self._last is None or type(self._last) in kinds):
            listed = [*values] if self._last is None else [self._last, *values]
            self._compared += len(listed) - 1
            self._last = listed[-1]
            # To sort what is sorted takes less time than to compare each two neighbours.
            ascending = sorted(listed)
            self._rises = self._rises and ascending == listed
            self._falls = self._falls and ascending[::-1] == listed
        elif self._of_all or kinds != {type(None)}:
            for value in values:
                self._add(value)

    def _add(self, value: Any) -> None:  # noqa: ANN401  # whatever JSON holds
        if type(value) not in _ORDERED or (self._last is not None and type(value) is not type(self._last)):
            self._rises = self._rises and not self._of_all
            self._falls = self._falls and not self._of_all
            return
        if self._last is not None:
            self._compared += 1
            self._rises = self._rises and value >= self._last
            self._falls = self._falls and value <= self._last
        self._last = value

    @property
    def holds(self) -> bool:
        is_seen = self._compared > 0 if self._of_all else self._is_known or self._last is not None
        return is_seen and (self._rises or self._falls)


def _sweep(ask: Ask, query: Mapping[str, Any], identify: Identify, first: Page | None, proof: _Proof) -> Iterator[Page]:
    """Follow a list from its first page to its end; each page comes with those of its rows that are new in this sweep, and no others."""
    asked_for: set[Any] = set()
    token: Mapping[str, Any] = {}
    edge: Row = {}
    repeated = 0
    empty = 0
    page = first or ask(query)
    while True:
        fresh = proof.add(page, identified(page, identify))
        # A row that has changed may come again.
        repeated = repeated + 1 if page.rows and not fresh.rows else 0
        # Where a token asks for the rows of the edge's moment once more, a page may hold no others.
        is_repeated = bool(repeated) and not is_overlap(token, edge, page.rows)
        proof.turn(page, names_row=not token or names_a_row(token, edge, *page.rows[:1]), is_repeated=is_repeated)
        yield fresh
        if not page.next:
            return
        token = page.next
        if tuple(token.items()) in asked_for or (repeated and page.otherwise):
            token = page.otherwise
        empty = 0 if page.rows else empty + 1
        if empty > _MOST_EMPTY:
            refuse(page.answer, f"goes on after {empty} pages without a row, so the list has no end")
        if not token or tuple(token.items()) in asked_for or repeated > _MOST_REPEATED:
            is_too_small = "startAfter" in page.next or bool(page.rows and moments_in(page.next, page.rows[-1]))
            kind = CircleError if is_too_small else EnvelopeError
            refuse(page.answer, "goes in a circle: a page or a page token came twice, so the list can't be read to its end", kind)
        asked_for.add(tuple(token.items()))
        proof.moments |= moments_in(token, page.rows[-1]) if page.rows else set()
        edge = page.rows[-1] if page.rows else edge
        try:
            page = ask({**query, **token})
        except NotFoundError as error:
            # The list was there a moment ago: it is the token that is gone, and with it the rest of the list.
            raise RefusedError(error.reason, asked=error.asked, status=error.status, request_id=error.request_id) from error
