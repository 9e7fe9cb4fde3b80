"""Webhooks: signatures against the vendor's scheme, their age, and every event."""

import asyncio
import contextlib
import hashlib
import hmac
import json
import pickle
import threading
from collections.abc import Callable
from typing import Any, TypeAlias

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ciokit import SettingsError, webhooks
from ciokit.settings import Secret
from ciokit.testing import FakeClock
from ciokit.webhooks import (
    CustomerEvent,
    CustomerPreferencesChanged,
    EmailBounced,
    EmailClicked,
    EmailEvent,
    EmailSent,
    Handler,
    InvalidPayload,
    InvalidTimestamp,
    MissingHeader,
    PushBounced,
    PushRecipient,
    Receiver,
    RecentEvents,
    ReportingEvent,
    SignatureMismatch,
    StillHandled,
    TimestampTooNew,
    TimestampTooOld,
    UnknownEvent,
    WebhookError,
    parse,
    receive,
    verify,
)
from ciokit.webhooks.events import KINDS
from ciokit.webhooks.signatures import configured_keys

KEY = "cio-test-signing-key-0001"
AT = 1_613_063_089
SENT = (
    b'{"data":{"action_id":42,"broadcast_id":9,"customer_id":"0200000001","delivery_id":"RPILAgUBcRhIBqSfeiIwdIYJKxTY",'
    b'"identifiers":{"id":"42","email":"test@example.com","cio_id":"d9c106000001"},"recipient":"test@example.com",'
    b'"subject":"hello"},"event_id":"01E4C4CT6YDC7Y5M7FE1GWWPQJ","object_type":"email","metric":"sent",'
    b'"timestamp":1613063089}'
)
# Bodies with their signatures under KEY at AT, computed apart from this project.
VECTORS = [
    (SENT, "49c48ecdab502e4437291b92cf6dbc387d8a0028493f9ce21471647a346daf35"),
    (b"{}", "f9d7d75c86057f1b992693dd17b7b91d38707f2727e16b00a47faa70329bb826"),
    ('{"name":"Zoë"}'.encode(), "04fa350f27c5809e89ff3af2da28b3e04021904e66964881de4d52850f0afcc6"),
]
SIGNATURE = VECTORS[0][1]

# What the vendor's description of reporting webhooks lists.
METRICS = {
    "customer": "subscribed unsubscribed cio_subscription_preferences_changed",
    "email": "drafted attempted sent delivered opened clicked converted unsubscribed bounced dropped spammed failed"
    " undeliverable",
    "push": "drafted attempted sent delivered opened clicked converted bounced dropped failed undeliverable",
    "in_app": "drafted attempted sent opened clicked converted failed undeliverable",
    "sms": "drafted attempted sent delivered clicked converted bounced failed undeliverable replied",
    "whatsapp": "drafted attempted sent delivered opened clicked converted bounced dropped failed undeliverable"
    " replied",
    "slack": "drafted attempted sent clicked failed undeliverable",
    "webhook": "drafted attempted sent clicked failed undeliverable",
}
EXTRAS: dict[str, Any] = {
    "href": "https://example.com/",
    "link_id": 7,
    "failure_message": "no such mailbox",
    "recipient": "somebody",
    "recipients": [{"device_id": "abc", "device_platform": "ios", "failure_message": "gone"}],
    "subject": "hello",
    "content": "a body",
    "headers": {"X-Campaign": ["spring"]},
    "machine": True,
    "proxied": False,
    "prefetched": True,
    "synthetic": False,
    "tracked_response": "yes",
    "inbound_event_id": "in-1",
    "to": "+15551234567",
    "email_address": "test@example.com",
}


def headers(timestamp: object = AT, signature: str = SIGNATURE) -> dict[str, str]:
    """Return the two headers."""
    return {"X-CIO-Timestamp": str(timestamp), "X-CIO-Signature": signature}


def sign(body: bytes, timestamp: object = AT, key: str = KEY) -> str:
    """Sign with the standard library, in the test's own words."""
    return hmac.new(key.encode(), f"v0:{timestamp}:".encode() + body, hashlib.sha256).hexdigest()


def event(**changes: Any) -> dict[str, Any]:
    """Return an event's body, changed."""
    known: dict[str, Any] = msgspec.json.decode(SENT)
    return known | changes


def encoded(**changes: Any) -> bytes:
    """Return an event's body, changed, as bytes."""
    return json.dumps(event(**changes)).encode()


# Signatures -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("body", "signature"), VECTORS)
def test_vectors_pass(body: bytes, signature: str) -> None:
    """What was signed elsewhere is accepted, also with the version in front of it."""
    verify(body, headers(signature=signature), KEY, now=AT)
    verify(body, headers(signature=f"v0={signature}"), KEY, now=AT)


@pytest.mark.parametrize(("body", "signature"), VECTORS)
def test_signing_makes_the_vectors(body: bytes, signature: str) -> None:
    """What is signed for a test is what the vendor would send, and is good now when no time is given."""
    assert webhooks.sign(body, KEY, now=AT + 0.9) == {
        "x-cio-timestamp": str(AT),
        "x-cio-signature": signature,
    }
    verify(body, webhooks.sign(body, KEY), KEY)


@pytest.mark.parametrize(("body", "signature"), VECTORS)
def test_one_flipped_bit_fails(body: bytes, signature: str) -> None:
    """A change of one bit, anywhere in the body, the timestamp or the signature, is found."""
    for index in range(len(body)):
        changed = body[:index] + bytes([body[index] ^ 1]) + body[index + 1 :]
        with pytest.raises(SignatureMismatch):
            verify(changed, headers(signature=signature), KEY, now=AT)
    with pytest.raises(SignatureMismatch):
        verify(body, headers(AT + 1, signature), KEY, now=AT)
    other = format(int(signature[:1], 16) ^ 1, "x") + signature[1:]
    with pytest.raises(SignatureMismatch):
        verify(body, headers(signature=other), KEY, now=AT)


@pytest.mark.parametrize(
    "given",
    [
        {"x-cio-timestamp": str(AT), "x-cio-signature": SIGNATURE, "host": "example.com"},
        {b"X-Cio-Timestamp": str(AT).encode(), b"X-Cio-Signature": SIGNATURE.encode()},
        [(b"x-cio-timestamp", str(AT).encode()), (b"x-cio-signature", SIGNATURE.encode())],
        [("X-CIO-Timestamp", f" {AT} "), ("X-CIO-Signature", SIGNATURE.upper())],
        {"HTTP_X_CIO_TIMESTAMP": str(AT), "HTTP_X_CIO_SIGNATURE": SIGNATURE, "wsgi.input": object()},
    ],
    ids=["mapping", "bytes", "asgi", "pairs", "wsgi"],
)
def test_headers_of_every_framework(given: Any) -> None:
    """Names are found in any case and in any of the forms that frameworks have."""
    verify(SENT, given, KEY, now=AT)


@pytest.mark.parametrize("keys", [KEY, KEY.encode(), Secret(KEY), ["new", KEY], (KEY.encode(), "old")])
def test_any_of_several_keys_is_good(keys: Any) -> None:
    """While keys are rotated, the new and the old one are both accepted."""
    verify(SENT, headers(), keys, now=AT)


@pytest.mark.parametrize("keys", ["other", ["new", "old"], KEY.upper(), KEY + " "])
def test_another_key_fails(keys: Any) -> None:
    """No other key will do."""
    with pytest.raises(SignatureMismatch):
        verify(SENT, headers(), keys, now=AT)


@pytest.mark.parametrize("keys", ["", b"", [], [KEY, ""], [" "]])
def test_no_key_is_a_mistake_of_the_settings(keys: Any) -> None:
    """An empty key, with which anybody could sign, is never used."""
    with pytest.raises(SettingsError):
        verify(SENT, headers(signature=sign(SENT, key="")), keys, now=AT)


@pytest.mark.parametrize("missing", ["X-CIO-Timestamp", "X-CIO-Signature"])
@pytest.mark.parametrize("empty", [False, True])
def test_a_missing_header_is_named(missing: str, *, empty: bool) -> None:
    """A header that is not there, or empty, is told by its name."""
    given = headers()
    given[missing] = ""
    if not empty:
        del given[missing]
    with pytest.raises(MissingHeader) as caught:
        verify(SENT, given, KEY, now=AT)
    assert caught.value.header == missing.lower()
    assert missing.lower() in str(caught.value)
    assert pickle.loads(pickle.dumps(caught.value)).header == missing.lower()


@pytest.mark.parametrize(
    "timestamp", ["soon", "-1", "1e9", "1613063089.0", "٣", "1_0", "9" * 13, f"{AT},{AT}"]
)
def test_a_timestamp_is_a_count_of_seconds(timestamp: str) -> None:
    """Anything but digits is refused, also where it was signed."""
    with pytest.raises(InvalidTimestamp):
        verify(SENT, headers(timestamp, sign(SENT, timestamp)), KEY, now=AT)


@pytest.mark.parametrize(
    "signature",
    ["é" * 64, "½" * 32, "\uff10" * 64, "zz" * 32, SIGNATURE[:-1], SIGNATURE + "0", "0x" + SIGNATURE[2:]],
)
def test_what_is_no_signature_is_refused(signature: str) -> None:
    """A signature that is not ASCII, not hexadecimal or of another length is a mismatch, never a crash."""
    with pytest.raises(SignatureMismatch):
        verify(SENT, headers(signature=signature), KEY, now=AT)
    pairs = [(b"x-cio-timestamp", b"%d" % AT), (b"x-cio-signature", signature.encode())]
    with pytest.raises(SignatureMismatch):
        verify(SENT, pairs, KEY, now=AT)


def test_a_header_that_came_twice_is_refused() -> None:
    """Of two signatures, none is chosen."""
    pairs = [*headers().items(), ("x-cio-signature", SIGNATURE)]
    with pytest.raises(SignatureMismatch):
        verify(SENT, pairs, KEY, now=AT)


def test_the_window_is_on_by_default() -> None:
    """Five minutes of difference pass, one second more does not, in either direction; the difference is told."""
    for now in (AT - 300, AT + 300):
        verify(SENT, headers(), KEY, now=now)
    with pytest.raises(TimestampTooOld) as old:
        verify(SENT, headers(), KEY, now=AT + 301)
    with pytest.raises(TimestampTooNew) as new:
        verify(SENT, headers(), KEY, now=AT - 301)
    assert (old.value.age, new.value.ahead) == (301, 301)
    assert pickle.loads(pickle.dumps(old.value)).age == 301
    with pytest.raises(TimestampTooOld):
        verify(SENT, headers(), KEY)  # by the computer's clock, years ago


def test_the_window_can_be_chosen() -> None:
    """A tolerance of the application's own counts, and None turns the window off."""
    with pytest.raises(TimestampTooOld):
        verify(SENT, headers(), KEY, tolerance=10, now=AT + 11)
    verify(SENT, headers(), KEY, tolerance=1000, now=AT + 1000)
    with pytest.raises(TimestampTooOld):
        verify(SENT, headers(), KEY, tolerance=0, now=AT + 1)
    verify(SENT, headers(), KEY, tolerance=None)


def test_a_forgery_is_never_called_old() -> None:
    """Age is told of what was signed alone, so that `too old` means a replay or a clock."""
    with pytest.raises(SignatureMismatch):
        verify(SENT, headers(), "other", now=AT + 10_000)


def test_a_body_is_bytes() -> None:
    """Text and decoded JSON are refused with the reason; any kind of bytes will do."""
    wrong: list[Any] = [SENT.decode(), event()]
    for body in wrong:
        with pytest.raises(TypeError, match="bytes as they came"):
            verify(body, headers(), KEY, now=AT)
    for bytes_like in (bytearray(SENT), memoryview(SENT)):
        verify(bytes_like, headers(), KEY, now=AT)


def test_errors_tell_nothing_secret() -> None:
    """No error has the key, the body or the signature in it."""
    faults: list[Callable[[], None]] = [
        lambda: verify(SENT, headers(), "other-secret", now=AT),
        lambda: verify(SENT, headers(signature="zz"), "other-secret", now=AT),
        lambda: verify(SENT, headers(), KEY, now=0),
    ]
    for fault in faults:
        with pytest.raises(WebhookError) as caught:
            fault()
        assert not any(text in str(caught.value) for text in (KEY, "other-secret", SIGNATURE, "zz", "hello"))
        assert caught.value.status == 401


def test_keys_come_from_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable holds a key, or several with commas between; without it, it is named."""
    with pytest.raises(SettingsError, match="CUSTOMERIO_WEBHOOK_SIGNING_KEY"):
        configured_keys()
    monkeypatch.setenv("CUSTOMERIO_WEBHOOK_SIGNING_KEY", f"new, {KEY},")
    assert configured_keys() == (Secret("new"), Secret(KEY))


texts = st.text(max_size=80) | st.sampled_from([str(AT), SIGNATURE, "v0=" + SIGNATURE])


@given(body=st.binary(max_size=60), timestamp=texts, signature=texts, in_bytes=st.booleans())
def test_verify_raises_nothing_else(body: bytes, timestamp: str, signature: str, *, in_bytes: bool) -> None:
    """Whatever comes, it is accepted or refused with a `WebhookError`; and accepted only what was signed."""
    given: Any = {"x-cio-timestamp": timestamp, "x-cio-signature": signature}
    if in_bytes:
        given = [(name.encode(), text.encode("utf-8", "replace")) for name, text in given.items()]
    try:
        verify(body, given, KEY, tolerance=None)
    except WebhookError:
        return
    assert hmac.compare_digest(
        sign(body, timestamp.strip()).encode(), signature.strip().removeprefix("v0=").lower().encode()
    )


@given(body=st.binary(max_size=200), key=st.text(min_size=1, max_size=30).filter(str.strip))
def test_what_was_signed_is_accepted(body: bytes, key: str) -> None:
    """Any bytes and any key, signed as the vendor signs, pass."""
    secret = key.encode("utf-8", "surrogatepass")
    signature = hmac.new(secret, b"v0:%d:" % AT + body, hashlib.sha256).hexdigest()
    verify(body, headers(signature=signature), secret, now=AT)


# Events ---------------------------------------------------------------------------------------------------------------


def test_an_event_of_the_vendor() -> None:
    """The vendor's example becomes an event with its fields, and is kept as it came."""
    found = receive(SENT, headers(), KEY, now=AT)
    assert isinstance(found, EmailSent)
    assert (found.event_id, found.object_type, found.metric) == (
        "01E4C4CT6YDC7Y5M7FE1GWWPQJ",
        "email",
        "sent",
    )
    assert (found.action_id, found.broadcast_id, found.customer_id) == (42, 9, "0200000001")
    assert (found.recipient, found.subject, found.identifiers.email) == (
        "test@example.com",
        "hello",
        "test@example.com",
    )
    assert found.occurred_at.timestamp() == found.timestamp == AT
    assert found.raw == msgspec.json.decode(SENT)
    assert found.campaign_id is None


def test_every_type_and_metric_has_a_class() -> None:
    """What the vendor lists is known here, and nothing else."""
    listed = {(kind, metric) for kind, metrics in METRICS.items() for metric in metrics.split()}
    known = {(kind, metric) for kind, (_, metrics) in KINDS.items() for metric in metrics}
    assert known == listed
    classes = {found for _, metrics in KINDS.values() for found in metrics.values()}
    assert len(classes) == len(listed)


@pytest.mark.parametrize(
    ("kind", "metric"), [(kind, metric) for kind, (_, m) in KINDS.items() for metric in m]
)
def test_every_class_takes_its_fields(kind: str, metric: str) -> None:
    """Each class is made for its type and metric, has every field that it declares, and keeps what it does not."""
    data = event()["data"] | EXTRAS | {"new_field": [1]}
    found = parse(encoded(object_type=kind, metric=metric, data=data))
    general, metrics = KINDS[kind]
    assert type(found) is metrics[metric]
    assert isinstance(found, general)
    for name in set(found.__struct_fields__) & (EXTRAS.keys() - {"recipients"}):
        assert getattr(found, name) == EXTRAS[name], name
    assert found.data["new_field"] == [1]


def test_fields_by_kind() -> None:
    """What sets a few of the events apart is where it is said to be."""
    clicked = parse(encoded(metric="clicked", data=EXTRAS | {"link_id": "7"}))
    assert isinstance(clicked, EmailClicked)
    assert (clicked.href, clicked.link_id, clicked.machine) == ("https://example.com/", 7, True)
    bounced = parse(encoded(object_type="push", metric="bounced", data=EXTRAS))
    assert isinstance(bounced, PushBounced)
    expected = PushRecipient(device_id="abc", device_platform="ios", failure_message="gone")
    assert bounced.recipients == (expected,)
    changed = parse(
        encoded(object_type="customer", metric="cio_subscription_preferences_changed", data=EXTRAS)
    )
    assert isinstance(changed, CustomerPreferencesChanged)
    assert (changed.content, changed.email_address) == ("a body", "test@example.com")


def test_what_is_new_is_kept() -> None:
    """A new metric is of its type's class, a new type unknown, and both have all that came."""
    deferred = parse(encoded(metric="deferred"))
    assert type(deferred) is EmailEvent
    assert (deferred.metric, deferred.recipient) == ("deferred", "test@example.com")
    unknown = parse(encoded(object_type="pager", metric="beeped"))
    assert type(unknown) is UnknownEvent
    assert unknown.data["recipient"] == "test@example.com"
    assert unknown.raw["object_type"] == "pager"


def test_a_value_of_another_type_costs_its_field_alone() -> None:
    """Where a value is not what is documented, the field is empty and the rest is there."""
    data = {"identifiers": {"id": 42}, "recipient": ["a", "b"], "subject": None, "failure_message": "why"}
    found = parse(encoded(metric="bounced", data=data))
    assert isinstance(found, EmailBounced)
    assert (found.identifiers.id, found.recipient, found.subject, found.failure_message) == (
        None,
        None,
        None,
        "why",
    )
    assert found.data["identifiers"] == {"id": 42}


def test_data_cannot_pose_as_the_envelope() -> None:
    """A member of the data that is named as one of the envelope's is not taken for it."""
    found = parse(encoded(data={"event_id": "other", "metric": "opened", "raw": {}, "timestamp": 1}))
    assert (found.event_id, found.metric, found.timestamp) == ("01E4C4CT6YDC7Y5M7FE1GWWPQJ", "sent", AT)
    assert found.raw["metric"] == "sent"


def test_a_slip_of_the_schema_is_understood() -> None:
    """The vendor's schema names the type of one event otherwise; both ways are read."""
    body = event(metric="cio_subscription_preferences_changed", object_type_type="customer")
    del body["object_type"]
    found = parse(json.dumps(body).encode())
    assert isinstance(found, CustomerEvent)
    assert found.object_type == "customer"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"\xff", "not JSON"),
        (b'{"event_id":"\xff"}', "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "no JSON object"),
        (b"null", "no JSON object"),
        (b"{}", "event_id is no text; metric is no text; object_type is no text; timestamp is no count"),
        (encoded(event_id=""), "event_id"),
        (encoded(event_id=7), "event_id"),
        (encoded(object_type=None), "object_type"),
        (encoded(metric=["sent"]), "metric"),
        (encoded(timestamp="now"), "timestamp"),
        (encoded(timestamp=True), "timestamp"),
        (encoded(timestamp=10**30), "timestamp"),
        (encoded(data=[]), "data"),
    ],
)
def test_what_names_no_event_is_refused(body: bytes, words: str) -> None:
    """Without JSON, or without what says which event it is, there is nothing to hand on; all of it is told."""
    with pytest.raises(InvalidPayload, match=words) as caught:
        parse(body)
    assert caught.value.status == 400


def test_a_repr_tells_nobody() -> None:
    """A person's address and a message's content are not in the repr, which ends up in logs."""
    found = parse(encoded(data=event()["data"] | EXTRAS))
    assert repr(found) == "<EmailSent email sent 01E4C4CT6YDC7Y5M7FE1GWWPQJ>"
    push = parse(encoded(object_type="push", metric="bounced", data=event()["data"] | EXTRAS))
    assert isinstance(push, PushBounced)
    assert "abc" not in repr((push, push.recipients, push.identifiers))
    assert "test@example.com" not in repr((found, push.identifiers))


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
names = st.sampled_from([*EXTRAS, "identifiers", "delivery_id", "campaign_id", "event_id"])


@given(
    kind=st.sampled_from([*METRICS, "pager"]) | values,
    metric=st.sampled_from(["sent", "clicked", "bounced", "subscribed", "new"]) | values,
    data=st.dictionaries(names, values, max_size=6) | values,
    more=st.dictionaries(st.sampled_from(["event_id", "timestamp", "extra"]), values, max_size=2),
)
def test_parse_raises_nothing_else(kind: Any, metric: Any, data: Any, more: dict[str, Any]) -> None:
    """Whatever a body holds, it is an event that keeps all of it, or refused as a `WebhookError`."""
    body = event(object_type=kind, metric=metric, data=data) | more
    try:
        found = parse(json.dumps(body).encode())
    except WebhookError:
        return
    assert found.raw == body
    assert isinstance(repr(found), str)


@given(st.binary(max_size=100))
def test_parse_takes_any_bytes(body: bytes) -> None:
    """Bytes of any kind are refused as a `WebhookError`, or read."""
    with contextlib.suppress(WebhookError):
        assert isinstance(parse(body), ReportingEvent)


# Events that came before ----------------------------------------------------------------------------------------------


def test_an_event_is_new_once() -> None:
    """An event is new the first time, and again when it was forgotten or when its time is over."""
    clock = FakeClock()
    seen = RecentEvents(ttl=10, clock=clock)
    assert [seen.add("a"), seen.add("b"), seen.add("a")] == [True, True, False]
    seen.forget("a")
    seen.forget("never")
    assert seen.add("a")
    clock.advance(9.9)
    assert not seen.add("b")
    clock.advance(0.1)
    assert seen.add("b")
    assert len(seen) == 1


def test_memory_is_bounded() -> None:
    """Beyond the capacity, the oldest is forgotten."""
    seen = RecentEvents(3)
    assert all(seen.add(str(number)) for number in range(10))
    assert len(seen) == 3
    assert [seen.add("9"), seen.add("7"), seen.add("6")] == [False, False, True]


@pytest.mark.parametrize(("capacity", "ttl"), [(0, 1.0), (1, 0.0), (1, float("nan"))])
def test_a_memory_without_room_is_refused(capacity: int, ttl: float) -> None:
    """Numbers that would let every event through are a mistake."""
    with pytest.raises(SettingsError):
        RecentEvents(capacity, ttl=ttl)


def test_of_many_threads_one_is_first() -> None:
    """However many threads add the same events, each event is new to one of them."""
    seen, new = RecentEvents(), list[int]()
    start = threading.Barrier(8)

    def add() -> None:
        start.wait()
        new.extend(number for number in range(500) if seen.add(str(number)))

    threads = [threading.Thread(target=add) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(new) == list(range(500))


def receiver(**options: Any) -> Receiver:
    """Return a receiver at the time of the vectors."""
    return Receiver(KEY, clock=FakeClock(AT), **options)


def test_a_handler_is_called_once() -> None:
    """The same webhook again is taken and not handled again."""
    calls: list[ReportingEvent] = []
    desk = receiver()
    assert [desk.handle(SENT, headers(), calls.append) for _ in range(3)] == [True, False, False]
    assert len(calls) == 1


def test_what_was_not_handled_comes_again() -> None:
    """If the handler raises, the next delivery of the event is handled."""
    desk, calls = receiver(), list[ReportingEvent]()

    def fail(_: ReportingEvent) -> None:
        raise LookupError

    with pytest.raises(LookupError):
        desk.handle(SENT, headers(), fail)
    assert desk.handle(SENT, headers(), calls.append)
    assert len(calls) == 1


def test_what_comes_again_while_it_is_handled_is_not_taken_for_done() -> None:
    """A slow handler's event is delivered again: that is put off, so that it can come once more if the handler fails."""
    desk = receiver()

    def fail_slowly(_: ReportingEvent) -> None:
        with pytest.raises(StillHandled) as refused:
            desk.handle(SENT, headers(), print)
        assert refused.value.status == 503
        raise LookupError

    with pytest.raises(LookupError):
        desk.handle(SENT, headers(), fail_slowly)
    calls = list[ReportingEvent]()
    assert desk.handle(SENT, headers(), calls.append)
    assert not desk.handle(SENT, headers(), calls.append)
    assert len(calls) == 1


def test_a_memory_that_fails_keeps_no_event_busy() -> None:
    """After an error of the database the event is received as if it had not come."""

    class Failing(RecentEvents):
        def add(self, event_id: str, /) -> bool:
            if failures:
                raise failures.pop()
            return super().add(event_id)

    failures = [ConnectionError(), ConnectionError()]
    desk, calls = receiver(seen=Failing(clock=FakeClock(AT))), list[ReportingEvent]()

    async def handle(event: ReportingEvent) -> None:
        calls.append(event)

    with pytest.raises(ConnectionError):
        desk.handle(SENT, headers(), calls.append)
    with pytest.raises(ConnectionError):
        asyncio.run(desk.ahandle(SENT, headers(), handle))
    assert desk.handle(SENT, headers(), calls.append)
    assert len(calls) == 1


class SharedClaims:
    """Keep claims as a store of several processes does, each receiver with a handle of its own."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.until: dict[str, float] = {}
        self.handled: set[str] = set()

    def add(self, event_id: str, /) -> bool:
        """Claim an event for a minute."""
        if event_id in self.handled:
            return False
        if self.until.get(event_id, 0.0) > self.clock.monotonic():
            msg = "claimed"
            raise StillHandled(msg)
        self.until[event_id] = self.clock.monotonic() + 60
        return True

    def finish(self, event_id: str, /) -> None:
        """Note that it was handled."""
        self.handled.add(event_id)

    def forget(self, event_id: str, /) -> None:
        """Let it go."""
        del self.until[event_id]


class SharedClaimsLater:
    """The twin for asyncio."""

    def __init__(self, claims: SharedClaims) -> None:
        self.claims = claims

    async def add(self, event_id: str, /) -> bool:
        """Claim an event for a minute."""
        await asyncio.sleep(0)
        return self.claims.add(event_id)

    async def finish(self, event_id: str, /) -> None:
        """Note that it was handled."""
        await asyncio.sleep(0)
        self.claims.finish(event_id)

    async def forget(self, event_id: str, /) -> None:
        """Let it go."""
        await asyncio.sleep(0)
        self.claims.forget(event_id)


Handle: TypeAlias = Callable[[Handler], bool]


def processes(claims: SharedClaims, *, later: bool) -> list[Handle]:
    """Return receivers that share claims and nothing else, as those of several processes do."""

    def make() -> Handle:
        if not later:
            desk = receiver(seen=claims)
            return lambda handler: desk.handle(SENT, headers(), handler)
        desk = receiver(seen=SharedClaimsLater(claims))

        def handle(handler: Handler) -> bool:
            async def call(event: ReportingEvent) -> None:
                await asyncio.to_thread(handler, event)

            return asyncio.run(desk.ahandle(SENT, headers(), call))

        return handle

    return [make(), make()]


@pytest.mark.parametrize("later", [False, True])
def test_what_another_process_handles_is_put_off(later: bool) -> None:
    """It is refused until that process's handler has returned, and then was received before."""
    calls = list[ReportingEvent]()
    claims = SharedClaims(FakeClock())
    one, other = processes(claims, later=later)

    def handle(event: ReportingEvent) -> None:
        with pytest.raises(StillHandled):
            other(calls.append)
        calls.append(event)

    assert one(handle)
    assert claims.handled == {calls[0].event_id}
    assert not other(calls.append)
    assert not one(calls.append)
    assert len(calls) == 1


@pytest.mark.parametrize("later", [False, True])
def test_what_a_dead_process_had_claimed_is_handled_by_another(later: bool) -> None:
    """A claim that nobody finishes runs out; until then the event is put off."""
    calls = list[ReportingEvent]()
    claims = SharedClaims(clock := FakeClock())
    claims.add(parse(SENT).event_id)  # and killed here
    _, other = processes(claims, later=later)
    with pytest.raises(StillHandled):
        other(calls.append)
    clock.advance(60)
    assert other(calls.append)
    assert not other(calls.append)
    assert len(calls) == 1


@pytest.mark.parametrize("later", [False, True])
def test_a_claim_ends_with_a_handler_that_fails(later: bool) -> None:
    """Another process may have the event at once."""
    calls = list[ReportingEvent]()
    claims = SharedClaims(FakeClock())
    one, other = processes(claims, later=later)

    def fail(_: ReportingEvent) -> None:
        raise LookupError

    with pytest.raises(LookupError):
        one(fail)
    assert not claims.handled
    assert other(calls.append)
    assert len(calls) == 1


def test_a_claim_is_finished_although_the_sender_hangs_up() -> None:
    """The handler has done its work, so it must not be called again."""
    claims, calls = SharedClaims(FakeClock()), list[ReportingEvent]()

    async def scene() -> None:
        begun, go_on, done = asyncio.Event(), asyncio.Event(), asyncio.Event()

        class Slow(SharedClaimsLater):
            async def finish(self, event_id: str, /) -> None:
                begun.set()
                await go_on.wait()
                await super().finish(event_id)
                done.set()

        async def handle(event: ReportingEvent) -> None:
            calls.append(event)

        desk = receiver(seen=Slow(claims))
        request = asyncio.create_task(desk.ahandle(SENT, headers(), handle))
        await begun.wait()
        request.cancel()
        with pytest.raises(asyncio.CancelledError):
            await request
        with pytest.raises(StillHandled):
            await desk.ahandle(SENT, headers(), handle)
        go_on.set()
        await done.wait()
        assert not await desk.ahandle(SENT, headers(), handle)

    asyncio.run(scene())
    assert len(calls) == 1


def test_what_remembers_in_two_states_may_call_anything_finish() -> None:
    """What is no method is left alone."""

    class Named(RecentEvents):
        finish = "never"

    calls = list[ReportingEvent]()
    desk = receiver(seen=Named(clock=FakeClock(AT)))
    assert [desk.handle(SENT, headers(), calls.append) for _ in range(2)] == [True, False]


def test_a_memory_for_asyncio_is_not_for_threads() -> None:
    """What remembers events in asyncio is refused where nothing can await it."""

    class Remote:
        async def add(self, _: str, /) -> bool:
            return True

        async def forget(self, _: str, /) -> None: ...

    with pytest.raises(SettingsError, match="seen="):
        receiver(seen=Remote()).handle(SENT, headers(), print)


def test_everything_is_public() -> None:
    """The classes of all events are there under `ciokit.webhooks`."""
    for general, metrics in KINDS.values():
        for found in (general, *metrics.values()):
            assert getattr(webhooks, found.__name__) is found
            assert found.__name__ in webhooks.__all__
