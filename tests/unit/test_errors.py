"""Errors: one line for the person who must act, and one class for each thing to do next."""

from __future__ import annotations

import inspect

import pytest

from tap_hiringcenter.api import errors
from tap_hiringcenter.api.errors import (
    ApiError,
    ConflictError,
    EnvelopeError,
    ForbiddenError,
    KeyRefusedError,
    NotFoundError,
    RateLimitedError,
    RefusedError,
    RequestsSpentError,
    SystemEndedError,
    TransientError,
    UncertainError,
)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, "answered 404 Not Found."),
        ({"asked": "ProspectB2B: GET /leads"}, "ProspectB2B: GET /leads: answered 404 Not Found."),
        ({"request_id": "req_1"}, "answered 404 Not Found (request id req_1)."),
        ({"advice": "Look there"}, "answered 404 Not Found. Look there"),
        ({"asked": "a", "request_id": "b", "advice": "c"}, "a: answered 404 Not Found (request id b). c"),
    ],
)
def test_a_message_names_request_reason_request_id_and_advice(facts: dict[str, str], expected: str) -> None:
    assert str(NotFoundError("answered 404 Not Found", **facts)) == expected  # type: ignore[arg-type]  # none of these is the status


@pytest.mark.parametrize(
    ("kind", "base"),
    [
        (TransientError, ApiError),
        (RateLimitedError, TransientError),
        (SystemEndedError, ApiError),
        (KeyRefusedError, SystemEndedError),
        (RequestsSpentError, SystemEndedError),
        (UncertainError, ApiError),
        (ForbiddenError, ApiError),
        (NotFoundError, ApiError),
        (RefusedError, ApiError),
        (ConflictError, RefusedError),
        (EnvelopeError, ApiError),
    ],
)
def test_the_tree_is_the_one_at_the_top_of_the_module(kind: type[ApiError], base: type[ApiError]) -> None:
    assert kind.__bases__ == (base,)
    assert kind.__name__ in (errors.__doc__ or "")


def test_every_error_is_an_api_error() -> None:
    kinds = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if kind.__module__ == errors.__name__]

    assert all(issubclass(kind, ApiError) for kind in kinds)


def test_advice_of_its_own_wins_over_that_of_its_kind() -> None:
    assert KeyRefusedError("x").advice != KeyRefusedError("x", advice="y").advice == "y"


@pytest.mark.parametrize("kind", [TransientError, RateLimitedError, UncertainError])
def test_what_may_be_asked_again_knows_how_long_to_wait(kind: type[TransientError | UncertainError]) -> None:
    error = kind("answered 503", wait=30, asked="a", status=503)

    assert (error.wait, error.asked, error.status) == (30, "a", 503)
    assert kind("no answer").wait is None


@pytest.mark.parametrize("exists", [True, False])
def test_a_conflict_knows_whether_the_thing_exists(*, exists: bool) -> None:
    error = ConflictError("answered 409 Conflict", exists=exists, asked="a", request_id="b")

    assert error.exists is exists
    assert str(error) == "a: answered 409 Conflict (request id b)."
