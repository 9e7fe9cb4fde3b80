"""The rooms of a spool seen as one: the spool itself, and the directory in it that has the Pipelines API's entries.

What is in the latter is named with that before it: `pipelines/20260131T120000.000-4711-9f3a0c12`.
"""

from collections.abc import Callable, Iterator
from heapq import merge
from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace

from ciokit.outboxes.pipelines import ROOM
from ciokit.stores import inspection, requeue
from ciokit.stores.following import Follower, Written
from ciokit.stores.inspection import SpoolState, Waiting
from ciokit.stores.requeue import Buried, Chosen

__all__ = ["Room", "RoomsFollower", "dead_letters", "look", "rooms_of", "see_to", "waiting"]


class Room(NamedTuple):
    """Name a room.

    Attributes:
        directory: Where it is.
        prefix: What is put before the names of what is in it.
    """

    directory: Path
    prefix: str


def rooms_of(spool: Path) -> list[Room]:
    """List the rooms of a spool."""
    inner = spool / ROOM
    rooms = [Room(spool, "")]
    return [*rooms, Room(inner, f"{ROOM}/")] if inner.is_dir() and not inner.is_symlink() else rooms


def look(spool: Path) -> SpoolState:
    """Sum a spool up; see `inspection.look`."""
    rooms = rooms_of(spool)
    states = [inspection.look(room.directory) for room in rooms]
    return SpoolState(
        directory=states[0].directory,
        processes=tuple(
            replace(process, name=room.prefix + process.name)
            for room, state in zip(rooms, states, strict=True)
            for process in state.processes
        ),
        dead_letters=sum(state.dead_letters for state in states),
        dead_bytes=sum(state.dead_bytes for state in states),
        damaged_files=tuple(
            room.prefix + name
            for room, state in zip(rooms, states, strict=True)
            for name in state.damaged_files
        ),
    )


def waiting(spool: Path) -> Iterator[Waiting]:
    """Read all entries that wait; see `inspection.waiting`."""
    for room in rooms_of(spool):
        for one in inspection.waiting(room.directory):
            yield replace(one, process=room.prefix + one.process)


def dead_letters(spool: Path) -> Iterator[Buried]:
    """Read the dead letters of a spool, the oldest first; see `requeue.dead_letters`."""
    return merge(*map(_letters, rooms_of(spool)), key=lambda buried: buried.letter.at)


def _letters(room: Room) -> Iterator[Buried]:
    for buried in requeue.dead_letters(room.directory):
        yield _named(buried, room)


def _named(buried: Buried, room: Room) -> Buried:
    return replace(buried, file=room.prefix + buried.file)


def see_to(spool: Path, act: Callable[[Path, Chosen], int], chosen: Chosen) -> int:
    """Do something about dead letters in each room.

    Args:
        spool: The spool.
        act: What: `requeue.retry` or `requeue.purge`.
        chosen: Which.

    Returns:
        How many.
    """
    return sum(act(room.directory, _chosen_in(room, chosen)) for room in rooms_of(spool))


def _chosen_in(room: Room, chosen: Chosen) -> Chosen:
    return lambda buried: chosen(_named(buried, room))


class RoomsFollower:
    """Read what processes write to a spool; see `Follower`.

    Args:
        spool: The spool.
    """

    def __init__(self, spool: Path) -> None:
        self._spool = spool
        self._followers: dict[Room, Follower] = {}

    def last(self, count: int) -> list[Written]:
        """Read the last lines of all that is there, in the order in which the processes began."""
        lines: list[Written] = []
        for room, follower in self._each():
            lines += [_of(written, room) for written in follower.last(count)]
        lines.sort(key=lambda written: written.process.rpartition("/")[2])
        return lines[max(0, len(lines) - count) :]

    def read_on(self) -> Iterator[Written]:
        """Read what was written since the last time, to the end."""
        for room, follower in self._each():
            for written in follower.read_on():
                yield _of(written, room)

    def _each(self) -> Iterator[tuple[Room, Follower]]:
        for room in rooms_of(self._spool):  # anew each time: one may come when its first process does
            if room not in self._followers:
                self._followers[room] = Follower(room.directory)
            yield room, self._followers[room]

    def close(self) -> None:
        """Let go of all files."""
        for follower in self._followers.values():
            follower.close()


def _of(written: Written, room: Room) -> Written:
    return replace(written, process=room.prefix + written.process)
