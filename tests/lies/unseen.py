"""The lies that no client can see, and why: what the guarantees can't hold.

Each is told in every answer, for ever. Whatever goes away when it is asked for again, contradicts another answer, or breaks a form that the
documents show, is not among them.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.lies.kinds import KINDS, PROSPECTS, Kind
from tests.sandbox import ABSENT

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.lies.telling import Page
    from tests.sandbox import Sandbox

# A server that cuts its pages short without a word, and counts what is in them.
_HIDING = Kind(
    "prospects hidden", "prospects", PROSPECTS, {"prospects_paging": "cap_silent", "prospects_cap": 1, "total_is": "returned"}, {"prospects": 9}
)
_BY_NAME = {kind.name: kind for kind in (*KINDS, _HIDING)}


@dataclass(frozen=True)
class Unseen:
    """A lie that can't be seen.

    Attributes:
        name: The lie in words.
        why: Why nobody can see it.
        kinds: Kinds of lists about which it is told.
        make: Makes the lie, knowing what the sandbox holds.
    """

    name: str
    why: str
    kinds: tuple[str, ...]
    make: Callable[[Sandbox, Kind], Callable[[Page], Any]]

    def tellings(self) -> list[Kind]:
        """The kinds themselves."""
        return [_BY_NAME[name] for name in self.kinds]


def _is_hidden(row: dict[str, Any]) -> bool:
    return zlib.crc32(str(sorted(row.items(), key=str)).encode()) % 3 == 0


def _hides(_sandbox: Sandbox, _kind: Kind) -> Callable[[Page], Any]:
    return lambda page: page.form.with_rows(page.body, [row for row in page.rows if not _is_hidden(row)])


def _repeats_in_place(_sandbox: Sandbox, _kind: Kind) -> Callable[[Page], Any]:
    return lambda page: page.form.with_rows(page.body, [page.rows[0], *page.rows[:-1]] if page.rows[1:] else page.rows)


def _ends_early(_sandbox: Sandbox, _kind: Kind) -> Callable[[Page], Any]:
    def tell(page: Page) -> Any:  # noqa: ANN401 - any JSON
        end: dict[str, Any] = {"has_more": False} if page.form.has_more else {page.form.token: None if page.form.token == "lastNote" else ABSENT}
        return page.form.with_paging(page.body, **end) if page.form.has_more or page.form.pagination else {**page.body, page.form.token: None}

    return tell


def _is_empty(_sandbox: Sandbox, kind: Kind) -> Callable[[Page], Any]:
    early = _ends_early(_sandbox, kind)
    return lambda page: page.form.with_rows(early(page) if page.form.token else page.body, [])


def _jumps(sandbox: Sandbox, kind: Kind) -> Callable[[Page], Any]:
    rows = sorted(sandbox.truth(kind.stream), key=lambda row: (row["created_at"], row["id"]))
    far = rows[-2]["id"]

    def tell(page: Page) -> Any:  # noqa: ANN401 - any JSON
        is_first = page.rows == page.form.rows_of((page.earlier or [page.body])[0])
        return page.form.with_paging(page.body, next_cursor=far) if is_first else page.body

    return tell


def _low_total(_sandbox: Sandbox, _kind: Kind) -> Callable[[Page], Any]:
    return lambda page: page.form.with_paging(page.body, totalCount=max(0, page.form.paging(page.body)["totalCount"] - 1))


def _says_nothing(_sandbox: Sandbox, _kind: Kind) -> Callable[[Page], Any]:
    return lambda page: page.body


def _each(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[[Sandbox, Kind], Callable[[Page], Any]]:
    def tell(page: Page) -> Any:  # noqa: ANN401 - any JSON
        return page.form.with_rows(page.body, [change(row) for row in page.rows])

    return lambda _sandbox, _kind: tell


def _same_for_all(_sandbox: Sandbox, _kind: Kind) -> Callable[[Page], Any]:
    given: list[Any] = []

    def tell(page: Page) -> Any:  # noqa: ANN401 - any JSON
        given.append(page.rows[:3])
        return page.form.with_rows(page.form.with_paging(page.body, has_more=False), given[0])

    return tell


def _number(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "id": zlib.crc32(row["id"].encode())}


UNSEEN = (
    Unseen(
        "a row is left out of every answer",
        "A list that tells no total, and leaves a row out each time, is a list without that row.",
        ("meetings current", "feed array", "campaigns", "lead_activities", "import_errors"),
        _hides,
    ),
    Unseen(
        "a row stands twice, in the place of another",
        "A row that comes twice and says the same costs nothing by itself; where no total is told, nothing says that one is missing.",
        ("campaigns", "feed array"),
        _repeats_in_place,
    ),
    Unseen(
        "the list is said to end before it does",
        "Where the list ends is the API's to say: has_more is false, or there is no token. A cursor beside has_more: false stands in the reference's"
        " own example, and is no sign of more.",
        ("meetings current", "meetings older", "notes older", "campaigns", "lead_activities"),
        _ends_early,
    ),
    Unseen(
        "a list with rows is said to be empty",
        "An account may have none. That is why a full-table sync that saw no row empties no table.",
        ("meetings current", "feed array", "feed items", "campaigns", "import_errors"),
        _is_empty,
    ),
    Unseen(
        "a cursor leads past the next rows",
        "Cursors are opaque: what lies between two of them is known to the server alone.",
        ("campaigns",),
        _jumps,
    ),
    Unseen(
        "the total of prospects is too low, and pages have a cap",
        "Where no token comes, the total is the only proof that there is. Reading on after it is reached would mean asking for every value of every"
        " filter in every run.",
        ("prospects cap_silent current", "prospects cap_refused older"),
        _low_total,
    ),
    Unseen(
        "prospects are cut off without a word, and the total counts what is in the page",
        "Filters are asked for what the known rows hold, and show most of what was cut off; rows that share no stage, label, company or title with"
        " the known ones stay hidden.",
        ("prospects hidden",),
        _says_nothing,
    ),
    Unseen(
        "a value is another than it was",
        "Values are data: nothing in an answer vouches for them.",
        ("meetings current", "billing_usage"),
        _each(lambda row: {**row, "location": "elsewhere", "usage": {"sent": -1}}),
    ),
    Unseen(
        "a row comes under another id",
        "Ids are opaque, so another id is another row. This goes for a number where the text belongs: it is kept, as text.",
        ("meetings current", "campaigns"),
        _each(_number),
    ),
    Unseen(
        "rows of another list",
        "HiringCenter's rows don't say what they are, and every field but the id may be missing.",
        ("tasks current",),
        _each(lambda row: {"id": f"{row['id'][:-3]}abc", "meetingDate": 1, "timeZone": "UTC"}),
    ),
    Unseen(
        "the rows of another parent",
        "Activities, messages, logs, events, results, errors and deliveries don't say whose they are.",
        ("lead_activities", "campaign_run_events"),
        _same_for_all,
    ),
)
