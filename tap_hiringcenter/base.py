"""The base stream: from the lists of an API to records, whichever API it is (see `client`). What there is to read stands in `streams`."""

from __future__ import annotations

import json
import sys
from functools import cached_property, partial
from importlib import resources
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from singer_sdk import Stream
from singer_sdk.helpers.conform import TypeConformanceLevel
from singer_sdk.mapper import SameRecordTransform
from singer_sdk.singerlib.catalog import REPLICATION_FULL_TABLE, REPLICATION_INCREMENTAL

from tap_hiringcenter import events
from tap_hiringcenter.api.envelopes import Page, refuse
from tap_hiringcenter.api.errors import CircleError, RefusedError
from tap_hiringcenter.api.request import Request
from tap_hiringcenter.api.usage import Usage
from tap_hiringcenter.records import Records, Shape, as_dicts, as_json
from tap_hiringcenter.sweeps import read_list
from tap_hiringcenter.windows import Slice

if sys.version_info >= (3, 12):
    from typing import override
else:
    from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from singer_sdk.helpers import types
    from singer_sdk.singerlib import Catalog

    from tap_hiringcenter.api.answers import Decoder
    from tap_hiringcenter.api.systems import System
    from tap_hiringcenter.tap import TapHiringcenter

# A wheel carries the schemas inside of the package, a checkout beside it.
_PACKAGED = resources.files("tap_hiringcenter") / "schemas"
_SCHEMAS = _PACKAGED if _PACKAGED.is_dir() else Path(__file__).parents[1] / "schemas"

_GAP_OF_CHANGES = (
    "A row that was deleted just stops coming: a full-table sync finds it missing. "
    "One that becomes visible later than lookback_seconds after its time shows with its next change, or in a full-table sync."
)
_GAP_OF_CHILDREN = "Read for the rows of {root} that changed: what changes without them, and what was deleted, shows with child_sync: full."
_GAP_OF_SNAPSHOTS = "Read whole in each run: what came and went between two runs does not show."


class ApiStream(Stream):
    """A stream of one system; its subclasses in `streams` are facts only.

    Attributes:
        system: Whose stream it is.
        path: Path of the operation that reads it, with the names of ids in braces.
        scope: What a ProspectB2B key needs to read it (reference, each operation).
        parent: The stream whose rows it is read for, or None.
        known_gap: What just this stream can't show (see `known_gaps`); empty when there is nothing of its own.
    """

    system: ClassVar[System]
    name: str = ""
    path: ClassVar[str]
    scope: ClassVar[str] = ""
    parent: ClassVar[type[ApiStream] | None] = None
    known_gap: ClassVar[str] = ""
    primary_keys: Sequence[str] = ("id",)
    replication_key: str | None = None

    # Records are made to fit their schema before the SDK sees them (see `records`), nested values and unknown ones included.
    TYPE_CONFORMANCE_LEVEL = TypeConformanceLevel.NONE

    def __init__(self, tap: TapHiringcenter) -> None:
        """Read the stream's schema from its file, once.

        Args:
            tap: The tap.
        """
        schema = json.loads((_SCHEMAS / self.system.name / f"{self.name}.json").read_text(encoding="utf-8"))
        schema["description"] = self.known_gaps()
        super().__init__(tap, schema=schema)
        self.tap = tap
        self.usage = Usage()
        self.expected: int | None = None
        self._shape = Shape(schema)
        # What a row is told apart by within one list: the ids above it are the same for all of them.
        self._own_keys = [name for name in type(self).primary_keys if name not in self.ancestor_names()]
        if self.parent:
            # There is no key of its own to filter by: the parent's changes say what is read (see `family`).
            self.forced_replication_method = REPLICATION_INCREMENTAL

    @classmethod
    def lineage(cls) -> list[type[ApiStream]]:
        """The stream and those above it, the root last."""
        return [cls, *(cls.parent.lineage() if cls.parent else [])]

    @classmethod
    def ancestor_names(cls) -> list[str]:
        """Columns that hold the ids of the rows above, the nearest last."""
        if cls.parent is None:
            return []
        return [*cls.parent.ancestor_names(), cls.path.split("{")[1].split("}")[0]]

    @classmethod
    def known_gaps(cls) -> str:
        """What the API of this stream can't show, in sentences for the catalog, where streams are chosen."""
        if cls.parent is not None:
            found = _GAP_OF_CHILDREN.format(root=cls.lineage()[-1].name)
        else:
            found = _GAP_OF_CHANGES if cls.replication_key else _GAP_OF_SNAPSHOTS
        return f"{found} {cls.known_gap}".rstrip()

    @property
    def is_full_table(self) -> bool:
        """Whether everything is read, whatever the bookmarks say."""
        if self.replication_method == REPLICATION_FULL_TABLE:
            return True
        return self.parent is not None and self.config["child_sync"] == "full"

    @property
    @override
    def emit_activate_version_messages(self) -> bool:
        # The SDK would write it before the first row was read; the run writes it after the last (see `run`).
        return False

    @override
    def apply_catalog(self, catalog: Catalog) -> None:
        super().apply_catalog(catalog)
        # What tells rows apart and what dates them are facts of the API: a catalog that leaves them out must not turn them off.
        self.primary_keys = type(self).primary_keys
        self.replication_key = type(self).replication_key

    @override
    def get_records(self, context: types.Context | None) -> Iterable[types.Record]:
        # The SDK's own loop (and with it its test suite) reads each stream alone; the executable's run reads families together.
        for event in self.tap.read([self]):
            if isinstance(event, events.Rows):
                contents = event.records.contents
                yield from map(json.loads, contents.splitlines()) if isinstance(contents, bytes) else contents
            elif isinstance(event, events.Mark):
                self.tap.note(event)
            elif event.error:
                raise event.error
            else:
                self.tap.finish(self)

    @override
    def _increment_stream_state(self, latest_record: types.Record, *, context: types.Context | None = None) -> None:
        # Bookmarks move when a part of a list is complete, not with each row: their order is not documented.
        pass

    def slices(self, since: str | None, *, undated: bool = False) -> Iterator[Slice]:
        """Read the list, in parts that are complete one after the other.

        Args:
            since: Changes from this time on are wanted; what is older may come all the same.
            undated: Whether all rows without a time are wanted as well.

        Yields:
            The parts, the oldest changes first. This one gives the whole list as one part.

        Raises:
            ApiError: The list can't be read, or can't be proven complete.
        """
        del undated  # they are in the list
        yield Slice(self.records(page, {}) for page in self.pages({}, since))

    def pages(self, context: Mapping[str, str], since: str | None = None) -> Iterator[Page]:
        """Read one list.

        Args:
            context: Ids of the rows above.
            since: As in `slices`.

        Yields:
            Its pages.

        Raises:
            ApiError: As in `slices`.
        """
        del since  # only lists with a documented order can stop early
        yield from self.list_pages(context, {})

    def list_pages(self, context: Mapping[str, str], filters: Mapping[str, Any]) -> Iterator[Page]:
        """Read one list page by page, with the page size that the API takes.

        Args:
            context: Ids of the rows above.
            filters: Query parameters of each request.

        Yields:
            Its pages.

        Raises:
            ApiError: As in `slices`.
        """
        for limit in self.limits:
            query = {**filters, "limit": limit} if limit else filters
            try:
                yield from read_list(partial(self.ask, context), query, self.identify)
            except CircleError:
                # Tokens that tell moments go in a circle where a page is too small for the rows of one.
                if (limit or 0) >= (self.limits[-1] or 0):
                    raise
            except RefusedError:
                # How large a page may be is not always documented, so a refusal may mean the size.
                if limit == self.limits[-1]:
                    raise
            else:
                return

    @property
    def limits(self) -> tuple[int | None, ...]:
        """Page sizes to ask for, the next one when one is refused; None asks for the API's own."""
        return (None,)

    def ask(self, context: Mapping[str, str], query: Mapping[str, Any]) -> Page:
        """Ask for one page.

        Args:
            context: Ids of the rows above.
            query: Query parameters.

        Returns:
            The page.

        Raises:
            ApiError: There is no answer that can be used.
        """
        ids = {name: context[name] for name in self.ancestor_names()[-1:]}
        answer = self.tap.transport(self.system).send(Request("GET", self.path, ids, query, rows=self.parser), self.usage)
        return self.page_of(answer, query)

    @property
    def parser(self) -> Decoder | None:
        """Parses the rows of the stream's pages (see `records`); None where a list in an answer need not be one of rows."""
        return self._shape.parser

    def page_of(self, answer: Any, query: Mapping[str, Any]) -> Page:  # noqa: ANN401
        """Take an answer out of its envelope.

        Args:
            answer: The answer.
            query: What was asked for.

        Raises:
            EnvelopeError: The answer has none of the documented forms.
        """
        raise NotImplementedError

    def identify(self, page: Page) -> list[tuple[Any, Any]]:
        """Tell the rows of a list by their keys, and their versions by their times of change."""
        keys = [[*map(str, page.rows.column(name))] for name in self._own_keys]
        version = type(self).replication_key or "updated_at"
        return list(zip(keys[0] if len(keys) == 1 else zip(*keys, strict=True), page.rows.column(version), strict=True))

    @cached_property
    def is_plain(self) -> bool:
        """Whether the SDK would write the records just as they are: nobody maps, flattens or deselects from them."""
        is_the_same = all(type(one) is SameRecordTransform and not one.flattening_enabled for one in self.stream_maps)
        return is_the_same and len(self.stream_maps) == 1 and all(self.mask.values())

    def records(self, page: Page, context: Mapping[str, str]) -> Records:
        """Make the records of a page.

        Args:
            page: The page.
            context: Ids of the rows above, which the records carry.

        Returns:
            One record for each row, valid against the stream's schema.

        Raises:
            EnvelopeError: A row has no key.
        """
        try:
            records = self._shape.records(page.rows, context)
        except ValueError as error:
            refuse(page.answer, f"answered with {error}")
        ids = [*map(attrgetter("id"), records)] if "id" in self.primary_keys else [""] * len(records)
        key = type(self).replication_key
        # What is not set is false, and no time is.
        changes = [change or None for change in map(attrgetter(key), records)] if key else [None] * len(records)
        return Records(ids, changes, as_json(records) if self.is_plain else as_dicts(records), bool(page.next), page.total)
