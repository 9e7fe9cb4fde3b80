"""asyncio's connections under the HTTP library, against servers in the same loop."""

import asyncio
import shutil
import socket
import ssl
import struct
import subprocess
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeAlias

import httpcore2
import pytest

from ciokit.settings import Secret
from ciokit.transport import REPLY_LIMIT, Connection
from ciokit.transport.async_http import AsyncTransport
from ciokit.transport.async_streams import AsyncStreams
from ciokit.verdict import NoReply, Reply

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{}\n"
TOO_LATE = b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n"

Serve: TypeAlias = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def run(main: Coroutine[None, None, None]) -> None:
    """Run a test's coroutine in a loop of its own, and end it if it hangs."""
    asyncio.run(asyncio.wait_for(main, 30))


@asynccontextmanager
async def serving(serve: Serve, tls: ssl.SSLContext | None = None) -> AsyncGenerator[int]:
    """Serve connections on a free port of this loop, and close them in the end."""
    tasks: list[asyncio.Task[None]] = []

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.append(task)
        try:
            await serve(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # a client may hang up, and a test may be over
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()


@asynccontextmanager
async def transport_to(
    port: int, *, scheme: str = "http", seconds: float = 5.0, ca: str | None = None
) -> AsyncGenerator[AsyncTransport]:
    """Make a transport for a port of this machine."""
    connection = Connection(
        url=f"{scheme}://127.0.0.1:{port}",
        authorization=Secret("Basic x"),
        user_agent="test",
        timeout=seconds,
        proxy="",
        ca=ca,
    )
    transport = AsyncTransport(connection)
    try:
        yield transport
    finally:
        await transport.aclose()


async def read_request(reader: asyncio.StreamReader) -> bytes:
    """Read a request to its end and return its body."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(
        (line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), b":0"
    )
    return await reader.readexactly(int(length.partition(b":")[2]))


def test_requests_with_and_without_a_body_follow_each_other() -> None:
    """On one connection each request arrives with its own body, or with none, and is answered."""

    async def main() -> None:
        bodies: list[bytes] = []

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while True:
                bodies.append(await read_request(reader))
                writer.write(OK)

        async with serving(serve) as port, transport_to(port) as transport:
            for method, body in (("POST", b'{"a":1}'), ("GET", b""), ("POST", b"{}"), ("GET", b"")):
                assert isinstance(await transport.send(method, "/p", body), Reply)
        assert bodies == [b'{"a":1}', b"", b"{}", b""]

    run(main())


def test_a_large_body_arrives_whole() -> None:
    """What the socket does not take at once follows while the answer is waited for."""
    body = bytes(range(256)) * 4000

    async def main() -> None:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            same = await read_request(reader) == body
            writer.write(OK.replace(b"{}", b"ok" if same else b"no"))
            await reader.read()

        async with serving(serve) as port, transport_to(port) as transport:
            outcome = await transport.send("POST", "/p", body)
        assert isinstance(outcome, Reply)
        assert outcome.body == b"ok\n"

    run(main())


@pytest.mark.parametrize(
    ("farewell", "closes"),
    [(b"", True), (TOO_LATE, True), (TOO_LATE, False)],
    ids=["ends", "speaks and ends", "speaks"],
)
def test_what_comes_on_an_idle_connection_answers_no_request(farewell: bytes, closes: bool) -> None:
    """A connection that ended or spoke unasked is not used again; the next request gets its own answer."""

    async def main() -> None:
        accepted = 0
        idle, done = asyncio.Event(), asyncio.Event()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal accepted
            accepted += 1
            await read_request(reader)
            writer.write(OK)
            await idle.wait()
            writer.write(farewell)
            if closes:
                writer.close()
            done.set()
            await reader.read()

        async with serving(serve) as port, transport_to(port) as transport:
            first = await transport.send("POST", "/p", b"{}")
            idle.set()
            await done.wait()
            second = await transport.send("POST", "/p", b"{}")
        assert [outcome.status for outcome in (first, second) if isinstance(outcome, Reply)] == [200, 200]
        assert accepted == 2

    run(main())


def test_an_endless_answer_is_cut_and_hung_up_on() -> None:
    """The reply has the first mebibyte, and the server is not read from any more."""

    async def main() -> None:
        gone = asyncio.Event()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await read_request(reader)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n")
            try:
                while True:
                    writer.write(bytes(1 << 16))
                    await writer.drain()
            finally:
                gone.set()

        async with serving(serve) as port, transport_to(port) as transport:
            outcome = await transport.send("POST", "/p", b"{}")
            await asyncio.wait_for(gone.wait(), 10)
        assert isinstance(outcome, Reply)
        assert len(outcome.body) == REPLY_LIMIT

    run(main())


def test_what_is_not_read_makes_the_other_side_wait() -> None:
    """A fast server cannot fill the memory; all it sent is there when it is read."""
    much = 32 << 20  # more than the system keeps for both ends

    async def main() -> None:
        stuck = asyncio.Event()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(bytes(much))
            try:
                await asyncio.wait_for(writer.drain(), 0.3)
            except TimeoutError:
                stuck.set()
            await reader.read()

        async with serving(serve) as port:
            stream = await AsyncStreams(hold=True).connect_tcp("127.0.0.1", port, timeout=5)
            await asyncio.wait_for(stuck.wait(), 10)
            got = 0
            while got < much:
                piece = await stream.read(1 << 16)
                assert 0 < len(piece) <= 1 << 16
                got += len(piece)
            await stream.aclose()
        assert got == much

    run(main())


def test_a_reset_connection_is_an_answer_that_never_came() -> None:
    """A connection that breaks off while the answer is due may have delivered the request."""

    async def main() -> None:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await read_request(reader)
            sock = writer.get_extra_info("socket")
            sock.setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
            )  # a reset, no farewell
            writer.transport.abort()

        async with serving(serve) as port, transport_to(port) as transport:
            outcome = await transport.send("POST", "/p", b"{}")
        assert isinstance(outcome, NoReply)
        assert "broke" in outcome.reason
        assert outcome.may_have_arrived
        assert outcome.passing

    run(main())


def test_a_cancelled_request_gives_its_connection_up() -> None:
    """After a task was cancelled in the middle, the next request is not given the answer of that one."""

    async def main() -> None:
        asked = asyncio.Event()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while await read_request(reader) == b"second":
                writer.write(OK)
            asked.set()
            await reader.read()

        async with serving(serve) as port, transport_to(port) as transport:
            first = asyncio.create_task(transport.send("POST", "/p", b"first"))
            await asked.wait()
            first.cancel()
            await asyncio.gather(first, return_exceptions=True)
            assert first.cancelled()
            assert isinstance(await transport.send("POST", "/p", b"second"), Reply)

    run(main())


def test_nothing_is_left_open_when_the_loop_ends() -> None:
    """Closed transports leave no warning of an unclosed connection behind, whose loop is gone."""

    async def main() -> None:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while True:
                await read_request(reader)
                writer.write(OK)

        async with serving(serve) as port, transport_to(port) as transport:
            await asyncio.gather(*(transport.send("POST", "/p", b"{}") for _ in range(20)))

    for _ in range(2):
        run(main())  # pytest makes an error of a ResourceWarning


# TLS -------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a certificate for this machine's loopback address, its own CA, and its key."""
    if shutil.which("openssl") is None:
        pytest.skip("needs the openssl command to make a certificate")
    file = tmp_path_factory.mktemp("tls") / "loopback.pem"
    command = (
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=loopback"
    )
    subprocess.run(
        [*command.split(), "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", file, "-out", f"{file}.crt"],
        check=True,
        capture_output=True,
    )
    file.write_bytes(file.read_bytes() + Path(f"{file}.crt").read_bytes())
    return file


async def answer_all(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer every request of a connection."""
    while True:
        await read_request(reader)
        writer.write(OK)


def test_requests_go_over_tls(certificate: Path) -> None:
    """With a trusted certificate requests are answered, over one connection."""

    async def main() -> None:
        accepted = 0

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal accepted
            accepted += 1
            await answer_all(reader, writer)

        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(certificate)
        async with (
            serving(serve, tls) as port,
            transport_to(port, scheme="https", ca=str(certificate)) as transport,
        ):
            for body in (b"{}", bytes(500_000), b""):
                outcome = await transport.send("POST" if body else "GET", "/p", body)
                assert isinstance(outcome, Reply), outcome
        assert accepted == 1

    run(main())


def test_an_untrusted_certificate_is_final(certificate: Path) -> None:
    """A certificate that nobody vouches for is told as such, sends nothing and is not tried again."""

    async def main() -> None:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(certificate)
        async with serving(answer_all, tls) as port, transport_to(port, scheme="https") as transport:
            outcome = await transport.send("POST", "/p", b"{}")
        assert isinstance(outcome, NoReply)
        assert "certificate" in outcome.reason
        assert not outcome.may_have_arrived
        assert not outcome.passing

    run(main())


@pytest.mark.parametrize("speaks", [b"", b"this is no TLS at all\r\n"])
def test_a_handshake_that_fails_sends_nothing(certificate: Path, speaks: bytes) -> None:
    """A server that is silent or speaks something else in place of TLS cannot have got the request."""

    async def main() -> None:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(speaks)
            await reader.read()

        async with (
            serving(serve) as port,
            transport_to(port, scheme="https", ca=str(certificate), seconds=0.5) as transport,
        ):
            outcome = await transport.send("POST", "/p", b"{}")
        assert isinstance(outcome, NoReply)
        assert not outcome.may_have_arrived

    run(main())


def test_tls_goes_through_a_proxy(certificate: Path) -> None:
    """A proxy is asked to connect, and what follows is between client and server."""

    async def main() -> None:
        asked: list[bytes] = []

        async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while data := await reader.read(1 << 16):
                writer.write(data)
            writer.transport.abort()

        async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            asked.append(await reader.readuntil(b"\r\n\r\n"))
            onwards, away = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
            try:
                await asyncio.gather(pipe(reader, away), pipe(onwards, writer))
            finally:
                away.transport.abort()

        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(certificate)
        async with serving(answer_all, tls) as port, serving(proxy) as proxy_port:
            connection = Connection(
                url=f"https://127.0.0.1:{port}",
                authorization=Secret("Basic x"),
                user_agent="test",
                timeout=5.0,
                proxy=f"http://127.0.0.1:{proxy_port}",
                ca=str(certificate),
            )
            transport = AsyncTransport(connection)
            outcomes = [await transport.send("POST", "/p", b"{}") for _ in range(2)]
            await transport.aclose()
        assert [type(outcome) for outcome in outcomes] == [Reply, Reply], outcomes
        assert [head.split(b"\r\n")[0] for head in asked] == [b"CONNECT 127.0.0.1:%d HTTP/1.1" % port]

    run(main())


def test_a_refused_connection_is_a_connect_error() -> None:
    """The pool's own error comes out of connecting."""

    async def main() -> None:
        async with serving(answer_all) as port:
            pass
        with pytest.raises(httpcore2.ConnectError):
            await AsyncStreams(hold=True).connect_tcp("127.0.0.1", port, timeout=5)

    run(main())
