"""The closed set of events and attributes that a client is bound to, `TrackClient[Person, SignedUp | OrderPlaced]`.

Type checkers refuse another event before the program runs; this refuses it when it runs, for callers that are not
checked.
"""

import re
import types
from collections.abc import Iterator
from typing import Any, TypeAlias, TypeVar, Union, get_args, get_origin

import msgspec

from ciokit import operations as ops
from ciokit.errors import InvalidData, Problem, SettingsError
from ciokit.events import Attributes, Event

__all__ = ["Bound"]

_Classes: TypeAlias = tuple[type[Any], ...]


class _Catalogue(msgspec.Struct, frozen=True):
    """Say what a client takes.

    Attributes:
        attributes: The classes of attributes; `Attributes` itself means any, and mappings too.
        events: The classes of events; `Event` itself means any, and names too.
        wrong: Why it cannot be told, where it cannot.
    """

    attributes: _Classes = (Attributes,)
    events: _Classes = (Event,)
    wrong: str = ""


_OPEN = _Catalogue()


class Bound:
    """Give a generic client the catalogue that it, or a class it is built on, was subscripted with.

    `typing` sets `__orig_class__` on an instance made from a subscripted class, and `__orig_bases__` on a class built
    on one; that is where the catalogue is taken from, once.
    """

    _catalogue = _OPEN

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        for base in cls.__dict__.get("__orig_bases__", ()):
            if isinstance(get_origin(base), type) and issubclass(get_origin(base), Bound):
                cls._catalogue = _read(base) or cls._catalogue

    @property
    def __orig_class__(self) -> Any:
        """Return the class as it was subscripted."""
        return self._orig_class

    @__orig_class__.setter
    def __orig_class__(self, alias: Any) -> None:
        self._orig_class = alias
        self._catalogue = _read(alias) or self._catalogue

    def _is_bound_to(self, kind: type[Any]) -> bool:
        """Tell at a glance whether the client takes events of a class; where that needs a longer look it says no."""
        return self._catalogue is _OPEN or kind in self._catalogue.events

    def _check_catalogue(self, operation: ops.Operation) -> None:
        """Refuse an event or attributes that the client is not bound to."""
        if self._catalogue is _OPEN:
            return
        self._settled()
        if isinstance(operation, (ops.Track, ops.AnonymousEvent)):
            self._check_event(operation.event)
        elif isinstance(operation, ops.Identify):
            self._check_attributes(operation.attributes, "attributes")

    def _check_event(self, event: Any) -> None:
        """Refuse an event that the client is not bound to."""
        _check(event, self._settled().events, Event, "event")

    def _check_attributes(self, attributes: Any, path: str) -> None:
        """Refuse attributes that the client is not bound to."""
        _check(attributes, self._settled().attributes, Attributes, path)

    def _settled(self) -> _Catalogue:
        """Return the catalogue, or say what is wrong with it."""
        if self._catalogue.wrong:
            raise SettingsError(self._catalogue.wrong)
        return self._catalogue


def _check(value: Any, allowed: _Classes, unbound: type[Any], path: str) -> None:
    if allowed == (unbound,) or isinstance(value, allowed):
        return
    names = ", ".join(sorted(kind.__name__ for kind in allowed))
    got = type(value).__name__
    words = f"this client is bound to a catalogue; expected {names}, got {got}"
    raise InvalidData(path, (Problem("", words),))


def _read(alias: Any) -> _Catalogue | None:
    """Take the catalogue out of `TrackClient[Person, Events]`; None if it leaves that open.

    What is wrong with it is told at the first use: `typing` hides what is raised here.
    """
    arguments = get_args(alias)[-2:]
    if len(arguments) < 2 or any(argument is Any or isinstance(argument, TypeVar) for argument in arguments):
        return None
    attributes, events = (tuple(dict.fromkeys(_classes(argument))) for argument in arguments)
    if not (_all_below(attributes, Attributes) and _all_below(events, Event)):
        words = f"{alias} is no catalogue: a subclass of Attributes, then Events, as classes and not as text"
        return _Catalogue(wrong=re.sub(r"\b(\w+\.)+", "", words))
    return _Catalogue(attributes, events)


def _all_below(kinds: tuple[Any, ...], base: type) -> bool:
    return all(isinstance(kind, type) and issubclass(kind, base) for kind in kinds)


def _classes(argument: Any) -> Iterator[Any]:
    argument = getattr(argument, "__value__", argument)  # `type Events = ...`
    if get_origin(argument) in {Union, types.UnionType}:
        for part in get_args(argument):
            yield from _classes(part)
    else:
        yield get_origin(argument) or argument  # a generic event is its class
