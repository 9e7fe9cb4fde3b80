"""The reference of the command line in the documentation is what the commands say of themselves.

`python tests/docs/test_cli_reference.py` writes it anew.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import typer

from ciokit.cli.app import app, run

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "guides" / "cli.md"
HEADING = "## Reference\n"
WIDTH = "96"


def commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield every command, its subcommands after it."""
    yield path
    for name, child in getattr(command, "commands", {}).items():
        yield from commands(child, (*path, name))


HELP_OF_ALL = """
import contextlib, io, json, sys
from ciokit.cli.app import run

def help_of(path):
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        assert run([*path, "--help"]) == 0
    return said.getvalue()

print(json.dumps([help_of(path) for path in json.loads(sys.argv[1])]))
"""


def help_of_all(paths: Sequence[tuple[str, ...]]) -> list[str]:
    """Return what commands say of themselves, as it looks in a terminal of one width and without colour."""
    # In a process of its own, since the width is read once; in one for all, since each start costs a second.
    environment = {**os.environ, "COLUMNS": WIDTH, "TERM": "dumb", "NO_COLOR": "1"}
    done = subprocess.run(
        [sys.executable, "-c", HELP_OF_ALL, json.dumps(paths)],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return [trimmed(text) for text in json.loads(done.stdout)]


def trimmed(text: str) -> str:
    """Return a text without blanks at the ends of its lines and without blank lines around it."""
    return "\n".join(line.rstrip() for line in text.strip("\n").splitlines()).strip("\n")


def reference() -> str:
    """Return the whole reference."""
    paths = list(commands(typer.main.get_command(app)))
    sections = [
        f"### `{' '.join(('ciokit', *path))}`\n\n```text\n{text}\n```\n"
        for path, text in zip(paths, help_of_all(paths), strict=True)
    ]
    return "\n".join([HEADING, *sections])


def test_reference_is_fresh() -> None:
    """The page's help texts are those of the commands."""
    written = PAGE.read_text(encoding="utf-8").partition(HEADING)
    assert written[1] + written[2] == reference(), f"run: python {Path(__file__).relative_to(ROOT)}"


@pytest.mark.parametrize("path", list(commands(typer.main.get_command(app))), ids=" ".join)
def test_every_option_says_what_it_is_for(path: tuple[str, ...]) -> None:
    """No option or argument is without a word of help."""
    command: Any = typer.main.get_command(app)
    for name in path:
        command = command.commands[name]
    silent = [parameter.name for parameter in command.params if not parameter.help]
    assert silent == []


@pytest.mark.parametrize("columns", [40, 69, 70])
def test_help_cuts_no_name(
    columns: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """However narrow the terminal, the help shows every option and command as it is to be typed."""
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("NO_COLOR", "1")
    cut: list[tuple[str, ...]] = []
    for path in commands(typer.main.get_command(app)):
        assert run([*path, "--help"]) == 0
        said = capsys.readouterr().out
        command: Any = typer.main.get_command(app)
        for name in path:
            command = command.commands[name]
        names = [*getattr(command, "commands", {}), *(one for it in command.params for one in it.opts)]
        cut += [(*path, name) for name in names if name.startswith("--") and name not in said]
    assert cut == []


if __name__ == "__main__":
    text = PAGE.read_text(encoding="utf-8").partition(HEADING)[0]
    PAGE.write_text(text + reference(), encoding="utf-8")
