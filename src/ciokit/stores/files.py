"""All files of one process directory: which one is written, which are synced, which are no longer needed.

Files are only ever deleted from the oldest on: a later file says what became of the entries of an earlier one. It
knows files, not entries. Its owner calls everything but `sync` under a lock, and hands that lock in for `sync`.
"""

import contextlib
from collections import deque
from collections.abc import Iterable

from ciokit.errors import ClientClosed
from ciokit.stores.directories import Owned, is_gone, sync_names
from ciokit.stores.exclusion import Exclusion
from ciokit.stores.segments import Segment, datasync, delete, let_go, new_segment, rewrite, sync_file

__all__ = ["SegmentFiles"]


class SegmentFiles:
    """Keep the files of a directory.

    Args:
        owned: The directory.
        segments: The files that are there, the oldest first.
        segment_bytes: The size at which a new file is begun.

    Attributes:
        active: The file that is written, None before the first write.
        bytes: The size of all files.
    """

    def __init__(self, owned: Owned, segments: Iterable[Segment], segment_bytes: int) -> None:
        self.active: Segment | None = None
        self.segment_bytes = segment_bytes
        self._owned = owned
        self._all = {segment.number: segment for segment in segments}
        self.bytes = sum(segment.size for segment in self._all.values())
        self._number = max(self._all, default=0)
        self._retired: list[Segment] = []
        self._syncing: Segment | None = None
        self._doomed: deque[Segment] = deque()
        # What another process wrote, it may not have lived to sync.
        self._foreign = [segment for segment in self._all.values() if segment.unsettled]
        self._unnamed = bool(self._foreign)
        self._closed = False

    def __len__(self) -> int:
        return len(self._all)

    @property
    def deleted(self) -> bool:
        """Whether somebody deleted the file that is written."""
        return self.active is not None and is_gone(self.active.fd)

    def is_closed(self) -> bool:
        """Tell whether somebody else in the process closed the directory, or the file that is written."""
        return self._owned.closed or (self.active is not None and not self.active.held)

    def let_go_of_closed(self) -> None:
        """Forget the descriptors that somebody else closed; what was written by them is synced by its name."""
        closed = [segment for segment in self._retired if not segment.held]
        self._retired = [segment for segment in self._retired if segment not in closed]
        for segment in closed:
            let_go(segment)
        self._foreign += closed
        self._unnamed = True

    def begin(self) -> Segment:
        """Begin a new file, and write there from now on.

        Raises:
            OSError: The disk does not take it; the old file stays the one that is written.
        """
        segment = self.make()
        self._all[segment.number] = segment
        self.retire()
        self.active = segment
        return segment

    def make(self) -> Segment:
        """Make a file that takes no part yet."""
        if self._closed:
            msg = "the spool is closed; open a new one"
            raise ClientClosed(msg)
        self._number += 1
        segment = new_segment(self._owned.fd, self._number)
        self._unnamed = True
        self.bytes += segment.size
        return segment

    def sync_alone(self, segment: Segment) -> None:
        """Bring a file that takes no part yet to the disk.

        Raises:
            OSError: The disk does not take it.
        """
        datasync(segment.fd)
        sync_names(self._owned.fd)

    def set_aside(self, segment: Segment) -> None:
        """Write no more to a file that was made; it is closed after the next sync."""
        self._retired.append(segment)

    def take_part(self, segment: Segment, size: int) -> None:
        """Give a file that was made its place in the order.

        Args:
            segment: The file.
            size: What was written to it since.
        """
        self._all[segment.number] = segment
        self._all = dict(sorted(self._all.items()))
        self.bytes += size

    def retire(self) -> None:
        """Write no more to the active file; it is closed after the next sync."""
        active = self.active
        if active is not None and active.fd >= 0:
            self._retired += [
                active
            ]  # no call, which could be the last: a file that is closed is not written
        elif active is not None:  # closed, when it could not be written
            self._foreign += [active]
        self.active = None

    def after(self, number: int) -> Segment | None:
        """Find the file that follows."""
        return next((segment for segment in self._all.values() if segment.number > number), None)

    def before(self, number: int) -> list[Segment]:
        """List the files before one."""
        return [segment for segment in self._all.values() if segment.number < number]

    def drop(self, segment: Segment) -> None:
        """Take a file out; `sweep` deletes it."""
        self._take_out(segment)
        self._doomed.append(segment)

    def _take_out(self, segment: Segment) -> None:
        del self._all[segment.number]
        self.bytes -= segment.size
        # What is deleted need not reach the disk, unless that is under way.
        if segment in self._retired and segment is not self._syncing:
            self._retired.remove(segment)
            let_go(segment)

    def drop_settled(self, frontier: int) -> None:
        """Take out the oldest files whose entries are all settled.

        Args:
            frontier: The number of the first file that is still needed.
        """
        while self._all:
            oldest = next(iter(self._all.values()))
            if oldest.unsettled or oldest.number >= frontier:
                return
            self.drop(oldest)

    def sweep(self) -> None:
        """Delete the files that were taken out; needs no lock."""
        with contextlib.suppress(IndexError):
            while True:
                delete(self._owned.fd, self._doomed.popleft())

    def replace(self, old: list[Segment], lines: Iterable[bytes]) -> Segment:
        """Write lines to a file that takes the place of the first files; needs no lock.

        The lines must be on the disk before the files go that had them.

        Returns:
            The new file, which takes no part yet: `replaced` gives it the place.

        Raises:
            OSError: The disk does not take it; all files are as they were.
        """
        number = old[-1].number
        return Segment(number, rewrite(self._owned.fd, number, lines, replaces=old[0].number))

    def replaced(self, old: list[Segment], new: Segment) -> None:
        """Give a file the place of those that it replaces."""
        for segment in old[:-1]:
            self.drop(segment)
        self._take_out(old[-1])  # its name is the new one's
        self._all = {new.number: new, **self._all}
        self.bytes += new.size

    def sync(self, turn: Exclusion, *, keep_open: bool = False) -> None:
        """Bring everything to the disk that was written before the call; one caller at a time.

        Args:
            turn: Whose turn it is; not taken during the sync itself.
            keep_open: Close nothing: an interrupted sync of the same thread may still need it.

        Raises:
            OSError: The disk does not take it; what was written before may be lost with the machine.
        """
        if self._owned.fd < 0:  # another process has it by now, and syncs it
            return
        before, unnamed = self._syncing, False
        foreign: list[Segment] = []
        retired: list[Segment] = []  # and to be closed
        try:
            with turn.lock:
                active, unnamed, foreign = self.active, self._unnamed, self._foreign
                self._syncing, self._unnamed, self._foreign = active, False, []
                kept = self._retired.copy() if keep_open else []
                if not keep_open:
                    retired, self._retired = self._retired, retired
            if unnamed:
                sync_names(self._owned.fd)
                unnamed = False
            self._sync_foreign(foreign)
            self._sync_retired(retired)
            for segment in kept:
                datasync(segment.fd)
            if active is not None:
                datasync(active.fd)
        except BaseException:  # a handler's, too
            with turn.lock:  # the next sync has to do what this one has not
                self._unnamed |= unnamed
                self._foreign += foreign
                self._retired[:0] = retired
            raise
        finally:
            self._syncing = before

    def _sync_foreign(self, foreign: list[Segment]) -> None:
        """Sync what another process wrote, and take out of the list what was tried."""
        while foreign:
            try:
                sync_file(self._owned.fd, foreign[0])
            except FileNotFoundError:  # deleted meanwhile
                pass
            except OSError:
                del foreign[0]
                raise
            del foreign[0]

    def _sync_retired(self, retired: list[Segment]) -> None:
        """Sync files that are not written any more, close them, and take out of the list what was tried."""
        while retired:
            try:
                datasync(retired[0].fd)
            except OSError:
                let_go(retired.pop(0))
                raise
            let_go(retired.pop(0))

    def close(self) -> None:
        """Close all files; nothing is written any more."""
        self.retire()
        self._closed = True
        while self._retired:
            let_go(self._retired.pop())

    def delete_all(self) -> None:
        """Delete all files."""
        for segment in list(self._all.values()):
            self.drop(segment)
        self.sweep()
