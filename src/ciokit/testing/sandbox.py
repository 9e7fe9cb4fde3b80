"""A Customer.io inside the process, in the place of the network: no socket, no waiting, milliseconds a test.

While it stands, every client of this process that speaks to Customer.io speaks to it instead: the singletons, clients
that a program makes, and those that it made before. Their waits (between retries) pass at once.
"""

from types import TracebackType
from typing import Final, Self

from ciokit.clock import SYSTEM_CLOCK, Clock
from ciokit.sandbox.inprocess import SandboxTransport
from ciokit.sandbox.state.reporting import SIGNING_KEY
from ciokit.sandbox.state.retention import Retention
from ciokit.sandbox.state.rules import Rules
from ciokit.sandbox.world import World
from ciokit.settings import HOSTS, Region
from ciokit.singleton import reset
from ciokit.testing.assertions import Assertions
from ciokit.testing.clock import FakeClock, HurriedClock
from ciokit.testing.environment import NO_SPOOL, Environment
from ciokit.testing.webhooks import SignedWebhook, take_webhooks
from ciokit.transport.mounts import Mounted, mount, unmount

__all__ = ["URL", "CioSandbox"]

URL: Final = "https://sandbox.ciokit.invalid"
"""Where clients are pointed; a name that no network knows, so that a program's child reaches nothing either."""
_URLS: Final = frozenset({URL, *(url for hosts in HOSTS.values() for url in hosts.values())})


class CioSandbox(Assertions):
    """Act as Customer.io for this process, as long as the block lasts.

        with CioSandbox() as sandbox:
            ciokit.track_client().track("user-1", "signed_up")
            sandbox.assert_tracked("user-1", "signed_up")

    The environment has credentials and an address that lead here; the singletons are made anew, before and after. A
    client with a transport, or with the address of another server, of its own is left alone. A sandbox within another
    one stands in its place, and gives it back.

    Args:
        region: The account's region, which the settings name too. A client that speaks to the vendor's host in the other
            region gets what it would get there: the App API refuses it, the Track and Pipelines APIs accept what it
            sends. A client that follows the settings' address is never in the wrong region.
        rate_limits: Whether to answer 429 where the vendor's rate limits are exceeded.
        seed: Seed of what is left to chance, such as the probability of a fault.
        rules: How the workspace is set up; `Rules(strict=True)` refuses what the vendor silently discards.
        retention: How much to keep.
        clock: What clients without a clock of their own go by; by default the real time, in which waits pass at
            once.

    Attributes:
        clock: That clock; `clock.sleeps` are the waits.
    """

    def __init__(
        self,
        *,
        region: Region = "us",
        rate_limits: bool = False,
        seed: int = 0,
        rules: Rules | None = None,
        retention: Retention | None = None,
        clock: FakeClock | None = None,
    ) -> None:
        world = World(region=region, rate_limits=rate_limits, seed=seed, rules=rules, retention=retention)
        super().__init__(world, _URLS)
        self.clock: FakeClock = HurriedClock() if clock is None else clock
        self._clock_before: Clock | None = None
        self._answered_before: dict[str, Mounted | None] = {}
        self._environment = Environment(
            {
                "CUSTOMERIO_SITE_ID": "sandbox-site",
                "CUSTOMERIO_TRACK_API_KEY": "sandbox-key",
                "CUSTOMERIO_APP_API_KEY": "sandbox-key",
                "CUSTOMERIO_PIPELINES_API_KEY": "sandbox-key",
                "CUSTOMERIO_WEBHOOK_SIGNING_KEY": SIGNING_KEY,
                "CUSTOMERIO_REGION": region,
                "CIOKIT_BASE_URL": URL,
                **NO_SPOOL,
            }
        )

    @property
    def transport(self) -> SandboxTransport:
        """An httpx2 transport to this sandbox, for a client that wants one of its own."""
        return SandboxTransport(self.world, self.clock)

    def take_webhooks(self) -> list[SignedWebhook]:
        """Return what the sandbox would post by now to the reporting webhooks that the application has set up.

        Nothing is posted from inside a process: hand them to the application's handler.

        Returns:
            The webhooks since the last time, oldest first, each with its `url`.
        """
        self._settle()
        return take_webhooks(self.world)

    def _now(self) -> float:
        return self.clock.time()

    def __enter__(self) -> Self:
        reset()
        self._environment.set()
        self._answered_before = mount(_URLS, self.transport, self.transport)
        self._clock_before = SYSTEM_CLOCK.follow(self.clock)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._empty_outboxes()
            reset()
        finally:
            SYSTEM_CLOCK.follow(self._clock_before)
            unmount(self._answered_before)
            self._environment.restore()
