"""The OpenAPI document of the control API, made from its table of operations."""

import inspect
import re
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from ciokit.sandbox.control.operations import PREFIX, ControlRoute

_NUMBERS: Final = frozenset({"number", "seq", "template_id", "broadcast_id"})
_INTEGERS: Final = frozenset({"after", "limit", "request"})
_FLAGS: Final = frozenset({"newest", "failed"})
_MEANINGS: Final = {
    "after": "Position after which to list: the seq of the last entry seen.",
    "limit": "How many entries at most.",
    "person": "Of one person, named by id, email, phone or cio_ and cio_id.",
    "name": "Of one event name.",
    "channel": "On one channel.",
    "workspace": "Of one workspace.",
    "search": "Part of an identifier or a name, in any case.",
    "request": "Brought by the request of this number.",
    "api": "Of one API: track, app or pipelines.",
    "failed": "Whether to list only those that were refused, dropped, hit by a fault or not answered with 2xx.",
    "newest": "Whether to leave out what is older when more happens than is sent at a time.",
}
_PLACES: Final = {
    "id": "The person, by id, email, phone or cio_ and cio_id.",
    "seq": "The event's seq, its position in the order of everything that happened.",
    "delivery_id": "The id of the delivery, as the send was answered.",
    "number": "The number of the request or the fault, counted from 1.",
    "template_id": "The number of the transactional message, as sends name it.",
    "broadcast_id": "The number of the broadcast, as triggers name it.",
}
_EFFECT_OR_SCRIPT: Final = [
    {
        "required": ["effect"],
        "properties": {"effect": {"$ref": "#/components/schemas/Effect"}, "script": {"maxItems": 0}},
    },
    {"required": ["script"], "properties": {"script": {"minItems": 1}, "effect": {"type": "null"}}},
]
"""What the struct checks itself and its generated schema cannot say."""

_FILTER: Final = {"$ref": "#/components/schemas/AudienceFilter"}
_ATTRIBUTE: Final = {"field": {"type": "string"}, "operator": {"enum": ["eq", "exists"]}}
_FILTERS: Final = {
    "and": {"type": "array", "items": _FILTER, "minItems": 1},
    "or": {"type": "array", "items": _FILTER, "minItems": 1},
    "not": _FILTER,
    "segment": {"type": "object", "properties": {"id": {"type": "integer"}}, "required": ["id"]},
    "attribute": {"type": "object", "properties": _ATTRIBUTE, "required": list(_ATTRIBUTE)},
}


class ErrorBody(msgspec.Struct, frozen=True):
    """What is wrong with a request, and where.

    Args:
        error: What is wrong, in words.
        field: The parameter, header or field; empty if it is the whole.
    """

    error: str
    field: str


def describe(routes: Sequence[ControlRoute]) -> dict[str, Any]:
    """Describe the operations as an OpenAPI 3.1 document.

    Args:
        routes: The operations.

    Returns:
        The document.
    """
    types = [kind for route in routes for kind in (route.answer, route.body) if kind is not None]
    schemas, components = msgspec.json.schema_components(
        [*types, ErrorBody], ref_template="#/components/schemas/{name}"
    )
    components["FaultRule"]["oneOf"] = _EFFECT_OR_SCRIPT
    components["AudienceFilter"] = {
        "description": "Whom to choose: one of and, or, not, segment and attribute.",
        "oneOf": [_one(name, inner) for name, inner in _FILTERS.items()],
    }
    components["BroadcastSetup"]["properties"]["recipients"] = {"anyOf": [_FILTER, {"type": "null"}]}
    for schema in components.values():
        _explain(schema)
    named = iter(schemas)
    paths: dict[str, Any] = {}
    for route in routes:
        answer = next(named)
        body = next(named) if route.body is not None else None
        paths.setdefault(PREFIX + route.template, {})[route.method.lower()] = _operation(route, answer, body)
    paths[f"{PREFIX}/stream"] = {"get": _stream()}
    info = {
        "title": "ciokit sandbox control API",
        "version": "1",
        "description": "What a local Customer.io holds, what it was sent, and how it misbehaves.",
    }
    return {"openapi": "3.1.0", "info": info, "paths": paths, "components": {"schemas": components}}


def _explain(schema: dict[str, Any]) -> None:
    """Give each field its own line of the description, which is the docstring of the struct."""
    docstring = re.sub(r"\bNone\b", "null", inspect.cleandoc(schema.get("description", "")))
    summary, _, fields = docstring.partition("\n\nArgs:\n")
    schema["description"] = " ".join(summary.split())
    for name, meaning in re.findall(r"^ {4}(\w+): (.*(?:\n {8}.*)*)", fields, re.MULTILINE):
        schema["properties"][name]["description"] = " ".join(meaning.split())


def _one(name: str, inner: Any) -> dict[str, Any]:
    """Describe an object with one property and no other."""
    return {"type": "object", "properties": {name: inner}, "required": [name], "additionalProperties": False}


def _operation(route: ControlRoute, answer: Any, body: Any) -> dict[str, Any]:
    parameters = [_path_parameter(name) for name in re.findall(r"\{(\w+)\}", route.template)]
    parameters += [_query_parameter(name) for name in route.query]
    name = re.sub(r"\W+", "_", f"{route.method.lower()}{route.template}").strip("_")
    found: dict[str, Any] = {
        "operationId": name,
        "summary": route.summary,
        "parameters": parameters,
        "responses": {"200": _content("Done.", answer, route.media), **_errors(route)},
    }
    if body is not None:
        content = {"application/json": {"schema": body}}
        found["requestBody"] = {"description": f"{route.summary}.", "required": True, "content": content}
    return found


def _errors(route: ControlRoute) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/ErrorBody"}
    codes = {"400": "Something in the request is wrong."}
    if "{" in route.template or route.template == "/webhooks/send" or "workspace" in route.query:
        codes["404"] = "There is no such thing."
    if route.body is not None:
        codes |= {"413": "The body is too large.", "415": "The body is not JSON."}
    return {code: _content(meaning, schema) for code, meaning in codes.items()}


def _content(meaning: str, schema: Any, media: str = "application/json") -> dict[str, Any]:
    return {"description": meaning, "content": {media: {"schema": schema}}}


def _path_parameter(name: str) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string", "minLength": 1}
    if name in _NUMBERS:
        schema = {"type": "integer", "minimum": 1, "maximum": 999_999_999}
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": _PLACES[name],
        "schema": schema,
    }


def _query_parameter(name: str) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    if name in _INTEGERS:
        schema = {"type": "integer", "minimum": 0}
        schema["maximum"] = 1000 if name == "limit" else 10**18 - 1
    if name in _FLAGS:
        schema = {"type": "boolean", "default": False}
    return {"name": name, "in": "query", "required": False, "description": _MEANINGS[name], "schema": schema}


def _stream() -> dict[str, Any]:
    return {
        "operationId": "get_stream",
        "summary": "Follow what happens as server-sent events, each with its seq as id and its kind as event",
        "parameters": [_query_parameter("after"), _query_parameter("newest")],
        "responses": {
            "200": {
                "description": "The stream.",
                "content": {"text/event-stream": {"schema": {"type": "string"}}},
            },
            "400": _content("Something in the request is wrong.", {"$ref": "#/components/schemas/ErrorBody"}),
            "503": _content("Too many follow already.", {"$ref": "#/components/schemas/ErrorBody"}),
        },
    }
