"""The command line as a process: what it says without its extra, to a closed pipe and to a wrong option."""

import os
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from ciokit import __version__

CIOKIT = [sys.executable, "-m", "ciokit"]
PROJECT = tomllib.loads(Path(__file__).parents[2].joinpath("pyproject.toml").read_text(encoding="utf-8"))
SCRIPT: str = PROJECT["project"]["scripts"]["ciokit"]


def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run the command line."""
    return subprocess.run([*CIOKIT, *arguments], capture_output=True, text=True, check=False)


def test_version() -> None:
    """--version is the package's own, on one line."""
    done = run("--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"ciokit {__version__}\n", "")


@pytest.mark.parametrize("arguments", [[], ["-h"], ["--help"]])
def test_help(arguments: list[str]) -> None:
    """Alone, or with -h or --help, it lists the commands."""
    done = run(*arguments)
    assert (done.returncode, done.stderr) == (0, "")
    assert "demo" in done.stdout
    assert "Usage: ciokit" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "culprit", "command"),
    [
        (["--colour"], "--colour", "ciokit"),
        (["sell"], "'sell'", "ciokit"),
        (["demo", "--pace", "3"], "--pace", "ciokit demo"),
        (["demo", "--port", "x"], "'--port'", "ciokit demo"),
        (["demo", "--port", "70000"], "'--port'", "ciokit demo"),
        (["demo", "now"], "(now)", "ciokit demo"),
    ],
)
def test_wrong_use_is_one_line(arguments: list[str], culprit: str, command: str) -> None:
    """A wrong option or argument is one line that names it and where the help is, and the exit code is 2."""
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("ciokit: ")
    assert culprit in line
    assert line.endswith(f" (see {command} --help)")


@pytest.mark.parametrize("group", ["export", "people", "segments", "send", "spool", "webhooks"])
def test_a_group_without_a_command_shows_its_help(group: str) -> None:
    """Where a command is missing the choices are shown, and one line asks for it; the exit code is 2."""
    done = run(group)
    assert (done.returncode, done.stderr) == (2, f"ciokit: Which command? (see ciokit {group} --help)\n")
    assert f"Usage: ciokit {group}" in done.stdout


def test_missing_keys_are_not_asked_for_as_options() -> None:
    """Keys belong into the environment: what a program could pass as an argument is not proposed here."""
    done = run("people", "get", "user-1")
    line = "ciokit: CUSTOMERIO_APP_API_KEY not set: set it in your environment or .env file\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", line)


def test_an_argument_that_is_no_text(tmp_path: Path) -> None:
    """Bytes that are not UTF-8, which cannot be sent, are told by the place of their argument."""
    rows = tmp_path / "rows.csv"
    rows.write_text("id\nuser-1\n")
    settings = {"CUSTOMERIO_SITE_ID": "site", "CUSTOMERIO_TRACK_API_KEY": "key", "HOME": str(tmp_path)}
    asked: list[str | bytes] = [*CIOKIT, "import", str(rows), "--person", "id", "--event", b"caf\xe9"]
    done = subprocess.run(
        asked, env={**os.environ, **settings}, capture_output=True, text=True, check=False, cwd=tmp_path
    )
    line = "ciokit: argument 6 is not UTF-8, or the locale (LC_ALL, LANG) is not\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", line)


def test_output_that_cannot_be_written() -> None:
    """A full disk behind the output is one line, and none of Python's at its exit."""
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*CIOKIT, "--help"], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert (done.returncode, done.stderr) == (1, "ciokit: No space left on device\n")


def test_completion() -> None:
    """A shell is told the commands that a word may become."""
    asked = {"_CIOKIT_COMPLETE": "complete_bash", "COMP_WORDS": "ciokit spool re", "COMP_CWORD": "2"}
    done = subprocess.run(CIOKIT, env={**os.environ, **asked}, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.split(), done.stderr) == (0, ["retry"], "")


@pytest.mark.parametrize("module", ["ciokit", "msgspec", "typer", "ciokit.cli.sandbox"])
def test_ctrl_c_while_it_is_loaded(module: str) -> None:
    """An interruption before the command begins, while ciokit itself is loaded, ends it with 130 and no word."""
    package, _, function = SCRIPT.partition(":")
    code = f"""
import os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
class Interrupts:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            os.kill(os.getpid(), signal.SIGINT)
from {package} import {function}
sys.meta_path.insert(0, Interrupts())
sys.argv = ["ciokit", "demo"]
{function}()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_ctrl_c_while_it_ends() -> None:
    """An interruption after the command's last word ends it at once, without a traceback."""
    code = (
        "import atexit, os, signal, sys\n"
        "from ciokit.cli import main\n"
        "atexit.register(os.kill, os.getpid(), signal.SIGINT)\n"
        "sys.argv = ['ciokit', '--version']\n"
        "main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, f"ciokit {__version__}\n", "")


@pytest.mark.parametrize("package", ["typer", "rich"])
def test_without_the_extra(package: str) -> None:
    """Without what the extra brings, one line says what to install, and the exit code is 2."""
    code = f"import sys; sys.modules[{package!r}] = None; from ciokit.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    line = "ciokit: the command line is an extra: pip install 'ciokit[cli]'\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", line)


def test_demo_without_the_sandbox() -> None:
    """A command that needs a further extra names it."""
    code = (
        "import sys; sys.modules['uvicorn'] = None; sys.argv = ['ciokit', 'demo'];"
        "from ciokit.cli import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    line = "ciokit: this needs an extra: pip install 'ciokit[sandbox]'\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", line)


def test_a_closed_pipe_is_quiet() -> None:
    """When nobody reads the output any more, nothing is said about it."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run([*CIOKIT, "--help"], stdout=writing, stderr=subprocess.PIPE, check=False)
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (1, b"")


def test_startup_is_light() -> None:
    """The program starts without the libraries that only some commands need."""
    code = (
        "import sys; sys.argv = ['ciokit', '--version']\n"
        "from ciokit.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print(sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    for heavy in ("rich", "httpx2", "httpcore2", "starlette", "uvicorn", "pyarrow", "asyncio"):
        assert f"'{heavy}'" not in done.stdout
