"""A rate that all threads and tasks of a client keep to, and several clients where they share it."""

import asyncio
import threading
from typing import Any

import httpx2
import hypothesis.strategies as st
import pytest
from hypothesis import given

from ciokit import (
    AsyncTrackClient,
    PipelinesClient,
    RateLimit,
    RateLimitReached,
    RetryPolicy,
    SettingsError,
    Track,
    TrackClient,
)
from ciokit.testing import FakeClock


class Answers(httpx2.BaseTransport, httpx2.AsyncBaseTransport):
    """Answer with one status after the other, the last one for ever."""

    def __init__(self, *statuses: int) -> None:
        self._statuses = list(statuses)
        self.requests = 0

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Answer."""
        self.requests += 1
        return httpx2.Response(self._statuses.pop(0) if len(self._statuses) > 1 else self._statuses[0])

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Answer the same."""
        return self.handle_request(request)


def track_client(answers: Answers, clock: FakeClock, **options: Any) -> TrackClient[Any, Any]:
    """Make a client."""
    return TrackClient("site", "key", transport=answers, clock=clock, **options)


def test_direct_calls_keep_to_the_rate() -> None:
    """Calls beyond the burst wait for their turns, so that within any second no more start than allowed."""
    clock = FakeClock()
    client = track_client(Answers(200), clock, rate_limit=RateLimit(10, burst=5))
    before = clock.monotonic()
    for _ in range(5):
        client.delete("user-1")
    assert clock.sleeps == ()
    for _ in range(20):
        client.delete("user-1")
    assert clock.monotonic() - before == pytest.approx(2.0)


def test_the_default_is_what_the_vendor_documents() -> None:
    """Without a word, a client starts no more than 1,000 requests within a second."""
    clock = FakeClock()
    client = track_client(Answers(200), clock)
    before = clock.monotonic()
    sent = 0
    while clock.monotonic() - before < 1:
        client.delete("user-1")
        sent += 1
    assert 900 <= sent <= 1001


def test_each_request_of_a_batch_is_one() -> None:
    """A batch counts by its requests, of Pipelines as of Track."""
    clock = FakeClock()
    client = PipelinesClient("key", transport=Answers(200), clock=clock, rate_limit=RateLimit(1))
    for _ in range(3):
        client.track("user-1", "viewed", {"x": "y" * 20_000})
    assert sum(clock.sleeps) == pytest.approx(2)
    track = track_client(Answers(200), clock, rate_limit=RateLimit(1))
    before = clock.monotonic()
    result = track.batch([Track("user-1", "viewed", {"x": "y" * 20_000}) for _ in range(60)])
    assert result.requests == 3
    assert clock.monotonic() - before == pytest.approx(2)


def test_clients_can_share_a_limit() -> None:
    """Clients of one workspace that are given the same limit keep to it together, with and without asyncio."""
    clock, limit = FakeClock(), RateLimit(1)
    client = track_client(Answers(200), clock, rate_limit=limit)
    other = AsyncTrackClient("site", "key", transport=Answers(200), clock=clock, rate_limit=limit)
    client.delete("user-1")
    asyncio.run(finish(other))
    assert sum(clock.sleeps) == pytest.approx(1)


async def finish(client: AsyncTrackClient[Any, Any]) -> None:
    """Make one call and close."""
    await client.delete("user-1")
    await client.aclose()


def test_a_429_slows_direct_calls_down() -> None:
    """After the service has complained, requests come at half the rate; those that pass bring it back."""
    clock = FakeClock()
    client = track_client(
        Answers(429, 200), clock, rate_limit=RateLimit(10), retry=RetryPolicy(jitter=0, base_delay=1)
    )
    client.delete("user-1")
    clock.sleep(5)
    before = clock.monotonic()
    for _ in range(3):
        client.delete("user-1")
    slowed = clock.monotonic() - before
    assert slowed > 0.25
    for _ in range(200):
        client.delete("user-1")
    before = clock.monotonic()
    for _ in range(10):
        client.delete("user-1")
    assert clock.monotonic() - before == pytest.approx(1)


def test_nobody_waits_beyond_the_budget() -> None:
    """Where the turn is further away than the policy would go on trying, the call is refused, and nothing is sent."""
    clock, answers = FakeClock(), Answers(200)
    client = track_client(answers, clock, rate_limit=RateLimit(0.1), retry=RetryPolicy(budget=5))
    client.delete("user-1")
    with pytest.raises(
        RateLimitReached, match=r"not sent.*call again in 10\.00 s, or leave it to an Outbox"
    ) as caught:
        client.track("user-1", "viewed")
    assert (caught.value.attempts, caught.value.retryable) == (0, True)
    assert caught.value.id
    assert answers.requests == 1
    clock.sleep(10)
    client.delete("user-1")


def test_no_limit() -> None:
    """Without a rate nothing waits."""
    clock = FakeClock()
    client = track_client(Answers(200), clock, rate_limit=RateLimit(None))
    for _ in range(3000):
        client.delete("user-1")
    assert clock.sleeps == ()


@pytest.mark.parametrize(
    ("rate", "burst", "message"),
    [
        (0, 1, "rate must be more than 0 requests a second, or None for no limit, got 0"),
        (float("inf"), 1, "rate must be more than 0"),
        (float("nan"), 1, "rate must be more than 0"),
        (1, 0, "burst must be at least 1 request, got 0"),
    ],
)
def test_numbers_out_of_range(rate: float, burst: int, message: str) -> None:
    """A rate that makes no sense is refused, in words that name it."""
    with pytest.raises(SettingsError, match=message):
        RateLimit(rate, burst=burst)


@pytest.mark.parametrize("kind", [TrackClient, PipelinesClient])
def test_a_bare_number_is_no_limit(kind: Any) -> None:
    """A number of requests where a limit belongs is refused when the client is made, with what to write."""
    with pytest.raises(SettingsError) as raised:
        kind(api_key="key", rate_limit=200, **({"site_id": "site"} if kind is TrackClient else {}))
    assert str(raised.value) == "rate_limit must be a RateLimit, such as RateLimit(200), got 200"


def test_turns_of_many_threads() -> None:
    """However many threads ask at the same moment, each gets a turn of its own."""
    limit, turns, lock = RateLimit(100), list[float](), threading.Lock()

    def ask() -> None:
        for _ in range(50):
            turn = limit.claim(0.0)
            with lock:
                turns.append(-1.0 if turn is None else turn)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(turns) == pytest.approx([place / 100 for place in range(400)])


@given(
    st.lists(
        st.tuples(st.sampled_from(["claim", "give back", "pass", "refused"]), st.integers(0, 20)), max_size=60
    ),
    st.integers(1, 3),
)
def test_no_two_requests_start_closer_than_the_rate(steps: list[tuple[str, int]], burst: int) -> None:
    """Whichever turns are given back, in whatever order, those that are used keep to the rate and the burst."""
    limit, now = RateLimit(1.0, burst=burst), 0.0
    waiting: list[float] = []
    used: list[float] = []
    for step, number in steps:
        if step == "claim":
            waited = limit.claim(now)
            assert waited is not None
            waiting.append(now + waited)
        elif step == "give back" and waiting:
            limit.give_back(waiting.pop(number % len(waiting)))
        elif step == "pass":
            now += number / 4
            used += [at for at in waiting if at <= now]
            waiting = [at for at in waiting if at > now]
        elif step == "refused":
            limit.heard(429, now)
    times = sorted(used + waiting)
    assert all(later - earlier > 0.999 for earlier, later in zip(times, times[burst:], strict=False))
