"""How the control API shows what the world holds: plain, bounded, and without anything secret.

Each view is a struct, so that the API's schema and its answers come from one place.
"""

from typing import Any

import msgspec

from ciokit.sandbox import limits
from ciokit.sandbox.faults.rules import ActiveFault, FaultRule
from ciokit.sandbox.state.records import (
    Change,
    Device,
    Event,
    Message,
    Person,
    Rejection,
    RequestRecord,
    Warned,
)
from ciokit.sandbox.state.workspace import Workspace


class PersonSummary(msgspec.Struct, frozen=True):
    """A person in a list.

    Args:
        cio_id: Customer.io's own id.
        id: The person's id, if they have one.
        email: Their email address, if they have one.
        phone: Their phone number, if they have one.
        workspace: The workspace they are in.
        created_at: When the profile was created, Unix seconds.
        updated_at: When it last changed, Unix seconds.
        events: How many of their events are kept.
        unsubscribed: Whether they are unsubscribed from everything.
        suppressed: Whether they are suppressed: nothing but their identifiers is left.
    """

    cio_id: str
    id: str | None
    email: str | None
    phone: str | None
    workspace: str
    created_at: float
    updated_at: float
    events: int
    unsubscribed: bool
    suppressed: bool


class SegmentView(msgspec.Struct, frozen=True):
    """A manual segment a person is in.

    Args:
        id: The segment's number.
        name: Its name.
    """

    id: int
    name: str


class RelationshipView(msgspec.Struct, frozen=True):
    """A person's relationship to an object.

    Args:
        object_type_id: The type of the object.
        object_id: The object's id.
        attributes: The attributes of the relationship.
    """

    object_type_id: str
    object_id: str
    attributes: dict[str, Any]


class PersonView(msgspec.Struct, frozen=True):
    """A person with everything known about them.

    Args:
        person: The person as in a list.
        attributes: The attributes, by name.
        history: The changes of each attribute by name, oldest first.
        devices: The push devices.
        segments: The manual segments they are in.
        relationships: The objects they are related to.
    """

    person: PersonSummary
    attributes: dict[str, Any]
    history: dict[str, list[Change]]
    devices: list[Device]
    segments: list[SegmentView]
    relationships: list[RelationshipView]


class EventView(msgspec.Struct, frozen=True):
    """An event.

    Args:
        seq: Position in the order of everything that happened.
        id: The ULID it came with, if any.
        name: Its name.
        type: `event`, `page` or `screen`.
        timestamp: When it happened, Unix seconds.
        received_at: When it arrived, Unix seconds.
        data: Its data.
        person: The person as the sender named them; null for an anonymous event.
        cio_id: The person it is of, if it is anybody's.
        anonymous_id: The anonymous id it came with, if any.
        message_id: The `messageId` of a Pipelines call.
        attempts: The `X-Retry-Count` of each delivery, the first one first.
        duplicates: How many deliveries after the first were collapsed.
        recent: Whether it was young enough, 72 hours, to trigger a campaign when it arrived.
        request: Number of the request that brought it; 0 for an import.
        workspace: The workspace it is in.
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
    message_id: str | None
    attempts: list[int]
    duplicates: int
    recent: bool
    request: int
    workspace: str


class MessageView(msgspec.Struct, frozen=True):
    """A message that was accepted for sending.

    Args:
        seq: Position in the order of everything that happened.
        delivery_id: The id of the delivery.
        channel: `email`, `push`, `sms`, `in_app`, `inbox_message` or `whatsapp`.
        state: `sent`, `scheduled`, `drafted` or `undeliverable`.
        queued_at: When it was accepted, Unix seconds.
        send_at: When it is to be sent, Unix seconds; null for at once.
        recipient: Whom it goes to, as the sender wrote it.
        cio_id: The person.
        template: Number of the transactional message or broadcast.
        template_name: Its name, for a transactional message the trigger name; the number again if it has none.
        origin: `transactional` or `broadcast`.
        trigger_id: The broadcast's trigger, if it is of one.
        content: Subject, body and so on, with Liquid.
        data: What Liquid is given.
        metrics: Unix seconds by metric: when it was created, sent, opened and so on.
        request: Number of the request that sent it.
        workspace: The workspace it is in.
    """

    seq: int
    delivery_id: str
    channel: str
    state: str
    queued_at: float
    send_at: float | None
    recipient: str | None
    cio_id: str
    template: int
    template_name: str
    origin: str
    trigger_id: int | None
    content: dict[str, Any]
    data: dict[str, Any]
    metrics: dict[str, int]
    request: int
    workspace: str


class RequestSummary(msgspec.Struct, frozen=True):
    """A request in a list.

    Args:
        seq: Position in the order of everything that happened.
        number: Its number, from 1.
        at: When it arrived, Unix seconds.
        api: `track`, `app`, `pipelines`, or empty for a path that none of them has.
        method: The HTTP method.
        path: The path as sent.
        query: The query as sent.
        status: The status that was answered.
        attempt: The client's `X-Retry-Count`; 0 for a first attempt.
        workspace: The workspace that the credentials lead to; empty if they were refused.
        size: Bytes of the body.
        rejected: How many operations were refused.
        fault: Number of the fault that hit it, if one did.
        dropped: Whether the connection was closed without an answer.
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
    size: int
    rejected: int
    fault: int | None
    dropped: bool


class RequestView(msgspec.Struct, frozen=True):
    """A request with headers, bodies and verdict.

    Args:
        request: The request as in a list.
        headers: Its headers by lower-case name, less credentials.
        body: Its body; null once it was let go.
        rejected: The operations that were refused, and why.
        processed: Whether it was done; not if its path, credentials or rate were refused.
        answer: The body of the answer; null once it was let go.
        answer_headers: The headers of the answer.
    """

    request: RequestSummary
    headers: dict[str, str]
    body: str | None
    rejected: list[Rejection]
    processed: bool
    answer: str | None
    answer_headers: dict[str, str]


class FaultView(msgspec.Struct, frozen=True):
    """A fault that is switched on, and how far it has gone.

    Args:
        number: Its number, from 1.
        added_at: When it was switched on, Unix seconds.
        seen: How many requests it matched.
        hits: How many it hit.
        rule: What it does.
    """

    number: int
    added_at: float
    seen: int
    hits: int
    rule: FaultRule


def see_person(person: Person) -> PersonSummary:
    """Show a person in a list."""
    return PersonSummary(
        cio_id=person.cio_id,
        id=person.id,
        email=person.email,
        phone=person.phone,
        workspace=person.workspace,
        created_at=person.created_at,
        updated_at=person.updated_at,
        events=len(person.events),
        unsubscribed=person.unsubscribed,
        suppressed=person.suppressed,
    )


def see_whole_person(person: Person, workspace: Workspace) -> PersonView:
    """Show a person with everything known about them."""
    held = (workspace.segments.get(number) for number in person.segments)
    return PersonView(
        person=see_person(person),
        attributes=person.attributes,
        history=person.history,
        devices=list(person.devices.values()),
        segments=[SegmentView(segment.id, segment.name) for segment in held if segment is not None],
        relationships=[
            RelationshipView(entry.object_type_id, entry.object_id, entry.attributes)
            for entry in person.relationships.values()
        ],
    )


def see_event(event: Event) -> EventView:
    """Show an event."""
    return EventView(
        seq=event.seq,
        id=event.id,
        name=event.name,
        type=event.type,
        timestamp=event.timestamp,
        received_at=event.received_at,
        data=event.data,
        person=event.person,
        cio_id=event.cio_id,
        anonymous_id=event.anonymous_id,
        message_id=event.message_id,
        attempts=list(event.attempts),
        duplicates=event.duplicates,
        recent=event.received_at - event.timestamp <= limits.TRIGGER_SECONDS,
        request=event.request,
        workspace=event.workspace,
    )


def see_message(message: Message) -> MessageView:
    """Show a message."""
    return MessageView(
        seq=message.seq,
        delivery_id=message.delivery_id,
        channel=message.channel,
        state=message.state,
        queued_at=message.queued_at,
        send_at=message.send_at,
        recipient=message.recipient,
        cio_id=message.cio_id,
        template=message.template,
        template_name=message.template_name,
        origin=message.origin,
        trigger_id=message.trigger_id,
        content=message.content,
        data=message.data,
        metrics=message.metrics,
        request=message.request,
        workspace=message.workspace,
    )


def see_request(record: RequestRecord) -> RequestSummary:
    """Show a request in a list."""
    return RequestSummary(
        seq=record.seq,
        number=record.number,
        at=record.at,
        api=record.api,
        method=record.method,
        path=record.path,
        query=record.query,
        status=record.status,
        attempt=record.attempt,
        workspace=record.workspace,
        size=record.size,
        rejected=len(record.rejected),
        fault=record.fault,
        dropped=record.dropped,
    )


def see_whole_request(record: RequestRecord) -> RequestView:
    """Show a request with headers, bodies and verdict."""
    return RequestView(
        request=see_request(record),
        headers=record.headers,
        body=_see_bytes(record.body),
        rejected=record.rejected,
        processed=record.processed,
        answer=_see_bytes(record.answer),
        answer_headers=dict(record.answer_headers),
    )


def _see_bytes(body: bytes | None) -> str | None:
    return None if body is None else body.decode("utf-8", "backslashreplace")


def see_fault(fault: ActiveFault) -> FaultView:
    """Show a fault."""
    return FaultView(fault.number, fault.added_at, fault.seen, fault.hits, fault.rule)


def see_change(kind: str, record: Any) -> Any:
    """Show an entry of the live feed."""
    match record:
        case Person():
            return see_person(record)
        case Event():
            return see_event(record)
        case Message():
            return see_message(record)
        case RequestRecord():
            return see_request(record)
        case Warned():
            return record
        case _:
            return {"kind": kind}
