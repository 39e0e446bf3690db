"""The HTTP side: a threaded server on a loopback port that keeps connections open and can cut them off."""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import threading
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, abort, jsonify, request
from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from tests.sandbox.changes import change_world
from tests.sandbox.engine import SYSTEMS, Engine, Message
from tests.sandbox.streams import READABLE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.sandbox.account import Account
    from tests.sandbox.calls import Answer

_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
_CUT_OFF = struct.pack("ii", 1, 0)


def make_app(engine: Engine) -> Flask:
    """The application: three APIs, and the sandbox's own pages beside them.

    Args:
        engine: What answers the three APIs.
    """
    app = Flask("sandbox", static_folder=None)
    app.url_map.merge_slashes = False
    account: Account = engine.account

    def serve(name: str, base: str) -> Response:
        path, _, query = str(request.environ["REQUEST_URI"]).partition("?")
        headers = {header.lower(): value for header, value in request.headers.items()}
        message = Message(request.method, path.removeprefix(base), query, headers, request.get_data())
        answer = engine.answer(name, message)
        request.environ["sandbox.answer"] = answer
        return Response(answer.body(), answer.status, answer.headers, content_type=answer.content_type)

    for system in SYSTEMS:
        app.add_url_rule(
            f"{system.base}/<path:path>",
            system.name,
            lambda path, name=system.name, base=system.base: serve(name, base),  # noqa: ARG005 - the path is taken as it was sent
            methods=_METHODS,
            provide_automatic_options=False,
        )

    @app.get("/sandbox/truth")
    def counts() -> Response:
        return jsonify({stream: len(account.truth(stream)) for stream in READABLE})

    @app.get("/sandbox/truth/<stream>")
    def rows(stream: str) -> Response:
        try:
            return jsonify(account.truth(stream))
        except ValueError:
            abort(404)

    @app.post("/sandbox/change")
    def change() -> Response:
        return jsonify(change_world(account))

    return app


class _Server(ThreadedWSGIServer):
    """A thread for each connection, all of which it knows."""

    def __init__(self, engine: Engine, port: int) -> None:
        """Listen."""
        super().__init__("127.0.0.1", port, make_app(engine), _Handler)
        self.stopping: threading.Event = engine.stopping
        self.clock = engine.account.clock
        self.connections: set[socket.socket] = set()

    def end_connections(self) -> None:
        """Close what clients have kept open."""
        for connection in list(self.connections):
            # Some may end by themselves in the meantime.
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class _Handler(WSGIRequestHandler):
    """Werkzeug's own closes the connection after each answer and waits for the rest of the body, which the application here has always read."""

    protocol_version = "HTTP/1.1"
    # Headers and body go out at once; otherwise each answer waits for the client's delayed acknowledgement.
    disable_nagle_algorithm = True
    server: _Server

    def setup(self) -> None:
        """Remember the connection, so that stopping can end it."""
        super().setup()
        self.server.connections.add(self.connection)

    def finish(self) -> None:
        """Forget it."""
        self.server.connections.discard(self.connection)
        super().finish()

    def run_wsgi(self) -> None:
        """Answer one request."""
        environ = self.make_environ()
        begun: list[tuple[str, list[tuple[str, str]]]] = []

        def start(status: str, headers: list[tuple[str, str]], _: object = None) -> Any:  # noqa: ANN401 - WSGI's writer, which nobody uses
            begun.append((status, headers))

        chunks: Iterable[bytes] = self.server.app(environ, start)
        content = b"".join(chunks)
        answer: Answer | None = environ.get("sandbox.answer")
        if answer and answer.wire == "reset":
            self._cut_off()
            return
        status, headers = begun[0]
        code, _, phrase = status.partition(" ")
        lines = [
            f"HTTP/1.1 {code} {phrase}",
            f"Date: {self.date_time_string(self.server.clock.now().timestamp())}",
            *(f"{name}: {value}" for name, value in headers),
        ]
        head = "\r\n".join([*lines, "", ""]).encode("latin-1")
        body = b"" if self.command == "HEAD" or int(code) == HTTPStatus.NO_CONTENT else content
        if answer and answer.wire == "half":
            self.wfile.write(head + body[: len(body) // 2])
            # A reset overtakes what the client has not read yet.
            self.server.stopping.wait(0.05)
            self._cut_off()
        elif answer and answer.wire == "drip":
            self._drip(head, body, answer.pace)
        else:
            self.wfile.write(head + body)

    def _drip(self, head: bytes, body: bytes, pace: float) -> None:
        self.wfile.write(head)
        for place in range(len(body)):
            if self.server.stopping.wait(pace):
                self._cut_off()
                return
            self.wfile.write(body[place : place + 1])

    def _cut_off(self) -> None:
        """Send a reset instead of an orderly end."""
        self.close_connection = True
        self.server.connections.discard(self.connection)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _CUT_OFF)
        os.close(self.connection.detach())

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002 - werkzeug's name
        """Stay silent."""


class HttpServer:
    """A running server."""

    def __init__(self, engine: Engine, port: int) -> None:
        """Listen.

        Args:
            engine: What answers.
            port: The port; 0 takes a free one.
        """
        self._server = _Server(engine, port)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.005}, name="sandbox", daemon=True)
        self.url = f"http://127.0.0.1:{self._server.port}"

    def start(self) -> None:
        """Serve in a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """Stop at once, and end every open connection."""
        self._server.stopping.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._server.end_connections()
