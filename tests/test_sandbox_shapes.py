"""The two ages of HiringCenter, the forms of its feed, and how the servers tell of their limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.sandbox import Limits, Sandbox, Variant, World
from tests.sandbox.client import Client

if TYPE_CHECKING:
    from collections.abc import Callable

WORLD = World(seed=3, size=30)


def _envelopes(sandbox: Sandbox) -> list[set[str]]:
    client = Client(sandbox, "hiringcenter")
    return [set(client.get(path)) for path in ("/prospects", "/meetings", "/notes", "/tasks")]


_OLDER_PROSPECTS, _CURRENT = {"prospects", "totalCount"}, {"success", "items", "pagination"}
_OLDER_TOKEN = {"success", "items", "nextPageToken"}


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ("current", [_CURRENT] * 4),
        ("older", [_OLDER_PROSPECTS, _OLDER_TOKEN, {"success", "notes", "lastNote"}, _OLDER_TOKEN]),
        ("mixed", [_OLDER_PROSPECTS, *[_CURRENT] * 3]),
    ],
)
def test_both_shapes_of_hiringcenter(shape: Any, expected: list[set[str]]) -> None:  # noqa: ANN401 - a literal of Variant
    with Sandbox(WORLD, variant=Variant(hiringcenter_shape=shape)) as sandbox:
        assert _envelopes(sandbox) == expected


def test_the_older_shape_reads_on_and_on() -> None:
    with Sandbox(WORLD, variant=Variant(hiringcenter_shape="older")) as sandbox:
        client = Client(sandbox, "hiringcenter")
        assert len(client.get("/prospects")["prospects"]) == 1
        for table in ("meetings", "notes", "tasks"):
            assert sorted(client.ids(f"/{table}", limit=5)) == sorted(row["id"] for row in sandbox.truth(table))
        prospect, meeting = sandbox.truth("prospects")[0], sandbox.truth("meetings")[0]

        assert client.get(f"/prospects/{prospect['id']}") == prospect
        assert client.get(f"/meetings/{meeting['id']}") == {**meeting, "success": True}
        assert client.send("GET", "/tasks", assignedTo="x").status_code == 400
        assert client.send("DELETE", f"/prospects/{prospect['id']}").status_code == 405


@pytest.mark.parametrize(("kind", "limit", "found"), [("exact", 2, 4), ("before", 2, 3), ("until", 3, 4)])
def test_a_notes_token_may_know_the_time_only(kind: Any, limit: int, found: int) -> None:  # noqa: ANN401 - a literal of Variant
    with Sandbox(World(notes=0), variant=Variant(notes_token=kind)) as sandbox:
        for moment in (1, 2, 2, 2):
            sandbox.put("notes", {"createdAt": moment})
        client = Client(sandbox, "hiringcenter")
        first = client.get("/notes", limit=limit)
        rest = client.get("/notes", pageToken=first["pagination"]["nextPageToken"])

        # Three notes share a millisecond: a strict token loses the third, an inclusive one repeats all.
        assert len({row["id"] for row in (*first["items"], *rest["items"])}) == found


@pytest.mark.parametrize(
    ("form", "rows_of"),
    [("array", lambda body: body), ("items", lambda body: body["items"]), ("single", lambda body: [body])],
)
def test_the_feed_has_three_forms(form: Any, rows_of: Callable[[Any], list[Any]]) -> None:  # noqa: ANN401 - a literal of Variant
    with Sandbox(WORLD, variant=Variant(poll_feed=form)) as sandbox:
        rows = rows_of(Client(sandbox, "hiringcenter").get("/webhooks/poll"))

        assert rows == sandbox.truth("prospect_feed")
        assert rows[0]["created_at"] == max(row["created_at"] for row in rows)


def test_an_unknown_choice_is_refused() -> None:
    with pytest.raises(ValueError, match="order"):
        Variant(order="random")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="prospects_cap"):
        Variant(prospects_cap=0)
    with pytest.raises(ValueError, match="me_scopes"):
        Variant(me_scopes=1)  # type: ignore[arg-type]


@pytest.mark.parametrize("system", ["hiringcenter", "prospectb2b"])
def test_limits_roll_with_the_clock(system: str) -> None:
    with Sandbox(limits=Limits(per_minute=3, per_hour=5)) as sandbox:
        client = Client(sandbox, system)
        path = "/auth" if system == "hiringcenter" else "/me"
        answers = [client.send("GET", path) for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert [answer.headers["RateLimit-Remaining"] for answer in answers] == ["2", "1", "0", "0"]
        assert int(answers[-1].headers["Retry-After"]) in (59, 60)
        sandbox.clock.advance(60)
        assert [client.send("GET", path).status_code for _ in range(3)] == [200, 200, 429]

        refused = client.send("GET", path)

        assert refused.headers["RateLimit-Limit"] == "5"
        assert 3400 < int(refused.headers["Retry-After"]) <= 3540
        if system == "hiringcenter":
            assert refused.json()["error"] == "Too many requests"
            assert refused.json()["message"].startswith("Hour limit exceeded.")


def test_a_limit_is_told_in_many_ways() -> None:
    told = {}
    for kind in ("seconds", "date", "none", "body"):
        with Sandbox(limits=Limits(per_minute=1), variant=Variant(retry_after=kind, ratelimit_reset="delta")) as sandbox:
            client = Client(sandbox, "hiringcenter")
            client.get("/auth")
            told[kind] = client.send("GET", "/auth")
            assert int(told[kind].headers["RateLimit-Reset"]) <= 60

    assert told["seconds"].headers["Retry-After"] in {"59", "60"}
    assert told["date"].headers["Retry-After"].endswith("GMT")
    assert "Retry-After" not in told["none"].headers
    assert "Retry-After" not in told["body"].headers
    assert told["body"].json()["retryAfter"] in {59, 60}
    assert "retryAfter" not in told["none"].json()
