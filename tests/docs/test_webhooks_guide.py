"""The guide's memories of webhooks that several processes share, against a Redis of this machine."""

import hashlib
import hmac
import json
import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from ciokit import webhooks
from ciokit.testing import FakeClock
from ciokit.webhooks import ReportingEvent, StillHandled
from ciokit.webhooks.receiver import Receiver

redis = pytest.importorskip("redis", reason="the package redis is not installed")

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "webhooks.md"
KEY = "a-signing-key"
BODY = json.dumps(
    {"event_id": "event-1", "object_type": "email", "metric": "opened", "timestamp": 1, "data": {}}
).encode()
NAME = "customerio:event-1"


@pytest.fixture(params=[False, True], ids=["bytes", "text"])
def shared(redis_port: int, request: pytest.FixtureRequest) -> Iterator[Any]:
    """Give a client of an empty Redis, which returns bytes or text, as an application has set it up."""
    client = redis.Redis(host="127.0.0.1", port=redis_port, decode_responses=request.param)
    client.flushall()
    yield client
    client.close()


def guides(name: str) -> Any:
    """Return a class as the guide has it."""
    blocks = re.findall(r"^```python\n(.*?)^```$", GUIDE.read_text(), re.MULTILINE | re.DOTALL)
    (code,) = [block for block in blocks if f"class {name}" in block]
    page: dict[str, Any] = {"webhooks": webhooks}
    exec(code, page)
    return page[name]


class Process:
    """Receive as one of several processes would: with a receiver of its own, and what is remembered shared."""

    def __init__(self, seen: Any) -> None:
        self._receiver = Receiver(KEY, seen=seen, clock=FakeClock())
        self.handled: list[str | None] = []

    def deliver(self, handler: Any = None) -> bool:
        """Take in the event; return whether it was handled."""
        at = int(FakeClock().time())
        signature = hmac.new(KEY.encode(), f"v0:{at}:".encode() + BODY, hashlib.sha256).hexdigest()
        headers = {"X-CIO-Timestamp": str(at), "X-CIO-Signature": signature}
        return self._receiver.handle(BODY, headers, handler or self._note)

    def _note(self, event: ReportingEvent) -> None:
        self.handled.append(event.event_id)


@pytest.mark.parametrize("name", ["SeenInRedis", "ClaimsInRedis"])
def test_an_event_is_handled_by_one_process(shared: Any, name: str) -> None:
    """Whichever process gets an event again leaves it out, and Redis forgets it after a week."""
    kind = guides(name)
    first, second = Process(kind(shared)), Process(kind(shared))
    assert [first.deliver(), second.deliver(), first.deliver()] == [True, False, False]
    assert (first.handled, second.handled) == (["event-1"], [])
    assert 6 * 86_400 < shared.ttl(NAME) <= 7 * 86_400


@pytest.mark.parametrize("name", ["SeenInRedis", "ClaimsInRedis"])
def test_an_event_whose_handler_failed_comes_again(shared: Any, name: str) -> None:
    """What a handler raised has the event forgotten, for any process to handle it."""

    def fail(_: ReportingEvent) -> None:
        msg = "the shop's database is away"
        raise RuntimeError(msg)

    kind = guides(name)
    with pytest.raises(RuntimeError, match="database"):
        Process(kind(shared)).deliver(fail)
    assert not shared.exists(NAME)
    assert Process(kind(shared)).deliver()


def test_an_event_that_is_being_handled_is_claimed(shared: Any) -> None:
    """Meanwhile another process answers that it comes too early; when the claim has run out, it may have the event."""
    begun, go_on = threading.Event(), threading.Event()

    def work(_: ReportingEvent) -> None:
        begun.set()
        assert go_on.wait(10)

    kind = guides("ClaimsInRedis")
    other = Process(kind(shared))
    with ThreadPoolExecutor(1) as threads:
        busy = threads.submit(Process(kind(shared)).deliver, work)
        try:
            assert begun.wait(10)
            with pytest.raises(StillHandled) as refused:
                other.deliver()
            assert refused.value.status == 503
            assert 0 < shared.ttl(NAME) <= 60
            shared.expire(NAME, 0)  # as if its process were gone
            assert other.deliver()
        finally:
            go_on.set()
        assert busy.result(10)
    assert not other.deliver()
