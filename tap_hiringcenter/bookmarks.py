"""How far each stream is complete: the STATE, and the only place that reads or writes it.

A stream that is filtered by its own time keeps that time. A child stream keeps the time of the *parent's* change up to which it is complete,
whether or not the parent stream is selected. One small entry a stream, however many parents there are:

    {"bookmarks": {"leads": {"replication_key": "updated_at", "replication_key_value": "2026-03-10T12:00:00.000Z"}, ...}}

A reading that was broken off keeps in `resume_from` where the next run goes on, without looking back further than rows may become visible
late. Where many root rows changed in that very moment, a child stream keeps in `after` the id up to which it has read them, in the order of
their ids. A child stream that is read for all parents (FULL_TABLE) keeps the same in `position`, with the version of its records. A child stream
that is complete keeps in `done` a digest of the root rows that the next run will look at again (see `recent`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from types import NoneType
from typing import TYPE_CHECKING, Any

from tap_hiringcenter.api import times
from tap_hiringcenter.api.program import InputError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from singer_sdk.helpers.types import TapState

_VALUE = "replication_key_value"
_RESUME = "resume_from"
_POSITION = "position"
_AFTER = "after"
_DONE = "done"
_VERSION = "version"
# The SDK writes these while a stream runs, and takes them out at its end; a state that was saved in between may hold them.
_SDK_MARKS = {"starting_replication_value", "replication_key_signpost", "progress_markers"}
_KNOWN = {"replication_key", _VALUE, _RESUME, _POSITION, _AFTER, _DONE, _VERSION} | _SDK_MARKS
# Ids are much shorter; a server that makes them longer shall not make STATE longer.
_LONGEST_ID = 40
# Machines' clocks differ by minutes; a bookmark further ahead than this was not written by any run of ours.
_CLOCK_TOLERANCE = timedelta(days=1)


class StateError(InputError):
    """The state that was passed in can't be used; the message says why and what to do."""


def check(state: object, streams: Collection[str]) -> None:
    """Refuse a state that is not ours, before anything is asked or written.

    Args:
        state: The parsed state.
        streams: Names of all streams that there are.

    Raises:
        StateError: It has another shape, names streams of another tap, or holds times that are none or lie in the future.
    """
    bookmarks = state.get("bookmarks", {}) if isinstance(state, dict) else None
    if not isinstance(bookmarks, dict) or (isinstance(state, dict) and state and "bookmarks" not in state):
        msg = 'it is not of the form {"bookmarks": {...}}'
        raise _refused(msg)
    for name, entry in bookmarks.items():
        if name not in streams:
            msg = f"it belongs to another tap: there is no stream {name!r}"
            raise _refused(msg)
        if problem := _problem(entry):
            msg = f"the bookmark of {name} {problem}"
            raise _refused(msg)


def _problem(entry: object) -> str | None:
    """What is wrong with one bookmark."""
    if not isinstance(entry, dict) or not _KNOWN.issuperset(entry):
        return "is none that this tap writes"
    version = entry.get(_VERSION, 0)
    if not isinstance(version, int) or isinstance(version, bool):
        return "has a version that is not a number"
    if not isinstance(entry.get(_AFTER), (str, NoneType)) or not isinstance(entry.get(_DONE), (str, NoneType)):
        return "has an id or a digest that is not a text"
    for moment in (entry[key] for key in (_VALUE, _RESUME, _POSITION) if entry.get(key) is not None):
        try:
            is_ahead = times.parse(moment if isinstance(moment, str) else None) > datetime.now(timezone.utc) + _CLOCK_TOLERANCE
        except ValueError:
            return "is not a time"
        if is_ahead:
            return "lies in the future"
    return None


def _refused(reason: str) -> StateError:
    advice = "Pass the value of this tap's last STATE message, or none for a full read; nothing was read or written."
    return StateError(f"The state can't be used: {reason}. {advice}")


@dataclass(frozen=True)
class Start:
    """From where a stream is read in this run.

    Attributes:
        since: Changes from this time on are wanted; None for everything.
        version: The version that records of a full-table sync are given, else None.
        after: Of root rows that changed just then, those up to this id are complete below; None when none is known to be.
        until: The bookmark, up to which root rows may be as they were.
        done: The digest of those root rows, from `since` on; nothing when none is known to be complete below.
    """

    since: str | None
    version: int | None = None
    after: str | None = None
    until: str = ""
    done: str = ""


class Bookmarks:
    """The bookmarks of one run.

    Args:
        state: The tap's state; it is changed in place.
        began: When the run began; no bookmark goes past this moment.
        start_date: Oldest change wanted where there is no bookmark.
        lookback: How much before its bookmark a stream is read again.
    """

    def __init__(self, state: TapState, began: datetime, start_date: str | None, lookback: timedelta) -> None:
        self._entries: dict[str, dict[str, Any]] = state.setdefault("bookmarks", {})
        self._began = began
        self._version = int(began.timestamp() * 1000)
        self._start_date = times.normalise(start_date) if start_date else None
        self._lookback = lookback

    def start(self, name: str, *, full_table: bool, resumable: bool) -> Start:
        """Tell from where to read a stream.

        Args:
            name: The stream.
            full_table: Whether everything is wanted, whatever the bookmark.
            resumable: Whether a full-table sync that was broken off goes on where it was (child streams).

        Returns:
            The start.
        """
        entry = self._entries.get(name, {})
        if full_table:
            if resumable and _POSITION in entry:
                return Start(times.normalise(entry[_POSITION]), entry.get(_VERSION, self._version), entry.get(_AFTER))
            return Start(None, self._version)
        if entry.get(_RESUME) is not None:
            return Start(times.normalise(entry[_RESUME]), after=entry.get(_AFTER))
        if entry.get(_VALUE) is not None:
            known = {"until": times.normalise(entry[_VALUE]), "done": entry[_DONE]} if entry.get(_DONE) else {}
            return Start(times.earlier(entry[_VALUE], self._lookback), **known)
        return Start(self._start_date)

    def move(  # noqa: PLR0913  # each of them is one fact of the mark
        self, name: str, replication_key: str | None, value: str, *, lag: timedelta, is_final: bool, after: str | None = None, done: str = ""
    ) -> None:
        """Note that a stream is complete up to a time; a bookmark never goes back, and never past the beginning of the run.

        Args:
            name: The stream.
            replication_key: The stream's own column, when it is that which tells the time; None for a child stream.
            value: The time.
            lag: How far the server's clock is behind ours: the run began so much earlier by that clock, which dates the rows.
            is_final: Whether the whole stream is complete, and not only its part up to this time.
            after: Up to which id the root rows of just that time are complete below; None when that isn't known.
            done: The digest of the root rows from a look-back before the time on, whose children are complete; nothing when that isn't known.
        """
        entry = self._entries.get(name, {})
        moved: dict[str, Any] = {"replication_key": replication_key} if replication_key else {}
        moved[_VALUE] = min(value, times.to_text(self._began - lag))
        if not is_final:
            moved |= self._place(_RESUME, entry, value, after, lag)
        elif done and value == self._settled(value, lag):
            # What changed within the look-back is looked at again all the same: its children may be later than itself.
            moved[_DONE] = done
        if entry.get("replication_key") == replication_key and entry.get(_VALUE) is not None and times.normalise(entry[_VALUE]) > moved[_VALUE]:
            moved[_VALUE] = times.normalise(entry[_VALUE])
            moved.pop(_DONE, None)
        # Put in whole: a signal may end the run between any two steps, and what is there then is written.
        self._entries[name] = moved

    def finish(self, name: str) -> None:
        """Note that a full-table sync of a child stream is at its end, so that the next one starts anew."""
        entry = self._entries.get(name)
        if entry and _POSITION in entry:
            self._entries[name] = {key: value for key, value in entry.items() if key not in {_POSITION, _AFTER, _DONE, _VERSION}}

    def hold(self, name: str, value: str, version: int, *, lag: timedelta, after: str | None = None) -> None:
        """Note how far an unfinished full-table sync of a child stream came, with the version of its records."""
        entry = self._entries.get(name, {})
        kept = {key: known for key, known in entry.items() if key not in {_RESUME, _AFTER, _DONE}}
        self._entries[name] = {**kept, **self._place(_POSITION, entry, value, after, lag), _VERSION: version}

    def _place(self, kind: str, entry: Mapping[str, Any], value: str, after: str | None, lag: timedelta) -> dict[str, str]:
        """From where to go on: a time as late as it may be when rows become visible late by no more than the look-back, and an id in it."""
        settled = self._settled(value, lag)
        ids = [after] if after and settled == value and len(after) <= _LONGEST_ID else []
        if entry.get(kind) == settled and entry.get(_AFTER):
            ids.append(entry[_AFTER])
        return {kind: settled, **({_AFTER: max(ids)} if ids else {})}

    def _settled(self, value: str, lag: timedelta) -> str:
        """A time, but no later than what was visible for sure when the run began."""
        return min(value, times.to_text(self._began - lag - self._lookback))
