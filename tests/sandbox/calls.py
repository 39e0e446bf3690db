"""A request, the operation that it asks for, and the answer: what all three systems share."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, NOT_FOUND, NOT_ALLOWED, CONFLICT, BAD_TYPE, TOO_MANY = 400, 401, 403, 404, 405, 409, 415, 429

_PARAMETER = re.compile(r"\{(\w+)\}")


@dataclass
class LoggedRequest:
    """What a test sees of a request.

    Attributes:
        system: `hiringcenter`, `prospectb2b` or `closershq`.
        method: In capitals.
        path: Below the system's base URL, as sent.
        query: All values of each parameter.
        headers: Names in lower case.
        body: The JSON that was sent, else the text, else None.
        at: When it arrived, in seconds since 1970, by the real clock.
        stream: The stream that is read from this operation, or None.
        table: The table that the operation is about: of a write, the stream that it belongs to.
        status: Status of the answer; None while there is none, and when none was sent.
        fault: Action of the fault that it met.
        is_replay: Whether an earlier answer was given again because of its idempotency key.
        is_performed: Whether it was carried out, whatever became of the answer; a replay and a refused request were not.
        request_id: ProspectB2B's request id.
    """

    system: str
    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: Any
    at: float
    stream: str | None = None
    table: str | None = None
    status: int | None = None
    fault: str | None = None
    is_replay: bool = False
    is_performed: bool = False
    request_id: str | None = None


@dataclass(frozen=True)
class Operation:
    """One documented operation.

    Attributes:
        method: In capitals.
        path: With parameters in braces.
        does: Name of the system's method that carries it out.
        table: The table it is about.
        scope: What the key must be allowed.
        query: Query parameters that are listed for it.
        body: Name of its body's form; None forbids a body.
        body_is_optional: Whether the body may be left out.
        takes_key: Whether an idempotency key is listed for it.
        reads: Whether the stream `table` is read from it.
    """

    method: str
    path: str
    does: str
    table: str = ""
    scope: str | None = None
    query: tuple[str, ...] = ()
    body: str | None = None
    body_is_optional: bool = False
    takes_key: bool = False
    reads: bool = False

    @property
    def stream(self) -> str | None:
        """The stream that is read from it."""
        return self.table if self.reads else None


class Refusal(Exception):  # noqa: N818 - it is an answer, not a mistake of the sandbox
    """An answer that says no."""

    def __init__(self, status: int, message: str, *, headers: Mapping[str, str] | None = None, extra: Mapping[str, Any] | None = None) -> None:
        """Say why.

        Args:
            status: Its status.
            message: What is wrong.
            headers: Headers of the answer.
            extra: Further properties of the error body.
        """
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = dict(headers or {})
        self.extra = dict(extra or {})


@dataclass
class Answer:
    """What goes back.

    Attributes:
        status: The status; None sends nothing at all.
        payload: JSON to send, unless there is `raw`.
        headers: Headers beside type and length.
        raw: The body, if it isn't JSON.
        content_type: Type of `raw`.
        wire: How it is sent: `plain`, `reset`, `half`, `drip`.
        pace: Seconds per byte of a drip.
    """

    status: int = 200
    payload: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    content_type: str = "application/json"
    wire: str = "plain"
    pace: float = 1.0

    def body(self) -> bytes:
        """The bytes of the body."""
        if self.raw is not None:
            return self.raw
        try:
            return json.dumps(self.payload, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            # A lone surrogate can only be sent escaped.
            return json.dumps(self.payload).encode()


@dataclass
class Call:
    """A request that found its operation.

    Attributes:
        log: What a test sees of it.
        content: Its body as it came.
        operation: What it asks for.
        ids: Values of the path's parameters, in their order.
    """

    log: LoggedRequest
    content: bytes
    operation: Operation
    ids: tuple[str, ...]

    @property
    def body(self) -> dict[str, Any]:
        """Its JSON object, once that was checked."""
        return self.log.body if isinstance(self.log.body, dict) else {}

    def value(self, name: str) -> str | None:
        """The last value of a query parameter."""
        values = self.log.query.get(name)
        return values[-1] if values else None


class Router:
    """Finds the operation of a path; fixed words win over parameters."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        """Take all operations of one system."""
        self._by_path: dict[str, list[Operation]] = defaultdict(list)
        for operation in operations:
            self._by_path[operation.path].append(operation)
        patterns = sorted(self._by_path, key=lambda path: (path.count("{"), path))
        self._patterns = [(re.compile(_PARAMETER.sub("([^/]+)", path)), path) for path in patterns]

    def find(self, method: str, path: str) -> tuple[Operation, tuple[str, ...]]:
        """The operation with the values of its path's parameters.

        Raises:
            Refusal: There is no such path, or the path has no such method.
        """
        is_known = False
        for pattern, template in self._patterns:
            found = pattern.fullmatch(path)
            if not found:
                continue
            is_known = True
            for operation in self._by_path[template]:
                if operation.method == method:
                    return operation, tuple(unquote(value) for value in found.groups())
        if is_known:
            raise Refusal(NOT_ALLOWED, f"{method} is not for this path.")
        raise Refusal(NOT_FOUND, "There is nothing at this path.")


def parse_query(text: str) -> dict[str, list[str]]:
    """All values of each parameter; blank ones too."""
    return parse_qs(text, keep_blank_values=True)


def parse_body(content: bytes) -> Any:  # noqa: ANN401 - any JSON
    """The JSON in a body, else its text, else None."""
    if not content:
        return None
    text = content.decode("utf-8", "replace")
    try:
        return json.loads(text)
    except ValueError:
        return text


def require_parameters(call: Call, allowed: Iterable[str]) -> None:
    """Refuse what the operation doesn't list, and a parameter twice unless it may be.

    Raises:
        Refusal: Such a parameter was sent.
    """
    allowed = set(allowed)
    for name, values in call.log.query.items():
        if name not in allowed:
            raise Refusal(BAD_REQUEST, f"There is no query parameter {name!r} here.")
        if len(values) > 1 and name != "label":
            raise Refusal(BAD_REQUEST, f"The query parameter {name!r} came more than once.")


def read_limit(call: Call, default: int, most: int | None) -> int:
    """The page size that a request asks for.

    Raises:
        Refusal: It is no whole number, or out of range.
    """
    text = call.value("limit")
    if text is None:
        return default
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise Refusal(BAD_REQUEST, "limit must be a whole number above 0.")
    if most is not None and int(text) > most:
        raise Refusal(BAD_REQUEST, f"limit must not be greater than {most}.")
    return int(text)
