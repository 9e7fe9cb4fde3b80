"""Transactional messages: every field on the wire, and every rule told before anything is sent."""

import base64
import datetime as dt
import errno
import io
import json
from collections import deque
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ciokit import Attributes, CioId, Email, Id, InvalidData, Phone
from ciokit.app import (
    Attachment,
    PushDevice,
    SendEmail,
    SendInApp,
    SendInboxMessage,
    SendPush,
    SendSMS,
    SendWhatsApp,
)
from ciokit.app.endpoint import Endpoint, prepare
from ciokit.app.endpoints import sends
from ciokit.encoding.drafts import HALF, Draft, Encoding

NOW = 1_800_000_000
DAYS_90 = 90 * 86_400
ENDPOINTS: dict[type[Any], Endpoint[Any]] = {
    SendEmail: sends.SEND_EMAIL,
    SendPush: sends.SEND_PUSH,
    SendSMS: sends.SEND_SMS,
    SendInApp: sends.SEND_IN_APP,
    SendInboxMessage: sends.SEND_INBOX_MESSAGE,
    SendWhatsApp: sends.SEND_WHATSAPP,
}
LEAST: dict[type[Any], dict[str, Any]] = {
    SendEmail: {"to": "a@example.com", "identifiers": "1", "transactional_message_id": 1},
    SendPush: {"identifiers": "1", "transactional_message_id": 1},
    SendSMS: {"identifiers": "1", "transactional_message_id": 1, "to": "+14155552671"},
    SendInApp: {"identifiers": "1", "transactional_message_id": 1},
    SendInboxMessage: {"identifiers": "1", "transactional_message_id": 1},
    SendWhatsApp: {"identifiers": "1", "transactional_message_id": 1},
}
IDENTIFIED = {"identifiers": {"id": "1"}, "transactional_message_id": 1}


class ReceiptData(Attributes):
    """What a receipt's template refers to."""

    order_id: str
    total: Decimal


class Receipt(SendEmail[ReceiptData]):
    """A receipt, whose template is settled."""

    transactional_message_id: int | str | None = "receipt"


def body(request: Any) -> Any:
    """Return what a message becomes."""
    endpoint = next(endpoint for kind, endpoint in ENDPOINTS.items() if isinstance(request, kind))
    return json.loads(prepare(endpoint, {"request": request}, Draft(Encoding(stamp=False), NOW)).body)


def problems(request: Any) -> list[str]:
    """Return what is said against a message."""
    try:
        body(request)
    except InvalidData as error:
        return [str(problem) for problem in error.problems]
    return []


def make(kind: type[Any], **fields: Any) -> Any:
    """Make a message with the least that it needs, and more; None takes a field away."""
    return kind(**{**LEAST[kind], **fields})


# What goes out --------------------------------------------------------------------------------------------------------


def test_every_field_of_an_email_goes_out(tmp_path: Path) -> None:
    """An e-mail with all that can be said has all of it on the wire, under the vendor's names."""
    file = tmp_path / "bill.pdf"
    file.write_bytes(b"%PDF")
    request = SendEmail(
        to=["A <a@example.com>", "b@example.com"],
        identifiers=Email("a@example.com"),
        transactional_message_id="receipt",
        message_data={"at": dt.datetime(2027, 1, 15, 8, tzinfo=dt.UTC), "items": [1]},
        send_at=NOW + 60,
        queue_draft=True,
        disable_message_retention=True,
        language="fr",
        from_="c@example.com",
        subject="Ü",
        body="<p>",
        body_plain="p",
        body_amp="<amp>",
        preheader="pre",
        cc="d@example.com",
        bcc=["e@example.com", "f@example.com"],
        fake_bcc=False,
        reply_to="g@example.com",
        headers={"X-Tag": "a"},
        attachments={"a.csv": b"a,b", "b.pdf": file},
        send_to_unsubscribed=False,
        tracked=False,
        disable_css_preprocessing=True,
        auto_create=True,
    )
    assert body(request) == {
        "to": "A <a@example.com>, b@example.com",
        "identifiers": {"email": "a@example.com"},
        "transactional_message_id": "receipt",
        "message_data": {"at": NOW, "items": [1]},
        "send_at": NOW + 60,
        "queue_draft": True,
        "disable_message_retention": True,
        "language": "fr",
        "from": "c@example.com",
        "subject": "Ü",
        "body": "<p>",
        "body_plain": "p",
        "body_amp": "<amp>",
        "preheader": "pre",
        "cc": "d@example.com",
        "bcc": "e@example.com, f@example.com",
        "fake_bcc": False,
        "reply_to": "g@example.com",
        "headers": {"X-Tag": "a"},
        "attachments": {"a.csv": "YSxi", "b.pdf": "JVBERg=="},
        "send_to_unsubscribed": False,
        "tracked": False,
        "disable_css_preprocessing": True,
        "auto_create": True,
    }


def test_every_field_of_a_push_goes_out() -> None:
    """A push with all that can be said has all of it on the wire."""
    request = SendPush(
        identifiers=CioId("cio_a3"),
        transactional_message_id=4,
        to="token-1",
        title="t",
        message="m",
        image_url="https://a.example/i.png",
        link="app://x",
        sound="none",
        custom_data={"a": "b"},
        custom_device=PushDevice(token="t", platform="ios", last_used=NOW, attributes={"os": "18"}),
        custom_payload={"ios": {"aps": {}}, "android": {"message": {}}},
        send_to_unsubscribed=True,
        auto_create=False,
    )
    assert body(request) == {
        "identifiers": {"cio_id": "a3"},
        "transactional_message_id": 4,
        "to": "token-1",
        "title": "t",
        "message": "m",
        "image_url": "https://a.example/i.png",
        "link": "app://x",
        "sound": "none",
        "custom_data": {"a": "b"},
        "custom_device": {"token": "t", "platform": "ios", "last_used": NOW, "attributes": {"os": "18"}},
        "custom_payload": {"ios": {"aps": {}}, "android": {"message": {}}},
        "send_to_unsubscribed": True,
        "auto_create": False,
    }


@pytest.mark.parametrize(
    ("kind", "fields", "expected"),
    [
        (
            SendSMS,
            {"from_": "Shop", "tracked": False, "send_to_unsubscribed": True, "message_data": {}},
            {"to": "+14155552671", "from": "Shop", "tracked": False, "send_to_unsubscribed": True, "message_data": {}},
        ),
        (SendSMS, {"to": "{{ customer.phone }}", "from_": "+15551234567"}, {"to": "{{ customer.phone }}", "from": "+15551234567"}),
        (SendInApp, {"message_data": {"a": 1}, "disable_message_retention": True}, {"message_data": {"a": 1}, "disable_message_retention": True}),
        (SendInboxMessage, {"to": "other", "queue_draft": False}, {"to": "other", "queue_draft": False}),
        (SendWhatsApp, {"to": "+14155552671", "tracked": True, "language": "de"}, {"to": "+14155552671", "tracked": True, "language": "de"}),
        (SendPush, {}, {}),
    ],
)  # fmt: skip
def test_the_other_channels_have_their_fields(
    kind: type[Any], fields: dict[str, Any], expected: dict[str, Any]
) -> None:
    """What is given goes out, and nothing else."""
    assert body(make(kind, **fields)) == {**IDENTIFIED, **expected}


def test_an_email_needs_no_template_if_it_is_complete() -> None:
    """Body, subject and sender take the template's place."""
    request = SendEmail(to="a@b", identifiers=Id("1"), body="b", subject="s", from_="c@d")
    assert body(request) == {
        "to": "a@b",
        "identifiers": {"id": "1"},
        "body": "b",
        "subject": "s",
        "from": "c@d",
    }


def test_declared_data_goes_out_with_its_template() -> None:
    """A class of an application's own carries its template and its typed data."""
    receipt = Receipt(
        to="a@b", identifiers="1", message_data=ReceiptData(order_id="7", total=Decimal("9.90"))
    )
    assert body(receipt) == {
        "to": "a@b",
        "identifiers": {"id": "1"},
        "transactional_message_id": "receipt",
        "message_data": {"order_id": "7", "total": 9.90},
    }
    wrong: Any = ReceiptData(order_id="7", total=3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    assert problems(Receipt(to="a@b", identifiers="1", message_data=wrong)) == []
    wrong = ReceiptData(order_id=7, total=Decimal(1))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    assert problems(Receipt(to="a@b", identifiers="1", message_data=wrong)) == [
        "message_data.order_id: expected str, got int"
    ]
    wrong = {"order_id": "7"}
    assert problems(Receipt(to="a@b", identifiers="1", message_data=wrong)) == [
        "message_data: expected ReceiptData, got dict"
    ]


@pytest.mark.parametrize(
    "several", [["a@b", "c@d"], ("a@b", "c@d"), deque(["a@b", "c@d"]), {"a@b": 1, "c@d": 2}.keys()]
)
def test_addresses_in_any_collection_are_one_text(several: Any) -> None:
    """The service takes text with commas: a JSON array in its place it would not."""
    sent = body(make(SendEmail, to=several, cc=several, bcc=several))
    assert [sent[name] for name in ("to", "cc", "bcc")] == ["a@b, c@d"] * 3


# What is refused ------------------------------------------------------------------------------------------------------

FAR = dt.datetime.fromtimestamp(NOW + DAYS_90, dt.UTC)
E164 = "a telephone number is written in E.164 form: +, country code, number, no spaces"
ADDRESSES_16 = ",".join(f"a{number}@example.com" for number in range(16))


@pytest.mark.parametrize(
    ("kind", "fields", "expected"),
    [
        (SendEmail, {"transactional_message_id": None}, ["needs transactional_message_id, or all of body, subject and from_; there is no body and no subject and no from_"]),
        (SendEmail, {"transactional_message_id": None, "body": "b", "from_": "a@b"}, ["needs transactional_message_id, or all of body, subject and from_; there is no subject"]),
        (SendEmail, {"transactional_message_id": 0}, ["transactional_message_id: expected a number from 1 or a trigger name that is not blank"]),
        (SendEmail, {"transactional_message_id": " "}, ["transactional_message_id: expected a number from 1 or a trigger name that is not blank"]),
        (SendEmail, {"transactional_message_id": 1.5}, ["transactional_message_id: expected the template's number or trigger name, got float"]),
        (SendPush, {"transactional_message_id": None}, ["transactional_message_id: expected the template's number or trigger name, got NoneType"]),
        (SendEmail, {"identifiers": Phone("+14155552671")}, ["identifiers: a telephone number cannot name a person here; use an id, an e-mail address or a cio_id"]),
        (SendEmail, {"identifiers": {"id": "1"}}, ["identifiers: expected an id as text, Id, Email, Phone or CioId, got dict"]),
        (SendSMS, {"identifiers": ""}, ["identifiers: id attribute cannot be an empty string"]),
        (SendEmail, {"to": ADDRESSES_16}, ["to: cc and bcc have 16 addresses together; Customer.io takes at most 15"]),
        (SendEmail, {"to": ADDRESSES_16.split(",")[:5], "cc": ADDRESSES_16.split(",")[:5], "bcc": ",".join(ADDRESSES_16.split(",")[:6])}, ["to: cc and bcc have 16 addresses together; Customer.io takes at most 15"]),
        (SendEmail, {"to": ",".join(ADDRESSES_16.split(",")[:15])}, []),
        (SendEmail, {"to": ",".join(f'"Doe, Jane, {number}" <a{number}@example.com>' for number in range(15))}, []),
        (SendEmail, {"to": {*ADDRESSES_16.split(",")}}, ["to: cc and bcc have 16 addresses together; Customer.io takes at most 15"]),
        (SendEmail, {"to": frozenset[str]()}, ["to: names nobody"]),
        (SendEmail, {"to": ""}, ["to: has an address that is empty"]),
        (SendEmail, {"to": []}, ["to: names nobody"]),
        (SendEmail, {"cc": "a@b,,c@d"}, ["cc: has an address that is empty"]),
        (SendEmail, {"to": 5}, ["to: expected str or Sequence[str], got int"]),
        (SendEmail, {"bcc": ["a@b", 5]}, ["bcc[1]: expected str, got int"]),
        (SendEmail, {"subject": 5, "tracked": "yes", "language": b"fr"}, ["language: expected str, got bytes", "subject: expected str, got int", "tracked: expected bool, got str"]),
        (SendEmail, {"send_at": NOW + DAYS_90 + 1}, ["send_at: can be at most 90 days ahead"]),
        (SendEmail, {"send_at": FAR}, []),
        (SendEmail, {"send_at": 1}, []),
        (SendEmail, {"send_at": "tomorrow"}, ["send_at: expected Unix seconds or a datetime with a time zone, got str"]),
        (SendEmail, {"send_at": NOW * 1000}, ["send_at: not Unix seconds: negative, or so large that it must be milliseconds"]),
        (SendEmail, {"headers": {"X-Ü": "a", "b": "c d", "e": ""}}, [f"headers.{name}: names and values are ASCII without spaces, and not empty" for name in ("X-Ü", "b", "e")]),
        (SendEmail, {"headers": {"a": 5}}, ["headers.a: expected str, got int"]),
        (SendEmail, {"headers": []}, ["headers: expected a mapping, got list"]),
        (SendEmail, {"auto_create": True}, ["auto_create: takes a trigger name as transactional_message_id; for a number it is ignored"]),
        (SendPush, {"auto_create": True, "transactional_message_id": "x"}, []),
        (SendEmail, {"message_data": 5}, ["message_data: expected a mapping, dataclass, attrs instance or model, got int"]),
        (SendEmail, {"message_data": {"a": [object()]}}, ["message_data.a[0]: object has no form in JSON; pass text, a number, a datetime, a list or a dict"]),
        (SendSMS, {"to": "555-1234"}, [f"to: {E164}"]),
        (SendSMS, {"to": ""}, [f"to: {E164}"]),
        (SendSMS, {"to": None}, ["to: expected str, got NoneType"]),
        (SendSMS, {"from_": "+1 555"}, [f"from_: {E164}"]),
        (SendWhatsApp, {"to": "14155552671"}, [f"to: {E164}"]),
        (SendPush, {"sound": "loud"}, ["sound: expected one of 'default', 'none'"]),
        (SendPush, {"to": "a\ud800"}, [f"to: {HALF}"]),
        (SendPush, {"to": " "}, ["to: expected text that is not blank"]),
        (SendPush, {"custom_device": {"token": "t"}}, ["custom_device: expected a PushDevice, got dict"]),
        (
            SendPush,
            {"custom_device": PushDevice(token="", platform="web", last_used=-1)},  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
            [
                "custom_device.token: expected text that is not blank",
                "custom_device.platform: expected one of 'ios', 'android'",
                "custom_device.last_used: not Unix seconds: negative, or so large that it must be milliseconds",
            ],
        ),
        (SendPush, {"custom_payload": {"web": {}}}, ["custom_payload: has ios, android or both, and nothing else"]),
        (SendPush, {"custom_data": 5}, ["custom_data: expected a mapping, got int"]),
        (
            SendEmail,
            {"identifiers": 5, "to": "", "send_at": "x", "headers": 1, "transactional_message_id": []},
            [
                "identifiers: expected an id as text, Id, Email, Phone or CioId, got int",
                "send_at: expected Unix seconds or a datetime with a time zone, got str",
                "transactional_message_id: expected the template's number or trigger name, got list",
                "headers: expected a mapping, got int",
                "to: has an address that is empty",
            ],
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told(kind: type[Any], fields: dict[str, Any], expected: list[str]) -> None:
    """Each rule has its words and its place, and several mistakes are told together."""
    assert problems(make(kind, **fields)) == expected


def test_a_message_has_a_size() -> None:
    """What is larger than the service takes as a whole is not sent."""
    (told,) = problems(make(SendEmail, body="x" * 2_048_000))
    assert told == "is 2048086 bytes in all; Customer.io takes at most 2048000"
    assert problems(make(SendEmail, body="x" * 2_047_914)) == []


# Attachments ----------------------------------------------------------------------------------------------------------


def test_attachments_come_from_anywhere(tmp_path: Path) -> None:
    """Paths, bytes, open files and what is encoded already end up the same, encoded once."""
    path = tmp_path / "a.txt"
    path.write_bytes(b"\x00\xff")
    encoded = base64.b64encode(b"\x00\xff").decode()
    with path.open("rb") as opened:
        request = make(
            SendEmail,
            attachments=[
                path,
                Attachment("b.txt", b"\x00\xff"),
                Attachment("c.txt", bytearray(b"\x00\xff")),
                Attachment("d.txt", memoryview(b"\x00\xff")),
                Attachment("e.txt", opened),
                Attachment("f.txt", encoded=encoded),
                Attachment.from_path(str(path), "g.txt"),
                Attachment.from_path(path, "h.txt"),
            ],
        )
        assert body(request)["attachments"] == {f"{letter}.txt": encoded for letter in "abcdefgh"}


def closed_file() -> io.BytesIO:
    """Return a file that was closed before it was sent, as at the end of a web request."""
    file = io.BytesIO(b"x")
    file.close()
    return file


class BrokenFile:
    """A file on a disk, or at the other end of a network, that is gone."""

    def read(self, _size: int = -1, /) -> bytes:
        """Raise what the system says."""
        raise OSError(errno.EIO, "Input/output error", "/home/secret/a.txt")


def test_of_a_file_that_is_too_long_only_so_much_is_read(tmp_path: Path) -> None:
    """A file without an end, or of the size of a disk, is refused before it fills the memory."""
    path = tmp_path / "a.txt"
    with path.open("wb") as file:
        file.truncate(3_000_000)
    (told,) = problems(make(SendEmail, attachments={"a.txt": path}))
    assert told == "attachments.a.txt: the file has more than 2000000 bytes, which Customer.io does not take"


@pytest.mark.parametrize(
    ("attachments", "expected"),
    [
        ([Attachment("a.txt", b""), Attachment("a.txt", b"")], ["attachments[1].name: is the name of another attachment too"]),
        ([Attachment("", b"")], ["attachments[0].name: expected the file's name, with its ending"]),
        ({"a.txt": "text"}, ["attachments.a.txt: expected bytes, a Path or an open file, got str"]),
        ({"a.txt": io.StringIO("text")}, ["attachments.a.txt: expected bytes, a Path or an open file, got text; open the file with 'rb'"]),
        ({5: b""}, ["attachments.5.name: expected the file's name, with its ending"]),
        ("a.txt", ["attachments: expected a list or a mapping, got str"]),
        (["a.txt"], ["attachments[0]: expected an Attachment or a Path, got str"]),
        ([Path("/nowhere/a.txt")], ["attachments[0]: the file cannot be read: No such file or directory"]),
        ([Attachment("a.txt", encoded="!")], ["attachments[0].encoded: is no base 64"]),
        ([Attachment("a.txt", encoded=b"eA==")], ["attachments[0].encoded: expected base 64 as text, got bytes"]),  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        ([Attachment("a\ud800.txt", b"")], [f"attachments[0].name: {HALF}"]),
        ({"a.txt": Path("a\0b")}, ["attachments.a.txt: the file cannot be read: ValueError"]),
        ({"a.txt": closed_file()}, ["attachments.a.txt: the file cannot be read: it is closed"]),
        ({"a.txt": BrokenFile()}, ["attachments.a.txt: the file cannot be read: Input/output error"]),
        ([Attachment("a.txt", b"", encoded="")], ["attachments[0]: has content and encoded; give one of them"]),
        ([Attachment("a.txt", b"x" * 750_000), Attachment("b.txt", b"x" * 750_000)], ["attachments: are 2000000 bytes together in base 64; Customer.io takes less than 2000000"]),
        ([Attachment("a.txt", b"x" * 1_499_997)], []),
        ([Attachment("a.txt", encoded="x" * 2_000_000)], ["attachments: are 2000000 bytes together in base 64; Customer.io takes less than 2000000"]),
        ({"a.txt": "x", "b.txt": 5}, ["attachments.a.txt: expected bytes, a Path or an open file, got str", "attachments.b.txt: expected bytes, a Path or an open file, got int"]),
    ],
)  # fmt: skip
def test_wrong_attachments_are_told(attachments: Any, expected: list[str]) -> None:
    """Each rule has its words and its place."""
    assert problems(make(SendEmail, attachments=attachments)) == expected
