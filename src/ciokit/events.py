"""What an application declares: its events and the attributes of its people.

    class OrderPlaced(Event, name="Order Placed"):
        order_id: str
        total: Annotated[Decimal, Meta(ge=0)]
        coupon: str | None = None

    class Person(Attributes):
        email: str
        plan: Literal["free", "pro"] | None = None

Instances are keyword-only and frozen. Type checkers refuse a wrong one; ciokit refuses it again when it is sent, with
every wrong field and its path. A field whose value is its default is not sent: give a field that must always be sent
no default. A field is renamed on the wire with `from_: str = field(name="from")`.
"""

import re
from typing import Any, ClassVar, dataclass_transform

import msgspec
from msgspec import Meta, field

from ciokit import limits
from ciokit.errors import InvalidData, Problem
from ciokit.values.fragments import utf8_size
from ciokit.values.table import to_json

__all__ = ["Attributes", "Event", "Meta", "field", "wrong_event_name"]


class DeclaredMeta(msgspec.StructMeta):
    """Make declared classes keyword-only and frozen without saying so each time, and take the event's name."""

    def __new__(
        mcls,
        name_of_class: str,
        bases: tuple[type, ...],
        namespace: dict[str, Any],
        *,
        name: str | None = None,
        **options: Any,
    ) -> Any:
        """Make a class.

        Args:
            name_of_class: The class's own name.
            bases: Its bases.
            namespace: Its fields and methods.
            name: The event's name at Customer.io; the class's name in snake_case when left out.
            options: msgspec's own class options, for example `rename="camel"`.

        Raises:
            InvalidData: If the name is one that Customer.io refuses.
        """
        # Values without a way back to themselves need no look from the garbage collector, which counts in large batches.
        # What has a `__dict__` needs one, says msgspec.
        has_dict = options.get("dict") or any(base.__dictoffset__ for base in bases)
        options = {"kw_only": True, "frozen": True, "omit_defaults": True, "gc": bool(has_dict), **options}
        made: Any = super().__new__(mcls, name_of_class, bases, namespace, **options)
        made.__event_name__ = snake_case(name_of_class) if name is None else name
        made.__event_json__ = _checked_name(made.__event_name__, name_of_class)
        return made


def _checked_name(name: str, name_of_class: str) -> bytes:
    """Return an event's name as JSON, which every event of the class carries."""
    message = wrong_event_name(name)
    if message:
        subject = f"class {name_of_class}"
        raise InvalidData(subject, (Problem("name", message),))
    return to_json(name)


def wrong_event_name(name: str) -> str:
    """Tell why Customer.io would refuse an event's name, in its own words; nothing if it is right."""
    if not name.strip():
        return "event name must not be blank"
    if utf8_size(name) > limits.EVENT_NAME:
        return f"event name cannot be longer than {limits.EVENT_NAME} bytes"
    return ""


def snake_case(name: str) -> str:
    """Turn a class's name into an event's: `OrderPlaced` becomes `order_placed`, `SMSSent` `sms_sent`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


# The decorator stands on the classes: mypy would take the one of msgspec.Struct before a metaclass's.
@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(field,))
class Event(msgspec.Struct, frozen=True, metaclass=DeclaredMeta):
    """Declare an event by subclassing: the class is its name, the fields are its data.

    `class OrderPlaced(Event, name="Order Placed")` sets the event's name at Customer.io, at most 100 bytes. Without
    `name` it is the class's own in snake_case: `order_placed`. A wrong name raises `InvalidData` when the class is made.
    """

    __event_name__: ClassVar[str]
    __event_json__: ClassVar[bytes]


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(field,))
class Attributes(msgspec.Struct, frozen=True, metaclass=DeclaredMeta):
    """Declare the attributes of a person or an object by subclassing."""
