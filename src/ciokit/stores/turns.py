"""Whose turn it is: one thread at a time, and one call of that thread at a time.

A signal handler or a destructor may call the store while its own thread is in the middle of a call. A lock alone
cannot keep it out, and must not: it would wait for itself. Here it learns that it interrupts, does what can be done
on the side, and leaves the rest to the call that it interrupts.
"""

import threading
from collections import deque
from collections.abc import Callable
from types import TracebackType

__all__ = ["Turn", "holds"]


def holds(condition: threading.Condition) -> bool:
    """Return whether this thread holds a condition's lock, without waiting for it."""
    try:
        condition.notify(0)
    except RuntimeError:
        return False
    return True


class Turn:
    """Take turns: `with turn as interrupting: ...`.

    Attributes:
        depth: How many calls of the thread whose turn it is are under way.
        late: What interrupting calls left to do.
    """

    __slots__ = ("_mine", "acquire", "depth", "late", "release")

    def __init__(self) -> None:
        lock = threading.RLock()
        self.acquire = lock.acquire
        self.release = lock.release
        self._mine = threading.Condition(lock)
        self.depth = 0
        self.late: deque[Callable[[], None]] = deque()

    def __enter__(self) -> bool:
        self.acquire()
        self.depth += 1
        return self.depth > 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.depth -= 1
        if not self.depth and self.late:
            self.catch_up()
        self.release()

    def is_mine(self) -> bool:
        """Return whether it is this thread's turn, so that a call now would interrupt another."""
        return holds(self._mine)

    def catch_up(self) -> None:
        """Do what interrupting calls left to do; call it before the release, at depth 0."""
        while self.late:
            self.depth = 1
            try:
                self.late.popleft()()
            finally:
                self.depth = 0
