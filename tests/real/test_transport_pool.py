"""One client shared by many: threads, tasks, kept connections, and what is left after one is given up."""

import asyncio
import socket
import struct
import threading
from pathlib import Path
from typing import Any

import pytest

from ciokit import AsyncTrackClient, Receipt, ReplyError
from ciokit.sandbox import World

from .authority import Authority
from .drivers import KEY, SITE, AsyncDriver, Connect, Driver
from .servers import OK, Peer, RawServer, answer_each, echo_ids, reply

MOST = 10
"""Connections of one client."""


def people(count: int) -> list[tuple[str, str]]:
    """Return arguments of so many events, each of another person."""
    return [(f"user-{number}", "seen") for number in range(count)]


def test_fifty_at_once_all_arrive(driver: Driver, world: World) -> None:
    """Fifty calls at once on one client all succeed, each with a receipt of its own."""
    receipts = driver.at_once("track", people(50))
    assert all(isinstance(receipt, Receipt) and receipt.attempts == 1 for receipt in receipts)
    assert len({receipt.id for receipt in receipts}) == 50
    assert {event.id for event in world.events()} == {receipt.id for receipt in receipts}


def test_each_gets_its_own_answer(connect: Connect) -> None:
    """Many calls at once on few connections never get each other's answers."""
    with RawServer(echo_ids) as server:
        driver = connect(server.url)
        for _ in range(4):
            errors = driver.at_once("track", people(50))
            assert [error.reasons[0].message for error in errors] == [
                f"echo: user-{number}" for number in range(50)
            ]
        assert server.connections <= MOST


def test_connections_are_ten_at_most(connect: Connect) -> None:
    """However many call at once, no more than ten connections are open, and ten are."""
    full = threading.Event()

    def answer_when_full(peer: Peer) -> None:
        if peer.number == MOST - 1:
            full.set()
        while peer.read_request() is not None:
            full.wait(10)
            peer.send(OK)

    with RawServer(answer_when_full) as server:
        receipts = connect(server.url).at_once("track", people(40))
    assert all(isinstance(receipt, Receipt) for receipt in receipts)
    assert (server.connections, server.most_open) == (MOST, MOST)


def test_a_connection_is_kept_and_used_again(connect: Connect) -> None:
    """Calls one after the other share a connection."""
    with RawServer(answer_each) as server:
        driver = connect(server.url)
        for _ in range(5):
            driver.track()
        assert server.connections == 1


@pytest.mark.parametrize("verb", ["track", "submit_form"])
def test_a_connection_closed_while_idle_is_replaced(connect: Connect, verb: str) -> None:
    """A connection that the server closed in the meantime costs no request and no attempt, safe to repeat or not."""
    closed = threading.Semaphore(0)

    def answer_once(peer: Peer) -> None:
        peer.read_request()
        peer.send(OK)
        peer.sock.shutdown(socket.SHUT_RDWR)
        closed.release()

    with RawServer(answer_once) as server:
        driver = connect(server.url)
        for _ in range(4):
            assert driver.call(verb, "one", "two").attempts == 1
            assert closed.acquire(timeout=10)
        assert (server.connections, len(server.requests)) == (4, 4)


def test_a_connection_reset_while_idle_is_replaced(connect: Connect) -> None:
    """A connection that was reset in the meantime, as load balancers do, costs no attempt either."""
    closed = threading.Semaphore(0)

    def answer_and_reset(peer: Peer) -> None:
        peer.read_request()
        peer.send(OK)
        peer.sock.recv(0)
        acknowledged.wait(10)
        peer.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        peer.sock.close()
        closed.release()

    with RawServer(answer_and_reset) as server:
        driver = connect(server.url)
        for _ in range(3):
            acknowledged = threading.Event()
            assert driver.call("submit_form", "contact", "user-1").attempts == 1
            acknowledged.set()
            assert closed.acquire(timeout=10)
        assert len(server.requests) == 3


def test_unasked_bytes_on_an_idle_connection_are_never_an_answer(connect: Connect) -> None:
    """What a server sends on an idle connection, a 408 for example, is not taken for the next request's answer."""
    acknowledged, sent = threading.Semaphore(0), threading.Semaphore(0)

    def answer_and_complain(peer: Peer) -> None:
        while peer.read_request() is not None:
            peer.send(OK)
            acknowledged.acquire(timeout=10)
            peer.send(reply(b'{"meta":{"error":"not for you"}}', "408 Request Timeout"))
            sent.release()

    with RawServer(answer_and_complain) as server:
        driver = connect(server.url)
        for _ in range(3):
            assert driver.track().attempts == 1
            acknowledged.release()
            assert sent.acquire(timeout=10)
        assert server.connections == 3


@pytest.mark.parametrize("verb", ["track", "submit_form"])
@pytest.mark.parametrize(
    "answer",
    [
        OK + reply(b'{"meta":{"error":"not for you"}}', "400 Bad Request"),
        OK + b"x",
        b"HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\n{}\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n" + OK,
    ],
    ids=["two answers", "a byte", "204 with a body", "chunked"],
)
def test_what_follows_an_answer_at_once_answers_no_request(
    connect: Connect, answer: bytes, verb: str
) -> None:
    """What a server sends behind an answer, in the same piece, is not taken for the next request's answer."""

    def say_too_much(peer: Peer) -> None:
        while peer.read_request() is not None:
            peer.send(answer)

    with RawServer(say_too_much) as server:
        driver = connect(server.url)
        for _ in range(3):
            assert driver.call(verb, "one", "two").attempts == 1
        assert (server.connections, len(server.requests)) == (3, 3)


def test_connection_close_is_obeyed(connect: Connect) -> None:
    """An answer that announces the end of the connection is its last."""

    def answer_last(peer: Peer) -> None:
        peer.read_request()
        peer.send(reply(b"{}\n", "200 OK", "Connection: close"))

    with RawServer(answer_last) as server:
        driver = connect(server.url)
        assert [driver.track().attempts for _ in range(3)] == [1, 1, 1]
        assert server.connections == 3


def test_a_reset_in_place_of_an_answer_is_retried(connect: Connect) -> None:
    """A connection that is reset after the request was sent is a lost answer."""

    def reset_once(peer: Peer) -> None:
        if peer.number == 0:
            peer.read_request()
            peer.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            peer.sock.close()
        else:
            answer_each(peer)

    with RawServer(reset_once) as server:
        assert connect(server.url).track().attempts == 2


def test_an_early_refusal_of_a_large_request_is_heard(connect: Connect) -> None:
    """A server that refuses a body without reading all of it is understood."""
    body = reply(b'{"meta":{"error":"too much"}}', "413 Content Too Large")

    def refuse_early(peer: Peer) -> None:
        peer.sock.recv(1000)
        peer.send(body)
        peer.wait_for_hang_up()

    with RawServer(refuse_early) as server, pytest.raises(ReplyError, match="too much") as caught:
        connect(server.url).call("track", "user-1", "seen", {"text": "x" * 31_000})
    assert caught.value.status == 413


def test_closing_hangs_up(connect: Connect) -> None:
    """Closing a client closes its connections."""
    hung_up = threading.Event()

    def notice(peer: Peer) -> None:
        peer.read_request()
        peer.send(OK)
        peer.wait_for_hang_up()
        hung_up.set()

    with RawServer(notice) as server:
        driver = connect(server.url)
        driver.track()
        driver.close()
        assert hung_up.wait(10)


@pytest.mark.parametrize("tls", [False, True])
def test_closing_ends_calls_of_other_threads(connect: Connect, tmp_path: Path, tls: bool) -> None:
    """A call that waits for its answer in another thread, or task, ends when the client is closed."""
    asked = threading.Event()

    def notice(peer: Peer) -> None:
        peer.read_request()
        peer.stopping.wait(0.05)  # by now the client waits for the answer
        asked.set()
        peer.wait_for_hang_up()

    authority = Authority(tmp_path)
    with RawServer(notice, authority.server("127.0.0.1") if tls else None) as server:
        driver = connect(server.url, timeout=5.0, ca=str(authority.file))
        error = close_during(driver, asked)
    assert "closed before the next attempt" in str(error)
    assert "no answer within" not in str(error), "the call ended by its deadline, not by the closing"
    assert (error.attempts, error.may_have_arrived, server.connections) == (1, True, 1)


def close_during(driver: Driver, asked: threading.Event) -> Any:
    """Close a client while it waits for an answer, and return the error of that call."""
    if isinstance(driver, AsyncDriver):

        async def close_amid() -> Any:
            call = asyncio.create_task(driver.client.track("user-1", "seen"))
            await asyncio.to_thread(asked.wait, 10)
            await driver.client.aclose()
            return (await asyncio.gather(call, return_exceptions=True))[0]

        return driver.runner.run(close_amid())
    closing = threading.Thread(target=lambda: (asked.wait(10), driver.client.close()))
    closing.start()
    with pytest.raises(Exception) as caught:  # noqa: PT011 - the caller looks at it
        driver.track()
    closing.join(10)
    return caught.value


# Cancellation ----------------------------------------------------------------------------------------------------


def async_client(url: str, **options: Any) -> AsyncTrackClient:
    """Make an asynchronous client."""
    return AsyncTrackClient(SITE, KEY, base_url=url, **options)


def test_cancelling_a_call_hangs_up_and_spares_the_client() -> None:
    """A cancelled call closes its connection, and the client goes on working."""
    asked, hung_up = threading.Event(), threading.Event()

    def stall_once(peer: Peer) -> None:
        if peer.number > 0:
            answer_each(peer)
            return
        peer.read_request()
        asked.set()
        peer.wait_for_hang_up()
        hung_up.set()

    async def cancel_one(url: str) -> None:
        async with async_client(url) as client:
            call = asyncio.create_task(client.track("user-1", "seen"))
            await asyncio.to_thread(asked.wait, 10)
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
            assert await asyncio.to_thread(hung_up.wait, 10)
            assert (await client.track("user-2", "seen")).attempts == 1

    with RawServer(stall_once) as server:
        asyncio.run(cancel_one(server.url))


def test_cancelling_many_calls_frees_their_places() -> None:
    """After calls were cancelled in every state, waiting for a place, connecting or reading, all places are free."""
    stalling = threading.Event()
    stalling.set()

    def stall_at_first(peer: Peer) -> None:
        while peer.read_request() is not None:
            if stalling.is_set():
                peer.wait_for_hang_up()
                return
            peer.send(OK)

    async def cancel_many(url: str) -> list[Receipt]:
        async with async_client(url) as client:
            for turns in range(12):
                calls = [asyncio.create_task(client.track(*args)) for args in people(25)]
                for _ in range(turns):
                    await asyncio.sleep(0)
                for call in calls:
                    call.cancel()
                outcomes = await asyncio.gather(*calls, return_exceptions=True)
                assert all(isinstance(outcome, asyncio.CancelledError) for outcome in outcomes)
            stalling.clear()
            return await asyncio.gather(*(client.track(*args) for args in people(25)))

    with RawServer(stall_at_first) as server:
        receipts = asyncio.run(cancel_many(server.url))
        assert all(receipt.attempts == 1 for receipt in receipts)


def test_a_deadline_of_the_applications_own_is_obeyed() -> None:
    """An asyncio.timeout around a call ends it as a timeout, not as an error of delivery."""

    async def hurry(url: str) -> None:
        async with async_client(url) as client:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.1):
                    await client.track("user-1", "seen")

    with RawServer(lambda peer: peer.wait_for_hang_up()) as server:
        asyncio.run(hurry(server.url))
