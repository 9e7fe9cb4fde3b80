"""The house rules that no linter knows: short modules and functions, told tests, a lean base install, plain pins."""

import ast
import re
import statistics
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import TypeAlias

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "src").rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("test_*.py"))

MAX_MODULE_LINES = 400
MAX_FUNCTION_LINES = 60
MAX_MEDIAN_FUNCTION_LINES = 10

# The only places whose modules may need an extra to be imported at all.
ROOMS_OF_EXTRAS = (
    "ciokit.cli",
    "ciokit.contrib",
    "ciokit.sandbox.server",
    "ciokit.testing.server",
    "pytest_ciokit",  # only pytest loads it
)

Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef


def functions(path: Path) -> Iterator[Function]:
    """Yield every function and method of a file, nested ones included."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, Function):
            yield node


def code_lines(function: Function) -> int:
    """Count the lines of a function less its docstring, which may be as long as the reader needs."""
    last = function.body[0].end_lineno if ast.get_docstring(function) else None
    documented = last - function.body[0].lineno + 1 if last else 0
    return (function.end_lineno or function.lineno) - function.lineno + 1 - documented


def place(path: Path, node: Function) -> str:
    """Name a function the way an editor opens it."""
    return f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"


def base_packages() -> set[str]:
    """Return the import names of what the base install brings: its two dependencies, and theirs."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    waiting: list[str] = project["dependencies"]
    found: set[str] = set()
    while waiting:
        requirement = waiting.pop()
        name = re.split(r"[^\w.-]", requirement, maxsplit=1)[0].lower().replace("_", "-")
        if "extra ==" in requirement or name in found:
            continue
        found.add(name)
        try:
            waiting.extend(metadata.requires(name) or [])
        except metadata.PackageNotFoundError:  # its marker rules it out on this Python
            continue
    return {
        package
        for package, distributions in metadata.packages_distributions().items()
        if found & {distribution.lower().replace("_", "-") for distribution in distributions}
    }


IMPORT_EVERYTHING_WITHOUT_EXTRAS = """
import importlib, sys

allowed, modules = sys.argv[1].split(","), sys.argv[2].split(",")

class BaseInstallOnly:
    def find_spec(self, name, path=None, target=None):
        package = name.partition(".")[0]
        if package not in sys.stdlib_module_names and package not in allowed:
            raise ImportError(f"{package} is not in the base install", name=package)

sys.meta_path.insert(0, BaseInstallOnly())
failed = 0
for module in modules:
    try:
        importlib.import_module(module)
    except ImportError as error:
        failed = 1
        print(f"{module}: {error}")
sys.exit(failed)
"""


def dotted(path: Path) -> str:
    """Return the dotted name of a source file."""
    parts = path.relative_to(ROOT / "src").with_suffix("").parts
    return ".".join(parts).removesuffix(".__init__")


def in_a_room_of_extras(name: str) -> bool:
    """Tell whether a module may need an extra."""
    return any(name == room or name.startswith(f"{room}.") for room in ROOMS_OF_EXTRAS)


def test_modules_are_short() -> None:
    """A module that outgrows one screenful of jobs is split, not scrolled."""
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in SOURCES}
    long = [
        f"{path.relative_to(ROOT)}: {lines}" for path, lines in lengths.items() if lines > MAX_MODULE_LINES
    ]
    assert not long, f"over {MAX_MODULE_LINES} lines: {long}"


def test_functions_are_short() -> None:
    """No function is over the limit, and the usual one is far below it."""
    lengths = {place(path, node): code_lines(node) for path in SOURCES for node in functions(path)}
    long = [f"{where}: {lines}" for where, lines in lengths.items() if lines > MAX_FUNCTION_LINES]
    assert not long, f"over {MAX_FUNCTION_LINES} lines: {long}"
    assert statistics.median(lengths.values()) < MAX_MEDIAN_FUNCTION_LINES


def test_every_test_states_the_behaviour() -> None:
    """Each test function has a docstring of one sentence or more."""
    silent = [
        place(path, node)
        for path in TESTS
        for node in functions(path)
        if node.name.startswith("test_") and not (ast.get_docstring(node) or "").rstrip().endswith(".")
    ]
    assert not silent, f"no sentence: {silent}"


def test_base_install_imports_without_any_extra() -> None:
    """Every module outside the rooms of the extras is importable with httpx2 and msgspec alone."""
    modules = [name for name in map(dotted, SOURCES) if not in_a_room_of_extras(name)]
    allowed = ",".join(base_packages() | {"ciokit", "ciokit_command"})
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_EVERYTHING_WITHOUT_EXTRAS, allowed, ",".join(modules)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_constraints_are_plain_pins() -> None:
    """The constraints file has exact versions and nothing that names a host, a hash or a path."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    assert pins
    assert [pin for pin in pins if not re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.]+", pin)] == []
