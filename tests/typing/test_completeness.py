"""The public interface leaves nothing to a type checker's guess: applications are checked against it, whatever checks them."""

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

pytest.importorskip("pyright", reason="pyright is not installed")

SOURCE = Path(__file__).parents[2] / "src"
FACES = (
    "ciokit",
    "ciokit.app",
    "ciokit.compat.customerio",
    "ciokit.contrib.django",
    "ciokit.contrib.flask",
    "ciokit.contrib.starlette",
    "ciokit.pipelines",
    "ciokit.sandbox",
    "ciokit.testing",
    "ciokit.webhooks",
)


def in_public(module: ModuleType) -> set[str]:
    """Return the names that a module offers, each also as the one under which it is defined."""
    found: set[str] = set()
    for name in module.__all__:
        value = getattr(module, name)
        defined = getattr(value, "__module__", module.__name__), getattr(value, "__qualname__", name)
        found |= {f"{module.__name__}.{name}", ".".join(defined)}
    return found


@pytest.fixture(scope="module")
def unknown() -> dict[str, list[str]]:
    """Ask pyright for every symbol whose type it does not know for sure, with what it has to say."""
    asked = [sys.executable, "-m", "pyright", "--outputjson", "--ignoreexternal", "--verifytypes", "ciokit"]
    # Here pyright heeds no --pythonpath but takes the first `python3`, and it passes an editable install over.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    ran = subprocess.run(
        asked,
        env={**os.environ, "PATH": path, "PYTHONPATH": str(SOURCE)},
        capture_output=True,
        text=True,
        check=False,
    )
    symbols: list[dict[str, Any]] = json.loads(ran.stdout)["typeCompleteness"]["symbols"]
    assert len(symbols) > 5_000, "pyright did not find the package"
    return {
        symbol["name"]: [one["message"] for one in symbol["diagnostics"]]
        for symbol in symbols
        if not symbol["isTypeKnown"]
    }


@pytest.mark.parametrize("face", FACES)
def test_every_type_is_known(face: str, unknown: dict[str, list[str]]) -> None:
    """Neither what a public module offers nor any attribute of it has a type that is only inferred."""
    names = in_public(importlib.import_module(face))
    owned = tuple(f"{name}." for name in names)
    assert names
    found = {name for name in unknown if name in names or name.startswith(owned)}
    roots = [
        f"{name}: {said}" for name, messages in unknown.items() for said in messages if "inferred" in said
    ]
    assert not found, f"{sorted(found)}; among these is why: {roots}"
