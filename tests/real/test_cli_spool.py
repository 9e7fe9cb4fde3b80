"""`ciokit spool` on real directories: with processes that use them, with dead ones, and against a sandbox."""

import os
import resource
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from zlib import crc32

import msgspec
import pytest

import ciokit
from ciokit import PipelinesClient, Track, TrackClient, pipelines
from ciokit.cli.app import run
from ciokit.sandbox import Effect, FaultRule, World
from ciokit.sandbox.server import SandboxServer
from ciokit.stores.contract import Fate
from ciokit.stores.spool import Spool
from ciokit.testing import FakeClock
from ciokit.wire import Entry

PROGRAM = Path(__file__).parents[1] / "stores" / "processes.py"
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(ciokit.__file__).parents[1])}
EVERYTHING = 10**6, 10**9
SECRET = "sesame-4711"

Said = tuple[int, str, list[str]]
Command = Callable[..., Said]


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Be a sandbox that the settings point at."""
    world = World(keys={"site:key": "main", "key": "main"})
    with SandboxServer(world) as server:
        monkeypatch.setenv("CUSTOMERIO_SITE_ID", "site")
        monkeypatch.setenv("CUSTOMERIO_TRACK_API_KEY", "key")
        monkeypatch.setenv("CIOKIT_BASE_URL", server.url)
        yield world


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Name a spool, as the environment names it to the command."""
    monkeypatch.setenv("CIOKIT_SPOOL", str(tmp_path / "spool"))
    return tmp_path / "spool"


@pytest.fixture(autouse=True)
def signals() -> Iterator[None]:
    """Give back what the command does to signals."""
    handler = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, handler)


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    """Run the command; returns its exit code, stdout, and the lines of stderr."""

    def go(*arguments: str) -> Said:
        capsys.readouterr()
        code = run(["spool", *arguments])
        said = capsys.readouterr()
        return code, said.out, said.err.splitlines()

    return go


ENCODING = TrackClient("site", "key", base_url="http://127.0.0.1:1")  # used to encode alone
CALLING = PipelinesClient("key", base_url="http://127.0.0.1:1")  # so is this


def events(*numbers: int) -> list[Entry]:
    """Encode events as an outbox does, with personal data in them."""
    return [ENCODING.encode(Track(f"{SECRET}-{n % 3}", f"e{n}", {"note": SECRET, "n": n})) for n in numbers]


def leave(directory: Path, *numbers: int, rejected: int = 0) -> list[Entry]:
    """Leave events behind as a process does that ends; the first ones were refused."""
    entries = events(*numbers)
    spool = Spool(directory)
    spool.put(entries)
    refused = spool.poll(rejected, 10**9) if rejected else []
    for seq, _ in refused:
        spool.settle([Fate("rejected", [seq], "there is no such object", 400, 2)])
    spool.close()
    return entries


def calls_of(*numbers: int) -> list[Entry]:
    """Encode calls of the Pipelines API as an outbox does."""
    return [
        CALLING.encode(pipelines.Track(f"{SECRET}-{n % 3}", f"e{n}", {"note": SECRET, "n": n}))
        for n in numbers
    ]


def leave_calls(directory: Path, *numbers: int, rejected: int = 0) -> list[Entry]:
    """Leave calls of the Pipelines API behind, where its outbox keeps them."""
    Spool(directory).close()
    calls = calls_of(*numbers)
    spool = Spool(directory / "pipelines")
    spool.put(calls)
    for seq, _ in spool.poll(rejected, 10**9) if rejected else []:
        spool.settle([Fate("rejected", [seq], "there is no such object", 400, 2)])
    spool.close()
    return calls


def arrived(world: World) -> list[int]:
    """Read the numbers of the events in the sandbox."""
    return [event.data["n"] for event in world.events()]


def snapshot(directory: Path) -> list[tuple[str, int, int, int]]:
    """Read what a spool is made of, down to when each file was last changed."""
    return [
        (str(path), path.lstat().st_mode, path.lstat().st_size, path.lstat().st_mtime_ns)
        for path in sorted(directory.rglob("*"))
    ]


class TestLooking:
    """Commands that look."""

    def test_nothing_changes_and_nothing_personal_shows(self, directory: Path, command: Command) -> None:
        """Looking leaves a spool as it is, down to the times of files, live or cold, and shows no personal data."""
        leave(directory, *range(4), rejected=2)
        live = Spool(directory)
        live.put(events(7, 8))
        before = snapshot(directory)
        for arguments in (
            ["status"],
            ["status", "--json"],
            ["dead"],
            ["dead", "--json"],
            ["tail", "--no-follow"],
            ["tail", "--no-follow", "--json"],
        ):
            code, out, err = command(*arguments)
            assert (code, err) == (0, [])
            assert out
            assert SECRET not in out
        assert snapshot(directory) == before
        live.put(events(9))
        assert len(live.poll(*EVERYTHING)) == 5
        live.close()

    def test_status_of_what_is_left(self, directory: Path, command: Command) -> None:
        """Of a spool without processes it tells what waits, for how long, and the dead letters."""
        leave(directory, *range(4), rejected=1)
        code, out, _ = command("status")
        assert code == 0
        assert "gone" in out
        assert "3 waiting" in out
        assert "the oldest for" in out
        assert "dead letters: 1" in out

    def test_status_as_json(self, directory: Path, command: Command) -> None:
        """The same as facts: the sums, and each process."""
        leave(directory, *range(4), rejected=1)
        code, out, _ = command("status", "--json")
        told: dict[str, Any] = msgspec.json.decode(out)
        assert code == 0
        assert told["directory"] == str(directory)
        assert (told["entries"], told["dead_letters"], told["damaged_files"]) == (3, 1, [])
        (process,) = told["processes"]
        assert (process["state"], process["entries"], process["bytes"]) == ("left", 3, told["bytes"])
        assert told["oldest"] == process["oldest"]

    def test_status_of_a_running_process(self, directory: Path, command: Command) -> None:
        """A process that runs is told as such, and when it is killed, that too."""
        program = [sys.executable, str(PROGRAM), "own", str(directory)]
        with subprocess.Popen(program, stdout=subprocess.PIPE, env=ENVIRONMENT) as owner:
            try:
                assert owner.stdout is not None
                owner.stdout.readline()
                (process,) = msgspec.json.decode(command("status", "--json")[1])["processes"]
                assert (process["pid"], process["state"], process["entries"]) == (owner.pid, "live", 2)
            finally:
                owner.kill()
        (process,) = msgspec.json.decode(command("status", "--json")[1])["processes"]
        assert (process["pid"], process["state"], process["entries"]) == (owner.pid, "left", 2)

    def test_status_of_an_empty_spool(self, directory: Path, command: Command) -> None:
        """Of a spool that nothing was put into it says so."""
        Spool(directory).close()
        (directory / ".gitkeep").touch()
        code, out, _ = command("status")
        assert (code, out.splitlines()) == (0, ["nothing waits", "dead letters: 0, 0 B"])

    @pytest.mark.parametrize("name", ["status", "tail", "drain", "dead"])
    def test_a_directory_that_is_no_spool(self, directory: Path, command: Command, name: str) -> None:
        """That nothing waits in a wrong directory is no good news; a directory with nothing in it may be one."""
        directory.mkdir()
        (directory / "notes.txt").touch()
        code, out, err = command(name)
        assert (code, out) == (2, "")
        assert err == [
            f"ciokit: spool: {directory} is no spool: nothing in it is an outbox's; check --spool or CIOKIT_SPOOL"
        ]

    def test_status_of_damage(self, directory: Path, command: Command) -> None:
        """Damaged lines are counted before they are set aside, and the file that is set aside is named after."""
        leave(directory, *range(3))
        (journal,) = directory.glob("*/*.journal")
        journal.write_bytes(journal.read_bytes().replace(b'"n":1', b'"n":7'))
        assert "damaged lines: 1" in command("status")[1]
        spool = Spool(directory)
        assert len(spool.poll(*EVERYTHING)) == 2
        spool.close()
        assert "damaged and set aside: damaged/" in command("status")[1]

    def test_status_of_a_later_format(self, directory: Path, command: Command) -> None:
        """What cannot be read is shown and is a failure, with everything else."""
        leave(directory, 1)
        leave(directory, 2)
        journal = min(directory.glob("*/*.journal"))
        payload = b"H\t[99]\t{}"
        journal.write_bytes(b"%b\t[%d,%d]\n" % (payload, len(payload), crc32(payload)))
        code, out, err = command("status")
        assert code == 1
        assert "1 waiting" in out
        assert "format 99" in err[-1]

    def test_status_of_a_file_that_cannot_be_read(self, directory: Path, command: Command) -> None:
        """It is named, and what the process's other files have is counted all the same."""
        spool = Spool(directory, segment_bytes=400)
        for entry in events(*range(10)):
            spool.put([entry])
        spool.close()
        first, *_, last = sorted(directory.glob("*/*.journal"))
        there = sum(line[:1] == b"E" for line in last.read_bytes().splitlines())
        for journal in sorted(directory.glob("*/*.journal"))[:-1]:
            journal.unlink()
        first.symlink_to(last.name)  # which no spool follows
        code, out, err = command("status")
        assert code == 1
        assert f"{there} waiting" in out
        assert f"'{first.name}'" in err[-1]

    def test_tail(self, directory: Path, command: Command) -> None:
        """The last lines tell what was put and what became of it, with numbers and without data."""
        spool = Spool(directory)
        entries = events(*range(5))
        for entry in entries:
            spool.put([entry])
        seqs = [seq for seq, _ in spool.poll(3, 10**9)]
        spool.settle([Fate("delivered", seqs[:2]), Fate("dropped", seqs[2:], "full")])
        code, out, _ = command("tail", "--no-follow", "-n", "4")
        assert code == 0
        put, last, delivered, dropped = out.splitlines()
        assert put.split()[1:5] == ["put", "4", "event", entries[3].id]
        assert last.split()[1:3] == ["put", "5"]
        assert delivered.split()[1:] == ["delivered", "1", "to", "2", "(2)"]
        assert dropped.split()[1:] == ["dropped", "3", "full"]
        shown = command("tail", "--no-follow", "-n", "4", "--show-body")[1]
        assert SECRET in shown.splitlines()[0]
        facts = [
            msgspec.json.decode(line)
            for line in command("tail", "--no-follow", "--json", "--show-body")[1].splitlines()
        ]
        assert [fact["what"] for fact in facts] == [*["put"] * 5, "delivered", "dropped"]
        assert facts[0]["body"] == msgspec.json.decode(entries[0].body)
        spool.close()

    def test_tail_follows_to_the_last_line(self, directory: Path) -> None:
        """It goes on, across files and processes, and misses nothing even of a process that ends and cleans up."""
        first = Spool(directory, segment_bytes=2000)
        first.put(events(0))
        program = [sys.executable, "-m", "ciokit", "spool", "tail", "--json", "--lines", "1"]
        with subprocess.Popen(
            program,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**ENVIRONMENT, "CIOKIT_SPOOL": str(directory)},
            text=True,
        ) as tail:
            assert tail.stdout is not None
            assert tail.stderr is not None
            said = [msgspec.json.decode(tail.stdout.readline())]
            for n in range(1, 20):
                first.put(events(n))
                said.append(msgspec.json.decode(tail.stdout.readline()))
            first.settle([Fate("delivered", [seq for seq, _ in first.poll(*EVERYTHING)])])
            first.close()
            assert not list(directory.glob("*-*"))
            said.append(msgspec.json.decode(tail.stdout.readline()))
            second = Spool(directory)
            second.put(events(20, 21))
            said += [msgspec.json.decode(tail.stdout.readline()) for _ in range(2)]
            tail.send_signal(signal.SIGTERM)
            assert tail.stderr.read() == ""
        assert tail.returncode == 0
        assert [line["what"] for line in said] == [*["put"] * 20, "delivered", "put", "put"]
        assert [line["seq"] for line in said[:20]] == list(range(1, 21))
        assert (said[20]["first"], said[20]["last"]) == (1, 20)
        second.close()

    def test_dead(self, directory: Path, command: Command) -> None:
        """Dead letters are listed with when, why, the status and how often they were sent."""
        entries = leave(directory, *range(3), rejected=3)
        code, out, _ = command("dead")
        assert code == 0
        assert out.count("there is no such object") == 3
        assert "dead letters: 3" in out
        assert SECRET in command("dead", "--show-body")[1]
        told = [msgspec.json.decode(line) for line in command("dead", "--json")[1].splitlines()]
        assert [one["id"] for one in told] == [entry.id for entry in entries]
        assert {(one["status"], one["attempts"]) for one in told} == {(400, 2)}
        assert command("dead", "--limit", "1")[1].splitlines()[-1] == (
            "dead letters: 3, 2 of them not shown (--limit)"
        )

    def test_what_a_terminal_would_obey_is_not_shown(self, directory: Path, command: Command) -> None:
        """Control characters in what the service or the application said do not reach the terminal."""
        spool = Spool(directory)
        spool.put([Entry(b'{"x":"\xc2\x9b31m"}', ("id:1",), "event", id="\x1b[31m")])
        spool.settle([Fate("rejected", [seq for seq, _ in spool.poll(1, 100)], "\x1b]0;title\x07", 400, 1)])
        spool.close()
        for arguments in (["dead", "--show-body"], ["tail", "--no-follow", "--show-body"], ["status"]):
            out = command(*arguments)[1]
            assert all(character.isprintable() or character == "\n" for character in out)


class TestDraining:
    """`ciokit spool drain`."""

    def test_what_dead_processes_left_arrives(
        self, directory: Path, world: World, command: Command, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Entries of all dead processes arrive in order, those of a running one stay its own, and the rest is gone."""
        leave(directory, *range(30))
        leave(directory, *range(30, 60))
        live = Spool(directory)
        live.put(events(100))
        monkeypatch.setenv("FORCE_COLOR", "1")  # as at a terminal: a bar
        code, out, _ = command("drain")
        assert code == 0
        assert out.startswith("delivered 60 · rejected 0 · left 0 · with running processes 1 · ")
        for person in range(3):
            mine = [event.data["n"] for event in world.events(person=f"{SECRET}-{person}")]
            assert mine == [n for n in range(60) if n % 3 == person]
        assert [seq for seq, _ in live.poll(*EVERYTHING)] == [live.last_seq]
        live.close()
        assert len(list(directory.glob("*-*"))) == 1

    def test_nothing_to_do(self, directory: Path, world: World, command: Command) -> None:
        """A spool in which nothing waits is drained at once, without a request."""
        Spool(directory).close()
        code, out, err = command("drain", "--json")
        told = msgspec.json.decode(out)
        assert (code, err) == (0, [])
        assert (told["adopted"], told["delivered"], told["left"]) == (0, 0, 0)
        assert world.stats()["requests"] == 0

    def test_what_is_refused_becomes_a_dead_letter(
        self, directory: Path, world: World, command: Command
    ) -> None:
        """An entry that the service refuses is no obstacle to the others, and is kept."""
        leave(directory, 1)
        spool = Spool(directory)
        spool.put([Entry(b'{"type":"person","action":"dance","identifiers":{"id":"1"}}', ("id:1",), "event")])
        spool.close()
        leave(directory, 2)
        code, out, _ = command("drain", "--json")
        told = msgspec.json.decode(out)
        assert (code, told["delivered"], told["rejected"], told["left"]) == (0, 2, 1, 0)
        assert "dead letters: 1" in command("status")[1]
        assert sorted(arrived(world)) == [1, 2]

    @pytest.mark.usefixtures("world")
    def test_wrong_keys_stop_it_and_lose_nothing(
        self, directory: Path, command: Command, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """With keys that are not accepted it ends at once, says so, and everything is still there."""
        leave(directory, *range(5))
        monkeypatch.setenv("CUSTOMERIO_TRACK_API_KEY", "another")
        code, out, err = command("drain", "--timeout", "3600")
        assert code == 1
        assert "left 5" in out
        assert "5 left" in err[-1]
        assert "ciokit doctor" in err[-1]
        assert "another" not in out + "".join(err)
        assert "5 waiting" in command("status")[1]

    def test_an_outage_ends_it_in_time(self, directory: Path, world: World, command: Command) -> None:
        """While the service is down it goes on until its time is up, says what is left, and keeps that."""
        world.faults.add(FaultRule(effect=Effect(status=503)), 0.0)
        leave(directory, *range(5))
        code, _, err = command("drain", "--timeout", "0.5")
        assert code == 1
        assert "5 left: not done within 0.5 s" in err[-1]
        assert "5 waiting" in command("status")[1]

    def test_without_settings(self, directory: Path, command: Command) -> None:
        """Without credentials it says which are missing, and touches nothing."""
        leave(directory, 1)
        before = snapshot(directory)
        code, _, err = command("drain")
        assert (code, len(err)) == (2, 1)
        assert "CUSTOMERIO_SITE_ID" in err[0]
        assert snapshot(directory) == before


class TestPipelines:
    """What is the Pipelines API's, in a room of its own."""

    def test_it_is_shown_with_the_rest(self, directory: Path, command: Command, tmp_path: Path) -> None:
        """Status, tail, dead and export show both rooms as one, and name what is in that one after it."""
        leave(directory, *range(3), rejected=1)
        calls = leave_calls(directory, *range(5), rejected=2)
        told = msgspec.json.decode(command("status", "--json")[1])
        assert (told["entries"], told["dead_letters"]) == (5, 3)
        assert [one["name"].startswith("pipelines/") for one in told["processes"]] == [False, True]
        said = command("status")[1]
        assert "5 waiting" in said
        assert "dead letters: 3" in said
        assert "pipelines/2" in said
        lines = command("tail", "--no-follow", "-n", "100")[1].splitlines()
        assert [line.split()[1] for line in lines].count("put") == 8
        assert len(command("tail", "--no-follow", "-n", "3")[1].splitlines()) == 3
        letters = [msgspec.json.decode(line) for line in command("dead", "--json")[1].splitlines()]
        assert sorted(one["letter"].startswith("pipelines/") for one in letters) == [False, True, True]
        assert command("export", str(tmp_path / "out"))[:2] == (0, f"5 exported to {tmp_path / 'out'}\n")
        exported = [msgspec.json.decode(line) for line in (tmp_path / "out").read_bytes().splitlines()]
        assert [one["path"] for one in exported] == [*["/api/v2/entity"] * 2, *["/v1/"] * 3]
        assert [one["body"] for one in exported[2:]] == [msgspec.json.decode(call.body) for call in calls[2:]]
        assert command("export", str(tmp_path / "dead"), "--dead")[1].startswith("3 exported")

    def test_damage_is_named_where_it_is(self, directory: Path, command: Command) -> None:
        """A damaged file of that room is named with its path in the spool."""
        leave_calls(directory, 1)
        (directory / "pipelines" / "damaged").mkdir()
        (directory / "pipelines" / "damaged" / "x.damaged").touch()
        assert "damaged and set aside: pipelines/damaged/x.damaged" in command("status")[1]

    def test_tail_follows_a_room_that_comes_later(self, directory: Path) -> None:
        """What goes to the Pipelines API is followed, too, from the first entry on that it has a room for."""
        track = Spool(directory)
        track.put(events(0))
        program = [sys.executable, "-m", "ciokit", "spool", "tail", "--json"]
        with subprocess.Popen(
            program, stdout=subprocess.PIPE, env={**ENVIRONMENT, "CIOKIT_SPOOL": str(directory)}, text=True
        ) as tail:
            assert tail.stdout is not None
            said = [msgspec.json.decode(tail.stdout.readline())]
            pipelines = Spool(directory / "pipelines")
            pipelines.put(calls_of(1))
            said.append(msgspec.json.decode(tail.stdout.readline()))
            tail.send_signal(signal.SIGTERM)
        assert [line["process"].startswith("pipelines/") for line in said] == [False, True]
        pipelines.close()
        track.close()

    @pytest.mark.parametrize("named", ["spool", "room"])
    def test_each_api_gets_its_own(
        self,
        directory: Path,
        world: World,
        command: Command,
        monkeypatch: pytest.MonkeyPatch,
        named: str,
    ) -> None:
        """Drain delivers to both APIs, each with its own key; the room named alone goes to its own as well."""
        leave(directory, *range(20))
        leave_calls(directory, *range(100, 130))
        monkeypatch.setenv("CUSTOMERIO_PIPELINES_API_KEY", "key")
        given = ["--spool", str(directory / "pipelines")] if named == "room" else []
        code, out, _ = command("drain", "--json", *given)
        told = msgspec.json.decode(out)
        count = 30 if named == "room" else 50
        assert (code, told["adopted"], told["delivered"], told["left"]) == (0, count, count, 0)
        assert len([n for n in arrived(world) if n >= 100]) == 30
        assert {asked.path for asked in world.requests} == {"/v1/batch", "/api/v2/batch"} - (
            {"/api/v2/batch"} if named == "room" else set[str]()
        )
        assert msgspec.json.decode(command("status", "--json")[1])["entries"] == 50 - count

    def test_calls_alone_need_one_key_alone(
        self, directory: Path, world: World, command: Command, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Where nothing is the Track API's, drain asks for no key of that."""
        leave_calls(directory, 1, 2)
        monkeypatch.setenv("CUSTOMERIO_PIPELINES_API_KEY", "key")
        monkeypatch.delenv("CUSTOMERIO_SITE_ID")
        assert command("drain")[0] == 0
        assert sorted(arrived(world)) == [1, 2]

    def test_a_missing_key_keeps_no_other(self, directory: Path, world: World, command: Command) -> None:
        """Without the Pipelines key the rest is delivered, and drain says which setting the others wait for."""
        leave(directory, 1, 2)
        leave_calls(directory, 3)
        code, out, err = command("drain")
        assert code == 1
        assert out.startswith("delivered 2 · rejected 0 · left 1")
        assert "1 left" in err[-1]
        assert "CUSTOMERIO_PIPELINES_API_KEY" in err[-1]
        assert sorted(arrived(world)) == [1, 2]

    def test_dead_letters_go_back_to_their_room(
        self, directory: Path, world: World, command: Command, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Retry and purge see to both rooms, and a letter put back is delivered to its own API."""
        leave(directory, *range(3), rejected=3)
        leave_calls(directory, *range(10, 13), rejected=3)
        letters = [msgspec.json.decode(line)["letter"] for line in command("dead", "--json")[1].splitlines()]
        mine = next(letter for letter in letters if letter.startswith("pipelines/"))
        assert command("purge", mine)[:2] == (0, "1 purged\n")
        assert command("retry", "--all")[:2] == (0, "5 retried\n")
        monkeypatch.setenv("CUSTOMERIO_PIPELINES_API_KEY", "key")
        assert command("drain")[0] == 0
        assert sorted(arrived(world)) == [0, 1, 2, 11, 12]


class TestDeadLetters:
    """Dead letters put back and deleted."""

    def test_they_are_sent_again_as_they_were(self, directory: Path, world: World, command: Command) -> None:
        """All that are put back arrive with the ids that they had, and are no dead letters any more."""
        entries = leave(directory, *range(4), rejected=4)
        assert command("retry", "--all")[:2] == (0, "4 retried\n")
        assert "dead letters: 0" in command("status")[1]
        assert command("drain")[0] == 0
        assert sorted(event.id or "" for event in world.events()) == sorted(
            entry.id or "" for entry in entries
        )

    def test_some_of_them(self, directory: Path, command: Command) -> None:
        """They are chosen by the letter's name or by the event's id."""
        entries = leave(directory, *range(3), rejected=3)
        letters = [msgspec.json.decode(line) for line in command("dead", "--json")[1].splitlines()]
        code, out, _ = command("retry", letters[0]["letter"], entries[2].id or "", "--json")
        assert (code, msgspec.json.decode(out)) == (0, {"retried": 2})
        (left,) = [msgspec.json.decode(line) for line in command("dead", "--json")[1].splitlines()]
        assert left["id"] == entries[1].id

    def test_a_running_process_takes_them_over(self, directory: Path, command: Command) -> None:
        """A process that uses the spool is not disturbed, and hands out what was put back, beside its own."""
        clock = FakeClock()
        live = Spool(directory, clock=clock)
        live.put(events(1, 2, 3))
        (first, *_) = polled = live.poll(2, 10**9)
        live.settle([Fate("rejected", [first[0]], "no", 400, 1)])
        assert command("retry", "--all")[:2] == (0, "1 retried\n")
        clock.sleep(10)
        again = live.poll(*EVERYTHING)
        assert [entry.id for _, entry in again if entry.id == first[1].id] == [first[1].id]
        assert len(again) == 2
        live.settle([Fate("delivered", [seq for seq, _ in [*polled, *again]])])
        assert live.pending.entries == 0
        live.settle([Fate("rejected", [], "", 0, 0)])
        live.close()
        assert command("status")[1].splitlines()[0] == "nothing waits"

    def test_they_are_deleted(self, directory: Path, command: Command) -> None:
        """Purged letters are gone, with their file."""
        leave(directory, *range(3), rejected=3)
        assert command("purge", "--all")[:2] == (0, "3 purged\n")
        assert "dead letters: 0" in command("status")[1]
        assert not list((directory / "dead").glob("*.journal"))

    @pytest.mark.parametrize("name", ["retry", "purge"])
    def test_which_ones_must_be_said(self, directory: Path, command: Command, name: str) -> None:
        """Neither none nor both is an answer; one that is not there is a failure, and the others are done."""
        entries = leave(directory, *range(3), rejected=2)
        for arguments in ([name], [name, "--all", "x"]):
            code, _, err = command(*arguments)
            assert (code, err) == (2, ["ciokit: spool: say which dead letters, or --all"])
        code, out, err = command(name, entries[0].id or "", "nobody/1")
        assert (code, out[:2]) == (1, "1 ")
        assert err == ["ciokit: spool: no dead letter nobody/1; ciokit spool dead lists them"]
        assert "dead letters: 1" in command("status")[1]


class TestExport:
    """`ciokit spool export`."""

    def test_what_waits(self, directory: Path, command: Command, tmp_path: Path) -> None:
        """All that waits is written in order, bodies and all, for the user's eyes alone; the spool stays."""
        entries = leave(directory, *range(5))
        live = Spool(directory)
        entries += events(7)
        live.put(entries[-1:])
        before, file = snapshot(directory), tmp_path / "out.jsonl"
        assert command("export", str(file))[:2] == (0, f"6 exported to {file}\n")
        lines = [msgspec.json.decode(line) for line in file.read_bytes().splitlines()]
        assert [line["body"] for line in lines] == [msgspec.json.decode(entry.body) for entry in entries]
        assert {(line["method"], line["path"], line["kind"]) for line in lines} == {
            ("POST", "/api/v2/entity", "event")
        }
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert snapshot(directory) == before
        live.close()

    def test_dead_letters(self, directory: Path, command: Command, tmp_path: Path) -> None:
        """Dead letters are written with the reason."""
        entries = leave(directory, *range(3), rejected=2)
        code, out, _ = command("export", str(tmp_path / "dead.jsonl"), "--dead", "--json")
        assert (code, msgspec.json.decode(out)["exported"]) == (0, 2)
        lines = [msgspec.json.decode(line) for line in (tmp_path / "dead.jsonl").read_bytes().splitlines()]
        assert [line["body"] for line in lines] == [msgspec.json.decode(entry.body) for entry in entries[:2]]
        assert {line["reason"] for line in lines} == {"there is no such object"}

    def test_what_cannot_be_read_is_not_the_files_fault(
        self, directory: Path, command: Command, tmp_path: Path
    ) -> None:
        """A spool that cannot be read is told as such, and the file is not left half written."""
        leave(directory, 1)
        (journal,) = directory.glob("*/*.journal")
        journal.rename(journal.with_suffix(".away"))
        journal.mkdir()
        code, _, err = command("export", str(tmp_path / "out.jsonl"))
        assert (code, len(err)) == (1, 1)
        assert err[0].startswith(f"ciokit: spool: {directory}: {journal.name}: Is a directory")
        assert not (tmp_path / "out.jsonl").exists()

    def test_a_file_that_is_there_is_left_alone(
        self, directory: Path, command: Command, tmp_path: Path
    ) -> None:
        """Nothing is overwritten, and no link is followed."""
        leave(directory, 1)
        (tmp_path / "there").write_text("mine")
        (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
        for name in ("there", "link"):
            code, _, err = command("export", str(tmp_path / name))
            assert code == 2
            assert err[0].endswith("exists already; name a new file")
        assert (tmp_path / "there").read_text() == "mine"
        assert not (tmp_path / "elsewhere").exists()

    def test_a_disk_that_is_full(self, directory: Path, command: Command, tmp_path: Path) -> None:
        """A file that cannot be written to its end is told, and not left behind in part."""
        leave(directory, *range(100))
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, hard))
        try:
            code, out, err = command("export", str(tmp_path / "out"))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert (code, out, len(err)) == (1, "", 1)
        assert not (tmp_path / "out").exists()

    def test_a_place_that_is_not_there(self, directory: Path, command: Command, tmp_path: Path) -> None:
        """A directory that is not there is the user's mistake."""
        leave(directory, 1)
        code, _, err = command("export", str(tmp_path / "nowhere" / "out"))
        assert (code, len(err)) == (2, 1)


class TestPlace:
    """Which spool is meant."""

    def test_the_option_wins(self, directory: Path, command: Command, tmp_path: Path) -> None:
        """--spool, then the environment, then `.env`."""
        leave(directory, 1)
        leave(tmp_path / "other", 1, 2)
        assert "1 waiting" in command("status")[1]
        assert "2 waiting" in command("status", "--spool", str(tmp_path / "other"))[1]

    def test_dotenv(self, command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """`.env` of the working directory names it where nothing else does."""
        monkeypatch.chdir(tmp_path)
        leave(tmp_path / "named", 1)
        Path(".env").write_text("CIOKIT_SPOOL=named\n")
        assert "1 waiting" in command("status")[1]

    @pytest.mark.parametrize(
        "name", ["status", "tail", "drain", "dead", "retry --all", "purge --all", "export x"]
    )
    def test_none(self, command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
        """None at all, or one that is not there, is one line; nothing is made."""
        monkeypatch.chdir(tmp_path)
        code, _, err = command(*name.split())
        assert (code, err) == (2, ["ciokit: spool: which? Give --spool DIRECTORY, or set CIOKIT_SPOOL"])
        code, _, err = command(*name.split(), "--spool", "nowhere")
        assert (code, len(err)) == (2, 1)
        assert "there is no directory nowhere" in err[0]
        assert not list(tmp_path.iterdir())

    def test_a_directory_that_may_not_be_read(self, command: Command) -> None:
        """What may not be read is one line and a failure."""
        with tempfile.TemporaryDirectory(prefix="ciokit-test-", dir="/tmp") as base:
            Path(base).chmod(0o755)
            leave(Path(base) / "spool", 1)
            (Path(base) / "spool").chmod(0)
            root = os.geteuid() == 0
            if root:  # whom permissions do not bind
                os.seteuid(65534)
            try:
                code, _, err = command("status", "--spool", f"{base}/spool")
            finally:
                if root:
                    os.seteuid(0)
        assert (code, len(err)) == (1, 1)
        assert "Permission denied" in err[0]
