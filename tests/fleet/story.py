"""What a fleet goes through, and what must have come of it each time."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

from psycopg import sql

from tests.demo.database import NotAsToldError
from tests.fleet import audit
from tests.fleet.places import EXAMPLE
from tests.sandbox.changes import change_world

if TYPE_CHECKING:
    from collections.abc import Iterable

    import psycopg

    from tests.fleet.agency import Client
    from tests.fleet.airflow import Airflow

_BEGAN = time.monotonic()
_IN_THE_MIDDLE = 10


def expect(what: str, wrong: Iterable[object]) -> None:
    """Say that something is as it must be.

    Args:
        what: What must be so.
        wrong: All that is against it.

    Raises:
        NotAsToldError: It is not.
    """
    wrong = list(wrong)
    if wrong:
        message = f"Not as it must be: {what}: {wrong[:10]}"
        raise NotAsToldError(message)
    print(f"ok: {what}", flush=True)


class Fleet:
    """The accounts, and what becomes of them.

    Args:
        airflow: What runs them.
        clients: The good ones.
        bad: Those that can't be loaded, which are the last in Airflow's list, and a word of the reason.
        warehouse: Where they are loaded.
    """

    def __init__(self, airflow: Airflow, clients: list[Client], bad: dict[str, str], warehouse: psycopg.Connection[Any]) -> None:
        self._airflow = airflow
        self._clients = clients
        self._bad = bad
        self._warehouse = warehouse

    def page(self) -> None:
        """What can be asked about the page and the pod template without running anything."""
        settings = re.findall(r"`\[(\w+)\] (\w+)`", (EXAMPLE.parents[1] / "docs" / "orchestration.md").read_text(encoding="utf-8"))
        expect("Airflow has the settings that the page names", self._airflow.unknown(f"{section} {option}" for section, option in settings))
        pod = self._airflow.pod(EXAMPLE / "pod_template.yaml")
        expect("Airflow makes a pod of the template", [] if pod == "base ['a', 'task'] Never" else [pod])

    def alone(self, client: Client) -> None:
        """One account, by its own DAGs and their schedules, which both want it at once."""
        runs = {dag: self._airflow.unpause(dag) for dag in ("hiringcenter_hourly", "hiringcenter_weekly")}
        for dag, run in runs.items():
            ended = self._airflow.wait(run)
            self._airflow.pause(dag)
            how = f"{self._airflow.states(run, 'load')} at try {self._airflow.tries(run, 'load')}"
            expect(f"{dag} begins by itself, and its run succeeds: {how}", [ended] * (ended != "success"))
        expect(f"{client.name} is complete", audit.differences(self._warehouse, client)[1])

    def first_load(self) -> None:
        """All accounts for the first time; a worker is killed, and what it has begun goes on without it."""
        run = self._airflow.trigger("hiringcenter_fleet_hourly")
        killed = self._kill("one", with_all=False)
        self._airflow.start_worker("three")
        self._end(run, killed)

    def changes(self) -> None:
        """An hour later."""
        for client in self._clients:
            change_world(client.account)
        before = {client.name: len(client.requests) for client in self._clients}
        self._end(self._airflow.trigger("hiringcenter_fleet_hourly"), [])
        asked = [client.name for client in self._clients if not any("updated_after" in log.query for log in client.requests[before[client.name] :])]
        expect("every account went on from its state", asked)

    def week(self) -> None:
        """Everything anew, while a worker is lost with its machine."""
        gone = []
        for client in self._clients:
            leads, notes = client.account.truth("leads"), client.account.truth("notes")
            client.account.remove("leads", leads[0]["id"])
            client.account.change("notes", notes[0]["id"], body="Edited")
            client.account.put("lead_messages", {}, lead_id=leads[1]["id"])
            gone.append((client, leads[0]["id"]))
        run = self._airflow.trigger("hiringcenter_fleet_weekly")
        killed = self._kill("two", with_all=True)
        self._airflow.start_worker("four")
        self._end(run, killed)
        expect("what was deleted is marked", [client.name for client, lead in gone if not self._is_marked(client, lead)])

    def _is_marked(self, client: Client, lead: str) -> bool:
        table = sql.Identifier(audit.schema_of(client.name), "leads")
        statement = sql.SQL("SELECT 1 FROM {} WHERE id = %s AND _sdc_deleted_at IS NOT NULL").format(table)
        return bool(self._warehouse.execute(statement, [lead]).fetchone())

    def _kill(self, worker: str, *, with_all: bool) -> list[str]:
        """Kill a worker in the middle of accounts.

        Returns:
            These accounts.
        """
        before = {client.name: len(client.requests) for client in self._clients}
        found: list[str] = []

        def is_in_the_middle() -> bool:
            begun = self._airflow.begun_by(worker)
            found[:] = [
                client.name for client in self._clients if client.name in begun and len(client.requests) > before[client.name] + _IN_THE_MIDDLE
            ]
            return bool(found)

        self._airflow.until(is_in_the_middle, f"worker {worker} is in the middle of accounts")
        self._airflow.kill(worker, with_all=with_all)
        how = "with all that it had begun" if with_all else "but for what it had begun"
        print(f"\nkilled: worker {worker}, {how}: {', '.join(found)}", flush=True)
        return found

    def _end(self, run: str, killed: list[str]) -> None:
        """Wait for a run, and look at every account."""
        state = self._airflow.wait(run)
        wrong = self._table(run, killed)
        expect("every good account has every row and every value", wrong)
        tries = self._airflow.tries(run, "load")
        expect("what was killed was tried again", [client.name for at, client in enumerate(self._clients) if client.name in killed and tries[at] < 2])
        bad = list(self._bad)
        expect(f"{' and '.join(bad)} are not tried again", [number for number in tries[-len(bad) :] if number != 1])
        expect("they have no schema", [name for name in bad if audit.exists(self._warehouse, name)])
        log = self._airflow.log(run, "report")
        is_told = state == "failed" and f"{len(bad)} of {len(tries)} accounts are not complete" in log
        reasons = {name: re.findall(rf"{name}: failed: (.*?)(?:\\n|\"|$)", log, re.MULTILINE) for name in bad}
        unnamed = [name for name, word in self._bad.items() if not any(word in reason for reason in reasons[name])]
        expect("they are reported by name and reason, and no other is", unnamed if is_told else [state, log[-2000:]])

    def wrong_list(self) -> None:
        """A list of accounts that is none."""
        self._airflow.run("variables", "set", "hiringcenter_accounts", '["client00", "client00"]')
        run = self._airflow.trigger("hiringcenter_fleet_hourly")
        ended = self._airflow.wait(run)
        is_told = "named twice" in self._airflow.log(run, "accounts") and "could not be read" in self._airflow.log(run, "report")
        expect("a list of accounts that is wrong is told", [] if is_told and ended == "failed" else [ended])

    def _table(self, run: str, killed: list[str]) -> list[str]:
        """Print how each account stands.

        Returns:
            What is wrong with any.
        """
        clients = {client.name: client for client in self._clients}
        tasks = zip([*clients, *self._bad], self._airflow.states(run, "load"), self._airflow.tries(run, "load"), strict=True)
        print(f"\n{run}: {time.monotonic() - _BEGAN:.0f} s since the beginning\n\naccount     rows  task       tries", flush=True)
        wrong = []
        for name, state, tries in tasks:
            rows, found = audit.differences(self._warehouse, clients[name]) if name in clients else (0, [])
            wrong += [f"{name}: {line}" for line in found]
            remarks = ["killed"] * (name in killed) + ["WRONG"] * bool(found)
            print(f"{name:10}  {rows:4}  {state:9}  {tries}  {' '.join(remarks)}".rstrip(), flush=True)
        print(flush=True)
        return wrong
