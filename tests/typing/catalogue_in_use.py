"""The catalogue that the typing cases use: what an application would write."""

import datetime as dt
from decimal import Decimal
from enum import Enum
from typing import Annotated, Literal

from ciokit import Attributes, Event, Meta, field


class Channel(Enum):
    WEB = "web"
    APP = "app"


class Item(Attributes):
    sku: str
    price: Decimal
    quantity: int = 1


class SignedUp(Event):
    method: Literal["google", "email"]
    source: str | None = None


class OrderPlaced(Event, name="Order Placed"):
    order_id: str
    total: Annotated[Decimal, Meta(ge=0)]
    items: list[Item] = []
    channel: Channel = Channel.WEB
    placed_at: dt.datetime | None = None


class PlanChanged(Event):
    from_: str = field(name="from")
    to: str
    mrr: float = 0


class Unrelated(Event):
    number: int


class Person(Attributes):
    email: str
    first_name: str | None = None
    plan: Literal["free", "starter", "pro", "enterprise"] | None = None
    created_at: dt.datetime | int | None = None


class Company(Attributes):
    name: str


Events = SignedUp | OrderPlaced | PlanChanged
