"""Where people are told that something is not complete. Put your own channel here: mail, a chat, a pager."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_LOG = logging.getLogger(__name__)


def tell(context: Mapping[str, Any]) -> None:
    """Tell it; Airflow calls this once a task has failed for good.

    Args:
        context: Airflow's; the exception has the accounts and their reasons, and no key.
    """
    _LOG.error("ALERT %s, %s: %s", context["ti"].dag_id, context["ti"].task_id, context.get("exception"))
