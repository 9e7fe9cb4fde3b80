"""Whether the service is worth asking: all requests, one probe, or none for now.

       ┌──────── a probe passes ────────┐
       ▼                                │
    closed ── failures in a row ──► open: one probe at a time, backing off
       │                                │
       └──── 401, 403, redirect ──► paused: one slow probe at a time, loudly

Requests are known by their serial numbers, so that news of a request sent before the breaker opened cannot close it.

Pure: `now` is an argument and chance is handed in. It knows nothing of what the requests carry.
"""

import math
from collections.abc import Callable

from ciokit.verdict import RetryPolicy

__all__ = ["Breaker"]


class Breaker:
    """Decide when requests may be sent to a service that may be down.

    Args:
        policy: How long to wait between probes: the delays of its retries.
        chance: A source of random numbers from 0 to 1, for the jitter.
        trip_after: Failures in a row that open it.
        probe_interval: Seconds between probes while paused.
    """

    __slots__ = (
        "_chance",
        "_failures",
        "_open",
        "_policy",
        "_probe",
        "_probe_at",
        "_probe_interval",
        "_trip_after",
        "paused",
        "probes",
    )

    def __init__(
        self, policy: RetryPolicy, chance: Callable[[], float], *, trip_after: int, probe_interval: float
    ) -> None:
        self._policy = policy
        self._chance = chance
        self._trip_after = trip_after
        self._probe_interval = probe_interval
        self._failures = 0
        self._open = False
        self._probe: int | None = None
        self._probe_at = -math.inf
        self.paused = ""
        self.probes = 0

    @property
    def open(self) -> bool:
        """Return whether only probes go out."""
        return self._open

    @property
    def ready_at(self) -> float:
        """Return the time at which a request may go out: long past when closed, never while a probe is on its way."""
        if not self._open:
            return -math.inf
        return self._probe_at if self._probe is None else math.inf

    def sent(self, serial: int) -> None:
        """Note that a request goes out; while open it is the probe."""
        if self._open:
            self._probe = serial

    def passed(self, serial: int) -> bool:
        """Note that the service works, and return whether this closed the breaker."""
        if self._open and serial != self._probe:
            return False  # an answer from before: it says how things were
        closed, self._open = self._open, False
        self._failures = self.probes = 0
        self._probe = None
        self.paused = ""
        return closed

    def failed(self, serial: int, now: float) -> None:
        """Note a passing failure: open after so many in a row, or wait longer for the next probe."""
        self._failures += 1
        if self._open and serial == self._probe:
            self._wait(now)
        elif not self._open and self._failures >= self._trip_after:
            self._open = True
            self._wait(now)

    def pause(self, serial: int, cause: str, now: float) -> None:
        """Note that the settings are wrong: nothing but a slow probe goes out until one passes."""
        news = not self.paused or serial == self._probe
        self.paused, self._open = cause, True
        if news and self._probe in {None, serial}:
            self._wait(now)

    def resume(self, now: float) -> None:
        """Probe at once: somebody has changed something."""
        if self._open:
            self._probe_at = min(self._probe_at, now)

    def _wait(self, now: float) -> None:
        self._probe = None
        if self.paused:
            wait = self._probe_interval * (1 + self._policy.jitter * self._chance())
        else:
            wait = self._policy.delay(self.probes, self._chance())
        self._probe_at = now + wait
        self.probes += 1
