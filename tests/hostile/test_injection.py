"""Ids, tokens and e-mails that mean harm: each stays one segment of a path or one value of a query, and makes no header and no other request."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote

import pytest

from tests.hostile import process
from tests.hostile.raw import KEY, Asked, answer, listed, serving
from tests.running import catalog
from tests.writing import json_lines, messages

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tests.hostile.raw import Handler

# Ids that can be asked for, and lead nowhere else.
EVIL = (
    "../me", "..%2fme", "%2e%2e", "%2e", "a/b", "/", "//evil.example/x", "http://evil.example/", "a\\b", "..\\me",
    "a?scope=all", "?", "a#b", "#", "a;b=c", "a b", " a", "a&b=c", "a=b", "a:b", "a@b", "@evil.example", "%", "%00", "%0d%0aX-Evil: 1",
    "a\r\nX-Evil: 1", "a\nX-Evil: 1\n\n", "a\r\n\r\nGET /prospectb2b/me HTTP/1.1\r\nHost: x\r\n\r\n", "a\tb", "a\0b", "a\x7fb", "a\x85b", "a\u2028b",
    "\u00e4", "\U0001f600", "\uff0e\uff0e", "a\u202eb", "{campaign_id}", "{0}", "%(id)s", "${HOME}", "*", "...", "~", "x" * 10_000, "None", "-1",
)  # fmt: skip
# Ids that can't be: a path without them, or with them, is another one.
NO_IDS = ("", " ", "\n", ".", "..", "\ud800")


def children(asked: Iterable[Asked], before: str, after: str) -> list[str]:
    """The ids between two parts of a path, of the requests that have these parts and one segment between them."""
    found = [request.target.removeprefix(before).removesuffix(after) for request in asked if request.target.startswith(before)]
    return [unquote(segment, errors="strict") for segment in found if "/" not in segment and "?" not in segment]


def oddities(asked: Iterable[Asked], *expected: str) -> list[str]:
    """What no honest request has: another header, another host, a request line of another form, or a path that is none of those expected."""
    found = []
    for request in asked:
        names = [line.split(b":")[0].decode("latin-1").lower() for line in request.head[1:]]
        if len(names) != len(set(names)) or not set(names) <= _HEADERS:
            found.append(f"headers {names}")
        if len(request.head[0].split(b" ")) != 3 or not request.head[0].isascii() or request.header("authorization") != [f"Bearer {KEY}"]:
            found.append(f"line {request.head[0]!r}")
        if not any(request.path == path or (path.endswith("*") and request.path.startswith(path[:-1])) for path in expected):
            found.append(f"path {request.target[:200]}")
    return found


_HEADERS = {
    "host", "user-agent", "accept-encoding", "accept", "connection", "authorization", "content-length", "content-type",
    "idempotency-key", "x-idempotency-key",
}  # fmt: skip


def choose(folder: Path, *streams: str) -> list[str]:
    """The arguments that select some streams."""
    (folder / "catalog.json").write_text(json.dumps(catalog(*streams)), encoding="utf-8")
    return ["--catalog", str(folder / "catalog.json")]


def test_ids_of_rows_stay_one_segment_of_the_path_of_their_children(tmp_path: Path) -> None:
    rows = [{"id": identifier, "updated_at": "2026-01-01T00:00:00Z"} for identifier in EVIL]
    with serving({"/campaigns": answer(listed(*rows)), "/logs": answer(listed({"id": "log_1"}))}) as server:
        ended = process.run("tap", tmp_path / "run", server.config(), *choose(tmp_path, "campaigns", "campaign_logs"))
    assert ended.code == 0, ended.log
    assert oddities(server.asked, "/prospectb2b/me", "/prospectb2b/campaigns", "/prospectb2b/campaigns/*") == []
    assert sorted(children(server.asked, "/prospectb2b/campaigns/", "/logs")) == sorted(EVIL)
    records = [message["record"] for message in ended.messages if message["type"] == "RECORD" and message["stream"] == "campaign_logs"]
    assert sorted(record["campaign_id"] for record in records) == sorted(EVIL)


@pytest.mark.parametrize("identifier", [*NO_IDS, ["a"], {"id": "a"}], ids=repr)
def test_a_row_whose_id_can_not_be_asked_for_costs_its_children_and_says_so(identifier: object, tmp_path: Path) -> None:
    rows = [{"id": value, "updated_at": "2026-01-01T00:00:00Z"} for value in ("cmp_1", identifier, "cmp_2")]
    with serving({"/campaigns": answer(listed(*rows))}) as server:
        ended = process.run("tap", tmp_path / "run", server.config(), *choose(tmp_path, "campaigns", "campaign_logs", "jobs"))
    assert ended.code == 1
    paths = {asked.path for asked in server.asked} - {"/prospectb2b/campaigns/cmp_1/logs", "/prospectb2b/campaigns/cmp_2/logs"}
    assert paths == {"/prospectb2b/me", "/prospectb2b/campaigns", "/prospectb2b/jobs"}
    assert ended.streams["campaign_logs"]["status"] != "complete"
    assert ended.streams["jobs"]["status"] == "complete"


TOKENS = ("a&scope=all", "a#b", "a\r\nX-Evil: 1", "a b+c", "%26limit=1", "?x=1", "\u00e4\U0001f600", "\0", "x" * 10_000, "=", ";a=b")


def test_tokens_stay_one_value_of_the_query(tmp_path: Path) -> None:
    ends = dict(zip(TOKENS, [*TOKENS[1:], None], strict=True))

    def respond(handler: Handler) -> None:
        query = dict(parse_qsl(handler.asked.target.partition("?")[2], keep_blank_values=True))
        following = ends[query["cursor"]] if "cursor" in query else TOKENS[0]
        answer(listed({"id": f"job_{TOKENS.index(query['cursor']) if 'cursor' in query else 'first'}"}, cursor=following))(handler)

    with serving({"/jobs": respond}) as server:
        ended = process.run("tap", tmp_path / "run", server.config(max_concurrency=1), *choose(tmp_path, "jobs"))
    queries = [parse_qsl(asked.target.partition("?")[2]) for asked in server.asked if asked.path.endswith("/jobs")]
    assert [("cursor", token) in query for token, query in zip(TOKENS, queries[1:], strict=False)] == [True] * len(TOKENS)
    assert all({name for name, _ in query} <= {"cursor"} for query in queries)
    assert oddities(server.asked, "/prospectb2b/me", "/prospectb2b/jobs") == []
    assert ended.code == 0, ended.log


def targeted(tmp_path: Path, **settings: Any) -> dict[str, Any]:  # noqa: ANN401 - any setting
    """Settings of the target, with all files in a folder."""
    return {"ledger_uri": f"sqlite:///{tmp_path / 'ledger.db'}", "rejects_path": str(tmp_path / "rejects.jsonl"), "allow_deletes": True, **settings}


def test_ids_of_records_stay_one_segment_of_the_path_of_their_write(tmp_path: Path) -> None:
    streams: dict[str, list[dict[str, Any]]] = {
        "campaigns": [{"id": identifier, "status": "paused"} for identifier in EVIL],
        "webhook_deliveries": [{"webhook_id": identifier, "id": identifier, "retry": True} for identifier in EVIL],
    }
    with serving({"": answer({"data": {"id": "row_1", "attempt_count": 1}, "request_id": "req_1"})}) as server:
        lines = messages(streams, keys={"webhook_deliveries": ("webhook_id", "id")})
        process.run("target", tmp_path / "run", server.config(**targeted(tmp_path)), lines=lines)
    expected = ("/prospectb2b/me", "/prospectb2b/campaigns/*", "/prospectb2b/webhooks/*", "/prospectb2b/campaigns", "/prospectb2b/webhooks")
    assert oddities(server.asked, *expected) == []
    patched = [asked for asked in server.asked if asked.method == "PATCH"]
    # White space around an id in a record is none of it.
    ids = {identifier.strip() for identifier in EVIL}
    assert set(children(patched, "/prospectb2b/campaigns/", "")) == ids
    retried = [asked.target.split("/")[3:] for asked in server.asked if asked.target.endswith("/retry")]
    assert {len(parts) for parts in retried} == {4}
    assert {(unquote(parts[0]), unquote(parts[2])) for parts in retried} == {(identifier, identifier) for identifier in ids}


@pytest.mark.parametrize("identifier", [".", "..", "\ud800"], ids=repr)
def test_a_record_whose_id_can_not_be_asked_for_is_a_reject(identifier: str, tmp_path: Path) -> None:
    streams = {"campaigns": [{"id": identifier, "status": "paused"}], "prospector_workflows": [{"id": identifier, "_sdc_deleted_at": "2026-01-01"}]}
    with serving() as server:
        ended = process.run("target", tmp_path / "run", server.config(**targeted(tmp_path)), lines=messages(streams))
    assert {asked.path for asked in server.asked if asked.method != "GET"} == set()
    assert oddities(server.asked, "/prospectb2b/me", "/prospectb2b/campaigns", "/prospectb2b/prospector/workflows") == []
    assert ended.code == 1
    assert {line["stream"] for line in json_lines(str(tmp_path / "rejects.jsonl"))} == {"campaigns", "prospector_workflows"}


def test_an_id_that_the_api_gives_stays_one_segment_of_the_path(tmp_path: Path) -> None:
    for number, identifier in enumerate(("../me", "a\r\nX-Evil: 1", "a?b#c", "..")):
        folder = tmp_path / str(number)
        folder.mkdir()
        with serving({"/webhooks": answer({"data": {"id": identifier, "url": "https://example.com/"}, "request_id": "r"})}) as server:
            for description in ("one", "two"):
                hook = {"id": "h", "url": "https://example.com/", "events": ["lead.created"], "description": description}
                config = server.config(**targeted(folder, webhook_secrets_path=str(folder / "secrets.jsonl"), resend_unchanged=True))
                process.run("target", folder / description, config, lines=messages({"webhooks": [hook]}))
        assert oddities(server.asked, "/prospectb2b/me", "/prospectb2b/webhooks", "/prospectb2b/webhooks/*") == []
        assert set(children(server.asked, "/prospectb2b/webhooks/", "")) <= {identifier}


@pytest.mark.parametrize("where", ["query", "body"])
def test_an_email_stays_one_value(where: str, tmp_path: Path) -> None:
    emails = [
        "a&all=true@example.com",
        "a#b@example.com",
        "a%26all=true@example.com",
        "a+b@example.com",
        "a\r\nX-Evil:1@example.com",
        "a?b=c@example.com",
    ]
    rows = [{"email": email, "_sdc_deleted_at": "2026-01-01"} for email in emails]
    with serving() as server:
        config = server.config("closershq", **targeted(tmp_path, closershq_delete_in=where))
        ended = process.run(
            "target", tmp_path / "run", config, lines=messages({"closershq_prospects": rows}, keys={"closershq_prospects": ("email",)})
        )
    assert oddities(server.asked, "/closershq/crm/prospect") == []
    sent = [dict(parse_qsl(asked.target.partition("?")[2])) if where == "query" else json.loads(asked.body) for asked in server.asked]
    assert all(set(one) == {"email"} for one in sent)
    assert {one["email"] for one in sent} <= set(emails)
    assert "a&all=true@example.com" in {one["email"] for one in sent}
    assert ended.streams["closershq_prospects"]["written"] == len({one["email"] for one in sent})
