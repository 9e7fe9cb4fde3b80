"""A headless Chromium that looks at a sandbox's page, and notes whatever goes wrong in it."""

import shutil
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, NamedTuple, Self
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Request, expect, sync_playwright

CHROMIUM = shutil.which("chromium")
expect.set_options(timeout=15_000)  # a machine may be busy; what is awaited is there in a blink otherwise

ARGUMENTS = [
    "--no-sandbox",  # CI runs as root; nothing but a loopback server is looked at
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WINDOW = {"width": 1280, "height": 800}
LISTS = ["live", "events", "people", "messages", "requests", "warnings"]
PHONE = {"width": 390, "height": 780}


@contextmanager
def chromium() -> Generator[Browser]:
    """Start a browser; its profile is new, and gone at the end."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


class Troubles(NamedTuple):
    """What went wrong in a window: errors of the console and of scripts, and requests to other servers."""

    errors: list[str]
    strays: list[str]


class Look:
    """Look at a sandbox's page in a window without a past.

    Args:
        browser: The browser.
        url: The sandbox's address.
        options: What the window is like: `viewport`, `color_scheme`, ...
    """

    def __init__(self, browser: Browser, url: str, **options: Any) -> None:
        given: dict[str, Any] = {"viewport": WINDOW, **options}
        self._context = browser.new_context(**given)
        self._context.set_default_timeout(15_000)
        self.url = url
        self.troubles = Troubles([], [])
        self.page: Page = self._context.new_page()
        self.page.on("console", self._note_console)
        self.page.on("pageerror", lambda error: self.troubles.errors.append(str(error)))
        self.page.on("request", self._note_request)

    def _note_console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.troubles.errors.append(f"{message.text} [{message.location['url']}]")

    def _note_request(self, request: Request) -> None:
        if urlsplit(request.url).netloc != urlsplit(self.url).netloc:
            self.troubles.strays.append(request.url)

    def go(self, place: str = "#/live") -> Self:
        """Go to a place of the page, and wait until the stream is open and what is drawn is that place's."""
        self.page.goto(f"{self.url}/{place}")
        expect(self.page.locator("#connection")).to_have_text("Connected")
        view, _, entry = place.removeprefix("#/").partition("?")[0].partition("/")
        if view in LISTS:
            expect(self.page.locator("#title")).to_have_text(view.capitalize())
            expect(self.page.locator("#list")).to_have_attribute("aria-busy", "false")
        if entry:
            expect(self.page.locator("#detail")).to_have_attribute("aria-busy", "false")
        return self

    def find(self, selector: str, **options: Any) -> Locator:
        """Find elements."""
        return self.page.locator(selector, **options)

    @property
    def rows(self) -> Locator:
        """The rows of the list."""
        return self.find("#rows > li")

    @property
    def detail(self) -> Locator:
        """The pane of one entry."""
        return self.find("#detail")

    def press(self, *keys: str) -> None:
        """Press keys, one after the other."""
        for key in keys:
            self.page.keyboard.press(key)

    def close(self) -> None:
        """Close the window."""
        self._context.close()
