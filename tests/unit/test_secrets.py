"""Keys: what holds them can be printed and looked into, and goes into no pickle and no copy."""

import copy
import os
import pickle
import traceback
from collections.abc import Callable
from typing import Any

import pytest

from ciokit import (
    AppClient,
    AsyncAppClient,
    AsyncOutbox,
    AsyncPipelinesClient,
    AsyncTrackClient,
    Outbox,
    PipelinesClient,
    SettingsError,
    TrackClient,
)
from ciokit.settings import Secret, Settings
from ciokit.transport import Connection

KEY = "s3cr3t-key"
ADDRESS = "http://127.0.0.1:9"


def make_track() -> TrackClient:
    """Return a client that has sent nothing yet, so that nothing but keys could keep it out of a pickle."""
    return TrackClient("site", KEY, base_url=ADDRESS)


HOLDERS: dict[str, Callable[[], Any]] = {
    "TrackClient": make_track,
    "AsyncTrackClient": lambda: AsyncTrackClient("site", KEY, base_url=ADDRESS),
    "AppClient": lambda: AppClient(KEY, base_url=ADDRESS),
    "AsyncAppClient": lambda: AsyncAppClient(KEY, base_url=ADDRESS),
    "PipelinesClient": lambda: PipelinesClient(KEY, base_url=ADDRESS),
    "AsyncPipelinesClient": lambda: AsyncPipelinesClient(KEY, base_url=ADDRESS),
    "Outbox": lambda: Outbox(make_track()),
    "AsyncOutbox": lambda: AsyncOutbox(make_track()),
}


@pytest.mark.parametrize("taken", [pickle.dumps, copy.copy, copy.deepcopy])
@pytest.mark.parametrize("name", HOLDERS)
def test_what_holds_keys_is_not_pickled(name: str, taken: Callable[[Any], object]) -> None:
    """A client or an outbox that is sent to another process by mistake is refused by name, with what to do instead."""
    holder = HOLDERS[name]()
    with pytest.raises(
        TypeError, match=f"^{name} holds .* not pickled or copied: make one where it is used$"
    ):
        taken(holder)


@pytest.mark.parametrize("taken", [pickle.dumps, copy.copy, copy.deepcopy, str, repr])
def test_a_secret_shows_itself_when_asked_alone(taken: Callable[[Any], object]) -> None:
    """Neither a text nor a pickle nor a copy of a key comes about by accident."""
    try:
        shown = taken(Secret(KEY))
    except TypeError as error:
        shown = error
    assert KEY not in str(shown)


def test_a_proxys_password_is_not_shown() -> None:
    """What says how to reach an API is among the local variables of many an error."""
    at = Connection(
        url=ADDRESS, authorization=Secret(KEY), user_agent="test", proxy=f"http://user:{KEY}@proxy:3128"
    )
    assert KEY not in repr(at)


def test_settings_can_be_looked_into() -> None:
    """Settings hide the keys they were given and those they found, and keep nothing of what is not theirs."""
    found = {
        "CUSTOMERIO_SITE_ID": KEY,
        "CUSTOMERIO_APP_API_KEY": KEY,
        "CUSTOMERIO_REGION": "eu",
        "DATABASE_PASSWORD": KEY,
    }
    settings = Settings({"track_api_key": KEY, "pipelines_api_key": Secret(KEY)}, found)
    again = settings.within("eu", "the key")
    for one in (settings, again):
        assert KEY not in repr(one)
        assert KEY not in repr(vars(one))
        keys = one.credentials("site_id", "track_api_key", "app_api_key", "pipelines_api_key")
        assert [key.reveal() for key in keys] == [KEY] * 4
        assert one.region == "eu"


@pytest.mark.parametrize(
    ("changed", "make"),
    [
        ({"CUSTOMERIO_REGION": "mars"}, TrackClient),
        ({"CUSTOMERIO_TRACK_API_KEY": ""}, TrackClient),
        ({"CUSTOMERIO_TRACK_API_KEY": f"{KEY}\N{EN DASH}"}, TrackClient),
        ({"CUSTOMERIO_APP_API_KEY": f"{KEY}\N{EN DASH}"}, AppClient),
        ({"CIOKIT_BASE_URL": "http://far.example.com"}, PipelinesClient),
        ({}, lambda: Outbox(TrackClient(), batch_size=0)),
    ],
)
def test_an_error_tracker_sees_no_key(
    monkeypatch: pytest.MonkeyPatch, changed: dict[str, str], make: Callable[[], object]
) -> None:
    """When settings are wrong, the local variables of the frames hold neither our keys nor the environment's others."""
    for name in ("SITE_ID", "TRACK_API_KEY", "APP_API_KEY", "PIPELINES_API_KEY"):
        monkeypatch.setenv(f"CUSTOMERIO_{name}", KEY)
    monkeypatch.setenv("DATABASE_PASSWORD", KEY)
    for name, value in changed.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        make()
    told = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    frames = [frame for frame in told.stack if f"{os.sep}ciokit{os.sep}" in frame.filename]
    assert frames
    assert not [
        (frame.name, name) for frame in frames for name, shown in (frame.locals or {}).items() if KEY in shown
    ]
