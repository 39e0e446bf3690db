"""The tap: its settings, what it discovers, and how it is started and ended."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from singer_sdk.helpers.capabilities import CapabilitiesEnum, PluginCapabilities, TapCapabilities

from tap_hiringcenter.access import Access
from tap_hiringcenter.api.reports import COMPLETE
from tap_hiringcenter.api.settings import key_of
from tap_hiringcenter.api.usage import Usage
from tap_hiringcenter.bookmarks import Bookmarks, check
from tap_hiringcenter.catalogs import with_chosen_methods
from tap_hiringcenter.command import CommandLine
from tap_hiringcenter.family import Family
from tap_hiringcenter.output import Output
from tap_hiringcenter.run import Run
from tap_hiringcenter.settings import SCHEMA, SYSTEMS, mistakes
from tap_hiringcenter.streams import STREAMS

if sys.version_info >= (3, 12):
    from typing import override
else:
    from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tap_hiringcenter.api.systems import System
    from tap_hiringcenter.api.transport import Transport
    from tap_hiringcenter.base import ApiStream
    from tap_hiringcenter.events import Event, Mark
    from tap_hiringcenter.report import Report


class TapHiringcenter(CommandLine):
    """Singer tap for HiringCenter and ProspectB2B."""

    name = "tap-hiringcenter"
    package_name = "hiringcenter-singer"
    # The catalog depends on what the keys may read, so settings must be right for discovery as well.
    dynamic_catalog = True
    # No BATCH: the SDK's batch files hold fields that were deselected or mapped out.
    capabilities: ClassVar[list[CapabilitiesEnum]] = [
        TapCapabilities.CATALOG,
        TapCapabilities.STATE,
        TapCapabilities.DISCOVER,
        PluginCapabilities.ABOUT,
        PluginCapabilities.STREAM_MAPS,
        PluginCapabilities.FLATTENING,
        PluginCapabilities.STRUCTURED_LOGGING,
    ]
    config_jsonschema: ClassVar[dict[str, Any]] = SCHEMA
    systems = SYSTEMS

    def __init__(self, *, state: dict[str, Any] | None = None, catalog: Any = None, **kwargs: Any) -> None:  # noqa: ANN401  # passed on as they are
        """Refuse a state that can't be used before anything is asked; see `Tap` for the arguments.

        Args:
            state: The bookmarks of the last run.
            catalog: As in `Tap`.
            kwargs: As in `Tap`.

        Raises:
            StateError: The state is not one of ours.
            CatalogError: The catalog asks for a replication method that there isn't.
        """
        check(state if state is not None else {}, {stream.name for stream in STREAMS})
        self.output = Output(self)
        self.unused = Usage()
        self._pools: dict[System, ThreadPoolExecutor] = {}
        super().__init__(state=state, catalog=with_chosen_methods(catalog), **kwargs)

    @override
    def mistakes(self) -> list[str]:
        return mistakes(self.config)

    @override
    def stop(self, signal_number: int) -> None:
        self.output.stop(signal_number)

    @cached_property
    def began(self) -> datetime:
        """When this run began; no bookmark goes past it."""
        return datetime.fromtimestamp(self.initialized_at / 1000, tz=timezone.utc)

    @cached_property
    def _access(self) -> Access:
        return Access(self._transports)

    @cached_property
    def _bookmarks(self) -> Bookmarks:
        lookback = timedelta(seconds=self.config["lookback_seconds"])
        return Bookmarks(self.state, self.began, self.config.get("start_date"), lookback)

    def transport(self, system: System) -> Transport:
        """How a system is asked; one for all streams, so that they share its budget."""
        return self._transports[system]

    def pool(self, system: System) -> ThreadPoolExecutor:
        """Threads for requests of a system that may go side by side."""
        if system not in self._pools:
            self._pools[system] = ThreadPoolExecutor(self.transport(system).concurrency, f"ask {system.name}")
        return self._pools[system]

    @override
    def discover_streams(self) -> Sequence[ApiStream]:
        found = []
        for stream in STREAMS:
            if self._transports and stream.system not in self._transports:
                continue
            if scope := self._access.missing_scope(stream):
                self.logger.warning("The stream %s is left out: the key has no scope %s", stream.name, scope)
                continue
            found.append(stream(self))
        return found

    @override
    def run_discovery(self) -> str:
        _ = self.streams
        for problem in self._access.problems.values():
            raise problem
        return super().run_discovery()

    @property
    def left_out(self) -> dict[str, str]:
        """Streams that the catalog selects and that can't be read with the configured keys, with the reason."""
        reasons = {}
        for name, entry in (self.input_catalog or {}).items():
            if name in self.streams or not entry.metadata.resolve_selection().get((), False):
                continue
            kind = next((stream for stream in STREAMS if stream.name == name), None)
            if kind is None:
                reasons[name] = "There is no such stream. Discover again, and select from the new catalog."
            elif kind.system not in self._transports:
                reasons[name] = f"{kind.system.label} is not configured. Set {key_of(kind.system)}, or deselect the stream."
            else:
                reasons[name] = f"The key has no scope {self._access.missing_scope(kind)}. Give it the scope, or deselect the stream."
            self.logger.error("%s is not read. %s", name, reasons[name])
        return reasons

    def families(self) -> list[list[ApiStream]]:
        """The selected streams, those below one root together, parents before children."""
        found: dict[str, list[ApiStream]] = {}
        for kind in STREAMS:
            stream: ApiStream | None = self.streams.get(kind.name)  # type: ignore[assignment]  # all of ours are
            if stream is not None and stream.selected:
                found.setdefault(kind.lineage()[-1].name, []).append(stream)
        return list(found.values())

    def read(self, wanted: Sequence[ApiStream]) -> Iterator[Event]:
        """Read some streams of one family from where their bookmarks are.

        Args:
            wanted: The streams, parents before children.

        Returns:
            What there is to write, as it comes.
        """
        lineage = {kind for stream in wanted for kind in stream.lineage()}
        needed: list[Any] = [self.streams[kind.name] for kind in STREAMS if kind in lineage]
        for stream in needed:
            if stream not in wanted:
                stream.usage = wanted[0].usage  # what is asked on the way to a child is asked for the child
        starts = {
            stream: self._bookmarks.start(stream.name, full_table=stream.is_full_table, resumable=stream.parent is not None) for stream in wanted
        }
        system = wanted[0].system
        transport = self.transport(system)
        return Family(
            needed,
            starts,
            self.pool(system),
            ahead=2 * transport.concurrency,
            left=lambda: transport.allowance.left,
            lookback=timedelta(seconds=self.config["lookback_seconds"]),
        ).events()

    def finish(self, stream: ApiStream) -> None:
        """Note that a full-table sync is at its end, and complete."""
        self._bookmarks.finish(stream.name)

    def note(self, mark: Mark) -> None:
        """Move a bookmark, once everything before the mark is written."""
        name, lag = mark.stream.name, self.transport(mark.stream.system).lag
        if mark.version is None or mark.is_final:
            self._bookmarks.move(name, mark.replication_key, mark.value, lag=lag, is_final=mark.is_final, after=mark.after, done=mark.done)
        else:
            self._bookmarks.hold(name, mark.value, mark.version, lag=lag, after=mark.after)

    def sync(self) -> Report:
        """Sync everything that is selected, and say what became of it: in the log, and in the run report.

        Returns:
            The report.

        Raises:
            Stopped: The process was asked to stop; the report is written.
            OSError: The reader of standard output is gone, or the report can't be written.
        """
        run = Run(self, self.output)
        with self._telling(run.report):
            return run.sync()

    @override
    def run(self) -> int:
        return 0 if self.sync().status == COMPLETE else 1

    @override
    def test(self) -> Iterator[tuple[str, bool]]:
        for system, problem in self._access.check(self.unused):
            if problem:
                yield str(problem), False
                continue
            kinds = [kind for kind in STREAMS if kind.system is system]
            readable = [kind.name for kind in kinds if not self._access.missing_scope(kind)]
            yield f"{system.label}: the key works. It can read {', '.join(readable) or 'nothing'}.", bool(readable)
            for kind in kinds:
                if scope := self._access.missing_scope(kind):
                    yield f"{system.label}: {kind.name} can't be read: the key has no scope {scope}.", True
