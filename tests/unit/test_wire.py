"""Entries and the frame of a batch."""

import pickle

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from ciokit import limits
from ciokit.wire import FRAME, TRACK_V2, Entry, Route, frame


@given(st.lists(st.dictionaries(st.text(max_size=3), st.integers(), max_size=3), max_size=5))
def test_frame_is_the_batch_of_its_items(items: list[dict[str, int]]) -> None:
    """A batch is its items' own bytes between the frame's, a comma between each two."""
    bodies = [msgspec.json.encode(item) for item in items]
    framed = frame(bodies)
    assert msgspec.json.decode(framed) == {"batch": items}
    assert len(framed) == FRAME + sum(map(len, bodies)) + max(0, len(bodies) - 1)
    assert all(body in framed for body in bodies)


def test_limits_are_the_vendors() -> None:
    """The route of version 2 has the limits that the vendor states."""
    assert (TRACK_V2.item_limit, TRACK_V2.batch_limit) == (limits.ITEM, limits.BATCH) == (32_000, 500_000)
    assert (TRACK_V2.method, TRACK_V2.path, TRACK_V2.batch) == ("POST", "/api/v2/entity", "/api/v2/batch")


def test_entries_are_values() -> None:
    """An entry that was stored and read again equals the one that was put."""
    entry = Entry(b"{}", ("id:1", "email:a@b"), "merge", Route("POST", "/x"), id="u", replay_safe=False)
    assert pickle.loads(pickle.dumps(entry)) == entry
    assert hash(entry) == hash(
        Entry(b"{}", ("id:1", "email:a@b"), "merge", Route("POST", "/x"), "u", replay_safe=False)
    )
    assert Entry(b"{}", ("id:1",), "identify") == Entry(
        b"{}", ("id:1",), "identify", TRACK_V2, None, replay_safe=True
    )
