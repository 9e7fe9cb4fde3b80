"""A shop's day through the real client: what the client said of each call, and what the service holds afterwards."""

import time
from typing import Any, Final

import msgspec

from ciokit.cli.shop import Call, Day
from ciokit.errors import InvalidData, ReplyError
from ciokit.operations import Identify
from ciokit.sandbox import Effect, FaultRule, World
from ciokit.track import TrackClient
from ciokit.verdict import RetryPolicy

__all__ = ["FAULTS", "POLICY", "Tally", "differences", "faults_planned", "send"]

POLICY: Final = RetryPolicy(base_delay=0.05, max_delay=0.2)
"""Patient enough for the faults below, and quick enough to watch."""

FAULTS: Final = (
    FaultRule(
        path="/api/v2/entity",
        script=(
            *[None] * 30,
            Effect(status=500),
            Effect(status=500),
            *[None] * 30,
            Effect(status=429),
            *[None] * 30,
            Effect(drop=True),
        ),
    ),
    FaultRule(path="/api/v2/batch", script=(None, Effect(drop=True, after_processing=True))),
)
"""What goes wrong on the way, each for a moment: two errors in a row, a turning away, a connection lost before the
work, and one lost after it, so that the second batch is sent again although it had arrived."""


class Tally(msgspec.Struct):
    """Count what the client said.

    Attributes:
        people: People whose call was accepted.
        events: Events that were accepted.
        refused_at_the_call: Calls that were refused before anything was sent.
        refused_by_the_service: Calls that the service refused.
        words: What the client said of each refused call, by the mistake.
        surprises: Calls that came to another end than they should.
    """

    people: int = 0
    events: int = 0
    refused_at_the_call: int = 0
    refused_by_the_service: int = 0
    words: dict[str, str] = {}
    surprises: list[str] = []

    def note(self, call: Call, fate: str, words: str = "") -> None:
        """Note what became of a call.

        Args:
            call: The call.
            fate: What became of it.
            words: What the client said, if it was refused.
        """
        if fate != "accepted":
            setattr(self, fate, getattr(self, fate) + 1)
            self.words.setdefault(call.mistake, words)
        elif isinstance(call.operation, Identify):
            self.people += 1
        else:
            self.events += 1
        if fate != call.fate:
            said = f": {words}" if words else ""
            self.surprises.append(f"{_name(call)} should be {call.fate}, was {fate}{said}".replace("_", " "))


def _name(call: Call) -> str:
    operation = call.operation
    return "a person" if isinstance(operation, Identify) else f"event {operation.id}"


def faults_planned() -> int:
    """Count the requests that go wrong by plan; each is sent once more."""
    return sum(effect is not None for rule in FAULTS for effect in rule.script)


def send(day: Day, client: TrackClient) -> Tally:
    """Make every call of a day.

    Args:
        day: The day.
        client: The client.

    Returns:
        What the client said.
    """
    tally = Tally()
    for call in (*day.identified, *day.tracked):
        _send_one(call, client, tally)
    for batch in day.batches:
        result = client.batch(call.operation for call in batch)
        for call, item in zip(batch, result.items, strict=True):
            fate = "accepted" if item.status == "accepted" else "refused_by_the_service"
            tally.note(call, fate, "; ".join(str(reason) for reason in item.reasons))
    return tally


def _send_one(call: Call, client: TrackClient, tally: Tally) -> None:
    operation = call.operation
    try:
        if isinstance(operation, Identify):
            client.identify(operation.person, operation.attributes)
        else:
            event: Any = operation.event
            client.track(operation.person, event, id=operation.id, timestamp=operation.timestamp)
    except InvalidData as error:
        tally.note(call, "refused_at_the_call", str(error))
    except ReplyError as error:
        tally.note(call, "refused_by_the_service", str(error))
    else:
        tally.note(call, "accepted")


def differences(day: Day, world: World, started: float) -> list[str]:
    """Compare what is stored with what should be, person by person and event by event.

    Args:
        day: The day.
        world: The sandbox's state.
        started: Unix time when the first call was made.

    Returns:
        A line for each difference; none when all is as it should be.
    """
    now = time.time()
    people = {person.id or person.cio_id: dict(person.attributes) for person in world.people()}
    events: dict[str, dict[str, Any]] = {}
    found: list[str] = []
    for event in world.events():
        if event.id in events:
            found.append(f"event {event.id} is stored twice")
        facts = {
            "name": event.name,
            "person": event.person,
            "timestamp": event.timestamp,
            "data": dict(event.data),
        }
        events[event.id or ""] = facts
    stamped = [(f"person {id_}", "last_seen_at", people[id_]) for id_ in people.keys() & day.people.keys()]
    stamped += [
        (f"event {id_}", "tracked_at", events[id_]["data"]) for id_ in events.keys() & day.events.keys()
    ]
    for subject, name, values in stamped:
        if not int(started) <= values.pop(name, 0) <= now:
            found.append(f"{subject}: {name} is not the time of the call")
    found += _unequal("person", people, day.people)
    found += _unequal(
        "event", events, {id_: msgspec.structs.asdict(event) for id_, event in day.events.items()}
    )
    return found


def _unequal(kind: str, stored: dict[str, Any], expected: dict[str, Any]) -> list[str]:
    lines = [f"{kind} {id_} is missing" for id_ in sorted(expected.keys() - stored.keys())]
    lines += [f"{kind} {id_} is stored and should not be" for id_ in sorted(stored.keys() - expected.keys())]
    for id_ in sorted(stored.keys() & expected.keys()):
        wrong = [field for field in expected[id_] if stored[id_].get(field) != expected[id_][field]]
        wrong += stored[id_].keys() - expected[id_].keys()
        if wrong:
            lines.append(f"{kind} {id_} differs in {', '.join(wrong)}")
    return lines
