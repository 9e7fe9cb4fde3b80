"""The tree of errors that people read, against the classes that there are."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from ciokit import errors

SOURCES = Path(errors.__file__).parent
ELSEWHERE = {"StoreError", "WebhookError"}
"""Whose kinds their own modules tell of."""


def drawn() -> Iterator[tuple[str, str]]:
    """Yield each error of the drawing with the one that it hangs on."""
    above: dict[int, str] = {}
    for line in (errors.__doc__ or "").splitlines():
        branch = line.partition("── ")
        if line == "CiokitError":
            above[-1] = line
        elif branch[1]:
            depth, name = len(branch[0]), branch[2].split()[0]
            above[depth] = name
            yield name, above[max(other for other in above if other < depth)]


def defined() -> Iterator[tuple[str, str]]:
    """Yield each class of the package that is an error of ciokit's own with the error that it is built on."""
    built_on: dict[str, list[str]] = defaultdict(list)
    for path in SOURCES.rglob("*.py"):
        nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        for node in (node for node in nodes if isinstance(node, ast.ClassDef)):
            for base in node.bases:
                if isinstance(base, ast.Name):
                    built_on[base.id].append(node.name)
    waiting = ["CiokitError"]
    while waiting:
        above = waiting.pop()
        for name in built_on[above] if above not in ELSEWHERE else ():
            waiting.append(name)
            yield name, above


def test_message_lists_what_a_person_reads() -> None:
    """Of thousands of problems the message has the first twenty and their number, the attribute all."""
    problems = tuple(errors.Problem(f"[{index}].event", "is wrong") for index in range(10_000))
    error = errors.InvalidData("batch", problems)
    lines = str(error).splitlines()
    assert lines[0] == "batch: 10000 problems"
    assert lines[20] == "  - [19].event: is wrong"
    assert lines[21:] == ["  ... and 9980 more, in `problems`"]
    assert error.problems == problems
    assert "more" not in str(errors.InvalidData("batch", problems[:20]))


def test_the_drawing_has_every_error_in_its_place() -> None:
    """No error is missing from the tree, none is in it that there is not, and each hangs where it does in the code."""
    assert sorted(drawn()) == sorted(defined())
