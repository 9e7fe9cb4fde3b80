"""Whom a broadcast goes to: each audience on the wire with the flags that fit it, and what is refused."""

import io
import json
from typing import Any

import pytest

from ciokit import CioId, Email, Id, InvalidData
from ciokit.app import DataFile, Emails, Ids, PerUserData, Recipients, UserData, write_data_file
from ciokit.app.endpoint import prepare
from ciokit.app.endpoints.broadcasts import BROADCASTS_TRIGGER
from ciokit.app.filters import in_segment
from ciokit.encoding.drafts import HALF, Draft, Encoding


def body(audience: Any, data: Any = None) -> Any:
    """Return what a trigger becomes."""
    arguments = {"broadcast_id": 5, "audience": audience, "data": data}
    return json.loads(prepare(BROADCASTS_TRIGGER, arguments, Draft(Encoding(), 0)).body)


def problems(audience: Any, data: Any = None) -> list[str]:
    """Return what is said against a trigger."""
    with pytest.raises(InvalidData) as caught:
        body(audience, data)
    return [str(problem) for problem in caught.value.problems]


AUDIENCES: list[tuple[Any, dict[str, Any]]] = [
    (None, {}),
    (Recipients(in_segment(3)), {"recipients": {"segment": {"id": 3}}}),
    (Emails(["a@b"]), {"emails": ["a@b"]}),
    (
        Emails(["a@b"], ignore_missing=True, add_duplicates=True),
        {"emails": ["a@b"], "email_ignore_missing": True, "email_add_duplicates": True},
    ),
    (Ids(("1", "2")), {"ids": ["1", "2"]}),
    (Ids(["1"], ignore_missing=True), {"ids": ["1"], "id_ignore_missing": True}),
    (
        PerUserData([UserData("1", {"a": 1}), UserData(Id("2")), UserData(Email("a@b"), {})]),
        {"per_user_data": [{"id": "1", "data": {"a": 1}}, {"id": "2"}, {"email": "a@b", "data": {}}]},
    ),
    (
        PerUserData([UserData("1")], id_ignore_missing=True, email_add_duplicates=True),
        {"per_user_data": [{"id": "1"}], "id_ignore_missing": True, "email_add_duplicates": True},
    ),
    (
        DataFile("https://a.example/f.jsonl", email_ignore_missing=True),
        {"data_file_url": "https://a.example/f.jsonl", "email_ignore_missing": True},
    ),
]


@pytest.mark.parametrize(("audience", "expected"), AUDIENCES)
def test_each_audience_has_its_field_and_its_flags(audience: Any, expected: dict[str, Any]) -> None:
    """One variant goes out, and a flag only where it is set."""
    assert body(audience) == expected
    assert body(audience, {"headline": "Ü"}) == {"data": {"headline": "Ü"}, **expected}


@pytest.mark.parametrize(
    ("audience", "expected"),
    [
        ("all", ["audience: expected Recipients or Emails or Ids or PerUserData or DataFile, got str"]),
        ({"ids": ["1"], "ignore_missing": False}, ["audience: expected Recipients, Emails, Ids, PerUserData or DataFile, got dict"]),
        ({"filter": in_segment(3)}, ["audience: expected Recipients, Emails, Ids, PerUserData or DataFile, got dict"]),
        (PerUserData([{"person": "1"}]), ["audience.users[0]: expected UserData, got dict"]),  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
        (Recipients({}), ["audience.filter: must have exactly one of and, attribute, not, or, segment at its top; see all_of, any_of"]),
        (Recipients({"and": [], "or": []}), ["audience.filter: must have exactly one of and, attribute, not, or, segment at its top; see all_of, any_of"]),
        (Recipients({"object_attribute": {}}), ["audience.filter: must have exactly one of and, attribute, not, or, segment at its top; see all_of, any_of"]),
        (Emails([]), ["audience.emails: names nobody"]),
        (Emails(["a@b", " "]), ["audience.emails[1]: expected text that is not blank"]),
        (Ids(["1", "a\ud800"]), [f"audience.ids[1]: {HALF}"]),
        (Ids([]), ["audience.ids: must be 1 to 10000 people; put more into a DataFile", "audience.ids: names nobody"]),
        (Ids(["x"] * 10_001), ["audience.ids: must be 1 to 10000 people; put more into a DataFile"]),
        (PerUserData([UserData("1")] * 10_001), ["audience.users: must be 1 to 10000 people; put more into a DataFile"]),
        (PerUserData([]), ["audience.users: must be 1 to 10000 people; put more into a DataFile"]),
        (PerUserData([UserData("1", 5), UserData("")]), ["audience.users[0].data: expected a mapping, dataclass, attrs instance or model, got int", "audience.users[1].person: id attribute cannot be an empty string"]),
        (DataFile(""), ["audience.url: expected text that is not blank"]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told(audience: Any, expected: list[str]) -> None:
    """Each rule has its words and its place."""
    assert problems(audience) == expected


def test_a_person_of_another_kind_is_refused() -> None:
    """A trigger knows people by id and e-mail address alone."""
    person: Any = CioId("a3")
    assert problems(PerUserData([UserData(person)])) == [
        "audience.users[0].person: expected str or Id or Email, got CioId"
    ]


def test_data_must_be_an_object() -> None:
    """What the messages refer to has names."""
    assert problems(None, [1]) == ["data: expected a mapping, dataclass, attrs instance or model, got list"]


def test_ten_thousand_people_fit() -> None:
    """The limit itself is allowed."""
    assert len(body(Ids(["x"] * 10_000))["ids"]) == 10_000


def test_a_data_file_has_a_person_a_line() -> None:
    """What is written is what the service reads: one JSON object a line."""
    file = io.BytesIO()
    users = (UserData(Email(f"{number}@b"), {"n": number, "text": "a\nb"}) for number in range(3))
    assert write_data_file(file, users) == 3
    lines = file.getvalue().decode().split("\n")
    assert [json.loads(line) for line in lines[:-1]] == [
        {"email": f"{number}@b", "data": {"n": number, "text": "a\nb"}} for number in range(3)
    ]
    with pytest.raises(InvalidData, match=r"users\[0\]\.data: expected a mapping"):
        write_data_file(file, [UserData("1", 5)])
    plain: Any = {"id": "1"}
    with pytest.raises(InvalidData, match=r"users\[0\]: expected UserData, got dict"):
        write_data_file(file, [plain])
    wrong: Any = CioId("a3")
    with pytest.raises(
        InvalidData, match=r"users\[0\]\.person: expected an id as text, Id or Email, got CioId"
    ):
        write_data_file(file, [UserData(wrong)])
