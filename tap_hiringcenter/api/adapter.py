"""An HTTP adapter whose answers are cut off in time.

A socket's time-out starts anew with each byte, so a server that sends a byte now and then would keep a request for ever.
"""

from __future__ import annotations

import http.client
import os
import socket
import sys
import threading
import time
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Any

import requests

if sys.version_info >= (3, 11):
    from typing import Self
else:
    from typing_extensions import Self

if TYPE_CHECKING:
    from collections.abc import Mapping

    import urllib3

_LONGEST = 60.0


class Watchdog:
    """Cuts a connection off when its time is over. Used as a context: what ends within it after the cut was a time-out.

    Args:
        seconds: The time.
        connected: The connection's socket.
    """

    def __init__(self, seconds: float | None, connected: socket.socket | None) -> None:
        self.deadline = time.monotonic() + (seconds or _LONGEST)
        self._connected = connected
        self._has_cut = False
        self._patrol = _patrol_of(os.getpid())
        self._patrol.add(self)

    def __enter__(self) -> Self:
        """Watch what is done within."""
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        """Stop watching.

        Raises:
            TimeoutError: The connection was cut off meanwhile.
        """
        self._patrol.remove(self)
        # Also without an error: what ends where the connection does may look whole.
        self.check()

    def check(self) -> None:
        """Look whether there is time left: what has come already may take long to unpack.

        Raises:
            TimeoutError: As above.
        """
        if self._has_cut:
            raise TimeoutError from None

    def cut(self) -> None:
        """Cut the connection off."""
        self._has_cut = True
        with suppress(OSError):
            if self._connected:
                self._connected.shutdown(socket.SHUT_RDWR)


class _Patrol:
    """Looks after all watchdogs with one thread, which is there while they are: a thread for each would cost more than its request's JSON."""

    def __init__(self) -> None:
        self._watchdogs: set[Watchdog] = set()
        self._changed = threading.Condition()
        self._looks_at: float | None = None

    def add(self, watchdog: Watchdog) -> None:
        with self._changed:
            self._watchdogs.add(watchdog)
            if self._looks_at is None:
                self._looks_at = watchdog.deadline
                threading.Thread(target=self._walk, name="watch time-outs", daemon=True).start()
            elif watchdog.deadline < self._looks_at:
                self._changed.notify()

    def remove(self, watchdog: Watchdog) -> None:
        # Nobody needs to know: whoever looks for it finds it gone.
        with self._changed:
            self._watchdogs.discard(watchdog)

    def _walk(self) -> None:
        with self._changed:
            while self._watchdogs:
                now = time.monotonic()
                for watchdog in [one for one in self._watchdogs if one.deadline <= now]:
                    watchdog.cut()
                    self._watchdogs.discard(watchdog)
                if self._watchdogs:
                    self._looks_at = min(watchdog.deadline for watchdog in self._watchdogs)
                    self._changed.wait(self._looks_at - now)
            self._looks_at = None


@cache
def _patrol_of(process_id: int) -> _Patrol:
    """The one patrol of a process; a fork needs its own, since threads don't come along."""
    del process_id
    return _Patrol()


class _TimelyConnection:
    """What is added to each kind of connections."""

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


def _timely(pools: Mapping[str, type[urllib3.HTTPConnectionPool]]) -> dict[str, type[urllib3.HTTPConnectionPool]]:
    """The same pools, those of proxies of any kind as well, but of connections that keep their time."""
    return {
        scheme: type(pool.__name__, (pool,), {"ConnectionCls": type(pool.ConnectionCls.__name__, (_TimelyConnection, pool.ConnectionCls), {})})
        for scheme, pool in pools.items()
    }


class TimelyAdapter(requests.adapters.HTTPAdapter):
    """Sends requests over connections that keep the time-out they were given, from the request's last byte to the answer's."""

    def init_poolmanager(self, *arguments: Any, **settings: Any) -> None:  # noqa: ANN401  # passed on as they are
        """Use these connections, instead of urllib3's own."""
        super().init_poolmanager(*arguments, **settings)
        self.poolmanager.pool_classes_by_scheme = _timely(self.poolmanager.pool_classes_by_scheme)

    def proxy_manager_for(self, *arguments: Any, **settings: Any) -> urllib3.PoolManager:  # noqa: ANN401  # as above
        """Use them also behind a proxy."""
        manager: urllib3.PoolManager = super().proxy_manager_for(*arguments, **settings)
        manager.pool_classes_by_scheme = _timely(manager.pool_classes_by_scheme)
        return manager
