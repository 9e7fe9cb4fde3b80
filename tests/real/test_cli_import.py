"""`ciokit import` against a real server, in this process; `test_cli_import_process` has what needs one of its own."""

import csv
import os
import signal
import stat
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ciokit.cli.app import run
from ciokit.sandbox import Effect, FaultRule, World
from ciokit.sandbox.exchange import Answer, Request
from ciokit.sandbox.server import SandboxServer


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[World], SandboxServer]]:
    """Run sandboxes; the settings point at the last one."""
    with ExitStack() as running:

        def start(world: World) -> SandboxServer:
            server = running.enter_context(SandboxServer(world))
            monkeypatch.setenv("CUSTOMERIO_SITE_ID", "site")
            monkeypatch.setenv("CUSTOMERIO_TRACK_API_KEY", "key")
            monkeypatch.setenv("CIOKIT_BASE_URL", server.url)
            return server

        yield start


@pytest.fixture
def server(serve: Callable[[World], SandboxServer]) -> SandboxServer:
    """Run a sandbox that knows one pair of keys."""
    return serve(World(keys={"site:key": "main"}))


@pytest.fixture(autouse=True)
def state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Keep progress in a directory of the test's own."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state"


@pytest.fixture(autouse=True)
def signals() -> Iterator[None]:
    """Give back what the command does to signals."""
    handler = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, handler)


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, list[str]]]:
    """Run the command line; returns its exit code, stdout, and the lines of stderr."""

    def go(*arguments: str) -> tuple[int, str, list[str]]:
        code = run(["import", *arguments])
        said = capsys.readouterr()
        return code, said.out, said.err.splitlines()

    return go


Command = Callable[..., tuple[int, str, list[str]]]

ORDERS = "who,when,total\n001,1997-01-01,11.77\n002,1998-01-12,12.00\n002,1998-01-12,77\n"
PURCHASES = ("orders.csv", "--person", "who", "--event", "purchase", "--timestamp", "when")


def facts(server: SandboxServer) -> list[tuple[str | None, float, dict[str, Any]]]:
    """Return person, time and data of each stored event."""
    return [(event.person, event.timestamp, event.data) for event in server.world.events()]


STORED = [
    ("001", 852_076_800, {"total": 11.77}),
    ("002", 884_563_200, {"total": 12}),
    ("002", 884_563_200, {"total": 77}),
]


def test_csv(server: SandboxServer, command: Command) -> None:
    """Each row arrives as an event with its time and nothing that was not in the file."""
    Path("orders.csv").write_text(ORDERS)
    code, out, err = command(*PURCHASES)
    assert (code, err) == (0, [])
    assert facts(server) == STORED
    assert [line.split()[:2] for line in out.splitlines()][:4] == [
        ["Rows", "3"],
        ["Accepted", "3"],
        ["Refused", "0"],
        ["Requests", "1"],
    ]
    assert not Path("orders.csv.refused.csv").exists()


def test_json_lines(server: SandboxServer, command: Command) -> None:
    """Objects keep their types."""
    lines = [
        {"who": 1, "when": 1_769_817_600, "tags": ["a"], "code": "007", "none": None},
        {"who": "2", "when": "2026-01-31"},
    ]
    Path("orders.jsonl").write_bytes(b"\n".join(map(msgspec.json.encode, lines)))
    code, _, err = command("orders.jsonl", *PURCHASES[1:])
    assert (code, err) == (0, [])
    assert facts(server) == [
        ("1", 1_769_817_600, {"tags": ["a"], "code": "007"}),
        ("2", 1_769_817_600, {}),
    ]


def test_people(server: SandboxServer, command: Command) -> None:
    """With --attributes each row is a person."""
    Path("people.csv").write_text("mail,plan,born\na@b.example,pro,2001\nc@d.example,,1999\n")
    code, _, err = command(
        "people.csv", "--person", "mail", "--id-kind", "email", "--attributes", "--text", "born"
    )
    assert (code, err) == (0, [])
    people = {person.email: person.attributes for person in server.world.people()}
    assert people == {
        "a@b.example": {"email": "a@b.example", "plan": "pro", "born": "2001"},
        "c@d.example": {"email": "c@d.example", "born": "1999"},
    }


def test_parquet(server: SandboxServer, command: Command) -> None:
    """A Parquet file's own types are sent; times too fine for Python are cut, not refused."""
    pa = pytest.importorskip("pyarrow", reason="the extra parquet is not installed")
    parquet = pytest.importorskip("pyarrow.parquet")
    table = pa.table(
        {
            "who": ["a", "b", "c"],
            "when": pa.array([1_769_817_600_000_000_001] * 3, pa.timestamp("ns", "UTC")),
            "total": pa.array([1.5, float("nan"), None]),
            "count": pa.array([1, None, 3], pa.int64()),
            "items": [[{"sku": "x"}], [], None],
        }
    )
    parquet.write_table(table, "orders.parquet", row_group_size=2)
    code, _, err = command("orders.parquet", *PURCHASES[1:])
    assert (code, err) == (0, [])
    assert facts(server) == [
        ("a", 1_769_817_600, {"total": 1.5, "count": 1, "items": [{"sku": "x"}]}),
        ("b", 1_769_817_600, {"items": []}),
        ("c", 1_769_817_600, {"count": 3}),
    ]


def test_parquet_goes_on_within_and_after_a_row_group(server: SandboxServer, command: Command) -> None:
    """A stopped import of a Parquet file goes on at its row, whole row groups unread."""
    pa = pytest.importorskip("pyarrow", reason="the extra parquet is not installed")
    parquet = pytest.importorskip("pyarrow.parquet")
    parquet.write_table(
        pa.table({"who": [f"u{number}" for number in range(10)]}), "p.parquet", row_group_size=4
    )
    arguments = ("p.parquet", "--person", "who", "--event", "x")
    assert command(*arguments, "--limit", "5")[0] == 0
    assert command(*arguments)[0] == 0
    assert [event.person for event in server.world.events()] == [f"u{number}" for number in range(10)]
    assert server.world.stats()["duplicates_collapsed"] == 0


def test_refused_rows(server: SandboxServer, command: Command) -> None:
    """They are in a file with line, reason and cells, the others arrive, and the exit code is 1."""
    Path("orders.csv").write_text(ORDERS + ",1998-01-12,5\n003,soon,6\n")
    code, out, err = command(*PURCHASES)
    assert code == 1
    assert err == ["ciokit: orders.csv: 2 of 5 rows were refused; see orders.csv.refused.csv"]
    assert facts(server) == STORED
    path = Path("orders.csv.refused.csv")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with path.open(newline="") as file:
        header, first, second = csv.reader(file)
    assert header == ["line", "reason", "who", "when", "total"]
    assert (first[0], first[2:]) == ("5", ["", "1998-01-12", "5"])
    assert (second[0], second[2:]) == ("6", ["003", "soon", "6"])
    assert "soon" not in out


@pytest.mark.parametrize("named", ["orders.csv", "./orders.csv", "link.csv", "notes.txt"])
@pytest.mark.parametrize("dry", [False, True])
def test_refused_rows_take_no_other_files_place(
    server: SandboxServer, command: Command, named: str, *, dry: bool
) -> None:
    """Neither the file that is imported nor another that is no file of refused rows is deleted for `--refused`."""
    Path("orders.csv").write_text(ORDERS)
    Path("link.csv").symlink_to("orders.csv")
    Path("notes.txt").write_text("precious")
    code, _, err = command(*PURCHASES, "--refused", named, *(["--dry-run"] if dry else []))
    assert (code, len(err)) == (2, 1)
    assert "name another one" in err[0]
    assert Path("orders.csv").read_text() == ORDERS
    assert Path("notes.txt").read_text() == "precious"
    assert list(server.world.events()) == []


def test_refused_rows_may_go_nowhere(server: SandboxServer, command: Command) -> None:
    """A device can be named for them, and is not deleted like a file of an earlier run."""
    Path("orders.csv").write_text(ORDERS + "003,soon,6\n")
    Path("nowhere").symlink_to(os.devnull)
    assert command(*PURCHASES, "--refused", "nowhere")[0] == 1
    assert Path("nowhere").is_symlink()
    assert facts(server) == STORED


def test_refused_rows_come_in_again_once_they_are_right(server: SandboxServer, command: Command) -> None:
    """The file of refused rows is itself a file that can be imported."""
    Path("orders.csv").write_text(ORDERS + "003,soon,6\n")
    command(*PURCHASES)
    path = Path("orders.csv.refused.csv")
    path.write_text(path.read_text().replace("soon", "1998-02-01"))
    code, _, _ = command(str(path), *PURCHASES[1:], "--drop", "line", "--drop", "reason")
    assert code == 0
    assert facts(server) == [*STORED, ("003", 886_291_200, {"total": 6})]


def test_what_the_service_refuses(server: SandboxServer, command: Command) -> None:
    """A row that only the service refuses is in the file too, with the service's words."""
    Path("orders.csv").write_text(ORDERS)
    server.world.faults.add(FaultRule(effect=Effect(partial=1.0)), 0.0)
    code, _, _ = command(*PURCHASES)
    assert code == 1
    with Path("orders.csv.refused.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["line"] for row in rows] == ["2", "3", "4"]
    assert all(row["reason"].startswith("Customer.io: ") for row in rows)


def test_imported_before(server: SandboxServer, command: Command) -> None:
    """A second run sends nothing; --restart sends again, and Customer.io discards it."""
    Path("orders.csv").write_text(ORDERS)
    command(*PURCHASES)
    code, out, err = command(*PURCHASES)
    assert (code, err) == (0, ["ciokit: orders.csv: was imported before; --restart sends it again"])
    assert "3 of them by an earlier run" in out
    assert server.world.stats()["requests"] == 1
    assert command(*PURCHASES, "--restart")[0] == 0
    assert server.world.stats()["duplicates_collapsed"] == 3
    assert facts(server) == STORED


def test_a_changed_file_is_a_new_import(server: SandboxServer, command: Command) -> None:
    """It begins at its first row, and says so."""
    Path("orders.csv").write_text(ORDERS)
    command(*PURCHASES)
    Path("orders.csv").write_text(ORDERS + "003,1998-02-01,6\n")
    code, _, err = command(*PURCHASES)
    assert code == 0
    assert err == [
        "ciokit: orders.csv: has changed since an earlier run, so it is imported from the first row on"
    ]
    assert len(server.world.events()) == 3 + 4


def test_a_unique_column_survives_a_changed_file(server: SandboxServer, command: Command) -> None:
    """Rows that a changed file has in common with the old one are discarded by the order's number."""
    arguments = ("orders.csv", "--person", "who", "--event", "x", "--unique", "order")
    Path("orders.csv").write_text("who,order\n1,A\n2,B\n")
    command(*arguments)
    Path("orders.csv").write_text("who,order\n3,C\n1,A\n2,B\n")
    command(*arguments)
    assert sorted(event.data["order"] for event in server.world.events()) == ["A", "B", "C"]


def test_another_event_or_place_is_another_import(
    server: SandboxServer, command: Command, serve: Callable[[World], SandboxServer]
) -> None:
    """Progress of one import says nothing of another."""
    Path("orders.csv").write_text(ORDERS)
    command(*PURCHASES)
    code, _, err = command("orders.csv", "--person", "who", "--event", "refund", "--timestamp", "when")
    assert (code, err, len(server.world.events())) == (0, [], 6)
    other = serve(World())
    assert command(*PURCHASES)[2] == []
    assert facts(other) == STORED


def test_limit_and_go_on(server: SandboxServer, command: Command) -> None:
    """A limited run is the beginning of the whole one."""
    Path("orders.csv").write_text(ORDERS)
    assert command(*PURCHASES, "--limit", "2")[0] == 0
    assert facts(server) == STORED[:2]
    code, _, err = command(*PURCHASES)
    assert (code, err) == (0, ["ciokit: orders.csv: going on after 2 rows of an earlier run"])
    assert facts(server) == STORED


def test_dry_run(command: Command, state: Path) -> None:
    """It checks every row without credentials, writes what would be refused, sends nothing and remembers nothing."""
    Path("orders.csv").write_text(ORDERS + "003,soon,6\n")
    Path("orders.csv.refused.csv").write_text("line,reason: of a real run")
    code, out, err = command(*PURCHASES, "--dry-run")
    assert code == 1
    assert err == ["ciokit: orders.csv: 1 of 4 rows were refused; see orders.csv.dry-run.csv"]
    assert '"name": "purchase"' in out
    assert Path("orders.csv.refused.csv").read_text() == "line,reason: of a real run"
    assert "soon" in Path("orders.csv.dry-run.csv").read_text()
    assert not state.exists()


def test_a_service_that_fails_is_waited_for(server: SandboxServer, command: Command) -> None:
    """A passing failure costs time and no row; the events that came twice are discarded."""
    Path("orders.csv").write_text(ORDERS)
    server.world.faults.add(
        FaultRule(script=(Effect(status=429, retry_after=0), Effect(drop=True, after_processing=True))), 0.0
    )
    assert command(*PURCHASES)[0] == 0
    assert facts(server) == STORED
    assert server.world.stats()["duplicates_collapsed"] == 3


def test_what_stops_it_is_one_line(server: SandboxServer, command: Command) -> None:
    """When patience ends, it says what happened and how far it came, and the next run goes on."""
    Path("orders.csv").write_text(ORDERS)
    server.world.faults.add(FaultRule(effect=Effect(status=503), times=1), 0.0)
    code, _, err = command(*PURCHASES, "--patience", "0")
    assert code == 1
    (line,) = err
    assert line.startswith("ciokit: orders.csv: batch: Customer.io failed")
    assert line.endswith("(0 rows accepted, 0 refused so far; run it again to go on)")
    assert command(*PURCHASES)[0] == 0
    assert facts(server) == STORED


def test_wrong_keys(server: SandboxServer, command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are told with the settings and never shown."""
    Path("orders.csv").write_text(ORDERS)
    monkeypatch.setenv("CUSTOMERIO_TRACK_API_KEY", "wrong-key")
    code, _, err = command(*PURCHASES)
    assert code == 1
    (line,) = err
    assert "CUSTOMERIO_TRACK_API_KEY" in line
    assert "wrong-key" not in line
    assert server.world.events() == []


class Writing(World):
    """A world in which somebody writes to the file while it is imported."""

    def answer(self, request: Request, now: float) -> Answer:
        """Answer a request, after the file has changed."""
        Path("orders.csv").write_text(ORDERS + "003,1998-02-01,6\n")
        return super().answer(request, now)


def test_a_file_that_changes_under_the_import(
    serve: Callable[[World], SandboxServer], command: Command
) -> None:
    """An import stops rather than mix two contents of a file."""
    Path("orders.csv").write_text(ORDERS)
    serve(Writing())
    code, _, err = command(*PURCHASES)
    assert (code, err) == (
        1,
        ["ciokit: orders.csv was changed while it was imported; run this again for the file as it is now"],
    )


BAD_FILES: list[tuple[str, bytes | None, tuple[str, ...], int, str]] = [
    ("none.csv", None, (), 2, "none.csv: no such file"),
    ("dir.csv", b"/", (), 2, "dir.csv is no file"),
    (
        "rows.xls",
        b"x",
        (),
        2,
        "rows.xls: its name does not say what it is; add --format csv, jsonl or parquet",
    ),
    ("rows.csv.gz", b"\x1f\x8b", ("--format", "csv"), 2, "rows.csv.gz is compressed; unpack it first"),
    ("rows.csv", b"", (), 2, "rows.csv is empty"),
    ("rows.csv", b"who,x\n", (), 1, "rows.csv has no rows"),
    ("rows.csv", b"\n\n", (), 2, "rows.csv has no header: its first row must name the columns"),
    ("rows.csv", b"name,x\n1,2\n", (), 2, "rows.csv has no column 'who' for --person; it has name, x"),
    ("rows.csv", b"who,who\n1,2\n", (), 2, "rows.csv, line 1: column 'who' is there twice"),
    ("rows.csv", b"\x7fELF\0\0", (), 2, "rows.csv is binary and no text"),
    ("rows.csv", "who\nJörg\n".encode("latin-1"), (), 2, "rows.csv, line 2: not UTF-8"),
    ("rows.csv", "who\n1\n".encode("utf-16"), (), 2, "rows.csv is UTF-16; save it as UTF-8"),
    ("rows.csv", b"who\n1\n", ("--timestamp", "when"), 2, "rows.csv has no column 'when' for --timestamp"),
    ("rows.csv", b"who\n1\n", ("--delimiter", "ab"), 2, "import: --delimiter must be one character"),
    ("rows.csv", b"who\n1\n", ("--attributes",), 2, "import: say either --event NAME or --attributes"),
    ("rows.csv", b"who\n1\n", ("--refused", "none/x.csv"), 2, "none/x.csv cannot be written"),
    ("rows.csv", b"who\n1\n", ("--unit", "days"), 2, "Invalid value for '--unit'"),
    ("rows.csv", b"who\n1\n", ("--limit", "0"), 2, "Invalid value for '--limit'"),
    ("rows.csv", b"who\n1\n", ("--colour",), 2, "No such option"),
    ("rows.csv", b"who\n1\n", ("--format", "parquet"), 2, "rows.csv is no Parquet file"),
    ("rows.parquet", b"PAR1 or so", (), 2, "rows.parquet is no Parquet file"),
    ("rows.jsonl", b"[1,2]\n", (), 2, "rows.jsonl is a JSON array"),
    ("rows.jsonl", b'{"name":1}\n', (), 2, "rows.jsonl has no column 'who' for --person; it has name"),
    ("rows.jsonl", b'{"who":1}\n{"who":\n', (), 1, "rows.jsonl: 1 of 2 rows were refused"),
    ("rows.csv", b'who,x\n1,2\n1,"2\n', (), 1, "rows.csv: 1 of 2 rows were refused"),
]


@pytest.mark.parametrize(("name", "content", "more", "code", "words"), BAD_FILES)
def test_bad_input(
    server: SandboxServer,
    command: Command,
    name: str,
    content: bytes | None,
    more: tuple[str, ...],
    code: int,
    words: str,
) -> None:
    """Every wrong file, column and option is one clear line, with the right exit code."""
    if "Parquet" in words:
        pytest.importorskip("pyarrow", reason="the extra parquet is not installed")
    path = Path(name)
    if content == b"/":
        path.mkdir()
    elif content is not None:
        path.write_bytes(content)
    exit_code, _, err = command(name, "--person", "who", "--event", "x", *more)
    assert exit_code == code
    assert len(err) == 1
    assert err[0].startswith(f"ciokit: {words}")
    assert code == 1 or server.world.stats()["requests"] == 0


def test_state_that_cannot_be_written(
    server: SandboxServer, command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Nothing is sent that would not be remembered."""
    Path("orders.csv").write_text(ORDERS)
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    code, _, err = command(*PURCHASES)
    assert code == 1
    assert "XDG_STATE_HOME" in err[0]
    assert len(err) == 1
    assert server.world.stats()["requests"] == 0


def test_nothing_secret_is_kept(server: SandboxServer, command: Command, state: Path) -> None:
    """What an import remembers has neither keys nor cells."""
    Path("orders.csv").write_text(ORDERS)
    assert command(*PURCHASES)[0] == 0
    assert server.world.events()
    (kept,) = (path for path in state.rglob("*") if path.is_file())
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert set(msgspec.json.decode(kept.read_bytes())) == {
        "digest", "rows", "accepted", "refused", "requests", "refused_bytes", "complete", "format",
    }  # fmt: skip
