"""Why no answer came: what each error of an HTTP library means for another attempt, and how it is told."""

import errno
import socket
import ssl

import httpcore2
import httpx2
import pytest

from ciokit.absence import no_reply
from ciokit.verdict import NoReply

ADDRESS = "secret.example.com"


def caused(error: Exception, cause: Exception) -> Exception:
    """Return an error as a library raises it from another."""
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (httpcore2.PoolTimeout(ADDRESS), NoReply("all connections are busy", may_have_arrived=False)),
        (httpcore2.ConnectTimeout(ADDRESS), NoReply("no connection within 2.5 s", may_have_arrived=False)),
        (httpcore2.ReadTimeout(ADDRESS), NoReply("no answer within 2.5 s")),
        (httpcore2.WriteTimeout(ADDRESS), NoReply("could not send within 2.5 s")),
        (TimeoutError(ADDRESS), NoReply("no answer within 2.5 s")),
        (httpcore2.ReadError(ADDRESS), NoReply("the connection broke while waiting for the answer")),
        (httpcore2.WriteError(ADDRESS), NoReply("the connection broke while sending")),
        (
            httpcore2.RemoteProtocolError(ADDRESS),
            NoReply("the connection was closed, or the answer was no HTTP"),
        ),
        (
            httpcore2.LocalProtocolError(ADDRESS),
            NoReply("it cannot be sent", may_have_arrived=False, passing=False),
        ),
        (
            httpx2.UnsupportedProtocol(ADDRESS),
            NoReply("it cannot be sent", may_have_arrived=False, passing=False),
        ),
        (httpx2.NetworkError(ADDRESS), NoReply("the connection failed")),
        (httpx2.CloseError(ADDRESS), NoReply("the connection failed")),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_error_of_the_network(error: Exception, told: NoReply) -> None:
    """Each is told in words of its own, without an address, and with whether the request can have arrived."""
    assert no_reply(error, 2.5) == told


@pytest.mark.parametrize(
    ("cause", "words", "passing"),
    [
        (OSError(errno.ECONNREFUSED, ADDRESS), "no connection (Connection refused)", True),
        (socket.gaierror(socket.EAI_NONAME, "Name not known"), "no connection (Name not known)", True),
        (ssl.SSLError(1, "WRONG_VERSION_NUMBER"), "no connection (WRONG_VERSION_NUMBER)", True),
        (ValueError(ADDRESS), "no connection (ValueError)", True),
    ],
)
def test_a_connection_that_is_not_made(cause: Exception, words: str, passing: bool) -> None:
    """Its first cause is told, however deep it lies; nothing has arrived."""
    error = caused(httpcore2.ConnectError(ADDRESS), caused(RuntimeError(ADDRESS), cause))
    assert no_reply(error, 1) == NoReply(words, may_have_arrived=False, passing=passing)


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        (10, "compare its dates with this machine's clock"),
        (62, "check the address: it is another host's certificate"),
        (20, "trust its CA with ca= or SSL_CERT_FILE"),
    ],
)
def test_a_certificate_that_is_not_accepted(code: int, advice: str) -> None:
    """What is wrong with it comes with what to do, and no further attempt is made."""
    cause = ssl.SSLCertVerificationError(1, ADDRESS)
    cause.verify_code, cause.verify_message = code, "the reason."
    told = no_reply(caused(httpcore2.ConnectError(ADDRESS), cause), 1)
    words = f"the certificate was not accepted (the reason); {advice}"
    assert told == NoReply(words, may_have_arrived=False, passing=False)


@pytest.mark.parametrize(
    ("text", "words", "passing"),
    [
        ("403 marker", "the proxy refused (403)", False),
        ("407 marker", "the proxy refused (407); check the user and the password in its address", False),
        ("408 marker", "the proxy refused (408)", True),
        ("429 marker", "the proxy refused (429)", True),
        ("503 marker", "the proxy refused (503)", True),
        ("marker", "the proxy refused", True),
    ],
)
def test_a_proxy_that_makes_no_tunnel(text: str, words: str, passing: bool) -> None:
    """Of what a proxy says its status alone is kept, which also tells whether it may pass."""
    assert no_reply(httpcore2.ProxyError(text), 1) == NoReply(words, may_have_arrived=False, passing=passing)


@pytest.mark.parametrize("error", [KeyError("a"), TypeError("a"), RuntimeError("a")])
def test_what_is_not_of_the_network_is_raised(error: Exception) -> None:
    """A mistake in a transport or in ciokit is not taken for an absent answer."""
    with pytest.raises(type(error)) as caught:
        no_reply(error, 1)
    assert caught.value is error
