"""What an import writes, brought to the disk, so that a machine that loses its power loses none of it."""

import os
import stat

__all__ = ["sync_file"]


def sync_file(handle: int) -> None:
    """Bring what was written to a file to the disk; a device or a pipe has none.

    Raises:
        OSError: The disk does not take it.
    """
    if stat.S_ISREG(os.fstat(handle).st_mode):
        os.fsync(handle)
