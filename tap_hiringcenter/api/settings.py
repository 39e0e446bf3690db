"""The settings that tap and target share: how each system is reached, and how fast."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import urllib3
from singer_sdk import typing as th

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tap_hiringcenter.api.systems import System

# What a header can carry: with anything else the HTTP client would quote the key in an error.
_KEY = re.compile(r"[!-~]*")
# A backslash ends the host for some and not for others.
_URL = re.compile(r"[!-\[\]-~]*")
_LOOPBACK = {"localhost", "127.0.0.1", "[::1]"}


def key_of(system: System) -> str:
    """Name of the setting that holds a system's key."""
    return f"{system.name}_api_key"


def properties(systems: Iterable[System]) -> list[th.Property[Any]]:
    """The shared settings, for the systems that an executable speaks to.

    Args:
        systems: The systems.

    Returns:
        Properties for `config_jsonschema`.
    """
    found: list[th.Property[Any]] = []
    for system in systems:
        found += [
            th.Property(
                key_of(system),
                th.StringType(min_length=1),
                secret=True,
                title=f"{system.label} API key",
                description=f"API key of {system.label}. Turns {system.label} on.",
            ),
            th.Property(
                f"{system.name}_api_url",
                th.StringType,
                default=system.url,
                title=f"{system.label} URL",
                description=f"Base URL of {system.label}'s API. Must be https, except for a loopback address.",
            ),
            th.Property(
                f"{system.name}_requests_per_minute",
                th.IntegerType(minimum=1),
                default=system.requests_per_minute,
                title=f"{system.label} requests per minute",
                description=f"Most requests a minute to {system.label} while it has not told its own limit (RateLimit-* headers win).",
            ),
        ]
        if system.requests_per_hour:
            found.append(
                th.Property(
                    f"{system.name}_requests_per_hour",
                    th.IntegerType(minimum=1),
                    default=system.requests_per_hour,
                    title=f"{system.label} requests per hour",
                    description=f"Most requests an hour to {system.label} while it has not told its own limit.",
                ),
            )
    return [
        *found,
        th.Property(
            "max_concurrency",
            th.IntegerType(minimum=1, maximum=64),
            default=8,
            title="Concurrency",
            description="Most requests under way at once, per system.",
        ),
        th.Property(
            "request_timeout_seconds",
            th.NumberType(exclusive_minimum=0, maximum=86_400),
            default=60,
            title="Request time-out",
            description="Seconds from sending a request to the last byte of its answer.",
        ),
        th.Property(
            "max_requests",
            th.IntegerType(minimum=1),
            title="Most requests",
            description="Hard ceiling of requests in this run. Reaching it ends the run early and resumable, with a non-zero exit code.",
        ),
        th.Property(
            "run_report_path",
            th.StringType(min_length=1),
            title="Run report",
            description="File to write the run report to: one JSON object.",
        ),
    ]


def mistakes(systems: Iterable[System], config: Mapping[str, Any]) -> list[str]:
    """What a JSON Schema can't find wrong with the shared settings.

    Args:
        systems: The systems that an executable speaks to.
        config: The settings.

    Returns:
        One sentence for each mistake.
    """
    found = []
    for system in systems:
        key = config.get(key_of(system))
        if isinstance(key, str) and not _KEY.fullmatch(key):
            found.append(f"{key_of(system)} holds a character that no key has: a line break, a space, or a letter beyond ASCII")
        name = f"{system.name}_api_url"
        if not _is_good(str(config.get(name, system.url))):
            found.append(
                f"{name} must be an https URL of host and path alone (http only for a loopback address), so that the key can't be read on the way"
            )
    report = config.get("run_report_path")
    if isinstance(report, str) and not Path(report).parent.is_dir():
        found.append("run_report_path must lie in a folder that exists")
    return found


def _is_good(url: str) -> bool:
    """Whether the key is safe with a URL, as the HTTP client reads it: others may see another host in a URL that is badly formed."""
    if not _URL.fullmatch(url):
        return False
    try:
        found = urllib3.util.parse_url(url)
    except urllib3.exceptions.LocationParseError:
        return False
    # Query and fragment would swallow the paths of all requests; a user's name has no place beside a key.
    if not found.host or found.auth is not None or found.query is not None or found.fragment is not None:
        return False
    return found.scheme == "https" or (found.scheme == "http" and found.host in _LOOPBACK)


def as_numbers(schema: Mapping[str, Any], config: Mapping[str, Any]) -> dict[str, float]:
    """Settings that are numbers and came as text.

    Args:
        schema: The executable's `config_jsonschema`.
        config: The settings.

    Returns:
        Those among them whose text is a number, as numbers.
    """
    found = {}
    for name, setting in schema["properties"].items():
        if "number" in setting.get("type", ()) and isinstance(config.get(name), str):
            with suppress(ValueError):
                found[name] = float(config[name])
    return found


def without_secrets(schema: Mapping[str, Any], config: Mapping[str, Any], text: str) -> str:
    """Take the secrets out of a text: a JSON Schema's message quotes the value that it refuses.

    Args:
        schema: The executable's `config_jsonschema`, which marks them. URLs count as well: people write passwords into them.
        config: The settings, which hold them.
        text: What is going to be logged.

    Returns:
        The text with `***` where a secret stood.
    """
    for name, setting in schema["properties"].items():
        if (setting.get("secret") or name.endswith("_url")) and config.get(name):
            text = text.replace(repr(config[name]), "***")
    return text
