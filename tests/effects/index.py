"""Finding rows by what they say without looking at all of them."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from tests.effects.wanted import FACTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tests.effects.wanted import Row, Version


class Index:
    """Some rows of one stream, by each of their texts."""

    def __init__(self, stream: str, rows: Mapping[str, Row], row_ids: Iterable[str]) -> None:
        """Take the rows.

        Args:
            stream: The stream.
            rows: Its rows by id.
            row_ids: Which of them, in the order in which they are to be found.
        """
        self._every = list(row_ids)
        self._no_texts = {*FACTS[stream].moments, "labels"}
        self._by_text: dict[tuple[str, str], list[str]] = defaultdict(list)
        for row_id in self._every:
            for name, value in rows[row_id].items():
                if isinstance(value, str):
                    self._by_text[name, value].append(row_id)

    def candidates(self, version: Version) -> Sequence[str]:
        """Ids of the rows that may say what a record says; no other does."""
        texts = [(name, value) for name, value in version.wanted.items() if isinstance(value, str) and name not in self._no_texts]
        return min((self._by_text.get(text, []) for text in texts), key=len, default=self._every)
