"""What a store tells its caller when it cannot take an entry.

CiokitError
└── StoreError
    ├── StoreFull            the store's own bound is reached
    ├── StoreUnreadable      the disk does not give back what waits
    └── StoreUnwritable      the disk does not take it
        ├── DiskFull         no space, no quota, or a limit on the file's size
        └── DiskReadOnly     the file system or the directory does not allow writing

They carry facts as attributes and never an entry.
"""

import errno as numbers
import os
from typing import Literal

from ciokit.errors import CiokitError

__all__ = [
    "DiskFull",
    "DiskReadOnly",
    "StoreError",
    "StoreFull",
    "StoreUnreadable",
    "StoreUnwritable",
    "of_the_file",
    "of_the_system",
    "unreadable",
    "unwritable",
]


class StoreError(CiokitError):
    """A store could not take entries; nothing of the call was kept."""


class StoreFull(StoreError):  # noqa: N818 - reads as what it is at an `except`
    """The limit of the store is reached.

    Attributes:
        bound: Which limit: `bytes` or `entries`.
        limit: The limit.
        waiting: How much of it is used.
        needed: How much more the call needs.
    """

    def __init__(self, bound: Literal["bytes", "entries"], limit: int, waiting: int, needed: int) -> None:
        self.bound = bound
        self.limit = limit
        self.waiting = waiting
        self.needed = needed
        super().__init__(bound, limit, waiting, needed)

    @property
    def fits_when_empty(self) -> bool:
        """Whether waiting for deliveries can help."""
        return self.needed <= self.limit

    def __str__(self) -> str:
        text = f"the store is full: max_{self.bound}={self.limit:,}, {self.waiting:,} waiting, {self.needed:,} more needed"
        if self.fits_when_empty:
            return text + "; deliveries are slower than new entries, or the service is down"
        return text + "; this can never fit: raise the bound"


class StoreUnreadable(StoreError):  # noqa: N818 - as above
    """The disk does not give back what the spool has.

    Attributes:
        directory: The spool's directory.
        file: The file, below that; empty when it is not about one.
        errno: The operating system's error number.
    """

    def __init__(self, directory: str, file: str, errno: int) -> None:
        self.directory = directory
        self.file = file
        self.errno = errno
        super().__init__(directory, file, errno)

    def __str__(self) -> str:
        place = f"{self.directory}/{self.file}" if self.file else self.directory
        advice = _ADVICE.get(self.errno, StoreUnwritable.advice)
        return f"the spool cannot read {place}: {os.strerror(self.errno)}; {advice}"


class StoreUnwritable(StoreError):  # noqa: N818 - as above
    """The disk does not take what the spool writes.

    With `durability="power"` the entry itself may have been written, and be delivered, when only its sync failed.

    Attributes:
        directory: The spool's directory.
        errno: The operating system's error number.
    """

    advice = "check the disk and the system's log"

    def __init__(self, directory: str, errno: int) -> None:
        self.directory = directory
        self.errno = errno
        super().__init__(directory, errno)

    def __str__(self) -> str:
        advice = _ADVICE.get(self.errno, self.advice)
        return f"the spool {self.directory} cannot be written: {os.strerror(self.errno)}; {advice}"


class DiskFull(StoreUnwritable):
    """There is no space left, the quota is used up, or the process may not write so large a file."""

    advice = "free space, or raise the quota or the process's file size limit (ulimit -f); entries go in again as soon as there is room"


class DiskReadOnly(StoreUnwritable):
    """The file system is mounted read-only, or the directory's permissions changed."""

    advice = "mount the file system writable and let this process's user own the directory"


_KINDS: dict[int, type[StoreUnwritable]] = {
    numbers.ENOSPC: DiskFull,
    numbers.EDQUOT: DiskFull,
    numbers.EFBIG: DiskFull,
    numbers.EROFS: DiskReadOnly,
    numbers.EACCES: DiskReadOnly,
    numbers.EPERM: DiskReadOnly,
}


_ADVICE = {
    numbers.EMFILE: "raise the process's limit of open files (ulimit -n), or find out what keeps them open",
    numbers.ENFILE: "raise the system's limit of open files, or find out what keeps them open",
    numbers.ENOENT: "make the directory that it is to be in",
}
"""What to do about errors that have nothing to do with the disk, and no type of their own."""

_OF_THE_FILE = {numbers.EIO, numbers.ELOOP, numbers.EBADMSG}


def of_the_system(error: OSError) -> bool:
    """Tell whether the operating system raised it, and not a handler its own, such as TimeoutError for an alarm."""
    return error.errno is not None


def of_the_file(error: OSError) -> bool:
    """Tell whether it comes of a file that was read: it is broken, or a link to somewhere else."""
    return error.errno in _OF_THE_FILE


def unreadable(directory: str, error: OSError) -> StoreUnreadable:
    """Say what an operating system's error means for what waits in the spool."""
    file = error.filename if isinstance(error.filename, str) else ""
    return StoreUnreadable(directory, file, error.errno or 0)


def unwritable(directory: str, error: OSError) -> StoreUnwritable:
    """Say what an operating system's error means for the spool."""
    return _KINDS.get(error.errno or 0, StoreUnwritable)(directory, error.errno or 0)
