"""The one way to send a request: signed, paced, repeated, judged, worded.

Making a request (`Request`, plain data), its way over the wire (`Wire`) and sending it (`Transport.send`) are apart, so that what is asked can be
tested without a server, and a repeat is the very same request.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import backoff

from tap_hiringcenter.api import answers
from tap_hiringcenter.api.answers import Content
from tap_hiringcenter.api.budget import HOUR, MINUTE, Budget
from tap_hiringcenter.api.errors import KeyRefusedError, RateLimitedError, SystemEndedError, TransientError, UncertainError
from tap_hiringcenter.api.patience import Patience
from tap_hiringcenter.api.request import Signer
from tap_hiringcenter.api.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from tap_hiringcenter.api.answers import Answer
    from tap_hiringcenter.api.request import Request, Signed
    from tap_hiringcenter.api.systems import System
    from tap_hiringcenter.api.usage import Allowance, Usage

logger = logging.getLogger(__name__)


class Transport:
    """Sends requests to one system with one key; may be used by many threads.

    Args:
        system: Whom to ask.
        config: The settings of the tap or the target.
        allowance: The run's ceiling of requests.
    """

    def __init__(self, system: System, config: Mapping[str, Any], allowance: Allowance) -> None:
        self.system = system
        self.concurrency: int = config["max_concurrency"]
        self.allowance = allowance
        url: str = config[f"{system.name}_api_url"].rstrip("/")
        self._signer = Signer(system, url, config[f"{system.name}_api_key"])
        self._wire = Wire(url, float(config["request_timeout_seconds"]), self.concurrency)
        ceilings = {MINUTE: config[f"{system.name}_requests_per_minute"]}
        if system.requests_per_hour:
            ceilings[HOUR] = config[f"{system.name}_requests_per_hour"]
        self._budget = Budget(ceilings, self.concurrency)

    @property
    def lag(self) -> timedelta:
        """How far the server's clock is behind ours, as its first answer showed (to the second; never negative)."""
        return self._wire.lag

    def send(self, request: Request, usage: Usage, patience: Patience | None = None) -> Answer:
        """Ask, and ask again where that may help.

        Args:
            request: What to ask.
            usage: Where requests, repeats and 429s are counted.
            patience: How long to go on; by default as `Patience` says, and less for a host that has never answered.

        Returns:
            The answer, which is 2xx, and JSON unless it is to a write that needs no more than its status.

        Raises:
            ApiError: Its subclass says what to do next (see `errors`).
        """
        signed = self._signer.sign(request)
        # A host that has never answered is more likely mistyped than busy: it is given up sooner, and once for all.
        patience = patience or (Patience() if self._wire.has_answered else Patience(tries=5))

        def note(details: Any) -> None:  # noqa: ANN401  # backoff's Details is a private name
            error: TransientError = details["exception"]
            logger.warning("%s: %s: asking again in %.1f s", signed.asked, error.reason, patience.wait)
            usage.count(retries=1)
            # The budget waits, and not backoff: a wait there ends when the system does.
            if isinstance(error, RateLimitedError):
                self._budget.pause(patience.wait)
            else:
                self._budget.rest(patience.wait)

        repeated = backoff.on_exception(
            backoff.constant,
            TransientError,
            interval=0,
            giveup=patience.is_out,
            on_backoff=note,
            jitter=None,
            logger=None,
        )(self._attempt)
        try:
            return repeated(request, signed, usage)
        except TransientError as error:
            if isinstance(error, RateLimitedError) and error.wait and error.wait > HOUR:
                # It is the key that was told to wait, not this request.
                reason = f"{error.reason}, and asks to wait for {error.wait:.0f} s"
                raise self.end(SystemEndedError(reason, asked=signed.asked, request_id=error.request_id, advice=error.advice)) from error
            if self._wire.has_answered:
                raise
            advice = f"Check {self.system.name}_api_url and the network"
            raise self.end(SystemEndedError(error.reason, asked=signed.asked, advice=advice)) from error

    def end(self, error: SystemEndedError) -> SystemEndedError:
        """Ask nothing more: every request, also one that waits for its turn, ends with this error.

        Args:
            error: Why.

        Returns:
            The error that stands: the first one, when several requests find out at the same time.
        """
        return self._budget.end(error)

    def rest(self, seconds: float) -> None:
        """Wait so many seconds, or until the system is ended.

        Raises:
            SystemEndedError: It was ended.
        """
        self._budget.rest(seconds)

    def _attempt(self, request: Request, signed: Signed, usage: Usage) -> Answer:
        # Before the turn is waited for: whoever may not ask any more need not wait to learn it.
        self.allowance.take()
        with self._budget.request() as turn:
            usage.count(requests=1)
            response, content = self._wire.exchange(signed)
            headers: Any = response.headers  # a mapping, but not to the type checker
            if limits := answers.told(headers):
                self._budget.told(limits, turn)
            try:
                return answers.judge(signed.asked, response.status, headers, content, self._needed(request), rows=request.rows)
            except KeyRefusedError as error:
                raise self.end(error) from None
            except RateLimitedError as error:
                usage.count(rate_limited=1)
                self._budget.refused(turn, error.wait)
                raise
            except TransientError as error:
                if request.is_repeatable:
                    raise
                raise UncertainError(error.reason, wait=error.wait, asked=signed.asked, status=error.status, request_id=error.request_id) from None

    def _needed(self, request: Request) -> Content:
        """What the body of a good answer to a request is."""
        if not self.system.answers_json:
            return Content.ANYTHING
        # A write that may be done twice needs to know no more than that it was done.
        return Content.JSON_OR_NOTHING if request.method != "GET" and request.is_repeatable else Content.JSON
