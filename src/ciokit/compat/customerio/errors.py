"""The one exception of the official SDK, with what ciokit knows of a failure."""

from ciokit.errors import CiokitError, DeliveryError, NoReplyError, Problem, ReplyError

__all__ = ["CustomerIOException", "failure"]


class CustomerIOException(CiokitError):  # noqa: N818 - the SDK's name
    """A call was refused, or failed. It has no key, no body and no address in it.

    Attributes:
        status: The HTTP status; None if there was no answer.
        reasons: The service's own messages, or everything that is wrong with the arguments.
        attempts: How often the request was sent.
        retryable: Whether the same call may succeed later without doing harm.
        may_have_arrived: Whether the service may have processed it all the same.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        reasons: tuple[Problem, ...] = (),
        attempts: int = 0,
        retryable: bool = False,
        may_have_arrived: bool = False,
    ) -> None:
        self.status = status
        self.reasons = reasons
        self.attempts = attempts
        self.retryable = retryable
        self.may_have_arrived = may_have_arrived
        super().__init__(message)


def failure(error: DeliveryError) -> CustomerIOException:
    """Return the SDK's exception for a failure; its text begins with the status, as the SDK's does."""
    status = error.status if isinstance(error, ReplyError) else None
    unsure = isinstance(error, NoReplyError) and error.may_have_arrived
    return CustomerIOException(
        str(error) if status is None else f"{status}: {error}",
        status=status,
        reasons=error.reasons if isinstance(error, ReplyError) else (),
        attempts=error.attempts,
        retryable=error.retryable,
        may_have_arrived=unsure or (status is not None and (status == 408 or status >= 500)),
    )
