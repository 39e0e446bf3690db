"""Settings: what a JSON Schema lets through and no request could be made with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tap_hiringcenter.api.settings import key_of, mistakes
from tap_hiringcenter.api.systems import HIRINGCENTER, PROSPECTB2B

if TYPE_CHECKING:
    from pathlib import Path

SYSTEMS = (HIRINGCENTER, PROSPECTB2B)
KEY = "pb2b_live_test_key"


def test_nothing_is_wrong_with_nothing() -> None:
    assert mistakes(SYSTEMS, {}) == []


@pytest.mark.parametrize("name", [key_of(system) for system in SYSTEMS])
@pytest.mark.parametrize("key", [KEY, "aZ09-._~+/=", "!"])
def test_a_key_that_a_header_can_hold_is_accepted(name: str, key: str) -> None:
    assert mistakes(SYSTEMS, {name: key}) == []


@pytest.mark.parametrize("name", [key_of(system) for system in SYSTEMS])
@pytest.mark.parametrize(
    "key",
    [f"{KEY}\n", f"{KEY}\r\nX: y", f"{KEY}\u2026", f"{KEY}\xe4", f"{KEY} ", f" {KEY}", f"{KEY}\t", f"{KEY}\0", f"{KEY}\x7f"],
    ids=["line break", "second header", "not Latin-1", "not ASCII", "space after", "space before", "tabulator", "nothing", "delete"],
)
def test_a_key_that_no_header_can_hold_is_a_mistake_that_does_not_tell_it(name: str, key: str) -> None:
    (mistake,) = mistakes(SYSTEMS, {name: key})

    assert name in mistake
    assert KEY not in mistake


@pytest.mark.parametrize(
    "url",
    ["https://api.example.com", "https://api.example.com:8443/v1/", "http://127.0.0.1:8080", "http://localhost", "http://[::1]:8080"],
)
def test_a_url_that_keeps_the_key_secret_is_accepted(url: str) -> None:
    assert mistakes(SYSTEMS, {"prospectb2b_api_url": url}) == []


@pytest.mark.parametrize(
    "url",
    ["", "api.example.com", "http://api.example.com", "http://127.0.0.1.example.com", "https://", "https://[", "https://a:b/", "ftp://localhost"],
)
def test_a_url_that_would_not_is_a_mistake(url: str) -> None:
    (mistake,) = mistakes(SYSTEMS, {"prospectb2b_api_url": url})

    assert "prospectb2b_api_url" in mistake


def test_a_report_needs_a_folder(tmp_path: Path) -> None:
    assert mistakes(SYSTEMS, {"run_report_path": str(tmp_path / "report.json")}) == []
    assert len(mistakes(SYSTEMS, {"run_report_path": str(tmp_path / "missing" / "report.json")})) == 1
