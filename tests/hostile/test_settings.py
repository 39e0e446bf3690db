"""Settings that are wrong, or meant ill: one clear line that shows no secret, before anything is asked, and no host that the key may not go to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.hostile import process
from tests.hostile.canaries import LOUD, WORD, leaks
from tests.hostile.raw import serving
from tests.writing import messages

if TYPE_CHECKING:
    from pathlib import Path

LEAD = messages({"leads": [{"id": "1", "full_name": "n", "email": "a@example.com"}]})

KEYS: dict[str, Any] = {
    "a line break": f"{WORD}\n",
    "a header of its own": f"{WORD}\r\nX-Evil: 1",
    "a letter beyond ASCII": f"{WORD}\u00e9",
    "NUL": f"{WORD}\0",
    "a space": f"{WORD} {WORD}",
    "a list": [WORD],
    "an object": {"key": WORD},
    "a long list": [[WORD] * 3] * 50,
}


@pytest.mark.parametrize("name", KEYS)
@pytest.mark.parametrize("program", ["tap", "target"])
def test_a_key_that_can_not_be_one_is_refused_and_not_shown(program: str, name: str, tmp_path: Path) -> None:
    with serving() as server:
        ended = process.run(program, tmp_path / "run", server.config(prospectb2b_api_key=KEYS[name]), lines=LEAD, environment=LOUD)
    assert server.asked == []
    assert (ended.code, ended.out) == (1, "")
    assert [line for line in ended.errors if "prospectb2b_api_key" in line]
    assert leaks(ended.log) == []
    assert "Traceback" not in ended.log


def test_a_misspelt_key_is_named_and_not_shown(tmp_path: Path) -> None:
    ended = process.run("tap", tmp_path / "run", {"prospectb2b_api_kye": WORD}, environment=LOUD)
    assert ended.code == 1
    assert "prospectb2b_api_kye" in ended.log
    assert leaks(ended.log) == []


LEDGERS: dict[str, Any] = {
    "of another type": [f"postgresql://someone:{WORD}@127.0.0.1:1/db"],
    "nobody answers": f"postgresql://someone:{WORD}@127.0.0.1:1/db",
    "another database": f"mysql://someone:{WORD}@127.0.0.1:1/db",
    "no URL": f"{WORD}",
    "no port": f"postgresql://someone:{WORD}@127.0.0.1:port/db",
    "a driver that there is not": f"postgresql+nothing://someone:{WORD}@127.0.0.1:1/db",
    "a password with an at": f"postgresql://someone:a@{WORD}@127.0.0.1:1/db",
    "a password for a file": f"sqlite://someone:{WORD}@host/ledger.db",
}


@pytest.mark.parametrize("name", LEDGERS)
def test_a_password_of_the_ledger_is_not_shown(name: str, tmp_path: Path) -> None:
    with serving() as server:
        ended = process.run("target", tmp_path / "run", server.config(ledger_uri=LEDGERS[name]), lines=LEAD, environment=LOUD)
    assert ended.code == 1
    assert ended.errors
    assert leaks(ended.log) == []
    assert not [asked for asked in server.asked if asked.method != "GET"]


def urls(port: int) -> dict[str, str]:
    """URLs that lead, or would lead some parser, elsewhere than to this machine, without encryption."""
    return {
        "another host": f"http://api.example.com:{port}/v1",
        "a host that begins like ours": f"http://127.0.0.1.evil.example:{port}/v1",
        "a name that ends like ours": f"http://evil-localhost:{port}/v1",
        "our host as a user name": f"http://localhost@evil.example:{port}/v1",
        "our host as user name and port": f"http://127.0.0.1:{port}@evil.example/v1",
        "a backslash before our host": f"http://evil.example\\@127.0.0.1:{port}/v1",
        "a backslash after our host": f"http://127.0.0.1:{port}\\@evil.example/v1",
        "a fragment before our host": f"http://evil.example#@127.0.0.1:{port}/v1",
        "a query before our host": f"http://evil.example?@127.0.0.1:{port}/v1",
        "another scheme": "file:///etc/passwd",
        "no scheme": f"//127.0.0.1:{port}/v1",
        "no slashes": f"http:127.0.0.1:{port}/v1",
        "no host": "https:///v1",
        "nothing": "",
        "a blank": " ",
        "a blank in the host": "https://exa mple/v1",
        "a tab in the host": "http://127.0.0.1\t.evil.example/v1",
        "a line break in the host": "http://127.0.0.1\n.evil.example/v1",
        "a query": f"http://127.0.0.1:{port}/prospectb2b?x=",
        "a fragment": f"http://127.0.0.1:{port}/prospectb2b#x",
    }


@pytest.mark.parametrize("name", urls(1))
def test_a_url_that_could_send_the_key_elsewhere_is_refused_before_any_request(name: str, tmp_path: Path) -> None:
    with serving() as server:
        config = server.config(prospectb2b_api_url=urls(server.port)[name], request_timeout_seconds=2, max_requests=1)
        ended = process.run("tap", tmp_path / "run", config, "--test")
    assert server.asked == []
    assert (ended.code, ended.out) == (1, "")
    assert [line for line in ended.errors if line.startswith("Settings: prospectb2b_api_url")]


@pytest.mark.parametrize("url", ["http://127.0.0.1:{}/prospectb2b", "HTTP://127.0.0.1:{}/prospectb2b/", "http://localhost:{}/prospectb2b"])
def test_a_url_of_this_machine_needs_no_encryption(url: str, tmp_path: Path) -> None:
    with serving() as server:
        ended = process.run("tap", tmp_path / "run", server.config(prospectb2b_api_url=url.format(server.port)), "--test")
    assert ended.code == 0
    assert [asked.target for asked in server.asked] == ["/prospectb2b/me"]


@pytest.mark.parametrize("url", ["https://someone:{}@127.0.0.1:1/v1", "http://someone:{}@127.0.0.1:1/v1", "https://{}@127.0.0.1:1/v1"])
def test_a_password_in_a_url_is_not_shown(url: str, tmp_path: Path) -> None:
    config = {"prospectb2b_api_key": "k", "prospectb2b_api_url": url.format(WORD), "request_timeout_seconds": 2}
    for program in ("tap", "target"):
        ended = process.run(program, tmp_path / program, config, lines=LEAD, environment=LOUD)
        assert ended.code == 1
        assert leaks(ended.log + ended.out) == []


def test_a_password_of_a_proxy_is_not_shown(tmp_path: Path) -> None:
    proxy = f"http://someone:{WORD}@127.0.0.1:1"
    environment = {**LOUD, "HTTPS_PROXY": proxy, "HTTP_PROXY": proxy, "ALL_PROXY": proxy, "NO_PROXY": "", "https_proxy": proxy, "http_proxy": proxy}
    config = {"prospectb2b_api_key": "k", "prospectb2b_api_url": "https://api.example.com/v1", "request_timeout_seconds": 2}
    for program in ("tap", "target"):
        ended = process.run(program, tmp_path / program, config, lines=LEAD, environment=environment)
        assert ended.code == 1
        assert "no connection through the proxy" in ended.log
        assert leaks(ended.log + ended.out) == []


def test_a_key_for_this_machine_goes_through_no_proxy(tmp_path: Path) -> None:
    with serving() as proxy, serving() as server:
        address = f"http://127.0.0.1:{proxy.port}"
        environment = {"HTTP_PROXY": address, "http_proxy": address, "ALL_PROXY": address, "NO_PROXY": "", "no_proxy": ""}
        ended = process.run("tap", tmp_path / "run", server.config(), "--test", environment=environment)
    assert proxy.asked == []
    assert ended.code == 0
