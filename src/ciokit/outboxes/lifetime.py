"""The life of a process: what outboxes do at exit, at a signal and in a forked child.

One hook of each kind for the whole process, and weak references: a hook must not keep an outbox alive.
"""

import atexit
import os
import signal
import threading
import weakref
from collections.abc import Iterable
from types import FrameType
from typing import Protocol

__all__ = ["Lived", "install_signal_handlers", "living", "watch"]


class Lived(Protocol):
    """An outbox, as far as a process's life goes.

    Attributes:
        exit_timeout: Seconds that it may take to end.
    """

    exit_timeout: float

    def start_anew(self) -> None:
        """Begin with fresh threads, locks and counts in a forked child."""
        ...

    def end(self) -> None:
        """Deliver what waits within the time that is allowed at the end of a process."""
        ...


_GRACE = 0.5
"""Seconds beside those that the outboxes take by themselves."""
_lived: "weakref.WeakSet[Lived]" = weakref.WeakSet()


def watch(outbox: Lived) -> None:
    """Have an outbox ended at exit and renewed in forked children, as long as it lives."""
    _lived.add(outbox)


def living() -> "list[Lived]":
    """Return the outboxes of this process."""
    return list(_lived)


def install_signal_handlers(signals: Iterable[int] = (signal.SIGTERM,)) -> None:
    """Have all outboxes deliver what waits when the process is told to end.

    Without this the exit hook does the same wherever a signal leads to a normal exit, as it does under gunicorn,
    uvicorn and Celery. After delivery, what was to happen before happens: a handler that was there is called, and a
    signal that would have ended the process ends it.

    Delivery goes on in a thread of its own while the handler waits, at most as long as the outboxes' `exit_timeout`
    allows: the handler may have interrupted the main thread in the middle of an outbox, whose locks are then held
    until it returns. What could not be delivered for that stays in the spool, if there is one.

    Args:
        signals: Which; SIGTERM when left out.

    Raises:
        ValueError: Outside the main thread, as with `signal.signal`.
    """
    for number in signals:
        before = signal.getsignal(number)

        def handle(number: int, frame: FrameType | None, before: object = before) -> None:
            _end_all_apart()
            if callable(before):
                before(number, frame)
            elif before == signal.SIG_DFL:
                signal.signal(number, signal.SIG_DFL)
                os.kill(os.getpid(), number)

        signal.signal(number, handle)


def _end_all() -> None:
    for outbox in list(_lived):
        outbox.end()


def _end_all_apart() -> None:
    limit = sum(outbox.exit_timeout for outbox in list(_lived)) + _GRACE
    ending = threading.Thread(target=_end_all, name="ciokit-ending", daemon=True)
    ending.start()
    ending.join(limit)


def _renew_all() -> None:
    for outbox in list(_lived):
        outbox.start_anew()


atexit.register(_end_all)
os.register_at_fork(after_in_child=_renew_all)
