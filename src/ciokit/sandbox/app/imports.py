"""Imports through the App API: a CSV file of people, events, objects or relationships, done row by row.

The file is fetched by the shell; what comes after is here. Knows nothing of credentials, faults or sockets.
"""

import csv
from collections.abc import Callable
from typing import Any, Final

from ciokit.sandbox.app.parts import number, required_text
from ciokit.sandbox.exchange import Reply
from ciokit.sandbox.http.envelopes import app_reply
from ciokit.sandbox.http.routes import Route, Visit
from ciokit.sandbox.shapes import (
    Identifier,
    RefusedError,
    check_event_name,
    decode_object,
    is_http_url,
    is_object,
    is_one_of,
    read_digits,
    refuse,
)
from ciokit.sandbox.state import objects, profiles
from ciokit.sandbox.state.account import Download, Import
from ciokit.sandbox.state.profiles import Identify
from ciokit.sandbox.state.retention import trim
from ciokit.sandbox.state.rules import Call
from ciokit.sandbox.state.workspace import Workspace
from ciokit.sandbox.track.parts import make_event

Row = dict[str, str]

_TYPES: Final = ("people", "event", "object", "relationship")
_SCOPES: Final = ("all", "only_new", "only_existing")


def create(visit: Visit) -> Reply:
    """Start an import: POST /v1/imports."""
    wanted = decode_object(visit.request.body).get("import")
    if not is_object(wanted):
        refuse("import is required", "import", "required")
    kind = wanted.get("type")
    if not is_one_of(kind, _TYPES):
        refuse(f"type must be one of {', '.join(_TYPES)}", "import.type")
    required_text(wanted, "name")
    url = required_text(wanted, "data_file_url")
    if not is_http_url(url):
        refuse("data_file_url must be an http or https URL", "import.data_file_url")
    if kind == "object":
        required_text(wanted, "object_type_id")
    elif not is_one_of(
        wanted.get("identifier"), ("id", "email", "cio_id") if kind == "relationship" else ("id", "email")
    ):
        refuse("identifier must be id or email", "import.identifier")
    if wanted.get("data_to_process") is not None and not is_one_of(wanted["data_to_process"], _SCOPES):
        refuse(f"data_to_process must be one of {', '.join(_SCOPES)}", "import.data_to_process")
    account = visit.workspace.account
    made = Import(account.next_number("import"), wanted, visit.call.now, visit.call.now)
    account.imports[made.id] = made
    trim(account.imports, visit.workspace.retention.messages)
    visit.workspace.downloads.append(Download("import", visit.workspace.name, (made.id,), url))
    return app_reply(200, {"import": _view(made)})


def get(visit: Visit) -> Reply:
    """Say how far an import has come: GET /v1/imports/{import_id}."""
    found = visit.workspace.account.imports.get(number(visit.path["import_id"], "import_id"))
    if found is None:
        refuse("import not found", "import_id", "not_found", 404)
    return app_reply(200, {"import": _view(found)})


def _view(made: Import) -> dict[str, Any]:
    fields = made.fields
    return {
        "id": made.id,
        "created_at": int(made.created_at),
        "updated_at": int(made.updated_at),
        "name": fields["name"],
        "description": fields.get("description") or "",
        "rows_to_import": made.rows_to_import,
        "rows_imported": made.rows_imported,
        "state": made.state,
        "type": fields["type"],
        "identifier": fields.get("identifier") or "",
        "data_to_process": fields.get("data_to_process") or "all",
        "people_to_process": fields.get("data_to_process") or "all",
        "object_type_id": fields.get("object_type_id") or "",
        "error": made.error,
    }


def supply_import(workspace: Workspace, call: Call, key: tuple[int, ...], content: bytes | None) -> None:
    """Go on with an import whose file was fetched.

    Args:
        workspace: The workspace.
        call: On whose behalf.
        key: Number of the import.
        content: The file, CSV with a header; None when it could not be fetched.
    """
    made = workspace.account.imports.get(key[0])
    if made is None:
        return
    made.updated_at = call.now
    try:
        rows = _read_rows(content)
    except RefusedError as refused:
        made.state, made.error = "failed", refused.message
        return
    apply = _ROWS[made.fields["type"]]
    made.rows_to_import = len(rows)
    for row in rows:
        try:
            made.rows_imported += apply(workspace, call, made, row)
        except RefusedError as refused:
            made.error = refused.message
    made.state = "imported"


def _read_rows(content: bytes | None) -> list[Row]:
    if content is None:
        refuse("data_file_url could not be fetched")
    try:
        reader = csv.DictReader(content.decode("utf-8-sig").splitlines(), strict=True)
        rows = [{name: value or "" for name, value in row.items() if isinstance(name, str)} for row in reader]
    except (UnicodeDecodeError, csv.Error):
        refuse("the file is not CSV in UTF-8")
    return [{name: value if isinstance(value, str) else "" for name, value in row.items()} for row in rows]


def _who(workspace: Workspace, made: Import, row: Row) -> Identifier | None:
    """Name the person of a row, or nobody when data_to_process leaves them out."""
    kind = made.fields["identifier"]
    value = row.get(kind, "").strip()
    if not value:
        refuse(f"a row has no {kind}", kind)
    who = Identifier.read(kind, value)
    scope = made.fields.get("data_to_process") or "all"
    exists = workspace.people.find(who) is not None
    return None if (scope == "only_new" and exists) or (scope == "only_existing" and not exists) else who


def _person_row(workspace: Workspace, call: Call, made: Import, row: Row) -> bool:
    who = _who(workspace, made, row)
    if who is None:
        return False
    attributes = {name: value for name, value in row.items() if value != ""}
    return profiles.identify(workspace, call, who, Identify(attributes=attributes, at=call.now)) is not None


def _event_row(workspace: Workspace, call: Call, made: Import, row: Row) -> bool:
    who = _who(workspace, made, row)
    if who is None:
        return False
    seconds = read_digits(row.get("timestamp", ""))
    known = {made.fields["identifier"], "name", "timestamp"}
    event = make_event(
        workspace,
        call.now,
        name=check_event_name(row.get("name")),
        kind="event",
        ulid=None,
        timestamp=call.now if seconds is None else seconds,
        data={name: value for name, value in row.items() if name not in known},
        person=who.value,
        anonymous_id=None,
        size=sum(map(len, row.values())),
    )
    workspace.track(call, who, event)
    return True


def _object_row(workspace: Workspace, call: Call, made: Import, row: Row) -> bool:
    named = {"object_type_id": str(made.fields["object_type_id"]), "object_id": row.get("object_id", "")}
    attributes: dict[str, Any] = {name: value for name, value in row.items() if name != "object_id"}
    objects.identify(workspace, call, objects.key_of(workspace, named), attributes)
    return True


def _relationship_row(workspace: Workspace, call: Call, made: Import, row: Row) -> bool:
    who = _who(workspace, made, row)
    if who is None:
        return False
    type_id = row.get("object_type_id") or str(made.fields.get("object_type_id") or "1")
    key = objects.key_of(workspace, {"object_type_id": type_id, "object_id": row.get("object_id", "")})
    known = {made.fields["identifier"], "object_type_id", "object_id"}
    attributes: dict[str, Any] = {name: value for name, value in row.items() if name not in known}
    objects.relate_people(workspace, call, key, [(who, attributes)])
    return True


_ROWS: Final[dict[str, Callable[[Workspace, Call, Import, Row], bool]]] = {
    "people": _person_row,
    "event": _event_row,
    "object": _object_row,
    "relationship": _relationship_row,
}

ROUTES: Final = (
    Route("app", "POST", "/v1/imports", create),
    Route("app", "GET", "/v1/imports/{import_id}", get),
)
