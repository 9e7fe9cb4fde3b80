import sys
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from itertools import count
from types import FrameType

import pytest

from ciokit import locks
from ciokit.locks import is_mine, new_lock


class FromHandlerError(Exception):
    """Stand for whatever a signal's handler raises."""


@contextmanager
def raising_after(place: int) -> Generator[list[None]]:
    """Raise as a handler does, after the call of that number; gives one item for each that there was."""
    calls: list[None] = []

    def interrupt(frame: FrameType, event: str, _argument: object) -> None:
        if event in {"call", "c_return"} and frame.f_code.co_filename in {__file__, locks.__file__}:
            calls.append(None)
            if len(calls) == place:
                raise FromHandlerError

    sys.setprofile(interrupt)
    try:
        yield calls
    finally:
        sys.setprofile(None)


def once(lock: locks.RLock, done: list[str]) -> None:
    """Hold the lock for the length of a call."""
    with lock:
        done.append("held")


def twice(lock: locks.RLock, done: list[str]) -> None:
    """Hold the lock twice, as a call that interrupts another one does."""
    with lock:
        once(lock, done)
        done.append(str(is_mine(lock)()))


def try_to_take(lock: locks.RLock, taken: list[bool]) -> None:
    """Take the lock, unless another thread has it."""
    taken.append(lock.acquire(blocking=False))


@pytest.mark.parametrize("call", [once, twice])
def test_an_exception_after_any_call_gives_the_lock_back(
    call: Callable[[locks.RLock, list[str]], None],
) -> None:
    """Whichever call a handler's exception comes after, the lock is free, and another thread may take it."""
    place = 0
    for place in count(1):
        lock = new_lock()
        done: list[str] = []
        with suppress(FromHandlerError), raising_after(place) as calls:
            call(lock, done)
        assert not is_mine(lock)()
        taken: list[bool] = []
        other = threading.Thread(target=try_to_take, args=(lock, taken))
        other.start()
        other.join()
        assert taken == [True]
        if len(calls) < place:
            break
    assert place > 3


def test_an_exception_of_the_inner_call_leaves_the_outer_one_its_lock() -> None:
    """A call that interrupts its own thread's gives back what it took, and no more."""
    for place in count(1):
        lock = new_lock()
        with lock:
            with suppress(FromHandlerError), raising_after(place) as calls:
                once(lock, [])
            assert is_mine(lock)()
        assert not is_mine(lock)()
        if len(calls) < place:
            break


def test_whose_lock_it_is() -> None:
    """A lock tells who has it, and leaves with the block even where that raises."""
    lock = new_lock()
    mine = is_mine(lock)
    assert not mine()
    seen: list[bool] = []
    with suppress(FromHandlerError), lock:
        assert mine()
        other = threading.Thread(target=lambda: seen.append(mine()))
        other.start()
        other.join()
        raise FromHandlerError
    assert seen == [False]
    assert not mine()
