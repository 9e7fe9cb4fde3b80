"""The things a workspace holds, as plain data that tests and the page read.

Nothing here decides anything; `workspace` and the modules beside it change these records.
"""

from collections.abc import Mapping
from typing import Any

import msgspec


class Change(msgspec.Struct, frozen=True):
    """Record one change of one attribute.

    Args:
        value: The new value; None when the attribute was removed.
        at: When the change happened, Unix seconds (`_timestamp` where the sender gave one).
        request: Number of the request that brought it.
    """

    value: Any
    at: float
    request: int


class Device(msgspec.Struct):
    """Hold one push device of a person.

    Args:
        token: The device's token.
        platform: `ios` or `android`.
        last_used: When it was used last, Unix seconds; None if the sender did not say.
        attributes: Its attributes, by name.
    """

    token: str
    platform: str
    last_used: float | None = None
    attributes: dict[str, Any] = msgspec.field(default_factory=dict[str, Any])


class Event(msgspec.Struct, eq=False):
    """Hold one event that arrived.

    Args:
        seq: Position in the order of everything that happened in the world.
        id: The sender's ULID, or None.
        name: Event name, page or screen.
        type: `event`, `page` or `screen`.
        timestamp: When it happened, Unix seconds.
        received_at: When it arrived, Unix seconds.
        data: The event's data.
        person: The identifier as the sender wrote it; None for an anonymous event.
        cio_id: The person it belongs to now; None while anonymous.
        anonymous_id: The anonymous id it came with.
        attempts: The `X-Retry-Count` of each delivery, the first delivery first.
        duplicates: How many further deliveries were collapsed into this one.
        request: Number of the request that brought it.
        workspace: Name of the workspace.
        size: Bytes it was received in.
        message_id: The `messageId` of a Pipelines call.
    """

    seq: int
    id: str | None
    name: str
    type: str
    timestamp: float
    received_at: float
    data: dict[str, Any]
    person: str | None
    cio_id: str | None
    anonymous_id: str | None
    attempts: tuple[int, ...]
    duplicates: int
    request: int
    workspace: str
    size: int
    message_id: str | None = None


class Relationship(msgspec.Struct):
    """Hold one relationship of a person to an object."""

    object_type_id: str
    object_id: str
    attributes: dict[str, Any] = msgspec.field(default_factory=dict[str, Any])


class Person(msgspec.Struct, eq=False):
    """Hold one person.

    Args:
        cio_id: Customer.io's own identifier, without the `cio_` prefix.
        id: The application's identifier.
        email: Email address as sent.
        phone: Phone number in E.164 form.
        attributes: Present attribute values by name.
        history: Changes by attribute name, oldest first, bounded.
        devices: Devices by token.
        segments: Ids of the manual segments the person is in.
        relationships: Relationships by (object type, object id).
        unsubscribed: Whether they asked for no messages.
        suppressed: Whether the profile was deleted and its identifiers are blocked.
        created_at: When the person was first seen, Unix seconds.
        updated_at: When the person last changed, Unix seconds.
        events: Retained events, oldest first.
        workspace: Name of the workspace.
    """

    cio_id: str
    created_at: float
    updated_at: float
    workspace: str
    id: str | None = None
    email: str | None = None
    phone: str | None = None
    attributes: dict[str, Any] = msgspec.field(default_factory=dict[str, Any])
    history: dict[str, list[Change]] = msgspec.field(default_factory=dict[str, list[Change]])
    devices: dict[str, Device] = msgspec.field(default_factory=dict[str, Device])
    segments: list[int] = msgspec.field(default_factory=list[int])
    relationships: dict[tuple[str, str], Relationship] = msgspec.field(
        default_factory=dict[tuple[str, str], Relationship]
    )
    unsubscribed: bool = False
    suppressed: bool = False
    events: list[Event] = msgspec.field(default_factory=list[Event])


class Object(msgspec.Struct, eq=False):
    """Hold one object: any thing that is not a person."""

    cio_object_id: str
    object_type_id: str
    object_id: str
    attributes: dict[str, Any] = msgspec.field(default_factory=dict[str, Any])
    updated_at: float = 0.0


class Segment(msgspec.Struct, eq=False):
    """Hold one manual segment and the people in it, by cio_id."""

    id: int
    name: str
    description: str
    created_at: float
    updated_at: float
    members: dict[str, None] = msgspec.field(default_factory=dict[str, None])


class Form(msgspec.Struct, eq=False):
    """Hold one form and what was submitted through it."""

    id: str
    submissions: list[dict[str, Any]] = msgspec.field(default_factory=list[dict[str, Any]])


class Message(msgspec.Struct, eq=False):
    """Hold one message that was accepted for sending.

    Args:
        seq: Position in the order of everything that happened in the world.
        delivery_id: Customer.io's id of the delivery.
        channel: `email`, `push`, `sms`, `in_app`, `inbox_message` or `whatsapp`.
        queued_at: When it was accepted, Unix seconds.
        send_at: When it is to be sent; None for at once.
        state: `sent`, `scheduled`, `drafted` or `undeliverable`.
        recipient: Whom it goes to, as the sender wrote it.
        cio_id: The person.
        template: Id of the transactional message, broadcast or newsletter it was made from.
        template_name: Its name, for a transactional message the trigger name; the number again if it has none.
        origin: `transactional` or `broadcast`.
        trigger_id: The broadcast trigger, or None.
        content: What is to be rendered: subject, body and so on, by name.
        data: What Liquid is given: message_data, or a broadcast's data.
        request_body: The request's fields as sent.
        metrics: Unix seconds by metric name.
        request: Number of the request.
        workspace: Name of the workspace.
        size: Bytes it was received in.
    """

    seq: int
    delivery_id: str
    channel: str
    queued_at: float
    send_at: float | None
    state: str
    recipient: str | None
    cio_id: str
    template: int
    template_name: str
    origin: str
    trigger_id: int | None
    content: dict[str, Any]
    data: dict[str, Any]
    request_body: dict[str, Any]
    metrics: dict[str, int]
    request: int
    workspace: str
    size: int = 0


class Outgoing(msgspec.Struct, frozen=True):
    """Hold a reporting webhook that is to be posted."""

    seq: int
    at: float
    workspace: str
    url: str
    headers: dict[str, str]
    body: bytes


class Posted(msgspec.Struct, frozen=True):
    """Record what became of a reporting webhook: the status answered, or why there was none."""

    seq: int
    at: float
    url: str
    status: int | None
    error: str | None


class Metric(msgspec.Struct, frozen=True):
    """Record one reported delivery metric."""

    seq: int
    at: float
    delivery_id: str
    metric: str
    details: dict[str, Any]


class Rejection(msgspec.Struct, frozen=True):
    """Say why one operation was refused.

    Args:
        index: Its index in the batch; None where it is not of one.
        reason: Short machine-readable reason.
        field: Path of the wrong field; empty if it is the whole.
        message: What is wrong, in the vendor's words where there are any.
    """

    index: int | None
    reason: str
    field: str
    message: str


class Warned(msgspec.Struct, frozen=True):
    """Record what the vendor would discard or misread without telling the sender.

    Args:
        seq: Position in the order of everything that happened in the world.
        at: When, Unix seconds.
        kind: Short name of the quirk.
        message: What happened and why.
        person: The person concerned, as the sender named them.
        request: Number of the request.
        workspace: Name of the workspace.
    """

    seq: int
    at: float
    kind: str
    message: str
    person: str | None
    request: int
    workspace: str


class RequestRecord(msgspec.Struct, eq=False):
    """Record one request and what became of it.

    Args:
        seq: Position in the order of everything that happened in the world.
        number: Number of the request, from 1.
        at: When it arrived, Unix seconds.
        api: `track`, `app`, `pipelines`, or empty for an unknown path.
        method: HTTP method.
        path: Path as sent.
        query: Query as sent.
        status: Status answered.
        attempt: `X-Retry-Count` of the client, 0 for a first attempt.
        workspace: Name of the workspace; empty when the credentials were refused.
        headers: Header values by name, credentials removed.
        body: The body, or None once it was let go to bound memory.
        size: Bytes of the body.
        rejected: The operations that were refused.
        fault: Number of the fault rule that changed the answer, or None.
        dropped: Whether the connection was closed without an answer.
        processed: Whether the request was done; not if its route, credentials or rate were refused.
        answer: The body of the answer, or None once it was let go to bound memory.
        answer_headers: The headers of the answer.
    """

    seq: int
    number: int
    at: float
    api: str
    method: str
    path: str
    query: str
    status: int
    attempt: int
    workspace: str
    headers: dict[str, str]
    body: bytes | None
    size: int
    rejected: list[Rejection]
    fault: int | None = None
    dropped: bool = False
    processed: bool = False
    answer: bytes | None = b""
    answer_headers: Mapping[str, str] = msgspec.field(default_factory=dict[str, str])
