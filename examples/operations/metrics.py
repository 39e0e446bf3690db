# ruff: noqa: INP001  # a program to copy, in no package
"""The run report of tap-hiringcenter or target-hiringcenter as metrics for Prometheus.

    python metrics.py tap run-report.json --account acme                                    OpenMetrics text on standard output
    python metrics.py tap run-report.json --account acme --textfile /srv/node/acme.prom     for a node exporter; whole or not at all
    python metrics.py tap run-report.json --account acme --pushgateway http://127.0.0.1:9091

Needs `prometheus-client`. The exit code is 0 when the metrics are where they belong, and 1 when not; the line on standard error says why.
All metrics are gauges about the last run that ended. Labels are names and statuses, never texts of a report.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry, Gauge, pushadd_to_gateway, write_to_textfile
from prometheus_client.openmetrics.exposition import generate_latest
from prometheus_client.parser import text_string_to_metric_families

LAST_COMPLETE = "hiringcenter_last_complete_time_seconds"
_OF_A_RUN = ("program", "account")
_STATUSES = ("complete", "partial", "failed")
_COUNTS = {
    "records": "Records that were read and written (tap), or that ended in a count (target).",
    "expected": "Rows that the API says there are, where it says so. A run that reads what changed reads fewer.",
    "requests": "Requests, with repeats.",
    "retries": "Requests that were repeats.",
    "rate_limited": "Answers that said that a limit was reached.",
    "written": "Records that were written.",
    "unchanged": "Records that were as they had been written before.",
    "rejected": "Records that were refused, each with a line in the rejects file.",
    "skipped": "Records that a dry run planned.",
    "warnings": "Different warnings.",
}
# Names of streams come from catalogs; one that looks otherwise is none of ours.
_NAME = re.compile(r"\w{1,64}")


class ReportError(Exception):
    """The file is no run report; the message says why."""


def read(path: Path) -> dict[str, Any]:
    """Read a run report.

    Args:
        path: What `run_report_path` named.

    Returns:
        The report.

    Raises:
        ReportError: It can't be read, or is none.
    """
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
        streams = report["streams"]
        names = [name for name in streams if not _NAME.fullmatch(name)]
        statuses = {report["status"], *(stream["status"] for stream in streams.values())}
        _ = seconds(report["started_at"]), seconds(report["ended_at"])
    except OSError as error:
        msg = f"The report can't be read: {error.strerror}"
        raise ReportError(msg) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        msg = f"This is no run report: {path}"
        raise ReportError(msg) from error
    if names or not statuses <= set(_STATUSES):
        msg = f"This is no run report: {path}"
        raise ReportError(msg)
    return dict(report)


def seconds(moment: str) -> float:
    """A time of a report (RFC 3339, UTC) as seconds since 1970."""
    # Python 3.10 doesn't know the Z.
    return datetime.fromisoformat(moment.replace("Z", "+00:00")).timestamp()


def metrics(report: dict[str, Any], program: str, account: str, *, last_complete: float | None = None) -> CollectorRegistry:
    """What a report tells, as metrics.

    Args:
        report: The report.
        program: `tap` or `target`.
        account: What tells this pipeline from others.
        last_complete: End of the last run that was known to be complete, in seconds since 1970; the report's own, if it is complete, counts.

    Returns:
        A registry with gauges.
    """
    registry = CollectorRegistry()

    def gauge(name: str, about: str, *labels: str) -> Gauge:
        return Gauge(f"hiringcenter_{name}", about, (*_OF_A_RUN, *labels), registry=registry)

    run = gauge("run_status", "Whether the last run ended so: 1 for its status, 0 for the others.", "status")
    for status in _STATUSES:
        run.labels(program, account, status).set(status == report["status"])
    ended = seconds(report["ended_at"])
    gauge("run_start_time_seconds", "When the last run began.").labels(program, account).set(seconds(report["started_at"]))
    gauge("run_end_time_seconds", "When the last run ended.").labels(program, account).set(ended)
    if report["status"] == "complete":
        last_complete = ended
    if last_complete is not None:
        about = "When the last run that was complete ended; missing when none is known."
        Gauge(LAST_COMPLETE, about, _OF_A_RUN, registry=registry).labels(program, account).set(last_complete)

    streams = gauge("stream_status", "Whether the stream ended so: 1 for its status, 0 for the others.", "stream", "status")
    for name, stream in report["streams"].items():
        for status in _STATUSES:
            streams.labels(program, account, name, status).set(status == stream["status"])
    for count, about in _COUNTS.items():
        told = {name: stream[count] for name, stream in report["streams"].items() if stream.get(count) is not None}
        if told:
            found = gauge(f"stream_{count}", about, "stream")
            for name, number in told.items():
                found.labels(program, account, name).set(len(number) if isinstance(number, list) else number)
    return registry


def known_before(file: Path, program: str, account: str) -> float | None:
    """When the last complete run ended, as the file says that is going to be replaced: a report tells of one run only.

    Args:
        file: The file.
        program: `tap` or `target`.
        account: The account.

    Returns:
        Seconds since 1970, or None when the file isn't there or doesn't tell.
    """
    try:
        families = list(text_string_to_metric_families(file.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return None
    samples = [sample for family in families for sample in family.samples if sample.name == LAST_COMPLETE]
    return next((sample.value for sample in samples if sample.labels == {"program": program, "account": account}), None)


def main(arguments: list[str] | None = None) -> str | None:
    """Run the program.

    Args:
        arguments: The command line.

    Returns:
        What went wrong, or None.
    """
    parser = argparse.ArgumentParser(description="The run report as metrics for Prometheus.")
    parser.add_argument("program", choices=("tap", "target"), help="whose report it is")
    parser.add_argument("report", type=Path, help="what run_report_path names")
    parser.add_argument("--account", default="default", help="what tells this pipeline from others (default: %(default)s)")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--textfile", type=Path, help="file in the folder of a node exporter's textfile collector; one for each program and account")
    where.add_argument("--pushgateway", metavar="URL", help="address of a pushgateway")
    chosen = parser.parse_args(arguments)
    try:
        report = read(chosen.report)
        if chosen.textfile:
            before = known_before(chosen.textfile, chosen.program, chosen.account)
            write_to_textfile(str(chosen.textfile), metrics(report, chosen.program, chosen.account, last_complete=before))
        elif chosen.pushgateway:
            # Added and not replaced: what this run doesn't tell, such as the end of the last complete one, stays.
            of_this = {"program": chosen.program, "account": chosen.account}
            pushadd_to_gateway(chosen.pushgateway, "hiringcenter", metrics(report, chosen.program, chosen.account), of_this)
        else:
            text = generate_latest(metrics(report, chosen.program, chosen.account))  # type: ignore[no-untyped-call]  # it has no types
            sys.stdout.write(text.decode())
    except (ReportError, OSError) as error:
        return str(error)
    return None


if __name__ == "__main__":
    sys.exit(main())
