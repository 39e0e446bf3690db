"""What reading tells the writing side, in order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tap_hiringcenter.base import ApiStream
    from tap_hiringcenter.records import Records


@dataclass(frozen=True)
class Rows:
    """Records to write.

    Attributes:
        stream: Whose.
        records: The records, complete with ids of the rows above.
        version: The version of a full-table sync, else None.
    """

    stream: ApiStream
    records: Records
    version: int | None


@dataclass(frozen=True)
class Mark:
    """A stream is complete up to a time, once all rows before this event are written.

    Attributes:
        stream: Which.
        replication_key: The stream's own column, when it is that which tells the time; None for a child, where the parent's change does.
        value: The time.
        version: Set when it is the position of a full-table sync that goes on.
        is_final: Whether the stream is complete as a whole.
        is_checkpoint: Whether it is worth a STATE of its own; the others are kept and go out with the next one.
        after: For a child, the id of the last root row that is complete among those of just that time, in the order of ids.
        done: For a child that is complete as a whole, the digest of the last root rows (see `recent`).
    """

    stream: ApiStream
    replication_key: str | None
    value: str
    version: int | None = None
    is_final: bool = False
    is_checkpoint: bool = True
    after: str | None = None
    done: str = ""


@dataclass(frozen=True)
class End:
    """A stream is at its end.

    Attributes:
        stream: Which.
        error: Why something of it is missing; None when it is complete.
        version: The version of a full-table sync that was proven complete.
        is_resumed: Whether that sync was begun by an earlier run.
    """

    stream: ApiStream
    error: Exception | None
    version: int | None = None
    is_resumed: bool = False


Event = Rows | Mark | End
