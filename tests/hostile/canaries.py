"""Values that must never come out where only people read: in every field, every header and every error, and how they are looked for.

What may show a canary, and nothing else may (interface.md, sections 4.11 and 5, and docs/target.md):

- RECORD messages of the tap, since the rows are what it is for;
- the rejects file: the key columns of the record, under `key`;
- the plan of a dry run, and the file of webhook secrets: both are asked for, and only their owner can read them;
- the request id of an answer, and the ids of the APIs' rows in the path of a request. Neither is a canary here.
"""

from __future__ import annotations

import json
import re
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.sandbox import Fault
from tests.sandbox.calls import Answer
from tests.sandbox.engine import KEYS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.hostile.process import Ended

# Letters and digits only: no quoting in URLs, JSON or HTML changes it.
WORD = "canaryq7z"
DIGITS = "7319955"
EMAIL = f"{WORD}.mail@example.com"
PHONE = f"+1{DIGITS}1234"
_FOUND = re.compile(rf".{{0,60}}(?:{WORD}|{DIGITS}|{'|'.join(map(re.escape, KEYS.values()))}).{{0,30}}", re.IGNORECASE | re.DOTALL)

HEADERS = {
    "Set-Cookie": f"session={WORD}; Path=/",
    "X-Canary": WORD,
    "Server": WORD,
    "ETag": f'"{WORD}"',
    "WWW-Authenticate": f'Bearer realm="{WORD}"',
    "Link": f"<https://{WORD}.example/?key={KEYS['prospectb2b']}>; rel=next",
    "RateLimit-Policy": WORD,
    "X-Request-Id": "request-1",
}
ERROR = {
    "success": False,
    "error": {"code": WORD, "message": f"{EMAIL} {PHONE} {KEYS['prospectb2b']}", "details": [{"field": EMAIL, "value": WORD, WORD: WORD}]},
    "message": f"Bearer {KEYS['hiringcenter']}: {EMAIL} exists already",
    WORD: [WORD, {"email": EMAIL}],
    "request_id": "request-1",
}

# Everything that writes to a log at all, and at its lowest level.
LOGGING = """
version: 1
disable_existing_loggers: false
handlers: {all: {class: logging.StreamHandler, formatter: all}}
formatters: {all: {format: '%(asctime)s | %(levelname)s | %(name)s | %(message)s'}}
root: {level: DEBUG, handlers: [all]}
loggers:
  urllib3: {level: DEBUG}
  urllib3.connectionpool: {level: DEBUG}
  urllib3.util.retry: {level: DEBUG}
  requests: {level: DEBUG}
  http.client: {level: DEBUG}
  sqlalchemy: {level: DEBUG}
  sqlalchemy.engine: {level: DEBUG}
  sqlalchemy.pool: {level: DEBUG}
  singer_sdk: {level: DEBUG}
  tap_hiringcenter: {level: DEBUG}
  target_hiringcenter: {level: DEBUG}
"""

LOUD = {"LOGLEVEL": "DEBUG", "TAP_HIRINGCENTER_LOGLEVEL": "DEBUG", "TARGET_HIRINGCENTER_LOGLEVEL": "DEBUG"}


def loudest(folder: Path) -> dict[str, str]:
    """The environment in which everything is logged that can be."""
    path = folder / "logging.yaml"
    path.write_text(LOGGING, encoding="utf-8")
    return {**LOUD, "SINGER_SDK_LOG_CONFIG": str(path)}


# What a stream can't do without, and what no person is behind.
_PLAIN = re.compile(r"id|.*_id|.*Id|object|request_id|next_cursor|nextPageToken|scopes|permissions|currentStage|status")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z")


def mark(value: Any, name: str = "") -> Any:  # noqa: ANN401 - any JSON
    """Put a canary into every text of an answer that the tap doesn't need to go on, and a field that no document names into every object."""
    if isinstance(value, dict):
        marked = {key: item if _PLAIN.fullmatch(key) else mark(item, key) for key, item in value.items()}
        return {**marked, f"{WORD}_field": WORD} if name != "pagination" else marked
    if isinstance(value, list):
        return [mark(item, name) for item in value]
    if not isinstance(value, str) or _TIME.fullmatch(value):
        return value
    return {"email": EMAIL, "phone": PHONE}.get(name, f"{value} {WORD}")


@dataclass
class Marked(Fault):
    """An `edit` that comes with headers of its own."""

    def spoil(self, answer: Answer) -> Answer:
        """What becomes of the real answer."""
        spoilt = super().spoil(answer)
        return Answer(spoilt.status, spoilt.payload, {**HEADERS, **spoilt.headers, **self.headers})


def marked(edit: Callable[[Any], Any] = mark, **facts: Any) -> Marked:  # noqa: ANN401 - attributes of Fault
    """A fault that serves every answer with canaries.

    Args:
        edit: What is made of its JSON.
        facts: Which requests it meets; all reads, for ever, by default.
    """
    return Marked("edit", **{"method": "GET", "times": None, "edit": edit, **facts})


def leaks(text: str) -> list[str]:
    """The places of a text that show a canary or a key."""
    return _FOUND.findall(text)


def leaks_of(ended: Ended) -> list[str]:
    """Every place where a run shows a canary or a key and must not: in its output, its log, its report and all other files that it made."""
    found = [f"{name}: {place}" for name, text in _told(ended.folder) for place in leaks(text)]
    found += [f"{path.name} can be read by others" for path in ended.folder.iterdir() if path.name in _OWNERS and path.stat().st_mode & stat.S_IRWXO]
    return found


_OWNERS = {"plan.jsonl", "secrets.jsonl"}
# What the test itself has put there.
_GIVEN = {"in.txt", "config.json", "catalog.json", "state.json", "logging.yaml"}


def _told(folder: Path) -> Iterator[tuple[str, str]]:
    for path in folder.iterdir():
        if path.name in _GIVEN | _OWNERS or not path.is_file():
            continue
        text = path.read_bytes().decode("utf-8", "replace")
        lines = text.splitlines() if path.name in {"out.txt", "rejects.jsonl"} else [text]
        for line in lines:
            yield path.name, _without_what_is_allowed(path.name, line)


def _without_what_is_allowed(name: str, line: str) -> str:
    if name == "out.txt" and line.startswith('{"type":"RECORD"'):
        return ""
    if name == "rejects.jsonl":
        return json.dumps({column: value for column, value in json.loads(line).items() if column != "key"})
    return line
