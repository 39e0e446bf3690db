"""A write as data: what a record asks for, before anything is sent.

A sink turns a record into a `Form`, without asking anybody. What becomes of it (create or change, look first, send once) is decided by
`client.Writer`, from the form and from what the ledger knows.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from functools import cache, lru_cache
from json.encoder import encode_basestring_ascii
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tap_hiringcenter.api.request import Request

Row = dict[str, Any]

# Stands in a path for the id that the API gave to the row.
ID = "{id}"

_NOTHING: Mapping[str, Any] = MappingProxyType({})

# Of a digest, in bytes.
DIGEST_SIZE = 16

# Ledgers hold digests of the text that this makes.
_json = json.JSONEncoder(sort_keys=True, separators=(",", ":"))
# Makes the very same bytes of plain values, in a tenth of the time.
_plain_json = msgspec.json.Encoder(order="sorted")
_PLAIN = frozenset({str, int, bool, type(None)})
_PLAIN_OR_LISTS = _PLAIN | {list}


class RejectedError(Exception):
    """A record that can't be written, or must not be.

    Args:
        reason: Why, in words for the person who must mend it, without anything that the record holds.
        column: The column of the record that is wrong, when it is one.
    """

    def __init__(self, reason: str, column: str | None = None) -> None:
        self.reason = reason
        self.column = column
        super().__init__(f"{column}: {reason}" if column else reason)


# Each record makes some of these and of forms: a frozen dataclass takes ten times as long to make, and circles are looked for among all of them.
class Write(msgspec.Struct, frozen=True, gc=False):
    """One request that changes something.

    Attributes:
        method: HTTP method.
        path: Path below the system's URL; `{id}` in it stands for the id that the API gave to the row.
        body: What is sent as JSON.
        query: Query parameters.
        ids: Other ids in the path, by the name that stands for them.
        takes_key: Whether the API's document lists an idempotency key for it.
        is_repeatable: Whether doing it twice is the same as doing it once.
        probe: For an action that is neither: what is read to learn whether it was done.
    """

    method: str
    path: str
    body: Mapping[str, Any] | None = None
    query: Mapping[str, Any] = _NOTHING
    ids: Mapping[str, str] = _NOTHING
    takes_key: bool = False
    is_repeatable: bool = False
    probe: Probe | None = None

    @property
    def names_row(self) -> bool:
        """Whether the API's id of the row stands in the path."""
        return ID in self.path


@dataclass(frozen=True)
class Probe:
    """How to tell whether an action was done: something that counts up with it.

    Attributes:
        path: What to read; `{id}` as in `Write`.
        ids: Other ids in the path, as in `Write`.
        column: A count in the single row that is read; None to count the rows of the list.
    """

    path: str
    ids: Mapping[str, str] = field(default_factory=dict)
    column: str | None = None


@dataclass(frozen=True)
class Look:
    """How to find out whether a row is there already.

    Attributes:
        request: What to read: a list.
        wanted: What makes the row that the record asks for that row, as text (see `identity`).
        identity: The same of a row of the list; None for a row that can't be it.
        is_always: Whether to look before anything is created of which the ledger knows nothing; else only where an earlier attempt may have
            created it.
        since: Query parameter that leaves out rows created before a time, where the list has one.
        is_unsure: Whether a row that it finds may be another one's, unless an earlier attempt may have created it: then only is it looked for,
            and among what was created since.
    """

    request: Request
    wanted: str
    identity: Callable[[Row], str | None]
    is_always: bool = False
    since: str | None = None
    is_unsure: bool = False


class Form(msgspec.Struct, frozen=True, gc=False):
    """What a record asks for.

    Attributes:
        create: Makes the row, or makes or changes it where the API matches by e-mail and phone. None when the record can't make one.
        change: Changes the row that the API's id names. None when nothing of it can be changed.
        remove: Deletes the row.
        after_create: What has to follow `create`, which can't carry all.
        actions: What is to be done with the row each time that the record is written (publish, run, retry).
        own_id: Id that the record itself names: the API's, if the record comes from that account.
        look: How to find the row before it is created.
        locks: What no other write may touch at the same time, such as an e-mail.
        match: What the API finds the row by, such as an e-mail; part of `locks`. When none of it is what it was, the API can't find the row any more.
        upserts: Whether `create` also changes the row that is there. Without it and without `change`, a row is made once and stays as it is.
        fixed: What the API can't change of a row that is there, as the column that holds it and its value.
        exists_after_refusal: Whether a refused `create` may mean that the row is there and wants `change`.
        bulk: The same as `create`, as one row of a bulk request.
        lacks: Why the record can't create a row, when `create` is None.
        follow: Path of the job that the write starts, to be read until it has ended; `{id}` as in `Write`.
        secret: Whether the answer to `create` shows a secret once.
    """

    create: Write | None = None
    change: Write | None = None
    remove: Write | None = None
    after_create: tuple[Write, ...] = ()
    actions: tuple[Write, ...] = ()
    own_id: str | None = None
    look: Look | None = None
    locks: frozenset[str] = frozenset()
    match: frozenset[str] = frozenset()
    upserts: bool = False
    fixed: tuple[str, str] | None = None
    exists_after_refusal: bool = False
    bulk: Mapping[str, Any] | None = None
    lacks: str | None = None
    follow: str | None = None
    secret: bool = False

    def covers(self, earlier: Form) -> bool:
        """Whether an earlier record of the same key leaves no trace once this one is written.

        Args:
            earlier: What that one asked for.
        """
        if earlier.actions or earlier.remove:
            return False
        return self.remove is not None or _named(earlier) <= _named(self)

    def content(self) -> str:
        """Digest of all that would be sent: two records of the same content ask for the same."""
        # What _dumped makes of a list of all writes, but that the body of create and change, which is often the same one, is dumped once.
        body: object = None
        dumped, texts = b"null", []
        for write in (self.create, self.change, self.remove, *self.after_create, *self.actions):
            if write is None:
                texts.append(b"null")
                continue
            if write.body is not body:
                body, dumped = write.body, _dumped(write.body)
            named = b"{},{}" if write.query is write.ids is _NOTHING else b"%b,%b" % (_dumped(dict(write.query)), _dumped(dict(write.ids)))
            texts.append(b"[%b,%b,%b]" % (_asked(write.method, write.path), dumped, named))
        return _digest(b"[%b]" % b",".join(texts))


@cache
def _asked(method: str, path: str) -> bytes:
    return b"%b,%b" % (_dumped(method), _dumped(path))


def _named(form: Form) -> set[str]:
    """The fields that a form says something about."""
    return {name for write in (form.create, form.change) if write for name in write.body or ()}


def digest(value: object) -> str:
    """A short text that is the same for the same value and for no other: 32 hexadecimal digits.

    Args:
        value: Anything that JSON can hold.
    """
    return _digest(_dumped(value))


@lru_cache(maxsize=2**14)
def mark(key: str) -> str:
    """Digest of what a row is found by; remembered, since it is asked for several times while a record is on its way.

    Args:
        key: Such as `email:ada@example.com` (see `Form.match`).
    """
    return digest(key)


def _dumped(value: object) -> bytes:
    """A value as JSON: sorted, without blanks, in ASCII."""
    if isinstance(value, str):
        return encode_basestring_ascii(value).encode()
    try:
        dumped = _plain_json.encode(value) if _is_plain(value) else None
    except (ValueError, OverflowError):
        dumped = None  # half a character, or an integer of more than 64 bits
    # What isn't printable ASCII is written in escapes.
    if dumped is None or not dumped.isascii() or b"\x7f" in dumped:
        dumped = _json.encode(value).encode()
    return dumped


def _is_plain(value: object) -> bool:
    """Whether there is but one way to write a value, unlike a number with an exponent: a text, or texts, whole numbers, and lists of these."""
    if not isinstance(value, (dict, list)):
        return type(value) in _PLAIN
    values = value.values() if isinstance(value, dict) else value
    kinds = set(map(type, values))
    return kinds <= _PLAIN or (kinds <= _PLAIN_OR_LISTS and all(_PLAIN.issuperset(map(type, items)) for items in values if type(items) is list))


def _digest(dumped: bytes) -> str:
    return hashlib.blake2b(dumped, digest_size=DIGEST_SIZE).hexdigest()
