"""What an answer means: the table of statuses, waits, hostile bodies, and that retries always end."""

import math
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import count
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ciokit.errors import Problem, SettingsError
from ciokit.verdict import (
    REASON_LENGTH,
    REASONS,
    Delivered,
    NoReply,
    Outcome,
    Rejected,
    Reply,
    RetryIn,
    RetryPolicy,
    judge,
)

POLICY = RetryPolicy()
NOW = 1_800_000_000.0

OUTCOMES: st.SearchStrategy[Outcome] = st.one_of(
    st.builds(
        Reply,
        st.integers(100, 599),
        st.dictionaries(
            st.sampled_from(["retry-after", "date", "location"]),
            st.one_of(
                st.text(max_size=12),
                st.integers(-10, 10**12).map(str),
                st.sampled_from(
                    ["Wed, 21 Oct 2015 07:28:00 GMT", "http://[::1", "//℀.com/", "²", "-5", "1.5"]
                ),
            ),
        ),
        st.one_of(
            st.binary(max_size=40),
            st.sampled_from([b"", b"{}\n", b'{"errors":[{"batch_index":0}]}', b'{"meta":{"error":"x"}}']),
        ),
    ),
    st.builds(NoReply, st.text(max_size=20), st.booleans(), st.booleans()),
)
POLICIES = st.builds(
    RetryPolicy,
    max_retries=st.one_of(st.none(), st.integers(0, 6)),
    base_delay=st.floats(0.5, 10),
    max_delay=st.floats(10, 100),
    jitter=st.floats(0, 1),
    budget=st.floats(0, 60),
    max_retry_after=st.floats(0, 120),
)


def body(answer: Any) -> bytes:
    """Encode an answer."""
    return msgspec.json.encode(answer)


def reasons(answer: Any, status: int = 400) -> list[tuple[str, str]]:
    """Return the paths and messages read out of an answer of the service."""
    raw = answer if isinstance(answer, bytes) else body(answer)
    verdict = judge(Reply(status, {}, raw), POLICY)
    assert isinstance(verdict, Rejected)
    return [(reason.path, reason.message) for reason in verdict.reasons]


# What is delivered, what is retried, what is refused


@pytest.mark.parametrize("status", [200, 201, 204, 207, 299])
def test_any_2xx_without_errors_is_delivered(status: int) -> None:
    """A good status is a delivery, whatever the body is, empty or of another kind."""
    for content in (
        b"",
        b"{}\n",
        b'{"id":3}',
        b"[1]",
        b"null",
        b'{"errors":[]}',
        b'{"errors":null}',
    ):
        assert judge(Reply(status, {}, content), POLICY) == Delivered(body=content)


@pytest.mark.parametrize(
    "page", [b"<!DOCTYPE html><title>Log in</title>", b"\r\n  <html>", b"\xef\xbb\xbf<!DOCTYPE html>"]
)
def test_a_web_page_is_no_delivery(page: bytes) -> None:
    """What a portal or a filter answers in the service's place says nothing of the service: as if nothing had come."""
    reply = Reply(200, {"content-type": "text/html"}, page)
    assert isinstance(judge(reply, POLICY), RetryIn)
    given_up = judge(reply, POLICY, replay_safe=False)
    assert isinstance(given_up, Rejected)
    assert (given_up.cause, given_up.may_have_arrived, given_up.retryable) == ("no_reply", True, False)
    assert "web page" in given_up.reasons[0].message


@pytest.mark.parametrize(
    ("status", "cause", "passing"),
    [
        (100, "refused", False),
        (304, "redirected", False),
        (307, "redirected", False),
        (400, "refused", False),
        (401, "unauthorized", False),
        (403, "unauthorized", False),
        (404, "refused", False),
        (405, "refused", False),
        (408, "unavailable", True),
        (409, "refused", False),
        (413, "refused", False),
        (422, "refused", False),
        (429, "rate_limited", True),
        (499, "refused", False),
        (500, "unavailable", True),
        (502, "unavailable", True),
        (503, "unavailable", True),
        (504, "unavailable", True),
        (599, "unavailable", True),
    ],
)
def test_status_decides(status: int, cause: str, *, passing: bool) -> None:
    """Only 408, 429 and 5xx are tried again, and only until the retries are used up."""
    first = judge(Reply(status), POLICY)
    last = judge(Reply(status), POLICY, attempt=3)
    assert isinstance(first, RetryIn) is passing
    assert isinstance(last, Rejected)
    assert (last.cause, last.status, last.retryable) == (cause, status, passing)
    if isinstance(first, RetryIn):
        assert (first.seconds, first.status) == (1.0, status)


@pytest.mark.parametrize(
    ("outcome", "again", "may_have_arrived"),
    [
        (Reply(408), False, True),
        (Reply(429), True, False),
        (Reply(500), False, True),
        (Reply(503), False, True),
        (NoReply("reset"), False, True),
        (NoReply("refused", may_have_arrived=False), True, False),
    ],
)
def test_unsafe_is_sent_again_only_if_it_was_not_processed(
    outcome: Outcome, *, again: bool, may_have_arrived: bool
) -> None:
    """What cannot be deduplicated is replayed only when it never arrived or was turned away with 429."""
    verdict = judge(outcome, POLICY, replay_safe=False)
    assert isinstance(verdict, RetryIn) is again
    last = judge(outcome, POLICY, replay_safe=False, attempt=3)
    assert isinstance(last, Rejected)
    assert (last.retryable, last.may_have_arrived) == (again, may_have_arrived)


def test_lasting_network_failure_is_final() -> None:
    """A certificate that is not trusted will not be trusted a second later."""
    verdict = judge(NoReply("certificate", may_have_arrived=False, passing=False), POLICY)
    assert isinstance(verdict, Rejected)
    assert (verdict.cause, verdict.retryable) == ("no_reply", False)
    assert verdict.reasons == (Problem("", "certificate"),)


def test_no_retries_is_none() -> None:
    """A policy of 0 retries gives up at once."""
    assert isinstance(judge(Reply(503), RetryPolicy(max_retries=0)), Rejected)


def test_retry_must_start_within_the_budget() -> None:
    """A retry that could only start after the budget is not waited for; one exactly at its end is."""
    policy = RetryPolicy(budget=10, jitter=0)
    assert judge(Reply(503), policy, elapsed=9) == RetryIn(1.0, 503)
    assert isinstance(judge(Reply(503), policy, elapsed=9.01), Rejected)


@pytest.mark.parametrize(
    ("location", "content", "cause", "host"),
    [
        ("https://track-eu.customer.io/api/v2/entity", b"", "wrong_region", "track-eu.customer.io"),
        ("HTTPS://API-EU.CUSTOMER.IO/v1", b"", "wrong_region", "api-eu.customer.io"),
        ("", b'{"errors":[{"detail":"wrong datacenter","status":"301"}]}', "wrong_region", ""),
        ("https://evilcustomer.io/", b"", "redirected", "evilcustomer.io"),
        ("https://customer.io.evil.example/", b"", "redirected", "customer.io.evil.example"),
        ("https://track.customer.io@evil.example/", b"", "redirected", "evil.example"),
        ("/elsewhere", b"", "redirected", ""),
        ("http://[::1", b"", "redirected", ""),
        ("//℀.com/", b"", "redirected", ""),
    ],
)
def test_redirects_are_told_apart(location: str, content: bytes, cause: str, host: str) -> None:
    """A redirect to the vendor's other host is a wrong region, any other is a wrong address; none is followed."""
    verdict = judge(Reply(301, {"location": location} if location else {}, content), POLICY)
    assert isinstance(verdict, Rejected)
    assert (verdict.cause, verdict.location, verdict.retryable) == (cause, host, False)


# Waits


@given(
    attempt=st.integers(0, 5000),
    chance=st.floats(0, 1),
    base=st.floats(1e-6, 100),
    top=st.floats(0, 1000),
    j=st.floats(0, 1),
)
def test_delay_is_the_missions_formula(
    attempt: int, chance: float, base: float, top: float, j: float
) -> None:
    """The wait is the doubled base up to the maximum, plus at most the share of jitter, for any attempt."""
    policy = RetryPolicy(base_delay=base, max_delay=base + top, jitter=j)
    doubled = min(base * 2.0 ** min(attempt, 900), base + top)
    wait = policy.delay(attempt, chance)
    assert wait == pytest.approx(doubled * (1 + j * chance))
    assert doubled <= wait <= doubled * (1 + j) * (1 + 1e-12)


def test_default_waits() -> None:
    """By default waits double from one second, three times at most, and never pass thirty without jitter."""
    assert [POLICY.delay(attempt, 0.0) for attempt in range(7)] == [1, 2, 4, 8, 16, 30, 30]
    assert POLICY.delay(5, 1.0) == pytest.approx(39)
    assert (POLICY.max_retries, POLICY.jitter) == (3, 0.3)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7),
        (" 7 ", 7),
        ("0000000000007", 7),
        ("0", 1),  # no less than base_delay
        ("60", 60),
        ("61", 60),
        ("9" * 5000, 60),
        ("-5", 1),  # nothing that is a number of seconds: the policy's own wait
        ("1.5", 1),
        ("\u0667", 1),  # digits, though not the ones that HTTP means
        ("²", 1),
        ("soon", 1),
        ("", 1),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 1),  # past
        ("Mon, 99 Jan 2024 99:99:99 GMT", 1),
        ("Thu, 01 Jan 99999 00:00:00 GMT", 1),
        ("Fri, 31 Dec 9999 23:59:59 -2359", 60),
        ("Mon, 01 Jan 0001 00:00:00 +2359", 1),
    ],
)
def test_retry_after_is_obeyed_within_bounds(text: str, seconds: float) -> None:
    """Seconds that the service asks for replace the doubling, from base_delay up to the cap; garbage does not."""
    assert judge(Reply(429, {"retry-after": text}), POLICY, now=NOW) == RetryIn(seconds, 429)
    assert judge(Reply(503, {"retry-after": text}), POLICY, now=NOW) == RetryIn(seconds, 503)


def test_retry_after_has_jitter_too() -> None:
    """Clients that were all told the same moment do not all come back at it."""
    assert judge(Reply(429, {"retry-after": "10"}), POLICY, chance=1.0) == RetryIn(13.0, 429)


@pytest.mark.parametrize("zone", ["GMT", "+0000", "-0000", "UTC", ""])
@pytest.mark.parametrize("local", ["UTC", "Asia/Tokyo"])
def test_retry_after_date_is_utc(monkeypatch: pytest.MonkeyPatch, zone: str, local: str) -> None:
    """A date is read as UTC however it says so, whatever zone this machine is in."""
    import time

    monkeypatch.setenv("TZ", local)
    time.tzset()
    try:
        text = (datetime.fromtimestamp(NOW, UTC) + timedelta(seconds=25)).strftime(
            "%a, %d %b %Y %H:%M:%S "
        ) + zone
        assert judge(Reply(429, {"retry-after": text}), POLICY, now=NOW) == RetryIn(25.0, 429)
    finally:
        monkeypatch.undo()
        time.tzset()


def test_retry_after_date_is_measured_by_the_services_clock() -> None:
    """A wrong clock here does not spoil a date: the answer's own Date is what it counts from."""
    there = datetime(2030, 1, 1, tzinfo=UTC)
    headers = {
        "retry-after": format_datetime(there + timedelta(seconds=20), usegmt=True),
        "date": format_datetime(there, usegmt=True),
    }
    assert judge(Reply(503, headers), POLICY, now=5.0) == RetryIn(20.0, 503)


def test_retry_after_means_nothing_where_nothing_is_retried() -> None:
    """A refusal stays final with a Retry-After beside it."""
    assert isinstance(judge(Reply(400, {"retry-after": "1"}), POLICY), Rejected)


@given(
    policy=POLICIES,
    outcomes=st.lists(OUTCOMES, min_size=1, max_size=8),
    safe=st.booleans(),
    took=st.floats(0, 5),
)
def test_retries_always_end(policy: RetryPolicy, outcomes: list[Outcome], took: float, *, safe: bool) -> None:
    """Whatever comes back, a call ends: with at most max_retries retries, each started within the budget."""
    elapsed, waits = 0.0, list[float]()
    for attempt in count():
        elapsed += took
        verdict = judge(
            outcomes[attempt % len(outcomes)],
            policy,
            attempt=attempt,
            elapsed=elapsed,
            now=NOW,
            chance=(attempt * 0.37) % 1,
            replay_safe=safe,
        )
        if not isinstance(verdict, RetryIn):
            break
        waits.append(verdict.seconds)
        elapsed += verdict.seconds
        assert elapsed <= policy.budget
        longest = max(policy.max_delay, policy.max_retry_after) * (1 + policy.jitter)
        assert policy.base_delay <= verdict.seconds <= longest * (1 + 1e-12)
    if policy.max_retries is not None:
        assert len(waits) <= policy.max_retries
    else:
        assert len(waits) <= policy.budget / policy.base_delay


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"max_retries": -1}, "max_retries"),
        ({"max_retries": 1.5}, "max_retries"),
        ({"max_retries": "3"}, "max_retries"),
        ({"max_retries": True}, "max_retries"),
        ({"max_retries": math.inf}, "max_retries"),
        ({"base_delay": -0.1}, "base_delay"),
        ({"base_delay": math.nan}, "base_delay"),
        ({"base_delay": "1"}, "base_delay"),
        ({"base_delay": None}, "base_delay"),
        ({"base_delay": 31}, "max_delay"),
        ({"max_delay": 0.5}, "max_delay"),
        ({"max_delay": math.nan}, "max_delay"),
        ({"jitter": 1.01}, "jitter"),
        ({"jitter": -0.01}, "jitter"),
        ({"jitter": math.nan}, "jitter"),
        ({"budget": -1}, "budget"),
        ({"budget": None}, "budget"),
        ({"max_retry_after": -1}, "max_retry_after"),
        ({"max_retries": None, "base_delay": 0}, "base_delay"),
    ],
)
def test_policy_refuses_what_makes_no_sense(options: dict[str, Any], named: str) -> None:
    """A policy that is out of range, of the wrong type or would hammer without an end is refused, naming the field."""
    with pytest.raises(SettingsError, match=rf"^RetryPolicy: .*{named} must be"):
        RetryPolicy(**options)


def test_policy_names_all_that_is_wrong() -> None:
    """All wrong fields of a policy are told at once."""
    with pytest.raises(SettingsError) as caught:
        RetryPolicy(max_retries=-1, jitter=2, budget=-1)
    assert all(name in str(caught.value) for name in ("max_retries", "jitter", "budget"))


# The service's messages


MORE = "the answer was cut off within its errors; more may have been refused"
ENVELOPES: list[tuple[Any, list[tuple[str, str]]]] = [
    ({"meta": {"error": "name cannot be blank"}}, [("", "name cannot be blank")]),
    ({"meta": {"errors": ["one", "two"]}}, [("", "one"), ("", "two")]),
    ({"meta": {"errors": "one"}}, [("", "one")]),
    (
        {"errors": [{"reason": "invalid", "field": "attributes.plan", "message": "too long"}]},
        [("attributes.plan", "invalid: too long")],
    ),
    (
        {"errors": [{"reason": "bad id", "field": "identifiers.id", "message": "bad id"}]},
        [("identifiers.id", "bad id")],
    ),
    ({"errors": [{"detail": "not found", "status": "404"}]}, [("", "not found")]),
    (
        {"errors": [{"detail": "wrong", "source": {"pointer": "/data/x"}, "status": "422"}]},
        [("/data/x", "wrong")],
    ),
    ({"errors": ["plain"]}, [("", "plain")]),
    ({"errors": "plain"}, [("", "plain")]),
    ({"errors": {"detail": "one"}}, [("", "one")]),
    ({"errors": [{}]}, [("", "no reason given")]),
    ({"errors": [None, 5, ["x"]]}, [("", "no reason given"), ("", "5"), ("", "no reason given")]),
    ({"errors": [{"message": {"deep": 1}, "field": ["x"], "source": 5}]}, [("", "no reason given")]),
    ({"errors": [{"detail": ""}], "meta": {"error": "both"}}, [("", "no reason given"), ("", "both")]),
    ({"errors": None, "meta": None}, []),
    ({"meta": {"error": ""}}, []),
    ({"error": "other"}, []),
    ([1], []),
    ("text", []),
    (b"", []),
    (b"<html>503</html>", []),
    (b'{"errors":["cut', [("", MORE)]),
    (
        b'{"errors": [ "one", {"field":"name","message":"two"} , {"cut',
        [("", "one"), ("name", "two"), ("", MORE)],
    ),
    (b'{"meta":{"errors":["one","t', [("", "one"), ("", MORE)]),
    (b'{"errors":{"cut', []),
    (b'["errors":["cut', []),
    (b'{"errors":[1e999]}', [("", "inf")]),
    (b'{"meta":{"error":"\xff\xfe!"}}', [("", "\ufffd\ufffd!")]),
]


@pytest.mark.parametrize(("answer", "expected"), ENVELOPES)
def test_every_envelope_is_read(answer: Any, expected: list[tuple[str, str]]) -> None:
    """Each of the service's error envelopes is read, and anything else is no reason to fail."""
    assert reasons(answer) == expected


def test_item_errors_on_any_2xx() -> None:
    """A batch's complaints are placed by index on 207 and on 200 alike; those without a place are kept apart."""
    content = body(
        {
            "errors": [
                {"batch_index": 1, "reason": "invalid", "field": "name", "message": "blank"},
                {"batch_index": 1, "message": "again"},
                {"batch_index": 0, "message": "first"},
                {"batch_index": -1, "message": "negative"},
                {"batch_index": True, "message": "bool"},
                {"batch_index": "2", "message": "text"},
                {"message": "nowhere"},
            ]
        }
    )
    for status in (200, 207):
        verdict = judge(Reply(status, {}, content), POLICY)
        assert isinstance(verdict, Delivered)
        assert verdict.rejected == {
            1: (Problem("name", "invalid: blank"), Problem("", "again")),
            0: (Problem("", "first"),),
        }
        assert [problem.message for problem in verdict.unplaced] == ["negative", "bool", "text", "nowhere"]


def test_errors_before_the_cut_are_placed() -> None:
    """Of a 2xx that is cut after a mebibyte, the refused items that it still names are refused, and that is told."""
    errors = [{"batch_index": index, "message": "x" * 300} for index in range(5000)]
    content = body({"errors": errors})[: 1 << 20]
    verdict = judge(Reply(207, {}, content), POLICY)
    assert isinstance(verdict, Delivered)
    assert 2000 < len(verdict.rejected) < 5000
    assert [*verdict.rejected] == [*range(len(verdict.rejected))]
    assert verdict.unplaced == (Problem("", MORE),)


def test_messages_are_cut() -> None:
    """A long message is cut for people, and a flood of messages to as many as a person reads."""
    ((_, message),) = reasons({"meta": {"error": "x" * 10_000}})
    assert len(message) == REASON_LENGTH
    assert message.endswith("…")
    assert reasons({"meta": {"error": "x" * REASON_LENGTH}}) == [("", "x" * REASON_LENGTH)]
    assert len(reasons({"errors": [{}] * 5000})) == REASONS
    flood = judge(Reply(200, {}, body({"errors": [{}] * 5000})), POLICY)
    assert isinstance(flood, Delivered)
    assert len(flood.unplaced) == REASONS
    one = judge(Reply(207, {}, body({"errors": [{"batch_index": 7}] * 5000})), POLICY)
    assert isinstance(one, Delivered)
    assert len(one.rejected[7]) == REASONS


def test_all_items_keep_their_complaint() -> None:
    """However many items a batch has, each keeps what was said of it."""
    content = body({"errors": [{"batch_index": index, "message": "bad"} for index in range(4000)]})
    verdict = judge(Reply(207, {}, content), POLICY)
    assert isinstance(verdict, Delivered)
    assert len(verdict.rejected) == 4000


@pytest.mark.parametrize(
    "forged", ["a\nERROR root: forged", "a\r\nb", "\x1b[2Jclear", "\u2028line", "\u202eright", "\x00"]
)
def test_messages_cannot_forge_log_lines(forged: str) -> None:
    """Line breaks, escapes and writing direction of a foreign text do not reach a log."""
    told = [
        *reasons({"errors": [{"reason": forged, "field": forged}, forged]}),
        *reasons({"meta": {"error": forged}}),
    ]
    no_reply = judge(NoReply(forged, passing=False), POLICY)
    redirect = judge(Reply(302, {"location": f"http://x{forged}x.example/"}), POLICY)
    assert isinstance(no_reply, Rejected)
    assert isinstance(redirect, Rejected)
    texts = [text for pair in told for text in pair] + [no_reply.reasons[0].message, redirect.location]
    assert len(texts) == 8
    assert [text for text in texts if not text.isprintable()] == []


@pytest.mark.parametrize("depth", [50, 500, 900, 950, 1000, 100_000])
def test_deep_bodies_do_no_harm(depth: int) -> None:
    """A body nested as deep as the stack or deeper is read as saying nothing."""
    for opened, closed in ((b"[", b"]"), (b'{"errors":', b"}")):
        deep = b'{"errors":' + opened * depth + b"1" + closed * depth + b"}"
        for status in (200, 400, 503):
            judge(Reply(status, {}, deep), POLICY)


def test_depth_at_the_edge_of_the_stack() -> None:
    """There is no depth at which a body can be decoded but not told."""
    for depth in range(900, 1020):
        judge(Reply(400, {}, b'{"errors":[' + b"[" * depth + b"]" * depth + b"]}"), POLICY)


JSON: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(
                [
                    "errors",
                    "meta",
                    "error",
                    "reason",
                    "message",
                    "detail",
                    "field",
                    "source",
                    "pointer",
                    "batch_index",
                ]
            ),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=12,
)


@given(status=st.integers(0, 999), answer=JSON, cut=st.integers(0, 3))
@example(status=400, answer={"errors": [10**4000]}, cut=0)
@example(status=400, answer={"errors": [{"reason": 10**4400}]}, cut=0)
def test_no_body_breaks_it(status: int, answer: Any, cut: int) -> None:
    """Whatever JSON comes, whole or cut, whole numbers of any size included, there is a verdict fit for a log line."""
    import json
    import sys

    limit = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(0)
    raw = json.dumps(answer, ensure_ascii=False).encode("utf-8", "surrogatepass")
    sys.set_int_max_str_digits(limit)
    verdict = judge(Reply(status, {}, raw[: len(raw) - cut]), POLICY, attempt=3)
    said = verdict.reasons if isinstance(verdict, Rejected) else ()
    if isinstance(verdict, Delivered):
        said = (*verdict.unplaced, *(reason for placed in verdict.rejected.values() for reason in placed))
    assert all(str(reason).isprintable() and reason.message for reason in said)


@pytest.mark.parametrize(
    "body",
    [
        b'\xef\xbb\xbf{"errors":[{"batch_index":1,"reason":"invalid","message":"cut"}]}',
        rb'{"errors":[{"batch_index":1,"reason":"invalid","message":"cut\ud83d"}]}',
        rb'{"errors":[{"batch_index":1,"reason":"invalid","message":"cut"}],"seen":"\udc00\ud800"}',
    ],
)
def test_complaints_are_found_in_text_that_is_not_quite_right(body: bytes) -> None:
    """A byte order mark, or half of a character anywhere, hides no complaint of an answer that says 200."""
    verdict = judge(Reply(200, {}, body), POLICY)
    assert isinstance(verdict, Delivered)
    (problem,) = verdict.rejected[1]
    assert problem.message.strip() == "invalid: cut"


@given(status=st.integers(0, 999), raw=st.binary(max_size=200))
@example(status=200, raw=b"\x0b<")
@example(status=200, raw=b"\x00<")
def test_no_bytes_break_it(status: int, raw: bytes) -> None:
    """A body that is not JSON or not even text does not keep the status from deciding, unless a web page begins there."""
    verdict = judge(Reply(status, {}, raw), POLICY, attempt=3)
    delivered = 200 <= status < 300 and raw.removeprefix(b"\xef\xbb\xbf").strip()[:1] != b"<"
    assert isinstance(verdict, Delivered if delivered else Rejected)


@pytest.mark.parametrize("status", [200, 207, 400, 503])
def test_an_answer_is_judged_without_an_import(status: int) -> None:
    """The first answer with a complaint loads nothing: a child forked amid an import of its parent's waits for ever."""
    code = (
        "import sys; from ciokit.verdict import Reply, RetryPolicy, judge; before = set(sys.modules);"
        'judge(Reply(int(sys.argv[1]), {}, b\'\\xef\\xbb\\xbf{"errors": [{"message": "m"}]}\'), RetryPolicy());'
        "print(sorted(set(sys.modules) - before))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, str(status)], capture_output=True, text=True, check=True
    )
    assert ran.stdout == "[]\n"
