"""Programs whose outbox is called amid its own work: `python -m tests.real.interrupting SCENARIO`.

Signal handlers, destructors and log handlers put, flush and count while the thread that they interrupt may be inside
the outbox. What every put returned is printed at the end, with the counts.
"""

import faulthandler
import gc
import logging
import os
import signal
import sys
from collections.abc import Callable
from typing import Any, ClassVar

from ciokit import Outbox, track_client

logger = logging.getLogger("application")
MANY = 800
ids: list[str | None] = []


def make(**options: Any) -> Outbox:
    """Make an outbox that is soon full, so that every way through it is taken."""
    options = {"max_entries": 30, "overflow": "drop_old", "block_timeout": 0.01, "batch_size": 5, **options}
    return Outbox(track_client(), spool=os.environ.get("CIOKIT_SPOOL"), rate=None, **options)


def put(made: Outbox, name: str) -> None:
    """Put an event and note its ULID."""
    ids.append(made.track(name, "counted"))


def interrupt(made: Outbox) -> None:
    """Do what code that interrupts may do."""
    put(made, "interrupting")
    made.stats()
    made.flush(0)
    made.resume()


def from_signals(made: Outbox) -> None:
    """A timer's signal interrupts the main thread again and again while it puts and counts."""
    turns = iter(range(MANY))

    def handle(_number: int, _frame: object) -> None:
        for _ in turns:
            interrupt(made)
            signal.setitimer(signal.ITIMER_REAL, 0.0002)  # the next one, after this
            return

    signal.signal(signal.SIGALRM, handle)
    signal.setitimer(signal.ITIMER_REAL, 0.0002)
    for number in range(MANY):
        put(made, "main")
        if number % 50 == 0:
            made.stats()
            made.flush(0.001)
    list(turns)


class Farewell:
    """Put an event when the garbage collector finds it, wherever that is."""

    said: ClassVar[list[None]] = []

    def __init__(self, made: Outbox) -> None:
        self.made = made
        self.itself = self

    def __del__(self) -> None:
        try:
            interrupt(self.made)
        finally:
            self.said.append(None)


def from_destructors(made: Outbox) -> None:
    """The garbage collector runs destructors that put, in the main thread and in the senders'."""
    gc.set_threshold(20, 2, 2)
    for number in range(MANY):
        Farewell(made)
        put(made, "main")
        if number % 50 == 0:
            made.stats()
            made.flush(0.001)
    gc.set_threshold(0)
    while len(Farewell.said) < MANY:  # a collection does nothing while another thread's is under way
        gc.collect()


class Reporter(logging.Handler):
    """Put an event for each line of the log, also for those of ciokit itself."""

    def __init__(self, made: Outbox) -> None:
        super().__init__()
        self.made = made

    def emit(self, record: logging.LogRecord) -> None:
        """Put an event about a line."""
        interrupt(self.made)


def from_log_handlers(made: Outbox) -> None:
    """The log's handler puts; ciokit's own lines, the HTTP library's and the application's come to it."""
    logging.basicConfig(level=logging.DEBUG, handlers=[Reporter(made)])
    for number in range(MANY // 10):
        logger.info("line %d", number)
        put(made, "main")
    made.flush(0.05)
    logging.getLogger().handlers.clear()
    logging.disable()


SCENARIOS: dict[str, Callable[[Outbox], None]] = {
    "from_signals": from_signals,
    "from_destructors": from_destructors,
    "from_log_handlers": from_log_handlers,
}

if __name__ == "__main__":
    faulthandler.dump_traceback_later(60, exit=True)
    logging.disable(logging.ERROR if sys.argv[1] != "from_log_handlers" else logging.NOTSET)
    made = make(overflow=sys.argv[2])
    SCENARIOS[sys.argv[1]](made)
    if not made.flush(40):
        sys.exit("not everything could be delivered")
    stats = made.stats()
    made.close(10)
    counts = (len(ids), len(set(ids)), stats.accepted, stats.delivered, stats.dropped.get("full", 0))
    sys.stdout.write(" ".join(map(str, counts)))
