"""An HTTP adapter whose answers are cut off in time.

A socket's time-out starts anew with each byte, so a server that sends a byte now and then would keep a request for ever.
"""

from __future__ import annotations

import http.client
import socket
import sys
import threading
from contextlib import suppress
from typing import Any

import requests
import urllib3

if sys.version_info >= (3, 11):
    from typing import Self
else:
    from typing_extensions import Self

_LONGEST = 60.0


class Watchdog:
    """Cuts a connection off when its time is over. Used as a context: what ends within it after the cut was a time-out.

    Args:
        seconds: The time.
        connected: The connection's socket.
    """

    def __init__(self, seconds: float | None, connected: socket.socket | None) -> None:
        self._connected = connected
        self._has_cut = threading.Event()
        self._timer = threading.Timer(seconds or _LONGEST, self._cut)
        self._timer.daemon = True
        self._timer.start()

    def __enter__(self) -> Self:
        """Watch what is done within."""
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        """Stop watching.

        Raises:
            TimeoutError: The connection was cut off meanwhile.
        """
        self._timer.cancel()
        # Also without an error: what ends where the connection does may look whole.
        self.check()

    def check(self) -> None:
        """Look whether there is time left: what has come already may take long to unpack.

        Raises:
            TimeoutError: As above.
        """
        if self._has_cut.is_set():
            raise TimeoutError from None

    def _cut(self) -> None:
        self._has_cut.set()
        with suppress(OSError):
            if self._connected:
                self._connected.shutdown(socket.SHUT_RDWR)


class _TimelyConnection:
    """What is the same for both kinds of connections."""

    timeout: float | None
    sock: socket.socket | None

    def getresponse(self) -> Any:  # noqa: ANN401  # the answer of the connection that this is mixed into
        watchdog = Watchdog(self.timeout, self.sock)
        try:
            answer = super().getresponse()  # type: ignore[misc]  # as above
        except (OSError, http.client.HTTPException):
            with watchdog:
                raise
        # The body is read later: whoever reads it does so within the same time.
        answer.watchdog = watchdog
        return answer


class _HTTPConnection(_TimelyConnection, urllib3.connection.HTTPConnection):
    pass


class _HTTPSConnection(_TimelyConnection, urllib3.connection.HTTPSConnection):
    pass


class _HTTPPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _HTTPConnection


class _HTTPSPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _HTTPSConnection


class TimelyAdapter(requests.adapters.HTTPAdapter):
    """Sends requests over connections that keep the time-out they were given, from the request's last byte to the answer's."""

    def init_poolmanager(self, *arguments: Any, **settings: Any) -> None:  # noqa: ANN401  # passed on as they are
        """Use these connections, instead of urllib3's own."""
        super().init_poolmanager(*arguments, **settings)
        self.poolmanager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}
