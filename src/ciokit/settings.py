"""Where the credentials, the region and the addresses come from: argument, environment, `.env`, default, in this order.

    CUSTOMERIO_SITE_ID, CUSTOMERIO_TRACK_API_KEY    Track API
    CUSTOMERIO_APP_API_KEY                          App API
    CUSTOMERIO_PIPELINES_API_KEY                    Pipelines API
    CUSTOMERIO_WEBHOOK_SIGNING_KEY                  reporting webhooks; several with commas between while it is rotated
    CUSTOMERIO_REGION                               us (default) or eu; drives the host of every API
    CIOKIT_BASE_URL                                 one address for all APIs, as the sandbox prints it
    CIOKIT_NAIVE_DATETIMES                          refuse (default) or utc
    CIOKIT_SPOOL                                    the directory of the process's own outbox; none keeps to memory
    CIOKIT_ALLOW_HTTP                               1 allows plain http to other machines (a sandbox in a container)

The `.env` file is looked for in the working directory. Keys are held so that no repr, no log and no traceback shows
them.
"""

import os
from collections.abc import Mapping
from typing import Final, Literal, NoReturn, Self, TypeAlias, cast

from ciokit.errors import SettingsError

__all__ = ["HOSTS", "Api", "NaiveDatetimes", "Region", "Secret", "Settings", "check_kind", "check_range"]

Region: TypeAlias = Literal["us", "eu"]
Api: TypeAlias = Literal["track", "app", "pipelines"]
NaiveDatetimes: TypeAlias = Literal["refuse", "utc"]

HOSTS: Final[Mapping[Api, Mapping[Region, str]]] = {
    "track": {"us": "https://track.customer.io", "eu": "https://track-eu.customer.io"},
    "app": {"us": "https://api.customer.io", "eu": "https://api-eu.customer.io"},
    "pipelines": {"us": "https://cdp.customer.io", "eu": "https://cdp-eu.customer.io"},
}
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_VARIABLES: Final = {
    "site_id": "CUSTOMERIO_SITE_ID",
    "track_api_key": "CUSTOMERIO_TRACK_API_KEY",
    "app_api_key": "CUSTOMERIO_APP_API_KEY",
    "pipelines_api_key": "CUSTOMERIO_PIPELINES_API_KEY",
    "webhook_signing_key": "CUSTOMERIO_WEBHOOK_SIGNING_KEY",
    "region": "CUSTOMERIO_REGION",
    "base_url": "CIOKIT_BASE_URL",
    "naive_datetimes": "CIOKIT_NAIVE_DATETIMES",
    "spool": "CIOKIT_SPOOL",
    "allow_http": "CIOKIT_ALLOW_HTTP",
}
_CREDENTIALS: Final = tuple(name for name in _VARIABLES if name.endswith(("_key", "_id")))


class Secret:
    """Hold a key so that it does not show."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the key itself."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(***)"

    def __reduce__(self) -> NoReturn:
        # A pickle lies in queues, caches and files, and a copy of what holds a key is one pickle away.
        msg = "a key is not pickled or copied: read the settings where it is needed"
        raise TypeError(msg)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)


class Settings:
    """Hold what every client needs to know of the account.

    Args:
        given: Values by name (`site_id`, `track_api_key`, `app_api_key`, `pipelines_api_key`, `webhook_signing_key`,
            `region`, `base_url`, `naive_datetimes`, `spool`, `allow_http`); those that are None count as not given.
        found: Where the others are looked for: variable name to value.

    Attributes:
        region: `us` or `eu`.
        base_url: One address for all APIs instead of the vendor's hosts; None normally.
        naive_utc: Whether datetimes without a time zone are UTC.
        spool: The directory of the process's own outbox; None keeps its entries in memory.
    """

    def __init__(self, given: Mapping[str, object], found: Mapping[str, object]) -> None:
        self._given = {name: _hide(name, value) for name, value in given.items() if value is not None}
        self._found = {
            name: _hide(name, found[variable]) for name, variable in _VARIABLES.items() if variable in found
        }
        self.region: Region = cast("Region", self._choice("region", ("us", "eu"), "us"))
        self.naive_utc = self._choice("naive_datetimes", ("refuse", "utc"), "refuse") == "utc"
        self.spool = self._text("spool").strip() or None
        self._allow_http = self._choice("allow_http", ("0", "1"), "0") == "1"
        self.base_url = self._address()

    @classmethod
    def load(cls, directory: "str | os.PathLike[str]" = "", **given: object) -> Self:
        """Read the environment and `.env`.

        Args:
            directory: Where `.env` is looked for; the working directory if omitted.
            given: Values that win over both.

        Returns:
            The settings, checked.

        Raises:
            SettingsError: If a value is out of range or `.env` cannot be read; it names the setting.
        """
        dotenv = os.path.join(directory, ".env")  # noqa: PTH118 - pathlib would be imported for this alone
        return cls(given, _ours({**read_dotenv(dotenv), **os.environ}))

    def credentials(self, *names: str) -> tuple[Secret, ...]:
        """Return keys by name.

        Args:
            names: `site_id`, `track_api_key`, ...

        Returns:
            The keys, in that order.

        Raises:
            SettingsError: If any is missing; it names all that are.
        """
        keys = {name: Secret(self._text(name).strip()) for name in names}
        missing = [_VARIABLES[name] for name, key in keys.items() if not key.reveal()]
        if missing:
            msg = f"{' and '.join(missing)} not set: set {'them' if missing[1:] else 'it'} in your environment or .env file, or pass them as arguments"
            raise SettingsError(msg)
        unclean = [_VARIABLES[name] for name, key in keys.items() if not _is_printable_ascii(key.reveal())]
        if unclean:
            msg = f"{' and '.join(unclean)}: a key is printable ASCII; copy it anew"
            raise SettingsError(msg)
        return tuple(keys.values())

    def url(self, api: Api) -> str:
        """Return the address of an API, without a slash at the end."""
        return self.base_url or HOSTS[api][self.region]

    def within(self, region: Region, source: str) -> Self:
        """Return the settings for a region that something else than a setting names.

        Args:
            region: The region.
            source: What names it, for an error.

        Raises:
            SettingsError: If a setting names the other region.
        """
        if region != self.region and self._text("region").strip():
            msg = f"{source} is of region {region}, but {self._where('region')} says {self.region}: put one of them right"
            raise SettingsError(msg)
        found = {_VARIABLES[name]: value for name, value in self._found.items()}
        return type(self)({**self._given, "region": region}, found)

    def __repr__(self) -> str:
        if "base_url" not in vars(self):  # an error tracker shows them, when they were refused
            return "<Settings, refused>"
        known = [name for name in _CREDENTIALS if self._text(name)]
        return f"Settings(region={self.region!r}, base_url={self.base_url!r}, credentials={known!r})"

    def _text(self, name: str) -> str:
        value = self._given[name] if name in self._given else self._found.get(name, "")
        return value.reveal() if isinstance(value, Secret) else str(value)

    def _where(self, name: str) -> str:
        return f"{name}=" if name in self._given else _VARIABLES[name]

    def _choice(self, name: str, choices: tuple[str, ...], default: str) -> str:
        value = self._text(name).strip().lower() or default
        if value not in choices:
            msg = f"{self._where(name)} must be {' or '.join(choices)}, got {value!r}"
            raise SettingsError(msg)
        return value

    def _address(self) -> str | None:
        text = self._text("base_url").strip().rstrip("/")
        if not text:
            return None
        where = self._where("base_url")
        from urllib.parse import urlsplit

        try:
            parts = urlsplit(text)
            usable = bool((parts.hostname or "").encode("idna")) and parts.port != 0
        except ValueError:  # a port out of range, a bracket left open, a name too long
            parts, usable = urlsplit(""), False
        usable = usable and parts.path.isascii() and parts.path.isprintable() and " " not in parts.path
        if not usable or parts.scheme not in {"http", "https"} or parts.query or parts.fragment:
            msg = f"{where} must be an address like http://127.0.0.1:8025 or https://example.com"
            raise SettingsError(msg)
        if parts.username is not None or parts.password is not None:
            msg = f"{where} must not contain credentials"
            raise SettingsError(msg)
        if parts.scheme == "http" and parts.hostname not in _LOOPBACK and not self._allow_http:
            msg = f"{where} would send the keys over plain http to another machine; use https, or set CIOKIT_ALLOW_HTTP=1"
            raise SettingsError(msg)
        return text


def _ours(found: Mapping[str, object]) -> dict[str, object]:
    """Take no more than what is ciokit's, with its keys hidden.

    The environment holds the secrets of others, too, and error trackers show the variables of each frame.
    """
    return {
        variable: _hide(name, found[variable]) for name, variable in _VARIABLES.items() if variable in found
    }


def _is_printable_ascii(text: str) -> bool:
    return text.isascii() and text.isprintable()


def _hide(name: str, value: object) -> object:
    return Secret(str(value)) if name in _CREDENTIALS and not isinstance(value, Secret) else value


def check_range(name: str, value: object, asked: str, *, fits: bool) -> None:
    """Refuse a setting that is out of its range.

    Args:
        name: Which.
        value: What it is.
        asked: What it must be, in words.
        fits: Whether it is.

    Raises:
        SettingsError: If it does not fit.
    """
    if not fits:
        msg = f"{name} must be {asked}, got {value!r}"
        raise SettingsError(msg)


def check_kind(name: str, value: object, kind: type, example: str) -> None:
    """Refuse an object of another kind, such as a number of retries in place of a policy.

    Args:
        name: Which setting.
        value: What it is.
        kind: What it must be.
        example: How that is written.

    Raises:
        SettingsError: If it is another.
    """
    check_range(name, value, f"a {kind.__name__}, such as {example}", fits=isinstance(value, kind))


def read_dotenv(path: "str | os.PathLike[str]") -> dict[str, str]:
    """Read `NAME=value` lines; `export`, quotes and comments are understood, nothing is expanded.

    Args:
        path: The file; none is the same as an empty one.

    Returns:
        Names and values.

    Raises:
        SettingsError: If the file is there and cannot be read.
    """
    try:
        with open(path, encoding="utf-8-sig") as file:  # noqa: PTH123 - as above
            lines = file.read().splitlines()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return {}
    except (OSError, UnicodeDecodeError) as error:
        reason = "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else error.strerror
        msg = f"{path} cannot be read: {reason or type(error).__name__}"
        raise SettingsError(msg) from None
    found: dict[str, str] = {}
    for line in lines:
        name, equals, value = line.strip().removeprefix("export ").partition("=")
        if equals and not name.lstrip().startswith("#"):
            found[name.strip()] = _unquote(value.strip())
    return found


def _unquote(value: str) -> str:
    if value[:1] in {"'", '"'} and (end := value.find(value[0], 1)) > 0:
        return value[1:end]
    return value.split(" #", 1)[0].strip()
