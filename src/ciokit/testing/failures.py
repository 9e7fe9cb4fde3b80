"""The words of a failed assertion: what was expected, the nearest that arrived, and what else did."""

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Final

from ciokit.identifiers import PersonRef
from ciokit.sandbox.state.records import Event, Message, Person, RequestRecord
from ciokit.testing.actions import Action
from ciokit.testing.arrivals import named
from ciokit.testing.comparing import Difference, show
from ciokit.testing.expecting import ExpectedEvent

__all__ = [
    "known",
    "not_done",
    "not_sent",
    "not_tracked",
    "other_attributes",
    "out_of_order",
    "refusals",
    "requested",
    "sent_too",
    "tracked",
    "unknown",
]

_MOST: Final = 20
"""How many of a kind are listed; the newest are."""


def not_tracked(
    person: PersonRef | None,
    wanted: ExpectedEvent,
    events: Sequence[Event],
    found: int,
    times: int | None,
    others: Sequence[Event],
) -> list[str]:
    """Tell of an event that did not arrive, or not as often as expected; `others` are those of everybody."""
    if times is not None and found:
        first = f"{_who(person)} was sent it {_times(found)}, expected {_times(times)}:"
    else:
        first = f"{_who(person)} was not sent:"
    elsewhere = [] if found else _elsewhere(wanted, events, others)
    return [first, f"  {wanted}", *_nearest(wanted, events, found), *elsewhere, "", *_all_of(person, events)]


def _elsewhere(wanted: ExpectedEvent, events: Sequence[Event], others: Sequence[Event]) -> list[str]:
    """Tell who was sent what this person was not, or anything at all when they were sent nothing."""
    fitting = dict.fromkeys(_owner(event) for event in others if wanted.fits(event))
    if fitting:
        return ["", "It was sent, but to:", *_list(fitting)]
    if events or not others:
        return []
    return ["", "Those who were sent events:", *_list(dict.fromkeys(_owner(event) for event in others))]


def _nearest(wanted: ExpectedEvent, events: Sequence[Event], found: int) -> list[str]:
    if found:
        return []
    namesakes = [event for event in events if event.name == wanted.name]
    if namesakes:
        nearest = min(namesakes, key=lambda event: len(wanted.differences(event)))
        place = f"event {events.index(nearest) + 1} of {len(events)}"
        differences = [f"  {difference}" for difference in wanted.differences(nearest)]
        return ["", f"The nearest is {place}, with the same name:", *differences]
    close = get_close_matches(wanted.name, {event.name for event in events}, 1)
    return ["", f"Did you mean {close[0]!r}?"] if close else []


def tracked(person: PersonRef | None, what: str, events: Sequence[Event]) -> list[str]:
    """Tell of events that should not have arrived."""
    return [f"{_who(person)} was sent {what}, and should not have been:", *_list(map(_event, events))]


def out_of_order(
    person: PersonRef | None,
    wanted: Sequence[ExpectedEvent],
    position: int,
    arrived: Sequence[Event],
    found: Sequence[Event],
) -> list[str]:
    """Tell of the first event that is missing from its place."""
    missing = wanted[position]
    earlier = [event for event in arrived if missing.fits(event)]
    why = f"it came before {wanted[position - 1]}" if earlier and position else "it did not arrive"
    numbers = {event.seq: number for number, event in enumerate(found, 1)}
    marked = [f"  {numbers.get(event.seq, ' ')!s:>2} {_event(event)}" for event in arrived[-_MOST:]]
    return [
        f"{_who(person)} was not sent these in this order:",
        *(f"  {number}. {event}" for number, event in enumerate(wanted, 1)),
        "",
        f"Number {position + 1} is missing from its place: {why}. What arrived, in order:",
        *(marked or ["  nothing"]),
    ]


def unknown(person: PersonRef, left: Person | None, people: Sequence[Person]) -> list[str]:
    """Tell that nobody has an identifier."""
    who = named(person)
    if left is not None:
        return [f"{who!r} is suppressed."]
    known_as = [_identity(one) for one in people]
    close = get_close_matches(who, [name for one in people for name in _names(one)], 1)
    hint = [f"Did you mean {close[0]!r}?"] if close else []
    return [f"Nobody is known as {who!r}.", *hint, "", "Those who are:", *_list(known_as)]


def other_attributes(person: PersonRef, differences: Iterable[Difference], found: Person) -> list[str]:
    """Tell which attributes of a person differ."""
    return [
        f"{named(person)!r} has other attributes:",
        *(f"  {difference}" for difference in differences),
        "",
        "All of them:",
        *_list(f"{name}: {show(value)}" for name, value in found.attributes.items()),
    ]


def known(person: PersonRef, found: Person) -> list[str]:
    """Tell that somebody is known who should not be."""
    return [f"{named(person)!r} is known, and should not be:", f"  {show(found.attributes)}"]


def not_done(
    person: PersonRef | None, name: str, actions: Sequence[Action], found: int, times: int | None
) -> list[str]:
    """Tell of an action that was not seen, or not as often as expected."""
    about = "" if person is None else f" of {named(person)!r}"
    count = f" {_times(times)} (there was {_times(found)})" if times is not None else ""
    return [f"There was no {name}{about}{count}. What was done:", *_list(map(str, actions))]


def not_sent(
    wanted: Mapping[str, Any],
    compared: Sequence[tuple[Message, Sequence[Difference]]],
    found: int,
    times: int | None,
) -> list[str]:
    """Tell of a message that was not sent, or not as often as expected."""
    count = f" {_times(times)} (it was {_times(found)})" if times is not None and found else ""
    lines = [
        f"No such message was sent{count}:",
        *(f"  {name}: {show(value)}" for name, value in wanted.items()),
    ]
    if compared and not found:
        nearest, differences = min(compared, key=lambda pair: len(pair[1]))
        lines += ["", f"The nearest is {_message(nearest)}:", *(f"  {one}" for one in differences)]
    return [*lines, "", "Messages that were sent:", *_list(_message(message) for message, _ in compared)]


def requested(requests: Sequence[RequestRecord]) -> list[str]:
    """Tell of requests where there should be none."""
    return ["Nothing should have been sent, but these requests came:", *_list(map(_request, requests))]


def sent_too(
    events: Sequence[Event], messages: Sequence[Message], people: Sequence[Person], actions: Sequence[Action]
) -> list[str]:
    """Tell of what no assertion has found."""
    lines = ["Nothing else should have been sent, but this was:"]
    lines += _list((f"event to {_owner(event)}: {_event(event)}" for event in events), empty="")
    lines += _list((f"message: {_message(message)}" for message in messages), empty="")
    lines += _list((f"person: {show(person.attributes)}" for person in people), empty="")
    lines += _list(map(str, actions), empty="")
    return lines


def refusals(requests: Sequence[RequestRecord]) -> list[str]:
    """List what was refused, in Customer.io's words; only what was no fault on demand."""
    lines = [
        f"{_request(record)}: {' '.join(filter(None, (one.field, one.message)))}"
        for record in requests
        for one in record.rejected
        if record.fault is None
    ]
    lines += [
        f"{_request(record)}"
        for record in requests
        if record.status >= 400 and not record.rejected and record.fault is None
    ]
    return _list(lines, empty="")


def _all_of(person: PersonRef | None, events: Sequence[Event]) -> list[str]:
    return [f"{_who(person)} was sent, in order:", *_list(map(_event, events))]


def _list(lines: Iterable[str], empty: str = "nothing") -> list[str]:
    every = list(lines)
    more = [f"  ({len(every) - _MOST} before these)"] if len(every) > _MOST else []
    return [*more, *(f"  {line}" for line in every[-_MOST:])] or ([f"  {empty}"] if empty else [])


def _who(person: PersonRef | None) -> str:
    return "Nobody" if person is None else repr(named(person))


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _event(event: Event) -> str:
    kind = "" if event.type == "event" else f"{event.type} "
    return f"{kind}{event.name} {show(event.data)}"


def _owner(event: Event) -> str:
    return event.person or f"the anonymous {event.anonymous_id}"


def _message(message: Message) -> str:
    template = message.request_body.get("transactional_message_id") or message.template
    return f"{message.channel} to {message.recipient}, template {template}, data {show(message.data)}"


def _request(record: RequestRecord) -> str:
    return f"{record.method} {record.path} -> {record.status}"


def _names(person: Person) -> list[str]:
    return [name for name in (person.id, person.email, person.phone) if name]


def _identity(person: Person) -> str:
    return ", ".join(_names(person)) or f"cio_{person.cio_id}"
