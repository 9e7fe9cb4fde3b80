"""What can be wrong between an application and its account, checked one by one; values and keys are never shown."""

import difflib
import os
import platform
import stat
import time
from collections.abc import Callable, Iterator, Mapping
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Final, Literal, TypeAlias
from urllib.parse import urlsplit

import msgspec

from ciokit.errors import CiokitError, DeliveryError, SettingsError, Unauthorized, WrongRegion
from ciokit.settings import Region, Settings, read_dotenv
from ciokit.track import AccountRegion
from ciokit.version import VERSION

__all__ = [
    "Ask",
    "Finding",
    "check_account",
    "check_connection",
    "check_settings",
    "check_spool",
    "check_versions",
]

Level: TypeAlias = Literal["ok", "note", "warning", "fail"]
Ask: TypeAlias = Callable[[Region], AccountRegion]

TRACK_KEYS: Final = ("CUSTOMERIO_SITE_ID", "CUSTOMERIO_TRACK_API_KEY")
OTHER_KEYS: Final = (
    "CUSTOMERIO_APP_API_KEY",
    "CUSTOMERIO_PIPELINES_API_KEY",
    "CUSTOMERIO_WEBHOOK_SIGNING_KEY",
)
OTHERS: Final = (
    "CUSTOMERIO_REGION",
    "CIOKIT_BASE_URL",
    "CIOKIT_NAIVE_DATETIMES",
    "CIOKIT_SPOOL",
    "CIOKIT_ALLOW_HTTP",
)
KNOWN: Final = (*TRACK_KEYS, *OTHER_KEYS, *OTHERS)
EXTRAS: Final = {
    "cli": ("typer", "rich"),
    "sandbox": ("starlette", "uvicorn", "liquid", "trustme"),
    "parquet": ("pyarrow",),
}
_OTHER: Final[Mapping[Region, Region]] = {"us": "eu", "eu": "us"}
_CA_VARIABLES: Final = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE")


class Finding(msgspec.Struct, frozen=True):
    """Tell how one check went.

    Attributes:
        level: `ok`, `note` for what is worth knowing, `warning` for what may be a mistake, or `fail`.
        check: What was looked at.
        found: What was found.
        todo: What to do about it.
    """

    level: Level
    check: str
    found: str
    todo: str = ""


def check_versions() -> Iterator[Finding]:
    """Tell which versions are at work."""
    versions = [f"{name} {metadata.version(name)}" for name in ("httpx2", "msgspec")]
    found = f"ciokit {VERSION}, Python {platform.python_version()}, {', '.join(versions)}"
    yield Finding("ok", "Versions", found)
    here = [name for name, packages in EXTRAS.items() if all(map(find_spec, packages))]
    missing = [name for name in EXTRAS if name not in here]
    absent = f"; not installed: {', '.join(missing)}" if missing else ""
    yield Finding("ok", "Extras", f"{', '.join(here) or 'none'}{absent}")


def check_settings(directory: Path, environment: Mapping[str, str]) -> Iterator[Finding]:
    """Tell which settings were found, and where.

    Args:
        directory: Where `.env` is looked for.
        environment: The environment's variables.
    """
    path = directory / ".env"
    dotenv: dict[str, str] = {}
    try:
        dotenv = read_dotenv(str(path))
    except SettingsError as error:
        yield Finding("fail", ".env", str(error), "make it a UTF-8 text file that this user can read")
    else:
        if path.is_file():
            yield _dotenv(path)
    unset: list[str] = []
    for name in KNOWN:
        if name in TRACK_KEYS or environment.get(name, dotenv.get(name, "")).strip():
            yield _variable(name, environment, dotenv)
        else:
            unset.append(name)
    if unset:
        yield Finding("note", "Not set", f"{', '.join(unset)}: none of them is needed for the Track API")
    for name in sorted({*environment, *dotenv}):
        if name.startswith(("CUSTOMERIO_", "CIOKIT_")) and name not in KNOWN:
            near = difflib.get_close_matches(name, KNOWN, n=1)
            todo = (
                f"did you mean {near[0]}?" if near else "remove it, or ignore it if it is another program's"
            )
            yield Finding("warning", name, "is no setting of ciokit", todo)


def _dotenv(path: Path) -> Finding:
    lines = [line.strip() for line in path.read_text("utf-8-sig").splitlines()]
    for number, line in enumerate(lines, 1):
        if line and not line.startswith("#") and "=" not in line:
            return Finding(
                "warning", ".env", f"line {number} is not NAME=value and is not read", "put it right"
            )
    others = stat.S_IMODE(path.stat().st_mode) & 0o077
    if others and os.name == "posix":
        return Finding("warning", ".env", "other users of this machine can read it", "chmod 600 .env")
    return Finding("ok", ".env", "found in this directory")


def _variable(name: str, environment: Mapping[str, str], dotenv: Mapping[str, str]) -> Finding:
    value = environment.get(name, dotenv.get(name, "")).strip()
    if not value:
        return Finding("fail", name, "not set", "set it in the environment or in .env")
    if value[0] in "'\"" or value[-1] in "'\"":
        return Finding("warning", name, "has quotes in its value", "take them off")
    if name in environment and name in dotenv and environment[name] != dotenv[name]:
        todo = "remove one; the environment's counts"
        return Finding("warning", name, "differs between the environment and .env", todo)
    return Finding("ok", name, "set in the environment" if name in environment else "set in .env")


def check_spool(directory: str) -> Iterator[Finding]:
    """Tell whether the process's own outbox can use its spool, and what lies in it.

    Args:
        directory: What `CIOKIT_SPOOL` names.
    """
    from ciokit.cli.spools.rooms import look
    from ciokit.stores.directories import open_root

    path = Path(directory)
    # The first outbox makes it; a check makes nothing.
    writable = path if path.exists() else path.parent
    if not writable.is_dir():
        yield Finding("fail", "Spool", f"{writable} is no directory", "make it, or put CIOKIT_SPOOL right")
        return
    if not os.access(writable, os.R_OK | os.W_OK | os.X_OK):
        todo = "let the user that runs the application own it"
        yield Finding("fail", "Spool", f"{writable} cannot be written by this user", todo)
        return
    if writable is not path:
        yield Finding("ok", "Spool", f"{path}, which the first outbox makes")
        return
    try:
        os.close(open_root(directory))
        state = look(path)
    except (SettingsError, OSError) as error:
        found = str(error).removeprefix("spool: ")
        yield Finding("fail", "Spool", found, "no outbox can use it like this")
        return
    left = sum(process.entries for process in state.processes if process.state == "left")
    yield Finding("ok", "Spool", f"{path}, {state.entries:,} waiting")
    if left:
        todo = "any process that uses it delivers them once it puts something, or ciokit spool drain"
        yield Finding("warning", "Spool", f"{left:,} entries were left by processes that are gone", todo)
    if state.dead_letters:
        todo = "ciokit spool dead lists them with the reasons"
        yield Finding("warning", "Spool", f"{state.dead_letters:,} dead letters", todo)


def check_connection(settings: Settings, environment: Mapping[str, str]) -> Iterator[Finding]:
    """Tell where requests go, through which proxy, and whom they trust.

    Args:
        settings: The settings.
        environment: The environment's variables.
    """
    from ciokit.transport.pools import pool_options

    url = settings.url("track")
    if settings.base_url is None:
        yield Finding("ok", "Address", f"{url}, region {settings.region}")
    else:
        yield Finding("note", "Address", f"{url}, from CIOKIT_BASE_URL: nothing goes to Customer.io itself")
    try:
        options = pool_options(url, proxy=None, ca=None, http2=False)
    except SettingsError as error:
        yield Finding("fail", "Proxy and CA", str(error), "put the variable right, or unset it")
        return
    proxy: str | None = options.get("proxy_url")
    found = f"through {urlsplit(proxy).netloc}, from the environment" if proxy else "none"
    yield Finding("ok", "Proxy", found)
    if url.startswith("https:"):
        named = [name for name in _CA_VARIABLES if environment.get(name)]
        yield Finding("ok", "Trusted CAs", f"those of {named[0]}" if named else "the system's")


def check_account(settings: Settings, ask: Ask) -> Finding:
    """Ask where the account lives, in the other region too if the configured one says no.

    Args:
        settings: The settings.
        ask: Asks a region.

    Returns:
        What came of it, and which setting to change.
    """
    region = settings.region
    started = time.monotonic()
    try:
        answer = ask(region)
    except (Unauthorized, WrongRegion) as error:
        return _elsewhere(settings, ask, error)
    except CiokitError as error:
        return Finding("fail", "Account", _cause(error), _advice(error))
    milliseconds = (time.monotonic() - started) * 1000
    if answer.region != region:
        return _other_region(answer.region)
    found = f"workspace {answer.environment_id} in region {region}, answered in {milliseconds:.0f} ms"
    return Finding("ok", "Account", found)


def _elsewhere(settings: Settings, ask: Ask, error: DeliveryError) -> Finding:
    keys = " and ".join(TRACK_KEYS)
    if settings.base_url is not None:
        return Finding("fail", "Account", "the address did not accept the keys", f"check {keys}")
    other = _OTHER[settings.region]
    try:
        ask(other)
    except Unauthorized:
        todo = f"copy {keys} anew: they are a pair, made for the Track API"
        return Finding("fail", "Account", "the keys were accepted in neither region", todo)
    except CiokitError as second:
        found = f"{_cause(error)}; region {other} could not be asked: {_cause(second)}"
        return Finding("fail", "Account", found, f"check {keys} and CUSTOMERIO_REGION")
    return _other_region(other)


def _other_region(region: str) -> Finding:
    return Finding(
        "fail",
        "Account",
        f"the keys are right, and the account lives in {region}",
        f"set CUSTOMERIO_REGION={region}",
    )


def _cause(error: CiokitError) -> str:
    return str(error).removeprefix("account_region: ")


def _advice(error: CiokitError) -> str:
    if isinstance(error, DeliveryError) and error.retryable:
        return "try again; check network, proxy and firewall if it stays"
    return "check the address, the proxy and the trusted CAs"
