"""An outbox with one person whose entries do not pass: the others must not feel it."""

import threading
from pathlib import Path

import pytest

from ciokit import DeliveredDetails, Outbox, TrackClient
from ciokit.outboxes.senders import WINDOW_ENTRIES
from ciokit.verdict import RetryPolicy

from .servers import OK, Peer, RawServer

REFUSED = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"
QUICK = RetryPolicy(max_retries=None, base_delay=0.01, max_delay=0.05, budget=1e9)
OTHERS = 100


def choke(peer: Peer) -> None:
    """Answer 500 to whatever has an entry of one person."""
    while request := peer.read_request():
        peer.send(REFUSED if b'{"id":"choking"}' in request.body else OK)


@pytest.mark.parametrize("spooled", [False, True])
def test_a_blocked_person_does_not_take_the_others_room(tmp_path: Path, *, spooled: bool) -> None:
    """More entries of a person who is blocked than the window holds do not keep those of others waiting."""
    delivered: list[int] = []
    done = threading.Event()

    def count(details: DeliveredDetails) -> None:
        delivered.append(len(details.ids))
        if sum(delivered) == OTHERS:
            done.set()

    with RawServer(choke) as server, TrackClient("site", "key", base_url=server.url) as client:
        outbox = Outbox(
            client, spool=tmp_path / "spool" if spooled else None, retry=QUICK, rate=None, on_delivered=count
        )
        for number in range(WINDOW_ENTRIES + 5_000):
            outbox.track("choking", "counted", {"n": number})
        for number in range(OTHERS):
            outbox.track(f"user-{number}", "counted", {"n": number})
        assert done.wait(60), (
            f"{outbox.stats()} after {len(server.requests)} requests on {server.connections}"
        )
        assert outbox.stats().delivered == OTHERS
        outbox.close(0)
