"""The twins: what one Track client can do the other can, in the same words."""

import inspect
import re
from collections.abc import Callable, Coroutine
from typing import Any, get_args, get_origin, get_type_hints

import pytest

from ciokit import AsyncTrackClient, Receipt, TrackClient

TWINS = {"close": "aclose", "__enter__": "__aenter__", "__exit__": "__aexit__"}
"""What has another name where it is awaited."""


def public(kind: type[Any]) -> dict[str, Callable[..., Any]]:
    """Return the public methods of a client, and those that make it a context manager."""
    return {
        name: member
        for name, member in inspect.getmembers(kind, inspect.isfunction)
        if not name.startswith("_") or name in {*TWINS, *TWINS.values()}
    }


SYNC, ASYNC = public(TrackClient), public(AsyncTrackClient)
SHARED = sorted(SYNC.keys() - TWINS.keys())


def section(documented: Callable[..., Any], title: str) -> str:
    """Return a section of a docstring; empty when it has none of that title."""
    found = re.search(
        rf"^{title}:\n(.*?)(?=^\S|\Z)", inspect.getdoc(documented) or "", re.MULTILINE | re.DOTALL
    )
    return found[1].strip() if found else ""


def test_both_have_the_same_methods() -> None:
    """Every method of one is a method of the other, under its own name or its twin's."""
    assert {TWINS.get(name, name) for name in SYNC} == ASYNC.keys()
    assert len(SHARED) > 25


def test_both_have_the_same_properties() -> None:
    """What can be asked of one without a call can be asked of the other."""

    def properties(kind: type[Any]) -> set[str]:
        return {name for name, _ in inspect.getmembers(kind, lambda it: isinstance(it, property))}

    assert properties(TrackClient) == properties(AsyncTrackClient)


@pytest.mark.parametrize("name", SHARED)
def test_signatures_agree(name: str) -> None:
    """A method takes the same arguments in both, with the same defaults and types."""
    ours, theirs = inspect.signature(SYNC[name]), inspect.signature(ASYNC[name])
    assert list(ours.parameters.values()) == list(theirs.parameters.values())


@pytest.mark.parametrize("name", SHARED)
def test_documentation_agrees(name: str) -> None:
    """A method says the same of its arguments, its result and its errors in both, and says it in one sentence first."""
    ours, theirs = SYNC[name], ASYNC[name]
    assert inspect.getdoc(ours), f"{name} has no docstring"
    assert (inspect.getdoc(ours) or "").partition("\n")[0] == (inspect.getdoc(theirs) or "").partition("\n")[
        0
    ]
    for title in ("Args", "Returns", "Raises"):
        assert section(ours, title) == section(theirs, title)


def test_constructors_agree() -> None:
    """Both are made with the same arguments; only the type of a custom transport differs."""
    assert inspect.signature(TrackClient.__init__) == inspect.signature(AsyncTrackClient.__init__)


def test_every_argument_of_the_constructor_is_documented() -> None:
    """The client's docstring tells of each argument that it takes."""
    told = set(re.findall(r"^ *(\w+): ", section(TrackClient, "Args"), re.MULTILINE))
    assert told == inspect.signature(TrackClient).parameters.keys() - {"self"}


@pytest.mark.parametrize("name", ["batch", "account_region", "attempt", "send"])
def test_what_one_returns_the_other_returns_awaited(name: str) -> None:
    """A method that is not a verb returns in one what the other's coroutine returns."""
    ours = get_type_hints(SYNC[name])["return"]
    theirs = get_type_hints(ASYNC[name])["return"]
    if get_origin(theirs) is Coroutine:
        theirs = get_args(theirs)[2]
    else:
        assert inspect.iscoroutinefunction(ASYNC[name])
    assert ours == theirs


def test_verbs_return_a_receipt_or_a_coroutine_of_one() -> None:
    """The verbs are the same functions in both; what they return is the client's first argument of type."""
    ours, theirs = (
        get_type_hints(inspect.getattr_static(kind, "_perform"))["return"]
        for kind in (TrackClient, AsyncTrackClient)
    )
    assert (ours, get_args(theirs)[2]) == (Receipt, Receipt)
    own = {name for name in SHARED if SYNC[name] is not ASYNC[name]}
    assert own == {"account_region", "attempt", "batch", "send"}
