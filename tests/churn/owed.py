"""What a run must show, as the design of the product says it in its list of streams and in what a sync promises.

Every row that is there throughout a run has to be held afterwards, in a version that it had meanwhile. What no list of the APIs can show is
left out, and that is all that is left out:

- A note that was edited: the API dates its creation only.
- A child that came or changed without its parent, the one at the top of the family, saying that it changed too.
- A lead without `updated_at`, with all below it, where the server's filters drop it.

None of it is left out of a stream that is read whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.auditor import emitted, key_of
from tests.sandbox.streams import FEED, TABLES, lineage

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.churn.plan import Plan
    from tests.loader import Key, Record
    from tests.sandbox import Sandbox

    Rows = dict[str, dict[Key, Record]]
    Spot = tuple[str, Key]


def rows_of(sandbox: Sandbox, streams: Iterable[str]) -> Rows:
    """All rows of some streams as the records that they must become."""
    found: Rows = {}
    for stream in streams:
        records = [emitted(stream, row) for row in sandbox.truth(stream)]
        found[stream] = {key_of(stream, record): record for record in records}
    return found


@dataclass(frozen=True)
class Terms:
    """How the streams of a plan are read.

    Attributes:
        full_table: Streams that are read whole.
        drops_undated: Whether leads without a time pass no filter.
    """

    full_table: frozenset[str]
    drops_undated: bool

    @classmethod
    def of(cls, plan: Plan) -> Terms:
        """The terms of a plan."""
        whole = {stream for stream in plan.played if stream in plan.full_table or _has_no_time(stream)}
        if plan.settings["child_sync"] == "full":
            whole |= {stream for stream in plan.played if len(lineage(stream)) > 1}
        drops = plan.variant.updated_filters == "honoured" and plan.variant.null_times == "excluded"
        return cls(frozenset(whole), drops)

    def hidden(self, hidden: set[Spot], before: Rows, after: Rows) -> set[Spot]:
        """Which rows no list has to show, after something happened.

        Args:
            hidden: Those that none had to show before.
            before: All rows before.
            after: All rows afterwards.
        """
        found = set(hidden)
        for stream in after.keys() - self.full_table:
            for key in after[stream]:
                is_hidden = self._is_hidden(stream, key, before, after)
                if is_hidden is not None:
                    (found.add if is_hidden else found.discard)((stream, key))
        return found

    def slipped(self, before: Rows, after: Rows) -> set[Spot]:
        """Leads whose own time went back, with all below them: out of reach of a run that reads windows in the order of time.

        Such a lead may have moved from a window that is still to be read into one that was read. It became visible late, so the next run
        shows it.

        Args:
            before: All rows before something happened.
            after: All rows afterwards.
        """
        leads = before.get("leads", {})
        moved = {key for key, row in after.get("leads", {}).items() if key in leads and _time_of(row) < _time_of(leads[key])}
        return {
            (stream, key)
            for stream, rows in after.items()
            for key, row in rows.items()
            if (key if stream == "leads" else (row.get("lead_id"),)) in moved
        }

    def _is_hidden(self, stream: str, key: Key, before: Rows, after: Rows) -> bool | None:
        """Whether a row can't be seen any longer, or can be again; None when nothing has changed about that."""
        row, old = after[stream][key], before[stream].get(key)
        root = lineage(stream)[-1]
        root_key = key if root == stream else (row[_column_of(stream, root)],)
        top, old_top = after[root][root_key], before[root].get(root_key)
        if root == "leads" and self.drops_undated and top.get("updated_at") is None:
            return True
        if top != old_top:
            return stream == "notes" and old is not None
        return True if row != old else None


def _time_of(row: Record) -> str:
    """When a row changed; one that doesn't say is read with the newest ones."""
    return str(row.get("updated_at") or "~")


def _has_no_time(stream: str) -> bool:
    return stream in {FEED, "lead_fields"} or TABLES[stream].is_single


def _column_of(stream: str, root: str) -> str:
    """The column of a child's record that holds the id of the row at the top."""
    below = next(name for name in lineage(stream) if TABLES[name].parent == root)
    return str(TABLES[below].parent_key)
