"""What every sink is: an SDK sink that turns a record into a form; the writing itself is the same for all."""

from __future__ import annotations

import sys
from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

from singer_sdk import Sink
from singer_sdk.exceptions import MissingKeyPropertiesError

if sys.version_info >= (3, 12):
    from typing import override
else:
    from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tap_hiringcenter.api.systems import System
    from target_hiringcenter.target import TargetHiringcenter
    from target_hiringcenter.writes import Form, Row

DELETED_AT = "_sdc_deleted_at"


class ApiSink(Sink):
    """Writes the records of one stream into one system.

    Attributes:
        name: The stream.
        system: Where its records go.
        scopes: What a key needs for its writes, where the system has scopes.
        refers_to: Columns that hold a key of another stream, with that stream: where this target has written the row, the API's id for it is
            sent instead.
        reads: Columns that are made use of.
        row_path: Path that reads one of its rows, with `{id}` for the API's id; None where the API can't.
        bulk_path: Path of the operation that writes many of its rows, under the stream's name; None where there is none.
    """

    name: ClassVar[str]
    system: ClassVar[System]
    scopes: ClassVar[tuple[str, ...]] = ()
    refers_to: ClassVar[Mapping[str, str]] = {}
    reads: ClassVar[frozenset[str]]
    row_path: ClassVar[str | None] = None
    bulk_path: ClassVar[str | None] = None
    # Enough for requests in bulk side by side; up to three batches are held at a time, one of which is being read.
    MAX_SIZE_DEFAULT = 2000

    def __init__(self, target: TargetHiringcenter, stream_name: str, schema: dict[str, Any], key_properties: Sequence[str] | None) -> None:
        """Make the sink; see `Sink` for the arguments."""
        super().__init__(target, stream_name, schema, key_properties)
        self._target = target
        if self.bulk_path:
            # The last request of a batch is a full one as well.
            self.MAX_SIZE_DEFAULT -= self.MAX_SIZE_DEFAULT % self.config["leads_bulk_size"]

    @abstractmethod
    def form(self, record: Row) -> Form:
        """Say what a record asks for, without asking anybody.

        Args:
            record: The record, as it came.

        Returns:
            The form.

        Raises:
            RejectedError: The record can't be written, or must not be.
        """

    @override
    def setup(self) -> None:
        unread = sorted(set(self.schema["properties"]) - self.reads - set(self.key_properties))
        if unread and self.reads:
            self.logger.info("These columns of %s are not written: %s", self.name, ", ".join(unread))
        self._target.prepare(self)

    @override
    def get_validator(self) -> None:
        # A form says column by column what is wrong with a record, and a bad record must not end the run.
        return None

    @override
    def process_record(self, record: dict[str, Any], context: dict[str, Any]) -> None:
        self.records_to_drain.append(record)

    def take(self, record: Row) -> None:
        """Take a record that is as it came.

        Args:
            record: The record.

        Raises:
            MissingKeyPropertiesError: It lacks a key property.
        """
        if any(name not in record for name in self.key_properties):
            raise MissingKeyPropertiesError
        self.tally_record_read()
        self.records_to_drain.append(record)
        self.record_counter_metric.increment()

    @override
    def process_batch(self, context: dict[str, Any]) -> None:
        records, self.records_to_drain = self.records_to_drain, []
        self._target.work_off(self, records)

    @override
    def _validate_and_parse(self, record: dict[str, Any]) -> dict[str, Any]:
        # The SDK would end the run at a date that it can't read.
        return record

    @override
    def _remove_sdc_metadata_from_record(self, record: dict[str, Any]) -> None:
        # _sdc_deleted_at is what asks for a delete.
        return
