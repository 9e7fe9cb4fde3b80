"""Run programs of the tests as processes of their own, against a sandbox, with or without a spool."""

import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import ciokit
from ciokit import Outbox, TrackClient
from ciokit.sandbox.server import SandboxServer

from .drivers import KEY, SITE

__all__ = ["environment", "recover", "run"]

SOURCE = Path(ciokit.__file__).parents[1]
ROOT = Path(__file__).parents[2]
STRICT = ("-X", "dev", "-W", "error", "-W", "ignore:This process:DeprecationWarning")
"""Every warning is an error; a fork beside threads is what is tested."""
HANG = 90.0
"""Seconds after which a program is taken to hang."""


def environment(url: str, spool: Path | None = None) -> dict[str, str]:
    """Return the variables that point a program at a sandbox and a spool."""
    found = {
        "PYTHONPATH": os.pathsep.join((str(SOURCE), str(ROOT))),
        "CUSTOMERIO_SITE_ID": SITE,
        "CUSTOMERIO_TRACK_API_KEY": KEY,
        "CIOKIT_BASE_URL": url,
    }
    return found if spool is None else {**found, "CIOKIT_SPOOL": str(spool)}


def run(
    program: ModuleType, *arguments: str, url: str, spool: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end."""
    return subprocess.run(
        [sys.executable, *STRICT, "-m", f"tests.real.{Path(str(program.__file__)).stem}", *arguments],
        env=environment(url, spool),
        capture_output=True,
        text=True,
        check=False,
        timeout=HANG,
    )


def recover(sandbox: SandboxServer, spool: Path) -> None:
    """Deliver what dead processes left in a spool, as the next process does, and check that nothing is left."""
    with (
        TrackClient(SITE, KEY, base_url=sandbox.url) as client,
        Outbox(client, spool=spool, rate=None) as outbox,
    ):
        assert outbox.flush(HANG)
    assert not list(spool.glob("*/*.log*"))
