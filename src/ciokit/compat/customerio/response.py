"""An answer as the official SDK's callers know it: what they use of a `requests.Response`."""

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any, Self

from ciokit.verdict import Reply

__all__ = ["Headers", "Response"]


class Headers(Mapping[str, str]):
    """Find headers by name, whatever their case.

    Args:
        lowered: Values by their names in lower case.
    """

    def __init__(self, lowered: Mapping[str, str]) -> None:
        self._lowered = lowered

    def __getitem__(self, name: str) -> str:
        return self._lowered[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._lowered)

    def __len__(self) -> int:
        return len(self._lowered)

    def __repr__(self) -> str:
        return repr(dict(self._lowered))


class Response:
    """Hold an answer that was a success; it was read to its end.

    Args:
        reply: The answer.
        url: What was asked.
        elapsed: Seconds from the first attempt to the answer.

    Attributes:
        status_code: The HTTP status.
        headers: The headers, found in any case.
        content: The body's bytes.
        url: What was asked.
        elapsed: How long it took, from the first attempt to the answer.
        encoding: What the text is decoded from.
        history: Empty: redirects are not followed.
        is_redirect: False, likewise.
    """

    is_redirect: bool = False

    def __init__(self, reply: Reply, url: str, elapsed: float) -> None:
        self.status_code: int = reply.status
        self.headers: Headers = Headers(reply.headers)
        self.content: bytes = reply.body
        self.url = url
        self.elapsed: dt.timedelta = dt.timedelta(seconds=elapsed)
        self.encoding: str = "utf-8"
        self.history: list[Response] = []

    @property
    def text(self) -> str:
        """The body as text."""
        return self.content.decode(self.encoding, "replace")

    @property
    def ok(self) -> bool:
        """Whether it was a success: always, since a failure is an exception."""
        return self.status_code < 400

    @property
    def reason(self) -> str:
        """The status in words."""
        return HTTPStatus(self.status_code).phrase if self.status_code in set(HTTPStatus) else ""

    def json(self, **kwargs: Any) -> Any:
        """Decode the body.

        Args:
            kwargs: For `json.loads`.

        Raises:
            ValueError: If it is not JSON.
        """
        return json.loads(self.content, **kwargs)

    def iter_content(self, chunk_size: int | None = 1) -> Iterator[bytes]:
        """Yield the body in pieces.

        Args:
            chunk_size: Bytes of a piece; None for the whole.
        """
        size = chunk_size or len(self.content) or 1
        for start in range(0, len(self.content), size):
            yield self.content[start : start + size]

    def iter_lines(self) -> Iterator[bytes]:
        """Yield the body's lines, without their ends."""
        yield from self.content.splitlines()

    def close(self) -> None:
        """Do nothing: the answer was read to its end."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def raise_for_status(self) -> None:
        """Do nothing: a failure was an exception already."""

    def __bool__(self) -> bool:
        return self.ok

    def __repr__(self) -> str:
        return f"<Response [{self.status_code}]>"
