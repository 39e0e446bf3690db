"""The tap's settings, and what a JSON Schema can't find wrong with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from singer_sdk import typing as th

from tap_hiringcenter.api import settings, times
from tap_hiringcenter.api.systems import HIRINGCENTER, PROSPECTB2B

if TYPE_CHECKING:
    from collections.abc import Mapping

SYSTEMS = (HIRINGCENTER, PROSPECTB2B)

SCHEMA: dict[str, Any] = th.PropertiesList(
    *settings.properties(SYSTEMS),
    th.Property(
        "start_date",
        th.DateTimeType,
        title="Start date",
        description="Oldest change wanted where there is no bookmark.",
    ),
    th.Property(
        "lookback_seconds",
        th.IntegerType(minimum=0),
        default=300,
        title="Lookback",
        description="Each run reads again so many seconds before the bookmark, for rows that become visible late.",
    ),
    th.Property(
        "hiringcenter_page_size",
        th.IntegerType(minimum=1, maximum=200),
        default=200,
        title="HiringCenter page size",
        description="Rows asked for in one page of HiringCenter's lists.",
    ),
    th.Property(
        "prospectb2b_page_size",
        th.IntegerType(minimum=1),
        title="ProspectB2B page size",
        description="Rows asked for in one page of those ProspectB2B lists that document a limit. Not sent by default.",
    ),
    th.Property(
        "child_sync",
        th.StringType(allowed_values=["changed", "full"]),
        default="changed",
        title="Children",
        description="Read the children of changed parents only, or of all parents.",
    ),
    th.Property(
        "emit_activate_version_messages",
        th.BooleanType,
        default=True,
        title="ACTIVATE_VERSION messages",
        description="End a full-table sync that was proven complete with ACTIVATE_VERSION, so that a loader can mark deleted rows.",
    ),
    additional_properties=False,
).to_dict()


def mistakes(config: Mapping[str, Any]) -> list[str]:
    """What is wrong with settings that are of the right types.

    Args:
        config: The settings.

    Returns:
        One sentence for each mistake.
    """
    found = settings.mistakes(SYSTEMS, config)
    if config.get("start_date"):
        try:
            times.parse(config["start_date"])
        except ValueError:
            found.append("start_date must be a date or a time as in ISO 8601, such as 2026-01-31T00:00:00Z")
    return found
