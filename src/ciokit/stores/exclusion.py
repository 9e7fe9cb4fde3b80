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
keep from giving the lock back. The lock cannot be kept from it (`locks`).
"""

from collections import deque
from collections.abc import Callable

from ciokit.locks import RLock, is_mine, new_lock

__all__ = ["Exclusion"]


class Exclusion:
    """Keep calls apart.

    Attributes:
        lock: Held by the thread whose turn it is.
        is_mine: Tells whether that is the calling thread: then its call interrupts another one.
        late: What interrupting calls left to do.
    """

    __slots__ = ("is_mine", "late", "lock")

    def __init__(self) -> None:
        self.lock: RLock = new_lock()
        self.is_mine = is_mine(self.lock)
        self.late: deque[Callable[[], None]] = deque()

    def catch_up(self) -> None:
        """Do what interrupting calls left to do; call it at the beginning of a turn."""
        while self.late:
            self.late.popleft()()
