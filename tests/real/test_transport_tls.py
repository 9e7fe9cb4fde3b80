"""Both clients and TLS: whom they trust, by which setting, and what they say of those they do not."""

import datetime as dt
import gc
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ciokit import NoReplyError, SettingsError
from ciokit.transport.pools import pool_options

from .authority import Authority
from .drivers import Connect, Driver
from .servers import Peer, RawServer, answer_each, reply


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """Found an authority that nobody trusts yet."""
    return Authority(tmp_path)


def refuse(driver: Driver) -> str:
    """Send an event that must be refused at once, and return what the error says."""
    with pytest.raises(NoReplyError) as caught:
        driver.track()
    error = caught.value
    assert (error.attempts, error.retryable, error.may_have_arrived) == (1, False, False)
    assert driver.clock.sleeps == ()
    return str(error)


def test_a_file_is_trusted(connect: Connect, authority: Authority) -> None:
    """The authority in the file that ca= names is trusted."""
    with RawServer(answer_each, authority.server("127.0.0.1")) as server:
        assert connect(server.url, ca=str(authority.file)).track().attempts == 1


def test_a_folder_is_trusted(connect: Connect, authority: Authority, tmp_path: Path) -> None:
    """The authorities in the folder that ca= names are trusted, where it is laid out as OpenSSL wants it."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("the openssl command is not installed")
    folder = tmp_path / "certs"
    folder.mkdir()
    shutil.copy(authority.file, folder)
    subprocess.run([openssl, "rehash", str(folder)], check=True, capture_output=True)
    with RawServer(answer_each, authority.server("127.0.0.1")) as server:
        assert connect(server.url, ca=str(folder)).track().attempts == 1


def test_a_context_is_trusted(connect: Connect, authority: Authority, tmp_path: Path) -> None:
    """A context of the application's own decides whom to trust, and whom not."""
    other = tmp_path / "other"
    other.mkdir()
    with RawServer(answer_each, authority.server("127.0.0.1")) as server:
        assert connect(server.url, ca=authority.trust()).track().attempts == 1
        refuse(connect(server.url, ca=Authority(other).trust()))


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"])
def test_the_environment_is_trusted(
    connect: Connect, authority: Authority, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """Without ca= the environment's authorities are trusted, by either of the usual names."""
    monkeypatch.setenv(variable, str(authority.file))
    with RawServer(answer_each, authority.server("127.0.0.1")) as server:
        assert connect(server.url).track().attempts == 1


def test_ssl_cert_file_comes_before_requests_ca_bundle(
    connect: Connect, authority: Authority, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Where both are set, the variable of OpenSSL wins over that of requests."""
    other = tmp_path / "other"
    other.mkdir()
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(Authority(other).file))
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    with RawServer(answer_each, authority.server("127.0.0.1")) as server:
        assert connect(server.url).track().attempts == 1


def test_ca_comes_before_the_environment(
    connect: Connect, authority: Authority, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The argument wins over the environment."""
    other = tmp_path / "other"
    other.mkdir()
    monkeypatch.setenv("SSL_CERT_FILE", str(Authority(other).file))
    with RawServer(answer_each, authority.server("127.0.0.1")) as server:
        assert connect(server.url, ca=str(authority.file)).track().attempts == 1


@pytest.mark.parametrize("source", ["ca=", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "the system"])
def test_certificates_are_read_once(
    authority: Authority, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    """Clients that trust the same files share what was read; one with HTTP/2 has its own, for it asks for that."""
    if source.isupper():
        monkeypatch.setenv(source, str(authority.file))
    ca = str(authority.file) if source == "ca=" else None

    def read(*, http2: bool = False) -> dict[str, Any]:
        return pool_options("https://track.example.com", proxy="https://a:1", ca=ca, http2=http2)

    one, other, second = read(), read(), read(http2=True)
    assert one["ssl_context"] is one["proxy_ssl_context"] is other["ssl_context"]
    assert second["ssl_context"] is not second["proxy_ssl_context"]
    assert second["proxy_ssl_context"] is one["ssl_context"]


@pytest.mark.parametrize("source", ["ca=", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"])
def test_renewed_certificates_are_read_again(
    connect: Connect, authority: Authority, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, source: str
) -> None:
    """A client that is made after a file of certificates was renewed trusts what is in it now."""
    path = tmp_path / "bundle.pem"
    (other := tmp_path / "other").mkdir()
    shutil.copy(Authority(other).file, path)
    if source.isupper():
        monkeypatch.setenv(source, str(path))
    options = {"ca": str(path)} if source == "ca=" else {}
    with RawServer(answer_each, authority.server("127.0.0.1")) as server:
        refuse(connect(server.url, **options))
        authority.file.replace(path)
        assert connect(server.url, **options).track().attempts == 1


def test_an_unknown_authority_is_refused(connect: Connect, authority: Authority) -> None:
    """A certificate of an unknown authority is refused at once, with what to do; nothing is sent."""
    with RawServer(answer_each, authority.server("127.0.0.1")) as server:
        said = refuse(connect(server.url))
    assert "certificate was not accepted" in said
    assert "trust its CA with ca= or SSL_CERT_FILE" in said
    assert server.requests == []


def test_another_hosts_certificate_is_refused(connect: Connect, authority: Authority) -> None:
    """A certificate for another host is refused at once; to trust the authority is not what is proposed."""
    with RawServer(answer_each, authority.server("track.example.com")) as server:
        said = refuse(connect(server.url, ca=str(authority.file)))
    assert "not valid for" in said
    assert "check the address" in said
    assert "ca=" not in said
    assert server.requests == []


def test_plain_http_where_tls_is_expected(connect: Connect) -> None:
    """A server that does not speak TLS is told as that, and the request never arrived."""

    def complain(peer: Peer) -> None:
        peer.sock.recv(1000)
        peer.send(reply(b"", "400 Bad Request"))

    with RawServer(complain) as server:
        driver = connect(f"https://127.0.0.1:{server.port}")
        with pytest.raises(NoReplyError, match="WRONG_VERSION_NUMBER") as caught:
            driver.track()
    assert caught.value.may_have_arrived is False
    assert server.requests == []


@pytest.mark.parametrize("content", [None, b"no certificate"])
@pytest.mark.parametrize("source", ["ca=", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"])
def test_certificates_that_cannot_be_read(
    connect: Connect, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, source: str, content: bytes | None
) -> None:
    """A file of certificates that is missing, or holds none, is told with the setting that names it."""
    path = tmp_path / "some.pem"
    if content is not None:
        path.write_bytes(content)
    options = {"ca": str(path)} if source == "ca=" else {}
    if not options:
        monkeypatch.setenv(source, str(path))
    with pytest.raises(SettingsError, match=source):
        connect("https://127.0.0.1:9", **options)


def test_an_expired_certificate_is_refused(connect: Connect, authority: Authority) -> None:
    """A certificate that has expired is refused, with a hint at the clocks."""
    yesterday = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)
    with RawServer(answer_each, authority.server("127.0.0.1", until=yesterday)) as server:
        assert "expired); compare its dates" in refuse(connect(server.url, ca=str(authority.file)))


def test_a_tls_connection_is_kept(connect: Connect, authority: Authority) -> None:
    """Calls one after the other share one handshake, and many at once ten."""
    with RawServer(answer_each, authority.server("127.0.0.1")) as server:
        driver = connect(server.url, ca=str(authority.file))
        for _ in range(5):
            driver.track()
        assert server.connections == 1
        driver.at_once("track", [(f"user-{number}", "seen") for number in range(30)])
        assert server.connections <= 10


def test_tls_leaves_nothing_behind(connect: Connect, authority: Authority) -> None:
    """A closed client leaves no TLS connection to warn about."""
    with RawServer(answer_each, authority.server("127.0.0.1")) as server:
        driver = connect(server.url, ca=str(authority.file))
        driver.at_once("track", [(f"user-{number}", "seen") for number in range(10)])
        driver.close()
    gc.collect()
