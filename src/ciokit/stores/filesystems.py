"""Which file system a directory is on, and whether a journal is safe there.

A network file system may forget what was written, lock nothing, or lock for a machine that is gone. Only Linux tells
(`/proc/self/mountinfo`); elsewhere nothing is known and nothing refused.
"""

import os
from pathlib import Path

__all__ = ["filesystem_of", "is_network"]

_NETWORK = frozenset({
    "9p", "afs", "beegfs", "ceph", "cifs", "coda", "davfs", "fhgfs", "gfs", "gfs2", "glusterfs", "gpfs", "lustre",
    "ncpfs", "nfs", "nfs4", "ocfs2", "orangefs", "pvfs2", "smb3", "smbfs", "wekafs",
})  # fmt: skip
_NETWORK_FUSE = frozenset({
    "afp", "blobfuse", "blobfuse2", "ceph", "cephfs", "davfs2", "gcsfuse", "glusterfs", "goofys", "juicefs", "mfs",
    "mount-s3", "rclone", "s3fs", "seaweedfs", "smbnetfs", "sshfs",
})  # fmt: skip


def filesystem_of(path: str, mountinfo: str | None = None) -> str:
    """Name the file system that holds a directory.

    Args:
        path: An existing directory.
        mountinfo: The text of `/proc/self/mountinfo`; read when left out.

    Returns:
        The type, as `mount` shows it; empty when it cannot be told.
    """
    if mountinfo is None:
        try:
            mountinfo = Path("/proc/self/mountinfo").read_text("utf-8", "surrogateescape")
        except OSError:
            return ""
    whole = os.path.realpath(path)
    best, found = -1, ""
    for line in mountinfo.splitlines():
        # 36 35 98:0 /root /mount/point options [more] - type source options
        before, dash, after = line.partition(" - ")
        point = _unescape(before.split(" ")[4]) if dash else ""
        inside = whole == point or whole.startswith(point.rstrip("/") + "/")
        # A later mount on the same place hides the one before.
        if point and inside and len(point) >= best:
            best, found = len(point), after.split(" ")[0]
    return found


def is_network(kind: str) -> bool:
    """Tell whether a file system's type is one that is reached over a network."""
    return kind in _NETWORK or (kind.startswith("fuse.") and kind[5:] in _NETWORK_FUSE)


def _unescape(text: str) -> str:
    """Undo mountinfo's octal escapes of space, tab, newline and backslash."""
    for code, char in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        text = text.replace(code, char)
    return text
