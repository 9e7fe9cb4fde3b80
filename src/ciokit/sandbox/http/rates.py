"""The vendor's rate limits, counted in fixed windows of time.

Knows routes by name, not what they do; time is passed in.
"""

from typing import Final, NamedTuple

from ciokit.sandbox.state.retention import trim


class Rate(NamedTuple):
    """Allow so many requests in so many seconds."""

    requests: int
    seconds: float


_APIS: Final = {"track": Rate(1000, 1.0), "pipelines": Rate(3000, 3.0), "app": Rate(10, 1.0)}
_SEND: Final = Rate(100, 1.0)
_TRIGGER: Final = Rate(1, 10.0)
_ARCHIVED: Final = Rate(100, 86_400.0)
_MOST_WINDOWS: Final = 10_000


class RateLimits:
    """Count requests and tell which are too many."""

    def __init__(self) -> None:
        self._windows: dict[tuple[str, ...], tuple[float, int]] = {}

    def exceeded(self, api: str, template: str, path: str, workspace: str, now: float) -> str | None:
        """Count a request.

        Args:
            api: `track`, `app` or `pipelines`.
            template: The route's template.
            path: The path as sent.
            workspace: Whose request it is.
            now: Unix seconds.

        Returns:
            What to tell the sender if it is one too many, else None.
        """
        rate, key = _rate(api, template, path)
        full_key = (workspace, *key)
        start, count = self._windows.get(full_key, (now, 0))
        if not 0 <= now - start < rate.seconds:
            start, count = now, 0
        if count >= rate.requests:
            return f"Your request is over the {_spoken(rate)} limit."
        self._windows[full_key] = (start, count + 1)
        trim(self._windows, _MOST_WINDOWS)
        return None


def _rate(api: str, template: str, path: str) -> tuple[Rate, tuple[str, ...]]:
    if template.startswith("/v1/send/"):
        return _SEND, ("send",)
    if template == "/v1/campaigns/{broadcast_id}/triggers":
        return _TRIGGER, ("trigger", path)
    if template == "/v1/messages/{message_id}/archived_message":
        return _ARCHIVED, ("archived",)
    return _APIS[api], (api,)


def _spoken(rate: Rate) -> str:
    if rate.seconds == 1.0:
        return f"{rate.requests}-per-second"
    return "1-per-10-seconds" if rate == _TRIGGER else f"{rate.requests}-per-{rate.seconds:g}-seconds"
