"""Declared classes as msgspec structs that check and encode an instance in one native pass.

msgspec does not check values when a struct is built, and writes datetimes and some other types in ways of its own. So
each declared class gets a *form* at its first use: a second struct of the same fields, whose types are msgspec's own
where those behave as the encoder's table says, and a `Loose` type where not. Converting an instance to its form checks
every field; encoding the form writes the JSON. Only when that fails is the instance walked again slowly, to find
everything that is wrong with it.

This module knows msgspec's and Python's types; it knows nothing of Customer.io.
"""

import datetime as dt
import types
from collections.abc import Mapping
from enum import Enum
from typing import Annotated, Any, ClassVar, Literal, Union, get_args, get_origin
from uuid import UUID

import msgspec

from ciokit.misfits import LISTS, MAPPINGS, find, unwrap
from ciokit.values import Refusal, Walk, bare, equals, to_json

__all__ = ["encode_declared"]

_NATIVE = frozenset({str, int, float, bool, None, type(None), UUID, dt.date, dt.time})


class Loose:
    """Hold the plain form of a value whose type msgspec would not write as Customer.io needs it.

    A subclass stands for the annotation of one field.

    Attributes:
        plain: The value, in types that msgspec writes rightly.
        annotation: What the value must fit.
        default: An instance for the field's default, so that msgspec leaves it out; None if there is none.
    """

    __slots__ = ("plain",)
    annotation: ClassVar[Any]
    default: ClassVar["Loose | None"]

    def __init__(self, plain: Any) -> None:
        self.plain = plain

    @classmethod
    def of(cls, value: Any, *, naive_utc: bool) -> "Loose":
        """Check a value and make it plain.

        Raises:
            ValueError: If it does not fit; what is wrong is found again, with paths, for the whole instance.
        """
        if cls.default is not None and equals(value, cls.default.plain):
            return cls.default
        walk = Walk(naive_utc=naive_utc)
        plain = walk.plain(value)
        # The exact type, the usual case, fits without a closer look.
        if walk.problems or (type(value) is not cls.annotation and next(find(value, cls.annotation), None)):
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
    """

    form: type[msgspec.Struct]
    direct: bool


_plans: dict[type[msgspec.Struct], _Plan] = {}
_encoder = msgspec.json.Encoder(enc_hook=_plain_of, decimal_format="number")


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
    plan = _plans.get(type(instance)) or _make_plan(type(instance))
    try:
        if plan.direct:
            msgspec.convert(msgspec.structs.astuple(instance), plan.form)
            return _encoder.encode(instance)
        hook = _naive_utc if naive_utc else _aware
        return _encoder.encode(msgspec.convert(instance, plan.form, from_attributes=True, dec_hook=hook))
    except (msgspec.ValidationError, UnicodeEncodeError, RecursionError, _NotNativeError):
        return _encode_thoroughly(instance, naive_utc=naive_utc)


def _encode_thoroughly(instance: msgspec.Struct, *, naive_utc: bool) -> bytes:
    problems = list(find(instance, type(instance)))
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
    fields = msgspec.structs.fields(declared)
    omits = declared.__struct_config__.omit_defaults
    direct = omits and all(_is_direct(field) for field in fields)
    form = _form(declared, (), by_position=direct)
    plan = _plans[declared] = _Plan(form, direct)
    return plan


def _is_direct(field: msgspec.structs.FieldInfo) -> bool:
    # msgspec leaves a field out only if it is the default itself: None and an empty container are, whoever made them.
    plain_default = field.default is msgspec.NODEFAULT or field.default is None
    plain_default &= bare(field.default_factory) is field.default_factory
    return plain_default and _is_plain(_translate(field.type, field.default, (msgspec.Struct,)))


def _is_plain(kind: Any) -> bool:
    """Tell whether msgspec writes every value of a translated annotation by itself."""
    if isinstance(kind, type) and issubclass(kind, (Loose, msgspec.Struct)):
        return False
    return all(_is_plain(arg) for arg in get_args(kind) if get_origin(kind) is not Literal)


def _form(
    declared: type[msgspec.Struct], within: tuple[type, ...], *, by_position: bool = False
) -> type[msgspec.Struct]:
    members: list[tuple[str, Any, Any]] = []
    defaults: dict[str, Any] = {}
    for field in msgspec.structs.fields(declared):
        kind = _translate(field.type, field.default, (*within, declared))
        default = field.default
        if default is not msgspec.NODEFAULT and default is not None:
            loose = _loose_in(kind)
            default = defaults[field.name] = loose.default if loose else default
        spec = _field(default=default, default_factory=bare(field.default_factory), name=field.encode_name)
        members.append((field.name, kind, spec))
    return msgspec.defstruct(
        declared.__name__,
        members,
        kw_only=True,
        omit_defaults=True,
        forbid_unknown_fields=True,
        array_like=by_position,
        namespace={"__post_init__": _restore(defaults)} if defaults else {},
    )


def _restore(defaults: Mapping[str, Any]) -> Any:
    """Make the hook that puts the default itself where a field equals it: msgspec leaves out by identity."""

    def __post_init__(self: msgspec.Struct) -> None:  # noqa: N807 - msgspec calls it by this name
        for name, default in defaults.items():
            value = getattr(self, name)
            if value is not default and not isinstance(default, Loose) and equals(value, default):
                setattr(self, name, default)

    return __post_init__


def _translate(kind: Any, default: Any, within: tuple[type, ...]) -> Any:
    """Return the annotation of a form's field: msgspec's own where that fits the table, else a `Loose` class."""
    kind = unwrap(kind)
    if kind in _NATIVE:
        return kind
    made = _translate_parts(kind, default, within)
    return made if made is not None and _supported(made) else _loose(kind, default)


def _translate_parts(kind: Any, default: Any, within: tuple[type, ...]) -> Any:
    origin, args = get_origin(kind), get_args(kind)
    if origin is None and isinstance(kind, type):
        if issubclass(kind, msgspec.Struct):
            # A class inside itself is checked slowly.
            return None if any(issubclass(kind, outer) for outer in within) else _form(kind, within)
        return kind if issubclass(kind, Enum) else None
    if origin is Annotated:
        inner = _translate(args[0], default, within)
        return None if _loose_in(inner) else Annotated[(inner, *args[1:])]
    if origin is Literal:
        return kind if all(type(value) in {str, int, type(None)} for value in args) else None
    if origin in {Union, types.UnionType}:
        return Union[tuple(_translate(arg, default, within) for arg in args)]  # noqa: UP007 - known only now
    if origin is tuple or origin in LISTS or origin in MAPPINGS:
        inner_args = (arg if arg is ... else _translate(arg, msgspec.NODEFAULT, within) for arg in args)
        generic: Any = origin
        return generic[tuple(inner_args)]
    return None


def _supported(kind: Any) -> bool:
    try:
        msgspec.json.Decoder(kind, dec_hook=_aware)
    except TypeError:
        return False
    return True


def _loose(kind: Any, default: Any) -> type[Loose]:
    made: Any = type("Loose", (Loose,), {"__slots__": (), "annotation": kind, "default": None})
    if default is not msgspec.NODEFAULT and default is not None:
        made.default = made(default)
    kind_of_loose: type[Loose] = made
    return kind_of_loose


# Its overloads ask for one of default and default_factory; here it is whichever there is.
_field: Any = msgspec.field


def _loose_in(kind: Any) -> type[Loose] | None:
    """Return the `Loose` class that a translated annotation is, or has as an alternative."""
    parts = (kind, *get_args(kind)) if get_origin(kind) is Union else (kind,)
    return next((part for part in parts if isinstance(part, type) and issubclass(part, Loose)), None)
