"""A client's catalogue: what a bound client takes, however it was bound, and what an unbound one does."""

from typing import Any, Generic, TypeVar

import pytest
from typing_extensions import TypeAliasType

from ciokit import operations as ops
from ciokit.catalogue import Bound
from ciokit.errors import InvalidData, SettingsError
from ciokit.events import Attributes, Event
from ciokit.identifiers import ObjectId

AttributesT = TypeVar("AttributesT", bound=Attributes)
EventT = TypeVar("EventT", bound=Event)
T = TypeVar("T")


class Person(Attributes):
    """Attributes."""

    email: str


class Member(Person):
    """Attributes that are a person's, too."""


class Company(Attributes):
    """Attributes of another kind."""


class SignedUp(Event):
    """An event."""


class OrderPlaced(Event):
    """Another."""


class Refunded(Event):
    """One that is in no catalogue here."""


class Pair(Event, Generic[T]):
    """A generic event."""

    left: T


class Client(Bound, Generic[AttributesT, EventT]):
    """A client that only checks."""

    def refused(self, operation: ops.Operation) -> str:
        """Return why an operation is not in the catalogue; nothing if it is."""
        try:
            self._check_catalogue(operation)
        except InvalidData as error:
            return str(error)
        return ""


Events = TypeAliasType("Events", SignedUp | OrderPlaced)
MoreEvents = TypeAliasType("MoreEvents", Events | Refunded)


class ShopClient(Client[Person, SignedUp | OrderPlaced]):
    """A client of the application's own, bound for good."""


class DerivedClient(ShopClient):
    """A client built on that."""


class OpenClient(Client[AttributesT, EventT]):
    """A generic client of the application's own."""


def test_unbound_client_takes_anything() -> None:
    """A client without a catalogue takes declared events, names, mappings."""
    unbound: list[Client[Any, Any]] = [
        Client(),
        Client[Any, Any](),
        Client[Attributes, Event](),
        OpenClient(),
    ]
    for client in unbound:
        for operation in (
            ops.Track("1", Refunded()),
            ops.Track("1", "name", {}),
            ops.Identify("1", {"a": 1}),
            ops.Identify("1", Company()),
            ops.AnonymousEvent(event="name"),
        ):
            assert client.refused(operation) == ""


BOUND: list[Client[Any, Any]] = [
    Client[Person, SignedUp | OrderPlaced](),
    Client[Person, Events](),
    Client[Person, Events | SignedUp](),
    OpenClient[Person, SignedUp | OrderPlaced](),
    ShopClient(),
    DerivedClient(),
]


@pytest.mark.parametrize("client", BOUND)
def test_bound_client_takes_its_catalogue_alone(client: Client[Any, Any]) -> None:
    """A bound client takes its events and attributes, and refuses others, names and mappings, naming its own."""
    for fine in (
        ops.Track("1", SignedUp()),
        ops.AnonymousEvent(event=OrderPlaced()),
        ops.Identify("1", Person(email="x")),
        ops.Identify("1", Member(email="x")),
    ):
        assert client.refused(fine) == ""
    events = "event: this client is bound to a catalogue; expected OrderPlaced, SignedUp, got"
    attributes = "attributes: this client is bound to a catalogue; expected Person, got"
    assert client.refused(ops.Track("1", Refunded())) == f"{events} Refunded"
    assert client.refused(ops.Track("1", "signed_up", {})) == f"{events} str"
    assert client.refused(ops.AnonymousEvent(event="signed_up")) == f"{events} str"
    assert client.refused(ops.Identify("1", Company())) == f"{attributes} Company"
    assert client.refused(ops.Identify("1", {"email": "x"})) == f"{attributes} dict"
    assert client.refused(ops.Identify("1")) == f"{attributes} NoneType"


def test_bound_client_leaves_other_operations_alone() -> None:
    """Objects, devices, pages and the rest are in no catalogue."""
    for operation in (ops.Delete("1"), ops.Page("1", "x"), ops.IdentifyObject(ObjectId("1", "a"), {"a": 1})):
        assert ShopClient().refused(operation) == ""


def test_one_side_may_stay_open() -> None:
    """`Attributes` or `Event` itself means any."""
    client = Client[Attributes, SignedUp]()
    assert client.refused(ops.Identify("1", {"a": 1})) == ""
    assert client.refused(ops.Track("1", Refunded())) != ""
    other = Client[Person, Event]()
    assert other.refused(ops.Track("1", "name")) == ""
    assert other.refused(ops.Identify("1", {"a": 1})) != ""


def test_alias_of_aliases_is_read_to_the_end() -> None:
    """A union of named unions is all of them."""
    client = Client[Person, MoreEvents]()
    assert [client.refused(ops.Track("1", event)) for event in (SignedUp(), OrderPlaced(), Refunded())] == [
        "",
        "",
        "",
    ]
    assert client.refused(ops.Track("1", Pair(left=1))) != ""


def test_generic_event_is_its_class() -> None:
    """A generic event is in the catalogue whatever it is of."""
    client = Client[Person, Pair[int]]()
    assert client.refused(ops.Track("1", Pair(left=1))) == ""
    assert client.refused(ops.Track("1", SignedUp())) != ""


def test_instances_do_not_bind_their_class() -> None:
    """What one client is bound to is no matter of another."""
    Client[Person, SignedUp]()
    assert Client().refused(ops.Track("1", Refunded())) == ""


@pytest.mark.parametrize(
    "arguments", [(Person, "SignedUp"), ("Person", SignedUp), (SignedUp, Person), (Person, int)]
)
def test_catalogue_that_cannot_be_read_is_told(arguments: Any) -> None:
    """A catalogue that is text, or the wrong way round, is not taken for none: the first use says so."""
    generic: Any = Client
    client = generic[arguments]()
    with pytest.raises(SettingsError, match=r"^Client\[.*\] is no catalogue: .* as classes and not as text$"):
        client._check_catalogue(ops.Track("1", SignedUp()))
