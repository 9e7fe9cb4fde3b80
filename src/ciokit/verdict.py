"""What an answer means: delivered, try again in so many seconds, or refused.

Pure: no clock, no socket, no randomness of its own. The clients, the outbox and the tests all ask `judge`, so that
what counts as passing and what as final is written down once.
"""

from codecs import BOM_UTF8
from collections.abc import Mapping
from datetime import UTC
from typing import Any, Final, Literal, TypeAlias, cast

import msgspec

from ciokit.errors import Problem, SettingsError

__all__ = [
    "Delivered",
    "NoReply",
    "Outcome",
    "Rejected",
    "Reply",
    "RetryIn",
    "RetryPolicy",
    "Verdict",
    "judge",
]

REASON_LENGTH = 300
"""Characters of a service's message that are kept: a message is for people, a page of HTML is not."""
REASONS = 20
"""Messages kept of one item of a batch, and of those that name none: an answer may hold a mebibyte of them."""


class Reply(msgspec.Struct, frozen=True):
    """Hold an answer of the service.

    Attributes:
        status: The HTTP status.
        headers: The headers, names in lower case.
        body: The body, cut after the first mebibyte.
    """

    status: int
    headers: Mapping[str, str] = {}
    body: bytes = b""

    def __repr__(self) -> str:
        return f"<Reply {self.status} with {len(self.body)} bytes>"


class NoReply(msgspec.Struct, frozen=True):
    """Say that no answer came.

    Attributes:
        reason: What happened, in words without an address or a payload.
        may_have_arrived: False when the request provably never reached the service.
        passing: Whether it may go better later; a certificate that is not trusted will not.
    """

    reason: str
    may_have_arrived: bool = True
    passing: bool = True


Outcome: TypeAlias = Reply | NoReply

_NO_REASON = "no reason given"
_MORE_ERRORS = "the answer was cut off within its errors; more may have been refused"
_MARK: Final = b"\xef\xbb\xbf"
"""A byte order mark, which some servers and proxies put before a text."""


class RetryPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """Say how often and how patiently a call is retried.

    The wait before retry `n` (counted from 0) is `min(base_delay * 2**n, max_delay)`, plus a random share of up to
    `jitter` of it. A `Retry-After` of the service takes the place of the first part; one that is shorter than
    `base_delay` counts as `base_delay`, so that "0" does not make a client hammer.

    Attributes:
        max_retries: Retries after the first attempt; 0 turns retries off, None means as many as the budget
            allows, which may be infinite.
        base_delay: Seconds before the first retry.
        max_delay: The longest wait in seconds that the doubling reaches.
        jitter: The largest random addition, as a share of the wait (0 to 1).
        budget: Seconds from the first attempt within which a retry may still start.
        max_retry_after: The most seconds of a `Retry-After` that are obeyed; more counts as this much.
    """

    max_retries: int | None = 3
    base_delay: float = 1.0
    max_delay: float = 30.0
    jitter: float = 0.3
    budget: float = 120.0
    max_retry_after: float = 60.0

    def __post_init__(self) -> None:
        retries, least = self.max_retries, self.base_delay
        hammers = retries is None and least == 0
        wrong = [
            f"{name} must be {asked}, got {getattr(self, name)!r}"
            for name, asked, fits in (
                ("max_retries", "a whole number from 0, or None", retries is None or _is_count(retries)),
                ("base_delay", "more than 0 where max_retries sets no end", not hammers),
                ("base_delay", "0 or more seconds", _is_number(least)),
                ("max_delay", "at least base_delay", _is_number(self.max_delay, least)),
                ("jitter", "between 0 and 1", _is_number(self.jitter) and self.jitter <= 1),
                ("budget", "0 or more seconds", _is_number(self.budget)),
                ("max_retry_after", "0 or more seconds", _is_number(self.max_retry_after)),
            )
            if not fits
        ]
        if wrong:
            msg = "RetryPolicy: " + "; ".join(wrong)
            raise SettingsError(msg)

    def delay(self, attempt: int, chance: float, *, asked: float | None = None) -> float:
        """Compute the wait before a retry.

        Args:
            attempt: How many retries came before this one.
            chance: A random number from 0 to 1.
            asked: Seconds that the service asked for, if it did; kept between `base_delay` and `max_retry_after`.

        Returns:
            Seconds.
        """
        # 2**attempt is bounded first: a large power of two does not fit a float.
        wait = min(self.base_delay * 2.0 ** min(attempt, 64), self.max_delay)
        if asked is not None:
            wait = max(self.base_delay, min(asked, self.max_retry_after))
        return wait + wait * self.jitter * chance


def _is_number(value: object, least: object = 0) -> bool:
    numbers = all(
        isinstance(number, (int, float)) and not isinstance(number, bool) for number in (value, least)
    )
    return numbers and bool(cast("float", value) >= cast("float", least))


def _is_count(value: object) -> bool:
    return isinstance(value, int) and _is_number(value)


class Delivered(msgspec.Struct, frozen=True):
    """The service took the request, perhaps without some of its items.

    Attributes:
        rejected: What was refused, by the item's index in the request.
        unplaced: Complaints that name no item.
        body: The answer's body.
    """

    rejected: Mapping[int, tuple[Problem, ...]] = {}
    unplaced: tuple[Problem, ...] = ()
    body: bytes = b""

    def __repr__(self) -> str:
        return f"<Delivered but {len(self.rejected)}, with {len(self.body)} bytes>"


class RetryIn(msgspec.Struct, frozen=True):
    """The failure is a passing one and a replay does no harm: send the same bytes again after a wait.

    Attributes:
        seconds: How long to wait.
        status: The status that came, 0 when none did.
        reasons: The service's messages, or what became of the connection.
    """

    seconds: float
    status: int = 0
    reasons: tuple[Problem, ...] = ()


Cause: TypeAlias = Literal[
    "refused", "unauthorized", "wrong_region", "redirected", "rate_limited", "unavailable", "no_reply"
]


class Rejected(msgspec.Struct, frozen=True):
    """The request failed for good, or was tried as often as it may be.

    Attributes:
        cause: The kind of failure.
        status: The status that came, 0 when none did.
        reasons: The service's messages, or what became of the connection.
        retryable: Whether the same request may succeed later without doing harm.
        may_have_arrived: Whether the service may have processed it all the same.
        location: Where a redirect pointed, host alone.
    """

    cause: Cause
    status: int = 0
    reasons: tuple[Problem, ...] = ()
    retryable: bool = False
    may_have_arrived: bool = False
    location: str = ""


Verdict: TypeAlias = Delivered | RetryIn | Rejected


def judge(
    outcome: Outcome,
    policy: RetryPolicy,
    *,
    attempt: int = 0,
    elapsed: float = 0.0,
    now: float = 0.0,
    chance: float = 0.0,
    replay_safe: bool = True,
) -> Verdict:
    """Decide what becomes of a request.

    Args:
        outcome: What came back.
        policy: How often and how patiently to retry.
        attempt: How many retries came before.
        elapsed: Seconds since the first attempt started.
        now: Unix time, to read a `Retry-After` that is a date.
        chance: A random number from 0 to 1, for the jitter.
        replay_safe: Whether the service discards or absorbs a repeated request. When it does not, a request is sent
            again only if it provably was not processed: it never arrived, or was turned away with 429.

    Returns:
        The verdict.
    """
    if isinstance(outcome, Reply) and 200 <= outcome.status < 300:
        if not outcome.body.removeprefix(_MARK).lstrip().startswith(b"<"):
            return _delivered(outcome)
        outcome = _A_PAGE
    rejected = _rejected(outcome, replay_safe=replay_safe)
    if not rejected.retryable or (policy.max_retries is not None and attempt >= policy.max_retries):
        return rejected
    asked = _retry_after(outcome, now) if isinstance(outcome, Reply) else None
    wait = policy.delay(attempt, chance, asked=asked)
    if elapsed + wait > policy.budget:
        return rejected
    return RetryIn(wait, rejected.status, rejected.reasons)


_A_PAGE: Final = NoReply(
    "a web page came in place of its answer; does a proxy, or a network that wants a login, stand in between?"
)
"""Stands for what a portal or a filter says with status 200, which has seen the request and kept it."""


def _delivered(reply: Reply) -> Delivered:
    if len(reply.body) <= 3:  # `{}` and a newline, as nearly every answer is
        return Delivered(body=reply.body)
    rejected: dict[int, tuple[Problem, ...]] = {}
    unplaced: list[Problem] = []
    for index, problem in _complaints(reply.body):
        if index is None:
            unplaced.append(problem)
        elif len(known := rejected.get(index, ())) < REASONS:
            rejected[index] = (*known, problem)
    return Delivered(rejected, tuple(unplaced[:REASONS]), reply.body)


def _rejected(outcome: Outcome, *, replay_safe: bool) -> Rejected:
    if isinstance(outcome, NoReply):
        safe = outcome.passing and (replay_safe or not outcome.may_have_arrived)
        said = (Problem("", _clean(outcome.reason)),)
        return Rejected("no_reply", 0, said, retryable=safe, may_have_arrived=outcome.may_have_arrived)
    status = outcome.status
    reasons = tuple(problem for _, problem in _complaints(outcome.body)[:REASONS])
    if status == 429:
        return Rejected("rate_limited", status, reasons, retryable=True)
    if status == 408 or status >= 500:
        return Rejected("unavailable", status, reasons, retryable=replay_safe, may_have_arrived=True)
    if status in {401, 403}:
        return Rejected("unauthorized", status, reasons)
    if 300 <= status < 400:
        location = _host(outcome.headers.get("location", ""))
        wrong = location.endswith(".customer.io") or b"wrong datacenter" in outcome.body
        return Rejected("wrong_region" if wrong else "redirected", status, reasons, location=location)
    return Rejected("refused", status, reasons)


def _host(address: str) -> str:
    from urllib.parse import urlsplit  # redirects are rare

    try:
        return _clean(urlsplit(address).hostname or "")
    except ValueError:  # not an address at all
        return ""


def _retry_after(reply: Reply, now: float) -> float | None:
    text = reply.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return float(text.lstrip("0")[:9] or "0")
    until = _http_date(text)
    if until is None:
        return None
    # The service's own idea of now, where it sends one, is not hurt by a wrong clock here.
    return max(0.0, until - (_http_date(reply.headers.get("date", "")) or now))


def _http_date(text: str) -> float | None:
    if not text:
        return None
    from email.utils import parsedate_to_datetime  # heavy, and rarely needed

    try:
        when = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    # A date without a zone, or in "-0000", comes back naive and is UTC.
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()


def _complaints(body: bytes) -> list[tuple[int | None, Problem]]:
    """Read the service's messages out of any of its error envelopes, and nothing out of anything else.

    Track: `{"meta":{"error":...}}`, `{"meta":{"errors":[...]}}`, `{"errors":[{"reason","field","message"}]}`, in a
    batch with `batch_index`. App: `{"errors":[{"detail","source":{"pointer"}}]}`.
    """
    # Not by a codec that is loaded at first use: a child forked amid that would wait for it for ever.
    text = body.removeprefix(BOM_UTF8).decode("utf-8", "replace")
    try:
        answer = _read_json(text)
    except ValueError:
        return [_complaint(error) for error in _errors_of_part(text)]
    except RecursionError:
        return []
    meta = _member(answer, "meta")
    errors = (_member(answer, "errors"), _member(meta, "errors"), _member(meta, "error"))
    return [_complaint(error) for some in errors for error in _as_list(some)]


def _read_json(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        import json  # rarely needed; it takes half of a character, as a message that was cut may end in

        return json.loads(text)


def _errors_of_part(text: str) -> list[Any]:
    """Read the errors of an answer that breaks off, as one beyond the first mebibyte does: what is told is true."""
    import json  # as above

    _, listed, rest = text.partition('"errors"')
    start = rest.lstrip(": \t\r\n")
    if not (listed and start.startswith("[") and text.lstrip().startswith("{")):
        return []
    errors: list[Any] = []
    at, decoder = 1, json.JSONDecoder()
    try:
        while True:
            at += len(start[at : at + 64]) - len(start[at : at + 64].lstrip(", \t\r\n"))
            error, at = decoder.raw_decode(start, at)
            errors.append(error)
    except (ValueError, RecursionError):
        return [*errors, _MORE_ERRORS]


def _member(value: Any, name: str) -> Any:
    """Return a member of what may be an object."""
    return cast("dict[str, Any]", value).get(name) if isinstance(value, dict) else None


def _as_list(value: Any) -> list[Any]:
    if not value:  # null, but also false or an empty text, complains of nothing
        return []
    return [*value] if isinstance(value, list) else [value]


def _complaint(error: Any) -> tuple[int | None, Problem]:
    if not isinstance(error, dict):
        return None, Problem("", _clean(error) or _NO_REASON)
    index = _member(error, "batch_index")
    path = _member(error, "field") or _member(_member(error, "source"), "pointer") or ""
    texts = [_clean(said) for key in ("reason", "message", "detail") if (said := _member(error, key))]
    message = ": ".join(dict.fromkeys(text for text in texts if text)) or _NO_REASON
    placed = isinstance(index, int) and not isinstance(index, bool) and index >= 0
    return (index if placed else None), Problem(_clean(path), message)


def _clean(text: Any) -> str:
    """Cut a message to a length for people and take out what could forge a log line."""
    if not isinstance(text, (str, int, float)):
        return ""  # a structure says nothing to people, and may be as deep as the stack
    line = "".join(char if char.isprintable() else " " for char in str(text)[: REASON_LENGTH + 1])
    return line if len(line) <= REASON_LENGTH else line[: REASON_LENGTH - 1] + "…"
