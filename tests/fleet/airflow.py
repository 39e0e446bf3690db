"""Airflow as a fleet needs it: a scheduler, a processor of DAGs, a server for the tasks, and Celery workers, each as if on a machine of its own."""

from __future__ import annotations

import base64
import json
import os
import secrets
import shutil
import socket
import subprocess
import time
from typing import TYPE_CHECKING, Any

from tests.demo.database import NotAsToldError, uri_of
from tests.fleet.places import Processes, copy_dags

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    import psycopg

_ENDED = ("success", "failed")
_SECONDS_BETWEEN_LOOKS = 2
_SECONDS_FOR_A_RUN = 1800
# How long a task may say nothing until it is taken for lost; five minutes outside of here.
_SECONDS_TO_BE_LOST = 40
_TASKS_OF_A_WORKER = 2

# Questions to the Python that Airflow is installed in; each prints its answer.
_UNKNOWN_SETTINGS = """
import sys
from airflow.configuration import conf
for told in sys.argv[1:]:
    section, _, option = told.partition(" ")
    if option not in conf.configuration_description.get(section, {}).get("options", {}):
        print(told)
"""
_POD = """
import sys
from airflow.providers.cncf.kubernetes.pod_generator import PodGenerator
template = PodGenerator.deserialize_model_file(sys.argv[1])
pod = PodGenerator.construct_pod(
    dag_id="dag", task_id="load", pod_id="pod", try_number=1, kube_image=None, date=None, args=["a", "task"], pod_override_object=None,
    base_worker_pod=template, namespace="default", scheduler_job_id="1", run_id="run", map_index=3,
)
(container,) = pod.spec.containers
print(container.name, container.args, pod.spec.restart_policy)
"""


class Airflow:
    """Airflow, with its own database and broker.

    Args:
        folder: Where Airflow and Meltano are installed, and everything goes.
        database: Its database.
        broker: The Redis database that Celery uses.
    """

    def __init__(self, folder: Path, database: psycopg.Connection[Any], broker: str) -> None:
        self._folder = folder
        self._database = database
        self._processes = Processes(folder / "processes")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        uri = uri_of(database, "postgresql+psycopg2")
        secret = secrets.token_hex(32)
        paths = [str(folder / name / "bin") for name in ("airflow", "meltano")]
        ours = {name: value for name, value in os.environ.items() if "AIRFLOW" not in name and not name.startswith(("MELTANO_", "TAP_", "TARGET_"))}
        self._variables = {
            **ours,
            "PATH": os.pathsep.join([*paths, os.environ["PATH"]]),
            "AIRFLOW_HOME": str(folder / "home"),
            "AIRFLOW__CORE__DAGS_FOLDER": str(copy_dags(folder)),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
            "AIRFLOW__CORE__FERNET_KEY": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{self._port}/execution/",
            "AIRFLOW__API__PORT": str(self._port),
            "AIRFLOW__API__SECRET_KEY": secret,
            "AIRFLOW__API_AUTH__JWT_SECRET": secret,
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": uri,
            "AIRFLOW__CELERY__BROKER_URL": broker,
            "AIRFLOW__CELERY__RESULT_BACKEND": f"db+{uri}",
            "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": str(_SECONDS_TO_BE_LOST),
            "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
            "HIRINGCENTER_PROJECT": str(folder / "project"),
        }

    def run(self, *arguments: str) -> str:
        """Run one of Airflow's commands.

        Args:
            arguments: The command.

        Returns:
            What it printed.
        """
        return self._run("airflow", *arguments)

    def unknown(self, settings: Iterable[str]) -> list[str]:
        """Settings, such as `core parallelism`, that this release doesn't have."""
        return self._ask(_UNKNOWN_SETTINGS, *settings).splitlines()

    def pod(self, template: Path) -> str:
        """What Airflow makes of a pod template for a task: the container, its arguments and how it is started again."""
        return self._ask(_POD, str(template)).strip()

    def set_up(self, accounts: list[str], connections: dict[str, Any], slots: int) -> None:
        """Make the database, and tell the accounts, their keys, and how many may run at once.

        Args:
            accounts: The variable.
            connections: The connections, as a file to import has them.
            slots: The size of the pool.
        """
        self.run("db", "migrate")
        for what, content in (("variables", {"hiringcenter_accounts": accounts}), ("connections", connections)):
            file = self._folder / f"{what}.json"
            file.write_text(json.dumps(content), encoding="utf-8")
            self.run(what, "import", str(file))
            # Their keys are looked for in all that is left behind.
            file.unlink()
        self.run("pools", "set", "hiringcenter", str(slots), "accounts at once")

    def start(self, workers: Iterable[str]) -> None:
        """Start everything.

        Args:
            workers: Names of the workers.
        """
        for name in ("api-server", "scheduler", "dag-processor"):
            self._processes.start(name, ["airflow", name], self._variables)
        for worker in workers:
            self.start_worker(worker)

    def start_worker(self, name: str) -> None:
        """Start a worker, which keeps its accounts' folders to itself."""
        arguments = ["--skip-serve-logs", "--concurrency", str(_TASKS_OF_A_WORKER), "--celery-hostname", f"{name}@%h"]
        variables = {**self._variables, "HIRINGCENTER_ACCOUNTS": str(self._accounts_of(name))}
        self._processes.start(name, ["airflow", "celery", "worker", *arguments], variables)

    def begun_by(self, worker: str) -> set[str]:
        """The accounts that a worker is loading: Meltano has their settings in a file while it does."""
        return {file.parents[3].name for file in self._accounts_of(worker).glob("*/.meltano/run/*/tap.*.config.json")}

    def kill(self, worker: str, *, with_all: bool) -> None:
        """Kill a worker: just itself, or as if with its machine and its disk."""
        self._processes.kill(worker, with_all=with_all)
        if with_all:
            shutil.rmtree(self._accounts_of(worker))

    def stop(self) -> None:
        """End everything."""
        self._processes.end()

    def unpause(self, dag: str) -> str:
        """Let a DAG follow its schedule: that begins with the hour or the week that is just over.

        Returns:
            What its run is called.
        """
        self.run("dags", "unpause", "--yes", dag)
        statement = "SELECT run_id FROM dag_run WHERE dag_id = %s"
        self.until(lambda: self._database.execute(statement, [dag]).fetchone(), f"{dag} has begun")
        ((run,),) = self._database.execute(statement, [dag]).fetchmany(1)
        return str(run)

    def pause(self, dag: str) -> None:
        """Begin no more runs of a DAG, and no more tries in those that there are."""
        self.run("dags", "pause", "--yes", dag)

    def trigger(self, dag: str) -> str:
        """Have a DAG run.

        Returns:
            What its run is called.
        """
        run = f"fleet-{secrets.token_hex(4)}"
        self.run("dags", "unpause", "--yes", dag)
        self.run("dags", "trigger", dag, "--run-id", run)
        return run

    def wait_for_dags(self, *dags: str) -> None:
        """Wait until the DAGs are known."""
        self.until(lambda: {dag for (dag,) in self._database.execute("SELECT dag_id FROM dag")} >= set(dags), "the DAGs are known")

    def wait(self, run: str) -> str:
        """Wait for a run.

        Returns:
            `success` or `failed`.
        """
        self.until(lambda: self.state(run) in _ENDED, f"{run} has ended")
        return self.state(run)

    def state(self, run: str) -> str:
        """How a run stands."""
        ((state,),) = self._database.execute("SELECT state FROM dag_run WHERE run_id = %s", [run])
        return str(state)

    def until(self, is_so: Callable[[], object], what: str) -> None:
        """Wait until something is so.

        Raises:
            NotAsToldError: It is not for long, or a part of Airflow has ended.
        """
        deadline = time.monotonic() + _SECONDS_FOR_A_RUN
        while not is_so():
            ended = self._processes.ended()
            if ended or time.monotonic() > deadline:
                message = f"Not until now: {what}" + (f"; {', '.join(ended)} ended" if ended else "")
                raise NotAsToldError(message)
            time.sleep(_SECONDS_BETWEEN_LOOKS)

    def states(self, run: str, task: str) -> list[str]:
        """How the tasks of a run stand, account by account."""
        return [str(state) for state, _ in self._tasks(run, task)]

    def tries(self, run: str, task: str) -> list[int]:
        """At which try the tasks of a run are, account by account."""
        return [tries for _, tries in self._tasks(run, task)]

    def log(self, run: str, task: str) -> str:
        """What a task of a run has logged."""
        files = (self._folder / "home" / "logs").glob(f"*/run_id={run}/task_id={task}/**/*.log")
        return "".join(file.read_text(encoding="utf-8") for file in files)

    def _accounts_of(self, worker: str) -> Path:
        """Where a worker has its accounts' folders."""
        return self._folder / "processes" / worker / "accounts"

    def _ask(self, question: str, *arguments: str) -> str:
        return self._run("python", "-c", question, *arguments)

    def _run(self, program: str, *arguments: str) -> str:
        command = [str(self._folder / "airflow" / "bin" / program), *arguments]
        done = subprocess.run(command, env=self._variables, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        if done.returncode:
            message = f"{program} {' '.join(arguments)} ended with exit code {done.returncode}:\n{done.stdout}{done.stderr}"
            raise NotAsToldError(message)
        return done.stdout

    def _tasks(self, run: str, task: str) -> list[tuple[Any, ...]]:
        statement = "SELECT state, try_number FROM task_instance WHERE run_id = %s AND task_id = %s ORDER BY map_index"
        return self._database.execute(statement, [run, task]).fetchall()
