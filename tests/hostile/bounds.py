"""Answers that are too much, too deep, too slow or without end, and what must become of the stream that gets one."""

from __future__ import annotations

import gzip
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.hostile.raw import answer, endless, listed

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.hostile.raw import Handler, Respond

MEGABYTE = 2**20
_GZIP = 31
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
_CHUNKED = _HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
_END = b'], "pagination": {"next_cursor": null, "has_more": false}}'


# Long enough for what is whole at once, and short enough to wait for eight times.
SHORT = 0.3


@dataclass(frozen=True)
class Case:
    """An answer to a list.

    Attributes:
        respond: Makes the answer.
        is_good: Whether it is an honest list after all, which is to be read; None where either will do.
        is_long: Whether it takes so long that it is left out of a run of all tests.
        is_final: Whether it is no matter of luck, so that asking again would bring the same.
        seconds: The time-out of each request.
    """

    respond: Callable[[], Respond]
    is_good: bool | None = False
    is_long: bool = False
    is_final: bool = False
    seconds: float = 20


def bomb(megabytes: int, kind: int = _GZIP) -> bytes:
    """So many megabytes of blanks, packed.

    Args:
        megabytes: How many.
        kind: zlib's number for the form: 31 is gzip, 15 zlib, -15 bare deflate.
    """
    packer = zlib.compressobj(9, zlib.DEFLATED, kind)
    blanks = b" " * MEGABYTE
    if kind == _GZIP:
        # A file of gzip may be several, one after the other.
        return (packer.compress(blanks) + packer.flush()) * megabytes
    return b"".join(packer.compress(blanks) for _ in range(megabytes)) + packer.flush()


def packed(body: bytes, encoding: str) -> Respond:
    """An answer that says how it is packed."""
    return answer(body, headers={"Content-Encoding": encoding})


def _dripping(at_once: bytes, piece: bytes) -> Respond:
    """Something at once, and then a piece every now and then, for ever."""

    def respond(handler: Handler) -> None:
        handler.wfile.write(at_once)
        while not handler.server.stopping.wait(0.02):
            handler.wfile.write(piece)

    return respond


def _chunk(content: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(content), content)


def _row(value: bytes) -> Respond:
    """A list with one row that holds a value."""
    return answer(b'{"data": [{"id": "cmp_1", "updated_at": "2026-01-01T00:00:00Z", "x": ' + value + b"}" + _END)


def _nested(depth: int) -> Respond:
    return _row(b"[" * depth + b"]" * depth)


CASES: dict[str, Case] = {
    # Too much.
    "a gzip bomb": Case(lambda: packed(bomb(256), "gzip"), is_final=True),
    "a bigger gzip bomb": Case(lambda: packed(bomb(4096), "gzip"), is_long=True, is_final=True),
    "a zlib bomb": Case(lambda: packed(bomb(1024, 15), "deflate"), is_long=True, is_final=True),
    "a deflate bomb": Case(lambda: packed(bomb(1024, -15), "deflate"), is_long=True, is_final=True),
    "a bomb in a bomb": Case(lambda: packed(gzip.compress(bomb(2048)), "gzip, gzip"), is_final=True),
    "a bomb that says nothing of another": Case(lambda: packed(gzip.compress(bomb(1024)), "gzip")),
    "packed ten times": Case(lambda: packed(b"x" * 1000, ", ".join(["gzip"] * 10))),
    "packed in a way that there is not": Case(lambda: packed(b"x" * 1000, "nothing")),
    "packed, it says": Case(lambda: packed(b'{"data": []}', "gzip")),
    "chunks without end": Case(lambda: endless(_CHUNKED, _chunk(b" " * MEGABYTE)), is_final=True),
    "a body until the end that never comes": Case(lambda: endless(_HEAD + b"\r\n", b" " * MEGABYTE), is_long=True, is_final=True),
    "a length without measure": Case(
        lambda: endless(_HEAD + b"Content-Length: 1000000000000000\r\n\r\n", b" " * MEGABYTE), is_long=True, is_final=True
    ),
    "a line of a chunk without end": Case(lambda: endless(_CHUNKED, b"0" * MEGABYTE)),
    "an extension of a chunk without end": Case(lambda: endless(_CHUNKED + b"1;", b"x" * MEGABYTE)),
    "trailers without end": Case(lambda: endless(_CHUNKED + b"0\r\n", b"A: b\r\n" * MEGABYTE), seconds=SHORT),
    "headers without end": Case(lambda: endless(_HEAD, b"X-A: b\r\n" * 10_000)),
    "a header without end": Case(lambda: endless(_HEAD + b"X: ", b"x" * MEGABYTE)),
    "a status without end": Case(lambda: endless(b"HTTP/1.1 200 ", b"x" * MEGABYTE)),
    "an answer before the answer, for ever": Case(lambda: endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1000), seconds=SHORT),
    # Too slow.
    "silence": Case(lambda: _dripping(b"", b""), seconds=SHORT),
    "headers in drips": Case(lambda: _dripping(_HEAD + b"X-A: ", b"x"), seconds=SHORT),
    "a body in drips": Case(lambda: _dripping(_HEAD + b'Content-Length: 1000000\r\n\r\n{"data": [', b" "), seconds=SHORT),
    "chunks in drips": Case(lambda: _dripping(_CHUNKED, _chunk(b" ")), seconds=SHORT),
    "a length that never comes": Case(lambda: _dripping(_HEAD + b"Content-Length: 1000000000000000\r\n\r\n{", b""), seconds=SHORT),
    # Too deep, too long.
    "brackets without end": Case(lambda: answer(b"[" * 100_000)),
    "brackets that end": Case(lambda: answer(b'{"data":' + b"[" * 100_000 + b"]" * 100_000 + b"}")),
    "a row that is nested": Case(lambda: _nested(100), is_good=True),
    "a row that is nested deeply": Case(lambda: _nested(900), is_good=None),
    "a row that is nested at the limit": Case(lambda: _nested(960), is_good=None),
    "a row that is nested beyond": Case(lambda: _nested(5_000), is_good=None),
    "a number of a million digits": Case(lambda: _row(b"1" * 1_000_000), is_good=None),
    "a fraction of a million digits": Case(lambda: _row(b"1." + b"1" * 1_000_000 + b"e-5"), is_good=True),
    "an exponent without measure": Case(lambda: _row(b"1e" + b"9" * 1_000), is_good=True),
    "many fields": Case(lambda: answer(listed({"id": "cmp_1", **{f"field_{number}": number for number in range(50_000)}})), is_good=True),
    "a million fields": Case(
        lambda: answer(listed({"id": "cmp_1", **{f"field_{number}": number for number in range(1_000_000)}})), is_good=True, is_long=True
    ),
    "names of a megabyte": Case(lambda: answer(listed({"id": "cmp_1", **{"n" * MEGABYTE + str(number): 1 for number in range(8)}})), is_good=True),
    "ids of a megabyte": Case(lambda: answer(listed(*({"id": "i" * MEGABYTE + str(number)} for number in range(8)))), is_good=True),
    "many rows in a page": Case(lambda: answer(listed(*({"id": f"cmp_{number}"} for number in range(3_000)))), is_good=True),
    "a great many rows in a page": Case(lambda: answer(listed(*({"id": f"cmp_{number}"} for number in range(300_000)))), is_good=True, is_long=True),
    "rows of nothing": Case(lambda: answer(b'{"data": [' + b",".join([b"{}"] * 20_000) + _END), is_final=True),
    "as many rows of nothing as there may be": Case(lambda: answer(b'{"data": [' + b",".join([b"{}"] * 40_000_000) + _END), is_long=True),
}
