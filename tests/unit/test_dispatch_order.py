"""The order of each person's entries, with several batches in flight."""

from collections import deque

from ciokit.dispatch import Batch, Dispatcher, Queued
from ciokit.dispatch.dispatcher import SEARCH_AFTER
from ciokit.dispatch.order import FRONT
from ciokit.verdict import NoReply, Reply
from ciokit.wire import Entry, Route

SERVED = Reply(200, {}, b"{}")
SMALL = Route("POST", "/one", "/many", batch_limit=40)  # two entries of ten bytes


def make(batch_size: int = 1) -> Dispatcher:
    """Make a dispatcher that sends at once and as fast as asked."""
    return Dispatcher(chance=lambda: 0.0, batch_size=batch_size, rate=None)


def about(seq: int, *people: str, route: Route = SMALL) -> tuple[int, Entry]:
    """Make a numbered entry about one person, or about two as a merge."""
    return seq, Entry(b"x" * 10, people, "event", route)


def take(dispatcher: Dispatcher, now: float = 0.0) -> Batch:
    """Take a batch that must be there."""
    batch = dispatcher.next_batch(now)
    assert batch
    return batch


def numbers(batch: Batch) -> list[int]:
    """Return the numbers of a batch's entries."""
    return [seq for seq, _ in batch.items]


def drain(dispatcher: Dispatcher, now: float = 0.0) -> list[list[int]]:
    """Send and settle one batch after the other until all is settled, and return their numbers."""
    sent: list[list[int]] = []
    while dispatcher.count:
        batch = take(dispatcher, now)
        sent.append(numbers(batch))
        dispatcher.settle(batch, SERVED, now)
    return sent


def test_a_batch_takes_many_entries_of_one_person_in_order() -> None:
    """One person's entries may travel together, and then in the order in which they were offered."""
    dispatcher = make()
    dispatcher.offer([about(seq, "a") for seq in range(1, 6)], 0.0)
    assert drain(dispatcher) == [[1, 2], [3, 4], [5]]


def test_a_person_in_flight_waits_without_holding_up_others() -> None:
    """While a batch with a person's entry is in flight, later ones of that person wait and others pass them."""
    dispatcher = make()
    dispatcher.offer([about(1, "a"), about(2, "b"), about(3, "a"), about(4, "c"), about(5, "a")], 0.0)
    first, second = take(dispatcher), take(dispatcher)
    assert (numbers(first), numbers(second)) == ([1, 2], [4])
    assert dispatcher.next_batch(0.0) is None
    assert dispatcher.wake_at(0.0) is None
    dispatcher.settle(first, SERVED, 0.0)
    assert numbers(take(dispatcher)) == [3, 5]


def test_who_waited_for_a_person_goes_before_who_came_later() -> None:
    """When a person is free again, the ones that waited go first, and new ones of the person after them."""
    dispatcher = make()
    dispatcher.offer([about(1, "a")], 0.0)
    first = take(dispatcher)
    dispatcher.offer([about(2, "a")], 0.0)
    assert dispatcher.next_batch(0.0) is None
    dispatcher.settle(first, SERVED, 0.0)
    dispatcher.offer([about(3, "b"), about(4, "a"), about(5, "a")], 0.0)
    assert drain(dispatcher) == [[2, 3], [4, 5]]


def test_a_merge_waits_for_both_people_and_holds_up_both() -> None:
    """A merge goes when neither of its people is in flight, and later entries of both go after it."""
    dispatcher = make()
    dispatcher.offer([about(1, "a"), about(2, "b", route=Route("POST", "/other", "/others"))], 0.0)
    first, second = take(dispatcher), take(dispatcher)
    dispatcher.offer([about(3, "a", "b"), about(4, "a"), about(5, "b"), about(6, "c")], 0.0)
    third = take(dispatcher)
    assert numbers(third) == [6], "others pass"
    dispatcher.settle(first, SERVED, 0.0)
    assert dispatcher.next_batch(0.0) is None, "one of the two is still in flight"
    dispatcher.settle(second, SERVED, 0.0)
    dispatcher.settle(third, SERVED, 0.0)
    merge = take(dispatcher)
    assert numbers(merge) == [3, 5]
    assert dispatcher.next_batch(0.0) is None, "both are in flight with the merge"
    dispatcher.settle(merge, SERVED, 0.0)
    assert drain(dispatcher) == [[4]]


def test_a_merge_may_travel_with_what_it_waits_for() -> None:
    """A merge goes in one batch with the earlier entries of its people, after them."""
    wide = Route("POST", "/one", "/many")
    dispatcher = make()
    dispatcher.offer([about(1, "a", route=wide), about(2, "b", route=wide)], 0.0)
    first = take(dispatcher)
    dispatcher.offer(
        [about(3, "a", route=wide), about(4, "b", route=wide), about(5, "a", "b", route=wide)], 0.0
    )
    assert dispatcher.next_batch(0.0) is None
    dispatcher.settle(first, SERVED, 0.0)
    assert drain(dispatcher) == [[3, 4, 5]]


def test_who_stood_behind_a_dropped_merge_is_free() -> None:
    """When a merge that waited for somebody else is dropped, the entry behind it need not wait for anybody."""
    dispatcher = make()
    dispatcher.offer([about(1, "a")], 0.0)
    take(dispatcher)
    dispatcher.offer([about(2, "a", "b"), about(3, "b")], 0.0)
    while dispatcher.wake_at(0.0) is not None:
        assert dispatcher.next_batch(0.0) is None
    dropped = dispatcher.drop_oldest()
    assert dropped
    assert dropped[0] == 2
    assert numbers(take(dispatcher)) == [3]


def test_a_person_in_flight_stays_so_when_what_waits_is_dropped() -> None:
    """Dropping the last entry that waits for a person in flight does not set the person free."""
    dispatcher = make()
    dispatcher.offer([about(1, "a")], 0.0)
    take(dispatcher)
    dispatcher.offer([about(2, "a")], 0.0)
    assert dispatcher.next_batch(0.0) is None
    assert dispatcher.drop_oldest()
    dispatcher.offer([about(3, "a")], 0.0)
    assert dispatcher.next_batch(0.0) is None


def test_a_person_merged_with_itself_is_no_knot() -> None:
    """A merge whose two people are one person waits and goes like any other entry."""
    dispatcher = make()
    dispatcher.offer([about(1, "a")], 0.0)
    first = take(dispatcher)
    dispatcher.offer([about(2, "a", "a"), about(3, "a")], 0.0)
    assert dispatcher.next_batch(0.0) is None
    dispatcher.settle(first, SERVED, 0.0)
    assert drain(dispatcher) == [[2, 3]]


def test_entries_about_nobody_wait_for_nobody() -> None:
    """Entries without a person pass whatever is in flight."""
    dispatcher = make()
    dispatcher.offer([about(1), about(2), about(3)], 0.0)
    assert numbers(take(dispatcher)) == [1, 2]
    assert numbers(take(dispatcher)) == [3]


def test_entries_about_nobody_are_never_stuck() -> None:
    """Entries without a person that had to step aside for another route go out whatever becomes of their batch."""
    other = Route("POST", "/other", "/others")
    dispatcher = make()
    dispatcher.offer([about(1, route=other), about(2), about(3, "a"), about(4, route=other)], 0.0)
    assert numbers(take(dispatcher)) == [1, 4]
    dispatcher.settle(take(dispatcher), Reply(400), 0.0)
    dispatcher.offer([about(5, route=other), about(6), about(7, "a")], 0.0)
    halves = [numbers(take(dispatcher)) for _ in range(2)]
    assert sorted(halves) == [[2], [3]]
    assert numbers(take(dispatcher)) == [5]
    assert numbers(take(dispatcher)) == [6]


def test_order_holds_across_routes() -> None:
    """A person's entries keep their order also when they go to different paths."""
    other = Route("POST", "/other", "/others")
    dispatcher = make()
    dispatcher.offer([about(1, "a"), about(2, "a", route=other), about(3, "a"), about(4, "b")], 0.0)
    first = take(dispatcher)
    assert numbers(first) == [1, 4]
    assert dispatcher.next_batch(0.0) is None
    dispatcher.settle(first, SERVED, 0.0)
    assert drain(dispatcher) == [[2], [3]]


def test_after_a_failure_the_same_entries_go_first() -> None:
    """A retry carries the same bytes as before, and the person's later entries come after it."""
    dispatcher = make()
    dispatcher.offer([about(1, "a"), about(2, "b")], 0.0)
    batch = take(dispatcher)
    body = batch.body()
    dispatcher.settle(batch, NoReply("reset"), 0.0)
    dispatcher.offer([about(3, "a"), about(4, "c")], 0.5)
    meanwhile = take(dispatcher, 0.5)
    assert numbers(meanwhile) == [4]
    dispatcher.settle(meanwhile, SERVED, 0.5)
    assert dispatcher.wake_at(0.5) == 1.0
    again = take(dispatcher, 1.0)
    assert again.body() == body
    dispatcher.settle(again, SERVED, 1.0)
    assert drain(dispatcher, 1.0) == [[3]]


def test_order_holds_while_a_batch_is_searched_for_a_culprit() -> None:
    """Halves that share a person go one after the other, and the person's later entries after both."""
    dispatcher = make()
    wide = Route("POST", "/one", "/many")
    dispatcher.offer([about(seq, "a", route=wide) for seq in range(1, 5)], 0.0)
    batch = take(dispatcher)
    dispatcher.offer([about(5, "a", route=wide)], 0.0)
    dispatcher.settle(batch, Reply(400), 0.0)
    half = take(dispatcher)
    assert numbers(half) == [1, 2]
    assert dispatcher.next_batch(0.0) is None
    dispatcher.settle(half, SERVED, 0.0)
    assert drain(dispatcher) == [[3, 4], [5]]


def test_halves_of_different_people_go_their_own_ways() -> None:
    """While a culprit is looked for, the people that have nothing to do with it are in flight at the same time."""
    dispatcher = make()
    wide = Route("POST", "/one", "/many")
    people = [about(seq, person, route=wide) for seq, person in enumerate("abab", 1)]
    dispatcher.offer(people, 0.0)
    dispatcher.settle(take(dispatcher), Reply(400), 0.0)
    assert sorted(numbers(take(dispatcher)) for _ in range(2)) == [[1, 3], [2, 4]]


def test_halves_are_of_one_size_where_people_allow_it() -> None:
    """A person with many entries makes up one half, and the others the other."""
    wide = Route("POST", "/one", "/many")
    dispatcher = make()
    dispatcher.offer([about(at, key, route=wide) for at, key in enumerate("abcdeeee", 1)], 0.0)
    dispatcher.settle(take(dispatcher), Reply(400), 0.0)
    assert sorted(numbers(take(dispatcher)) for _ in range(2)) == [[1, 2, 3, 4], [5, 6, 7, 8]]


def test_halves_never_part_what_a_merge_joins() -> None:
    """People that a merge of the batch joins stay in one half."""
    dispatcher = make()
    wide = Route("POST", "/one", "/many")
    joined = [about(1, "a", route=wide), about(2, "b", route=wide), about(3, "b", "a", route=wide)]
    dispatcher.offer([*joined, about(4, "c", route=wide)], 0.0)
    dispatcher.settle(take(dispatcher), Reply(400), 0.0)
    assert sorted(numbers(take(dispatcher)) for _ in range(2)) == [[1, 2, 3], [4]]


def test_what_waits_for_a_first_half_is_pending() -> None:
    """An entry of the second half counts as not settled, whatever became of the first."""
    wide = Route("POST", "/one", "/many")
    dispatcher = make()
    dispatcher.offer([about(1, "a", route=wide), about(2, "b", route=wide)], 0.0)
    first = take(dispatcher)
    people = [("a",), ("b",), ("b",), ("a",), ("a", "b")]
    dispatcher.offer([about(at, *keys, route=wide) for at, keys in enumerate(people, 3)], 0.0)
    assert dispatcher.next_batch(SEARCH_AFTER) is None
    dispatcher.settle(first, SERVED, SEARCH_AFTER)
    second = take(dispatcher, SEARCH_AFTER)
    assert numbers(second) == [3, 6, 4, 5, 7]
    dispatcher.settle(second, Reply(400), 0.0)
    dispatcher.drop_oldest()
    assert dispatcher.pending_before(5), "4 waits behind 6"


def test_small_lines_wait_for_company_like_anything_else() -> None:
    """An entry whose person is free again goes with its batch or at its time, not in a request of its own."""
    dispatcher = make(batch_size=2)
    dispatcher.offer([about(1, "a"), about(2, "b")], 0.0)
    first = take(dispatcher)
    dispatcher.offer([about(3, "a"), about(4, "c"), about(5, "d")], 1.0)
    take(dispatcher, 1.0)
    dispatcher.settle(first, SERVED, 2.0)
    assert dispatcher.wake_at(2.0) == 6.0
    assert dispatcher.offer([about(6, "e")], 3.0), "it makes the batch full"
    assert numbers(take(dispatcher, 3.0)) == [3, 6]


def test_who_has_waited_longest_goes_first() -> None:
    """When many people are free again at once, their entries go in the order in which they were offered."""
    wide = Route("POST", "/one", "/many")
    dispatcher = make()
    people = [f"id:{number}" for number in range(30)]
    dispatcher.offer([about(at, person, route=wide) for at, person in enumerate(people, 1)], 0.0)
    first = take(dispatcher)
    dispatcher.offer([about(at, person, route=wide) for at, person in enumerate(reversed(people), 31)], 0.0)
    assert dispatcher.next_batch(SEARCH_AFTER) is None
    dispatcher.settle(first, SERVED, SEARCH_AFTER)
    assert numbers(take(dispatcher, SEARCH_AFTER)) == list(range(31, 61))


def test_routes_take_turns() -> None:
    """While much waits for one route, the others get their turn."""
    wide, other = Route("POST", "/one", "/many"), Route("POST", "/other", "/others")
    dispatcher = make()
    dispatcher.offer([about(at, person, route=wide) for at, person in enumerate("abcd", 1)], 0.0)
    first = take(dispatcher)
    dispatcher.offer(
        [*(about(at, person) for at, person in enumerate("abc", 5)), about(8, "d", route=other)], 0.0
    )
    assert dispatcher.next_batch(SEARCH_AFTER) is None
    dispatcher.settle(first, SERVED, SEARCH_AFTER)
    assert [numbers(take(dispatcher, SEARCH_AFTER)) for _ in range(3)] == [[5, 6], [8], [7]]


def test_the_oldest_of_all_that_may_go_sets_the_time() -> None:
    """Whoever was set free last, the flush interval counts from the entry that was offered first."""
    dispatcher = make(batch_size=2)
    dispatcher.offer([about(1, "a"), about(2, "x"), about(3, "b"), about(4, "y")], 0.0)
    first, second = take(dispatcher), take(dispatcher)
    dispatcher.offer([about(5, "b")], 1.0)
    dispatcher.offer([about(6, "a")], 2.0)
    assert dispatcher.next_batch(2.0) is None
    dispatcher.settle(first, SERVED, 2.0)
    assert dispatcher.wake_at(2.0) == 7.0, "that is 6, offered at 2"
    dispatcher.settle(second, SERVED, 2.0)
    assert dispatcher.wake_at(2.0) == 2.0, "two are enough"
    dispatcher.drop_oldest()
    assert dispatcher.wake_at(2.0) == 6.0, "not later than 6 needs"
    third = take(dispatcher, 7.0)
    assert numbers(third) == [6]
    dispatcher.offer([about(7, "a")], 8.0)
    assert dispatcher.next_batch(13.0) is None
    dispatcher.settle(third, SERVED, 13.0)
    assert dispatcher.wake_at(12.0) == 13.0


def test_order_holds_while_a_merge_is_searched_for_a_culprit() -> None:
    """Once the halves of a batch go one after the other they do so to the end, and nothing is left out."""
    wide = Route("POST", "/one", "/many")
    dispatcher = make()
    people = [("a",), ("b",), ("a", "b"), ("a",)]
    dispatcher.offer([about(at, *keys, route=wide) for at, keys in enumerate(people, 1)], 0.0)
    dispatcher.settle(take(dispatcher), Reply(400), 0.0)
    dispatcher.settle(take(dispatcher), Reply(400), 0.0)
    assert drain(dispatcher) == [[1], [2], [3, 4]]


class CountingQueue(deque[Queued]):
    """Count how often an entry is looked at."""

    looks = 0

    def popleft(self) -> Queued:
        """Take the first."""
        self.looks += 1
        return super().popleft()


def test_a_hot_person_is_not_looked_at_again_and_again() -> None:
    """However many of one person's entries wait, each is looked at once, and once more for each batch that is full."""
    dispatcher = make()
    backlog = dispatcher._backlog  # pyright: ignore[reportPrivateUsage]
    queue = backlog._queue = CountingQueue()  # pyright: ignore[reportPrivateUsage]
    count = 10_000
    dispatcher.offer([about(seq, "hot" if seq % 2 else f"id:{seq}") for seq in range(count)], 0.0)
    flying: list[Batch] = []
    sent = batches = 0
    while dispatcher.count:
        while len(flying) < 4 and (batch := dispatcher.next_batch(0.0)):
            flying.append(batch)
            sent += len(batch)
            batches += 1
        dispatcher.settle(flying.pop(0), SERVED, 0.0)
    assert sent == count
    assert count <= queue.looks <= count + batches


def test_a_long_queue_of_one_person_is_searched_in_steps() -> None:
    """One call looks at a bounded number of held entries; the next goes on where it ended."""
    dispatcher, now = make(), SEARCH_AFTER
    dispatcher.offer([about(0, "hot")], 0.0)
    take(dispatcher)
    dispatcher.offer([*(about(seq, "hot") for seq in range(1, 10_001)), about(10_001, "cold")], 0.0)
    assert dispatcher.next_batch(now) is None
    assert dispatcher.wake_at(now) == now, "there is more to look at"
    assert dispatcher.next_batch(now) is None
    assert numbers(take(dispatcher, now)) == [10_001]


def test_a_front_of_people_in_flight_is_searched_when_their_request_takes_long() -> None:
    """Others are looked for behind it a twentieth of a second after the request began, not at once."""
    dispatcher = make()
    dispatcher.offer([about(0, "a")], 0.0)
    take(dispatcher, 1.0)
    dispatcher.offer([*(about(seq, "a") for seq in range(1, FRONT + 1)), about(99, "b")], 1.0)
    assert dispatcher.next_batch(1.0) is None
    assert dispatcher.wake_at(1.0) == 1.0 + SEARCH_AFTER
    assert numbers(take(dispatcher, 1.0 + SEARCH_AFTER)) == [99]


def test_somebody_free_near_the_front_goes_at_once() -> None:
    """Where the front is not all of people in flight, nobody waits."""
    dispatcher = make()
    dispatcher.offer([about(0, "a")], 0.0)
    take(dispatcher, 1.0)
    dispatcher.offer([*(about(seq, "a") for seq in range(1, FRONT)), about(99, "b")], 1.0)
    assert numbers(take(dispatcher, 1.0)) == [99]


def test_what_waits_for_a_person_is_counted_apart() -> None:
    """Entries that may not go are known by their number and bytes, until their person is free again."""
    dispatcher = make()
    dispatcher.offer([about(0, "a")], 0.0)
    first = take(dispatcher)
    dispatcher.offer([*(about(seq, "a") for seq in range(1, 31)), about(99, "b"), about(100, "c")], 0.0)
    second = take(dispatcher, SEARCH_AFTER)
    assert (numbers(second), dispatcher.blocked, dispatcher.candidates) == ([99, 100], (30, 300), 0)
    dispatcher.settle(first, SERVED, SEARCH_AFTER)
    assert (dispatcher.blocked, dispatcher.candidates) == ((0, 0), 30)
    assert numbers(take(dispatcher, SEARCH_AFTER)) == [1, 2]
    assert dispatcher.blocked == (28, 280)
