"""What the configured keys may read: asked once, before anything is read."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from tap_hiringcenter.api.errors import ApiError, ForbiddenError, NotFoundError, SystemEndedError
from tap_hiringcenter.api.patience import Patience
from tap_hiringcenter.api.request import Request
from tap_hiringcenter.api.systems import HIRINGCENTER, PROSPECTB2B, System
from tap_hiringcenter.api.usage import Usage

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tap_hiringcenter.api.transport import Transport
    from tap_hiringcenter.base import ApiStream

logger = logging.getLogger(__name__)

# A run that can't even check its key is better begun again by whoever schedules it than kept waiting for a minute.
_TRIES = 5


class Access:
    """Asks the systems what a key may do.

    Args:
        transports: The systems that have a key.

    Attributes:
        problems: Why a system can't be read at all.
    """

    def __init__(self, transports: Mapping[System, Transport]) -> None:
        self._transports = transports
        self.problems: dict[System, ApiError] = {}
        self._scopes = self._ask_scopes() if PROSPECTB2B in transports else None

    def missing_scope(self, stream: type[ApiStream]) -> str | None:
        """The first scope that a stream needs, for itself or to list what it belongs to, and that the key lacks.

        Args:
            stream: The stream.

        Returns:
            The scope, or None when nothing is known to be missing.
        """
        if self._scopes is None:
            return None
        return next((kind.scope for kind in stream.lineage() if kind.scope and kind.scope not in self._scopes), None)

    def check(self, usage: Usage) -> Iterator[tuple[System, ApiError | None]]:
        """Check each configured key.

        Args:
            usage: Where requests are counted.

        Yields:
            Each system, with the error that shows that its key or its URL doesn't work, or None.
        """
        for system, transport in self._transports.items():
            if system is HIRINGCENTER:
                try:
                    transport.send(Request("GET", str(system.check_path)), usage, Patience(_TRIES))
                except NotFoundError as error:
                    # Each API has this operation, so that it is the URL's path that isn't there.
                    self.problems[system] = SystemEndedError(
                        error.reason, asked=error.asked, status=error.status, request_id=error.request_id, advice=f"Check {system.name}_api_url"
                    )
                except ApiError as error:
                    self.problems[system] = error
            yield system, self.problems.get(system)

    def _ask_scopes(self) -> set[str] | None:
        """The scopes of the ProspectB2B key (reference, GET /me), or None where it doesn't tell."""
        transport = self._transports[PROSPECTB2B]
        try:
            answer = transport.send(Request("GET", str(PROSPECTB2B.check_path)), Usage(), Patience(_TRIES))
        except (ForbiddenError, NotFoundError) as error:
            logger.warning("What the ProspectB2B key may read is not known, so all streams are tried. %s", error)
            return None
        except ApiError as error:
            self.problems[PROSPECTB2B] = error
            transport.end(error if isinstance(error, SystemEndedError) else _ended_by(error))
            return None
        data = answer.body.get("data") if isinstance(answer.body, dict) else None
        scopes = data.get("scopes") if isinstance(data, dict) else None
        if not isinstance(scopes, list):
            logger.warning("GET /me doesn't tell the scopes of the ProspectB2B key, so all streams are tried")
            return None
        return {scope for scope in scopes if isinstance(scope, str)}


def _ended_by(error: ApiError) -> SystemEndedError:
    return SystemEndedError(error.reason, asked=error.asked, status=error.status, request_id=error.request_id, advice=error.advice)
