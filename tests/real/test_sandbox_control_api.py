"""Schemathesis against the control API: whatever is sent, the answer is one that its OpenAPI document promises."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from ciokit.sandbox import World
from ciokit.sandbox.control.openapi import describe
from ciokit.sandbox.control.operations import CONTROL_ROUTES
from ciokit.sandbox.server import SandboxServer

schemathesis: Any = pytest.importorskip("schemathesis", reason="schemathesis is not installed")

# A stream does not end, and a webhook goes wherever the example says.
LEFT_OUT = ("/_sandbox/stream", "/_sandbox/webhooks/send")
SCHEMA = schemathesis.openapi.from_dict(describe(CONTROL_ROUTES)).exclude(path=list(LEFT_OUT))
OPERATIONS = [result.ok() for result in SCHEMA.get_all_operations()]
RIGHT, WRONG = schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE
# An operation that takes nothing, or any text as a path, cannot be called wrongly.
CASES = [
    *((operation, RIGHT) for operation in OPERATIONS),
    *((operation, WRONG) for operation in OPERATIONS if list(operation.body) or list(operation.query)),
]


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    """Serve a world."""
    with SandboxServer(World()) as running:
        yield running


@pytest.mark.parametrize(
    ("operation", "mode"), CASES, ids=[f"{entry.label} {how.value}" for entry, how in CASES]
)
def test_answers_are_as_described(server: SandboxServer, operation: Any, mode: Any) -> None:
    """No call, right or wrong, makes the control API answer outside its own description."""

    @settings(
        max_examples=20,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def try_out(case: Any) -> None:
        case.validate_response(case.call(base_url=server.url))

    try_out()


def test_every_operation_is_tried() -> None:
    """The document has no operation that is neither tried here nor left out for a reason."""
    assert len(OPERATIONS) == len(CONTROL_ROUTES) - 1
