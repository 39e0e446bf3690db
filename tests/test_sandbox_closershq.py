"""ClosersHQ in the ways that its documents leave open."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox import Sandbox, Variant
from tests.sandbox.client import Client


@pytest.mark.parametrize("status", [409, 400, 422])
def test_closershq_says_that_a_prospect_exists(status: Any) -> None:  # noqa: ANN401 - a literal of Variant
    with Sandbox(variant=Variant(closershq_exists_status=status)) as sandbox:
        client = Client(sandbox, "closershq")
        assert client.send("POST", "/crm/prospect", {"email": "a@example.com", "otherAttribute": {"x": 1}}).status_code == 200
        again = client.send("POST", "/crm/prospect", {"email": "A@example.com"})
        assert (again.status_code, "exists" in again.json()["message"]) == (status, True)

        client.send("PATCH", "/crm/prospect", {"email": "a@example.com", "unSubscribed": True})

        [row] = sandbox.truth("closershq_prospects")
        assert (row["unSubscribed"], row["otherAttribute"]) == (True, {"x": 1})


def test_closershq_may_delete_by_query_and_say_nothing() -> None:
    for form, text in (("empty", ""), ("text", "Prospect deleted.")):
        with Sandbox(variant=Variant(closershq_delete_in="query", closershq_answers=form)) as sandbox:  # type: ignore[arg-type]
            client = Client(sandbox, "closershq")
            client.send("POST", "/crm/prospect", {"email": "a@example.com"})
            assert client.send("DELETE", "/crm/prospect", {"email": "a@example.com"}).status_code == 400
            assert client.send("DELETE", "/crm/prospect", email="a@example.com").text == text
            assert sandbox.truth("closershq_prospects") == []
