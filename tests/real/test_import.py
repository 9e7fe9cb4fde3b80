"""What an import must not load, in an interpreter of its own: who makes no client pays for none."""

import subprocess
import sys
from pathlib import Path

from .servers import RawServer, answer_each

SOURCE = Path(__file__).parents[2] / "src"
LATE = [
    "anyio",
    "asyncio",
    "ciokit.sandbox",
    "h11",
    "httpcore2",
    "httpx2",
    "rich",
    "ssl",
    "starlette",
    "typer",
]


def loaded_after(code: str) -> list[str]:
    """Run code in an interpreter of its own and return which of the late modules it has loaded."""
    ask = (
        f"import sys; sys.path.insert(0, {str(SOURCE)!r}); {code}; print(*(set({LATE!r}) & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True)
    return sorted(done.stdout.split())


def test_importing_loads_no_http_library_and_no_extra() -> None:
    """Neither the HTTP library nor what it needs, nor any extra's, is there after the import alone."""
    assert loaded_after("import ciokit") == []


def test_declaring_and_building_load_none_either() -> None:
    """An application can declare its events and build its operations without any of it."""
    code = "import ciokit; ciokit.Track('user-1', type('Seen', (ciokit.Event,), {})())"
    assert loaded_after(code) == []


def test_a_client_loads_the_http_library() -> None:
    """The library is loaded when a client is made: the two tests above look for what does appear."""
    code = "import ciokit; ciokit.TrackClient('site', 'key', base_url='http://127.0.0.1:9')"
    assert {"httpcore2", "ssl"} <= set(loaded_after(code))


def test_a_program_without_asyncio_never_loads_it() -> None:
    """A client of threads and its outbox send without asyncio; a client of tasks loads it when it is made."""
    with RawServer(answer_each) as server:
        where = f"'site', 'key', base_url={server.url!r}"
        code = f"import ciokit; client = ciokit.TrackClient({where}); client.track('user-1', 'Seen')"
        late = loaded_after(f"{code}; box = ciokit.Outbox(client); box.track('user-1', 'Seen'); box.close()")
    assert len(server.requests) == 2
    assert "httpcore2" in late
    assert "asyncio" not in late
    code = "import ciokit; ciokit.AsyncTrackClient('site', 'key', base_url='http://127.0.0.1:9')"
    assert "asyncio" in loaded_after(code)


def test_the_clock_of_tests_loads_no_http_library() -> None:
    """Importing ciokit.testing for its clock costs neither the HTTP library nor the sandbox, which appear when asked for."""
    assert not {"httpx2", "ciokit.sandbox"} & set(loaded_after("import ciokit.testing"))
    assert {"httpx2", "ciokit.sandbox"} <= set(loaded_after("from ciokit.testing import SandboxTransport"))


def test_the_server_says_which_extra_it_needs() -> None:
    """Without the extra it is no riddle of some other package's name."""
    code = "import sys; sys.modules['uvicorn'] = None; import ciokit.sandbox.server"
    environment = {"PYTHONPATH": str(SOURCE)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, env=environment
    )
    assert done.stderr.splitlines()[-1] == (
        "ModuleNotFoundError: the sandbox's server needs uvicorn: pip install 'ciokit[sandbox]'"
    )
