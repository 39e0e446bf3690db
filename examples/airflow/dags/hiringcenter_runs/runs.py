"""One run of one account: Meltano in a project folder of its own, while nobody else runs the account."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import psycopg

from hiringcenter_runs.accounts import name_of
from hiringcenter_runs.lock import BusyError, locked
from hiringcenter_runs.outcomes import BUSY, COMPLETE, FAILED, Outcome, judge

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

_PLUGINS = ("extractors", "loaders", "utilities")
_SECONDS_BETWEEN_LOOKS = 30
_LINES_KEPT = 100


@dataclass(frozen=True)
class Database:
    """How a database of PostgreSQL is reached: the warehouse, or Meltano's own.

    Attributes:
        host: Its host.
        port: Its port.
        user: The user that reads and writes.
        password: The user's password.
        database: The database.
    """

    host: str
    port: int
    user: str
    password: str
    database: str

    @property
    def uri(self) -> str:
        """Without the password, which is in PGPASSWORD."""
        return f"postgresql://{quote(self.user, safe='')}@{self.host}:{self.port}/{self.database}"

    @property
    def meltano_uri(self) -> str:
        """As Meltano takes it, with the password."""
        place = f"{self.host}:{self.port}/{self.database}"
        return f"postgresql+psycopg://{quote(self.user, safe='')}:{quote(self.password, safe='')}@{place}"

    @property
    def conninfo(self) -> str:
        """As libpq takes it."""
        return psycopg.conninfo.make_conninfo(self.uri, password=self.password)

    def variables(self, schema: str) -> dict[str, str]:
        """What the loader and `reconcile` need."""
        ours = {"host": self.host, "port": self.port, "user": self.user, "password": self.password, "database": self.database}
        settings = {**ours, "default_target_schema": schema}
        return {**{f"TARGET_POSTGRES_{name.upper()}": str(value) for name, value in settings.items()}, "PGPASSWORD": self.password}


@dataclass(frozen=True)
class Places:
    """Folders of a worker.

    Attributes:
        project: The Meltano project, with its plugins installed.
        accounts: Where each account's own folder is made.
    """

    project: Path
    accounts: Path

    def prepare(self, account: str) -> Path:
        """Make an account's folder what the project is; the plugins stay where they are.

        Two runs of one plugin in one project write over each other's files, so each account has a project of its own.

        Args:
            account: The account.

        Returns:
            The folder.
        """
        folder = self.accounts / account
        self.accounts.mkdir(mode=0o700, parents=True, exist_ok=True)
        (folder / ".meltano").mkdir(parents=True, exist_ok=True)
        # A run that was killed leaves its settings behind, with the keys.
        for leftover in folder.glob(".meltano/run/*/*.config.json"):
            leftover.unlink()
        for kind in _PLUGINS:
            link = folder / ".meltano" / kind
            if not link.is_symlink():
                link.symlink_to(self.project / ".meltano" / kind)
        shutil.copyfile(self.project / "meltano.yml", folder / "meltano.yml")
        return folder


@dataclass(frozen=True)
class Worker:
    """What runs accounts.

    Attributes:
        warehouse: Where they are loaded.
        places: Its folders.
        say: Takes the lines of the log.
    """

    warehouse: Database
    places: Places
    say: Callable[[str], object]

    def run(self, account: str, variables: Mapping[str, str], *, whole: bool) -> Outcome:
        """Load an account, and compare what is in the warehouse with what the tap says.

        Args:
            account: The account.
            variables: Its keys, and Meltano's database.
            whole: Whether all is read, or what has changed.

        Returns:
            What became of it.
        """
        try:
            with locked(account, self.warehouse.conninfo) as lock:
                return self._run(account, variables, lock, whole=whole)
        except BusyError as error:
            return Outcome(BUSY, str(error))
        except psycopg.OperationalError as error:
            return Outcome(FAILED, f"the warehouse can't be reached: {error}")

    def _run(self, account: str, variables: Mapping[str, str], lock: psycopg.Connection[Any], *, whole: bool) -> Outcome:
        tap, file = ("tap-hiringcenter--whole", "run-report-whole.json") if whole else ("tap-hiringcenter", "run-report.json")
        folder = self.places.prepare(account)
        # One of an earlier run tells nothing of this one.
        (folder / file).unlink(missing_ok=True)
        # Every account's keys may be in Airflow's variables; none of them is for the programs that are run.
        own = {name: value for name, value in os.environ.items() if "AIRFLOW" not in name}
        schema = name_of(account)
        # What is installed is shared: nothing is to be installed anew in the middle of other runs.
        environment = {**own, "MELTANO_AUTO_INSTALL": "false", "NO_COLOR": "1", **variables, **self.warehouse.variables(schema)}
        log: deque[str] = deque(maxlen=_LINES_KEPT)

        def hear(line: str) -> None:
            log.append(line)
            self.say(line)

        # Meltano takes a run that was killed for one under way, for five minutes. The lock knows better, hence --force.
        load = ["meltano", "--environment=prod", "run", "--force", f"--state-id-suffix={account}", tap, "target-postgres"]
        found = judge("The load", _play(load, folder, environment, lock, hear), _report(folder / file), log)
        if found.status != COMPLETE:
            return found
        # Without Meltano, whose start takes two seconds.
        python = str(self.places.project / ".meltano" / "utilities" / "reconcile" / "venv" / "bin" / "python")
        compare = [python, "-m", "tap_hiringcenter.reconcile", f"--report={file}", f"--warehouse={self.warehouse.uri}", f"--schema={schema}"]
        return judge("reconcile", _play(compare, folder, environment, lock, self.say), _report(folder / file))


def _report(file: Path) -> dict[str, Any] | None:
    try:
        return dict(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return None


def _play(command: list[str], folder: Path, environment: Mapping[str, str], lock: psycopg.Connection[Any], say: Callable[[str], object]) -> int:
    """Run a program, which holds the lock as well.

    Returns:
        Its exit code.
    """
    process = subprocess.Popen(  # noqa: S603  # what is run is spelt out above
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        pass_fds=[lock.fileno()],
    )
    ended = threading.Event()
    watch = threading.Thread(target=_watch, args=(lock, process, ended), daemon=True)
    watch.start()
    # Leaving this block waits for the program's end, however it is left.
    with process:
        try:
            for line in process.stdout or ():
                say(line.rstrip())
        except BaseException:
            process.terminate()
            raise
        finally:
            ended.set()
    return process.returncode


def _watch(lock: psycopg.Connection[Any], process: subprocess.Popen[str], ended: threading.Event) -> None:
    """Stop a run that has lost its lock, as when the server was started anew: another one may have it now."""
    try:
        while not ended.wait(_SECONDS_BETWEEN_LOOKS):
            lock.execute("SELECT 1")
    except psycopg.Error:
        process.terminate()
