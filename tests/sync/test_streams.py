"""Every stream, in every shape in which the APIs are known to answer."""

from __future__ import annotations

from typing import Literal

import jsonschema
import pytest

from tests.auditor import BY_DEFAULT, EVERY_STREAM, differences, schema
from tests.running import sync
from tests.sandbox import Sandbox, Variant, World

HIRINGCENTER = ("prospects", "meetings", "notes", "tasks", "prospect_feed")


def test_one_run_brings_every_row_of_every_stream(sandbox: Sandbox) -> None:
    run = sync(sandbox.tap_config(), *EVERY_STREAM)
    assert run.code == 0
    assert differences(sandbox, [run], EVERY_STREAM) == []
    assert {name: entry["status"] for name, entry in run.report["streams"].items()} == dict.fromkeys(EVERY_STREAM, "complete")


def test_each_record_comes_once_and_is_valid_against_the_schema_that_was_sent_before_it(sandbox: Sandbox) -> None:
    run = sync(sandbox.tap_config(), *EVERY_STREAM)
    validators: dict[str, jsonschema.Draft7Validator] = {}
    seen = set()
    for message in run.messages:
        name = str(message.get("stream"))
        if message["type"] == "SCHEMA":
            assert name not in validators
            validators[name] = jsonschema.Draft7Validator(message["schema"], format_checker=jsonschema.FormatChecker())
        elif message["type"] == "RECORD":
            validators[name].validate(message["record"])
            key = (name, *(message["record"][key] for key in schema(name)["required"]))
            assert key not in seen
            seen.add(key)
    assert set(validators) == set(EVERY_STREAM)


def test_everything_but_the_feed_is_selected_by_default(sandbox: Sandbox) -> None:
    assert set(sync(sandbox.tap_config()).report["streams"]) == set(BY_DEFAULT)


@pytest.mark.parametrize("shape", ["current", "older", "mixed"])
def test_both_shapes_of_hiringcenter_are_told_apart_by_their_answers(shape: Literal["current", "older", "mixed"]) -> None:
    with Sandbox(World(seed=3, size=12), variant=Variant(hiringcenter_shape=shape)) as sandbox:
        run = sync({**sandbox.tap_config(), "hiringcenter_page_size": 5}, *HIRINGCENTER)
        assert run.code == 0
        assert differences(sandbox, [run], HIRINGCENTER) == []


def test_a_key_of_one_system_turns_only_that_system_on(sandbox: Sandbox) -> None:
    config = sandbox.tap_config()
    del config["prospectb2b_api_key"]
    assert set(sync(config).report["streams"]) == {"prospects", "meetings", "notes", "tasks"}


def test_a_child_stream_is_read_without_its_parent(sandbox: Sandbox) -> None:
    run = sync(sandbox.tap_config(), "campaign_run_events", "lead_messages")
    assert differences(sandbox, [run], ["campaign_run_events", "lead_messages"]) == []
    assert {message["stream"] for message in run.messages if message["type"] == "RECORD"} == {"campaign_run_events", "lead_messages"}


def test_a_list_of_parents_is_read_once_for_the_whole_family(sandbox: Sandbox) -> None:
    sync(sandbox.tap_config(), "leads", "lead_activities", "lead_messages")
    assert len([request for request in sandbox.requests if request.path == "/leads"]) == 1
