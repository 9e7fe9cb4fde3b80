"""What the reference in the documentation shows of a class, where its source alone does not say it.

A griffe extension, which mkdocs.yml names: a msgspec Struct or a NamedTuple has the signature that it has when it runs,
members that the parts of ciokit have for each other are left out, and a client's verbs come before everything else.
"""

import importlib
import inspect
from collections.abc import Iterator
from typing import Any, Final

import griffe
import msgspec

INTERNAL: Final = {
    "ciokit.shell.SyncShell": "attempt",
    "ciokit.shell.AsyncShell": "attempt",
    "ciokit.sending.Sending": "encode",
    "ciokit.sending.SyncSending": "send",
    "ciokit.sending.AsyncSending": "send",
    "ciokit.track._TrackShell": "encode_now",
    "ciokit.catalogue.Bound": "__orig_class__",
    "ciokit.app.resource.Resource": "__init__",
    "ciokit.sandbox.world.World": "repeat take_outgoing note_posted take_downloads supply",
    "ciokit.app.client._AppShell": "monotonic",
    "ciokit.app.client.AppClient": "perform pages download pause",
    "ciokit.app.resource.Performer": "monotonic perform pages download pause",
    "ciokit.app.resource.AsyncPerformer": "monotonic perform pages download pause",
    "ciokit.app.client.AsyncAppClient": "perform pages download pause",
    "ciokit.outboxes.shell.OutboxShell": "start_anew hurry end drain",
    "ciokit.outboxes.delivery.SyncDelivery": "put",
    "ciokit.outboxes.delivery.AsyncDelivery": "put",
    "ciokit.outboxes.track.Outbox": "__new__",
    "ciokit.outboxes.track.AsyncOutbox": "__new__",
    "ciokit.turns.RateLimit": "claim give_back until heard held",
    "ciokit.app.rates.RateLimits": "of",
    "ciokit.verdict.RetryPolicy": "delay",
    "ciokit.sandbox.faults.rules.Effect": "draw_delay",
    "ciokit.testing.server.CioServer": "point release",
}
"""Members that one part has for another, and no application calls."""
NOT_MADE: Final = ("ciokit.app.records", "ciokit.cli", "ciokit.webhooks.events")
"""Where the classes are that no application makes, so that how they are made says nothing."""

RECORDS: Final = ("Struct", "NamedTuple")
"""What the classes are made of whose `__init__` is nowhere in their source."""

FIRST: Final = (
    "ciokit.verbs",
    "ciokit.pipelines.verbs",
    "ciokit.app.resources.Resources",
    "ciokit.app.async_resources.AsyncResources",
)
"""Where the members come from that a class is used for. They lead; what a class inherits otherwise would stand in the
order from its most remote ancestor down, which has the address of a client before its verbs."""

KINDS: Final = {
    inspect.Parameter.POSITIONAL_OR_KEYWORD: griffe.ParameterKind.positional_or_keyword,
    inspect.Parameter.KEYWORD_ONLY: griffe.ParameterKind.keyword_only,
}


class ReferenceMembers(griffe.Extension):
    """Give Structs and NamedTuples their signatures, hide what is internal, and put verbs first."""

    def on_package(self, *, pkg: griffe.Module, **_: Any) -> None:
        """Look through a package once all of it is read."""
        if pkg.name != "ciokit":
            return
        for path, names in INTERNAL.items():
            for name in names.split():
                del pkg[path.removeprefix("ciokit.")].members[name]
        for module in pkg["app.resources"].modules.values():
            module.docstring = None  # who reads the reference does not edit what is generated
        for cls in classes(pkg):
            if "__init__" not in cls.members and not cls.path.startswith(NOT_MADE):
                give_signature(cls)
            if any(one.path.startswith(FIRST) for one in cls.mro()):
                put_verbs_first(cls)


def classes(module: griffe.Module) -> Iterator[griffe.Class]:
    """Yield the classes of a package, each where it is defined."""
    yield from module.classes.values()
    for inner in module.modules.values():
        if not inner.is_alias:
            yield from classes(inner)


def give_signature(cls: griffe.Class) -> None:
    """Have the `__init__` of a Struct or a NamedTuple show its fields with their defaults."""
    if cls.is_alias or cls.parent is None or not any(str(one).endswith(RECORDS) for one in ancestry(cls)):
        return
    made = getattr(importlib.import_module(cls.module.path), cls.name)
    if not (issubclass(made, msgspec.Struct) or hasattr(made, "_fields")):
        return
    known = cls.all_members
    parameters = [
        griffe.Parameter(
            one.name,
            kind=KINDS[one.kind],
            annotation=known[one.name].annotation if one.name in known else None,
            default=None if one.default is inspect.Parameter.empty else default_of(one.default),
        )
        for one in inspect.signature(made).parameters.values()
    ]
    if parameters:
        init = griffe.Function("__init__", parameters=griffe.Parameters(*parameters), parent=cls)
        cls.set_member("__init__", init)


def put_verbs_first(cls: griffe.Class) -> None:
    """Have a class list the verbs, in the order of their source, then its own members, then the nearest ancestor's."""
    line = (cls, *cls.mro())
    members = {name: member for one in reversed(line) for name, member in one.members.items()}
    first = sorted(line, key=lambda one: not one.path.startswith(FIRST))
    names = dict.fromkeys(name for one in first for name in one.members)
    own = dict(cls.members)
    cls.members.clear()
    for place, name in enumerate(names):
        # An alias has a line of its own, which members are sorted by where the class is not shown by an alias itself.
        cls.members[name] = own.get(name) or griffe.Alias(
            name, members[name], lineno=place, parent=cls, inherited=True
        )


def ancestry(cls: griffe.Class) -> list[Any]:
    """Return what a class and its known ancestors name as their bases."""
    return [base for one in (cls, *cls.mro()) for base in one.bases]


def default_of(default: object) -> str:
    """Return a default as it stands in the source."""
    return "..." if default is msgspec.NODEFAULT or "factory" in repr(default).lower() else repr(default)
