"""How the dispatcher treats a service that is down, slow or asks for less."""

import math

from ciokit.dispatch import Batch, Dispatcher
from ciokit.verdict import NoReply, Reply, RetryPolicy
from ciokit.wire import Entry, Route

SERVED = Reply(200, {}, b"{}")
DOWN = Reply(503)
POLICY = RetryPolicy(max_retries=1_000_000, base_delay=1.0, max_delay=30.0, budget=math.inf)
ALONE = Route("POST", "/alone")


def make(*, waiting: int = 0, rate: float | None = None, chance: float = 0.0) -> Dispatcher:
    """Make a dispatcher that sends at once, an entry a request, with so many waiting."""
    dispatcher = Dispatcher(POLICY, chance=lambda: chance, batch_size=1, rate=rate, burst=1)
    dispatcher.offer(
        [(seq, Entry(b"{}", (f"id:{seq}",), "event", ALONE)) for seq in range(1, waiting + 1)], 0.0
    )
    return dispatcher


def send(dispatcher: Dispatcher, now: float) -> Batch:
    """Take a batch that must be there."""
    batch = dispatcher.next_batch(now)
    assert batch
    return batch


def send_all(dispatcher: Dispatcher, now: float) -> list[Batch]:
    """Take all batches that may go at a time."""
    batches: list[Batch] = []
    while batch := dispatcher.next_batch(now):
        batches.append(batch)
    return batches


def bring_down(dispatcher: Dispatcher, now: float = 0.0) -> None:
    """Let as many requests fail as open the breaker."""
    for batch in [send(dispatcher, now) for _ in range(3)]:
        dispatcher.settle(batch, DOWN, now)
    assert dispatcher.down


def test_one_failure_stops_nobody_else() -> None:
    """After a failure its own batch waits, and the others go on."""
    dispatcher = make(waiting=3)
    dispatcher.settle(send(dispatcher, 0.0), DOWN, 0.0)
    assert not dispatcher.down
    assert len(send_all(dispatcher, 0.0)) == 2


def test_failures_with_a_success_between_them_do_not_add_up() -> None:
    """The breaker opens after failures in a row; a success starts the count anew."""
    dispatcher = make(waiting=5)
    for reply in (DOWN, DOWN, SERVED, DOWN, DOWN):
        dispatcher.settle(send(dispatcher, 0.0), reply, 0.0)
    assert not dispatcher.down


def test_while_the_service_is_down_there_is_one_probe_at_a_time() -> None:
    """After three failures in a row nothing goes but one probe, and no second while it is on its way."""
    dispatcher = make(waiting=100)
    bring_down(dispatcher)
    assert dispatcher.next_batch(0.99) is None
    assert dispatcher.wake_at(0.0) == 1.0
    assert len(send_all(dispatcher, 1.0)) == 1
    assert dispatcher.wake_at(1000.0) is None
    assert dispatcher.next_batch(1000.0) is None


def test_probes_back_off() -> None:
    """The wait between probes doubles up to the policy's most."""
    dispatcher = make(waiting=100)
    bring_down(dispatcher)
    now = 0.0
    waits: list[float] = []
    for _ in range(8):
        wake_at = dispatcher.wake_at(now)
        assert wake_at is not None
        waits.append(wake_at - now)
        now = wake_at
        dispatcher.settle(send(dispatcher, now), DOWN, now)
    assert waits == [1, 2, 4, 8, 16, 30, 30, 30]


def test_batches_take_turns_as_the_probe() -> None:
    """Each probe is the batch whose last attempt is longest ago."""
    dispatcher = make(waiting=3)
    bring_down(dispatcher)
    now, probes = 0.0, list[int]()
    for _ in range(6):
        now = dispatcher.wake_at(now) or now
        batch = send(dispatcher, now)
        probes.append(batch.items[0][0])
        dispatcher.settle(batch, DOWN, now)
    assert probes == [1, 2, 3, 1, 2, 3]


def test_probes_are_jittered() -> None:
    """Many processes do not probe in step: chance adds to each wait."""
    dispatcher = make(waiting=100, chance=1.0)
    bring_down(dispatcher)
    assert dispatcher.wake_at(0.0) == 1.3


def test_a_day_of_outage_costs_few_requests() -> None:
    """In a day without an answer there is a probe each 30 s and no more."""
    dispatcher = make(waiting=1000)
    now, requests = 0.0, 0
    while now < 86_400:
        now = dispatcher.wake_at(now) or now
        dispatcher.settle(send(dispatcher, now), NoReply("timed out"), now)
        requests += 1
    assert requests <= 86_400 / 30 + 10
    assert dispatcher.pending.retrying <= 8 + requests / 8, (
        "few were tried, and so few go out in small batches"
    )


def test_when_a_probe_passes_all_go_again() -> None:
    """The first success closes the breaker, and what waited for its retry goes first and at once."""
    dispatcher = make(waiting=5)
    bring_down(dispatcher)
    probe = send(dispatcher, 1.0)
    dispatcher.settle(probe, SERVED, 1.0)
    assert not dispatcher.down
    rest = [seq for batch in send_all(dispatcher, 1.0) for seq, _ in batch.items]
    assert sorted([*rest, probe.items[0][0]]) == [1, 2, 3, 4, 5]
    assert rest[2:] == [4, 5]


def test_when_a_probe_passes_no_wait_of_before_holds() -> None:
    """A batch whose own next attempt is far off goes as soon as another proves that the service is back."""
    dispatcher = make(waiting=1)
    for now in (0.0, 1.0, 3.0, 4.0):
        dispatcher.settle(send(dispatcher, now), DOWN, now)
    dispatcher.offer([(2, Entry(b"{}", ("id:2",), "event", ALONE))], 5.0)
    assert dispatcher.wake_at(5.0) == 6.0
    probe = send(dispatcher, 6.0)
    assert probe.items[0][0] == 2
    dispatcher.settle(probe, SERVED, 6.0)
    assert send(dispatcher, 6.0).items[0][0] == 1


def test_each_outage_starts_its_own_backoff() -> None:
    """After an outage the first wait of the next one is the shortest again."""
    dispatcher = make(waiting=100)
    bring_down(dispatcher)
    dispatcher.settle(send(dispatcher, 1.0), DOWN, 1.0)
    dispatcher.settle(send(dispatcher, 3.0), SERVED, 3.0)
    bring_down(dispatcher, 3.0)
    assert dispatcher.wake_at(3.0) == 4.0


def test_an_answer_from_before_does_not_close_the_breaker() -> None:
    """Only the probe tells how the service is now; an older request that was served does not."""
    dispatcher = make(waiting=10)
    early = send(dispatcher, 0.0)
    bring_down(dispatcher)
    dispatcher.settle(early, SERVED, 0.5)
    assert dispatcher.down
    assert dispatcher.next_batch(0.5) is None


def test_a_failure_from_before_does_not_put_the_probe_off() -> None:
    """Requests that were in flight when the breaker opened and fail later change nothing."""
    dispatcher = make(waiting=10)
    early = send(dispatcher, 0.0)
    bring_down(dispatcher)
    dispatcher.settle(early, DOWN, 0.5)
    assert dispatcher.wake_at(0.5) == 1.0


def test_a_refusal_proves_that_the_service_is_up() -> None:
    """A probe that is refused for its content closes the breaker like one that is taken."""
    dispatcher = make(waiting=10)
    bring_down(dispatcher)
    dispatcher.settle(send(dispatcher, 1.0), Reply(400), 1.0)
    assert not dispatcher.down


def test_batches_that_always_fail_do_not_keep_the_others_waiting() -> None:
    """When the only batches that were tried fail for reasons of their own, new entries soon get their turn."""
    dispatcher = make(waiting=8)
    now = 0.0
    delivered: set[int] = set()
    for _ in range(20):
        now = dispatcher.wake_at(now) or now
        batch = send(dispatcher, now)
        outcome = DOWN if batch.items[0][0] <= 6 else SERVED
        delivered |= {seq for seq, _ in dispatcher.settle(batch, outcome, now).delivered}
    assert delivered == {7, 8}


def test_many_batches_that_always_fail_do_not_either() -> None:
    """Also with more failing batches than take turns as the probe, new entries get theirs."""
    dispatcher = make(waiting=40)
    now = 0.0
    delivered: set[int] = set()
    for _ in range(400):
        wake_at = dispatcher.wake_at(now)
        assert wake_at is not None
        now = wake_at
        batch = send(dispatcher, now)
        outcome = DOWN if batch.items[0][0] <= 20 else SERVED
        delivered |= {seq for seq, _ in dispatcher.settle(batch, outcome, now).delivered}
    assert delivered == set(range(21, 41))


def test_a_flush_does_not_hammer_a_service_that_is_down() -> None:
    """Asking for a flush again and again brings no probe forward."""
    dispatcher = make(waiting=10)
    bring_down(dispatcher)
    for tenth in range(10):
        dispatcher.flush(tenth / 10)
        assert dispatcher.next_batch(tenth / 10) is None


def test_a_probe_that_meets_a_wrong_key_pauses() -> None:
    """When the service is back and does not know the key, the outage becomes a pause."""
    dispatcher = make(waiting=10)
    bring_down(dispatcher)
    dispatcher.settle(send(dispatcher, 1.0), Reply(401), 1.0)
    assert dispatcher.paused == "unauthorized"
    assert dispatcher.wake_at(1.0) == 61.0


def test_a_wrong_key_seen_late_leaves_the_probe_alone() -> None:
    """A 401 of an older request, while a probe is on its way, starts no second probe; the probe decides."""
    dispatcher = make(waiting=10)
    early = send(dispatcher, 0.0)
    bring_down(dispatcher)
    probe = send(dispatcher, 1.0)
    dispatcher.settle(early, Reply(401), 2.0)
    assert dispatcher.paused
    assert dispatcher.wake_at(500.0) is None
    dispatcher.settle(probe, SERVED, 500.0)
    assert not dispatcher.paused


def test_429_lowers_the_rate_for_all_and_it_recovers() -> None:
    """A 429 halves the requests a second, and seconds with successes bring them back."""
    dispatcher = make(waiting=200, rate=64.0)
    dispatcher.settle(send(dispatcher, 0.0), Reply(429), 0.0)
    assert dispatcher.rate == 32
    assert dispatcher.next_batch(1 / 64) is None
    now = 0.0
    while dispatcher.count:
        now = dispatcher.wake_at(now) or now
        dispatcher.settle(send(dispatcher, now), SERVED, now)
    assert now > 2.5, "slower than at full rate"
    assert 32 < dispatcher.rate <= 64


def test_429_to_requests_already_in_flight_is_one_cut() -> None:
    """Requests that were sent before the rate was lowered say nothing about the lower rate."""
    dispatcher = make(waiting=10, rate=64.0)
    batches = [send(dispatcher, at / 64) for at in range(4)]
    for batch in batches:
        dispatcher.settle(batch, Reply(429), 1.0)
    assert dispatcher.rate == 32


def test_retry_after_holds_everything() -> None:
    """What the service asks for with Retry-After is granted by all batches, not only the one that was told."""
    dispatcher = make(waiting=10)
    dispatcher.settle(send(dispatcher, 0.0), Reply(429, {"retry-after": "7"}), 0.0)
    assert dispatcher.next_batch(6.9) is None
    assert dispatcher.wake_at(0.0) == 7.0
    assert len(send_all(dispatcher, 7.0)) == 10


def test_retry_after_of_a_503_holds_everything_too() -> None:
    """A service that announces when it is back is not asked before."""
    dispatcher = make(waiting=10)
    dispatcher.settle(send(dispatcher, 0.0), Reply(503, {"retry-after": "20"}), 0.0)
    assert dispatcher.wake_at(0.0) == 20.0


def test_a_retry_after_that_is_a_date_needs_the_time_of_day() -> None:
    """A date without the service's own clock is read with the Unix time handed in."""
    dispatcher = make(waiting=1)
    reply = Reply(429, {"retry-after": "Thu, 01 Jan 1970 00:01:40 GMT"})
    dispatcher.settle(send(dispatcher, 0.0), reply, 0.0, unix_time=95.0)
    assert dispatcher.wake_at(0.0) == 5.0
