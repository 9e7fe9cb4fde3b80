"""An operation of the App API as data, and a call of it as a request.

What is declared here holds for both clients: the method, the path, the parameters with their types and words, what
the answer becomes, whether it may be sent twice, and which of the vendor's limits it counts against. The modules of
`ciokit.app.endpoints` are made of these; `tools/write_app_resources.py` writes the methods from them.

Pure: `prepare` turns arguments into a request or refuses them; it does not send.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Generic, Literal, TypeAlias, TypeVar, cast
from urllib.parse import quote

import msgspec

from ciokit.app.answers import Answer
from ciokit.app.words import CustomerRef, IdRef, ObjectIdRef, Timestamp
from ciokit.encoding.drafts import Draft
from ciokit.errors import Problem
from ciokit.identifiers import CioId, CioObjectId
from ciokit.values.fragments import object_of
from ciokit.values.misfits import find
from ciokit.values.scalars import plain_text
from ciokit.wire import JSON

__all__ = [
    "Call",
    "Check",
    "Encode",
    "Endpoint",
    "Param",
    "Rate",
    "body",
    "entire",
    "path",
    "prepare",
    "query",
]

T = TypeVar("T")

Place: TypeAlias = Literal["path", "query", "body", "entire", "option"]
Rate: TypeAlias = Literal["general", "transactional", "broadcast"]
Arguments: TypeAlias = Mapping[str, Any]
Check: TypeAlias = Callable[[Arguments], Iterable[Problem]]
Encode: TypeAlias = Callable[[Arguments, Draft], tuple[bytes, str]]


class Param(msgspec.Struct, frozen=True, kw_only=True):
    """Declare a parameter of an operation.

    Attributes:
        name: What the method calls it.
        kind: Its type; limits and closed sets are part of it.
        doc: What it means, for the docstring.
        place: Where it goes: `entire` is the whole body, an `option` is for the client or for what makes the body.
        wire: What the service calls it, where that is another name; several are sent all.
        required: Whether there is no call without it.
        positional: Whether it may be given without its name.
        default: What is sent when it is left out; None and `UNSET` send nothing.
        nullable: Whether None is sent as null, and leaving it out is `UNSET`.
        is_object: Whether anything that becomes a JSON object will do.
        as_text: Whether a number is sent as text.
        apart: Whether what makes the body looks at it by itself.
    """

    name: str
    kind: Any
    doc: str
    place: Place
    wire: tuple[str, ...] = ()
    required: bool = False
    positional: bool = False
    default: Any = None
    nullable: bool = False
    is_object: bool = False
    as_text: bool = False
    apart: bool = False

    @property
    def left_out(self) -> Any:
        """What stands for it when it is left out."""
        return msgspec.UNSET if self.nullable else self.default

    @property
    def names(self) -> tuple[str, ...]:
        """What the service calls it."""
        return self.wire or (self.name,)


class Endpoint(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """Declare an operation.

    Attributes:
        kind: Its resource and method: `segments.membership`; errors name it.
        method: The HTTP method.
        path: The path, with parameters in braces.
        doc: What it does, in a sentence; more lines become more paragraphs.
        answer: What the answer becomes.
        params: The parameters, in the order of the method's.
        returns: What the method returns, in words.
        wrap: The name that the body stands under.
        safe: Whether sending it twice does no harm; by the method if omitted.
        rate: Which of the vendor's limits it counts against.
        some: Whether at least one field of the body must be given.
        check: What is wrong with the arguments together.
        encode: What makes the body, where it is not the fields as they are; returns it with its type.
    """

    kind: str
    method: Literal["GET", "POST", "PUT", "DELETE"]
    path: str
    doc: str
    answer: Answer[T]
    params: tuple[Param, ...] = ()
    returns: str = ""
    wrap: str = ""
    safe: bool | None = None
    rate: Rate = "general"
    some: bool = False
    check: Check | None = None
    encode: Encode | None = None

    @property
    def replay_safe(self) -> bool:
        """Whether sending it twice does no harm: reads, replacements and deletions; never what creates or sends."""
        return self.method != "POST" if self.safe is None else self.safe


def path(name: str, kind: Any, doc: str, **options: Any) -> Param:
    """Declare a parameter that is part of the path."""
    return Param(name=name, kind=kind, doc=doc, place="path", required=True, positional=True, **options)


def query(name: str, kind: Any, doc: str, *, wire: str | tuple[str, ...] = (), **options: Any) -> Param:
    """Declare a parameter of the query."""
    names = (wire,) if isinstance(wire, str) else wire
    return Param(name=name, kind=kind, doc=doc, place="query", wire=names, **options)


def body(name: str, kind: Any, doc: str, *, wire: str | tuple[str, ...] = (), **options: Any) -> Param:
    """Declare a field of the body."""
    names = (wire,) if isinstance(wire, str) else wire
    return Param(name=name, kind=kind, doc=doc, place="body", wire=names, **options)


def entire(name: str, kind: Any, doc: str, **options: Any) -> Param:
    """Declare a parameter that is the whole body."""
    return Param(name=name, kind=kind, doc=doc, place="entire", required=True, positional=True, **options)


class Call(msgspec.Struct, frozen=True):
    """Hold a request that is ready to be sent.

    Attributes:
        path: The path and the query, encoded.
        body: The body; empty for none.
        content_type: What the body is.
    """

    path: str
    body: bytes = b""
    content_type: str = JSON


def prepare(endpoint: Endpoint[Any], arguments: Arguments, draft: Draft) -> Call:
    """Turn arguments into a request.

    Args:
        endpoint: What is called.
        arguments: What with, by the parameters' names.
        draft: Gathers what is wrong.

    Returns:
        The request.

    Raises:
        InvalidData: If anything is wrong, with all of it.
    """
    given = {param.name: _given(param, arguments) for param in endpoint.params}
    request = _Request(endpoint.path, draft)
    for param in endpoint.params:
        value = given[param.name]
        if not _is_given(param, value):
            continue
        if _fits(param, value, draft):
            request.add(param, value)
    if endpoint.some and not (request.fields or request.entire):
        draft.refuse("", "at least one field must be given")
    if endpoint.check is not None and not draft.problems:
        draft.problems.extend(endpoint.check(given))
    data, content_type = request.body(endpoint.wrap), JSON
    if not data and endpoint.method in {"POST", "PUT"}:
        data = b"{}"
    if endpoint.encode is not None and not draft.problems:
        data, content_type = endpoint.encode(given, draft)
    draft.finish(endpoint.kind)
    return Call(request.target(), data, content_type)


def _is_given(param: Param, value: Any) -> bool:
    if param.required:  # even `UNSET` is: without it, another address would be asked
        return True
    return value is not msgspec.UNSET and (value is not None or param.nullable)


def _given(param: Param, arguments: Arguments) -> Any:
    """Return an argument; `UNSET` leaves out any that can be left out."""
    value = arguments.get(param.name, param.left_out)
    return param.left_out if value is msgspec.UNSET and not param.required else value


def _fits(param: Param, value: Any, draft: Draft) -> bool:
    """Hold a value against its type; times, people and objects are looked at when they are encoded."""
    if value is None and param.is_object:
        draft.refuse(param.name, "is required")
        return False
    if param.is_object or param.apart or param.kind in _ENCODED_APART or (param.nullable and value is None):
        return True
    problems = list(find(value, param.kind, param.name))
    draft.problems += problems
    return not problems


class _Request:
    """Gather the parts of a request."""

    def __init__(self, template: str, draft: Draft) -> None:
        self._path = template
        self._query: list[str] = []
        self._draft = draft
        self.fields: dict[str, bytes] = {}
        self.entire = b""

    def add(self, param: Param, value: Any) -> None:
        """Put a value where it belongs."""
        draft, name = self._draft, param.name
        match param.place:
            case "path":
                self._path = self._path.replace(f"{{{name}}}", self._segment(param, value), 1)
            case "query":
                text = self._text(param, value)
                self._query += [f"{wire}={_quoted(text, name, draft)}" for wire in param.names]
            case "body":
                encoded = self._json(param, value)
                self.fields |= dict.fromkeys(param.names, encoded)
            case "entire":
                self.entire = self._json(param, value)
            case "option":
                pass

    def _segment(self, param: Param, value: Any) -> str:
        known = len(self._draft.problems)
        text = self._text(param, value)
        if text in {".", ".."}:
            # Servers and proxies take these for steps in the path, encoded or not.
            self._draft.refuse(param.name, "cannot be named in an address: it is only dots")
        if not text and known == len(self._draft.problems):
            self._draft.refuse(param.name, "cannot be empty")
        return _quoted(text, param.name, self._draft)

    def _text(self, param: Param, value: Any) -> str:
        if param.kind in (CustomerRef, IdRef):
            return self._customer(param, value)
        if param.kind == ObjectIdRef:
            return self._object(param, value)
        if param.kind == Timestamp:
            return str(self._draft.timestamp(value, param.name))
        return plain_text(value)

    def _customer(self, param: Param, value: Any) -> str:
        encoded, _ = self._draft.person(value, param.name)
        if encoded == b"{}":
            return "?"
        ((kind, text),) = cast("dict[str, str]", msgspec.json.decode(encoded)).items()
        if kind != "id":
            if param.kind == IdRef:
                self._draft.refuse(param.name, f"this operation knows people by id alone, not by {kind}")
            self._query.append(f"id_type={kind}")
        # In a query, and nowhere else, the reference asks for the prefix.
        return f"cio_{text}" if kind == "cio_id" and param.place == "query" else text

    def _object(self, param: Param, value: Any) -> str:
        if isinstance(value, CioObjectId):
            self._query.append("id_type=cio_object_id")
            value = value.value
        if isinstance(value, str):
            return plain_text(value)
        self._draft.refuse(param.name, f"expected an id as text or CioObjectId, got {type(value).__name__}")
        return "?"

    def _json(self, param: Param, value: Any) -> bytes:
        if param.kind == Timestamp:
            return b"%d" % self._draft.timestamp(value, param.name)
        if param.kind == CustomerRef:
            return self._identifiers(param, value)
        if param.is_object:
            return self._draft.object_json(value, param.name)
        return self._draft.json(plain_text(value) if param.as_text else value, param.name)

    def _identifiers(self, param: Param, value: Any) -> bytes:
        encoded, _ = self._draft.person(value, param.name)
        text: Any = value.value if isinstance(value, CioId) else None
        if isinstance(text, str):  # where the body names people, this is called so, and has the prefix
            return b'{"internal":%b}' % msgspec.json.encode(f"cio_{text.removeprefix('cio_')}")
        return encoded

    def body(self, wrap: str) -> bytes:
        """Return the body; empty if it has no field."""
        if self.entire:
            encoded = self.entire
        elif self.fields:
            encoded = object_of(self.fields)
        else:
            return b""
        return object_of({wrap: encoded}) if wrap else encoded

    def target(self) -> str:
        """Return the path and the query."""
        return f"{self._path}?{'&'.join(self._query)}" if self._query else self._path


def _quoted(text: str, name: str, draft: Draft) -> str:
    try:
        return quote(text, safe="")
    except UnicodeEncodeError:
        draft.refuse(name, "has half of a surrogate pair, which is no text")
        return ""


_ENCODED_APART = (CustomerRef, IdRef, ObjectIdRef, Timestamp)
