"""The one way to send a request: signed, paced, repeated, judged, worded.

Making a request (`Request`, plain data) and sending it (`Transport.send`) are two steps, so that what is asked can be tested without a
server, and a repeat is the very same request.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from functools import cached_property
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

import backoff
import msgspec
import requests
import urllib3

from tap_hiringcenter.api import answers
from tap_hiringcenter.api.adapter import TimelyAdapter
from tap_hiringcenter.api.answers import Content
from tap_hiringcenter.api.budget import HOUR, MINUTE, Budget
from tap_hiringcenter.api.errors import (
    EnvelopeError,
    KeyRefusedError,
    RateLimitedError,
    RefusedError,
    SystemEndedError,
    TransientError,
    UncertainError,
)
from tap_hiringcenter.api.patience import Patience

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_hiringcenter.api.adapter import Watchdog
    from tap_hiringcenter.api.answers import Answer
    from tap_hiringcenter.api.systems import System
    from tap_hiringcenter.api.usage import Allowance, Usage

logger = logging.getLogger(__name__)
# Their lines hold whole URLs, and a query may carry personal data; what goes wrong is raised as well. Filters, since a logging configuration
# of the user's sets levels anew.
for _name in ("connection", "connectionpool", "poolmanager", "response", "util.retry"):
    logging.getLogger(f"urllib3.{_name}").addFilter(lambda _: False)


# The longest honest answer is a whole list of prospects at once, for which half of this is more than a hundred thousand of them.
LARGEST_BODY = 128 * 2**20
# As many commas: a body of nothing but small values takes forty times its length when it is parsed.
MOST_VALUES = 5_000_000
_MUCH, _MANY = f"answered with more than {LARGEST_BODY >> 20} MB", f"answered with more than {MOST_VALUES:,} values"
# What is read of a body at once: all of one that is no longer than this and says so, or a part of any other.
_AT_ONCE, _PART = 2**20, 2**16
_HEADERS = {
    "Accept": "application/json",
    # What urllib3 unpacks piece by piece, wherever it is installed and whatever beside it.
    "Accept-Encoding": "gzip, deflate",
    "User-Agent": "hiringcenter-singer",
}


@dataclass(frozen=True)
class Request:
    """A request as data.

    Attributes:
        method: HTTP method.
        path: Path below the system's URL, with the names of ids in braces: `/leads/{lead_id}/activities`.
        ids: The ids that stand for those names.
        query: Query parameters.
        body: What to send as JSON.
        idempotency_key: Tells the API that a repeat of this request is a repeat, where the system has a header for it.
        is_repeatable: Whether it may be sent again although its first answer was lost, because doing it twice is the same as doing it once.
    """

    method: str
    path: str
    ids: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    idempotency_key: str | None = None
    is_repeatable: bool = True


@dataclass(frozen=True)
class Signed:
    """A request as it goes over the wire, as often as it is repeated.

    Attributes:
        method: HTTP method.
        target: Path and query, encoded.
        headers: All headers but those that the connection adds.
        body: What is sent.
    """

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes | None


class _OversizedError(Exception):
    """A body held more than any that makes sense; what of, in words."""


class _InterimError(Exception):
    """An answer that announces another one (1xx)."""


class Transport:
    """Sends requests to one system with one key; may be used by many threads.

    Args:
        system: Whom to ask.
        config: The settings of the tap or the target.
        allowance: The run's ceiling of requests.

    Attributes:
        lag: How far the server's clock is behind ours, as its first answer showed (to the second; never negative).
    """

    def __init__(self, system: System, config: Mapping[str, Any], allowance: Allowance) -> None:
        self.system = system
        self.concurrency: int = config["max_concurrency"]
        self.allowance = allowance
        self._url: str = config[f"{system.name}_api_url"].rstrip("/")
        self._path = urlsplit(self._url).path
        self._timeout = float(config["request_timeout_seconds"])
        ceilings = {MINUTE: config[f"{system.name}_requests_per_minute"]}
        if system.requests_per_hour:
            ceilings[HOUR] = config[f"{system.name}_requests_per_hour"]
        self._budget = Budget(ceilings, self.concurrency)
        self._has_answered = False
        self.lag = timedelta(0)
        self._headers = {**_HEADERS, "Authorization": f"Bearer {config[f'{system.name}_api_key']}"}

    def prepare(self, request: Request) -> Signed:
        """Sign a request and make it ready to be sent.

        Without `requests`, which takes ten times as long for it, and whose sessions put an entry of ~/.netrc in the place of the key.

        Args:
            request: What to ask.

        Returns:
            The request as it goes over the wire.

        Raises:
            RefusedError: An id can't stand in a path: `.` and `..` would lead to another operation, and so would nothing at all.
        """
        ids = {}
        for name, value in request.ids.items():
            if value in {"", ".", ".."}:
                raise _not_an_id(name, self._asked(request))
            try:
                ids[name] = quote(value, safe="")
            except UnicodeEncodeError:
                # What can't stand in a path can't be quoted in a message either.
                raise _not_an_id(name, request.path) from None
        target = self._path + request.path.format_map(ids)
        if request.query:
            target += f"?{urlencode(request.query)}"
        headers, body = self._headers, None
        if request.idempotency_key and self.system.idempotency_header:
            headers = {**headers, self.system.idempotency_header: request.idempotency_key}
        if request.body is not None:
            headers, body = {**headers, "Content-Type": "application/json"}, _encoded(request.body)
        return Signed(request.method, target, headers, body)

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
        signed = self.prepare(request)
        # A host that has never answered is more likely mistyped than busy: it is given up sooner, and once for all.
        patience = patience or (Patience() if self._has_answered else Patience(tries=5))
        asked = self._asked(request)

        def note(details: Any) -> None:  # noqa: ANN401  # backoff's Details is a private name
            error: TransientError = details["exception"]
            logger.warning("%s: %s: asking again in %.1f s", asked, error.reason, patience.wait)
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
            return repeated(asked, request, signed, usage)
        except TransientError as error:
            if isinstance(error, RateLimitedError) and error.wait and error.wait > HOUR:
                # It is the key that was told to wait, not this request.
                reason = f"{error.reason}, and asks to wait for {error.wait:.0f} s"
                raise self.end(SystemEndedError(reason, asked=asked, request_id=error.request_id, advice=error.advice)) from error
            if self._has_answered:
                raise
            advice = f"Check {self.system.name}_api_url and the network"
            raise self.end(SystemEndedError(error.reason, asked=asked, advice=advice)) from error

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

    def _attempt(self, asked: str, request: Request, signed: Signed, usage: Usage) -> Answer:
        # Before the turn is waited for: whoever may not ask any more need not wait to learn it.
        self.allowance.take()
        with self._budget.request() as turn:
            usage.count(requests=1)
            response, content = self._answered(asked, request, signed)
            headers: Any = response.headers  # a mapping, but not to the type checker
            if limits := answers.told(headers):
                self._budget.told(limits, turn)
            try:
                return answers.judge(asked, response.status, headers, content, self._needed(request))
            except KeyRefusedError as error:
                raise self.end(error) from None
            except RateLimitedError as error:
                usage.count(rate_limited=1)
                self._budget.refused(turn, error.wait)
                raise
            except TransientError as error:
                if request.is_repeatable:
                    raise
                raise UncertainError(error.reason, wait=error.wait, asked=asked, status=error.status, request_id=error.request_id) from None

    def _answered(self, asked: str, request: Request, signed: Signed) -> tuple[urllib3.BaseHTTPResponse, bytes]:
        """Send once, and say in words why no answer came that can be judged."""
        lost = TransientError if request.is_repeatable else UncertainError
        try:
            return self._exchange(signed)
        except _InterimError as error:
            raise lost(f"answered {error}, which is no final answer", asked=asked) from None  # noqa: EM102, TRY003
        except _OversizedError as error:
            # Not a matter of luck: the same request would bring the same again.
            unusable = EnvelopeError if request.is_repeatable else UncertainError
            raise unusable(str(error), asked=asked) from None
        except urllib3.exceptions.NewConnectionError as error:
            # Nothing can have reached the server. The name of the innermost error tells refused from unresolved; its text may quote the URL.
            raise TransientError(f"no answer ({_innermost(error)})", asked=asked) from None  # noqa: EM102, TRY003
        except urllib3.exceptions.ProxyError as error:
            # Only ever before there was a way through it.
            raise TransientError(f"no connection through the proxy of the environment ({_innermost(error)})", asked=asked) from None  # noqa: EM102, TRY003
        except urllib3.exceptions.ConnectTimeoutError as error:
            raise TransientError("no connection within the time-out", asked=asked) from error  # noqa: EM101, TRY003
        except (TimeoutError, urllib3.exceptions.ReadTimeoutError) as error:
            raise lost(f"no whole answer within {self._timeout:g} s", asked=asked) from error  # noqa: EM102, TRY003
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            raise lost(f"no answer ({_innermost(error)})", asked=asked) from None  # noqa: EM102, TRY003

    def _needed(self, request: Request) -> Content:
        """What the body of a good answer to a request is."""
        if not self.system.answers_json:
            return Content.ANYTHING
        # A write that may be done twice needs to know no more than that it was done.
        return Content.JSON_OR_NOTHING if request.method != "GET" and request.is_repeatable else Content.JSON

    def _exchange(self, signed: Signed) -> tuple[urllib3.BaseHTTPResponse, bytes]:
        """Send once and read the whole body, within the time-out from first to last byte, however slowly they come.

        Raises:
            _InterimError: It was no answer yet.
            _OversizedError: The body holds far more than it should, unpacked, whatever it was on the way.
            OSError: There is no whole answer; as requests, urllib3 and the adapter say it.
        """
        # Nothing of urllib3's own: no repeats, no redirects.
        response: Any = self._pool.urlopen(
            signed.method,
            signed.target,
            signed.body,
            signed.headers,
            retries=False,
            redirect=False,
            assert_same_host=False,
            timeout=self._timeout,
            preload_content=False,
        )
        with response:
            if not self._has_answered:
                self._has_answered = True
                self.lag = max(timedelta(0), datetime.now(timezone.utc) - answers.server_time(response.headers))
            if response.status < HTTPStatus.OK:
                # Left unread, its connection is closed: the answer that is to follow would be taken for that of the next request.
                raise _InterimError(response.status)
            with response.watchdog as watchdog:
                content = _body(response, watchdog)
            # No need to count where there can't be as many.
            if len(content) > MOST_VALUES and content.count(b",") > MOST_VALUES:
                raise _OversizedError(_MANY)
            return response, content

    @cached_property
    def _pool(self) -> Any:  # noqa: ANN401  # urllib3's, whose type requests calls something narrower
        """The connections: as requests makes them, with the proxies and certificates of the environment, and used without the rest of requests.

        A session would look where redirects lead and keep cookies, and neither is wanted here; and its way takes as long as urllib3's.
        """
        adapter = TimelyAdapter(pool_maxsize=self.concurrency)
        environment = requests.Session().merge_environment_settings(self._url, {}, True, None, None)  # noqa: FBT003  # requests' own order
        verify, cert = environment["verify"], environment["cert"]
        # Without TLS it is this machine, by the settings; a proxy would be asked for its own, and be told the key in clear.
        proxies = environment["proxies"] if self._url.lower().startswith("https:") else {}
        pool: Any = adapter.get_connection_with_tls_context(requests.Request("GET", self._url).prepare(), verify, proxies, cert)
        adapter.cert_verify(pool, self._url, verify, cert)  # type: ignore[no-untyped-call]  # as requests has it
        return pool

    def _asked(self, request: Request) -> str:
        path = request.path.format_map({name: quote(value, safe="")[:80] for name, value in request.ids.items()})
        return f"{self.system.label}: {request.method} {path}"


def _encoded(body: Mapping[str, Any]) -> bytes:
    try:
        return msgspec.json.encode(body)
    except (ValueError, OverflowError):
        # Whole numbers of any size, and half a character, which only an escape can carry.
        return json.dumps(body, allow_nan=False).encode()


def _body(response: urllib3.BaseHTTPResponse, watchdog: Watchdog) -> bytes:
    """Read a body to its end, and no further than a body may go."""
    headers = response.headers
    length = headers.get("Content-Length", "")
    if length.isdecimal() and int(length) <= _AT_ONCE and "Content-Encoding" not in headers and "Transfer-Encoding" not in headers:
        # It is as long as it says, or there is an error.
        return response.read()
    content = bytearray()
    for part in response.stream(_PART, decode_content=True):
        content += part
        if len(content) > LARGEST_BODY:
            raise _OversizedError(_MUCH)
        watchdog.check()
    return bytes(content)


def _not_an_id(name: str, asked: str) -> RefusedError:
    return RefusedError(f"{name} is not an id that can be asked for", asked=asked)


def _innermost(error: BaseException) -> str:
    """The name of the error at the root of another, such as ConnectionRefusedError or gaierror."""
    seen = [error]
    while True:
        inner = error.__cause__ or error.__context__ or next((arg for arg in error.args if isinstance(arg, BaseException)), None)
        inner = getattr(error, "reason", None) if not isinstance(inner, BaseException) else inner
        if not isinstance(inner, BaseException) or inner in seen:
            return type(error).__name__
        seen.append(inner)
        error = inner
