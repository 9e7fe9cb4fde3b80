"""When what was written reaches the disk: at most a second later, or before the caller goes on.

Callers that wait share one sync: while it runs others gather, and the next one, led by any of them, serves them all, and
first writes what they put (`together`). Those whom a sync has let go on come back a moment after it. Where they do, the
next one waits for them, for no longer than a sync takes: otherwise the callers would fall into two halves that take
turns, and each sync would carry one half. Each of them wakes the next one as it goes on: all at once, they would only
wait for the interpreter and for each other.
It knows no file: what syncing is, its maker says.

A handler may raise anywhere in here, and then gives back what its thread had, and has the others look for themselves.
It may also wait for one of those whom its own thread is to wake: so everybody looks again after a while.
"""

import contextlib
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue

from ciokit.forks import awaits_fork
from ciokit.locks import RLock, is_mine, new_lock
from ciokit.stores.errors import of_the_system

__all__ = ["Syncer", "Waiter"]

_LONGEST = 0.005
"""The most seconds that a sync waits for those who are likely to come, though a slow disk's takes longer."""
_LOOK_AGAIN = 0.05
"""Seconds after which whoever waits looks for itself."""


class Waiter:
    """Be one call that waits.

    Attributes:
        acquire: Waits until it is released; then the call looks again.
        release: Wakes the call; RuntimeError when it is awake.
        done: Whether its sync has ended.
        failure: Why that did not bring everything to the disk that the call has to do with.
        next: Whom it wakes as it goes on.
    """

    __slots__ = ("acquire", "done", "failure", "next", "release")

    def __init__(self) -> None:
        lock = threading.Lock()
        self.acquire, self.release = lock.acquire, lock.release
        self.done = False
        self.failure: Exception | None = None
        self.next: Waiter | None = None
        lock.acquire()


class Syncer:
    """Sync in the background and for callers that wait.

    Args:
        flush: Brings everything to the disk that was written before it is called, and what those want there who wait for
            it; told who that is, and whether it interrupts another call of itself. It may set a waiter's `failure`.
        told: Called with the error when the background's sync fails.
        interval: Seconds from a write to the background's sync.

    Attributes:
        leads: Tells whether this thread is in the middle of a sync, and so is interrupted.
    """

    def __init__(
        self,
        flush: Callable[[Sequence[Waiter], bool], None],
        told: Callable[[OSError], None],
        *,
        interval: float,
    ) -> None:
        self._flush = flush
        self._told = told
        self._interval = interval
        # Held by the thread that syncs for all. Re-entrant ones alone know whose they are.
        leading: RLock = new_lock()
        self._take_lead = leading.acquire
        self._give_lead = leading.release
        self.leads = is_mine(leading)
        self._waiting: deque[Waiter] = deque()
        self._gatherer: Waiter | None = None
        self._expected = 1
        self._took = 0.0
        self._failed_within: OSError | None = None
        # The one queue whose put may be interrupted by itself.
        self._wakes: SimpleQueue[bool] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._woken = False
        self._stopped = False

    def wake(self) -> None:
        """Sync soon, in the background."""
        if self._woken:  # what is written by now will be synced by the sync to come
            return
        if awaits_fork():  # a flush, or the first write after the fork, sees to it
            return
        self._woken = True
        try:
            if self._thread is None and not self._stopped:
                self._start()
            self._wakes.put(True)
        except BaseException:
            self._woken = False
            raise

    def _start(self) -> None:
        thread = threading.Thread(target=self._run, name="ciokit-spool-sync", daemon=True)
        # No thread at the interpreter's end: what is written survives that, and the system itself syncs after a while.
        with contextlib.suppress(RuntimeError):
            thread.start()
        self._thread = thread

    def _run(self) -> None:
        while self._wakes.get() and not self._stopped_within(self._interval):
            self._woken = False
            try:
                self.wait(Waiter())
            except OSError as error:
                self._told(error)
        self._wakes.put(False)  # for another one, whose start a handler's exception made look like none

    def _stopped_within(self, seconds: float) -> bool:
        until = time.monotonic() + seconds
        with contextlib.suppress(Empty):
            while self._wakes.get(timeout=max(0.0, until - time.monotonic())):
                pass  # woken again meanwhile: the same sync serves that
            return True
        return False

    def wait(self, one: Waiter, timeout: float | None = None) -> bool:
        """Wait until everything that was written before the call is on the disk.

        Args:
            one: The call.
            timeout: Seconds to wait at most for others; a sync of one's own cannot be cut short.

        Returns:
            Whether it is.

        Raises:
            OSError: The disk does not take it, or what `flush` found to be wrong with the call.
        """
        if self.leads():  # a signal handler has interrupted its own thread's sync
            self.sync_at_once()
            return True
        until = None if timeout is None else time.monotonic() + timeout
        well = False
        try:
            self._waiting.append(one)
            while not one.done and self._take_part(one, until):
                pass
            well = one.done
        finally:
            if one.next is not None:
                try:  # noqa: SIM105 - a call of Python's own could be kept from it
                    one.next.release()
                except RuntimeError:  # awake
                    pass
            if not well:
                self._leave(one)
        if one.failure is not None:
            raise one.failure
        return well

    def sync_at_once(self) -> None:
        """Sync amid another call of the same thread, for which others may wait: without waiting for them.

        Raises:
            OSError: The disk does not take it; those are told, too, whose sync is under way.
        """
        try:
            self._flush((), True)
        except OSError as error:
            self._failed_within = error
            raise

    def _take_part(self, one: Waiter, until: float | None) -> bool:
        """Lead a sync, or wait until another has, or until it is worth while to look again.

        A sync is led by the last of those who are likely to come, and if one of them does not, by the one that gathers.

        Returns:
            Whether there is time left.
        """
        if len(self._waiting) >= self._expected:
            led = self._lead(one)
        elif self._gatherer is None:
            if self._gathers(one):
                return True
            led = self._lead(one)
        else:
            led = False
        if not led:
            one.acquire(timeout=_LOOK_AGAIN if until is None else _rest(until, _LOOK_AGAIN))
        return led or until is None or time.monotonic() < until

    def _gathers(self, one: Waiter) -> bool:
        """Wait for those who are likely to come; tell whether anything happened in the time that they have."""
        self._gatherer = one
        try:
            return one.acquire(timeout=min(_LONGEST, self._took))
        finally:
            if self._gatherer is one:
                self._gatherer = None

    def _leave(self, one: Waiter) -> None:
        """Go for want of time, or because something was raised, and have all others look who is to lead."""
        with contextlib.suppress(ValueError):
            self._waiting.remove(one)
        for other in tuple(self._waiting):
            with contextlib.suppress(RuntimeError):
                other.release()

    def _lead(self, one: Waiter) -> bool:
        """Sync for all who wait, unless another thread is at it; that one then wakes whoever is next.

        Returns:
            Whether this thread did.
        """
        try:
            led: bool = self._take_lead(blocking=False)
            if led and not one.done:
                self._gatherer = None
                self._serve(one)
        finally:
            try:  # noqa: SIM105 - a call of Python's own could be kept from it
                self._give_lead()
            except RuntimeError:  # not had
                pass
        if led and self._waiting:
            with contextlib.suppress(IndexError, RuntimeError):
                self._waiting[0].release()
        return led

    def _serve(self, own: Waiter) -> None:
        served, started, before = tuple(self._waiting), time.monotonic(), sys.exception()
        raised: BaseException | None = None
        self._failed_within = None
        try:
            self._flush(served, False)
            failure = self._failed_within
        except BaseException as error:
            raised, failure = error, _of_the_disk(error, before) or self._failed_within
            if failure is None:  # a handler's own: nobody is served, and another one leads
                raise
        self._took = time.monotonic() - started
        waiting, last = self._waiting, own
        for one in served:
            if one is not own:
                last.next = one
                last = one
        for one in served:  # only now: whoever is awake goes on at once
            if failure is not None:
                one.failure = failure
            one.done = True
            try:  # noqa: SIM105 - for speed: all of them wait for this
                waiting.remove(one)
            except ValueError:  # gone meanwhile
                pass
        self._expected = len(served) + len(waiting)
        if raised is not None and raised is not failure:
            raise raised

    def stop(self, timeout: float | None = None) -> None:
        """End the background; what is written by then is not synced."""
        self._stopped = True
        thread = self._thread
        self._wakes.put(False)
        if thread is not None and thread.is_alive() and thread is not threading.current_thread():
            thread.join(timeout)


def _rest(until: float, most: float) -> float:
    """Work out a lock's timeout."""
    return min(most, max(0.0, until - time.monotonic()))


def _of_the_disk(error: BaseException, before: BaseException | None) -> OSError | None:
    """Find the failure that a handler's exception may have come upon: the system reports a lost page once.

    Args:
        error: What was raised.
        before: What was being handled before that.
    """
    at: BaseException | None = error
    while at is not None and at is not before:
        if isinstance(at, OSError) and of_the_system(at):
            return at
        at = at.__context__
    return None
