"""The reading half of the control API: people, events, messages, requests, warnings, counts.

Pure: a call in, what the world holds out.
"""

from collections.abc import Callable, Iterable, Iterator
from heapq import nlargest
from typing import Any

from ciokit.sandbox.control import views
from ciokit.sandbox.control.ask import Ask, read_flag, read_number, read_workspace, take_page
from ciokit.sandbox.control.frame import frame
from ciokit.sandbox.control.types import (
    About,
    EventNames,
    Events,
    Messages,
    People,
    Requests,
    Stats,
    Warnings,
)
from ciokit.sandbox.exchange import Reply
from ciokit.sandbox.shapes import refuse
from ciokit.sandbox.state import rendering
from ciokit.sandbox.state.records import Event, Message, Person, RequestRecord, Warned


def list_people(ask: Ask) -> People:
    """List people, the last changed first."""
    limit = read_number(ask, "limit", 100)
    found = _search(ask, ask.world.people(read_workspace(ask)), _texts_of_person)
    newest = nlargest(limit, found, key=lambda person: person.updated_at)
    return People([views.see_person(person) for person in newest])


def show_person(ask: Ask) -> views.PersonView:
    """Show one person whole."""
    person = ask.world.person(ask.path["id"])
    if person is None:
        refuse("no such person", "id", status=404)
    return views.see_whole_person(person, ask.world.workspace(person.workspace))


def list_events(ask: Ask) -> Events:
    """List events by person, name, request and part of an identifier."""
    found = ask.world.events(ask.query.get("person"), ask.query.get("name"), workspace=read_workspace(ask))
    part, following = take_page(ask, _search(ask, _of_request(ask, found), _texts_of_event))
    return Events([views.see_event(event) for event in part], following)


def show_event(ask: Ask) -> views.EventView:
    """Show one event."""
    found = next((event for event in ask.world.events() if str(event.seq) == ask.path["seq"]), None)
    if found is None:
        refuse("no such event, or no longer kept", "seq", status=404)
    return views.see_event(found)


def list_messages(ask: Ask) -> Messages:
    """List messages by person, channel, request and part of an identifier."""
    person, channel = ask.query.get("person"), ask.query.get("channel")
    found = ask.world.messages(person, channel, workspace=read_workspace(ask))
    part, following = take_page(ask, _search(ask, _of_request(ask, found), _texts_of_message))
    return Messages([views.see_message(message) for message in part], following)


def show_message(ask: Ask) -> views.MessageView:
    """Show one message."""
    return views.see_message(_find_message(ask))


def show_rendered(ask: Ask) -> rendering.Rendered:
    """Show a message's texts as its receiver would see them."""
    message = _find_message(ask)
    return rendering.render(ask.world.workspace(message.workspace), message)


def show_frame(ask: Ask) -> Reply:
    """Show a message's body as a document for a frame without scripts."""
    return frame(show_rendered(ask))


def list_requests(ask: Ask) -> Requests:
    """List requests by API, by how they went, and by part of their method, path or status."""
    place, api, failed = read_workspace(ask), ask.query.get("api"), read_flag(ask, "failed")
    found = [
        record
        for record in ask.world.requests
        if place in {None, record.workspace}
        and api in {None, record.api}
        and (not failed or _went_wrong(record))
    ]
    part, following = take_page(ask, _search(ask, found, _texts_of_request))
    return Requests([views.see_request(record) for record in part], following)


def show_request(ask: Ask) -> views.RequestView:
    """Show one request whole."""
    found = next((record for record in ask.world.requests if str(record.number) == ask.path["number"]), None)
    if found is None:
        refuse("no such request, or no longer kept", "number", status=404)
    return views.see_whole_request(found)


def list_warnings(ask: Ask) -> Warnings:
    """List warnings by person, request and part of their text."""
    place, names = read_workspace(ask), _names_of(ask, ask.query.get("person"))
    found = [
        warned
        for warned in ask.world.warnings
        if place in {None, warned.workspace} and (names is None or warned.person in names)
    ]
    part, following = take_page(ask, _search(ask, _of_request(ask, found), _texts_of_warning))
    return Warnings(part, following)


def show_stats(ask: Ask) -> Stats:
    """Count what there is."""
    return Stats(**ask.world.stats())


def list_event_names(ask: Ask) -> EventNames:
    """List the names of events."""
    return EventNames(ask.world.event_names(read_workspace(ask)))


def show_about(ask: Ask) -> About:
    """Say how the sandbox is set up."""
    world = ask.world
    return About(
        workspaces=world.workspace_names, region=world.region, strict=world.rules.strict, seed=world.seed
    )


def _names_of(ask: Ask, person: str | None) -> set[str | None] | None:
    """Return what a sender may have called a person; None when nobody is asked about."""
    if person is None:
        return None
    somebody = ask.world.person(person)
    if somebody is None:
        return {person}
    names = {somebody.id, somebody.email, somebody.phone, somebody.cio_id}
    return names - {None}


def _went_wrong(record: RequestRecord) -> bool:
    done = 200 <= record.status < 300 and not record.dropped
    return not done or bool(record.rejected) or record.fault is not None


def _find_message(ask: Ask) -> Message:
    found = ask.world.message(ask.path["delivery_id"])
    if found is None:
        refuse("no such message", "delivery_id", status=404)
    return found


def _of_request(ask: Ask, items: Iterable[Any]) -> Iterable[Any]:
    """Keep what one request brought, if a request is named."""
    if "request" not in ask.query:
        return items
    number = read_number(ask, "request", 0, 10**18 - 1)
    return [item for item in items if item.request == number]


def _search(ask: Ask, items: Iterable[Any], texts_of: Callable[[Any], Iterable[str | None]]) -> Iterable[Any]:
    """Keep the items that have the searched text in one of their texts, whatever its case."""
    wanted = ask.query.get("search", "").lower()
    if not wanted:
        return items
    return [item for item in items if any(wanted in text.lower() for text in texts_of(item) if text)]


def _texts_of_person(person: Person) -> Iterator[str | None]:
    yield from (person.id, person.email, person.phone, person.cio_id)


def _texts_of_event(event: Event) -> Iterator[str | None]:
    yield from (event.name, event.person, event.id, event.cio_id, event.anonymous_id, event.message_id)


def _texts_of_message(message: Message) -> Iterator[str | None]:
    subject = message.content.get("subject") or message.content.get("title")
    yield from (message.recipient, message.channel, message.delivery_id, message.cio_id)
    yield subject if isinstance(subject, str) else None


def _texts_of_request(record: RequestRecord) -> Iterator[str | None]:
    yield f"{record.method} {record.path}"
    yield from (str(record.status), record.api)


def _texts_of_warning(warned: Warned) -> Iterator[str | None]:
    yield from (warned.kind, warned.message, warned.person)
