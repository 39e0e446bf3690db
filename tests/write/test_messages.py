"""G-17 and what a run is told and tells: messages in any order, STATE, rejects, report, exit codes, ceilings, and no secrets."""

from __future__ import annotations

import io
import itertools
import json
import logging
import os
import stat
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from singer_sdk.exceptions import ConfigValidationError

from target_hiringcenter.sinks import SINKS
from target_hiringcenter.target import TargetHiringcenter
from tests.effects import Given, snapshot, violations, writes
from tests.effects.example import KEY_PROPERTIES, Player
from tests.sandbox import Fault, Sandbox, World
from tests.writing import COUNTS, json_lines, messages, schema, settings_for, start, write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Record = dict[str, Any]


def _lead(number: int, **columns: object) -> Record:
    return {"id": str(number), "full_name": f"Lead {number}", "email": f"lead{number}@example.com", **columns}


def _record(stream: str, record: Record) -> str:
    return json.dumps({"type": "RECORD", "stream": stream, "record": record})


def _schema(stream: str, record: Record, *keys: str) -> str:
    return json.dumps(schema(stream, [record], keys))


def _state(value: object) -> str:
    return json.dumps({"type": "STATE", "value": {"bookmark": value}})


BROKEN = {
    "a record before its schema": ([_record("leads", _lead(1))], "before the SCHEMA"),
    "a record that lacks a key property": ([_schema("leads", _lead(1), "id"), _record("leads", {"email": "a@example.com"})], "lacks a key property"),
    "an unknown stream": ([_schema("people", _lead(1), "id")], "leads"),
    "a batch": (
        [
            _schema("leads", _lead(1), "id"),
            json.dumps({"type": "BATCH", "stream": "leads", "encoding": {"format": "jsonl", "compression": "gzip"}, "manifest": []}),
        ],
        "BATCH",
    ),
    "no JSON": (["secret@example.com is here"], "not JSON"),
    "no object": (["[1]"], "not a Singer message"),
    "no type": ([json.dumps({"stream": "leads"})], "type"),
    "no stream": ([json.dumps({"type": "RECORD", "record": {}})], "stream"),
    "no properties": ([json.dumps({"type": "SCHEMA", "stream": "leads", "schema": {}, "key_properties": []})], "properties"),
    "a record that is none": ([_schema("leads", _lead(1), "id"), json.dumps({"type": "RECORD", "stream": "leads", "record": "x"})], ""),
}


@pytest.mark.parametrize("name", BROKEN)
def test_g17_input_that_can_not_be_read_ends_the_run_with_a_clear_error(sandbox: Sandbox, name: str, tmp_path: Path) -> None:
    before = snapshot(sandbox)
    lines, words = BROKEN[name]
    outcome = write(settings_for(sandbox, tmp_path), [*lines, _state("end")])
    assert words in str(outcome.error)
    assert "@" not in str(outcome.error)
    assert (outcome.code, outcome.states) == (1, [])
    assert writes(sandbox, before) == []


def test_g17_an_unknown_stream_is_told_of_all_that_there_are(sandbox: Sandbox, tmp_path: Path) -> None:
    outcome = write(settings_for(sandbox, tmp_path), messages({"people": [_lead(1)]}))
    assert all(sink.name in str(outcome.error) for sink in SINKS)
    assert sandbox.requests == []


def test_g17_a_schema_that_changes_in_the_middle_keeps_the_order(sandbox: Sandbox, tmp_path: Path) -> None:
    before = snapshot(sandbox)
    records = [_lead(1), _lead(2), _lead(1, title="t"), _lead(3, title="t"), _lead(1, title="u")]
    lines = [
        _schema("leads", records[0], "id"),
        *[_record("leads", record) for record in records[:2]],
        _schema("leads", records[2], "id"),
        *[_record("leads", record) for record in records[2:4]],
        _schema("leads", records[0], "id"),
        _record("leads", records[4]),
        _state("end"),
    ]
    config = settings_for(sandbox, tmp_path)
    outcome = write(config, lines)
    assert outcome.counts("leads") == {"written": 5}
    assert outcome.states == [{"bookmark": "end"}]
    assert violations(sandbox, before, Given("leads", ("id",), records)) == []
    assert write(config, [*lines[:1], _record("leads", records[4])]).counts("leads") == {"unchanged": 1}


def test_g17_what_came_under_an_old_schema_goes_before_what_fills_a_batch_under_the_new_one(sandbox: Sandbox, tmp_path: Path) -> None:
    old, new = {**_lead(1), "full_name": "Old"}, [{**_lead(1, title="t"), "full_name": "New"}, _lead(2, title="t")]
    lines = [_schema("leads", old, "id"), _record("leads", old), _schema("leads", new[0], "id"), *[_record("leads", record) for record in new]]
    assert write(settings_for(sandbox, tmp_path, batch_size_rows=2), lines).counts("leads") == {"written": 3}
    assert [row["full_name"] for row in sandbox.truth("leads") if row["email"] == "lead1@example.com"] == ["New"]


def test_g17_a_time_that_its_schema_does_not_allow_costs_its_record(sandbox: Sandbox, tmp_path: Path) -> None:
    described = schema("leads", [_lead(1, due_date="x")])
    described["schema"]["properties"]["due_date"] = {"type": "string", "format": "date-time"}
    records = [_lead(1, due_date="soon"), _lead(2, due_date="2026-07-01T10:00:00Z")]
    outcome = write(settings_for(sandbox, tmp_path), [json.dumps(described), *[_record("leads", record) for record in records]])
    assert outcome.counts("leads") == {"written": 1, "rejected": 1}
    assert outcome.rejects[0]["field"] == "due_date"


def test_g17_key_properties_that_change_make_other_records_of_the_same_people(sandbox: Sandbox, tmp_path: Path) -> None:
    before = snapshot(sandbox)
    lines = [_schema("leads", _lead(1), "id"), _record("leads", _lead(1)), _schema("leads", _lead(1), "email"), _record("leads", _lead(1))]
    outcome = write(settings_for(sandbox, tmp_path), lines)
    assert outcome.counts("leads") == {"written": 2}
    assert len(snapshot(sandbox).rows["leads"]) == len(before.rows["leads"]) + 1


def test_g17_without_key_properties_a_record_is_known_by_what_the_api_finds_it_by(sandbox: Sandbox, tmp_path: Path) -> None:
    before = snapshot(sandbox)
    prospect = sandbox.truth("prospects")[0]["id"]
    streams = {
        "leads": [{"full_name": "A", "email": "a@example.com"}, {"full_name": "B", "email": "a@example.com"}],
        "notes": [{"prospectId": prospect, "body": "x"}, {"prospectId": prospect, "body": "x"}, {"prospectId": prospect, "body": "y"}],
    }
    config = settings_for(sandbox, tmp_path, batch_size_rows=1)
    outcome = write(config, messages(streams, keys={"leads": (), "notes": ()}))
    assert outcome.counts("leads") == {"written": 2}
    assert outcome.counts("notes") == {"written": 2, "unchanged": 1}
    assert len(writes(sandbox, before)) == 4
    again = write(config, messages({**streams, "leads": streams["leads"][1:]}, keys={"leads": (), "notes": ()}))
    assert (again.counts("leads"), again.counts("notes")) == ({"unchanged": 1}, {"unchanged": 3})


@pytest.mark.parametrize("keys", [("id",), ("id", "part")])
def test_g17_a_key_property_that_is_null_costs_its_record(sandbox: Sandbox, keys: tuple[str, ...], tmp_path: Path) -> None:
    records = [{**_lead(1, part="x"), keys[-1]: None}, _lead(2, part="x")]
    outcome = write(settings_for(sandbox, tmp_path), messages({"leads": records}, keys={"leads": keys}))
    assert outcome.counts("leads") == {"written": 1, "rejected": 1}
    assert outcome.rejects[0]["field"] == keys[-1]


def test_g17_activate_version_changes_nothing(sandbox: Sandbox, tmp_path: Path) -> None:
    before = snapshot(sandbox)
    lines = [
        _schema("leads", _lead(1), "id"),
        json.dumps({"type": "ACTIVATE_VERSION", "stream": "leads", "version": 1}),
        json.dumps({"type": "RECORD", "stream": "leads", "record": _lead(1), "version": 1}),
        json.dumps({"type": "ACTIVATE_VERSION", "stream": "leads", "version": 1}),
    ]
    assert write(settings_for(sandbox, tmp_path, allow_deletes=True), lines).counts("leads") == {"written": 1}
    assert len(snapshot(sandbox).rows["leads"]) == len(before.rows["leads"]) + 1


def test_what_others_refer_to_goes_first_in_whatever_order_it_came(sandbox: Sandbox, tmp_path: Path) -> None:
    note = {"id": "n1", "prospectId": "p1", "body": "x"}
    person = {"id": "p1", "firstName": "Ada", "lastName": "Lovelace", "email": "ada@example.com"}
    assert write(settings_for(sandbox, tmp_path), messages({"notes": [note], "prospects": [person]})).code == 0
    row = next(row for row in sandbox.truth("notes") if row["body"] == "x")
    assert row["prospectId"] == next(row["id"] for row in sandbox.truth("prospects") if row["email"] == "ada@example.com")


def _numbered(count: int) -> list[str]:
    """Leads with a STATE after each, which says how many there were."""
    return [_schema("leads", _lead(0), "id"), *[line for number in range(count) for line in (_record("leads", _lead(number)), _state(number + 1))]]


@pytest.mark.parametrize("size", [1, 3, 10, None])
def test_a_state_is_passed_on_as_soon_as_what_it_covers_is_written(
    sandbox: Sandbox,
    size: int | None,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    before, ahead = snapshot(sandbox), []
    passes_on = TargetHiringcenter._pass_on  # noqa: SLF001  # the moment at which it is passed on

    def look(target: TargetHiringcenter, state: dict[str, Any]) -> None:
        if state["bookmark"] > len(snapshot(sandbox).rows["leads"]) - len(before.rows["leads"]):
            ahead.append(state)
        passes_on(target, state)

    monkeypatch.setattr(TargetHiringcenter, "_pass_on", look)
    config = settings_for(sandbox, tmp_path, **({} if size is None else {"batch_size_rows": size}))
    outcome = write(config, _numbered(10))
    expected = {1: range(1, 11), 3: (2, 3, 5, 6, 8, 9, 10), 10: (9, 10), None: (10,)}[size]
    assert [state["bookmark"] for state in outcome.states] == list(expected)
    assert ahead == []


@pytest.mark.parametrize("size", [2, 4])
def test_no_state_is_passed_on_over_what_a_broken_off_run_left(sandbox: Sandbox, size: int, tmp_path: Path) -> None:
    before = snapshot(sandbox)
    sandbox.inject(Fault("status", method="POST", status=401, after=2, times=None))
    config = settings_for(sandbox, tmp_path, batch_size_rows=size)
    outcome = write(config, _numbered(10))
    assert (outcome.code, "401" in str(outcome.error)) == (1, True)
    assert [state["bookmark"] for state in outcome.states] == [size - 1, size, 2 * size - 1, 2 * size]
    assert len(snapshot(sandbox).rows["leads"]) == len(before.rows["leads"]) + 2 * size
    assert outcome.report["status"] == "partial"
    assert "401" in outcome.report["streams"]["leads"]["reason"]
    sandbox.heal()
    assert write(config, _numbered(10)).counts("leads") == {"unchanged": 2 * size, "written": 10 - 2 * size}


def test_what_comes_next_is_read_while_a_batch_is_under_way(sandbox: Sandbox, tmp_path: Path) -> None:
    is_read = threading.Event()
    read_when_answered: list[bool] = []

    def lines() -> Iterator[str]:
        yield from [_schema("leads", _lead(0), "id"), _record("leads", _lead(0)), _record("leads", _lead(1)), _record("leads", _lead(2))]
        is_read.set()

    sandbox.on_answer(lambda request: read_when_answered.append(is_read.wait(10)) if request.path == "/leads/bulk" else None)
    outcome = write(settings_for(sandbox, tmp_path, batch_size_rows=2), lines())
    assert (outcome.code, outcome.counts("leads")) == (0, {"written": 3})
    assert read_when_answered == [True]


def test_a_state_is_passed_on_though_nothing_comes_after_its_batch(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    is_passed_on, seen = threading.Event(), []
    passes_on = TargetHiringcenter._pass_on  # noqa: SLF001  # the moment at which it is passed on

    def note(target: TargetHiringcenter, state: dict[str, Any]) -> None:
        passes_on(target, state)
        is_passed_on.set()

    def lines() -> Iterator[str]:
        yield from [_schema("leads", _lead(0), "id"), _record("leads", _lead(0)), _state(1), _record("leads", _lead(1))]
        seen.append(is_passed_on.wait(10))

    monkeypatch.setattr(TargetHiringcenter, "_pass_on", note)
    outcome = write(settings_for(sandbox, tmp_path, batch_size_rows=2), lines())
    assert (outcome.code, outcome.states, seen) == (0, [{"bookmark": 1}], [True])


def test_an_error_of_a_batch_under_way_is_told_with_the_next_record(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.inject(Fault("status", method="POST", status=401, times=None))
    number = itertools.count()

    def lines() -> Iterator[str]:
        yield _schema("leads", _lead(0), "id")
        yield from (_record("leads", _lead(next(number))) for _ in range(1000))
        while True:  # and on for ever, slowly
            time.sleep(0.01)
            yield _record("leads", _lead(next(number)))

    outcome = write(settings_for(sandbox, tmp_path, batch_size_rows=1000), lines())
    assert (outcome.code, "401" in str(outcome.error)) == (1, True)
    assert next(number) < 2000


@pytest.mark.parametrize(
    ("settings", "amount"),
    [
        ({}, None),
        ({"flattening_enabled": True, "flattening_max_depth": 1, "flattening_separator": "_"}, 7),
        ({"stream_maps": {"leads": {"value_amount": "value['amount']"}}}, 7),
    ],
)
def test_records_are_flattened_and_mapped_also_after_their_schema_has_changed(
    sandbox: Sandbox,
    settings: dict[str, Any],
    amount: int | None,
    tmp_path: Path,
) -> None:
    before = snapshot(sandbox).rows["leads"].keys()
    leads = [_lead(1, value={"amount": 7}), _lead(2, value={"amount": 7}, title="t")]
    value = json.dumps({"type": "object", "properties": {"amount": {"type": "integer"}}})
    lines = [line for lead in leads for line in (_schema("leads", lead, "id").replace('"value": {}', f'"value": {value}'), _record("leads", lead))]
    assert write(settings_for(sandbox, tmp_path, **settings), lines).counts("leads") == {"written": 2}
    rows = snapshot(sandbox).rows["leads"]
    assert [rows[made].get("value_amount") for made in rows.keys() - before] == [amount] * 2


def test_what_came_before_a_line_that_can_not_be_read_goes_its_way(sandbox: Sandbox, tmp_path: Path) -> None:
    lines = [_schema("leads", _lead(0), "id"), _record("leads", _lead(0)), _state(1), _record("leads", _lead(1)), "no JSON", _state(2)]
    outcome = write(settings_for(sandbox, tmp_path, batch_size_rows=2), lines)
    assert (outcome.code, outcome.states, outcome.counts("leads")) == (1, [{"bookmark": 1}], {"written": 2})
    assert "not JSON" in str(outcome.error)
    assert outcome.report["streams"]["leads"]["reason"] is None


def test_a_state_waits_for_every_stream(sandbox: Sandbox, tmp_path: Path) -> None:
    lead, contact = _lead(1), {"email": "c@example.com"}
    lines = [
        _schema("closershq_prospects", contact, "email"),
        _schema("leads", lead, "id"),
        _record("closershq_prospects", contact),
        _record("leads", lead),
        _state(1),
        _record("leads", _lead(2)),
        _state(2),
        _record("leads", _lead(3)),
    ]
    # The first stream is not full before the end, so nothing may be passed on earlier.
    assert write(settings_for(sandbox, tmp_path, batch_size_rows=2), lines).states == [{"bookmark": 2}]


def test_a_state_without_any_record_is_passed_on_once(sandbox: Sandbox, tmp_path: Path) -> None:
    assert write(settings_for(sandbox, tmp_path), [_state(1), _state(1), _state(2)]).states == [{"bookmark": 1}, {"bookmark": 2}]
    assert sandbox.requests == []


@pytest.mark.parametrize(("most", "code"), [(0, 1), (1, 1), (2, 0), (3, 0)])
def test_more_rejects_than_max_rejects_make_the_exit_code_non_zero(sandbox: Sandbox, most: int, code: int, tmp_path: Path) -> None:
    leads = [_lead(1, due_date="soon"), _lead(2), _lead(3, value_amount="much")]
    outcome = write(settings_for(sandbox, tmp_path, max_rejects=most), messages({"leads": leads}))
    assert (outcome.code, outcome.counts("leads")) == (code, {"written": 1, "rejected": 2})
    assert outcome.states == [{"bookmark": "end"}]


def test_rejects_hold_keys_and_reasons_and_are_added_to(sandbox: Sandbox, tmp_path: Path) -> None:
    config = settings_for(sandbox, tmp_path)
    for _ in range(2):
        write(config, messages({"leads": [_lead(1, due_date="soon"), _lead(2, column_id="x")]}))
    lines = json_lines(config["rejects_path"])
    assert len(lines) == 4
    assert lines[0] == {
        "stream": "leads",
        "key": {"id": "1"},
        "reason": lines[0]["reason"],
        "field": "due_date",
        "status": None,
        "request_id": None,
        "attempts": 0,
    }
    assert (lines[1]["key"], lines[1]["status"], lines[1]["attempts"]) == ({"id": "2"}, 400, 1)
    asked = [request for request in sandbox.requests if request.status == 400]
    assert lines[1]["request_id"] == asked[0].request_id
    assert stat.S_IMODE((tmp_path / "rejects.jsonl").stat().st_mode) == 0o600


def test_three_in_a_row_that_the_api_does_not_answer_end_the_run(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.inject(Fault("status", method="POST", status=500, after=2, times=None))
    config = settings_for(sandbox, tmp_path, leads_write_mode="upsert", max_concurrency=1, batch_size_rows=2)
    outcome = write(config, _numbered(10))
    assert "500" in str(outcome.error)
    # Two were tried and kept as rejects; the third one has no end.
    assert outcome.counts("leads") == {"written": 2, "rejected": 2}
    assert [state["bookmark"] for state in outcome.states] == [1, 2, 3, 4]
    sandbox.heal()
    assert write(config, _numbered(10)).counts("leads") == {"unchanged": 2, "written": 8}


@pytest.mark.parametrize("most", range(1, 8))
def test_a_run_ends_at_its_last_request_and_the_next_one_goes_on(sandbox: Sandbox, most: int, tmp_path: Path) -> None:
    before = snapshot(sandbox)
    config = settings_for(sandbox, tmp_path, leads_write_mode="upsert", batch_size_rows=2)
    first = write({**config, "max_requests": most}, _numbered(6))
    assert len(sandbox.requests) <= most
    is_enough = most == 7
    assert (first.code == 0) == is_enough
    assert ("max_requests" in str(first.error)) != is_enough
    done = first.counts("leads").get("written", 0)
    assert [state["bookmark"] for state in first.states] == list(range(1, done // 2 * 2 + 1))
    second = write(config, _numbered(6))
    assert second.code == 0
    assert violations(sandbox, before, Given("leads", ("id",), [_lead(number) for number in range(6)])) == []


def test_the_report_tells_each_stream_and_adds_up(tmp_path: Path) -> None:
    with Sandbox(World(seed=7, size=4)) as server:
        player = Player(server)
        given = player.input()
        path = tmp_path / "report.json"
        config = settings_for(server, tmp_path, run_report_path=str(path))
        outcome = write(
            config, messages({one.stream: [*one.records, {**one.records[0], "_sdc_deleted_at": "x"}] for one in given}, keys=KEY_PROPERTIES)
        )
        report = json.loads(path.read_text(encoding="utf-8"))
        assert report["streams"] == outcome.report["streams"]
        assert report["status"] == "partial"
        for one in given:
            entry = report["streams"][one.stream]
            assert sum(entry[name] for name in COUNTS) == entry["records"] == len(one.records) + 1
            assert (entry["written"], entry["rejected"]) == (len(one.records), 1)
        assert sum(entry["requests"] for entry in report["streams"].values()) == len(server.requests) - player.before.requests


CANARIES = ("canary.mail@example.com", "+12125550199", "Canaryname", "canary-text")


def test_nothing_of_a_record_and_no_key_is_told(caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    caplog.set_level(logging.DEBUG)
    email, phone, name, text = CANARIES
    person = {"firstName": name, "lastName": name, "email": email, "phone": phone, "notes": text}
    leads = [
        {"id": "1", "full_name": name, "email": email, "phone": phone, "notes": text},
        {"id": "2", "full_name": name, "email": f"2{email}", "column_id": text},
        {"id": "3", "full_name": name, "email": f"{email}@", "phone": phone},
        {"id": "4", "full_name": name, "email": f"4{email}", "due_date": text, "value_amount": email},
    ]
    with Sandbox(World(seed=7, size=2)) as server:
        prospect = server.truth("prospects")[0]["id"]
        streams = {
            "prospects": [{"id": "1", **person}, {"id": "2", **person, "stageId": text}, {"id": "3", "firstName": name}],
            "notes": [{"id": "1", "prospectId": prospect, "body": text}, {"id": "2", "prospectId": email, "body": text}],
            "leads": leads,
            "webhooks": [{"id": "1", "url": f"https://example.com/{text}", "events": [email]}],
            "closershq_prospects": [{"id": "1", "email": email, "firstName": name, "otherAttribute": text}, {"id": "2", "email": email}],
        }
        server.inject(Fault("lost", method="POST", path="/prospects"))
        server.inject(Fault("html", path="/leads/bulk", times=2))
        server.inject(Fault("status", method="POST", path="/crm/prospect", status=409, body={"message": f"{email} exists"}, times=None))
        config = settings_for(server, tmp_path, run_report_path=str(tmp_path / "report.json"))
        outcomes = [write(config, messages(streams)), write({**config, "dry_run": True}, messages(streams))]
        server.inject(Fault("status", method="POST", path="/leads/**", status=500, times=None))
        server.inject(Fault("reset", system="hiringcenter", method="POST", times=None))
        outcomes.append(write({**config, "resend_unchanged": True}, messages({"prospects": streams["prospects"]})))
        outcomes.append(write({**config, "resend_unchanged": True}, messages({"leads": leads})))
        outcomes.append(write(config, [_schema("leads", leads[0], "id"), json.dumps({"type": "RECORD", "stream": "leads", "record": email})]))
        wrong = {"stream_maps": {"leads": {"full_name": "int(full_name)"}}}
        outcomes.append(write({**config, **wrong}, messages({"leads": leads})))
        keys = (server.hiringcenter_key, server.prospectb2b_key, server.closershq_key)
    assert sum(1 for outcome in outcomes if outcome.error) == 2
    told = [caplog.text, *[str(outcome.error) + json.dumps(outcome.report) for outcome in outcomes]]
    told += [(tmp_path / name).read_text(encoding="utf-8") for name in ("rejects.jsonl", "report.json")]
    told.append((tmp_path / "ledger.db").read_bytes().decode("latin-1"))
    for secret in (*CANARIES, *keys):
        assert not [text for text in told if secret.casefold() in text.casefold()], secret
    assert caplog.text.count("DEBUG")


@pytest.mark.parametrize("path", ["rejects_path", "ledger_uri"])
def test_a_file_that_can_not_be_kept_ends_the_run_before_anything_is_written(sandbox: Sandbox, path: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    place = str(tmp_path / "folder")
    config = settings_for(sandbox, tmp_path, **{path: f"sqlite:///{place}" if path == "ledger_uri" else place})
    lines = messages({"leads": [_lead(1, due_date="soon")]})
    with pytest.raises(Exception, match=r"ledger|folder"):
        TargetHiringcenter(config=config).run(io.StringIO("".join(f"{line}\n" for line in lines)))
    assert not [request for request in sandbox.requests if request.method != "GET"]


def _unescaped() -> str:
    """The input for a lead whose name is not ASCII, as taps write it that don't escape."""
    lines = messages({"leads": [{"id": "1", "email": "a@example.com", "full_name": "Zo\u00eb"}]})
    return "".join(f"{json.dumps(json.loads(line), ensure_ascii=False)}\n" for line in lines)


@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "utf-8"])
def test_texts_come_through_whatever_the_machines_own_encoding_is(encoding: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", encoding)
    with Sandbox(World(size=0)) as server:
        process = start(settings_for(server, tmp_path), tmp_path)

        assert process.stdin
        os.write(process.stdin.fileno(), _unescaped().encode())
        process.communicate(timeout=60)

        assert process.returncode == 0
        assert [row["full_name"] for row in server.truth("leads")] == ["Zo\u00eb"]


def test_input_in_another_encoding_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with Sandbox(World(size=0)) as server:
        file = tmp_path / "in.jsonl"
        file.write_text(_unescaped(), encoding="latin-1")

        process = start(settings_for(server, tmp_path), tmp_path, f"--input={file}")
        _, told = process.communicate(timeout=60)

        assert process.returncode != 0
        assert "The input is not UTF-8" in told
        assert server.truth("leads") == []


def test_a_ledger_in_a_folder_that_is_not_there_is_refused_before_anything_is_asked(sandbox: Sandbox, tmp_path: Path) -> None:
    uri = f"sqlite:///{tmp_path / 'nowhere' / 'ledger.db'}"
    with pytest.raises(ConfigValidationError, match="ledger_uri must lie in a folder that exists"):
        TargetHiringcenter(config=settings_for(sandbox, tmp_path, ledger_uri=uri))
    assert sandbox.requests == []
