"""Descriptors that somebody else in the process may close: a daemon closes all that it finds (`os.closerange`).

The system then gives the lowest free number to the next file or socket. So what is kept open gets a high number, as in a
shell: what writes there later meets an error, and not a stranger's file. Where a number has a new owner all the same,
that shows by the file that is behind it.
"""

import fcntl
import os
import resource
from typing import TypeAlias

__all__ = ["Identity", "close", "identify", "is_held", "keep"]

Identity: TypeAlias = tuple[int, int]
"""Which file it is: its device and its number there."""

_HIGH = 1000
"""Above what most programs ever have open; the system's tables grow with it."""


def keep(fd: int) -> int:
    """Give what is open a high number, if one can be had.

    Args:
        fd: Its number until now; -1 stays so.

    Returns:
        The number from now on.
    """
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    try:
        high = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, _HIGH if limit < 0 else min(limit // 2, _HIGH))
    except OSError:  # all of those are taken, or nothing is open
        return fd
    os.close(fd)
    return high


def identify(fd: int) -> Identity | None:
    """Tell which file is open there; None if there is none."""
    try:
        about = os.fstat(fd)
    except OSError:
        return None
    return about.st_dev, about.st_ino


def is_held(fd: int, identity: Identity | None) -> bool:
    """Tell whether a file is still open by that number."""
    return identity is not None and identify(fd) == identity


def close(fd: int, identity: Identity | None) -> None:
    """Close a file, if it is still open by that number."""
    if is_held(fd, identity):
        os.close(fd)
