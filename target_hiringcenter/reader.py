"""Reading Singer messages, with errors that quote no record."""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from typing import Any

import msgspec
from singer_sdk.io_base import SingerReader

from tap_hiringcenter.api.program import InputError

if sys.version_info >= (3, 12):
    from typing import override
else:
    from typing_extensions import override


_decode = msgspec.json.Decoder().decode


class Reader(SingerReader):
    """The SDK's reader, but for what it says of a line that it can't read, and for numbers: what is sent on is JSON again, without decimals."""

    @override
    def deserialize_json(self, line: str) -> dict[str, Any]:
        found = _parsed(line)
        if not isinstance(found, dict):
            msg = "A line of the input is not a Singer message"
            raise InputError(msg)
        return found

    @override
    def _process_unknown_message(self, message_dict: dict[str, Any]) -> None:
        msg = "A message of the input has a type that Singer does not know"
        raise InputError(msg)

    @override
    @staticmethod
    def assert_line_requires(line_dict: dict[str, Any], requires: set[str]) -> None:
        missing = sorted(requires - set(line_dict))
        if missing:
            msg = f"A message of the input has no {', '.join(missing)}"
            raise InputError(msg)


def _parsed(line: str) -> object:
    with suppress(msgspec.MsgspecError, ValueError, RecursionError):
        return _decode(line)
    # The json module takes three times as long, and takes halves of surrogate pairs, NaN, and numbers beyond a float's as well.
    try:
        return json.loads(line, parse_constant=str)
    except (ValueError, RecursionError) as error:
        msg = "A line of the input is not JSON: is what comes in the output of a tap?"
        raise InputError(msg) from error
