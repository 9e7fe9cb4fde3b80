"""A shop's events as an application declares them with ciokit."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

import msgspec

from ciokit import Event, Meta

__all__ = ["CheckoutCompleted", "Item", "OrderPaid", "OrderPlaced"]


class CheckoutCompleted(Event):
    """A flat event: what most are."""

    order_id: str
    total: float
    currency: Literal["EUR", "USD", "GBP"]
    items: Annotated[int, Meta(ge=1)]


class OrderPaid(Event):
    """A flat event with two types that JSON does not have."""

    order_id: str
    total: Decimal
    currency: Literal["EUR", "USD", "GBP"]
    paid_at: datetime


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """A line of an order."""

    sku: str
    name: str
    quantity: int
    price: float


class OrderPlaced(Event, name="Order Placed"):
    """A nested event."""

    order_id: str
    total: float
    currency: Literal["EUR", "USD", "GBP"]
    items: list[Item]
