"""Lists as servers keep them, with every way to page that a client may meet, and with other people at work between two requests."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tap_hiringcenter.api.answers import Answer
from tap_hiringcenter.api.envelopes import Page
from tap_hiringcenter.api.errors import RefusedError
from tap_hiringcenter.api.rows import LooseRows, Row

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Mapping

PAGINGS = ("offset", "page number", "values of the last row", "id of the last row")


def answer(body: object = None, request_id: str | None = "req_1") -> Answer:
    """An answer with this body."""
    return Answer("ProspectB2B: GET /things", 200, body, request_id)


def paged(rows: list[Row], following: Mapping[str, Any] | None = None, total: int | None = None, otherwise: Mapping[str, Any] | None = None) -> Page:
    """A page of these rows; see `Page`."""
    return Page(answer(), LooseRows(rows), following or {}, total, otherwise or {})


def identify(page: Page) -> list[tuple[Any, Any]]:
    """As the streams do: the keys, and the versions."""
    return [(str(row.get("id")), row.get("updated_at")) for row in page.rows]


def shuffled(dice: random.Random, count: int) -> list[int]:
    """The numbers below `count` in any order."""
    return dice.sample(range(count), count)


@dataclass
class ListServer:
    """One list behind an API.

    Attributes:
        rows: What there is.
        order: What the server sorts by.
        paging: One of `PAGINGS`.
        size: Most rows in a page; fewer when a query has a smaller limit.
        tells_total: Whether pages say how many rows there are.
        between: Called before each request but the first: what other people do meanwhile.
        accepts: Whether a row passes the filters of a query.
        most_requests: A reader that asks more often than this will never end.
    """

    rows: list[Row]
    order: Callable[[Row], Any] = lambda row: row["id"]
    paging: str = "offset"
    size: int = 2
    tells_total: bool = False
    between: Callable[[], None] = lambda: None
    accepts: Callable[[Row, Mapping[str, Any]], bool] = lambda _row, _query: True
    most_requests: int = 20_000
    queries: list[Mapping[str, Any]] = field(default_factory=list)

    def ask(self, query: Mapping[str, Any]) -> Page:
        """Answer one request."""
        if self.queries:
            self.between()
        self.queries.append(dict(query))
        assert len(self.queries) <= self.most_requests, "the reading does not end"
        matching = sorted((row for row in self.rows if self.accepts(row, query)), key=self.order)
        size = min(self.size, query.get("limit", self.size))
        begin = self._begin(matching, query.get("cursor"), size)
        rows = [dict(row) for row in matching[begin : begin + size]]
        is_last = begin + size >= len(matching)
        token = {} if is_last else {"cursor": self._token(rows[-1], begin + size, size)}
        return paged(rows, token, len(matching) if self.tells_total else None)

    def _token(self, last: Row, end: int, size: int) -> str:
        if self.paging == "offset":
            return str(end)
        if self.paging == "page number":
            return f"p{end // size}"
        if self.paging == "id of the last row":
            return str(last["id"])
        return base64.b64encode(json.dumps({"id": last["id"], "order": self.order(last)}).encode()).decode()

    def _begin(self, matching: list[Row], token: str | None, size: int) -> int:
        if token is None:
            return 0
        if self.paging == "offset":
            return int(token)
        if self.paging == "page number":
            return int(token[1:]) * size
        if self.paging == "id of the last row":
            places = [place for place, row in enumerate(matching) if row["id"] == token]
            if not places:
                raise RefusedError("answered 400 Bad Request", status=400)  # noqa: EM101, TRY003  # as the transport words it
            return places[0] + 1
        edge = json.loads(base64.b64decode(token))["order"]
        edge = tuple(edge) if isinstance(edge, list) else edge
        return sum(self.order(row) <= edge for row in matching)


@dataclass
class People:
    """Who insert, change and delete rows while a list is read; what they leave alone is what a reader must find.

    Attributes:
        server: The list.
        dice: Chance.
        deeds: What they do, of "insert", "change", "delete".
        share: How likely they do something before a request.
        most: Most deeds in all.
    """

    server: ListServer
    dice: random.Random
    deeds: tuple[str, ...]
    share: float = 0.5
    most: int = 6
    done: int = 0
    touched: set[str] = field(default_factory=set)

    def act(self) -> None:
        """Do something, perhaps."""
        while self.done < self.most and self.dice.random() < self.share:
            self.done += 1
            deed = self.dice.choice(self.deeds)
            rows = self.server.rows
            if deed == "insert" or not rows:
                new = {"id": f"{self.dice.choice('az')}new{self.done}", "updated_at": self._now()}
                self.touched.add(str(new["id"]))
                rows.append(new)
                continue
            place = self.dice.randrange(len(rows))
            self.touched.add(str(rows[place]["id"]))
            if deed == "delete":
                del rows[place]
            else:
                rows[place] = {**rows[place], "updated_at": self._now()}

    def _now(self) -> str:
        return f"2026-06-01T00:00:{self.done:02}.000Z"
