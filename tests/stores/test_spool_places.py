"""Where a spool may be: a directory that nobody else can write, on a file system that keeps its word."""

import os
from functools import partial
from pathlib import Path

import pytest

from ciokit.errors import SettingsError
from ciokit.stores import directories
from ciokit.stores.filesystems import filesystem_of, is_network
from ciokit.stores.spool import Spool

from .contract import EVERYTHING, entry, numbers

MOUNTS = """\
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 22 0:26 / /mnt/shared rw,relatime shared:2 master:3 - nfs4 server:/export rw,vers=4.2
31 30 0:27 / /mnt/shared/local rw - tmpfs tmpfs rw
32 22 0:28 / /mnt/with\\040space rw - fuse.sshfs host:/ rw
33 22 0:29 / /mnt/sharedbutnot rw - xfs /dev/vdb rw
34 22 0:30 / /mnt/twice rw - cifs //server/share rw
35 34 0:31 / /mnt/twice rw - btrfs /dev/vdc rw
broken line
"""


@pytest.mark.parametrize(
    ("path", "kind", "network"),
    [
        ("/var/spool/app", "ext4", False),
        ("/", "ext4", False),
        ("/mnt/shared", "nfs4", True),
        ("/mnt/shared/deep/down", "nfs4", True),
        ("/mnt/shared/local/spool", "tmpfs", False),
        ("/mnt/with space/spool", "fuse.sshfs", True),
        ("/mnt/sharedbutnot/spool", "xfs", False),
        ("/mnt/twice/spool", "btrfs", False),
    ],
)
def test_the_file_system_of_a_directory(path: str, kind: str, network: bool) -> None:
    """The innermost and latest mount decides, by whole names, escapes undone."""
    assert filesystem_of(path, MOUNTS) == kind
    assert is_network(kind) == network


@pytest.mark.parametrize(
    "kind", ["nfs", "cifs", "smb3", "9p", "ceph", "fuse.glusterfs", "fuse.s3fs", "lustre"]
)
def test_network_file_systems(kind: str) -> None:
    """File systems that are reached over a network are known as such."""
    assert is_network(kind)


@pytest.mark.parametrize(
    "kind", ["ext4", "xfs", "btrfs", "zfs", "tmpfs", "overlay", "fuse.portal", "apfs", ""]
)
def test_local_file_systems(kind: str) -> None:
    """Others are not, and what cannot be told is not refused."""
    assert not is_network(kind)


def test_this_file_system_is_known(tmp_path: Path) -> None:
    """On Linux the file system of a real directory can be told."""
    assert filesystem_of(str(tmp_path))


def test_a_network_file_system_is_refused(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A spool on a network file system needs insisting; the error says why and names the setting."""
    mounts = "22 1 254:0 / / rw - nfs4 server:/ rw"
    monkeypatch.setattr(directories, "filesystem_of", partial(filesystem_of, mountinfo=mounts))
    with pytest.raises(SettingsError, match=r"network file system \(nfs4\).*insist_on_network_fs=True"):
        Spool(directory)
    spool = Spool(directory, insist_on_network_fs=True)
    spool.put([entry(1)])
    assert numbers(spool.poll(*EVERYTHING)) == [1]
    spool.close()


def test_a_link_is_refused(directory: Path) -> None:
    """A spool that is a symbolic link is refused, wherever it points."""
    directory.mkdir(mode=0o700)
    link = directory.with_name("link")
    link.symlink_to(directory)
    with pytest.raises(SettingsError, match=r"spool: .*/link is a symbolic link; give the directory"):
        Spool(link)


def test_a_file_is_refused(directory: Path) -> None:
    """A spool that is a file is refused."""
    directory.write_bytes(b"")
    with pytest.raises(SettingsError, match="is not a directory"):
        Spool(directory)


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o777, 0o1777])
def test_a_directory_that_others_may_write_is_refused(directory: Path, mode: int) -> None:
    """A directory in which others could put files or links is refused, with its mode."""
    directory.mkdir()
    directory.chmod(mode)
    with pytest.raises(
        SettingsError, match=f"can be written by others .mode {mode & 0o777:04o}.; chmod 0700"
    ):
        Spool(directory)


def test_a_directory_that_others_may_read_is_taken(directory: Path) -> None:
    """Others may look at the list of processes; what is in their directories they cannot."""
    directory.mkdir()
    directory.chmod(0o755)
    spool = Spool(directory)
    spool.put([entry(1)])
    assert {path.stat().st_mode & 0o777 for path in directory.iterdir()} == {0o700}
    spool.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory to another user")
def test_a_directory_of_another_user_is_refused(directory: Path) -> None:
    """A directory of another user is refused, even to root: its owner could change it at any time."""
    directory.mkdir(mode=0o700)
    os.chown(directory, 65534, 65534)
    with pytest.raises(SettingsError, match="belongs to user 65534"):
        Spool(directory)


def test_a_relative_directory_stays_where_it_was(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A spool that is given by a relative path does not move when the process changes its directory."""
    monkeypatch.chdir(directory.parent)
    spool = Spool("spool")
    monkeypatch.chdir("/")
    spool.put([entry(1)])
    assert spool.directory == str(directory)
    assert list(directory.glob("2*/*.journal"))
    spool.close()


def test_strangers_in_the_spool_are_left_alone(directory: Path) -> None:
    """Files and directories that are not the spool's own are neither read nor deleted."""
    (directory / "lost+found").mkdir(parents=True)
    directory.chmod(0o700)
    (directory / "README").write_text("x")
    spool = Spool(directory)
    spool.put([entry(1)])
    assert numbers(spool.poll(*EVERYTHING)) == [1]
    spool.close()
    assert (directory / "README").read_text() == "x"
    assert (directory / "lost+found").is_dir()


def test_a_process_directory_that_is_a_link_is_not_followed(directory: Path, tmp_path: Path) -> None:
    """A link that looks like a process's directory is not taken over, and its target stays as it is."""
    target = tmp_path / "elsewhere"
    target.mkdir()
    (target / "00000001.journal").write_bytes(b"precious\n")
    directory.mkdir(mode=0o700)
    (directory / "20260131T120000.000-4711-9f3a0c12").symlink_to(target)
    spool = Spool(directory)
    assert spool.poll(*EVERYTHING) == []
    spool.close()
    assert [path.name for path in target.iterdir()] == ["00000001.journal"]
    assert (target / "00000001.journal").read_bytes() == b"precious\n"
