"""Settings: where each comes from, what it may be, and what is said of one that is wrong."""

import os
from pathlib import Path

import pytest

from ciokit import SettingsError
from ciokit.settings import HOSTS, Api, Region, Secret, Settings, read_dotenv

UNPRINTABLE = "key\u200b"
"""What is copied out of a web page now and then."""


def test_an_argument_wins_over_the_environment_and_that_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each setting is taken from the first place that has it."""
    (tmp_path / ".env").write_text("CIOKIT_SPOOL=file\nCUSTOMERIO_REGION=eu\nCUSTOMERIO_SITE_ID=file\n")
    monkeypatch.setenv("CIOKIT_SPOOL", "environment")
    monkeypatch.setenv("CUSTOMERIO_SITE_ID", "environment")
    settings = Settings.load(tmp_path, site_id="argument", spool=None)
    assert settings.credentials("site_id") == (Secret("argument"),)
    assert (settings.spool, settings.region, settings.base_url, settings.naive_utc) == (
        "environment",
        "eu",
        None,
        False,
    )


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("A=b", "b"),
        (" A = b ", "b"),
        ("export A=b", "b"),
        ("A='b # c'", "b # c"),
        ('A="b" # c', "b"),
        ("A=b # c", "b"),
        ("A=b#c", "b#c"),
        ("A=b=c", "b=c"),
        ("A='b", "'b"),
        ("A=$HOME", "$HOME"),
        ("\ufeffA=b", "b"),
        ("A=", ""),
        ("# A=b", None),
        ("A", None),
        ("", None),
    ],
)
def test_a_line_of_a_dotenv(tmp_path: Path, line: str, value: str | None) -> None:
    """Quotes, comments, `export` and what an editor of Windows puts first are understood, and nothing is expanded."""
    path = tmp_path / ".env"
    path.write_text(f"{line}\nZ=z\n", encoding="utf-8")
    assert read_dotenv(path) == {**({} if value is None else {"A": value}), "Z": "z"}


def test_a_dotenv_that_is_not_there_is_an_empty_one(tmp_path: Path) -> None:
    """Neither a file nor a directory need be there, and a directory of that name is no file."""
    (tmp_path / ".env").mkdir()
    for path in (tmp_path / "none", tmp_path / "no" / "directory", tmp_path / ".env"):
        assert read_dotenv(path) == {}


def test_a_dotenv_that_is_no_text_is_told_by_its_place(tmp_path: Path) -> None:
    """A file that cannot be read is named, and nothing that is in it."""
    path = tmp_path / ".env"
    path.write_bytes(b"CUSTOMERIO_SITE_ID=\xff\xfe")
    with pytest.raises(SettingsError) as caught:
        Settings.load(tmp_path)
    assert str(caught.value) == f"{path} cannot be read: it is not UTF-8"


@pytest.mark.parametrize("region", ["us", "eu"])
@pytest.mark.parametrize("api", ["track", "app", "pipelines"])
def test_the_region_drives_the_host_of_every_api(api: Api, region: Region) -> None:
    """Each API has a host in each region, unless one address is set for all."""
    assert Settings({"region": region.upper()}, {}).url(api) == HOSTS[api][region]
    assert ("eu" in HOSTS[api][region]) is (region == "eu")
    own = Settings({"region": region, "base_url": "https://example.com/"}, {})
    assert own.url(api) == own.base_url == "https://example.com"


@pytest.mark.parametrize(
    "address",
    [
        "https://example.com",
        "https://example.com:8443/customer.io",
        "http://127.0.0.1:8025",
        "http://localhost",
        "http://[::1]:1",
    ],
)
def test_an_address_that_is_taken(address: str) -> None:
    """TLS to anywhere, and plain HTTP within this machine."""
    assert Settings({"base_url": f" {address}/ "}, {}).base_url == address


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("example.com", "must be an address like"),
        ("ftp://example.com", "must be an address like"),
        ("https://", "must be an address like"),
        ("https://example.com:99999", "must be an address like"),
        ("https://example.com:0", "must be an address like"),
        ("https://[::1", "must be an address like"),
        ("https://example.com/?a=1", "must be an address like"),
        ("https://example.com/#a", "must be an address like"),
        ("https://example.com/a b", "must be an address like"),
        (f"https://{'a' * 64}.com", "must be an address like"),
        ("https://somebody@example.com", "must not contain credentials"),
        ("https://:secret@example.com", "must not contain credentials"),
        ("http://example.com", "use https, or set CIOKIT_ALLOW_HTTP=1"),
        ("http://127.0.0.1.example.com", "use https, or set CIOKIT_ALLOW_HTTP=1"),
    ],
)
def test_an_address_that_is_refused(address: str, words: str) -> None:
    """What is no address, holds a password or would show the keys is refused by the name of where it was set."""
    for given, found, where in (
        ({"base_url": address}, {}, "base_url="),
        ({}, {"CIOKIT_BASE_URL": address}, "CIOKIT_BASE_URL"),
    ):
        with pytest.raises(SettingsError) as caught:
            Settings(given, found)
        assert str(caught.value).startswith(where)
        assert words in str(caught.value)
        assert "secret" not in str(caught.value)


def test_plain_http_to_another_machine_where_it_is_allowed() -> None:
    """A sandbox in a container is reached by its name."""
    found = {"CIOKIT_BASE_URL": "http://sandbox:8025", "CIOKIT_ALLOW_HTTP": "1"}
    assert Settings({}, found).base_url == "http://sandbox:8025"


@pytest.mark.parametrize(
    ("variable", "words"),
    [
        ("CUSTOMERIO_REGION", "CUSTOMERIO_REGION must be us or eu, got 'mars'"),
        ("CIOKIT_NAIVE_DATETIMES", "CIOKIT_NAIVE_DATETIMES must be refuse or utc, got 'mars'"),
        ("CIOKIT_ALLOW_HTTP", "CIOKIT_ALLOW_HTTP must be 0 or 1, got 'mars'"),
    ],
)
def test_a_choice_that_there_is_not(variable: str, words: str) -> None:
    """A word that is none of a setting's is refused with those that are."""
    with pytest.raises(SettingsError) as caught:
        Settings({}, {variable: "mars"})
    assert str(caught.value) == words


def test_blank_settings_are_not_set() -> None:
    """An empty variable, as a template of an environment leaves it, is one that is not there."""
    settings = Settings({}, dict.fromkeys(("CUSTOMERIO_REGION", "CIOKIT_SPOOL", "CIOKIT_BASE_URL"), " "))
    assert (settings.region, settings.spool, settings.base_url) == ("us", None, None)


def test_keys_that_are_missing_or_unclean_are_all_named() -> None:
    """An error names each variable that is to be set, or copied anew, and shows none of them."""
    found = {
        "CUSTOMERIO_SITE_ID": " ",
        "CUSTOMERIO_APP_API_KEY": UNPRINTABLE,
        "CUSTOMERIO_PIPELINES_API_KEY": " k\n",
    }
    settings = Settings({}, found)
    assert settings.credentials("pipelines_api_key") == (Secret("k"),)
    with pytest.raises(SettingsError, match=r"^CUSTOMERIO_SITE_ID and CUSTOMERIO_TRACK_API_KEY not set: "):
        settings.credentials("site_id", "app_api_key", "track_api_key")
    with pytest.raises(SettingsError) as caught:
        settings.credentials("app_api_key")
    assert str(caught.value) == "CUSTOMERIO_APP_API_KEY: a key is printable ASCII; copy it anew"


def test_a_region_that_something_else_names() -> None:
    """It takes the place of the default, agrees with a setting that says the same, and is held against another."""
    found = {"CUSTOMERIO_SITE_ID": "site", "CIOKIT_NAIVE_DATETIMES": "utc"}
    moved = Settings({}, found).within("eu", "key.json")
    assert (moved.region, moved.naive_utc, moved.credentials("site_id")) == ("eu", True, (Secret("site"),))
    assert Settings({"region": "eu"}, {}).within("eu", "key.json").region == "eu"
    with pytest.raises(SettingsError) as caught:
        Settings({}, {"CUSTOMERIO_REGION": "us"}).within("eu", "key.json")
    assert str(caught.value).startswith("key.json is of region eu, but CUSTOMERIO_REGION says us")


def test_nothing_of_others_is_held(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the environment, settings keep what is ciokit's alone."""
    monkeypatch.setenv("SOMEBODY_ELSES_KEY", "marker")
    monkeypatch.setenv("CUSTOMERIO_SITE_ID", "marker")
    settings = Settings.load()
    assert "marker" in os.environ.values()
    assert "marker" not in repr(vars(settings))
    assert "site_id" in repr(settings)
