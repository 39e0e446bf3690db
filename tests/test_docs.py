"""What the pages say of the sinks is what the sinks do, and what they point to is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tap_hiringcenter.streams import STREAMS as STREAMS_OF_THE_TAP
from target_hiringcenter.sinks import SINKS
from target_hiringcenter.writes import RejectedError
from tests.unit.sinks import form

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(ROOT.glob("docs/*.md"))]
STREAMS = [sink.name for sink in SINKS]

# Enough for a row of any stream that knows nulls or deletes.
RECORD = {
    "id": "1",
    "firstName": "Ada",
    "lastName": "Lovelace",
    "email": "ada@example.com",
    "prospectId": "p",
    "meetingDate": "2026-07-01T10:00:00Z",
    "timeZone": "UTC",
    "meetingType": "phone",
    "ownerId": "u",
    "url": "https://example.com/hook",
    "webhook_id": "w",
    "retry": True,
}


def section(page: str, title: str) -> str:
    text = (ROOT / page).read_text(encoding="utf-8")
    (found,) = re.findall(rf"^#+ {re.escape(title)}\n(.*?)(?=^#|\Z)", text, re.MULTILINE | re.DOTALL)
    return str(found)


def names(text: str) -> list[str]:
    return re.findall(r"`(\w+)`", text)


def test_the_readme_tells_every_sink_in_its_order() -> None:
    rows = [line.split("|")[1] for line in section("README.md", "Writing back").splitlines() if line.startswith("| `")]

    assert [name for row in rows for name in names(row)] == STREAMS


def test_the_page_lists_what_null_clears() -> None:
    told = {(line := names(item))[0]: set(line[1:]) for item in re.findall(r"^- .*", section("docs/target.md", "Nulls"), re.MULTILINE)}

    cleared = {}
    for stream in STREAMS:
        columns = {name for sink in SINKS if sink.name == stream for name in sink.reads}
        found = set()
        for column in columns - {"additional_properties"}:
            try:
                create = form(stream, {**RECORD, "phone": "+12125550123", column: None}, null_policy="clear").create
            except RejectedError:
                continue
            if create and create.body:
                found |= {name for name, value in create.body.items() if value is None}
        if found:
            cleared[stream] = found
    assert told == cleared


def test_the_page_lists_what_can_be_deleted() -> None:
    (told,) = re.findall(r"With `allow_deletes` that is done in (.*?);", section("docs/target.md", "Deletes"), re.DOTALL)

    deleted = []
    for stream in STREAMS:
        try:
            assert form(stream, {**RECORD, "_sdc_deleted_at": "2026-01-01"}, allow_deletes=True).remove
        except RejectedError:
            continue
        deleted.append(stream)
    assert names(told) == deleted


def test_the_page_lists_what_refers_to_other_streams() -> None:
    (sentence,) = re.findall(r"^.*? may hold", section("docs/target.md", "References between streams"), re.DOTALL | re.MULTILINE)
    told = {(column, stream) for column, streams in re.findall(r"`(\w+)` \(in (.*?)\)", sentence) for stream in names(streams)}

    assert told == {(column, sink.name) for sink in SINKS for column in sink.refers_to}


def anchors(page: Path) -> set[str]:
    """What a link to a part of a page may end with."""
    titles = re.findall(r"^#+ (.*)", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {"", *(re.sub(r"[^\w -]", "", title).strip().lower().replace(" ", "-") for title in titles)}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    missing = []
    for path, anchor in re.findall(r"\]\(((?!https?:)[^)#]*)#?([^)]*)\)", page.read_text(encoding="utf-8")):
        place = page.parent / path if path else page
        if not place.exists() or (place.suffix == ".md" and anchor not in anchors(place)):
            missing.append(f"{path}#{anchor}")

    assert missing == []


def test_the_guarantees_name_the_tests_of_every_fault() -> None:
    told = re.findall(r"`([tg]\d\d)`", (ROOT / "docs/guarantees.md").read_text(encoding="utf-8"))

    assert sorted(told) == sorted([f"t{number:02d}" for number in range(1, 28)] + [f"g{number:02d}" for number in range(1, 18)])


def test_the_guarantees_say_of_each_stream_what_the_catalog_says() -> None:
    rows = [line.split("|")[1:3] for line in section("docs/guarantees.md", "What each stream can't show").splitlines() if line.startswith("| `")]
    told: dict[str, str] = {}
    for streams, text in rows:
        for name in names(streams):
            told[name] = f"{told.get(name, '')} {text.strip()}".strip().replace("`", "")

    assert told == {stream.name: re.sub(r"the rows of \w+ that", "the rows above that", stream.known_gaps()) for stream in STREAMS_OF_THE_TAP}
