"""The target's settings, and what a JSON Schema can't find wrong with them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from singer_sdk import typing as th

from tap_hiringcenter.api import settings
from tap_hiringcenter.api.systems import CLOSERSHQ, HIRINGCENTER, PROSPECTB2B
from target_hiringcenter.entries import LedgerError

if TYPE_CHECKING:
    from collections.abc import Mapping

SYSTEMS = (HIRINGCENTER, PROSPECTB2B, CLOSERSHQ)

SCHEMA: dict[str, Any] = th.PropertiesList(
    *settings.properties(SYSTEMS),
    th.Property(
        "null_policy",
        th.StringType(allowed_values=["omit", "clear"]),
        default="omit",
        title="Nulls",
        description="What a null or an empty text does to a field that the API can clear: leave it as it is, or clear it.",
    ),
    th.Property(
        "allow_deletes",
        th.BooleanType,
        default=False,
        title="Deletes",
        description="Delete rows whose record has _sdc_deleted_at. Otherwise such records are rejected.",
    ),
    th.Property(
        "allow_unmatched_creates",
        th.BooleanType,
        default=False,
        title="Unmatched creates",
        description="Write prospects that have neither email nor phone. Each write of such a record makes a new prospect.",
    ),
    th.Property(
        "leads_write_mode",
        th.StringType(allowed_values=["bulk", "upsert", "create"]),
        default="bulk",
        title="How leads are written",
        description="Many in a request, one by one, or created once for each source key and changed by id afterwards.",
    ),
    th.Property(
        "leads_bulk_size",
        th.IntegerType(minimum=1, maximum=1000),
        default=100,
        title="Leads in a request",
        description="Most leads in a bulk request. Less when the API refuses so many.",
    ),
    th.Property(
        "hiringcenter_field_names",
        th.StringType(allowed_values=["current", "older"]),
        default="current",
        title="HiringCenter field names",
        description="Names of the fields of notes and tasks: body, assignedTo, dueAt, or as an older API has them: note, assignTo, due.",
    ),
    th.Property(
        "closershq_delete_in",
        th.StringType(allowed_values=["body", "query"]),
        default="body",
        title="ClosersHQ deletes",
        description="Where a delete carries the email, which ClosersHQ's documentation has lost.",
    ),
    th.Property(
        "mute_webhooks",
        th.BooleanType,
        default=False,
        title="Mute webhooks",
        description="Ask HiringCenter to send no webhook for the prospects that are written (muteWebhook).",
    ),
    th.Property(
        "ledger_uri",
        th.StringType(min_length=1),
        default="sqlite:///hiringcenter-ledger.db",
        secret=True,
        title="Ledger",
        description="SQLAlchemy URL of the memory of what was written: SQLite, or PostgreSQL for several machines. One for each account.",
    ),
    th.Property(
        "resend_unchanged",
        th.BooleanType,
        default=False,
        title="Resend",
        description="Write records although the ledger says that they are unchanged.",
    ),
    th.Property(
        "rejects_path",
        th.StringType(min_length=1),
        default="hiringcenter-rejects.jsonl",
        title="Rejects",
        description="File that rejected records are added to, with their reasons: one JSON line each, with no more of the record than its key.",
    ),
    th.Property(
        "max_rejects",
        th.IntegerType(minimum=0),
        default=0,
        title="Most rejects",
        description="More rejects than this make the exit code non-zero. All records are tried all the same.",
    ),
    th.Property(
        "webhook_secrets_path",
        th.StringType(min_length=1),
        default="hiringcenter-webhook-secrets.jsonl",
        title="Webhook secrets",
        description="File that the signing secrets of new webhooks are added to, which ProspectB2B shows once. Only its owner can read it.",
    ),
    th.Property(
        "dry_run",
        th.BooleanType,
        default=False,
        title="Dry run",
        description="Send only reads, and write down what would be done.",
    ),
    th.Property(
        "plan_path",
        th.StringType(min_length=1),
        default="hiringcenter-plan.jsonl",
        title="Plan",
        description="File that a dry run writes: one JSON line for each record that would be written.",
    ),
    additional_properties=False,
).to_dict()

_PATHS = ("rejects_path", "webhook_secrets_path", "plan_path", "run_report_path")


def mistakes(config: Mapping[str, Any]) -> list[str]:
    """What is wrong with settings that are of the right types.

    Args:
        config: The settings.

    Returns:
        One sentence for each mistake.
    """
    found = settings.mistakes(SYSTEMS, config)
    files: dict[Path, str] = {}
    for name in _PATHS:
        value = config.get(name)
        if not isinstance(value, str):
            continue
        path = Path(value).absolute()
        if path.is_dir():
            found.append(f"{name} must be a file, and is a folder")
        elif not path.parent.is_dir() and name != "run_report_path":
            found.append(f"{name} must lie in a folder that exists")
        if path in files:
            found.append(f"{name} and {files[path]} must be two files")
        files[path] = name
    size = config.get("batch_size_rows")
    if isinstance(size, int) and size < 1:
        found.append("batch_size_rows must be at least 1")
    return found + _mistakes_of_ledger(str(config.get("ledger_uri")), files)


def _mistakes_of_ledger(uri: str, files: Mapping[Path, str]) -> list[str]:
    from target_hiringcenter.databases import parse  # noqa: PLC0415  # the database's library, which --version and --about need not wait for

    try:
        url = parse(uri)
    except LedgerError as error:
        return [str(error)]
    if url.get_backend_name() != "sqlite" or url.database in {None, "", ":memory:"}:
        return []
    file = Path(str(url.database)).absolute()
    found = [f"ledger_uri and {files[file]} must be two files"] if file in files else []
    return found if file.parent.is_dir() else [*found, "ledger_uri must lie in a folder that exists"]
