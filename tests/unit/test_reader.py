"""Lines that come in: read fast where that is right, and the same whichever way they are read."""

from __future__ import annotations

import json

import pytest

from tap_hiringcenter.api.program import InputError
from target_hiringcenter.reader import Reader

# What the json module makes of it, however it came.
LINES = [
    '{"a": [1, -0, 1.0, -0.0, 1E5, 0.1000000000000000055511151231257827, 123456789012345678901234567890, true, null]}\n',
    '{"a": 1e400, "b": -1e400}',
    '{"a": "\\ud800", "b": "\\ud83d\\ude00 \\u0000"}',
    '{"a": 1, "a": 2}',
    "  {}  ",
]


@pytest.mark.parametrize("line", LINES)
def test_a_line_is_read_as_the_json_module_reads_it(line: str) -> None:
    found = Reader().deserialize_json(line)
    assert repr(found) == repr(json.loads(line))


def test_what_is_no_number_is_kept_as_text() -> None:
    assert Reader().deserialize_json('{"a": NaN, "b": [-Infinity]}') == {"a": "NaN", "b": ["-Infinity"]}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("", "not JSON"),
        ("secret", "not JSON"),
        ('{"a": "secret', "not JSON"),
        ('{"a": "\x01"}', "not JSON"),
        ('{"a": 1} secret', "not JSON"),
        ("\ufeff{}", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ('["secret"]', "not a Singer message"),
        ("1", "not a Singer message"),
    ],
)
def test_what_is_no_message_is_refused_and_not_quoted(line: str, reason: str) -> None:
    with pytest.raises(InputError, match=reason) as caught:
        Reader().deserialize_json(line)
    assert "secret" not in str(caught.value)
