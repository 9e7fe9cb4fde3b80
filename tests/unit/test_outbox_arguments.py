"""What an outbox is made with: the same for every client, and by names that the checkers know."""

import inspect
from typing import Any

import pytest

from ciokit import AsyncOutbox, Outbox, PipelinesClient, SettingsError, TrackClient
from ciokit.outboxes.arguments import OutboxArguments
from ciokit.outboxes.pipelines import AsyncPipelinesOutbox, PipelinesOutbox
from ciokit.outboxes.shell import OutboxShell

TRACK = TrackClient("site", "key", base_url="http://127.0.0.1:9")
PIPELINES = PipelinesClient("key", base_url="http://127.0.0.1:9")


def test_the_named_arguments_are_those_of_the_outbox() -> None:
    """What is passed on by name is what the outbox takes, all of it."""
    shell: type[OutboxShell[Any]] = OutboxShell
    taken = inspect.signature(shell).parameters.keys() - {"client"}
    assert taken == OutboxArguments.__annotations__.keys()


@pytest.mark.parametrize("kind", [Outbox, AsyncOutbox, PipelinesOutbox, AsyncPipelinesOutbox])
def test_help_shows_the_arguments(kind: type[Any]) -> None:
    """Who asks a shell how an outbox is made sees each argument with its default, not that there are some."""
    shell: type[OutboxShell[Any]] = OutboxShell
    shown, taken = inspect.signature(kind).parameters, inspect.signature(shell).parameters
    assert [*shown] == [*taken]
    assert [shown[name] for name in OutboxArguments.__annotations__] == [
        taken[name] for name in OutboxArguments.__annotations__
    ]


def test_help_shows_the_arguments_of_an_applications_own_outbox() -> None:
    """A class that an application builds on an outbox, with arguments of its own, is shown with these."""

    def begin(_outbox: object, _client: object, *, name: str) -> None:
        raise AssertionError(name)

    own = type("Own", (Outbox,), {"__init__": begin})
    assert "flush_interval" not in str(inspect.signature(own))


def test_the_client_decides_the_verbs() -> None:
    """One name makes the outbox that fits the client, of either kind."""
    made = [Outbox(TRACK), Outbox(PIPELINES), AsyncOutbox(TRACK), AsyncOutbox(PIPELINES)]
    assert [type(outbox) for outbox in made] == [Outbox, PipelinesOutbox, AsyncOutbox, AsyncPipelinesOutbox]
    assert not hasattr(made[0], "group")
    assert not hasattr(made[1], "merge")


def test_a_client_of_the_other_api_is_refused() -> None:
    """An outbox that has one API's verbs takes no client of the other, and says which to build on."""
    with pytest.raises(SettingsError, match="must be a PipelinesClient here, got TrackClient"):
        PipelinesOutbox(TRACK)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]

    class Own(Outbox):
        """An application's own."""

    with pytest.raises(SettingsError, match="build on PipelinesOutbox"):
        Own(PIPELINES)
    assert type(Own(TRACK)) is Own


@pytest.mark.parametrize("kind", [TrackClient, TrackClient[Any, Any], PipelinesClient])
def test_a_class_is_no_client(kind: Any) -> None:
    """Who gives the class, as `ciokit.outbox` takes it, hears that a client is to be made of it."""
    for make in (Outbox, AsyncOutbox):
        with pytest.raises(
            SettingsError,
            match=r"needs a client, got a class of them: call it, as in Outbox\(TrackClient\(\)\)",
        ):
            make(kind)


def test_retries_are_a_policy() -> None:
    """A number of retries is refused under its name, with what to write."""
    wrong: Any = 3
    with pytest.raises(
        SettingsError, match=r"retry must be a RetryPolicy, such as RetryPolicy\(max_retries=5\), got 3"
    ):
        Outbox(TRACK, retry=wrong)


def test_arguments_reach_the_outbox_of_either_api() -> None:
    """What is out of range is refused under its name, whichever client it is."""
    mistyped: Any = "burst"
    for client in (TRACK, PIPELINES):
        with pytest.raises(SettingsError, match="overflow must be one of"):
            Outbox(client, overflow=mistyped)
