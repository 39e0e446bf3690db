"""Kinds of lists: every form in which the documents show one, with a stream of each and a world of a few pages."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.sandbox import ABSENT, Sandbox, Variant, World

if TYPE_CHECKING:
    from collections.abc import Mapping

# Ten rows in pages of four: a first page, one in the middle, and a last one that isn't full.
ROWS, PAGE = 10, 4


@dataclass(frozen=True)
class Form:
    """Where things stand in an answer.

    Attributes:
        rows: Name of the rows (of a single object: of that); empty when the answer is nothing else.
        token: Name of the page token, or empty.
        pagination: Whether the token, and what belongs to it, stands in an object `pagination`.
        has_more: Whether `has_more` says that the list goes on.
        total: Whether a `totalCount` is told.
        success: Whether the answer tells its success.
        is_single: Whether it is one object and no list.
        is_feed: Whether it is the feed, whose outer form no document tells.
        has_ids: Whether its rows have ids.
    """

    rows: str
    token: str = ""
    pagination: bool = False
    has_more: bool = False
    total: bool = False
    success: bool = False
    is_single: bool = False
    is_feed: bool = False
    has_ids: bool = True

    def rows_of(self, body: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - any JSON
        """The rows of a true answer."""
        found = body[self.rows] if self.rows else body
        return [found] if self.is_single else list(found)

    def with_rows(self, body: Any, rows: Any) -> Any:  # noqa: ANN401 - any JSON
        """The answer with other rows, of whatever kind; of a single object, with the first of them."""
        if self.is_single and isinstance(rows, list):
            rows = rows[0] if rows else None
        return {**body, self.rows: rows} if self.rows else rows

    def paging(self, body: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
        """The object of a true answer that tells how the list goes on."""
        return dict(body["pagination"] if self.pagination else body)

    def with_paging(self, body: Any, **values: Any) -> Any:  # noqa: ANN401 - any JSON
        """The answer with other words on how the list goes on; `ABSENT` removes one."""
        paging = {name: value for name, value in {**self.paging(body), **values}.items() if value is not ABSENT}
        return {**body, "pagination": paging} if self.pagination else paging

    def ends(self, body: Any) -> bool:  # noqa: ANN401 - any JSON
        """Whether a true answer says that the list ends with it."""
        if self.has_more:
            return body["pagination"]["has_more"] is False
        return not self.token or self.paging(body).get(self.token) in {None, ""}


CURRENT = Form("items", "nextPageToken", pagination=True, success=True)
CURRENT_WITH_TOTAL = Form("items", "nextPageToken", pagination=True, total=True, success=True)
OLDER = Form("items", "nextPageToken", success=True)
OLDER_NOTES = Form("notes", "lastNote", success=True)
PROSPECTS = Form("items", pagination=True, total=True, success=True)
PROSPECTS_WITH_TOKEN = CURRENT_WITH_TOTAL
OLDER_PROSPECTS = Form("prospects", total=True)
OLDER_PROSPECTS_WITH_TOKEN = Form("prospects", "nextPageToken", total=True)
FEED = Form("", is_feed=True)
FEED_WITH_ITEMS = Form("items", pagination=True, success=True, is_feed=True)
FEED_OF_ONE = Form("", is_single=True, is_feed=True)
CURSOR = Form("data", "next_cursor", pagination=True, has_more=True)
CURSOR_WITHOUT_IDS = Form("data", "next_cursor", pagination=True, has_more=True, has_ids=False)
SINGLE = Form("data", is_single=True)


@dataclass(frozen=True, eq=False)
class Kind:
    """A kind of list.

    Attributes:
        name: What a test calls it.
        stream: A stream of that kind.
        form: The form of its answers.
        variant: What makes the sandbox answer so.
        counts: How many rows there are of what.
        page_size: The setting `hiringcenter_page_size`.
    """

    name: str
    stream: str
    form: Form
    variant: Mapping[str, Any] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    page_size: int = PAGE

    def __str__(self) -> str:
        """Its name."""
        return self.name

    def sandbox(self) -> Sandbox:
        """A sandbox whose list of this kind has a few pages."""
        few = {"leads": 2, "prospects": 2, "meetings": 2, "notes": 2, "tasks": 2}
        return Sandbox(World(3, 4, **{**few, **self.counts}), variant=Variant(**{"prospectb2b_page_size": PAGE, **self.variant}))

    @property
    def neighbours(self) -> tuple[str, ...]:
        """A stream of each system that has nothing to do with this one, and must not notice anything."""
        return ("meetings" if self.stream == "notes" else "notes", "lead_fields" if self.stream == "support_tickets" else "support_tickets")


def _prospects() -> list[Kind]:
    found = []
    for shape, form, with_token in (
        ("current", PROSPECTS, PROSPECTS_WITH_TOKEN),
        ("older", OLDER_PROSPECTS, OLDER_PROSPECTS_WITH_TOKEN),
    ):
        for paging in ("all", "token", "cap_silent", "cap_refused"):
            variant = {"hiringcenter_shape": shape, "prospects_paging": paging, "prospects_cap": PAGE}
            counts = {"prospects": 12}
            found.append(Kind(f"prospects {paging} {shape}", "prospects", with_token if paging == "token" else form, variant, counts))
    return found


_OLDER = {"hiringcenter_shape": "older"}

KINDS = (
    Kind("meetings current", "meetings", CURRENT, counts={"meetings": ROWS}),
    Kind("tasks current", "tasks", CURRENT, {"cursor": "offset"}, {"tasks": ROWS}),
    Kind("tasks with total", "tasks", CURRENT_WITH_TOTAL, {"hiringcenter_totals": True}, {"tasks": ROWS}),
    Kind("notes current", "notes", CURRENT, counts={"notes": ROWS}),
    Kind("notes by time", "notes", CURRENT, {"notes_token": "before"}, {"notes": ROWS}),
    Kind("meetings older", "meetings", OLDER, _OLDER, {"meetings": ROWS}),
    Kind("notes older", "notes", OLDER_NOTES, _OLDER, {"notes": ROWS}),
    *_prospects(),
    Kind("feed array", "prospect_feed", FEED, counts={"prospects": ROWS}),
    Kind("feed items", "prospect_feed", FEED_WITH_ITEMS, {"poll_feed": "items"}, {"prospects": ROWS}),
    Kind("feed single", "prospect_feed", FEED_OF_ONE, {"poll_feed": "single"}, {"prospects": ROWS}),
    Kind("leads", "leads", CURSOR, counts={"leads": ROWS}),
    Kind("campaigns", "campaigns", CURSOR, counts={"campaigns": ROWS}),
    Kind("referrals by offset", "referrals", CURSOR, {"cursor": "offset", "order": "shuffled"}, {"referrals": ROWS}),
    Kind("lead_activities", "lead_activities", CURSOR, counts={"activities_per_lead": ROWS}),
    Kind("campaign_run_events", "campaign_run_events", CURSOR, counts={"campaigns": 2, "runs_per_campaign": 1, "events_per_run": ROWS}),
    Kind("import_errors", "import_errors", CURSOR_WITHOUT_IDS, counts={"imports": 2, "errors_per_import": ROWS}),
    Kind("billing_usage", "billing_usage", SINGLE),
    Kind("export_downloads", "export_downloads", SINGLE, counts={"exports": 2}),
)
