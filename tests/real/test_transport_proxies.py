"""Both clients and proxies: when one is used, what it is told, and what is said of one that refuses."""

import logging
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ciokit import NoReplyError, RetryPolicy
from ciokit.transport.pools import pool_options

from .authority import Authority
from .drivers import KEY, SITE, Connect
from .proxies import Proxy
from .servers import Peer, RawServer, answer_each, black_hole

USER, PASSWORD = "marker-user-11aa", "marker-pass%word-22bb"


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """Found an authority for the server."""
    return Authority(tmp_path)


@pytest.fixture
def server(authority: Authority) -> Iterator[RawServer]:
    """Run a server of TLS behind the proxy."""
    with RawServer(answer_each, authority.server("127.0.0.1")) as running:
        yield running


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    """Run a proxy that lets everybody through."""
    with Proxy() as running:
        yield running


def test_https_is_tunnelled(connect: Connect, server: RawServer, proxy: Proxy, authority: Authority) -> None:
    """With proxy= a request goes through a tunnel, whose ends alone see what is in it, and the tunnel is kept."""
    driver = connect(server.url, ca=str(authority.file), proxy=proxy.url)
    for _ in range(3):
        assert driver.track().attempts == 1
    assert proxy.tunnelled == [f"127.0.0.1:{server.port}"]
    (asked,) = proxy.requests
    assert "authorization" not in asked.headers
    assert len(server.requests) == 3


def test_http_is_forwarded(connect: Connect, proxy: Proxy) -> None:
    """A sandbox that speaks plain http is reached through a proxy, too."""
    with RawServer(answer_each) as server:
        assert connect(server.url, proxy=proxy.url).track().attempts == 1
        assert [request.target for request in proxy.requests] == [f"{server.url}/api/v2/entity"]
        assert len(server.requests) == 1


def test_a_proxy_without_a_scheme_is_http(
    connect: Connect, server: RawServer, proxy: Proxy, authority: Authority
) -> None:
    """A proxy may be named by host and port alone."""
    driver = connect(server.url, ca=str(authority.file), proxy=f"127.0.0.1:{proxy.port}")
    assert driver.track().attempts == 1
    assert len(proxy.tunnelled) == 1


def test_credentials_are_given_to_the_proxy_alone(
    connect: Connect, server: RawServer, authority: Authority
) -> None:
    """The proxy gets the user and the password of its address, percent-encoded as they may be; the server does not."""
    with Proxy(f"{USER}:{PASSWORD}") as guarded:
        address = f"http://{USER}:{PASSWORD.replace('%', '%25')}@127.0.0.1:{guarded.port}"
        assert connect(server.url, ca=str(authority.file), proxy=address).track().attempts == 1
        assert "proxy-authorization" in guarded.requests[0].headers
    assert "proxy-authorization" not in server.requests[0].headers


@pytest.mark.parametrize("scheme", ["https", "http"])
def test_refused_credentials_are_told_without_them(
    connect: Connect, server: RawServer, authority: Authority, caplog: pytest.LogCaptureFixture, scheme: str
) -> None:
    """A proxy that wants other credentials ends the call at once; no error and no log has those that were given."""
    caplog.set_level(logging.DEBUG)
    with Proxy("somebody:else") as guarded:
        driver = connect(
            server.url.replace("https", scheme),
            ca=str(authority.file),
            proxy=f"http://{USER}:wrong-{PASSWORD}@127.0.0.1:{guarded.port}",
        )
        with pytest.raises(Exception, match="407") as caught:
            driver.track()
    assert "proxy" in str(caught.value)
    said = "".join(traceback.format_exception(caught.value)) + repr(caught.value.__dict__) + caplog.text
    assert [secret for secret in (USER, "wrong-marker", SITE, KEY) if secret in said] == []
    assert driver.clock.sleeps == ()
    assert server.requests == []


@pytest.mark.parametrize(
    ("refusal", "attempts"), [("403 Forbidden", 1), ("503 Busy", 4), ("502 Bad Gateway", 4)]
)
def test_a_proxy_that_refuses(
    connect: Connect, server: RawServer, authority: Authority, refusal: str, attempts: int
) -> None:
    """A proxy's refusal is told with its status; nothing arrived, and what may pass is tried again."""
    with Proxy(refusal=refusal) as closed:
        driver = connect(server.url, ca=str(authority.file), proxy=closed.url)
        with pytest.raises(NoReplyError, match=f"the proxy refused \\({refusal[:3]}\\)") as caught:
            driver.call("submit_form", "contact", "user-1")
    assert caught.value.may_have_arrived is False
    assert (caught.value.attempts, caught.value.retryable) == (attempts, attempts > 1)


def test_a_proxy_that_is_not_there(connect: Connect, server: RawServer, authority: Authority) -> None:
    """A proxy that nobody runs is no connection, and the request never arrived."""
    with Proxy() as gone:
        pass
    driver = connect(server.url, ca=str(authority.file), proxy=gone.url, retry=RetryPolicy(max_retries=0))
    with pytest.raises(NoReplyError, match="Connection refused") as caught:
        driver.track()
    assert caught.value.may_have_arrived is False


def test_a_proxy_that_never_answers(connect: Connect, server: RawServer, authority: Authority) -> None:
    """A proxy that keeps silent is given up at the attempt's deadline."""
    with RawServer(lambda peer: peer.hold()) as silent:
        driver = connect(
            server.url,
            ca=str(authority.file),
            proxy=silent.url,
            timeout=0.3,
            retry=RetryPolicy(max_retries=0),
        )
        with pytest.raises(NoReplyError, match=r"no connection within 0\.3 s") as caught:
            driver.track()
    assert caught.value.may_have_arrived is False


@pytest.mark.parametrize("said", [b"", b"220 mail.example.com ESMTP\r\n", b"HTTP/1.1 200"])
def test_a_proxy_that_makes_no_tunnel(
    connect: Connect, server: RawServer, authority: Authority, said: bytes
) -> None:
    """A proxy that hangs up, or is none, in place of making the tunnel has not passed the request on."""

    def refuse(peer: Peer) -> None:
        peer.read_request()
        peer.send(said)

    with RawServer(refuse) as broken:
        driver = connect(
            server.url, ca=str(authority.file), proxy=broken.url, retry=RetryPolicy(max_retries=0)
        )
        with pytest.raises(NoReplyError, match="the other side hung up, or spoke no HTTP") as caught:
            driver.track()
    assert caught.value.may_have_arrived is False


def test_an_answer_that_does_not_come_through_the_tunnel(connect: Connect, authority: Authority) -> None:
    """Once the tunnel is there, a request without an answer may have arrived."""
    with RawServer(black_hole, authority.server("127.0.0.1")) as silent, Proxy() as proxy:
        driver = connect(
            silent.url,
            ca=str(authority.file),
            proxy=proxy.url,
            timeout=0.3,
            retry=RetryPolicy(max_retries=0),
        )
        with pytest.raises(NoReplyError, match=r"no answer within 0\.3 s") as caught:
            driver.track()
        assert len(silent.requests) == 1
    assert caught.value.may_have_arrived is True


@pytest.mark.parametrize("http2", [False, True])
def test_failed_handshakes_behind_a_proxy_leave_no_trace(
    connect: Connect, server: RawServer, proxy: Proxy, http2: bool
) -> None:
    """However many tunnels end at a handshake that fails, the next request is tried like the first."""
    if http2:
        pytest.importorskip("h2", reason="the package h2 is not installed")
    driver = connect(server.url, proxy=proxy.url, http2=http2, timeout=5, retry=RetryPolicy(max_retries=0))
    for _ in range(12):
        with pytest.raises(NoReplyError, match="certificate was not accepted"):
            driver.track()
    assert len(proxy.tunnelled) == 12


def test_a_wrong_certificate_behind_a_proxy(connect: Connect, server: RawServer, proxy: Proxy) -> None:
    """The server's certificate is checked through the tunnel."""
    driver = connect(server.url, proxy=proxy.url)
    with pytest.raises(NoReplyError, match="certificate was not accepted") as caught:
        driver.track()
    assert (caught.value.attempts, caught.value.may_have_arrived) == (1, False)
    assert server.requests == []


def test_loopback_is_never_proxied_by_the_environment(
    connect: Connect, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sandbox on this machine is spoken to directly, whatever proxy the environment names."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, proxy.url)
    with RawServer(answer_each) as server:
        assert connect(server.url).track().attempts == 1
    assert proxy.connections == 0


# Which proxy the environment means is a choice; that it is used is shown above, and below by a name that only it knows.


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"])
def test_the_environments_proxy_is_used(
    connect: Connect, authority: Authority, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """The environment's proxy is asked for the host by its name, which this machine need not know."""
    with Proxy(refusal="403 Forbidden") as asked:
        monkeypatch.setenv(variable, asked.url)
        with pytest.raises(NoReplyError, match=r"the proxy refused \(403\)"):
            connect("https://track.invalid", ca=str(authority.file)).track()
        assert asked.tunnelled == ["track.invalid:443"]


OTHERS: list[tuple[dict[str, str], str, str | None]] = [
    ({"HTTPS_PROXY": "http://a:1"}, "https://track.example.com", "http://a:1"),
    ({"HTTP_PROXY": "http://a:1"}, "https://track.example.com", None),
    ({"HTTP_PROXY": "http://a:1"}, "http://track.example.com", "http://a:1"),
    ({"HTTPS_PROXY": "http://a:1", "ALL_PROXY": "http://b:2"}, "https://track.example.com", "http://a:1"),
    ({"ALL_PROXY": "http://b:2"}, "https://track.example.com", "http://b:2"),
    ({"HTTPS_PROXY": "http://a:1", "NO_PROXY": "example.com"}, "https://track.example.com", None),
    (
        {"HTTPS_PROXY": "http://a:1", "NO_PROXY": "track.example.com:443"},
        "https://track.example.com:443",
        None,
    ),
    ({"HTTPS_PROXY": "http://a:1", "NO_PROXY": "*"}, "https://track.example.com", None),
    ({"HTTPS_PROXY": "http://a:1", "no_proxy": ".example.com"}, "https://track.example.com", None),
    ({"HTTPS_PROXY": "http://a:1", "NO_PROXY": "other.org"}, "https://track.example.com", "http://a:1"),
    ({"HTTPS_PROXY": "http://a:1"}, "https://127.0.0.2:8025", None),
    ({"HTTPS_PROXY": "http://a:1"}, "https://[::1]:8025", None),
    ({"HTTPS_PROXY": ""}, "https://track.example.com", None),
    ({"HTTPS_PROXY": "a:1"}, "https://track.example.com", "http://a:1"),
]


@pytest.mark.parametrize(("environment", "url", "chosen"), OTHERS, ids=[f"{e} {u}" for e, u, _ in OTHERS])
def test_which_proxy_the_environment_means(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], url: str, chosen: str | None
) -> None:
    """The scheme's own variable comes before ALL_PROXY, and NO_PROXY before both."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    options: dict[str, Any] = pool_options(url, proxy=None, ca=None, http2=False)
    assert options.get("proxy_url") == chosen


def test_an_empty_proxy_is_none(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    """With proxy="" the environment's proxy is not used."""
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    assert "proxy_url" not in pool_options("https://track.example.com", proxy="", ca=None, http2=False)
