"""Every error that ciokit raises, in one tree.

CiokitError
├── InvalidData (also ValueError)     a call was refused before anything was sent
├── SettingsError (also ValueError)   a setting is missing, mistyped or out of range
├── ClientClosed                      a verb was called after close()
├── StoreError                        an outbox could not keep an entry; its kinds are in ciokit.stores.errors
├── NewerFormat                       a later version wrote a file of the spool; in ciokit.stores.journal
├── WebhookError                      a webhook is not to be trusted or not read; its kinds are in ciokit.webhooks
├── CustomerIOException               the vendor's own name; in ciokit.compat.customerio
└── DeliveryError                     the service did not take it
    ├── NoReplyError                  no answer came: network, TLS, timeout
    ├── BatchError                    a request of a batch failed; in ciokit.batching
    ├── TransferFailed                an export or import ended without its result; in ciokit.app
    ├── TransferTimeout               it was not done in time; in ciokit.app
    └── ReplyError                    an answer came, and it was no
        ├── Unauthorized              401, 403
        ├── WrongRegion               a redirect to the other region
        ├── RateLimited               429 until the retries were used up
        │   └── RateLimitReached      refused here, to keep to the rate; in ciokit.turns
        └── ServiceUnavailable        408 and 5xx until the retries were used up

Errors carry facts as attributes and never a key, a body or an attribute's value, so that they may be logged and
shown. All of them can be pickled.
"""

from typing import Any

import msgspec

__all__ = [
    "CiokitError",
    "ClientClosed",
    "DeliveryError",
    "InvalidData",
    "NoReplyError",
    "Problem",
    "RateLimited",
    "ReplyError",
    "ServiceUnavailable",
    "SettingsError",
    "Unauthorized",
    "WrongRegion",
]

_SHOWN = 20
"""Problems that a message lists: a batch of thousands of wrong operations must not fill a log."""
STATUS_PAGE = "https://status.customer.io"


class Problem(msgspec.Struct, frozen=True):
    """Say what is wrong at one place of the data.

    Attributes:
        path: Where: `event.items[2].price`, `person`, `timestamp`. Empty for the whole.
        message: What is wrong and what would be right; never the value itself.
    """

    path: str
    message: str

    def __str__(self) -> str:
        text = f"{self.path}: {self.message}" if self.path else self.message
        # A path may hold names out of the data, which must not forge a line of a log or move a terminal's cursor.
        return text if text.isprintable() else "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


class CiokitError(Exception):
    """The base class of every error that ciokit raises on purpose."""


class InvalidData(CiokitError, ValueError):  # noqa: N818 - reads as what it is at an `except`
    """A call was refused before anything was sent.

    Attributes:
        subject: What was refused: `Track 'order_placed'`, `Identify`, `batch`.
        problems: Everything that is wrong, each with its path. The message has the first 20.
    """

    def __init__(self, subject: str, problems: tuple[Problem, ...]) -> None:
        self.subject = subject
        self.problems = problems
        super().__init__(subject, problems)

    def __str__(self) -> str:
        if len(self.problems) == 1:
            return f"{self.subject}: {self.problems[0]}"
        lines = "".join(f"\n  - {problem}" for problem in self.problems[:_SHOWN])
        more = len(self.problems) - _SHOWN
        lines += f"\n  ... and {more} more, in `problems`" if more > 0 else ""
        return f"{self.subject}: {len(self.problems)} problems{lines}"


class SettingsError(CiokitError, ValueError):
    """A setting is missing, mistyped or out of range; the message names it and says what to do."""


class ClientClosed(CiokitError):  # noqa: N818 - as above
    """A verb was called after `close()`; make a new client."""


class DeliveryError(CiokitError):
    """The service did not take a request.

    Attributes:
        kind: The operation: `event`, `identify`, `batch`, ...
        id: The ULID of the event, where there is one; send again with the same id to avoid a duplicate.
        attempts: How often it was sent.
        elapsed: Seconds from the first attempt to the last answer, waits included.
        retryable: Whether the same call may succeed later without doing harm.
    """

    def __init__(self, message: str, **facts: Any) -> None:
        self.kind: str = facts.pop("kind", "")
        self.id: str | None = facts.pop("id", None)
        self.attempts: int = facts.pop("attempts", 1)
        self.elapsed: float = facts.pop("elapsed", 0.0)
        self.retryable: bool = facts.pop("retryable", False)
        super().__init__(message)

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.args, self.__dict__)


def _rebuild(kind: type[DeliveryError], args: tuple[Any, ...], facts: dict[str, Any]) -> DeliveryError:
    error = kind(*args)
    error.__dict__.update(facts)
    return error


class NoReplyError(DeliveryError):
    """No response came, because of the network, TLS or a timeout.

    Attributes:
        may_have_arrived: False when the request provably never reached the service.
    """

    def __init__(self, message: str, *, may_have_arrived: bool = True, **facts: Any) -> None:
        self.may_have_arrived = may_have_arrived
        super().__init__(message, **facts)


class ReplyError(DeliveryError):
    """The service refused the request.

    Attributes:
        status: The HTTP status.
        reasons: The service's own messages, each with the field it names.
    """

    def __init__(
        self, message: str, *, status: int = 0, reasons: tuple[Problem, ...] = (), **facts: Any
    ) -> None:
        self.status = status
        self.reasons = reasons
        super().__init__(message, **facts)


class Unauthorized(ReplyError):  # noqa: N818 - as above
    """The credentials were not accepted (401), or do not allow this call (403)."""


class WrongRegion(ReplyError):  # noqa: N818 - as above
    """The account lives in the other region; the message says which setting to change."""


class RateLimited(ReplyError):  # noqa: N818 - as above
    """The service answered 429 (too many requests) until the retries were used up."""


class ServiceUnavailable(ReplyError):  # noqa: N818 - as above
    """The service failed (408, 5xx) until the retries were used up."""
