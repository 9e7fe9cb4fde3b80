"""When entries go, with threads and without, from asyncio, and what an outbox may be told."""

import asyncio
import contextlib
import logging
import sys
import threading
from collections.abc import Generator
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx2
import pytest

from ciokit import (
    AsyncOutbox,
    AsyncTrackClient,
    DeliveredDetails,
    Outbox,
    OutboxStats,
    SettingsError,
    Spool,
    Track,
    TrackClient,
)
from ciokit.stores.errors import StoreFull

from .gates import QUICK, Gates, fail, inside, take


def interrupt(body: bytes) -> httpx2.Response:
    """Do what Ctrl-C does to whoever waits for an answer."""
    raise KeyboardInterrupt


class Told(logging.Handler):
    """Hear what the outbox logs of its troubles.

    Attributes:
        words: It.
        heard: Set when there was some.
    """

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.words: list[str] = []
        self.heard = threading.Event()

    def emit(self, record: logging.LogRecord) -> None:
        """Take in a line."""
        self.words.append(record.getMessage())
        self.heard.set()

    @contextlib.contextmanager
    def listening(self) -> Generator[None]:
        """Listen for a while."""
        logging.getLogger("ciokit.outbox").addHandler(self)
        try:
            yield
        finally:
            logging.getLogger("ciokit.outbox").removeHandler(self)


# When entries go


def test_what_comes_after_an_idle_time_goes_after_the_interval(client: TrackClient, gates: Gates) -> None:
    """An entry that comes while all senders rest is not left to the next look around."""
    with Outbox(client, flush_interval=0.01) as outbox:
        for number in range(1, 6):
            outbox.track("user-1", f"event-{number}")
            assert gates.wait_for(number)
            assert outbox.flush(15)


def test_a_slow_request_holds_up_nobody_else(client: TrackClient, gates: Gates) -> None:
    """While one request waits for its answer, other people's entries go."""
    gates.open.clear()
    with Outbox(client, flush_interval=0.01, senders=3) as outbox:
        for number in range(1, 4):
            outbox.track(f"user-{number}", f"event-{number}")
            assert gates.wait_for(number)
        gates.open.set()


def test_slow_requests_hold_up_nobody_while_a_sender_rests(client: TrackClient, gates: Gates) -> None:
    """Whichever sender a put wakes, and however long its request takes, the next put wakes the next."""
    for _ in range(10):  # which one it wakes is the system's choice
        gates.bodies.clear()
        gates.open.clear()
        with Outbox(client, flush_interval=0, senders=4) as outbox:
            for number in range(1, 5):
                outbox.track(f"user-{number}", f"event-{number}")
                assert gates.wait_for(number)
            gates.open.set()


def test_a_full_batch_goes_at_once(client: TrackClient, gates: Gates) -> None:
    """When `batch_size` entries wait, nobody waits for the interval."""
    with Outbox(client, flush_interval=3600, batch_size=3) as outbox:
        for name in "abc":
            outbox.track("user-1", name)
        assert gates.wait_for(1)
        assert gates.names() == ["a", "b", "c"]


def test_a_flush_waits_for_the_hooks(client: TrackClient) -> None:
    """What a hook was to be told is told when a flush returns."""
    told: list[object] = []
    with Outbox(client, on_delivered=told.append) as outbox:
        for number in range(1, 20):
            outbox.track("user-1", "seen")
            assert outbox.flush(15)
            assert len(told) == number


def test_a_flush_gives_up_in_time_and_the_rest_goes_on(client: TrackClient, gates: Gates) -> None:
    """A flush that could not finish says so; what was on its way arrives all the same."""
    gates.open.clear()
    with Outbox(client) as outbox:
        outbox.track("user-1", "seen")
        assert not outbox.flush(0.01)
        assert outbox.stats().in_flight == 1
        gates.open.set()
        assert outbox.flush(15)
    assert gates.names() == ["seen"]


def test_the_threads_start_beside_a_call_of_stats(client: TrackClient) -> None:
    """A first put while another thread has its turn starts the senders all the same."""
    with Outbox(client) as outbox:
        with inside(outbox).turn.lock:
            put = threading.Thread(target=outbox.track, args=("user-1", "seen"))
            put.start()
            put.join()
        assert outbox.flush(15)
        assert inside(outbox).helps()


def test_no_thread_is_started_before_it_is_needed(client: TrackClient) -> None:
    """An outbox that nobody uses costs no thread, also when it is flushed and closed."""
    before = threading.active_count()
    outbox = Outbox(client)
    assert outbox.flush(15)
    assert not inside(outbox).begun
    assert outbox.close(15)
    assert threading.active_count() == before


# Without threads


def test_a_spool_that_cannot_be_read_is_asked_again(client: TrackClient, tmp_path: Path) -> None:
    """What a disk did not give back goes soon after it does, without a call, and is told once."""
    spool = Spool(tmp_path / "spool", segment_bytes=1000, window_bytes=600)
    for number in range(30):
        spool.put([client.encode(Track("user-1", f"event-{number}"))])
    file = sorted((tmp_path / "spool").glob("2*/*.journal"))[2]
    kept = file.with_suffix(".kept")
    file.rename(kept)
    file.symlink_to(kept.name)  # which no spool follows
    told, arrived, ids = Told(), threading.Event(), list[str | None]()

    def count(details: DeliveredDetails) -> None:
        ids.extend(details.ids)
        if len(ids) == 30:
            arrived.set()

    with Outbox(client, spool=spool, flush_interval=0.01, on_delivered=count) as outbox, told.listening():
        outbox.resume()
        assert told.heard.wait(15)
        assert not outbox.flush(0.01)
        kept.replace(file)
        assert arrived.wait(15)
        assert f"{file}: " in told.words[0]
        assert len(told.words) == 1


def test_without_threads_a_flush_sends(client: TrackClient, gates: Gates) -> None:
    """`senders=0` starts no thread: the entries go within `flush`, as often as it is called, and within `close`."""
    before = threading.active_count()
    with Outbox(client, senders=0) as outbox:
        for name in "ab":
            outbox.track("user-1", name)
            assert gates.names() != ["a", "b"]
            assert outbox.flush()
        outbox.track("user-1", "c")
        assert threading.active_count() == before
    assert gates.names() == ["a", "b", "c"]


def test_without_threads_a_flush_is_bounded(client: TrackClient, gates: Gates) -> None:
    """A flush without threads gives up in time while the service is down, and the next one delivers."""
    gates.answer = fail
    with Outbox(client, senders=0, retry=QUICK) as outbox:
        outbox.track("user-1", "seen")
        assert not outbox.flush(0.05)
        assert outbox.stats().pending == 1
        gates.answer = take
        assert outbox.flush(15)


def test_without_threads_a_full_outbox_makes_room_itself(client: TrackClient) -> None:
    """A verb that finds it full sends in its own thread instead of waiting for nobody."""
    with Outbox(client, senders=0, max_entries=2, block_timeout=15) as outbox:
        for _ in range(7):
            outbox.track("user-1", "seen")
        stats = outbox.stats()
    assert (stats.accepted, stats.dropped) == (7, {})


@pytest.mark.parametrize("senders", [0, 1])
def test_what_breaks_off_a_request_costs_no_entry(client: TrackClient, gates: Gates, senders: int) -> None:
    """A request that Ctrl-C breaks off is sent again, whoever was sending it."""
    answers = iter([interrupt])

    def answer(body: bytes) -> httpx2.Response:
        return next(answers, take)(body)

    gates.answer = answer
    with Outbox(client, senders=senders, retry=QUICK) as outbox:
        outbox.track("user-1", "seen")
        with pytest.raises(KeyboardInterrupt) if senders == 0 else contextlib.nullcontext():
            outbox.flush(15)
        assert outbox.flush(15)
    assert gates.names() == ["seen", "seen"]


def test_a_thread_that_cannot_be_had_is_asked_for_again(
    client: TrackClient, gates: Gates, caplog: pytest.LogCaptureFixture
) -> None:
    """A system that has no thread when the outbox is first used does not leave it without any for good."""
    with Outbox(client, flush_interval=0.01) as outbox:
        usual = threading.stack_size(1 << 46)  # more than there is
        try:
            outbox.track("user-1", "first")
            outbox.track("user-1", "second")
        finally:
            threading.stack_size(usual)
        assert not gates.bodies
        outbox.track("user-1", "third")
        assert gates.wait_for(1)
        assert outbox.flush(15)
    assert gates.names() == ["first", "second", "third"]
    assert caplog.text.count("has no thread for the outbox") == 1


@pytest.mark.parametrize(
    ("options", "worker", "said"),
    [
        ({}, 1, "set enable-threads = true"),
        ({b"enable-threads": b"true"}, 1, ""),
        ({b"enable-threads": b"true"}, 0, "has not forked its workers yet"),
    ],
)
def test_uwsgi_without_threads_is_found_out(
    client: TrackClient,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    options: dict[bytes, bytes],
    worker: int,
    said: str,
) -> None:
    """Where uWSGI lets no thread run, that is said once with what to do, and a flush sends all the same."""
    uwsgi: Any = ModuleType("uwsgi")
    uwsgi.opt = options
    uwsgi.worker_id = lambda: worker
    monkeypatch.setitem(sys.modules, "uwsgi", uwsgi)
    # Another test may have looked whether it is there, by importing it.
    monkeypatch.delitem(sys.modules, "pyuwsgi", raising=False)
    with Outbox(client) as outbox:
        outbox.track("user-1", "seen")
        assert inside(outbox).helps() is (not said)
        assert outbox.flush(15)
        assert outbox.stats().delivered == 1
    assert [record.getMessage().count(said) for record in caplog.records] == ([1] if said else [])


# The asynchronous twin


def test_the_twin_waits_for_room_without_blocking_the_loop(client: TrackClient, gates: Gates) -> None:
    """A task that finds the outbox full waits, other tasks go on and open the gate for it."""

    async def speak() -> None:
        async with AsyncOutbox(client, max_entries=1, block_timeout=60) as outbox:
            await outbox.track("user-1", "first")
            waiting = asyncio.create_task(outbox.track("user-1", "second"))
            assert await asyncio.to_thread(gates.wait_for, 1)
            assert not waiting.done()
            gates.open.set()
            assert await waiting
            assert await outbox.flush(15)

    gates.open.clear()
    asyncio.run(speak())
    assert gates.names() == ["first", "second"]


def test_the_twin_does_what_was_asked_when_full(client: TrackClient) -> None:
    """`raise`, `drop_new`, `drop_old`, `block` in vain and `block` without threads, from asyncio."""

    async def fill(**options: Any) -> OutboxStats:
        async with AsyncOutbox(client, max_entries=1, senders=0, **options) as outbox:
            for name in "ab":
                await outbox.enqueue("user-1", name)
            return outbox.stats()

    with pytest.raises(StoreFull):
        asyncio.run(fill(overflow="raise"))
    for overflow in ("drop_new", "drop_old"):
        assert asyncio.run(fill(overflow=overflow)).dropped == {"full": 1}
    stats = asyncio.run(fill(block_timeout=15))
    assert (stats.accepted, stats.dropped) == (2, {})


def test_the_twin_waits_for_the_disk_in_a_thread(client: TrackClient, tmp_path: Path) -> None:
    """With `durability="power"` the loop's thread writes nothing, also where the oldest entry makes room."""
    threads: list[int] = []

    async def fill() -> None:
        outbox = AsyncOutbox(
            client,
            spool=tmp_path / "spool",
            durability="power",
            max_entries=1,
            senders=0,
            overflow="drop_old",
            on_dropped=lambda _: threads.append(threading.get_ident()),
        )
        async with outbox:
            for name in "ab":
                await outbox.track("user-1", name)

    asyncio.run(fill())
    assert len(threads) == 1
    assert threading.get_ident() not in threads


def test_the_twin_has_the_same_verbs(client: TrackClient, gates: Gates) -> None:
    """Encoded entries go in by `put`, and the names of hand-made queues exist."""

    async def speak() -> bool:
        outbox = AsyncOutbox(client)
        await outbox.put(client.encode(Track("user-1", "first")))
        await outbox.enqueue("user-1", "second")
        return await outbox.shutdown()

    assert asyncio.run(speak())
    assert gates.names() == ["first", "second"]


# Settings


@pytest.mark.parametrize(
    ("name", "value", "range_"),
    [
        ("batch_size", 0, "a whole number from 1"),
        ("batch_size", 2.5, "a whole number from 1"),
        ("flush_interval", -1, "seconds from 0 to a day"),
        ("flush_interval", float("nan"), "seconds from 0 to a day"),
        ("senders", 11, "a whole number from 0 to 10"),
        ("senders", True, "a whole number from 0 to 10"),
        ("senders", "4", "a whole number from 0 to 10"),
        ("rate", 0, "more than 0 requests a second"),
        ("max_bytes", 0, "a whole number from 1"),
        ("max_entries", -5, "a whole number from 1"),
        ("block_timeout", None, "seconds from 0 to a day"),
        ("exit_timeout", float("inf"), "seconds from 0 to a day"),
        ("overflow", "spill", "one of block, raise, drop_new, drop_old"),
        ("durability", "power", "'process' where there is no spool"),
        ("on_dropped", "print", "a function, got str"),
    ],
)
def test_settings_out_of_range(client: TrackClient, name: str, value: object, range_: str) -> None:
    """The error names the setting, the value and the range, and nothing is begun."""
    given: dict[str, Any] = {name: value}
    for kind in (Outbox, AsyncOutbox):
        with pytest.raises(SettingsError, match=f"^{name} must be ") as caught:
            kind(client, **given)
        assert range_ in str(caught.value)
        assert name == "on_dropped" or repr(value) in str(caught.value)


def test_an_empty_spool_is_no_directory(client: TrackClient) -> None:
    """An empty name would mean the working directory, and is refused."""
    with pytest.raises(SettingsError, match="spool must be a directory"):
        Outbox(client, spool="")


def test_an_asynchronous_client_cannot_deliver(gates: Gates) -> None:
    """Delivery is by threads, and that is said when the outbox is made."""
    wrong: Any = AsyncTrackClient("site", "key", base_url="http://127.0.0.1:9")
    for kind in (Outbox, AsyncOutbox):
        with pytest.raises(
            SettingsError, match="needs a TrackClient or a PipelinesClient, got AsyncTrackClient"
        ):
            kind(wrong)
