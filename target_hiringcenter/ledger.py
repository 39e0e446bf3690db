"""The ledger: the memory of what was written, so that nothing is written twice and nothing that is unchanged at all.

One row for each stream and source key: what was last sent, which version of the record that was, what became of it, and the API's id. It is
written ahead of its request, so that a run that is killed at any moment leaves behind what the next one must look at. What is kept together goes
into a log first, as one row, and from there into its place, many at once and in the order of the keys: these are digests, so that each entry by
itself changes a page of its own. The ledger holds no field of a record: keys, contents and what rows are found by are digests.
"""

from __future__ import annotations

import threading
import uuid
import weakref
from contextlib import contextmanager, suppress
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from target_hiringcenter.databases import parse, reach, seize, upsert
from target_hiringcenter.entries import PENDING, Entry, LedgerError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

VERSION = 1

# Keys in one look-up: each is one probe of the primary key, and SQLite before 3.32 takes 999 parameters at most.
_KEYS_AT_ONCE = 500
# So many entries wait in the log until they are put in their places: the more, the more of them share a page.
_MOST_LOGGED = 20_000

_tables = sa.MetaData()
_facts = sa.Table(
    "hiringcenter_ledger",
    _tables,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("value", sa.String(255), nullable=False),
)
_entries = sa.Table(
    "hiringcenter_ledger_entries",
    _tables,
    sa.Column("stream", sa.String(64), primary_key=True),
    sa.Column("key", sa.String(32), primary_key=True),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("content", sa.String(32), nullable=False),
    sa.Column("outcome", sa.String(8), nullable=False),
    sa.Column("remote_id", sa.Text),
    sa.Column("match", sa.Text, nullable=False),
    sa.Column("marks", sa.Text, nullable=False),
    sa.Column("since", sa.String(24)),
    sa.Column("step", sa.Integer, nullable=False),
    sa.Column("probe", sa.BigInteger),
    sa.Column("fingerprint", sa.String(32), nullable=False, server_default=""),
    sqlite_with_rowid=False,
)
# The log, in the order of its numbers. Former programs had only what they wrote ahead in it.
_log = sa.Table(
    "hiringcenter_ledger_begun",
    _tables,
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("stream", sa.String(64), nullable=False),
    sa.Column("entries", sa.Text, nullable=False),
)
# Made when it is first asked whom a row of the API belongs to: without it, entries are kept in two thirds of the time.
_REMOTE = f"CREATE INDEX IF NOT EXISTS hiringcenter_ledger_remote ON {_entries.name} (stream, remote_id) WHERE remote_id IS NOT NULL"
# Former ledgers lack this column. They get it when they are opened, and the program that made them can still go on with them.
_LATER = _entries.c.fingerprint

_NAMES = Entry.__struct_fields__
_COLUMNS = [_entries.c[name] for name in _NAMES]
_values = attrgetter(*_NAMES)
_encode = msgspec.json.Encoder().encode
_CHUNK: list[sa.BindParameter[str]] = [sa.bindparam(f"key_{number}") for number in range(_KEYS_AT_ONCE)]
_FIND = sa.select(_entries.c.key, *_COLUMNS).where(_entries.c.stream == sa.bindparam("stream"), _entries.c.key.in_(_CHUNK))


class Ledger:
    """An open ledger; no other run can open it meanwhile. May be used by many threads.

    Args:
        uri: SQLAlchemy URL of a SQLite or PostgreSQL database.
        is_read_only: Whether nothing is to be kept (a dry run): a database that isn't there yet is not made.

    Attributes:
        id: Tells this ledger from all others; part of each idempotency key.
        is_new: Whether there was none before.

    Raises:
        LedgerError: It can't be reached or made, is in use, or is not one that this version can read.
    """

    def __init__(self, uri: str, *, is_read_only: bool = False) -> None:
        self._is_read_only = is_read_only
        self.is_new = False
        self._knows_owners = False
        # Of the log's last row.
        self._number = 0
        # What is in the log and not in its place yet: entries of one stream, by key.
        self._logged: dict[str, tuple[Any, ...]] = {}
        self._logged_of = ""
        # The part of it that is on its way there: its keys, from the last to the first; and the row of the log with which it ends.
        self._moving: list[str] = []
        self._moving_to = 0
        self._lock = threading.Lock()
        self._engine = reach(parse(uri), is_read_only=is_read_only)
        # Also when nobody closes it: the file and its lock are free again as soon as the ledger is forgotten.
        weakref.finalize(self, self._engine.dispose)
        self._upsert = str(upsert(self._engine, _entries, _COLUMNS).compile(self._engine))
        self._find = str(_FIND.compile(self._engine))
        self._append = str(sa.insert(_log).compile(self._engine))
        self._cut = str(sa.delete(_log).where(_log.c.number <= sa.bindparam("number")).compile(self._engine))
        try:
            with self._errors():
                self._connection = self._engine.connect()
                seize(self._connection)
                self._make_tables()
                self.id = self._open()
                self._take_over()
        except LedgerError:
            self._engine.dispose()
            raise

    def _make_tables(self) -> None:
        _tables.create_all(self._connection)
        if _LATER.name not in {column["name"] for column in sa.inspect(self._connection).get_columns(_entries.name)}:
            column = sa.schema.CreateColumn(_LATER).compile(self._engine)
            self._connection.exec_driver_sql(f"ALTER TABLE {_entries.name} ADD COLUMN {column}")
        self._connection.commit()

    def _open(self) -> str:
        facts = {row.name: row.value for row in self._connection.execute(sa.select(_facts))}
        if not facts:
            if self._connection.execute(sa.select(_entries.c.key).limit(1)).first():
                msg = "The ledger has lost its version and can't be trusted: restore it, or start a new one (see the README on lost ledgers)"
                raise LedgerError(msg)
            self.is_new = True
            facts = {"version": str(VERSION), "id": uuid.uuid4().hex}
            self._connection.execute(sa.insert(_facts), [{"name": name, "value": value} for name, value in facts.items()])
        self._connection.commit()
        if facts.get("version") != str(VERSION) or "id" not in facts:
            msg = f"The ledger has version {facts.get('version')}, and this program reads version {VERSION}: use the program that made it"
            raise LedgerError(msg)
        return str(facts["id"])

    def _take_over(self) -> None:
        """Put what a run that was killed has left in the log in its place."""
        for number, stream, text in self._connection.execute(sa.select(_log).order_by(_log.c.number)).all():
            entries = {key: Entry(*values) for key, *values in msgspec.json.decode(text)}
            known = self._found(stream, entries)
            # Former programs put in its place what was settled, and left in the log what they had written ahead of it.
            newer = {key: entry for key, entry in entries.items() if key not in known or not _is_older(entry, known[key])}
            self._put(stream, {key: _values(entry) for key, entry in newer.items()})
            self._connection.exec_driver_sql(self._cut, (number,))
        self._connection.commit()

    def belongs_to(self, system: str, account: str) -> None:
        """Make sure that the ledger is about an account, and about no other.

        Args:
            system: Name of the system.
            account: What tells the account from others.

        Raises:
            LedgerError: It is about another account of that system: its rows would pass for written there.
        """
        name, value = f"account.{system}", str(uuid.uuid5(uuid.NAMESPACE_URL, account))
        with self._lock, self._errors():
            known = self._connection.scalar(sa.select(_facts.c.value).where(_facts.c.name == name))
            if known is None and not self._is_read_only:
                self._connection.execute(sa.insert(_facts).values(name=name, value=value))
            self._connection.commit()
        if known not in {None, value}:
            msg = f"The ledger is about another account of {system}: give each account a ledger of its own (ledger_uri)"
            raise LedgerError(msg)

    def find(self, stream: str, keys: Iterable[str]) -> dict[str, Entry]:
        """Look entries up.

        Args:
            stream: The stream.
            keys: Digests of source keys.

        Returns:
            The entries that there are, by key.
        """
        with self._lock, self._errors():
            found = self._found(stream, keys)
            self._connection.commit()
        return found

    def _found(self, stream: str, keys: Iterable[str]) -> dict[str, Entry]:
        # In their order, so that neighbours are read together.
        wanted, found = sorted(set(keys)), {}
        for start in range(0, len(wanted), _KEYS_AT_ONCE):
            chunk = wanted[start : start + _KEYS_AT_ONCE]
            # The same statement for every chunk: a short one is filled up with its last key.
            chunk += chunk[-1:] * (_KEYS_AT_ONCE - len(chunk))
            for key, *values in self._connection.exec_driver_sql(self._find, (stream, *chunk)):
                found[key] = Entry(*values)
        if stream == self._logged_of:
            found.update((key, Entry(*self._logged[key])) for key in self._logged.keys() & wanted)
        return found

    def owner(self, stream: str, remote_id: str) -> str | None:
        """Key of the record that a row of the API belongs to, or None when it belongs to none."""
        query = sa.select(_entries.c.key).where(_entries.c.stream == stream, _entries.c.remote_id == remote_id).limit(1)
        with self._lock, self._errors():
            self._move_all()
            if not self._knows_owners:
                self._connection.exec_driver_sql(_REMOTE)
                self._knows_owners = True
            owner = self._connection.scalar(query)
            self._connection.commit()
        return owner

    def save(self, stream: str, entries: Mapping[str, Entry]) -> None:
        """Keep entries, all or none of them.

        Args:
            stream: The stream.
            entries: The entries by key.

        Raises:
            LedgerError: They can't be kept.
        """
        if self._is_read_only or not entries:
            return
        logged = {key: _values(entry) for key, entry in entries.items()}
        text = _encode([(key, *values) for key, values in logged.items()]).decode()
        with self._lock, self._errors():
            if stream != self._logged_of:
                self._move_all()
                self._logged_of = stream
            self._number += 1
            self._connection.exec_driver_sql(self._append, (self._number, stream, text))
            # Sooner than as many more have come, and few enough at once that nobody has to wait for it.
            self._move(2 * len(logged))
            self._logged.update(logged)
            if not self._moving and len(self._logged) >= _MOST_LOGGED:
                self._set_out()

    def _set_out(self) -> None:
        """Send all that is in the log on its way to its place."""
        self._moving, self._moving_to = sorted(self._logged, reverse=True), self._number

    def _move(self, most: int) -> None:
        """Put the next entries that are on their way in their places, each as it is by now; and make sure of it, and of all before it."""
        keys = self._moving[-most:]
        self._put(self._logged_of, {key: self._logged[key] for key in reversed(keys)})
        if keys and len(keys) == len(self._moving):
            self._connection.exec_driver_sql(self._cut, (self._moving_to,))
        self._connection.commit()
        # Only now: after an error the log still has them.
        del self._moving[len(self._moving) - len(keys) :]
        for key in keys:
            del self._logged[key]

    def _move_all(self) -> None:
        self._set_out()
        self._move(len(self._moving))

    def _put(self, stream: str, entries: Mapping[str, tuple[Any, ...]]) -> None:
        if entries:
            self._connection.exec_driver_sql(self._upsert, [(stream, key, *values) for key, values in entries.items()])

    def close(self) -> None:
        """Let others in."""
        with self._lock:
            with suppress(LedgerError), self._errors():
                self._move_all()
            self._connection.close()
            self._engine.dispose()

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            if "_connection" in self.__dict__:
                # Or the next statement would keep the half of this one, or be refused because of it.
                with suppress(SQLAlchemyError):
                    self._connection.rollback()
            # Of the database's own words the first line: what follows quotes statements.
            text = str(error.orig if isinstance(error, DBAPIError) else error).partition("\n")[0]
            if "locked" in text:
                text += ": another run uses it. Wait for it to end"
            msg = f"The ledger can't be used ({text}). Nothing is passed on that it doesn't hold"
            raise LedgerError(msg) from error


def _is_older(entry: Entry, known: Entry) -> bool:
    """Whether an entry of the log was overtaken by the one in its place."""
    return entry.version < known.version or (entry.version == known.version and entry.outcome == PENDING != known.outcome)
