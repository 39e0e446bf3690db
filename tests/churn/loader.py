"""A small loader: what a warehouse holds after the runs of a tap."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.churn.owed import key_of

if TYPE_CHECKING:
    from tests.churn.owed import Key, Record
    from tests.running import Outcome


class Loader:
    """Upserts by key, and deletes what a version that is activated doesn't have.

    Attributes:
        activated: Streams of which the last run has activated a version.
    """

    def __init__(self) -> None:
        """Hold nothing."""
        self.activated: set[str] = set()
        self._held: dict[str, dict[Key, tuple[Record, int | None]]] = {}

    def held(self, stream: str) -> dict[Key, Record]:
        """The last record of each key."""
        return {key: record for key, (record, _) in self._held.get(stream, {}).items()}

    def load(self, run: Outcome) -> None:
        """Take a run's messages."""
        self.activated = set()
        for message in run.messages:
            if message["type"] == "RECORD":
                record = message["record"]
                self._held.setdefault(message["stream"], {})[key_of(message["stream"], record)] = (record, message.get("version"))
            elif message["type"] == "ACTIVATE_VERSION":
                stream, version = message["stream"], message["version"]
                self.activated.add(stream)
                self._held[stream] = {key: pair for key, pair in self._held.get(stream, {}).items() if pair[1] == version}
