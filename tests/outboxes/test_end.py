"""The end of an outbox: closed once, twice, by a hook, amid its own work, or forgotten."""

import gc
import logging
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from ciokit import (
    ClientClosed,
    DroppedDetails,
    Outbox,
    Track,
    TrackClient,
)

from .gates import QUICK, Gates, fail, inside, take

# The end


def test_what_memory_loses_at_the_end_is_told(client: TrackClient, gates: Gates) -> None:
    """A close that gives up tells of every entry that memory held, those on their way included."""
    gates.open.clear()
    told: list[DroppedDetails] = []
    outbox = Outbox(client, batch_size=1, on_dropped=told.append)
    ids = [outbox.track("user-1", name) for name in "abc"]
    assert gates.wait_for(1)
    assert not outbox.close(0.01)
    assert [(details.id, details.reason) for details in told] == [(ulid, "closed") for ulid in ids]
    gates.open.set()
    assert outbox.stats().dropped == {"closed": 3}


class Echo(logging.Handler):
    """Put an event about every line of a log."""

    def __init__(self, outbox: Outbox) -> None:
        super().__init__()
        self.outbox = outbox

    def emit(self, record: logging.LogRecord) -> None:
        """Put."""
        self.outbox.track("log", record.name)


def test_a_log_handler_that_puts_is_turned_away_at_the_end(
    client: TrackClient, caplog: pytest.LogCaptureFixture
) -> None:
    """The line of the end reaches a handler that puts: the close passes, and what it put is dropped and told."""
    caplog.set_level(logging.INFO, logger="ciokit.outbox")
    told: list[DroppedDetails] = []

    def put_again(details: DroppedDetails) -> None:
        told.append(details)
        outbox.track("user-1", "dropped")

    outbox = Outbox(client, on_dropped=put_again)
    outbox.track("user-1", "seen")
    logger, echo = logging.getLogger("ciokit.outbox"), Echo(outbox)
    logger.addHandler(echo)
    try:
        assert outbox.close(15)
    finally:
        logger.removeHandler(echo)
    assert [(details.kind, details.reason) for details in told] == [("event", "closed")]
    stats = outbox.stats()
    assert stats.delivered == 1
    assert stats.dropped == {"closed": 3}  # the handler's for each of two lines, and the hook's
    with pytest.raises(ClientClosed):
        outbox.track("user-1", "late")


def test_one_line_tells_what_became_of_everything(
    client: TrackClient, gates: Gates, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """At the end the log has the counts, once: what was delivered, dropped out of memory, or left in the spool."""
    caplog.set_level(logging.INFO, logger="ciokit.outbox")
    good = Outbox(client)
    good.track("user-1", "seen")
    assert good.flush(15)
    assert good.close(15)
    assert good.close(15)
    gates.open.clear()
    lost, kept = Outbox(client), Outbox(client, spool=tmp_path / "spool")
    for outbox in (lost, kept):
        outbox.track("user-1", "seen")
        assert not outbox.close(0)
    Outbox(client).close()  # of nothing there is nothing to tell
    said = [record.getMessage() for record in caplog.records if record.levelno == logging.INFO]
    assert said == [
        "the outbox is closed: 1 accepted, 1 delivered, 0 rejected, 0 dropped, 0 left in the spool",
        "the outbox is closed: 1 accepted, 0 delivered, 0 rejected, 1 dropped, 0 left in the spool",
        "the outbox is closed: 1 accepted, 0 delivered, 0 rejected, 0 dropped, 1 left in the spool",
    ]


def test_a_second_close_waits_for_the_first(client: TrackClient, gates: Gates) -> None:
    """A close during a close returns when the entries are delivered, and says whether they are."""
    gates.open.clear()
    outbox = Outbox(client)
    outbox.track("user-1", "seen")
    first = threading.Thread(target=outbox.close)
    first.start()
    assert gates.wait_for(1)
    assert not outbox.close(0.01)
    gates.open.set()
    assert outbox.close(15)
    first.join()
    assert outbox.close(0)


def test_of_nothing_that_was_dropped_there_is_no_count(client: TrackClient) -> None:
    """An end at which memory holds nothing leaves no reason for a loss in the counts."""
    with Outbox(client) as outbox:
        outbox.track("user-1", "seen")
    assert outbox.stats().dropped == {}


def test_a_closed_outbox_says_so(client: TrackClient) -> None:
    """Verbs and `put` name what to do; `flush`, `stats` and `close` go on working."""
    outbox = Outbox(client)
    outbox.track("user-1", "seen")
    assert outbox.shutdown()
    with pytest.raises(ClientClosed, match="make a new one"):
        outbox.track("user-1", "seen")
    with pytest.raises(ClientClosed, match="make a new one"):
        outbox.put(client.encode(Track("user-1", "seen")))
    assert outbox.flush(15)
    assert outbox.stats().delivered == 1
    assert "closed" in repr(outbox)


def test_the_names_of_hand_made_queues(client: TrackClient, gates: Gates) -> None:
    """`enqueue` is `track` and `shutdown` is `close`."""
    outbox = Outbox(client)
    assert outbox.enqueue("user-1", "seen", {"n": 1})
    assert outbox.shutdown()
    assert gates.names() == ["seen"]


@pytest.mark.parametrize("taken_up", [False, True])
def test_a_forgotten_outbox_delivers_and_goes(client: TrackClient, gates: Gates, *, taken_up: bool) -> None:
    """An outbox that nobody holds any more delivers at once what it took, and is gone with its threads then."""
    gates.open.clear()
    outbox = Outbox(client, flush_interval=3600)
    outbox.track("user-1", "seen")
    if taken_up:  # as by a sender that was quicker than whoever forgets the outbox
        with inside(outbox).turn.lock:
            inside(outbox).feed(time.monotonic())
    ended, gone = threading.Event(), weakref.ref(outbox)
    weakref.finalize(inside(outbox)._crew, ended.set)  # each of its threads holds it to its own end
    del outbox
    assert gates.wait_for(1)
    assert gone() is not None
    gates.open.set()
    assert ended.wait(15)
    assert gone() is None


def test_an_unused_outbox_is_not_held(client: TrackClient) -> None:
    """No hook keeps an outbox alive that has nothing to deliver."""
    unused = weakref.ref(Outbox(client))
    closed = Outbox(client)
    closed.track("user-1", "seen")
    assert closed.close(15)
    used = weakref.ref(closed)
    del closed
    gc.collect()
    assert unused() is None
    assert used() is None


# Amid its own work


def interrupt(outbox: Outbox[Any, Any], work: Callable[[], Any]) -> Any:
    """Do something as a signal handler does it that interrupts this thread amid the outbox's own work."""
    with inside(outbox).turn.lock:
        return work()


def test_what_interrupts_the_outbox_waits_for_nothing(client: TrackClient) -> None:
    """A put, a flush and the counts, called amid the outbox's own work, return at once."""
    told: list[DroppedDetails] = []
    with Outbox(client, max_entries=1, block_timeout=3600, on_dropped=told.append) as outbox:
        first = interrupt(outbox, lambda: outbox.track("user-1", "first"))
        second = interrupt(outbox, lambda: outbox.track("user-1", "second"))
        assert [details.id for details in told] == [second]
        assert first
        assert not interrupt(outbox, outbox.flush)
        before = outbox.stats()
        assert (before.accepted, before.pending) == (2, 1)
        assert interrupt(outbox, outbox.stats) == before
        interrupt(outbox, outbox.resume)


def test_a_close_that_interrupts_the_outbox_goes_on_after_it(client: TrackClient) -> None:
    """Called amid the outbox's own work, a close takes no more entries and delivers what waits as soon as it can."""
    told: list[DroppedDetails] = []
    outbox = Outbox(client, on_dropped=told.append)
    outbox.track("user-1", "seen")
    assert not interrupt(outbox, lambda: outbox.close(15))
    with pytest.raises(ClientClosed):
        outbox.track("user-1", "late")
    assert outbox.close(15)
    assert (outbox.stats().delivered, told) == (1, [])


def test_a_close_amid_a_put_does_not_wait_for_who_waits_for_that(client: TrackClient, tmp_path: Path) -> None:
    """A handler that closes returns, though another thread has the outbox's turn and waits for the put it interrupts."""
    outbox = Outbox(client, spool=tmp_path / "spool")
    outbox.track("user-1", "seen")
    store: Any = inside(outbox).store
    counting = threading.Thread(target=outbox.stats, daemon=True)
    closed: list[bool] = []

    def close_amid_a_put() -> None:
        with store._own._turn.lock:
            counting.start()
            while inside(outbox).is_free(0):
                pass
            closed.append(outbox.close(0.01))

    handler = threading.Thread(target=close_amid_a_put, daemon=True)
    handler.start()
    handler.join(15)
    assert closed == [False]
    counting.join(15)
    outbox.close(15)


def test_hooks_may_use_the_outbox(client: TrackClient) -> None:
    """A hook may put, flush and ask for the counts, also when there is but one sender, or none."""
    for senders in (1, 0):
        seen: list[object] = []
        once = iter(["from the hook"])

        def on_delivered(details: object, once: Iterator[str] = once, seen: list[object] = seen) -> None:
            for name in once:
                outbox.track("user-1", name)
                seen.append(outbox.flush())
                seen.append(outbox.stats().delivered)

        with Outbox(client, senders=senders, on_delivered=on_delivered) as outbox:
            outbox.track("user-1", "seen")
            assert outbox.flush(15)
        assert seen == [True, 2]


def test_a_hook_may_close(client: TrackClient) -> None:
    """A hook that closes the outbox ends it, and does not wait for its own thread."""
    closed: list[bool] = []

    def on_delivered(details: object) -> None:
        closed.append(outbox.close(15))

    with Outbox(client, on_delivered=on_delivered) as outbox:
        outbox.track("user-1", "seen")
        assert outbox.flush(15)
    assert closed == [True]


def test_a_hook_does_not_wait_for_room(client: TrackClient, gates: Gates) -> None:
    """A hook that puts into a full outbox is not blocked, for its own thread is to make the room."""
    names = iter(("second", "third"))
    answered = threading.Event()

    def on_rejected(details: object) -> None:
        for name in names:
            outbox.track("user-2", name)
        answered.set()

    def answer(body: bytes) -> httpx2.Response:
        return httpx2.Response(400) if b"first" in body else httpx2.Response(200)

    gates.answer = answer
    with Outbox(client, senders=1, max_entries=1, block_timeout=3600, on_rejected=on_rejected) as outbox:
        outbox.track("user-1", "first")
        assert outbox.flush(15)
        assert answered.is_set()
        assert outbox.stats().dropped == {"full": 1}


class Broken(TrackClient[Any, Any]):
    """Fail at the first attempt in a way that no network does."""

    broken = True

    def attempt(self, *args: Any, **kwargs: Any) -> Any:
        """Send once, or fail."""
        if self.broken:
            self.broken = False
            raise LookupError
        return super().attempt(*args, **kwargs)


def test_a_mistake_in_a_sender_costs_no_entry(gates: Gates, caplog: pytest.LogCaptureFixture) -> None:
    """An attempt that raises is told, and its entries are sent again."""
    with Broken("site", "key", transport=gates) as client, Outbox(client, retry=QUICK) as outbox:
        outbox.track("user-1", "seen")
        assert outbox.flush(15)
    assert gates.names() == ["seen"]
    assert "an attempt failed" in caplog.text


def test_the_exiting_thread_sends_too(client: TrackClient, gates: Gates) -> None:
    """At a process's end nobody relies on the senders, which may not run any more: the exiting thread sends itself."""
    held = threading.Event()

    def answer(body: bytes) -> httpx2.Response:
        if b"first" in body:
            held.wait(60)
        return httpx2.Response(200)

    gates.answer = answer
    outbox = Outbox(client, senders=1)
    outbox.track("user-1", "first")
    outbox.hurry(0)
    assert gates.wait_for(1)
    outbox.track("user-2", "second")
    outbox.end(0.2)
    held.set()
    assert gates.names() == ["first", "second"]
    assert outbox.stats().dropped == {"closed": 1}


# Interrupted


def test_an_interrupted_attempt_is_made_again(client: TrackClient, gates: Gates) -> None:
    """A Ctrl-C amid a request comes through, and what was on its way is sent by the next flush."""
    raised: list[BaseException] = [KeyboardInterrupt(), SystemExit()]

    def interrupt(body: bytes) -> httpx2.Response:
        raise raised.pop()

    outbox = Outbox(client, senders=0, retry=QUICK)
    outbox.track("user-1", "seen")
    gates.answer = interrupt
    with pytest.raises(SystemExit):
        outbox.flush(15)
    with pytest.raises(KeyboardInterrupt):
        outbox.flush(15)
    gates.answer = take
    assert outbox.flush(15)
    assert outbox.stats().delivered == 1
    outbox.close()


def test_a_close_that_was_interrupted_is_made_up_for(client: TrackClient, gates: Gates) -> None:
    """After a Ctrl-C amid a close, the next one tells of what memory loses, as the exit's own would."""
    told: list[DroppedDetails] = []
    interrupts: list[BaseException] = [KeyboardInterrupt()]

    def answer(body: bytes) -> httpx2.Response:
        for interrupt in interrupts:
            raise interrupt
        return fail(body)

    gates.answer = answer
    outbox = Outbox(client, senders=0, retry=QUICK, on_dropped=told.append)
    ulid = outbox.track("user-1", "seen")
    with pytest.raises(KeyboardInterrupt):
        outbox.close(15)
    interrupts.clear()
    assert not outbox.close(0.01)
    assert [(details.id, details.reason) for details in told] == [(ulid, "closed")]
    assert not outbox.close(0.01)
