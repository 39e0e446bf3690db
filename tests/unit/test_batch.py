"""Which records of a batch have to be written, and what the others are told."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest

from target_hiringcenter.batch import Batch, key_of
from target_hiringcenter.entries import DELETED, PENDING, REJECTED, WRITTEN, Entry
from target_hiringcenter.fingerprints import Fingerprints
from target_hiringcenter.tasks import Outcome
from tests.unit.sinks import sink

if TYPE_CHECKING:
    from target_hiringcenter.ledger import Ledger
    from target_hiringcenter.tasks import Task
    from target_hiringcenter.writes import Row

NOTE = {"id": "n", "prospectId": "p", "body": "x"}


def _lead(key: object, name: str = "Ada") -> Row:
    return {"id": key, "full_name": name, "email": f"{key}@example.com"}


def _batch(stream: str, records: list[Row], ledger: Ledger, *, version: str = "1", **settings: Any) -> Batch:  # noqa: ANN401  # any setting
    made = sink(stream, **settings)
    return Batch(made, records, ledger, Fingerprints(made.config, version), {})


def _due(batch: Batch, *, resends: bool = False) -> list[Task]:
    """The records of a batch that have to be written."""
    return list(batch.changed(resends=resends))


def _settled(ledger: Ledger, outcome: str, *records: Row) -> None:
    """Let the ledger say that these leads have that outcome."""
    for task in _due(_batch("leads", list(records), ledger)):
        ledger.save("leads", {task.key: Entry(version=1, content=task.content, outcome=outcome)})


def test_a_key_is_the_same_as_a_number_and_as_its_digits() -> None:
    assert key_of([17]) == key_of(["17"])
    assert len({key_of(["1", "23"]), key_of(["12", "3"]), key_of(["123"]), key_of(["1", "2", "3"]), key_of(["1 23"])}) == 5


@pytest.mark.parametrize(("outcome", "is_done"), [(WRITTEN, True), (DELETED, True), (PENDING, False), (REJECTED, False)])
def test_only_what_is_known_to_be_done_is_unchanged(outcome: str, ledger: Ledger, *, is_done: bool) -> None:
    _settled(ledger, outcome, _lead("1"))
    batch = _batch("leads", [_lead("1"), _lead("2")], ledger)
    assert [task.source["id"] for task in _due(batch)] == (["2"] if is_done else ["1", "2"])
    assert (batch.tasks[0].outcome is Outcome.UNCHANGED) == is_done


def test_resending_leaves_nothing_out(ledger: Ledger) -> None:
    _settled(ledger, WRITTEN, _lead("1"))
    assert len(_due(_batch("leads", [_lead("1")], ledger), resends=True)) == 1


def test_the_last_record_of_a_key_overtakes_those_that_it_leaves_no_trace_of(ledger: Ledger) -> None:
    _settled(ledger, WRITTEN, _lead("1", "A"))
    batch = _batch("leads", [_lead("1", "A"), _lead("1", "B"), _lead("1", "A"), _lead(1, "B")], ledger)
    (last,) = _due(batch)
    assert (last.form.bulk or {})["full_name"] == "B"
    assert last.overtaken == batch.tasks[:3]
    last.pass_over()
    assert [task.outcome for task in batch.tasks] == [Outcome.UNCHANGED] * 3 + [None]


def test_a_record_is_not_overtaken_by_one_that_says_less(ledger: Ledger) -> None:
    tasks = _due(_batch("leads", [{**_lead("1"), "title": "t"}, _lead("1", "B")], ledger))
    assert [(task.form.bulk or {})["full_name"] for task in tasks] == ["Ada", "B"]
    # They share what the ledger knows, so that each sees what became of the one before it.
    assert tasks[0].entry is tasks[1].entry


def test_a_reference_is_the_id_of_the_row_that_was_written(ledger: Ledger) -> None:
    ledger.save("prospects", {key_of(["p"]): Entry(outcome=WRITTEN, remote_id="remote")})
    (task,) = _due(_batch("notes", [NOTE], ledger))
    assert task.form.create is not None
    assert (task.form.create.body or {})["prospectId"] == "remote"


def test_a_reference_to_nothing_that_was_written_here_is_the_apis_own_id(ledger: Ledger) -> None:
    (task,) = _due(_batch("notes", [NOTE], ledger))
    assert task.form.create is not None
    assert (task.form.create.body or {})["prospectId"] == "p"


@pytest.mark.parametrize("entry", [Entry(outcome=REJECTED), Entry(outcome=PENDING), Entry(outcome=DELETED)])
def test_a_reference_to_a_row_that_is_not_there_is_a_reject(entry: Entry, ledger: Ledger) -> None:
    ledger.save("prospects", {key_of(["p"]): entry})
    batch = _batch("notes", [NOTE], ledger)
    assert _due(batch) == []
    assert batch.tasks[0].reject is not None
    assert (batch.tasks[0].reject.column, "not written" in batch.tasks[0].reject.reason) == ("prospectId", True)


def test_a_reject_is_known_to_what_refers_to_it_and_takes_nothing_from_what_was_written(ledger: Ledger) -> None:
    bad = {"id": "p", "firstName": "Ada"}
    assert _due(_batch("prospects", [bad], ledger)) == []
    assert ledger.find("prospects", [key_of(["p"])])[key_of(["p"])].outcome == REJECTED
    ledger.save("prospects", {key_of(["p"]): Entry(outcome=WRITTEN, remote_id="remote")})
    assert _due(_batch("prospects", [bad], ledger)) == []
    assert ledger.find("prospects", [key_of(["p"])])[key_of(["p"])] == Entry(outcome=WRITTEN, remote_id="remote")


def test_a_mistake_in_a_sink_costs_its_record_alone_and_quotes_nothing(
    ledger: Ledger,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    leads = sink("leads")
    form = leads.form

    def stumbles(record: Row) -> Any:  # noqa: ANN401  # a form
        if record["id"] == "2":
            raise ValueError(record["email"])
        return form(record)

    monkeypatch.setattr(leads, "form", stumbles)
    with caplog.at_level(logging.DEBUG):
        batch = Batch(leads, [_lead("1"), _lead("2"), _lead("3")], ledger, Fingerprints(leads.config, "1"), {})
        _due(batch)
    assert [task.outcome for task in batch.tasks] == [None, Outcome.REJECTED, None]
    assert batch.tasks[1].reject is not None
    assert "ValueError" in batch.tasks[1].reject.reason
    assert "stumbles" in caplog.text
    assert "example.com" not in caplog.text + batch.tasks[1].reject.reason
