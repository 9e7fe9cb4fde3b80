"""What leaves in one write, and that nothing is lost or reordered by holding it back."""

from urllib.parse import urlsplit

import httpcore2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ciokit.transport.http import host_header
from ciokit.transport.streams import JOINED, Held, Stream, Streams, deadline


class Recorded(httpcore2.NetworkStream):
    """Take down what is written and when it is read."""

    def __init__(self) -> None:
        self.log: list[bytes | str] = []

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Take a piece down."""
        self.log.append(buffer)

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Take the moment down."""
        self.log.append("read")
        return b"answer"

    def close(self) -> None:
        """Let it be."""

    def get_extra_info(self, info: str) -> None:
        """Know nothing."""


class Refusing(Recorded):
    """Refuse every write, as a connection does that the other side has closed."""

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Refuse."""
        raise httpcore2.WriteError


writes = st.lists(st.binary(max_size=20), max_size=8)


@given(writes, st.booleans())
def test_nothing_is_lost_or_reordered(pieces: list[bytes], hold: bool) -> None:
    """Whatever is written comes out once and in order, the last of it when something is read."""
    recorded = Recorded()
    stream = Stream(recorded, hold=hold)
    for piece in pieces:
        stream.write(piece)
    assert stream.read(10) == (b"answe" if hold else b"answer")
    assert recorded.log.pop() == "read"
    assert b"".join(entry for entry in recorded.log if isinstance(entry, bytes)) == b"".join(pieces)


def written(*pieces: bytes, hold: bool = True) -> list[bytes | str]:
    """Return the writes that come of the HTTP library's."""
    recorded = Recorded()
    stream = Stream(recorded, hold=hold)
    for piece in pieces:
        stream.write(piece)
    return recorded.log


def test_a_head_leaves_with_its_body() -> None:
    """The three writes of a request become one, and an empty one that costs nothing."""
    assert written(b"POST /\r\n\r\n", b"{}") == [b"POST /\r\n\r\n{}"]


def test_a_head_without_a_body_leaves_at_its_end() -> None:
    """The empty write that ends a request sends its head off."""
    assert written(b"GET /\r\n\r\n", b"") == [b"GET /\r\n\r\n"]


def test_requests_that_follow_each_other_are_held_alike() -> None:
    """What one request left behind does not change the next."""
    assert written(b"POST 1", b"one", b"", b"POST 2", b"two", b"") == [b"POST 1one", b"", b"POST 2two", b""]


def test_a_large_body_is_not_copied() -> None:
    """Behind its head a large body is the very object that was given."""
    body = bytes(JOINED)
    held = Held(hold=True)
    assert held.swap(b"head") == ()
    head, same = held.swap(body)
    assert head == b"head"
    assert same is body


def test_http2_is_not_held() -> None:
    """Each write leaves at once, because no other may follow it."""
    assert written(b"preface", b"frame", hold=False) == [b"preface", b"frame"]


def test_an_answer_is_read_though_the_head_could_not_leave() -> None:
    """A server may have answered before it closed: a failed write behind a read is no error."""
    stream = Stream(Refusing(), hold=True)
    stream.write(b"head")
    assert stream.read(10) + stream.read(10) == b"answer"


@pytest.mark.parametrize(("hold", "readable"), [(True, True), (False, None)], ids=["HTTP/1", "HTTP/2"])
def test_a_byte_that_nobody_asked_for_makes_a_connection_readable(hold: bool, readable: bool | None) -> None:
    """The last byte of what came is a read of its own, so that one that follows an answer is noticed."""
    recorded = Recorded()
    stream = Stream(recorded, hold=hold)
    stream.read(10)
    assert stream.get_extra_info("is_readable") is readable
    stream.read(10)
    assert recorded.log.count("read") == (1 if hold else 2)
    assert stream.get_extra_info("is_readable") is None


def test_after_the_deadline_nothing_is_read_or_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """A request whose time is over touches the connection no more."""
    recorded = Recorded()
    stream = Stream(recorded, hold=True)
    monkeypatch.setattr(deadline, "until", 0.0)
    with pytest.raises(httpcore2.ReadTimeout):
        stream.read(1)
    with pytest.raises(httpcore2.ReadTimeout):
        stream.write(b"")
    assert recorded.log == []


def test_a_refused_connection_is_a_connect_error() -> None:
    """The pool's own errors come out of connecting, too."""
    with pytest.raises(httpcore2.ConnectError):
        Streams(hold=True).connect_tcp("127.0.0.1", 9, timeout=5)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://a.example", b"a.example"),
        ("https://user:secret@a.example:8443/x", b"a.example:8443"),
        ("https://[::1]:8080", b"[::1]:8080"),
        ("https://[::1]", b"[::1]"),
        ("https://b\u00fccher.example:1", b"xn--bcher-kva.example:1"),
        (f"https://{'a' * 63}:8080", b"a" * 63 + b":8080"),
    ],
)
def test_the_host_header_is_the_name_and_the_port(address: str, expected: bytes) -> None:
    """A name as long as names may be has a port beside it, and a user's name is not in the header."""
    assert host_header(urlsplit(address)) == expected
