"""Events of an application whose tests are checked."""

from ciokit import Attributes, Event


class OrderPlaced(Event):
    order_id: str
    total: int = 0


class SignedUp(Event):
    method: str


class Person(Attributes):
    email: str
