"""Dead letters in people's hands: listed, put back to be sent again, or purged."""

import os
from collections.abc import Callable, Iterator

import msgspec

from ciokit.stores.contract import Sink
from ciokit.stores.dead import dead_files, letters_in, mark_gone, only_one
from ciokit.stores.inspection import open_to_read
from ciokit.stores.journal import DeadLetter
from ciokit.stores.spool import Spool

__all__ = ["Buried", "Chosen", "dead_letters", "purge", "retry"]

_AT_ONCE = 1000


class Buried(msgspec.Struct, frozen=True):
    """Hold a dead letter and its place.

    Attributes:
        file: Its file.
        letter: The letter.
    """

    file: str
    letter: DeadLetter

    @property
    def id(self) -> str:
        """What names it in this spool."""
        return f"{self.file}/{self.letter.seq}"


Chosen = Callable[[Buried], bool]


def dead_letters(directory: str | os.PathLike[str]) -> Iterator[Buried]:
    """Read the dead letters of a spool, the oldest file first; takes no lock.

    Args:
        directory: The spool.

    Raises:
        SettingsError: There is no such directory.
    """
    with open_to_read(directory) as root_fd:
        for file in dead_files(root_fd):
            for letter in letters_in(root_fd, file.name):
                yield Buried(file.name, letter)


def retry(directory: str | os.PathLike[str], chosen: Chosen, sink: Sink | None = None) -> int:
    """Put dead letters back among the entries that wait, as the same bytes with the same ids.

    Without a sink they wait until a process that uses the spool takes them over, which a busy one does within
    seconds and an idle one within half a minute, or until the spool is drained.

    Args:
        directory: The spool.
        chosen: Which.
        sink: Where to put them: the store of an outbox of this process.

    Returns:
        How many.

    Raises:
        SettingsError: There is no such directory, or it cannot be trusted.
        StoreError: They cannot be put; those that could are no dead letters any more.
    """
    with open_to_read(directory):
        pass  # a spool that is not there must not be made by asking for its dead letters
    own = Spool(directory) if sink is None else None
    try:
        return _see_to(directory, chosen, "retried", own or sink)
    finally:
        if own is not None:
            own.close()


def purge(directory: str | os.PathLike[str], chosen: Chosen) -> int:
    """Delete dead letters.

    Args:
        directory: The spool.
        chosen: Which.

    Returns:
        How many.

    Raises:
        SettingsError: There is no such directory.
    """
    return _see_to(directory, chosen, "purged", None)


def _see_to(directory: str | os.PathLike[str], chosen: Chosen, reason: str, sink: Sink | None) -> int:
    count = 0
    with open_to_read(directory) as root_fd, only_one(root_fd):
        for file in dead_files(root_fd):
            letters = [
                letter for letter in letters_in(root_fd, file.name) if chosen(Buried(file.name, letter))
            ]
            for start in range(0, len(letters), _AT_ONCE):
                some = letters[start : start + _AT_ONCE]
                # First put, then marked: a crash in between repeats them, and loses none.
                if sink is not None:
                    sink.put([letter.entry for letter in some])
                mark_gone(root_fd, file.name, [letter.seq for letter in some], reason)
                count += len(some)
    return count
