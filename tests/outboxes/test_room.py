"""What an outbox does when there is no room, and that its counts add up."""

import threading
from pathlib import Path
from typing import Any

import httpx2
import pytest

from ciokit import (
    DroppedDetails,
    Outbox,
    TrackClient,
)
from ciokit.stores.errors import StoreFull

from .gates import QUICK, Gates, fail

# When there is no room


def test_a_blocked_verb_goes_on_when_there_is_room(client: TrackClient, gates: Gates) -> None:
    """With `block` a verb waits until an answer makes room; nothing is dropped, and the bound holds meanwhile."""
    gates.open.clear()
    with Outbox(client, max_entries=1, block_timeout=60) as outbox:
        outbox.track("user-1", "first")
        second = threading.Thread(target=outbox.track, args=("user-1", "second"))
        second.start()
        assert gates.wait_for(1)  # it does not wait for the interval when others wait for room
        assert outbox.stats().pending == 1
        gates.open.set()
        second.join()
        assert outbox.flush(15)
    assert gates.names() == ["first", "second"]


def test_a_blocked_verb_gives_up_in_time(client: TrackClient, gates: Gates) -> None:
    """After `block_timeout` the new entry is dropped, counted and told."""
    gates.open.clear()
    told: list[DroppedDetails] = []
    with Outbox(client, max_entries=1, block_timeout=0.02, on_dropped=told.append) as outbox:
        outbox.track("user-1", "first")
        ulid = outbox.track("user-1", "second")
        assert [details.id for details in told] == [ulid]
        assert outbox.stats().dropped == {"full": 1}
        gates.open.set()


def test_the_bounds_hold_what_is_on_its_way(client: TrackClient, gates: Gates) -> None:
    """Entries in flight and entries that wait to be sent again take room, in count and in bytes."""
    gates.answer = fail
    bounds: list[dict[str, Any]] = [{"max_entries": 2}, {"max_bytes": 1500}]
    for bound in bounds:
        with Outbox(client, overflow="raise", batch_size=1, retry=QUICK, exit_timeout=0, **bound) as outbox:
            outbox.track("user-1", "first")
            outbox.track("user-2", "second")
            assert gates.wait_for(2)
            with pytest.raises(StoreFull):
                outbox.track("user-3", "third")
            outbox.close(0)
        gates.bodies.clear()


def test_what_never_fits_is_refused_whatever_the_policy(client: TrackClient) -> None:
    """An entry that is larger than the bound is not waited for and displaces nothing."""
    for overflow in ("block", "raise", "drop_new", "drop_old"):
        with Outbox(client, senders=0, max_bytes=900, overflow=overflow) as outbox:
            outbox.track("user-1", "small")
            with pytest.raises(StoreFull, match="can never fit"):
                outbox.track("user-1", "large", {"text": "x" * 500})
            assert outbox.stats().accepted == 1


def test_drop_old_spares_what_is_on_its_way(client: TrackClient, gates: Gates) -> None:
    """The oldest entry that is not in flight makes room; when all are, the new one is dropped."""
    gates.open.clear()
    told: list[DroppedDetails] = []
    with Outbox(client, max_entries=2, batch_size=1, overflow="drop_old", on_dropped=told.append) as outbox:
        outbox.track("user-1", "first")
        assert gates.wait_for(1)
        second, third = (outbox.track("user-1", name) for name in ("second", "third"))
        assert [details.id for details in told] == [second]
        gates.open.set()
    assert third
    assert gates.names() == ["first", "third"]


# The counts


@pytest.mark.parametrize("overflow", ["drop_old", "drop_new"])
def test_the_counts_add_up_at_every_instant(client: TrackClient, gates: Gates, overflow: Any) -> None:
    """While threads put and senders settle, reject and drop, every snapshot accounts for every entry, once."""
    lock, counts = threading.Lock(), {"begun": 0, "ended": 0}

    def answer(body: bytes) -> httpx2.Response:
        errors = [{"batch_index": 0, "reason": "invalid", "field": "x", "message": "no"}]
        return httpx2.Response(207, json={"errors": errors})

    def put(thread: int) -> None:
        for number in range(300):
            with lock:
                counts["begun"] += 1
            outbox.track(f"user-{thread}-{number % 5}", "seen", {"n": number})
            with lock:
                counts["ended"] += 1

    gates.answer = answer
    with Outbox(client, max_entries=40, batch_size=3, rate=None, overflow=overflow) as outbox:
        threads = [threading.Thread(target=put, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        accepted = 0
        while any(thread.is_alive() for thread in threads):
            ended = counts["ended"]
            stats = outbox.stats()
            assert ended <= stats.accepted <= counts["begun"]
            assert accepted <= stats.accepted
            assert stats.pending <= 40
            accepted = stats.accepted
        assert outbox.flush(15)
        stats = outbox.stats()
    assert stats.accepted == 1200
    assert stats.delivered + stats.rejected + stats.dropped.get("full", 0) == 1200
    assert stats.rejected > 0


def test_the_counts_hold_after_the_end(client: TrackClient, gates: Gates, tmp_path: Path) -> None:
    """After `close` the counts still say what became of everything, and what stays in the spool."""
    gates.open.clear()
    for spool, dropped, pending in ((None, {"closed": 3}, 0), (tmp_path / "spool", {}, 3)):
        outbox = Outbox(client, spool=spool)
        for name in "abc":
            outbox.track("user-1", name)
        assert not outbox.close(0.01)
        stats = outbox.stats()
        assert (stats.accepted, stats.dropped, stats.pending) == (3, dropped, pending)
