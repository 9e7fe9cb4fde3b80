"""What is reported about deliveries: metrics and unsubscribes.

Knows the workspace but nothing of HTTP or of JSON shapes.
"""

from typing import Any

from ciokit.sandbox.shapes import Identifier
from ciokit.sandbox.state import profiles, reporting
from ciokit.sandbox.state.profiles import Identify
from ciokit.sandbox.state.records import Metric
from ciokit.sandbox.state.rules import Call
from ciokit.sandbox.state.workspace import Workspace


def report_metric(
    workspace: Workspace, call: Call, delivery_id: str, metric: str, details: dict[str, Any]
) -> None:
    """Record a metric of a delivery.

    Args:
        workspace: The workspace.
        call: The request.
        delivery_id: The delivery.
        metric: `opened`, `clicked`, ...
        details: What else was reported.
    """
    message = workspace.messages.get(delivery_id)
    if message is not None:
        message.metrics[metric] = int(call.now)
        reporting.report(workspace, call, message, metric, details)
    else:
        workspace.note(call, "unknown_delivery", "no message has this delivery_id", delivery_id)
    _record(workspace, call, delivery_id, metric, details)


def report_content(
    workspace: Workspace, call: Call, content_id: str, action: str, details: dict[str, Any]
) -> None:
    """Record that an anonymous message was seen or clicked: it has no delivery.

    Args:
        workspace: The workspace.
        call: The request.
        content_id: The content that was shown; may be empty.
        action: `viewed_content` or `clicked_content`.
        details: What else was reported.
    """
    _record(workspace, call, content_id, action, details)


def _record(workspace: Workspace, call: Call, what: str, metric: str, details: dict[str, Any]) -> None:
    workspace.metrics.append(Metric(workspace.journal.next_seq(), call.now, what, metric, details))
    del workspace.metrics[: -workspace.retention.messages]


def unsubscribe(workspace: Workspace, call: Call, delivery_id: str) -> None:
    """Unsubscribe the person a delivery went to.

    Args:
        workspace: The workspace.
        call: The request.
        delivery_id: The delivery.
    """
    report_metric(workspace, call, delivery_id, "unsubscribed", {})
    message = workspace.messages.get(delivery_id)
    if message is not None:
        change = Identify(attributes={"unsubscribed": True}, at=call.now)
        profiles.identify(workspace, call, Identifier("cio_id", message.cio_id), change)
