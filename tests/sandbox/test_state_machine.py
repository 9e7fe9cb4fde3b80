"""The world against a simple model: whatever the order of calls, both hold the same people and events."""

import base64
from collections.abc import Callable
from typing import Any

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from ciokit.sandbox import Request, Retention, World

HEADERS = {"authorization": "Basic " + base64.b64encode(b"site:key").decode()}
IDS = st.sampled_from(["1", "2", "3"])
EMAILS = st.sampled_from(["a@example.com", "b@example.com"])
ATTRIBUTES = st.dictionaries(
    st.sampled_from(["plan", "city"]), st.sampled_from(["x", "y", None, ""]), max_size=2
)
ULIDS = st.none() | st.sampled_from([f"01BX5ZZKBKACTAV9WEVGEMMVR{letter}" for letter in "ABCD"])
NAMES = st.sampled_from(["seen", "bought", ""])


class Model:
    """Hold what the vendor's rules say there should be, in the plainest form."""

    def __init__(self) -> None:
        self.people: dict[str, dict[str, Any]] = {}
        self.events: dict[str, list[str]] = {}
        self.suppressed: dict[str, str | None] = {}
        self.seen: set[str] = set()

    def holder(self, email: str) -> str | None:
        """Return whose email it is."""
        return next((who for who, held in self.people.items() if held.get("email") == email), None)

    def identify(self, who: str, attributes: dict[str, Any], email: str | None) -> None:
        """Create or update a person."""
        if who in self.suppressed:
            return
        held = self.people.setdefault(who, {"id": who})
        self.events.setdefault(who, [])
        free = email is not None and self.holder(email) is None and email not in self.suppressed.values()
        if free and "email" not in held:
            held["email"] = email
        for name, value in attributes.items():
            if value:
                held[name] = value
            else:
                held.pop(name, None)

    def track(self, who: str, name: str, ulid: str | None) -> None:
        """Count an event once."""
        if not name or (ulid is not None and ulid in self.seen) or who in self.suppressed:
            return
        self.people.setdefault(who, {"id": who})
        self.events.setdefault(who, []).append(name)
        if ulid is not None:
            self.seen.add(ulid)

    def delete(self, who: str) -> None:
        """Remove a person."""
        self.people.pop(who, None)
        self.events.pop(who, None)

    def suppress(self, who: str) -> None:
        """Remove a person and block them."""
        if who not in self.suppressed:
            self.suppressed[who] = self.people.get(who, {}).get("email")
        self.delete(who)

    def unsuppress(self, who: str) -> None:
        """Free a person's identifiers."""
        self.suppressed.pop(who, None)

    def merge(self, stays: str, goes: str) -> None:
        """Move what is unset, and the events."""
        if stays == goes or stays not in self.people or goes not in self.people:
            return
        gone = self.people[goes]
        self.people[stays] = {**gone, **self.people[stays]}
        self.events[stays] += self.events[goes]
        self.delete(goes)


class Comparison(RuleBasedStateMachine):
    """Do the same to both and compare."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World(retention=Retention(events=1000))
        self.model = Model()
        self.now = 1_800_000_000.0
        self.batch: list[dict[str, Any]] | None = None
        self.later: list[Callable[[], None]] = []

    def send(self, operation: dict[str, Any], effect: Callable[[], None], status: int = 200) -> None:
        """Send an operation alone, or put it into the open batch."""
        if self.batch is not None:
            self.batch.append(operation)
            self.later.append(effect)
            return
        assert self.post("entity", operation) == status
        effect()

    def post(self, endpoint: str, body: dict[str, Any]) -> int:
        """Post to Track v2."""
        self.now += 1
        request = Request("POST", f"/api/v2/{endpoint}", "", HEADERS, msgspec.json.encode(body))
        return self.world.handle(request, self.now).status

    def person(self, who: str, action: str, **fields: Any) -> dict[str, Any]:
        """Make an operation of a person."""
        return {"type": "person", "action": action, "identifiers": {"id": who}, **fields}

    @rule(who=IDS, attributes=ATTRIBUTES, email=st.none() | EMAILS)
    def identify(self, who: str, attributes: dict[str, Any], email: str | None) -> None:
        """Identify."""
        given = attributes if email is None else {**attributes, "email": email}
        operation = self.person(who, "identify", attributes=given)
        self.send(operation, lambda: self.model.identify(who, attributes, email))

    @rule(who=IDS, name=NAMES, ulid=ULIDS)
    def track(self, who: str, name: str, ulid: str | None) -> None:
        """Track an event; one without a name is refused."""
        operation = self.person(who, "event", name=name, id=ulid)
        self.send(operation, lambda: self.model.track(who, name, ulid), 200 if name else 400)

    @rule(who=IDS, verb=st.sampled_from(["delete", "suppress", "unsuppress"]))
    def remove(self, who: str, verb: str) -> None:
        """Delete, suppress or unsuppress."""
        verbs: dict[str, Callable[[str], None]] = {
            "delete": self.model.delete,
            "suppress": self.model.suppress,
            "unsuppress": self.model.unsuppress,
        }
        self.send(self.person(who, verb), lambda: verbs[verb](who))

    @rule(stays=IDS, goes=IDS)
    def merge(self, stays: str, goes: str) -> None:
        """Merge two people."""
        operation = {"type": "person", "action": "merge", "primary": {"id": stays}, "secondary": {"id": goes}}
        self.send(operation, lambda: self.model.merge(stays, goes))

    @rule()
    def open_or_post_batch(self) -> None:
        """Start to collect a batch, or send the one that was collected."""
        if self.batch is None:
            self.batch = []
            return
        assert self.post("batch", {"batch": self.batch}) in {200, 207}
        for effect in self.later:
            effect()
        self.batch, self.later = None, []

    @invariant()
    def people_agree(self) -> None:
        """Both hold the same people with the same attributes."""
        if not self.later:
            assert {person.id: person.attributes for person in self.world.people()} == self.model.people

    @invariant()
    def events_agree(self) -> None:
        """Both hold the same events for each person."""
        if not self.later:
            for who, names in self.model.events.items():
                assert sorted(event.name for event in self.world.events(who)) == sorted(names)


TestComparison = Comparison.TestCase
TestComparison.settings = settings(max_examples=25, stateful_step_count=30, deadline=None)
