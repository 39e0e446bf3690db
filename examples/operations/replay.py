# ruff: noqa: INP001  # a program to copy, in no package
"""Singer messages of just those records that target-hiringcenter has rejected.

    tap-of-your-choice --config config.json | python replay.py hiringcenter-rejects.jsonl | target-hiringcenter --config target.json

The rejects file holds keys and no records, so the tap must send all that it has: from no STATE. What passes are the records whose stream and
key stand in the file, untouched, and the SCHEMA messages of their streams; no STATE, which would tell that all of it was read. A line on
standard error says how many of the records have come. Names must be those that the target saw: stream maps that rename belong to the tap.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

Rejected = set[tuple[str, str]]


def rejected(lines: Iterable[str]) -> tuple[Rejected, int]:
    """What a rejects file names.

    Args:
        lines: Its lines.

    Returns:
        The records, each once, and the number of lines without a key, which name none.
    """
    rejects = [json.loads(line) for line in lines]
    return {(reject["stream"], _key(reject["key"])) for reject in rejects if reject["key"]}, sum(not reject["key"] for reject in rejects)


def chosen(lines: Iterable[str], wanted: Rejected, found: Rejected) -> Iterator[str]:
    """Leave out of Singer messages all records but some.

    Args:
        lines: The messages.
        wanted: The records to let through.
        found: Is given those among them that have come.

    Yields:
        The messages that are let through.
    """
    streams = {stream for stream, _ in wanted}
    keys: dict[str, list[str]] = {}
    for line in lines:
        message = json.loads(line)
        stream = message.get("stream")
        if stream not in streams:
            continue
        if message["type"] == "SCHEMA":
            keys[stream] = message["key_properties"]
            yield line
        elif message["type"] == "RECORD":
            name = (stream, _key({column: message["record"].get(column) for column in keys[stream]}))
            if name in wanted:
                found.add(name)
                yield line


def _key(key: Mapping[str, Any]) -> str:
    """A key as the ledger takes it: a number is the same as its digits."""
    return json.dumps({column: str(value) for column, value in key.items()}, sort_keys=True)


def main(arguments: list[str] | None = None, messages: IO[str] = sys.stdin, out: IO[str] = sys.stdout) -> str | None:
    """Run the program.

    Args:
        arguments: The command line.
        messages: Where the tap's messages come from.
        out: Where the chosen ones go.

    Returns:
        What went wrong, or None.
    """
    parser = argparse.ArgumentParser(description="Let only rejected records through.")
    parser.add_argument("rejects", type=Path, help="what rejects_path names")
    file = parser.parse_args(arguments).rejects
    try:
        with file.open(encoding="utf-8") as lines:
            wanted, unknown = rejected(lines)
    except OSError as error:
        return f"{file} can't be read: {error.strerror}"
    except (ValueError, LookupError, TypeError):
        return f"{file} has a line that is no reject, as after a full disk: nothing was let through. Take that line out"
    found: Rejected = set()
    for line in chosen(messages, wanted, found):
        out.write(line)
    sys.stderr.write(f"{len(found)} of {len(wanted)} rejected records came again; rejects without a key: {unknown}\n")
    return None


if __name__ == "__main__":
    sys.exit(main())
