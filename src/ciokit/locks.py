"""A lock that an exception of a signal's handler cannot keep: Ctrl-C, a timer, a task's time limit.

Such an exception may be raised after any call. `with` takes a lock of Python's own in one step, and gives it back
whatever is raised; but CPython 3.14 looks for signals between taking it and entering the block
(https://github.com/python/cpython/issues/148874), and there one interrupt in two leaves a lock taken for good. All
threads would wait for it from then on. It knows nobody who takes it.
"""

import _thread
import threading
from collections.abc import Callable
from typing import Any, TypeAlias

__all__ = ["RLock", "is_mine", "new_lock"]

RLock: TypeAlias = Any
"""A re-entrant lock, whose types lack what `is_mine` asks."""


class _RLock(_thread.RLock):  # type: ignore[misc]  # final to the type checkers alone  # pyright: ignore[reportGeneralTypeIssues]
    """Be taken within a `try`. A return looks for no signal, and giving back stays the interpreter's own step."""

    __slots__ = ()

    def __enter__(self) -> bool:  # type: ignore[override]  # it takes what `acquire` does, and is given nothing
        try:
            return self.acquire()
        except BaseException:
            try:  # noqa: SIM105 - a call of Python's own could be kept from it
                self.release()
            except RuntimeError:  # raised while this waited for its turn
                pass
            raise


def new_lock() -> RLock:
    """Make a lock for one thread at a time, which may take it again."""
    lock: RLock = threading.RLock()  # noqa: TID251 - the one place that asks for it
    # Where gevent has put its own in that place, threads are greenlets, and only that one tells them apart.
    return _RLock() if type(lock) is _thread.RLock else lock


def is_mine(lock: RLock) -> Callable[[], bool]:
    """Return what tells whether the calling thread holds a lock, without waiting for it."""
    owned: Callable[[], bool] = lock._is_owned  # noqa: SLF001 - what threading.Condition asks it, too
    return owned
