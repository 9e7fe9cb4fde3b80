"""An outbox with a spool, against a sandbox on a socket: what is on the disk, and settings of the spool's own."""

from pathlib import Path

import pytest

from ciokit import Outbox, SettingsError, Spool, TrackClient
from ciokit.sandbox import World
from ciokit.sandbox.server import SandboxServer
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


def test_a_spool_has_its_bounds_from_one_place(tmp_path: Path) -> None:
    """Bounds beside a spool that has its own are refused, by name."""
    spool = Spool(tmp_path / "spool")
    with (
        TrackClient("site", "key", base_url="http://127.0.0.1:1") as client,
        pytest.raises(SettingsError, match="max_bytes and max_entries: a Spool has bounds of its own"),
    ):
        Outbox(client, spool=spool, max_bytes=10, max_entries=10)
    spool.close()
