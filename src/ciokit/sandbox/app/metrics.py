"""What became of the messages of a transactional message or a broadcast, counted over time.

Knows nothing of credentials, faults or sockets.
"""

from typing import Final

from ciokit.sandbox.app.messages import check_origin
from ciokit.sandbox.app.parts import number, query_of
from ciokit.sandbox.exchange import Reply
from ciokit.sandbox.http.envelopes import app_reply
from ciokit.sandbox.http.routes import Route, Visit
from ciokit.sandbox.shapes import refuse

_METRICS: Final = [
    "attempted",
    "bounced",
    "clicked",
    "human_clicked",
    "prefetch_clicked",
    "converted",
    "created",
    "deferred",
    "delivered",
    "drafted",
    "failed",
    "opened",
    "human_opened",
    "prefetch_opened",
    "sent",
    "spammed",
    "suppressed",
    "undeliverable",
    "topic_unsubscribed",
    "unsubscribed",
]
_PERIODS: Final = {"hours": 3600, "days": 86_400, "weeks": 604_800, "months": 2_629_800}
_STEPS: Final = {"hours": 24, "days": 45, "weeks": 12, "months": 121}


def template_metrics(visit: Visit) -> Reply:
    """Count what a transactional message became: GET /v1/transactional/{transactional_id}/metrics."""
    return _count(visit, "transactional", number(visit.path["transactional_id"], "transactional_id"))


def broadcast_metrics(visit: Visit) -> Reply:
    """Count what a broadcast's messages became: GET /v1/broadcasts/{broadcast_id}/metrics."""
    return _count(visit, "broadcast", number(visit.path["broadcast_id"], "broadcast_id"))


def _count(visit: Visit, origin: str, template: int) -> Reply:
    check_origin(visit, origin, template)
    query = query_of(visit)
    period = query.get("period") or "days"
    if period not in _PERIODS:
        refuse("period must be hours, days, weeks or months", "period")
    steps = number(query.get("steps") or str(_STEPS[period]), "steps")
    if not 1 <= steps <= _STEPS[period]:
        refuse(f"steps must be between 1 and {_STEPS[period]}", "steps")
    series = {name: [0] * steps for name in _METRICS}
    for message in visit.workspace.messages.values():
        if message.origin == origin and message.template == template:
            for name, at in message.metrics.items():
                age = int((visit.call.now - at) // _PERIODS[period])
                if name in series and 0 <= age < steps:
                    series[name][steps - 1 - age] += 1
    return app_reply(200, {"metric": {"series": series}})


ROUTES: Final = (
    Route("app", "GET", "/v1/transactional/{transactional_id}/metrics", template_metrics),
    Route("app", "GET", "/v1/broadcasts/{broadcast_id}/metrics", broadcast_metrics),
)
