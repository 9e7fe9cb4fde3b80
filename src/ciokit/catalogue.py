"""The closed set of events and attributes that a client is bound to, `TrackClient[Person, SignedUp | OrderPlaced]`.

Type checkers refuse another event before the program runs; this refuses it when it runs, for callers that are not
checked.
"""

import types
from typing import Any, TypeAlias, Union, get_args, get_origin

from ciokit import operations as ops
from ciokit.errors import InvalidData, Problem
from ciokit.events import Attributes, Event

__all__ = ["Bound"]

_Classes: TypeAlias = tuple[type[Any], ...]


class Bound:
    """Give a generic client the catalogue that it was subscripted with.

    `typing` sets `__orig_class__` on an instance made from a subscripted class; that is where the catalogue is taken
    from, once.
    """

    _attributes: _Classes = (Attributes,)
    _events: _Classes = (Event,)
    _is_bound = False

    @property
    def __orig_class__(self) -> Any:
        """Return the class as it was subscripted."""
        return self._orig_class

    @__orig_class__.setter
    def __orig_class__(self, alias: Any) -> None:
        self._orig_class = alias
        arguments = [_classes(argument) for argument in get_args(alias)]
        if len(arguments) == 2 and all(arguments):
            self._attributes, self._events = arguments
            self._is_bound = self._attributes != (Attributes,) or self._events != (Event,)

    def _check_catalogue(self, operation: ops.Operation) -> None:
        """Refuse an event or attributes that the client is not bound to."""
        if not self._is_bound:
            return
        if isinstance(operation, (ops.Track, ops.AnonymousEvent)):
            _check(operation.event, self._events, Event, "event")
        elif isinstance(operation, ops.Identify):
            _check(operation.attributes, self._attributes, Attributes, "attributes")


def _check(value: Any, allowed: _Classes, unbound: type[Any], path: str) -> None:
    if allowed == (unbound,) or isinstance(value, allowed):
        return
    names = ", ".join(sorted(kind.__name__ for kind in allowed))
    got = type(value).__name__
    words = f"this client is bound to a catalogue; expected {names}, got {got}"
    raise InvalidData(path, (Problem("", words),))


def _classes(argument: Any) -> _Classes:
    argument = getattr(argument, "__value__", argument)  # `type Events = ...`
    parts = get_args(argument) if get_origin(argument) in {Union, types.UnionType} else (argument,)
    return (
        tuple(part for part in parts if isinstance(part, type))
        if all(isinstance(p, type) for p in parts)
        else ()
    )
