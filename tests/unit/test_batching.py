"""Batches: how entries are laid out over requests, and what became of each of them."""

import pickle
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ciokit.batching import BatchError, BatchResult, Chunk, ItemResult, Outcomes, chunks
from ciokit.errors import DeliveryError, NoReplyError, Problem, ReplyError, Unauthorized
from ciokit.verdict import Delivered
from ciokit.wire import TRACK_V2, Entry, Route

SMALL = Route("POST", "/one", "/many", item_limit=40, batch_limit=100)
OTHER = Route("POST", "/one", "/others", item_limit=40, batch_limit=100)


def entry(size: int, *, safe: bool = True, route: Route = SMALL) -> Entry:
    """Make an entry of so many bytes."""
    return Entry(b'"' + b"x" * (size - 2) + b'"', ("id:1",), "event", route, id="u", replay_safe=safe)


ENTRIES = st.lists(
    st.builds(entry, st.integers(2, 40), safe=st.sampled_from([True, True, False]), route=st.sampled_from([SMALL, OTHER])),
    max_size=25,
)  # fmt: skip


@given(ENTRIES)
def test_chunks_hold_each_entry_once_in_order(entries: list[Entry]) -> None:
    """Every entry is in exactly one request, in the order given, under its own index."""
    found = list(chunks(entries))
    assert [
        index for chunk in found for index in range(chunk.start, chunk.start + len(chunk.entries))
    ] == list(range(len(entries)))
    assert [made for chunk in found for made in chunk.entries] == entries


@given(ENTRIES)
def test_chunks_are_full_but_never_too_full(entries: list[Entry]) -> None:
    """A request keeps the limit to the byte, and ends only where the next entry would not fit or must be apart."""
    found = list(chunks(entries))
    assert all(len(chunk.body) <= chunk.route.batch_limit for chunk in found)
    for chunk, after in pairwise(found):
        first, following = chunk.entries[0], after.entries[0]
        apart = first.replay_safe != following.replay_safe or first.route != following.route
        assert apart or len(chunk.body) + 1 + len(following.body) > chunk.route.batch_limit


@given(ENTRIES)
def test_chunks_keep_the_unsafe_apart(entries: list[Entry]) -> None:
    """What must not be sent twice shares no request with what may, nor two routes one."""
    for chunk in chunks(entries):
        assert len({made.replay_safe for made in chunk.entries}) == 1
        assert {made.route for made in chunk.entries} == {chunk.route}
        assert chunk.replay_safe is chunk.entries[0].replay_safe


def test_chunks_of_the_real_limit() -> None:
    """500,000 bytes go out in one request, one byte more in two."""
    item = entry(31_999, route=TRACK_V2)
    rest = 500_000 - len(Chunk(0, (item,) * 15).body) - 1
    exact = [item] * 15 + [entry(rest, route=TRACK_V2)]
    assert [len(chunk.body) for chunk in chunks(exact)] == [500_000]
    over = [item] * 15 + [entry(rest + 1, route=TRACK_V2)]
    assert [len(chunk.entries) for chunk in chunks(over)] == [15, 1]


def test_equal_routes_share_a_request() -> None:
    """A route that was read from a store is the same route."""
    copy = msgspec.json.decode(msgspec.json.encode(SMALL), type=Route)
    assert len(list(chunks([entry(5), entry(5, route=copy)]))) == 1


def test_no_entries_make_no_request() -> None:
    """An empty batch sends nothing."""
    assert list(chunks([])) == []
    assert Outcomes([]).result() == BatchResult(())


# What became of each


def three_chunks() -> tuple[list[Entry], list[Chunk]]:
    """Make five entries in three requests."""
    entries = [entry(40), entry(40), entry(40), entry(40), entry(40)]
    return entries, list(chunks(entries))


def statuses(result: BatchResult) -> list[str]:
    """Return what became of each item."""
    return [item.status for item in result.items]


def test_rejections_go_back_to_their_own_index() -> None:
    """What the service says of the second item of the second request is said of the fourth item of the batch."""
    entries, found = three_chunks()
    bad = Problem("name", "blank")
    outcomes = Outcomes(entries)
    outcomes.delivered(found[0], Delivered())
    outcomes.delivered(found[1], Delivered({1: (bad,)}))
    outcomes.delivered(found[2], Delivered(unplaced=(Problem("", "odd"),)))
    result = outcomes.result()
    assert statuses(result) == ["accepted", "accepted", "accepted", "rejected", "accepted"]
    assert result.items[3] == ItemResult(3, "event", "u", "rejected", (bad,))
    assert (result.accepted, result.requests, result.unplaced) == (4, 3, (Problem("", "odd"),))
    assert [item.index for item in result.rejected] == [3]


def test_complaint_about_no_item_is_kept() -> None:
    """A complaint about an index that the request did not have is told, and counts against no item."""
    entries, found = three_chunks()
    outcomes = Outcomes(entries)
    outcomes.delivered(found[0], Delivered({7: (Problem("name", "blank"),)}))
    result = outcomes.result()
    assert statuses(result)[:2] == ["accepted", "accepted"]
    assert [str(problem) for problem in result.unplaced] == ["[7]: name: blank"]


def test_failure_tells_what_was_taken_what_failed_and_what_was_not_sent() -> None:
    """When a request fails, its items failed, those before keep their outcome, and those after were not sent."""
    entries, found = three_chunks()
    outcomes = Outcomes(entries)
    assert Outcomes(entries).begun is False
    outcomes.delivered(found[0], Delivered({0: (Problem("", "bad"),)}))
    cause = Unauthorized(
        "no", status=401, reasons=(Problem("", "key"),), attempts=2, elapsed=3.5, retryable=False
    )
    error = outcomes.failed(found[1], cause)
    assert outcomes.begun is True
    assert statuses(error.result) == ["rejected", "accepted", "failed", "failed", "not_sent"]
    assert error.result.items[2].reasons == (Problem("", "key"),)
    assert error.cause is cause
    assert (error.kind, error.attempts, error.elapsed, error.retryable) == ("batch", 2, 3.5, False)
    assert str(error) == "no; 1 of 5 operations were taken"


def test_batch_that_was_stopped_tells_so() -> None:
    """A batch whose client was closed in between says what was sent, and that the rest may be sent again."""
    entries, found = three_chunks()
    outcomes = Outcomes(entries)
    outcomes.delivered(found[0], Delivered())
    error = outcomes.stopped()
    assert statuses(error.result) == ["accepted", "accepted", "not_sent", "not_sent", "not_sent"]
    assert isinstance(error.cause, NoReplyError)
    assert not error.cause.may_have_arrived
    assert error.retryable


def test_batch_error_survives_pickling() -> None:
    """A batch's error tells the same in another process, cause and result included."""
    entries, found = three_chunks()
    error = Outcomes(entries).failed(found[0], NoReplyError("gone", may_have_arrived=True, attempts=4))
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is BatchError
    assert isinstance(copy, DeliveryError)
    assert (str(copy), copy.result, copy.attempts) == (str(error), error.result, 4)
    assert copy.cause.__dict__["may_have_arrived"] is True


def test_raise_if_rejected_names_the_items() -> None:
    """A result that lacks nothing raises nothing; one that does names the items, the first ten of many."""
    good = ItemResult(0, "event", "u", "accepted")
    BatchResult((good,)).raise_if_rejected()
    bad = [
        ItemResult(number, "event", None, "rejected", (Problem("name", "blank"),)) for number in range(1, 13)
    ]
    last = ItemResult(13, "identify", None, "not_sent")
    with pytest.raises(ReplyError) as caught:
        BatchResult((good, bad[0], last)).raise_if_rejected()
    assert str(caught.value) == (
        "batch: 2 of 3 operations were not taken: [1] event: name: blank; [13] identify: not_sent"
    )
    assert caught.value.reasons == (Problem("name", "blank"),)
    with pytest.raises(
        ReplyError, match=r"12 of 13 operations were not taken: .*\[10\] event.*; and 2 more$"
    ):
        BatchResult((good, *bad)).raise_if_rejected()
