"""A man in the middle: passes requests on to the sandbox, and writes any bytes that a test wants in the place of the answer."""

from __future__ import annotations

import contextlib
import http.client
import json
import sys
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from typing_extensions import Self


@dataclass(frozen=True)
class Truth:
    """The honest answer.

    Attributes:
        body: Its body.
        path: Path and query of the request.
    """

    body: bytes
    path: str

    @property
    def json(self) -> Any:  # noqa: ANN401 - any JSON
        """The body, parsed."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Bytes:
    """What is written to the wire.

    Attributes:
        parts: Bytes, one write after the other, with a pause between them.
        closes: Whether the connection is closed behind them.
    """

    parts: tuple[bytes, ...]
    closes: bool = False


def plain(body: bytes, *headers: str, status: str = "200 OK", length: int | None = None, kind: str = "application/json") -> bytes:
    """An answer with its length.

    Args:
        body: Its body.
        headers: More lines of its head.
        status: Status and phrase.
        length: Another length than the body has.
        kind: Its content type.
    """
    own_length = len(body) if length is None else length
    return b"\r\n".join([head(status, f"Content-Type: {kind}", f"Content-Length: {own_length}", *headers), b"", body])


def head(status: str, *headers: str) -> bytes:
    """The head of an answer, without the empty line that ends it."""
    return "\r\n".join([f"HTTP/1.1 {status}", *headers]).encode("latin-1")


class _Server(ThreadingHTTPServer):
    """A thread for each connection, which ends with its client, and which nobody waits for."""

    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - as it is declared there
        """Stay silent when a client has gone away: an answer that lies often is a reason to."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class Wire:
    """Stands between the tap and a sandbox.

    Args:
        url: Where the sandbox is.
        path: The end of the paths that are lied about.
        lie: Makes what is written in the place of an honest answer with status 200.
        times: How often; None is for ever.

    Attributes:
        url: Where this is.
        told: How often it lied.
        requests: How many requests came.
    """

    def __init__(self, url: str, path: str, lie: Callable[[Truth], Bytes], times: int | None = None) -> None:
        self.told = 0
        self.requests = 0
        self._behind = urlsplit(url).netloc
        self._path = path
        self._lie = lie
        self._times = times
        self._lock = threading.Lock()
        self._pause = threading.Event()
        wire = self

        class Handler(BaseHTTPRequestHandler):
            """Passes one connection on."""

            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                """Ask the sandbox, and answer as it does or otherwise."""
                answer = wire.answer(self.path, self.headers.get("Authorization", ""))
                with contextlib.suppress(ConnectionError):
                    for number, part in enumerate(answer.parts):
                        if number:
                            wire.wait(0.03)
                        self.wfile.write(part)
                self.close_connection = self.close_connection or answer.closes

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
                """Stay silent."""

        self._server = _Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.005}, daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        """Listen."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self._pause.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def wait(self, seconds: float) -> None:
        """Wait, but not longer than this is open."""
        self._pause.wait(seconds)

    def answer(self, path: str, key: str) -> Bytes:
        """What a request is answered with."""
        with self._connected() as behind:
            behind.request("GET", path, headers={"Authorization": key, "Accept": "application/json"})
            response = behind.getresponse()
            body = response.read()
        with self._lock:
            self.requests += 1
            is_meant = response.status == http.HTTPStatus.OK and urlsplit(path).path.endswith(self._path)
            is_lie = is_meant and (self._times is None or self.told < self._times)
            self.told += is_lie
        if is_lie:
            return self._lie(Truth(body, path))
        return Bytes((plain(body, status=f"{response.status} {response.reason}"),))

    @contextlib.contextmanager
    def _connected(self) -> Iterator[http.client.HTTPConnection]:
        connection = http.client.HTTPConnection(self._behind, timeout=30)
        try:
            yield connection
        finally:
            connection.close()
