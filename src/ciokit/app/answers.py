"""How the body of an answer becomes what a method returns.

Pure. A body that cannot be read raises `msgspec.DecodeError`; the client says so in the caller's words.
"""

from abc import abstractmethod
from codecs import BOM_UTF8
from functools import cached_property
from typing import Any, Generic, TypeVar

import msgspec

from ciokit.app.records.base import Record, read_record

__all__ = ["Answer", "Anything", "Many", "Nothing", "One", "Page", "Paged", "Plain", "read_answer"]

T = TypeVar("T")

_parts = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_all_parts = msgspec.json.Decoder(list[dict[str, msgspec.Raw]] | None).decode
_any = msgspec.json.decode


class Page(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """Hold one page of a longer list.

    Attributes:
        items: What is on it.
        next: Where the next page starts; empty on the last one.
        extra: Whatever else came with it.
    """

    items: tuple[T, ...]
    next: str = ""
    extra: dict[str, Any] = {}


class Answer(Generic[T]):
    """Read the body of an answer."""

    @abstractmethod
    def read(self, body: bytes) -> T:
        """Return what a body means.

        Raises:
            msgspec.DecodeError: If it is not what it should be.
        """


class Nothing(Answer[None]):
    """Expect no body."""

    def read(self, body: bytes) -> None:
        """Take no notice of whatever came."""


class Anything(Answer[Any]):
    """Expect any JSON, or none."""

    def read(self, body: bytes) -> Any:
        """Return the JSON; None for an empty body."""
        return _any(body) if body.strip() else None


class Plain(Answer[dict[str, Any]]):
    """Expect an object whose fields nobody has written down."""

    def read(self, body: bytes) -> dict[str, Any]:
        """Return the object; an empty one for an empty body."""
        return _any(body, type=dict[str, Any]) if body.strip() else {}


class _Typed(Generic[T]):
    def __init__(self, kind: type[T], key: str = "") -> None:
        self.kind = kind
        self.key = key

    @cached_property
    def _one(self) -> msgspec.json.Decoder[T]:
        return msgspec.json.Decoder(self.kind)

    @cached_property
    def _all(self) -> msgspec.json.Decoder[tuple[T, ...] | None]:
        return msgspec.json.Decoder(tuple[self.kind, ...] | None)  # type: ignore[name-defined]  # known at run time alone

    def _read_one(self, raw: Any) -> T:
        try:
            return self._one.decode(raw)
        except msgspec.ValidationError:
            return self._read_loosely(_any(raw))

    def _read_all(self, raw: Any) -> tuple[T, ...]:
        """Read a list; the service writes null for an empty one at some places."""
        try:
            return self._all.decode(raw) or ()
        except msgspec.ValidationError:
            return tuple(self._read_loosely(item) for item in _any(raw, type=list[Any]))

    def _read_loosely(self, value: Any) -> T:
        if issubclass(self.kind, Record):
            return read_record(value, self.kind)
        return msgspec.convert(value, self.kind, strict=False)


class One(_Typed[T], Answer[T]):
    """Expect one thing.

    Args:
        kind: The record.
        key: The name that it stands under; it is the whole answer if omitted.
    """

    def read(self, body: bytes) -> T:
        """Return the thing."""
        return self._read_one(_member(_parts(body), self.key) if self.key else body)


class Many(_Typed[T], Answer[tuple[T, ...]]):
    """Expect all of a list at once.

    Args:
        kind: What is in it.
        key: The name that it stands under.
        each: The name that each item stands under, if it is wrapped.
    """

    def __init__(self, kind: type[T], key: str, *, each: str = "") -> None:
        super().__init__(kind, key)
        self.each = each

    def read(self, body: bytes) -> tuple[T, ...]:
        """Return the list."""
        raw = _member(_parts(body), self.key)
        if not self.each:
            return self._read_all(raw)
        return tuple(self._read_one(_member(item, self.each)) for item in _all_parts(raw) or ())


class Paged(_Typed[T], Answer[Page[T]]):
    """Expect a page of a list.

    Args:
        kind: What is in it.
        key: The name that it stands under.
        offset_by: The service's page size, where the next page is asked for by how many items came before.
    """

    def __init__(self, kind: type[T], key: str, *, offset_by: int = 0) -> None:
        super().__init__(kind, key)
        self.offset_by = offset_by

    def read(self, body: bytes) -> Page[T]:
        """Return the page."""
        parts = _parts(body)
        items = self._read_all(parts.pop(self.key, b"null"))
        after = _any(parts.pop("next", b"null"))
        extra = {name: _any(raw) for name, raw in parts.items()}
        return Page(items=items, next=str(after) if after else "", extra=extra)


def read_answer(answer: Answer[T], body: bytes) -> T:
    """Read the body of an answer, and forgive what says nothing about its meaning.

    That is a byte order mark, bytes that are no UTF-8 and half of a character: a name that somebody cut in the middle
    of an emoji costs no page of people.

    Args:
        answer: What it should be.
        body: What came.

    Raises:
        msgspec.DecodeError: If it is not what it should be.
    """
    try:
        return answer.read(body)
    except msgspec.ValidationError:
        raise
    except (msgspec.DecodeError, UnicodeDecodeError):
        return answer.read(_mended(body))
    except RecursionError as error:
        msg = "is too deep"
        raise msgspec.DecodeError(msg) from error


def _mended(body: bytes) -> bytes:
    """Return JSON anew, with the sign for a character that is not known where there was half of one."""
    import json  # rarely needed

    try:
        text = json.dumps(
            json.loads(body.removeprefix(BOM_UTF8).decode("utf-8", "replace")), ensure_ascii=False
        )
    except (ValueError, RecursionError) as error:
        msg = "is no JSON"
        raise msgspec.DecodeError(msg) from error
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()


def _member(parts: dict[str, msgspec.Raw], key: str) -> msgspec.Raw:
    if key not in parts:
        msg = f"no {key} in it"
        raise msgspec.ValidationError(msg)
    return parts[key]
