"""When a batch goes, what it takes along, and how much of it."""

import sys
from typing import Any

import pytest

from ciokit.dispatch import Batch, Dispatcher
from ciokit.errors import SettingsError
from ciokit.verdict import NoReply, Reply
from ciokit.wire import FRAME, TRACK_V2, Entry, Route

SERVED = Reply(200, {}, b"{}")


def make(**settings: Any) -> Dispatcher:
    """Make a dispatcher without jitter."""
    return Dispatcher(chance=lambda: 0.0, **settings)


def events(
    count: int, first: int = 1, *, size: int = 100, route: Route = TRACK_V2
) -> list[tuple[int, Entry]]:
    """Make numbered events, each of a person of its own."""
    return [(seq, Entry(b"x" * size, (f"id:{seq}",), "event", route)) for seq in range(first, first + count)]


def numbers(batch: Batch | None) -> list[int]:
    """Return the numbers of a batch's entries."""
    assert batch is not None
    return [seq for seq, _ in batch.items]


def test_nothing_offered_is_nothing_to_send() -> None:
    """Without entries there is no batch and no time to wake."""
    dispatcher = make()
    dispatcher.flush(0.0)
    assert dispatcher.next_batch(0.0) is None
    assert dispatcher.wake_at(0.0) is None


def test_enough_entries_go_at_once() -> None:
    """As many as batch_size go without waiting, and one fewer does not."""
    dispatcher = make(batch_size=50)
    dispatcher.offer(events(49), 0.0)
    assert dispatcher.next_batch(0.0) is None
    dispatcher.offer(events(1, 50), 0.0)
    assert dispatcher.wake_at(0.0) == 0.0
    assert numbers(dispatcher.next_batch(0.0)) == list(range(1, 51))


def test_few_entries_wait_for_the_flush_interval() -> None:
    """Fewer than batch_size go flush_interval after the oldest was offered, and not a moment before."""
    dispatcher = make(flush_interval=5.0)
    dispatcher.offer(events(1), 10.0)
    dispatcher.offer(events(1, 2), 13.0)
    assert dispatcher.wake_at(13.0) == 15.0
    assert dispatcher.next_batch(14.999) is None
    assert numbers(dispatcher.next_batch(15.0)) == [1, 2]


def test_a_flush_sends_what_waits_at_once_and_not_what_comes_later() -> None:
    """After a flush what was offered before goes; what is offered after it waits for company as ever."""
    dispatcher = make(flush_interval=5.0)
    dispatcher.offer(events(2), 0.0)
    dispatcher.flush(1.0)
    assert numbers(dispatcher.next_batch(1.0)) == [1, 2]
    dispatcher.offer(events(1, 3), 2.0)
    assert dispatcher.next_batch(2.0) is None
    assert dispatcher.wake_at(2.0) == 7.0


def test_a_flush_lasts_until_all_of_it_is_sent() -> None:
    """More than one batch of flushed entries goes without a wait between them."""
    dispatcher = make(batch_size=5_000)
    dispatcher.offer(events(40, size=30_000), 0.0)
    dispatcher.flush(0.0)
    sent = [numbers(dispatcher.next_batch(0.0)) for _ in range(3)]
    assert [len(batch) for batch in sent] == [16, 16, 8]
    assert dispatcher.wake_at(0.0) is None


def test_a_batch_takes_all_that_fits() -> None:
    """When more than batch_size wait, a batch takes as many as its bytes allow."""
    dispatcher = make(batch_size=50)
    dispatcher.offer(events(3_000), 0.0)
    assert numbers(dispatcher.next_batch(0.0)) == list(range(1, 3_001))


def test_the_bytes_of_a_batch_count_frame_and_commas() -> None:
    """A batch is filled to the last byte of its limit, and one byte more is too much."""
    route = Route("POST", "/one", "/many", item_limit=50, batch_limit=FRAME + 3 * 40 + 2)
    dispatcher = make(batch_size=1)
    dispatcher.offer(events(3, size=40, route=route), 0.0)
    batch = dispatcher.next_batch(0.0)
    assert batch is not None
    assert len(batch) == 3
    assert len(batch.body()) == route.batch_limit
    dispatcher.offer([*events(2, 4, size=40, route=route), *events(1, 6, size=41, route=route)], 0.0)
    assert numbers(dispatcher.next_batch(0.0)) == [4, 5]


def test_a_too_large_entry_goes_alone() -> None:
    """An entry over the limit of one item travels alone, so that its fate is not that of others."""
    dispatcher = make(batch_size=1)
    dispatcher.offer([*events(1), *events(1, 2, size=32_001), *events(1, 3)], 0.0)
    assert [numbers(dispatcher.next_batch(0.0)) for _ in range(3)] == [[1], [2], [3]]


def test_an_entry_over_the_limit_of_a_batch_goes_alone() -> None:
    """An entry that fits no batch is sent all the same: the service has the last word."""
    route = Route("POST", "/one", "/many", batch_limit=50)
    dispatcher = make(batch_size=1)
    dispatcher.offer([*events(1, 1, size=60, route=route), *events(2, 2, size=10, route=route)], 0.0)
    assert [numbers(dispatcher.next_batch(0.0)) for _ in range(2)] == [[1], [2, 3]]


def test_a_route_without_limits_has_none() -> None:
    """A route that names no limits is batched without any."""
    dispatcher = make(batch_size=1)
    dispatcher.offer(events(30, size=100_000, route=Route("POST", "/one", "/many")), 0.0)
    assert len(numbers(dispatcher.next_batch(0.0))) == 30


def test_routes_never_share_a_batch() -> None:
    """Entries of different routes go in batches of their own, each to its own path."""
    other = Route("POST", "/other", "/others")
    dispatcher = make(batch_size=1)
    dispatcher.offer([*events(1), *events(1, 2, route=other), *events(1, 3), *events(1, 4, route=other)], 0.0)
    batches = [dispatcher.next_batch(0.0) for _ in range(2)]
    assert [(numbers(batch), batch and batch.path) for batch in batches] == [
        ([1, 3], "/api/v2/batch"),
        ([2, 4], "/others"),
    ]


def test_equal_routes_share_a_batch() -> None:
    """Routes are compared by what they say, as entries read back from a disk have copies."""
    dispatcher = make(batch_size=1)
    copy = Route("POST", "/api/v2/entity", "/api/v2/batch", 32_000, 500_000)
    dispatcher.offer([*events(1), *events(1, 2, route=copy)], 0.0)
    assert numbers(dispatcher.next_batch(0.0)) == [1, 2]


def test_a_route_without_batches_takes_one_entry_a_request() -> None:
    """Where the API has no batches, each entry is a request with its own bytes as the body."""
    alone = Route("POST", "/alone")
    dispatcher = make(batch_size=1)
    dispatcher.offer(events(3, size=7, route=alone), 0.0)
    batches = [dispatcher.next_batch(0.0) for _ in range(3)]
    assert [numbers(batch) for batch in batches] == [[1], [2], [3]]
    assert {(batch.path, batch.body()) for batch in batches if batch} == {("/alone", b"xxxxxxx")}


def test_requests_keep_to_the_rate() -> None:
    """After the burst the next batch waits for its turn, and wake_at says when that is."""
    dispatcher = make(batch_size=1, rate=4.0, burst=2)
    dispatcher.offer(events(3, route=Route("POST", "/alone")), 0.0)
    assert dispatcher.next_batch(0.0)
    assert dispatcher.next_batch(0.0)
    assert dispatcher.next_batch(0.0) is None
    assert dispatcher.wake_at(0.0) == 0.25
    assert dispatcher.next_batch(0.25)


def test_an_offer_says_when_a_sleeping_sender_should_look() -> None:
    """The first entry sets the alarm, and the one that makes a batch full rings it."""
    dispatcher = make(batch_size=3)
    assert [dispatcher.offer(events(1, seq), 0.0) for seq in (1, 2, 3, 4)] == [True, False, True, False]


def test_what_is_pending_is_counted_by_place() -> None:
    """Entries and bytes are known by place and in all, at every moment."""
    dispatcher = make(batch_size=2)
    dispatcher.offer(events(2, size=10), 0.0)
    failing = dispatcher.next_batch(0.0)
    dispatcher.offer(events(3, 3, size=20), 0.0)
    assert failing
    assert dispatcher.next_batch(0.0)
    dispatcher.settle(failing, Reply(500), 0.0)
    dispatcher.offer(events(1, 6, size=40), 0.0)
    pending = dispatcher.pending
    assert (pending.waiting, pending.in_flight, pending.retrying) == (1, 3, 2)
    assert (pending.waiting_bytes, pending.in_flight_bytes, pending.retrying_bytes) == (40, 60, 20)
    assert (dispatcher.count, dispatcher.size) == (6, 120)


def test_a_batch_is_settled_once() -> None:
    """Settling a batch that is not in flight is a mistake and is told, not counted twice."""
    dispatcher = make(batch_size=1)
    dispatcher.offer(events(1), 0.0)
    batch = dispatcher.next_batch(0.0)
    assert batch
    dispatcher.settle(batch, SERVED, 0.0)
    with pytest.raises(ValueError, match="is not in flight"):
        dispatcher.settle(batch, SERVED, 0.0)
    assert dispatcher.count == 0


def test_the_oldest_that_was_never_sent_is_dropped_first() -> None:
    """Room is made with the oldest that waits, then with what waits for its retry, never with what is in flight."""
    dispatcher = make(batch_size=2)
    dispatcher.offer(events(2), 0.0)
    retrying = dispatcher.next_batch(0.0)
    assert retrying
    dispatcher.settle(retrying, NoReply("reset"), 0.0)
    dispatcher.offer(events(2, 3), 0.0)
    assert dispatcher.next_batch(0.0)
    dispatcher.offer(events(1, 5), 0.0)
    dropped = [dispatcher.drop_oldest() for _ in range(4)]
    assert [item and item[0] for item in dropped] == [5, 1, 2, None]
    assert dispatcher.pending.in_flight == dispatcher.count == 2


def test_dropping_a_batch_that_waits_sets_its_people_free() -> None:
    """When the last entry of a batch that waits for its retry is dropped, its person need not wait for it."""
    dispatcher = make(batch_size=1)
    dispatcher.offer(events(1), 0.0)
    batch = dispatcher.next_batch(0.0)
    assert batch
    dispatcher.settle(batch, NoReply("reset"), 0.0)
    assert dispatcher.drop_oldest()
    dispatcher.offer([(2, Entry(b"x", ("id:1",), "event"))], 0.0)
    assert numbers(dispatcher.next_batch(0.0)) == [2]


def test_entries_that_stepped_aside_are_dropped_before_younger_ones() -> None:
    """An entry that waits for its person is older than the queue behind it, and goes first when room is needed."""
    dispatcher = make(batch_size=1)
    same = [(seq, Entry(b"x", ("id:1",), "event")) for seq in (1, 2, 3, 4)]
    dispatcher.offer(same[:1], 0.0)
    assert dispatcher.next_batch(0.0)
    dispatcher.offer(same[1:], 0.0)
    assert dispatcher.next_batch(0.0) is None  # they step aside
    dispatcher.offer(events(2, 5), 0.0)
    dropped = [dispatcher.drop_oldest() for _ in range(5)]
    assert [item and item[0] for item in dropped] == [2, 3, 4, 5, 6]
    assert dispatcher.count == 1


def test_dropping_goes_by_age_also_among_people() -> None:
    """Among entries that wait for different people, the oldest is dropped first, and room is counted once."""
    dispatcher = make(batch_size=4)
    dispatcher.offer([(seq, Entry(b"x", (f"id:{seq % 2}",), "event")) for seq in range(4)], 0.0)
    batch = dispatcher.next_batch(0.0)
    assert batch
    dispatcher.offer([(seq, Entry(b"x", (f"id:{seq % 2}",), "event")) for seq in range(4, 9)], 0.0)
    assert dispatcher.next_batch(0.0) is None  # they step aside
    dropped = [dispatcher.drop_oldest() for _ in range(2)]
    dispatcher.settle(batch, SERVED, 0.0)
    dropped.append(dispatcher.drop_oldest())
    assert [item and item[0] for item in dropped] == [4, 5, 6]
    assert not dispatcher.offer(events(1, 9), 0.0), "three wait, four would be enough"
    assert dispatcher.next_batch(4.9) is None


def test_what_is_settled_is_not_kept() -> None:
    """Nothing refers to an entry any longer once it is delivered, also after others were dropped."""
    dispatcher = make(batch_size=1)
    entries = [(seq, Entry(b"x", ("id:1",), "event")) for seq in range(1, 9)]
    before = sys.getrefcount(entries[5][1])
    dispatcher.offer(entries[:1], 0.0)
    batch = dispatcher.next_batch(0.0)
    dispatcher.offer(entries[1:], 0.0)
    assert dispatcher.next_batch(0.0) is None  # they step aside
    assert dispatcher.drop_oldest()
    while batch:
        dispatcher.settle(batch, SERVED, 0.0)
        batch = dispatcher.next_batch(0.0)
    assert dispatcher.count == 0
    after = sys.getrefcount(entries[5][1])
    assert after == before


def test_pending_before_knows_what_a_flush_waits_for() -> None:
    """It is known whether all entries up to a number are settled, whatever was offered since."""
    dispatcher = make(batch_size=2)
    dispatcher.offer(events(2), 0.0)
    batch = dispatcher.next_batch(0.0)
    dispatcher.offer(events(1, 3), 0.0)
    assert dispatcher.pending_before(3)
    assert batch
    dispatcher.settle(batch, SERVED, 0.0)
    assert not dispatcher.pending_before(3)
    assert dispatcher.pending_before(4)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("batch_size", 0),
        ("flush_interval", -1.0),
        ("rate", 0.0),
        ("burst", 0),
        ("trip_after", 0),
        ("probe_interval", 0.0),
    ],
)
def test_settings_out_of_range_are_named(setting: str, value: float) -> None:
    """The error names the setting, the range and the value."""
    with pytest.raises(SettingsError, match=f"{setting} must be .*, got {value}"):
        make(**{setting: value})
