"""What the page on the design says of the modules, against those that there are."""

import re
from pathlib import Path

import ciokit

SOURCES = Path(ciokit.__file__).parents[1]
PACKAGE = SOURCES / "ciokit"
PAGE = Path(__file__).parents[2] / "docs" / "design.md"
NO_ROOM = {"__init__", "__main__", "__pycache__"}


def rooms() -> set[str]:
    """Return what the table of the page names: modules plainly, packages with a slash behind."""
    table = PAGE.read_text(encoding="utf-8").partition("\n## Where things are\n")[2]
    return set(re.findall(r"`([^`]+)`", table))


def test_every_module_has_a_room() -> None:
    """Whoever looks for a module finds in the table what it is for."""
    modules = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py"}
    packages = {f"{path.name}/" for path in PACKAGE.iterdir() if path.is_dir()}
    named = {room if room in modules else f"{room.partition('/')[0]}/" for room in rooms()}
    assert modules - NO_ROOM - named == set()
    assert packages - {f"{name}/" for name in NO_ROOM} - named == set()


def test_every_room_is_there() -> None:
    """The table names no module that has gone or has got another name."""
    places = (PACKAGE, PACKAGE / "sandbox", SOURCES)
    missing = {
        room
        for room in rooms()
        if not any((place / room).is_dir() or (place / f"{room}.py").is_file() for place in places)
    }
    assert missing == set()
