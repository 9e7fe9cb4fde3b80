"""How fast requests may start."""

import math
from itertools import pairwise

import hypothesis.strategies as st
from hypothesis import given

from ciokit.pacing import Pace


def starts(pace: Pace, count: int, now: float = 0.0) -> list[float]:
    """Start as many requests as early as is allowed, and return when."""
    times: list[float] = []
    for _ in range(count):
        now = max(now, pace.ready_at)
        pace.start(now)
        times.append(now)
    return times


def test_a_burst_starts_at_once_and_the_rest_in_step() -> None:
    """After a quiet time the burst starts at once, and every further request one step later."""
    assert starts(Pace(8, 3), 6) == [0, 0, 0, 0.125, 0.25, 0.375]


def test_a_quiet_time_refills_the_burst_and_no_more() -> None:
    """However long nothing was sent, the burst is all that may start at once."""
    pace = Pace(8, 3)
    starts(pace, 6)
    assert starts(pace, 4, now=1000.0) == [1000, 1000, 1000, 1000.125]


def test_a_low_rate_has_no_burst() -> None:
    """Where nothing is said, a tenth of a second's worth starts at once: one request a second means just that."""
    assert starts(Pace(1), 3) == [0, 1, 2]
    assert starts(Pace(20), 3) == [0, 0, 0.05]


def test_no_limit_means_no_wait() -> None:
    """Without a rate every request may start at once, also after a 429."""
    pace = Pace(None, 1)
    pace.cut(0.0)
    assert starts(pace, 3) == [0, 0, 0]
    assert math.isinf(pace.rate)


def test_a_cut_halves_the_rate_and_spends_the_burst() -> None:
    """After a 429 the next request waits a step of the new rate."""
    pace = Pace(8, 3)
    pace.cut(0.0)
    assert pace.rate == 4
    assert starts(pace, 3) == [0.25, 0.5, 0.75]


def test_cuts_leave_a_little() -> None:
    """However often the rate is cut, a hundredth of it stays."""
    pace = Pace(100, 1)
    for _ in range(50):
        pace.cut(0.0)
    assert pace.rate == 1


def test_the_rate_comes_back_in_equal_steps() -> None:
    """Each second with requests passing brings back a twentieth of the full rate, up to all of it."""
    pace = Pace(100, 1)
    for _ in range(9):
        pace.cut(0.0)
    rates: list[float] = []
    for second in range(1, 26):
        pace.recover(float(second))
        rates.append(pace.rate)
    assert rates[:4] == [6, 11, 16, 21]
    assert rates[-1] == 100


def test_silence_is_no_evidence() -> None:
    """A request that passes after an hour of silence brings back no more than one after a second."""
    pace = Pace(100, 1)
    pace.cut(0.0)
    pace.recover(3600.0)
    assert pace.rate == 55


def test_a_hold_lets_nothing_start() -> None:
    """What the service asked for holds also when a shorter wait is asked for later."""
    pace = Pace(10, 3)
    pace.hold(30.0)
    pace.hold(20.0)
    assert starts(pace, 1) == [30]


@given(
    rate=st.floats(0.1, 1000),
    burst=st.integers(1, 20),
    pauses=st.lists(st.floats(0, 3), min_size=1, max_size=20),
)
def test_no_second_has_more_than_rate_and_burst(rate: float, burst: int, pauses: list[float]) -> None:
    """In any second at most `rate + burst` requests start, whenever they are asked for."""
    pace = Pace(rate, burst)
    now = 0.0
    times: list[float] = []
    for pause in pauses:
        now += pause
        times += starts(pace, 5, now)
        now = times[-1]
    assert all(before <= after for before, after in pairwise(times))
    for at, first in enumerate(times):
        within = [time for time in times[at:] if time < first + 1 - 1e-9]
        assert len(within) <= rate + burst + 1e-6
