"""The target: its settings, which sink takes which stream, when STATE is passed on, and how a run ends."""

from __future__ import annotations

import io
import sys
import traceback
from contextlib import suppress
from datetime import datetime, timezone
from functools import cached_property, partial
from typing import IO, TYPE_CHECKING, Any, ClassVar, cast

from singer_sdk import Target
from singer_sdk.exceptions import MissingKeyPropertiesError, RecordsWithoutSchemaException
from singer_sdk.helpers.capabilities import CapabilitiesEnum, PluginCapabilities
from singer_sdk.mapper import SameRecordTransform

from tap_hiringcenter.api.errors import ApiError
from tap_hiringcenter.api.program import InputError, Program, Stopping, reason_for, stream_maps_in_words
from tap_hiringcenter.api.reports import Report
from target_hiringcenter import settings
from target_hiringcenter.access import Access
from target_hiringcenter.desk import Desk
from target_hiringcenter.foreman import Foreman
from target_hiringcenter.reader import Reader
from target_hiringcenter.sinks import SINKS
from target_hiringcenter.tasks import Outcome, SinkReport

if sys.version_info >= (3, 12):
    from typing import override
else:
    from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Sequence

    from singer_sdk.plugin_base import _ConfigInput
    from singer_sdk.sinks import Sink

    from tap_hiringcenter.api.systems import System
    from target_hiringcenter.ledger import Ledger
    from target_hiringcenter.sinks.base import ApiSink
    from target_hiringcenter.writes import Row

# Settings that the SDK adds for loaders of tables, and that would do nothing here.
_FOR_TABLES = ("add_record_metadata", "load_method")


class TargetHiringcenter(Program, Target):
    """Singer target for HiringCenter, ProspectB2B and ClosersHQ."""

    name = "target-hiringcenter"
    package_name = "hiringcenter-singer"
    systems: ClassVar[Sequence[System]] = settings.SYSTEMS
    capabilities: ClassVar[list[CapabilitiesEnum]] = [
        PluginCapabilities.ABOUT,
        PluginCapabilities.STREAM_MAPS,
        PluginCapabilities.FLATTENING,
        PluginCapabilities.STRUCTURED_LOGGING,
    ]
    config_jsonschema: ClassVar[dict[str, Any]] = settings.SCHEMA
    message_reader_class = Reader
    _is_stopping = False

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401  # passed on as they are
        """Make the target; see `Target` for the arguments.

        Args:
            kwargs: As in `Target`.
        """
        super().__init__(**kwargs)
        # Streams are worked off one after the other, since rows of one refer to rows of another; within a stream, writes go side by side.
        self.max_parallelism = 1
        self.report: Report[SinkReport] = Report(datetime.fromtimestamp(self.initialized_at / 1000, tz=timezone.utc))
        # What is being worked off, while more is read.
        self._worked_off: ApiSink | None = None
        self._passed_on: dict[str, Any] | None = None
        # The sinks of streams that no stream map and no flattening changes.
        self._unmapped: dict[object, ApiSink] = {}

    @override
    def mistakes(self) -> list[str]:
        return settings.mistakes(self.config)

    @classmethod
    @override
    def append_builtin_config(cls, config_jsonschema: dict[str, Any]) -> None:
        super().append_builtin_config(config_jsonschema)
        for name in _FOR_TABLES:
            config_jsonschema["properties"].pop(name, None)

    @cached_property
    def _ledger(self) -> Ledger:
        from target_hiringcenter.ledger import Ledger  # noqa: PLC0415  # the database's library, which --version and --about need not wait for

        ledger = Ledger(self.config["ledger_uri"], is_read_only=self.config["dry_run"])
        if ledger.is_new and not self.config["dry_run"]:
            # Nobody notices otherwise when the default is looked for in another folder than yesterday.
            self.logger.warning(
                "A new ledger was begun. If this account was written to before, stop, and look at ledger_uri: it may be written twice"
            )
        return ledger

    @cached_property
    def _access(self) -> Access:
        return Access(self._transports, self._ledger)

    @cached_property
    def _desk(self) -> Desk:
        return Desk(Foreman(self._transports, self._ledger, self.report, self.config, self._access.doubtful, self.plugin_version))

    @override
    def get_sink_class(self, stream_name: str) -> type[Sink]:
        for sink in SINKS:
            if sink.name == stream_name:
                return sink
        msg = f"There is no sink for the stream {stream_name!r}. Rename it with stream_maps to one of {', '.join(sink.name for sink in SINKS)}"
        raise InputError(msg)

    @override
    def get_sink(
        self,
        stream_name: str,
        *,
        record: dict[str, Any] | None = None,
        schema: dict[str, Any] | None = None,
        key_properties: Sequence[str] | None = None,
    ) -> Sink:
        if schema is not None and stream_name in self._sinks_active:
            # A new schema makes a new sink: what came under the old one goes before what comes under the new one.
            self.drain_one(self._sinks_active[stream_name])
        return super().get_sink(stream_name, record=record, schema=schema, key_properties=key_properties)

    def prepare(self, sink: ApiSink) -> None:
        """Make sure, before the first record of a stream is written, that its records can be.

        Raises:
            InputError: They can't: the message says what to set.
            ApiError: The system can't be reached, or refuses the key.
        """
        entry = self.report.streams.setdefault(sink.name, SinkReport())
        try:
            self._access.check(type(sink), entry.usage)
            _ = self._desk
        except (ApiError, InputError) as error:
            entry.reason = str(error)
            raise

    def work_off(self, sink: ApiSink, records: list[Row]) -> None:
        """Begin to bring the records of a sink to their end.

        Args:
            sink: The sink.
            records: Its records in their order; the list forgets each when its turn has come.
        """
        # What they refer to first.
        for stream in sink.refers_to.values():
            if stream != sink.name and stream in self._sinks_active:
                self.drain_one(self._sinks_active[stream])
        self._desk.make_room(sink)
        self._worked_off = sink
        # As soon as these are done, and not with what comes next: nothing more may come for hours.
        state = self._latest_state if self._is_all_begun(but=sink) else None
        with self._stopping.held_up():
            self._desk.begin(sink, records, None if state is None else partial(self._pass_on, state))

    def _finish(self) -> None:
        """Wait until what was begun has come to its end."""
        if self._worked_off:
            self._desk.finish()
            self._worked_off = None

    @override
    def _process_record_message(self, message_dict: dict[str, Any]) -> None:
        if not isinstance(message_dict.get("record"), dict):
            msg = "A RECORD message of the input has no record"
            raise InputError(msg)
        if self._worked_off and self._desk.is_idle:
            self._finish()
        sink = self._unmapped.get(message_dict.get("stream"))
        if sink is None:
            super()._process_record_message(message_dict)
        else:
            # The same as the SDK does with such a record, but that it copies it, maps it to itself, and asks for each what to add to it.
            sink.take(message_dict["record"])
            if sink.is_full:
                self.drain_one(sink)
            self._handle_max_record_age()

    @override
    def _process_schema_message(self, message_dict: dict[str, Any]) -> None:
        with stream_maps_in_words():
            super()._process_schema_message(message_dict)
        self._unmapped = {
            name: cast("ApiSink", self._sinks_active[name])
            for name, (first, *more) in self.mapper.stream_maps.items()
            if type(first) is SameRecordTransform and not first.flattening_enabled and not more
        }

    @override
    def _process_state_message(self, message_dict: dict[str, Any]) -> None:
        super()._process_state_message(message_dict)
        if self._latest_state is not None and self._is_all_begun():
            self._write_state_message(self._latest_state)

    @override
    def process_endofpipe(self) -> None:
        super().process_endofpipe()
        self._finish()

    def _is_all_begun(self, but: ApiSink | None = None) -> bool:
        return all(sink is but or sink.current_size == 0 for sink in (*self._sinks_active.values(), *self._sinks_to_clear))

    @override
    def _write_state_message(self, state: dict[str, Any]) -> None:
        self._finish()
        self._pass_on(state)

    def _pass_on(self, state: dict[str, Any]) -> None:
        # After a dry run nothing is written, so the next run must get the same rows.
        if self.config["dry_run"] or state == self._passed_on:
            return
        self._passed_on = state
        super()._write_state_message(state)

    @override
    def _process_activate_version_message(self, message_dict: dict[str, Any]) -> None:
        # It says which rows of a table are gone; the rows that this target writes to are not all its own, so nothing follows from it.
        self.logger.debug("An ACTIVATE_VERSION message changes nothing")

    @override
    def _process_batch_message(self, message_dict: dict[str, Any]) -> None:
        msg = "BATCH messages are not supported: switch batch_config off in the tap, so that it sends records"
        raise InputError(msg)

    @override
    def stop(self, signal_number: int) -> None:
        # At once: what was begun stands in the ledger, and no STATE is passed on for it. A second signal must not cut off what the first one began.
        if not self._is_stopping:
            self._is_stopping = True
            self._stopping.stop(signal_number)

    @cached_property
    def _stopping(self) -> Stopping:
        # Made when it is needed, since a signal may come before `__init__` is at its end.
        return Stopping()

    def run(self, file_input: IO[str] | None) -> int:
        """Write everything that comes.

        Args:
            file_input: The Singer messages; standard input when None.

        Returns:
            The exit code.

        Raises:
            ApiError: A system can't be asked any more.
            InputError: The input, the settings or the ledger can't be used.
            OSError: Something can't be kept that must be.
            Stopped: The process was asked to stop.
        """
        with self._telling(self.report):
            try:
                self._listen(file_input)
            except BaseException as error:
                if self._worked_off:
                    self._leave_off(error)
                for sink in (*self._sinks_active.values(), self._worked_off):
                    if sink and (sink.current_size or sink is self._worked_off):
                        self.report.streams[sink.stream_name].reason = reason_for(error)
                raise
            finally:
                if "_ledger" in self.__dict__:
                    self._ledger.close()
        for name, entry in self.report.streams.items():
            for text, number in entry.warnings.items():
                self.logger.warning("%s: %s (records: %d)", name, text, number)
        rejected = sum(entry.outcomes[Outcome.REJECTED] for entry in self.report.streams.values())
        if rejected:
            self.logger.warning(
                "Rejected records: %d, of which max_rejects allows %d. See %s", rejected, self.config["max_rejects"], self.config["rejects_path"]
            )
        if self.config["dry_run"]:
            self.logger.info("This was a dry run: nothing was written. What would be is in %s", self.config["plan_path"])
        return int(rejected > self.config["max_rejects"])

    def _leave_off(self, error: BaseException) -> None:
        """Bring what is being worked off to its end, when nothing more is read; or soon, when the run is to stop."""
        try:
            if isinstance(error, Exception):
                with suppress(Exception):
                    self._finish()
        finally:
            self._desk.break_off()

    def _listen(self, file_input: IO[str] | None) -> None:
        """Read the input to its end, with one clear error for whatever the SDK makes of it."""
        given = file_input or sys.stdin
        if isinstance(given, io.TextIOWrapper):
            # JSON is, whatever the machine's own encoding may be: read as another, it would be garbled without an error.
            given.reconfigure(encoding="utf-8")
        try:
            self.listen(given)
            if self._latest_state is None and not self.report.streams:
                self.logger.warning("No message came in: has the program before this one failed?")
        except (ApiError, InputError, OSError):
            raise
        except UnicodeDecodeError:
            msg = "The input is not UTF-8, as Singer messages are"
            raise InputError(msg) from None
        except RecordsWithoutSchemaException as error:
            msg = "A record came before the SCHEMA of its stream: is what comes in the whole output of a tap?"
            raise InputError(msg) from error
        except MissingKeyPropertiesError as error:
            msg = "A record lacks a key property that the SCHEMA of its stream names"
            raise InputError(msg) from error
        except Exception as error:
            # Where it happened, but not its text, which could quote a record.
            self.logger.error("%s%s", "".join(traceback.format_tb(error.__traceback__)), type(error).__name__)  # noqa: TRY400
            msg = "The input can't be worked off: see stream_maps, if there are any; else this is a mistake in this target, please report it"
            raise InputError(msg) from error

    @classmethod
    @override
    def invoke(  # type: ignore[override]  # the SDK's own targets narrow this signature as well
        cls,
        *,
        about: bool = False,
        about_format: str | None = None,
        config: _ConfigInput | None = None,
        file_input: IO[str] | None = None,
    ) -> None:
        if about:
            cls.print_about(about_format)
            return
        cls._conclude(config, lambda: cls._ready(config), lambda target: target.run(file_input))
