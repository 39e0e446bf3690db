"""A record that came before is known as it comes, and only under what made the same of it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from target_hiringcenter import sinks
from target_hiringcenter.batch import Batch, key_of
from target_hiringcenter.entries import DELETED, PENDING, REJECTED, WRITTEN, Entry
from target_hiringcenter.fingerprints import SHAPING, Fingerprints
from target_hiringcenter.tasks import Outcome
from tests.unit.sinks import sink

if TYPE_CHECKING:
    from target_hiringcenter.ledger import Ledger
    from target_hiringcenter.writes import Row

ADA = {"id": "p", "firstName": "Ada", "lastName": "Lovelace", "email": "ada@example.com", "title": None}
NOTE = {"id": "n", "prospectId": "p", "body": "x"}


def _looked_at(ledger: Ledger, stream: str, record: Row, *, version: str = "1", outcome: str | None = None, **settings: Any) -> tuple[int, int, int]:  # noqa: ANN401  # any setting
    """Work a record off, and note what would be noted of it.

    Args:
        ledger: What is known.
        stream: The record's stream.
        record: The record.
        version: The program's version.
        outcome: What becomes of it when it has to be written; nothing is noted when None.
        settings: Settings.

    Returns:
        How many records were known as they came, unchanged in what was made of them, and due.
    """
    made = sink(stream, **settings)
    batch = Batch(made, [dict(record)], ledger, Fingerprints(made.config, version), {})
    due = list(batch.changed(resends=False))
    for task in due:
        if outcome:
            ledger.save(stream, {task.key: Entry(1, task.content, outcome, fingerprint=task.fingerprint)})
    return batch.known, sum(task.outcome is Outcome.UNCHANGED for task in batch.tasks), len(due)


KNOWN, TOLD, DUE = (1, 0, 0), (0, 1, 0), (0, 0, 1)


@pytest.mark.parametrize(("outcome", "then"), [(WRITTEN, KNOWN), (DELETED, KNOWN), (PENDING, DUE), (REJECTED, DUE)])
def test_a_record_is_known_when_it_was_done_last(outcome: str, then: tuple[int, int, int], ledger: Ledger) -> None:
    assert _looked_at(ledger, "prospects", ADA, outcome=outcome) == DUE
    assert _looked_at(ledger, "prospects", ADA) == then


def test_another_value_another_setting_and_another_version_make_it_unknown(ledger: Ledger) -> None:
    _looked_at(ledger, "prospects", ADA, outcome=WRITTEN)
    assert _looked_at(ledger, "prospects", {**ADA, "title": "Countess"}) == DUE
    # What a null does is another thing now.
    assert _looked_at(ledger, "prospects", ADA, null_policy="clear") == DUE
    assert _looked_at(ledger, "prospects", ADA, mute_webhooks=True) == DUE
    assert _looked_at(ledger, "prospects", ADA) == KNOWN
    # Another version may make something else of it; this one doesn't, and from then on it is known to that one.
    assert _looked_at(ledger, "prospects", ADA, version="2") == TOLD
    assert _looked_at(ledger, "prospects", ADA, version="2") == KNOWN
    assert _looked_at(ledger, "prospects", ADA, flattening_enabled=True, version="2") == TOLD


@pytest.mark.parametrize("record", [dict(reversed(ADA.items())), {**ADA, "unknown": 1}], ids=["order", "column"])
def test_what_asks_for_the_same_in_another_form_is_told_once(record: Row, ledger: Ledger) -> None:
    _looked_at(ledger, "prospects", ADA, outcome=WRITTEN)
    assert _looked_at(ledger, "prospects", record) == TOLD
    assert _looked_at(ledger, "prospects", record) == KNOWN
    # One form is kept, the last one.
    assert _looked_at(ledger, "prospects", ADA) == TOLD


def test_entries_of_a_former_program_are_told_once(ledger: Ledger) -> None:
    _looked_at(ledger, "prospects", ADA, outcome=WRITTEN)
    (key, entry), *_ = ledger.find("prospects", [key_of(["p"])]).items()
    entry.fingerprint = ""
    ledger.save("prospects", {key: entry})
    assert _looked_at(ledger, "prospects", ADA) == TOLD
    assert _looked_at(ledger, "prospects", ADA) == KNOWN


def test_a_fingerprint_tells_nothing_of_another_content(ledger: Ledger) -> None:
    # A former program leaves the fingerprint as it is when it writes something else.
    _looked_at(ledger, "prospects", ADA, outcome=WRITTEN)
    (key, entry), *_ = ledger.find("prospects", [key_of(["p"])]).items()
    entry.content = "another"
    ledger.save("prospects", {key: entry})
    assert _looked_at(ledger, "prospects", ADA) == DUE


def test_a_reference_to_a_row_that_was_made_anew_makes_it_unknown(ledger: Ledger) -> None:
    ledger.save("prospects", {key_of(["p"]): Entry(outcome=WRITTEN, remote_id="first")})
    _looked_at(ledger, "notes", NOTE, outcome=WRITTEN)
    assert _looked_at(ledger, "notes", NOTE) == KNOWN
    ledger.save("prospects", {key_of(["p"]): Entry(outcome=WRITTEN, remote_id="second")})
    assert _looked_at(ledger, "notes", NOTE) == DUE
    # And one to a row that is not there any more is rejected as ever.
    ledger.save("prospects", {key_of(["p"]): Entry(outcome=DELETED)})
    assert _looked_at(ledger, "notes", NOTE) == (0, 0, 0)


@pytest.mark.parametrize("value", [2**70, "\ud800", [[object()]]], ids=["integer", "surrogate", "no JSON"])
def test_what_can_not_be_packed_has_none(value: object) -> None:
    assert Fingerprints({}, "1").of({"a": value}, "content") == ""


def test_values_that_json_writes_alike_differ() -> None:
    values: tuple[object, ...] = (None, float("inf"), float("nan"), 1, 1.0, "1", True, [], {}, "", 0, False)
    assert len({Fingerprints({}, "1").of({"a": value}, "content") for value in values}) == len(values)


def test_records_of_one_key_in_one_batch_are_not_passed_over_one_by_one(ledger: Ledger) -> None:
    _looked_at(ledger, "prospects", ADA, outcome=WRITTEN)
    made = sink("prospects")
    batch = Batch(made, [dict(ADA), {**ADA, "title": "Countess"}, dict(ADA)], ledger, Fingerprints(made.config, "1"), {})
    # A, B, A ends at A, whether B was said or not.
    assert [((task.form.create and task.form.create.body) or {}).get("title") for task in batch.changed(resends=False)] == ["Countess", None]
    assert batch.known == 0


def test_resending_knows_nothing(ledger: Ledger) -> None:
    _looked_at(ledger, "prospects", ADA, outcome=WRITTEN)
    made = sink("prospects")
    assert len(list(Batch(made, [dict(ADA)], ledger, Fingerprints(made.config, "1"), {}).changed(resends=True))) == 1


def test_every_setting_that_a_sink_reads_is_part_of_it() -> None:
    texts = [file.read_text(encoding="utf-8") for file in Path(str(sinks.__file__)).parent.glob("*.py")]
    read = [name for text in texts for name in re.findall(r'self\.config\["(\w+)"\]', text)]
    assert read
    # How many go in a request says nothing of what they are.
    assert set(read) - {"leads_bulk_size"} <= set(SHAPING)
    # And none in any other way.
    assert len(read) == sum(text.count("config") for text in texts)
