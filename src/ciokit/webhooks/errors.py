"""What may be wrong with a webhook that came: one class a fault, and the status that answers it."""

from typing import ClassVar

from ciokit.errors import CiokitError

__all__ = [
    "BodyTooLarge",
    "InvalidPayload",
    "InvalidTimestamp",
    "MissingHeader",
    "SignatureMismatch",
    "StillHandled",
    "TimestampTooNew",
    "TimestampTooOld",
    "WebhookError",
]


class WebhookError(CiokitError):
    """A webhook cannot be trusted, or cannot be read.

    Attributes:
        status: The HTTP status to answer with.
    """

    status: ClassVar[int] = 401


class MissingHeader(WebhookError):  # noqa: N818 - reads as what it is at an `except`
    """A header that every webhook has is missing: it did not come from Customer.io, or a proxy removed the header.

    Attributes:
        header: Its name.
    """

    def __init__(self, message: str, *, header: str = "") -> None:
        self.header = header
        super().__init__(message)


class InvalidTimestamp(WebhookError):  # noqa: N818 - as above
    """`X-CIO-Timestamp` is not a number of Unix seconds."""


class SignatureMismatch(WebhookError):  # noqa: N818 - as above
    """The signature was made for another body or timestamp, or with another key."""


class TimestampTooOld(WebhookError):  # noqa: N818 - as above
    """The signature is valid, but was made too long ago: a replay, or a clock is wrong.

    Attributes:
        age: Seconds since it was made, by the clock here.
    """

    def __init__(self, message: str, *, age: float = 0.0) -> None:
        self.age = age
        super().__init__(message)


class TimestampTooNew(WebhookError):  # noqa: N818 - as above
    """The signature is valid, but was made in the future: a clock is wrong.

    Attributes:
        ahead: Seconds until then, by the clock here.
    """

    def __init__(self, message: str, *, ahead: float = 0.0) -> None:
        self.ahead = ahead
        super().__init__(message)


class InvalidPayload(WebhookError):  # noqa: N818 - as above
    """The body is not a reporting webhook: it is not JSON, or does not say which event it is."""

    status = 400


class BodyTooLarge(WebhookError):  # noqa: N818 - as above
    """The body is larger than the receiver takes; it was not read to its end."""

    status = 413


class StillHandled(WebhookError):  # noqa: N818 - as above
    """The event was delivered before, and the handler has not returned yet: it may still fail."""

    status = 503
