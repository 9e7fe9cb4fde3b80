"""Addresses that the e-mail provider suppresses.

Knows nothing of credentials, faults or sockets.
"""

from typing import Final

from ciokit.sandbox.app.parts import number, query_of
from ciokit.sandbox.exchange import Reply
from ciokit.sandbox.http.envelopes import app_empty, app_reply
from ciokit.sandbox.http.routes import Route, Visit
from ciokit.sandbox.shapes import refuse
from ciokit.sandbox.state.retention import trim

_TYPES: Final = ("blocks", "bounces", "spam_reports", "invalid_emails")


def search_suppression(visit: Visit) -> Reply:
    """Find an address among the suppressed ones: GET /v1/esp/search_suppression/{email_address}."""
    email = visit.path["email_address"].lower()
    found = [key for key in visit.workspace.account.esp_suppressions if key[1] == email]
    return _suppressions(visit, found[0][0] if found else "", found)


def list_suppressions(visit: Visit) -> Reply:
    """List suppressed addresses of a type: GET /v1/esp/suppression/{suppression_type}."""
    kind = _type(visit)
    query = query_of(visit)
    offset, limit = number(query.get("offset") or "0", "offset"), number(query.get("limit") or "100", "limit")
    found = [key for key in visit.workspace.account.esp_suppressions if key[0] == kind]
    return _suppressions(visit, kind, found[offset : offset + min(limit, 1000)])


def _suppressions(visit: Visit, category: str, keys: list[tuple[str, str]]) -> Reply:
    held = visit.workspace.account.esp_suppressions
    views = [{"created": int(held[key]), "email": key[1], "reason": "", "status": ""} for key in keys]
    return app_reply(200, {"category": category, "suppressions": views})


def suppress(visit: Visit) -> Reply:
    """Suppress an address: POST /v1/esp/suppression/{suppression_type}/{email_address}."""
    key = (_type(visit), visit.path["email_address"].lower())
    held = visit.workspace.account.esp_suppressions
    held[key] = visit.call.now
    trim(held, visit.workspace.retention.people)
    return app_reply(200, {})


def unsuppress(visit: Visit) -> Reply:
    """Free an address: DELETE /v1/esp/suppression/{suppression_type}/{email_address}."""
    key = (_type(visit), visit.path["email_address"].lower())
    visit.workspace.account.esp_suppressions.pop(key, None)
    return app_empty()


def _type(visit: Visit) -> str:
    kind = visit.path["suppression_type"]
    if kind not in _TYPES:
        refuse(f"suppression_type must be one of {', '.join(_TYPES)}", "suppression_type")
    return kind


_SUPPRESSION: Final = "/v1/esp/suppression/{suppression_type}"

ROUTES: Final = (
    Route("app", "GET", "/v1/esp/search_suppression/{email_address}", search_suppression),
    Route("app", "GET", _SUPPRESSION, list_suppressions),
    Route("app", "POST", f"{_SUPPRESSION}/{{email_address}}", suppress),
    Route("app", "DELETE", f"{_SUPPRESSION}/{{email_address}}", unsuppress),
)
