"""`ciokit export` against a real server."""

import csv
import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from ciokit import TrackClient
from ciokit.app import AppClient, SendEmail
from ciokit.app.words import DeliveryMetric
from ciokit.cli.app import run
from ciokit.cli.exporting import Metric
from ciokit.sandbox import World
from ciokit.sandbox.faults.rules import Effect, FaultRule
from ciokit.sandbox.server import SandboxServer

KEYS = {"site:key": "main", "app-key": "main"}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[SandboxServer]:
    """Run a sandbox with people and a message, that the settings point at."""
    with SandboxServer(World(keys=KEYS)) as running:
        monkeypatch.setenv("CUSTOMERIO_SITE_ID", "site")
        monkeypatch.setenv("CUSTOMERIO_TRACK_API_KEY", "key")
        monkeypatch.setenv("CUSTOMERIO_APP_API_KEY", "app-key")
        monkeypatch.setenv("CIOKIT_BASE_URL", running.url)
        with TrackClient(stamp=False) as track, AppClient() as app:
            track.identify("user-1", {"email": "ada@example.com", "note": 'two\nlines, "quoted"'})
            track.identify("user-2", {"email": "zoë@example.com"})
            app.send_email(SendEmail(to="ada@example.com", identifiers="user-1", transactional_message_id=3))
        yield running


@pytest.mark.usefixtures("server")
def test_people_as_csv(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """The rows are in the file, which only its owner may read, and their number is told."""
    path = tmp_path / "people.csv"
    assert run(["export", "customers", "--has", "email", "--to", str(path)]) == 0
    assert capsys.readouterr().out == f"export 1: 2 rows in {path}\n"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["email"] for row in rows] == ["ada@example.com", "zoë@example.com"]
    assert rows[0]["note"] == 'two\nlines, "quoted"'
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["people.csv"]


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize(("name", "content"), [("people.csv", "id,email,cio_id"), ("people.jsonl", "")])
def test_nobody(capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str, content: str) -> None:
    """A list of nobody is a file all the same: its columns alone as CSV, nothing as JSON lines."""
    path = tmp_path / name
    assert run(["export", "customers", "--where", "plan=none", "--to", str(path)]) == 0
    assert capsys.readouterr().out == f"export 1: 0 rows in {path}\n"
    assert path.read_text().strip() == content
    assert run(["export", "get", "1", "--to", "-", "--format", path.suffix[1:]]) == 0
    assert capsys.readouterr().out.strip() == content


@pytest.mark.usefixtures("server")
def test_people_as_json_lines(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """The file's name decides its form, and --json tells of the file."""
    path = tmp_path / "people.jsonl"
    assert run(["export", "customers", "--where", "email=ada@example.com", "--to", str(path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"id": 1, "rows": 1, "file": str(path)}
    (row,) = [json.loads(line) for line in path.read_text().splitlines()]
    assert row["note"] == 'two\nlines, "quoted"'


@pytest.mark.usefixtures("server")
def test_rows_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    """With - the rows are printed and nothing else is."""
    assert run(["export", "customers", "--has", "email", "--to", "-", "--format", "jsonl"]) == 0
    said = capsys.readouterr()
    assert [json.loads(line)["id"] for line in said.out.splitlines()] == ["user-1", "user-2"]
    assert said.err == ""


def test_messages(server: SandboxServer, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Messages of a template are exported, with what limits them sent as the API takes it."""
    path = tmp_path / "messages.csv"
    options = ["--transactional", "3", "--start", "2020-01-01", "--metric", "sent", "--attribute", "email"]
    assert run(["export", "deliveries", *options, "--to", str(path)]) == 0
    assert "1 row in" in capsys.readouterr().out
    with path.open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["recipient"] == "ada@example.com"
    asked = next(asked for asked in server.world.requests if asked.path == "/v1/exports/deliveries")
    body = json.loads(asked.body or b"")
    assert (body["transactional_message_id"], body["start"], body["metric"]) == (3, 1577836800, "sent")
    assert body["attributes"] == ["email"]


@pytest.mark.usefixtures("server")
def test_exports_are_listed_and_fetched_later(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """An export that was started before is found in the list and written by its number."""
    path = tmp_path / "people.csv"
    assert run(["export", "customers", "--has", "email", "--to", str(path)]) == 0
    first = path.read_bytes()
    capsys.readouterr()
    assert run(["export", "list"]) == 0
    assert "customers" in capsys.readouterr().out
    assert run(["export", "list", "--json"]) == 0
    number = json.loads(capsys.readouterr().out)["id"]
    path.write_text("something older")
    assert run(["export", "get", str(number), "--to", str(path)]) == 0
    assert path.read_bytes() == first


def test_a_download_that_fails_leaves_what_was_there(
    server: SandboxServer, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A file is replaced by a whole one or not at all, and the failure is one line."""
    path = tmp_path / "people.csv"
    path.write_text("something older")
    rule = FaultRule(path="/v1/exports/*/download", effect=Effect(status=404))
    server.world.faults.add(rule, 0.0)
    assert run(["export", "customers", "--has", "email", "--to", str(path)]) == 1
    said = capsys.readouterr()
    assert "(404)" in said.err
    assert said.err.count("\n") == 1
    assert path.read_text() == "something older"
    assert [entry.name for entry in tmp_path.iterdir()] == ["people.csv"]


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["customers", "--to", "x.csv"], "say who: --segment, --where, --has or --filter"),
        (["customers", "--has", "email", "--to", "nowhere/x.csv"], "--to nowhere/x.csv: No such file"),
        (["customers", "--has", "email", "--to", "-", "--json"], "--json tells of the file"),
        (["customers", "--has", "email"], "Missing option '--to'"),
        (["deliveries", "--to", "x.csv"], "newsletter_id"),
        (["deliveries", "--transactional", "3", "--start", "soon", "--to", "x.csv"], "--start: not a time"),
        (["deliveries", "--transactional", "3", "--metric", "seen", "--to", "x.csv"], "--metric"),
    ],
)
def test_wrong_options_start_nothing(
    server: SandboxServer, capsys: pytest.CaptureFixture[str], options: list[str], why: str
) -> None:
    """A wrong option is one line that names it, and the exit code is 2."""
    before = server.world.stats()["requests"]
    assert run(["export", *options]) == 2
    said = capsys.readouterr()
    assert why in said.err
    assert said.err.count("\n") == 1
    assert server.world.stats()["requests"] == before
    assert not Path("x.csv").exists()


def test_the_metrics_are_the_apis_own() -> None:
    """The command takes what the client does."""
    assert get_args(Metric) == get_args(DeliveryMetric)


@pytest.mark.usefixtures("server")
def test_rows_may_go_to_a_device(tmp_path: Path) -> None:
    """A device or a pipe is written to, and no file takes its place."""
    path = tmp_path / "nowhere"
    path.symlink_to(os.devnull)
    assert run(["export", "customers", "--has", "email", "--to", str(path)]) == 0
    assert path.is_symlink()
    assert [entry.name for entry in tmp_path.iterdir()] == ["nowhere"]


def test_a_directory_is_told_before_anything_is_asked(
    server: SandboxServer, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """An export is not begun for rows that cannot be written, and the folder stays as it was."""
    asked = server.world.stats()["requests"]
    assert run(["export", "customers", "--has", "email", "--to", str(tmp_path)]) == 2
    assert "--to" in capsys.readouterr().err
    assert server.world.stats()["requests"] == asked
    assert list(tmp_path.parent.glob(".*.part")) == []
