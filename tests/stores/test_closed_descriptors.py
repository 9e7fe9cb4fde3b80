"""Descriptors of a spool that somebody else in the process closed, as daemons do; strangers' files may have the numbers."""

import logging
import os
from pathlib import Path
from typing import Any

import pytest

from ciokit.stores.spool import Spool

from .contract import EVERYTHING, entry, numbers, settled


def opened_in(directory: Path) -> list[int]:
    """Find what is open below a directory."""
    files = {(path.stat().st_dev, path.stat().st_ino) for path in (directory, *directory.rglob("*"))}
    found: list[int] = []
    for fd in range(3, 4096):
        try:
            about = os.fstat(fd)
        except OSError:
            continue
        if (about.st_dev, about.st_ino) in files:
            found.append(fd)
    return found


def put_each(spool: Spool, range_of: range) -> None:
    """Put entries one by one."""
    for n in range_of:
        spool.put([entry(n)])


def close_all(directory: Path) -> list[int]:
    """Close what is open below a directory, and return the numbers."""
    fds = opened_in(directory)
    assert len(fds) >= 4  # the root, the process's directory, its lock, a file
    for fd in fds:
        os.close(fd)
    return fds


@pytest.mark.parametrize("durability", ["process", "power"])
@pytest.mark.parametrize("options", [{}, {"window_bytes": 600, "segment_bytes": 1000}])
def test_it_goes_on(
    directory: Path, caplog: pytest.LogCaptureFixture, durability: Any, options: dict[str, Any]
) -> None:
    """All entries are handed out once and in order, the directory is locked again, and there is nothing to tell."""
    spool = Spool(directory, durability=durability, **options)
    put_each(spool, range(40))
    polled = spool.poll(3, 10**9)
    close_all(directory)
    put_each(spool, range(40, 50))
    spool.settle([settled("delivered", polled[:1])])
    other = Spool(directory)
    assert other.adopt() == 0
    other.close()
    polled += spool.poll(*EVERYTHING)
    assert numbers(polled) == [*range(50)]
    assert spool.sync()
    spool.settle([settled("rejected", polled[1:2]), settled("delivered", polled[2:])])
    spool.close()
    assert not opened_in(directory)
    assert [path.name for path in directory.iterdir()] == ["dead"]
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.mark.parametrize("first", ["sync", "settle", "poll", "close"])
def test_whatever_comes_first(directory: Path, first: str) -> None:
    """Any call finds out, none raises, and what is not settled is there for the next process."""
    spool = Spool(directory)
    put_each(spool, range(4))
    polled = spool.poll(1, 10**9)
    close_all(directory)
    if first == "sync":
        spool.sync()
    elif first == "settle":
        spool.settle([settled("delivered", polled)])
    elif first == "poll":
        spool.poll(0, 0)
    spool.close()
    assert not opened_in(directory)
    again = Spool(directory)
    assert numbers(again.poll(*EVERYTHING)) == [*range(first == "settle", 4)]
    again.close()


def test_a_strangers_file_is_not_written(directory: Path, tmp_path: Path) -> None:
    """The next files that are opened do not get the spool's numbers, and so none of its lines."""
    spool = Spool(directory)
    put_each(spool, range(3))
    close_all(directory)
    strangers = [os.open(tmp_path / str(n), os.O_WRONLY | os.O_CREAT | os.O_APPEND) for n in range(50)]
    put_each(spool, range(3, 6))
    assert numbers(spool.poll(*EVERYTHING)) == [*range(6)]
    spool.close()
    for fd in strangers:
        assert not os.fstat(fd).st_size
        os.close(fd)


def test_a_stranger_that_has_the_number_is_noticed(directory: Path, tmp_path: Path) -> None:
    """A file that was given the number by force is left alone from the next sync on, and is not closed."""
    spool = Spool(directory)
    put_each(spool, range(3))
    fds = close_all(directory)
    stranger = os.open(tmp_path / "stranger", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for fd in fds:
        os.dup2(stranger, fd)
    spool.sync()
    put_each(spool, range(3, 6))
    assert numbers(spool.poll(*EVERYTHING)) == [*range(6)]
    spool.close()
    for fd in {*fds, stranger}:
        assert not os.fstat(fd).st_size
        os.close(fd)
    again = Spool(directory)
    assert numbers(again.poll(*EVERYTHING)) == [*range(6)]
    again.close()


@pytest.mark.parametrize("delivered", [False, True])
def test_another_has_taken_over(
    directory: Path, caplog: pytest.LogCaptureFixture, *, delivered: bool
) -> None:
    """When another process has the directory by then, a new one is begun; what it has may be sent by both."""
    spool = Spool(directory)
    put_each(spool, range(3))
    fds = close_all(directory)
    for fd in fds:  # in another process, that one's descriptors would not get these numbers
        os.dup2(0, fd)
    other = Spool(directory)
    assert numbers(other.poll(*EVERYTHING)) == [0, 1, 2]
    for fd in fds:
        os.close(fd)
    put_each(spool, range(3, 6))
    assert spool.sync()
    polled = spool.poll(*EVERYTHING)
    assert numbers(polled) == [*range(6)]
    if delivered:
        spool.settle([settled("delivered", polled)])
    assert spool.pending.entries == (0 if delivered else 6)
    spool.close()
    other.close()
    (told,) = [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]
    assert "was deleted while in use" in told
    again = Spool(directory)
    assert numbers(again.poll(*EVERYTHING)) == [*range(3 if delivered else 6)]
    again.close()
