"""The life of a process: what outboxes do at exit, at a signal and in a forked child.

One hook of each kind for the whole process, and weak references: a hook must not keep an outbox alive.
"""

import _thread
import atexit
import os
import signal
import time
import weakref
from collections.abc import Iterable
from types import FrameType
from typing import Protocol

from ciokit.forks import in_forked_children
from ciokit.logs import get_logger
from ciokit.outboxes.hosts import forget_hooks, hook_into

__all__ = [
    "Lived",
    "end_all",
    "hook_into_exit",
    "hurry_all",
    "install_signal_handlers",
    "keep",
    "let_go",
    "living",
    "watch",
]

logger = get_logger("ciokit.outbox")


class Lived(Protocol):
    """What a process's start and end need of an outbox.

    Attributes:
        exit_timeout: Seconds that it may take to end.
    """

    exit_timeout: float

    def start_anew(self) -> None:
        """Begin with fresh threads, locks and counts in a forked child."""
        ...

    def hurry(self, within: float) -> None:
        """Deliver what waits within so many seconds; what is left goes on in the background."""
        ...

    def end(self, within: float) -> None:
        """Deliver what waits within so many seconds, for the process ends."""
        ...


_GRACE = 0.5
"""Seconds beside those that the outboxes take by themselves."""
_lived: "weakref.WeakSet[Lived]" = weakref.WeakSet()
_kept: set[Lived] = set()


def watch(outbox: Lived) -> None:
    """Have an outbox ended at exit and renewed in forked children, as long as it lives."""
    _lived.add(outbox)


def living() -> list[Lived]:
    """Return the outboxes of this process."""
    while True:
        try:
            return list(_lived)
        except RuntimeError:  # another thread made an outbox while they were listed
            continue


def keep(outbox: Lived) -> None:
    """Let an outbox live on that the application has forgotten, until `let_go`: what it holds is to be delivered."""
    _kept.add(outbox)
    _lived.add(outbox)


def let_go(outbox: Lived) -> None:
    """Let go of an outbox that was kept."""
    _kept.discard(outbox)


def hook_into_exit() -> None:
    """Have the outboxes ended also where `atexit` is passed over, by whatever is loaded by now."""
    hook_into(end_all)


def install_signal_handlers(signals: Iterable[int] = (signal.SIGTERM,)) -> None:
    """Make all outboxes deliver what waits when the process is told to end.

    Without this the exit hook does the same wherever a signal leads to a normal exit, as it does under gunicorn and
    Celery. After delivery, what was to happen before happens: a handler that was there is called, and a signal that
    would have ended the process ends it. A handler may let the process go on for a while, as servers do to finish
    their requests, so the outboxes stay open for what these say.

    Delivery goes on in a thread of its own while the handler waits, at most as long as the longest `exit_timeout` of
    the outboxes allows: the handler may have interrupted the main thread in the middle of an outbox, whose locks are
    then held until it returns. What could not be delivered in that case stays in the spool, if there is one.

    Args:
        signals: The signals; by default SIGTERM.

    Raises:
        ValueError: Outside the main thread, as with `signal.signal`.
    """
    for number in signals:
        before = signal.getsignal(number)

        def handle(number: int, frame: FrameType | None, before: object = before) -> None:
            _hurry_all_apart()
            if callable(before):
                before(number, frame)
            elif before == signal.SIG_DFL:
                signal.signal(number, signal.SIG_DFL)
                os.kill(os.getpid(), number)

        signal.signal(number, handle)


def hurry_all() -> None:
    """Have all outboxes deliver what waits, each within its `exit_timeout`; they stay open."""
    started = time.monotonic()
    outboxes = living()
    for outbox in outboxes:  # all begin at once, so that they share the time
        _try(outbox, 0.0, hurry=True)
    for outbox in outboxes:
        _try(outbox, outbox.exit_timeout - (time.monotonic() - started), hurry=True)


def end_all() -> None:
    """Have all outboxes deliver what waits, each within its `exit_timeout`, and end, for the process ends."""
    started = time.monotonic()
    outboxes = living()
    for outbox in outboxes:
        _try(outbox, 0.0, hurry=True)
    for outbox in outboxes:
        _try(outbox, outbox.exit_timeout - (time.monotonic() - started))


def _try(outbox: Lived, within: float, *, hurry: bool = False) -> None:
    try:
        if hurry:
            outbox.hurry(max(0.0, within))
        else:
            outbox.end(max(0.0, within))
    except Exception:  # one outbox's trouble must not cost the others their end
        logger.exception("an outbox could not be ended")


def _hurry_all_apart() -> None:
    limit = max([outbox.exit_timeout for outbox in living()], default=0.0) + _GRACE
    # Not threading.Thread: to start one takes locks that the interrupted code may hold.
    done = _thread.allocate_lock()
    done.acquire()

    def deliver() -> None:
        try:
            hurry_all()
        finally:
            done.release()

    try:
        _thread.start_new_thread(deliver, ())
    except RuntimeError:  # none can be had: what this thread was amid is left alone, and the rest sent here
        hurry_all()
        return
    done.acquire(timeout=limit)


def _renew_all() -> None:
    forget_hooks()
    _kept.clear()  # what they hold is the parent's to send
    for outbox in living():
        outbox.start_anew()


atexit.register(end_all)
in_forked_children(_renew_all)
