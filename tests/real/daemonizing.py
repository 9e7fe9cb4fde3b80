"""Programs that close descriptors that are not theirs, as daemons do: `python -m tests.real.daemonizing SCENARIO`."""

import os
import sys
from collections.abc import Callable

from ciokit import Outbox, TrackClient

MANY = 30
MOST = 4096
"""More descriptors than anybody has."""


def open_outbox() -> Outbox:
    """Open an outbox that sends when it is told to."""
    return Outbox(TrackClient(), spool=os.environ.get("CIOKIT_SPOOL"), flush_interval=3600)


def put(outbox: Outbox, first: int) -> None:
    """Put some events, numbered."""
    for number in range(first, first + MANY):
        outbox.track("user-1", "counted", {"n": number})


def closing() -> None:
    """Close everything between two puts, connections included."""
    outbox = open_outbox()
    put(outbox, 0)
    outbox.flush(30)
    put(outbox, MANY)
    os.closerange(3, MOST)
    put(outbox, 2 * MANY)


def daemon() -> None:
    """Fork twice and close everything, as a daemon does, with an outbox in use before."""
    outbox = open_outbox()
    put(outbox, 0)
    if os.fork():
        outbox.close(30)
        os.wait()
        return
    os.setsid()
    if os.fork():
        os.wait()
        os._exit(0)
    os.closerange(3, MOST)
    put(outbox, MANY)


SCENARIOS: dict[str, Callable[[], None]] = {work.__name__: work for work in (closing, daemon)}

if __name__ == "__main__":
    SCENARIOS[sys.argv[1]]()
