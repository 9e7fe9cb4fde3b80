"""Calls amid another of their thread while a third one waits for that: nobody waits for each other for ever."""

import shutil
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from traceback import walk_stack

from ciokit.stores.spool import Spool
from ciokit.testing import FakeClock

from .contract import EVERYTHING, entry, numbers, settled
from .interruptions import Meanwhile


class Crossing(FakeClock):
    """Do something once when the main thread asks for the date, as it does while it makes a directory.

    Args:
        polled: Is set when another thread asks how long it is running, as it does at the beginning of a poll.
        action: What to do.
    """

    def __init__(self, polled: threading.Event, action: Callable[[], object]) -> None:
        super().__init__()
        self._polled = polled
        self.action: Callable[[], object] | None = action

    def time(self) -> float:
        """Return Unix seconds."""
        if threading.current_thread() is threading.main_thread() and (action := self.action):
            self.action = None
            action()
        return super().time()

    def monotonic(self) -> float:
        """Return seconds."""
        if threading.current_thread() is not threading.main_thread():
            self._polled.set()
        return super().monotonic()


def test_a_poll_amid_the_making_of_a_directory(directory: Path) -> None:
    """It waits for no other poll, which waits until the directory is there."""
    polled, found, inner = threading.Event(), [0], [0]
    other = threading.Thread(target=lambda: found.extend(numbers(spool.poll(*EVERYTHING))))

    def poll() -> None:
        other.start()
        assert polled.wait(30)
        inner.extend(numbers(spool.poll(*EVERYTHING)))

    spool = Spool(directory, clock=Crossing(polled, poll))
    spool.put([entry(1)])
    other.join()
    rest = numbers(spool.poll(*EVERYTHING))
    assert inner == [0]
    assert found + rest == [0, 1]
    spool.close()


def test_a_settle_amid_a_put_while_the_directory_is_replaced(directory: Path) -> None:
    """It waits for no other thread, which waits until the put is over; the next one lets go of what is delivered."""
    left = Spool(directory)
    left.put([entry(1)])
    left.close()
    spool = Spool(directory)
    adopted = spool.poll(*EVERYTHING)
    spool.put([entry(2)])
    other = threading.Thread(target=spool.sync)

    def settle() -> None:
        for process in directory.iterdir():
            shutil.rmtree(process)
        other.start()
        while not anybody_leaves():
            pass
        spool.settle([settled("delivered", adopted)])

    spool.put(Meanwhile([entry(3), entry(4)], settle, look=2))
    other.join()
    polled = spool.poll(*EVERYTHING)
    assert numbers(polled) == [2, 3, 4]
    spool.settle([settled("delivered", polled)])
    assert spool.pending.entries == 0
    spool.close()


def anybody_leaves() -> bool:
    """Return whether a thread is about to leave a directory that was deleted."""
    stacks = map(walk_stack, sys._current_frames().values())  # pyright: ignore[reportPrivateUsage]  # documented
    return any(frame.f_code.co_name == "leave" for stack in stacks for frame, _ in stack)
