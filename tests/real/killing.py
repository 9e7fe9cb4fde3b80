"""Kill processes that put into a spool, at random moments: `python -m tests.real.killing KILLS AT_ONCE SEED`.

Each child puts entries until it is killed, and reports the ULID of each that a verb has acknowledged. What they
reported is printed at the end, a line a child. One parent forks them all, since a fork takes a millisecond and a new
interpreter a hundred.
"""

import os
import random
import selectors
import signal
import sys
from typing import NamedTuple

from ciokit import outbox

ULID = 26
PEOPLE = 4


class Child(NamedTuple):
    """Hold a child, where its reports come in, and after how many it is killed."""

    pid: int
    number: int
    quota: int
    reports: bytearray


def put(number: int, pipe: int) -> None:
    """Put events of a few people in turn, and report each."""
    turn = 0
    while True:
        ulid = outbox().track(f"child-{number}-{turn % PEOPLE}", "counted", {"n": turn})
        os.write(pipe, str(ulid).encode())
        turn += 1
        if turn % 32 == 0:  # so that a kill may come amid a delivery, and between it and its record
            outbox().flush(1)


def start(selector: selectors.BaseSelector, number: int, quota: int) -> None:
    """Fork a child."""
    reading, writing = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(reading)
        put(number, writing)
    os.close(writing)
    selector.register(reading, selectors.EVENT_READ, Child(pid, number, quota, bytearray()))
    if not quota:
        os.kill(pid, signal.SIGKILL)


def hear(selector: selectors.BaseSelector, pipe: int, child: Child) -> None:
    """Take reports in, kill the child when there are enough, and print what it reported when it is dead."""
    data = os.read(pipe, 65536)
    if data:
        enough, before = ULID * child.quota, len(child.reports)
        child.reports.extend(data)
        if before < enough <= len(child.reports):
            os.kill(child.pid, signal.SIGKILL)
        return
    selector.unregister(pipe)
    os.close(pipe)
    _, status = os.waitpid(child.pid, 0)
    if os.waitstatus_to_exitcode(status) != -signal.SIGKILL:
        sys.exit(f"child {child.number} ended with {os.waitstatus_to_exitcode(status)}")
    ulids = [child.reports[at : at + ULID].decode() for at in range(0, len(child.reports), ULID)]
    whole = [ulid for ulid in ulids if len(ulid) == ULID]
    sys.stdout.write(" ".join((str(child.number), *whole)) + "\n")


def main(kills: int, at_once: int, seed: int) -> None:
    """Have so many children killed, so many of them living at once."""
    outbox()  # so that a child need not import what it takes
    chance = random.Random(seed)
    selector = selectors.DefaultSelector()
    begun = 0
    while begun < kills or selector.get_map():
        while begun < kills and len(selector.get_map()) < at_once:
            start(selector, begun, chance.choice((0, 1, chance.randrange(40), chance.randrange(160))))
            begun += 1
        for key, _ in selector.select():
            hear(selector, key.fd, key.data)


if __name__ == "__main__":
    main(*[int(argument) for argument in sys.argv[1:]])
