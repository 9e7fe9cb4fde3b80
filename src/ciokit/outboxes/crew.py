"""The threads of an outbox: started at first use, woken by a bell, ended within a deadline.

It knows nothing of what they do. Nothing here waits for a lock that a signal handler or a destructor may have
interrupted, so a bell may be rung from there.
"""

import _thread
import math
import threading
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Final

from ciokit.logs import get_logger

__all__ = ["Crew"]

logger = get_logger("ciokit.outbox")

_NO_THREAD: Final = (
    "the system has no thread for the outbox, which tries again at the next entry; until it has one, entries are sent by "
    "flush and close, at the exit, and by calls that find the outbox full"
)


class Crew:
    """Keep some threads at work.

    Args:
        wanted: How many; 0 starts none.
        begin: Called before they start, with whether it was called before; returns whether threads run here, or None
            if that is to be asked again later.

    Attributes:
        begun: Whether the bell was rung before.
        stopping: Whether they are to end.
    """

    def __init__(self, wanted: int, begin: Callable[[bool], bool | None]) -> None:
        self.begun = False
        self.stopping = False
        self._is_complete = self._is_short = False
        self._wanted = wanted
        self._begin = begin
        self._bell: SimpleQueue[None] = SimpleQueue()
        self._starting = threading.Lock()
        self._started = 0
        self._inside: set[int] = set()
        self._ended: SimpleQueue[None] = SimpleQueue()
        self._gone = 0

    def ring(self, work: Callable[[], object]) -> bool:
        """Wake one of them; the first time, start them.

        Args:
            work: What they do over and over; it must not raise.

        Returns:
            Whether to ring again only when there is something new; not so while the system has no thread for them.
        """
        if not self._is_complete:
            self._start(work)
        self._bell.put(None)
        return not self._is_short

    def _start(self, work: Callable[[], object]) -> None:
        if not self._starting.acquire(blocking=False):
            return  # whoever holds it starts them, be it the code that this call interrupts
        try:
            if self._is_complete or (may_start := self._begin(self.begun)) is None:
                return
            if not may_start:
                self._wanted = 0
            while self._started < self._wanted:
                # Not threading.Thread: to start one takes locks that the interrupted code may hold.
                _thread.start_new_thread(self._run, (work, self._started + 1))
                self._started += 1
            self._is_complete, self._is_short = True, False
        except RuntimeError:  # none can be had now, or none any more at the interpreter's end
            if not self._is_short and threading.main_thread().is_alive():
                logger.error(_NO_THREAD)  # noqa: TRY400 - the error says no more
            self._is_short = not self._started
        finally:
            self.begun = True
            self._starting.release()

    def _run(self, work: Callable[[], object], number: int) -> None:
        me = threading.get_ident()
        self._inside.add(me)
        threading.current_thread().name = f"ciokit-sender-{number}"
        try:
            while not self.stopping:
                work()
        finally:
            self._inside.discard(me)
            self._ended.put(None)

    def helps(self) -> bool:
        """Return whether others work while this thread waits; not so in a thread of the crew."""
        return self._started > 0 and not self.is_inside()

    def is_inside(self) -> bool:
        """Return whether this is a thread of the crew."""
        return threading.get_ident() in self._inside

    def sleep(self, seconds: float) -> None:
        """Sleep until the bell rings, and no longer than so many seconds."""
        try:
            self._bell.get(timeout=None if seconds == math.inf else max(0.0, seconds))
        except Empty:
            return

    def stop(self, deadline: float | None) -> None:
        """End the threads; those that are busy are left to end by themselves after the deadline."""
        self.stopping = True
        for _ in range(self._started):
            self._bell.put(None)
        while self._gone < self._started - self.is_inside():
            left = math.inf if deadline is None else max(0.0, deadline - time.monotonic())
            try:
                self._ended.get(timeout=min(left, threading.TIMEOUT_MAX))
            except Empty:
                return
            self._gone += 1  # kept for the next call, should this one be interrupted
