"""The control API, the live feed, rendering and the guard of a served sandbox."""

import json
from typing import Any

import httpx2
import pytest

from ciokit.sandbox import Request, Retention, World
from ciokit.sandbox.control.stream import NEWEST_ENTRIES, next_chunk
from ciokit.sandbox.inprocess import SandboxTransport
from ciokit.sandbox.serving.access import Access

NOW = 1_800_000_000.0


class Clock:
    """Tell a time that only the test moves."""

    def __init__(self) -> None:
        self.now = NOW
        self.slept = 0.0

    def time(self) -> float:
        """Return the time."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Move the time."""
        self.slept += seconds


class Sandbox:
    """A world with clients of its APIs."""

    def __init__(self, world: World | None = None) -> None:
        self.world = world or World()
        self.clock = Clock()
        self.transport = SandboxTransport(self.world, self.clock)
        self.track = httpx2.Client(
            transport=self.transport, base_url="http://localhost/api/v1", auth=("site", "key")
        )
        self.control = httpx2.Client(transport=self.transport, base_url="http://localhost/_sandbox")

    def get(self, path: str) -> Any:
        """Read from the control API."""
        reply = self.control.get(path)
        assert reply.status_code == 200, reply.text
        return reply.json()

    def send(self, **fields: Any) -> str:
        """Send an email and return its delivery id."""
        body = {"to": "a@example.com", "identifiers": {"id": "1"}, "transactional_message_id": 3, **fields}
        reply = httpx2.Client(transport=self.transport).post(
            "http://localhost/v1/send/email", json=body, headers={"authorization": "Bearer k"}
        )
        delivery: str = reply.json()["delivery_id"]
        return delivery


@pytest.fixture
def sandbox() -> Sandbox:
    """Make a world with two people, an event of a second attempt, a refused request and a warning."""
    made = Sandbox()
    made.track.put("/customers/1", json={"email": "ann@example.com", "plan": "pro"})
    made.track.put("/customers/2", json={"email": "bob@example.com"})
    made.track.post(
        "/customers/1/events", json={"name": "bought", "data": {"total": 5}}, headers={"x-retry-count": "1"}
    )
    made.track.post("/customers/1/events", json={})
    return made


def test_people(sandbox: Sandbox) -> None:
    """People are listed, the last changed first, searched, and shown whole by any identifier."""
    assert [person["id"] for person in sandbox.get("/people")["people"]] == ["1", "2"]
    assert [person["id"] for person in sandbox.get("/people?search=BOB")["people"]] == ["2"]
    whole = sandbox.get("/people/ann%40example.com")
    assert whole["attributes"]["plan"] == "pro"
    assert whole["history"]["plan"] == [{"value": "pro", "at": NOW, "request": 1}]
    assert sandbox.get(f"/people/cio_{whole['person']['cio_id']}") == whole
    assert sandbox.control.get("/people/nobody").status_code == 404


def test_events(sandbox: Sandbox) -> None:
    """Events are listed by person and name, with the attempt that delivered each, page by page."""
    (event,) = sandbox.get("/events?person=1&name=bought")["events"]
    assert (event["data"], event["attempts"], event["person"]) == ({"total": 5}, [1], "1")
    for _ in range(2):
        sandbox.track.post("/customers/2/events", json={"name": "seen"})
    page = sandbox.get("/events?after=0&limit=2")
    assert [entry["name"] for entry in page["events"]] == ["bought", "seen"]
    rest = sandbox.get(f"/events?after={page['next']}")
    assert ([entry["name"] for entry in rest["events"]], rest["next"]) == (["seen"], None)
    assert [entry["name"] for entry in sandbox.get("/events?limit=1")["events"]] == ["seen"]


def test_requests(sandbox: Sandbox) -> None:
    """A request is shown with its verdict, headers less keys, and body."""
    listed = sandbox.get("/requests")["requests"]
    assert [(entry["number"], entry["status"], entry["attempt"]) for entry in listed] == [
        (1, 200, 0),
        (2, 200, 0),
        (3, 200, 1),
        (4, 400, 0),
    ]
    whole = sandbox.get("/requests/4")
    assert whole["rejected"][0]["message"] == "event name must not be blank"
    assert (whole["body"], whole["headers"]["content-type"]) == ("{}", "application/json")
    assert "authorization" not in whole["headers"]
    assert sandbox.control.get("/requests/99").status_code == 404


def test_answers_are_kept_with_their_requests(sandbox: Sandbox) -> None:
    """What was answered is shown with the request, and whether the request was done."""
    whole = sandbox.get("/requests/4")
    assert json.loads(whole["answer"])["meta"]["error"] == "event name must not be blank"
    assert (whole["answer_headers"]["content-type"], whole["processed"]) == (
        "application/json; charset=utf-8",
        True,
    )
    sandbox.control.post("/faults", json={"effect": {"status": 503, "retry_after": 2}})
    sandbox.track.put("/customers/1", json={})
    whole = sandbox.get("/requests/5")
    assert (whole["answer_headers"]["retry-after"], whole["processed"]) == ("2", False)


def test_bodies_and_answers_are_let_go_together() -> None:
    """A request that is too old for its body has no answer any more, and says so."""
    sandbox = Sandbox(World(retention=Retention(request_bytes=300)))
    for _ in range(5):
        sandbox.track.post("/customers/1/events", json={"name": "seen", "data": {"text": "x" * 100}})
    first, last = sandbox.get("/requests/1"), sandbox.get("/requests/5")
    assert (first["body"], first["answer"]) == (None, None)
    assert last["body"]
    assert last["answer"] == "{}\n"


SEARCHES: list[tuple[str, list[Any]]] = [
    ("events?search=BOUGHT", ["bought"]),
    ("events?search=ann", []),
    ("events?request=3", ["bought"]),
    ("events?request=1", []),
    ("requests?search=put+%2Fapi", [1, 2]),
    ("requests?search=400", [4]),
    ("requests?failed=true", [4]),
    ("requests?failed=false", [1, 2, 3, 4]),
    ("requests?api=app", []),
    ("requests?api=track&limit=1", [4]),
    ("requests?workspace=default&after=0&limit=2", [1, 2]),
    ("warnings?search=retry", ["retry_without_id"]),
    ("warnings?request=3&workspace=default", ["retry_without_id"]),
    ("warnings?request=1", []),
    ("warnings?person=ann%40example.com", ["retry_without_id"]),
    ("warnings?person=bob%40example.com", []),
    ("warnings?person=nobody", []),
]


@pytest.mark.parametrize(("where", "found"), SEARCHES)
def test_searches(sandbox: Sandbox, where: str, found: list[Any]) -> None:
    """Lists are searched whatever the case, and narrowed to what one request or workspace brought."""
    name = where.partition("?")[0]
    key = {"events": "name", "requests": "number", "warnings": "kind"}[name]
    assert [entry[key] for entry in sandbox.get(f"/{where}")[name]] == found


def test_messages_are_searched(sandbox: Sandbox) -> None:
    """Messages are found by receiver, subject and the request that sent them."""
    delivery = sandbox.send(subject="Your receipt")
    for query in ("search=RECEIPT", "search=a%40example", "request=5", f"search={delivery}"):
        assert [entry["delivery_id"] for entry in sandbox.get(f"/messages?{query}")["messages"]] == [delivery]
    assert sandbox.get("/messages?search=other")["messages"] == []


def test_one_event(sandbox: Sandbox) -> None:
    """An event is shown by its place in the order of everything."""
    (event,) = sandbox.get("/events")["events"]
    assert sandbox.get(f"/events/{event['seq']}") == event
    assert sandbox.control.get("/events/1").status_code == 404


def test_about() -> None:
    """The sandbox says how it is set up."""
    sandbox = Sandbox(World(keys={"site:key": "shop", "other:key": "lab"}, region="eu", seed=3))
    assert sandbox.get("/about") == {
        "workspaces": ["shop", "lab"],
        "region": "eu",
        "strict": False,
        "seed": 3,
    }


def test_totals_go_on_when_events_are_let_go() -> None:
    """The totals count what was there, the others what is still kept."""
    sandbox = Sandbox(World(retention=Retention(events=2, warnings=1)))
    for _ in range(5):
        sandbox.track.post("/customers/1/events", json={"name": "seen"}, headers={"x-retry-count": "1"})
    stats = sandbox.get("/stats")
    assert (stats["events"], stats["events_total"]) == (2, 5)
    assert (stats["warnings"], stats["warnings_total"]) == (1, 6)


def test_stats_warnings_and_reset(sandbox: Sandbox) -> None:
    """Counts and warnings are read; a reset forgets everything; the control API is not itself counted."""
    stats = sandbox.get("/stats")
    wanted = {
        "people": 2,
        "events": 1,
        "duplicates_collapsed": 0,
        "messages": 0,
        "requests": 4,
        "rejected": 1,
        "faults": 0,
    }
    assert {name: stats[name] for name in wanted} == wanted
    assert [warned["kind"] for warned in sandbox.get("/warnings")["warnings"]] == ["retry_without_id"]
    assert sandbox.control.post("/reset").json() == {"ok": True}
    assert sandbox.get("/stats")["requests"] == 0


def test_faults(sandbox: Sandbox) -> None:
    """A fault is switched on, seen at work, and switched off; scripts and lifetimes end by themselves."""
    rule = {"path": "/api/v1/customers/*", "effect": {"status": 503, "retry_after": 2}}
    made = sandbox.control.post("/faults", json=rule).json()
    assert (made["number"], made["rule"]["effect"]["status"]) == (1, 503)
    assert sandbox.track.put("/customers/1", json={}).status_code == 503
    assert sandbox.get("/faults")["faults"][0]["hits"] == 1
    assert sandbox.control.delete("/faults/1").json() == {"ended": 1}
    assert sandbox.control.delete("/faults/1").status_code == 404
    script = {"script": [{"status": 500}, None, {"status": 502}]}
    assert sandbox.control.post("/faults", json=script).status_code == 200
    statuses = [sandbox.track.put("/customers/1", json={}).status_code for _ in range(4)]
    assert statuses == [500, 200, 502, 200]
    assert sandbox.control.post("/faults", json={"seconds": 10, "effect": {"status": 500}}).status_code == 200
    assert sandbox.track.put("/customers/1", json={}).status_code == 500
    sandbox.clock.now += 10
    assert sandbox.track.put("/customers/1", json={}).status_code == 200
    assert sandbox.get("/faults") == {"faults": []}
    sandbox.control.post("/faults", json={"api": "app", "effect": {"status": 500}})
    assert sandbox.track.put("/customers/1", json={}).status_code == 200
    assert sandbox.control.delete("/faults").json() == {"ended": 1}


WRONG_FAULTS: list[Any] = [
    {},
    {"effect": {}, "script": [None]},
    {"effect": {"status": 99}},
    {"effect": {"delay": -1}},
    {"effect": {"delay": 1e9}},
    {"effect": {"drop": "yes"}},
    {"effect": {"partial": 2}},
    {"effect": {"statu": 500}},
    {"probability": 2, "effect": {}},
    {"api": "other", "effect": {}},
    {"times": 0, "effect": {}},
    [],
]


@pytest.mark.parametrize("rule", WRONG_FAULTS)
def test_wrong_faults(rule: Any) -> None:
    """A fault that makes no sense is refused with what is wrong."""
    sandbox = Sandbox()
    reply = sandbox.control.post("/faults", json=rule)
    assert reply.status_code == 400
    assert reply.json()["error"]
    assert sandbox.get("/faults") == {"faults": []}


def test_probability_is_seeded() -> None:
    """Chance hits its share of requests, the same ones in every run."""

    def statuses(seed: int) -> list[int]:
        sandbox = Sandbox(World(seed=seed))
        sandbox.control.post("/faults", json={"probability": 0.5, "effect": {"status": 500}})
        return [sandbox.track.put("/customers/1", json={}).status_code for _ in range(60)]

    first = statuses(1)
    assert first == statuses(1) != statuses(2)
    assert 15 < first.count(500) < 45


@pytest.mark.parametrize(("status", "answered"), [(207, 207), (200, 200)])
def test_partial_batches(status: int, answered: int) -> None:
    """A partial fault refuses a share of a batch's items, as 207 or in the undocumented form as 200."""
    sandbox = Sandbox()
    sandbox.control.post("/faults", json={"effect": {"partial": 0.5, "partial_status": status}})
    batch = [
        {"type": "person", "action": "event", "identifiers": {"id": "1"}, "name": f"n{number}"}
        for number in range(40)
    ]
    reply = sandbox.track.post("http://localhost/api/v2/batch", json={"batch": batch})
    refused = {error["batch_index"] for error in reply.json()["errors"]}
    assert reply.status_code == answered
    assert 5 < len(refused) < 35
    stored = {int(event.name[1:]) for event in sandbox.world.events("1")}
    assert stored == set(range(40)) - refused


@pytest.mark.parametrize("distribution", ["fixed", "uniform", "exponential", "lognormal"])
def test_latency_distributions(distribution: str) -> None:
    """Delays are drawn from the distribution that is asked for, around its centre."""
    sandbox = Sandbox()
    effect = {"delay": 2.0, "delay_spread": 0.5, "delay_distribution": distribution}
    sandbox.control.post("/faults", json={"effect": effect})
    delays: list[float] = []
    for _ in range(200):
        before = sandbox.clock.slept
        sandbox.track.put("/customers/1", json={}, timeout=None)
        delays.append(sandbox.clock.slept - before)
    assert 1.5 < sum(delays) / len(delays) < 2.6
    assert (len({round(delay, 9) for delay in delays}) == 1) is (distribution == "fixed")


def test_delays_beyond_the_timeout() -> None:
    """In process, a delay longer than the read timeout is the client's timeout, with the work done."""
    sandbox = Sandbox()
    sandbox.control.post("/faults", json={"effect": {"delay": 60}})
    with pytest.raises(httpx2.ReadTimeout):
        sandbox.track.put("/customers/1", json={}, timeout=5)
    assert sandbox.clock.slept == 5
    assert sandbox.world.person("1") is not None


def test_redirect_fault() -> None:
    """A redirect names the other region's host, and the request is not done."""
    sandbox = Sandbox()
    sandbox.control.post("/faults", json={"effect": {"redirect": "eu"}})
    reply = sandbox.track.put("/customers/1?x=1", json={})
    assert reply.status_code == 301
    assert reply.headers["location"] == "https://track-eu.customer.io/api/v1/customers/1?x=1"
    assert sandbox.world.people() == []


def test_messages_are_rendered(sandbox: Sandbox) -> None:
    """A message is rendered with its data, its receiver and snippets; what fails is shown as sent."""
    template = {
        "name": "order",
        "content": {"subject": "Hi {{customer.plan}}", "body": "<b>{{trigger.total}}</b>"},
    }
    assert sandbox.control.put("/templates/3", json=template).status_code == 200
    delivery = sandbox.send(message_data={"total": 5}, preheader="{% if %}")
    assert sandbox.get(f"/messages/{delivery}")["data"] == {"total": 5}
    shown = sandbox.get(f"/messages/{delivery}/rendered")
    assert (shown["texts"]["subject"], shown["texts"]["body"]) == ("Hi pro", "<b>5</b>")
    assert shown["texts"]["preheader"] == "{% if %}"
    assert shown["problems"][0].startswith("preheader: LiquidSyntaxError")
    frame = sandbox.control.get(f"/messages/{delivery}/html")
    assert frame.text == "<b>5</b>"
    assert frame.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    assert sandbox.get("/messages?person=1&channel=email")["messages"][0]["delivery_id"] == delivery
    assert sandbox.get("/messages?channel=push")["messages"] == []


def test_plain_texts_are_no_markup(sandbox: Sandbox) -> None:
    """A text without HTML is shown in a frame as it is, whatever is in it."""
    delivery = sandbox.send(body_plain="1 < 2 <script>", body="")
    assert sandbox.control.get(f"/messages/{delivery}/html").text == "<pre>1 &lt; 2 &lt;script&gt;</pre>"


def test_rendering_is_bounded(sandbox: Sandbox) -> None:
    """A template that would never end is stopped."""
    delivery = sandbox.send(
        subject="s", body="{% for a in (1..999999) %}{% for b in (1..999999) %}x{% endfor %}{% endfor %}"
    )
    assert "LoopIterationLimitError" in sandbox.get(f"/messages/{delivery}/rendered")["problems"][0]


def test_broadcast_setup(sandbox: Sandbox) -> None:
    """A broadcast with its audience is set up; a wrong filter or number is refused."""
    audience = {"attribute": {"field": "plan", "operator": "eq", "value": "pro"}}
    assert (
        sandbox.control.put("/broadcasts/5", json={"name": "News", "recipients": audience}).status_code == 200
    )
    assert sandbox.world.workspace().account.broadcasts[5].recipients == audience
    assert sandbox.control.put("/broadcasts/5", json={"name": "News", "recipients": {}}).status_code == 400
    for number in ("0", "x", "9999999999"):
        assert sandbox.control.put(f"/templates/{number}", json={"name": "n"}).status_code == 400


def test_webhooks_by_hand(sandbox: Sandbox) -> None:
    """A webhook about a message is queued as it will be posted; one about nothing is refused."""
    delivery = sandbox.send()
    reply = sandbox.control.post(
        "/webhooks/send", json={"url": "http://x/", "delivery_id": delivery, "metric": "clicked"}
    )
    body = json.loads(reply.json()["body"])
    assert (body["metric"], body["data"]["delivery_id"]) == ("clicked", delivery)
    (queued,) = sandbox.world.take_outgoing()
    assert queued.body.decode() == reply.json()["body"]
    assert sandbox.control.post("/webhooks/send", json={"url": "http://x/"}).status_code == 404
    assert sandbox.control.post("/webhooks/send", json={"url": "file:///x", "event": {}}).status_code == 400


MISTAKES: list[tuple[str, str, Any, int]] = [
    ("GET", "/nothing", None, 404),
    ("POST", "/people", None, 405),
    ("GET", "/events?limit=x", None, 400),
    ("GET", "/events?limit=1001", None, 400),
    ("GET", "/events?after=-1", None, 400),
    ("GET", "/events?nmae=x", None, 400),
    ("GET", "/events?workspace=other", None, 404),
    ("GET", "/events?request=x", None, 400),
    ("GET", "/requests?workspace=other", None, 404),
    ("GET", "/requests?failed=yes", None, 400),
    ("POST", "/faults", None, 415),
    ("POST", "/openapi.json", None, 405),
]


@pytest.mark.parametrize(("method", "path", "body", "status"), MISTAKES)
def test_mistakes_are_named(method: str, path: str, body: Any, status: int) -> None:
    """A wrong control call is answered with a clear JSON error."""
    reply = Sandbox().control.request(method, path, json=body)
    assert reply.status_code == status
    assert reply.json()["error"]


def test_malformed_and_oversize_control_bodies() -> None:
    """A body that is no JSON is 400; one that is too large is 413."""
    sandbox = Sandbox()
    headers = {"content-type": "application/json"}
    assert sandbox.control.post("/faults", content=b"{", headers=headers).status_code == 400
    assert sandbox.control.post("/faults", content=b"\xff", headers=headers).status_code == 400
    assert (
        sandbox.control.post("/faults", content=b"x" * (16 * 1024 * 1024 + 1), headers=headers).status_code
        == 413
    )


def test_openapi_describes_every_operation(sandbox: Sandbox) -> None:
    """Each operation of the control API is in its OpenAPI document, with the types of its bodies."""
    document = sandbox.get("/openapi.json")
    assert document["openapi"] == "3.1.0"
    assert {"/_sandbox/people/{id}", "/_sandbox/faults", "/_sandbox/stream"} <= document["paths"].keys()
    body = document["paths"]["/_sandbox/faults"]["post"]["requestBody"]["content"]["application/json"][
        "schema"
    ]
    assert body == {"$ref": "#/components/schemas/FaultRule"}
    assert document["components"]["schemas"]["Effect"]["additionalProperties"] is False


def test_openapi_describes_every_field(sandbox: Sandbox) -> None:
    """No operation, parameter, body, answer, type or field of a type is left without a description."""
    document = sandbox.get("/openapi.json")
    operations = [entry for path in document["paths"].values() for entry in path.values()]
    described: list[dict[str, Any]] = [document["info"]]
    for entry in operations:
        assert entry["summary"]
        described += entry["parameters"] + list(entry["responses"].values())
        described += [entry["requestBody"]] if "requestBody" in entry else []
    for schema in document["components"]["schemas"].values():
        described += [schema, *schema.get("properties", {}).values()]
    assert [entry for entry in described if not entry.get("description")] == []
    assert not any("Args:" in entry["description"] or "None" in entry["description"] for entry in described)
    counts = document["components"]["schemas"]["Stats"]["properties"]
    assert counts.keys() == sandbox.get("/stats").keys()


def test_feed_and_stream(sandbox: Sandbox) -> None:
    """The feed tells in order what happened after a position, as server-sent events."""
    chunk = next_chunk(sandbox.world, 0)
    kinds = [
        line.removeprefix(b"event: ").decode()
        for line in chunk.body.splitlines()
        if line.startswith(b"event: ")
    ]
    assert kinds == [
        "person",
        "person",
        "request",
        "person",
        "person",
        "request",
        "event",
        "warning",
        "request",
        "request",
    ]
    assert chunk.after == sandbox.world.seq
    assert next_chunk(sandbox.world, chunk.after).body == b""
    sandbox.world.reset()
    assert b"event: reset" in next_chunk(sandbox.world, chunk.after).body


def test_feed_says_what_it_lost() -> None:
    """A follower who comes too late is told that entries are gone."""
    sandbox = Sandbox(World(retention=Retention(feed=3)))
    for _ in range(5):
        sandbox.track.post("/customers/1/events", json={"name": "seen"})
    body = next_chunk(sandbox.world, 1).body
    assert body.startswith(b"id: 1\nevent: skipped\n")
    assert body.count(b"event: ") == 4


def test_follower_of_the_newest_leaves_out_the_old() -> None:
    """Who wants the newest is given no more than goes out at a time, the newest of it, and told so."""
    sandbox = Sandbox()
    for number in range(NEWEST_ENTRIES):
        sandbox.track.post("/customers/1/events", json={"name": f"seen {number}"})
    chunk = next_chunk(sandbox.world, 0, newest=True)
    assert chunk.body.startswith(b"id: 0\nevent: skipped\n")
    assert chunk.body.count(b"event: ") == NEWEST_ENTRIES + 1
    assert chunk.after == sandbox.world.seq
    few = next_chunk(sandbox.world, sandbox.world.seq - 2, newest=True)
    assert few.body.count(b"event: ") == 2
    assert b"skipped" not in few.body


def statuses(access: Access, headers: dict[str, str]) -> tuple[int, int]:
    """Return what becomes of a control call and of one of the vendor's; 0 lets it in."""
    asked = (
        Request("POST", "/_sandbox/reset", headers=headers),
        Request("PUT", "/api/v1/x", headers=headers),
    )
    refused = [access.refuse(request) for request in asked]
    return (refused[0].status if refused[0] else 0, refused[1].status if refused[1] else 0)


HOSTS: list[tuple[str | None, int, int]] = [
    ("localhost:8025", 0, 0),
    ("LOCALHOST", 0, 0),
    ("localhost.:8025", 0, 0),
    ("[::1]:8025", 0, 0),
    ("127.0.0.1", 0, 0),
    ("172.17.0.1:8025", 0, 0),
    ("app.localhost", 0, 0),
    ("track.customer.io", 0, 0),
    ("API-EU.customer.io:443", 0, 0),
    ("ciokit:8080", 0, 0),
    ("evil.example", 421, 421),
    ("ciokit.evil.example", 421, 421),
    ("localhost.evil.example", 421, 421),
    ("customer.io", 421, 421),
    ("127.0.0.1.evil.example", 421, 421),
    ("localhost@evil.example", 421, 421),
    ("[::", 421, 421),
    (" ", 421, 421),
    (None, 421, 0),
]


@pytest.mark.parametrize(("host", "control", "vendor"), HOSTS)
def test_names_that_are_answered_to(host: str | None, control: int, vendor: int) -> None:
    """Without a token the sandbox answers to its own names, the vendor's, and addresses, which nobody's DNS can forge."""
    headers = {} if host is None else {"host": host}
    assert statuses(Access(hosts=["CioKit"]), headers) == (control, vendor)


ORIGINS: list[tuple[str, int]] = [
    ("http://localhost:1", 0),
    ("http://localhost:2", 403),
    ("http://evil.example", 403),
    ("http://[::", 403),
    ("null", 403),
]


@pytest.mark.parametrize(("origin", "control"), ORIGINS)
def test_pages_of_other_sites(origin: str, control: int) -> None:
    """The control API is for the sandbox's own page; the vendor's APIs may be called by any, as the vendor's may."""
    assert statuses(Access(), {"host": "localhost:1", "origin": origin}) == (control, 0)


FETCHES: list[tuple[dict[str, str], str, int]] = [
    ({"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"}, "GET", 403),
    ({"sec-fetch-site": "same-site", "sec-fetch-mode": "no-cors"}, "GET", 403),
    ({"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}, "POST", 403),
    ({"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}, "GET", 0),
    ({"sec-fetch-site": "same-origin", "sec-fetch-mode": "cors"}, "GET", 0),
    ({"sec-fetch-site": "none", "sec-fetch-mode": "navigate"}, "GET", 0),
]


@pytest.mark.parametrize(("headers", "method", "status"), FETCHES)
def test_images_and_scripts_of_other_sites(headers: dict[str, str], method: str, status: int) -> None:
    """What a page of another site fetches without an Origin is refused, too; a link to here may be followed."""
    request = Request(method, "/_sandbox/stream", headers={"host": "localhost:1", **headers})
    refused = Access().refuse(request)
    assert (refused.status if refused else 0) == status


MISDIRECTED: list[tuple[str, list[str]]] = [
    ("/api/v1/customers/1", ["meta"]),
    ("/api/v2/batch", ["meta"]),
    ("/v1/segments", ["errors"]),
    ("/v1/send/email", ["meta"]),
    ("/v1/track", ["meta"]),
    ("/", ["error", "field"]),
]


@pytest.mark.parametrize(("path", "keys"), MISDIRECTED)
def test_misdirected_requests_are_told_so(path: str, keys: list[str]) -> None:
    """A wrong name is told of in the envelope of the API, with what to do about it."""
    refused = Access().refuse(Request("POST", path, headers={"host": "evil.example"}))
    assert refused is not None
    assert (refused.status, list(json.loads(refused.body))) == (421, keys)
    assert b"--allow-host" in refused.body


TOKEN = Access(token="sesame; please")
COOKIE = {"host": "here:1", "cookie": "a=b; ciokit_sandbox_token=sesame%3B%20please"}


def test_page_takes_the_token_once() -> None:
    """A browser that brings the token in the address is given a cookie and sent on to an address without it."""
    welcome = TOKEN.welcome(Request("GET", "/", "token=sesame%3B%20please"))
    assert welcome is not None
    assert (welcome.status, welcome.headers["location"]) == (303, "/")
    cookie = welcome.headers["set-cookie"]
    assert cookie == "ciokit_sandbox_token=sesame%3B%20please; Path=/; HttpOnly; SameSite=Lax"
    for query in ("", "token=", "token=wrong", "tok=sesame"):
        assert TOKEN.welcome(Request("GET", "/", query)) is None
    assert TOKEN.welcome(Request("POST", "/", "token=sesame%3B%20please")) is None
    assert Access().welcome(Request("GET", "/", "token=")) is None


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/_sandbox/reset", COOKIE, None),
        ("/_sandbox/reset", {**COOKIE, "origin": "http://here:1"}, None),
        ("/_sandbox/reset", {**COOKIE, "origin": "http://here:2"}, 403),
        ("/_sandbox/reset", {**COOKIE, "origin": "null"}, 403),
        ("/_sandbox/reset", {"cookie": "ciokit_sandbox_token=wrong"}, 401),
        ("/_sandbox/reset", {}, 401),
        ("/_sandbox/page/style.css", {}, None),
        ("/api/v1/customers/1", COOKIE, 403),
        ("/_sandbox/reset", {"authorization": "Bearer sesame; please", "origin": "http://any"}, None),
    ],
)
def test_access_with_token(path: str, headers: dict[str, str], status: int | None) -> None:
    """The page's cookie is good for the page's own calls alone; the token itself opens everything."""
    refused = TOKEN.refuse(Request("POST", path, headers=headers))
    assert (refused.status if refused else None) == status
