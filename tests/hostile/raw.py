"""A server that plays the APIs byte by byte: empty lists, working keys and writes that succeed, but for what a test puts in their place."""

from __future__ import annotations

import json
import socketserver
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.listening import listening

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator, Mapping

    Respond = Callable[["Handler"], None]

KEY = "pb2b_live_key_of_these_tests"


@dataclass(frozen=True)
class Asked:
    """A request as it came, before anything makes sense of it.

    Attributes:
        head: Its lines, the first one with method and path.
        body: What followed.
    """

    head: list[bytes]
    body: bytes

    @property
    def method(self) -> str:
        """Its method."""
        return self.head[0].split(b" ")[0].decode()

    @property
    def target(self) -> str:
        """Path and query, as they stand in the first line."""
        return b" ".join(self.head[0].split(b" ")[1:-1]).decode("latin-1")

    @property
    def path(self) -> str:
        """The path alone."""
        return self.target.partition("?")[0]

    def header(self, name: str) -> list[str]:
        """All headers of a name."""
        found = [line.split(b":", 1) for line in self.head[1:]]
        return [pair[1].strip().decode("latin-1") for pair in found if pair[0].decode("latin-1").lower() == name.lower()]


class Handler(socketserver.StreamRequestHandler):
    """Reads a request and answers it, until one of the two goes away."""

    server: RawServer
    disable_nagle_algorithm = True

    def handle(self) -> None:
        # The client may go at any moment, and what a test makes of a connection may have broken it.
        with suppress(OSError, ValueError):
            while (asked := self._read()) is not None:
                with self.server.lock:
                    self.server.asked.append(asked)
                respond = next((found for path, found in self.server.routes.items() if asked.path.endswith(path)), None)
                (respond or usual)(self)

    def _read(self) -> Asked | None:
        head: list[bytes] = []
        while (line := self.rfile.readline()) not in {b"\r\n", b"\n", b""}:
            head.append(line.rstrip(b"\r\n"))
        if not head:
            return None
        length = int(next((line.split(b":")[1] for line in head if line.lower().startswith(b"content-length:")), b"0"))
        return Asked(head, self.rfile.read(length))

    @property
    def asked(self) -> Asked:
        """The last request of all."""
        with self.server.lock:
            return self.server.asked[-1]


class RawServer(socketserver.ThreadingTCPServer):
    """Listens on a free port of this machine.

    Args:
        routes: What answers a path, by its end. All others get what an empty account answers.
        context: Makes it a server of https.

    Attributes:
        asked: Every request so far.
        stopping: Is set when it goes away.
    """

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, routes: Mapping[str, Respond] | None = None, context: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.routes = dict(routes or {})
        self.asked: list[Asked] = []
        self.lock = threading.Lock()
        self.stopping = threading.Event()
        self.scheme = "https" if context else "http"
        self._context = context

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])

    def finish_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - the library's own types
        """Speak TLS, if so wanted; in the thread of the connection."""
        if self._context is None:
            super().finish_request(request, client_address)
            return
        with suppress(OSError), self._context.wrap_socket(request, server_side=True) as secured:
            super().finish_request(secured, client_address)

    def config(self, *systems: str, host: str = "127.0.0.1", **settings: Any) -> dict[str, Any]:  # noqa: ANN401 - any setting
        """Settings that reach it.

        Args:
            systems: Which systems it is; ProspectB2B when none is named.
            host: The name that it goes by.
            settings: More settings.
        """
        found: dict[str, Any] = {"request_timeout_seconds": 5}
        for system in systems or ("prospectb2b",):
            found[f"{system}_api_key"] = KEY
            found[f"{system}_api_url"] = f"{self.scheme}://{host}:{self.port}/{system}"
            found[f"{system}_requests_per_minute"] = 100_000
        if "hiringcenter" in systems:
            found["hiringcenter_requests_per_hour"] = 100_000
        return {**found, **settings}


@contextmanager
def serving(routes: Mapping[str, Respond] | None = None, context: ssl.SSLContext | None = None) -> Iterator[RawServer]:
    """A server while it is needed; arguments as in `RawServer`."""
    server = RawServer(routes, context)
    with listening(server):
        try:
            yield server
        finally:
            server.stopping.set()


def answer(body: Any, status: str = "200 OK", headers: Mapping[str, str] | None = None) -> Respond:  # noqa: ANN401 - any JSON
    """A whole answer with JSON, or with bytes as they are."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = {"Content-Length": str(len(content)), **(headers or {})}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    whole = f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + content
    return lambda handler: (handler.wfile.write(whole), None)[1]


def listed(*rows: Mapping[str, Any], cursor: str | None = None) -> dict[str, Any]:
    """A list of ProspectB2B."""
    return {"data": list(rows), "pagination": {"next_cursor": cursor, "has_more": cursor is not None}, "request_id": "req_1"}


def usual(handler: Handler) -> None:
    """What an empty account answers, and one that takes every write."""
    path = handler.asked.path
    if handler.asked.method != "GET":
        row = {"id": "row_1", "attempt_count": 1}
        answer({"success": True, "item": row, "data": row, "request_id": "req_1"})(handler)
        return
    if path.startswith("/prospectb2b"):
        body: Any = {"data": {"id": "pak_1", "object": "public_api_identity"}} if path.endswith("/me") else listed()
    else:
        body = {"success": True, "items": [], "pagination": {"totalCount": 0}, "item": {"active": True}}
    answer(body)(handler)


def endless(head: bytes, piece: bytes, most: int = 64 * 1024**3) -> Respond:
    """A head, and then the same piece again and again until the client goes away, or has taken more than any could."""

    def respond(handler: Handler) -> None:
        handler.wfile.write(head)
        for _ in range(most // len(piece)):
            handler.wfile.write(piece)

    return respond
