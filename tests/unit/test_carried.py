"""What programs hand from process to process: every public error, and all data, survive pickling and copying."""

import copy
import importlib
import inspect
import pickle
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from ciokit.batching import BatchResult
from ciokit.errors import DeliveryError, Problem

MODULES = (
    "ciokit",
    "ciokit.app",
    "ciokit.app.records",
    "ciokit.batching",
    "ciokit.compat.customerio",
    "ciokit.errors",
    "ciokit.identifiers",
    "ciokit.operations",
    "ciokit.outboxes",
    "ciokit.pipelines",
    "ciokit.stores.errors",
    "ciokit.stores.journal",
    "ciokit.testing",
    "ciokit.verdict",
    "ciokit.webhooks",
    "ciokit.webhooks.events",
    "ciokit.wire",
)
PROBLEM = Problem("event.total", "expected Decimal, got float")
ARGUMENTS: dict[str, Any] = {
    "age": 9.5,
    "ahead": 4.5,
    "attempts": 3,
    "bound": "bytes",
    "cause": DeliveryError("said", kind="event", id="1", attempts=2, elapsed=0.5, retryable=True),
    "directory": "/spool",
    "errno": 28,
    "file": "segment",
    "header": "X-CIO-Signature",
    "limit": 5,
    "may_have_arrived": False,
    "message": "said",
    "needed": 3,
    "problems": (PROBLEM, PROBLEM),
    "reasons": (PROBLEM,),
    "record": {"id": 7},
    "result": BatchResult((), 2, (PROBLEM,)),
    "retryable": True,
    "status": 429,
    "subject": "Track 'order_placed'",
    "version": 9,
    "wait": 1.5,
    "waiting": 4,
}
"""A value for each parameter that an error has; a new one needs another line."""
FACTS: dict[str, Any] = {"kind": "event", "id": "1", "attempts": 3, "elapsed": 1.5, "retryable": True}


def public(kind: type[Any]) -> list[Any]:
    """Return the classes of a kind that ciokit's modules offer."""
    found: dict[str, Any] = {}
    for module in map(importlib.import_module, MODULES):
        for name in getattr(module, "__all__", dir(module)):
            offered: Any = getattr(module, name)
            if (
                inspect.isclass(offered)
                and issubclass(offered, kind)
                and offered.__module__.startswith("ciokit")
            ):
                found[f"{offered.__module__}.{offered.__qualname__}"] = offered
    return [pytest.param(found[name], id=name) for name in sorted(found)]


def error_of(kind: Any) -> Any:
    """Make an error of a kind, each of its arguments given."""
    try:
        parameters = inspect.signature(kind.__init__).parameters.values()
    except ValueError:  # it takes what Exception takes
        return kind("said")
    if any(parameter.kind is parameter.VAR_POSITIONAL for parameter in parameters):
        return kind("said")
    placed: list[Any] = []
    named: dict[str, Any] = {}
    for parameter in parameters:
        if parameter.name == "self":
            continue
        if parameter.kind is parameter.VAR_KEYWORD:
            named.update(FACTS)
        elif parameter.kind is parameter.KEYWORD_ONLY:
            named[parameter.name] = ARGUMENTS[parameter.name]
        else:
            placed.append(ARGUMENTS[parameter.name])
    return kind(*placed, **named)


def data_of(kind: Any) -> Any:
    """Make data of a class out of something that it takes in all fields that must be given."""
    required = [field.name for field in msgspec.structs.fields(kind) if field.required]
    for value in ("text", 1, ("a",), {"a": 1}):
        try:
            return kind(**dict.fromkeys(required, value))
        except (TypeError, ValueError, AttributeError):
            continue
    pytest.fail(f"{kind.__name__} takes none of these")


def facts(error: Any) -> dict[str, str]:
    """Return the attributes of an error as they are shown: errors within errors are no equals."""
    attributes: dict[str, Any] = error.__dict__
    return {name: repr(fact) for name, fact in attributes.items()}


def again(protocol: int) -> Callable[[Any], Any]:
    """Carry a value from one process to another, as Celery and multiprocessing do."""
    return lambda value: pickle.loads(pickle.dumps(value, protocol))


WAYS = [again(protocol) for protocol in range(pickle.HIGHEST_PROTOCOL + 1)] + [copy.copy, copy.deepcopy]


@pytest.mark.parametrize("kind", public(BaseException))
def test_every_error_survives(kind: Any) -> None:
    """Type, message, every attribute and the notes that were added are the same afterwards."""
    error = error_of(kind)
    error.add_note("while checking out")
    for carry in WAYS:
        carried = carry(error)
        assert type(carried) is type(error)
        assert (str(carried), repr(carried)) == (str(error), repr(error))
        assert facts(carried) == facts(error)


@pytest.mark.parametrize("kind", [kind for kind in public(msgspec.Struct) if "Fault" not in str(kind.id)])
def test_all_data_survive(kind: Any) -> None:
    """Operations, identifiers, receipts, results, records and events of webhooks are equal afterwards."""
    value = data_of(kind)
    for carry in WAYS:
        carried = carry(value)
        assert type(carried) is type(value)
        assert msgspec.structs.asdict(carried) == msgspec.structs.asdict(value)
