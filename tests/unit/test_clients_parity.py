"""The twins: what one client of an API can do the other can, in the same words."""

import inspect
import re
from collections.abc import Callable, Coroutine
from typing import Any, get_args, get_origin, get_type_hints

import pytest

from ciokit import AsyncPipelinesClient, AsyncTrackClient, PipelinesClient, Receipt, TrackClient

TWINS = {"close": "aclose", "__enter__": "__aenter__", "__exit__": "__aexit__"}
"""What has another name where it is awaited."""


def public(kind: type[Any]) -> dict[str, Callable[..., Any]]:
    """Return the public methods of a client, and those that make it a context manager."""
    return {
        name: member
        for name, member in inspect.getmembers(kind, inspect.isfunction)
        if not name.startswith("_") or name in {*TWINS, *TWINS.values()}
    }


PAIRS: dict[type[Any], type[Any]] = {TrackClient: AsyncTrackClient, PipelinesClient: AsyncPipelinesClient}
SHARED = [(kind, name) for kind in PAIRS for name in sorted(public(kind).keys() - TWINS.keys())]
NOT_VERBS = {
    TrackClient: {"account_region", "attempt", "batch", "send"},
    PipelinesClient: {"attempt", "batch", "send"},
}

each_pair = pytest.mark.parametrize(("ours", "theirs"), PAIRS.items(), ids=[kind.__name__ for kind in PAIRS])
each_method = pytest.mark.parametrize(
    ("kind", "name"), SHARED, ids=[f"{kind.__name__}.{name}" for kind, name in SHARED]
)


def both(kind: type[Any], name: str) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Return a method of a client and of its twin."""
    return public(kind)[name], public(PAIRS[kind])[name]


def section(documented: Callable[..., Any], title: str) -> str:
    """Return a section of a docstring; empty when it has none of that title."""
    found = re.search(
        rf"^{title}:\n(.*?)(?=^\S|\Z)", inspect.getdoc(documented) or "", re.MULTILINE | re.DOTALL
    )
    return found[1].strip() if found else ""


@each_pair
def test_both_have_the_same_methods(ours: type[Any], theirs: type[Any]) -> None:
    """Every method of one is a method of the other, under its own name or its twin's."""
    assert {TWINS.get(name, name) for name in public(ours)} == public(theirs).keys()
    assert len(public(ours)) > 15


@each_pair
def test_both_have_the_same_properties(ours: type[Any], theirs: type[Any]) -> None:
    """What can be asked of one without a call can be asked of the other."""

    def properties(kind: type[Any]) -> set[str]:
        return {name for name, _ in inspect.getmembers(kind, lambda it: isinstance(it, property))}

    assert properties(ours) == properties(theirs)


@each_method
def test_signatures_agree(kind: type[Any], name: str) -> None:
    """A method takes the same arguments in both, with the same defaults and types."""
    ours, theirs = map(inspect.signature, both(kind, name))
    assert list(ours.parameters.values()) == list(theirs.parameters.values())


@each_method
def test_documentation_agrees(kind: type[Any], name: str) -> None:
    """A method says the same of its arguments, its result and its errors in both, and says it in one sentence first."""
    ours, theirs = both(kind, name)
    assert inspect.getdoc(ours), f"{name} has no docstring"
    assert (inspect.getdoc(ours) or "").partition("\n")[0] == (inspect.getdoc(theirs) or "").partition("\n")[
        0
    ]
    for title in ("Args", "Returns", "Raises"):
        assert section(ours, title) == section(theirs, title)


@each_pair
def test_constructors_agree(ours: type[Any], theirs: type[Any]) -> None:
    """Both are made with the same arguments; only the type of a custom transport differs."""
    assert inspect.signature(ours) == inspect.signature(theirs)


@each_pair
def test_every_argument_of_the_constructor_is_documented(ours: type[Any], theirs: type[Any]) -> None:
    """The client's docstring tells of each argument that it takes."""
    told = set(re.findall(r"^ *(\w+): ", section(ours, "Args"), re.MULTILINE))
    assert told == inspect.signature(ours).parameters.keys() - {"self"}


@pytest.mark.parametrize(
    ("kind", "name"), [(kind, name) for kind in PAIRS for name in sorted(NOT_VERBS[kind])]
)
def test_what_one_returns_the_other_returns_awaited(kind: type[Any], name: str) -> None:
    """A method that is not a verb returns in one what the other's coroutine returns."""
    ours, theirs = (get_type_hints(method)["return"] for method in both(kind, name))
    if get_origin(theirs) is Coroutine:
        theirs = get_args(theirs)[2]
    else:
        assert inspect.iscoroutinefunction(both(kind, name)[1])
    assert ours == theirs


@each_pair
def test_verbs_return_a_receipt_or_a_coroutine_of_one(ours: type[Any], theirs: type[Any]) -> None:
    """The verbs are the same functions in both; what they return is the client's first argument of type."""
    made, awaited = (
        get_type_hints(inspect.getattr_static(kind, "_perform"))["return"] for kind in (ours, theirs)
    )
    assert (made, get_args(awaited)[2]) == (Receipt, Receipt)
    own = {name for kind, name in SHARED if kind is ours and len({*both(kind, name)}) > 1}
    assert own == NOT_VERBS[ours]
