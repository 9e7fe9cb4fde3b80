"""The reference has a place for every public name, and names none that is not there."""

import inspect
import pydoc
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import griffe
import pytest

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs" / "reference"
DIRECTIVE = re.compile(r"^::: (\S+)$", re.MULTILINE)
PUBLIC = [
    "ciokit",
    "ciokit.app",
    "ciokit.app.bodies",
    "ciokit.app.filters",
    "ciokit.app.records",
    "ciokit.contrib.django",
    "ciokit.contrib.flask",
    "ciokit.contrib.starlette",
    "ciokit.pipelines",
    "ciokit.testing",
    "ciokit.webhooks",
]
ELSEWHERE = {
    "Meta": "msgspec's, and the page on events says so",
    "field": "as above",
    "PipelinesVerbs": "its verbs are those of the clients",
    "encode_fields": "what the App API's clients call",
    "read_record": "as above",
}


def named() -> list[str]:
    """Return what the pages ask to be shown."""
    return [
        name for page in sorted(PAGES.glob("*.md")) for name in DIRECTIVE.findall(page.read_text("utf-8"))
    ]


def shown() -> Iterator[object]:
    """Yield the objects that the pages show, a module's public ones in its place."""
    for name in named():
        found = pydoc.locate(name)
        if inspect.ismodule(found):
            yield from (getattr(found, one) for one in found.__all__)
        else:
            yield found


@pytest.mark.parametrize("module", PUBLIC)
def test_every_public_name_is_in_the_reference(module: str) -> None:
    """Whoever has seen a class or a function in an import finds it in the reference."""
    places = {id(one) for one in shown()}
    there = import_module(module)
    public = {name: getattr(there, name) for name in there.__all__ if name not in ELSEWHERE}
    looked_up = {name: one for name, one in public.items() if inspect.isclass(one) or inspect.isfunction(one)}
    assert looked_up
    assert [name for name, one in looked_up.items() if id(one) not in places] == []


def test_no_page_names_what_is_gone() -> None:
    """Every name that a page asks for is there."""
    assert [name for name in named() if pydoc.locate(name) is None] == []


@pytest.fixture(scope="module")
def package() -> griffe.Module | griffe.Alias:
    """Read the package as `make docs` does."""
    extensions = griffe.load_extensions(str(ROOT / "tools" / "reference_members.py"))
    found = griffe.load("ciokit", search_paths=[ROOT / "src"], extensions=extensions)
    assert isinstance(found, (griffe.Module, griffe.Alias))
    return found


@pytest.mark.parametrize(
    ("name", "verbs"),
    [
        ("TrackClient", ["identify", "track", "page"]),
        ("AsyncTrackClient", ["identify", "track", "page"]),
        ("Outbox", ["identify", "track", "page"]),
        ("AsyncOutbox", ["identify", "track", "page"]),
        ("outboxes.pipelines.AsyncPipelinesOutbox", ["identify", "track", "page"]),
        ("PipelinesClient", ["identify", "track", "page"]),
        ("AppClient", ["send_email", "send_push", "send_sms"]),
        ("AsyncAppClient", ["send_email", "send_push", "send_sms"]),
    ],
)
def test_the_most_used_verbs_come_first(
    package: griffe.Module | griffe.Alias, name: str, verbs: list[str]
) -> None:
    """Whoever opens a client's page meets what it is for before its address and what is rare."""
    public = [member for member in package[name].all_members if not member.startswith("_")]
    assert public[: len(verbs)] == verbs
