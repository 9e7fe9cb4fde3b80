"""The names that an application imports: each is there, and `dir` lists it."""

import importlib

import pytest

MODULES = (
    "ciokit",
    "ciokit.app",
    "ciokit.compat.customerio",
    "ciokit.outboxes",
    "ciokit.pipelines",
    "ciokit.sandbox",
    "ciokit.testing",
    "ciokit.webhooks",
)


@pytest.mark.parametrize("module", MODULES)
def test_every_public_name_is_there(module: str) -> None:
    """Whatever a module promises can be had of it, also what is only imported when it is asked for."""
    imported = importlib.import_module(module)
    for name in imported.__all__:
        assert getattr(imported, name) is not None
    with pytest.raises(AttributeError, match="nowhere"):
        imported.nowhere  # noqa: B018 - to ask for it is the test


@pytest.mark.parametrize("module", MODULES)
def test_every_public_name_is_listed(module: str) -> None:
    """Who types a dot in a shell or a notebook is offered what is not imported yet, too."""
    imported = importlib.import_module(module)
    assert set(imported.__all__) - set(dir(imported)) == set()
