"""The people of one workspace, found by any of their identifiers.

Holds the indexes and keeps them true through renaming, merging and deletion. Does not know attributes' rules.
"""

from collections.abc import Iterator

from ciokit.sandbox.shapes import Identifier
from ciokit.sandbox.state.records import Person
from ciokit.sandbox.state.retention import trim

_KINDS = ("id", "email", "phone")


def normal(who: Identifier) -> Identifier:
    """Return the identifier in the form in which it is compared: emails ignore case."""
    return Identifier("email", who.value.lower()) if who.kind == "email" else who


class People:
    """Index the people of one workspace.

    Args:
        workspace: Name of the workspace, written into each person.
        most: How many people to keep.
    """

    def __init__(self, workspace: str, most: int) -> None:
        self._workspace = workspace
        self._most = most
        self._by_cio_id: dict[str, Person] = {}
        self._index: dict[Identifier, Person] = {}
        self._blocked: dict[Identifier, Person] = {}

    def __len__(self) -> int:
        return len(self._by_cio_id)

    def __iter__(self) -> Iterator[Person]:
        return iter(self._by_cio_id.values())

    def find(self, who: Identifier) -> Person | None:
        """Find the person with an identifier.

        Args:
            who: id, email, phone or cio_id.

        Returns:
            The person, or None.
        """
        if who.kind == "cio_id":
            return self._by_cio_id.get(who.value)
        return self._index.get(normal(who))

    def blocked(self, who: Identifier) -> Person | None:
        """Find what is left of a suppressed person.

        Args:
            who: The identifier asked for.

        Returns:
            The suppressed person, without attributes, or None if the identifier is free.
        """
        return self._blocked.get(normal(who)) if self._blocked else None

    def create(self, who: Identifier, cio_id: str, now: float) -> Person:
        """Create a person with one identifier.

        Args:
            who: id, email or phone.
            cio_id: Customer.io's own identifier; it must be new.
            now: Unix seconds.

        Returns:
            The new person.
        """
        person = Person(cio_id=cio_id, created_at=now, updated_at=now, workspace=self._workspace)
        self._by_cio_id[cio_id] = person
        self.rename(person, who)
        return person

    def rename(self, person: Person, who: Identifier) -> None:
        """Give a person an identifier in place of the one of that kind they had.

        Args:
            person: The person.
            who: The new identifier; it must be free.
        """
        self._unindex(person, who.kind)
        setattr(person, who.kind, who.value)
        self._index[normal(who)] = person

    def remove(self, person: Person) -> None:
        """Remove a person and free their identifiers; the record still says which they were.

        Args:
            person: The person.
        """
        for kind in _KINDS:
            self._unindex(person, kind)
        del self._by_cio_id[person.cio_id]

    def eldest(self) -> Person | None:
        """Return the person to let go when there are too many, or None."""
        return next(iter(self)) if len(self) > self._most else None

    def block(self, who: Identifier, person: Person | None, now: float) -> Person:
        """Block an identifier, and all those of the person who had it.

        Args:
            who: The identifier that was suppressed.
            person: The person, already removed, or None if nobody had it.
            now: Unix seconds.

        Returns:
            What is left of the person.
        """
        left = Person(cio_id="", created_at=now, updated_at=now, workspace=self._workspace, suppressed=True)
        if person is not None:
            for name in ("cio_id", *_KINDS):
                setattr(left, name, getattr(person, name))
        elif who.kind in _KINDS:
            setattr(left, who.kind, who.value)
        for kind in _KINDS:
            value: str | None = getattr(left, kind)
            if value is not None:
                self._blocked[normal(Identifier(kind, value))] = left
        if left.cio_id:
            self._blocked[Identifier("cio_id", left.cio_id)] = left
        trim(self._blocked, self._most)
        return left

    def unblock(self, who: Identifier) -> bool:
        """Free a blocked identifier, and the others of the person it belonged to.

        Args:
            who: The identifier.

        Returns:
            Whether it was blocked.
        """
        left = self.blocked(who)
        if left is None:
            return False
        self._blocked = {key: value for key, value in self._blocked.items() if value is not left}
        return True

    def suppressed(self) -> list[Person]:
        """Return what is left of the suppressed people."""
        return list({id(person): person for person in self._blocked.values()}.values())

    def _unindex(self, person: Person, kind: str) -> None:
        old: str | None = getattr(person, kind)
        if old is not None:
            del self._index[normal(Identifier(kind, old))]
