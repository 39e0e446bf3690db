"""The SDK's own suite for targets: its streams come in under the names and columns of real sinks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from singer_sdk.testing import get_target_test_class
from singer_sdk.testing.suites import SingerTestSuite, target_tests
from singer_sdk.testing.target_tests import TargetMultipleStateMessages

from target_hiringcenter.target import TargetHiringcenter
from tests.effects import Snapshot, snapshot
from tests.sandbox import Sandbox, World

if TYPE_CHECKING:
    from collections.abc import Iterator


def _leads(key: str, **columns: str) -> dict[str, Any]:
    """A stream of the suite as leads: its own key, and an e-mail that is made of it."""
    email = f"str({key}) + '@example.com'"
    return {"__alias__": "leads", key: key, "full_name": f"str({key})", "email": email, **columns, "__else__": None}


def _contacts(key: str) -> dict[str, Any]:
    return {"__alias__": "closershq_prospects", key: key, "email": f"str({key}) + '@example.com'", "firstName": f"str({key})", "__else__": None}


# The suite's streams, by what they are called in its files.
STREAM_MAPS: dict[str, dict[str, Any]] = {
    "test_array_data": _leads("id", tags="fruits"),
    "TestCamelcase": _leads("Id", company_name="clientName"),
    "ForecastingTypeToCategory": _leads("Id"),
    "test_duplicate_records": _leads("id", value_amount="metric"),
    "test_strings": _leads("id", notes="info"),
    "test_strings_in_objects": {"__alias__": "prospector_workflows", "id": "id", "info": "info", "__else__": None},
    "test_strings_in_arrays": _contacts("id"),
    "test_multiple_state_messages_a": _leads("id", value_amount="metric"),
    "test_multiple_state_messages_b": _contacts("id"),
    "test_no_pk": _leads("id", value_amount="metric"),
    "test_optional_attributes": _leads("id", title="record.get('optional')"),
    "example_stream": {"__alias__": "leads", "id": "id", "full_name": "name", "email": "email", "__else__": None},
    "test_record_before_schema": _leads("id"),
    "test_record_missing_key_property": {"__alias__": "leads", "value_amount": "metric"},
    "record_missing_fields": _leads("id"),
    "test_object_schema_with_properties": {"__alias__": "prospector_workflows", "object_store": "object_store", "__else__": None},
    "test_object_schema_no_properties": {"__alias__": "prospector_workflows", "object_store": "object_store", "__else__": None},
    "test_schema_updates": _leads("id", value_amount="a1", title="a2"),
    "test:SpecialChars!in?attributes": _leads("_id"),
}
# Rows that each test must have made, by stream; those that are not here make none.
MADE = {
    "test_target_array_data": {"leads": 4},
    "test_target_camelcase": {"leads": 2},
    "test_target_duplicate_records": {"leads": 2},
    "test_target_encoded_string_data": {"leads": 11, "prospector_workflows": 11, "closershq_prospects": 6},
    "test_target_multiple_state_messages": {"leads": 6, "closershq_prospects": 6},
    "test_target_no_primary_keys": {"leads": 3},
    "test_target_optional_attributes": {"leads": 4},
    "test_target_pk_updates": {"leads": 2},
    "test_target_record_missing_fields": {"leads": 2},
    "test_target_schema_no_properties": {"prospector_workflows": 4},
    "test_target_schema_updates": {"leads": 6},
    "test_target_special_chars_in_attributes": {"leads": 1},
}


class MultipleStateMessages(TargetMultipleStateMessages):
    """The SDK's own test of this compares parsed states with their texts, which never agree; so it is no part of its suite."""

    def test(self) -> None:
        """Run the test."""
        self.runner.sync_all()
        a, b = "test_multiple_state_messages_a", "test_multiple_state_messages_b"
        assert self.runner.state_messages == [{a: 1, b: 0}, {a: 3, b: 2}, {a: 5, b: 6}]


# Its world lives as long as this module, since the suite asks for settings while tests are collected.
_SANDBOX = Sandbox(World.empty())
_SANDBOX.__enter__()

TestStandardTargets = get_target_test_class(
    TargetHiringcenter,
    config={
        **_SANDBOX.target_config(),
        "ledger_uri": "sqlite://",
        "stream_maps": STREAM_MAPS,
        # With it the suite's expectation of which STATEs come out is exact.
        "batch_size_rows": 2,
    },
    parse_env_config=False,
    custom_suites=[SingerTestSuite(kind="target", tests=[MultipleStateMessages])],
)


@pytest.fixture(scope="session", autouse=True)
def _stop_the_sandbox() -> Iterator[None]:
    yield
    _SANDBOX.__exit__(None, None, None)


@pytest.fixture(autouse=True)
def _the_rows_are_made(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Iterator[None]:  # noqa: ANN401  # pytest's
    """The suite looks at nothing but errors; here its records are counted where they went."""
    monkeypatch.chdir(tmp_path)
    before: Snapshot = snapshot(_SANDBOX)
    yield
    made = {stream: rows.keys() - before.rows[stream].keys() for stream, rows in snapshot(_SANDBOX).rows.items()}
    for stream, ids in made.items():
        for row_id in ids:
            _SANDBOX.remove(stream, row_id)
    assert {stream: len(ids) for stream, ids in made.items() if ids} == MADE.get(request.node.name, {})
    assert not (tmp_path / "hiringcenter-rejects.jsonl").exists()


def test_every_test_of_the_suite_is_here() -> None:
    named = {name for name in vars(TestStandardTargets) if name.startswith("test_")}
    assert len(named) == len(target_tests.tests) + 1
    assert named >= MADE.keys()
