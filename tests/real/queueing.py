"""Jobs of RQ that put events into the outbox of their process, in memory: `tests.real.queueing.say`."""

import logging

import ciokit

logging.getLogger("ciokit").addHandler(logging.StreamHandler())


def say(name: str, at: int) -> None:
    """Put an event about somebody; nothing sends it before the job ends."""
    ciokit.outbox().track(name, "worked", {"at": at})
