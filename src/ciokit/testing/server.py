"""A Customer.io on a port of this machine, for what has no transport to replace: other SDKs, other processes."""

import time
from types import TracebackType
from typing import Any, Self

from ciokit.sandbox.server import SandboxServer
from ciokit.sandbox.serving.errands import post
from ciokit.sandbox.state.records import Outgoing
from ciokit.sandbox.state.rules import Rules
from ciokit.sandbox.world import World
from ciokit.settings import Region
from ciokit.singleton import reset
from ciokit.testing.assertions import Assertions
from ciokit.testing.environment import NO_SPOOL, Environment

__all__ = ["CioServer"]


class CioServer(Assertions):
    """Serve a Customer.io on a free port of the loopback interface, and point this process at it.

    The environment has its address, credentials and, with TLS, the certificate to trust (`SSL_CERT_FILE`,
    `REQUESTS_CA_BUNDLE`, `NODE_EXTRA_CA_CERTS`); child processes inherit them.

    Args:
        region: Where the account lives.
        rate_limits: Whether to answer 429 where the vendor's rate limits are exceeded.
        seed: Seed of what is left to chance.
        rules: How the workspace is set up.
        tls: Whether to speak https, with a certificate of a throw-away authority.

    Attributes:
        url: The address, without a slash at the end.
        port: The port.
        environment: The variables that are set.
    """

    def __init__(
        self,
        *,
        region: Region = "us",
        rate_limits: bool = False,
        seed: int = 0,
        rules: Rules | None = None,
        tls: bool = False,
    ) -> None:
        world = World(region=region, rate_limits=rate_limits, seed=seed, rules=rules)
        self._server = SandboxServer(world, tls=tls)
        self.url: str = self._server.url
        self.port: int = self._server.port
        super().__init__(world, {self.url})
        self.environment: dict[str, str] = {**self._server.environment, **NO_SPOOL}
        self._environment = Environment(self.environment)

    def send_webhook(self, url: str, event: dict[str, Any]) -> int:
        """Post a reporting webhook with a valid signature to the application, and wait for its answer.

        Args:
            url: Where to.
            event: The body: `{"event_id": ..., "object_type": "email", "metric": "opened", "data": {...}}`.

        Returns:
            The status that the application answered.

        Raises:
            ConnectionError: If there was no answer within 4 seconds, as long as the vendor waits.
        """
        made = self.webhook(event)
        posted = Outgoing(0, self._now(), "", url, made.headers, made.body)
        status, error = post(posted)
        if status is None:
            msg = f"the webhook to {url} had no answer: {error}"
            raise ConnectionError(msg)
        return status

    def _now(self) -> float:
        return time.time()

    def start(self) -> Self:
        """Begin to answer; the environment is left alone."""
        self._server.start()
        return self

    def stop(self) -> None:
        """Stop answering."""
        self._server.stop()

    def point(self) -> None:
        """Empty the sandbox, and point this process at it."""
        reset()
        self.reset()
        self._environment.set()

    def release(self) -> None:
        """Let outboxes deliver, close the singletons, and restore the environment."""
        try:
            self._empty_outboxes()
            reset()
        finally:
            self._environment.restore()

    def __enter__(self) -> Self:
        self.start()
        self.point()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.release()
        finally:
            self.stop()
