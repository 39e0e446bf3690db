"""I6 for the target: nothing of a record and no key is told, whatever the API answers and whatever is wrong with the input or the ledger."""

from __future__ import annotations

import json
import re
import signal
import sqlite3
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from tests.effects.example import KEY_PROPERTIES, Player
from tests.hostile import process
from tests.hostile.canaries import DIGITS, EMAIL, ERROR, HEADERS, PHONE, WORD, leaks, leaks_of, loudest, mark, marked
from tests.sandbox import Fault, Sandbox, World
from tests.writing import json_lines, messages, schema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

Record = dict[str, Any]

# What has to be what it is for a record to be written, and what names rows of the account.
_KEPT = re.compile(
    r"id|.*_id|.*Id|ownerId|assignedTo|timeZone|meetingType|meetingDate|dueAt|due_date|updatedAt|createdAt|status|file_type|events|additional_properties"
)
_PATHS = (
    "/prospects", "/meetings", "/notes", "/tasks", "/leads/**", "/campaigns/**", "/campaigns", "/prospector/workflows", "/prospector/workflows/**",
    "/webhooks", "/webhooks/**", "/support/tickets", "/imports", "/exports", "/crm/prospect",
)  # fmt: skip
EXISTS = {**ERROR, "message": f"{EMAIL} exists already"}

KINDS: dict[str, Callable[[dict[str, Any]], Fault]] = {
    "none": lambda facts: marked(**{**facts, "times": None}),
    **{
        str(status): lambda facts, status=status: Fault("status", status=status, body=ERROR, headers=HEADERS, **{**facts, "times": None})  # type: ignore[misc]
        for status in (400, 404, 422)
    },
    "409": lambda facts: Fault("status", status=409, body=ERROR, headers=HEADERS, **{**facts, "times": 1}),
    "409 exists": lambda facts: Fault("status", status=409, body=EXISTS, headers=HEADERS, **{**facts, "times": 1}),
    "403": lambda facts: Fault("status", status=403, body=ERROR, headers=HEADERS, **{**facts, "times": 1}),
    "500": lambda facts: Fault("status", status=500, body=ERROR, headers=HEADERS, **facts),
    "lost": lambda facts: Fault("lost", **facts),
    "lost with 504": lambda facts: Fault("lost", status=504, body=ERROR, headers=HEADERS, **facts),
    "reset": lambda facts: Fault("reset", **facts),
    "no JSON": lambda facts: Fault("html", headers=HEADERS, **facts),
    "another body": lambda facts: Fault("body", body=ERROR, headers=HEADERS, **facts),
    "no row": lambda facts: marked(lambda _: {"success": True, WORD: EMAIL, "data": [EMAIL], "item": EMAIL}, **facts),
    "elsewhere": lambda facts: Fault("redirect", location=f"https://{WORD}.example/{EMAIL}", headers=HEADERS, **facts),
    "a warning": lambda facts: marked(lambda body: {**mark(body), "message": f"{EMAIL} was left out", "warnings": [EMAIL]}, **facts),
}


def plan(turn: int) -> list[Fault]:
    """A fault for the writes of each path; in as many turns as there are kinds, each path meets each.

    Args:
        turn: The turn.
    """
    kinds = list(KINDS.values())
    return [kinds[(place + turn) % len(kinds)]({"method": "POST", "path": path, "times": 2}) for place, path in enumerate(_PATHS)]


def person(number: int, name: str, value: Any) -> Any:  # noqa: ANN401 - any JSON
    """A value with a canary in it."""
    if _KEPT.fullmatch(name) or not isinstance(value, str):
        return value
    if name == "email":
        return f"{WORD}{number}.{value}"
    return f"+1{DIGITS}{number:04d}" if name == "phone" else value.replace(" ", f" {WORD} ").replace("\n", f"\n{WORD},") + WORD


@pytest.fixture
def server() -> Iterator[Sandbox]:
    """An account to write to."""
    with Sandbox(World(seed=7, size=2, deliveries_per_webhook=1, lead_fields=0)) as sandbox:
        yield sandbox


def everything(server: Sandbox) -> list[str]:
    """Records for every sink, each with canaries, and a broken one for each."""
    streams: dict[str, list[Record]] = {}
    for given in Player(server).input():
        records = [{name: person(place, name, value) for name, value in record.items()} for place, record in enumerate(given.records)]
        wrong: Record = {**dict.fromkeys(records[0], EMAIL), **{name: f"wrong {given.stream}" for name in ("id", "webhook_id") if name in records[0]}}
        streams[given.stream] = [*records, wrong, {**wrong, **{name: {WORD: [EMAIL, PHONE]} for name in wrong if "id" not in name}, "email": WORD}]
    return messages(streams, keys=KEY_PROPERTIES)


def target(server: Sandbox, folder: Path, lines: list[str], **settings: Any) -> process.Ended:  # noqa: ANN401 - any setting
    """Run the target, as loud as it can be; its files are in the folder of the run."""
    # Paths of its own: they are relative to the folder that it runs in.
    own = {
        "ledger_uri": "sqlite:///ledger.db", "rejects_path": "rejects.jsonl", "plan_path": "plan.jsonl", "webhook_secrets_path": "secrets.jsonl",
    }  # fmt: skip
    return process.run("target", folder / "run", {**server.target_config(), **own, **settings}, lines=lines, environment=loudest(folder))


# Each path meets each fault in `python -m tests.hostile`.
@pytest.mark.parametrize("turn", [0, 4, 9])
def test_i6_nothing_of_a_record_is_told_whatever_is_answered(turn: int, server: Sandbox, tmp_path: Path) -> None:
    lines = everything(server)
    faults = plan(turn)
    for fault in faults:
        server.inject(fault)
    server.inject(marked())
    ended = target(server, tmp_path, lines, max_concurrency=1)
    assert leaks_of(ended) == []
    assert "Traceback" not in ended.log
    assert sum(fault.played > 0 for fault in faults) > len(faults) / 4
    assert any(WORD in json.dumps(request.body) for request in server.requests)


@pytest.mark.parametrize(
    "settings", [{}, {"dry_run": True}, {"leads_write_mode": "upsert", "null_policy": "clear"}], ids=["clean", "dry run", "upsert"]
)
def test_i6_a_run_without_faults_tells_nothing_of_a_record(settings: Record, server: Sandbox, tmp_path: Path) -> None:
    lines = everything(server)
    server.inject(marked())
    ended = target(server, tmp_path, lines, **settings)
    assert leaks_of(ended) == []
    assert "Traceback" not in ended.log
    if "dry_run" in settings:
        assert leaks((tmp_path / "run" / "plan.jsonl").read_text(encoding="utf-8"))
    else:
        assert all(entry["written"] and entry["rejected"] for entry in ended.streams.values() if entry["records"] > 2), ended.streams
        # A key that is an e-mail is what the rejects file may hold.
        assert WORD in "".join(json.dumps(line["key"]) for line in json_lines(str(tmp_path / "run" / "rejects.jsonl")))


def test_i6_an_email_in_a_query_is_not_logged_even_where_the_http_library_is_asked_to(server: Sandbox, tmp_path: Path) -> None:
    streams = {
        "closershq_prospects": [{"email": EMAIL, "_sdc_deleted_at": "2026-01-01"}],
        "prospects": [{"id": "1", "email": EMAIL, "_sdc_deleted_at": "2026-01-01"}],
        "leads": [{"id": "1", "full_name": WORD, "email": EMAIL}],
    }
    ended = target(server, tmp_path, messages(streams, keys=KEY_PROPERTIES), allow_deletes=True, closershq_delete_in="query")
    assert leaks_of(ended) == []
    assert [request for request in server.requests if EMAIL in json.dumps(request.query)]


LEAD = {"id": "1", "full_name": WORD, "email": EMAIL, "phone": PHONE}
SCHEMA = json.dumps(schema("leads", [LEAD]))
INPUTS = {
    "no JSON": [f"{EMAIL} {WORD}"],
    "half a line": [SCHEMA, json.dumps({"type": "RECORD", "stream": "leads", "record": LEAD})[:-5]],
    "no schema": [json.dumps({"type": "RECORD", "stream": "leads", "record": LEAD})],
    "another type": [json.dumps({"type": WORD, "stream": EMAIL, "record": LEAD})],
    "a record that is a text": [SCHEMA, json.dumps({"type": "RECORD", "stream": "leads", "record": EMAIL})],
    "a schema that doesn't fit": [
        json.dumps({**json.loads(SCHEMA), "schema": {"type": "object", "properties": {"id": {"type": "integer"}, "email": {"type": "object"}}}}),
        json.dumps({"type": "RECORD", "stream": "leads", "record": LEAD}),
    ],
    "no key": [SCHEMA, json.dumps({"type": "RECORD", "stream": "leads", "record": {"email": EMAIL}})],
    "brackets without end": [SCHEMA, '{"type": "RECORD", "stream": "leads", "record": {"email": "' + EMAIL + '", "x": ' + "[" * 100_000],
    "a time that is none": [SCHEMA, json.dumps({"type": "RECORD", "stream": "leads", "record": LEAD, "time_extracted": EMAIL})],
    "a version that is none": [SCHEMA, json.dumps({"type": "RECORD", "stream": "leads", "record": LEAD, "version": EMAIL})],
    "a state that is a text": [SCHEMA, json.dumps({"type": "STATE", "value": 5, WORD: EMAIL})],
    "no UTF-8": [SCHEMA, json.dumps({"type": "RECORD", "stream": "leads", "record": LEAD})[:-2] + "\udcff}}"],
}


@pytest.mark.parametrize("name", INPUTS)
def test_i6_input_that_can_not_be_read_is_not_quoted(name: str, server: Sandbox, tmp_path: Path) -> None:
    ended = target(server, tmp_path, INPUTS[name])
    assert leaks_of(ended) == []
    assert "Traceback" not in ended.log


@pytest.mark.parametrize("expression", ["int(email)", "nothing_of_that_name + email", "int("])
def test_i6_a_stream_map_that_fails_quotes_no_record(expression: str, server: Sandbox, tmp_path: Path) -> None:
    ended = target(server, tmp_path, messages({"leads": [LEAD]}), stream_maps={"leads": {"full_name": expression}})
    assert ended.code == 1
    assert leaks_of(ended) == []
    assert "Traceback" not in ended.log


def _ruin(folder: Path) -> None:
    """Make nonsense of a ledger that is in use."""
    for path in folder.glob("ledger.db*"):
        path.write_bytes(b"\0" * path.stat().st_size)


def _drop(folder: Path) -> None:
    """Take a table from a ledger; nobody else has it open."""
    connection = sqlite3.connect(folder / "ledger.db")
    connection.execute("CREATE TABLE hiringcenter_ledger_entries (stream TEXT)")
    connection.commit()
    connection.close()


@pytest.mark.parametrize("when", ["before", "meanwhile"])
def test_i6_a_ledger_that_fails_quotes_no_record(when: str, server: Sandbox, tmp_path: Path) -> None:
    run = tmp_path / "run"
    if when == "before":
        _drop(tmp_path)
    else:
        server.on_request(lambda _: _ruin(run), number=2)
    ended = target(server, tmp_path, everything(server), **({"ledger_uri": f"sqlite:///{tmp_path / 'ledger.db'}"} if when == "before" else {}))
    assert ended.code == 1
    assert leaks_of(ended) == []
    assert "Traceback" not in ended.log


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_i6_a_target_that_is_stopped_tells_nothing(number: signal.Signals, server: Sandbox, tmp_path: Path) -> None:
    lines = everything(server)
    config = {**server.target_config(), "ledger_uri": "sqlite:///ledger.db", "rejects_path": "rejects.jsonl", "webhook_secrets_path": "secrets.jsonl"}
    begin = partial(process.start, "target", tmp_path / "run", config, lines=lines, environment=loudest(tmp_path))
    ended = process.stop_while_it_waits(server, 4, number, begin)
    assert leaks_of(ended) == []
    assert ended.code == 128 + number
    assert "Traceback" not in ended.log
