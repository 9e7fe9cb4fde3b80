"""The doctor's checks."""

import os
import re
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from ciokit import AccountRegion, RetryPolicy, TrackClient
from ciokit import settings as settings_module
from ciokit.cli.checks import (
    KNOWN,
    Ask,
    Finding,
    check_account,
    check_connection,
    check_settings,
    check_spool,
    check_versions,
)
from ciokit.sandbox import Effect, FaultRule, World
from ciokit.sandbox.inprocess import SandboxTransport
from ciokit.settings import Region, Settings
from ciokit.stores.contract import Fate
from ciokit.stores.spool import Spool
from ciokit.wire import Entry

GOOD = {"CUSTOMERIO_SITE_ID": "the-site", "CUSTOMERIO_TRACK_API_KEY": "the-key"}


def found_in(directory: Path, environment: dict[str, str]) -> dict[str, Finding]:
    """Check settings, and return the findings by what was checked."""
    return {finding.check: finding for finding in check_settings(directory, environment)}


def test_every_setting_is_known() -> None:
    """The doctor looks at every variable that the settings document."""
    documented = re.findall(r"\b(?:CUSTOMERIO|CIOKIT)_[A-Z_]+", settings_module.__doc__ or "")
    assert sorted(KNOWN) == sorted(documented)


def test_versions() -> None:
    """Versions are told, and which extras are there."""
    versions, extras = check_versions()
    assert versions.found.startswith("ciokit ")
    assert "httpx2 " in versions.found
    assert extras.found.startswith("cli, sandbox")


def test_settings_by_where_they_are(tmp_path: Path) -> None:
    """Each one found is told with its place and without its value; each one needed and missing fails."""
    dotenv = tmp_path / ".env"
    dotenv.write_text("CUSTOMERIO_TRACK_API_KEY=the-key\n")
    dotenv.chmod(0o600)
    findings = found_in(tmp_path, {"CUSTOMERIO_SITE_ID": "the-site"})
    assert findings[".env"].level == "ok"
    assert findings["CUSTOMERIO_SITE_ID"] == Finding("ok", "CUSTOMERIO_SITE_ID", "set in the environment")
    assert findings["CUSTOMERIO_TRACK_API_KEY"] == Finding("ok", "CUSTOMERIO_TRACK_API_KEY", "set in .env")
    assert "CUSTOMERIO_REGION" in findings["Not set"].found
    assert "the-" not in str(findings)
    missing = found_in(tmp_path / "none", {})
    assert [finding.check for finding in missing.values() if finding.level == "fail"] == list(GOOD)


@pytest.mark.parametrize(
    ("environment", "check", "words"),
    [
        ({**GOOD, "CUSTOMERIO_SITE_ID": "'the-site'"}, "CUSTOMERIO_SITE_ID", "has quotes"),
        ({**GOOD, "CUSTOMERIO_SITEID": "x"}, "CUSTOMERIO_SITEID", "did you mean CUSTOMERIO_SITE_ID?"),
        ({**GOOD, "CIOKIT_WHATEVER_ELSE": "x"}, "CIOKIT_WHATEVER_ELSE", "is no setting"),
        ({**GOOD, "CUSTOMERIO_REGION": "eu"}, "CUSTOMERIO_REGION", "differs between"),
    ],
)
def test_likely_mistakes(tmp_path: Path, environment: dict[str, str], check: str, words: str) -> None:
    """What is probably a mistake is a warning that says what to do."""
    (tmp_path / ".env").write_text("CUSTOMERIO_REGION=us\n")
    finding = found_in(tmp_path, environment)[check]
    assert finding.level == "warning"
    assert words in f"{finding.found}; {finding.todo}"


def test_an_open_dotenv(tmp_path: Path) -> None:
    """A file with keys that everybody can read is told with the command that closes it."""
    (tmp_path / ".env").write_text("")
    (tmp_path / ".env").chmod(0o644)
    finding = found_in(tmp_path, GOOD)[".env"]
    assert (finding.level, finding.todo) == ("warning", "chmod 600 .env")


def test_a_dotenv_that_cannot_be_read(tmp_path: Path) -> None:
    """It fails, and the other checks go on."""
    (tmp_path / ".env").write_bytes(b"\xff\xfe")
    findings = [finding for finding in check_settings(tmp_path, GOOD) if finding.check == ".env"]
    assert [(finding.level, finding.found) for finding in findings] == [
        ("fail", f"{tmp_path / '.env'} cannot be read: it is not UTF-8")
    ]


def test_a_line_of_a_dotenv_that_says_nothing(tmp_path: Path) -> None:
    """It is told by its number, for it may be a key."""
    (tmp_path / ".env").write_text("# keys\n\nCUSTOMERIO_REGION=us\nCUSTOMERIO_TRACK_API_KEY: the-key\n")
    finding = found_in(tmp_path, GOOD)[".env"]
    assert (finding.level, finding.found) == ("warning", "line 4 is not NAME=value and is not read")


def spool_findings(path: Path) -> list[tuple[str, str]]:
    """Check a spool, and return levels and words."""
    return [(finding.level, finding.found) for finding in check_spool(str(path))]


def test_a_spool_that_is_not_there(tmp_path: Path) -> None:
    """The first outbox makes one, but not the directories above; looking makes nothing."""
    assert spool_findings(tmp_path / "spool") == [
        ("ok", f"{tmp_path / 'spool'}, which the first outbox makes")
    ]
    assert spool_findings(tmp_path / "a" / "b") == [("fail", f"{tmp_path / 'a'} is no directory")]
    assert list(tmp_path.iterdir()) == []


def test_a_spool_that_no_outbox_can_use(tmp_path: Path) -> None:
    """It fails before the first event does, in the words of the outbox."""
    tmp_path.chmod(0o777)
    assert spool_findings(tmp_path) == [
        ("fail", f"{tmp_path} can be written by others (mode 0777); chmod 0700")
    ]


def test_a_spool_that_cannot_be_written() -> None:
    """An outbox would find out at the first event."""
    with tempfile.TemporaryDirectory(prefix="ciokit-test-", dir="/tmp") as base:
        Path(base).chmod(0o555)
        root = os.geteuid() == 0
        if root:  # whom permissions do not bind
            os.setresuid(65534, 65534, 0)
        try:
            findings = spool_findings(Path(base)) + spool_findings(Path(base) / "new")
        finally:
            if root:
                os.setresuid(0, 0, 0)
    assert findings == [("fail", f"{base} cannot be written by this user")] * 2


def test_what_lies_in_a_spool(tmp_path: Path) -> None:
    """What waits is told, and what waits for people is a warning."""
    spool = Spool(tmp_path)
    spool.put([Entry(b"{}", ("id:1",), "event") for _ in range(3)])
    ((seq, _),) = spool.poll(1, 10**6)
    spool.settle([Fate("rejected", [seq], "there is no such object", 400, 1)])
    assert spool_findings(tmp_path) == [("ok", f"{tmp_path}, 2 waiting"), ("warning", "1 dead letters")]
    spool.close()
    assert ("warning", "2 entries were left by processes that are gone") in spool_findings(tmp_path)


def connection(environment: dict[str, str]) -> dict[str, Finding]:
    """Check the connection, and return the findings by what was checked."""
    settings = Settings({}, environment)
    return {finding.check: finding for finding in check_connection(settings, environment)}


def test_where_requests_go(monkeypatch: pytest.MonkeyPatch) -> None:
    """Address, proxy and trust are told; a proxy's password is not."""
    assert connection({})["Address"].found == "https://track.customer.io, region us"
    assert (
        connection({"CUSTOMERIO_REGION": "eu"})["Address"].found == "https://track-eu.customer.io, region eu"
    )
    sandbox = connection({"CIOKIT_BASE_URL": "http://127.0.0.1:8025"})
    assert sandbox["Address"].level == "note"
    assert "Trusted CAs" not in sandbox
    monkeypatch.setenv("HTTPS_PROXY", "http://user:secret@127.0.0.1:3128")
    findings = connection({})
    assert findings["Proxy"].found == "through 127.0.0.1:3128, from the environment"
    assert "secret" not in str(findings)


def test_certificates_that_are_not_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A variable that names no certificates fails."""
    missing = str(tmp_path / "none.pem")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", missing)
    findings = connection({"REQUESTS_CA_BUNDLE": missing})
    assert findings["Proxy and CA"].level == "fail"
    assert "REQUESTS_CA_BUNDLE" in findings["Proxy and CA"].found


def asking(us: World, eu: World) -> Ask:
    """Ask two worlds in this process, as two regions."""
    worlds: dict[Region, World] = {"us": us, "eu": eu}

    def ask(region: Region) -> AccountRegion:
        client = TrackClient(
            "the-site",
            "the-key",
            region=region,
            retry=RetryPolicy(max_retries=0),
            transport=SandboxTransport(worlds[region]),
        )
        return client.account_region()

    return ask


def home(region: Region = "us") -> World:
    """Make a region where the account lives."""
    return World(keys={"the-site:the-key": "main"}, region=region)


def abroad(region: Region = "us") -> World:
    """Make a region that does not know the keys."""
    return World(keys={"another-site:another-key": "main"}, region=region)


def failing(effect: Effect) -> World:
    """Make a region where every request goes wrong."""
    world = home()
    world.faults.add(FaultRule(effect=effect), 0.0)
    return world


def test_the_account_is_there() -> None:
    """An account in the configured region is told with its workspace."""
    finding = check_account(Settings({}, {}), asking(home(), abroad("eu")))
    assert (finding.level, finding.found.partition(",")[0]) == ("ok", "workspace 1 in region us")


@pytest.mark.parametrize(
    "here",
    [abroad, lambda: failing(Effect(redirect="eu")), lambda: home("eu")],
    ids=["refused", "redirected", "answered"],
)
def test_the_account_is_elsewhere(here: Callable[[], World]) -> None:
    """An account of the other region is found there, however the first one says no."""
    finding = check_account(Settings({}, {}), asking(here(), home("eu")))
    assert (finding.level, finding.todo) == ("fail", "set CUSTOMERIO_REGION=eu")


def test_the_account_is_nowhere() -> None:
    """Keys that neither region knows are the keys' own fault."""
    finding = check_account(Settings({}, {}), asking(abroad(), abroad("eu")))
    assert (finding.level, finding.found) == ("fail", "the keys were accepted in neither region")


def test_the_other_region_does_not_answer() -> None:
    """What could not be found out is said to be so."""
    finding = check_account(Settings({}, {}), asking(abroad(), failing(Effect(drop=True))))
    assert finding.level == "fail"
    assert "region eu could not be asked" in finding.found


def test_an_address_of_ones_own_has_one_region() -> None:
    """Behind CIOKIT_BASE_URL there is no other region to ask."""
    settings = Settings({}, {"CIOKIT_BASE_URL": "http://127.0.0.1:9"})
    finding = check_account(settings, asking(abroad(), home("eu")))
    assert (finding.level, finding.found) == ("fail", "the address did not accept the keys")


@pytest.mark.parametrize(
    ("effect", "todo"),
    [
        (Effect(status=503), "try again"),
        (Effect(drop=True), "try again"),
        (Effect(status=404), "check the address"),
    ],
)
def test_no_use_can_be_made_of_the_answer(effect: Effect, todo: str) -> None:
    """A failure of the network or the service is told apart from wrong keys."""
    finding = check_account(Settings({}, {}), asking(failing(effect), home("eu")))
    assert finding.level == "fail"
    assert finding.todo.startswith(todo)
