"""The dispatcher against a model: any entries, any replies, any passing of time."""

from collections.abc import Iterable
from itertools import count

import hypothesis.strategies as st
import msgspec
from hypothesis import note, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from ciokit.dispatch import PATIENT, Batch, Dispatcher
from ciokit.dispatch.order import Backlog
from ciokit.verdict import NoReply, Outcome, Reply
from ciokit.wire import Entry, Route

MANY = Route("POST", "/one", "/many", item_limit=40, batch_limit=150)
OTHERS = Route("POST", "/other", "/others", item_limit=60, batch_limit=200)
ALONE = Route("POST", "/alone")

KEYS = st.sampled_from("abcd")
ENTRIES = st.builds(
    Entry,
    body=st.integers(2, 50).map(lambda length: b"x" * length),
    keys=st.one_of(KEYS.map(lambda key: (key,)), st.tuples(KEYS, KEYS), st.just(())),
    kind=st.just("event"),
    route=st.sampled_from([MANY, MANY, MANY, MANY, OTHERS, ALONE]),
    replay_safe=st.sampled_from([True, True, True, False]),
)

SERVED = Reply(200, {}, b"{}")
DOWN = st.sampled_from(
    [
        Reply(500),
        Reply(503, {"retry-after": "7"}),
        Reply(408),
        NoReply("reset"),
        NoReply("refused", may_have_arrived=False),
    ]
)
LIMITED = st.sampled_from([Reply(429), Reply(429, {"retry-after": "3"})])
REFUSED = st.sampled_from([Reply(400), Reply(413), Reply(422)])
MISCONFIGURED = st.sampled_from(
    [
        Reply(401),
        Reply(403),
        Reply(301, {"location": "https://track-eu.customer.io/"}),
        NoReply("no trust", may_have_arrived=False, passing=False),
        NoReply("no HTTP", passing=False),
    ]
)
GOES_ON = {401, 403, 301, 429}


def partly(refused: Iterable[int]) -> Reply:
    """Answer as the service does when it took only some of a batch."""
    errors = [{"batch_index": index, "reason": "invalid", "field": "name"} for index in refused]
    return Reply(207, {}, msgspec.json.encode({"errors": errors}))


def may_have_arrived(outcome: Outcome) -> bool:
    """Tell whether a request that failed may have been processed."""
    if isinstance(outcome, NoReply):
        return outcome.may_have_arrived
    return outcome.status >= 500 or outcome.status == 408


class DispatcherModel(RuleBasedStateMachine):
    """Keep the entries that are not settled, in the order in which they were offered."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1000.0
        self.numbers = count(1)
        self.pending: dict[int, Entry] = {}
        self.flying: list[Batch] = []
        self.offered = self.delivered = self.rejected = self.dropped = 0

    def teardown(self) -> None:
        """Let the service answer with 200 from now on: everything must be settled within so many steps."""
        self.finish()

    @initialize(
        batch_size=st.integers(1, 6),
        rate=st.sampled_from([None, 5.0]),
        chance=st.floats(0, 1),
        burst=st.integers(1, 3),
    )
    def start(self, batch_size: int, rate: float | None, chance: float, burst: int) -> None:
        """Make a dispatcher, one that looks at few entries at a time, so that the bound is met."""
        self.dispatcher = Dispatcher(
            PATIENT, chance=lambda: chance, batch_size=batch_size, flush_interval=5.0, rate=rate, burst=burst
        )
        # A bound that no test of this size would meet otherwise.
        self.dispatcher._backlog = Backlog(batch_size, step_aside=3)  # pyright: ignore[reportPrivateUsage]

    @rule(entries=st.lists(ENTRIES, min_size=1, max_size=8))
    def offer(self, entries: list[Entry]) -> None:
        """Offer some entries."""
        numbered = [(next(self.numbers), entry) for entry in entries]
        self.dispatcher.offer(numbered, self.now)
        self.pending.update(numbered)
        self.offered += len(entries)

    @rule(seconds=st.one_of(st.floats(0, 2), st.floats(0, 100)))
    def let_time_pass(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds

    @precondition(lambda self: self.pending)
    @rule()
    def sleep_until_woken(self) -> None:
        """Sleep as a sender does."""
        wake_at = self.dispatcher.wake_at(self.now)
        if wake_at is not None:
            self.now = wake_at

    @precondition(lambda self: self.pending)
    @rule()
    def flush(self) -> None:
        """Ask for what waits at once."""
        self.dispatcher.flush(self.now)

    @precondition(lambda self: self.dispatcher.paused)
    @rule()
    def resume(self) -> None:
        """Say that the settings may be right now."""
        self.dispatcher.resume(self.now)

    @precondition(lambda self: self.pending)
    @rule()
    def drop_oldest(self) -> None:
        """Make room: what is dropped waited, and when nothing is dropped all is in flight."""
        held = {seq for batch in self.flying for seq, _ in batch.items}
        item = self.dispatcher.drop_oldest()
        if item is None:
            kept = [seq for seq in self.pending if seq not in held]
            later = {seq for batch in self.flying for items in batch.later for seq, _ in items}
            assert set(kept) <= later
            return
        seq, entry = item
        assert seq not in held
        assert self.pending.pop(seq) is entry
        self.dropped += 1

    @precondition(lambda self: len(self.pending) > sum(map(len, self.flying)))
    @rule(patient=st.booleans())
    def send(self, *, patient: bool) -> None:
        """Take the next batch, now or when it is time, which must be within every bound and in order."""
        if patient:
            self.sleep_until_woken()
        wake_at = self.dispatcher.wake_at(self.now)
        batch = self.dispatcher.next_batch(self.now)
        if batch is None:
            return
        note(f"sent {[seq for seq, _ in batch.items]}")
        assert wake_at == self.now, "it was woken too late"
        self.check_limits(batch)
        self.check_order(batch)
        self.flying.append(batch)

    def check_limits(self, batch: Batch) -> None:
        """Check bytes, count and route."""
        route, items = batch.route, batch.items
        assert items
        assert all(entry.route == route for _, entry in items)
        if len(items) > 1:
            assert route.batch
            assert len(batch.body()) <= route.batch_limit
            assert all(len(entry.body) <= route.item_limit for _, entry in items)

    def check_order(self, batch: Batch) -> None:
        """Check that the batch has the oldest entries of each of its people, and the people for itself."""
        keys = {key for _, entry in batch.items for key in entry.keys}
        assert keys <= batch.keys
        for other in self.flying:
            assert not batch.keys & other.keys, "two batches in flight share a person"
        for key in keys:
            mine = [seq for seq, entry in batch.items if key in entry.keys]
            due = [seq for seq, entry in self.pending.items() if key in entry.keys]
            assert mine == due[: len(mine)], f"{key} goes out of order"

    @precondition(lambda self: self.flying)
    @rule(data=st.data(), outcome=st.one_of(st.just(SERVED), DOWN, LIMITED, REFUSED, MISCONFIGURED))
    def answer(self, data: st.DataObject, outcome: Reply | NoReply) -> None:
        """Let the service answer a batch as a whole."""
        batch = self.flying.pop(data.draw(st.integers(0, len(self.flying) - 1)))
        self.settle(batch, outcome, self.expect(batch, outcome))

    @precondition(lambda self: self.flying)
    @rule(data=st.data())
    def answer_partly(self, data: st.DataObject) -> None:
        """Let the service refuse some entries of a batch."""
        batch = self.flying.pop(data.draw(st.integers(0, len(self.flying) - 1)))
        refused = data.draw(st.sets(st.integers(0, len(batch) - 1), min_size=1))
        expected = {batch.items[index][0] for index in refused}
        self.settle(batch, partly(refused), ({seq for seq, _ in batch.items} - expected, expected))

    def expect(self, batch: Batch, outcome: Outcome) -> tuple[set[int], set[int]]:
        """Say which entries of a batch must be delivered and which rejected."""
        every = {seq for seq, _ in batch.items}
        unsafe = {seq for seq, entry in batch.items if not entry.replay_safe}
        if outcome == SERVED:
            return every, set()
        if may_have_arrived(outcome):
            return set(), unsafe
        if isinstance(outcome, NoReply) or outcome.status in GOES_ON or len(every) > 1:
            return set(), set()
        return set(), every

    def settle(self, batch: Batch, outcome: Outcome, expected: tuple[set[int], set[int]]) -> None:
        """Tell the dispatcher, and check what it says became of the entries."""
        note(f"{outcome} for {[seq for seq, _ in batch.items]}")
        settlement = self.dispatcher.settle(batch, outcome, self.now)
        delivered = [seq for seq, _ in settlement.delivered]
        rejected = [rejection.seq for rejection in settlement.rejected]
        assert (set(delivered), set(rejected)) == expected
        for seq in (*delivered, *rejected):
            del self.pending[seq]
        self.delivered += len(delivered)
        self.rejected += len(rejected)

    @invariant()
    def nothing_is_lost(self) -> None:
        """Every entry offered is delivered, rejected, dropped or pending, and its bytes with it."""
        if not self.offered:
            return
        pending = self.dispatcher.pending
        assert (
            self.dispatcher.count
            == pending.waiting + pending.in_flight + pending.retrying
            == len(self.pending)
        )
        assert self.offered == self.delivered + self.rejected + self.dropped + self.dispatcher.count
        assert pending.in_flight == sum(len(batch) for batch in self.flying)
        size = sum(len(entry.body) for entry in self.pending.values())
        assert self.dispatcher.size == size
        assert pending.waiting_bytes + pending.in_flight_bytes + pending.retrying_bytes == size
        self.blocked_ones_are_counted()

    def blocked_ones_are_counted(self) -> None:
        """Whoever waits may go as far as is known, or is counted as blocked."""
        backlog = self.dispatcher._backlog  # pyright: ignore[reportPrivateUsage]
        lines = backlog._lines.values()  # pyright: ignore[reportPrivateUsage]
        blocked = [item for line in lines if not line.ready for item in line]
        assert self.dispatcher.blocked == (len(blocked), sum(len(entry.body) for _, entry in blocked))
        ready = sum(len(line) for line in lines if line.ready)
        queue = backlog._queue  # pyright: ignore[reportPrivateUsage]
        assert self.dispatcher.candidates == len(queue) + ready
        assert all(line.size == sum(len(entry.body) for _, entry in line) for line in lines)

    @invariant()
    def the_oldest_is_known(self) -> None:
        """The oldest entry that is not settled is known."""
        if self.pending:
            oldest = min(self.pending)
            assert self.dispatcher.pending_before(oldest + 1)
            assert not self.dispatcher.pending_before(oldest)

    def finish(self) -> None:
        """Go on until all is settled, with time passing only as the dispatcher asks for it."""
        steps = 0
        while self.pending:
            steps += 1
            assert steps <= 4 * self.offered + 40, "it does not come to an end"
            self.send(patient=False)
            if self.flying and (steps % 2 or self.dispatcher.wake_at(self.now) is None):
                batch = self.flying.pop(0)
                self.settle(batch, SERVED, ({seq for seq, _ in batch.items}, set()))
            else:
                self.sleep_until_woken()
            self.nothing_is_lost()
        assert self.dispatcher.wake_at(self.now) is None


TestDispatcherModel = DispatcherModel.TestCase
TestDispatcherModel.settings = settings(stateful_step_count=40, deadline=None)
