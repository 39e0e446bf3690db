"""What tap and target use of the SDK beyond its public names: these tests notice when a new version changes it."""

from __future__ import annotations

import inspect

import pytest
from singer_sdk import Sink, Stream, Target
from singer_sdk.io_base import SingerReader
from singer_sdk.plugin_base import PluginBase
from singer_sdk.testing import SuiteConfig, get_tap_test_class

from tap_hiringcenter.tap import TapHiringcenter
from target_hiringcenter.target import TargetHiringcenter
from tests.auditor import EVERY_STREAM
from tests.running import catalog
from tests.sandbox import Sandbox, World


@pytest.mark.parametrize(
    ("owner", "name", "parameters"),
    [
        (Stream, "_write_schema_message", ["self"]),
        (Stream, "_write_record_message", ["self", "record"]),
        (Stream, "_write_activate_version_message", ["self", "full_table_version"]),
        (Stream, "_increment_stream_state", ["self", "latest_record", "context"]),
        (PluginBase, "_validate_config", ["self", "raise_errors"]),
        (PluginBase, "_handle_termination", ["self", "signum", "frame"]),
        (Target, "_process_record_message", ["self", "message_dict"]),
        (Target, "_handle_max_record_age", ["self"]),
        (Target, "_process_schema_message", ["self", "message_dict"]),
        (Target, "_process_state_message", ["self", "message_dict"]),
        (Target, "_process_batch_message", ["self", "message_dict"]),
        (Target, "_write_state_message", ["self", "state"]),
        (Sink, "_validate_and_parse", ["self", "record"]),
        (Sink, "_remove_sdc_metadata_from_record", ["self", "record"]),
        # Not private, and in no page of its documentation.
        (SingerReader, "deserialize_json", ["self", "line"]),
        (SingerReader, "assert_line_requires", ["line_dict", "requires"]),
    ],
)
def test_a_private_part_of_the_sdk_is_what_it_was(owner: type, name: str, parameters: list[str]) -> None:
    assert list(inspect.signature(getattr(owner, name)).parameters) == parameters


def test_the_sdk_still_keeps_the_version_of_records_where_it_was() -> None:
    assert "_stream_version" in vars(TapHiringcenter(setup_mapper=False).streams["leads"])


def test_the_sdk_still_keeps_sinks_and_the_latest_state_where_it_did() -> None:
    config = {"hiringcenter_api_key": "k", "ledger_uri": "sqlite://"}
    assert {"_sinks_active", "_sinks_to_clear", "_latest_state"} <= vars(TargetHiringcenter(config=config)).keys()


# The SDK's suite reads every stream through the SDK's own loop. Its world lives as long as the session: the suite asks for it while tests
# are collected.
_SANDBOX = Sandbox(World(seed=7, size=10))
_SANDBOX.__enter__()

TestStandardSuite = get_tap_test_class(
    TapHiringcenter,
    config=_SANDBOX.tap_config(),
    parse_env_config=False,
    # The suite selects every stream after the SDK has resolved which columns are selected: prospect_feed would have none.
    catalog=catalog(*EVERY_STREAM),
    suite_config=SuiteConfig(max_records_limit=20),
)


@pytest.fixture(scope="session", autouse=True)
def _stop_the_sandbox() -> object:
    yield
    _SANDBOX.__exit__(None, None, None)


def test_the_standard_suite_saw_every_stream() -> None:
    tested = {param.id for param in TestStandardSuite.params["test_tap_stream_returns_record"]}
    assert tested == set(EVERY_STREAM)
