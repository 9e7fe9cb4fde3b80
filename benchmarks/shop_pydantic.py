"""The same shop's events as pydantic models: the data alone, and the whole operation as the Track API takes it."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Generic, Literal, TypeVar

from pydantic import BaseModel, Field

__all__ = ["CheckoutCompleted", "Item", "Operation", "OrderPaid", "OrderPlaced", "Person"]


class CheckoutCompleted(BaseModel):
    """A flat event."""

    order_id: str
    total: float
    currency: Literal["EUR", "USD", "GBP"]
    items: Annotated[int, Field(ge=1)]


class OrderPaid(BaseModel):
    """A flat event with two types that JSON does not have."""

    order_id: str
    total: Decimal
    currency: Literal["EUR", "USD", "GBP"]
    paid_at: datetime


class Item(BaseModel):
    """A line of an order."""

    sku: str
    name: str
    quantity: int
    price: float


class OrderPlaced(BaseModel):
    """A nested event."""

    order_id: str
    total: float
    currency: Literal["EUR", "USD", "GBP"]
    items: list[Item]


class Person(BaseModel):
    """Whom an operation is about."""

    id: str


DataT = TypeVar("DataT", bound=BaseModel)


class Operation(BaseModel, Generic[DataT]):
    """An event of the Track API, version 2."""

    type: Literal["person"] = "person"
    action: Literal["event"] = "event"
    identifiers: Person
    name: str
    id: str
    timestamp: int
    attributes: DataT
