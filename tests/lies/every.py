"""All streams at once, layer by layer: lists that hang on nothing, the lists of their children, and those of their grandchildren."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.auditor import EVERY_STREAM
from tests.sandbox.streams import TABLES

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.running import Outcome
    from tests.sandbox import Sandbox


def _depth(stream: str) -> int:
    parent = TABLES[stream].parent if stream in TABLES else None
    return 0 if parent is None else 1 + _depth(parent)


LAYERS = tuple(tuple(stream for stream in EVERY_STREAM if _depth(stream) == depth) for depth in range(max(map(_depth, EVERY_STREAM)) + 1))


def _all_null(body: Any) -> Any:  # noqa: ANN401 - any JSON
    return dict.fromkeys(body) if isinstance(body, dict) else [None]


def _no_success(body: Any) -> Any:  # noqa: ANN401 - any JSON
    return {**body, "success": False} if isinstance(body, dict) else {"success": False, "items": body}


# Lies that no stream may believe, whatever its form.
WORST: dict[str, Callable[[Any], Any]] = {
    "an error": lambda _body: {"error": {"code": "internal"}, "success": False},
    "everything null": _all_null,
    "no success": _no_success,
    "another envelope": lambda body: {"result": body},
}


def lied_about(sandbox: Sandbox, run: Outcome, layer: int) -> list[str]:
    """Whether each stream of a layer, and each below one of them, was found out to be lied about.

    Args:
        sandbox: The liar.
        run: A run against it.
        layer: The layer that it lied about, in every answer.

    Returns:
        One sentence for each stream whose report doesn't say so, or doesn't name the request that shows it.
    """
    found = []
    for stream in (stream for streams in LAYERS[layer:] for stream in streams):
        asked = {request.path for request in sandbox.requests if request.stream in {stream, *_above(stream)}}
        entry = run.report["streams"][stream]
        if not any(path in (entry["reason"] or "") for path in asked) or entry["status"] not in {"failed", "partial"}:
            if _depth(stream) > layer and _above(stream).isdisjoint(LAYERS[layer]):
                continue
            found.append(f"{stream} is {entry['status']}: {entry['reason']}")
    return found


def _above(stream: str) -> set[str]:
    parent = TABLES[stream].parent if stream in TABLES else None
    return {parent, *_above(parent)} if parent else set()
