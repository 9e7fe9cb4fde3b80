"""What an outbox tells: hooks with frozen details, and log lines that say each problem once a window, with counts."""

import logging
import threading
from typing import Literal

import pytest

from ciokit import DeliveredDetails, DroppedDetails, RejectedDetails
from ciokit.dispatch import Settlement
from ciokit.dispatch.settlement import Rejection
from ciokit.errors import Problem
from ciokit.outboxes.reports import WINDOW, Hooks, Reports
from ciokit.testing import FakeClock
from ciokit.verdict import Delivered, Rejected, RetryIn
from ciokit.wire import Entry

SECRET = "marker-5d1e"


def entry(number: int = 1) -> Entry:
    """Make an entry whose body must not show."""
    return Entry(b'{"secret":"%s"}' % SECRET.encode(), (f"id:user-{number}",), "event", id=f"ulid-{number}")


def delivered(*numbers: int) -> Settlement:
    """Say that entries arrived."""
    return Settlement(Delivered(), [(number, entry(number)) for number in numbers])


def rejected(number: int = 1, status: int = 400) -> Settlement:
    """Say that an entry was refused for good."""
    reasons = (Problem("attributes.plan", "not known"),)
    rejection = Rejection(number, entry(number), "refused", status, reasons, attempts=2)
    return Settlement(Rejected("refused", status, reasons), rejected=[rejection])


def paused(cause: Literal["unauthorized", "no_reply"], status: int, *reasons: str) -> Settlement:
    """Say that nothing more is sent until somebody has changed something."""
    return Settlement(Rejected(cause, status, tuple(Problem("", said) for said in reasons)), paused=cause)


FAILED = Settlement(RetryIn(1.0, 503))


@pytest.fixture
def clock() -> FakeClock:
    """Tell the time of the windows."""
    return FakeClock()


@pytest.fixture
def reports(clock: FakeClock) -> Reports:
    """Report to nobody but the log."""
    return Reports(Hooks(), clock.monotonic)


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what was logged, and check that it shows no payload."""
    said = [record.getMessage() for record in caplog.records if record.name == "ciokit.outbox"]
    assert SECRET not in caplog.text
    return said


def test_hooks_get_the_facts(clock: FakeClock) -> None:
    """Each hook is given frozen details that say what it was, how it went and why, and whose repr is silent."""
    told: list[DeliveredDetails | RejectedDetails | DroppedDetails] = []
    reports = Reports(Hooks(told.append, told.append, told.append), clock.monotonic)
    reports.tell(delivered(1, 2), attempts=3)
    reports.tell(rejected(4), attempts=2)
    reports.tell_dropped([entry(5)], "full")
    assert told == [
        DeliveredDetails(("event", "event"), ("ulid-1", "ulid-2"), 3),
        RejectedDetails(
            "event", "ulid-4", ("id:user-4",), 400, "attributes.plan: not known", 2, entry().body
        ),
        DroppedDetails("event", "ulid-5", ("id:user-5",), "full", entry().body),
    ]
    assert SECRET not in repr(told)
    for details in told:
        assert type(details).__struct_config__.frozen


@pytest.mark.parametrize("raised", [ValueError(SECRET[:3]), SystemExit(3)])
def test_a_raising_hook_is_logged_and_harms_nothing(
    clock: FakeClock, caplog: pytest.LogCaptureFixture, raised: BaseException
) -> None:
    """Whatever a hook raises is logged with its traceback, once a window, and the next hook is called all the same."""
    calls: list[object] = []

    def fail(details: object) -> None:
        calls.append(details)
        raise raised

    reports = Reports(Hooks(fail, fail, fail), clock.monotonic)
    for _ in range(3):
        reports.tell(delivered(1), 1)
    reports.tell(rejected(), 1)
    reports.tell_dropped([entry(), entry()], "full")
    assert len(calls) == 6
    assert lines(caplog).count("a hook of the outbox raised") == 1
    assert type(raised).__name__ in caplog.text


def test_a_problem_is_said_once_a_window_with_its_count(
    reports: Reports, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    """A thousand failures in a minute are one line; the next line says how many came since."""
    for _ in range(1000):
        reports.tell(FAILED, 1)
    assert lines(caplog) == ["Customer.io does not take entries (status 503); they are kept"]
    clock.advance(WINDOW)
    reports.tell(FAILED, 1)
    assert lines(caplog)[1:] == [
        "Customer.io does not take entries (status 503); they are kept (1000 times since this was last said)"
    ]


@pytest.mark.parametrize(
    ("settlement", "trouble"),
    [
        (FAILED, "status 503"),
        (
            Settlement(RetryIn(1.0, reasons=(Problem("", "no connection (refused)"),))),
            "no answer: no connection (refused)",
        ),
        (paused("unauthorized", 401), "unauthorized, status 401: check the credentials and the region"),
        (
            paused("no_reply", 0, "the certificate was not accepted"),
            "no answer: the certificate was not accepted",
        ),
        (
            Settlement(Rejected("refused", 404), paused="misdirected"),
            "misdirected, status 404: check CIOKIT_BASE_URL, the account, and a proxy if there is one",
        ),
    ],
)
def test_what_is_wrong_is_said_and_counted(
    reports: Reports, caplog: pytest.LogCaptureFixture, settlement: Settlement, trouble: str
) -> None:
    """The log and the counts say why entries are not taken and what to do, until a request is."""
    reports.count(settlement)
    reports.tell(settlement, 1)
    assert reports.trouble == trouble
    (line,) = lines(caplog)
    assert f"({trouble});" in line
    reports.count(rejected())  # says nothing of the others
    assert reports.trouble == trouble
    reports.count(delivered(1))
    assert not reports.trouble


def test_a_batch_that_is_parted_is_no_trouble(reports: Reports, caplog: pytest.LogCaptureFixture) -> None:
    """While a refused batch is halved to find the culprit, nothing is said."""
    parted = Settlement(Rejected("refused", 400))
    reports.count(parted)
    reports.tell(parted, 1)
    assert not reports.trouble
    assert lines(caplog) == []


def test_flapping_does_not_flood_the_log(reports: Reports, caplog: pytest.LogCaptureFixture) -> None:
    """A service that fails every other request gives one line for the trouble and one for its end, each window."""
    caplog.set_level(logging.INFO, "ciokit.outbox")
    for _ in range(100):
        reports.tell(FAILED, 1)
        reports.tell(delivered(1), 1)
    assert lines(caplog) == [
        "Customer.io does not take entries (status 503); they are kept",
        "Customer.io takes entries again",
    ]


def test_each_problem_has_its_own_window(reports: Reports, caplog: pytest.LogCaptureFixture) -> None:
    """One problem does not hide another: each status, each cause and each reason for dropping is said."""
    reports.tell(FAILED, 1)
    reports.tell(Settlement(RetryIn(1.0, reasons=(Problem("", "no connection"),))), 1)
    reports.tell(paused("unauthorized", 401), 1)
    reports.tell(rejected(status=400), 1)
    reports.tell(rejected(status=422), 1)
    reports.tell_dropped([entry()], "full")
    reports.tell_dropped([entry()], "closed")
    levels = [record.levelno for record in caplog.records]
    assert levels == [logging.WARNING] * 2 + [logging.ERROR] * 5
    assert len(set(lines(caplog))) == 7


def test_entries_dropped_together_are_counted_together(
    reports: Reports, caplog: pytest.LogCaptureFixture
) -> None:
    """Many entries that are dropped at once are one line with their number."""
    reports.tell_dropped([entry(number) for number in range(40)], "closed")
    assert lines(caplog) == [
        "entries dropped unsent: 40 (closed); give close() more time, or keep them in a spool"
    ]


def test_threads_lose_no_count(reports: Reports, clock: FakeClock, caplog: pytest.LogCaptureFixture) -> None:
    """What eight threads report at once is all in the next line's count."""
    start = threading.Barrier(8)

    def report() -> None:
        start.wait()
        for _ in range(250):
            reports.tell(FAILED, 1)

    threads = [threading.Thread(target=report) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    clock.advance(WINDOW)
    reports.tell(FAILED, 1)
    assert len(lines(caplog)) == 2
    assert "(2000 times since this was last said)" in lines(caplog)[1]
