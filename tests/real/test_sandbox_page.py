"""The sandbox's page in a real browser: what arrives is seen, found, read and undone, and nothing hostile runs."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpx2
import pytest

from ciokit import AppClient, PipelinesClient, RetryPolicy, ServiceUnavailable, Track, TrackClient
from ciokit.sandbox import World
from ciokit.sandbox.server import SandboxServer

pytest.importorskip("playwright", reason="playwright is not installed")
from playwright.sync_api import expect

from .browsing import CHROMIUM, LISTS, PHONE, Look, chromium

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium")

HOSTILE = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>\'"&'
VIEWS = [*LISTS, "faults"]


# The browser is of the module, not of the session: Playwright's loop would be in the way of asynchronous tests.
@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    """Start one browser for all tests."""
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    """Serve one world for all tests."""
    with SandboxServer(World()) as running:
        yield running


@pytest.fixture
def look(browser: "Browser", server: SandboxServer) -> Iterator[Look]:
    """Look at an empty sandbox; nothing may go wrong in the window, and nothing leave for another server."""
    server.world.reset()
    window = Look(browser, server.url)
    yield window
    window.close()
    assert window.troubles == ([], [])


@pytest.fixture
def client(server: SandboxServer) -> Iterator[TrackClient[Any, Any]]:
    """Connect a client that does not retry."""
    retry = RetryPolicy(max_retries=0)
    with TrackClient("site", "key", base_url=server.url, region="us", proxy="", retry=retry) as made:
        yield made


@pytest.fixture
def api(server: SandboxServer) -> Iterator[httpx2.Client]:
    """Connect a plain HTTP client that has a key for every API."""
    with httpx2.Client(base_url=server.url, auth=("site", "key"), trust_env=False) as made:
        yield made


def bearer(request: httpx2.Request) -> httpx2.Request:
    """Authorise a request to the App API."""
    request.headers["authorization"] = "Bearer key"
    return request


def send_email(api: httpx2.Client, **fields: Any) -> None:
    """Send a transactional email."""
    body = {
        "to": "ann@example.com",
        "identifiers": {"id": "ann"},
        "from": "shop@example.com",
        "subject": "Order {{ trigger.number }}",
        "body": "<h1>Hello {{ customer.first_name }}</h1><p>{{ message_data.total }} euro</p>",
        "message_data": {"number": 1042, "total": "61.40"},
        **fields,
    }
    reply = api.post("/v1/send/email", json=body, auth=bearer)
    assert reply.status_code == 200, reply.text


def counter(look: Look, name: str) -> "Locator":
    """Find a counter."""
    return look.find(f"[data-counter={name}]")


def test_arrivals_show_up_live(look: Look, client: TrackClient[Any, Any]) -> None:
    """What is sent appears at the top of the open page, and is counted."""
    look.go()
    expect(look.find(".empty h3")).to_have_text("Nothing has arrived yet")
    expect(look.find("#spoken")).to_have_text("0 people, 0 events, 0 requests, 0 rejected")
    client.identify("user-1", {"email": "ann@example.com"})
    client.track("user-1", "Order Placed", {"total": 5})
    expect(look.rows.filter(has_text="Order Placed").locator(".who")).to_have_text("user-1")
    expect(look.rows.filter(has_text="ann@example.com")).to_have_count(1)
    for name, value in {"people": "1", "events_total": "1", "requests": "2", "rejected": "0"}.items():
        expect(counter(look, name)).to_have_text(value)
    expect(look.find("#views a[data-view=events] .number")).to_have_text("1")
    expect(look.rows.first.locator(".badge.good")).to_have_text("200")


def test_search_and_filters(look: Look, client: TrackClient[Any, Any]) -> None:
    """Search and filters narrow the list, stand in the address, and hold for what arrives later."""
    for number in range(3):
        client.track(f"user-{number}", "Viewed")
        client.track(f"user-{number}", "Bought")
    look.go("#/events")
    expect(look.rows).to_have_count(6)
    look.find("#search").fill("BOUGHT")
    expect(look.rows).to_have_count(3)
    assert look.page.url.endswith("#/events?search=BOUGHT")
    client.track("user-7", "Viewed")
    client.track("user-7", "Bought")
    expect(look.rows).to_have_count(4)
    look.rows.filter(has_text="user-1").click()
    look.detail.get_by_role("link", name="All events of this person").click()
    expect(look.rows).to_have_count(2)
    look.find(".chip", has_text="user-1").click()
    expect(look.rows).to_have_count(8)
    look.find("[name=name]").select_option("Viewed")
    expect(look.rows.locator(".main")).to_have_text(["Viewed"] * 4)
    look.find("[name=name]").select_option("")
    expect(look.rows).to_have_count(8)
    look.find("#search").fill("nothing like it")
    expect(look.find(".empty h3")).to_have_text("Nothing fits")


def test_kinds_and_failures_are_filters(
    look: Look, client: TrackClient[Any, Any], api: httpx2.Client
) -> None:
    """The live feed leaves out the kinds that are switched off; requests that went wrong can be listed alone."""
    client.track("user-1", "seen")
    api.post("/api/v1/customers/1/events", json={})
    look.go()
    expect(look.rows.filter(has_text="/api/")).to_have_count(2)
    look.find("[data-kind=request]").click()
    expect(look.rows.filter(has_text="/api/")).to_have_count(0)
    expect(look.rows.filter(has_text="seen")).to_have_count(1)
    look.go("#/requests")
    expect(look.rows).to_have_count(2)
    look.find("[data-failed]").click()
    expect(look.rows).to_have_count(1)
    expect(look.rows.locator(".badge").last).to_have_text("400")


def test_person_page(look: Look, client: TrackClient[Any, Any], api: httpx2.Client) -> None:
    """A person has a page by any identifier: attributes and their past, events, devices, segments, messages."""
    client.identify("ann", {"email": "ann@example.com", "plan": "free", "team": "blue"})
    client.identify("ann", {"plan": "pro", "team": "", "first_name": "Ann"})
    client.track("ann", "Order Placed")
    api.post("/api/v1/customers/ann/events", json={"name": "again"}, headers={"x-retry-count": "1"})
    client.add_device("ann", "token-1", platform="ios")
    segment = api.post(
        "/v1/segments",
        json={"segment": {"name": "VIP", "description": ""}},
        auth=bearer,
    ).json()["segment"]["id"]
    api.post(f"/api/v1/segments/{segment}/add_customers", json={"ids": ["ann"]})
    send_email(api)
    look.go("#/people/ann%40example.com")
    expect(look.detail.locator("h2")).to_have_text("ann@example.com")
    assert "#/people/cio_" in look.page.url
    expect(look.find("#rows a[aria-current]")).to_contain_text("ann@example.com")
    plan = look.detail.locator(".attributes > div", has=look.page.get_by_text("plan", exact=True))
    expect(plan.locator("dd > .j-text")).to_have_text("pro")
    plan.locator("summary").click()
    expect(plan.locator("ol code")).to_have_text(['"pro"', '"free"'])
    expect(look.detail.locator(".gone")).to_contain_text("removed")
    for part, text in (
        ("Events", "Order Placed"),
        ("Warnings", "retry without id"),
        ("Devices", "token-1"),
        ("Segments", "VIP"),
        ("Messages", "Order 1042"),
    ):
        expect(look.detail.locator(".part", has=look.page.get_by_role("heading", name=part))).to_contain_text(
            text
        )


def test_event_page(look: Look, api: httpx2.Client) -> None:
    """An event has a page: whom it is of, its data, and each attempt that delivered it, stored once."""
    event = {
        "name": "Order Placed",
        "id": "01J0000000000000000000000A",
        "data": {"total": 5},
        "timestamp": 1_700_000_000,
    }
    for attempt in ("0", "1"):
        api.post("/api/v1/customers/ann/events", json=event, headers={"x-retry-count": attempt})
    look.go("#/events")
    expect(look.rows.locator(".badge.warn")).to_have_text("2 deliveries")
    look.rows.locator("a").click()
    expect(look.detail.locator(".facts")).to_contain_text("2, stored once: attempt 1, attempt 2")
    expect(look.detail.locator("pre")).to_contain_text('"total": 5')
    expect(counter(look, "duplicates_collapsed")).to_have_text("1")
    look.detail.get_by_role("link", name="ann", exact=True).click()
    expect(look.find("#title")).to_have_text("People")
    expect(look.detail.locator("h2")).to_have_text("ann")
    look.page.go_back()
    expect(look.detail.locator("h2")).to_have_text("Order Placed")


def test_open_person_stays_up_to_date(look: Look, client: TrackClient[Any, Any]) -> None:
    """The page of a person shows what happens to them while it is open."""
    client.identify("ann", {"plan": "free"})
    look.go("#/people/ann")
    expect(look.detail.locator(".attributes")).to_contain_text("free")
    client.identify("ann", {"plan": "pro"})
    client.track("ann", "Upgraded")
    expect(look.detail.locator(".attributes")).to_contain_text("pro")
    expect(look.detail).to_contain_text("Upgraded")


def test_refusals_are_told(browser: "Browser", server: SandboxServer, client: TrackClient[Any, Any]) -> None:
    """An address that asks for what is not there, or makes no sense, is answered in words, under no old list."""
    server.world.reset()
    client.track("ann", "seen")
    window = Look(browser, server.url).go("#/people/nobody")
    expect(window.detail.locator(".lead")).to_have_text("The sandbox says: no such person.")
    expect(window.rows).to_have_count(1)
    window.go("#/events?request=x")
    expect(window.find("#toast")).to_contain_text("request must be an integer")
    expect(window.find(".empty h3")).to_have_text("Nothing fits")
    expect(window.rows).to_have_count(0)
    window.close()
    assert all(text.startswith("Failed to load resource") for text in window.troubles.errors)


def test_request_page(look: Look, api: httpx2.Client) -> None:
    """A request has a page: which attempt it was, the body, the refusals, the answer, what came of it, no keys."""
    look.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    batch = [
        {
            "type": "person",
            "action": "event",
            "identifiers": {"id": "1"},
            "name": "seen",
            "attributes": {"big": 2**63},
        },
        {"type": "person", "action": "event", "identifiers": {"id": "2"}, "name": ""},
    ]
    api.post("/api/v2/batch", json={"batch": batch}, headers={"x-retry-count": "2"})
    look.go("#/requests/1")
    pane = look.detail
    expect(pane.locator("h2")).to_have_text("POST /api/v2/batch")
    expect(pane.locator(".facts")).to_contain_text("3: the client had tried 2 times before")
    expect(pane.locator(".facts")).to_contain_text("207, done, 1 refused")
    body, answer = pane.locator("pre").all()
    pane.get_by_role("button", name="Copy the text").first.click()
    expect(pane.locator(".copy.done")).to_have_count(1)
    assert '"name": "seen"' in look.page.evaluate("navigator.clipboard.readText()")
    expect(body).to_contain_text('"big": 9223372036854775808')
    expect(answer).to_contain_text('"batch_index": 1')
    expect(pane.get_by_role("heading", name="Refused")).to_be_visible()
    expect(pane.locator(".part", has_text="What came of it").locator("a", has_text="seen")).to_have_count(1)
    assert "authorization" not in pane.inner_text().lower()


def test_fault_is_named_on_its_request(look: Look, api: httpx2.Client) -> None:
    """A request that a fault hit says which, what was answered, and that it was not done."""
    api.post("/_sandbox/faults", json={"effect": {"status": 429, "retry_after": 7}})
    assert api.put("/api/v1/customers/1", json={}).status_code == 429
    look.go("#/requests/1")
    expect(look.detail.locator(".heading .badge.fault")).to_have_text("fault 1")
    expect(look.detail.locator(".facts")).to_contain_text("429, not done")
    expect(look.detail.locator("tr", has_text="retry-after")).to_contain_text("7")


def test_message_is_rendered_and_nothing_in_it_runs(
    look: Look, server: SandboxServer, client: TrackClient[Any, Any], api: httpx2.Client
) -> None:
    """A message is shown with its Liquid filled in, in a frame where no script, handler or request of it works."""
    client.identify("ann", {"first_name": "Ann"})
    hostile = (
        "<script>parent.hacked=1;document.title='hacked'</script><img src='/hacked' onerror='top.hacked=1'>"
    )
    send_email(
        api,
        body=f"<h1>Hello {{{{ customer.first_name }}}}</h1>{hostile}<p>{{{{ message_data.total }}}} euro</p>",
        body_plain="Hello {{ customer.first_name }}, {{ trigger.total }} euro",
        headers={"X-Order": "1042"},
    )
    look.go("#/messages")
    expect(look.rows.locator(".main")).to_have_text("Order 1042")
    look.rows.locator("a").click()
    frame = look.page.frame_locator("#detail iframe")
    expect(frame.locator("h1")).to_have_text("Hello Ann")
    expect(frame.locator("p")).to_have_text("61.40 euro")
    assert look.find("#detail iframe").get_attribute("sandbox") == ""
    assert look.page.evaluate("window.hacked") is None
    look.detail.get_by_role("tab", name="Text").click()
    expect(look.detail.locator(".panel")).to_have_text("Hello Ann, 61.40 euro")
    look.press("ArrowRight", "ArrowRight")
    expect(look.detail.locator("tr", has_text="X-Order")).to_contain_text("1042")
    look.press("ArrowRight")
    expect(look.detail.locator(".panel")).to_contain_text('"total": "61.40"')
    refused = [
        text for text in look.troubles.errors if "sandboxed" in text or "Content Security Policy" in text
    ]
    assert refused == look.troubles.errors != []
    assert "/hacked" not in {request.path for request in server.world.requests}
    look.troubles.errors.clear()


def test_fault_is_switched_on_and_off(look: Look, client: TrackClient[Any, Any]) -> None:
    """A fault that is switched on by a button hits the very next call of a client, and is gone when switched off."""
    look.go("#/faults")
    expect(look.find(".active-faults")).to_contain_text("None is switched on")
    look.find(".preset", has_text="10 % fail").click()
    look.find("[name=percent]").fill("100")
    look.find("[name=status]").fill("503")
    look.page.get_by_role("button", name="Switch on").click()
    expect(look.find(".active-fault b")).to_have_text("Status 503")
    expect(look.find("#fault-notice")).to_be_visible()
    with pytest.raises(ServiceUnavailable):
        client.track("user-1", "seen")
    expect(look.find(".active-fault .hits")).to_have_text("1 hit")
    look.page.get_by_role("button", name="Switch fault 1 off").click()
    expect(look.find(".active-fault")).to_have_count(0)
    client.track("user-1", "seen")
    expect(counter(look, "events_total")).to_have_text("1")


PRESETS: list[tuple[str, dict[str, Any]]] = [
    ("Fail twice", {"times": 2, "effect": {"status": 503}}),
    ("429", {"effect": {"status": 429, "retry_after": 2}}),
    ("Drop before", {"effect": {"drop": True, "after_processing": False}}),
    ("Drop after", {"effect": {"drop": True, "after_processing": True}}),
    ("Slow", {"effect": {"delay": 2.0}}),
    ("207", {"effect": {"partial": 0.3, "partial_status": 207}}),
    ("Garbage", {"effect": {"garbage": True}}),
    ("other region", {"effect": {"redirect": "eu"}}),
]


def test_presets_are_the_faults_that_they_say(look: Look, server: SandboxServer) -> None:
    """Each common fault makes the rule that its name says; a rule that is wrong is refused in words."""
    look.go("#/faults")
    for number, (name, wanted) in enumerate(PRESETS, start=1):
        look.find(".preset", has_text=name).click()
        look.page.get_by_role("button", name="Switch on").click()
        expect(look.find(".active-fault")).to_have_count(number)
        rule = server.world.faults.active(0.0)[-1].rule
        assert rule.effect is not None
        given = {**{key: getattr(rule, key) for key in wanted if key != "effect"}}
        given["effect"] = {key: getattr(rule.effect, key) for key in wanted["effect"]}
        assert given == wanted
    look.page.get_by_role("button", name="Switch all off").click()
    expect(look.find(".active-fault")).to_have_count(0)


def test_reset_asks_first(look: Look, client: TrackClient[Any, Any]) -> None:
    """A reset says what will be gone, does nothing when it is declined, and empties the page when it is not."""
    client.track("user-1", "seen")
    look.go("#/events")
    expect(look.rows).to_have_count(1)
    look.find("#reset").click()
    expect(look.find("#reset-text")).to_contain_text("1 person, 1 event, 0 messages, 1 request")
    look.page.get_by_role("button", name="Keep it").click()
    expect(look.rows).to_have_count(1)
    look.find("#reset").click()
    look.find("#reset-yes").click()
    expect(look.rows).to_have_count(0)
    expect(counter(look, "events_total")).to_have_text("0")
    expect(look.find("#toast")).to_have_text("Everything is forgotten.")


def test_keyboard_alone(look: Look, client: TrackClient[Any, Any]) -> None:
    """Search, moving, opening, closing and going elsewhere need no mouse, and the focus can be seen."""
    for name in ("first", "second", "third"):
        client.track("user-1", name)
    look.go("#/events")
    expect(look.rows).to_have_count(3)
    look.press("j")
    focused = look.find("a.row:focus")
    expect(focused).to_contain_text("third")
    assert focused.evaluate("row => getComputedStyle(row).outlineStyle") == "solid"
    look.press("j", "k", "j")
    expect(focused).to_contain_text("second")
    look.press("Enter")
    expect(look.detail.locator("h2")).to_have_text("second")
    expect(focused).to_have_attribute("aria-current", "true")
    client.track("user-1", "fourth")
    expect(look.rows).to_have_count(4)
    expect(focused).to_contain_text("second")
    look.press("j")
    expect(look.detail.locator("h2")).to_have_text("first")
    look.press("Escape")
    expect(look.detail).to_be_hidden()
    expect(focused).to_contain_text("first")
    look.press("/")
    expect(look.find("#search")).to_be_focused()
    look.page.keyboard.type("third")
    expect(look.rows).to_have_count(1)
    look.press("Escape", "?")
    expect(look.find("#keys-dialog")).to_be_visible()
    look.press("Escape", "g", "r")
    expect(look.find("#title")).to_have_text("Requests")
    look.press("g", "f")
    expect(look.find("#faults-title")).to_be_visible()


def test_held_list_waits(look: Look, client: TrackClient[Any, Any]) -> None:
    """A held list does not move under the reader; what is new waits behind a button that counts it."""
    client.track("user-1", "before")
    look.go("#/events")
    expect(look.rows).to_have_count(1)
    look.press(".")
    client.track("user-1", "during")
    client.track("user-1", "during")
    expect(look.find("#newer")).to_have_text("2 new ↑")
    expect(look.rows).to_have_count(1)
    expect(look.find("#hold")).to_have_attribute("aria-pressed", "true")
    look.find("#newer").click()
    expect(look.rows).to_have_count(3)
    expect(look.find("#hold")).to_have_attribute("aria-pressed", "false")


def test_hostile_input_is_text(look: Look, api: httpx2.Client) -> None:
    """Markup and scripts in names, ids, attributes, paths and headers are shown as they came, and none runs."""
    attributes = {"email": "ann@example.com", HOSTILE[:60]: HOSTILE, "nested": {"html": [HOSTILE]}}
    batch = [
        {"type": "person", "action": "identify", "identifiers": {"id": HOSTILE}, "attributes": attributes},
        {
            "type": "person",
            "action": "event",
            "identifiers": {"id": HOSTILE},
            "name": HOSTILE[:90],
            "attributes": attributes,
        },
    ]
    assert api.post("/api/v2/batch", json={"batch": batch}, headers={"x-note": HOSTILE}).status_code == 200
    api.get("/v1/<script>window.hacked=1</script>")
    send_email(api, to=HOSTILE, subject=HOSTILE, message_data={"html": HOSTILE}, headers={"X-Note": HOSTILE})
    number = len(look.go("#/live").page.frames)
    for view in LISTS:
        look.go(f"#/{view}")
        for place in look.find("#rows a").evaluate_all("all => all.map(row => row.getAttribute('href'))"):
            look.go(place)
            expect(look.detail.locator("h2")).to_be_visible()
            assert look.find("#list img, #list script, #detail img, #detail script").count() == 0
            assert look.page.evaluate("window.hacked") is None
    look.go("#/events")
    expect(look.rows.locator(".main")).to_have_text(HOSTILE[:90])
    assert look.page.evaluate("window.hacked") is None
    assert number == 1


def test_inline_scripts_are_blocked(look: Look) -> None:
    """Even if markup came into the page, nothing in it would run: the policy and trusted types refuse it."""
    look.go()
    inject = """() => {
        const script = document.createElement("script");
        try { script.textContent = "window.hacked = 1"; document.body.append(script); } catch (error) { return error.name; }
        return "accepted";
    }"""
    assert look.page.evaluate(inject) == "TypeError"
    markup = """() => { try { document.body.innerHTML = "<img src=x onerror='window.hacked=1'>"; } catch (error) { return error.name; } }"""
    assert look.page.evaluate(markup) == "TypeError"
    handler = """() => { const image = document.createElement("img"); image.setAttribute("onerror", "window.hacked=1"); image.src = "/x"; document.body.append(image); }"""
    with pytest.raises(Exception, match="TrustedScript"):
        look.page.evaluate(handler)
    assert look.page.evaluate("window.hacked") is None
    assert all("Trusted" in text or "Content Security Policy" in text for text in look.troubles.errors)
    look.troubles.errors.clear()


def test_light_and_dark(browser: "Browser", server: SandboxServer) -> None:
    """The page is as light or dark as the system, until the reader switches; that choice is kept."""
    ground = "getComputedStyle(document.body).backgroundColor"
    grounds: dict[str, str] = {}
    for scheme in ("light", "dark"):
        window = Look(browser, server.url, color_scheme=scheme).go()
        grounds[scheme] = window.page.evaluate(ground)
        window.find("#theme").click()
        switched = window.page.evaluate(ground)
        window.page.reload()
        assert window.page.evaluate(ground) == switched != grounds[scheme]
        window.press("t")
        assert window.page.evaluate(ground) == grounds[scheme]
        window.close()
        assert window.troubles == ([], [])
    assert grounds == {"light": "rgb(246, 247, 246)", "dark": "rgb(14, 19, 18)"}


def overflow(look: Look, selector: str) -> int:
    """Tell by how many pixels something is wider than its place."""
    width: int = look.find(selector).evaluate("it => it.scrollWidth - it.clientWidth")
    return width


def test_phone(
    browser: "Browser", server: SandboxServer, client: TrackClient[Any, Any], api: httpx2.Client
) -> None:
    """At the width of a phone nothing is cut off sideways: no view, no pane, no dialog."""
    server.world.reset()
    long = "x" * 300
    client.identify("ann", {"email": "ann@example.com", long[:100]: long, "nested": {long[:50]: long}})
    client.track("ann", long[:90], {long[:90]: long})
    send_email(api, subject=long, to=f"{long}@example.com")
    api.post("/_sandbox/faults", json={"api": "app", "path": f"/{long}", "effect": {"status": 500}})
    window = Look(browser, server.url, viewport=PHONE, has_touch=True, is_mobile=True).go()
    for view in VIEWS:
        window.go(f"#/{view}")
        assert [overflow(window, part) for part in ("html", "#scroll", "#faults")] == [0, 0, 0], view
        for place in window.find("#rows a").evaluate_all("all => all.map(row => row.getAttribute('href'))"):
            window.go(place)
            expect(window.detail.locator("h2")).to_be_visible()
            expect(window.find("#list")).to_be_hidden()
            assert overflow(window, "html") == overflow(window, "#detail .body") == 0, place
    expect(window.page.get_by_role("button", name="Reset", exact=True)).to_be_visible()
    window.go("#/events").rows.locator("a").click()
    expect(window.find("#detail-title")).to_be_focused()
    window.detail.get_by_role("button", name="Close").click()
    expect(window.find("#list")).to_be_visible()
    window.close()
    assert window.troubles == ([], [])


def test_names_of_the_views_are_whole_on_a_phone(browser: "Browser", server: SandboxServer) -> None:
    """None is cut off, the one that is open included."""
    server.world.reset()
    window = Look(browser, server.url, viewport=PHONE, has_touch=True, is_mobile=True).go()
    for view in VIEWS:
        window.go(f"#/{view}")
        expect(window.find(".views a[aria-current]")).to_have_text(re.compile(view, re.IGNORECASE))
        cut = window.find(".views .name").evaluate_all(
            "all => all.filter(name => name.scrollWidth > name.clientWidth).map(name => name.textContent)"
        )
        assert cut == [], view
    window.close()


def test_an_empty_sandbox_tells_all_that_a_program_needs(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it says to paste is enough for clients of every API, in an environment that has nothing."""
    for line in look.go().find(".hint").inner_text().splitlines():
        monkeypatch.setenv(*line.removeprefix("export ").split("=", 1))
    with TrackClient() as client, AppClient() as app, PipelinesClient() as pipelines:
        client.track("ann", "Order Placed")
        pipelines.track("ann", "Order Placed")
        assert not app.segments.list()
    expect(look.rows).not_to_have_count(0)


def test_data_of_an_event_takes_the_room_of_the_badges_it_has_not(
    look: Look, client: TrackClient[Any, Any]
) -> None:
    """An event without a badge shows its data up to the edge, and begins where all do."""
    client.track("ann", "plain", {"text": "long " * 60})
    row = look.go("#/events").rows.first
    room = row.evaluate(
        """row => {
            const box = (name) => row.querySelector(name).getBoundingClientRect();
            return [box(".what").left - box(".who").right, row.getBoundingClientRect().right - box(".what").right];
        }"""
    )
    assert room == [14, 20]  # the gap of the columns, and the row's own margin


def test_connection_is_lost_and_found(browser: "Browser") -> None:
    """The page says when the sandbox is gone, and goes on with the one that comes back."""
    first = SandboxServer().start()
    window = Look(browser, first.url)
    try:
        window.go("#/events")
    finally:
        first.stop()
    expect(window.find("#connection")).to_have_text("Reconnecting")
    with SandboxServer(port=first.port) as second:
        expect(window.find("#connection")).to_have_text("Connected")
        with httpx2.Client(base_url=second.url, auth=("site", "key"), trust_env=False) as api:
            api.post("/api/v1/customers/1/events", json={"name": "after"})
        expect(window.rows).to_contain_text("after")
        window.close()


def test_flood_is_counted_and_drawn_in_bounds(look: Look, client: TrackClient[Any, Any]) -> None:
    """Thousands of events are all counted, and the page holds no more rows than it can bear."""
    look.go("#/events")
    expect(look.find("#plot .line")).to_have_count(1)
    for _ in range(10):
        client.batch([Track("user-1", f"seen {number}") for number in range(1000)])
    expect(counter(look, "events_total")).to_have_attribute("title", "10,000")
    expect(look.find("#foot")).to_contain_text("of 10,000")
    expect(look.find("#plot .line")).to_have_attribute("d", re.compile(r" 6\.0"))  # the height of the most
    expect(look.rows).to_have_count(200)  # what went by too fast is read anew within a second
    look.page.get_by_role("button", name="Show more").click()
    expect(look.rows).to_have_count(400)


def test_token_opens_the_page(browser: "Browser") -> None:
    """Open to other machines, the page asks for the token, takes it out of the address, and works with it."""
    with SandboxServer(token="open sesame;", allow_remote=True) as server:
        window = Look(browser, server.url)
        window.page.goto(server.url)
        window.find("#token").fill("wrong")
        window.press("Enter")
        expect(window.find("#token")).to_have_value("")
        window.find("#token").fill("open sesame;")
        window.press("Enter")
        expect(window.find("#connection")).to_have_text("Connected")
        assert "sesame" not in window.page.url
        window.find("#reset").click()
        window.find("#reset-yes").click()
        expect(window.find("#toast")).to_have_text("Everything is forgotten.")
        assert {text.partition("(")[0] for text in window.troubles.errors} == {
            "Failed to load resource: the server responded with a status of 401 "
        }
        assert window.troubles.strays == []
        window.close()


def test_page_over_https(browser: "Browser") -> None:
    """With a certificate of its own, the sandbox's page is the same."""
    with SandboxServer(tls=True) as server:
        window = Look(browser, server.url, ignore_https_errors=True).go("#/events")
        expect(window.find(".empty h3")).to_have_text("No events yet")
        window.close()
        assert window.troubles == ([], [])


def test_workspaces_are_told_apart(browser: "Browser") -> None:
    """With several workspaces, one can be looked at alone."""
    with (
        SandboxServer(World(keys={"a:a": "shop", "b:b": "lab"})) as server,
        httpx2.Client(base_url=server.url, trust_env=False) as api,
    ):
        for key in "ab":
            api.post("/api/v1/customers/1/events", json={"name": f"of {key}"}, auth=(key, key))
        window = Look(browser, server.url).go("#/events")
        expect(window.rows).to_have_count(2)
        window.find("#workspace").select_option("lab")
        expect(window.rows).to_have_count(1)
        expect(window.rows).to_contain_text("of b")
        window.close()
        assert window.troubles == ([], [])


def test_times_beyond_the_calendar_are_numbers(look: Look, api: httpx2.Client) -> None:
    """An event whose time was sent in nanoseconds can be read like any other."""
    event = {"name": "Order Placed", "timestamp": 1_700_000_000_000_000_000}
    assert api.post("/api/v1/customers/ann/events", json=event).status_code == 200
    look.go("#/events").rows.locator("a").click()
    expect(look.detail).to_contain_text("1700000000000000000")


def test_nothing_of_before_a_reset_is_shown_after_it(look: Look, api: httpx2.Client) -> None:
    """Delivery ids begin anew with a reset; a message has its own subject all the same, and names are not offered on."""
    expect(look.go("#/messages").find("#list")).to_have_attribute("aria-busy", "false")
    send_email(api, message_data={"number": 1})
    expect(look.rows.locator(".main")).to_have_text("Order 1")
    assert api.post("/_sandbox/reset").status_code == 200
    send_email(api, message_data={"number": 2})
    expect(look.rows.locator(".main")).to_have_text("Order 2")
    api.post("/api/v1/customers/ann/events", json={"name": "before"})
    expect(look.go("#/events").find("select[name=name] option")).to_have_text(["Any name", "before"])
    assert api.post("/_sandbox/reset").status_code == 200
    expect(look.find("select[name=name] option")).to_have_text(["Any name"])


def test_every_name_of_an_event_can_be_chosen(look: Look, api: httpx2.Client) -> None:
    """A name is offered although its event is far below what the list has loaded."""
    for name in ["rare", *["common"] * 300]:
        assert api.post("/api/v1/customers/ann/events", json={"name": name}).status_code == 200
    names = look.go("#/events").find("select[name=name]")
    expect(names.locator("option")).to_have_text(["Any name", "common", "rare"])
    names.select_option("rare")
    expect(look.rows).to_have_count(1)
    expect(look.rows).to_contain_text(["rare"])


def test_a_message_is_shown_with_the_name_of_its_template(look: Look, api: httpx2.Client) -> None:
    """Whoever sends by a trigger name finds it; a template that has a number alone is shown by that."""
    send_email(api, transactional_message_id="receipt")
    send_email(api, transactional_message_id=7)
    shown = look.go("#/messages").rows.locator(".what")
    expect(shown).to_have_text(["template 7", "template 1 · receipt"])
    look.rows.last.click()
    expect(look.find("#detail")).to_contain_text("transactional 1 · receipt")


def test_a_message_without_content_says_where_that_is(look: Look, api: httpx2.Client) -> None:
    """A message of a template that the sandbox does not have is no empty sheet: it says who has the text, and what to do."""
    body = {"to": "ann@example.com", "identifiers": {"id": "ann"}, "transactional_message_id": 7}
    assert api.post("/v1/send/email", json=body, auth=bearer).status_code == 200
    look.go("#/messages").rows.locator("a").click()
    expect(look.detail.locator(".letter")).to_contain_text("PUT /_sandbox/templates/7 gives the sandbox one")
    expect(look.detail.locator("iframe")).to_have_count(0)
    template = {"body": "<h1>Hello</h1>", "subject": "Good day", "from": "shop@example.com"}
    assert api.put("/_sandbox/templates/7", json={"name": "receipt", "content": template}).status_code == 200
    assert api.post("/v1/send/email", json=body, auth=bearer).status_code == 200
    expect(look.go("#/messages").rows).to_have_count(2)
    look.rows.locator("a").first.click()
    expect(look.page.frame_locator("#detail iframe").locator("h1")).to_have_text("Hello")


def test_characters_that_cannot_be_seen_are_told(look: Look, api: httpx2.Client) -> None:
    """Two ids that look alike are seen to differ, and none turns the writing around it."""
    for person in ("ann", "ann\u200b", "\u202enna"):
        event = {"name": "seen", "data": {"who": person}}
        assert api.post(f"/api/v1/customers/{quote(person)}/events", json=event).status_code == 200
    shown = look.go("#/events").rows.locator(".who")
    expect(shown).to_have_text(["\\u202enna", "ann\\u200b", "ann"])
    look.rows.locator("a").first.click()
    expect(look.detail.locator("pre")).to_contain_text('"\\u202enna"')


def test_an_empty_list_says_why(look: Look, client: TrackClient[Any, Any]) -> None:
    """Who has sent requests is not told how to connect, but that nothing came of them."""
    client.identify("ann", {"email": "ann@example.com"})
    expect(look.go("#/warnings").find("#foot")).to_contain_text("Nothing in the 1 request so far would be")
    expect(look.find("#foot .hint")).to_have_count(0)
    client.identify("ann", {"email": "ann@example.com"})
    expect(look.find("#foot")).to_contain_text("2 requests")


def test_paths_and_warnings_are_whole_in_a_wide_window(look: Look, api: httpx2.Client) -> None:
    """The cell that a reader comes for has the room that the others leave."""
    event = {"name": "Order Placed", "timestamp": 1_700_000_000_000}
    assert api.post("/api/v1/customers/customer-0001/events", json=event).status_code == 200
    for view, cell in (("requests", ".main"), ("warnings", ".who"), ("warnings", ".main")):
        look.go(f"#/{view}")
        assert overflow(look, f"#rows > li:first-child {cell}") == 0, view
    width = look.find("#rows .what").first.evaluate("it => it.clientWidth")
    assert width > 400


def test_tools_and_tabs_fit_a_phone(browser: "Browser", server: SandboxServer, api: httpx2.Client) -> None:
    """Search and hold stand beside the choice, all tabs of a message are seen, and so is all there is to paste."""
    server.world.reset()
    window = Look(browser, server.url, viewport=PHONE, has_touch=True, is_mobile=True).go()
    assert overflow(window, ".hint") == 0
    send_email(api)
    for view, parts in (
        ("requests", ["#search", "#hold"]),
        ("events", ["#filters select", "#search", "#hold"]),
        ("messages", ["#filters select", "#search", "#hold"]),
    ):
        window.go(f"#/{view}")
        tops = [window.find(part).evaluate("it => it.getBoundingClientRect().top") for part in parts]
        assert max(tops) - min(tops) < 10, view
    window.rows.locator("a").click()
    expect(window.find("[role=tablist]")).to_be_visible()
    assert overflow(window, "[role=tablist]") == 0
    window.close()


def test_an_integer_of_any_size_keeps_its_digits(look: Look, api: httpx2.Client) -> None:
    """An integer beyond the largest double is shown as it was sent, not as null."""
    event = {"name": "Order Placed", "data": {"number": 10**400}}
    assert api.post("/api/v1/customers/ann/events", json=event).status_code == 200
    expect(look.go("#/events").rows.locator(".what")).to_contain_text("1000000")
    look.rows.locator("a").click()
    expect(look.detail.locator("pre")).to_contain_text(str(10**400))
