"""Calls that come amid other calls of their own thread, as a signal's handler does, and exceptions that it raises."""

import contextlib
import gc
import sys
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from pathlib import Path
from types import FrameType

from ciokit import locks
from ciokit.stores import spool as spool_module
from ciokit.stores.contract import Fate
from ciokit.wire import Entry

__all__ = ["FromHandlerError", "Meanwhile", "meanwhile", "raising_after"]


class Meanwhile(list[Entry]):
    """Entries that do something once when they are looked at, as a signal that comes in the middle of a put does."""

    def __init__(self, entries: Iterable[Entry], action: Callable[[], object], *, look: int = 1) -> None:
        super().__init__(entries)
        self._action = action
        self._looks = look

    def __iter__(self) -> Iterator[Entry]:
        self._looks -= 1
        if not self._looks:
            self._action()
        return super().__iter__()


class FromHandlerError(Exception):
    """Stand for whatever a handler raises."""


def meanwhile(fates: Sequence[Fate], action: Callable[[], object]) -> Iterator[Fate]:
    """Do something in the middle of a settle."""
    action()
    yield from fates


@contextlib.contextmanager
def raising_after(place: int) -> Generator[list[None]]:
    """Raise a handler's exception after the call of that number; gives one item for each that there was.

    The calls of the store alone count, not those of what watches the disk for a test.
    """
    calls: list[None] = []
    watched = str(Path(spool_module.__file__).parent), locks.__file__, contextlib.__file__, threading.__file__

    def interrupt(frame: FrameType, event: str, _argument: object) -> None:
        if event in {"call", "c_return"} and frame.f_code.co_filename.startswith(watched):
            calls.append(None)
            if len(calls) == place:
                raise FromHandlerError

    gc.disable()  # an exception in the middle of another object's end would be lost, and told as such
    sys.setprofile(interrupt)
    try:
        yield calls
    finally:
        sys.setprofile(None)
        gc.enable()
