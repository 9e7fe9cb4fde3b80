"""`ciokit people` and `ciokit segments` against a real server."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from ciokit import TrackClient
from ciokit.cli.app import run
from ciokit.sandbox import World
from ciokit.sandbox.server import SandboxServer

KEYS = {"site:key": "main", "app-key": "main"}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[SandboxServer]:
    """Run a sandbox with three people, that the settings point at."""
    with SandboxServer(World(keys=KEYS)) as running:
        monkeypatch.setenv("CUSTOMERIO_SITE_ID", "site")
        monkeypatch.setenv("CUSTOMERIO_TRACK_API_KEY", "key")
        monkeypatch.setenv("CUSTOMERIO_APP_API_KEY", "app-key")
        monkeypatch.setenv("CIOKIT_BASE_URL", running.url)
        with TrackClient(stamp=False) as client:
            client.identify("user-1", {"email": "ada@example.com", "plan": "pro", "seats": 3})
            client.identify("user-2", {"email": "bob@example.com", "plan": "free"})
            client.identify("user-3", {"plan": "pro", "note": "\x1b[31mred"})
            client.add_device("user-1", "device-token", platform="ios", last_used=1_700_000_000)
        yield running


def lines(capsys: pytest.CaptureFixture[str]) -> list[Any]:
    """Return the lines of JSON that were printed."""
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a terminal in which no cell is folded."""
    monkeypatch.setenv("COLUMNS", "200")


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize("who", [["user-1"], ["ada@example.com", "--id-kind", "email"]])
def test_a_person_is_shown(capsys: pytest.CaptureFixture[str], who: list[str]) -> None:
    """Names, attributes and devices of a person, named by any of their names."""
    assert run(["people", "get", *who]) == 0
    said = capsys.readouterr()
    words = said.out.split()
    for word in (
        "user-1",
        "ada@example.com",
        "plan",
        "pro",
        "seats",
        "3",
        "device-token",
        "ios",
        "2023-11-14",
    ):
        assert word in words
    assert said.err == ""


@pytest.mark.usefixtures("server")
def test_a_person_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    """The answer is one object with the service's own names, and the segments beside."""
    assert run(["segments", "create", "VIP"]) == 0
    assert run(["segments", "add", "1", "user-1"]) == 0
    capsys.readouterr()
    assert run(["people", "get", "user-1", "--json"]) == 0
    (found,) = lines(capsys)
    assert found["identifiers"]["email"] == "ada@example.com"
    assert found["attributes"]["plan"] == "pro"
    assert found["devices"][0]["id"] == "device-token"
    assert [segment["name"] for segment in found["segments"]] == ["VIP"]


@pytest.mark.usefixtures("server")
def test_data_does_not_move_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """What a value holds is shown, and not obeyed."""
    assert run(["people", "get", "user-3"]) == 0
    said = capsys.readouterr().out
    assert "\x1b[31m" not in said
    assert "\\x1b[31mred" in said


@pytest.mark.usefixtures("server")
def test_nobody_is_told_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """A person who is not there is one line on stderr, and the exit code is 1."""
    assert run(["people", "get", "nobody"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("ciokit: customers.attributes: ")
    assert said.err.count("\n") == 1


def found_by(capsys: pytest.CaptureFixture[str], *options: str) -> list[str]:
    """Search, and return the ids that were found."""
    assert run(["people", "search", *options, "--json"]) == 0
    return sorted(found["id"] for found in lines(capsys))


@pytest.mark.usefixtures("server")
def test_people_are_searched(capsys: pytest.CaptureFixture[str], tmp_path: Any) -> None:
    """Conditions are joined by and, or by or with --any; a whole one may come from a file."""
    assert found_by(capsys, "--where", "plan=pro") == ["user-1", "user-3"]
    assert found_by(capsys, "--where", "plan=pro", "--has", "email") == ["user-1"]
    assert found_by(capsys, "--where", "plan=free", "--where", "seats=3", "--any") == ["user-1", "user-2"]
    assert len(found_by(capsys, "--has", "plan", "--limit", "2")) == 2
    condition = tmp_path / "condition.json"
    condition.write_text('{"not":{"attribute":{"field":"plan","operator":"eq","value":"pro"}}}')
    assert found_by(capsys, "--filter", str(condition)) == ["user-2"]
    assert run(["people", "search", "--has", "email"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "2 people"


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize(
    ("options", "why"),
    [
        ([], "say who: --segment, --where, --has or --filter"),
        (["--where", "plan"], "--where must be NAME=VALUE"),
        (["--where", "plan=a", "--where", "plan=b"], "--where gives plan twice"),
        (["--filter", "nowhere.json"], "nowhere.json: No such file or directory"),
        (["--filter", "bad.json"], "bad.json: expected a JSON object"),
        (["--filter", "bad.json", "--has", "plan"], "--filter is a whole condition"),
        (["--limit", "0", "--has", "plan"], "Invalid value for '--limit'"),
    ],
)
def test_wrong_options_are_told(
    capsys: pytest.CaptureFixture[str], tmp_path: Any, options: list[str], why: str
) -> None:
    """A wrong option is one line that names it, and the exit code is 2."""
    (tmp_path / "bad.json").write_text("[1]")
    assert run(["people", "search", *options]) == 2
    said = capsys.readouterr()
    assert said.err.startswith(f"ciokit: {why}")
    assert said.err.count("\n") == 1


def test_without_a_key_nothing_is_asked(
    server: SandboxServer, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A missing key is named, with the exit code of a wrong setting."""
    monkeypatch.delenv("CUSTOMERIO_APP_API_KEY")
    before = server.world.stats()["requests"]
    assert run(["people", "get", "user-1"]) == 2
    assert "CUSTOMERIO_APP_API_KEY not set" in capsys.readouterr().err
    assert server.world.stats()["requests"] == before


def test_a_wrong_key_is_not_shown(
    server: SandboxServer, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key that is not accepted is told by its setting's name."""
    monkeypatch.setenv("CUSTOMERIO_APP_API_KEY", "wrong-key")
    assert run(["segments", "list"]) == 1
    said = capsys.readouterr()
    assert "CUSTOMERIO_APP_API_KEY" in said.err
    assert "wrong-key" not in said.out + said.err
    assert server.world.people() != []


@pytest.mark.usefixtures("server")
def test_a_segment_through_its_life(capsys: pytest.CaptureFixture[str]) -> None:
    """A manual segment is made, filled, looked at, emptied and deleted."""
    assert run(["segments", "create", "VIP", "--description", "the few", "--json"]) == 0
    (made,) = lines(capsys)
    number = str(made["id"])
    assert run(["segments", "add", number, "user-1", "user-2"]) == 0
    assert run(["segments", "remove", number, "bob@example.com", "--id-kind", "email"]) == 0
    capsys.readouterr()
    assert run(["segments", "members", number, "--json"]) == 0
    assert [found["id"] for found in lines(capsys)] == ["user-1"]
    assert run(["segments", "count", number]) == 0
    assert capsys.readouterr().out == "1\n"
    assert run(["segments", "count", number, "--json"]) == 0
    assert lines(capsys) == [{"id": int(number), "count": 1}]
    assert run(["segments", "list"]) == 0
    assert "VIP" in capsys.readouterr().out
    assert run(["segments", "list", "--json"]) == 0
    assert [segment["name"] for segment in lines(capsys)] == ["VIP"]
    assert run(["segments", "get", number]) == 0
    shown = capsys.readouterr().out
    assert "the few" in shown
    assert "people       1" in shown
    assert run(["segments", "get", number, "--json"]) == 0
    assert lines(capsys)[0]["count"] == 1
    assert run(["segments", "delete", number]) == 2
    assert "add --yes" in capsys.readouterr().err
    assert run(["segments", "delete", number, "--yes"]) == 0
    capsys.readouterr()
    assert run(["segments", "get", number]) == 1
    assert "(404)" in capsys.readouterr().err


def test_many_people_go_in_several_requests(
    server: SandboxServer, capsys: pytest.CaptureFixture[str]
) -> None:
    """A thousand people are what one request takes; more are parted."""
    assert run(["segments", "create", "All", "--json"]) == 0
    number = str(lines(capsys)[0]["id"])
    before = server.world.stats()["requests"]
    assert run(["segments", "add", number, *(f"user-{n}" for n in range(1500)), "--json"]) == 0
    assert lines(capsys) == [{"id": int(number), "asked": 1500}]
    assert server.world.stats()["requests"] == before + 2
    assert run(["segments", "add", number, ""]) == 2
    assert "ids: expected each id to be text" in capsys.readouterr().err
