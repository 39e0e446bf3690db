"""Answers: which error each becomes, what they say of waiting, and that nothing of them gets into a message."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from http import HTTPStatus
from typing import Any

import pytest
from requests.structures import CaseInsensitiveDict

from tap_hiringcenter.api import answers
from tap_hiringcenter.api.budget import HOUR, Told
from tap_hiringcenter.api.errors import (
    ApiError,
    ConflictError,
    ForbiddenError,
    KeyRefusedError,
    NotFoundError,
    RateLimitedError,
    RefusedError,
    TransientError,
)

NOW = datetime(2026, 6, 1, 12, tzinfo=timezone.utc)
BAD_DATES = ("Tue, 15 Nov 1994 08:12:31 +99999999999999", "Tue, 15 Nov 2026 08:12:31 -99999999999999")


def _headers(**given: str) -> CaseInsensitiveDict[str]:
    return CaseInsensitiveDict({name.replace("_", "-"): value for name, value in given.items()})


def _judged(status: int, content: bytes = b"{}", **headers: str) -> ApiError:
    with pytest.raises(ApiError) as caught:
        answers.judge("ProspectB2B: GET /leads", status, _headers(**headers), content)
    return caught.value


@pytest.mark.parametrize("status", [200, 201, 202, 299])
def test_any_2xx_with_json_is_an_answer(status: int) -> None:
    answer = answers.judge("ProspectB2B: GET /me", status, _headers(), b'{"data": {"id": 1}, "request_id": "req_7"}')

    assert answer == answers.Answer("ProspectB2B: GET /me", status, {"data": {"id": 1}, "request_id": "req_7"}, "req_7")


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (302, RefusedError),
        (400, RefusedError),
        (401, KeyRefusedError),
        (403, ForbiddenError),
        (404, NotFoundError),
        (408, TransientError),
        (409, ConflictError),
        (410, RefusedError),
        (422, RefusedError),
        (425, TransientError),
        (429, RateLimitedError),
        (500, TransientError),
        (502, TransientError),
        (503, TransientError),
        (504, TransientError),
        (520, TransientError),
        (599, TransientError),
    ],
)
def test_each_status_becomes_the_error_that_says_what_to_do(status: int, kind: type[ApiError]) -> None:
    error = _judged(status)

    assert type(error) is kind
    assert error.status == status
    assert str(status) in str(error)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "an empty body"),
        (b" \r\n", "an empty body"),
        (b"<html>avery@example.com</html>", "not JSON"),
        (b'{"data": [', "not JSON"),
        (b"\xff\xfe\xfd", "not JSON"),
        pytest.param(b"[" * 100_000, "not JSON", id="too deep"),
        pytest.param(b"1" * 5000, "not JSON", id="too long a number"),
    ],
)
def test_a_2xx_that_is_not_json_is_asked_for_again(content: bytes, words: str) -> None:
    error = _judged(200, content)

    assert type(error) is TransientError
    assert words in str(error)
    assert "avery" not in str(error)


@pytest.mark.parametrize(("content", "body"), [(b"", None), (b" \r\n", None), (b"{}", {})])
def test_where_a_body_may_be_empty_nothing_is_an_answer(content: bytes, body: object) -> None:
    answer = answers.judge("x", 204, _headers(X_Request_Id="req_1"), content, answers.Content.JSON_OR_NOTHING)

    assert answer == answers.Answer("x", 204, body, "req_1")


@pytest.mark.parametrize("content", [b"OK", b'{"id": '])
def test_where_a_body_may_be_empty_it_may_not_be_anything_else(content: bytes) -> None:
    with pytest.raises(TransientError, match="not JSON"):
        answers.judge("x", 200, _headers(), content, answers.Content.JSON_OR_NOTHING)


@pytest.mark.parametrize(("content", "body"), [(b"", None), (b"OK", None), (b"\xff", None), (b'{"id": ', None), (b'{"id": 1}', {"id": 1})])
def test_where_a_body_may_be_anything_the_status_is_the_answer(content: bytes, body: object) -> None:
    assert answers.judge("x", 200, _headers(), content, answers.Content.ANYTHING).body == body


@pytest.mark.parametrize("status", [302, 401, 404, 409, 429, 500])
def test_whatever_the_body_may_be_another_status_is_an_error(status: int) -> None:
    with pytest.raises(ApiError) as caught:
        answers.judge("x", status, _headers(), b"", answers.Content.ANYTHING)

    assert caught.value.status == status


@pytest.mark.parametrize(
    ("content", "exists"),
    [
        (b'{"error": "A prospect with this email already exists"}', True),
        (b'{"error": {"code": "RESOURCE_EXISTS"}}', True),
        (b"Duplicate entry", True),
        (b'{"error": "Idempotency key was used with another payload"}', False),
        (b'{"error": "A request with this key is still in progress"}', False),
        (b"{}", False),
        (b"", False),
    ],
)
def test_the_words_of_a_409_tell_whether_the_thing_exists(content: bytes, *, exists: bool) -> None:
    error = _judged(409, content, X_Request_Id="req_1")

    assert isinstance(error, ConflictError)
    assert error.exists is exists
    assert str(error) == "ProspectB2B: GET /leads: answered 409 Conflict (request id req_1)."


@pytest.mark.parametrize("content", [b"\xef\xbb\xbf{}", "{}".encode("utf-16"), b" {} "])
def test_json_in_any_of_its_encodings_is_read(content: bytes) -> None:
    assert answers.judge("x", 200, _headers(), content).body == {}


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_json_number_is_kept_as_text(text: str) -> None:
    assert answers.judge("x", 200, _headers(), f'{{"a": {text}}}'.encode()).body == {"a": text}


VALUES = [
    '{"id": "a", "n": [1, -0.5, 1e3, true, null, {"\u00e4": "\U0001f600\\u00e4"}]}',
    "123456789012345678901234567890",
    "NaN",
    "[1e400, -1e400]",
    '"half of a character: \\ud800"',
    '{"a": {}, "b": [], "c": ""}',
]
FLAT = [
    '{"total12":1,"b":12}',
    '{"x":"a","ax":1}',
    '{"a":[],"b":{}}',
    '{"[[1]]":0,"a":[[1]],"b":[[1]]}',
    '{"a":"[",",":"]"}',
    '{"a":"\\\\[",",":"]"}',
    '{"a":[1],"b":"]"}',
    '{"a":[1],"b":"the rows"}',
    '{"a":{"b":[1]},"c":"the rows"}',
    '{"a":{"b":[1]},"c":"the\\u0020rows"}',
    '["the rows",1]',
    "{}",
]


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize(
    "form",
    [
        '{"data":[%s,%s],"pagination":{"has_more":false}}',
        '  {"first" : %s , "data" :\n [ %s ] }  ',
        '{"data":%s,"same":%s}',
        "[%s,%s]",
    ],
)
def test_a_body_is_what_the_json_module_makes_of_it(form: str, value: str) -> None:
    text = form % (value, value)

    assert answers.judge("x", 200, _headers(), text.encode()).body == json.loads(text, parse_constant=str, parse_float=_float_or_text)


@pytest.mark.parametrize("text", FLAT)
def test_a_body_without_rows_is_what_the_json_module_makes_of_it(text: str) -> None:
    assert answers.judge("x", 200, _headers(), text.encode()).body == json.loads(text)


def _float_or_text(text: str) -> object:
    return float(text) if abs(float(text)) < 1e308 else text


@pytest.mark.parametrize(
    "text",
    [
        '{"data":[1],"data":[2]}',
        '{"data":[1],"data":[1]}',
        '{"data":[1,2,3],"pagination":{},"data":[2]}',
        '{"pagination":{"has_more":false,"has_more":true},"data":[{"id":"a","title":"longer than the rest"}]}',
        '{"success":true,"items":[],"success":false}',
        '{"data":[{"id":"a","title":"longer"}],"d\\u0061ta":[]}',
        '{"data":[{"id":"a"}],"pagination":{"next_cursor":"of an empty page","has_more":true,"has_more":false}}',
        '{"data":{"id":"a","data":{"success":true,"success":false}}}',
    ],
)
def test_a_name_that_comes_twice_in_an_envelope_makes_it_no_json(text: str) -> None:
    with pytest.raises(TransientError, match="not JSON"):
        answers.judge("x", 200, _headers(), text.encode())


def test_a_name_of_an_envelope_may_be_that_of_a_column_too() -> None:
    text = '{"success":true,"items":[{"id":"a","notes":"x","data":1},{"id":"b","notes":"y","data":2}]}'

    assert answers.judge("x", 200, _headers(), text.encode()).body == json.loads(text)


def test_large_whole_numbers_are_exact() -> None:
    assert answers.judge("x", 200, _headers(), b"[9223372036854775808]").body == [2**63]


def test_a_number_that_no_float_can_hold_stays_writable() -> None:
    json.dumps(answers.judge("x", 200, _headers(), b'{"a": 1e400}').body, allow_nan=False)


@pytest.mark.parametrize(
    ("headers", "body", "expected"),
    [
        ({"X-Request-Id": "req_1"}, {}, "req_1"),
        ({"request-id": "req_2"}, {}, "req_2"),
        ({"X-Correlation-ID": "req_3"}, {}, "req_3"),
        ({"X-Request-Id": "req_1"}, {"request_id": "req_4"}, "req_4"),
        ({}, {"request_id": 7}, None),
        ({}, {"request_id": "avery@example.com called about\nhis visa"}, None),
        ({}, {"request_id": "x" * 200}, None),
        ({}, [], None),
    ],
)
def test_the_request_id_is_found_where_it_looks_like_one(headers: dict[str, str], body: Any, expected: str | None) -> None:  # noqa: ANN401
    with pytest.raises(ApiError) as caught:
        answers.judge("x", 500, CaseInsensitiveDict(headers), json.dumps(body).encode())

    assert caught.value.request_id == expected


def test_a_message_holds_nothing_of_the_body_or_the_headers() -> None:
    content = b'{"error": "avery@example.com is known", "message": "+15551234567", "request_id": "req_9"}'
    text = str(_judged(422, content, Set_Cookie="session=secret", Location="https://example.com/?key=secret"))

    # Python 3.13 has another phrase for 422 than its predecessors.
    assert text == f"ProspectB2B: GET /leads: answered 422 {HTTPStatus(422).phrase} (request id req_9)."


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30", 30),
        ("0", 0),
        ("1.5", 1.5),
        ("-5", 0),
        ("86400", 86400),
        (" 7 ", 7),
        ("soon", None),
        ("", None),
        ("nan", None),
        ("inf", None),
        ("1e999", None),
    ],
)
def test_retry_after_in_seconds(text: str, expected: float | None) -> None:
    assert answers.retry_after(_headers(Retry_After=text), None) == expected


@pytest.mark.parametrize(("seconds", "expected"), [(90, 90), (0, 0), (-90, 0), (86400, 86400)])
def test_retry_after_as_a_date_is_measured_by_the_servers_clock(seconds: int, expected: float) -> None:
    at = format_datetime(NOW + timedelta(seconds=seconds), usegmt=True)

    assert answers.retry_after(_headers(Retry_After=at, Date=format_datetime(NOW, usegmt=True)), None) == expected


@pytest.mark.parametrize("date", [{}, {"Date": "junk"}])
def test_retry_after_as_a_date_without_the_servers_clock_is_measured_by_ours(date: dict[str, str]) -> None:
    at = format_datetime(datetime.now(timezone.utc) + timedelta(minutes=10), usegmt=True)

    wait = answers.retry_after(_headers(Retry_After=at, **date), None)

    assert wait is not None
    assert 500 < wait <= 600


@pytest.mark.parametrize("date", ["Tue, 15 Nov 99999 08:12:31 GMT", "Tue, 99 Nov 2026 08:12:31 GMT", "Tue, 15 Nov 2026 08:12:31 +9900"])
def test_a_date_that_is_none_is_as_good_as_silence(date: str) -> None:
    assert answers.retry_after(_headers(Retry_After=date), None) is None


@pytest.mark.parametrize("date", BAD_DATES)
def test_a_date_with_an_absurd_zone_is_as_good_as_silence(date: str) -> None:
    assert answers.retry_after(_headers(Retry_After=date), None) is None


@pytest.mark.parametrize(
    ("body", "expected"),
    [({"retryAfter": 30}, 30), ({"retryAfter": "30"}, 30), ({"retryAfter": None}, None), ({}, None), ([], None)],
)
def test_the_body_tells_the_wait_where_the_header_does_not(body: object, expected: float | None) -> None:
    assert answers.retry_after(_headers(), body) == expected


def test_the_header_wins_over_the_body() -> None:
    assert answers.retry_after(_headers(Retry_After="5"), {"retryAfter": 30}) == 5


def test_an_absurd_wait_in_the_body_is_as_good_as_silence() -> None:
    assert answers.retry_after(_headers(), {"retryAfter": 10**400}) is None


@pytest.mark.parametrize("status", [429, 503])
def test_the_wait_is_in_the_error(status: int) -> None:
    error = _judged(status, Retry_After="30")

    assert isinstance(error, TransientError)
    assert error.wait == 30


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, None),
        ({"RateLimit_Reset": "30"}, None),
        ({"RateLimit_Limit": "500", "RateLimit_Remaining": "499", "RateLimit_Reset": "60"}, Told(500, 499, 60)),
        ({"RateLimit_Limit": "500"}, Told(500, None, None)),
        ({"RateLimit_Remaining": "0", "RateLimit_Reset": "0"}, Told(None, 0, 0)),
        ({"RateLimit_Limit": "many", "RateLimit_Remaining": "4"}, Told(None, 4, None)),
        ({"RateLimit_Limit": "5", "RateLimit_Reset": "-3"}, Told(5, None, 0)),
        ({"RateLimit_Limit": "5", "RateLimit_Reset": "7200"}, Told(5, None, HOUR)),
    ],
)
def test_the_limits_are_read_from_the_headers(headers: dict[str, str], expected: Told | None) -> None:
    assert answers.told(_headers(**headers)) == expected


@pytest.mark.parametrize("scale", [1, 1000], ids=["seconds", "milliseconds"])
def test_a_reset_that_is_a_moment_is_measured_by_the_servers_clock(scale: int) -> None:
    reset = str(int(NOW.timestamp() + 45) * scale)

    told = answers.told(_headers(RateLimit_Limit="5", RateLimit_Reset=reset, Date=format_datetime(NOW, usegmt=True)))

    assert told == Told(5, None, 45)
