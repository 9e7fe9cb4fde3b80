"""Both App clients over real sockets: long answers, files that come, break off or stall, threads and forks."""

import asyncio
import contextlib
import gzip
import inspect
import json
import os
import stat
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from ciokit import NoReplyError, RateLimit, RetryPolicy, TrackClient
from ciokit.app import AppClient, AsyncAppClient, Attachment, RateLimits, SendEmail
from ciokit.app.filters import attribute_is
from ciokit.sandbox import World
from ciokit.sandbox.server import SandboxServer

from .servers import Peer, RawServer, reply

KEY = "marker-app-key"
Call: TypeAlias = Callable[..., Any]
Connect: TypeAlias = Callable[..., Call]


class Driver:
    """Call one client, whichever it is, in the same words."""

    def __init__(self, kind: str, url: str, **options: Any) -> None:
        made = AppClient if kind == "sync" else AsyncAppClient
        limits = RateLimits(general=None, transactional=None)
        options = {"rate_limits": limits, "retry": RetryPolicy(max_retries=0), **options}
        self.client: Any = made(KEY, base_url=url, **options)
        self._runner = asyncio.Runner()

    def __call__(self, method: str, *args: Any, **kwargs: Any) -> Any:
        """Call a method and return what came of it; all items of what is iterated."""
        found = self.client
        for name in method.split("."):
            found = getattr(found, name)
        made = found(*args, **kwargs)
        if inspect.iscoroutine(made):
            return self._runner.run(made)
        if hasattr(made, "__aiter__"):
            return self._runner.run(self._all(made))
        return list(made) if hasattr(made, "pages") or inspect.isgenerator(made) else made

    @staticmethod
    async def _all(made: Any) -> list[Any]:
        return [item async for item in made]

    def end(self) -> None:
        """Close the client and what drives it."""
        if isinstance(self.client, AppClient):
            self.client.close()
        else:
            self._runner.run(self.client.aclose())
        self._runner.close()


@pytest.fixture(params=["sync", "async"])
def connect(request: pytest.FixtureRequest) -> Iterator[Connect]:
    """Make clients of one kind; the test runs once with each kind."""
    made: list[Driver] = []

    def make(url: str, **options: Any) -> Driver:
        made.append(Driver(request.param, url, **options))
        return made[-1]

    yield make
    for driver in made:
        driver.end()


def test_a_shop_over_sockets(connect: Connect) -> None:
    """People go in by one API; a message goes out, and an export comes back, by the other."""
    with SandboxServer(World()) as server:
        with TrackClient("site", "key", base_url=server.url) as track:
            for number in range(300):
                track.identify(f"person {number}", {"plan": "pro", "note": 'a "quoted"\nline'})
        app = connect(server.url)
        found = app("customers.search", attribute_is("plan", "pro"), page_size=70)
        assert sorted(person.id for person in found) == sorted(f"person {number}" for number in range(300))
        request = SendEmail(
            to="a@example.com",
            identifiers="person 1",
            transactional_message_id="receipt",
            attachments=[Attachment("big.bin.txt", os.urandom(1_499_000))],
        )
        sent = app("send_email", request)
        assert app("messages.get", sent.delivery_id).id == sent.delivery_id
        export = app("exports.create_customers", attribute_is("plan", "pro"))
        app("exports.wait", export.id)
        rows = app("exports.rows", export.id)
        assert len(rows) == 300
        assert {row["note"] for row in rows} == {'a "quoted"\nline'}


def test_a_long_answer_is_read_whole(connect: Connect) -> None:
    """A page of thirty thousand people is megabytes, and all of them are there."""
    people = [{"id": f"person-{number:020}", "email": None, "cio_id": "a" * 20} for number in range(30_000)]
    body = json.dumps({"identifiers": people, "ids": [], "next": ""}).encode()
    assert len(body) > 2_000_000

    def serve(peer: Peer) -> None:
        while peer.read_request():
            peer.send(reply(body))

    with RawServer(serve) as server:
        assert len(connect(server.url)("segments.membership", 7, page_size=30_000)) == 30_000


def file_server(serve_file: Callable[[Peer], None]) -> Callable[[Peer], None]:
    """Answer the question for a file's address, and the file as told."""

    def serve(peer: Peer) -> None:
        while (request := peer.read_request()) is not None:
            if request.target.endswith("/download"):
                address = f"http://{request.headers['host']}/file?sig=a"
                peer.send(reply(json.dumps({"url": address}).encode()))
            else:
                serve_file(peer)

    return serve


def test_a_file_that_breaks_off_is_an_error_and_not_an_end(connect: Connect) -> None:
    """Rows that came are given, and then it is said that there should have been more."""

    def cut(peer: Peer) -> None:
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nid,plan\n1,pro\n2,f")
        peer.sock.close()

    with RawServer(file_server(cut)) as server:
        app = connect(server.url)
        with pytest.raises(NoReplyError, match=r"exports\.pieces: the file broke off") as caught:
            app("exports.rows", 7)
        assert caught.value.retryable
        assert "sig" not in str(caught.value)
        assert "authorization" not in server.requests[1].headers


def test_a_web_page_in_place_of_a_file_is_an_error(connect: Connect, tmp_path: Path) -> None:
    """A portal's page is no file without rows, and does not take the place of the file that was there."""

    def page(peer: Peer) -> None:
        peer.send(reply(b"\xef\xbb\xbf \n<!DOCTYPE html><html>Log in"))

    def blank_first(peer: Peer) -> None:
        peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n\r\n\r\n")
        peer.send(b"5\r\n<html\r\n0\r\n\r\n")

    path = tmp_path / "people.csv"
    path.write_text("old")
    for serve in (page, blank_first):
        with RawServer(file_server(serve)) as server:
            app = connect(server.url)
            for call in (("exports.rows", 7), ("exports.save", 7, path)):
                with pytest.raises(
                    NoReplyError, match=r"exports\.pieces: a web page came in place of the file"
                ):
                    app(*call)
    assert path.read_text() == "old"
    assert [*tmp_path.iterdir()] == [path]


def test_a_file_that_was_packed_on_its_way_is_unpacked(connect: Connect, tmp_path: Path) -> None:
    """A proxy that compresses what it was asked to leave alone changes no row, and no byte of what is saved."""
    content = b"id,plan\n" + b"1,pro\n" * 500

    def packed(peer: Peer) -> None:
        body = gzip.compress(content)
        head = b"HTTP/1.1 200 OK\r\nContent-Encoding: GZIP\r\nContent-Length: %d\r\n\r\n" % len(body)
        peer.send(head + body)

    path = tmp_path / "people.csv"
    with RawServer(file_server(packed)) as server:
        app = connect(server.url)
        assert len(app("exports.rows", 7)) == 500
        app("exports.save", 7, path)
    assert path.read_bytes() == content


def test_a_file_that_is_packed_itself_is_saved_as_it_is(connect: Connect, tmp_path: Path) -> None:
    """A `.csv.gz` is what was exported: it is saved as it is, and read as rows."""
    content = gzip.compress(b"id,plan\n1,pro\n")
    path = tmp_path / "people.csv.gz"
    with RawServer(file_server(lambda peer: peer.send(reply(content)))) as server:
        app = connect(server.url)
        assert app("exports.rows", 7) == [{"id": "1", "plan": "pro"}]
        app("exports.save", 7, path)
    assert path.read_bytes() == content


@pytest.mark.parametrize(
    ("encoding", "content", "words"),
    [
        (b"br", b"\x0b\x02\x80", "encoded in a way that was not asked for"),
        (b"gzip, gzip", b"\x1f\x8b", "encoded in a way that was not asked for"),
        (b"gzip", b"id,plan\n1,pro\n", "came as gzip, and is none"),
        (b"gzip", gzip.compress(b"id,plan\n1,pro\n")[:-5], "broke off: its gzip has no end"),
    ],
)
def test_a_file_that_cannot_be_unpacked_is_an_error(
    connect: Connect, tmp_path: Path, encoding: bytes, content: bytes, words: str
) -> None:
    """What came in an unknown encoding, or in a broken one, does not take the place of the file that was there."""

    def odd(peer: Peer) -> None:
        head = b"HTTP/1.1 200 OK\r\nContent-Encoding: %b\r\nContent-Length: %d\r\n\r\n"
        peer.send(head % (encoding, len(content)) + content)

    path = tmp_path / "people.csv"
    path.write_text("old")
    with RawServer(file_server(odd)) as server:
        app = connect(server.url)
        with pytest.raises(NoReplyError, match=words):
            app("exports.save", 7, path)
    assert path.read_text() == "old"


def test_a_file_that_stalls_ends(connect: Connect) -> None:
    """Each piece has the client's timeout, so a silent host does not hold a program for ever."""

    def stall(peer: Peer) -> None:
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nid,plan\n")
        peer.hold()

    with RawServer(file_server(stall)) as server:
        # On a busy machine the way to the file may take longer than a piece may: then it is gone again.
        patient = RetryPolicy(max_retries=None, base_delay=0.01)
        app = connect(server.url, timeout=0.3, retry=patient)
        with pytest.raises(NoReplyError, match=r"broke off: no answer within 0\.3 s"):
            app("exports.rows", 7)


def test_a_file_that_takes_longer_than_the_timeout_comes_whole(connect: Connect) -> None:
    """The timeout is for each piece: a long file that keeps coming is read to its end."""
    row = b"1,pro\n"

    def read(timeout: float) -> list[Any]:
        def trickle(peer: Peer) -> None:
            peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\nid,plan\n" % (8 + 12 * len(row)))
            for _ in range(12):
                peer.stopping.wait(timeout / 10)
                peer.send(row)

        with RawServer(file_server(trickle)) as server:
            rows: list[Any] = connect(server.url, timeout=timeout)("exports.rows", 7)
            return rows

    # On a busy machine a piece may itself be late; were the timeout for the whole file, no timeout would ever do.
    for timeout in (1.0, 4.0):
        with contextlib.suppress(NoReplyError):
            assert len(read(timeout)) == 12
            return
    assert len(read(16.0)) == 12


def test_reading_can_stop_in_the_middle(connect: Connect) -> None:
    """Who has seen enough leaves, and the client goes on to be used."""

    def endless(peer: Peer) -> None:
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\nid,plan\n" + b"1,pro\n" * 1000)
        peer.hold()

    with RawServer(file_server(endless)) as server:
        app: Any = connect(server.url)
        if isinstance(app.client, AppClient):
            rows: Any = app.client.exports.rows(7)
            assert next(rows) == {"id": "1", "plan": "pro"}
            rows.close()
        else:

            async def first() -> Any:
                rows = app.client.exports.rows(7)
                row = await anext(rows)
                await rows.aclose()
                return row

            assert app._runner.run(first()) == {"id": "1", "plan": "pro"}
        assert app("exports.download", 7).url.endswith("/file?sig=a")


def test_threads_share_one_client() -> None:
    """Each call gets its own answer, from however many threads."""

    def echo(peer: Peer) -> None:
        while (request := peer.read_request()) is not None:
            number = request.target.rpartition("/")[2]
            peer.send(reply(b'{"segment":{"id":%s,"name":"s%s"}}' % (number.encode(), number.encode())))

    with (
        RawServer(echo) as server,
        AppClient(KEY, base_url=server.url, rate_limits=RateLimits(general=None)) as app,
        ThreadPoolExecutor(12) as threads,
    ):
        found = list(threads.map(app.segments.get, range(1, 301)))
    assert [segment.name for segment in found] == [f"s{number}" for number in range(1, 301)]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on this system")
def test_a_forked_child_has_rates_of_its_own() -> None:
    """A lock that another thread held at the fork does not hold the child up."""
    limit, held, release = RateLimit(10), threading.Event(), threading.Event()

    def hold() -> None:
        with limit.held():
            held.set()
            release.wait(30)

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait(30)
    child = os.fork()
    if child == 0:
        taken = limit.claim(0.0)
        os._exit(0 if taken == 0.0 else 1)
    release.set()
    holder.join()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_a_file_that_is_not_read_to_the_end_lets_go_of_its_connection_at_once() -> None:
    """A task that leaves off has hung up when it goes on, and not some turns of the loop later."""

    async def main(url: str) -> None:
        async with AsyncAppClient(KEY, base_url=url, rate_limits=RateLimits(general=None)) as app:
            for read in (app.exports.rows, app.exports.pieces):
                async with contextlib.aclosing(read(7)) as some:
                    assert await anext(some)
                inner: Any = app
                pool = await inner._transport.open_pool()
                assert pool._requests == []

    with RawServer(file_server(lambda peer: peer.send(reply(b"id,plan\n" + b"1,pro\n" * 100_000)))) as server:
        asyncio.run(main(server.url))


def test_a_file_can_be_saved_twice_at_once(connect: Connect, tmp_path: Path) -> None:
    """Neither writes into the other's file; what is left is one whole file."""
    body = b"id,plan\n" + b"1,pro\n" * 100_000
    path = tmp_path / "people.csv"
    path.with_name(f".people.csv.{os.getpid()}.part").touch(0o644)  # what somebody else has put there

    def both(app: Any) -> list[Any]:
        def save(_: int) -> Any:
            return app.client.exports.save(7, path)

        async def main() -> list[Any]:
            saving = [asyncio.create_task(save(number)) for number in range(2)]
            return [await task for task in saving]

        if isinstance(app.client, AsyncAppClient):
            return list(app._runner.run(main()))
        with ThreadPoolExecutor(2) as threads:
            return list(threads.map(save, range(2)))

    with RawServer(file_server(lambda peer: peer.send(reply(body)))) as server:
        assert both(connect(server.url)) == [len(body)] * 2
    assert path.read_bytes() == body
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
