"""`ciokit send` and `ciokit broadcast` against a real server."""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ciokit import TrackClient
from ciokit.cli.app import run
from ciokit.cli.requests import CHANNELS
from ciokit.sandbox import World
from ciokit.sandbox.faults.rules import Effect, FaultRule
from ciokit.sandbox.server import SandboxServer

KEYS = {"site:key": "main", "app-key": "main"}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[SandboxServer]:
    """Run a sandbox with two people, that the settings point at."""
    with SandboxServer(World(keys=KEYS)) as running:
        monkeypatch.setenv("CUSTOMERIO_SITE_ID", "site")
        monkeypatch.setenv("CUSTOMERIO_TRACK_API_KEY", "key")
        monkeypatch.setenv("CUSTOMERIO_APP_API_KEY", "app-key")
        monkeypatch.setenv("CIOKIT_BASE_URL", running.url)
        with TrackClient() as client:
            client.identify("user-1", {"email": "ada@example.com"})
            client.identify("user-2", {"email": "bob@example.com"})
        yield running


def sent(server: SandboxServer) -> tuple[str, Any]:
    """Return the last request's path and body."""
    asked = server.world.requests[-1]
    return asked.path, json.loads(asked.body or b"null")


def test_an_email_of_its_own(
    server: SandboxServer, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Every option of an e-mail arrives under the API's own name, with files in base 64."""
    (tmp_path / "receipt.csv").write_bytes(b"item,price\n")
    options = [
        "--from",
        "shop@example.com",
        "--subject",
        "Hello",
        "--body",
        "<p>Hi</p>",
        "--body-plain",
        "Hi",
    ]
    options += ["--cc", "c@example.com", "--cc", "d@example.com", "--bcc", "b@example.com"]
    options += [
        "--reply-to",
        "r@example.com",
        "--preheader",
        "Pre",
        "--header",
        "X-Order=7",
        "--language",
        "de",
    ]
    options += ["--data", "order=A 7", "--data", "total=9.5", "--data", "paid=true", "--data", "code=007"]
    options += ["--attach", str(tmp_path / "receipt.csv"), "--send-at", "2000-01-01T00:00:00Z", "--draft"]
    assert run(["send", "email", "--to", "ada@example.com", *options]) == 0
    assert capsys.readouterr().out.startswith("taken as delivery ")
    path, body = sent(server)
    assert path == "/v1/send/email"
    assert body.pop("headers") == {"X-Order": "7"}
    assert body == {
        "to": "ada@example.com",
        "identifiers": {"email": "ada@example.com"},
        "from": "shop@example.com",
        "subject": "Hello",
        "body": "<p>Hi</p>",
        "body_plain": "Hi",
        "preheader": "Pre",
        "cc": "c@example.com, d@example.com",
        "bcc": "b@example.com",
        "reply_to": "r@example.com",
        "language": "de",
        "message_data": {"order": "A 7", "total": 9.5, "paid": True, "code": "007"},
        "attachments": {"receipt.csv": "aXRlbSxwcmljZQo="},
        "send_at": 946684800,
        "queue_draft": True,
    }


CASES: list[tuple[list[str], str, dict[str, Any]]] = [
    (
        ["push", "--title", "T", "--message", "M", "--link", "app://x", "--to", "last_used"],
        "/v1/send/push",
        {"to": "last_used", "title": "T", "message": "M", "link": "app://x"},
    ),
    (
        ["sms", "--to", "+14155552671", "--from", "+14155550000"],
        "/v1/send/sms",
        {"to": "+14155552671", "from": "+14155550000"},
    ),
    (["in-app"], "/v1/send/in_app", {}),
    (["inbox"], "/v1/send/inbox_message", {}),
    (["whatsapp", "--to", "+14155552671"], "/v1/send/whatsapp", {"to": "+14155552671"}),
]


@pytest.mark.parametrize(("command", "path", "own"), CASES, ids=[case[0][0] for case in CASES])
def test_every_other_channel(
    server: SandboxServer,
    capsys: pytest.CaptureFixture[str],
    command: list[str],
    path: str,
    own: dict[str, Any],
) -> None:
    """A message of each channel goes to its own path, to the person and from the template that were named."""
    options = ["--id", "user-1", "--template", "3", "--data", "n=1", "--json"]
    assert run(["send", *command, *options]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["delivery_id"]
    common = {"identifiers": {"id": "user-1"}, "transactional_message_id": 3, "message_data": {"n": 1}}
    assert sent(server) == (path, {**own, **common})


def test_there_is_a_command_for_every_channel() -> None:
    """The cases above and the e-mail are all the channels that there are."""
    assert len(CASES) + 1 == len(CHANNELS)


def test_a_request_from_stdin_with_options_over_it(
    server: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The API's own JSON is sent as it is, and what options say goes before it; data is joined."""
    request = {
        "identifiers": {"email": "ada@example.com"},
        "transactional_message_id": "receipt",
        "to": "ada@example.com",
        "subject": "Old",
        "message_data": {"a": 1, "b": 2},
        "attachments": {"a.txt": "aGk="},
        "tracked": False,
    }
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(request)))
    assert run(["send", "email", "--request", "-", "--subject", "New", "--data", "b=3"]) == 0
    expected = {**request, "subject": "New", "message_data": {"a": 1, "b": 3}}
    assert sent(server) == ("/v1/send/email", expected)


@pytest.mark.parametrize("as_text", [True, False])
def test_headers_of_a_request_have_the_references_form(
    server: SandboxServer, tmp_path: Path, as_text: bool
) -> None:
    """The reference has them as a list of names with values, in a text; a body that was copied from it is taken."""
    headers = [{"name": "X-Order", "value": "7"}, {"name": "X-Shop", "value": "a"}]
    request = {
        "identifiers": {"id": "user-1"},
        "transactional_message_id": 3,
        "to": "ada@example.com",
        "headers": json.dumps(headers) if as_text else headers,
    }
    (tmp_path / "request.json").write_text(json.dumps(request))
    assert run(["send", "email", "--request", str(tmp_path / "request.json")]) == 0
    assert sent(server)[1]["headers"] == {"X-Order": "7", "X-Shop": "a"}


WRONG: list[tuple[list[str], str]] = [
    (["email"], "missing: the person (--id, --email or --cio-id); --to"),
    (["push", "--id", "1"], "missing: --template"),
    (["email", "--to", "a@b.c", "--id", "1", "--email", "a@b.c"], "name the person once"),
    (["email", "--to", "a@b.c", "--attach", "nowhere"], "--attach: nowhere: no such file"),
    (["email", "--to", "a@b.c", "--send-at", "soon", "--template", "1"], "--send-at: not a time"),
    (["email", "--to", "a@b.c", "--data", "x", "--template", "1"], "--data must be NAME=VALUE"),
    (["sms", "--id", "1", "--template", "1", "--to", "123"], "to: a telephone number is written in E.164"),
    (["email", "--to", "a@b.c"], "an e-mail needs --template, or all of --from, --subject and --body"),
    (["email", "--to", "a@b.c", "--subject", "x"], "and --body; missing: --from, --body"),
    (["push", "--request", "odd.json"], "--request: SendPush has no colour, subject"),
    (["push", "--request", "two.json"], "--request: identifiers must have exactly one of"),
    (["email", "--request", "headers.json"], "--request: headers must be an object, or a list like"),
    (["email", "--request", "twice.json"], "with each name once"),
    (["push", "--request", "device.json"], "--request: custom_device must have token and platform"),
]


@pytest.mark.parametrize(("command", "why"), WRONG, ids=[why for _, why in WRONG])
def test_wrong_options_send_nothing(
    server: SandboxServer, capsys: pytest.CaptureFixture[str], tmp_path: Path, command: list[str], why: str
) -> None:
    """A wrong option is one line that names it, and the exit code is 2; nothing is sent."""
    (tmp_path / "odd.json").write_text('{"subject":"x","colour":"red"}')
    (tmp_path / "two.json").write_text('{"identifiers":{"id":"1","email":"a@b.c"}}')
    (tmp_path / "headers.json").write_text('{"headers":"X-Order: 7"}')
    (tmp_path / "twice.json").write_text('{"headers":[{"name":"a","value":"1"},{"name":"a","value":"2"}]}')
    (tmp_path / "device.json").write_text('{"custom_device":{"tokn":"x"}}')
    before = server.world.stats()["requests"]
    assert run(["send", *command]) == 2
    said = capsys.readouterr()
    assert why in said.err
    assert said.err.count("\n") == 1
    assert server.world.stats()["requests"] == before


def test_a_message_that_may_have_gone_out_is_not_sent_again(
    server: SandboxServer, capsys: pytest.CaptureFixture[str]
) -> None:
    """A failure that may have come after the message was taken is told, and the message is not repeated."""
    server.world.faults.add(FaultRule(effect=Effect(status=502), times=5), 0.0)
    before = server.world.stats()["requests"]
    assert run(["send", "push", "--id", "user-1", "--template", "1", "--data", "card=4111"]) == 1
    said = capsys.readouterr().err
    assert "not sent again" in said
    assert "4111" not in said
    assert server.world.stats()["requests"] == before + 1


# Broadcasts


LINES = "a\u2028b\x85c"
"""A text with line breaks that JSON has no need to escape."""
AUDIENCES: list[tuple[list[str], dict[str, Any]]] = [
    ([], {}),
    (
        ["--id", "user-1", "--id", "user-2", "--ignore-missing"],
        {"ids": ["user-1", "user-2"], "id_ignore_missing": True},
    ),
    (
        ["--email", "ada@example.com", "--ignore-missing", "--add-duplicates"],
        {"emails": ["ada@example.com"], "email_ignore_missing": True, "email_add_duplicates": True},
    ),
    (["--has", "email"], {"recipients": {"attribute": {"field": "email", "operator": "exists"}}}),
    (
        ["--people", "people.jsonl"],
        {"per_user_data": [{"id": "user-1", "data": {"n": LINES}}, {"email": "bob@example.com"}]},
    ),
    (
        ["--data-url", "https://example.com/people.jsonl"],
        {"data_file_url": "https://example.com/people.jsonl"},
    ),
]


@pytest.mark.parametrize(
    ("options", "body"), AUDIENCES, ids=[" ".join(case[0][:1]) or "its own" for case in AUDIENCES]
)
def test_every_kind_of_audience(
    server: SandboxServer,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    options: list[str],
    body: dict[str, Any],
) -> None:
    """Whom a broadcast goes to arrives as the API takes it, with what the message refers to."""
    people = f'{{"id":"user-1","data":{{"n":"{LINES}"}}}}\r\n\n{{"email":"bob@example.com"}}\n'
    (tmp_path / "people.jsonl").write_text(people, encoding="utf-8", newline="")
    assert run(["broadcast", "12", *options, "--data", "headline=Hi", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["broadcast_id"] == 12
    assert sent(server) == ("/v1/campaigns/12/triggers", {"data": {"headline": "Hi"}, **body})


@pytest.mark.usefixtures("server")
def test_a_broadcast_that_is_waited_for(capsys: pytest.CaptureFixture[str]) -> None:
    """With --wait the command ends when the service is done."""
    assert run(["broadcast", "12", "--id", "user-1", "--wait"]) == 0
    assert capsys.readouterr().out.startswith("trigger 1 was done 20")


def test_faults_of_the_audience_are_told(server: SandboxServer, capsys: pytest.CaptureFixture[str]) -> None:
    """Faults are shown line by line, all of them with --json, and the exit code is 1."""
    errors = json.dumps({"errors": ["line 1: no such person", "line 2: \x1b[31m"], "next": ""})
    path = "/v1/campaigns/12/triggers/1/errors"
    server.world.faults.add(FaultRule(path=path, effect=Effect(status=200, body=errors)), 0.0)
    assert run(["broadcast", "12", "--id", "user-1", "--wait"]) == 1
    said = capsys.readouterr()
    assert "  line 1: no such person\n  line 2: \\x1b[31m\n" in said.out
    assert said.err == "ciokit: broadcast: the audience of trigger 1 had 2 faults\n"


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--id", "1", "--email", "a@b.c"], "say whom in one way: --id or --email"),
        (["--ignore-missing"], "--ignore-missing goes with"),
        (["--id", "1", "--add-duplicates"], "--add-duplicates goes with"),
        (["--people", "people.jsonl"], "people.jsonl, line 2: expected one like"),
        (["--people", "deep.jsonl"], "deep.jsonl, line 1: expected one like"),
        (["--people", "nobody.jsonl"], "audience.users: must be 1 to 10000 people"),
    ],
)
def test_a_wrong_audience_sets_nothing_off(
    server: SandboxServer, capsys: pytest.CaptureFixture[str], tmp_path: Path, options: list[str], why: str
) -> None:
    """A wrong option is one line that names it, and the exit code is 2."""
    (tmp_path / "people.jsonl").write_text('{"id":"1"}\n{"id":"2","colour":"red"}\n')
    (tmp_path / "deep.jsonl").write_text('{"id":"1","data":' + "[" * 9999 + "]" * 9999 + "}")
    (tmp_path / "nobody.jsonl").write_text("\n")
    before = server.world.stats()["requests"]
    assert run(["broadcast", "12", *options]) == 2
    assert why in capsys.readouterr().err
    assert server.world.stats()["requests"] == before
