"""When what was written reaches the disk: at most a second later, or before the caller goes on.

Callers that wait share one sync: while it runs others gather, and the next one, led by any of them, serves them all.
It knows no file: what syncing is, its maker says.
"""

import contextlib
import errno
import os
import threading
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue

__all__ = ["Syncer"]

_REMEMBERED = 100


class Syncer:
    """Sync in the background and for callers that wait.

    Args:
        flush: Brings everything to the disk that was written before it is called; told whether it interrupts another
            call of itself on the same thread.
        told: Called with the error when the background's sync fails.
        interval: Seconds from a write to the background's sync.
    """

    def __init__(
        self, flush: Callable[[bool], None], told: Callable[[OSError], None], *, interval: float
    ) -> None:
        self._flush = flush
        self._told = told
        self._interval = interval
        # A condition's own lock is re-entrant, so that a signal handler may put while its thread waits here.
        self._changed = threading.Condition()
        self._leader = 0
        self._begun = 0
        self._done = 0
        self._failures: dict[int, OSError] = {}
        # The one queue whose put may be interrupted by itself.
        self._wakes: SimpleQueue[bool] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._stopped = False

    def wake(self) -> None:
        """Sync soon, in the background."""
        if self._thread is None and not self._stopped:
            self._start()
        self._wakes.put(True)

    def _start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="ciokit-spool-sync", daemon=True)
        # No thread at the interpreter's end: what is written survives that, and the system itself syncs after a while.
        with contextlib.suppress(RuntimeError):
            self._thread.start()

    def _run(self) -> None:
        while self._wakes.get():
            if self._stopped_within(self._interval):
                return
            try:
                self.wait()
            except OSError as error:
                self._told(error)

    def _stopped_within(self, seconds: float) -> bool:
        until = time.monotonic() + seconds
        with contextlib.suppress(Empty):
            while self._wakes.get(timeout=max(0.0, until - time.monotonic())):
                pass  # woken again meanwhile: the same sync serves that
            return True
        return False

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until everything that was written before the call is on the disk.

        Args:
            timeout: Seconds to wait at most for others; a sync of one's own cannot be cut short.

        Returns:
            Whether it is.

        Raises:
            OSError: The disk does not take it.
        """
        me = threading.get_ident()
        until = None if timeout is None else time.monotonic() + timeout
        with self._changed:
            if self._leader == me:  # a signal handler has interrupted its own thread's sync
                self._flush(True)
                return True
            # A sync that is under way may have begun before the caller's write.
            mine = self._begun + 1
            while self._leader and self._done < mine:
                rest = None if until is None else until - time.monotonic()
                if rest is not None and rest <= 0:
                    return False
                self._changed.wait(rest)
            if self._done >= mine:
                return self._result(mine)
            self._leader = me
            self._begun += 1
        self._lead()
        return self._result(mine)

    def _lead(self) -> None:
        failure: OSError | None = OSError(errno.EINTR, os.strerror(errno.EINTR))
        try:
            self._flush(False)
            failure = None
        except OSError as error:
            failure = error
        finally:
            with self._changed:
                self._done = self._begun
                if failure is not None:
                    self._failures[self._done] = failure
                    self._failures.pop(self._done - _REMEMBERED, None)
                self._leader = 0
                self._changed.notify_all()

    def _result(self, mine: int) -> bool:
        # A later success says nothing: the system reports a lost page once, and then takes it for written.
        failure = self._failures.get(mine)
        if failure is not None:
            raise failure
        return True

    def stop(self, timeout: float | None = None) -> None:
        """End the background; what is written by then is not synced."""
        self._stopped = True
        thread = self._thread
        self._wakes.put(False)
        if thread is not None and thread.is_alive() and thread is not threading.current_thread():
            thread.join(timeout)
