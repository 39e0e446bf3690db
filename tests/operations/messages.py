"""What tap and target can say: every sentence that stands in their source.

How a message comes to be raised, logged or put together differs too much to be followed. So each text of two words or more counts as one,
wherever it stands, but for what documents the source or describes a setting; the few that nobody is told are named here.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("tap_hiringcenter", "target_hiringcenter")
# Another program, with a page of its own: docs/pipelines.md.
_APART = {"tap_hiringcenter/reconcile.py"}

_DESCRIPTIONS = {"description", "title"}
_PLACE = re.compile(r"%(?:\.\d)?[sdf]")
_WORDS = re.compile(r"[a-z…] [a-z…]")

NO_MESSAGES = {
    # What is put together of others, with nothing of its own.
    "… …",
    "…: … …",
    "(request id …)",
    # A header, names of threads, of requests in idempotency keys, of a kind of key and of what a body must be.
    "Bearer …",
    "watch time-outs",
    "ask …",
    "read …",
    "write …",
    "action …",
    "after …",
    "without key properties",
    "JSON, or nothing at all",
    "anything: the status alone counts",
    # What the catalog says of streams, which docs/guarantees.md repeats.
    (
        "A row that was deleted just stops coming: a full-table sync finds it missing. One that becomes visible later than lookback_seconds "
        "after its time shows with its next change, or in a full-table sync."
    ),
    "Read for the rows of {root} that changed: what changes without them, and what was deleted, shows with child_sync: full.",
    "Read whole in each run: what came and went between two runs does not show.",
    "Only the creation of a note is dated: an edit shows in a full-table sync.",
    "How many records the feed holds, and in which order, is not documented.",
    "A lead without updated_at may pass no filter: only a full-table sync is sure to show it.",
    # Errors that are caught where a value is put aside.
    "not a time: …",
    "not a time within the years 1 to 9999: …",
}


def sentences(source: str) -> set[str]:
    """The texts of a module that somebody may be told, with `…` for what differs.

    Args:
        source: The module.
    """
    tree = ast.parse(source)
    skipped: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr):
            skipped.add(id(node.value))
        elif isinstance(node, ast.keyword) and node.arg in _DESCRIPTIONS:
            skipped |= {id(part) for part in ast.walk(node.value)}
        elif isinstance(node, ast.JoinedStr):
            skipped |= {id(part) for part in node.values}
    texts = (_text(node) for node in ast.walk(tree) if id(node) not in skipped)
    return {plain(text) for text in texts if text and _WORDS.search(_PLACE.sub("…", text))}


def plain(text: str) -> str:
    """A message as it is compared: its first line, without what differs at its end."""
    return _PLACE.sub("…", text).partition("\n")[0].strip().removesuffix(" …")


def _text(node: ast.AST) -> str | None:
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def all_messages() -> dict[str, set[str]]:
    """Every message, with the files that it stands in."""
    found: dict[str, set[str]] = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            if name not in _APART:
                for text in sentences(path.read_text(encoding="utf-8")):
                    found.setdefault(text, set()).add(name)
    return found
