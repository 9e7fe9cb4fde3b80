"""The Customer.io inside the process: what reaches it, what is read back, and what a failed assertion says."""

import asyncio
import datetime as dt
import os
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import ciokit
from ciokit import Attributes, CioId, Email, Event, RetryPolicy, TrackClient, field
from ciokit.app import AppClient, SendEmail, SendPush
from ciokit.clock import SYSTEM_CLOCK, SystemClock
from ciokit.sandbox.state.rules import Rules
from ciokit.stores.inspection import look
from ciokit.testing import CioSandbox, Effect, FakeClock, FaultRule
from ciokit.webhooks import SignatureMismatch, receive
from ciokit.webhooks.receiver import Receiver


class OrderPlaced(Event, name="Order Placed"):
    order_id: str
    total: Decimal = Decimal(0)
    at: dt.datetime | None = None
    from_: str | None = field(default=None, name="from")


class SignedUp(Event):
    method: str


class Person(Attributes):
    email: str
    plan: str | None = None


@pytest.fixture
def sandbox() -> Iterator[CioSandbox]:
    """Be Customer.io for one test."""
    with CioSandbox() as sandbox:
        yield sandbox


def failure(call: Any, *args: Any, **named: Any) -> str:
    """Return what a failing assertion says."""
    with pytest.raises(AssertionError) as caught:
        call(*args, **named)
    return str(caught.value)


# What reaches it


def test_singletons_reach_it(sandbox: CioSandbox) -> None:
    """The process's clients speak to the sandbox, without asyncio and with it."""

    async def track() -> None:
        await ciokit.async_track_client().track("user-1", "async")
        await ciokit.async_app_client().customers.attributes("user-1")

    ciokit.track_client().track("user-1", "sync")
    asyncio.run(track())
    sent = ciokit.app_client().send_email(
        SendEmail(to="a@example.com", identifiers="user-1", transactional_message_id=3)
    )
    assert [event.name for event in sandbox.events("user-1")] == ["sync", "async"]
    assert [message.delivery_id for message in sandbox.messages()] == [sent.delivery_id]


@pytest.mark.parametrize("region", ["us", "eu"])
def test_a_client_made_before_reaches_it(region: Any) -> None:
    """What a program made at its import, for the vendor's own host, speaks to the sandbox while it stands."""
    client = TrackClient("site", "key", region=region)
    with CioSandbox(region=region) as sandbox:
        client.track("user-1", "seen")
        sandbox.assert_tracked("user-1", "seen")


def test_another_region_is_refused() -> None:
    """An App client of the region in which the account does not live is told so, as the vendor tells it."""
    client = AppClient("key", region="eu")
    with CioSandbox(region="us"), pytest.raises(ciokit.WrongRegion):
        client.customers.attributes("user-1")


def test_another_region_is_refused_by_the_app_api_alone() -> None:
    """The Track API takes what comes by either host, and who follows the settings is led here whatever its region."""
    stray = TrackClient("site", "key", region="us")
    with CioSandbox(region="eu") as sandbox:
        assert ciokit.track_client().region == "eu"
        stray.track("user-1", "by the other host")
        TrackClient(region="us").track("user-1", "by the sandbox's address")
        AppClient(region="us").customers.attributes("user-1")
        assert len(sandbox.events("user-1")) == 2


def test_a_transport_of_its_own_is_left_alone(sandbox: CioSandbox) -> None:
    """A client that was given a transport uses it."""
    with CioSandbox() as other:
        transport = other.transport
    TrackClient("site", "key", transport=transport).track("user-1", "elsewhere")
    sandbox.assert_nothing_sent()
    other.assert_tracked("user-1", "elsewhere")


def test_everything_is_as_before_afterwards() -> None:
    """Environment, clock, singletons and addresses are restored, also after a failure."""
    before, clients = dict(os.environ), list[TrackClient]()
    with pytest.raises(ZeroDivisionError), CioSandbox():  # noqa: PT012 - leaving the block is what is looked at
        clients.append(ciokit.track_client())
        raise ZeroDivisionError
    assert dict(os.environ) == before
    assert SYSTEM_CLOCK.follow(None) is None
    assert SYSTEM_CLOCK.time is time.time
    with pytest.raises(ciokit.ClientClosed):
        clients[0].track("user-1", "late")
    with pytest.raises(ciokit.SettingsError):
        ciokit.track_client()
    with pytest.raises(ciokit.NoReplyError):
        TrackClient(
            "a", "b", base_url="https://sandbox.ciokit.invalid", retry=RetryPolicy(max_retries=0)
        ).track("user-1", "late")


def test_the_applications_spool_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits in the spool that `.env` names is for Customer.io, not for a test, and a test puts nothing there."""
    (tmp_path / ".env").write_text(f"CIOKIT_SPOOL={tmp_path / 'spool'}")
    monkeypatch.chdir(tmp_path)
    with TrackClient("site", "key", base_url="http://127.0.0.1:9", proxy="") as client:
        left = ciokit.Outbox(client, spool=tmp_path / "spool", senders=0)
        left.track("somebody", "Order Placed")
        left.close(timeout=0)
    before = look(tmp_path / "spool").processes
    with CioSandbox() as sandbox:
        ciokit.outbox().track("user-1", "Order Placed")
        sandbox.assert_tracked("user-1", "Order Placed")
        sandbox.assert_nothing_else_sent()
    assert [process.entries for process in before] == [1]
    assert look(tmp_path / "spool").processes == before


def test_the_singletons_of_before_are_not_those_of_the_test(monkeypatch: pytest.MonkeyPatch) -> None:
    """A singleton that the program made with settings of its own is closed, and the sandbox's has the sandbox's."""
    for name in ("CUSTOMERIO_SITE_ID", "CUSTOMERIO_TRACK_API_KEY"):
        monkeypatch.setenv(name, "of the program")
    client = ciokit.track_client()
    with CioSandbox() as sandbox:
        assert ciokit.track_client().url == "https://sandbox.ciokit.invalid"
        with pytest.raises(ciokit.ClientClosed):
            client.track("user-1", "seen")
        sandbox.assert_nothing_sent()


def test_waits_pass_at_once(sandbox: CioSandbox) -> None:
    """Retries wait in the sandbox's time, which is remembered; the receipt tells the attempts."""
    fault = sandbox.fail(429, times=2, retry_after=20)
    receipt = ciokit.track_client().track("user-1", "seen")
    assert (receipt.attempts, fault.hits, len(sandbox.clock.sleeps)) == (3, 2, 2)
    assert receipt.elapsed > 40
    sandbox.assert_tracked("user-1", "seen", times=1)


def test_a_clock_of_the_test_is_the_clients() -> None:
    """A given clock decides what a client writes as the time."""
    with CioSandbox(clock=FakeClock(now=1_700_000_000.0)) as sandbox:
        ciokit.track_client().track("user-1", "seen")
        (event,) = sandbox.events()
    assert (event.timestamp, event.data) == (1_700_000_000, {"tracked_at": 1_700_000_000})


def test_a_client_of_before_waits_for_no_other_test() -> None:
    """Neither what clients waited for in another test nor its clock delays a client that lives through both."""
    with TrackClient("site", "key") as client:
        with CioSandbox() as slow:
            slow.fail(429, times=1, retry_after=60)
            client.track("user-1", "slow")
        assert sum(slow.clock.sleeps) >= 60
        for clock in (None, FakeClock(), None):
            with CioSandbox(clock=clock) as quick:
                client.track("user-1", "quick")
            assert quick.clock.sleeps == ()


@given(st.lists(st.none() | st.floats(0, 1e6), max_size=6))
def test_monotonic_time_goes_on_from_where_it_was(passed: list[float | None]) -> None:
    """Whatever clocks are followed in turn, the monotonic time of the process never goes back, and moves as theirs do."""
    clock, reached = SystemClock(), SystemClock().monotonic()
    for seconds in passed:
        fake = None if seconds is None else FakeClock()
        clock.follow(fake)
        assert clock.monotonic() >= reached
        if fake is not None:
            fake.advance(seconds or 0.0)
            assert clock.monotonic() >= reached + (seconds or 0.0) - 1e-6
        reached = clock.monotonic()


def test_a_sandbox_within_another_gives_its_place_back() -> None:
    """After the inner one, every client speaks to the outer one again, by the outer one's clock."""
    with TrackClient("site", "key", region="eu") as client, CioSandbox() as outer:
        with CioSandbox() as inner:
            client.track("user-1", "inside")
            ciokit.track_client().track("user-1", "inside")
        outer.fail(503, times=1)
        client.track("user-2", "outside")
        ciokit.track_client().track("user-2", "outside")
        assert [event.person for event in inner.events()] == ["user-1"] * 2
        assert [event.person for event in outer.events()] == ["user-2"] * 2
        assert len(outer.clock.sleeps) == 1
    assert SYSTEM_CLOCK.follow(None) is None


def test_faults_of_any_kind(sandbox: CioSandbox) -> None:
    """A rule drops a connection; what may have arrived is told."""
    sandbox.add_fault(FaultRule(effect=Effect(drop=True, after_processing=True), times=1))
    receipt = ciokit.track_client().track("user-1", "seen")
    assert receipt.attempts == 2
    (event,) = sandbox.events("user-1", "seen")
    assert event.duplicates == 1


def test_an_outbox_is_emptied_before_an_assertion(sandbox: CioSandbox) -> None:
    """What waits for company in an outbox counts as sent; nothing in the test waits for it."""
    with ciokit.Outbox(ciokit.track_client(), flush_interval=3600) as outbox:
        outbox.track("user-1", "waited")
        sandbox.assert_tracked("user-1", "waited")
        assert outbox.stats().pending == 0


def test_what_an_outbox_cannot_deliver_is_told(sandbox: CioSandbox) -> None:
    """A failure says that something has not been delivered, and the sandbox's end delivers it."""
    outbox = ciokit.Outbox(ciokit.track_client(), retry=RetryPolicy(max_retries=None, base_delay=0.02))
    sandbox.fail(503)
    sandbox.flush_timeout = 0.05
    outbox.track("user-1", "stuck")
    said = failure(sandbox.assert_tracked, "user-1", "stuck")
    assert "An outbox still holds 1 undelivered" in said
    sandbox.flush_timeout = 5.0
    sandbox.__exit__(None, None, None)
    assert outbox.stats().delivered == 1
    outbox.close()


def test_reset_forgets(sandbox: CioSandbox) -> None:
    """After a reset the sandbox is as new."""
    sandbox.fail(500)
    with pytest.raises(ciokit.ServiceUnavailable):
        ciokit.track_client().track("user-1", "seen")
    sandbox.reset()
    sandbox.assert_nothing_sent()
    ciokit.track_client().track("user-1", "seen")


def test_rules_decide_what_is_refused() -> None:
    """A strict workspace refuses what the vendor would discard in silence."""
    with CioSandbox(rules=Rules(strict=True)) as sandbox:
        with pytest.raises(ciokit.ReplyError):
            ciokit.track_client().track(CioId("a1"), "seen")
        assert "Customer.io would have refused" in failure(sandbox.assert_nothing_refused)


# What is read back


def test_events_come_back_as_their_class(sandbox: CioSandbox) -> None:
    """Decimals, datetimes and renamed fields are what they were; the stamp is no field."""
    placed = OrderPlaced(
        order_id="o-1", total=Decimal("3.50"), at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC), from_="shop"
    )
    ciokit.track_client().track("user-1", placed)
    ciokit.track_client().track("user-2", placed)
    assert sandbox.events("user-1", OrderPlaced) == [placed]
    assert sandbox.events(None, OrderPlaced) == [placed, placed]


def test_what_is_no_instance_of_the_class_is_told(sandbox: CioSandbox) -> None:
    """An event of that name with other data is an error that names the field."""
    ciokit.track_client().track("user-1", "Order Placed", {"total": 3})
    said = failure(sandbox.events, "user-1", OrderPlaced)
    assert "is no OrderPlaced: Object missing required field `order_id`" in said


def test_a_deleted_person_leaves_events(sandbox: CioSandbox) -> None:
    """What somebody sent before they were deleted can still be asserted."""
    client = ciokit.track_client()
    client.track("user-1", "seen")
    client.suppress("user-1")
    sandbox.assert_tracked("user-1", "seen")
    assert "'user-1' is suppressed" in failure(sandbox.assert_identified, "user-1")
    person = sandbox.person("user-1")
    assert person is not None
    assert person.suppressed


def test_people_are_found_by_any_identifier(sandbox: CioSandbox) -> None:
    """Id, e-mail address and Customer.io's own id lead to the same person."""
    client = ciokit.track_client()
    client.identify("user-1", {"email": "ann@example.com"})
    client.track("user-1", "seen")
    person = sandbox.person(Email("Ann@Example.com"))
    assert person is not None
    for who in ("user-1", "ann@example.com", Email("ann@example.com"), CioId(person.cio_id)):
        sandbox.assert_tracked(who, "seen", times=1)


def test_webhooks_are_signed(sandbox: CioSandbox) -> None:
    """The library's own receiver believes a webhook by the key in the environment, and reads of which message it tells."""
    ciokit.app_client().send_push(SendPush(identifiers="user-1", transactional_message_id=4))
    (message,) = sandbox.messages("user-1", "push")
    received: list[Any] = []
    receiver = Receiver()
    for webhook in (
        sandbox.message_webhook(message, "opened"),
        sandbox.webhook(
            {"event_id": "e-2", "object_type": "push", "metric": "sent", "timestamp": 1, "data": {}}
        ),
    ):
        receiver.handle(webhook.body, webhook.headers, received.append)
    opened, sent = received
    assert (type(opened).__name__, opened.delivery_id) == ("PushOpened", message.delivery_id)
    assert type(sent).__name__ == "PushSent"
    with pytest.raises(SignatureMismatch):
        receiver.handle(webhook.body + b" ", webhook.headers, received.append)


def test_the_accounts_own_webhooks_are_handed_over(sandbox: CioSandbox) -> None:
    """What a reporting webhook of the account asks for waits until the test takes it, once, with its address."""
    app = ciokit.app_client()
    app.reporting_webhooks.create(name="hook", endpoint="https://example.com/hook", events=["push_sent"])
    app.send_push(SendPush(identifiers="user-1", transactional_message_id=4))
    (webhook,) = sandbox.take_webhooks()
    assert webhook.url == "https://example.com/hook"
    assert type(receive(webhook.body, webhook.headers, webhook.key)).__name__ == "PushSent"
    assert sandbox.take_webhooks() == []


# What assertions say


def test_assert_tracked_holds(sandbox: CioSandbox) -> None:
    """Instance, class, name, data, part of the data and count: each finds the event, whoever it is of."""
    client = ciokit.track_client()
    client.track("user-1", OrderPlaced(order_id="o-1", total=Decimal(3)))
    client.track("user-1", "plan_changed", {"to": "pro", "mrr": 10})
    client.track_anonymous("visitor", "browsed", {"page": "/"})
    sandbox.assert_tracked("user-1", OrderPlaced(order_id="o-1", total=Decimal(3)))
    sandbox.assert_tracked("user-1", OrderPlaced, times=1)
    sandbox.assert_tracked("user-1", OrderPlaced, {"order_id": "o-1"}, partial=True)
    sandbox.assert_tracked("user-1", "plan_changed", {"to": "pro", "mrr": 10})
    sandbox.assert_tracked("user-1", "plan_changed", {"mrr": pytest.approx(10.0)}, partial=True)
    sandbox.assert_tracked(None, "browsed", {"page": "/"})
    sandbox.assert_tracked("user-1", "missed", times=0)


def test_a_failure_shows_the_nearest_field_by_field(sandbox: CioSandbox) -> None:
    """The event that differs least is compared, and everything that the person got is listed."""
    client = ciokit.track_client()
    client.track("user-1", OrderPlaced(order_id="o-1", total=Decimal(9)))
    client.track("user-1", "seen", id="01BX5ZZKBKACTAV9WEVGEMMVRY", timestamp=1_700_000_000)
    client.track("user-1", OrderPlaced(order_id="o-2", total=Decimal(4)))
    said = failure(sandbox.assert_tracked, "user-1", OrderPlaced(order_id="o-2", total=Decimal(3)))
    lines = said.splitlines()
    assert lines[:5] == [
        "'user-1' was not sent:",
        '  Order Placed {"order_id":"o-2","total":3}',
        "",
        "The nearest is event 3 of 3, with the same name:",
        "  total: expected 3, got 4",
    ]
    assert [line.split(" {")[0] for line in lines[7:]] == ["  Order Placed", "  seen", "  Order Placed"]


def test_failures_hint_at_what_was_meant(sandbox: CioSandbox) -> None:
    """A name or an identifier that is nearly right is proposed, and nothing is said to be nothing."""
    said = failure(sandbox.assert_tracked, "user-1", SignedUp)
    assert said.endswith("'user-1' was sent, in order:\n  nothing")
    ciokit.track_client().track("user-2", "seen")
    assert "Those who were sent events:\n  user-2" in failure(sandbox.assert_tracked, "user-1", SignedUp)
    assert "It was sent, but to:\n  user-2" in failure(sandbox.assert_tracked, "user-1", "seen")
    ciokit.track_client().track("user-1", "signed_upp")
    assert "Did you mean 'signed_upp'?" in failure(sandbox.assert_tracked, "user-1", SignedUp)
    assert "Did you mean 'user-1'?" in failure(sandbox.assert_identified, "user1")


def test_counts_are_exact(sandbox: CioSandbox) -> None:
    """A wrong number of times says both numbers."""
    ciokit.track_client().track("user-1", "seen")
    ciokit.track_client().track("user-1", "seen")
    said = failure(sandbox.assert_tracked, "user-1", "seen", times=1)
    assert said.startswith("'user-1' was sent it 2 times, expected once:\n  seen with any data")


def test_data_with_an_instance_is_a_mistake(sandbox: CioSandbox) -> None:
    """An instance has its data; more beside it would be ambiguous."""
    with pytest.raises(TypeError, match="has its data already"):
        sandbox.assert_tracked("user-1", SignedUp(method="google"), {"method": "google"})


def test_assert_not_tracked(sandbox: CioSandbox) -> None:
    """It fails exactly for what arrived."""
    ciokit.track_client().track("user-1", SignedUp(method="google"))
    sandbox.assert_not_tracked("user-2")
    sandbox.assert_not_tracked("user-1", OrderPlaced)
    sandbox.assert_not_tracked("user-1", SignedUp(method="mail"))
    assert "was sent an event, and should not" in failure(sandbox.assert_not_tracked, "user-1")
    assert "signed_up" in failure(sandbox.assert_not_tracked, None, SignedUp(method="google"))
    assert failure(sandbox.assert_not_tracked, "user-1", "signed_up", {"method": "google"})


def test_assert_tracked_in_order(sandbox: CioSandbox) -> None:
    """Others may lie between; what is missing from its place is named, with why."""
    client = ciokit.track_client()
    for name in ("a", "b", "c", "b"):
        client.track("user-1", name)
    sandbox.assert_tracked_in_order("user-1", "a", "c", "b")
    sandbox.assert_tracked_in_order("user-1", "b", "b")
    said = failure(sandbox.assert_tracked_in_order, "user-1", "c", "a")
    assert "Number 2 is missing from its place: it came before c" in said
    assert "it did not arrive" in failure(sandbox.assert_tracked_in_order, "user-1", "a", "d")


def test_assert_identified(sandbox: CioSandbox) -> None:
    """Attributes are compared one by one; others do not matter."""
    ciokit.track_client().identify("user-1", Person(email="ann@example.com", plan="pro"))
    sandbox.assert_identified("user-1")
    sandbox.assert_identified("user-1", Person(email="ann@example.com"))
    sandbox.assert_identified("user-1", {"plan": "pro"})
    sandbox.assert_not_identified("user-2")
    said = failure(sandbox.assert_identified, "user-1", Person(email="ann@example.com", plan="free"))
    assert said.startswith("'user-1' has other attributes:\n  plan: expected 'free', got 'pro'\n")
    assert "is known, and should not be" in failure(sandbox.assert_not_identified, "user-1")


def test_assert_sent(sandbox: CioSandbox) -> None:
    """A message is found by channel, recipient, person, template, data and content."""
    app = ciokit.app_client()
    app.send_email(
        SendEmail(
            to="ann@example.com",
            identifiers="user-1",
            transactional_message_id=3,
            subject="Receipt",
            message_data={"order_id": "o-1", "total": 3},
        )
    )
    app.send_push(SendPush(identifiers="user-1", transactional_message_id="code"))
    sandbox.assert_sent()
    sandbox.assert_sent("email", to="ann@example.com", person="user-1", template=3, times=1)
    sandbox.assert_sent(data={"order_id": "o-1"}, content={"subject": "Receipt"})
    sandbox.assert_sent("push", template="code")
    said = failure(sandbox.assert_sent, "email", to="ann@example.com", data={"order_id": "o-2"})
    assert "The nearest is email to ann@example.com, template 3" in said
    assert "  data.order_id: expected 'o-2', got 'o-1'" in said
    assert "The nearest is push to all, template code" in failure(sandbox.assert_sent, "push", template="cod")
    with pytest.raises(ValueError, match="channel: 'mail' is none of email, push"):
        sandbox.assert_sent("mail")
    with pytest.raises(ValueError, match="channel: 'e-mail' is none"):
        sandbox.messages("user-1", "e-mail")
    assert "data.total: not expected, got 3" in failure(
        sandbox.assert_sent, data={"order_id": "o-1"}, partial=False
    )
    assert "No such message was sent 2 times (it was once)" in failure(sandbox.assert_sent, "push", times=2)
    assert failure(sandbox.assert_sent, person="user-2")


def test_assert_nothing_else_sent(sandbox: CioSandbox) -> None:
    """Only what no assertion has found is something else; a person known by an event alone is not."""
    client = ciokit.track_client()
    sandbox.assert_nothing_else_sent()
    client.track("user-1", "seen")
    client.track_anonymous("visitor", "browsed")
    client.identify("user-2", {"plan": "pro"})
    ciokit.app_client().send_push(SendPush(identifiers="user-1", transactional_message_id=4))
    said = failure(sandbox.assert_nothing_else_sent)
    for line in ("event to user-1: seen", "event to the anonymous visitor", "message: push", "person: "):
        assert line in said
    sandbox.assert_tracked("user-1", "seen")
    sandbox.assert_tracked_in_order(None, "browsed")
    sandbox.assert_identified("user-2", {"plan": "pro"})
    sandbox.assert_sent("push")
    sandbox.assert_nothing_else_sent()


def test_assert_action(sandbox: CioSandbox) -> None:
    """What is done beside events, attributes and messages is found by its name and by whom it names."""
    client = ciokit.track_client()
    client.identify("user-1", {"email": "ann@example.com"})
    client.add_device("user-1", "token", platform="ios")
    client.merge("user-1", Email("old@example.com"))
    client.suppress(Email("ann@example.com"))
    client.identify_object(ciokit.ObjectId("1", "acme"), {"size": 5})
    client.submit_form("signup", Email("bob@example.com"))
    sandbox.assert_action("user-1", "add_device", times=1)
    sandbox.assert_action(Email("OLD@example.com"), "merge")
    sandbox.assert_action("user-1", "suppress")
    sandbox.assert_action(None, "identify_object")
    sandbox.assert_action(None, "POST /api/v1/forms/signup/submit")
    assert sandbox.actions(None, "identify_object")[0].about == ("acme",)
    said = failure(sandbox.assert_action, "user-1", "delete")
    assert said.startswith("There was no delete of 'user-1'. What was done:\n  add_device user-1\n")
    assert "no suppress of 'user-1' 2 times (there was once)" in failure(
        sandbox.assert_action, "user-1", "suppress", times=2
    )


def test_actions_are_something_else_until_they_are_asserted(sandbox: CioSandbox) -> None:
    """A deletion that nobody expected is seen; a retry of it, or one that was refused, is no second one."""
    client = ciokit.track_client()
    sandbox.add_fault(FaultRule(effect=Effect(drop=True, after_processing=True), times=1))
    client.delete("user-1")
    client.attempt("POST", "/api/v2/batch", b'{"batch":[{"type":"person","action":"delete"}]}')
    client.attempt("POST", "/api/v2/entity", b'{"type":"person","action":"suppress","identifiers":{}}')
    sandbox.fail(503, times=1)
    client.attempt("POST", "/api/v2/entity", b'{"type":"person","action":"delete","identifiers":{"id":"9"}}')
    assert "  delete user-1" in failure(sandbox.assert_nothing_else_sent).splitlines()
    sandbox.assert_action("user-1", "delete", times=1)
    sandbox.assert_nothing_else_sent()


def test_pipelines_and_version_1_have_the_same_names(sandbox: CioSandbox) -> None:
    """Whichever API it went through, an action is found by one name; events and attributes are none."""
    pipelines = ciokit.pipelines_client()
    pipelines.identify("user-1", {"plan": "pro"})
    pipelines.track("user-1", "seen")
    pipelines.group("user-1", "acme")
    track = ciokit.track_client()
    for method, path, body in (
        ("PUT", "/api/v1/customers/user-1/devices", b'{"device":{"id":"d","platform":"ios"}}'),
        ("PUT", "/api/v1/customers/user-1", b'{"plan":"pro"}'),
        ("POST", "/api/v1/customers/a%2Fb/suppress", b"{}"),
        (
            "POST",
            "/api/v1/merge_customers",
            b'{"primary":{"id":"user-1"},"secondary":{"email":"b@example.com"}}',
        ),
    ):
        track.attempt(method, path, body)
    assert [str(action) for action in sandbox.actions()] == [
        "group user-1 acme",
        "add_device user-1",
        "suppress a/b",
        "merge user-1 b@example.com",
    ]
    sandbox.assert_tracked("user-1", "seen", times=1)
    sandbox.assert_identified("user-1", {"plan": "pro"})


def test_refusals_are_told_in_the_vendors_words(sandbox: CioSandbox) -> None:
    """What the sandbox refused is part of every failure, and can be asserted by itself."""
    sandbox.assert_nothing_refused()
    answer = ciokit.track_client().attempt("POST", "/api/v2/entity", b'{"type":"person"}')
    assert getattr(answer, "status", 0) == 400
    assert "POST /api/v2/entity -> 400" in failure(sandbox.assert_nothing_refused)
    assert "Customer.io would have refused" in failure(sandbox.assert_tracked, "user-1", "seen")


def test_what_a_fault_refuses_is_no_refusal(sandbox: CioSandbox) -> None:
    """Only what Customer.io would refuse by its rules is told as refused, not what the test made fail."""
    sandbox.add_fault(FaultRule(effect=Effect(partial=1.0), times=1))
    client = ciokit.track_client()
    assert client.batch([ciokit.Track("user-1", "seen")]).rejected
    sandbox.fail(503, times=1)
    client.track("user-1", "seen")
    sandbox.assert_nothing_refused()


def test_nothing_sent_means_no_request(sandbox: CioSandbox) -> None:
    """Any request counts, also one that changes nothing."""
    sandbox.assert_nothing_sent()
    ciokit.track_client().account_region()
    assert "GET /api/v1/accounts/region -> 200" in failure(sandbox.assert_nothing_sent)
