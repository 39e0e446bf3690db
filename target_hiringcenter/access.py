"""What the configured keys may write: asked before the first write, so that a run that can't come to its end changes nothing."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from tap_hiringcenter.api.errors import ForbiddenError, KeyRefusedError, NotFoundError, RefusedError
from tap_hiringcenter.api.patience import Patience
from tap_hiringcenter.api.program import InputError
from tap_hiringcenter.api.request import Request
from tap_hiringcenter.api.settings import key_of
from tap_hiringcenter.api.systems import HIRINGCENTER, PROSPECTB2B

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_hiringcenter.api.systems import System
    from tap_hiringcenter.api.transport import Transport
    from tap_hiringcenter.api.usage import Usage
    from target_hiringcenter.ledger import Ledger
    from target_hiringcenter.sinks.base import ApiSink

logger = logging.getLogger(__name__)

_TRIES = 5


class Access:
    """Asks the systems what a key may do.

    Args:
        transports: The systems that have a key.
        ledger: Must be about the accounts that the keys belong to.

    Attributes:
        doubtful: Systems that did not know the path which checks a key, so that the URL may be wrong.
    """

    def __init__(self, transports: Mapping[System, Transport], ledger: Ledger) -> None:
        self._transports = transports
        self._ledger = ledger
        self._answers: dict[System, Mapping[str, Any]] = {}
        self.doubtful: set[System] = set()

    def check(self, sink: type[ApiSink], usage: Usage) -> None:
        """Make sure that a stream's records can be written.

        Args:
            sink: The stream's sink.
            usage: Where requests are counted.

        Raises:
            InputError: There is no key for its system, the key may only read, or it lacks a scope.
            KeyRefusedError: The key is not accepted.
            LedgerError: The ledger is about another account.
        """
        system = sink.system
        if system not in self._transports:
            msg = f"The stream {sink.name} goes to {system.label}, which is not configured: set {key_of(system)}"
            raise InputError(msg)
        if system not in self._answers:
            self._answers[system] = self._ask(system, usage)
        scopes = self._answers[system].get("scopes")
        missing = [scope for scope in sink.scopes if isinstance(scopes, list) and scope not in scopes]
        if missing:
            msg = f"The key of {system.label} has no scope {', '.join(missing)}, which {sink.name} needs. Nothing was written of it"
            raise InputError(msg)

    def _ask(self, system: System, usage: Usage) -> Mapping[str, Any]:
        """What the check of a key tells (API quickstart, GET /auth; reference, GET /me), as far as it tells anything."""
        if system.check_path is None:
            return {}
        try:
            answer = self._transports[system].send(Request("GET", system.check_path), usage, Patience(_TRIES))
        except ForbiddenError as error:
            if system is HIRINGCENTER:
                raise KeyRefusedError(error.reason, asked=error.asked, status=error.status, request_id=error.request_id) from error
            return self._unknown(system, error)
        except (NotFoundError, RefusedError) as error:
            self.doubtful.add(system)
            return self._unknown(system, error)
        body = answer.body if isinstance(answer.body, dict) else {}
        found = body.get("item", body) if system is HIRINGCENTER else body.get("data")
        if not isinstance(found, dict):
            return {}
        if body.get("success") is False or found.get("read_only") is True or found.get("active") is False:
            msg = f"The key of {system.label} is not accepted, may only read, or is not active: use one that may write. Nothing was written"
            raise InputError(msg)
        tenant = found.get("tenant")
        account = found.get("accountId") if system is HIRINGCENTER else tenant.get("id") if isinstance(tenant, dict) else None
        if account:
            self._ledger.belongs_to(system.name, str(account))
        if system is PROSPECTB2B and not isinstance(found.get("scopes"), list):
            logger.warning("GET /me doesn't tell the scopes of the ProspectB2B key, so the first write will tell")
        return found

    @staticmethod
    def _unknown(system: System, error: Exception) -> Mapping[str, Any]:
        logger.warning(
            "What the key of %s may write is not known, so the first write will tell; %s_api_url may be wrong. %s", system.label, system.name, error
        )
        return {}
