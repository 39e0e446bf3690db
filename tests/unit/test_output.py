"""Output: lines that are written by the hundred are those that the SDK would have written one by one."""

from __future__ import annotations

import copy
import io
import json
from contextlib import redirect_stdout
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from tap_hiringcenter.events import Rows
from tap_hiringcenter.records import Records, as_json
from tap_hiringcenter.tap import TapHiringcenter
from tests.running import catalog

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

CONFIG = {"hiringcenter_api_key": "k", "emit_activate_version_messages": True}
RECORDS: list[dict[str, Any]] = [
    {
        "id": "t1",
        "title": 'Call Zo\u00eb \U0001f600 \u2028 \x85 \x00 " \\ \n',
        "additional_properties": {"n": 2**80, "x": [0.1, -0.0, 1e22, None, True]},
    },
    {"id": "t2", "title": None, "prospectId": "p1", "updatedAt": "2026-03-10T12:00:00.000Z", "additional_properties": None},
    *({"id": f"t{number}", "title": "x" * number, "additional_properties": {}} for number in range(3, 700)),
]
HALF = {"id": "t0", "title": "half of \ud83d", "additional_properties": None}


def _made(records: list[dict[str, Any]]) -> list[msgspec.Struct]:
    """Records, as a shape makes them."""
    made = msgspec.defstruct("Record", [(name, Any, msgspec.UNSET) for name in ("id", "title", "prospectId", "updatedAt", "additional_properties")])
    return [made(**record) for record in records]


def _written(
    records: list[dict[str, Any]], *, version: int | None = None, selection: Mapping[str, Any] | None = None, **settings: object
) -> tuple[list[Any], bool]:
    """The records' messages, and whether the SDK wrote each of them."""
    tap = TapHiringcenter(config={**CONFIG, **settings}, catalog=dict(selection or catalog("tasks")))
    stream: Any = tap.streams["tasks"]
    one_by_one: list[object] = []
    really: Callable[[dict[str, Any]], None] = stream._write_record_message  # noqa: SLF001  # as `output` does

    def note(record: dict[str, Any]) -> None:
        one_by_one.append(record)
        really(record)

    stream._write_record_message = note  # noqa: SLF001  # as above
    out = io.BytesIO()
    with redirect_stdout(io.TextIOWrapper(out, encoding="utf-8", write_through=True)):
        contents = as_json(_made(records)) if stream.is_plain else copy.deepcopy(records)
        tap.output.rows(Rows(stream, Records([""] * len(records), [None] * len(records), contents), version))
        schema, *lines = out.getvalue().split(b"\n")[:-1]
    assert json.loads(schema)["type"] == "SCHEMA"
    return [json.loads(line) for line in lines], len(one_by_one) == len(records)


def _without_time(messages: list[dict[str, Any]]) -> str:
    for message in messages:
        assert message.pop("time_extracted")
    # As text: 0.0 and -0.0 are equal to each other.
    return json.dumps(messages, sort_keys=True)


@pytest.mark.parametrize("version", [None, 1717000000000])
def test_plain_records_are_written_at_once_as_the_sdk_would_write_them(version: int | None) -> None:
    found, is_by_sdk = _written(RECORDS, version=version)
    # A map that changes nothing is still a map.
    expected, is_expected_by_sdk = _written(RECORDS, version=version, stream_maps={"tasks": {"title": "title"}})

    assert (is_by_sdk, is_expected_by_sdk) == (False, True)
    assert _without_time(found) == _without_time(expected)
    assert [message["record"] for message in found] == RECORDS
    assert {message.get("version") for message in found} == {version}


def test_half_a_character_is_written() -> None:
    found, _ = _written([*RECORDS[:2], HALF])

    assert [message["record"] for message in found] == [*RECORDS[:2], HALF]


def test_a_column_that_is_not_selected_is_left_out() -> None:
    selection = copy.deepcopy(dict(catalog("tasks")))
    entry = next(one for one in selection["streams"] if one["stream"] == "tasks")
    entry["metadata"].append({"breadcrumb": ["properties", "title"], "metadata": {"selected": False}})

    found, is_by_sdk = _written(RECORDS, selection=selection)

    assert is_by_sdk
    assert not any("title" in message["record"] for message in found)


def test_a_map_changes_records() -> None:
    found, _ = _written(RECORDS[:2], stream_maps={"tasks": {"title": "'x'", "__alias__": "todo"}})

    assert {(message["stream"], message["record"]["title"]) for message in found} == {("todo", "x")}


def test_flattening_changes_records() -> None:
    found, is_by_sdk = _written(RECORDS[:2], flattening_enabled=True, flattening_max_depth=1)

    assert is_by_sdk
    assert isinstance(found[0]["record"]["additional_properties"], str)
