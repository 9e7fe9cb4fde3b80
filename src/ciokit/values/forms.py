"""Declared classes as msgspec structs that check and encode an instance in one native pass.

msgspec does not check values when a struct is built, and writes datetimes and some other types in ways of its own. So
each declared class gets a *form* at its first use: a second struct of the same fields, whose types are msgspec's own
where those behave as the encoder's table says, and a `Loose` type where not. Converting an instance to its form checks
every field; encoding the form writes the JSON. What msgspec would take for something else is looked for first. Only
when any of this fails is the instance walked again slowly, to find everything that is wrong with it.

This module knows msgspec's and Python's types; it knows nothing of Customer.io.
"""

import datetime as dt
import types
from collections.abc import Mapping
from decimal import Decimal
from enum import Enum
from itertools import islice
from typing import Annotated, Any, ClassVar, Final, Literal, Union, cast, get_args, get_origin
from uuid import UUID

import msgspec
from msgspec import convert
from msgspec.structs import astuple

from ciokit.errors import Problem
from ciokit.values.declarations import fields_of, mistakes
from ciokit.values.defaults import EMPTY, bare, equals
from ciokit.values.exactness import Check, entered, exactness, numbers_of
from ciokit.values.misfits import LISTS, MAPPINGS, find, struct_in, unwrap
from ciokit.values.scalars import PLAINLY
from ciokit.values.table import MOST_PROBLEMS, Refusal, Walk, to_json

__all__ = ["MISFITS", "encode_declared", "encode_fitting"]

_NATIVE = frozenset({str, int, float, bool, None, type(None), UUID, dt.date})


class Loose:
    """Hold the plain form of a value whose type msgspec would not write as Customer.io needs it.

    A subclass stands for the annotation of one field.

    Attributes:
        plain: The value, in types that msgspec writes rightly.
        annotation: What the value must fit.
        exact: The class whose own instances fit without a closer look, where the annotation is one.
        default: An instance for the field's default, so that msgspec leaves it out; None if there is none.
    """

    __slots__ = ("plain",)
    annotation: ClassVar[Any]
    exact: ClassVar[Any]
    default: ClassVar["Loose | None"]

    def __init__(self, plain: Any) -> None:
        self.plain = plain

    @classmethod
    def of(cls, value: Any, *, naive_utc: bool) -> "Loose":
        """Check a value and make it plain.

        Raises:
            ValueError: If it does not fit; what is wrong is found again, with paths, for the whole instance.
        """
        if cls.default is not None and (value is cls.default.plain or equals(value, cls.default.plain)):
            return cls.default
        plainly = PLAINLY.get(cls.exact) if type(value) is cls.exact else None
        plain = None if plainly is None else plainly(value)
        if plain is not None:
            return cls(plain)
        walk = Walk(naive_utc=naive_utc)
        plain = walk.plain(value)
        if walk.problems or (type(value) is not cls.exact and next(find(value, cls.annotation), None)):
            raise ValueError
        return cls(plain)


class _NotNativeError(Exception):
    """A value passed the check as a subclass of what msgspec can write."""


def _plain_of(value: Any) -> Any:
    if isinstance(value, Loose):
        return value.plain
    raise _NotNativeError


class _Plan(msgspec.Struct, frozen=True):
    """Say how instances of a declared class are checked and encoded.

    Attributes:
        form: The struct to convert an instance to.
        direct: Whether all of its fields are such that msgspec writes the instance itself as the table says. Then the
            form is only a check, by position, which costs a third of one by name.
        numbers: Of such a class, the places of the fields that must not be Decimals. Most events have one or two, and
            every event pays for the look: a call for each would be felt.
        is_exact: Tells whether an instance holds nothing else that msgspec would mistake; None if it cannot.
    """

    form: type[msgspec.Struct]
    direct: bool
    numbers: tuple[int, ...]
    is_exact: Check | None


# Besides its own error msgspec lets out those of values that it takes for a mapping or a number: an array without
# `keys`, a signalling NaN, a number of more digits than Python writes, half a character.
MISFITS: Final = (
    msgspec.ValidationError,
    ValueError,
    TypeError,
    AttributeError,
    RecursionError,
    _NotNativeError,
)
"""What checking and writing an instance raise when it is not as declared."""

_plans: dict[type[msgspec.Struct], _Plan] = {}
_write = msgspec.json.Encoder(enc_hook=_plain_of, decimal_format="number").encode


def encode_declared(instance: msgspec.Struct, *, naive_utc: bool = False) -> bytes:
    """Check an instance of a declared class against its annotations and encode it.

    Args:
        instance: An `Event` or `Attributes`.
        naive_utc: Whether a datetime without a time zone is UTC.

    Returns:
        A JSON object of the fields that are not at their defaults.

    Raises:
        Refusal: If fields are wrong; it has all of them, each with its path.
    """
    try:
        encoded = encode_fitting(instance, naive_utc=naive_utc)
    except MISFITS:
        encoded = None
    return _encode_thoroughly(instance, naive_utc=naive_utc) if encoded is None else encoded


def encode_fitting(instance: msgspec.Struct, *, naive_utc: bool = False) -> bytes | None:
    """Check and encode an instance in one native pass, if it fits.

    Args:
        instance: As for `encode_declared`.
        naive_utc: As there.

    Returns:
        The JSON; None for what needs a closer look.

    Raises:
        MISFITS: If something is wrong, or only a closer look can tell.
        Refusal: If the annotations of its class cannot be read.
    """
    plan = _plans.get(type(instance)) or _make_plan(type(instance))
    if plan.is_exact is not None and not plan.is_exact(instance):
        return None
    if plan.direct:
        values = astuple(instance)
        for place in plan.numbers:
            if type(values[place]) is Decimal:
                return None
        convert(values, plan.form)
        return _write(instance)
    hook = _naive_utc if naive_utc else _aware
    return _write(convert(instance, plan.form, from_attributes=True, dec_hook=hook))


def _encode_thoroughly(instance: msgspec.Struct, *, naive_utc: bool) -> bytes:
    problems = list(islice(find(instance, type(instance)), MOST_PROBLEMS))
    encoded = b""
    try:
        encoded = to_json(instance, naive_utc=naive_utc)
    except Refusal as refusal:
        known = {problem.path for problem in problems}
        problems += [problem for problem in refusal.problems if problem.path not in known]
    if problems:
        raise Refusal(problems)
    return encoded


def _aware(kind: type[Loose], value: Any) -> Loose:
    return kind.of(value, naive_utc=False)


def _naive_utc(kind: type[Loose], value: Any) -> Loose:
    return kind.of(value, naive_utc=True)


def _make_plan(declared: type[msgspec.Struct]) -> _Plan:
    fields = fields_of(declared)
    if isinstance(fields, str):
        raise Refusal([Problem("", fields)])
    wrong = mistakes(declared)  # those of annotations that could not be read yet when the class was made
    if wrong:
        raise Refusal(wrong)
    config = declared.__struct_config__
    direct = (
        not config.array_like and config.tag is None and all(_is_direct(field, config) for field in fields)
    )
    form = _form(declared, (declared,), by_position=direct)
    numbers = numbers_of(declared) if direct else ()
    places = tuple(map(declared.__struct_fields__.index, numbers))
    plan = _plans[declared] = _Plan(form, direct, places, exactness(declared, apart=numbers))
    return plan


def _is_direct(field: msgspec.structs.FieldInfo, config: Any) -> bool:
    # msgspec leaves a field out only if it is the default itself: None and an empty container are, whoever made them.
    unset = field.default is msgspec.NODEFAULT or field.default is None
    plain_default = field.required or (config.omit_defaults and unset)
    plain_default &= bare(field.default_factory) is field.default_factory
    return plain_default and _is_plain(_translate(field.type, field.default, ()))


def _is_plain(kind: Any) -> bool:
    """Tell whether msgspec writes every value of a translated annotation by itself."""
    if isinstance(kind, type) and issubclass(kind, (Loose, msgspec.Struct)):
        return False
    return all(_is_plain(arg) for arg in get_args(kind) if get_origin(kind) is not Literal)


def _form(declared: Any, within: tuple[Any, ...], *, by_position: bool = False) -> type[msgspec.Struct]:
    members: list[tuple[str, Any, Any]] = []
    defaults: dict[str, Any] = {}
    for field in msgspec.structs.fields(declared):
        default, factory = field.default, bare(field.default_factory)
        kind = _translate(field.type, factory() if factory in EMPTY else default, within)
        if isinstance(default, (tuple, frozenset, msgspec.Struct)) and not _loose_in(kind):
            kind = _loose(field.type, default)  # the form's own kind of it, a list for a tuple, is no equal
        loose = _loose_in(kind)
        if loose is not None and loose.default is not None and (loose is kind or default is not None):
            default, factory = loose.default, msgspec.NODEFAULT
        elif default is not msgspec.NODEFAULT and default is not None:
            defaults[field.name] = default
        members.append(
            (field.name, kind, _field(default=default, default_factory=factory, name=field.encode_name))
        )
    config: Any = cast("Any", struct_in(declared)).__struct_config__
    return msgspec.defstruct(
        declared.__name__,
        members,
        kw_only=True,
        omit_defaults=True,
        forbid_unknown_fields=True,
        array_like=by_position,
        tag=None if by_position else config.tag,
        tag_field=None if by_position else config.tag_field,
        namespace={"__post_init__": _restore(defaults)} if defaults else {},
    )


def _restore(defaults: Mapping[str, Any]) -> Any:
    """Make the hook that puts the default itself where a field equals it: msgspec leaves out by identity."""

    def __post_init__(self: msgspec.Struct) -> None:  # noqa: N807 - msgspec calls it by this name
        for name, default in defaults.items():
            value = getattr(self, name)
            if value is not default and equals(value, default):
                setattr(self, name, default)

    return __post_init__


def _translate(kind: Any, default: Any, within: tuple[Any, ...]) -> Any:
    """Return the annotation of a form's field: msgspec's own where that fits the table, else a `Loose` class."""
    if kind in within:  # a class or an alias inside itself is checked slowly
        return _loose(kind, default)
    within, kind = entered(kind, within), unwrap(kind)
    if kind in _NATIVE:
        return kind
    made = _translate_parts(kind, default, within)
    return made if made is not None and _supported(made) else _loose(kind, default)


def _translate_parts(kind: Any, default: Any, within: tuple[Any, ...]) -> Any:
    if struct_in(kind):
        return _form(kind, within)
    origin, args = get_origin(kind), get_args(kind)
    if origin is None and isinstance(kind, type):
        return kind if issubclass(kind, Enum) and _takes_its_values_alone(kind) else None
    if origin is Annotated:
        inner = _translate(args[0], default, within)
        return None if _loose_in(inner) else Annotated[(inner, *args[1:])]
    if origin is Literal:
        return kind if all(type(value) in {str, int, type(None)} for value in args) else None
    if origin in {Union, types.UnionType}:
        return Union[tuple(_translate(arg, default, within) for arg in args)]  # noqa: UP007 - known only now
    if origin in MAPPINGS and not _is_key(args[0], within):
        return None
    if args and (origin is tuple or origin in LISTS or origin in MAPPINGS):
        inner_args = (arg if arg is ... else _translate(arg, msgspec.NODEFAULT, within) for arg in args)
        generic: Any = origin
        return generic[tuple(inner_args)]
    return None


def _takes_its_values_alone(kind: type[Enum]) -> bool:
    """Tell whether an Enum, or a Flag, makes no members of other values: msgspec asks it, and writes what it asked for."""
    missing: Any = kind._missing_
    return missing.__func__ is Enum._missing_.__func__  # type: ignore[attr-defined]


def _is_key(kind: Any, within: tuple[Any, ...]) -> bool:
    """Tell whether msgspec checks and writes every key of an annotation as the table says.

    It writes keys of other types, some of them in no form that JSON has, and asks no `Loose` class about text. Keys of
    two types may become one name, which only the table looks for.
    """
    key = unwrap(kind)
    key = get_args(key)[0] if get_origin(key) is Annotated else key
    is_enum = isinstance(key, type) and issubclass(key, Enum)
    known = key in {str, int, UUID} or is_enum or get_origin(key) is Literal
    return known and _is_plain(_translate(kind, msgspec.NODEFAULT, within))


def _supported(kind: Any) -> bool:
    try:
        msgspec.json.Decoder(kind, dec_hook=_aware)
    except TypeError:
        return False
    return True


def _loose(kind: Any, default: Any) -> type[Loose]:
    exact = kind if isinstance(kind, type) and not struct_in(kind) else None
    made: Any = type(
        "Loose", (Loose,), {"__slots__": (), "annotation": kind, "exact": exact, "default": None}
    )
    if default is not msgspec.NODEFAULT:
        made.default = made(default)
    kind_of_loose: type[Loose] = made
    return kind_of_loose


# Its overloads ask for one of default and default_factory; here it is whichever there is.
_field: Any = msgspec.field


def _loose_in(kind: Any) -> type[Loose] | None:
    """Return the `Loose` class that a translated annotation is, or has as an alternative."""
    parts = (kind, *get_args(kind)) if get_origin(kind) is Union else (kind,)
    return next((part for part in parts if isinstance(part, type) and issubclass(part, Loose)), None)
