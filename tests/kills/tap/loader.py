"""A small loader: what a table holds after the messages that came, when rows of another version go as ACTIVATE_VERSION says."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from tests.auditor import key_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

Record = dict[str, Any]
Key = tuple[Any, ...]


class Loader:
    """Tables, by stream."""

    def __init__(self) -> None:
        self._tables: dict[str, dict[Key, tuple[int | None, Record]]] = defaultdict(dict)

    def take(self, messages: Iterable[Mapping[str, Any]], there: Callable[[str], set[Key]]) -> list[str]:
        """Do as some messages say.

        Args:
            messages: Singer messages, in their order.
            there: The keys that the server has now, of a stream.

        Returns:
            One sentence for each table that lost rows which are still there.
        """
        found = []
        for message in messages:
            stream = str(message.get("stream"))
            if message["type"] == "RECORD":
                # A row that came again stands last, and with the version that it came with.
                self._tables[stream][key_of(stream, message["record"])] = (message.get("version"), message["record"])
            elif message["type"] == "ACTIVATE_VERSION":
                table = self._tables[stream]
                gone = [key for key, (version, _) in table.items() if version != message["version"]]
                for key in gone:
                    del table[key]
                if lost := sorted(map(str, there(stream).intersection(gone))):
                    found.append(f"T-23: {stream}: ACTIVATE_VERSION took away what is still there: {', '.join(lost)}")
        return found

    def rows(self, stream: str) -> dict[Key, Record]:
        """What a table holds."""
        return {key: record for key, (_, record) in self._tables[stream].items()}
