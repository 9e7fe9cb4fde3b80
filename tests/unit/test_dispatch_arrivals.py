"""When entries were offered, as the notes of it tell."""

import math

from ciokit.dispatch import Dispatcher
from ciokit.dispatch.arrivals import NOTES, Arrivals
from ciokit.verdict import Reply
from ciokit.wire import Entry


def test_each_entry_has_the_time_of_its_offer() -> None:
    """A note counts for all entries since the one before it, its last included."""
    arrivals = Arrivals()
    arrivals.note(3, 10.0)
    arrivals.note(4, 11.0)
    arrivals.note(9, 12.5)
    assert [arrivals.since(seq) for seq in (1, 3, 4, 5, 9)] == [10.0, 10.0, 11.0, 12.5, 12.5]


def test_offers_at_one_time_are_one_note() -> None:
    """However often entries are offered at a time, nothing is forgotten for it."""
    arrivals = Arrivals()
    arrivals.note(1, 10.0)
    for seq in range(2, 3 * NOTES):
        arrivals.note(seq, 11.0)
    assert [arrivals.since(seq) for seq in (1, 2, 3 * NOTES - 1)] == [10.0, 11.0, 11.0]


def test_what_is_forgotten_was_long_ago() -> None:
    """The newest offers have their times; whatever came before them is never thought to be younger than it is."""
    arrivals = Arrivals()
    for seq in range(2 * NOTES):
        arrivals.note(seq, float(seq))
    assert [arrivals.since(seq) for seq in (0, NOTES)] == [-math.inf, -math.inf]
    assert [arrivals.since(seq) for seq in (NOTES + 1, 2 * NOTES - 1)] == [NOTES + 1, 2 * NOTES - 1]


def test_who_waited_for_a_person_is_as_old_as_when_it_was_offered() -> None:
    """An entry that stepped aside waits for company from its own offer on, not from its person's return."""
    dispatcher = Dispatcher(chance=lambda: 0.0, batch_size=2, flush_interval=5.0)
    events = [(seq, Entry(b"{}", (person,), "event")) for seq, person in enumerate("aabc")]
    dispatcher.offer(events[:1], 0.0)
    dispatcher.flush(0.0)
    first = dispatcher.next_batch(0.0)
    assert first
    dispatcher.offer(events[1:2], 1.0)
    dispatcher.offer(events[2:], 2.0)
    second = dispatcher.next_batch(2.0)
    assert second
    assert [seq for seq, _ in second.items] == [2, 3]
    dispatcher.settle(first, Reply(200, {}, b"{}"), 3.0)
    assert dispatcher.wake_at(3.0) == 6.0
