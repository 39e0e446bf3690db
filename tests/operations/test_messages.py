"""The runbook names every message of tap and target, and none that there isn't."""

from __future__ import annotations

import re

from tests.operations.messages import NO_MESSAGES, ROOT, all_messages, plain, sentences

PAGE = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
_MESSAGES = PAGE.partition("\n## What the messages mean\n")[2]


def told() -> set[str]:
    """The messages of the page: what stands as code in the first cells of the tables of its last part."""
    cells = [line.split("|")[1] for line in _MESSAGES.splitlines() if line.startswith("| ")]
    return {plain(text) for cell in cells for text in re.findall(r"`([^`]*)`", cell)}


def exempt() -> set[str]:
    return {plain(text) for text in NO_MESSAGES}


def test_every_message_stands_on_the_page() -> None:
    missing = {text: files for text, files in all_messages().items() if text not in told() | exempt()}

    assert missing == {}


def test_every_message_of_the_page_can_be_said() -> None:
    assert len(told()) > 150
    assert told() - set(all_messages()) == set()


def test_what_is_no_message_is_there_and_not_on_the_page() -> None:
    assert exempt() - set(all_messages()) == set()
    assert exempt() & told() == set()


def test_sentences_are_found_however_they_are_said() -> None:
    source = '''
"""A module."""
NAME = "a name"
def say(place: str = "a default") -> str:
    """A function."""
    logger.warning("%s: waits for %.1f s", place, 1.0)
    text = f"it is {place!r}, and " + "not so\\nbad"
    raise ValueError("one", {"more": "is missing"} or f"has {place}") from Field(description="what it is", title=f"the {place} of it")
'''

    assert sentences(source) == {"a name", "a default", "…: waits for … s", "it is …, and", "not so", "is missing", "has"}
