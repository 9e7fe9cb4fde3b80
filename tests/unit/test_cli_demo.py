"""The demo's own judgement: it must not be pleased with a sandbox that holds something else."""

import time
from collections.abc import Callable

import msgspec
import pytest

from ciokit import TrackClient
from ciokit.cli.demo_run import FAULTS, differences, faults_planned, send
from ciokit.cli.shop import Day, Shop
from ciokit.sandbox import Rules, World
from ciokit.sandbox.inprocess import SandboxTransport
from ciokit.verdict import RetryPolicy

NOW = 1_790_000_000
AT_ONCE = RetryPolicy(base_delay=0, max_delay=0)


def open_shop(seed: int = 1, events: int = 100) -> Day:
    """Make a small day."""
    return Shop(seed=seed, now=NOW, people=10, events=events).open(singles=40, batch=20)


def shop_world() -> World:
    """Make a world that knows no telephone numbers, as the demo's."""
    return World(rules=Rules(identifiers=("id", "email")))


def client_of(world: World) -> TrackClient:
    """Make a client that talks to a world in this process."""
    transport = SandboxTransport(world)
    return TrackClient("demo", "demo", base_url="http://127.0.0.1:9", retry=AT_ONCE, transport=transport)


def test_the_same_seed_is_the_same_day() -> None:
    """A seed decides everything, ULIDs included, and another one makes another day."""
    assert open_shop().events == open_shop().events
    assert open_shop().events.keys().isdisjoint(open_shop(seed=2).events)


def test_a_day_that_went_well_has_no_differences() -> None:
    """Everything that should be stored is, and every call came to the end that it should."""
    day, world, started = open_shop(), shop_world(), time.time()
    tally = send(day, client_of(world))
    assert tally.surprises == []
    assert differences(day, world, started) == []
    assert (tally.people, tally.events) == (10, 100)
    assert (tally.refused_at_the_call, tally.refused_by_the_service) == (8, 4)


def test_faults_change_nothing_in_what_is_stored() -> None:
    """Each planned failure costs one more request, and no person or event."""
    day, world, started = open_shop(events=200), shop_world(), time.time()
    for rule in FAULTS:
        world.faults.add(rule, started)
    tally = send(day, client_of(world))
    assert (tally.surprises, differences(day, world, started)) == ([], [])
    hit = sum(request.fault is not None for request in world.requests)
    # The small day is over before the last of the faults that wait for single requests.
    assert 0 < hit == sum(request.attempt > 0 for request in world.requests) <= faults_planned()


def lose_an_event(day: Day) -> Day:
    """Expect an event that was never sent."""
    extra = dict.fromkeys(["01BX5ZZKBKACTAV9WEVGEMMVRY"], next(iter(day.events.values())))
    return msgspec.structs.replace(day, events={**day.events, **extra})


def expect_one_less(day: Day) -> Day:
    """Expect an event not to be there that is."""
    return msgspec.structs.replace(day, events=dict(list(day.events.items())[1:]))


def expect_other_data(day: Day) -> Day:
    """Expect an event to have one more field."""
    (id_, event), *rest = day.events.items()
    other = msgspec.structs.replace(event, data={**event.data, "more": 1})
    return msgspec.structs.replace(day, events=dict([(id_, other), *rest]))


def expect_another_person(day: Day) -> Day:
    """Expect a person to have another plan."""
    (id_, attributes), *rest = day.people.items()
    return msgspec.structs.replace(day, people=dict([(id_, {**attributes, "plan": "none"}), *rest]))


def expect_less_of_a_person(day: Day) -> Day:
    """Expect a person not to have a plan, who has one."""
    (id_, attributes), *rest = day.people.items()
    less = {name: value for name, value in attributes.items() if name != "plan"}
    return msgspec.structs.replace(day, people=dict([(id_, less), *rest]))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lose_an_event, "is missing"),
        (expect_one_less, "should not be"),
        (expect_other_data, "differs in data"),
        (expect_another_person, "differs in plan"),
        (expect_less_of_a_person, "differs in plan"),
    ],
)
def test_every_difference_is_told(change: Callable[[Day], Day], words: str) -> None:
    """Whatever is stored and differs from what should be is named."""
    day, world, started = open_shop(), shop_world(), time.time()
    send(day, client_of(world))
    (line,) = differences(change(day), world, started)
    assert words in line


def test_a_stamp_of_another_time_is_told() -> None:
    """The stamps that the client adds must be of the time of the call."""
    day, world = open_shop(), shop_world()
    send(day, client_of(world))
    lines = differences(day, world, time.time() + 3600)
    assert len(lines) == len(day.people) + len(day.events)
    assert all("is not the time of the call" in line for line in lines)


def test_a_call_that_comes_to_another_end_is_told() -> None:
    """A service that accepts what it should refuse is a surprise."""
    tally = send(open_shop(), client_of(World()))
    assert len(tally.surprises) == 4
    assert "should be refused by the service, was accepted" in tally.surprises[0]
