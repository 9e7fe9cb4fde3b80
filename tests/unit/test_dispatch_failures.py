"""What becomes of entries that the service does not simply take."""

import math
from collections.abc import Callable

import msgspec
import pytest

from ciokit.dispatch import PATIENT, Batch, Dispatcher, Settlement
from ciokit.verdict import NoReply, Outcome, Reply, RetryPolicy
from ciokit.wire import TRACK_V2, Entry, Route

SERVED = Reply(200, {}, b"{}")
RESET = NoReply("the connection was reset")
UNREACHED = NoReply("the connection was refused", may_have_arrived=False)


def make(policy: RetryPolicy = PATIENT) -> Dispatcher:
    """Make a dispatcher that sends at once and as fast as asked."""
    return Dispatcher(policy, chance=lambda: 0.0, batch_size=1, rate=None)


def event(seq: int, *, safe: bool = True, route: Route = TRACK_V2) -> tuple[int, Entry]:
    """Make a numbered event of a person of its own."""
    return seq, Entry(b"{%d}" % seq, (f"id:{seq}",), "event", route, replay_safe=safe)


def complaining(status: int, *indices: int | None) -> Reply:
    """Answer with complaints about some entries; None complains of none in particular."""
    errors = [
        {"reason": "invalid", "field": "name", "message": "too long"}
        | ({} if at is None else {"batch_index": at})
        for at in indices
    ]
    return Reply(status, {}, msgspec.json.encode({"errors": errors}))


def settle_first(dispatcher: Dispatcher, outcome: Outcome, now: float = 0.0) -> Settlement:
    """Send a batch and settle it."""
    batch = dispatcher.next_batch(now)
    assert batch
    return dispatcher.settle(batch, outcome, now)


def fates(settlement: Settlement) -> tuple[list[int], list[int]]:
    """Return the numbers of what was delivered and what was rejected."""
    return (
        [seq for seq, _ in settlement.delivered],
        [rejection.seq for rejection in settlement.rejected],
    )


def serve(
    dispatcher: Dispatcher, answer: Callable[[Batch], Outcome]
) -> tuple[list[int], list[Settlement], int]:
    """Answer until all is settled, time passing as asked for; return deliveries, settlements and requests."""
    now, requests = 0.0, 0
    delivered: list[int] = []
    settlements: list[Settlement] = []
    while (wake_at := dispatcher.wake_at(now)) is not None:
        now = wake_at
        if batch := dispatcher.next_batch(now):
            requests += 1
            settlements.append(dispatcher.settle(batch, answer(batch), now))
            delivered += [seq for seq, _ in settlements[-1].delivered]
    assert dispatcher.count == 0
    return sorted(delivered), settlements, requests


@pytest.mark.parametrize("status", [200, 207])
def test_complaints_of_some_entries_reject_only_those(status: int) -> None:
    """A 207, and a 200 that complains, deliver the batch without the entries they name."""
    dispatcher = make()
    dispatcher.offer([event(seq) for seq in range(1, 6)], 0.0)
    settlement = settle_first(dispatcher, complaining(status, 1, 3))
    assert fates(settlement) == ([1, 3, 5], [2, 4])
    rejection = settlement.rejected[0]
    assert (rejection.cause, rejection.status, rejection.attempts) == ("refused", status, 1)
    assert [str(reason) for reason in rejection.reasons] == ["name: invalid: too long"]
    assert dispatcher.count == 0


def test_a_complaint_without_an_index_is_about_the_only_entry() -> None:
    """When one entry was sent, whatever a 200 complains of is that entry."""
    dispatcher = make()
    dispatcher.offer([event(1)], 0.0)
    assert fates(settle_first(dispatcher, complaining(200, None))) == ([], [1])


def test_a_complaint_that_names_no_entry_rejects_none_of_many() -> None:
    """When several were sent, a complaint of none of them is passed on in the verdict and costs nothing."""
    dispatcher = make()
    dispatcher.offer([event(1), event(2)], 0.0)
    settlement = settle_first(dispatcher, complaining(200, None, 7))
    assert fates(settlement) == ([1, 2], [])


@pytest.mark.parametrize("status", [400, 413, 422])
def test_a_batch_that_is_refused_is_halved_until_the_culprits_stand_alone(status: int) -> None:
    """Among a thousand, two that spoil their batch are found in few requests, and only they are rejected."""
    culprits = {137, 800}
    dispatcher = make()
    dispatcher.offer([event(seq) for seq in range(1, 1001)], 0.0)

    def answer(batch: Batch) -> Outcome:
        return Reply(status) if any(seq in culprits for seq, _ in batch.items) else SERVED

    delivered, settlements, requests = serve(dispatcher, answer)
    rejected = [rejection for settlement in settlements for rejection in settlement.rejected]
    assert delivered == [seq for seq in range(1, 1001) if seq not in culprits]
    assert {rejection.seq for rejection in rejected} == culprits
    assert {(rejection.cause, rejection.status) for rejection in rejected} == {("refused", status)}
    assert all(10 <= rejection.attempts <= 11 for rejection in rejected)
    assert requests <= 2 * 2 * 10


def test_a_culprit_among_entries_of_one_person_is_found_in_order() -> None:
    """When all entries are one person's, the search keeps their order and rejects the culprit alone."""
    dispatcher = make()
    dispatcher.offer([(seq, Entry(b"{}", ("id:1",), "event")) for seq in range(1, 101)], 0.0)
    order: list[int] = []

    def answer(batch: Batch) -> Outcome:
        if any(seq == 42 for seq, _ in batch.items):
            return Reply(400)
        order.extend(seq for seq, _ in batch.items)
        return SERVED

    serve(dispatcher, answer)
    assert order == [seq for seq in range(1, 101) if seq != 42]


@pytest.mark.parametrize(
    ("reply", "cause"),
    [
        (Reply(401), "unauthorized"),
        (Reply(403), "unauthorized"),
        (Reply(301, {"location": "https://track-eu.customer.io/"}), "wrong_region"),
        (Reply(302, {"location": "https://portal.example/"}), "redirected"),
        (Reply(404), "misdirected"),
        (Reply(407), "misdirected"),
        (NoReply("the certificate is not trusted", may_have_arrived=False, passing=False), "no_reply"),
    ],
)
def test_wrong_settings_pause_everything_and_keep_it(reply: Outcome, cause: str) -> None:
    """A wrong key, region, address or certificate rejects nothing, says so, and stops all but a slow probe."""
    dispatcher = make()
    dispatcher.offer([event(1)], 0.0)
    settlement = settle_first(dispatcher, reply)
    assert (fates(settlement), settlement.paused) == (([], []), cause)
    dispatcher.offer([event(2)], 1.0)
    assert (dispatcher.paused, dispatcher.count) == (cause, 2)
    assert dispatcher.next_batch(59.9) is None
    assert dispatcher.wake_at(1.0) == 60.0
    assert fates(settle_first(dispatcher, reply, 60.0)) == ([], [])
    assert dispatcher.wake_at(60.0) == 120.0


def test_a_probe_that_passes_ends_the_pause() -> None:
    """Once the settings are right, the probe passes and all that was kept goes at once."""
    dispatcher = make()
    dispatcher.offer([event(1)], 0.0)
    settle_first(dispatcher, Reply(401))
    dispatcher.offer([event(2)], 1.0)
    assert fates(settle_first(dispatcher, SERVED, 60.0)) == ([1], [])
    assert not dispatcher.paused
    assert fates(settle_first(dispatcher, SERVED, 60.0)) == ([2], [])


def test_a_resume_probes_at_once() -> None:
    """Whoever has changed the settings need not wait for the slow probe; a pause that was right goes on."""
    dispatcher = make()
    dispatcher.offer([event(1)], 0.0)
    settle_first(dispatcher, Reply(401))
    dispatcher.resume(5.0)
    assert dispatcher.paused, "nothing is proven yet"
    settle_first(dispatcher, Reply(401), 5.0)
    assert dispatcher.wake_at(5.0) == 65.0
    dispatcher.resume(6.0)
    assert fates(settle_first(dispatcher, SERVED, 6.0)) == ([1], [])


def test_a_resume_tries_at_once_what_waits_for_its_retry() -> None:
    """A failure that is no outage, or not yet, is not waited for either."""
    dispatcher = make()
    dispatcher.offer([event(1)], 0.0)
    settle_first(dispatcher, Reply(500))
    assert dispatcher.next_batch(0.0) is None
    dispatcher.resume(0.0)
    assert fates(settle_first(dispatcher, SERVED, 0.0)) == ([1], [])


def test_a_pause_probes_with_what_it_has() -> None:
    """While paused the probe is the batch that met the wrong settings; new entries wait for company meanwhile."""
    dispatcher = make()
    dispatcher.offer([event(1)], 0.0)
    settle_first(dispatcher, Reply(401))
    dispatcher.offer([event(2), event(3)], 1.0)
    for probe in range(1, 6):
        settle_first(dispatcher, Reply(401), 60.0 * probe)
    assert (dispatcher.pending.retrying, dispatcher.pending.waiting) == (1, 2)


def test_an_answer_from_before_the_pause_does_not_end_it() -> None:
    """A batch that was sent before the key failed may still be served; that proves nothing for the next."""
    dispatcher = make()
    dispatcher.offer([event(1)], 0.0)
    early = dispatcher.next_batch(0.0)
    assert early
    dispatcher.offer([event(2)], 0.0)
    settle_first(dispatcher, Reply(401), 1.0)
    assert fates(dispatcher.settle(early, SERVED, 2.0)) == ([1], [])
    assert dispatcher.paused == "unauthorized"
    assert dispatcher.wake_at(2.0) == 61.0


def test_several_refusals_of_the_key_are_one_pause() -> None:
    """Batches that were in flight together and all meet the wrong key do not put the probe off again and again."""
    dispatcher = make()
    batches: list[Batch] = []
    for seq in (1, 2, 3):
        dispatcher.offer([event(seq)], 0.0)
        batch = dispatcher.next_batch(0.0)
        assert batch
        batches.append(batch)
    for at, batch in enumerate(batches):
        dispatcher.settle(batch, Reply(401), float(at))
    assert dispatcher.wake_at(2.0) == 60.0


def test_where_the_path_is_the_entrys_own_a_404_is_about_the_entry() -> None:
    """A 404 for a path without batches rejects the entry and pauses nothing."""
    dispatcher = make()
    dispatcher.offer([event(1, route=Route("POST", "/forms/12/submit"))], 0.0)
    assert fates(settle_first(dispatcher, Reply(404))) == ([], [1])
    assert not dispatcher.paused


@pytest.mark.parametrize("outcome", [RESET, UNREACHED, Reply(500), Reply(503), Reply(408), Reply(429)])
def test_a_passing_failure_never_rejects(outcome: Outcome) -> None:
    """However long an outage lasts, what can be sent again is kept, and all of it arrives in the end."""
    dispatcher = make()
    dispatcher.offer([event(seq) for seq in range(1, 101)], 0.0)
    now = 0.0
    while now < 6 * 3_600:
        wake_at = dispatcher.wake_at(now)
        assert wake_at is not None
        now = wake_at
        assert fates(settle_first(dispatcher, outcome, now)) == ([], [])
    delivered, _, _ = serve(dispatcher, lambda _: SERVED)
    assert delivered == list(range(1, 101))


def test_a_finite_policy_is_obeyed() -> None:
    """Where the application bounds the retries, the entry is rejected after the last, with the true attempts."""
    dispatcher = make(RetryPolicy(max_retries=2, base_delay=1.0, budget=math.inf))
    dispatcher.offer([event(1)], 0.0)
    assert fates(settle_first(dispatcher, Reply(503), 0.0)) == ([], [])
    assert fates(settle_first(dispatcher, Reply(503), 1.0)) == ([], [])
    settlement = settle_first(dispatcher, Reply(503), 3.0)
    assert fates(settlement) == ([], [1])
    rejection = settlement.rejected[0]
    assert (rejection.cause, rejection.status, rejection.attempts) == ("unavailable", 503, 3)
    assert rejection.may_have_arrived


def test_the_budget_counts_from_the_first_attempt() -> None:
    """A retry that would start after the budget is over is none; the entry is rejected instead."""
    dispatcher = make(RetryPolicy(max_retries=None, base_delay=1.0, budget=6.0))
    dispatcher.offer([event(1)], 10.0)
    assert fates(settle_first(dispatcher, RESET, 10.0)) == ([], [])
    assert fates(settle_first(dispatcher, RESET, 11.0)) == ([], [])
    assert fates(settle_first(dispatcher, RESET, 13.0)) == ([], [1])


def test_a_half_that_had_to_wait_has_retries_of_its_own() -> None:
    """With bounded retries, what failed before a batch was halved does not count against its second half."""
    dispatcher = make(RetryPolicy(max_retries=1, base_delay=1.0))
    dispatcher.offer([(seq, event(1)[1]) for seq in (1, 2)], 0.0)
    settle_first(dispatcher, Reply(500), 0.0)
    settle_first(dispatcher, Reply(400), 1.0)
    assert fates(settle_first(dispatcher, SERVED, 1.0)) == ([1], [])
    assert fates(settle_first(dispatcher, Reply(500), 1.0)) == ([], [])
    assert fates(settle_first(dispatcher, SERVED, 2.0)) == ([2], [])


@pytest.mark.parametrize(("outcome", "cause"), [(RESET, "no_reply"), (Reply(500), "unavailable")])
def test_what_must_not_be_sent_twice_is_given_up_alone(outcome: Outcome, cause: str) -> None:
    """When a request may have been processed, its unsafe entries are rejected and the rest of its batch is retried."""
    dispatcher = make()
    dispatcher.offer([event(1), event(2, safe=False), event(3)], 0.0)
    settlement = settle_first(dispatcher, outcome)
    assert fates(settlement) == ([], [2])
    assert (settlement.rejected[0].cause, settlement.rejected[0].may_have_arrived) == (cause, True)
    assert serve(dispatcher, lambda _: SERVED)[0] == [1, 3]


def test_a_person_whose_entry_was_given_up_is_not_forgotten() -> None:
    """When the rest of a batch is halved later, the person of an entry that left it is set free all the same."""
    dispatcher = make()
    dispatcher.offer([event(1, safe=False), event(2), event(3)], 0.0)
    assert fates(settle_first(dispatcher, RESET)) == ([], [1])
    settle_first(dispatcher, Reply(400), 1.0)
    dispatcher.offer([(4, event(1)[1])], 1.0)
    assert serve(dispatcher, lambda _: SERVED)[0] == [2, 3, 4]


def test_what_must_not_be_sent_twice_is_given_up_before_a_pause_too() -> None:
    """When a connection fails for good after the request may have gone out, its unsafe entries are rejected."""
    dispatcher = make()
    dispatcher.offer([event(1), event(2, safe=False)], 0.0)
    settlement = settle_first(dispatcher, NoReply("the answer was no HTTP", passing=False))
    assert fates(settlement) == ([], [2])
    assert (dispatcher.paused, dispatcher.count) == ("no_reply", 1)


def test_a_batch_of_unsafe_entries_alone_leaves_nothing_behind() -> None:
    """When all entries of a batch are given up, their people are free at once."""
    dispatcher = make()
    dispatcher.offer([event(1, safe=False)], 0.0)
    batch = dispatcher.next_batch(0.0)
    assert batch
    dispatcher.offer([(2, event(1)[1])], 0.0)
    assert fates(dispatcher.settle(batch, RESET, 0.0)) == ([], [1])
    assert fates(settle_first(dispatcher, SERVED)) == ([2], [])


@pytest.mark.parametrize("outcome", [UNREACHED, Reply(429), Reply(401), Reply(413)])
def test_what_was_certainly_not_processed_is_sent_again(outcome: Outcome) -> None:
    """An unsafe entry is retried when its request provably changed nothing."""
    dispatcher = make()
    dispatcher.offer([event(1, safe=False), event(2)], 0.0)
    assert fates(settle_first(dispatcher, outcome)) == ([], [])
    assert serve(dispatcher, lambda _: SERVED)[0] == [1, 2]


def test_a_batch_that_fails_while_others_pass_is_halved() -> None:
    """An entry that makes the service fail holds up its own person, and not for long the people of its batch."""
    dispatcher = make()
    dispatcher.offer([event(seq) for seq in range(1, 17)], 0.0)
    delivered: set[int] = set()
    for second in range(180):
        dispatcher.offer([event(17 + second)], float(second))  # others come and pass
        while batch := dispatcher.next_batch(float(second)):
            outcome = Reply(500) if any(seq == 5 for seq, _ in batch.items) else SERVED
            settlement = dispatcher.settle(batch, outcome, float(second))
            delivered |= {seq for seq, _ in settlement.delivered}
    assert set(range(1, 17)) - delivered == {5}


def test_an_outage_halves_nothing() -> None:
    """A batch that fails while nothing else passes goes out whole when the service is back."""
    dispatcher = make()
    dispatcher.offer([event(seq) for seq in range(1, 17)], 0.0)
    now = 0.0
    for _ in range(10):
        now = dispatcher.wake_at(now) or now
        settle_first(dispatcher, Reply(500), now)
    assert serve(dispatcher, lambda _: SERVED)[2] == 1
