"""The run report as metrics: what is told is what the report says, in the forms that node exporters and pushgateways read."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as classic

from tap_hiringcenter.api import times
from tests import running, writing
from tests.listening import listening
from tests.operations.example import EXAMPLES, play
from tests.sandbox import Fault, Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Labels = tuple[tuple[str, str], ...]
Told = dict[tuple[str, Labels], float]

ADA = {"id": "p1", "firstName": "Ada", "lastName": "Lovelace", "email": "ada@example.com"}
TIMES = '"started_at": "2026-03-10T12:00:00.000Z", "ended_at": "2026-03-10T12:01:00.000Z"'
STATUSES = ("complete", "partial", "failed")
COUNTS = ("records", "expected", "requests", "retries", "rate_limited", "written", "unchanged", "rejected", "skipped")


def _tap(sandbox: Sandbox, folder: Path, *faults: Fault, **settings: object) -> None:
    for fault in faults:
        sandbox.inject(fault)
    config = running.settings_for(sandbox, run_report_path=str(folder / "report.json"), **settings)
    running.sync(config, "prospects", "leads", "lead_activities")


def tap_complete(sandbox: Sandbox, folder: Path) -> None:
    _tap(sandbox, folder)


def tap_partial(sandbox: Sandbox, folder: Path) -> None:
    _tap(sandbox, folder, Fault("status", stream="lead_activities", status=400, times=None), Fault("status", stream="leads", status=503))


def tap_failed(sandbox: Sandbox, folder: Path) -> None:
    _tap(sandbox, folder, hiringcenter_api_key="wrong", prospectb2b_api_key="wrong")


def _target(sandbox: Sandbox, folder: Path, *records: dict[str, Any], **settings: object) -> None:
    config = writing.settings_for(sandbox, folder, run_report_path=str(folder / "report.json"), **settings)
    writing.write(config, writing.messages({"prospects": records}))


def target_complete(sandbox: Sandbox, folder: Path) -> None:
    _target(sandbox, folder, ADA, {**ADA, "id": "p2", "email": "ada@example.org"})


def target_partial(sandbox: Sandbox, folder: Path) -> None:
    _target(sandbox, folder, ADA, {**ADA, "id": "p2", "firstName": None})


def target_dry(sandbox: Sandbox, folder: Path) -> None:
    _target(sandbox, folder, ADA, dry_run=True)


def target_failed(sandbox: Sandbox, folder: Path) -> None:
    _target(sandbox, folder, ADA, hiringcenter_api_key="wrong")


def tap_refused(sandbox: Sandbox, folder: Path) -> None:
    running.execute(running.settings_for(sandbox, run_report_path=str(folder / "report.json"), max_concurrency=0), folder)


RUNS = {
    "complete": (tap_complete, target_complete, target_dry),
    "partial": (tap_partial, target_partial),
    "failed": (tap_failed, target_failed, tap_refused),
}


def samples(text: str, parse: Callable[[str], Iterable[Any]]) -> Told:
    return {(sample.name, tuple(sorted(sample.labels.items()))): sample.value for family in parse(text) for sample in family.samples}


def owed(report: dict[str, Any], program: str, account: str) -> Told:
    """What a report must become; written without a look at how it is done."""
    found: Told = {}

    def add(name: str, value: float, **labels: str) -> None:
        found[f"hiringcenter_{name}", tuple(sorted({"program": program, "account": account, **labels}.items()))] = value

    ended = times.parse(report["ended_at"]).timestamp()
    add("run_start_time_seconds", times.parse(report["started_at"]).timestamp())
    add("run_end_time_seconds", ended)
    if report["status"] == "complete":
        add("last_complete_time_seconds", ended)
    for status in STATUSES:
        add("run_status", status == report["status"], status=status)
        for name, stream in report["streams"].items():
            add("stream_status", status == stream["status"], status=status, stream=name)
    for name, stream in report["streams"].items():
        for count in COUNTS:
            if stream.get(count) is not None:
                add(f"stream_{count}", stream[count], stream=name)
        if "warnings" in stream:
            add("stream_warnings", len(stream["warnings"]), stream=name)
    return found


@pytest.mark.parametrize(("status", "run"), [(status, run) for status, runs in RUNS.items() for run in runs])
def test_metrics_tell_what_the_report_of_a_real_run_says(status: str, run: Callable[[Sandbox, Path], None], sandbox: Sandbox, tmp_path: Path) -> None:
    run(sandbox, tmp_path)
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert report["status"] == status
    program = run.__name__.partition("_")[0]

    printed = play("metrics.py", program, tmp_path / "report.json", "--account", 'Acme "North"')
    written = play("metrics.py", program, tmp_path / "report.json", "--account", 'Acme "North"', "--textfile", tmp_path / "acme.prom")

    assert (printed.returncode, printed.stderr, written.returncode, written.stdout, written.stderr) == (0, "", 0, "", "")
    assert samples(printed.stdout, openmetrics) == owed(report, program, 'Acme "North"')
    assert samples((tmp_path / "acme.prom").read_text(encoding="utf-8"), classic) == owed(report, program, 'Acme "North"')


def test_a_file_remembers_the_last_complete_run(sandbox: Sandbox, tmp_path: Path) -> None:
    file = tmp_path / "acme.prom"
    arguments = ("tap", tmp_path / "report.json", "--textfile", file)
    name = ("hiringcenter_last_complete_time_seconds", (("account", "default"), ("program", "tap")))

    tap_complete(sandbox, tmp_path)
    assert play("metrics.py", *arguments).returncode == 0
    complete = samples(file.read_text(encoding="utf-8"), classic)[name]
    tap_failed(sandbox, tmp_path)
    assert play("metrics.py", *arguments).returncode == 0
    told = samples(file.read_text(encoding="utf-8"), classic)

    assert told[name] == complete < told["hiringcenter_run_end_time_seconds", name[1]]
    # Of another account it knows nothing.
    assert play("metrics.py", *arguments, "--account", "other").returncode == 0
    assert "last_complete" not in file.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(None, id="no file"),
        pytest.param("", id="empty"),
        pytest.param("[]", id="no object"),
        pytest.param("{}", id="another object"),
        pytest.param(f'{{"status": "fine", {TIMES}, "streams": {{}}}}', id="a status that there isn't"),
        pytest.param(f'{{"status": "failed", {TIMES}, "streams": {{"a name, so long": {{"status": "failed"}}}}}}', id="no name of a stream"),
        pytest.param('{"status": "failed", "started_at": "", "ended_at": "", "streams": {}}', id="no times"),
        pytest.param("half", id="half of one"),
    ],
)
def test_what_is_no_report_leaves_the_metrics_as_they_were(content: str | None, sandbox: Sandbox, tmp_path: Path) -> None:
    report, file = tmp_path / "report.json", tmp_path / "acme.prom"
    tap_complete(sandbox, tmp_path)
    assert play("metrics.py", "tap", report, "--textfile", file).returncode == 0
    before = file.read_text(encoding="utf-8")
    whole = report.read_text(encoding="utf-8")
    report.unlink()
    if content is not None:
        report.write_text(whole[: len(whole) // 2] if content == "half" else content, encoding="utf-8")

    ended = play("metrics.py", "tap", report, "--textfile", file)

    assert ended.returncode == 1
    assert len(ended.stderr.splitlines()) == 1
    assert file.read_text(encoding="utf-8") == before
    assert sorted(path.name for path in tmp_path.iterdir() if path != report) == ["acme.prom"]


def test_reasons_and_warnings_are_no_labels(sandbox: Sandbox, tmp_path: Path) -> None:
    tap_partial(sandbox, tmp_path)
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    reasons = {stream["reason"] for stream in report["streams"].values()} - {None}
    assert reasons

    told = play("metrics.py", "tap", tmp_path / "report.json").stdout

    assert [reason for reason in reasons if reason in told] == []
    labels = {label for _, pairs in samples(told, openmetrics) for label, _ in pairs}
    assert labels == {"program", "account", "stream", "status"}


@contextmanager
def gateway() -> Iterator[tuple[str, list[tuple[str, str, str]]]]:
    """What a pushgateway is asked: method, path and body."""
    asked: list[tuple[str, str, str]] = []

    class Gateway(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            asked.append((self.command, self.path, body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its name in the standard library
            pass

    server = HTTPServer(("127.0.0.1", 0), Gateway)
    with listening(server):
        yield f"http://127.0.0.1:{server.server_port}", asked


def test_a_gateway_is_given_what_the_file_holds_and_nothing_of_it_is_replaced_that_is_not_told(sandbox: Sandbox, tmp_path: Path) -> None:
    tap_failed(sandbox, tmp_path)
    with gateway() as (url, asked):
        ended = play("metrics.py", "tap", tmp_path / "report.json", "--account", "acme", "--pushgateway", url)
    assert (ended.returncode, ended.stderr) == (0, "")
    ((method, path, body),) = asked
    # POST adds, where PUT would take away the end of the last complete run.
    assert (method, path) == ("POST", "/metrics/job/hiringcenter/account/acme/program/tap")
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert samples(body, classic) == owed(report, "tap", "acme")


def test_a_gateway_that_is_not_there_is_told(sandbox: Sandbox, tmp_path: Path) -> None:
    tap_complete(sandbox, tmp_path)
    with gateway() as (url, _):
        pass
    ended = play("metrics.py", "tap", tmp_path / "report.json", "--pushgateway", url)
    assert (ended.returncode, len(ended.stderr.splitlines())) == (1, 1)


def test_alerts_are_about_metrics_that_are_told(sandbox: Sandbox, tmp_path: Path) -> None:
    told = set()
    for program, run in (("tap", tap_complete), ("target", target_complete)):
        run(sandbox, tmp_path)
        told |= {name for name, _ in samples(play("metrics.py", program, tmp_path / "report.json").stdout, openmetrics)}
    rules = yaml.safe_load((EXAMPLES / "alerts.yml").read_text(encoding="utf-8"))["groups"][0]["rules"]

    asked = {name for rule in rules for name in re.findall(r"hiringcenter_\w+", rule["expr"])}

    assert asked
    assert asked <= told


def test_alerts_fire_when_they_should() -> None:
    promtool = shutil.which("promtool")
    if not promtool:
        pytest.skip("no promtool to try them with; it comes with Prometheus")
    ended = subprocess.run([promtool, "test", "rules", Path(__file__).with_name("alerts.yml")], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
