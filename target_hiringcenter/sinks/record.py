"""What all of our sinks do with a record before it is anything of their API: its columns, and whether it is to be written or deleted."""

from __future__ import annotations

import sys
from abc import abstractmethod
from typing import TYPE_CHECKING

from target_hiringcenter import fields
from target_hiringcenter.sinks.base import DELETED_AT, ApiSink
from target_hiringcenter.writes import RejectedError

if sys.version_info >= (3, 12):
    from typing import override
else:
    from typing_extensions import override

if TYPE_CHECKING:
    from target_hiringcenter.writes import Form, Look, Row


class RecordSink(ApiSink):
    """A sink that tells the records to be written from those to be deleted."""

    @override
    def form(self, record: Row) -> Form:
        columns = fields.columns_of(record)
        if fields.is_nothing(columns.get(DELETED_AT)):
            return self.writing(columns)
        form = self.removal(columns)
        if form is None:
            msg = f"is deleted in the source, and {self.system.label} has no operation that deletes it"
            raise RejectedError(msg)
        if not self.config["allow_deletes"]:
            msg = "is deleted in the source, and allow_deletes is off"
            raise RejectedError(msg)
        return form

    @abstractmethod
    def writing(self, columns: Row) -> Form:
        """Say what a record asks for that is to be written.

        Args:
            columns: Its columns.

        Raises:
            RejectedError: It can't be written.
        """

    def removal(self, columns: Row) -> Form | None:  # noqa: ARG002  # used by the streams that can be deleted
        """Say what a record asks for that is deleted in the source.

        Args:
            columns: Its columns.

        Returns:
            The form, or None where the API has no operation for that.

        Raises:
            RejectedError: It can't be deleted.
        """
        return None

    def lock(self, look: Look | None) -> frozenset[str]:
        """What keeps two records apart that the same look would find."""
        return frozenset({f"{self.name}:{look.wanted}"} if look else ())


def own_id(columns: Row) -> str | None:
    """The id that a record itself names.

    Raises:
        RejectedError: It can't be an id.
    """
    found: str | None = fields.value_of(columns, "id", fields.trimmed)
    return found


def is_true(columns: Row, name: str) -> bool:
    """Whether a column asks for something.

    Raises:
        RejectedError: It is neither true nor false.
    """
    return bool(fields.value_of(columns, name, fields.boolean))
