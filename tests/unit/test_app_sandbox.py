"""Both App clients against the sandbox in this process: what is written by one API is read by the other."""

import asyncio
import inspect
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import pytest

from ciokit import CioId, Email, NoReplyError, ObjectId, ReplyError, TrackClient, Unauthorized
from ciokit.app import (
    AppClient,
    AsyncAppClient,
    Attachment,
    DataFile,
    Emails,
    Ids,
    PerUserData,
    RateLimits,
    Recipients,
    SendEmail,
    SendInApp,
    SendInboxMessage,
    SendPush,
    SendSMS,
    SendWhatsApp,
    UserData,
)
from ciokit.app.filters import all_of, attribute_is, in_segment, not_, object_attribute_is
from ciokit.sandbox import Effect, FaultRule, World
from ciokit.testing import FakeClock, SandboxTransport

Call: TypeAlias = Callable[..., Any]


class Shop:
    """An application: its sandbox, its Track client, and one of the App clients."""

    def __init__(self, kind: str, world: World) -> None:
        self.world = world
        self.clock = FakeClock()
        transport = SandboxTransport(world, self.clock)
        options: dict[str, Any] = {
            "transport": transport,
            "clock": self.clock,
            "rate_limits": RateLimits(general=None),
        }
        self.track = TrackClient("site", "key", transport=transport, clock=self.clock)
        self.app: Any = (
            AppClient("app-key", **options) if kind == "sync" else AsyncAppClient("app-key", **options)
        )
        self._runner = asyncio.Runner()

    def __call__(self, method: str, *args: Any, **kwargs: Any) -> Any:
        """Call a method of the App client and return what came of it; all items of a list."""
        *path, name = method.split(".")
        found = self.app
        for part in path:
            found = getattr(found, part)
        made = getattr(found, name)(*args, **kwargs)
        if inspect.iscoroutine(made):
            return self._runner.run(made)
        if hasattr(made, "__aiter__"):
            return self._runner.run(self._all(made))
        return list(made) if hasattr(made, "pages") or inspect.isgenerator(made) else made

    @staticmethod
    async def _all(made: Any) -> list[Any]:
        return [item async for item in made]

    def end(self) -> None:
        """Close what drives the client."""
        self._runner.close()


@pytest.fixture(params=["sync", "async"])
def shop(request: pytest.FixtureRequest) -> Iterator[Shop]:
    """Make a shop with three people, a segment and an object."""
    made = Shop(request.param, World())
    for person, plan in (("1", "pro"), ("2", "free"), ("3/ü", "pro")):
        made.track.identify(person, {"email": f"{person[0]}+x@example.com", "plan": plan})
    made.track.identify_object(ObjectId("1", "acme/1"), {"seats": 5})
    yield made
    made.end()


def ids(people: list[Any]) -> list[str]:
    """Return the ids of people, in order."""
    return sorted(person.id for person in people)


def test_people_are_read_back(shop: Shop) -> None:
    """Attributes, search, lookups by every name, and what a person did."""
    shop.track.track("1", "signed_up", {"method": "google"})
    person = shop("customers.attributes", "1")
    assert (person.id, person.attributes["plan"], person.identifiers.email) == ("1", "pro", "1+x@example.com")
    assert shop("customers.attributes", Email("1+x@example.com")).id == "1"
    assert shop("customers.attributes", CioId(person.identifiers.cio_id)).id == "1"
    assert shop("customers.attributes", "3/ü").attributes["plan"] == "pro"
    assert ids(shop("customers.by_email", "2+x@example.com")) == ["2"]
    assert shop("customers.by_email", "nobody@example.com") == ()
    assert ids(shop("customers.search", attribute_is("plan", "pro"), page_size=1)) == ["1", "3/ü"]
    assert ids(shop("customers.search", not_(attribute_is("plan", "pro")))) == ["2"]
    assert ids(shop("customers.attributes_of", ["1", "2", "nobody"])) == ["1", "2"]
    activities = shop("customers.activities", "1", type="event", page_size=1)
    assert [activity.data["name"] for activity in activities] == ["signed_up"]
    assert shop("customers.subscription_preferences", "1").unsubscribed is False
    with pytest.raises(ReplyError) as caught:
        shop("customers.attributes", "nobody")
    assert caught.value.status == 404


def test_segments_are_made_filled_and_deleted(shop: Shop) -> None:
    """A manual segment lives its whole life, over both APIs."""
    segment = shop("segments.create", "VIP", description="the best")
    shop.track.add_to_segment(segment.id, ["1", "2"])
    assert shop("segments.customer_count", segment.id).count == 2
    assert ids(shop("segments.membership", segment.id, page_size=1)) == ["1", "2"]
    assert [found.name for found in shop("customers.segments", "1")] == ["VIP"]
    assert ids(shop("customers.search", all_of(in_segment(segment.id), attribute_is("plan", "pro")))) == ["1"]
    assert segment.id in [found.id for found in shop("segments.list")]
    assert shop("segments.used_by", segment.id).used_by.campaigns == ()
    assert shop("segments.delete", segment.id) is None
    with pytest.raises(ReplyError):
        shop("segments.get", segment.id)


def test_objects_are_found(shop: Shop) -> None:
    """An object is searched for and read, its awkward id encoded."""
    (found,) = shop("objects.find", 1, object_attribute_is("seats", value=5, type_id=1))
    assert found.object_id == "acme/1"
    assert shop("objects.attributes", 1, "acme/1").attributes["seats"] in {5, "5"}
    assert [kind.id for kind in shop("objects.types")] == ["1"]


def test_every_channel_sends(shop: Shop) -> None:
    """Each kind of message arrives with what it says, and can be looked up by its delivery's id."""

    def common(channel: str) -> dict[str, Any]:
        return {"identifiers": "1", "transactional_message_id": channel, "message_data": {"n": 7}}

    sent = [
        shop(
            "send_email",
            SendEmail(
                to="1+x@example.com",
                attachments=[Attachment("a.csv", b"a,b")],
                headers={"X-Tag": "t"},
                **common("receipt"),
            ),
        ),
        shop("send_push", SendPush(title="t", **common("push"))),
        shop("send_sms", SendSMS(to="+14155552671", **common("sms"))),
        shop("send_in_app", SendInApp(**common("in_app"))),
        shop("send_inbox_message", SendInboxMessage(**common("inbox"))),
        shop("send_whatsapp", SendWhatsApp(to="+14155552671", **common("whatsapp"))),
    ]
    channels = {message.delivery_id: message.channel for message in shop.world.messages()}
    assert [channels[one.delivery_id] for one in sent] == [
        "email",
        "push",
        "sms",
        "in_app",
        "inbox_message",
        "whatsapp",
    ]
    assert sent[0].queued_at == int(shop.clock.time())
    assert all(message.data == {"n": 7} for message in shop.world.messages())
    assert shop("messages.get", sent[0].delivery_id).recipient == "1+x@example.com"
    assert sent[0].delivery_id in [message.id for message in shop("customers.messages", "1", page_size=2)]


def test_what_the_service_refuses_is_told(shop: Shop) -> None:
    """A forbidden file is refused by the service in its own words, and so is a channel that is off."""
    request = SendEmail(
        to="a@b", identifiers="1", transactional_message_id=1, attachments=[Attachment("virus.exe", b"MZ")]
    )
    with pytest.raises(Unauthorized, match="Forbidden file type"):
        shop("send_email", request)
    assert shop.world.messages() == []


def test_a_message_is_not_sent_twice(shop: Shop) -> None:
    """A fault after processing ends the call, and there is one message."""
    shop.world.faults.add(FaultRule(script=(Effect(drop=True, after_processing=True),)), now=0.0)
    with pytest.raises(NoReplyError, match="not sent again: it may have arrived"):
        shop("send_email", SendEmail(to="a@b", identifiers="1", transactional_message_id=1))
    assert len(shop.world.messages()) == 1


@pytest.mark.parametrize(
    ("audience", "receivers"),
    [
        (Ids(["1", "2"]), 2),
        (Emails(["1+x@example.com"]), 1),
        (PerUserData([UserData("1", {"code": "a"}), UserData(Email("2+x@example.com"))]), 2),
        (Recipients(attribute_is("plan", "pro")), 2),
        (Ids(["1", "nobody"], ignore_missing=True), 1),
    ],
)
def test_broadcasts_reach_their_audience(shop: Shop, audience: Any, receivers: int) -> None:
    """Each kind of audience is understood, and the trigger can be followed."""
    trigger = shop("broadcasts.trigger", 9, audience, data={"headline": "Ü"})
    assert len(shop.world.messages()) == receivers
    assert shop("broadcasts.wait", 9, trigger.id).is_over
    assert shop("broadcasts.trigger_errors", 9, trigger.id) == []
    assert trigger.id in [found.id for found in shop("broadcasts.triggers", 9)]


def test_a_broadcast_with_unknown_people_fails_whole(shop: Shop) -> None:
    """The error points at the field, and the lines of what was wrong can be read."""
    with pytest.raises(ReplyError) as caught:
        shop("broadcasts.trigger", 9, Ids(["1", "nobody", "nobody 2"]))
    assert caught.value.status == 422
    assert caught.value.reasons[0].path == "/data/attributes/per_user_data"
    (trigger,) = shop("broadcasts.triggers", 9)
    assert len(shop("broadcasts.trigger_errors", 9, trigger.id, page_size=1)) == 2
    assert shop.world.messages() == []


def test_the_rates_hold_against_a_service_that_counts() -> None:
    """A sandbox that enforces the vendor's rates never has to refuse a client that keeps to them."""
    world = World(rate_limits=True)
    clock = FakeClock()
    app = AppClient("app-key", transport=SandboxTransport(world, clock), clock=clock)
    for _ in range(25):
        app.segments.list()
    for _ in range(3):
        app.broadcasts.trigger(1, DataFile("https://files.example/f"))
    assert [request.status for request in world.requests] == [200] * 28


def test_an_export_goes_all_the_way(shop: Shop) -> None:
    """Started, waited for, and read row by row."""
    export = shop("exports.create_customers", attribute_is("plan", "pro"))
    assert export.status == "pending"
    done = shop("exports.wait", export.id)
    assert (done.status, done.total) == ("done", 2)
    assert export.id in [found.id for found in shop("exports.list")]
    rows = shop("exports.rows", export.id)
    assert sorted(row["id"] for row in rows) == ["1", "3/ü"]


def test_collections_snippets_and_webhooks_are_kept(shop: Shop) -> None:
    """Things that are made can be read, changed and deleted."""
    made = shop("collections.create", "sizes", data=[{"size": 43}])
    assert shop("collections.get", made.id).rows == 1
    shop("collections.replace_content", made.id, [{"size": 44}, {"size": 45}])
    assert len(shop("collections.content", made.id)) == 2
    shop("collections.delete", made.id)
    assert shop("snippets.update", "greeting", "Hi").value == "Hi"
    assert [snippet.name for snippet in shop("snippets.list")] == ["greeting"]
    shop("snippets.delete", "greeting")
    hook = shop("reporting_webhooks.create", name="n", endpoint="https://a.example/h", events=["email_sent"])
    changed = shop(
        "reporting_webhooks.update",
        hook.id,
        name="m",
        endpoint="https://a.example/h",
        events=["email_sent"],
        disabled=True,
    )
    assert (changed.name, changed.disabled) == ("m", True)
    shop("reporting_webhooks.delete", hook.id)


def test_a_key_that_is_wrong_is_told() -> None:
    """A sandbox that knows its keys refuses another, and the error names the setting."""
    app = AppClient("wrong", transport=SandboxTransport(World(keys={"right": "shop"})))
    with pytest.raises(Unauthorized, match="CUSTOMERIO_APP_API_KEY"):
        app.workspaces.list()
