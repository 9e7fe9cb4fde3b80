"""Parts that the calls of the Pipelines API share: who is calling, text fields, and what a call becomes.

Knows shapes, not paths or state.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from ciokit.sandbox import limits
from ciokit.sandbox.shapes import Identifier, is_email, refuse

Item = dict[str, Any]
Step = Callable[[], object]
"""What a checked call does."""


class Caller(NamedTuple):
    """Say whom a call is about.

    Args:
        who: The person, if userId says.
        anonymous_id: The anonymousId, if there is one.
    """

    who: Identifier | None
    anonymous_id: str | None


def text(item: Item, name: str) -> str | None:
    """Read a field that holds text, or a number that stands for it.

    Args:
        item: The call.
        name: The field.

    Returns:
        The text; None when it is missing, null or blank.

    Raises:
        RefusedError: If it is neither text nor a number.
    """
    value = item.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        refuse(f"{name} must be a string", name)
    return str(value).strip() or None


def read_caller(item: Item, *, or_group: bool = False) -> Caller:
    """Read whom a call is about.

    Args:
        item: The call.
        or_group: Whether a groupId will do, as it does for an event.

    Returns:
        The person and the anonymous id.

    Raises:
        RefusedError: If neither userId nor anonymousId is there, or a value is wrong.
    """
    if "userId" not in item and "anonymousId" not in item and not (or_group and text(item, "groupId")):
        refuse("userId or anonymousId is required", "userId", "required")
    user, anonymous_id = text(item, "userId"), text(item, "anonymousId")
    if user is None:
        return Caller(None, anonymous_id)
    if len(user.encode()) > limits.IDENTIFIER_BYTES:
        refuse("userId cannot be longer than 150 bytes", "userId")
    return Caller(Identifier("email" if is_email(user) else "id", user), anonymous_id)
