"""What a crash leaves of a directory, without crashing.

When a process is killed, all that it wrote is there. When the machine loses power, each file has some prefix of what
was written since it was last synced, a file whose name was not synced may be missing, and one whose deletion was not
synced may be back. What was synced is seen at the calls that sync, not believed of the store.
"""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from ciokit.stores import dead, directories, files, recovery, segments

Choice = Callable[[int], int]
"""Chooses a number from 0 to the one given, both within."""


class WatchedDisk:
    """Watch which bytes and names reach the disk; use it as a context.

    Args:
        shadow: A directory of the test's own, to hold what a power loss may bring back.
    """

    def __init__(self, shadow: Path) -> None:
        self._shadow = shadow
        self._synced: dict[int, int] = {}
        self._names: dict[Path, dict[str, int]] = {}
        self._datasync = segments.datasync
        self._sync_names = directories.sync_names
        shadow.mkdir()

    def __enter__(self) -> Self:
        self._watch(self._see_data, self._see_names)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._watch(self._datasync, self._sync_names)

    def _watch(self, datasync: Callable[[int], None], sync_names: Callable[[int], None]) -> None:
        for module in (directories, segments, files, recovery, dead):
            for name, function in (("datasync", datasync), ("sync_names", sync_names)):
                if hasattr(module, name):
                    setattr(module, name, function)

    def _see_data(self, fd: int) -> None:
        about = os.fstat(fd)  # what is written during the call may or may not be on the disk
        self._datasync(fd)
        self._synced[about.st_ino] = max(about.st_size, self._synced.get(about.st_ino, 0))

    def _see_names(self, fd: int) -> None:
        directory = Path(f"/proc/self/fd/{fd}").readlink()
        names = {entry.name for entry in os.scandir(directory)}
        self._sync_names(fd)
        self._note_names(directory, names)

    def _note_names(self, directory: Path, names: set[str]) -> None:
        found: dict[str, int] = {}
        for entry in os.scandir(directory):
            if entry.name in names:
                found[entry.name] = entry.inode()
                # A second name keeps the bytes when the first is deleted.
                if entry.is_file() and not (self._shadow / str(entry.inode())).exists():
                    os.link(entry.path, self._shadow / str(entry.inode()))
        self._names[directory] = found

    def kill(self, spool: Path, target: Path) -> None:
        """Copy what is there when the process that uses a spool is killed."""
        shutil.copytree(spool, target)
        for path in (target, *target.rglob("*")):
            before = spool / path.relative_to(target)
            if path.is_file():
                self._synced[path.stat().st_ino] = self._synced.get(before.stat().st_ino, 0)
            elif before in self._names:
                self._note_names(path, set(self._names[before]))

    def lose_power(self, spool: Path, target: Path, choose: Choice) -> None:
        """Copy what may be there after the machine that uses a spool lost power."""
        target.mkdir(mode=0o700)
        for directory in [spool, *(path for path in sorted(spool.iterdir()) if path.is_dir())]:
            synced = self._names.get(directory, {})
            there = {entry.name: entry.inode() for entry in os.scandir(directory)}
            if directory != spool and directory.name not in self._names.get(spool, {}) and choose(1):
                continue
            copy = target / directory.relative_to(spool)
            copy.mkdir(mode=0o700, exist_ok=True)
            for name in sorted({*synced, *there}):
                may_be = [inode for inode in dict.fromkeys((there.get(name), synced.get(name))) if inode]
                # Made, deleted or replaced since the names were synced: before or after.
                if len({there.get(name), synced.get(name)}) == 1 or len(may_be) == 2 or choose(1):
                    inode = may_be[choose(len(may_be) - 1)]
                    source = directory / name if inode == there.get(name) else self._shadow / str(inode)
                    self._copy(source, inode, copy / name, choose)
        for path in (target, *target.rglob("*")):  # what is there after it is on the disk
            if path.is_file():
                self._synced[path.stat().st_ino] = path.stat().st_size
            else:
                self._note_names(path, {entry.name for entry in os.scandir(path)})

    def _copy(self, source: Path, inode: int, target: Path, choose: Choice) -> None:
        if source.is_file():
            data = source.read_bytes()
            synced = min(self._synced.get(inode, 0), len(data))
            target.write_bytes(data[: synced + choose(len(data) - synced)])
            target.chmod(0o600)
