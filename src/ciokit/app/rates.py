"""The vendor's rates for the App API, each for itself.

    general          10 requests a second
    transactional    100 a second
    broadcast        one in 10 seconds

Requests are spread evenly, so that no second has more than its share; the first after a pause never waits.
"""

from ciokit.app.endpoint import Rate
from ciokit.turns import RateLimit

__all__ = ["RateLimits"]


class RateLimits:
    """Keep to the App API's rates; several clients share them if they are given the same one.

    Args:
        general: Requests a second to everything that is not named below; None for no limit.
        transactional: Transactional messages a second.
        broadcast: Triggers of broadcasts a second.

    Raises:
        SettingsError: If a number is out of range.
    """

    def __init__(
        self,
        *,
        general: float | None = 10.0,
        transactional: float | None = 100.0,
        broadcast: float | None = 0.1,
    ) -> None:
        self._limits: dict[Rate, RateLimit] = {
            "general": RateLimit(general),
            "transactional": RateLimit(transactional),
            "broadcast": RateLimit(broadcast),
        }

    def of(self, rate: Rate) -> RateLimit:
        """Return the limit that an endpoint counts against."""
        return self._limits[rate]
