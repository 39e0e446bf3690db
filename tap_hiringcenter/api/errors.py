"""What can go wrong with a request, and what the caller does next.

    ApiError
    ├── TransientError       repeated by the transport; once it is raised, patience has run out: give up this stream, try again next run
    │   └── RateLimitedError the same, after waiting as long as the server asked (within bounds)
    ├── SystemEndedError     ask this system nothing more in this run
    │   ├── KeyRefusedError  401: a person must look at the key
    │   └── RequestsSpentError the run's `max_requests` are used up; the next run goes on
    ├── UncertainError       sent, and no answer says what became of it: look whether it was done before it is asked again
    ├── ForbiddenError       403: this key may not do this; leave it out and say so
    ├── NotFoundError        404: what was asked about is gone
    ├── RefusedError         any other answer that says no; asking again would not help
    │   └── ConflictError    409: an idempotency key that is in use or was used, or a thing that exists already
    └── EnvelopeError        a 2xx answer that no document describes, or that contradicts itself: trust nothing of it

No message holds a key, a header, a query or any part of an answer but its request id: all of these may carry secrets or personal data.
"""

from __future__ import annotations

from typing import Any


class ApiError(Exception):
    """A request that did not end in an answer that can be used.

    Args:
        reason: What came back, in words for the person who must act, without anything from the answer's body.
        asked: The request, such as `ProspectB2B: GET /leads`.
        status: HTTP status, when there was an answer.
        request_id: The answer's request id, when it had one: what the vendor's support asks for.
        advice: What to do about it.
    """

    advice: str | None = None

    def __init__(
        self,
        reason: str,
        *,
        asked: str | None = None,
        status: int | None = None,
        request_id: str | None = None,
        advice: str | None = None,
    ) -> None:
        self.reason = reason
        self.asked = asked
        self.status = status
        self.request_id = request_id
        self.advice = advice or self.advice
        super().__init__(str(self))

    def __str__(self) -> str:
        """One line: what was asked, what came back, the request id, what to do."""
        text = f"{self.asked}: {self.reason}" if self.asked else self.reason
        if self.request_id:
            text += f" (request id {self.request_id})"
        return f"{text}. {self.advice}" if self.advice else f"{text}."


class TransientError(ApiError):
    """No answer, or one that may be better next time: connection, time-out, broken body, 408, 425, 429, 5xx.

    Args:
        reason: As in `ApiError`.
        wait: Seconds that the server asked to wait, or None when it did not say.
        facts: As in `ApiError`.
    """

    advice = "It was repeated without success; the next run tries again"

    def __init__(self, reason: str, *, wait: float | None = None, **facts: Any) -> None:  # noqa: ANN401  # passed on as they are
        self.wait = wait
        super().__init__(reason, **facts)


class RateLimitedError(TransientError):
    """429: the key went over a limit."""

    advice = "Lower the *_requests_per_* settings if other programs use the same key; the next run goes on from here"


class SystemEndedError(ApiError):
    """Nothing more can be asked of this system in this run."""


class KeyRefusedError(SystemEndedError):
    """401: the key is missing, malformed, revoked or expired."""

    advice = "Check the setting *_api_key of this system: the key may be mistyped, rotated or revoked"


class RequestsSpentError(SystemEndedError):
    """The run has made as many requests as `max_requests` allows."""

    advice = "The next run goes on from the last STATE"


class UncertainError(ApiError):
    """A request that must not be done twice was sent, and its answer is lost: the time-out, the connection, 5xx, a body that is not JSON.

    Args:
        reason: As in `ApiError`.
        wait: Seconds that the server asked to wait, or None when it did not say.
        facts: As in `ApiError`.
    """

    advice = "Whether it was done is looked up before it is asked again"

    def __init__(self, reason: str, *, wait: float | None = None, **facts: Any) -> None:  # noqa: ANN401  # passed on as they are
        self.wait = wait
        super().__init__(reason, **facts)


class ForbiddenError(ApiError):
    """403: the key works, but not for this."""

    advice = "Give the key the scope that this needs, or leave the stream out"


class NotFoundError(ApiError):
    """404: there is nothing at this path (any more)."""


class RefusedError(ApiError):
    """The API understood the request and will not do it (400, 409, 422, a redirect ...)."""


class ConflictError(RefusedError):
    """409, which is several things: no document tells them apart by more than its words.

    Args:
        reason: As in `ApiError`.
        exists: Whether the answer says that the thing exists already.
        facts: As in `ApiError`.
    """

    def __init__(self, reason: str, *, exists: bool, **facts: Any) -> None:  # noqa: ANN401  # passed on as they are
        self.exists = exists
        super().__init__(reason, **facts)


class EnvelopeError(ApiError):
    """A 2xx answer whose body is not what the documents describe, or that contradicts itself."""

    advice = "Nothing is assumed of such an answer; if it stays, please report it with the request id"


class CircleError(EnvelopeError):
    """The pages of a list lead back to where they came from, and a page may have been too small for the rows of one moment."""
