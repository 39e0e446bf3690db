"""Reading a whole list: pages followed to their end, and refused when they contradict themselves.

A sweep believes the API: it goes on while the API says that there is more, an empty page included. It never goes in a circle, and it ends
well only when the list is whole.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from tap_hiringcenter.envelopes import Page, Row, names_a_row, refuse

logger = logging.getLogger(__name__)

Ask = Callable[[Mapping[str, Any]], Page]
"""Asks for one page with these query parameters."""

Identify = Callable[[Row], tuple[Any, Any]]
"""Tells a row's key (what makes it this row) and its version (what changes when it changes)."""

_MOST_SWEEPS = 4


def read_list(ask: Ask, query: Mapping[str, Any], identify: Identify, first: Page | None = None) -> Iterator[Page]:
    """Read a list until it is proven whole.

    One sweep is enough when each page token names a row. Otherwise a row that was deleted after it was read may have pushed another one into
    a page that was read already. So the list is swept again until two sweeps hold the same rows: then none was deleted during the first of
    the two. The same is done when rows are missing from the list's own total.

    Args:
        ask: Asks for one page.
        query: Query parameters of each request.
        identify: Tells rows apart.
        first: The first page, when it was asked for already.

    Yields:
        The pages; a row that was given before is left out, unless it has changed.

    Raises:
        ApiError: A page could not be had, contradicts the ones before, or the list stays shorter than its own total.
    """
    known: dict[Any, Any] = {}
    before: set[Any] = set()
    for number in range(_MOST_SWEEPS):
        swept: set[Any] = set()
        is_certain = True
        for page, names_rows in _sweep(ask, query, identify, first):
            is_certain = is_certain and names_rows
            fresh = []
            for row in page.rows:
                key, version = identify(row)
                swept.add(key)
                if key not in known or (number == 0 and known[key] != version):
                    known[key] = version
                    fresh.append(row)
            yield replace(page, rows=fresh)
        first = None
        is_short = page.total is not None and len(known) < page.total
        if not is_short and (is_certain or (number > 0 and swept == before)):
            return
        before = swept
    if is_short:
        refuse(page.answer, f"the list ended after {len(known)} rows, yet its own totalCount is {page.total}")
    logger.warning("A list changed in each of %d sweeps; what changed last is read by the next run", _MOST_SWEEPS)


def _sweep(ask: Ask, query: Mapping[str, Any], identify: Identify, first: Page | None) -> Iterator[tuple[Page, bool]]:
    """Follow a list from its first page to its end; with each page, whether its token is one that names a row."""
    asked_for: set[Any] = set()
    seen: set[Any] = set()
    token: Mapping[str, Any] = {}
    edge: Row = {}
    page = first or ask(query)
    while True:
        keys = {identify(row)[0] for row in page.rows}
        is_repeated = bool(keys) and keys <= seen
        seen |= keys
        yield page, not token or names_a_row(token, edge, *page.rows[:1])
        if not page.next:
            return
        token = page.next
        if is_repeated or tuple(token.items()) in asked_for:
            token = page.otherwise
            if not token or tuple(token.items()) in asked_for:
                refuse(page.answer, "goes in a circle: a page or a page token came twice, so the list can't be read to its end")
        asked_for.add(tuple(token.items()))
        edge = page.rows[-1] if page.rows else edge
        page = ask({**query, **token})
