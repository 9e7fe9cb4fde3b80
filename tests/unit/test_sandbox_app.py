"""The App API's reads and lists: people, segments, messages, exports, imports, collections, webhooks."""

import json
from typing import Any

import httpx2
import pytest

from ciokit.sandbox import Retention, World
from ciokit.sandbox.inprocess import SandboxTransport
from ciokit.sandbox.state.reporting import sign
from ciokit.testing import FakeClock

NOW = 1_800_000_000.0


class Apis:
    """Speak to the Track and App APIs of one world."""

    def __init__(self, world: World | None = None) -> None:
        self.world = world or World()
        self.clock = FakeClock(NOW)
        transport = SandboxTransport(self.world, self.clock)
        self.track = httpx2.Client(
            transport=transport, base_url="https://track.customer.io/api/v1", auth=("site", "key")
        )
        self.app = httpx2.Client(
            transport=transport,
            base_url="https://api.customer.io/v1",
            headers={"authorization": "Bearer app-key"},
        )

    def identify(self, identifier: str, **attributes: Any) -> None:
        """Identify a person."""
        assert self.track.put(f"/customers/{identifier}", json=attributes).status_code == 200

    def get(self, path: str) -> Any:
        """Read from the App API."""
        reply = self.app.get(path)
        assert reply.status_code == 200, reply.text
        return reply.json()


@pytest.fixture
def apis() -> Apis:
    """Make a world with three people in a manual segment, an object and a message."""
    made = Apis()
    for number, plan in (("1", "pro"), ("2", "pro"), ("3", "free")):
        made.identify(number, email=f"p{number}@example.com", plan=plan, created_at=1489014595, vip=True)
    assert (
        made.app.post("/segments", json={"segment": {"name": "VIPs", "description": "d"}}).status_code == 200
    )
    made.track.post("/segments/1/add_customers", json={"ids": ["1", "2", "nobody"]})
    made.track.post("/customers/1/events", json={"name": "bought", "data": {"total": 5}})
    send = {
        "to": "p1@example.com",
        "identifiers": {"id": "1"},
        "transactional_message_id": 3,
        "subject": "Hi",
    }
    made.app.post("/send/email", json=send)
    return made


ANN = {"email": "p1@example.com", "id": "1"}


def test_customers_by_email(apis: Apis) -> None:
    """People are found by email whatever its case; nobody is an empty list."""
    (found,) = apis.get("/customers?email=P1%40example.com")["results"]
    assert {name: found[name] for name in ANN} == ANN
    assert apis.get("/customers?email=p1+x@example.com")["results"] == []


def test_customer_attributes(apis: Apis) -> None:
    """Attributes are read back as text, with the time each changed."""
    apis.track.put("/customers/1/devices", json={"device": {"id": "d", "platform": "ios", "last_used": 5}})
    customer = apis.get("/customers/1/attributes")["customer"]
    assert customer["attributes"]["created_at"] == "1489014595"
    assert (customer["attributes"]["vip"], customer["unsubscribed"]) == ("true", False)
    assert customer["timestamps"]["plan"] == int(NOW)
    assert customer["devices"] == [{"id": "d", "last_used": 5, "platform": "ios", "attributes": {}}]
    cio_id = customer["identifiers"]["cio_id"]
    for lookup in (f"{cio_id}/attributes?id_type=cio_id", "p1%40example.com/attributes?id_type=email"):
        assert apis.get(f"/customers/{lookup}")["customer"]["id"] == "1"


def test_customer_lookup_errors(apis: Apis) -> None:
    """An unknown person is 404, an unknown kind of identifier 400."""
    missing = apis.app.get("/customers/nobody/attributes")
    assert (missing.status_code, missing.json()) == (
        404,
        {"errors": [{"detail": "customer not found", "status": "404"}]},
    )
    assert apis.app.get("/customers/1/attributes?id_type=shoe").status_code == 400
    assert apis.app.get("/customers/1/attributes?id_type=phone").status_code == 400


def test_customer_search_and_pages(apis: Apis) -> None:
    """A filter finds people, page by page."""
    chosen = {"filter": {"attribute": {"field": "plan", "operator": "eq", "value": "pro"}}}
    first = apis.app.post("/customers?limit=1", json=chosen).json()
    assert (first["ids"], first["next"]) == (["1"], "1")
    second = apis.app.post(f"/customers?limit=1&start={first['next']}", json=chosen).json()
    assert (second["ids"], second["next"]) == (["2"], "")
    assert apis.app.post("/customers?limit=1001", json=chosen).status_code == 400
    assert apis.app.post("/customers", json={"filter": {"and": [{"segment": {"id": 1}}]}}).json()["ids"] == [
        "1",
        "2",
    ]


@pytest.mark.parametrize(
    ("ids", "status"), [(["1", "nobody"], 200), ([], 400), (["1"] * 101, 400), ([1], 400)]
)
def test_many_attributes(apis: Apis, ids: list[Any], status: int) -> None:
    """Up to 100 people are read at once; unknown ones are left out."""
    reply = apis.app.post("/customers/attributes", json={"ids": ids})
    assert reply.status_code == status
    if status == 200:
        assert [entry["customer"]["id"] for entry in reply.json()["customers"]] == ["1"]


def test_segments(apis: Apis) -> None:
    """A manual segment is created, filled, counted, listed from both sides, and deleted."""
    (segment,) = apis.get("/segments")["segments"]
    assert (segment["name"], segment["type"], segment["state"]) == ("VIPs", "manual", "finished")
    assert apis.get("/segments/1")["segment"] == segment
    assert apis.get("/segments/1/customer_count") == {"segment_id": 1, "count": 2}
    page = apis.get("/segments/1/membership?limit=1")
    assert (page["ids"], page["next"]) == (["1"], "1")
    assert apis.get("/segments/1/used_by")["used_by"]["campaigns"] == []
    assert apis.get("/customers/1/segments")["segments"] == [{"id": 1, "name": "VIPs", "description": "d"}]
    apis.track.post("/segments/1/remove_customers?id_type=email", json={"ids": ["p1@example.com"]})
    assert apis.get("/customers/1/segments")["segments"] == []
    assert apis.app.delete("/segments/1").status_code == 204
    assert apis.get("/customers/2/segments")["segments"] == []
    assert apis.app.get("/segments/1").status_code == 404
    assert apis.app.post("/segments", json={"segment": {}}).status_code == 400


def test_deleted_person_leaves_the_segment(apis: Apis) -> None:
    """A segment does not count who was deleted."""
    apis.track.delete("/customers/1")
    assert apis.get("/segments/1/customer_count")["count"] == 1


def test_messages(apis: Apis) -> None:
    """A sent message is listed, read, filtered, and its content archived."""
    (message,) = apis.get("/messages")["messages"]
    assert (message["customer_id"], message["subject"], message["type"]) == ("1", "Hi", "email")
    assert list(message["metrics"]) == ["created", "sent"]
    delivery = message["id"]
    assert apis.get(f"/messages/{delivery}")["message"] == message
    assert apis.get("/customers/1/messages")["messages"] == [message]
    assert apis.get("/transactional/3/messages")["messages"] == [message]
    for nothing in ("type=push", "metric=opened", f"end_ts={int(NOW) - 1}", "drafts=true", "campaign_id=1"):
        assert apis.get(f"/messages?{nothing}")["messages"] == []
    assert apis.get(f"/messages/{delivery}/archived_message")["archived_message"]["subject"] == "Hi"
    assert apis.app.get("/messages/nothing").status_code == 404


def test_reported_metrics_show_on_the_message(apis: Apis) -> None:
    """A metric reported to Track needs no credentials and shows on the message."""
    delivery = apis.get("/messages")["messages"][0]["id"]
    reply = apis.track.post("/metrics", json={"delivery_id": delivery, "metric": "opened"}, auth=("", ""))
    assert reply.status_code == 200
    assert apis.get("/messages?metric=opened")["messages"][0]["id"] == delivery
    series = apis.get("/transactional/3/metrics?period=days&steps=2")["metric"]["series"]
    assert (series["opened"], series["sent"], series["clicked"]) == ([0, 1], [0, 1], [0, 0])
    apis.track.post("/push/events", json={"delivery_id": delivery, "event": "opened"})
    assert apis.app.get("/transactional/3/metrics?steps=46").status_code == 400


def test_retention_off_hides_the_content(apis: Apis) -> None:
    """A message sent without retention has no archived content."""
    send = {"to": "p1@example.com", "identifiers": {"id": "1"}, "transactional_message_id": 3}
    delivery = apis.app.post("/send/email", json=send | {"disable_message_retention": True}).json()[
        "delivery_id"
    ]
    assert apis.app.get(f"/messages/{delivery}/archived_message").status_code == 404


def test_scheduled_message_is_sent_in_time(apis: Apis) -> None:
    """A scheduled message counts as sent once its time has come."""
    send = {"to": "p1@example.com", "identifiers": {"id": "1"}, "transactional_message_id": 3}
    later = apis.app.post("/send/email", json=send | {"send_at": int(NOW) + 60}).json()["delivery_id"]
    assert list(apis.get(f"/messages/{later}")["message"]["metrics"]) == ["created"]
    apis.clock.advance(61)
    assert apis.get(f"/messages/{later}")["message"]["metrics"]["sent"] == int(NOW) + 60


def test_unsubscribe_by_delivery(apis: Apis) -> None:
    """An unsubscribe by delivery id reaches the person the message went to."""
    delivery = apis.get("/messages")["messages"][0]["id"]
    url = f"https://track.customer.io/unsubscribe/{delivery}"
    assert apis.track.post(url, json={"unsubscribe": True}).status_code == 200
    assert apis.get("/customers/1/attributes")["customer"]["unsubscribed"] is True


def test_activities(apis: Apis) -> None:
    """Events, changes and messages are activities, newest first, by person, type and name."""
    kinds = {activity["type"] for activity in apis.get("/customers/1/activities?limit=100")["activities"]}
    assert kinds == {"profile_create", "event", "attribute_change", "sent_email"}
    (event,) = apis.get("/activities?type=event&name=bought")["activities"]
    assert (event["customer_id"], event["data"]["data"]) == ("1", {"total": 5})
    assert apis.get("/activities?customer_id=nobody")["activities"] == []
    page = apis.get("/activities?limit=2")
    assert (len(page["activities"]), page["next"]) == (2, "2")


def test_exports(apis: Apis) -> None:
    """An export is pending, then done, and its link gives a CSV file for 15 minutes."""
    assert apis.get("/exports") == {"exports": None}
    chosen = {"filters": {"attribute": {"field": "plan", "operator": "eq", "value": "free"}}}
    made = apis.app.post("/exports/customers", json=chosen).json()["export"]
    assert (made["status"], made["total"]) == ("pending", 1)
    assert apis.get("/exports/1")["export"]["status"] == "done"
    url = apis.get("/exports/1/download")["url"]
    file = apis.app.get(url, headers={"authorization": ""})
    header, row = file.text.splitlines()
    assert header == "id,email,cio_id,created_at,plan,vip"
    assert row.startswith("3,p3@example.com,")
    assert apis.get("/exports")["exports"][0]["downloads"] == 1
    apis.clock.advance(15 * 60 + 1)
    assert apis.app.get(url).status_code == 404
    assert apis.app.get(f"{url[:-1]}x").status_code == 404


def test_delivery_exports(apis: Apis) -> None:
    """Deliveries of one source are exported."""
    made = apis.app.post(
        "/exports/deliveries", json={"transactional_message_id": 3, "metric": "sent"}
    ).json()["export"]
    assert made["total"] == 1
    assert apis.app.post("/exports/deliveries", json={}).status_code == 400
    both = {"newsletter_id": 1, "campaign_id": 1}
    assert apis.app.post("/exports/deliveries", json=both).status_code == 400
    assert apis.app.post("/exports/deliveries", json={"action_id": 1, "metric": ["x"]}).status_code == 400


IMPORTS: list[tuple[dict[str, Any], bytes, int, str]] = [
    ({"type": "people", "identifier": "id"}, b"id,city\n1,Rome\n9,Oslo\n", 2, ""),
    (
        {"type": "people", "identifier": "id", "data_to_process": "only_new"},
        b"id,city\n1,Rome\n9,Oslo\n",
        1,
        "",
    ),
    (
        {"type": "people", "identifier": "id", "data_to_process": "only_existing"},
        b"id,city\n1,Rome\n9,Oslo\n",
        1,
        "",
    ),
    ({"type": "people", "identifier": "email"}, b"email,city\n,Rome\n", 0, "a row has no email"),
    ({"type": "event", "identifier": "id"}, b"id,name,timestamp,total\n1,imported,5,7\n", 1, ""),
    ({"type": "event", "identifier": "id"}, b"id,name\n1,\n", 0, "event name must not be blank"),
    ({"type": "object", "object_type_id": "2"}, b"object_id,size\nacme,5\n", 1, ""),
    ({"type": "relationship", "identifier": "id"}, b"id,object_id,role\n1,acme,admin\n", 1, ""),
]


@pytest.mark.parametrize(("fields", "content", "imported", "error"), IMPORTS)
def test_imports(apis: Apis, fields: dict[str, Any], content: bytes, imported: int, error: str) -> None:
    """An import waits for its file and then really changes people, events, objects and relationships."""
    body = {"import": {"name": "n", "data_file_url": "http://example.com/f.csv", **fields}}
    made = apis.app.post("/imports", json=body).json()["import"]
    assert (made["id"], made["state"]) == (1, "preprocessing")
    (download,) = apis.world.take_downloads()
    apis.world.supply(download, content, NOW)
    done = apis.get("/imports/1")["import"]
    assert (done["state"], done["rows_imported"], done["error"]) == ("imported", imported, error)


def test_imported_rows_arrive(apis: Apis) -> None:
    """What an import says is found in the world."""
    for number, (fields, content, _, _) in enumerate(IMPORTS, 1):
        body = {"import": {"name": "n", "data_file_url": "http://example.com/f.csv", **fields}}
        assert apis.app.post("/imports", json=body).json()["import"]["id"] == number
        apis.world.supply(apis.world.take_downloads()[0], content, NOW)
    person = apis.world.person("1")
    assert person is not None
    assert person.attributes["city"] == "Rome"
    assert person.relationships["1", "acme"].attributes == {"role": "admin"}
    (event,) = apis.world.events("1", "imported")
    assert (event.timestamp, event.data) == (5.0, {"total": "7"})
    assert apis.world.workspace().objects["2", "acme"].attributes == {"size": "5"}


@pytest.mark.parametrize("content", [None, b"\xff\xfe", b'id\n"unclosed'])
def test_failed_imports(apis: Apis, content: bytes | None) -> None:
    """A file that cannot be fetched or read fails the import."""
    fields = {"name": "n", "type": "people", "identifier": "id", "data_file_url": "http://example.com/f.csv"}
    apis.app.post("/imports", json={"import": fields})
    apis.world.supply(apis.world.take_downloads()[0], content, NOW)
    assert apis.get("/imports/1")["import"]["state"] == "failed"


@pytest.mark.parametrize(
    "wrong",
    [
        {"type": "cars"},
        {"identifier": "phone"},
        {"data_file_url": "ftp://x"},
        {"name": ""},
        {"data_to_process": "some"},
    ],
)
def test_wrong_imports(apis: Apis, wrong: dict[str, Any]) -> None:
    """A wrong import is refused at once."""
    fields = {"name": "n", "type": "people", "identifier": "id", "data_file_url": "http://example.com/f.csv"}
    assert apis.app.post("/imports", json={"import": fields | wrong}).status_code == 400
    assert apis.world.take_downloads() == []


def test_collections(apis: Apis) -> None:
    """A collection holds rows, given or fetched, which can be replaced and deleted."""
    made = apis.app.post("/collections", json={"name": "shops", "data": [{"city": "Rome"}]}).json()[
        "collection"
    ]
    assert (made["id"], made["rows"], made["schema"]) == (1, 1, ["city"])
    assert apis.get("/collections/1/content") == [{"city": "Rome"}]
    apis.app.put("/collections/1/content", json=[{"city": "Oslo"}, {"city": "Bonn"}])
    assert apis.get("/collections/1")["collection"]["rows"] == 2
    apis.app.put("/collections/1", json={"name": "places", "url": "http://example.com/c.json"})
    apis.world.supply(apis.world.take_downloads()[0], b'[{"a":1}]', NOW)
    assert apis.get("/collections/1/content") == [{"a": 1}]
    assert [held["name"] for held in apis.get("/collections")["collections"]] == ["places"]
    wrongs: list[Any] = [
        {"name": "x"},
        {"name": "x", "data": [1]},
        {"data": []},
        {"name": "x", "url": "file:///x"},
    ]
    for wrong in wrongs:
        assert apis.app.post("/collections", json=wrong).status_code == 400
    assert apis.app.delete("/collections/1").status_code == 204
    assert apis.app.get("/collections/1").status_code == 404


def test_snippets(apis: Apis) -> None:
    """A snippet is put, listed and deleted, unless a template uses it."""
    put = apis.app.put("/snippets", json={"name": "footer", "value": "Bye"}).json()["snippet"]
    assert apis.get("/snippets")["snippets"] == [put]
    template = apis.world.workspace().account.templates[3]
    template.content["body"] = "{{ snippets.footer }}"
    assert apis.app.delete("/snippets/footer").status_code == 400
    template.content["body"] = ""
    assert apis.app.delete("/snippets/footer").status_code == 204
    assert apis.app.delete("/snippets/footer").status_code == 404
    assert apis.app.put("/snippets", json={"name": "n" * 151, "value": ""}).status_code == 400


def test_listed_things(apis: Apis) -> None:
    """What the account has set up is listed and read; what it has not is empty or 404."""
    apis.world.workspace().account.campaigns[7] = {"id": 7, "name": "Welcome"}
    assert apis.get("/campaigns")["campaigns"] == [{"id": 7, "name": "Welcome"}]
    assert apis.get("/campaigns/7")["campaign"]["name"] == "Welcome"
    assert apis.app.get("/campaigns/8").status_code == 404
    assert apis.get("/newsletters")["newsletters"] == []
    assert apis.get("/transactional")["messages"][0]["id"] == 3
    assert apis.get("/transactional/3/contents")["contents"][0]["type"] == "email"
    assert (
        apis.app.put("/transactional/3/content/3", json={"subject": "New"}).json()["content"]["subject"]
        == "New"
    )
    assert apis.get("/workspaces")["workspaces"][0]["people"] == 3
    assert apis.get("/object_types") == {"types": []}
    assert len(apis.get("/subscription_channels")["channels"]) == 6
    assert apis.get("/info/ip_addresses") == {"ip_addresses": ["127.0.0.1"]}


def test_objects(apis: Apis) -> None:
    """Objects are found, read and seen from both sides of a relationship."""
    entity = {
        "type": "object",
        "action": "identify",
        "identifiers": {"object_type_id": "1", "object_id": "acme"},
        "attributes": {"size": 5},
        "cio_relationships": [{"identifiers": {"id": "1"}, "relationship_attributes": {"role": "admin"}}],
    }
    apis.track.post("https://track.customer.io/api/v2/entity", json=entity)
    has = {"object_attribute": {"field": "size", "operator": "eq", "value": 5, "type_id": "1"}}
    found = apis.app.post("/objects", json={"object_type_id": "1", "filter": {"and": [has]}}).json()
    assert found["ids"] == ["acme"]
    cio_object_id = found["identifiers"][0]["cio_object_id"]
    for lookup in ("acme/attributes", f"{cio_object_id}/attributes?id_type=cio_object_id"):
        assert apis.get(f"/objects/1/{lookup}")["object"]["attributes"] == {"size": "5"}
    people = apis.get("/objects/1/acme/relationships")["cio_relationships"]
    assert people[0]["identifiers"]["id"] == "1"
    (held,) = apis.get("/customers/1/relationships")["cio_relationships"]
    assert held["attributes"] == {"role": "admin"}
    assert [kind["id"] for kind in apis.get("/object_types")["types"]] == ["1"]


def nested(depth: int) -> dict[str, Any]:
    """Make a filter of so many nots."""
    return {"not": nested(depth - 1)} if depth else {"and": [{}]}


ATTRIBUTE = {"field": "size", "operator": "exists"}
FILTERS: list[tuple[str, Any, str]] = [
    ("/customers", {}, "filter must have exactly one of and, or, not, segment and attribute"),
    ("/customers", {"object_attribute": ATTRIBUTE}, "filter must have exactly one of and, or, not, segment"),
    ("/customers", {"or": {}}, "filter.or must be an array of filters"),
    ("/customers", nested(21), "is nested too deep"),
    ("/objects", {}, "filter must have exactly one of and, or, not and object_attribute"),
    (
        "/objects",
        {"attribute": ATTRIBUTE},
        "filter must have exactly one of and, or, not and object_attribute",
    ),
    ("/objects", {"or": {}}, "filter.or must be an array of filters"),
    ("/objects", nested(21), "is nested too deep"),
    ("/objects", {"object_attribute": {"operator": "eq"}}, "filter.object_attribute.field is required"),
]


@pytest.mark.parametrize(("path", "wanted", "words"), FILTERS)
def test_what_is_wrong_with_a_filter(apis: Apis, path: str, wanted: Any, words: str) -> None:
    """A filter of people and one of objects are refused for the same mistakes, each with the names that it may have."""
    reply = apis.app.post(path, json={"object_type_id": "1", "filter": wanted})
    assert reply.status_code == 400
    assert words in reply.json()["errors"][0]["detail"]


def test_optouts_and_suppressions(apis: Apis) -> None:
    """Opt-outs of a number and suppressed addresses are kept and read back."""
    change = {"optouts": [{"from": "+14155552671", "optout": True, "channel": "whatsapp"}]}
    assert apis.app.put("/customers/1/optouts", json=change).status_code == 204
    assert apis.get("/customers/1/optouts")["optouts"] == [{"channel": "whatsapp", "from": "+14155552671"}]
    assert len(apis.get("/optouts?from=%2B14155552671")["optouts"]) == 1
    assert (
        apis.app.put("/customers/1/optouts", json={"optouts": [{"from": "x", "optout": 1}]}).status_code
        == 400
    )
    assert apis.app.post("/esp/suppression/bounces/A@example.com").status_code == 200
    assert apis.get("/esp/search_suppression/a@example.com")["category"] == "bounces"
    assert len(apis.get("/esp/suppression/bounces")["suppressions"]) == 1
    assert apis.app.delete("/esp/suppression/bounces/a@example.com").status_code == 204
    assert apis.get("/esp/suppression/bounces")["suppressions"] == []
    assert apis.app.post("/esp/suppression/boredom/a@example.com").status_code == 400


def test_subscription_preferences(apis: Apis) -> None:
    """Topics of the account are shown as the person chose, or by their default."""
    topics = apis.world.workspace().account.topics
    topics[1] = {"id": 1, "identifier": "topic_1", "name": "News", "subscribed_by_default": True}
    topics[2] = {"id": 2, "identifier": "topic_2", "name": "Offers", "subscribed_by_default": False}
    apis.identify("1", cio_subscription_preferences={"topics": {"topic_1": False}})
    shown = apis.get("/customers/1/subscription_preferences")["customer"]["topics"]
    assert [(topic["id"], topic["subscribed"]) for topic in shown] == [("1", False), ("2", False)]


HOOK = {
    "name": "hook",
    "endpoint": "http://example.com/hook",
    "events": ["email_sent", "customer_unsubscribed"],
}


def test_reporting_webhooks(apis: Apis) -> None:
    """A webhook is told of what it asked for, with the vendor's signature over the very bytes."""
    made = apis.app.post("/reporting_webhooks", json=HOOK).json()
    assert made == {"id": 1, "disabled": False, "full_resolution": False, "with_content": False, **HOOK}
    send = {
        "to": "p1@example.com",
        "identifiers": {"id": "1"},
        "transactional_message_id": 3,
        "subject": "Hi",
    }
    delivery = apis.app.post("/send/email", json=send).json()["delivery_id"]
    apis.identify("1", unsubscribed=True)
    sent, unsubscribed = apis.world.take_outgoing()
    body = json.loads(sent.body)
    assert (sent.url, body["object_type"], body["metric"], body["timestamp"]) == (
        HOOK["endpoint"],
        "email",
        "sent",
        NOW,
    )
    assert body["data"]["delivery_id"] == delivery
    assert body["data"]["transactional_message_id"] == 3
    assert json.loads(unsubscribed.body)["object_type"] == "customer"
    assert len({json.loads(hook.body)["event_id"] for hook in (sent, unsubscribed)}) == 2
    timestamp = int(sent.headers["x-cio-timestamp"])
    assert sent.headers["x-cio-signature"] == sign("sandbox-webhook-signing-key", timestamp, sent.body)
    assert apis.world.take_outgoing() == []


def test_webhook_hears_the_first_of_a_kind(apis: Apis) -> None:
    """Unless at full resolution, a webhook hears of a message's first open only."""
    for number, full in ((1, False), (2, True)):
        hook = HOOK | {"events": ["email_opened"], "full_resolution": full}
        assert apis.app.post("/reporting_webhooks", json=hook).json()["id"] == number
    delivery = apis.get("/messages")["messages"][0]["id"]
    for _ in range(2):
        apis.track.post("/metrics", json={"delivery_id": delivery, "metric": "opened"})
    assert len(apis.world.take_outgoing()) == 3


def test_webhook_configuration(apis: Apis) -> None:
    """A webhook is listed, replaced, disabled and deleted; a wrong one is refused."""
    apis.app.post("/reporting_webhooks", json=HOOK)
    assert apis.app.put("/reporting_webhooks/1", json=HOOK | {"disabled": True}).json()["disabled"] is True
    assert len(apis.get("/reporting_webhooks")["reporting_webhooks"]) == 1
    apis.identify("1", unsubscribed=True)
    assert apis.world.take_outgoing() == []
    wrongs: list[Any] = [
        {"name": "n" * 191},
        {"endpoint": "x"},
        {"events": []},
        {"events": ["cake_eaten"]},
        {"events": [1]},
    ]
    for wrong in wrongs:
        assert apis.app.post("/reporting_webhooks", json=HOOK | wrong).status_code == 400
    assert apis.app.delete("/reporting_webhooks/1").status_code == 200
    assert apis.app.get("/reporting_webhooks/1").status_code == 404


VECTORS = [
    (
        (
            b'{"data":{"action_id":42,"broadcast_id":9,"customer_id":"0200000001","delivery_id":"RPILAgUBcRhIBqSfeiIwdIYJKxTY",'
            b'"identifiers":{"id":"42","email":"test@example.com","cio_id":"d9c106000001"},"recipient":"test@example.com",'
            b'"subject":"hello"},"event_id":"01E4C4CT6YDC7Y5M7FE1GWWPQJ","object_type":"email","metric":"sent",'
            b'"timestamp":1613063089}'
        ),
        "49c48ecdab502e4437291b92cf6dbc387d8a0028493f9ce21471647a346daf35",
    ),
    (b"{}", "f9d7d75c86057f1b992693dd17b7b91d38707f2727e16b00a47faa70329bb826"),
    ('{"name":"Zoë"}'.encode(), "04fa350f27c5809e89ff3af2da28b3e04021904e66964881de4d52850f0afcc6"),
]


@pytest.mark.parametrize(("body", "signature"), VECTORS)
def test_signature_vectors(body: bytes, signature: str) -> None:
    """The signature is that of the known vectors."""
    assert sign("cio-test-signing-key-0001", 1613063089, body) == signature


def test_what_is_not_modelled_says_so(apis: Apis) -> None:
    """An operation that the vendor has and the sandbox does not is 501 and a warning, not a lie."""
    reply = apis.app.get("/design_studio/emails")
    assert (reply.status_code, list(reply.json())) == (501, ["errors"])
    assert apis.world.warnings[-1].kind == "not_modelled"


def test_messages_are_bounded() -> None:
    """Old messages make room for new ones."""
    apis = Apis(World(retention=Retention(messages=2)))
    send = {"to": "p1@example.com", "identifiers": {"id": "1"}, "transactional_message_id": 3}
    for number in range(3):
        apis.app.post("/send/email", json=send | {"message_data": {"n": number}})
    assert [message.data["n"] for message in apis.world.messages()] == [1, 2]
    assert apis.world.stats()["messages"] == 3


def test_same_seed_same_world() -> None:
    """Two worlds of one seed give the same ids; another seed gives others."""
    send = {"to": "p1@example.com", "identifiers": {"id": "1"}, "transactional_message_id": 3}
    ids = [
        Apis(World(seed=seed)).app.post("/send/email", json=send).json()["delivery_id"] for seed in (1, 1, 2)
    ]
    assert ids[0] == ids[1] != ids[2]
