"""What the service answers: known fields as the reference has them, everything else kept, nothing lost by a surprise."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ciokit.app import records
from ciokit.app.answers import Many, One, Paged, Plain
from ciokit.app.records import (
    Action,
    Activity,
    BroadcastTrigger,
    Customer,
    CustomerIdentifiers,
    Export,
    Import,
    LinkMetrics,
    Message,
    Metrics,
    Optout,
    Record,
    Segment,
    TriggerId,
    read_record,
)

PERSON = {
    "id": "7",
    "identifiers": {"email": "a@b", "id": "7", "cio_id": "a3"},
    "attributes": {"created_at": "1489014595", "deep": {"x": [1]}},
    "timestamps": {"created_at": 1489014595},
    "unsubscribed": False,
    "devices": [{"id": "t", "platform": "ios", "last_used": 1, "attributes": {"os": "18"}}],
}


def encoded(value: Any) -> bytes:
    """Return JSON."""
    return json.dumps(value).encode()


def test_a_person_is_read() -> None:
    """The nested parts are structs, and the attributes are as they came."""
    person = One(Customer, "customer").read(encoded({"customer": PERSON}))
    assert person.identifiers == CustomerIdentifiers(id="7", email="a@b", cio_id="a3")
    assert person.attributes == PERSON["attributes"]
    assert person.devices[0].platform == "ios"
    assert person.extra == person.devices[0].extra == {}


def test_unknown_fields_are_kept_where_they_came() -> None:
    """A field that nobody knew of is in extra, at any depth."""
    told = {**PERSON, "new": {"a": 1}, "devices": [{"id": "t", "battery": 5}]}
    person = One(Customer, "customer").read(encoded({"customer": told}))
    assert person.extra == {"new": {"a": 1}}
    assert person.devices[0].extra == {"battery": 5}


def test_values_of_another_type_are_kept_and_cost_nothing() -> None:
    """A value that does not fit its field leaves the field empty, and is in extra as it came."""
    segment = One(Segment, "segment").read(
        b'{"segment":{"id":7,"name":5,"tags":["a",1],"progress":"half","state":"build"}}'
    )
    assert (segment.id, segment.state) == (7, "build")
    assert (segment.name, segment.tags, segment.progress) == ("", (), None)
    assert segment.extra == {"name": 5, "tags": ["a", 1], "progress": "half"}


def test_a_number_may_come_as_text_where_nothing_can_be_done_without_it() -> None:
    """A broadcast that was set off is known by its number, however the service writes it."""
    assert One(TriggerId).read(b'{"id":"7"}') == TriggerId(id=7)
    assert Many(Segment, "segments").read(b'{"segments":[{"id":"7"}]}') == (Segment(id=7),)


def test_null_is_as_good_as_nothing() -> None:
    """Where the service says null instead of leaving out, a field has its default."""
    segment = One(Segment, "segment").read(b'{"segment":{"id":7,"name":null,"tags":null,"description":null}}')
    assert segment == Segment(id=7)
    assert Many(Segment, "segments").read(b'{"segments":null}') == ()


@pytest.mark.parametrize(
    "body", [b"{}", b"[]", b"7", b'{"segment":[]}', b'{"segment":{}}', b'{"segment":{"id":"x"}}']
)
def test_what_nothing_can_be_done_with_is_an_error(body: bytes) -> None:
    """A thing without its number is none."""
    with pytest.raises(msgspec.DecodeError):
        One(Segment, "segment").read(body)


def test_a_list_of_texts_has_texts() -> None:
    """What stands in a list of texts and is none is an error."""
    assert Many(str, "ip_addresses").read(b'{"ip_addresses":["10.0.0.1"]}') == ("10.0.0.1",)
    with pytest.raises(msgspec.DecodeError):
        Many(str, "ip_addresses").read(b'{"ip_addresses":[{}]}')


def test_the_vendors_own_field_named_extra_is_no_trap() -> None:
    """A field that is called extra at the service is kept in extra."""
    assert One(Segment).read(b'{"id":1,"extra":{"a":1}}').extra == {"extra": {"a": 1}}


def test_renamed_fields_are_found() -> None:
    """What Python cannot call `from` is `from_`."""
    assert Many(Optout, "optouts").read(b'{"optouts":[{"channel":"sms","from":"+1"}]}')[0].from_ == "+1"
    assert One(Action, "action").read(b'{"action":{"id":1,"from":"a@b","new":1}}').from_ == "a@b"


def test_series_are_numbers() -> None:
    """Metrics have a number a period; the statuses of webhooks, which are no names, are in extra."""
    metrics = One(Metrics, "metric").read(b'{"metric":{"series":{"sent":[1,2],"2xx":[3]}}}')
    assert metrics.series.sent == (1, 2)
    assert metrics.series.extra == {"2xx": [3]}
    (link,) = Many(LinkMetrics, "links").read(
        b'{"links":[{"link":{"id":1,"href":"h"},"metric":{"series":{"clicked":[4]}}}]}'
    )
    assert (link.link.href, link.metric.series.clicked) == ("h", (4,))


def test_a_list_may_wrap_each_item() -> None:
    """People who are asked for together come each in a wrapper."""
    people = Many(Customer, "customers", each="customer").read(encoded({"customers": [{"customer": PERSON}]}))
    assert people[0].id == "7"


@pytest.mark.parametrize(
    ("after", "expected"), [('"a"', "a"), ("7", "7"), ("0", ""), ('""', ""), ("null", ""), (None, "")]
)
def test_where_the_next_page_begins_is_text(after: str | None, expected: str) -> None:
    """Text, number, null or nothing: an empty text is the end."""
    tail = "" if after is None else f',"next":{after}'
    assert Paged(Message, "messages").read(f'{{"messages":[]{tail}}}'.encode()).next == expected


def test_an_empty_answer_is_an_empty_object() -> None:
    """An operation that answers with an object may answer with nothing."""
    assert Plain().read(b"") == Plain().read(b"{}\n") == {}


def test_exports_imports_and_triggers_know_their_end() -> None:
    """What can be waited for says when it is over, and whether it failed."""
    states = [(export.is_over, export.failure) for export in (
        Export(id=1, status="pending"), Export(id=1, status="done"), Export(id=1, status="failed"), Export(id=1, failed=True),
    )]  # fmt: skip
    assert states == [(False, ""), (True, ""), (True, "failed"), (True, "failed")]
    running = ["preprocessing", "preprocessed", "validating", "validated", "importing", ""]
    assert not any(Import(id=1, state=state).is_over for state in running)
    assert [Import(id=1, state=state).failure for state in ("imported", "failed", "canceled")] == [
        "",
        "failed",
        "canceled",
    ]
    assert [BroadcastTrigger(id=1, processed_at=at).is_over for at in (None, 0, 5)] == [False, False, True]


RECORDS = [kind for kind in vars(records).values() if isinstance(kind, type) and issubclass(kind, Record)]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(st.data())
def test_whatever_comes_is_read_or_refused_and_never_lost(data: st.DataObject) -> None:
    """Any record reads any object: each value is in its field or in extra, or the record is refused whole."""
    kind = data.draw(st.sampled_from(RECORDS))
    names = [field.encode_name for field in msgspec.structs.fields(kind)]
    told = data.draw(st.dictionaries(st.sampled_from(names) | st.text(max_size=5), JSON, max_size=6))
    try:
        record = read_record(told, kind)
    except msgspec.ValidationError:
        return
    for field in msgspec.structs.fields(kind):
        if (
            field.name != "extra"
            and told.get(field.encode_name) is not None
            and field.encode_name not in record.extra
        ):
            assert getattr(record, field.name) is not None
    unknown = told.keys() - set(names)
    assert unknown <= record.extra.keys()


def test_an_activity_has_its_data_as_it_came() -> None:
    """The data of an activity depends on its type."""
    activity = One(Activity).read(
        b'{"id":"a","type":"event","name":"n","data":{"x":1},"delivery_type":"email"}'
    )
    assert (activity.name, activity.data) == ("n", {"x": 1})
