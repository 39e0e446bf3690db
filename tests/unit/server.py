"""A server that gives the answers of a script over real sockets, and a transport that asks it."""

from __future__ import annotations

import socketserver
import struct
import threading
import time
from contextlib import contextmanager, suppress
from socket import SO_LINGER, SOL_SOCKET
from typing import TYPE_CHECKING, Any

from tap_hiringcenter.api.request import Request
from tap_hiringcenter.api.systems import PROSPECTB2B, System
from tap_hiringcenter.api.transport import Transport
from tap_hiringcenter.api.usage import Allowance
from tests.listening import listening

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Respond = Callable[["Handler"], None]

KEY = "pb2b_live_test_key"
LEADS = Request("GET", "/leads", query={"updated_after": "2026-01-01", "email": "avery@example.com"})


class Handler(socketserver.StreamRequestHandler):
    """Reads one request and gives the next answer of the script."""

    server: Server

    def handle(self) -> None:
        line = self.rfile.readline().decode().strip()
        headers = {}
        while header := self.rfile.readline().decode().strip():
            name, _, value = header.partition(": ")
            headers[name.lower()] = value
        body = self.rfile.read(int(headers.get("content-length", 0)))
        with self.server.lock:
            self.server.seen.append((line, headers))
            self.server.bodies.append(body)
            respond = self.server.script.pop(0) if len(self.server.script) > 1 else self.server.script[0]
        with suppress(OSError):  # the client may not wait for the rest
            respond(self)


class Server(socketserver.ThreadingTCPServer):
    """Gives the answers of a script, one for each connection; the last one for ever.

    Attributes:
        script: The answers.
        seen: Request lines with their headers.
        bodies: The bodies of the same requests.
    """

    daemon_threads = True

    def __init__(self, *script: Respond) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.script = list(script)
        self.seen: list[tuple[str, dict[str, str]]] = []
        self.bodies: list[bytes] = []
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


@contextmanager
def serving(*script: Respond) -> Iterator[Server]:
    """A server while it is needed."""
    server = Server(*script)
    with listening(server):
        yield server


def raw(content: bytes) -> Respond:
    """These bytes, then the end of the connection."""
    return lambda handler: (handler.wfile.write(content), None)[1]


def plain(content: bytes = b'{"data": []}', status: str = "200 OK", **headers: str) -> Respond:
    """A whole answer."""
    lines = {"Content-Length": str(len(content)), "Connection": "close", **{name.replace("_", "-"): value for name, value in headers.items()}}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return raw(f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + content)


def drip(at_once: bytes, one_by_one: bytes) -> Respond:
    """Bytes at once, and then others one at a time."""

    def respond(handler: Handler) -> None:
        handler.wfile.write(at_once)
        for place in range(len(one_by_one)):
            time.sleep(0.02)
            handler.wfile.write(one_by_one[place : place + 1])

    return respond


def reset(handler: Handler) -> None:
    """Cut the connection hard."""
    handler.request.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
    handler.request.close()


def silent(handler: Handler) -> None:
    """Answer nothing until the client goes away."""
    handler.rfile.read()


def transport(url: str, *, system: System = PROSPECTB2B, most: int | None = None, **settings: Any) -> Transport:  # noqa: ANN401  # settings are of many types
    """A transport to a server."""
    config = {
        "max_concurrency": 2,
        f"{system.name}_api_url": url,
        f"{system.name}_api_key": KEY,
        f"{system.name}_requests_per_minute": 1000,
        f"{system.name}_requests_per_hour": 1000,
        "request_timeout_seconds": 5,
        **settings,
    }
    return Transport(system, config, Allowance(most))


def everything(error: BaseException | None) -> str:
    """Everything that an error and those behind it say when a logger prints them."""
    return "" if error is None else f"{error!r} {error} {everything(error.__cause__ or (None if error.__suppress_context__ else error.__context__))}"
