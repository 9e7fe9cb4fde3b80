"""What an application declares: its events and the attributes of its people.

    class OrderPlaced(Event, name="Order Placed"):
        order_id: str
        total: Annotated[Decimal, Meta(ge=0)]
        coupon: str | None = None

    class Person(Attributes):
        email: str
        plan: Literal["free", "pro"] | None = None

Instances are keyword-only and frozen. Type checkers refuse a wrong one; ciokit refuses it again when it is sent, and
names every wrong field with its path. A field whose value equals its default is not sent: give a field that must always
be sent no default. `from_: str = field(name="from")` gives a field another name on the wire.
"""

import re
from collections.abc import Mapping
from typing import Any, ClassVar, dataclass_transform

import msgspec
from msgspec import Meta, field

from ciokit import limits
from ciokit.errors import InvalidData, Problem
from ciokit.values.declarations import mistakes
from ciokit.values.fragments import utf8_size
from ciokit.values.scalars import is_text, type_of
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
            name: The event's name at Customer.io; the class's name in snake_case if omitted.
            options: msgspec's own class options, for example `rename="camel"`.

        Raises:
            InvalidData: If the class is wrong in itself; see `Event`.
        """
        # Values without a way back to themselves need no look from the garbage collector, which counts in large batches.
        # What has a `__dict__` needs one, says msgspec.
        has_dict = options.get("dict") or options.get("weakref") or any(map(_has_more, bases))
        options = {"kw_only": True, "frozen": True, "omit_defaults": True, "gc": bool(has_dict), **options}
        subject = f"class {name_of_class}"
        try:
            made: Any = super().__new__(mcls, name_of_class, bases, namespace, **options)
        except (TypeError, ValueError) as error:
            raise InvalidData(subject, _declined(error, namespace)) from error
        made.__event_name__ = snake_case(name_of_class) if name is None else name
        problems = _wrong_name(made.__event_name__) + mistakes(made)
        if problems:
            raise InvalidData(subject, tuple(problems))
        made.__event_json__ = to_json(made.__event_name__)
        return made


def _has_more(base: type) -> bool:
    return bool(base.__dictoffset__ or base.__weakrefoffset__)


def _declined(error: Exception, namespace: Mapping[str, Any]) -> tuple[Problem, ...]:
    """Say in a declaration's own words what msgspec did not make a class of."""
    shared = [name for name, value in namespace.items() if isinstance(value, (list, dict, set)) and value]
    if "mutable" in str(error) and shared:
        words = "a mutable default would be shared by all instances; use field(default_factory=...)"
        return tuple(Problem(name, words) for name in shared if not name.startswith("__"))
    return (Problem("", str(error)),)


def _wrong_name(name: Any) -> list[Problem]:
    message = wrong_event_name(name) if is_text(name) else f"expected text, got {type_of(name).__name__}"
    return [Problem("name", message)] if message else []


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
    """Declare an event by subclassing: the class gives it its name, the fields are its data.

        class OrderPlaced(Event, name="Order Placed"):
            order_id: Annotated[str, Meta(min_length=1)]
            total: Annotated[Decimal, Meta(ge=0)]
            items: list[Item]                      # Item is another declared class
            source: str = field(name="from")       # has another name on the wire
            coupon: str | None = None              # is sent only where it is not None

        client.track("user-1", OrderPlaced(order_id="A-17", total=Decimal("29.90"), items=[], source="web"))

    `name` is the event's name at Customer.io, at most 100 bytes; without it the event is called like its class in
    snake_case, `order_placed`. Other class arguments are msgspec's, for example `rename="camel"`. A class may extend
    another one and be generic.

    A field may be of any type that has a form in JSON: text, numbers, `Decimal`, datetimes with a time zone, dates,
    `UUID`, enums, `Literal`, lists, sets, mappings, dataclasses, attrs and pydantic classes, and other declared
    classes. `Annotated[..., Meta(...)]` bounds a value. A field whose value equals its default is not sent; give a
    field that must always be sent no default.

    Instances are frozen and take their fields by keyword; a missing or unknown one raises `TypeError`. Values are
    checked when the event is sent: one of another type, outside its bounds or without a form in JSON (bytes, a
    datetime without a time zone, an object of some other class) raises `InvalidData`, which names every wrong field
    by its path.

    Raises:
        InvalidData: When the class is defined: if the name is blank or longer than 100 bytes, a field is of a type
            that cannot be sent, a bound does not apply to its type, or a default does not fit or would be shared
            (a list, dict or set that is not empty: use `field(default_factory=...)`).
    """

    __event_name__: ClassVar[str]
    __event_json__: ClassVar[bytes]


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(field,))
class Attributes(msgspec.Struct, frozen=True, metaclass=DeclaredMeta):
    """Declare the attributes of a person or an object by subclassing; the fields are the attributes.

        class Person(Attributes):
            email: str
            plan: Literal["free", "starter", "pro"] | None = None
            created_at: dt.datetime | None = None
            first_name: str | None = field(name="firstName", default=None)

        client.identify("user-1", Person(email="ada@example.com", plan="free"))

    Declared attributes also serve as the data of relationships and messages, and as values inside an `Event`.
    Fields, defaults, `Meta`, and what is refused when, are as with `Event`. In addition `identify` refuses what is
    over Customer.io's limits: 300 attributes, names of 150 bytes and values of 1,000 bytes.

    A field that is left at its default is not sent, so a default of None leaves the attribute as it is. To remove an
    attribute, name it in `remove=`; a None in a field that has no default, or another one, removes it too.
    """
