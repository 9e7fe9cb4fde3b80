"""Files to send along: from a path, from bytes or from an open file, read once and encoded once."""

import base64
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Protocol, TypeAlias, TypeGuard, cast

import msgspec

from ciokit.encoding.drafts import HALF, Draft
from ciokit.values.table import has_surrogate, is_mapping

__all__ = [
    "ATTACHMENTS",
    "Attachment",
    "Attachments",
    "Content",
    "OpenFile",
    "encode_attachments",
    "is_path",
    "read_content",
]

ATTACHMENTS: Final = 2_000_000
"""Bytes that all attachments of a message must stay below, as they are sent: "less than 2 MB", in base 64.

The reference says neither whether that is before or after base 64, nor whether a megabyte is 1,000 or 1,024
kilobytes. The smaller is right in all cases, and a request that is larger would be over its own limit.
"""


FILE: Final = 2_000_000
"""Bytes of a file at a path that are read: a longer one is taken nowhere, and might be longer than the memory."""


class OpenFile(Protocol):
    """What a file must be able to do: `read()` returns bytes."""

    def read(self, size: int = ..., /) -> bytes:
        """Return the rest of the file."""
        ...


Content: TypeAlias = bytes | bytearray | memoryview | os.PathLike[str] | OpenFile
"""Bytes, a `Path`, or a file that was opened in binary mode. A plain string is none: it might be a path or a text."""


class Attachment(msgspec.Struct, frozen=True):
    """Hold a file to attach to an e-mail.

    Attributes:
        name: Its name with the extension, as the recipient sees it.
        content: Its path, its bytes or an open file.
        encoded: Its content in base 64, instead of `content`.
    """

    name: str
    content: Any = None
    encoded: str | None = None

    @classmethod
    def from_path(cls, path: str | os.PathLike[str], name: str | None = None) -> "Attachment":
        """Name a file by its path.

        Args:
            path: The file's path; it is read when the message is sent.
            name: The name that the recipient sees; by default the file's own.
        """
        return cls(Path(path).name if name is None else name, Path(path))


Attachments: TypeAlias = Sequence[Attachment | os.PathLike[str]] | Mapping[str, Content]


def is_path(value: Any) -> TypeGuard[os.PathLike[str]]:
    """Tell whether a value is a path (and not just text)."""
    return isinstance(value, os.PathLike)


def read_content(content: Any, path: str, draft: Draft) -> bytes:
    """Return a file's bytes, or say what is wrong with it.

    Args:
        content: A path, bytes or an open file.
        path: Where it stands, for the problem.
        draft: Gathers what is wrong.
    """
    if isinstance(content, (bytes, bytearray)):
        return bytes(content)
    if isinstance(content, memoryview):
        return content.tobytes()
    found: Any = None
    try:
        if is_path(content):
            return _read_path(Path(content), path, draft)
        read = getattr(content, "read", None)
        found = read() if callable(read) else None
    except (OSError, ValueError) as error:  # ValueError: a file that is closed, a path that no system has
        draft.refuse(path, f"the file cannot be read: {_why(error, content)}")
        return b""
    if isinstance(found, bytes):
        return found
    words = "text; open the file with 'rb'" if isinstance(found, str) else type(content).__name__
    draft.refuse(path, f"expected bytes, a Path or an open file, got {words}")
    return b""


def _read_path(file: Path, path: str, draft: Draft) -> bytes:
    with file.open("rb") as opened:
        found = opened.read(FILE + 1)
    if len(found) > FILE:
        draft.refuse(path, f"the file has more than {FILE} bytes, which Customer.io does not take")
        return b""
    return found


def _why(error: Exception, content: Any) -> str:
    """Say why a file was not read, without its path."""
    if getattr(content, "closed", False):
        return "it is closed"
    return getattr(error, "strerror", None) or type(error).__name__


def encode_attachments(attachments: Any, draft: Draft) -> bytes:
    """Return attachments as the JSON object of names and base 64 that the service takes.

    Args:
        attachments: A list of them, or a mapping of names to contents.
        draft: Gathers what is wrong.
    """
    total = 0
    encoded: dict[str, str] = {}
    for place, attachment in _listed(attachments, draft):
        text = _encode(attachment, place, draft)
        name: Any = attachment.name
        if not isinstance(name, str) or not name.strip():
            draft.refuse(f"{place}.name", "expected the file's name, with its ending")
        elif has_surrogate(name):
            draft.refuse(f"{place}.name", HALF)
        elif name in encoded:
            draft.refuse(f"{place}.name", "is the name of another attachment too")
        else:
            encoded[name] = text
        total += len(text)
    if total >= ATTACHMENTS:
        words = f"are {total} bytes together in base 64; Customer.io takes less than {ATTACHMENTS}"
        draft.refuse("attachments", words)
    return msgspec.json.encode(encoded)


def _listed(attachments: Any, draft: Draft) -> list[tuple[str, Attachment]]:
    if is_mapping(attachments):
        return [(f"attachments.{name}", Attachment(name, content)) for name, content in attachments.items()]
    if not isinstance(attachments, (list, tuple)):
        draft.refuse("attachments", f"expected a list or a mapping, got {type(attachments).__name__}")
        return []
    items: Sequence[Any] = cast("Sequence[Any]", attachments)
    listed: list[tuple[str, Attachment]] = []
    for index, item in enumerate(items):
        place = f"attachments[{index}]"
        if is_path(item):
            listed.append((place, Attachment.from_path(item)))
        elif isinstance(item, Attachment):
            listed.append((place, item))
        else:
            draft.refuse(place, f"expected an Attachment or a Path, got {type(item).__name__}")
    return listed


def _encode(attachment: Attachment, place: str, draft: Draft) -> str:
    """Return an attachment in base 64."""
    if attachment.encoded is None:
        return base64.b64encode(read_content(attachment.content, place, draft)).decode()
    if attachment.content is not None:
        draft.refuse(place, "has content and encoded; give one of them")
    encoded: Any = attachment.encoded
    if not isinstance(encoded, str):
        draft.refuse(f"{place}.encoded", f"expected base 64 as text, got {type(encoded).__name__}")
        return ""
    try:
        base64.b64decode(encoded, validate=True)
    except ValueError:
        draft.refuse(f"{place}.encoded", "is no base 64")
        return ""
    return encoded
