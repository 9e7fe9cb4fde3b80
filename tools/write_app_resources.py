"""Write the App API's resources, for both clients, from the operations that `ciokit.app.endpoints` declares.

    PYTHONPATH=src python tools/write_app_resources.py

Python has no way to say "the same method, but what it returns is awaited", so the methods are written out twice, by
this. A test writes them again, into memory, and compares.
"""

import importlib
import pkgutil
import textwrap
import types
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

from ciokit.app import attachments, bodies, broadcasts, endpoints, records, sends, words
from ciokit.app.answers import Anything, Many, Nothing, One, Paged, Plain
from ciokit.app.endpoint import Endpoint, Param

APP = Path(__file__).parents[1] / "src" / "ciokit" / "app"
WIDTH = 110
NO_OPERATIONS = {"shared", "checks"}
OWN = "sends"

# Types that are spelled by the name they have in a module, and that module.
NAMED: dict[Any, tuple[str, str]] = {
    attachments.Content: ("ciokit.app.attachments", "Content"),
    bodies.NewNewsletter: ("ciokit.app.bodies", "NewNewsletter"),
    broadcasts.Audience: ("ciokit.app.broadcasts", "Audience"),
    **{
        alias: ("ciokit.app.words", name)
        for name, alias in vars(words).items()
        if get_origin(alias) is Literal or name in {"CustomerRef", "IdRef", "ObjectIdRef", "Timestamp"}
    },
}


class Flavour(NamedTuple):
    """Say what differs between the two."""

    package: str
    prefix: str
    doc: str

    def returned(self, text: str) -> str:
        """Return what a method returns."""
        return f"Pending[{text}]" if self.prefix else text


SYNC = Flavour("resources", "", "")
ASYNC = Flavour("async_resources", "Async", ", for asyncio")


class Module(NamedTuple):
    """Hold a module of operations."""

    name: str
    resources: dict[str, str]
    mixins: dict[str, str]
    endpoints: dict[str, Endpoint[Any]]

    def of(self, prefix: str) -> dict[str, Endpoint[Any]]:
        """Return a resource's operations by their constants."""
        return {
            name: found for name, found in self.endpoints.items() if found.kind.rpartition(".")[0] == prefix
        }


def read_modules() -> list[Module]:
    """Return the modules of operations, with what is in them in order."""
    names = sorted(found.name for found in pkgutil.iter_modules(endpoints.__path__))
    return [read_module(name) for name in names if name not in NO_OPERATIONS]


def read_module(name: str) -> Module:
    """Return one module of operations."""
    module = importlib.import_module(f"ciokit.app.endpoints.{name}")
    found: dict[str, Any] = {
        name: value for name, value in vars(module).items() if isinstance(value, Endpoint)
    }
    for constant, endpoint in found.items():
        if constant != endpoint.kind.replace(".", "_").upper():
            message = f"{name}.{constant} is called {endpoint.kind}"
            raise ValueError(message)
    return Module(name, module.RESOURCES, getattr(module, "MIXINS", {}), found)


class Imports:
    """Gather what a module imports."""

    def __init__(self) -> None:
        self._names: dict[str, set[str]] = {}

    def take(self, module: str, name: str) -> str:
        """Import a name, and return it."""
        self._names.setdefault(module, set()).add(name)
        return name

    def lines(self) -> Iterator[str]:
        """Yield the statements: the standard library, other packages, this one."""
        groups: tuple[list[str], ...] = ([], [], [])
        for module in sorted(self._names):
            rank = 2 if module.startswith("ciokit") else 1 if module == "msgspec" else 0
            groups[rank].append(statement(module, sorted(self._names[module], key=import_order)))
        for group in filter(None, groups):
            yield from group
            yield ""


def import_order(name: str) -> tuple[int, str]:
    """Order names as the linter does: constants, classes, functions."""
    return (0 if name.isupper() and len(name) > 1 else 1 if name[:1].isupper() else 2, name)


def listing(names: list[str]) -> str:
    """Return the list of a module's names."""
    line = f"__all__ = [{', '.join(names)}]"
    return line if len(line) <= WIDTH else "__all__ = [\n" + "".join(f"    {name},\n" for name in names) + "]"


def statement(module: str, names: list[str]) -> str:
    """Return an import statement."""
    line = f"from {module} import {', '.join(names)}"
    if len(line) <= WIDTH:
        return line
    return f"from {module} import (\n" + "".join(f"    {name},\n" for name in names) + ")"


# Types ----------------------------------------------------------------------------------------------------------------


def spell(kind: Any, imports: Imports) -> str:
    """Return a type as a person would write it; limits are left to the run."""
    origin, args = get_origin(kind), get_args(kind)
    if kind is None or kind is type(None):
        return "None"
    if kind is Any:
        return imports.take("typing", "Any")
    if kind in NAMED:
        return imports.take(*NAMED[kind])
    if origin is Annotated:
        return spell(args[0], imports)
    if origin in {Union, types.UnionType}:
        return " | ".join(spell(arg, imports) for arg in args)
    name = spell_class(origin or kind, imports)
    return f"{name}[{', '.join(spell(arg, imports) for arg in args)}]" if args else name


def spell_class(kind: type, imports: Imports) -> str:
    """Return a class's name, imported from where people find it."""
    if kind.__module__ == "builtins":
        return kind.__name__
    homes = (records, bodies, broadcasts, sends)
    home = next((home.__name__ for home in homes if kind.__name__ in home.__all__), kind.__module__)
    return imports.take(home, kind.__name__)


def annotation(param: Param, imports: Imports) -> str:
    """Return a parameter's type, with None if it may be left out."""
    text = imports.take("ciokit.app.words", "Data") if param.is_object else spell(param.kind, imports)
    if param.nullable:
        return f"{text} | {imports.take('msgspec', 'UnsetType')} | None"
    return text if param.required or param.default is not None or text == "Any" else f"{text} | None"


def declaration(param: Param, imports: Imports) -> str:
    """Return a parameter as it stands in a signature."""
    text = f"{param.name}: {annotation(param, imports)}"
    if param.required:
        return text
    default = f'"{param.default}"' if isinstance(param.default, str) else param.default
    return f"{text} = {imports.take('msgspec', 'UNSET') if param.nullable else default}"


def result(endpoint: Endpoint[Any], flavour: Flavour, imports: Imports) -> str:
    """Return what a method returns."""
    answer: Any = endpoint.answer
    kind: Any = getattr(answer, "kind", None)
    match answer:
        case Nothing():
            text = "None"
        case Plain():
            text = f"dict[str, {imports.take('typing', 'Any')}]"
        case Anything():
            text = imports.take("typing", "Any")
        case One():
            text = spell(kind, imports)
        case Many():
            text = f"tuple[{spell(kind, imports)}, ...]"
        case Paged():
            pages = imports.take("ciokit.app.paging", f"{flavour.prefix}Pages")
            return f"{pages}[{spell(kind, imports)}]"
        case _:
            message = f"{endpoint.kind}: no words for {answer}"
            raise TypeError(message)
    if flavour.prefix:
        imports.take("ciokit.app.resource", "Pending")
    return flavour.returned(text)


# Methods --------------------------------------------------------------------------------------------------------------


def method(
    constant: str, endpoint: Endpoint[Any], flavour: Flavour, imports: Imports, verb: str = ""
) -> Iterator[str]:
    """Yield the lines of a method."""
    yield from signature(endpoint, flavour, imports)
    yield from docstring(endpoint)
    verb = verb or ("_pages" if isinstance(endpoint.answer, Paged) else "_perform")
    arguments = [f'"{param.name}": {param.name}' for param in endpoint.params]
    line = f"        return self.{verb}(endpoints.{constant}, {{{', '.join(arguments)}}})"
    if len(line) <= WIDTH:
        yield line
        return
    yield f"        return self.{verb}("
    yield f"            endpoints.{constant},"
    inner = f"            {{{', '.join(arguments)}}},"
    yield from [inner] if len(inner) <= WIDTH else exploded(arguments)
    yield "        )"


def exploded(arguments: Iterable[str]) -> Iterator[str]:
    """Yield the lines of a long dictionary."""
    yield "            {"
    yield from (f"                {argument}," for argument in arguments)
    yield "            },"


def signature(endpoint: Endpoint[Any], flavour: Flavour, imports: Imports) -> Iterator[str]:
    """Yield the lines of a signature."""
    by_place = [param for param in endpoint.params if param.positional]
    by_name = [param for param in endpoint.params if not param.positional]
    parts = ["self", *(declaration(param, imports) for param in by_place)]
    parts += ["*", *(declaration(param, imports) for param in by_name)] if by_name else []
    name = endpoint.kind.rpartition(".")[2]
    returned = result(endpoint, flavour, imports)
    line = f"    def {name}({', '.join(parts)}) -> {returned}:"
    if len(line) <= WIDTH:
        yield line
        return
    yield f"    def {name}("
    yield from (f"        {part}," for part in parts)
    yield f"    ) -> {returned}:"


def docstring(endpoint: Endpoint[Any]) -> Iterator[str]:
    """Yield the lines of a docstring."""
    first, _, rest = endpoint.doc.partition("\n")
    if not endpoint.params and not endpoint.returns and not rest:
        yield f'        """{first}"""'
        return
    yield f'        """{first}'
    for paragraph in filter(None, rest.split("\n")):
        yield ""
        yield from textwrap.wrap(paragraph, WIDTH, initial_indent=" " * 8, subsequent_indent=" " * 8)
    if endpoint.params:
        yield ""
        yield "        Args:"
        for param in endpoint.params:
            yield from wrapped(f"{param.name}: {param.doc}")
    if endpoint.returns:
        yield ""
        yield "        Returns:"
        yield from wrapped(endpoint.returns)
    yield '        """'


def wrapped(text: str) -> list[str]:
    """Wrap an entry of a section."""
    return textwrap.wrap(text, WIDTH, initial_indent=" " * 12, subsequent_indent=" " * 16)


# Classes and modules --------------------------------------------------------------------------------------------------


def class_name(prefix: str, flavour: Flavour) -> str:
    """Return a resource's class: `campaigns.actions` is `CampaignsActions`."""
    return flavour.prefix + "".join(word.title() for word in prefix.replace(".", "_").split("_"))


def resource(
    prefix: str, module: Module, homes: dict[str, str], flavour: Flavour, imports: Imports
) -> Iterator[str]:
    """Yield the lines of a resource's class."""
    home, _, name = module.mixins.get(prefix, "ciokit.app.resource.Resource").rpartition(".")
    base = imports.take(home, flavour.prefix + name)
    yield f"class {class_name(prefix, flavour)}({base}):"
    yield f'    """{module.resources[prefix]}"""'
    for child in (name for name in homes if name.rpartition(".")[0] == prefix):
        kind = class_name(child, flavour)
        if homes[child] != module.name:
            imports.take(f"ciokit.app.{flavour.package}.{homes[child]}", kind)
        yield ""
        yield "    @property"
        yield f"    def {child.rpartition('.')[2]}(self) -> {kind}:"
        yield f'        """{read_module(homes[child]).resources[child]}"""'
        yield f"        return {kind}(self._client)"
    for constant, endpoint in module.of(prefix).items():
        yield ""
        yield from method(constant, endpoint, flavour, imports)


def write_module(module: Module, homes: dict[str, str], flavour: Flavour) -> str:
    """Return a generated module."""
    imports = Imports()
    if module.endpoints:
        imports.take("ciokit.app.endpoints", f"{module.name} as endpoints")
    # Children stand before their parents, which name them.
    prefixes = sorted(module.resources, key=lambda prefix: -prefix.count("."))
    classes = ["\n".join(resource(prefix, module, homes, flavour, imports)) for prefix in prefixes]
    names = sorted(class_name(prefix, flavour) for prefix in prefixes)
    source = f"ciokit.app.endpoints.{module.name}"
    parts = [
        f'"""Methods for the operations of `{source}`{flavour.doc}.\n',
        f'Generated by tools/write_app_resources.py from {source}; do not edit.\n"""\n',
        "\n".join(imports.lines()),
        listing([f'"{name}"' for name in names]) + "\n",
        "",
        "\n\n\n".join(classes),
        "",
    ]
    return "\n".join(parts)


def write_index(modules: list[Module], flavour: Flavour) -> str:
    """Return the package's own module: the resources as attributes of a client, and the client's own methods."""
    tops = {prefix: module for module in modules for prefix in module.resources if "." not in prefix}
    own = next(module for module in modules if module.name == OWN)
    imports = Imports()
    imports.take("typing", "TYPE_CHECKING")
    imports.take("ciokit.app.endpoints", f"{OWN} as endpoints")
    performer = imports.take("ciokit.app.resource", f"{flavour.prefix}Performer")
    lines = [
        f"class {flavour.prefix}Resources({performer}):",
        '    """Group the operations by what they are about."""',
    ]
    for constant, endpoint in own.endpoints.items():
        lines += ["", *method(constant, endpoint, flavour, imports, "perform")]
    for prefix in sorted(tops):
        lines += ["", *attribute(prefix, tops[prefix], flavour)]
    parts = [
        f'"""The resources as attributes of a client{flavour.doc}, each imported at its first use.\n',
        'Generated by tools/write_app_resources.py from ciokit.app.endpoints; do not edit.\n"""\n',
        "\n".join(imports.lines()),
        "if TYPE_CHECKING:",
        *late_imports(tops, flavour),
        f'\n__all__ = ["{flavour.prefix}Resources"]\n\n',
        *lines,
    ]
    return "\n".join(parts) + "\n"


def late_imports(tops: dict[str, Module], flavour: Flavour) -> Iterator[str]:
    """Yield the imports that only type checkers make at once."""
    for name in sorted({module.name for module in tops.values()}):
        kinds = sorted(class_name(prefix, flavour) for prefix, module in tops.items() if module.name == name)
        yield textwrap.indent(statement(f"ciokit.app.{flavour.package}.{name}", kinds), "    ")


def attribute(prefix: str, module: Module, flavour: Flavour) -> Iterator[str]:
    """Yield the lines of the attribute that leads to a resource."""
    kind = class_name(prefix, flavour)
    # Not kept: a client that is named by what it holds would be freed late, its connections open until then.
    yield "    @property"
    yield f'    def {prefix}(self) -> "{kind}":'
    yield f'        """{module.resources[prefix]}"""'
    yield f"        from ciokit.app.{flavour.package}.{module.name} import {kind}\n"
    yield f"        return {kind}(self)"


def write_all() -> dict[Path, str]:
    """Return all generated modules by their files."""
    modules = read_modules()
    homes = {prefix: module.name for module in modules for prefix in module.resources}
    written: dict[Path, str] = {}
    for flavour in (SYNC, ASYNC):
        folder = APP / flavour.package
        written[folder / "__init__.py"] = write_index(modules, flavour)
        for module in (module for module in modules if module.resources):
            written[folder / f"{module.name}.py"] = write_module(module, homes, flavour)
    return written


def main() -> None:
    """Write the files, and remove those of operations that are gone."""
    written = write_all()
    for folder in {file.parent for file in written}:
        folder.mkdir(exist_ok=True)
        for stale in set(folder.glob("*.py")) - written.keys():
            stale.unlink()
    for file, text in written.items():
        file.write_text(text, encoding="utf-8")
    print(f"{len(written)} modules")  # noqa: T201


if __name__ == "__main__":
    main()
