"""Every Python block of the documentation runs, so that no page shows what does not work."""

import ast
import asyncio
import inspect
import re
import sys
import textwrap
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, ModuleType
from typing import NamedTuple

import pytest

import ciokit
from ciokit.compat.customerio.client_base import ClientBase
from ciokit.sandbox.server import SandboxServer
from ciokit.sandbox.world import World
from ciokit.shell import SyncShell

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]

# `<!-- no-run -->` on the line above a block says that it is only compiled.
BLOCK = re.compile(
    r"^(?P<only_compiled> *<!-- no-run -->\n)?(?P<indent> *)```python[^\n]*\n(?P<code>.*?)^(?P=indent)```$",
    re.MULTILINE | re.DOTALL,
)


class Block(NamedTuple):
    """A Python block, the line it begins at, and whether it runs."""

    code: str
    line: int
    runs: bool


def blocks_of(text: str) -> list[Block]:
    """Return the Python blocks of a page in their order."""
    return [
        Block(
            code=textwrap.dedent(found["code"]),
            line=text.count("\n", 0, found.start("code")) + 1,
            runs=not found["only_compiled"],
        )
        for found in BLOCK.finditer(text)
    ]


def compiled(block: Block, page: Path) -> CodeType:
    """Compile a block so that a traceback names the page and its line; `await` may stand at the top."""
    padding = "\n" * (block.line - 1)
    code: CodeType = compile(padding + block.code, str(page), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    return code


def run_page(page: Path, text: str, module: ModuleType) -> None:
    """Run the blocks of a page in one namespace, as a reader would who types them one after the other."""
    for block in blocks_of(text):
        code = compiled(block, page)
        if block.runs:
            result = eval(code, module.__dict__)
            if inspect.iscoroutine(result):
                asyncio.run(result)


@pytest.fixture
def page_module(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """Give a page a module of its own, where classes that it defines can be found by their name."""
    module = ModuleType("page")
    monkeypatch.setitem(sys.modules, "page", module)
    yield module
    # A page leaves its clients open; a later collection of garbage would find their sockets in whatever order.
    for made in list(vars(module).values()):
        if isinstance(made, (SyncShell, ClientBase)):
            made.close()


@pytest.fixture
def customerio_of_the_page(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Be the Customer.io that a page's code talks to: the one place that decides it."""
    monkeypatch.setenv("CUSTOMERIO_SITE_ID", "docs-site")
    monkeypatch.setenv("CUSTOMERIO_TRACK_API_KEY", "docs-track-key")
    monkeypatch.setenv("CUSTOMERIO_APP_API_KEY", "docs-app-key")
    monkeypatch.setenv("CUSTOMERIO_WEBHOOK_SIGNING_KEY", "docs-signing-key")
    monkeypatch.setenv("CUSTOMERIO_PIPELINES_API_KEY", "docs-pipelines-key")
    with SandboxServer(World()) as sandbox:
        monkeypatch.setenv("CIOKIT_BASE_URL", sandbox.url)
        yield
    ciokit.reset()


@pytest.mark.usefixtures("customerio_of_the_page")
@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_page_runs(page: Path, page_module: ModuleType) -> None:
    """The Python blocks of a page run in their order without an error."""
    run_page(page, page.read_text(encoding="utf-8"), page_module)


PAGE = """\
# A page

```python
answer = 42
```

- A list

    ```python title="indented.py"
    async def double() -> int:
        return answer * 2
    doubled = await double()
    ```

<!-- no-run -->
```python
answer = unknown
```

=== "A tab"

    <!-- no-run -->
    ```python
    answer = unknown
    ```

```console
$ not python
```
"""


def test_blocks_share_the_page_in_order(page_module: ModuleType) -> None:
    """A later block sees what an earlier one made, indented or awaiting, and a no-run block is left alone."""
    run_page(Path("page.md"), PAGE, page_module)
    assert (page_module.answer, page_module.doubled) == (42, 84)


def test_a_failing_block_names_the_line_of_the_page(page_module: ModuleType) -> None:
    """An error in a block is traced to the page and the line where it stands."""
    with pytest.raises(NameError) as caught:
        run_page(Path("page.md"), "# A page\n\n```python\nfine = 1\nunknown\n```\n", page_module)
    culprit = traceback.extract_tb(caught.tb)[-1]
    assert (culprit.filename, culprit.lineno) == ("page.md", 5)


def test_a_block_that_is_not_run_must_still_compile(page_module: ModuleType) -> None:
    """A syntax error is told even where nothing runs."""
    with pytest.raises(SyntaxError):
        run_page(Path("page.md"), "<!-- no-run -->\n```python\nnot python at all\n```\n", page_module)
