"""A spool on file systems of its own: one that is full, one that goes read-only, and one whose disk fails.

Needs root, to mount; where that is not, the tests are skipped with the reason.
"""

import fcntl
import itertools
import os
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ciokit import DiskFull, DiskReadOnly, Outbox, TrackClient
from ciokit.sandbox import World
from ciokit.sandbox.server import SandboxServer
from ciokit.stores.contract import Fate
from ciokit.stores.errors import StoreUnreadable
from ciokit.stores.spool import Spool
from ciokit.wire import Entry

EVERYTHING = 10**6, 10**9
_FIBMAP = 1
"""The system's number for the question where a block is."""
Mount = Callable[..., None]


def mount_or_skip(*arguments: str) -> None:
    """Run mount, and skip the test where that is not allowed."""
    done = subprocess.run(["mount", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"needs to mount a file system, as root: {done.stderr.strip()}")


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """Be a file system of one megabyte."""
    place = tmp_path / "mount"
    place.mkdir()
    mount_or_skip("-t", "tmpfs", "-o", "size=1m,mode=0700", "tmpfs", str(place))
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """Be a disk of 8 MB with a file system, mounted at `mount` beside it."""
    image, place = tmp_path / "disk", tmp_path / "mount"
    with image.open("wb") as disk:
        disk.truncate(8 << 20)
    place.mkdir()
    made = subprocess.run(["mkfs.ext4", "-q", "-b", "4096", str(image)], capture_output=True, check=False)
    if made.returncode:
        pytest.skip("needs mkfs.ext4")
    mount_or_skip("-o", "loop", str(image), str(place))
    yield image
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def entry(number: int, size: int = 2000) -> Entry:
    """Make an entry that tells its number."""
    return Entry(
        b'{"n":%d,"x":"%s"}' % (number, b"x" * size), (f"id:{number}",), "event", id=f"{number:026d}"
    )


def put_until_full(spool: Spool) -> int:
    """Put entries until one is refused, and count those before it."""
    count, told = 0, ""
    for count in itertools.count():
        try:
            spool.put([entry(count)])
        except DiskFull as error:
            told = str(error)
            break
    assert "No space left" in told
    assert "free space" in told
    return count


def track(outbox: Outbox, number: int) -> int:
    """Track an event that tells its number, and return that."""
    outbox.track("user-1", "filled", {"x": "x" * 2000, "n": number})
    return number


def test_a_full_disk_loses_nothing_and_recovers(place: Path) -> None:
    """When the disk is full the caller is told; what was put before is there, and goes on once there is room."""
    spool = Spool(place / "spool", segment_bytes=100_000)
    count = put_until_full(spool)
    assert count > 200
    found: list[int] = []
    while polled := spool.poll(50, 10**9):
        found += [int(one.id or "") for _, one in polled]
        spool.settle([Fate("delivered", [seq for seq, _ in polled])])
    assert found == list(range(count))
    spool.put([entry(count)])
    assert [int(one.id or "") for _, one in spool.poll(*EVERYTHING)] == [count]
    spool.close()


def test_a_full_disk_survives_the_process(place: Path) -> None:
    """What was put before the disk was full is taken over by the next process, on the same full disk."""
    spool = Spool(place / "spool")
    count = put_until_full(spool)
    spool.close()
    after = Spool(place / "spool")
    polled = after.poll(*EVERYTHING)
    assert [int(one.id or "") for _, one in polled] == list(range(count))
    after.settle([Fate("delivered", [seq for seq, _ in polled])])
    after.put([entry(0)])
    after.close()


def test_a_disk_that_is_full_from_the_beginning(place: Path) -> None:
    """A spool that cannot even be made on a full disk says so, and can be used once there is room."""
    filler = place / "filler"
    spool = Spool(place / "spool")
    with pytest.raises(OSError, match="No space"):
        filler.write_bytes(b"x" * 2_000_000)
    put_until_full(spool)
    filler.unlink()
    spool.put([entry(200)])
    assert int(spool.poll(*EVERYTHING)[-1][1].id or "") == 200
    spool.close()


def test_a_disk_that_becomes_read_only(place: Path) -> None:
    """A file system that goes read-only, as after an error of the disk, is told as such, and its end, too."""
    Spool(place / "spool").close()
    waiting = Spool(place / "spool")
    mount_or_skip("-o", "remount,ro", str(place))
    with pytest.raises(DiskReadOnly) as caught:
        waiting.put([entry(1)])
    assert "mount the file system writable" in str(caught.value)
    with pytest.raises(DiskReadOnly):
        Spool(place / "other")
    mount_or_skip("-o", "remount,rw", str(place))
    waiting.put([entry(2)])
    assert [int(one.id or "") for _, one in waiting.poll(*EVERYTHING)] == [2]
    waiting.close()


def test_a_disk_that_is_read_only_from_the_beginning(place: Path) -> None:
    """An outbox on a read-only file system is refused when it is made, though its directory is there."""
    (place / "spool").mkdir(mode=0o700)
    mount_or_skip("-o", "remount,ro", str(place))
    with TrackClient("site", "key") as client, pytest.raises(DiskReadOnly, match="Read-only file system"):
        Outbox(client, spool=place / "spool")


def place_of(file: Path, block: int) -> int:
    """Find where on the disk a block of a file is."""
    with file.open("rb") as opened:
        os.posix_fadvise(opened.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)  # else it is read from memory
        answer: bytes = fcntl.ioctl(opened, _FIBMAP, struct.pack("i", block))
    return int.from_bytes(answer, sys.byteorder) * 4096


def one_by_one(spool: Spool) -> Iterator[int]:
    """Take entries out, and tell their numbers as they come."""
    while polled := spool.poll(1, 10**9):
        yield int(polled[0][1].id or "")


def test_a_disk_that_fails_and_comes_back(disk: Path) -> None:
    """What a disk does not give back amid a file is waited for, whatever was read before it; none of it is lost."""
    spool = Spool(disk.with_name("mount") / "spool", segment_bytes=400_000, window_bytes=20_000)
    for n in range(300):
        spool.put([entry(n)])
    assert spool.sync()
    os.sync()
    at = place_of(max((disk.with_name("mount") / "spool").glob("2*/*.journal")), 20)
    with disk.open("r+b") as opened:
        opened.seek(at)
        rest = opened.read()
        opened.truncate(at)
    found: list[int] = []
    with pytest.raises(StoreUnreadable, match="Input/output error"):
        found.extend(one_by_one(spool))
    assert 200 < len(found) < 300
    with disk.open("r+b") as opened:
        opened.seek(at)
        opened.write(rest)
    found.extend(one_by_one(spool))
    assert found == [*range(300)]
    assert (spool.lost, spool.pending.entries) == (0, 300)
    spool.close()


def test_an_outbox_tells_its_caller(place: Path) -> None:
    """A verb on a full disk raises an error that says so; what it accepted before arrives."""
    world = World()
    with SandboxServer(world) as server, TrackClient("site", "key", base_url=server.url) as client:
        outbox = Outbox(client, spool=place / "spool", senders=0)
        accepted: list[int] = []
        with pytest.raises(DiskFull):
            accepted.extend(track(outbox, n) for n in range(1000))
        assert outbox.close(60)
    assert [event.data["n"] for event in world.events()] == accepted
