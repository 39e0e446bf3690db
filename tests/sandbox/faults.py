"""Faults that a test plants: which requests they meet, and what then happens."""

from __future__ import annotations

import copy
import re
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, get_args

from tests.sandbox.calls import Answer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.sandbox.calls import LoggedRequest

Action = Literal[
    "status", "reset", "reset_body", "drip", "delay", "html", "broken_json", "empty_body", "body", "edit", "redirect", "lost"
]  # fmt: skip

# After these the request is still carried out; the others take its place.
_AFTERWARDS = ("reset_body", "drip", "delay", "edit", "lost")
_GLOB = {"**": ".*", "*": "[^/]*", "?": "[^/]"}


@dataclass
class Fault:
    """Something that goes wrong.

    Attributes:
        action: What happens: `status` (refused with status, headers, body), `reset` (cut off before the headers), `reset_body` (cut off
            after half of the body), `drip` (a byte every `seconds`), `delay` (`seconds` go by first), `html` (200 with a page), `broken_json`,
            `empty_body`, `body` (200 with that JSON), `edit` (a callable makes another JSON of the real one), `redirect` (to `location`),
            `lost` (carried out, but the connection is cut off before the headers, or `status` is answered instead).
        path: A glob over the path below the system's base (`*` stops at a slash, `**` doesn't), or a compiled pattern that must match it all.
        method: Only this method.
        system: Only this system.
        stream: Only operations that this stream is read from.
        query_contains: Only requests whose query holds this text, as `name=value` pairs joined by `&`, decoded.
        where: Only requests for which this is true.
        times: How often; None is for ever.
        after: How many matching requests pass first.
        status: Status of `status`, `redirect` and `body` (which have 503, 302 and 200), and of `lost`.
        headers: Headers of the answer.
        body: JSON of `body` and `status`.
        edit: Gets the real JSON, returns another.
        location: Where `redirect` leads.
        seconds: Length of `delay`, or of each byte of `drip`.
        seen: How many requests matched so far.
        played: How many met the fault so far.
    """

    action: Action
    path: str | re.Pattern[str] = "**"
    method: str | None = None
    system: str | None = None
    stream: str | None = None
    query_contains: str | None = None
    where: Callable[[LoggedRequest], bool] | None = None
    times: int | None = 1
    after: int = 0
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    edit: Callable[[Any], Any] | None = None
    location: str = ""
    seconds: float = 1.0
    seen: int = field(default=0, init=False)
    played: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        """Refuse what could never work.

        Raises:
            ValueError: The action is unknown, or lacks what it needs.
        """
        if self.action not in get_args(Action):
            message = f"no such action: {self.action!r}"
            raise ValueError(message)
        if (self.action == "edit" and self.edit is None) or (self.action == "redirect" and not self.location):
            message = f"the action {self.action} needs more than its name"
            raise ValueError(message)
        self._pattern = re.compile(_glob(self.path)) if isinstance(self.path, str) else self.path

    @property
    def is_afterwards(self) -> bool:
        """Whether the request is carried out all the same."""
        return self.action in _AFTERWARDS

    def matches(self, request: LoggedRequest) -> bool:
        """Whether it is meant for this request."""
        query = "&".join(f"{name}={value}" for name, values in request.query.items() for value in values)
        return (
            self.system in {None, request.system}
            and self.method in {None, request.method}
            and self.stream in {None, request.stream}
            and (self.query_contains is None or self.query_contains in query)
            and self._pattern.fullmatch(request.path) is not None
            and (self.where is None or self.where(request))
        )

    def answer(self) -> Answer:
        """What comes in place of the real answer."""
        headers = dict(self.headers)
        if self.action == "status":
            payload = {"error": {"code": "fault", "message": "As planted."}} if self.body is None else self.body
            return Answer(self.status or 503, payload, headers)
        if self.action == "redirect":
            return Answer(self.status or 302, headers={"Location": self.location, **headers}, raw=b"")
        if self.action == "body":
            return Answer(self.status or 200, self.body, headers)
        if self.action == "html":
            page = b"<!doctype html><html><head><title>Please wait</title></head><body><h1>Maintenance</h1></body></html>"
            return Answer(self.status or 200, headers=headers, raw=page, content_type="text/html; charset=utf-8")
        if self.action == "broken_json":
            return Answer(self.status or 200, headers=headers, raw=b'{"data": [{"id": "lead_0')
        return Answer(self.status or 200, headers=headers, raw=b"", wire="reset" if self.action == "reset" else "plain")

    def spoil(self, answer: Answer) -> Answer:
        """What becomes of the real answer."""
        if self.action == "edit" and self.edit is not None:
            # The payload may hold rows of the store itself.
            return Answer(answer.status, self.edit(copy.deepcopy(answer.payload)), answer.headers)
        if self.action == "lost" and self.status:
            return Answer(self.status, self.body or {"message": "As planted."}, dict(self.headers))
        answer.wire = {"lost": "reset", "reset_body": "half", "drip": "drip"}.get(self.action, answer.wire)
        answer.pace = self.seconds
        return answer


class FaultPlan:
    """All planted faults, first come first served."""

    def __init__(self) -> None:
        """Start with none."""
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> None:
        """Plant one more."""
        with self._lock:
            self._faults.append(fault)

    def clear(self) -> None:
        """Remove all."""
        with self._lock:
            self._faults.clear()

    def meet(self, request: LoggedRequest) -> Fault | None:
        """The first fault that strikes this request; every fault counts the requests that it matches."""
        struck = None
        with self._lock:
            for fault in self._faults:
                if not fault.matches(request):
                    continue
                fault.seen += 1
                is_over = fault.times is not None and fault.played >= fault.times
                if struck is None and fault.seen > fault.after and not is_over:
                    fault.played += 1
                    struck = fault
        return struck


def _glob(text: str) -> str:
    return "".join(_GLOB.get(part, re.escape(part)) for part in re.split(r"(\*\*|\*|\?)", text))
