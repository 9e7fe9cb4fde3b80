"""The pytest plugin, in test runs of their own."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType

import pytest

from pytest_ciokit.guard import Guard, RealCustomerIO

SOURCE = Path(__file__).parents[2] / "src"

SHOP = """
import ciokit
from ciokit import Event
from ciokit.testing import CioSandbox, FakeClock

class OrderPlaced(Event, name="Order Placed"):
    order_id: str
    total: int

def order(total):
    ciokit.track_client().track("user-1", OrderPlaced(order_id="o-1", total=total))
"""


class Libraries:
    """Keep what a run in this process imports, but for its own tests.

    pytester forgets it. A package of which a part was imported before then gets that part's classes in two copies, which
    do not know each other: anyio no longer finds a connection's socket, and httpx2 takes each connection for one that has
    ended.
    """

    def __init__(self) -> None:
        self._modules: dict[str, ModuleType] = {}

    def pytest_unconfigure(self, config: pytest.Config) -> None:
        """Take down what a run has imported."""
        for name, module in list(sys.modules.items()):
            if not Path(getattr(module, "__file__", None) or "/").is_relative_to(config.rootpath):
                self._modules.setdefault(name, module)

    def put_back(self) -> None:
        """Have it imported again, as it was."""
        for name, module in self._modules.items():
            sys.modules.setdefault(name, module)


LIBRARIES = Libraries()


@pytest.fixture(autouse=True)
def libraries() -> Iterator[None]:
    """Put back what the runs of a test imported, once pytester has forgotten it."""
    yield
    LIBRARIES.put_back()


def run(pytester: pytest.Pytester, tests: str, *args: str) -> pytest.RunResult:
    """Run tests as an application does, with the plugin loaded once."""
    pytester.makepyfile(SHOP + tests)
    pytester.makepyprojecttoml(
        '[tool.pytest.ini_options]\nfilterwarnings = ["error"]\naddopts = ["--strict-markers", "--strict-config"]\n'
    )
    loaded = () if entry_points(group="pytest11", name="ciokit") else ("-p", "pytest_ciokit")
    options = (*loaded, "-p", "no:cacheprovider", "-p", "no:cov", *args)
    return pytester.runpytest_inprocess(*options, plugins=[LIBRARIES])


def test_cio_sandbox_is_fresh_for_each_test(pytester: pytest.Pytester) -> None:
    """What one test sends is not there in the next, and the singleton is another."""
    result = run(
        pytester,
        """
made = []

def test_first(cio_sandbox: CioSandbox):
    order(3)
    made.append(ciokit.track_client())
    cio_sandbox.assert_tracked("user-1", OrderPlaced(order_id="o-1", total=3))
    cio_sandbox.assert_nothing_else_sent()

def test_second(cio_sandbox):
    cio_sandbox.assert_nothing_sent()
    assert ciokit.track_client() is not made[0]
""",
    )
    result.assert_outcomes(passed=2)


def test_a_failure_reads_well(pytester: pytest.Pytester) -> None:
    """The report shows the test's own line and the difference, not the insides of the assertion."""
    result = run(
        pytester,
        """
def test_total(cio_sandbox):
    order(4)
    cio_sandbox.assert_tracked("user-1", OrderPlaced(order_id="o-1", total=3))
""",
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            ">*cio_sandbox.assert_tracked(*",
            "E*AssertionError: 'user-1' was not sent:",
            "E*total: expected 3, got 4",
        ]
    )
    result.stdout.no_fnmatch_line("*__tracebackhide__*")


def test_marks_set_the_sandbox_up(pytester: pytest.Pytester) -> None:
    """The nearest mark wins, and the clock of the test is the clients'."""
    result = run(
        pytester,
        """
import pytest

pytestmark = pytest.mark.ciokit(region="eu", seed=1)

@pytest.mark.ciokit(seed=2)
def test_marked(cio_sandbox, cio_clock: FakeClock):
    assert (cio_sandbox.world.region, cio_sandbox.world.seed) == ("eu", 2)
    assert cio_sandbox.clock is cio_clock
    cio_sandbox.fail(times=1)
    order(3)
    (wait,) = cio_clock.sleeps
    (event,) = cio_sandbox.events()
    assert event.data["tracked_at"] == 1_800_000_000
""",
    )
    result.assert_outcomes(passed=1)


def test_cio_clock_alone(pytester: pytest.Pytester) -> None:
    """Without a sandbox, too, clients go by the clock while the test lasts, and no longer."""
    result = run(
        pytester,
        """
from ciokit.clock import SYSTEM_CLOCK

def test_clock(cio_clock):
    ciokit.retry()(lambda: None)
    assert SYSTEM_CLOCK.time() == 1_800_000_000

def test_afterwards():
    assert SYSTEM_CLOCK.time() != 1_800_000_000
""",
    )
    result.assert_outcomes(passed=2)


REACHING = """
import socket
import threading

def reach(host="track.customer.io"):
    socket.getaddrinfo(host, 443)

def test_in_the_open():
    reach()

def test_swallowed():
    try:
        reach(b"API-EU.customer.io.")
    except Exception:
        pass

def test_in_a_thread():
    def swallow():
        try:
            with socket.socket() as sock:
                sock.connect(("cdp.customer.io", 443))
        except RuntimeError:
            pass
    thread = threading.Thread(target=swallow)
    thread.start()
    thread.join()

def test_elsewhere():
    assert socket.getaddrinfo("127.0.0.1", 443)
"""


def test_the_guard_fails_whoever_reaches_out(pytester: pytest.Pytester) -> None:
    """A lookup or a connection fails its test, also where somebody swallowed the error; others go on."""
    result = run(pytester, REACHING)
    result.assert_outcomes(failed=3, passed=1)
    result.stdout.fnmatch_lines(
        [
            "*RealCustomerIO: a test tried to reach track.customer.io: take the fixture cio_sandbox*",
            "test_swallowed tried to reach api-eu.customer.io: *",
            "test_in_a_thread tried to reach cdp.customer.io: *",
        ]
    )


LOOKUP = """
import socket
import pytest

def test_lookup():
    # What refuses it is the guard of ciokit's own tests, behind the one that is looked at.
    with pytest.raises(RuntimeError, match="tests stay on this machine"):
        socket.getaddrinfo("track.customer.io", 443)
"""


AT_THE_END = """
import socket

def pytest_terminal_summary(terminalreporter):
    try:
        socket.gethostbyname("customer.io")
    except RuntimeError as error:
        terminalreporter.write_line(f"at the end: {type(error).__name__}")
"""


@pytest.mark.ciokit_network
def test_the_guard_lets_pass_who_is_marked(pytester: pytest.Pytester) -> None:
    """A marked test is not held back; an unmarked one beside it is, and so is what comes after the last test."""
    marked = LOOKUP.replace("def test_lookup", "@pytest.mark.ciokit_network\ndef test_marked")
    pytester.makeconftest(AT_THE_END)
    result = run(pytester, LOOKUP + marked)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*at the end: RealCustomerIO"])


@pytest.mark.ciokit_network
def test_the_guard_can_be_switched_off(pytester: pytest.Pytester) -> None:
    """With ciokit_block_network = false nothing is watched."""
    run(pytester, LOOKUP, "-o", "ciokit_block_network=false").assert_outcomes(passed=1)


def test_a_guard_restores_what_it_found() -> None:
    """After the end the socket module is as before."""
    before = socket.getaddrinfo, socket.socket.connect
    guard = Guard()
    guard.start()
    with pytest.raises(RealCustomerIO, match="tried to reach track"):
        socket.gethostbyname("track.customer.io")
    assert guard.take_tried().startswith("tried to reach track.customer.io")
    assert guard.take_tried() == ""
    guard.stop()
    assert (socket.getaddrinfo, socket.socket.connect) == before


def test_a_guard_leaves_alone_what_others_have_put_there() -> None:
    """Whoever replaced a function after the guard keeps it when the guard goes."""

    def others(_host: str) -> str:
        return "127.0.0.1"

    before, guard = socket.gethostbyname, Guard()
    guard.start()
    try:
        socket.gethostbyname = others
        guard.stop()
        assert socket.gethostbyname is others
    finally:
        socket.gethostbyname = before


def test_hosts_of_others_are_none_of_its_business() -> None:
    """Only customer.io and what is below it is refused."""
    guard = Guard()
    for host in ("customer.io.example.com", "mycustomer.io", "localhost", None):
        guard.check(host)
    assert guard.take_tried() == ""


def test_the_plugin_alone_loads_nothing_of_ciokit() -> None:
    """A run of an application that uses no fixture does not pay for them."""
    ask = "import sys, pytest_ciokit; print([name for name in sys.modules if name.split('.')[0] in ('ciokit', 'httpx2', 'msgspec')])"
    done = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_ciokit_does_not_import_pytest() -> None:
    """What an application runs with has no test runner in it."""
    ask = "import sys, ciokit, ciokit.testing.sandbox; print('pytest' in sys.modules or '_pytest' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize(
    ("mark", "said"),
    [
        (
            'regoin="eu"',
            "{fixture} takes no option regoin, did you mean region? It takes region, rate_limits, seed, rules",
        ),
        ("unheard_of=1", "{fixture} takes no option unheard_of. It takes region, rate_limits, seed, rules"),
        ('"eu"', "'eu' has no name: write region='eu', for example"),
        ('region="mars"', "region must be us or eu, got 'mars'"),
        ('rules={"strict": True}', "rules must be a ciokit.sandbox.Rules, got {'strict': True}"),
        ('rate_limits="no"', "rate_limits must be True or False, got 'no'"),
    ],
    ids=["typo", "unknown", "no name", "region", "rules", "rate limits"],
)
@pytest.mark.parametrize("fixture", ["cio_sandbox", "cio_server"])
def test_a_wrong_mark_says_what_is_right(
    pytester: pytest.Pytester, fixture: str, mark: str, said: str
) -> None:
    """A mark that no fixture can be made with is one line that names the option, and no traceback."""
    result = run(
        pytester,
        f"""
import pytest

@pytest.mark.ciokit({mark})
def test_it({fixture}):
    pass
""",
    )
    result.assert_outcomes(errors=1)
    expected = f"@pytest.mark.ciokit: {said.replace('{fixture}', fixture)}"
    assert [line for line in result.outlines if line.startswith(expected)]
    assert "Traceback" not in result.stdout.str()
    assert "__init__.py" not in result.stdout.str()
