"""What a row costs, step by step: each step by itself, on the same rows, in this very process."""

from __future__ import annotations

import os
import platform
import time
from contextlib import ExitStack, redirect_stdout
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any

import requests

from bench.account import PAGE
from bench.rounds import say
from bench.serving import served
from bench.tables import Table
from tap_hiringcenter.api import answers, envelopes
from tap_hiringcenter.events import Rows
from tap_hiringcenter.sweeps import read_list
from tap_hiringcenter.tap import TapHiringcenter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from bench.contestants import Contestants
    from bench.serving import Served
    from bench.sizes import Sizes
    from tap_hiringcenter.api.envelopes import Page

_TRIES = 7
_MOST_PAGES = 50


def profile(contestants: Contestants, sizes: Sizes) -> Iterator[Table]:
    """Time each step that a lead goes through, from the wire to the line.

    Args:
        contestants: Makes the settings.
        sizes: How many rows.

    Yields:
        One table: microseconds a row.
    """
    say("what a row costs")
    rows = min(sizes.rows, PAGE * _MOST_PAGES)
    with served(rows=rows) as server:
        settings = {**contestants.systems(server), "prospectb2b_page_size": PAGE}
        yield _table(server, TapHiringcenter(config={name: settings[name] for name in settings if name.startswith("prospectb2b")}), rows)


def _table(server: Served, tap: TapHiringcenter, number: int) -> Table:
    stream: Any = tap.streams["leads"]
    content = requests.get(f"{server.prospectb2b}/leads?limit={PAGE}", timeout=60).content
    # Once it knows the names that its schema doesn't, as after the first page of a run.
    stream.records(stream.ask({}, {"limit": PAGE}), {})
    parse = partial(answers.judge, "", 200, {}, content, rows=stream.parser)
    answer, page = parse(), envelopes.prospectb2b_list(parse())
    # New ones for each try, since rows keep the columns that were looked at.
    lists = iter([dict(_pages(stream)) for _ in range(_TRIES)])
    parsed = iter([envelopes.prospectb2b_list(parse()) for _ in range(_TRIES)])
    records = stream.records(page, {})
    size = len(page.rows)

    def sweep() -> object:
        pages = next(lists)
        return [None for _ in read_list(lambda query: pages[query.get("cursor")], {}, stream.identify)]

    def whole() -> object:
        return list(chain.from_iterable(part.pages for part in stream.slices(None)))

    steps: list[tuple[str, str, Callable[[], object], int]] = [
        ("ask", "HTTP by urllib3, within the limits and the time-out, and the parse", lambda: stream.ask({}, {"limit": PAGE}), size),
        ("- of that, parse", "once a page; numbers that no double holds survive", parse, size),
        ("open the envelope", "anything but a documented form is an error", lambda: envelopes.prospectb2b_list(answer), size),
        ("sweep", "tokens in a circle, repeated pages, a list that changes: until it is proven whole", sweep, number),
        (
            "conform",
            "every time in one form, nothing dropped, each record valid against its schema, and as JSON",
            lambda: stream.records(next(parsed), {}),
            size,
        ),
        ("read in windows", "all of the above, in windows of time that a run can resume from (in threads, with what is read twice)", whole, number),
        ("write", "a RECORD message around each, standard output", lambda: tap.output.rows(Rows(stream, records, None)), size),
    ]
    with ExitStack() as stack:
        stack.enter_context(redirect_stdout(stack.enter_context(open(os.devnull, "w", encoding="utf-8"))))  # noqa: PTH123  # as a shell does
        cells = [[name, f"{_best(step) / count * 1e6:.2f}", why] for name, why, step, count in steps]
    return Table(
        f"What a row of leads costs, step by step (Python {platform.python_version()})", ("step", "microseconds a row", "why it is there"), cells
    )


def _pages(stream: Any) -> Iterator[tuple[str | None, Page]]:  # noqa: ANN401  # a stream of ours, whichever
    """The pages of the whole list, by the cursor that asks for each."""
    token: Mapping[str, Any] | None = {}
    while token is not None:
        page: Page = stream.ask({}, {"limit": PAGE, **token})
        yield token.get("cursor"), page
        token = page.next or None


def _best(step: Callable[[], object]) -> float:
    """Seconds of processor time of the fastest of some tries: what disturbs only ever adds."""
    found = []
    for _ in range(_TRIES):
        began = time.process_time()
        step()
        found.append(time.process_time() - began)
    return min(found)
