"""How a workspace is set up, and on whose behalf an operation is done."""

from typing import Literal

import msgspec


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """Choose how a workspace is set up where Customer.io leaves a choice.

    Args:
        strict: Refuse what the vendor silently discards, instead of warning about it.
        email_updates_by_id: Let a call by `id` change an email that is set.
        event_merging: Join anonymous events to the person who claims their id.
        identifiers: Identifier kinds the workspace accepts besides cio_id.
        channels: Channels the workspace may send on.
        verified_domains: Domains that email may be sent from; None for any.
        sending: `allowed`, or why the account may not send: `unconfirmed`, `unapproved`, `do_not_send`
            or `unauthorized`.
        create_unknown: Make a transactional message or broadcast that is not set up when it is first used.
        region: `us` or `eu`.
    """

    strict: bool = False
    email_updates_by_id: bool = False
    event_merging: bool = True
    identifiers: tuple[str, ...] = ("id", "email", "phone")
    channels: tuple[str, ...] = ("email", "push", "sms", "in_app", "inbox_message", "whatsapp")
    verified_domains: tuple[str, ...] | None = None
    sending: Literal["allowed", "unconfirmed", "unapproved", "do_not_send", "unauthorized"] = "allowed"
    create_unknown: bool = True
    region: str = "us"


class Call(msgspec.Struct, frozen=True):
    """Say on behalf of which request an operation is done.

    Args:
        now: Unix seconds.
        request: Number of the request.
        attempt: The client's `X-Retry-Count`.
    """

    now: float
    request: int = 0
    attempt: int = 0
