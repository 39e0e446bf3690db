"""The auditor of reads sees what is missing, surplus, old or wrong, and nothing where all is well."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.auditor import BY_DEFAULT, EVERY_STREAM, differences, emitted, key_of
from tests.running import Outcome
from tests.sandbox import Sandbox, World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Record = dict[str, Any]
Table = list[Record]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """Servers that nobody writes to."""
    with Sandbox(World(seed=7, size=6)) as server:
        yield server


def good(sandbox: Sandbox, stream: str) -> Table:
    """Records as a tap without a mistake brings them."""
    return [emitted(stream, row) for row in sandbox.truth(stream)]


def key_columns(stream: str) -> tuple[str, ...]:
    """The columns by which rows are told apart."""
    return ("import_id", "row", "message") if stream == "import_errors" else ("id",)


def outcome(**tables: Table) -> Outcome:
    """A run that brought these."""
    messages = [{"type": "RECORD", "stream": stream, "record": record} for stream, table in tables.items() for record in table]
    return Outcome(0, [json.dumps(message) for message in [*messages, {"type": "STATE", "value": {}}]], {})


def test_what_is_right_is_found_right(sandbox: Sandbox) -> None:
    run = outcome(**{stream: good(sandbox, stream) for stream in EVERY_STREAM})

    assert differences(sandbox, [run], EVERY_STREAM) == []
    # Read twice is no mistake, and neither is another order.
    assert differences(sandbox, [run, outcome(**{stream: good(sandbox, stream)[::-1] for stream in EVERY_STREAM})], EVERY_STREAM) == []


@pytest.mark.parametrize("stream", EVERY_STREAM)
def test_in_each_stream_a_lost_row_and_a_strange_one_are_named(sandbox: Sandbox, stream: str) -> None:
    [first, *others] = good(sandbox, stream)
    strange = {**first, **({"row": -1} if stream == "import_errors" else {"id": "strange"})}

    assert differences(sandbox, [outcome(**{stream: others})], [stream]) == [f"{stream}: {key_of(stream, first)} is missing"]
    assert differences(sandbox, [outcome(**{stream: [first, *others, strange]})], [stream]) == [
        f"{stream}: {key_of(stream, strange)} is not in the sandbox"
    ]
    assert len(differences(sandbox, [], [stream])) == len(others) + 1


@pytest.mark.parametrize("stream", EVERY_STREAM)
def test_in_each_column_of_each_stream_another_value_is_named(sandbox: Sandbox, stream: str) -> None:
    [first, *others] = good(sandbox, stream)
    columns = [name for name in first if name not in key_columns(stream)]

    for column in columns:
        run = outcome(**{stream: [{**first, column: "another"}, *others]})
        [found] = differences(sandbox, [run], [stream])
        assert found.startswith(f"{stream}: {key_of(stream, first)} is ")
        [found] = differences(sandbox, [outcome(**{stream: [{name: first[name] for name in first if name != column}, *others]})], [stream])
        assert ", not " in found


MISTAKES: dict[str, Callable[[Record], Record]] = {
    "a number as text": lambda record: {**record, "total_rows": str(record["total_rows"])},
    "a whole number as a fraction": lambda record: {**record, "total_rows": float(record["total_rows"])},
    "a truth for one": lambda record: {**record, "imported_rows": record["imported_rows"] == 1},
    "a second late": lambda record: {**record, "updated_at": record["updated_at"][:-3] + "9" + record["updated_at"][-2:]},
    "a time without its zone": lambda record: {**record, "updated_at": record["updated_at"][:-1]},
    "a time in another zone": lambda record: {**record, "updated_at": record["updated_at"].replace("Z", "+00:00")},
    "null for a value": lambda record: {**record, "name": None},
    "a column too many": lambda record: {**record, "colour": None},
    "something in additional_properties": lambda record: {**record, "additional_properties": {"name": record["name"]}},
    "nothing said of additional_properties": lambda record: {name: value for name, value in record.items() if name != "additional_properties"},
    "an empty object for null": lambda record: {**record, "additional_properties": {}},
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_wrong_record_is_named(mistake: str) -> None:
    with Sandbox(World(seed=7, size=6)) as sandbox:
        row = sandbox.truth("imports")[0]["id"]
        sandbox.change("imports", row, total_rows=1, imported_rows=1, updated_at="2026-03-01T10:00:00.120Z")
        records = good(sandbox, "imports")
        place = next(place for place, record in enumerate(records) if record["id"] == row)
        records[place] = MISTAKES[mistake](records[place])

        [found] = differences(sandbox, [outcome(imports=records)], ["imports"])

        assert found.startswith(f"imports: ('{row}',) is ")


def test_unix_milliseconds_must_be_exact(sandbox: Sandbox) -> None:
    records = good(sandbox, "meetings")
    row = next(row for row in sandbox.truth("meetings") if row["id"] == records[0]["id"])
    assert records[0]["updatedAt"].endswith(f".{row['updatedAt'] % 1000:03d}Z")
    for wrong in (row["updatedAt"], records[0]["updatedAt"][:-5] + "Z"):
        assert len(differences(sandbox, [outcome(meetings=[{**records[0], "updatedAt": wrong}, *records[1:]])], ["meetings"])) == 1
    assert emitted("meetings", {"id": "m", "updatedAt": 1_717_000_000_007})["updatedAt"] == "2024-05-29T16:26:40.007Z"


def test_the_last_version_must_come_last() -> None:
    with Sandbox(World(seed=7, size=6)) as sandbox:
        old = good(sandbox, "leads")
        sandbox.change("leads", old[0]["id"], title="CTO")
        new = good(sandbox, "leads")

        assert differences(sandbox, [outcome(leads=old), outcome(leads=new)], ["leads"]) == []
        assert differences(sandbox, [outcome(leads=[*old, *new])], ["leads"]) == []
        assert len(differences(sandbox, [outcome(leads=new), outcome(leads=old)], ["leads"])) == 1
        assert len(differences(sandbox, [outcome(leads=[*new, *old])], ["leads"])) == 1
        assert len(differences(sandbox, [outcome(leads=old)], ["leads"])) == 1


def test_a_row_of_another_stream_is_no_row_of_this_one(sandbox: Sandbox) -> None:
    leads, tickets = good(sandbox, "leads"), good(sandbox, "support_tickets")
    run = outcome(leads=[*leads, tickets[0]], support_tickets=tickets[1:])

    assert differences(sandbox, [run], ["leads", "support_tickets"]) == [
        f"leads: ('{tickets[0]['id']}',) is not in the sandbox",
        f"support_tickets: ('{tickets[0]['id']}',) is missing",
    ]
    # Only what is asked about is compared.
    assert differences(sandbox, [run], ["referrals"]) != []
    assert differences(sandbox, [run], []) == []


def test_a_child_must_have_the_ids_of_the_rows_above_it(sandbox: Sandbox) -> None:
    events = good(sandbox, "campaign_run_events")
    for name in ("run_id", "campaign_id"):
        assert len(differences(sandbox, [outcome(campaign_run_events=[{**events[0], name: "other"}, *events[1:]])], ["campaign_run_events"])) == 1


def test_two_rows_under_one_key_are_two_where_the_key_is_of_three_columns() -> None:
    with Sandbox(World(seed=7, size=6, errors_per_import=2)) as sandbox:
        errors = good(sandbox, "import_errors")
        assert len({key_of("import_errors", record) for record in errors}) == len(errors)
        # The first of them came twice, and the second never.
        double = [errors[0], errors[0], *errors[2:]]

        assert differences(sandbox, [outcome(import_errors=double)], ["import_errors"]) == [
            f"import_errors: {key_of('import_errors', errors[1])} is missing"
        ]
        assert [
            line.split(" is ")[1]
            for line in differences(sandbox, [outcome(import_errors=[{**errors[0], "row": str(errors[0]["row"])}, *errors[1:]])], ["import_errors"])
        ] == ["missing", "not in the sandbox"]


def test_what_no_schema_names_must_be_kept() -> None:
    with Sandbox(World(seed=7, size=6)) as sandbox:
        lead = sandbox.truth("leads")[0]["id"]
        sandbox.change("leads", lead, score={"of": [1, None]})
        records = good(sandbox, "leads")
        [kept] = [record for record in records if record["id"] == lead]
        assert kept["additional_properties"] == {"score": {"of": [1, None]}}
        assert "score" not in kept
        kept["additional_properties"] = None

        assert len(differences(sandbox, [outcome(leads=records)], ["leads"])) == 1


def test_every_stream_has_a_schema_and_one_is_not_selected_by_default() -> None:
    assert len(EVERY_STREAM) == 39
    assert set(EVERY_STREAM) - set(BY_DEFAULT) == {"prospect_feed"}


def test_all_that_is_wrong_is_named_at_once(sandbox: Sandbox) -> None:
    [first, second, *others] = good(sandbox, "leads")
    strange = {**first, "id": "strange"}

    assert differences(sandbox, [outcome(leads=[{**second, "title": 1}, *others, strange])], ["leads"]) == [
        f"leads: ('{first['id']}',) is missing",
        "leads: ('strange',) is not in the sandbox",
        f"leads: ('{second['id']}',) is { ({**second, 'title': 1}) }, not {second}",
    ]
