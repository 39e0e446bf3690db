"""The tasks of the DAGs. Connections and variables are read when a task runs, never when a file is parsed."""

from __future__ import annotations

import logging
import os
from datetime import timedelta
from pathlib import Path

from airflow.sdk import Connection, Variable, get_current_context, task
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowNotFoundException, AirflowSkipException

from hiringcenter_runs.accounts import AccountError, checked, keys_of, name_of
from hiringcenter_runs.outcomes import BUSY, COMPLETE, FAILED, Outcome, settled, summary
from hiringcenter_runs.runs import Database, Places, Worker

_LOG = logging.getLogger(__name__)
_OUTCOME = "outcome"


@task
def accounts() -> list[str]:
    """The accounts, from the variable `hiringcenter_accounts`."""
    try:
        return checked(Variable.get("hiringcenter_accounts", deserialize_json=True))
    except AccountError as error:
        raise AirflowFailException(str(error)) from error


@task(
    # What runs at once on all workers, whichever DAG it is of.
    pool="hiringcenter",
    # After five to ten minutes, as Airflow draws it, then after twice as long each time: an API's trouble mostly is over by then.
    retries=4,
    retry_delay=timedelta(minutes=5),
    retry_exponential_backoff=2,
    map_index_template="{{ task.op_kwargs['account'] }}",
)
def load(account: str, *, whole: bool) -> None:
    """Load one account, from where its last run was.

    Args:
        account: The account.
        whole: Whether all is read, or what has changed.

    Raises:
        AirflowSkipException: Another run is reading it, and will have read what this one would.
        AirflowFailException: It is not complete, and only people can help.
        AirflowException: It is not complete, and another try may be.
    """
    ti = get_current_context()["ti"]
    outcome = settled(_loaded(account, whole=whole), ti.try_number, whole=whole)
    ti.xcom_push(_OUTCOME, [account, *outcome])
    text = f"{account}: {outcome.status}: {outcome.reason}"
    if outcome.status == COMPLETE:
        return
    if outcome.status == BUSY:
        raise AirflowSkipException(text)
    raise AirflowFailException(text) if outcome.is_for_people else AirflowException(text)


@task(trigger_rule="all_done")
def report(names: list[str] | None) -> None:
    """Name each account that is not complete, and why.

    Args:
        names: The accounts; None where they could not be read.

    Raises:
        AirflowFailException: There are such accounts.
    """
    if names is None:
        msg = "The accounts could not be read: see the task accounts"
        raise AirflowFailException(msg)
    # Asked for as one of several tasks, they come as a list also when there is one.
    told = [outcome for outcome in get_current_context()["ti"].xcom_pull(task_ids=["load"], key=_OUTCOME) if outcome]
    missing, busy = summary(names, {account: Outcome(*outcome) for account, *outcome in told})
    for line in busy:
        _LOG.warning("Left to the run that has it: %s", line)
    if missing:
        msg = f"{len(missing)} of {len(names)} accounts are not complete:\n" + "\n".join(missing)
        raise AirflowFailException(msg)
    _LOG.info("Complete: %d of %d accounts", len(names) - len(busy), len(names))


def _loaded(account: str, *, whole: bool) -> Outcome:
    places = Places(Path(os.environ["HIRINGCENTER_PROJECT"]), Path(os.environ["HIRINGCENTER_ACCOUNTS"]))
    try:
        variables = keys_of(Connection.get(name_of(account)).extra_dejson)
        warehouse, state = _database("hiringcenter_warehouse"), _database("hiringcenter_meltano")
    except (AccountError, AirflowNotFoundException) as error:
        return Outcome(FAILED, str(error), is_for_people=True)
    return Worker(warehouse, places, _LOG.info).run(account, {**variables, "MELTANO_DATABASE_URI": state.meltano_uri}, whole=whole)


def _database(name: str) -> Database:
    found = Connection.get(name)
    missing = [what for what in ("host", "login", "password", "schema") if not getattr(found, what)]
    if missing:
        msg = f"The connection {name} has no {', '.join(missing)}"
        raise AccountError(msg)
    return Database(found.host, found.port or 5432, found.login, found.password, found.schema)
