"""What there is to read in HiringCenter."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from tap_hiringcenter.api.envelopes import Page, hiringcenter_feed
from tap_hiringcenter.client import HiringCenterStream
from tap_hiringcenter.prospects import read_prospects
from tap_hiringcenter.sweeps import read_list

if sys.version_info >= (3, 12):
    from typing import override
else:
    from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class Prospects(HiringCenterStream):
    """Candidates. The list has no page token in the documents, so it has its own way to be proven complete."""

    name = "prospects"
    path = "/prospects"
    replication_key = "updatedAt"
    documented_limit = 25

    @override
    def list_pages(self, context: Mapping[str, str], filters: Mapping[str, Any]) -> Iterator[Page]:
        yield from read_prospects(lambda query: self.ask(context, query), [limit for limit in self.limits if limit], self.identify)


class Meetings(HiringCenterStream):
    """Meetings with prospects."""

    name = "meetings"
    path = "/meetings"
    replication_key = "updatedAt"


class Notes(HiringCenterStream):
    """Notes about prospects, newest first."""

    name = "notes"
    path = "/notes"
    replication_key = "createdAt"
    newest_first = True
    known_gap = "Only the creation of a note is dated: an edit shows in a full-table sync."


class Tasks(HiringCenterStream):
    """Tasks of the account's users."""

    name = "tasks"
    path = "/tasks"
    replication_key = "updatedAt"


class ProspectFeed(HiringCenterStream):
    """The newest prospects as the polling feed gives them, which isn't wrapped like a list."""

    name = "prospect_feed"
    path = "/webhooks/poll"
    selected_by_default = False
    known_gap = "How many records the feed holds, and in which order, is not documented."

    @override
    def pages(self, context: Mapping[str, str], since: str | None = None) -> Iterator[Page]:
        # One page without a next one, and like every list it must not show two rows as one.
        yield from read_list(lambda query: self.ask(context, query), {"eventType": "prospect.created"}, self.identify)

    @property
    @override
    def parser(self) -> None:
        # The whole answer may be one record, with lists in it.
        return None

    @override
    def page_of(self, answer: Any, query: Mapping[str, Any]) -> Page:
        return hiringcenter_feed(answer)
