"""A proxy as companies have them: it leads connections on, without seeing what goes through them."""

from __future__ import annotations

import socket
import socketserver
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from tests.listening import listening

if TYPE_CHECKING:
    from collections.abc import Iterator

_PART = 2**16


class Tunnel(socketserver.ThreadingTCPServer):
    """Listens on a free port of this machine.

    Args:
        answer: Status and reason of its answers; it leads on only where that is 200.

    Attributes:
        asked: The head of every request so far.
    """

    daemon_threads = True

    def __init__(self, answer: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer = answer
        self.asked: list[bytes] = []

    @property
    def url(self) -> str:
        """What a variable such as HTTPS_PROXY is to say."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(socketserver.StreamRequestHandler):
    server: Tunnel
    rbufsize = 0  # what follows the head is for the other end

    def handle(self) -> None:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += self.rfile.readline()
        self.server.asked.append(head)
        self.wfile.write(f"HTTP/1.1 {self.server.answer}\r\n\r\n".encode())
        if not self.server.answer.startswith("200"):
            return
        host, _, port = head.split(b" ")[1].decode().rpartition(":")
        with socket.create_connection((host, int(port))) as other:
            back = threading.Thread(target=_lead, args=(other, self.connection), daemon=True)
            back.start()
            _lead(self.connection, other)
            back.join()


def _lead(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while part := source.recv(_PART):
            target.sendall(part)
        target.shutdown(socket.SHUT_WR)


@contextmanager
def tunnel(answer: str = "200 Connection established") -> Iterator[Tunnel]:
    """Run a proxy."""
    server = Tunnel(answer)
    with listening(server):
        yield server
