"""Batches of both clients: how operations are laid out over requests, and what is told of each."""

import gzip
import pickle
from typing import Any, Literal

import msgspec
import pytest

from ciokit import (
    BatchError,
    BatchResult,
    Email,
    Identify,
    InvalidData,
    NoReplyError,
    ReplyError,
    ReportDelivery,
    ServiceUnavailable,
    Track,
    Unauthorized,
)
from ciokit.operations import SubmitForm
from ciokit.sandbox import Effect, FaultRule, World

from .drivers import Connect, Driver, EventfulClock
from .servers import Peer, RawServer, reply


def events(count: int, *, size: int = 10) -> list[Track]:
    """Make events of many people, each with some bytes of data."""
    return [Track(f"user-{number}", "seen", {"text": "x" * size}) for number in range(count)]


def script(world: World, *effects: Effect | None) -> None:
    """Have the next requests go wrong, one after the other; None lets one pass."""
    world.faults.add(FaultRule(script=effects), now=0.0)


def statuses(result: BatchResult) -> list[str]:
    """Return what became of each operation."""
    return [item.status for item in result.items]


def test_mixed_operations_are_one_request(driver: Driver, world: World) -> None:
    """Operations of different kinds go together and are told apart by their index, kind and id."""
    seen = Track("user-1", "seen")
    given = [Identify("user-1", {"plan": "pro"}), seen, Identify(Email("a@example.com"))]
    result = driver.call("batch", given)
    assert [(item.index, item.kind, item.status) for item in result.items] == [
        (0, "identify", "accepted"),
        (1, "event", "accepted"),
        (2, "identify", "accepted"),
    ]
    assert [item.id for item in result.items] == [None, seen.id, None]
    assert (result.requests, result.accepted, result.rejected) == (1, 3, ())
    assert [request.path for request in world.requests] == ["/api/v2/batch"]
    assert {person.id for person in world.people()} == {"user-1", None}


def test_an_empty_batch_sends_nothing(driver: Driver, world: World) -> None:
    """No operations are no request."""
    assert driver.call("batch", []) == BatchResult((), 0)
    assert world.requests == []


def test_any_iterable_will_do(driver: Driver, world: World) -> None:
    """A generator is taken as well as a list."""
    assert driver.call("batch", (event for event in events(3))).accepted == 3


@pytest.mark.parametrize("status", [207, 200])
def test_refused_items_are_told_by_their_index(
    driver: Driver, world: World, status: Literal[200, 207]
) -> None:
    """Items that the service refuses are told with its words, on 207 and on 200; the others are taken."""
    script(world, Effect(partial=0.5, partial_status=status))
    result = driver.call("batch", events(20))
    refused = [rejection.index for rejection in world.requests[0].rejected]
    assert 0 < len(refused) < 20
    assert [item.index for item in result.rejected] == refused
    assert all(item.status == "rejected" and item.reasons for item in result.rejected)
    assert result.accepted == 20 - len(refused) == len(world.events())
    with pytest.raises(ReplyError, match=f"{len(refused)} of 20 operations were not taken"):
        result.raise_if_rejected()


def test_indexes_are_those_of_the_list_that_was_given(driver: Driver, world: World) -> None:
    """What the second request refuses is told by its place in the whole list."""
    script(world, None, Effect(partial=1.0))
    result = driver.call("batch", events(20, size=30_000))
    first = len(msgspec.json.decode(world.requests[0].body or b"")["batch"])
    assert statuses(result) == ["accepted"] * first + ["rejected"] * (20 - first)


def test_batches_are_split_at_the_vendors_limit(driver: Driver, world: World) -> None:
    """No request is over 500,000 bytes, each but the last is full, and the order is kept."""
    given = events(40, size=30_000)
    result = driver.call("batch", given)
    sizes = [request.size for request in world.requests]
    assert result.requests == len(sizes) == 3
    assert all(500_000 - 31_000 < size <= 500_000 for size in sizes[:-1])
    assert [event.id for event in world.events()] == [operation.id for operation in given]


def test_a_batch_may_be_exactly_as_large_as_allowed(driver: Driver, world: World) -> None:
    """A batch of exactly 500,000 bytes is one request; one byte more makes it two."""
    given = events(16, size=31_000)
    body = (
        sum(len(driver.client.encode(operation).body) + 1 for operation in given) + len(b'{"batch":[]}') - 1
    )
    last = Track("user-last", "seen", {"text": ""})
    room = 500_000 - body - len(driver.client.encode(last).body) - 1
    driver.call("batch", [*given, Track("user-last", "seen", {"text": "x" * room})])
    assert [request.size for request in world.requests] == [500_000]
    driver.call("batch", [*given, Track("user-last", "seen", {"text": "x" * (room + 1)})])
    assert len(world.requests) == 3


def test_what_must_not_be_sent_twice_goes_apart(driver: Driver, world: World) -> None:
    """A lost answer is replayed for what is safe and not for what is not: they never share a request."""
    given = [Track("user-1", "seen"), ReportDelivery("dgOq-1", "opened", "token-1"), Track("user-1", "left")]
    script(world, Effect(drop=True, after_processing=True), None, Effect(drop=True, after_processing=True))
    with pytest.raises(BatchError) as caught:
        driver.call("batch", given)
    assert statuses(caught.value.result) == ["accepted", "failed", "not_sent"]
    assert [request.attempt for request in world.requests] == [0, 1, 0]
    assert len(world.workspace().metrics) == 1


def test_order_is_kept_around_what_goes_apart(driver: Driver, world: World) -> None:
    """Going apart does not change the order in which operations arrive."""
    given = [Track("user-1", "a"), ReportDelivery("dgOq-1", "opened", "token-1"), Track("user-1", "b")]
    result = driver.call("batch", given)
    assert (result.requests, result.accepted) == (3, 3)
    assert [event.name for event in world.events()] == ["a", "b"]


def test_a_batch_is_retried_whole_and_collapsed(driver: Driver, world: World) -> None:
    """A batch whose answer was lost is sent again to the byte, and no event is counted twice."""
    script(world, Effect(drop=True, after_processing=True))
    result = driver.call("batch", events(10))
    assert (result.requests, result.accepted) == (1, 10)
    assert world.requests[0].body == world.requests[1].body
    assert [event.duplicates for event in world.events()] == [1] * 10


def test_a_failed_request_tells_what_became_of_each(driver: Driver, world: World) -> None:
    """When a request fails for good, its error tells what was taken, what failed and what was not sent."""
    script(world, None, Effect(status=401))
    with pytest.raises(BatchError, match="16 of 40 operations were taken") as caught:
        driver.call("batch", events(40, size=30_000))
    error = caught.value
    assert isinstance(error.cause, Unauthorized)
    assert statuses(error.result) == ["accepted"] * 16 + ["failed"] * 16 + ["not_sent"] * 8
    assert len(world.requests) == 2
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.result, type(again.cause)) == (str(error), error.result, Unauthorized)


def test_a_batch_error_has_the_attempts_of_its_cause(driver: Driver, world: World) -> None:
    """A batch that was tried in vain says how often."""
    world.faults.add(FaultRule(effect=Effect(status=503)), now=0.0)
    with pytest.raises(BatchError) as caught:
        driver.call("batch", events(2))
    assert isinstance(caught.value.cause, ServiceUnavailable)
    assert (caught.value.attempts, caught.value.retryable) == (4, True)
    assert "after 4 attempts" in str(caught.value)


def test_wrong_operations_are_all_named_and_nothing_is_sent(driver: Driver, world: World) -> None:
    """Everything that is wrong with a batch is told at once, by index, before anything is sent."""
    wrong: list[Any] = [
        Track("user-1", "seen"),
        Track("", "seen"),
        "track",
        SubmitForm("contact", "user-1"),
        Track("user-1", "x" * 101),
    ]
    with pytest.raises(InvalidData) as caught:
        driver.call("batch", wrong)
    paths = [problem.path.partition(".")[0] for problem in caught.value.problems]
    assert paths == ["operations[1]", "operations[2]", "operations[3]", "operations[4]"]
    assert "call the verb" in str(caught.value)
    assert world.requests == []


def test_complaints_without_a_place_are_kept(driver: Driver, world: World) -> None:
    """What the service says of no item in particular is kept beside the items."""
    script(world, Effect(status=200, body='{"errors":[{"reason":"slow","message":"down"}]}'))
    result = driver.call("batch", events(2))
    assert [str(problem) for problem in result.unplaced] == ["slow: down"]


def test_an_index_that_was_not_sent_is_not_lost(connect: Connect) -> None:
    """A complaint about an item that the request does not hold is told as one without a place."""

    def complain(peer: Peer) -> None:
        peer.read_request()
        peer.send(reply(b'{"errors":[{"batch_index":7,"reason":"odd"}]}', "207 Multi-Status"))

    with RawServer(complain) as server:
        result = connect(server.url).call("batch", events(2))
    assert [str(problem) for problem in result.unplaced] == ["[7]: odd"]


def test_closing_while_a_batch_waits_forgets_nothing(connect: Connect, driver: Driver, world: World) -> None:
    """A client that is closed before a retry sends nothing more, and tells what was taken and what was not."""
    script(world, None, Effect(status=503))
    clock = EventfulClock(lambda: closing.leave())  # noqa: PLW0108 - made only below
    closing = connect(driver.client.url, clock=clock)
    with pytest.raises(BatchError, match="closed before the next attempt") as caught:
        closing.call("batch", events(40, size=30_000))
    assert statuses(caught.value.result) == ["accepted"] * 16 + ["failed"] * 16 + ["not_sent"] * 8
    assert caught.value.attempts == 1
    assert len(world.requests) == 2


def test_closing_amid_a_batch_forgets_nothing(connect: Connect) -> None:
    """A client that is closed between two requests sends no further one, and tells what was taken and what was not."""

    def close_and_answer(peer: Peer) -> None:
        while peer.read_request() is not None:
            closing.client._closed = True
            peer.send(reply())

    with RawServer(close_and_answer) as server:
        closing = connect(server.url)
        with pytest.raises(BatchError, match="closed before the rest was sent") as caught:
            closing.call("batch", events(40, size=30_000))
    assert statuses(caught.value.result) == ["accepted"] * 16 + ["not_sent"] * 24
    assert (caught.value.retryable, len(server.requests)) == (True, 1)


def test_nobody_there_takes_nothing(connect: Connect) -> None:
    """With nobody listening every item of the first request failed, and the error says that it never arrived."""
    with RawServer(lambda peer: None) as server:
        url = server.url
    with pytest.raises(BatchError) as caught:
        connect(url).call("batch", events(2))
    assert isinstance(caught.value.cause, NoReplyError)
    assert caught.value.cause.may_have_arrived is False
    assert statuses(caught.value.result) == ["failed", "failed"]


def test_answers_come_as_they_are_read(connect: Connect) -> None:
    """A server that packs what a client lets it pack is told not to: refused items must not hide in a packed answer."""
    said = b'{"errors":[{"batch_index":1,"reason":"invalid","field":"id","message":"no"}]}'

    def pack(peer: Peer) -> None:
        while (request := peer.read_request()) is not None:
            if request.headers.get("accept-encoding") == "identity":
                peer.send(reply(said, "207 Multi-Status"))
            else:
                peer.send(reply(gzip.compress(said), "207 Multi-Status", "Content-Encoding: gzip"))

    with RawServer(pack) as server:
        result = connect(server.url).call("batch", [Track("1", "seen"), Track("2", "seen")])
    assert [item.status for item in result.items] == ["accepted", "rejected"]
