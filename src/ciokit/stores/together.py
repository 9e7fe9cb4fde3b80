"""Several calls' entries in one write, made by the thread that leads their sync for all who wait for it.

Threads that each write for themselves wait for each other's writes, and for the interpreter after each. So whoever
waits for the disk anyway only hands over what it puts. It knows no file and no thread.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

from ciokit.errors import CiokitError
from ciokit.stores.errors import of_the_system
from ciokit.stores.intake import Written
from ciokit.stores.syncing import Waiter
from ciokit.wire import Entry

__all__ = ["Put", "write_together"]

Write: TypeAlias = Callable[[Sequence[Entry], Written], object]
"""Write entries, all of them or none, and note the number of the first; see `Intake.put_many`."""


_NOT_YET = Written()


class Put(Waiter):
    """Be a call whose entries are on the disk when it returns.

    Args:
        entries: At least one.

    Attributes:
        written: The write that they are part of, which knows no number until that is done.
        place: Which place of it they begin at.
    """

    __slots__ = ("entries", "place", "written")

    def __init__(self, entries: Sequence[Entry]) -> None:
        Waiter.__init__(self)
        self.entries = entries
        self.place = 0
        self.written = _NOT_YET

    @property
    def first(self) -> int:
        """The number of its first entry."""
        return self.written.first + self.place


def write_together(waiters: Iterable[Waiter], write: Write) -> None:
    """Write what is still to be written of those who wait, with one write if the store takes that.

    Else each is written alone, and its `failure` says why that went wrong.
    """
    puts = [one for one in waiters if isinstance(one, Put) and not one.written.first]
    if len(puts) > 1 and _write(puts, [entry for one in puts for entry in one.entries], write) is None:
        return
    for one in puts:  # there may be room for one of them alone
        one.failure = _write([one], one.entries, write)


def _write(puts: Sequence[Put], entries: Sequence[Entry], write: Write) -> Exception | None:
    """Write the entries of some calls, all or none; tell why that went wrong."""
    written, place = Written(), 0
    for one in puts:
        one.written, one.place = written, place
        place += len(one.entries)
    try:
        write(entries, written)
    except CiokitError as error:
        return error
    except OSError as error:
        if not of_the_system(error):
            raise
        return error
    return None
