"""The feed of a sandbox: reading it, choosing among its entries, and their rows."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import ciokit
from ciokit.cli.feed import Entry, Wanted, read_entries
from ciokit.cli.feed_rows import row
from ciokit.sandbox.control.stream import HEARTBEAT, next_chunk, opening
from ciokit.testing import CioSandbox


def entries_of(sandbox: CioSandbox) -> list[Entry]:
    """Return what the sandbox's stream would have sent so far."""
    text = (opening(0) + HEARTBEAT + next_chunk(sandbox.world, 0).body).decode()
    return list(read_entries(text.split("\n")))


def rows_of(sandbox: CioSandbox, **wanted: Any) -> list[str]:
    """Return the rows that would be shown, less their times."""
    chosen = Wanted(wanted.pop("kinds", ()), **wanted)
    entries = [entry for entry in entries_of(sandbox) if chosen.takes(entry) and entry.kind != "hello"]
    return [" ".join(row(entry).plain.split()[1:]) for entry in entries]


def test_the_streams_own_output_is_read() -> None:
    """What the sandbox writes is read back: greeting, positions, kinds and records; a heartbeat is nothing."""
    with CioSandbox() as sandbox:
        ciokit.track_client().track("user-1", "seen", {"n": 1})
        hello, *entries = entries_of(sandbox)
    assert hello == Entry(0, "hello", {})
    assert [entry.kind for entry in entries] == ["warning", "person", "event", "request"]
    assert [entry.seq for entry in entries] == sorted(entry.seq for entry in entries)
    assert entries[2].record["data"]["n"] == 1


@given(st.lists(st.text(), max_size=20))
def test_no_line_breaks_the_reader(lines: list[str]) -> None:
    """Lines that are no fields, and events without data, are passed over."""
    assert list(read_entries(line for line in lines if not line.startswith("data"))) == []


def test_an_event_that_is_cut_off_is_no_entry() -> None:
    """Only a blank line ends an event; one that the connection's end cut short is asked for again."""
    assert list(read_entries(["id: 1", "event: event", 'data: {"a": 1}'])) == []
    assert list(read_entries(["id: x", "data:{}", ""])) == [Entry(0, "message", {})]


def test_rows_say_what_happened() -> None:
    """Each kind has its row; a request that went well is not worth one unless it is asked for."""
    with CioSandbox() as sandbox:
        client = ciokit.track_client()
        client.identify("user-1", {"email": "ann@example.com"})
        client.track("user-1", "Order Placed", {"total": 3})
        client.page("user-1", "/home")
        client.track_anonymous("visitor", "browsed")
        client.identify_object(ciokit.ObjectId("1", "acme"), {"size": 5})
        ciokit.app_client().send_push(ciokit.SendPush(identifiers="user-1", transactional_message_id=4))
        sandbox.fail(503, times=1)
        client.track("user-1", "retried")
        client.delete("user-1")
        rows = rows_of(sandbox)
        requests = rows_of(sandbox, kinds=["request"])
    assert "person user-1 changed ann@example.com" in rows
    assert 'event user-1 Order Placed {"total":3}' in rows
    assert "event user-1 page /home" in rows
    assert "event anonymous visitor browsed" in rows
    assert "event user-1 retried (attempt 2)" in rows
    assert "request track 503 POST /api/v2/entity fault 1" in rows
    assert "faults switched on or off" in rows
    assert "person user-1 deleted" in rows
    assert "message all push sent, template 4" in rows
    assert "request track 200 POST /api/v2/entity" in requests
    assert "request track 200 POST /api/v2/entity" not in rows
    assert len(requests) == 9
    assert "request track 200 POST /api/v2/entity attempt 2" in requests


def test_a_person_is_followed_by_all_names() -> None:
    """What is said of a person by e-mail address is found when the id was asked for, once both are known."""
    with CioSandbox() as sandbox:
        client = ciokit.track_client()
        client.identify("user-1", {"email": "ann@example.com"})
        client.identify("user-2", {"email": "bob@example.com"})
        client.track(ciokit.Email("Ann@example.com"), "seen")
        client.track("user-2", "other")
        rows = rows_of(sandbox, person="user-1", kinds=["event"])
        assert rows_of(sandbox, person="nobody") == []
    assert rows == ["event Ann@example.com seen"]


def test_names_workspaces_and_kinds_narrow_it() -> None:
    """Each filter leaves out what it is not about, and together they all hold."""
    with CioSandbox() as sandbox:
        client = ciokit.track_client()
        for name in ("order placed", "order paid", "seen"):
            client.track("user-1", name)
        orders = rows_of(sandbox, name="order*")
        assert rows_of(sandbox, workspace="another") == []
        assert len(rows_of(sandbox, workspace="default", kinds=["event"])) == 3
        assert rows_of(sandbox, name="seen", kinds=["person"]) == []
        sandbox.world.reset()
        assert rows_of(sandbox, kinds=["other"]) == ["reset everything is forgotten"]
    assert orders == ["event user-1 order placed", "event user-1 order paid"]


@pytest.mark.parametrize(
    "hostile", ["\x1b[31mred\x1b[0m", "a\rb", "a\nb", "\x9b2J", "\u202egnirts", "[red]x[/red]"]
)
def test_nothing_that_was_sent_moves_the_cursor(hostile: str) -> None:
    """Control characters and markup of an application's data are shown as text."""
    with CioSandbox() as sandbox:
        ciokit.track_client().track(f"user {hostile}", f"name {hostile}", {hostile: hostile})
        (event,) = (entry for entry in entries_of(sandbox) if entry.kind == "event")
    shown = row(event)
    assert shown.plain.isprintable()
    assert "[red]" not in hostile or "[red]x[/red]" in shown.plain


def test_skipped_entries_are_told() -> None:
    """A gap in the feed is a row of its own."""
    assert row(Entry(5, "skipped", {})).plain.endswith(" older entries are no longer kept")
