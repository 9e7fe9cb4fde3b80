"""Programs that fork, run by the tests as processes of their own: `python forking.py SCENARIO URL`.

A process in which nothing else runs can be forked without harm; the test run itself has threads. Every scenario talks
to a server that refuses each event with the person's own id, so that an answer meant for another process is seen.
"""

import asyncio
import logging
import multiprocessing
import os
import sys
import threading
from collections.abc import Callable
from multiprocessing.context import ForkContext, SpawnContext

from ciokit import (
    AsyncTrackClient,
    ReplyError,
    TrackClient,
    async_track_client,
    new_ulid,
    outbox,
    track_client,
)

MANY = 300

logging.getLogger("asyncio").addFilter(
    lambda told: "Executing" not in str(told.msg)
)  # how slow this machine is


def ask(client: TrackClient, name: str, times: int) -> None:
    """Send events of people with names of their own, and check that each answer is theirs."""
    for number in range(times):
        person = f"{name}-{number}"
        try:
            client.track(person, "seen")
        except ReplyError as error:
            check(str(error), person)


async def ask_async(client: AsyncTrackClient, name: str, times: int) -> None:
    """Do the same in tasks."""
    people = [f"{name}-{number}" for number in range(times)]
    errors = await asyncio.gather(
        *(client.track(person, "seen") for person in people), return_exceptions=True
    )
    for person, error in zip(people, errors, strict=True):
        check(str(error), person)


def check(said: str, person: str) -> None:
    """Stop the process if an answer was another's."""
    if said.rpartition("echo: ")[2] != person:
        sys.exit(f"{os.getpid()} asked for {person} and was told {said}")


def fork(child: Callable[[], None], *, clean_exit: bool = False) -> int:
    """Run a function in a forked child; it ends at once, or with all that an interpreter does at its end."""
    pid = os.fork()
    if pid:
        return pid
    try:
        child()
    except BaseException as error:  # noqa: BLE001 - whatever it is, the parent goes on elsewhere
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        os._exit(1)
    if clean_exit:
        sys.exit(0)
    os._exit(0)


def wait(*pids: int) -> None:
    """Wait for children, which must have ended well."""
    codes = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids]
    if any(codes):
        sys.exit(f"children ended with {codes}")


def used_before(url: str) -> None:
    """A client that was used before the fork, used by both processes at once afterwards."""
    client = TrackClient("site", "key", base_url=url)
    ask(client, "before", 3)
    child = fork(lambda: ask(client, "child", MANY), clean_exit=True)
    ask(client, "parent", MANY)
    wait(child)
    ask(client, "after", 3)


def closed_in_child(url: str) -> None:
    """A client that the child closes and forgets stays open for the parent."""
    client = TrackClient("site", "key", base_url=url)
    ask(client, "before", 3)
    for turn in range(3):
        wait(fork(client.close, clean_exit=True))
        ask(client, f"after-{turn}", 3)


def grandchildren(url: str) -> None:
    """Each generation has connections of its own."""
    client = TrackClient("site", "key", base_url=url)
    ask(client, "parent", 3)

    def child() -> None:
        ask(client, "child", 3)
        wait(fork(lambda: ask(client, "grandchild", 3)))
        ask(client, "child-after", 3)

    wait(fork(child))
    ask(client, "parent-after", 3)


def amid_threads(url: str) -> None:
    """A fork while other threads are inside a call: whatever they hold, the child is not held up by it."""
    client = TrackClient("site", "key", base_url=url)
    over = threading.Event()

    def hammer(name: str) -> None:
        turn = 0
        while not over.is_set():
            ask(client, f"{name}-{turn}", 5)
            turn += 1

    threads = [threading.Thread(target=hammer, args=(f"thread-{number}",)) for number in range(6)]
    for thread in threads:
        thread.start()
    for turn in range(25):
        wait(fork(lambda: ask(client, f"child-{turn}", 2)))  # noqa: B023 - done before the next turn
    over.set()
    for thread in threads:
        thread.join()


def singletons(url: str) -> None:
    """A child has a client of its own, and no ULID of the parent's or of a sibling's."""
    os.environ["CIOKIT_BASE_URL"] = url
    parents, parents_outbox = track_client(), outbox()
    ask(parents, "parent", 3)
    new_ulid()

    def child() -> None:
        if track_client() is parents:
            sys.exit("the child has the parent's client")
        if track_client() is not track_client():
            sys.exit("the child has two clients")
        if outbox() is not parents_outbox:
            sys.exit("the child has another outbox than whoever holds the parent's")
        ask(track_client(), f"child-{os.getpid()}", 50)

    children = [fork(child) for _ in range(4)]
    ask(track_client(), "parent-after", 50)
    wait(*children)
    if track_client() is not parents:
        sys.exit("the parent has lost its client")


def async_before(url: str) -> None:
    """An asynchronous client that was used before the fork, used by both processes at once afterwards."""
    client = AsyncTrackClient("site", "key", base_url=url)
    asyncio.run(ask_async(client, "before", 8))
    child = fork(lambda: asyncio.run(ask_async(client, "child", 100)), clean_exit=True)
    asyncio.run(ask_async(client, "parent", 100))
    wait(child)


def async_amid(url: str) -> None:
    """A fork out of a running loop with open connections: the child begins a loop of its own."""
    os.environ["CIOKIT_BASE_URL"] = url
    client = AsyncTrackClient("site", "key", base_url=url)

    async def in_child() -> None:
        await ask_async(client, "child", 50)
        await ask_async(async_track_client(), "child-singleton", 5)

    async def main() -> None:
        await ask_async(client, "before", 8)
        await ask_async(async_track_client(), "before-singleton", 5)
        child = fork(lambda: asyncio.run(in_child()))
        await ask_async(client, "parent", 50)
        await asyncio.to_thread(wait, child)
        await ask_async(client, "after", 8)

    asyncio.run(main())


def work(url: str, name: str) -> None:
    """Do some work in a process of multiprocessing."""
    os.environ["CIOKIT_BASE_URL"] = url
    ask(track_client(), name, 50)


def by_multiprocessing(url: str, context: ForkContext | SpawnContext) -> None:
    """Processes of multiprocessing, beside a parent that has used its client."""
    work(url, "parent")
    name = context.get_start_method()
    processes = [context.Process(target=work, args=(url, f"{name}-{number}")) for number in range(3)]
    for process in processes:
        process.start()
    work(url, "parent-after")
    for process in processes:
        process.join()
    if any(process.exitcode for process in processes):
        sys.exit(f"processes ended with {[process.exitcode for process in processes]}")


SCENARIOS: dict[str, Callable[[str], None]] = {
    "used_before": used_before,
    "closed_in_child": closed_in_child,
    "grandchildren": grandchildren,
    "amid_threads": amid_threads,
    "singletons": singletons,
    "async_before": async_before,
    "async_amid": async_amid,
    "multiprocessing_fork": lambda url: by_multiprocessing(url, multiprocessing.get_context("fork")),
    "multiprocessing_spawn": lambda url: by_multiprocessing(url, multiprocessing.get_context("spawn")),
}

if __name__ == "__main__":
    SCENARIOS[sys.argv[1]](sys.argv[2])
