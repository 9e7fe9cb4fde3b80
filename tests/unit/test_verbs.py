"""The verbs: each hands on all that it is given, to an operation of its own name."""

import inspect
import re
from collections.abc import Callable
from typing import Any

import pytest

from ciokit import operations as ops
from ciokit.events import Attributes, Event
from ciokit.pipelines import operations as pipelines_ops
from ciokit.pipelines.verbs import CallOptions, PipelinesVerbs
from ciokit.ulids import milliseconds_of
from ciokit.verbs import TrackVerbs

NOW = 1_700_000_000.75
ANONYMOUS = {"track_anonymous": "AnonymousEvent"}
"""The operations that have another name than their verbs."""


class TrackSaid(TrackVerbs[ops.Operation, Attributes, Event]):
    """Return the operation that a verb of the Track API makes."""

    def _perform(self, operation: ops.Operation) -> ops.Operation:
        return operation

    def _time(self) -> float:
        return NOW


class PipelinesSaid(PipelinesVerbs[pipelines_ops.Operation, Attributes, Event]):
    """Return the operation that a verb of the Pipelines API makes."""

    def _perform(self, operation: pipelines_ops.Operation) -> pipelines_ops.Operation:
        return operation

    def _time(self) -> float:
        return NOW


class Given:
    """Stand for an argument, known by what it is."""


VERBS = {
    f"{type(said).__name__}.{name}": verb
    for said in (TrackSaid(), PipelinesSaid())
    for name, verb in inspect.getmembers(said, inspect.ismethod)
    if not name.startswith("_")
}
OF_A_MOMENT = [
    name for name, verb in VERBS.items() if {"id", "options"} & inspect.signature(verb).parameters.keys()
]


def arguments_of(verb: Callable[..., Any]) -> dict[str, Any]:
    """Make an argument for each parameter of a verb, those that every verb of the Pipelines API takes included."""
    names = [name for name in inspect.signature(verb).parameters if name != "options"]
    if "options" in inspect.signature(verb).parameters:
        names += CallOptions.__annotations__
    return {name: Given() for name in names}


def required_of(verb: Callable[..., Any]) -> dict[str, Any]:
    """Make an argument for each parameter that a verb cannot do without."""
    return {
        name: Given()
        for name, parameter in inspect.signature(verb).parameters.items()
        if parameter.default is inspect.Parameter.empty and name != "options"
    }


@pytest.mark.parametrize("name", VERBS)
def test_each_argument_reaches_the_operation_under_its_name(name: str) -> None:
    """A verb's operation has the verb's name, and the verb's arguments, all of them, where they belong."""
    verb = VERBS[name]
    given = arguments_of(verb)
    operation = verb(**given)
    called = verb.__name__
    assert type(operation).__name__ == ANONYMOUS.get(called, called.title().replace("_", ""))
    assert {field: getattr(operation, field) for field in operation.__struct_fields__} == given


@pytest.mark.parametrize("name", VERBS)
def test_each_argument_is_documented(name: str) -> None:
    """A verb's docstring says of each of its arguments what it means, and of no other."""
    verb = VERBS[name]
    arguments = (inspect.getdoc(verb) or "").partition("Args:\n")[2].partition("\n\n")[0]
    assert re.findall(r"^ {4}(\w+): ", arguments, re.MULTILINE) == [*inspect.signature(verb).parameters]


@pytest.mark.parametrize("name", OF_A_MOMENT)
def test_an_id_and_a_time_that_are_left_out_are_those_of_the_call(name: str) -> None:
    """What names a call, and when it was made, is there as soon as it is called."""
    operation = VERBS[name](**required_of(VERBS[name]))
    of_pipelines = hasattr(operation, "message_id")
    assert milliseconds_of(operation.message_id if of_pipelines else operation.id) == NOW * 1000
    assert operation.timestamp == (NOW if of_pipelines else int(NOW))
