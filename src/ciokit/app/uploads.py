"""Files as a form, which is how the service takes assets."""

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from ciokit.app.attachments import is_path, read_content
from ciokit.encoding.drafts import Draft
from ciokit.values.scalars import plain_text

__all__ = ["UPLOAD", "encode_upload"]

UPLOAD: Final = 2_000_000
"""Bytes of an asset: "2 MB" in the vendor's own SDK, read as in `ciokit.limits`."""
_TYPES: Final = {
    ".bmp": "image/bmp",
    ".gif": "image/gif",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".pdf": "application/pdf",
    ".png": "image/png",
}


def encode_upload(given: Mapping[str, Any], draft: Draft) -> tuple[bytes, str]:
    """Return a file as the body of a form, and the body's type.

    Args:
        given: `content`, `filename`, `name` and `parent_folder_id`.
        draft: Gathers what is wrong.
    """
    content = read_content(given["content"], "content", draft)
    filename = given["filename"] or _name_of(given["content"])
    kind = _TYPES.get(Path(filename).suffix.lower())
    if not filename:
        draft.refuse("filename", "is required unless the content is a path")
    elif kind is None:
        draft.refuse("filename", f"must end in one of {', '.join(_TYPES)}")
    if len(content) > UPLOAD:
        draft.refuse("content", f"is {len(content)} bytes; Customer.io takes at most {UPLOAD}")
    fields = {"name": given["name"], "parent_folder_id": given["parent_folder_id"]}
    return _form(
        filename, kind or "", content, {name: value for name, value in fields.items() if value is not None}
    )


def _name_of(content: Any) -> str:
    return Path(content).name if is_path(content) else ""


def _form(filename: str, kind: str, content: bytes, fields: Mapping[str, object]) -> tuple[bytes, str]:
    boundary = secrets.token_hex(16)
    # Half of a surrogate pair, as a file's name may have it, becomes a question mark.
    parts = [
        f'Content-Disposition: form-data; name="file"; filename="{_escaped(filename)}"\r\nContent-Type: {kind}'.encode(
            "utf-8", "replace"
        )
        + b"\r\n\r\n"
        + content
    ]
    parts += [
        f'Content-Disposition: form-data; name="{name}"\r\n\r\n{plain_text(value)}'.encode("utf-8", "replace")
        for name, value in fields.items()
    ]
    body = b"".join(b"--%b\r\n%b\r\n" % (boundary.encode(), part) for part in parts)
    return body + b"--%b--\r\n" % boundary.encode(), f"multipart/form-data; boundary={boundary}"


def _escaped(filename: str) -> str:
    """Escape what would end the name, as browsers do."""
    return filename.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
