"""Waits that end when something was settled, whatever a signal's handler raises amid them."""

import itertools
import sys
import threading
from types import FrameType

from ciokit.outboxes import changes as changes_module
from ciokit.outboxes.changes import Changes

LONG = 60.0


class FromHandlerError(Exception):
    """Stand for whatever a handler raises."""


def waiting(changes: Changes, since: int) -> threading.Thread:
    """Wait in a thread."""
    thread = threading.Thread(target=changes.wait, args=(since, LONG), daemon=True)
    thread.start()
    return thread


def test_a_change_ends_every_wait() -> None:
    """All who wait go on at the next change."""
    changes = Changes()
    threads = [waiting(changes, changes.count) for _ in range(8)]
    changes.announce()
    for thread in threads:
        thread.join(LONG)
    assert not any(thread.is_alive() for thread in threads)


def test_what_changed_before_the_wait_is_not_waited_for() -> None:
    """A change between the look at the count and the wait ends it at once."""
    changes = Changes()
    before = changes.count
    changes.announce()
    thread = waiting(changes, before)
    thread.join(LONG)
    assert not thread.is_alive()


def test_a_wait_has_an_end() -> None:
    """Without a change a wait ends after its time, and is forgotten."""
    changes = Changes()
    changes.wait(changes.count, 0.0)
    changes.announce()
    assert changes.count == 1


def interrupted_at(place: int, changes: Changes) -> bool:
    """Wait, and have a handler raise after the call of that number; tell whether there were so many."""
    calls = itertools.count(1)

    def interrupt(frame: FrameType, event: str, _argument: object) -> None:
        watched = {changes_module.__file__, threading.__file__}
        if event in {"call", "c_return"} and frame.f_code.co_filename in watched and next(calls) == place:
            raise FromHandlerError

    sys.setprofile(interrupt)
    try:
        changes.wait(changes.count, 0.0)
        changes.announce()
    except FromHandlerError:
        return True
    finally:
        sys.setprofile(None)
    return False


def test_no_exception_of_a_handler_stops_the_others() -> None:
    """Wherever a handler raises, others announce what they settled and are told of it afterwards."""
    for place in itertools.count(1):
        changes = Changes()
        if not interrupted_at(place, changes):
            assert place > 3
            return
        since = changes.count
        thread = waiting(changes, since)
        announcing = threading.Thread(target=changes.announce, daemon=True)
        announcing.start()
        announcing.join(LONG)
        thread.join(LONG)
        assert not announcing.is_alive(), f"stuck after call {place}"
        assert not thread.is_alive()
