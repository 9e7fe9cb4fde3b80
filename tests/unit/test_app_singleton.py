"""One App client a process, and one for each event loop."""

import asyncio

import pytest

import ciokit
from ciokit import SettingsError


@pytest.fixture(autouse=True)
def forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin without clients, and with an address for which no certificates are read."""
    monkeypatch.setenv("CIOKIT_BASE_URL", "http://127.0.0.1:9")
    ciokit.reset()


def test_the_same_client_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks gets the one client, until it is reset; a missing key is named."""
    with pytest.raises(SettingsError, match="CUSTOMERIO_APP_API_KEY"):
        ciokit.app_client()
    monkeypatch.setenv("CUSTOMERIO_APP_API_KEY", "key")
    client = ciokit.app_client()
    assert isinstance(client, ciokit.AppClient)
    assert ciokit.app_client() is client
    ciokit.reset()
    assert ciokit.app_client() is not client


def test_one_for_each_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two loops, one after the other, have clients of their own; outside of a loop there is none."""
    monkeypatch.setenv("CUSTOMERIO_APP_API_KEY", "key")

    async def ask() -> ciokit.AsyncAppClient:
        assert ciokit.async_app_client() is ciokit.async_app_client()
        return ciokit.async_app_client()

    assert asyncio.run(ask()) is not asyncio.run(ask())
    with pytest.raises(RuntimeError):
        ciokit.async_app_client()
