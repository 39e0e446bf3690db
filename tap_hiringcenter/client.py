"""The base streams of each system: how its API is asked, how its lists are wrapped and paged."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, ClassVar

from tap_hiringcenter.api import times
from tap_hiringcenter.api.envelopes import Page, hiringcenter_list, prospectb2b_list, prospectb2b_single
from tap_hiringcenter.api.systems import HIRINGCENTER, PROSPECTB2B
from tap_hiringcenter.base import ApiStream
from tap_hiringcenter.windows import Slice, Windows

if sys.version_info >= (3, 12):
    from typing import override
else:
    from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class HiringCenterStream(ApiStream):
    """A list of HiringCenter, in either age of its API."""

    system = HIRINGCENTER
    newest_first: ClassVar[bool] = False
    documented_limit: ClassVar[int] = 50

    @property
    @override
    def limits(self) -> tuple[int | None, ...]:
        size = self.config["hiringcenter_page_size"]
        return (size,) if size == self.documented_limit else (size, self.documented_limit)

    @override
    def page_of(self, answer: Any, query: Mapping[str, Any]) -> Page:
        return hiringcenter_list(answer, self.name, query.get("limit"))

    @override
    def pages(self, context: Mapping[str, str], since: str | None = None) -> Iterator[Page]:
        last = None
        for page in super().pages(context, since):
            yield page
            if not self.newest_first or not since:
                continue
            for change in times.column(page.rows.column(str(self.replication_key))):
                if change is None or (last is not None and change > last):
                    since = None  # the documented order does not hold, so it must not end the reading
                    break
                last = change
            if since and last and last < since:
                return


class ProspectB2BStream(ApiStream):
    """A list of ProspectB2B."""

    system = PROSPECTB2B
    takes_limit: ClassVar[bool] = False

    @property
    @override
    def limits(self) -> tuple[int | None, ...]:
        size = self.config.get("prospectb2b_page_size")
        return (size, None) if size and self.takes_limit else (None,)

    @override
    def page_of(self, answer: Any, query: Mapping[str, Any]) -> Page:
        return prospectb2b_list(answer)


class ProspectB2BWindowedStream(ProspectB2BStream):
    """A list of ProspectB2B that the server filters by the time of change."""

    @override
    def slices(self, since: str | None, *, undated: bool = False) -> Iterator[Slice]:
        if self.is_full_table:
            # Whether a row without a time passes the filters is not documented, and a full-table sync must prove that it saw all.
            yield from super().slices(None)
            return
        transport = self.tap.transport(self.system)
        left = transport.allowance.left
        windows = Windows(
            lambda query: (self.records(page, {}) for page in self.list_pages({}, query)),
            self.tap.pool(self.system),
            # With few requests left, small windows finish, while large ones would have to be begun again by each run, and what is read
            # ahead would use up what the children need.
            ahead=transport.concurrency if left is None else max(1, min(transport.concurrency, left // 16)),
            most_pages=None if left is None else max(1, left // 4),
            now=self.tap.began,
        )
        yield from windows.slices(times.parse(since) if since else None, undated=undated)


class ProspectB2BSingleStream(ProspectB2BStream):
    """A single object of ProspectB2B: one row per run, or per parent."""

    @override
    def pages(self, context: Mapping[str, str], since: str | None = None) -> Iterator[Page]:
        yield self.ask(context, {})

    @override
    def page_of(self, answer: Any, query: Mapping[str, Any]) -> Page:
        return prospectb2b_single(answer)
