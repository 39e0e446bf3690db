"""What becomes of a record once it is sent: what the ledger keeps at each step, jobs, actions, secrets, and when trouble is the API's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest

from tap_hiringcenter.api.errors import ConflictError, ForbiddenError, NotFoundError, RefusedError, SystemEndedError, TransientError, UncertainError
from target_hiringcenter.entries import PENDING, REJECTED, WRITTEN, Entry
from target_hiringcenter.files import Lines
from target_hiringcenter.tasks import Outcome, Task
from target_hiringcenter.writer import Writer
from tests.unit.sinks import form, sink
from tests.writing import json_lines

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from target_hiringcenter.client import Client
    from target_hiringcenter.ledger import Ledger
    from target_hiringcenter.writes import Probe, Row, Write

FILE = {"name": "n", "file_name": "f.csv", "file_type": "csv", "file_data": "email\na@example.com\n"}
LEAD = {"full_name": "Ada", "email": "ada@example.com"}
SENT = {"id": "1", "email": "ada@example.com"}


class Script:
    """Stands in for the client: gives what a test wants it to, and says what was sent."""

    def __init__(self, *, sends: object = None, reads: list[Any] | None = None, counts: list[int] | None = None, finds: Row | None = None) -> None:
        self.sent: list[str] = []
        self.rested: list[float] = []
        self._sends = sends
        self._reads = reads or []
        self._counts = counts or []
        self._finds = finds
        self.at_send: Callable[[], object] = lambda: None

    def now(self) -> str:
        return "2026-01-01T00:00:00.000Z"

    def send(self, _: Task, write: Write, what: str, done: Callable[[], Row | None] | None = None) -> Row | None:
        self.sent.append(f"{write.method} {write.path} {what}")
        self.at_send()
        if isinstance(self._sends, Exception):
            found = done() if done and isinstance(self._sends, UncertainError) else None
            if found is None:
                raise self._sends
            return found
        return cast("Row | None", self._sends)

    def find(self, _: Task, __: object, *, since: str | None) -> Row | None:
        self.since = since
        return self._finds

    def is_free(self, _: Task, __: str) -> bool:
        return True

    def read(self, *_: object) -> Row | None:
        return cast("Row | None", self._reads.pop(0) if len(self._reads) > 1 else self._reads[0])

    def count(self, _: Probe, __: str | None, ___: object) -> int:
        return self._counts.pop(0)

    def rest(self, seconds: float) -> None:
        self.rested.append(seconds)


def _task(stream: str, record: Row, entry: Entry | None = None, **settings: Any) -> Task:  # noqa: ANN401  # any setting
    asked = form(stream, record, **settings)
    return Task(sink(stream, **settings), {"id": "1"}, "key", asked, asked.content(), entry or Entry())


def _writer(script: Script, ledger: Ledger, folder: Path) -> Writer:
    return Writer(cast("Client", script), ledger, Lines(str(folder / "secrets.jsonl")), may_double=False)


def _kept(ledger: Ledger, stream: str) -> Entry:
    return ledger.find(stream, ["key"])["key"]


def test_the_ledger_knows_of_a_write_before_it_is_sent(ledger: Ledger, tmp_path: Path) -> None:
    script, seen = Script(sends=SENT), []
    script.at_send = lambda: seen.append(_kept(ledger, "leads"))
    task = _task("leads", LEAD, leads_write_mode="upsert")
    _writer(script, ledger, tmp_path).write(task)
    assert (seen[0].outcome, seen[0].version, seen[0].content) == (PENDING, 1, task.content)
    kept = _kept(ledger, "leads")
    assert (kept.outcome, kept.remote_id, kept.since, task.outcome) == (WRITTEN, "1", None, Outcome.WRITTEN)


def test_what_shares_a_request_is_known_before_it_is_sent(ledger: Ledger, tmp_path: Path) -> None:
    tasks = [_task("leads", {**LEAD, "email": f"{key}@example.com"}) for key in "abc"]
    for key, task in zip("abc", tasks, strict=True):
        task.key = key
    writer = _writer(Script(), ledger, tmp_path)
    writer.begin(tasks)
    assert {key: (entry.outcome, entry.version) for key, entry in ledger.find("leads", "abc").items()} == dict.fromkeys("abc", (PENDING, 1))
    writer.settle(tasks[:1])
    assert {key: entry.outcome for key, entry in ledger.find("leads", "abc").items()} == {"a": WRITTEN, "b": PENDING, "c": PENDING}


def test_a_version_stays_while_it_is_open_and_is_another_one_afterwards(ledger: Ledger, tmp_path: Path) -> None:
    lost, done = Script(sends=UncertainError("lost")), Script(sends=SENT)
    for script, version, outcome in ((lost, 1, PENDING), (done, 1, WRITTEN), (done, 2, WRITTEN)):
        task = _task("leads", LEAD, ledger.find("leads", ["key"]).get("key"), leads_write_mode="upsert")
        _writer(script, ledger, tmp_path).write(task)
        kept = _kept(ledger, "leads")
        assert (kept.version, kept.outcome) == (version, outcome)


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (RefusedError("refused", status=400), REJECTED),
        (ConflictError("exists", exists=True, status=409), REJECTED),
        (ConflictError("in use", exists=False, status=409), PENDING),
        (TransientError("gone"), PENDING),
        (UncertainError("lost"), PENDING),
    ],
)
def test_a_refused_write_is_settled_and_one_that_nobody_knows_of_stays_open(
    error: Exception,
    outcome: str,
    ledger: Ledger,
    tmp_path: Path,
) -> None:
    task = _task("leads", LEAD, leads_write_mode="upsert")
    _writer(Script(sends=error), ledger, tmp_path).write(task)
    assert (task.outcome, _kept(ledger, "leads").outcome) == (Outcome.REJECTED, outcome)


def test_three_in_a_row_end_the_run_and_a_success_in_between_starts_anew(ledger: Ledger, tmp_path: Path) -> None:
    bad, good = Script(sends=UncertainError("lost", asked="x")), Script(sends=SENT)
    writer = _writer(bad, ledger, tmp_path)

    def write(script: Script) -> None:
        writer.client = cast("Client", script)
        writer.write(_task("leads", LEAD, leads_write_mode="upsert"))

    for script in (bad, bad, good, bad, bad):
        write(script)
    with pytest.raises(SystemEndedError, match="last STATE"):
        write(bad)


def test_leave_that_is_missing_for_the_first_write_of_a_stream_ends_the_run(ledger: Ledger, tmp_path: Path) -> None:
    forbidden, good = Script(sends=ForbiddenError("answered 403", status=403)), Script(sends=SENT)
    with pytest.raises(SystemEndedError, match="scope"):
        _writer(forbidden, ledger, tmp_path).write(_task("leads", LEAD, leads_write_mode="upsert"))
    writer = _writer(good, ledger, tmp_path)
    writer.write(_task("leads", LEAD, leads_write_mode="upsert"))
    writer.client = cast("Client", forbidden)
    task = _task("leads", LEAD, leads_write_mode="upsert")
    writer.write(task)
    assert task.outcome is Outcome.REJECTED


@pytest.mark.parametrize("status", ["completed", "Complete", "done", "finished", "succeeded", "ready"])
def test_a_job_is_followed_to_its_end(status: str, ledger: Ledger, tmp_path: Path) -> None:
    script = Script(sends={"id": "imp"}, reads=[{"id": "imp", "status": "queued"}, None, {"id": "imp", "status": status, "error_count": 2}])
    task = _task("imports", FILE)
    _writer(script, ledger, tmp_path).write(task)
    assert task.outcome is Outcome.WRITTEN
    assert task.warnings == ["done, but some of its rows were refused: see the tap's stream import_errors"]
    assert len(script.rested) == 2
    assert script.rested[0] < script.rested[1]


@pytest.mark.parametrize("status", ["failed", "ERROR", "cancelled", "expired"])
def test_a_job_that_fails_is_a_reject_that_is_settled(status: str, ledger: Ledger, tmp_path: Path) -> None:
    task = _task("exports", {})
    _writer(Script(sends={"id": "exp"}, reads=[{"id": "exp", "status": status}]), ledger, tmp_path).write(task)
    assert task.reject is not None
    assert "failed" in task.reject.reason
    assert _kept(ledger, "exports").outcome == REJECTED


def test_a_job_that_is_not_found_is_left_to_the_next_run_which_starts_no_second_one(ledger: Ledger, tmp_path: Path) -> None:
    script = Script(sends={"id": "exp"}, reads=[None])
    task = _task("exports", {})
    _writer(script, ledger, tmp_path).write(task)
    assert task.outcome is Outcome.REJECTED
    assert _kept(ledger, "exports").outcome == PENDING
    again = Script(reads=[{"id": "exp", "status": "completed"}])
    _writer(again, ledger, tmp_path).write(_task("exports", {}, _kept(ledger, "exports")))
    assert (again.sent, _kept(ledger, "exports").outcome) == ([], WRITTEN)


def test_a_job_that_never_ends_is_given_up_after_an_hour(ledger: Ledger, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    script = Script(sends={"id": "exp"}, reads=[{"id": "exp", "status": "processing"}])
    monkeypatch.setattr("target_hiringcenter.actions.time.monotonic", lambda: sum(script.rested))
    task = _task("exports", {})
    _writer(script, ledger, tmp_path).write(task)
    assert task.reject is not None
    assert "an hour" in task.reject.reason
    assert 3600 <= sum(script.rested) < 3700
    assert max(script.rested) == 30


@pytest.mark.parametrize(("counted", "sent"), [([3], 0), ([2], 1)])
def test_an_action_whose_answer_was_lost_is_done_again_only_if_it_was_not(counted: list[int], sent: int, ledger: Ledger, tmp_path: Path) -> None:
    record = {"id": "cmp", "publish": True}
    _writer(Script(sends=UncertainError("lost"), counts=[2, 2]), ledger, tmp_path).write(_task("campaigns", record))
    kept = _kept(ledger, "campaigns")
    assert (kept.outcome, kept.probe, kept.step) == (PENDING, 2, 0)
    script = Script(sends={"id": "cmp"}, counts=counted)
    task = _task("campaigns", record, kept)
    _writer(script, ledger, tmp_path).write(task)
    assert len(script.sent) == sent
    assert task.outcome is Outcome.WRITTEN


def test_a_secret_is_kept_and_one_that_was_not_shown_is_told(ledger: Ledger, tmp_path: Path) -> None:
    record = {"url": "https://example.com/h", "events": ["lead.created"]}
    shown = Script(sends={"id": "w", "signing_secret": "s", "signing_secret_prefix": "p"})
    _writer(shown, ledger, tmp_path).write(_task("webhooks", record))
    assert json_lines(str(tmp_path / "secrets.jsonl")) == [{"stream": "webhooks", "key": {"id": "1"}, "id": "w", "signing_secret": "s"}]
    task = _task("webhooks", record)
    _writer(Script(sends={"id": "w", "signing_secret_prefix": "p"}), ledger, tmp_path).write(task)
    assert len(task.warnings) == 1
    assert "rotate" in task.warnings[0]


def test_a_row_that_went_is_made_again_only_where_the_api_finds_it_by_what_it_is(ledger: Ledger, tmp_path: Path) -> None:
    gone = Script(sends=NotFoundError("answered 404", status=404))
    meeting = {"prospectId": "p", "meetingDate": 1, "timeZone": "UTC", "meetingType": "phone", "ownerId": "u"}
    task = _task("meetings", meeting, Entry(remote_id="m", outcome=WRITTEN))
    _writer(gone, ledger, tmp_path).write(task)
    assert (task.outcome, gone.sent) == (Outcome.REJECTED, ["POST /meetings/{id} change"])
    contact = _task("closershq_prospects", {"email": "a@example.com"}, Entry(remote_id="-", outcome=WRITTEN))
    missing = Script(sends=NotFoundError("answered 404", status=404))
    _writer(missing, ledger, tmp_path).write(contact)
    assert missing.sent == ["PATCH /crm/prospect change", "POST /crm/prospect create"]
