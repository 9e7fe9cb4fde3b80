"""Programs with an outbox that fork: `python -m tests.real.branching SCENARIO`. See `forking`, which does it with clients.

Whoever puts names the people after itself, so that it shows who sent what.
"""

import _thread
import faulthandler
import gc
import multiprocessing
import os
import sys
import threading
from collections.abc import Callable, Iterator
from multiprocessing.context import ForkContext, ForkServerContext, SpawnContext
from types import FunctionType, ModuleType
from typing import Any

from ciokit import Outbox, outbox, track_client

from .forking import fork, wait

MANY = 30
TURNS = 20
FOR_LONG = 3600.0
LOCKS = _thread.LockType, _thread.RLock


def put(name: str, many: int = MANY) -> None:
    """Put a person's events, numbered."""
    for number in range(many):
        outbox().track(name, "counted", {"n": number})


def both_sides() -> None:
    """Both processes put after the fork; what waited before is the parent's."""
    put("before")
    child = fork(lambda: put("child"), clean_exit=True)
    put("parent")
    wait(child)


def generations() -> None:
    """A child's child has an outbox too."""
    put("parent")
    for name in ("child", "grandchild"):
        pid = os.fork()
        if pid:
            wait(pid)
            return
        put(name)


def by_multiprocessing(context: ForkContext | SpawnContext | ForkServerContext) -> None:
    """Processes of multiprocessing put, beside a parent that does."""
    put("before")
    processes = [context.Process(target=put, args=(f"child-{number}",)) for number in range(3)]
    for process in processes:
        process.start()
    put("parent")
    for process in processes:
        process.join()
    if any(process.exitcode for process in processes):
        sys.exit(f"processes ended with {[process.exitcode for process in processes]}")


def in_a_pool() -> None:
    """Workers of a multiprocessing pool put; a pool that is closed lets them end."""
    with multiprocessing.get_context("fork").Pool(2) as pool:
        pool.map(put, [f"child-{number}" for number in range(3)])
        pool.close()
        pool.join()


def use(made: Outbox, name: str) -> None:
    """Use every method that could wait for a lock."""
    faulthandler.dump_traceback_later(40, exit=True)
    made.track(name, "counted", {"n": 0})
    made.resume()
    if made.stats().accepted != 1:
        sys.exit("the child has its parent's entries")
    if not (made.flush(30) and made.close(30)):
        sys.exit("the child could not deliver")
    faulthandler.cancel_dump_traceback_later()


def amid_threads() -> None:
    """Fork while other threads put, flush, count, drop and close, whatever they hold at that moment."""
    made = Outbox(track_client(), spool=os.environ.get("CIOKIT_SPOOL"), max_entries=20, overflow="drop_old")
    over = threading.Event()

    def hammer(work: Callable[[], object]) -> None:
        while not over.wait(0.0005):  # a breath, so that the others and the server have their turns
            work()

    def close_another() -> None:
        with Outbox(track_client(), spool=os.environ.get("CIOKIT_SPOOL")) as other:
            other.track("other", "counted", {"n": 0})

    works: list[Callable[[], object]] = [
        lambda: made.track("hammered", "counted", {"n": 0}),
        lambda: made.flush(0.01),
        made.stats,
        close_another,
    ]
    threads = [threading.Thread(target=hammer, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for turn in range(TURNS):
        wait(fork(lambda: use(made, f"child-{turn}")))  # noqa: B023 - done before the next turn
    over.set()
    for thread in threads:
        thread.join()


def locks_of(root: object) -> Iterator[Any]:
    """Find every lock that can be reached from an object without leaving through modules, functions and classes."""
    seen: set[int] = set()
    queue = [root]
    while queue:
        found: Any = queue.pop()
        if id(found) in seen or isinstance(found, (ModuleType, FunctionType, type, threading.Thread)):
            continue
        seen.add(id(found))
        if isinstance(found, LOCKS):
            yield found
        queue += gc.get_referents(found)


def every_lock_held() -> None:
    """Fork while another thread holds every lock of the outbox, its store, its client and their pools."""
    made = Outbox(track_client(), spool=os.environ.get("CIOKIT_SPOOL"), flush_interval=FOR_LONG)
    made.track("parent", "counted", {"n": 0})
    made.flush(30)
    held, forked = threading.Event(), threading.Event()
    count: list[int] = []

    def hold() -> None:
        locks = [lock for lock in locks_of(made) if lock.acquire(timeout=1)]
        count.append(len(locks))
        held.set()
        forked.wait()
        for lock in locks:
            lock.release()

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait()
    child = fork(lambda: use(made, "child"))
    forked.set()
    holder.join()
    wait(child)
    sys.stdout.write(str(count[0]))


SCENARIOS: dict[str, Callable[[], None]] = {
    "both_sides": both_sides,
    "generations": generations,
    "fork": lambda: by_multiprocessing(multiprocessing.get_context("fork")),
    "spawn": lambda: by_multiprocessing(multiprocessing.get_context("spawn")),
    "forkserver": lambda: by_multiprocessing(multiprocessing.get_context("forkserver")),
    "in_a_pool": in_a_pool,
    "amid_threads": amid_threads,
    "every_lock_held": every_lock_held,
}

if __name__ == "__main__":
    SCENARIOS[sys.argv[1]]()
