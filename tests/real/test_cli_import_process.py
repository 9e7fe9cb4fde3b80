"""`ciokit import` as a process that is killed, stopped and started again."""

import os
import pty
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ciokit.sandbox import World
from ciokit.sandbox.exchange import Answer, Request
from ciokit.sandbox.server import SandboxServer

ROWS = 3_000
COMMAND = [
    *(sys.executable, "-m", "ciokit", "import", "orders.csv"),
    *("--person", "who", "--event", "purchase", "--timestamp", "when"),
]


class Stopping(World):
    """A world that sends a signal to whoever sends the nth batch, before or after it is processed."""

    def __init__(self, nth: int, *, after: bool, signal_: signal.Signals) -> None:
        super().__init__()
        self.process: subprocess.Popen[str] | None = None
        self._left = nth
        self._after = after
        self._signal = signal_

    def answer(self, request: Request, now: float) -> Answer:
        """Answer a request, and stop its sender if it is the one."""
        self._left -= 1
        if self._left or self.process is None:
            return super().answer(request, now)
        if not self._after:
            self._stop()
        answer = super().answer(request, now)
        if self._after:
            self._stop()
        return answer

    def _stop(self) -> None:
        assert self.process is not None
        self.process.send_signal(self._signal)
        if self._signal == signal.SIGKILL:
            # It is dead before it can read the answer.
            self.process.wait(30)


@pytest.fixture
def orders() -> list[tuple[str, int, int]]:
    """Write a file of orders, some of them wrong, and return what must be stored: person, time, number."""
    good: list[tuple[str, int, int]] = []
    lines = ["who,when,number,note"]
    for number in range(ROWS):
        who, day = f"{number % 997:05d}", number % 700
        when = f"199{7 + day // 365}-01-01" if number % 250 else "soon"
        lines.append(f"{who},{when},{number},{'n' * 900}")
        if number % 250:
            good.append((who, 852_076_800 + day // 365 * 365 * 86400, number))
    Path("orders.csv").write_text("\n".join(lines) + "\n")
    return good


def environment(server: SandboxServer) -> dict[str, str]:
    """Return the environment of an import into a sandbox."""
    return {
        **os.environ,
        "CUSTOMERIO_SITE_ID": "site",
        "CUSTOMERIO_TRACK_API_KEY": "key",
        "CIOKIT_BASE_URL": server.url,
        "XDG_STATE_HOME": str(Path("state").resolve()),
    }


def stored(world: World) -> list[tuple[Any, Any, Any]]:
    """Return person, time and number of each stored event, in order of their numbers."""
    facts = [(event.person, event.timestamp, event.data["number"]) for event in world.events()]
    return sorted(facts, key=lambda fact: fact[2])


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("nth", [1, 3])
def test_killed_and_run_again(orders: list[tuple[str, int, int]], nth: int, *, after: bool) -> None:
    """Killed at the worst moment of a request and run again, each row is stored once and refused once."""
    world = Stopping(nth, after=after, signal_=signal.SIGKILL)
    with SandboxServer(world) as server:
        world.process = subprocess.Popen(
            COMMAND, env=environment(server), stdout=subprocess.DEVNULL, text=True
        )
        with world.process as killed:
            assert killed.wait(60) == -signal.SIGKILL
        assert len(world.events()) < len(orders)
        done = subprocess.run(COMMAND, env=environment(server), capture_output=True, text=True, check=False)
    refused = ROWS - len(orders)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        f"ciokit: orders.csv: {refused} of {ROWS:,} rows were refused; see orders.csv.refused.csv"
    )
    assert stored(world) == orders
    lines = Path("orders.csv.refused.csv").read_text().splitlines()
    assert [int(line.partition(",")[0]) for line in lines[1:]] == [
        number + 2 for number in range(0, ROWS, 250)
    ]


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_stopped_and_run_again(orders: list[tuple[str, int, int]], sent: signal.Signals) -> None:
    """Ctrl-C and SIGTERM end it with one line and 130, and the next run goes on from there."""
    world = Stopping(2, after=True, signal_=sent)
    with SandboxServer(world) as server:
        world.process = subprocess.Popen(COMMAND, env=environment(server), stderr=subprocess.PIPE, text=True)
        with world.process as stopped:
            _, said = stopped.communicate(timeout=60)
            assert stopped.returncode == 130
        (line,) = said.splitlines()
        assert line.startswith("ciokit: orders.csv: stopped: ")
        assert line.endswith("run it again to go on")
        done = subprocess.run(COMMAND, env=environment(server), capture_output=True, text=True, check=False)
    assert "going on after" in done.stderr
    assert stored(world) == orders


def test_at_a_terminal(orders: list[tuple[str, int, int]]) -> None:
    """Where somebody watches there is a bar with the rows and their speed; in a pipe there is none."""
    world = World()
    with SandboxServer(world) as server:
        leader, follower = pty.openpty()
        environ = {**environment(server), "TERM": "xterm-256color", "COLUMNS": "100"}
        with subprocess.Popen(COMMAND, env=environ, stdout=subprocess.PIPE, stderr=follower) as process:
            os.close(follower)
            shown = b""
            while True:
                try:
                    block = os.read(leader, 65536)
                except OSError:  # Linux tells the end of a terminal this way
                    break
                if not block:
                    break
                shown += block
            assert process.wait(60) == 1
        os.close(leader)
    assert b"Sending" in shown
    assert b"rows/s" in shown
    assert stored(world) == orders
