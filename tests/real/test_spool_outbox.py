"""An outbox with a spool, against a sandbox on a socket: what is on the disk, and settings of the spool's own."""

from pathlib import Path

import pytest

from ciokit import Outbox, SettingsError, Spool, TrackClient
from ciokit.sandbox import World
from ciokit.sandbox.server import SandboxServer
from ciokit.stores.inspection import look
from ciokit.wire import Entry


def test_the_keys_are_never_on_the_disk(tmp_path: Path) -> None:
    """Whatever happens to entries, no file of a spool has a key in it, and all are the owner's alone."""
    site, key = "sesame-site", "sesame-key"
    with SandboxServer(World(keys={f"{site}:{key}": "main"})) as server:
        with (
            TrackClient(site, key, base_url=server.url) as client,
            Outbox(client, spool=tmp_path / "spool", senders=0) as outbox,
        ):
            outbox.track("user-1", "taken")
            outbox.put(Entry(b'{"type":"person","action":"dance"}', (), "event"))
            outbox.flush(60)
            outbox.track("user-1", "left")
            files = [path for path in (tmp_path / "spool").rglob("*") if path.is_file()]
            assert any(b'"left"' in path.read_bytes() for path in files)
            assert any(b'"dance"' in path.read_bytes() for path in files if path.parent.name == "dead")
            for path in files:
                assert b"sesame" not in path.read_bytes()
                assert path.stat().st_mode & 0o777 == 0o600
            for path in (tmp_path / "spool", *(tmp_path / "spool").rglob("*")):
                if path.is_dir():
                    assert path.stat().st_mode & 0o777 == 0o700
        assert [path.name for path in (tmp_path / "spool").iterdir()] == ["dead"]


def test_a_spool_with_settings_of_its_own(tmp_path: Path) -> None:
    """An outbox takes a spool that is set up already, with its bounds, and closes it."""
    world = World()
    spool = Spool(tmp_path / "spool", durability="power", segment_bytes=2000, max_entries=1000)
    with (
        SandboxServer(world) as server,
        TrackClient("site", "key", base_url=server.url) as client,
        Outbox(client, spool=spool, senders=0) as outbox,
    ):
        for n in range(30):
            outbox.track("user-1", "counted", {"n": n})
        assert len(list((tmp_path / "spool").glob("*/*.journal"))) > 1
        assert "spool" in repr(outbox)
        outbox.flush(60)
    assert [event.data["n"] for event in world.events()] == [*range(30)]
    assert list((tmp_path / "spool").iterdir()) == []


def test_what_the_disk_damages_is_counted_as_dropped(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A line that the disk damages before it is read back is no entry less: it was accepted, is given up and told."""
    spool = Spool(tmp_path / "spool", segment_bytes=2000, window_bytes=1500)
    with (
        SandboxServer(World()) as server,
        TrackClient("site", "key", base_url=server.url) as client,
        Outbox(client, spool=spool, senders=0) as outbox,
    ):
        for n in range(40):
            outbox.track("user-1", "counted", {"n": n})
        file = sorted((tmp_path / "spool").glob("*/*.journal"))[2]
        file.write_bytes(file.read_bytes().replace(b"counted", b"coXnted", 1))
        assert outbox.stats().accepted == 40
        assert outbox.flush(60)
        stats = outbox.stats()
        assert (stats.delivered, stats.pending, stats.dropped) == (39, 0, {"damaged": 1})
        told = [record.name for record in caplog.records if "1 lines in" in record.getMessage()]
        assert told == ["ciokit.outbox"]  # by the outbox, which says nothing amid its own work
        assert stats.accepted == 40
    assert outbox.stats().accepted == 40


def test_a_dead_letter_that_cannot_be_written_is_counted_once(tmp_path: Path) -> None:
    """A refused entry is rejected from then on, and no more pending, though the disk does not take it yet."""
    directory = tmp_path / "spool"
    with (
        SandboxServer(World()) as server,
        TrackClient("site", "key", base_url=server.url) as client,
        Outbox(client, spool=directory, senders=0) as outbox,
    ):
        outbox.put(Entry(b'{"type":"person","action":"dance"}', (), "event"))
        outbox.track("user-1", "taken")
        (directory / "dead").write_bytes(b"")  # in the way
        assert outbox.flush(60)
        for _ in range(2):
            stats = outbox.stats()
            assert (stats.accepted, stats.delivered, stats.rejected, stats.pending) == (2, 1, 1, 0)
            assert stats.pending_bytes == 0
        (directory / "dead").unlink()
        outbox.track("user-1", "taken")
        assert outbox.flush(60)
        stats = outbox.stats()
        assert (stats.accepted, stats.delivered, stats.rejected, stats.pending) == (3, 2, 1, 0)
        assert look(directory).dead_letters == 1


def test_a_dead_letter_that_is_never_written_is_counted_once(tmp_path: Path) -> None:
    """At the end, too: what the disk never took stays in the spool, and is rejected in the counts."""
    directory = tmp_path / "spool"
    with SandboxServer(World()) as server, TrackClient("site", "key", base_url=server.url) as client:
        outbox = Outbox(client, spool=directory, senders=0)
        outbox.put(Entry(b'{"type":"person","action":"dance"}', (), "event"))
        (directory / "dead").write_bytes(b"")  # in the way
        assert outbox.flush(60)
        assert not outbox.close()
        stats = outbox.stats()
        assert (stats.accepted, stats.rejected, stats.pending) == (1, 1, 0)
    (directory / "dead").unlink()
    assert look(directory).entries == 1


def test_a_spool_has_its_bounds_from_one_place(tmp_path: Path) -> None:
    """Bounds beside a spool that has its own are refused, by name."""
    spool = Spool(tmp_path / "spool")
    with (
        TrackClient("site", "key", base_url="http://127.0.0.1:1") as client,
        pytest.raises(SettingsError, match="max_bytes and max_entries: a Spool has bounds of its own"),
    ):
        Outbox(client, spool=spool, max_bytes=10, max_entries=10)
    spool.close()
