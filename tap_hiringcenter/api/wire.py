"""The wire: a signed request goes out, the whole body of an answer comes in, or it is said in words why none did."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta, timezone
from functools import cached_property
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import requests
import urllib3

from tap_hiringcenter.api import answers
from tap_hiringcenter.api.adapter import TimelyAdapter
from tap_hiringcenter.api.errors import EnvelopeError, TransientError, UncertainError

if TYPE_CHECKING:
    from tap_hiringcenter.api.adapter import Watchdog
    from tap_hiringcenter.api.request import Signed

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


class _OversizedError(Exception):
    """A body held more than any that makes sense; what of, in words."""


class _InterimError(Exception):
    """An answer that announces another one (1xx)."""


class Wire:
    """Connections to one system; may be used by many threads.

    Args:
        url: The system's URL.
        timeout: Seconds from the first byte of a request to the last one of its answer.
        at_once: How many connections are kept.

    Attributes:
        has_answered: Whether the host ever did.
        lag: How far its clock is behind ours, as its first answer showed (to the second; never negative).
    """

    def __init__(self, url: str, timeout: float, at_once: int) -> None:
        self._url = url
        self._timeout = timeout
        self._at_once = at_once
        self.has_answered = False
        self.lag = timedelta(0)

    def exchange(self, signed: Signed) -> tuple[urllib3.BaseHTTPResponse, bytes]:
        """Send once.

        Args:
            signed: The request.

        Returns:
            The answer and the whole of its body.

        Raises:
            TransientError: No whole answer came, and the request may be sent again.
            UncertainError: The same, but it may not be sent again unless somebody looked whether it was done.
            EnvelopeError: The answer holds more than any that makes sense.
        """
        asked, lost = signed.asked, TransientError if signed.is_repeatable else UncertainError
        try:
            return self._exchanged(signed)
        except _InterimError as error:
            raise lost(f"answered {error}, which is no final answer", asked=asked) from None  # noqa: EM102, TRY003
        except _OversizedError as error:
            # Not a matter of luck: the same request would bring the same again.
            unusable = EnvelopeError if signed.is_repeatable else UncertainError
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

    def _exchanged(self, signed: Signed) -> tuple[urllib3.BaseHTTPResponse, bytes]:
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
            if not self.has_answered:
                self.has_answered = True
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
        adapter = TimelyAdapter(pool_maxsize=self._at_once)
        environment = requests.Session().merge_environment_settings(self._url, {}, True, None, None)  # noqa: FBT003  # requests' own order
        verify, cert = environment["verify"], environment["cert"]
        # Without TLS it is this machine, by the settings; a proxy would be asked for its own, and be told the key in clear.
        proxies = environment["proxies"] if self._url.lower().startswith("https:") else {}
        pool: Any = adapter.get_connection_with_tls_context(requests.Request("GET", self._url).prepare(), verify, proxies, cert)
        adapter.cert_verify(pool, self._url, verify, cert)  # type: ignore[no-untyped-call]  # as requests has it
        return pool


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
