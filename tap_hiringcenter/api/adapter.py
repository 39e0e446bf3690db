"""An HTTP adapter whose answers are cut off in time.

A socket's time-out starts anew with each byte, so a server that sends a byte now and then keeps a request for ever. The body is timed where it
is read (`transport`); the headers are read inside of `http.client`, so they are timed here.
"""

from __future__ import annotations

import http.client
import socket
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import requests
import urllib3

if TYPE_CHECKING:
    from collections.abc import Iterator

_LONGEST = 60.0


@contextmanager
def _cut_off_after(seconds: float | None, connected: socket.socket | None) -> Iterator[None]:
    is_cut = threading.Event()

    def cut() -> None:
        is_cut.set()
        with suppress(OSError):
            if connected:
                connected.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds or _LONGEST, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    except (OSError, http.client.HTTPException):
        if is_cut.is_set():
            raise TimeoutError from None
        raise
    finally:
        timer.cancel()
    if is_cut.is_set():
        raise TimeoutError  # headers that end where the connection does look whole


class _HTTPConnection(urllib3.connection.HTTPConnection):
    def getresponse(self) -> urllib3.HTTPResponse:  # type: ignore[override]  # as urllib3 itself narrows it
        with _cut_off_after(self.timeout, self.sock):
            return super().getresponse()


class _HTTPSConnection(urllib3.connection.HTTPSConnection):
    def getresponse(self) -> urllib3.HTTPResponse:  # type: ignore[override]  # as urllib3 itself narrows it
        with _cut_off_after(self.timeout, self.sock):
            return super().getresponse()


class _HTTPPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _HTTPConnection


class _HTTPSPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _HTTPSConnection


class TimelyAdapter(requests.adapters.HTTPAdapter):
    """Sends requests over connections that keep the time-out they were given, from the request's last byte to the headers' last."""

    def init_poolmanager(self, *arguments: Any, **settings: Any) -> None:  # noqa: ANN401  # passed on as they are
        """Use these connections, instead of urllib3's own."""
        super().init_poolmanager(*arguments, **settings)
        self.poolmanager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}
