"""What a process left behind: its directory read, repaired where that is needed, and ready to go on with.

A write that was cut short is cut off. A file with a damaged line is kept aside for people and replaced by its whole
lines. It knows nothing of who will send the entries.
"""

import errno
import os
import sys
from collections.abc import Callable

import msgspec

from ciokit.stores.directories import Owned, claim
from ciokit.stores.errors import of_the_file
from ciokit.stores.replay import SeqSet
from ciokit.stores.segments import (
    Segment,
    clear_remains,
    cut,
    delete,
    move_aside,
    segment_numbers,
    set_aside,
    survey,
)

__all__ = ["Finding", "Remains", "recover", "take_over"]


class Finding(msgspec.Struct, frozen=True):
    """Say something about a spool that people should know.

    Attributes:
        serious: Whether entries may be lost.
        message: What, where, and what to do; never an entry.
    """

    serious: bool
    message: str


class Remains(msgspec.Struct):
    """Hold what a directory had.

    Attributes:
        segments: Its files, the oldest first.
        settled: The entries in them that are settled.
        last_seq: The greatest number of an entry.
        entries: How many entries wait.
        bytes: The bytes of their lines.
        findings: What was repaired.
    """

    segments: list[Segment]
    settled: SeqSet
    last_seq: int = 0
    entries: int = 0
    bytes: int = 0
    findings: list[Finding] = []


def take_over(root_fd: int, name: str, stopped: Callable[[], bool]) -> tuple[Owned, Remains] | None:
    """Lock the directory of a process that is gone, and read it; None when it has an owner. See `recover`."""
    owned = claim(root_fd, name)
    if owned is None:
        return None
    try:
        return owned, recover(root_fd, owned, stopped)
    except BaseException:
        owned.release()
        raise


def recover(root_fd: int, owned: Owned, stopped: Callable[[], bool] = lambda: False) -> Remains:
    """Read what a process left behind.

    Args:
        root_fd: The spool's directory.
        owned: The process's directory, locked.
        stopped: Asked before each file whether to give up.

    Raises:
        InterruptedError: It was told to give up.
        NewerFormat: A later version of ciokit wrote it.
        OSError: It cannot be read.
    """
    clear_remains(owned.fd)
    remains = Remains([], SeqSet())
    replaced_from = sys.maxsize
    # From the last to the first: what became of an entry is written after it.
    for number in reversed(segment_numbers(owned.fd)):
        if stopped():
            raise InterruptedError(errno.EINTR, "the spool was closed")
        if number >= replaced_from:
            delete(owned.fd, Segment(number))
            continue
        try:
            segment, replaces = _read(root_fd, owned, number, remains)
        except OSError as error:
            if not of_the_file(error):
                raise
            remains.findings.append(_move_aside(root_fd, owned, number, error))
            continue
        if replaces < number:
            replaced_from = replaces
        remains.segments.insert(0, segment)
    return remains


def _read(root_fd: int, owned: Owned, number: int, remains: Remains) -> tuple[Segment, int]:
    segment, summary = survey(owned.fd, number, remains.settled)
    replaces = summary.header.replaces if summary.header else number
    if summary.damaged:
        remains.findings.append(_set_aside(root_fd, owned, number, summary.damaged))
        segment, summary = survey(owned.fd, number, remains.settled)
    if summary.torn_bytes:
        cut(owned.fd, segment)
        remains.findings.append(_torn(owned, segment, summary.torn_bytes))
    remains.last_seq = max(remains.last_seq, summary.last_seq)
    remains.entries += summary.waiting
    remains.bytes += summary.waiting_bytes
    return segment, replaces


def _torn(owned: Owned, segment: Segment, size: int) -> Finding:
    message = f"spool: a write to {owned.name}/{segment.name} was cut short; its {size} bytes are cut off"
    return Finding(serious=False, message=message)


def _set_aside(root_fd: int, owned: Owned, number: int, lines: int) -> Finding:
    where = f"{owned.name}/{Segment(number).name}"
    try:
        kept = f"is kept as {set_aside(root_fd, owned.fd, owned.name, number)}"
    except OSError as error:
        kept = f"cannot be kept ({os.strerror(error.errno or 0)})"
    message = (
        f"spool: {where} is damaged: {lines} lines are not as they were written, all others go on; "
        f"the file {kept}: check the disk"
    )
    return Finding(serious=True, message=message)


def _move_aside(root_fd: int, owned: Owned, number: int, error: OSError) -> Finding:
    where = f"{owned.name}/{Segment(number).name}"
    kept = move_aside(root_fd, owned.fd, owned.name, number)
    message = (
        f"spool: {where} cannot be read: {os.strerror(error.errno or 0)}; its entries are lost, all others go on; "
        f"the file is kept as {kept}: check the disk"
    )
    return Finding(serious=True, message=message)
