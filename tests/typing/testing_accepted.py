"""Right uses of the fixtures: mypy and pyright, both strict, must have nothing to say here."""

from typing import assert_type

from testing_in_use import OrderPlaced, Person, SignedUp

from ciokit import CioId, Email
from ciokit.sandbox.state.records import Event as ReceivedEvent
from ciokit.sandbox.state.records import Message
from ciokit.sandbox.state.records import Person as KnownPerson
from ciokit.testing import CioSandbox, CioServer, Effect, FakeClock, FaultRule, SignedWebhook


def events(cio_sandbox: CioSandbox) -> None:
    """Events come back as their class, or as records."""
    assert_type(cio_sandbox.events("user-1", OrderPlaced), list[OrderPlaced])
    assert_type(cio_sandbox.events(None, SignedUp), list[SignedUp])
    assert_type(cio_sandbox.events("user-1", OrderPlaced)[0].total, int)
    assert_type(cio_sandbox.events(), list[ReceivedEvent])
    assert_type(cio_sandbox.events(Email("a@example.com"), "seen"), list[ReceivedEvent])
    assert_type(cio_sandbox.messages("user-1", "email"), list[Message])
    assert_type(cio_sandbox.person(CioId("a1")), KnownPerson | None)


def assertions(cio_sandbox: CioSandbox) -> None:
    """An event is an instance, a class or a name with data."""
    cio_sandbox.assert_tracked("user-1", OrderPlaced(order_id="a"), times=1)
    cio_sandbox.assert_tracked("user-1", OrderPlaced, {"order_id": "a"}, partial=True)
    cio_sandbox.assert_tracked(None, "seen", {"n": 1})
    cio_sandbox.assert_not_tracked(Email("a@example.com"))
    cio_sandbox.assert_tracked_in_order("user-1", SignedUp, OrderPlaced(order_id="a"), "seen")
    cio_sandbox.assert_identified("user-1", Person(email="a@example.com"))
    cio_sandbox.assert_identified("user-1", {"plan": "pro"})
    cio_sandbox.assert_sent("email", to="a@example.com", data={"a": 1}, template=3)
    cio_sandbox.assert_nothing_else_sent()


def server(cio_server: CioServer, cio_clock: FakeClock) -> None:
    """The server has the same, and an address."""
    assert_type(cio_server.events("user-1", OrderPlaced), list[OrderPlaced])
    assert_type(cio_server.url, str)
    assert_type(cio_server.webhook({"metric": "opened"}), SignedWebhook)
    assert_type(cio_server.fail(503, times=2, api="track").hits, int)
    cio_server.add_fault(FaultRule(effect=Effect(drop=True)))
    assert_type(cio_clock.sleeps, tuple[float, ...])


def without_pytest() -> None:
    """The block gives the sandbox."""
    with CioSandbox(region="eu") as sandbox:
        assert_type(sandbox, CioSandbox)
    with CioServer(tls=True) as served:
        assert_type(served, CioServer)
