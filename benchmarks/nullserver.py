"""The null server of nullserver.c: compile it, run it, ask it what arrived."""

import json
import os
import shutil
import subprocess
import tempfile
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.machine import pinned

__all__ = ["Counts", "NoCompilerError", "NullServer", "running"]

SOURCE = Path(__file__).with_suffix(".c")
Counts = dict[str, int]

NO_COMPILER = (
    "the server that all libraries are measured against is written in C, and no C compiler was found; install one "
    "(Debian and Ubuntu: gcc; Fedora: gcc; Alpine: gcc musl-dev) or name yours in CC, "
    "or measure what needs no server: make bench ARGS='--only encode,import'"
)


class NoCompilerError(Exception):
    """There is nothing to compile the server with."""


class NullServer:
    """A running server.

    Attributes:
        url: Its address.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._open = urllib.request.build_opener(urllib.request.ProxyHandler({})).open

    def counts(self) -> Counts:
        """Return how many `requests`, `bytes` of bodies and `events` arrived since it started."""
        with self._open(f"{self.url}/counts", timeout=5) as reply:
            counts: Counts = json.load(reply)
        return counts


@contextmanager
def running(core: int, *, delay: int = 0) -> Generator[NullServer]:
    """Compile the server, run it on a core, and end it.

    Args:
        core: Which.
        delay: Milliseconds after which it answers.
    """
    with tempfile.TemporaryDirectory(prefix="ciokit-bench-") as folder:
        program = _compiled(Path(folder))
        with pinned(core):
            process = subprocess.Popen(
                [program, str(delay)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=folder
            )
        with process:
            assert process.stdout
            yield NullServer(f"http://127.0.0.1:{int(process.stdout.readline())}")
            # Leaving closes its standard input, which ends it.


def _compiled(folder: Path) -> Path:
    compiler = os.environ.get("CC") or next(filter(shutil.which, ("cc", "gcc", "clang")), None)
    if compiler is None or shutil.which(compiler) is None:
        raise NoCompilerError(NO_COMPILER)
    program = folder / "nullserver"
    subprocess.run([compiler, "-O2", "-o", program, SOURCE], check=True)
    return program
