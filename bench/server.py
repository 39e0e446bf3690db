"""The server: plain asyncio, answers joined from bytes that are there already, so that it is never what is measured.

`/bench/statistics` tells what was asked since it was asked last; `/bench/slow` sets which paths wait before they answer.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import sys
import time
from collections import Counter
from email.utils import formatdate
from urllib.parse import parse_qsl

from bench.account import Account, Query

HIRINGCENTER = "/hiringcenter/v2"
PROSPECTB2B = "/prospectb2b/v1"
_END = b"\r\n\r\n"
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


class Site:
    """What all connections share.

    Args:
        account: The rows.
    """

    def __init__(self, account: Account) -> None:
        self._account = account
        self._counts: Counter[str] = Counter()
        self._busy_before = time.process_time()
        self._slow: re.Pattern[str] | None = None
        self._seconds = 0.0
        self._second = 0
        self._head = ""

    def answer(self, method: str, target: str, body: bytes) -> tuple[bytes, float]:
        """Answer a request.

        Args:
            method: HTTP method.
            target: Path and query.
            body: The request's body.

        Returns:
            The whole answer, and how long to wait before it is sent.
        """
        path, _, rest = target.partition("?")
        query = dict(parse_qsl(rest))
        content, rows = self._content(method, path, query, body)
        self._counts["rows"] += rows
        self._counts["bytes"] += len(content)
        wait = self._seconds if self._slow and self._slow.search(path) else 0.0
        return b"%bContent-Length: %d\r\n\r\n%b" % (self._headers(), len(content), content), wait

    def _content(self, method: str, path: str, query: Query, body: bytes) -> tuple[bytes, int]:
        if path == "/bench/statistics":
            return self._statistics(), 0
        if path == "/bench/slow":
            self._slow, self._seconds = re.compile(query["paths"]), float(query["seconds"])
            return b"{}", 0
        if path.startswith(HIRINGCENTER):
            self._counts["hiringcenter"] += 1
            return self._account.hiringcenter(path.removeprefix(HIRINGCENTER), query)
        self._counts["prospectb2b"] += 1
        path = path.removeprefix(PROSPECTB2B)
        return self._account.prospectb2b(path, query) if method == "GET" else self._account.write(path, body)

    def _statistics(self) -> bytes:
        busy = time.process_time()
        found = {"busy": busy - self._busy_before, **self._counts}
        self._busy_before = busy
        self._counts.clear()
        return json.dumps(found).encode()

    def _headers(self) -> bytes:
        if self._second != int(time.time()):
            self._second = int(time.time())
            self._head = f"HTTP/1.1 200 OK\r\nDate: {formatdate(self._second, usegmt=True)}\r\nContent-Type: application/json\r\n"
        return self._head.encode()


class Connection(asyncio.Protocol):
    """One connection, which is kept open; one request after the other, as HTTP clients send them.

    Args:
        site: What answers.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self._received = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep what is written to."""
        self._transport = transport  # type: ignore[assignment]  # a TCP connection's is one

    def data_received(self, data: bytes) -> None:
        """Answer every request that is whole."""
        self._received += data
        while (end := self._received.find(_END)) >= 0:
            head = self._received[:end]
            found = _LENGTH.search(head)
            whole = end + len(_END) + (int(found[1]) if found else 0)
            if len(self._received) < whole:
                return
            body, self._received = self._received[end + len(_END) : whole], self._received[whole:]
            method, target, _ = head.split(b"\r\n", 1)[0].decode().split(" ")
            content, wait = self._site.answer(method, target, body)
            if wait:
                asyncio.get_running_loop().call_later(wait, self._send, content)
            else:
                self._send(content)

    def _send(self, content: bytes) -> None:
        if self._transport and not self._transport.is_closing():
            self._transport.write(content)


async def _serve(account: Account) -> None:
    site = Site(account)
    server = await asyncio.get_running_loop().create_server(lambda: Connection(site), "127.0.0.1", 0, backlog=256)
    print(server.sockets[0].getsockname()[1], flush=True)
    # Whoever started it closes its input, or ends.
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    server.close()


def main() -> None:
    """Serve, and print the port, until standard input ends."""
    parser = argparse.ArgumentParser()
    for name in ("rows", "small", "children"):
        parser.add_argument(f"--{name}", type=int, required=True)
    options = parser.parse_args()
    asyncio.run(_serve(Account(options.rows, options.small, options.children)))


if __name__ == "__main__":
    main()
