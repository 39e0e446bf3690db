"""Digests of what is sent: ledgers hold them for years, so that each must be of the very text that the first program made."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from target_hiringcenter.writes import Form, Write, digest

_TEXTS = st.text(st.characters(), max_size=5) | st.text(st.characters(max_codepoint=0x17F), max_size=5)
_LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | _TEXTS
_VALUES = st.recursive(_LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXTS, inner, max_size=4), max_leaves=12)


def _of(value: Any) -> str:  # noqa: ANN401  # whatever JSON holds
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


@settings(max_examples=500, deadline=None)
@given(_VALUES)
def test_a_digest_is_of_sorted_json_in_ascii(value: Any) -> None:  # noqa: ANN401  # whatever JSON holds
    assert digest(value) == _of(value)


@pytest.mark.parametrize("odd", [1e16, 1e-5, float("nan"), 2**64, -(2**63) - 1, "\ud800", "\x7f", "\xfc", "\u2028", "\x1f", '"\\/'], ids=ascii)
def test_what_encoders_write_in_several_ways_has_one_digest(odd: Any) -> None:  # noqa: ANN401  # whatever JSON holds
    for value in (odd, {"b": 1, "a": odd}, {"tags": ["x", odd]}, {"a": [{"b": odd}]}, {"a": {"b": odd}}, [[odd], [[odd]]]):
        assert digest(value) == _of(value)


@given(st.dictionaries(st.text(max_size=4), _VALUES, max_size=4), st.dictionaries(st.text(max_size=4), _VALUES, max_size=2))
def test_a_content_is_a_digest_of_all_writes(body: dict[str, Any], query: dict[str, Any]) -> None:
    create, change = Write("POST", "/leads", body, query=query), Write("PATCH", "/leads/{id}", body, ids={"a": "ü"})
    other = Write("DELETE", '/"', None)
    form = Form(create=create, change=change, remove=other, after_create=(create,), actions=(Write("POST", "/run", {}),))
    sent = [create, change, other, create, Write("POST", "/run", {})]
    assert form.content() == _of([[write.method, write.path, write.body, dict(write.query), dict(write.ids)] for write in sent])
    assert Form().content() == _of([None, None, None])
