"""A program that gevent has patched, with an outbox: `python -m tests.real.greening`.

Its greenlets put, wait for room and flush; what is left goes when it ends.
"""

import sys
from importlib import import_module
from typing import Any

gevent: Any = import_module("gevent")
import_module("gevent.monkey").patch_all()

from ciokit import Outbox, outbox, track_client  # noqa: E402 - patched first, as gevent asks

MANY = 50
GREENLETS = 20


def put(made: Outbox, name: str) -> None:
    """Put a person's events, and let others have their turns."""
    for number in range(MANY):
        made.track(name, "counted", {"n": number})
        gevent.sleep(0)


def main() -> None:
    """Put from many greenlets into a small outbox, and at the end into the process's own."""
    with Outbox(track_client(), max_entries=20, block_timeout=60, rate=None) as small:
        gevent.joinall(
            [gevent.spawn(put, small, f"user-{number}") for number in range(GREENLETS)], raise_error=True
        )
        if not small.flush(60):
            sys.exit("not everything could be delivered")
        if small.stats().delivered != MANY * GREENLETS:
            sys.exit(repr(small.stats()))
    put(outbox(), "last")


if __name__ == "__main__":
    main()
