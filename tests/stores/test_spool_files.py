"""The files of a spool: made, deleted, compacted, cut, set aside, and refused by a disk."""

import itertools
import json
import logging
import os
import resource
import shutil
import signal
import stat
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import FrameType
from typing import Any
from zlib import crc32

import pytest

from ciokit.errors import SettingsError
from ciokit.stores.contract import Backlog, Fate
from ciokit.stores.errors import (
    DiskFull,
    DiskReadOnly,
    StoreFull,
    StoreUnreadable,
    StoreUnwritable,
    unwritable,
)
from ciokit.stores.inspection import look, waiting
from ciokit.stores.journal import NewerFormat, encode_entry, encode_header
from ciokit.stores.requeue import dead_letters
from ciokit.stores.spool import Spool
from ciokit.testing import FakeClock
from ciokit.wire import Entry

from .contract import EVERYTHING, entry, numbers, settled


def journals(directory: Path) -> list[Path]:
    """List the files that hold entries, the oldest first."""
    return sorted(directory.glob("2*/*.journal"))


def put_each(spool: Spool, wanted: range, *, size: int = 0) -> None:
    """Put entries, each on its own."""
    for n in wanted:
        spool.put([entry(n, size=size)])


def abandoned(directory: Path) -> Path:
    """Copy a spool as a killed process leaves it: all that was written is there, and nobody owns it."""
    copy = directory.with_name(f"{directory.name}-left")
    shutil.copytree(directory, copy)
    return copy


def abandon(spool: Spool, directory: Path) -> Path:
    """Leave a spool as a killed process does, and close it."""
    copy = abandoned(directory)
    spool.close()
    return copy


def recovered(directory: Path) -> list[int]:
    """Open a spool, read what waits in it, and leave it as it is."""
    spool = Spool(directory)
    found = numbers(spool.poll(*EVERYTHING))
    assert len(found) == spool.pending.entries
    spool.close()
    return found


def opened(directory: Path, **settings: Any) -> Spool:
    """Open a spool with settings that a type checker would refuse."""
    return Spool(directory, **settings)


def errors(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Read what was logged as an error."""
    return [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]


class TestLayout:
    """What is on the disk."""

    def test_nothing_is_made_before_it_is_needed(self, directory: Path) -> None:
        """A spool that is only opened and closed leaves an empty directory."""
        Spool(directory).close()
        assert list(directory.iterdir()) == []

    def test_everything_is_private(self, directory: Path) -> None:
        """Directories are 0700 and files 0600, whatever the umask says."""
        before = os.umask(0)
        try:
            spool = Spool(directory)
            put_each(spool, range(3))
            spool.settle([settled("rejected", spool.poll(1, 1000), "no")])
        finally:
            os.umask(before)
        modes = {path: stat.S_IMODE(path.stat().st_mode) for path in (directory, *directory.rglob("*"))}
        assert {mode for path, mode in modes.items() if path.is_dir()} == {0o700}
        assert {mode for path, mode in modes.items() if path.is_file()} == {0o600}
        spool.close()

    def test_the_bodies_can_be_cut_out(self, directory: Path) -> None:
        """The third field of an entry's line is its body, byte for byte, for any tool that knows tabs."""
        spool = Spool(directory)
        put_each(spool, range(2))
        (file,) = journals(directory)
        fields = [line.split(b"\t") for line in file.read_bytes().splitlines()]
        assert [line[2] for line in fields if line[0] == b"E"] == [entry(0).body, entry(1).body]
        spool.close()

    def test_close_leaves_nothing_of_what_is_settled(self, directory: Path) -> None:
        """When everything is settled, the process's directory goes with its files."""
        spool = Spool(directory, segment_bytes=500)
        put_each(spool, range(20))
        spool.settle([settled("delivered", spool.poll(*EVERYTHING))])
        assert spool.pending == Backlog(0, 0)
        spool.close()
        assert list(directory.iterdir()) == []

    def test_a_spool_that_lost_its_place_is_refused_at_once(self, tmp_path: Path) -> None:
        """A parent that is not there is told when the spool is opened, not at the first event."""
        with pytest.raises(StoreUnwritable, match="No such file or directory"):
            Spool(tmp_path / "no" / "spool")


class TestDeletion:
    """Files go when they are needed no more."""

    def test_settled_files_are_deleted(self, directory: Path) -> None:
        """A file goes as soon as all that is in it, and in those before it, is settled."""
        spool = Spool(directory, segment_bytes=500)
        put_each(spool, range(40))
        before = len(journals(directory))
        assert before >= 8
        spool.settle([settled("delivered", spool.poll(20, 10**6))])
        between = len(journals(directory))
        assert between <= before / 2 + 1
        spool.settle([settled("delivered", spool.poll(*EVERYTHING))])
        assert len(journals(directory)) == 1
        spool.close()

    def test_one_stuck_entry_does_not_keep_the_rest(self, directory: Path) -> None:
        """While one old entry waits, files of settled ones are written anew without them, and the disk stays free."""
        spool = Spool(directory, segment_bytes=2000)
        put_each(spool, range(2))
        (stuck, other) = spool.poll(*EVERYTHING)
        spool.settle([settled("delivered", [other])])
        sizes: list[int] = []
        for start in range(10, 1010, 20):
            put_each(spool, range(start, start + 20))
            spool.settle([settled("delivered", spool.poll(*EVERYTHING))])
            sizes.append(sum(path.stat().st_size for path in journals(directory)))
        assert max(sizes) <= 7 * 2000
        assert spool.pending.entries == 1
        left = abandon(spool, directory)
        assert recovered(left) == numbers([stuck])

    def test_the_disk_is_bounded_by_what_waits(self, directory: Path) -> None:
        """With many stuck entries here and there, files take about twice what waits and four files more."""
        spool = Spool(directory, segment_bytes=2000)
        stuck: list[int] = []
        for start in range(0, 2000, 20):
            put_each(spool, range(start, start + 20))
            polled = spool.poll(*EVERYTHING)
            stuck.append(start)
            spool.settle([settled("delivered", polled[1:])])
            files = sum(path.stat().st_size for path in journals(directory))
            assert files <= 2 * spool.pending.bytes + 7 * 2000
        assert spool.pending.entries == len(stuck)
        left = abandon(spool, directory)
        assert recovered(left) == stuck

    def test_entries_may_be_settled_while_they_are_moved(self, directory: Path) -> None:
        """What another thread settles amid a compaction is settled, and no file is left for it."""
        spool = Spool(directory, segment_bytes=500)
        put_each(spool, range(200))
        polled = spool.poll(*EVERYTHING)
        other = threading.Thread(target=spool.settle, args=([settled("delivered", polled[:1])],))

        def watch(_frame: object, event: str, function: object) -> None:
            if event == "c_return" and function is os.rename:
                other.start()
                other.join()

        sys.setprofile(watch)
        try:
            spool.settle([settled("delivered", polled[1:])])
        finally:
            sys.setprofile(None)
        assert spool.pending == Backlog(0, 0)
        assert len(journals(directory)) == 1
        put_each(spool, range(1))
        assert recovered(abandon(spool, directory)) == [0]

    def test_entries_that_were_moved_can_be_settled(self, directory: Path) -> None:
        """What a new file took over is settled like anything else, and then that file goes too."""
        spool = Spool(directory, segment_bytes=1000)
        put_each(spool, range(100))
        polled = spool.poll(*EVERYTHING)
        spool.settle([settled("delivered", polled[1:90])])
        assert len(journals(directory)) < 8
        spool.settle([settled("delivered", polled[:1]), settled("delivered", polled[90:])])
        assert len(journals(directory)) == 1
        spool.close()
        assert list(directory.iterdir()) == []

    @pytest.mark.parametrize("count", range(60, 78))
    def test_files_are_not_compacted_before_they_are_read(self, directory: Path, count: int) -> None:
        """Wherever the reading stands when files are written anew, entries that were never handed out are kept."""
        spool = Spool(directory, segment_bytes=1000, window_bytes=600)
        put_each(spool, range(120))
        polled = spool.poll(count, 10**6)
        before = len(journals(directory))
        spool.settle([settled("delivered", polled[1:])])
        assert len(journals(directory)) < before
        assert numbers(spool.poll(*EVERYTHING)) == list(range(count, 120))
        assert recovered(abandon(spool, directory)) == [0, *range(count, 120)]

    def test_a_crash_in_the_middle_of_a_compaction(self, directory: Path) -> None:
        """A new file that is in its place while those that it replaces are still there stands for them all."""
        spool = Spool(directory, segment_bytes=600)
        put_each(spool, range(60))
        before = {path: path.read_bytes() for path in journals(directory)}
        polled = spool.poll(*EVERYTHING)
        spool.settle([settled("delivered", polled[1:55])])
        new = journals(directory)[0]
        replaced = [path for path in before if path < new]
        assert replaced
        left = abandon(spool, directory)
        for path in replaced:
            (left / path.relative_to(directory)).write_bytes(before[path])
        assert look(left).entries == 6
        assert recovered(left) == [0, *range(55, 60)]

    def test_a_crash_before_the_end_of_a_compaction(self, directory: Path) -> None:
        """A new file that was not finished is deleted, and the old ones count."""
        spool = Spool(directory, segment_bytes=600)
        put_each(spool, range(10))
        left = abandon(spool, directory)
        first = journals(left)[0]
        remains = first.with_name(first.name + ".tmp")
        remains.write_bytes(encode_header(1, 1) + b"E\t[3")
        assert recovered(left) == list(range(10))
        assert not remains.exists()


class TestDamage:
    """Files that are not as they were written."""

    def test_every_cut_keeps_the_whole_lines_before_it(self, directory: Path) -> None:
        """Wherever the last file ends, the lines that are whole are recovered and the rest is cut off."""
        spool = Spool(directory, segment_bytes=700)
        put_each(spool, range(12))
        *earlier, last = journals(directory)
        base = sum(path.read_bytes().count(b"\nE\t") for path in earlier)
        data = last.read_bytes()
        assert earlier
        assert data.count(b"\nE\t") >= 2
        left = abandon(spool, directory)
        for cut in range(len(data) + 1):
            shutil.rmtree(directory, ignore_errors=True)
            shutil.copytree(left, directory)
            os.truncate(last, cut)
            whole = (b"\n" + data[:cut]).rpartition(b"\n")[0].count(b"\nE\t")
            assert recovered(directory) == list(range(base + whole)), cut

    def test_a_cut_is_told_without_alarm(self, directory: Path, caplog: pytest.LogCaptureFixture) -> None:
        """A write that was cut short is a warning: its put never returned."""
        spool = Spool(directory)
        put_each(spool, range(2))
        left = abandon(spool, directory)
        (file,) = journals(left)
        os.truncate(file, file.stat().st_size - 3)
        assert recovered(left) == [0]
        (record,) = caplog.records
        assert record.levelno == logging.WARNING
        assert "was cut short" in record.getMessage()
        assert file.name in record.getMessage()

    def test_a_changed_byte_costs_its_line_alone(
        self, directory: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        """A file with a changed byte is set aside with a loud error; all its other lines and all other files go on."""
        spool = Spool(directory, segment_bytes=1000)
        put_each(spool, range(30))
        left = abandon(spool, directory)
        file = journals(left)[1]
        data = file.read_bytes()
        place = data.index(b'{"n":') + 5
        lost = int(data[place : data.index(b",", place)])
        file.write_bytes(data[:place] + b"x" + data[place + 1 :])
        assert recovered(left) == [n for n in range(30) if n != lost]
        (told,) = errors(caplog)
        assert "1 lines are not as they were written" in told
        (aside,) = (left / "damaged").iterdir()
        assert aside.name == f"{file.parent.name}-{file.name}.damaged"
        assert aside.read_bytes() == data[:place] + b"x" + data[place + 1 :]
        assert f"damaged/{aside.name}" in told
        caplog.clear()
        assert recovered(left) == [n for n in range(30) if n != lost]
        assert errors(caplog) == []

    def test_no_change_of_a_byte_costs_more_than_two_lines(self, directory: Path) -> None:
        """Whatever byte of a file in the middle is changed, at most the line and, for a newline, its neighbour go."""
        spool = Spool(directory, segment_bytes=700)
        put_each(spool, range(9))
        left = abandon(spool, directory)
        file = journals(left)[1]
        data = file.read_bytes()
        for place in range(0, len(data), 7):
            copy = left.with_name("copy")
            shutil.copytree(left, copy)
            target = copy / file.relative_to(left)
            target.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
            found = recovered(copy)
            assert found == sorted(found)
            assert set(found) <= set(range(9))
            assert len(found) >= 7
            shutil.rmtree(copy)

    def test_bytes_that_are_no_text(self, directory: Path) -> None:
        """A file of zeros, as some crashes leave it, costs nothing but what was in it."""
        spool = Spool(directory, segment_bytes=700)
        put_each(spool, range(9))
        left = abandon(spool, directory)
        first, second, *_ = journals(left)
        count = second.read_bytes().count(b"\nE\t")
        start = first.read_bytes().count(b"\nE\t")
        second.write_bytes(bytes(second.stat().st_size))
        assert recovered(left) == [n for n in range(9) if not start <= n < start + count]

    def test_a_file_that_is_a_link_is_not_followed(
        self, directory: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        """A file that someone made a symbolic link is moved aside, and its target neither read nor changed."""
        spool = Spool(directory, segment_bytes=700)
        put_each(spool, range(9))
        left = abandon(spool, directory)
        file = journals(left)[1]
        target = tmp_path / "elsewhere"
        shutil.move(file, target)
        data = target.read_bytes()
        file.symlink_to(target)
        found = recovered(left)
        assert found == [n for n in range(9) if b'{"n":%d,' % n not in data]
        assert target.read_bytes() == data
        assert "cannot be read" in errors(caplog)[0]

    def test_a_later_format_is_left_alone(self, directory: Path, caplog: pytest.LogCaptureFixture) -> None:
        """A directory that a later ciokit wrote is neither read nor changed, and the error says what to do."""
        spool = Spool(directory)
        put_each(spool, range(2))
        left = abandon(spool, directory)
        (file,) = journals(left)
        make_later(file)
        data = file.read_bytes()
        assert recovered(left) == []
        assert file.read_bytes() == data
        assert f"the file {file.name} has format 99" in errors(caplog)[0]
        assert "upgrade" in errors(caplog)[0]
        assert "format 99" in look(left).processes[0].problem
        with pytest.raises(NewerFormat, match=f"the file {file.parent.name}/{file.name} has format 99"):
            list(waiting(left))

    def test_dead_letters_of_a_later_format(self, directory: Path) -> None:
        """Whoever reads them is told which file it is."""
        spool = Spool(directory)
        put_each(spool, range(2))
        spool.settle([settled("rejected", spool.poll(*EVERYTHING))])
        spool.close()
        (file,) = directory.glob("dead/*.journal")
        make_later(file)
        with pytest.raises(NewerFormat, match=f"the file dead/{file.name} has format 99"):
            list(dead_letters(directory))

    def test_a_damaged_line_that_is_no_entry_costs_none(
        self, directory: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        """When the line is damaged that says what became of others, every entry is still there, and counted."""
        spool = Spool(directory, segment_bytes=1000, window_bytes=600)
        put_each(spool, range(10))
        spool.settle([settled("delivered", spool.poll(2, 10**6))])
        put_each(spool, range(10, 30))
        (file,) = [file for file in journals(directory) if b"\nS\t" in file.read_bytes()]
        file.write_bytes(file.read_bytes().replace(b"delivered", b"delivereD"))
        assert spool.pending.entries == 28
        polled = spool.poll(*EVERYTHING)
        assert numbers(polled) == [*range(2, 30)]
        assert (spool.pending.entries, spool.lost) == (28, 0)
        spool.settle([settled("delivered", polled[:-1])])
        assert spool.pending.entries == 1
        assert recovered(abandon(spool, directory)) == [29]
        assert "1 lines" in errors(caplog)[0]

    def test_a_file_that_vanishes(self, directory: Path, caplog: pytest.LogCaptureFixture) -> None:
        """When a file is deleted under a spool's hands, what was in it is told as lost, and the rest goes on."""
        spool = Spool(directory, segment_bytes=1000, window_bytes=600)
        put_each(spool, range(50))
        file = journals(directory)[2]
        lost = [
            json.loads(line.split(b"\t")[2])["n"]
            for line in file.read_bytes().splitlines()
            if line[:1] == b"E"
        ]
        file.unlink()
        polled = spool.poll(*EVERYTHING)
        assert numbers(polled) == [n for n in range(50) if n not in lost]
        assert f"{len(lost)} lines" in errors(caplog)[0]
        assert spool.lost == len(lost)
        assert spool.pending.entries == len(polled)
        spool.settle([settled("delivered", polled)])
        assert spool.pending == Backlog(0, 0)
        spool.close()

    @pytest.mark.parametrize("told_by", ["a sync", "a read"])
    def test_the_file_that_is_written_vanishes(
        self, directory: Path, caplog: pytest.LogCaptureFixture, told_by: str
    ) -> None:
        """When it is deleted, what it had is lost but for what memory has, and what comes after it is kept anew."""
        spool = Spool(directory, window_bytes=600)
        put_each(spool, range(20))
        journals(directory)[0].unlink()
        if told_by == "a sync":
            assert spool.sync()
        found = numbers(spool.poll(*EVERYTHING))
        assert found == [*range(len(found))]
        assert spool.lost == 20 - len(found)
        put_each(spool, range(20, 60))
        assert len(journals(directory)) == 1
        polled = spool.poll(*EVERYTHING)
        assert numbers(polled) == [*range(20, 60)]
        assert spool.lost == 20 - len(found)
        assert f"let nothing else clear {directory} away" in errors(caplog)[0]
        spool.close()
        assert recovered(directory) == [*range(20, 60)]


def make_later(file: Path) -> None:
    """Have a file say that it is of a later format."""
    payload = b'H\t[99]\t{"segment":1,"replaces":1}'
    lines = file.read_bytes().split(b"\n", 1)
    file.write_bytes(payload + b"\t[%d,%d]\n" % (len(payload), crc32(payload)) + lines[1])


def break_link(file: Path) -> Path:
    """Put a link in the place of a file, which no spool follows; return where the file is."""
    kept = file.with_suffix(".kept")
    file.rename(kept)
    file.symlink_to(kept.name)
    return kept


def one_by_one(spool: Spool) -> Iterator[int]:
    """Take entries out, and tell their numbers as they come."""
    while polled := spool.poll(1, 10**9):
        yield from numbers(polled)


class TestUnreadable:
    """A file that cannot be read back while it is in use."""

    def test_it_is_tried_again(self, directory: Path) -> None:
        """As long as a file cannot be read that is told, with its name; then everything comes, in order, none lost."""
        spool = Spool(directory, segment_bytes=1000, window_bytes=600)
        put_each(spool, range(50))
        file = journals(directory)[2]
        kept = break_link(file)
        found = numbers(spool.poll(*EVERYTHING))
        for _ in range(2):
            with pytest.raises(StoreUnreadable, match=f"{directory}/{file.parent.name}/{file.name}: "):
                spool.poll(*EVERYTHING)
        kept.replace(file)
        found += numbers(spool.poll(*EVERYTHING))
        assert found == [*range(50)]
        assert (spool.lost, spool.pending.entries) == (0, 50)
        spool.close()

    def test_what_stays_unreadable_is_given_up(
        self, directory: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        """A minute later a file is kept aside, what it had is told as lost, and everything else goes on."""
        clock = FakeClock()
        spool = Spool(directory, segment_bytes=1000, window_bytes=600, clock=clock)
        put_each(spool, range(50))
        file = journals(directory)[2]
        lost = sum(line[:1] == b"E" for line in file.read_bytes().splitlines())
        break_link(file)
        polled = spool.poll(*EVERYTHING)
        for seconds in (0, 59):
            clock.advance(seconds)
            with pytest.raises(StoreUnreadable):
                spool.poll(*EVERYTHING)
        clock.advance(1)
        polled += spool.poll(*EVERYTHING)
        assert len(polled) == 50 - lost
        assert spool.lost == lost
        assert spool.pending.entries == 50 - lost
        (aside,) = (directory / "damaged").iterdir()
        assert f"{file.parent.name}/{file.name} could not be read for 60 s" in errors(caplog)[0]
        assert f"is kept as damaged/{aside.name}" in errors(caplog)[0]
        spool.settle([settled("delivered", polled[1:])])
        spool.close()
        assert recovered(directory) == numbers(polled[:1])
        assert [aside] == [*(directory / "damaged").iterdir()]
        assert file not in journals(directory)

    def test_each_place_is_waited_for(self, directory: Path) -> None:
        """A file that failed, was read on and fails again has its minute again."""
        clock = FakeClock()
        spool = Spool(directory, segment_bytes=8_000_000, window_bytes=600, clock=clock)
        put_each(spool, range(40), size=100_000)
        (file,) = journals(directory)
        found: list[int] = []
        for _ in range(3):
            kept = break_link(file)
            with pytest.raises(StoreUnreadable):
                found.extend(one_by_one(spool))
            clock.advance(61)
            kept.replace(file)
            found += numbers(spool.poll(1, 10**9))
        found.extend(one_by_one(spool))
        assert found == [*range(40)]
        assert spool.lost == 0
        spool.close()

    def test_what_is_no_fault_of_the_file_is_waited_for(self, directory: Path) -> None:
        """However long a process has too many open files, nothing is given up for it."""
        clock = FakeClock()
        spool = Spool(directory, segment_bytes=1000, window_bytes=600, clock=clock)
        put_each(spool, range(50))
        before = resource.getrlimit(resource.RLIMIT_NOFILE)
        lowest = os.dup(0)
        os.close(lowest)
        found = numbers(spool.poll(1, 1000))
        resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, before[1]))
        try:
            found += numbers(spool.poll(*EVERYTHING))
            for _ in range(3):
                clock.advance(61)
                with pytest.raises(StoreUnreadable, match="ulimit -n"):
                    spool.poll(*EVERYTHING)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, before)
        found += numbers(spool.poll(*EVERYTHING))
        assert found == [*range(50)]
        assert spool.lost == 0
        spool.close()


@pytest.fixture
def quick_turns() -> Iterator[None]:
    """Let threads take turns so often that each comes amid another's call."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


@pytest.fixture
def small_files() -> Iterator[int]:
    """Let no file grow beyond some bytes: the one full disk that needs no disk and no privilege."""
    limit = 4096
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
    yield limit
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, ignored)


@pytest.fixture
def unprivileged(directory: Path) -> Iterator[None]:
    """Be a user whom permissions bind; root is not."""
    if os.geteuid() != 0:
        yield
        return
    nobody = 65534
    os.chown(directory.parent, nobody, nobody)
    os.seteuid(nobody)
    yield
    os.seteuid(0)


def fill(spool: Spool) -> int:
    """Put entries until the disk is full, and count them."""
    for count in itertools.count():
        try:
            spool.put([entry(count, size=2)])
        except DiskFull:
            return count
    raise AssertionError


class TestDeletedDirectory:
    """A directory that somebody deletes while it is in use."""

    @pytest.mark.parametrize("durability", ["process", "power"])
    @pytest.mark.parametrize("whole", [False, True])
    def test_puts_go_on_in_a_new_one(
        self, directory: Path, caplog: pytest.LogCaptureFixture, durability: str, *, whole: bool
    ) -> None:
        """What memory has goes on; what is put from then on is on the disk again, and that is told once."""
        spool = opened(directory, durability=durability, segment_bytes=1000)
        put_each(spool, range(3))
        polled = spool.poll(1, 1000)
        shutil.rmtree(directory)
        if not whole:
            directory.mkdir(mode=0o700)
        put_each(spool, range(3, 30))
        polled += spool.poll(*EVERYTHING)
        assert numbers(polled) == [*range(30)]
        assert len({seq for seq, _ in polled}) == 30
        assert spool.last_seq == polled[-1][0]
        (told,) = errors(caplog)
        assert "was deleted while in use" in told
        on_disk = recovered(abandoned(directory))
        assert on_disk == [*range(on_disk[0], 30)]
        assert len(on_disk) >= 18
        spool.settle([settled("rejected", polled[:1]), settled("delivered", polled[1:])])
        assert spool.pending == Backlog(0, 0)
        spool.close()
        assert [path.name for path in directory.iterdir()] == ["dead"]

    @pytest.mark.parametrize("durability", ["process", "power"])
    def test_puts_and_settlements_at_that_moment(
        self, directory: Path, durability: str, quick_turns: None
    ) -> None:
        """However many threads put and settle while directories go, no put fails, and every entry is settled once."""
        spool = opened(directory, durability=durability, segment_bytes=2000)
        seen: list[int] = []

        def settle() -> None:
            while len(seen) < 8000 and not any(putter.done() and putter.exception() for putter in putters):
                polled = spool.poll(100, 10**9)
                seen.extend(numbers(polled))
                spool.settle([settled("delivered", polled)])

        with ThreadPoolExecutor(5) as pool:
            putters = [pool.submit(put_each, spool, range(n, 8000, 4)) for n in range(4)]
            settling = pool.submit(settle)
            while not settling.done():
                for process in directory.glob("2*"):
                    shutil.rmtree(process, ignore_errors=True)
            for future in (*putters, settling):
                future.result()
        assert sorted(seen) == [*range(8000)]
        assert spool.pending == Backlog(0, 0)
        spool.close()

    def test_a_sync_finds_out(self, directory: Path) -> None:
        """The next sync sees it, long before the file is full; what is put then is on the disk again."""
        spool = Spool(directory)
        put_each(spool, range(2))
        shutil.rmtree(directory)
        spool.sync()
        put_each(spool, range(2, 4))
        assert recovered(abandoned(directory)) == [2, 3]
        assert numbers(spool.poll(*EVERYTHING)) == [0, 1, 2, 3]
        spool.close()

    def test_dead_letters_go_on_in_a_new_file(self, directory: Path) -> None:
        """An entry that is refused after the dead letters were deleted is a dead letter all the same."""
        spool = Spool(directory)
        put_each(spool, range(2))
        for one in spool.poll(*EVERYTHING):
            spool.settle([settled("rejected", [one])])
            shutil.rmtree(directory / "dead")
            assert look(directory).dead_letters == 0
        put_each(spool, range(1))
        spool.settle([settled("rejected", spool.poll(*EVERYTHING))])
        assert look(directory).dead_letters == 1
        spool.close()


class TestFullDisk:
    """A disk that takes no more."""

    def test_a_full_disk_is_told_and_loses_nothing(self, directory: Path, small_files: int) -> None:
        """The put that does not fit says so and leaves nothing; those before it stay, those after it may fit."""
        spool = Spool(directory)
        accepted: list[int] = []
        refused: list[DiskFull] = []
        for n in range(60):
            try:
                spool.put([entry(n, size=100 if n % 7 else 900)])
                accepted.append(n)
            except DiskFull as error:
                refused.append(error)
        assert len(accepted) > 5
        assert refused[0].directory == str(directory)
        assert "ulimit -f" in str(refused[0])
        (file,) = journals(directory)
        assert file.stat().st_size <= small_files
        assert file.read_bytes().endswith(b"\n")
        assert numbers(spool.poll(*EVERYTHING)) == accepted
        assert spool.pending.entries == len(accepted)
        left = abandon(spool, directory)
        assert recovered(left) == accepted

    def test_many_at_once_are_kept_whole_or_not_at_all(self, directory: Path, small_files: int) -> None:
        """A put of many entries of which some would fit keeps none."""
        spool = Spool(directory)
        put_each(spool, range(3))
        with pytest.raises(DiskFull):
            spool.put([entry(n, size=100) for n in range(100)])
        spool.put([entry(3)])
        assert numbers(spool.poll(*EVERYTHING)) == [0, 1, 2, 3]
        assert recovered(abandon(spool, directory)) == [0, 1, 2, 3]

    def test_settling_goes_on(
        self, directory: Path, small_files: int, caplog: pytest.LogCaptureFixture
    ) -> None:
        """What became of entries is kept in mind and written when there is room; only a crash would repeat them."""
        spool = Spool(directory)
        count = fill(spool)
        polled = spool.poll(*EVERYTHING)
        for one in polled[:-1]:
            spool.settle([settled("delivered", [one])])
        assert spool.pending.entries == 1
        resource.setrlimit(resource.RLIMIT_FSIZE, (-1, -1))
        spool.put([entry(count)])
        (last,) = spool.poll(*EVERYTHING)
        spool.settle([settled("delivered", [last])])
        assert spool.pending.entries == 1
        assert recovered(abandon(spool, directory)) == numbers(polled[-1:])
        assert len([told for told in errors(caplog) if "cannot be written" in told]) == 1

    def test_a_dead_letter_that_cannot_be_kept_waits(self, directory: Path) -> None:
        """A refused entry goes on waiting until the disk takes it as a dead letter."""
        spool = Spool(directory)
        put_each(spool, range(2))
        polled = spool.poll(*EVERYTHING)
        dead = directory / "dead"
        dead.write_bytes(b"")  # in the way
        spool.settle([settled("rejected", polled[:1], "no")])
        assert spool.pending.entries == 2
        dead.unlink()
        spool.settle([settled("delivered", polled[1:])])
        assert spool.pending == Backlog(0, 0)
        assert look(directory).dead_letters == 1
        spool.close()

    @pytest.mark.parametrize("together", [1, 3])
    def test_a_write_that_takes_a_part_goes_on(
        self, directory: Path, small_files: int, together: int
    ) -> None:
        """Where the disk takes a part of a line and then has room again, the rest follows."""
        spool = Spool(directory)
        most = fill(spool)
        shorts: list[None] = []

        def make_room(_frame: FrameType, event: str, argument: object) -> None:
            if event == "c_return" and argument is os.write and not shorts:
                shorts.append(None)
                resource.setrlimit(
                    resource.RLIMIT_FSIZE, (1 << 20, resource.getrlimit(resource.RLIMIT_FSIZE)[1])
                )

        sys.setprofile(make_room)
        try:
            spool.put([entry(most + place, size=2) for place in range(together)])
        finally:
            sys.setprofile(None)
        assert shorts
        spool.close()
        again = Spool(directory)
        assert numbers(again.poll(*EVERYTHING)) == list(range(most + together))
        assert not again.lost
        again.close()

    def test_a_dead_letter_that_is_cut_short_costs_no_other(self, directory: Path, small_files: int) -> None:
        """What a full disk left of a dead letter is cut off, so that the next one is whole."""
        spool = Spool(directory)
        put_each(spool, range(30))
        polled = spool.poll(*EVERYTHING)
        for one in polled:
            spool.settle([Fate("rejected", [one[0]], "no" * 150, 400, 1)])
        left = spool.pending.entries
        assert 0 < left < 30
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
        spool.settle([])
        assert spool.pending == Backlog(0, 0)
        spool.close()
        assert [int(one.letter.entry.id or "") for one in dead_letters(directory)] == list(range(30))

    def test_a_directory_that_may_not_be_written(self, directory: Path, unprivileged: None) -> None:
        """A spool that lost its permission says so, and goes on when it has it again."""
        spool = Spool(directory)
        directory.chmod(0o500)
        with pytest.raises(DiskReadOnly, match="own the directory"):
            put_each(spool, range(1))
        directory.chmod(0o700)
        put_each(spool, range(1))
        assert numbers(spool.poll(*EVERYTHING)) == [0]
        spool.close()

    @pytest.mark.parametrize("mode", [0o500, 0o600])
    def test_a_directory_that_may_never_be_written(
        self, directory: Path, unprivileged: None, mode: int
    ) -> None:
        """A spool in which no file can be made is refused when it is opened, and nothing is left there."""
        directory.mkdir()
        directory.chmod(mode)
        with pytest.raises(DiskReadOnly, match=f"the spool {directory} cannot be written: Permission denied"):
            Spool(directory)
        directory.chmod(0o700)
        assert list(directory.iterdir()) == []

    def test_what_cannot_be_begun_leaves_nothing(self, directory: Path) -> None:
        """Where no more files may be opened, a put says so at whichever step it is, and leaves no directory behind."""
        spool = Spool(directory)
        before = resource.getrlimit(resource.RLIMIT_NOFILE)
        lowest = os.dup(0)
        os.close(lowest)
        try:
            for more in range(3):  # to open the spool, to list it, to lock a directory of its own
                resource.setrlimit(resource.RLIMIT_NOFILE, (lowest + more, before[1]))
                with pytest.raises(StoreUnwritable, match="Too many open files"):
                    spool.put([entry(0)])
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, before)
        assert list(directory.iterdir()) == []
        put_each(spool, range(1))
        spool.close()

    @pytest.mark.parametrize(
        ("number", "kind", "advice"),
        [
            ("ENOSPC", DiskFull, "free space"),
            ("EDQUOT", DiskFull, "quota"),
            ("EROFS", DiskReadOnly, "mount the file system writable"),
            ("EACCES", DiskReadOnly, "own the directory"),
            ("EIO", StoreUnwritable, "check the disk"),
            ("EMFILE", StoreUnwritable, "ulimit -n"),
            ("ENOENT", StoreUnwritable, "make the directory that it is to be in"),
        ],
    )
    def test_errors_say_what_to_do(self, number: str, kind: type[StoreUnwritable], advice: str) -> None:
        """Each error of the system has a type of its own where there is something of its own to do."""
        import errno

        error = unwritable("/var/spool/app", OSError(getattr(errno, number), "x"))
        assert type(error) is kind
        assert "/var/spool/app" in str(error)
        assert os.strerror(error.errno) in str(error)
        assert advice in str(error)


class TestBounds:
    """Sizes that are kept to."""

    def test_a_long_queue_leaves_memory_alone(self, directory: Path) -> None:
        """Memory holds a window of a long queue, and what is beyond it is read back whole and in order."""
        spool = Spool(directory, segment_bytes=20_000, window_bytes=50_000)
        put_each(spool, range(2000), size=50)
        found: list[int] = []
        while polled := spool.poll(40, 10**6):
            found += numbers(polled)
            if len(found) == 1000:
                put_each(spool, range(2000, 2100))
        assert found == list(range(2100))
        spool.close()

    def test_what_was_adopted_counts(self, directory: Path) -> None:
        """Entries of dead processes take room from new ones until they are settled."""
        spool = Spool(directory)
        put_each(spool, range(10))
        left = abandon(spool, directory)
        spool = Spool(left, max_entries=12)
        polled = spool.poll(*EVERYTHING)
        assert len(polled) == 10
        put_each(spool, range(10, 12))
        with pytest.raises(StoreFull, match="max_entries"):
            spool.put([entry(12)])
        spool.settle([settled("delivered", polled[:3])])
        put_each(spool, range(12, 15))
        assert spool.pending.entries == 12
        spool.close()

    def test_what_was_adopted_is_no_reason_to_despair(self, directory: Path) -> None:
        """Where entries of dead processes take the room, the error has the whole bound: waiting for them can help."""
        spool = Spool(directory)
        put_each(spool, range(3), size=1000)
        left = abandon(spool, directory)
        for bounds in ({"max_bytes": 3500}, {"max_bytes": 2000}, {"max_entries": 3}, {"max_entries": 2}):
            spool = opened(left, **bounds)
            polled = spool.poll(*EVERYTHING)
            ((bound, limit),) = bounds.items()
            with pytest.raises(StoreFull) as caught:
                spool.put([entry(3, size=1000)])
            waiting = spool.pending.bytes if bound == "max_bytes" else 3
            assert (caught.value.limit, caught.value.waiting) == (limit, waiting)
            assert caught.value.fits_when_empty
            with pytest.raises(StoreFull, match="this can never fit"):
                spool.put([entry(n, size=1000) for n in range(4)])
            assert len(polled) == 3
            spool.close()

    @pytest.mark.parametrize("processes", [1, 2])
    def test_what_is_out_was_handed_out(self, directory: Path, processes: int) -> None:
        """When a file cannot be opened, what comes before it is handed out, and the rest once it can."""
        for process in range(processes):
            clock = FakeClock(1_700_000_000.0 + process)  # which names what was first
            spool = Spool(directory, segment_bytes=8000 // processes, clock=clock)
            put_each(spool, range(process * 50, process * 50 + 50), size=100)
            spool.close()
        spool = Spool(directory)
        found = numbers(spool.poll(1, 1000))  # and the first file is read
        before = resource.getrlimit(resource.RLIMIT_NOFILE)
        lowest = os.dup(0)
        os.close(lowest)
        resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, before[1]))
        try:
            while len(found) < processes * 50:
                found += numbers(spool.poll(*EVERYTHING))
        except StoreUnreadable as error:
            assert "Too many open files" in str(error)  # noqa: PT017 - the loop ends by it
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, before)
        assert 1 < len(found) < processes * 50
        assert found + numbers(spool.poll(*EVERYTHING)) == [*range(processes * 50)]
        spool.close()

    def test_a_line_larger_than_a_file(self, directory: Path) -> None:
        """An entry that is larger than a file, or than what is read at once, has a file of its own."""
        spool = Spool(directory, segment_bytes=1000, window_bytes=1)
        sizes = [10, 5000, 10, 1_500_000, 10]
        for n, size in enumerate(sizes):
            spool.put([entry(n, size=size)])
        polled = spool.poll(*EVERYTHING)
        assert [one for _, one in polled] == [entry(n, size=size) for n, size in enumerate(sizes)]
        assert recovered(abandon(spool, directory)) == [0, 1, 2, 3, 4]

    @pytest.mark.parametrize(
        "name", ["max_bytes", "max_entries", "segment_bytes", "window_bytes", "max_dead_bytes"]
    )
    def test_sizes_must_be_positive(self, directory: Path, name: str) -> None:
        """A size that nothing fits is refused by its name."""
        with pytest.raises(SettingsError, match=f"{name} must be at least 1, got 0"):
            opened(directory, **{name: 0})

    def test_durability_is_one_of_two(self, directory: Path) -> None:
        """A mistyped durability is refused."""
        with pytest.raises(SettingsError, match="durability must be 'process' or 'power', got 'disk'"):
            opened(directory, durability="disk")

    def test_entries_keep_what_they_are(self, directory: Path) -> None:
        """What is read back from files equals what was put, for any route and key."""
        wanted = [
            entry(1),
            Entry(b'{"t":"\t"}', ("id:\t\n", "x"), "merge", replay_safe=False),
            Entry(b"", (), ""),
        ]
        spool = Spool(directory, window_bytes=1)
        spool.put(wanted)
        assert [one for _, one in spool.poll(*EVERYTHING)] == wanted
        spool.settle([Fate("delivered", [10**9])])
        spool.close()

    def test_lines_are_what_counts(self, directory: Path) -> None:
        """Pending bytes are those of the lines in the files."""
        spool = Spool(directory)
        spool.put([entry(1), entry(2, size=100)])
        lines = encode_entry(1, entry(1)), encode_entry(2, entry(2, size=100))
        assert spool.pending == Backlog(2, sum(len(line) for line in lines))
        spool.close()
