"""Servers of the standard library, in a thread while a test needs them."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import socketserver
    from collections.abc import Iterator


@contextmanager
def listening(server: socketserver.BaseServer) -> Iterator[None]:
    """Have a server answer, and close it in the end.

    Args:
        server: The server, which is bound to its place already.
    """
    with server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()
