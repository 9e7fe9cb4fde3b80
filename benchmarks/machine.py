"""The machine: its facts for the record, and which of its cores runs what."""

import contextlib
import os
import platform
import sys
from collections.abc import Generator
from importlib import metadata
from pathlib import Path
from typing import Any

__all__ = ["clean_environment", "cores", "facts", "pinned"]

COMPARED = (
    "httpx2",
    "httpcore2",
    "msgspec",
    "customerio",
    "requests",
    "urllib3",
    "async-customerio",
    "httpx",
    "pydantic",
)


def facts() -> dict[str, Any]:
    """Return what a reader must know of the machine and the versions; nothing that names either."""
    from ciokit import __version__

    return {
        "cpu": _cpu_model(),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "system": platform.system(),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "versions": {"ciokit": __version__} | {name: metadata.version(name) for name in COMPARED},
    }


def _cpu_model() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    return next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown"
    )


def cores() -> tuple[int, int]:
    """Return the core of whoever is measured, and that of the server."""
    free = sorted(os.sched_getaffinity(0))
    if len(free) < 2:
        print("only one core: server and client take turns on it, which costs both", file=sys.stderr)
    return free[0], free[-1]


@contextlib.contextmanager
def pinned(core: int) -> Generator[None]:
    """Start processes on one core: a child inherits it before its first instruction."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def clean_environment() -> dict[str, str]:
    """Return the environment without what would send requests elsewhere or change how Python runs."""
    # Of Python's own variables only those that say where it is: PYTHONDONTWRITEBYTECODE alone doubles an import.
    return {name: value for name, value in os.environ.items() if name in _PLACES or not _is_foreign(name)}


_PLACES = {"PYTHONPATH", "PYTHONHOME"}


def _is_foreign(name: str) -> bool:
    return name.startswith(("CUSTOMERIO_", "CIOKIT_", "PYTHON")) or name.lower().endswith("_proxy")
