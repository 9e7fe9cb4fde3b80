"""What an import writes, brought to the disk, so that a machine that loses its power loses none of it."""

import errno
import os
import stat
from pathlib import Path

__all__ = ["sync_file", "sync_names"]


def sync_file(handle: int) -> None:
    """Bring what was written to a file to the disk; a device or a pipe has none.

    Raises:
        OSError: The disk does not take it.
    """
    if stat.S_ISREG(os.fstat(handle).st_mode):
        os.fsync(handle)


def sync_names(directory: Path) -> None:
    """Bring to the disk which files a directory has: a file that is synced may still be lost with its name.

    Raises:
        OSError: The disk does not take it; a file system that cannot do this at all is no error.
    """
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
    finally:
        os.close(handle)
