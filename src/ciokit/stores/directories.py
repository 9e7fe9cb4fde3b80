"""A spool's directories: made private, checked before they are trusted, and owned by one process at a time.

    SPOOL/                                   0700, the caller's own
      20260131T120000.000-4711-9f3a0c12/     one a process, named so that it sorts after those that are there
        lock                                 flock: whoever holds it, and the directory's own, owns that
        00000001.journal ...
      dead/                                  dead letters of all processes
      damaged/                               files that were not as they were written

Ownership is the lock and nothing else: it ends with the process, whatever kills it. Everything below the root is
opened by descriptor and never through a symbolic link.
"""

import calendar
import contextlib
import errno
import fcntl
import os
import re
import secrets
import socket
import stat
import time
from collections.abc import Iterable
from pathlib import Path

import msgspec

from ciokit.errors import SettingsError
from ciokit.stores.descriptors import close, identify, is_held, keep
from ciokit.stores.filesystems import filesystem_of, is_network

__all__ = [
    "DAMAGED",
    "DEAD",
    "LOCK",
    "NAME",
    "NEW",
    "Owned",
    "OwnerNote",
    "claim",
    "create",
    "is_gone",
    "new_name",
    "open_directory",
    "open_root",
    "process_names",
    "started_at",
    "sync_names",
    "sync_names_in",
]

DEAD, DAMAGED, LOCK = "dead", "damaged", "lock"
NEW = ".new-"
NAME = re.compile(r"\d{8}T\d{6}\.\d{3}-\d+-[0-9a-f]{8}", re.ASCII)
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_LAST = calendar.timegm((9999, 12, 31, 23, 59, 59)) * 1000 + 999
"""The last millisecond whose year has four digits."""
_ABANDONED = 3600.0
"""Seconds after which a directory that its maker never finished is cleared away."""


class OwnerNote(msgspec.Struct, frozen=True):
    """Say for people who owns a directory; the lock alone decides.

    Attributes:
        pid: The process.
        host: The machine's name.
    """

    pid: int
    host: str


class Owned:
    """A process's directory, held by its lock.

    Attributes:
        name: Its name in the root.
        fd: A descriptor of it.
        root_fd: A descriptor of the root.
    """

    def __init__(self, root_fd: int, name: str, fd: int, lock_fd: int) -> None:
        self.name = name
        self.root_fd = root_fd
        self._lost = False
        self._hold(fd, lock_fd)

    def _hold(self, fd: int, lock_fd: int) -> None:
        self.fd, self._lock_fd = fd, lock_fd
        self._identities = identify(fd), identify(lock_fd)

    @property
    def gone(self) -> bool:
        """Whether somebody deleted it, or another process has it."""
        return self._lost or is_gone(self.fd)

    @property
    def closed(self) -> bool:
        """Whether somebody else closed what is open of it, so that its lock may be gone, too."""
        fds = zip((self.fd, self._lock_fd), self._identities, strict=True)
        return not self._lost and not all(is_held(fd, identity) for fd, identity in fds)

    def lose(self) -> None:
        """Count it as gone."""
        self.release()
        self._lost = True

    def regain(self, root_fd: int) -> None:
        """Open it again, if no other process has it by now; else it is gone."""
        self.lose()
        with contextlib.suppress(OSError):
            if (again := claim(root_fd, self.name)) is not None:
                self.root_fd = root_fd
                self._hold(again.fd, again._lock_fd)  # noqa: SLF001 - of its own class
                self._lost = False

    def release(self) -> None:
        """Let go of the directory, so that another process may adopt it.

        In a forked child this lets go of nothing: the lock belongs to the parent as long as that has it open.
        """
        fds = self.fd, self._lock_fd
        self.fd = self._lock_fd = -1  # forgotten first, see `Spool`
        for fd, identity in zip(fds, self._identities, strict=True):
            with contextlib.suppress(OSError):
                close(fd, identity)

    def remove(self) -> None:
        """Delete the directory, which holds the lock at most, and let go of it."""
        with contextlib.suppress(OSError):
            os.unlink(LOCK, dir_fd=self.fd)
        with contextlib.suppress(OSError):
            os.rmdir(self.name, dir_fd=self.root_fd)
        self.release()


def open_root(path: str, *, insist_on_network_fs: bool = False) -> int:
    """Open a spool's directory, and make it if it is not there.

    Args:
        path: The directory; its parent must exist.
        insist_on_network_fs: Take a directory on a network file system all the same.

    Returns:
        A descriptor.

    Raises:
        SettingsError: It is no directory, or nobody should trust it; the message says why and what to do.
        OSError: It cannot be made, opened or written.
    """
    with contextlib.suppress(FileExistsError):
        Path(path).mkdir(0o700)
        sync_names_in(Path(path).parent)
    about = os.lstat(path)
    if stat.S_ISLNK(about.st_mode):
        raise _refused(path, "is a symbolic link", "give the directory that it points to")
    if not stat.S_ISDIR(about.st_mode):
        raise _refused(path, "is not a directory", "give a directory of its own")
    fd = os.open(path, _DIRECTORY)
    try:
        _check(path, os.fstat(fd), insist_on_network_fs=insist_on_network_fs)
        _check_writable(fd)
    except BaseException:
        os.close(fd)
        raise
    return fd


def _check(path: str, about: os.stat_result, *, insist_on_network_fs: bool) -> None:
    if about.st_uid != os.geteuid():
        raise _refused(
            path, f"belongs to user {about.st_uid}", f"not to this process's ({os.geteuid()}): chown it"
        )
    if about.st_mode & 0o022:
        raise _refused(path, f"can be written by others (mode {about.st_mode & 0o777:04o})", "chmod 0700")
    kind = filesystem_of(path)
    if is_network(kind) and not insist_on_network_fs:
        advice = "where locks and writes may be lost: give a local directory, or insist_on_network_fs=True"
        raise _refused(path, f"is on a network file system ({kind})", advice)


def _check_writable(fd: int) -> None:
    """Raise what the first file that is made there would, without making one."""
    # Asked for the effective user only where that is another one: old container runtimes refuse that question to all.
    if not os.access(".", os.W_OK | os.X_OK, dir_fd=fd, effective_ids=os.getuid() != os.geteuid()):
        number = errno.EROFS if os.fstatvfs(fd).f_flag & os.ST_RDONLY else errno.EACCES
        raise OSError(number, os.strerror(number))


def _refused(path: str, what: str, advice: str) -> SettingsError:
    return SettingsError(f"spool: {path} {what}; {advice}")


def open_directory(root_fd: int, name: str, *, make: bool = False) -> int:
    """Open a directory below the root.

    Raises:
        OSError: It is not there, or it is a symbolic link.
    """
    if make:
        with contextlib.suppress(FileExistsError):
            os.mkdir(name, 0o700, dir_fd=root_fd)
    return os.open(name, _DIRECTORY, dir_fd=root_fd)


def is_gone(fd: int) -> bool:
    """Tell whether what is open was deleted."""
    try:
        return fd >= 0 and not os.fstat(fd).st_nlink
    except OSError:  # closed by somebody else
        return False


def sync_names(directory_fd: int) -> None:
    """Bring to the disk which files a directory has: a file that is synced may still be lost with its name.

    Raises:
        OSError: The disk does not take it; a file system that cannot do this at all is no error.
    """
    try:
        os.fsync(directory_fd)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise


def sync_names_in(directory: Path) -> None:
    """Do what `sync_names` does, in a directory that is not open.

    Raises:
        OSError: It cannot be opened, or the disk does not take it.
    """
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        sync_names(fd)
    finally:
        os.close(fd)


def process_names(root_fd: int) -> list[str]:
    """List the directories of processes, the oldest first."""
    return sorted(name for name in os.listdir(root_fd) if NAME.fullmatch(name))


def new_name(now: float, there: Iterable[str]) -> str:
    """Make a name that is this process's alone and sorts after others, also where the clock was set back.

    Args:
        now: Unix time.
        there: The others.
    """
    newest = max(filter(NAME.fullmatch, there), default="")
    after = 0
    with contextlib.suppress(ValueError):  # a stranger may have a date that there is not
        after = round(started_at(newest) * 1000) + 1 if newest else 0
    second, millisecond = divmod(min(max(int(now * 1000), after), _LAST), 1000)
    stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime(second))
    return f"{stamp}.{millisecond:03d}-{os.getpid()}-{secrets.token_hex(4)}"


def started_at(name: str) -> float:
    """Read from a process directory's name when it was made, in Unix time.

    Raises:
        ValueError: It has a date that there is not.
    """
    second, _, rest = name.partition(".")
    return calendar.timegm(time.strptime(second, "%Y%m%dT%H%M%S")) + int(rest[:3]) / 1000


def create(root_fd: int, now: float) -> Owned:
    """Make and lock a new process directory.

    It gets its name after it is locked: under that name nobody ever sees it without an owner.

    Args:
        root_fd: The root.
        now: Unix time, for the name.

    Raises:
        OSError: It cannot be made.
    """
    there = os.listdir(root_fd)
    name = new_name(now, there)
    _clear_abandoned(root_fd, there, now)
    os.mkdir(NEW + name, 0o700, dir_fd=root_fd)
    fd = lock_fd = -1
    try:
        fd = keep(open_directory(root_fd, NEW + name))
        lock_fd = _lock(fd)
        _note_owner(lock_fd)
        os.rename(NEW + name, name, src_dir_fd=root_fd, dst_dir_fd=root_fd)
        sync_names(root_fd)
    except BaseException:
        Owned(root_fd, NEW + name, fd, lock_fd).remove()
        raise
    return Owned(root_fd, name, fd, lock_fd)


def claim(root_fd: int, name: str) -> Owned | None:
    """Lock the directory of a process that is gone.

    Returns:
        The directory; None when it has an owner, or is no longer there.
    """
    fd = lock_fd = -1
    try:
        fd = keep(open_directory(root_fd, name))
        lock_fd = _lock(fd)
        # The one who held the lock may have deleted the directory between the opening and the locking.
        if os.fstat(lock_fd).st_nlink and os.path.samestat(os.fstat(fd), os.stat(name, dir_fd=root_fd)):
            _note_owner(lock_fd)
            return Owned(root_fd, name, fd, lock_fd)
    except (BlockingIOError, FileNotFoundError):
        pass
    except BaseException:
        Owned(root_fd, name, fd, lock_fd).release()
        raise
    Owned(root_fd, name, fd, lock_fd).release()
    return None


def _lock(directory_fd: int) -> int:
    """Lock a directory's lock file, and the directory itself.

    What clears away old files (systemd-tmpfiles, tmpreaper) may delete the file of a process that lives. A locked
    directory systemd-tmpfiles leaves alone, and nobody else's lock goes with the file.

    Raises:
        BlockingIOError: Another process, or another store of this one, holds it.
    """
    lock_fd = os.open(LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=directory_fd)
    try:
        fcntl.flock(lock_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        _lock_itself(directory_fd)
    except BaseException:
        os.close(lock_fd)
        raise
    return keep(lock_fd)


def _lock_itself(directory_fd: int) -> None:
    try:
        fcntl.flock(directory_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise
    except OSError:  # NFS locks only what is open for writing, which a directory cannot be
        pass


def _note_owner(lock_fd: int) -> None:
    note = msgspec.json.encode(OwnerNote(os.getpid(), socket.gethostname()))
    # A full disk must not keep anyone from emptying it.
    with contextlib.suppress(OSError):
        os.pwrite(lock_fd, note + b"\n", 0)
        os.ftruncate(lock_fd, len(note) + 1)


def _clear_abandoned(root_fd: int, there: Iterable[str], now: float) -> None:
    for name in there:
        if name.startswith(NEW):
            with contextlib.suppress(OSError):
                if now - os.stat(name, dir_fd=root_fd, follow_symlinks=False).st_mtime > _ABANDONED:
                    owned = claim(root_fd, name)
                    if owned is not None:
                        owned.remove()
