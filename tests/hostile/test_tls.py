"""T-26 and TLS: whom the key is shown to. Nobody but the host of the setting, and only when its certificate is good."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any

import pytest
import trustme

from tests.hostile import process
from tests.hostile.raw import KEY, RawServer, answer, serving
from tests.hostile.tunnel import Tunnel, tunnel
from tests.writing import messages

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

LEAD = messages({"leads": [{"id": "1", "full_name": "n", "email": "a@example.com"}]})


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """An authority that no machine trusts."""
    return trustme.CA()


def secured(authority: trustme.CA, *names: str) -> ssl.SSLContext:
    """What a server of these names needs."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    return context


def trusting(authority: trustme.CA, folder: Path, variable: str = "REQUESTS_CA_BUNDLE") -> dict[str, str]:
    """An environment in which the authority is trusted."""
    path = folder / "authority.pem"
    authority.cert_pem.write_to_path(str(path))
    # The machine may have some of its own.
    return {"REQUESTS_CA_BUNDLE": "", "CURL_CA_BUNDLE": "", variable: str(path)}


def both(server: RawServer, folder: Path, environment: Mapping[str, str]) -> list[process.Ended]:
    """Tap and target, against a server that goes by the name of localhost."""
    config = server.config(host="localhost", request_timeout_seconds=3)
    return [
        process.run("tap", folder / "tap", config, "--test", environment=environment),
        process.run("target", folder / "target", config, lines=LEAD, environment=environment),
    ]


def test_a_certificate_that_nobody_vouches_for_is_refused(authority: trustme.CA, tmp_path: Path) -> None:
    with serving(context=secured(authority, "localhost")) as server:
        for ended in both(server, tmp_path, {}):
            assert ended.code == 1
            told = [line for line in (ended.log + ended.out).splitlines() if "prospectb2b_api_url" in line]
            assert told
            assert "SSLCertVerificationError" in told[-1]
    assert server.asked == []


def test_a_certificate_of_another_host_is_refused(authority: trustme.CA, tmp_path: Path) -> None:
    with serving(context=secured(authority, "api.example.com")) as server:
        for ended in both(server, tmp_path, trusting(authority, tmp_path)):
            assert ended.code == 1
            assert "SSLCertVerificationError" in ended.log + ended.out
    assert server.asked == []


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_a_certificate_of_an_authority_that_is_trusted_works(variable: str, authority: trustme.CA, tmp_path: Path) -> None:
    with serving(context=secured(authority, "localhost")) as server:
        ended, _ = both(server, tmp_path, trusting(authority, tmp_path, variable))
    assert ended.code == 0
    assert server.asked[0].header("authorization") == [f"Bearer {KEY}"]


def through(proxy: Tunnel) -> dict[str, str]:
    """An environment that has this proxy."""
    return {"HTTPS_PROXY": proxy.url, "https_proxy": proxy.url, "NO_PROXY": "", "no_proxy": ""}


def test_a_proxy_leads_to_the_host_and_is_not_shown_the_key(authority: trustme.CA, tmp_path: Path) -> None:
    with serving(context=secured(authority, "localhost")) as server, tunnel() as proxy:
        for ended in both(server, tmp_path, {**trusting(authority, tmp_path), **through(proxy)}):
            assert ended.code == 0
        assert proxy.asked
        # The Python tells whether by HTTP/1.0 or 1.1.
        assert {head.split(b" HTTP/")[0] for head in proxy.asked} == {f"CONNECT localhost:{server.port}".encode()}
    assert server.asked[0].header("authorization") == [f"Bearer {KEY}"]
    assert KEY.encode() not in b"".join(proxy.asked)


def test_a_proxy_that_refuses_is_named(authority: trustme.CA, tmp_path: Path) -> None:
    with serving(context=secured(authority, "localhost")) as server, tunnel("407 Proxy Authentication Required") as proxy:
        for ended in both(server, tmp_path, {**trusting(authority, tmp_path), **through(proxy)}):
            assert ended.code == 1
            assert "no connection through the proxy of the environment" in ended.log + ended.out
    assert server.asked == []


def test_a_server_that_speaks_no_tls_gets_no_key(tmp_path: Path) -> None:
    with serving() as server:
        config = {**server.config(request_timeout_seconds=0.3), "prospectb2b_api_url": f"https://127.0.0.1:{server.port}/v1"}
        ended = process.run("tap", tmp_path / "run", config, "--test")
    assert ended.code == 1
    assert not [asked for asked in server.asked if KEY.encode() in b"".join(asked.head)]


STATUSES = ["301 Moved Permanently", "302 Found", "303 See Other", "307 Temporary Redirect", "308 Permanent Redirect"]


def redirect(location: str, status: str = "302 Found") -> Any:  # noqa: ANN401 - as answer
    """An answer that leads elsewhere."""
    return answer(b"", status, {"Location": location})


@pytest.mark.parametrize("status", STATUSES)
def test_t26_the_key_goes_nowhere_else(status: str, authority: trustme.CA, tmp_path: Path) -> None:
    """Another port, another host, another path of the same host, and https to http: all in one account."""
    with serving() as other, serving(context=secured(authority, "localhost")) as server:
        plain = f"http://localhost:{other.port}"
        server.routes = {
            "/campaigns": redirect(f"{plain}/prospectb2b/campaigns", status),
            "/jobs": redirect(f"http://127.0.0.1:{other.port}/prospectb2b/jobs", status),
            "/referrals": redirect("/prospectb2b/jobs", status),
            "/imports": redirect(f"https://localhost:{server.port}/prospectb2b/imports", status),
            "/exports": redirect(f"//localhost:{other.port}/x\r\nX-Evil: 1", status),
        }
        config = server.config(host="localhost")
        ended = process.run("tap", tmp_path / "tap", config, environment=trusting(authority, tmp_path))
        reached = [asked.path for asked in server.asked]
    assert other.asked == []
    assert ended.code == 1
    for stream in ("campaigns", "jobs", "referrals", "imports", "exports"):
        assert ended.streams[stream]["status"] == "failed"
        assert "api_url" in ended.streams[stream]["reason"]
        assert reached.count(f"/prospectb2b/{stream}") == 1
    assert ended.streams["support_tickets"]["status"] == "complete"


@pytest.mark.parametrize("status", STATUSES)
def test_t26_a_write_that_is_led_elsewhere_is_not_made_there_nor_as_another_method(status: str, tmp_path: Path) -> None:
    with serving() as other, serving() as server:
        server.routes = {"/leads/bulk": redirect(f"http://127.0.0.1:{other.port}/x", status), "/leads/upsert": redirect("/prospectb2b/leads", status)}
        config = server.config(rejects_path=str(tmp_path / "rejects.jsonl"), ledger_uri=f"sqlite:///{tmp_path / 'ledger.db'}")
        ended = process.run("target", tmp_path / "target", config, lines=LEAD)
    assert other.asked == []
    assert ended.code == 1
    assert [asked.method for asked in server.asked if asked.path.endswith("/leads")] == []
    assert ended.streams["leads"]["rejected"] == 1


@pytest.mark.parametrize("program", ["tap", "target"])
def test_an_entry_of_netrc_does_not_take_the_place_of_the_key(program: str, tmp_path: Path) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login someone password else\ndefault login someone password else\n", encoding="utf-8")
    (tmp_path / ".netrc").chmod(0o600)
    environment = {"NETRC": str(tmp_path / ".netrc"), "HOME": str(tmp_path)}
    with serving() as server:
        process.run(program, tmp_path / "run", server.config(), lines=LEAD, environment=environment)
    assert server.asked
    assert {tuple(asked.header("authorization")) for asked in server.asked} == {(f"Bearer {KEY}",)}
