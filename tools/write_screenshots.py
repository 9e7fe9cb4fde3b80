"""Write the pictures of the sandbox's page that the documentation shows.

    PYTHONPATH=src python tools/write_screenshots.py

A made-up shop's day goes through the real clients into a sandbox, as in `ciokit demo`; a headless Chromium looks at
what its page shows of it. Needs the test group's packages, Chromium, and the fonts Inter and JetBrains Mono.
"""

import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
from playwright.sync_api import Browser, Page, sync_playwright

from ciokit.app import AppClient, SendEmail, SendPush
from ciokit.cli.demo_run import FAULTS, POLICY, send
from ciokit.cli.shop import Shop
from ciokit.sandbox import Effect, FaultRule, Rules, World
from ciokit.sandbox.server import SandboxServer
from ciokit.track import TrackClient

IMAGES = Path(__file__).parents[1] / "docs" / "images"
BROWSER = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
]
SOMEBODY = "customer-0042"
RECEIPT = """\
<div style="font:16px/1.6 Inter,sans-serif;color:#15201d;background:#f6f7f6;padding:32px">
  <div style="max-width:460px;margin:auto;background:#fff;border-radius:12px;padding:32px">
    <p style="margin:0 0 4px;color:#0b6e5e;font-weight:600">The Kettle &amp; Leaf</p>
    <h1 style="margin:0 0 16px;font-size:24px">Thank you, {{ customer.first_name }}.</h1>
    <p>Order <b>{{ trigger.order_id }}</b> is packed and leaves the house today.</p>
    <table style="width:100%;border-collapse:collapse">
      {% for line in trigger.lines %}
      <tr><td style="padding:8px 0;border-top:1px solid #e1e5e3">{{ line.quantity }} &times; {{ line.name }}</td>
          <td style="padding:8px 0;border-top:1px solid #e1e5e3;text-align:right">{{ line.price }} €</td></tr>
      {% endfor %}
      <tr><td style="padding:12px 0;border-top:2px solid #15201d"><b>Total</b></td>
          <td style="padding:12px 0;border-top:2px solid #15201d;text-align:right"><b>{{ trigger.total }} €</b></td></tr>
    </table>
  </div>
</div>
"""
ORDER = {
    "order_id": "order-1042",
    "total": "61.40",
    "lines": [
        {"quantity": 1, "name": "Kettle, 2 l", "price": "39.00"},
        {"quantity": 2, "name": "Green tea", "price": "17.00"},
        {"quantity": 1, "name": "Filter, XL", "price": "5.40"},
    ],
}


def fill(server: SandboxServer) -> None:
    """Send the shop's day, and what a shop's service sends to its customers."""
    day = Shop(seed=1, now=int(time.time()), people=200, events=1040).open(singles=240, batch=200)
    for rule in FAULTS:
        server.world.faults.add(rule, time.time())
    with TrackClient("shop", "key", base_url=server.url, region="us", proxy="", retry=POLICY) as client:
        send(day, client)
        client.identify(SOMEBODY, {"plan": "starter", "cups_a_day": 3})
        client.add_device(SOMEBODY, "fcm-7c19e2a4f0", platform="android")
        client.identify(
            SOMEBODY, {"plan": "pro", "cups_a_day": 4, "address": {"city": "Rome", "country": "IT"}}
        )
    control = httpx2.Client(base_url=f"{server.url}/_sandbox", trust_env=False)
    receipt = {
        "subject": "Your order {{ trigger.order_id }} is on its way",
        "from": "shop@shop.example",
        "body": RECEIPT,
    }
    control.put("/templates/7", json={"name": "receipt", "content": receipt}).raise_for_status()
    parcel = {
        "title": "It is on its way",
        "message": "{{ customer.first_name }}, your parcel arrives tomorrow.",
    }
    control.put(
        "/templates/8", json={"name": "parcel", "channel": "push", "content": parcel}
    ).raise_for_status()
    with AppClient("key", base_url=server.url, proxy="") as app:
        for number in (7, 19, 42):
            receive(app, f"customer-{number:04d}")
        app.send_push(SendPush(identifiers=SOMEBODY, transactional_message_id=8))
    server.world.faults.remove()


def receive(app: AppClient, person: str) -> None:
    """Send somebody the receipt of their order."""
    to = f"{person}@shop.example"
    app.send_email(SendEmail(to=to, identifiers=person, transactional_message_id=7, message_data=ORDER))


def trickle(server: SandboxServer, seconds: float) -> None:
    """Let a little happen while the page looks on, so that its plot has something to draw."""
    day = Shop(seed=2, now=int(time.time()), people=40, events=4000).open(singles=2000, batch=500)
    ends = time.monotonic() + seconds
    with (
        TrackClient("shop", "key", base_url=server.url, region="us", proxy="", retry=POLICY) as client,
        AppClient("key", base_url=server.url, proxy="") as app,
    ):
        for number, call in enumerate(call for call in day.tracked if call.fate == "accepted"):
            if time.monotonic() > ends:
                break
            client.batch([call.operation])
            if number % 23 < 3:
                time.sleep(0.1 + number % 7 / 20)  # noqa: TID251  # a shop is not always as busy
        client.identify(SOMEBODY, {"last_order": ORDER["order_id"]})
        client.track("customer-0311", "Product Viewed", {"sku": "kettle-2l", "price": 39})
        receive(app, SOMEBODY)
        client.track("customer-0119", "Order Placed", {"order_id": "order-1043", "total": 24.9})
        client.track(SOMEBODY, "Order Placed", {"order_id": ORDER["order_id"], "total": 61.4})


@contextmanager
def looking(browser: Browser, url: str, **options: Any) -> Generator[Page]:
    """Open the page in a window of its own."""
    context = browser.new_context(**options)
    page = context.new_page()
    page.goto(url)
    page.locator("#connection[data-state=live]").wait_for()
    page.locator("#rows .row").first.wait_for()
    yield page
    context.close()


def save(page: Page, name: str) -> None:
    """Write one picture."""
    page.wait_for_timeout(400)
    page.screenshot(path=IMAGES / f"sandbox-{name}.png")


def main() -> None:
    """Write all pictures."""
    IMAGES.mkdir(exist_ok=True)
    wide = {"viewport": {"width": 1280, "height": 780}}
    world = World(rules=Rules(identifiers=("id", "email")), seed=1)
    with sync_playwright() as playwright, SandboxServer(world) as server:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=ARGUMENTS)
        fill(server)
        late = FaultRule(api="track", probability=0.1, effect=Effect(status=500))
        with looking(browser, server.url, color_scheme="dark", **wide) as page:
            server.world.faults.add(late, time.time())
            trickle(server, 14)
            save(page, "live-dark")
            page.goto(f"{server.url}/#/requests")
            page.locator("#rows .row:has(.badge.fault)").first.click()
            save(page, "request-dark")
            page.goto(f"{server.url}/#/faults")
            save(page, "faults-dark")
        with looking(browser, server.url, color_scheme="light", **wide) as page:
            page.goto(f"{server.url}/#/people/{SOMEBODY}")
            page.locator(".attributes").wait_for()
            page.locator(".past summary").last.click()
            save(page, "person-light")
            page.goto(f"{server.url}/#/messages")
            page.locator("#rows .row", has_text="order").first.click()
            page.frame_locator("iframe").get_by_text("Total").wait_for()
            save(page, "message-light")
        phone = {"viewport": {"width": 390, "height": 780}, "device_scale_factor": 2, "is_mobile": True}
        with looking(browser, server.url, color_scheme="light", **phone) as page:
            save(page, "phone")
        browser.close()


if __name__ == "__main__":
    main()
