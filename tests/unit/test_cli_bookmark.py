"""What an import remembers, and the file of refused rows."""

import csv
import os
import stat
from pathlib import Path

import pytest

from ciokit.cli.failures import FailureError, UsageError
from ciokit.cli.imports.bookmark import Bookmark, Shelf, state_directory
from ciokit.cli.imports.disk import sync_file
from ciokit.cli.imports.refused import RefusedFile, RefusedRow, choose_path
from ciokit.stores.directories import sync_names_in


def test_a_bookmark_comes_back(tmp_path: Path) -> None:
    """What was put is opened again, and only the owner can read it."""
    shelf = Shelf(tmp_path / "state", Path("rows.csv"), ["a"])
    assert shelf.open() is None
    shelf.put(Bookmark(digest="d", rows=1))
    shelf.put(Bookmark(digest="d", rows=2, refused=1))
    assert shelf.open() == Bookmark(digest="d", rows=2, refused=1)
    assert stat.S_IMODE(shelf.path.stat().st_mode) == 0o600
    assert [path.name for path in shelf.path.parent.iterdir()] == [shelf.path.name]


def test_each_import_has_its_own(tmp_path: Path) -> None:
    """Another file, another way to read it or another destination is another import."""
    paths = {
        Shelf(tmp_path, Path(name), parts).path
        for name, parts in (("a.csv", ["x"]), ("b.csv", ["x"]), ("a.csv", ["y"]), ("d/a.csv", ["x"]))
    }
    assert len(paths) == 4
    assert Shelf(tmp_path, Path("a.csv"), ["x"]).path == Shelf(tmp_path, Path("a.csv").resolve(), ["x"]).path


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"digest":"d","format":99}', b"\xff"])
def test_what_is_no_bookmark(tmp_path: Path, content: bytes) -> None:
    """A file that was torn, or is of another version, counts as none: rows sent again are discarded by their ids."""
    shelf = Shelf(tmp_path, Path("rows.csv"), [])
    shelf.path.write_bytes(content)
    assert shelf.open() is None


def test_a_half_written_bookmark_does_no_harm(tmp_path: Path) -> None:
    """What a killed process left beside the bookmark is overwritten."""
    shelf = Shelf(tmp_path, Path("rows.csv"), [])
    shelf.put(Bookmark(digest="d", rows=1))
    shelf.path.with_suffix(".new").write_bytes(b'{"dig')
    assert shelf.open() == Bookmark(digest="d", rows=1)
    shelf.put(Bookmark(digest="d", rows=2))
    assert shelf.open() == Bookmark(digest="d", rows=2)


def test_what_is_settled_outlives_the_power(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refused rows and the bookmark that counts them are on the disk when each is written, and so are their names."""
    synced: list[tuple[int, int]] = []
    fsync = os.fsync

    def watched(handle: int) -> None:
        fsync(handle)
        about = os.fstat(handle)
        synced.append((about.st_ino, 0 if stat.S_ISDIR(about.st_mode) else about.st_size))

    monkeypatch.setattr(os, "fsync", watched)
    rows, state = tmp_path / "rows", tmp_path / "state"
    rows.mkdir()
    file = RefusedFile(rows / "refused.csv", ("who", "text"), 0)
    file.add(refused(2))
    assert synced == [(file.path.stat().st_ino, file.size), (rows.stat().st_ino, 0)]
    synced.clear()
    file.add(refused(5))
    assert synced == [(file.path.stat().st_ino, file.size)]
    synced.clear()
    shelf = Shelf(state, Path("rows.csv"), [])
    shelf.put(Bookmark(digest="d", rows=2, refused_bytes=file.size))
    assert synced == [(shelf.path.stat().st_ino, shelf.path.stat().st_size), (state.stat().st_ino, 0)]


def test_refused_rows_may_go_to_no_file(tmp_path: Path) -> None:
    """A device has no disk to bring them to, and neither has the directory of open files."""
    file = RefusedFile(Path(os.devnull), ("who", "text"), 0)
    file.add(refused(2))
    file.add(refused(5))
    with (tmp_path / "here").open("wb") as opened:
        sync_file(opened.fileno())
        sync_names_in(Path("/dev/fd"))


def test_state_that_cannot_be_written(tmp_path: Path) -> None:
    """It is told with the variable that moves it."""
    (tmp_path / "file").touch()
    with pytest.raises(FailureError, match="XDG_STATE_HOME"):
        Shelf(tmp_path / "file" / "state", Path("rows.csv"), []).put(Bookmark(digest="d"))


def test_where_state_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The XDG rules decide; a relative path counts as none."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert state_directory() == tmp_path / "ciokit" / "imports"
    monkeypatch.setenv("XDG_STATE_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert state_directory() == tmp_path / ".local" / "state" / "ciokit" / "imports"


def refused(*lines: int) -> list[RefusedRow]:
    """Make refused rows."""
    return [RefusedRow(line, "why, then", (f"u{line}", 'say "x"')) for line in lines]


def test_refused_rows(tmp_path: Path) -> None:
    """Line, reason and the row's own cells, under one header, for the owner alone."""
    file = RefusedFile(tmp_path / "refused.csv", ("who", "text"), 0)
    assert not file.path.exists()
    file.add(refused(2))
    file.add(refused(5, 9))
    with file.path.open(newline="") as opened:
        read = list(csv.reader(opened))
    assert read[0] == ["line", "reason", "who", "text"]
    assert read[1:] == [[str(line), "why, then", f"u{line}", 'say "x"'] for line in (2, 5, 9)]
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert file.size == file.path.stat().st_size


def test_going_on_cuts_what_was_not_settled(tmp_path: Path) -> None:
    """Rows written after the last settled moment are cut off, since they come again."""
    path = tmp_path / "refused.csv"
    file = RefusedFile(path, ("who", "text"), 0)
    file.add(refused(2))
    settled, content = file.size, path.read_bytes()
    file.add(refused(5))
    again = RefusedFile(path, ("who", "text"), settled)
    assert (again.size, path.read_bytes()) == (settled, content)


def test_a_file_of_an_earlier_import_goes(tmp_path: Path) -> None:
    """An import that begins anew leaves no refused rows of another one."""
    path = tmp_path / "refused.csv"
    path.write_text("line,reason\n")
    RefusedFile(path, (), 0)
    assert not path.exists()


def test_a_file_that_was_taken_away(tmp_path: Path) -> None:
    """If the user moved it, a new one is begun, with its header."""
    file = RefusedFile(tmp_path / "refused.csv", ("who", "text"), 500)
    file.add(refused(7))
    assert file.path.read_text().startswith("line,reason,who,text")


def test_where_refused_rows_go(tmp_path: Path) -> None:
    """Beside the file, or where the user says."""
    source = tmp_path / "rows.csv"
    assert choose_path(source, None, "refused") == tmp_path / "rows.csv.refused.csv"
    assert choose_path(source, tmp_path / "x.csv", "refused") == tmp_path / "x.csv"


def test_where_refused_rows_go_if_not_there(tmp_path: Path) -> None:
    """They go into the working directory if nothing can be written beside the file."""
    assert choose_path(tmp_path / "none" / "rows.csv", None, "refused") == Path("rows.csv.refused.csv")
    with pytest.raises(UsageError, match="--refused"):
        choose_path(tmp_path / "rows.csv", tmp_path / "none" / "x.csv", "refused")
    with pytest.raises(UsageError, match="--refused"):
        choose_path(tmp_path / "rows.csv", tmp_path, "refused")
