"""`ciokit doctor` against a real server."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ciokit.cli.app import run
from ciokit.sandbox import World
from ciokit.sandbox.server import SandboxServer


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[SandboxServer]:
    """Run a sandbox that the settings point at."""
    with SandboxServer(World(keys={"the-site:the-key": "main"})) as running:
        monkeypatch.setenv("CUSTOMERIO_SITE_ID", "the-site")
        monkeypatch.setenv("CUSTOMERIO_TRACK_API_KEY", "the-key")
        monkeypatch.setenv("CIOKIT_BASE_URL", running.url)
        yield running


@pytest.mark.usefixtures("server")
def test_all_is_well(capsys: pytest.CaptureFixture[str]) -> None:
    """With the right settings nothing fails, and no value is shown."""
    assert run(["doctor"]) == 0
    said = capsys.readouterr()
    assert "workspace 1 in region us" in said.out
    assert said.out.splitlines()[-1].endswith("0 to look at · 0 failed")
    assert "the-site" not in said.out
    assert "the-key" not in said.out
    assert said.err == ""


def test_nothing_is_set(capsys: pytest.CaptureFixture[str]) -> None:
    """Without settings it says which are missing, and asks nobody."""
    assert run(["doctor"]) == 1
    said = capsys.readouterr()
    assert said.out.count("not set") >= 2
    assert "Account" not in said.out
    assert said.err == ("ciokit: doctor: CUSTOMERIO_SITE_ID: not set; set it in the environment or in .env\n")


def test_wrong_keys(
    server: SandboxServer, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keys that are not accepted are told, and not shown."""
    monkeypatch.setenv("CUSTOMERIO_TRACK_API_KEY", "wrong-key")
    assert run(["doctor"]) == 1
    said = capsys.readouterr()
    assert "the address did not accept the keys" in said.err
    assert "wrong-key" not in said.out + said.err
    assert server.world.stats()["requests"] == 1


def test_offline(server: SandboxServer, capsys: pytest.CaptureFixture[str]) -> None:
    """With --offline nobody is asked."""
    assert run(["doctor", "--offline"]) == 0
    assert "Account" not in capsys.readouterr().out
    assert server.world.stats()["requests"] == 0


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("CUSTOMERIO_REGION", "asia", "CUSTOMERIO_REGION must be us or eu"),
        ("CIOKIT_BASE_URL", "ftp://somewhere", "CIOKIT_BASE_URL must be an address"),
        ("CIOKIT_BASE_URL", "http://shop.example", "plain http"),
        ("CUSTOMERIO_SITE_ID", "sité", "a key is printable ASCII"),
    ],
)
def test_settings_that_are_out_of_range(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str
) -> None:
    """They fail with the name of the setting."""
    monkeypatch.setenv(name, value)
    assert run(["doctor"]) == 1
    said = capsys.readouterr()
    assert words in " ".join(said.err.split())


def test_a_narrow_terminal_cuts_no_word(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a second column has no room, what was found stands below what was checked, whole."""
    monkeypatch.setenv("COLUMNS", "40")
    assert run(["doctor", "--offline"]) == 1
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    at = next(number for number, line in enumerate(lines) if line.endswith("CUSTOMERIO_TRACK_API_KEY"))
    assert lines[at + 1 : at + 4] == ["    not set", "    → set it in the environment or in", "    .env"]
    assert "…" not in "".join(lines)


def test_a_wrong_setting_is_told_beside_missing_keys(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who has set no key yet hears of a wrong region all the same, not only once the keys are there."""
    monkeypatch.setenv("CUSTOMERIO_REGION", "asia")
    assert run(["doctor"]) == 1
    said = " ".join(capsys.readouterr().out.split())
    assert "CUSTOMERIO_REGION must be us or eu" in said
    assert said.endswith("3 failed")


def test_a_dotenv_that_is_no_text_is_told_once(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What one check has found is not told again by another."""
    monkeypatch.chdir(tmp_path)
    Path(".env").write_bytes("CUSTOMERIO_REGION=eu\n".encode("utf-16"))
    assert run(["doctor"]) == 1
    assert capsys.readouterr().out.count("it is not UTF-8") == 1


def test_dotenv(
    server: SandboxServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Settings of a .env file count as well as those of the environment."""
    monkeypatch.delenv("CUSTOMERIO_TRACK_API_KEY")
    Path(".env").write_text("CUSTOMERIO_TRACK_API_KEY=the-key\n")
    Path(".env").chmod(0o600)
    assert run(["doctor"]) == 0
    assert "set in .env" in capsys.readouterr().out
    assert server.world.stats()["requests"] == 1
