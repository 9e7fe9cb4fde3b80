"""ULIDs: their form, their order in time, and that no two are the same, in threads and forked processes alike."""

import multiprocessing
import os
import threading
import time
from itertools import pairwise
from multiprocessing.connection import Connection

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import ciokit
from ciokit import ulids
from ciokit.testing import CioSandbox
from ciokit.ulids import is_ulid, new_ulid, ulid_from

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LAST = 2**48 - 1


def milliseconds_of(ulid: str) -> int:
    """Read the time out of a ULID, by arithmetic."""
    number = 0
    for char in ulid[:10]:
        number = number * 32 + ALPHABET.index(char)
    return number


@given(st.integers(0, LAST))
@example(0)
@example(LAST)
def test_ulid_tells_its_time(milliseconds: int) -> None:
    """The first ten characters are the milliseconds, the other sixteen are of the alphabet."""
    ulid = new_ulid(milliseconds)
    assert ulids.milliseconds_of(ulid) == milliseconds_of(ulid) == milliseconds
    assert len(ulid) == 26
    assert set(ulid) <= set(ALPHABET)
    assert is_ulid(ulid)


@pytest.mark.parametrize("milliseconds", [-1, -(10**15), LAST + 1, 10**20])
def test_times_beyond_the_form_are_its_ends(milliseconds: int) -> None:
    """A time that 48 bits cannot hold makes a ULID all the same, of the first or the last moment."""
    for ulid in (new_ulid(milliseconds), ulid_from(milliseconds, b"x")):
        assert is_ulid(ulid)
        assert milliseconds_of(ulid) == (0 if milliseconds < 0 else LAST)


def test_ulid_is_of_the_present() -> None:
    """Without a time the present is taken, anew at each call."""
    before = time.time_ns() // 1_000_000
    found = [milliseconds_of(new_ulid()) for _ in range(3)]
    after = time.time_ns() // 1_000_000
    assert before <= min(found) <= max(found) <= after


@given(st.lists(st.integers(0, LAST), min_size=2, max_size=20, unique=True))
def test_ulids_sort_by_time(times: list[int]) -> None:
    """Later ULIDs are greater as text, in whatever order they were made."""
    ulids = {moment: new_ulid(moment) for moment in times}
    assert all(ulids[first] < ulids[second] for first, second in pairwise(sorted(times)))


def test_ulids_of_one_moment_differ() -> None:
    """Many ULIDs of the same millisecond, over several blocks of randomness, are all different."""
    made = [new_ulid(5) for _ in range(20_000)]
    assert len(set(made)) == len(made)
    assert {ulid[:10] for ulid in made} == {"0000000005"}


def test_random_characters_are_all_used() -> None:
    """Every character comes at every place: no bit of the randomness is stuck."""
    made = [new_ulid(0)[10:] for _ in range(2000)]
    assert all({text[place] for text in made} == set(ALPHABET) for place in range(16))


def test_threads_share_no_ulid() -> None:
    """Threads that make ULIDs at once, of two moments in turn, make no two the same and mix no times."""
    made: list[list[tuple[int, str]]] = [[] for _ in range(8)]
    start = threading.Barrier(8)

    def work(mine: list[tuple[int, str]]) -> None:
        start.wait()
        mine += [(moment, new_ulid(moment)) for moment in range(2500)]

    threads = [threading.Thread(target=work, args=(mine,)) for mine in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    every = [pair for mine in made for pair in mine]
    assert len({ulid for _, ulid in every}) == len(every) == 20_000
    assert all(milliseconds_of(ulid) == moment for moment, ulid in every)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_forked_child_shares_no_ulid() -> None:
    """A forked child does not repeat its parent's ULIDs, nor does the parent the child's."""
    new_ulid(0)  # fills the store of randomness that the fork copies
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    child = context.Process(target=send_ulids, args=(theirs,))
    child.start()
    parent = {new_ulid(0) for _ in range(500)}
    received: set[str] = ours.recv()
    child.join()
    assert child.exitcode == 0
    assert len(parent) == len(received) == 500
    assert parent & received == set()


def send_ulids(pipe: Connection) -> None:
    """Send ULIDs of the first moment to the parent."""
    pipe.send({new_ulid(0) for _ in range(500)})


@given(st.integers(0, LAST), st.binary(max_size=20))
def test_derived_ulid_is_the_same_again(milliseconds: int, seed: bytes) -> None:
    """The same time and seed give the same ULID; another seed another one of the same time."""
    ulid = ulid_from(milliseconds, seed)
    assert ulid_from(milliseconds, seed) == ulid
    assert is_ulid(ulid)
    assert milliseconds_of(ulid) == milliseconds
    other = ulid_from(milliseconds, seed + b"\x00")
    assert other[:10] == ulid[:10]
    assert other[10:] != ulid[10:]
    assert ulid_from((milliseconds + 1) % LAST, seed)[10:] == ulid[10:]


def test_derived_ulid_never_changes() -> None:
    """A derived ULID is a promise: a file imported by a newer version must not arrive twice."""
    assert ulid_from(1_713_484_800_000, b"cdnow.csv:1") == "01HVSTE800KE42CSAP0S30R2SC"
    assert ulid_from(1_713_484_800_000, "cdnow.csv:1") == "01HVSTE800KE42CSAP0S30R2SC"


def test_any_text_is_a_seed() -> None:
    """A key out of an application's data may hold anything, half of a character too, and each makes its own ULID."""
    seeds = ["", "é", "\ud800", "\ud801", "\0"]
    assert len({ulid_from(0, seed) for seed in seeds}) == len(seeds)
    assert all(is_ulid(ulid_from(0, seed)) for seed in seeds)


def test_a_backfill_that_is_run_again_counts_once() -> None:
    """Customer.io takes an event of a derived id once, whoever sends it again and however often."""
    with CioSandbox() as sandbox:
        for _ in range(2):
            with ciokit.TrackClient(stamp=False) as client:
                for order in ("A-17", "A-18"):
                    ulid = ciokit.ulid_from(1_713_484_800_000, f"orders:{order}:placed")
                    client.track("user-1", "Order Placed", {"order": order}, id=ulid, timestamp=1_713_484_800)
        assert [event.data["order"] for event in sandbox.events("user-1")] == ["A-17", "A-18"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0" * 25,
        "0" * 27,
        "80000000000000000000000000",
        "0000000000000000000000000I",
        "0000000000000000000000000l",
        "0000000000000000000000000U",
        "0000000000000000000000000a",
        "0000000000000000000000000\n",
        " 000000000000000000000000 ",
        "00000000-0000-0000-0000-000",
        "\u0660" * 26,
    ],
)
def test_what_is_no_ulid(text: str) -> None:
    """Wrong lengths, letters, digits and times are no ULID."""
    assert not is_ulid(text)
