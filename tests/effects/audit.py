"""The comparison of what a sandbox holds, and was asked, with what an input asked for."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from tests.effects.asks import Ask, asks_by_key, asks_by_person, people_of_imports
from tests.effects.given import Given, Snapshot, snapshot, writes
from tests.effects.index import Index
from tests.effects.repeats import repeats
from tests.effects.wanted import ACTIONS, FACTS, Row, Version, cleaned, folded, is_blank, is_same, is_servers, read_version, with_references
from tests.sandbox.streams import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tests.sandbox import Sandbox

# Streams whose rows are found by who they are about; all others by what they say.
_PEOPLE = {"prospects": ("email", "phone"), "leads": ("email", "phone"), "closershq_prospects": ("email",)}
# Rows that come with what was asked for: their table, the id in them that leads to it, and its stream.
_COME_ALONG = {
    "export_downloads": ("export_id", "exports"),
    "import_errors": ("import_id", "imports"),
    "campaign_runs": ("campaign_id", "publish"),
    "campaign_run_events": ("campaign_id", "publish"),
    "campaign_logs": ("campaign_id", "publish"),
    "prospector_runs": ("workflow_id", "run"),
}
# References lead to these, so they are looked at first.
_FIRST = ("prospects", "prospector_workflows", "webhooks")


def violations(
    sandbox: Sandbox,
    before: Snapshot,
    *given: Given,
    null_policy: Literal["omit", "clear"] = "omit",
    leads_write_mode: Literal["bulk", "upsert", "create"] = "bulk",
    adopts: bool = False,
) -> list[str]:
    """What is wrong with the effects of an input; nothing when each record has exactly one and nothing else was touched.

    The last version of each key must hold at the end; what earlier ones named may still be visible.

    Args:
        sandbox: Where the target wrote.
        before: What it held before the first record of the input was ever written.
        given: The input.
        null_policy: The target's setting.
        leads_write_mode: The target's setting; with `create` each key has a lead of its own.
        adopts: Whether a row that was there before, and says what a record says, may be taken for its effect.

    Returns:
        One sentence for each violation.

    Raises:
        ValueError: A stream is given twice.
    """
    if len({one.stream for one in given}) < len(given):
        message = "a stream is given twice"
        raise ValueError(message)
    audit = _Audit(sandbox, before, clears=null_policy == "clear", adopts=adopts)
    for one in sorted(given, key=lambda one: one.stream not in _FIRST):
        audit.look_at(one, by_key=one.stream not in _PEOPLE or (one.stream == "leads" and leads_write_mode == "create"))
    audit.look_at_the_rest()
    return [*audit.found, *repeats(writes(sandbox, before), audit.asks, sandbox.variant)]


@dataclass
class _Audit:
    """One comparison.

    Attributes:
        sandbox: Where the target wrote.
        before: What it held before.
        clears: Whether nulls clear.
        adopts: Whether rows of before count as effects.
        after: What it holds now.
        asks: What was asked for so far, by stream.
        found: The violations so far.
        claimed: Ids of the rows that an ask accounts for, by stream.
        gone: Ids of the rows that had to go, by stream.
        ids: Where a row that the input names by its source's id is here: by stream and that id.
    """

    sandbox: Sandbox
    before: Snapshot
    clears: bool
    adopts: bool
    after: Mapping[str, Mapping[str, Row]] = field(init=False)
    asks: dict[str, list[Ask]] = field(default_factory=dict)
    found: list[str] = field(default_factory=list)
    claimed: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    gone: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    ids: dict[tuple[str, str], str] = field(default_factory=dict)
    _people: dict[str, dict[tuple[str, str], list[str]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.after = snapshot(self.sandbox).rows

    def look_at(self, given: Given, *, by_key: bool) -> None:
        """Find the row of everything that one stream's records ask for, and compare."""
        stream, rejected = given.stream, set(given.rejected)
        read = [read_version(stream, given.keys, record, clears=self.clears, variant=self.sandbox.variant) for record in given.records]
        read = [self._resolved(stream, version) for version in read]
        last = {version.key: number for number, version in enumerate(read)}
        kept = [version for number, version in enumerate(read) if not (version.key in rejected and last[version.key] == number)]
        superseded = {id(version) for number, version in enumerate(read) if last[version.key] != number}
        old = self.before.rows[stream]
        asks = asks_by_key(stream, kept, old) if by_key else asks_by_person(stream, kept, old, self.after[stream])
        for ask in asks:
            asks_nothing = not (ask.last.wanted or ask.last.acts or ask.last.is_deletion)
            ask.is_optional = asks_nothing or all(id(version) in superseded for version in ask.versions)
        self.asks[stream] = asks
        if by_key:
            self._find_by_content(stream, asks)
        else:
            for ask in sorted(asks, key=lambda ask: ask.last.is_deletion):
                self._find_person(stream, ask)
        for ask in asks:
            self._check(stream, ask)

    def look_at_the_rest(self) -> None:
        """Name every row that came, went or changed without being asked for."""
        imported = people_of_imports(self.asks.get("imports", ()))
        for table, rows in self.after.items():
            old = self.before.rows[table]
            for row_id, row in rows.items():
                if row_id in self.claimed[table] | self.gone[table] or (table == "leads" and imported.has(row)):
                    continue
                if row_id not in old:
                    if not self._comes_along(table, row):
                        self.found.append(self._surplus(table, row_id, row))
                elif row != old[row_id] and not self._comes_along(table, row):
                    names = sorted(name for name in row.keys() | old[row_id].keys() if row.get(name) != old[row_id].get(name))
                    self.found.append(f"{table} {row_id} was changed ({', '.join(names)}), and no record asked for it")
            for row_id in old.keys() - rows.keys() - self.gone[table]:
                if not any(old[row_id].get(key) in self.gone[parent] for key, parent in _owners(table)):
                    self.found.append(f"{table} {row_id} was deleted, and no record asked for it")

    def _resolved(self, stream: str, version: Version) -> Version:
        def find(target: str, value: Any) -> Any:  # noqa: ANN401 - any JSON
            return self.ids.get((target, str(value)), value)

        wanted = with_references(stream, version.wanted, find)
        return Version(version.key, version.record, wanted, version.loose, version.is_deletion, version.acts)

    def _find_person(self, stream: str, ask: Ask) -> None:
        if ask.row_id is None:
            people, rows = self._made_people(stream), self.after[stream]
            versions = ask.versions[::-1] if ask.last.is_deletion else [ask.last]
            places = [(name, getattr(version, name)) for version in versions for name in _PEOPLE[stream]]
            found = (row_id for place in places if place[1] for row_id in people.get(place, ()) if row_id not in self.claimed[stream])
            ask.row_id = next(found, None)
            if ask.row_id is None and not ask.last.is_deletion and not (ask.last.email or ask.last.wanted.get("phone")):
                # Someone whom nothing tells apart, or whose phone was dropped.
                made = (row_id for row_id in rows if row_id not in self.before.rows[stream] and row_id not in self.claimed[stream])
                ask.row_id = next((row_id for row_id in made if self._holds(stream, ask.last, rows[row_id])), None)
        self._claim(stream, ask)

    def _made_people(self, stream: str) -> Mapping[tuple[str, str], list[str]]:
        """The rows that weren't there before, by name and value of what tells people apart."""
        if stream not in self._people:
            index: dict[tuple[str, str], list[str]] = defaultdict(list)
            for row_id, row in self.after[stream].items():
                if row_id not in self.before.rows[stream]:
                    for name in _PEOPLE[stream]:
                        index[name, folded(row.get(name))].append(row_id)
            self._people[stream] = index
        return self._people[stream]

    def _find_by_content(self, stream: str, asks: list[Ask]) -> None:
        """Give each ask a row that says what it says; then, to those that are left, the row that comes nearest."""
        rows, old = self.after[stream], self.before.rows[stream]
        open_asks = []
        for ask in sorted(asks, key=lambda ask: ask.is_optional or ask.last.is_deletion):
            if ask.row_id is not None and ask.row_id not in rows and any(version.is_deletion for version in ask.versions[:-1]):
                # It went, as an earlier version says; what came afterwards is another row.
                self.gone[stream].add(ask.row_id)
                ask.row_id = None
            if ask.row_id is not None and not (stream == "meetings" and not self._holds(stream, ask.last, rows.get(ask.row_id, {}))):
                self._claim(stream, ask)
            else:
                open_asks.append(ask)
        made = [row_id for row_id in rows if row_id not in old]
        index = Index(stream, rows, [*made, *(row_id for row_id in rows if self.adopts and row_id in old)])
        for ask in open_asks:
            # What a deletion asks for is that there is nothing left of the versions before it.
            shown = ask.versions[-2::-1] if ask.last.is_deletion else ask.versions if FACTS[stream].is_once else [ask.last]
            for version in shown:
                free = (row_id for row_id in index.candidates(version) if row_id not in self.claimed[stream])
                row_id = next((row_id for row_id in free if self._holds(stream, version, rows[row_id])), None)
                if row_id is not None:
                    ask.row_id, ask.holds = row_id, version
                    break
            self._claim(stream, ask)
        lost = [ask for ask in open_asks if ask.row_id is None and not ask.last.is_deletion]
        # What says just what another record says is that one's second effect.
        left = [row_id for row_id in made if lost and row_id not in self.claimed[stream] and not self._is_said(stream, rows[row_id], asks)]
        for ask in lost:
            wanted = ask.last.wanted.items()
            scores = {row_id: sum(is_same(stream, name, value, rows[row_id].get(name)) for name, value in wanted) for row_id in left}
            best = max(left, key=lambda row_id: scores[row_id], default=None)
            if best is not None and scores[best]:
                ask.row_id = best
                left.remove(best)
                self._claim(stream, ask)

    def _is_said(self, stream: str, row: Row, asks: Iterable[Ask]) -> bool:
        return any(self._holds(stream, ask.last, row) for ask in asks if ask.row_id is not None)

    def _claim(self, stream: str, ask: Ask) -> None:
        if ask.row_id is None:
            return
        (self.gone if ask.last.is_deletion else self.claimed)[stream].add(ask.row_id)
        for version in ask.versions:
            self.ids[stream, str(version.record.get("id", version.key[0]))] = ask.row_id

    def _holds(self, stream: str, version: Version, row: Row) -> bool:
        return bool(version.wanted) and next(iter(self._differences(stream, version, row)), None) is None

    def _differences(self, stream: str, version: Version, row: Row, *, is_made: bool = False) -> Iterable[str]:
        for name, value in version.wanted.items():
            if name == "createdBy" and not is_made:
                # Who acts is not who made it.
                continue
            if name == "labels" and self.sandbox.variant.labels_update == "merge":
                if not set(cleaned(value)) <= set(cleaned(row.get(name))):
                    yield f"{name} lacks some of {value!r}"
            elif stream == "campaigns" and name == "status" and version.acts and row.get(name) == "active":
                # It was published after its status was set.
                continue
            elif not is_same(stream, name, value, row.get(name)):
                yield f"{name} is {row.get(name)!r}, not {value!r}"

    def _check(self, stream: str, ask: Ask) -> None:
        """Compare an ask with its row."""
        row = self.after[stream].get(ask.row_id or "")
        where = f"{stream} {ask.label}"
        if ask.last.is_deletion:
            if row is not None:
                self.found.append(f"{where} is still there as {ask.row_id}")
            return
        if row is None:
            if not ask.is_optional:
                self.found.append(f"{where} has no effect")
            return
        old = self.before.rows[stream].get(ask.row_id or "")
        if not ask.is_optional:
            is_made = old is None and len(ask.versions) == 1
            self.found += [f"{where}: {text}" for text in self._differences(stream, ask.holds or ask.last, row, is_made=is_made)]
            if stream in {"imports", "exports"} and row.get("status") in {"queued", "processing"}:
                self.found.append(f"{where} was not followed to its end")
        must = (ask.holds or ask.last).wanted if not ask.is_optional else {}
        for name in sorted(row.keys() | (old or {}).keys()):
            is_merged = name == "labels" and self.sandbox.variant.labels_update == "merge"
            if (name not in must or is_merged) and not self._is_allowed(stream, name, ask, row, old):
                self.found.append(f"{where}: {name} is {row.get(name)!r}, and no record says so")
        self._check_action(stream, ask, row, old)

    def _is_allowed(self, stream: str, name: str, ask: Ask, row: Row, old: Row | None) -> bool:
        table, value = TABLES[stream], row.get(name)
        if name in {"id", "object", table.updated, table.parent_key, *(() if old else (table.created,))} or is_servers(stream, name, ask.versions):
            return True
        if is_blank(stream, name, value) if old is None else value == old.get(name):
            return True
        said = [version.wanted[name] for version in ask.versions if name in version.wanted]
        said += [loose for version in ask.versions for loose_name, loose in version.loose if loose_name == name]
        if name == "labels" and self.sandbox.variant.labels_update == "merge":
            every = {label for labels in [*said, (old or {}).get(name)] for label in cleaned(labels)}
            return set(cleaned(value)) <= every
        return any(is_same(stream, name, one, value) for one in said)

    def _check_action(self, stream: str, ask: Ask, row: Row, old: Row | None) -> None:
        if stream not in ACTIONS:
            return
        action, table, key = ACTIONS[stream]
        if table:
            count = sum(below.get(key) == ask.row_id and below_id not in self.before.rows[table] for below_id, below in self.after[table].items())
        else:
            count = (row.get("attempt_count") or 0) - ((old or {}).get("attempt_count") or 0)
        most = sum(version.acts for version in ask.versions)
        least = 1 if ask.last.acts and not ask.is_optional else 0
        if count < least:
            self.found.append(f"{stream} {ask.label}: {action} has no effect")
        elif count > most:
            self.found.append(f"{stream} {ask.label}: {action} happened {count} times, not {most}")

    def _comes_along(self, table: str, row: Row) -> bool:
        if table not in _COME_ALONG:
            return False
        key, cause = _COME_ALONG[table]
        if cause in TABLES:
            return row.get(key) in self.claimed[cause]
        stream = next(stream for stream, (action, *_) in ACTIONS.items() if action == cause)
        # How often is counted where the record is looked at.
        return any(ask.row_id == row.get(key) for ask in self.asks.get(stream, ()) if ask.row_id)

    def _surplus(self, table: str, row_id: str, row: Row) -> str:
        for ask in self.asks.get(table, ()):
            people = [(version.email, version.phone) for version in ask.versions] if table in _PEOPLE else []
            is_theirs = any((email and email == str(row.get("email")).casefold()) or (phone and phone == row.get("phone")) for email, phone in people)
            if is_theirs or any(self._holds(table, version, row) for version in ask.versions):
                return f"{table} {ask.label} has a second effect: {row_id}"
        return f"{table} {row_id} was created, and no record asked for it"


def _owners(table: str) -> Iterable[tuple[str, str]]:
    """The ids that lead from a table's rows upwards, each with the table that it leads to."""
    kind = TABLES[table]
    while kind.parent and kind.parent_key:
        yield kind.parent_key, kind.parent
        kind = TABLES[kind.parent]
