"""A Customer.io inside the process whose answers the test holds back, spoils or lets go."""

import threading
from collections.abc import Callable
from typing import Any, TypeAlias

import httpx2
import msgspec

from ciokit import RetryPolicy

__all__ = ["QUICK", "Gates", "fail", "inside", "take"]

Answer: TypeAlias = Callable[[bytes], httpx2.Response]

QUICK = RetryPolicy(max_retries=None, base_delay=0.01, max_delay=0.02, budget=1e9)


def take(body: bytes) -> httpx2.Response:
    """Answer as the service does when all is well."""
    return httpx2.Response(200, json={})


def fail(body: bytes) -> httpx2.Response:
    """Answer as a service that is down."""
    return httpx2.Response(503)


def inside(outbox: Any) -> Any:
    """Return what works inside an outbox."""
    return outbox._senders


class Gates(httpx2.BaseTransport):
    """Answer requests by a function that the test may change; requests wait while the gate is shut.

    Attributes:
        answer: What is answered to a body.
        open: Set while requests are let through.
        bodies: What came, in order.
    """

    def __init__(self, answer: Answer = take) -> None:
        self.answer = answer
        self.open = threading.Event()
        self.open.set()
        self.bodies: list[bytes] = []
        self._came = threading.Condition()  # noqa: TID251 - no handler raises in these tests

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Take a request in, wait for the gate and answer."""
        body = request.read()
        with self._came:
            self.bodies.append(body)
            self._came.notify_all()
        assert self.open.wait(60), "the test never opened the gate"
        return self.answer(body)

    def wait_for(self, requests: int) -> bool:
        """Wait until so many requests have come; the time is only there to end a test that would hang."""
        with self._came:
            return self._came.wait_for(lambda: len(self.bodies) >= requests, 15)

    def names(self) -> list[str]:
        """Return the names of the events that came, in order."""
        return [item["name"] for body in self.bodies for item in msgspec.json.decode(body)["batch"]]
