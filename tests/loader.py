"""A small loader: what a warehouse holds after the messages that came, when rows of another version go as ACTIVATE_VERSION says."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from tests.auditor import key_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Record = dict[str, Any]
Key = tuple[Any, ...]


class Loader:
    """Tables, by stream."""

    def __init__(self) -> None:
        """Hold nothing."""
        self._tables: dict[str, dict[Key, tuple[int | None, Record]]] = defaultdict(dict)

    def take(self, messages: Iterable[Mapping[str, Any]]) -> dict[str, set[Key]]:
        """Do as some messages say.

        Args:
            messages: Singer messages, in their order.

        Returns:
            The keys of the rows that went, of each stream of which a version was activated.
        """
        gone: dict[str, set[Key]] = {}
        for message in messages:
            stream = str(message.get("stream"))
            if message["type"] == "RECORD":
                # A row that came again stands last, and with the version that it came with.
                self._tables[stream][key_of(stream, message["record"])] = (message.get("version"), message["record"])
            elif message["type"] == "ACTIVATE_VERSION":
                table = self._tables[stream]
                others = {key for key, (version, _) in table.items() if version != message["version"]}
                for key in others:
                    del table[key]
                gone[stream] = gone.get(stream, set()) | others
        return gone

    def rows(self, stream: str) -> dict[Key, Record]:
        """What a table holds."""
        return {key: record for key, (_, record) in self._tables[stream].items()}
