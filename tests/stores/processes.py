"""Programs that put, fork and end in all ways, run by the tests: `python processes.py SCENARIO DIRECTORY [...]`.

A process in which nothing else runs can be forked without harm; the test run itself has threads. What a program has to
say it prints as one line of JSON.
"""

import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from ciokit.stores.contract import Fate
from ciokit.stores.spool import Spool
from ciokit.wire import Entry

EVERYTHING = 1_000_000, 1_000_000_000


def entry(number: int) -> Entry:
    """Make an entry that tells its number."""
    return Entry(b'{"n":%d}' % number, (f"id:{number}",), "event", id=f"{number:026d}")


def numbers(spool: Spool) -> list[int]:
    """Poll everything."""
    return [int(one.id or "") for _, one in spool.poll(*EVERYTHING)]


def say(what: object) -> None:
    """Tell the test, in one write that no other process's can part."""
    os.write(1, json.dumps(what).encode() + b"\n")


def in_child(work: Callable[[], None]) -> int:
    """Run a function in a forked child."""
    pid = os.fork()
    if pid:
        return pid
    try:
        work()
    except BaseException as error:  # noqa: BLE001 - the child must not go on as the parent
        sys.stderr.write(f"child: {type(error).__name__}: {error}\n")
        os._exit(1)
    os._exit(0)


def wait(*pids: int) -> None:
    """Wait for children, which must have ended well."""
    codes = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids]
    if any(codes):
        sys.exit(f"children ended with {codes}")


def inherit(directory: Path) -> None:
    """Fork with entries that wait, that are out, and in a window; parent and child go on."""
    spool = Spool(directory)
    for n in range(6):
        spool.put([entry(n)])
    out = spool.poll(2, 1000)

    def child() -> None:
        before = spool.pending.entries
        spool.settle([Fate("delivered", [seq for seq, _ in out])])  # the parent's: not the child's to settle
        found = numbers(spool)
        for n in range(100, 103):
            spool.put([entry(n)])
        say({"child": [before, found, numbers(spool), spool.pending.entries]})

    wait(in_child(child))
    others = in_child(lambda: say({"adopted by a third": Spool(directory).adopt()}))
    wait(others)
    spool.put([entry(6)])
    spool.settle([Fate("delivered", [seq for seq, _ in out])])
    say({"parent": [spool.pending.entries, numbers(spool)]})
    spool.close()


def fork_amid_close(directory: Path) -> None:
    """Close a spool, and each time that this has closed a file have another one opened, and fork."""
    spool = Spool(directory)
    spool.put([entry(n) for n in range(3)])
    (seq, _), *_ = spool.poll(3, 1000)
    spool.settle([Fate("rejected", [seq], status=400)])
    children: list[int] = []

    def watch(_frame: object, event: str, function: object) -> None:
        if event == "c_return" and function is os.close:
            sys.setprofile(None)
            other = os.open(os.devnull, os.O_RDONLY)  # has the number that has just become free
            children.append(in_child(lambda: say({"still open": bool(os.fstat(other))})))
            os.close(other)
            sys.setprofile(watch)

    sys.setprofile(watch)
    spool.close()
    sys.setprofile(None)
    wait(*children)
    say({"children": len(children)})


def outlive(directory: Path) -> None:
    """Let the parent die while its child lives: what the parent left can be taken over."""
    spool = Spool(directory)
    spool.put([entry(1)])
    reading, writing = os.pipe()

    def child() -> None:
        spool.put([entry(100)])
        os.close(writing)
        os.read(reading, 1)  # until the parent is gone
        found = numbers(spool)
        say({"child": sorted(found)})

    in_child(child)
    os._exit(0)


def storm(directory: Path) -> None:
    """Fork again and again while threads put, poll and settle; nobody may hang."""
    spool = Spool(directory, segment_bytes=2000)
    running = True
    count = [0]

    def put() -> None:
        while running:
            count[0] += 1
            spool.put([entry(1_000_000 + count[0])])

    def send() -> None:
        while running:
            spool.poll(10, 10_000)
            spool.settle([])

    threads = [threading.Thread(target=put), threading.Thread(target=send)]
    for thread in threads:
        thread.start()
    children: list[int] = []
    for number in range(20):

        def child(number: int = number) -> None:
            spool.put([entry(number)])
            spool.close()

        children.append(in_child(child))
    wait(*children)
    running = False
    for thread in threads:
        thread.join()
    spool.close()
    say({"put": count[0]})


def end(directory: Path, how: str) -> None:
    """Put three entries and end in some way, without closing anything."""
    spool = Spool(directory)
    spool.put([entry(1)])
    spool.put([entry(2), entry(3)])
    match how:
        case "exit":
            sys.exit(0)
        case "exception":
            raise RuntimeError
        case "os._exit":
            os._exit(0)
        case "SIGTERM" | "SIGKILL" | "SIGSEGV":
            os.kill(os.getpid(), getattr(signal, how))
        case _:
            sys.exit(f"no such end: {how}")


def race(directory: Path) -> None:
    """Take over what is there, as soon as the test says go."""
    spool = Spool(directory)
    sys.stdin.read()
    found = numbers(spool)
    say({"found": found})
    sys.stdout.flush()
    # Stay the owner until everyone has looked.
    signal.pause()


def own(directory: Path) -> None:
    """Own a directory with two entries until killed."""
    spool = Spool(directory)
    spool.put([entry(1), entry(2)])
    say({"pid": os.getpid()})
    signal.pause()


def torture(directory: Path) -> None:
    """Put, poll and settle for ever, and tell before and after each what is done: `a`cknowledged, to be `s`ettled, `d`one."""
    spool = Spool(directory, segment_bytes=3000, window_bytes=4000)
    n = 0
    out: list[tuple[int, Entry]] = []
    while True:
        for size in (1, 1, 1, 5, 1, 1):
            spool.put([entry(n + place) for place in range(size)])
            os.write(1, b"a %d %d\n" % (n, n + size - 1))
            n += size
        out += spool.poll(7, 10_000)
        some = [out.pop(place) for place in range(len(out) - 1, 0, -2)]
        if some:
            ids = [int(one.id or "") for _, one in some]
            os.write(1, b"s %b\n" % b" ".join(b"%d" % number for number in ids))
            spool.settle([Fate("delivered", [seq for seq, _ in some])])
            os.write(1, b"d %b\n" % b" ".join(b"%d" % number for number in ids))


if __name__ == "__main__":
    scenario, place, *rest = sys.argv[1:]
    globals()[scenario](Path(place), *rest)
