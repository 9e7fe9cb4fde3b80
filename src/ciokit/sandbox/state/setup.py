"""Setting up what a real account has made in Customer.io's UI: transactional messages and broadcasts.

Knows the workspace but nothing of HTTP.
"""

from typing import Annotated, Any, Literal

import msgspec

from ciokit.sandbox.shapes import read_digits, refuse
from ciokit.sandbox.state.account import Broadcast, Template
from ciokit.sandbox.state.filters import read_filter
from ciokit.sandbox.state.workspace import Workspace

Channel = Literal["email", "push", "sms", "in_app", "inbox_message", "whatsapp"]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=190)]


class TemplateSetup(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Describe a transactional message.

    Args:
        name: Its name and trigger name.
        channel: What it sends.
        content: Subject, body and so on, with Liquid.
    """

    name: Name
    channel: Channel = "email"
    content: dict[str, Any] = msgspec.field(default_factory=dict[str, Any])


class BroadcastSetup(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Describe a broadcast.

    Args:
        name: Its name.
        channel: What it sends.
        content: Subject, body and so on, with Liquid.
        recipients: The audience when a trigger names none, as a filter.
    """

    name: Name
    channel: Channel = "email"
    content: dict[str, Any] = msgspec.field(default_factory=dict[str, Any])
    recipients: dict[str, Any] | None = None


def _read_id(value: str) -> int:
    number = read_digits(value)
    if number is None or not 1 <= number < 10**9:
        refuse("id must be an integer of 1 or more", "id")
    return number


def put_template(workspace: Workspace, now: float, template_id: str, wanted: TemplateSetup) -> None:
    """Create or replace a transactional message.

    Args:
        workspace: The workspace.
        now: Unix seconds.
        template_id: Its number, as text.
        wanted: What it is to be.
    """
    number = _read_id(template_id)
    made = Template(number, wanted.name, wanted.channel, wanted.content, now)
    workspace.account.templates[number] = made


def put_broadcast(workspace: Workspace, now: float, broadcast_id: str, wanted: BroadcastSetup) -> None:
    """Create or replace a broadcast.

    Args:
        workspace: The workspace.
        now: Unix seconds.
        broadcast_id: Its number, as text.
        wanted: What it is to be.
    """
    number = _read_id(broadcast_id)
    if wanted.recipients is not None:
        read_filter(wanted.recipients, "recipients")
    made = Broadcast(number, wanted.name, wanted.channel, wanted.content, wanted.recipients, now)
    workspace.account.broadcasts[number] = made
