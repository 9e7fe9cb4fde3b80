"""The guide's set-ups of frameworks do what it says of them, each in the framework itself."""

import asyncio
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx2
import pytest

import ciokit
from ciokit.testing import CioSandbox, CioServer

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "applications.md"
FILE = re.compile(r'^```python title="shop/(?P<name>\w+)\.py"\n(?P<code>.*?)^```$', re.MULTILINE | re.DOTALL)
FILES = {found["name"]: found["code"] for found in FILE.finditer(GUIDE.read_text(encoding="utf-8"))}

DJANGO = """
from django.conf import settings

settings.configure(DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}})
change_plan("user-1", "pro")
try:
    with transaction.atomic():
        change_plan("user-2", "pro")
        raise LookupError
except LookupError:
    pass
"""


def shop(monkeypatch: pytest.MonkeyPatch, *names: str) -> Any:
    """Run files of the guide in one module, where classes that they define can be found by their name."""
    module = ModuleType("shop")
    monkeypatch.setitem(sys.modules, "shop", module)
    for name in names:
        exec(compile(FILES[name], f"shop/{name}.py", "exec"), module.__dict__)
    return module


def test_the_lifespan_of_fastapi_delivers(cio_sandbox: CioSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the lifespan has ended everything is delivered, and the outbox is closed."""
    module = shop(monkeypatch, "customerio", "api")

    async def serve() -> int:
        async with module.lifespan(module.app):
            transport = httpx2.ASGITransport(app=module.app)
            async with httpx2.AsyncClient(transport=transport, base_url="http://shop") as browser:
                answer = await browser.post("/sign-up/user-1", params={"email": "ada@example.com"})
                return answer.status_code

    make_outbox: Any = ciokit.async_outbox
    outbox = make_outbox(module.Shop)
    assert asyncio.run(serve()) == 200
    stats = outbox.stats()
    assert (stats.accepted, stats.delivered) == (2, 2)
    cio_sandbox.assert_identified("user-1", {"email": "ada@example.com"})
    cio_sandbox.assert_tracked("user-1", module.SignedUp(method="email"), times=1)


def test_a_task_of_celery_makes_one_event(cio_sandbox: CioSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is tried again in an outage, makes one event however often it runs, and ends when it is refused for good."""
    module = shop(monkeypatch, "customerio", "tasks")
    outage = cio_sandbox.fail(503, times=4)  # one more than a call tries
    arguments = ("user-1", "pro", ciokit.new_ulid())
    first = module.tell_plan_changed.apply(args=arguments)
    again = module.tell_plan_changed.apply(args=arguments)
    assert (outage.hits, first.successful(), again.successful()) == (4, True, True)
    cio_sandbox.assert_tracked("user-1", module.PlanChanged(to="pro"), times=1)

    refusal = cio_sandbox.fail(401)
    refused = module.tell_plan_changed.apply(args=arguments)
    assert isinstance(refused.result, ciokit.Unauthorized)
    assert refusal.hits == 1


def test_django_tells_what_was_committed(cio_server: CioServer, tmp_path: Path) -> None:
    """An event goes out at the end of the process if its transaction was committed, and only then."""
    program = tmp_path / "program.py"
    program.write_text(FILES["customerio"] + FILES["views"] + DJANGO, encoding="utf-8")
    subprocess.run([sys.executable, program], check=True)
    cio_server.assert_tracked("user-1", "plan_changed", {"to": "pro"}, partial=True, times=1)
    cio_server.assert_nothing_else_sent()
