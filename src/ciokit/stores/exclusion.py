"""Calls that keep each other out: one thread at a time, and one call of that thread at a time.

A signal handler or a destructor may call the store while its own thread is in the middle of a call. A lock alone
cannot keep it out, and must not: it would wait for itself. Here it learns that it interrupts, does what can be done
on the side, and leaves the rest to the next call.

    if turn.is_mine():
        ...  # this call interrupts another of its own thread
    with turn.lock:
        turn.catch_up()
        ...

A handler may also raise, anywhere: so nothing here is a context manager written in Python, which an exception can
keep from giving the lock back. The lock's own cannot be kept from it.
"""

import threading
from collections import deque
from collections.abc import Callable
from typing import Any, TypeAlias

__all__ = ["Exclusion", "RLock", "is_mine"]

RLock: TypeAlias = Any
"""`threading.RLock`, which is a function until Python 3.13, and whose types lack what `is_mine` asks."""


def is_mine(lock: RLock) -> Callable[[], bool]:
    """Return what tells whether the calling thread holds a lock, without waiting for it."""
    owned: Callable[[], bool] = lock._is_owned  # noqa: SLF001 - what threading.Condition asks it, too
    return owned


class Exclusion:
    """Keep calls apart.

    Attributes:
        lock: Held by the thread whose turn it is.
        is_mine: Tells whether that is the calling thread: then its call interrupts another one.
        late: What interrupting calls left to do.
    """

    __slots__ = ("is_mine", "late", "lock")

    def __init__(self) -> None:
        self.lock: RLock = threading.RLock()
        self.is_mine = is_mine(self.lock)
        self.late: deque[Callable[[], None]] = deque()

    def catch_up(self) -> None:
        """Do what interrupting calls left to do; call it at the beginning of a turn."""
        while self.late:
            self.late.popleft()()
