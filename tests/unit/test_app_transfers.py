"""Waiting for exports, imports and broadcasts, reading what was exported, and uploading files."""

import asyncio
import email
import json
import math
import pickle
import stat
from email.message import Message
from pathlib import Path
from typing import Any

import httpx2
import pytest

from ciokit import InvalidData, NoReplyError, ReplyError, ServiceUnavailable
from ciokit.app import AppClient, AsyncAppClient, RateLimits, TransferFailed, TransferTimeout
from ciokit.app.records import Export
from ciokit.testing import FakeClock

FILE = "https://files.example/e/7?sig=a%2Bb"
CSV = b'id,plan\n1,pro\n2,"a\nb"\n'


class Service(httpx2.BaseTransport, httpx2.AsyncBaseTransport):
    """Answer the API with states in order, the last for ever, and the file's host with answers in order."""

    def __init__(self, *states: dict[str, Any], files: list[Any] | None = None, url: str = FILE) -> None:
        self._states = list(states)
        self._files = files or [(200, CSV)]
        self._url = url
        self.requests: list[httpx2.Request] = []

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Answer as told."""
        self.requests.append(request)
        if request.url.host == "files.example":
            found = self._files.pop(0) if len(self._files) > 1 else self._files[0]
            if isinstance(found, Exception):
                raise found
            return httpx2.Response(found[0], content=found[1])
        if request.url.path.endswith("/download"):
            return httpx2.Response(200, content=json.dumps({"url": self._url}).encode())
        state = self._states.pop(0) if len(self._states) > 1 else self._states[0]
        return httpx2.Response(200, content=json.dumps(state).encode())

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Answer as told."""
        return self.handle_request(request)


def clients(service: Service) -> tuple[FakeClock, AppClient, AsyncAppClient]:
    """Make both clients over one service, with one clock."""
    clock, limits = FakeClock(), RateLimits(general=None)
    return (
        clock,
        AppClient("key", transport=service, clock=clock, rate_limits=limits),
        AsyncAppClient("key", transport=service, clock=clock, rate_limits=limits),
    )


def export(status: str, **fields: Any) -> dict[str, Any]:
    """Make the answer that has an export."""
    return {"export": {"id": 7, "status": status, **fields}}


# Waiting --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("asynchronous", [False, True])
def test_an_export_is_waited_for_less_and_less_often(asynchronous: bool) -> None:
    """Each state is told, and the waits grow up to fifteen seconds."""
    service = Service(*[export("pending")] * 9, export("done", total=3))
    clock, app, later = clients(service)
    seen: list[str] = []

    def note(state: Export) -> None:
        seen.append(state.status)

    done = (
        asyncio.run(later.exports.wait(7, progress=note))
        if asynchronous
        else app.exports.wait(7, progress=note)
    )
    assert (done.status, done.total) == ("done", 3)
    assert seen == ["pending"] * 9 + ["done"]
    assert clock.sleeps[:3] == (1.0, 1.5, 2.25)
    assert clock.sleeps[-1] == 15.0


@pytest.mark.parametrize("asynchronous", [False, True])
def test_an_export_that_fails_is_an_error(asynchronous: bool) -> None:
    """The error has the last state, and survives a pickle."""
    _, app, later = clients(Service(export("failed")))
    with pytest.raises(TransferFailed, match="number 7 ended as failed") as caught:
        _ = asyncio.run(later.exports.wait(7)) if asynchronous else app.exports.wait(7)
    assert pickle.loads(pickle.dumps(caught.value)).record.status == "failed"


def test_a_wait_has_an_end() -> None:
    """What takes too long is an error that can be waited out by waiting again."""
    clock, app, _ = clients(Service(export("pending")))
    with pytest.raises(TransferTimeout, match="not done within 20 s") as caught:
        app.exports.wait(7, timeout=20)
    assert clock.monotonic() == 20
    assert (caught.value.record.status, caught.value.retryable, caught.value.elapsed) == ("pending", True, 20)
    assert isinstance(caught.value, TimeoutError)


@pytest.mark.parametrize("asynchronous", [False, True])
@pytest.mark.parametrize("timeout", [None, "20", True, math.nan])
def test_a_wait_is_for_seconds(timeout: Any, asynchronous: bool) -> None:
    """What is no number is refused before the service is asked for anything, and says how to wait for ever."""
    service = Service(export("pending"), export("done"))
    _, app, later = clients(service)
    with pytest.raises(
        InvalidData, match=r"exports\.wait: timeout: expected seconds; math\.inf waits for ever"
    ):
        _ = (
            asyncio.run(later.exports.wait(7, timeout=timeout))
            if asynchronous
            else app.exports.wait(7, timeout=timeout)
        )
    assert service.requests == []


@pytest.mark.parametrize("asynchronous", [False, True])
def test_imports_and_triggers_are_waited_for(asynchronous: bool) -> None:
    """The same holds for imports, which can be cancelled, and for the triggers of a broadcast."""
    running = {"import": {"id": 9, "state": "importing", "rows_imported": 5, "rows_to_import": 9}}
    _, app, later = clients(Service(running, {"import": {"id": 9, "state": "imported"}}))
    found = asyncio.run(later.imports.wait(9)) if asynchronous else app.imports.wait(9)
    assert found.state == "imported"
    _, app, later = clients(Service({"import": {"id": 9, "state": "canceled"}}))
    with pytest.raises(TransferFailed, match="canceled"):
        _ = asyncio.run(later.imports.wait(9)) if asynchronous else app.imports.wait(9)
    _, app, later = clients(Service({"id": 3, "processed_at": 0}, {"id": 3, "processed_at": 5}))
    trigger = asyncio.run(later.broadcasts.wait(1, 3)) if asynchronous else app.broadcasts.wait(1, 3)
    assert trigger.processed_at == 5


# Files ----------------------------------------------------------------------------------------------------------------


async def collect(rows: Any) -> list[Any]:
    """Read an asynchronous iterator to its end."""
    return [row async for row in rows]


@pytest.mark.parametrize("asynchronous", [False, True])
def test_rows_are_read_without_credentials(asynchronous: bool) -> None:
    """The file's host gets neither the key nor anything else of the API's."""
    service = Service({})
    _, app, later = clients(service)
    rows = asyncio.run(collect(later.exports.rows(7))) if asynchronous else list(app.exports.rows(7))
    assert rows == [{"id": "1", "plan": "pro"}, {"id": "2", "plan": "a\nb"}]
    asked, fetched = service.requests
    assert asked.url.path == "/v1/exports/7/download"
    assert str(fetched.url) == FILE
    assert "authorization" not in fetched.headers
    assert fetched.headers["user-agent"].startswith("ciokit/")


@pytest.mark.parametrize("asynchronous", [False, True])
def test_a_file_is_saved_whole_and_for_its_owner_alone(tmp_path: Path, asynchronous: bool) -> None:
    """What is written can be read by its owner, and nothing else is left behind."""
    _, app, later = clients(Service({}))
    target = tmp_path / "rows.csv"
    target.write_bytes(b"before")
    size = asyncio.run(later.exports.save(7, target)) if asynchronous else app.exports.save(7, str(target))
    assert size == len(CSV)
    assert target.read_bytes() == CSV
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("asynchronous", [False, True])
def test_a_file_that_cannot_take_its_place_leaves_nothing_behind(tmp_path: Path, asynchronous: bool) -> None:
    """People's data does not stay in a hidden file that nobody knows of."""
    _, app, later = clients(Service({}))
    target = tmp_path / "rows.csv"
    target.mkdir()
    with pytest.raises(IsADirectoryError):
        _ = asyncio.run(later.exports.save(7, target)) if asynchronous else app.exports.save(7, target)
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("asynchronous", [False, True])
def test_a_file_that_is_refused_leaves_what_was_there(tmp_path: Path, asynchronous: bool) -> None:
    """An address that has expired is told as such, and the file of before stays."""
    service = Service({}, files=[(403, b"<xml>")])
    clock, app, later = clients(service)
    target = tmp_path / "rows.csv"
    target.write_bytes(b"before")
    with pytest.raises(ReplyError, match=r"refused \(403\); it is good for 15 minutes") as caught:
        _ = asyncio.run(later.exports.save(7, target)) if asynchronous else app.exports.save(7, target)
    assert "sig" not in str(caught.value)
    assert list(tmp_path.iterdir()) == [target]
    assert target.read_bytes() == b"before"
    assert clock.sleeps == ()


@pytest.mark.parametrize("asynchronous", [False, True])
@pytest.mark.parametrize(("file", "headers"), [(CSV, 1), (b"id,plan\n", 1), (b"id,plan", 1), (b"", 0)])
def test_the_columns_are_told_before_the_rows(file: bytes, headers: int, asynchronous: bool) -> None:
    """They are told once, even if no row follows, and not at all if the file is empty."""
    _, app, later = clients(Service({}, files=[(200, file)]))
    told: list[Any] = []

    async def read_later() -> None:
        told.extend([row["id"] async for row in later.exports.rows(7, header=told.append)])

    if asynchronous:
        asyncio.run(read_later())
    else:
        told.extend(row["id"] for row in app.exports.rows(7, header=told.append))
    assert told == [("id", "plan")] * headers + (["1", "2"] if file == CSV else [])


@pytest.mark.parametrize("asynchronous", [False, True])
def test_a_file_that_does_not_come_is_asked_for_again(asynchronous: bool) -> None:
    """A host that fails, or cannot be reached, is tried again by the policy; in the end that is an error."""
    service = Service({}, files=[(503, b""), httpx2.ConnectError("refused"), (200, CSV)])
    clock, app, later = clients(service)
    rows = asyncio.run(collect(later.exports.rows(7))) if asynchronous else list(app.exports.rows(7))
    assert len(rows) == 2
    assert len(clock.sleeps) == 2
    _, app, later = clients(Service({}, files=[(500, b"")]))
    with pytest.raises(ServiceUnavailable):
        _ = asyncio.run(collect(later.exports.rows(7))) if asynchronous else list(app.exports.rows(7))
    _, app, later = clients(Service({}, files=[httpx2.ReadError("broken")]))
    with pytest.raises(NoReplyError):
        _ = asyncio.run(collect(later.exports.rows(7))) if asynchronous else list(app.exports.rows(7))


@pytest.mark.parametrize(
    "url",
    [
        "http://files.example/x",
        "file:///etc/passwd",
        "https://ü.example/x",
        "",
        "https:///x",
        "https://[files.example/x",
        "https://files.example:99999/x",
        f"https://{'a' * 70}.example/x",
        "https://files.example/a b",
        "https://files.example/\r\nX: y",
    ],
)
def test_a_file_is_fetched_from_https_alone(url: str) -> None:
    """An answer cannot send the client to a file of this machine or over plain http."""
    service = Service({}, url=url)
    _, app, _ = clients(service)
    with pytest.raises(ReplyError, match="an address that is not fetched from"):
        list(app.exports.rows(7))
    assert len(service.requests) == 1


def test_a_redirect_of_the_files_host_is_not_followed() -> None:
    """It would lead nobody knows where."""
    _, app, _ = clients(Service({}, files=[(302, b"")]))
    with pytest.raises(ReplyError, match=r"refused \(302\)"):
        list(app.exports.rows(7))


def test_what_is_no_csv_is_told() -> None:
    """A file that is something else is an error, not rows."""
    _, app, _ = clients(Service({}, files=[(200, b"\x1f\x8bnot really")]))
    with pytest.raises(ReplyError, match="it is no CSV"):
        list(app.exports.rows(7))


# Uploads --------------------------------------------------------------------------------------------------------------


def sent_form(request: httpx2.Request) -> dict[str, Message]:
    """Take a form apart."""
    head = b"Content-Type: " + request.headers["content-type"].encode() + b"\r\n\r\n"
    parts: Any = email.message_from_bytes(head + request.content).get_payload()
    return {part.get_param("name", header="content-disposition"): part for part in parts}


def test_an_upload_is_a_form(tmp_path: Path) -> None:
    """The file goes out as it is, with its name and type, and the fields beside it."""
    service = Service({"asset": {"id": 1}})
    _, app, _ = clients(service)
    picture = tmp_path / 'a"b.PNG'
    picture.write_bytes(b"\x89PNG\r\n--x\r\n")
    assert app.assets.files.create(picture, name="Ü", parent_folder_id=4) == {"asset": {"id": 1}}
    form = sent_form(service.requests[0])
    assert form["file"].get_payload(decode=True) == b"\x89PNG\r\n--x\r\n"
    assert form["file"].get_content_type() == "image/png"
    assert form["file"].get_filename() == "a%22b.PNG"
    assert form["name"].get_payload(decode=True) == "Ü".encode()
    assert form["parent_folder_id"].get_payload() == "4"


def test_an_uploads_name_need_not_be_text() -> None:
    """A file whose name the system could not decode is sent all the same, as its folder's listing names it."""
    service = Service({})
    _, app, _ = clients(service)
    app.assets.files.create(b"%PDF", filename="a\udcff.pdf")
    assert b'filename="a?.pdf"' in service.requests[0].content


def test_an_upload_needs_no_more_than_a_file() -> None:
    """Bytes with a name are enough, on both clients."""
    service = Service({"asset": {"id": 1}})
    _, _, later = clients(service)
    asyncio.run(later.assets.files.create(b"%PDF", filename="a.pdf"))
    assert list(sent_form(service.requests[0])) == ["file"]
