"""Whether a webhook came from Customer.io: its signature, over the bytes as they arrived, and its age.

    signature = hex HMAC-SHA256(signing key, "v0:" + X-CIO-Timestamp + ":" + body)

Everything is compared as bytes and in constant time. It knows nothing of what a body says.
"""

import hmac
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias, cast

from ciokit.clock import SYSTEM_CLOCK
from ciokit.errors import SettingsError
from ciokit.settings import Secret, Settings
from ciokit.webhooks.errors import (
    InvalidTimestamp,
    MissingHeader,
    SignatureMismatch,
    TimestampTooNew,
    TimestampTooOld,
)

__all__ = [
    "SIGNATURE",
    "TIMESTAMP",
    "TOLERANCE",
    "Body",
    "Headers",
    "Keys",
    "configured_keys",
    "key_bytes",
    "sign",
    "verify",
]

Key: TypeAlias = str | bytes | Secret
Keys: TypeAlias = Key | Sequence[Key]
"""A signing key, or several of which any is good: the new and the old one while they are rotated."""
Headers: TypeAlias = (
    Mapping[str, Any] | Mapping[bytes, bytes] | Iterable[tuple[str, str]] | Iterable[tuple[bytes, bytes]]
)
"""Headers as a framework has them: a mapping, ASGI's pairs of bytes, a WSGI environment or Django's META."""
Body: TypeAlias = bytes | bytearray | memoryview

TIMESTAMP: Final = "x-cio-timestamp"
SIGNATURE: Final = "x-cio-signature"
TOLERANCE: Final = 300.0
"""Seconds that a signature is good for, and that clocks may differ by; the vendor sets no such window."""

_SECONDS = re.compile(r"[0-9]{1,12}", re.ASCII)
_HEX = re.compile(r"(?:v0=)?([0-9a-fA-F]{64})", re.ASCII)


def verify(
    body: Body,
    headers: Headers,
    keys: Keys,
    *,
    tolerance: float | None = TOLERANCE,
    now: float | None = None,
) -> None:
    """Check that a webhook was signed with one of the keys, over these bytes and not long ago.

    Args:
        body: The body's bytes as they came; JSON that was decoded and encoded again has another signature.
        headers: The headers, in any of the forms that frameworks have.
        keys: The signing key, or several.
        tolerance: Seconds that it may be old, or from the future; None accepts any age, and so any replay.
        now: Unix time; by default the computer's.

    Raises:
        MissingHeader: If the timestamp or the signature is missing.
        InvalidTimestamp: If the timestamp is not a number of seconds.
        SignatureMismatch: If none of the keys gives this signature.
        TimestampTooOld: If the signature is valid but too old.
        TimestampTooNew: If the signature is valid but from the future.
        SettingsError: If a key is empty, or there is none.
        TypeError: If the body is not bytes.
    """
    secrets = key_bytes(keys)
    raw = _raw(body)
    found = _cio_headers(headers)
    timestamp, signature = _required(found, TIMESTAMP), _required(found, SIGNATURE)
    if not _SECONDS.fullmatch(timestamp):
        msg = f"{TIMESTAMP} is not a number of Unix seconds"
        raise InvalidTimestamp(msg)
    _check_signature(signature, _signed(timestamp.encode(), raw), secrets)
    if tolerance is not None:
        _check_age(int(timestamp), SYSTEM_CLOCK.time() if now is None else now, tolerance)


def sign(body: Body, key: Key, *, now: float | None = None) -> dict[str, str]:
    """Sign a webhook as Customer.io does, for an application's own tests.

    Args:
        body: The body's bytes.
        key: The signing key.
        now: Unix time; by default the computer's.

    Returns:
        The two headers.

    Raises:
        SettingsError: If the key is empty.
    """
    (secret,) = key_bytes(key)
    timestamp = b"%d" % (SYSTEM_CLOCK.time() if now is None else now)
    signature = hmac.new(secret, _signed(timestamp, _raw(body)), "sha256").hexdigest()
    return {TIMESTAMP: timestamp.decode(), SIGNATURE: signature}


def configured_keys() -> tuple[Secret, ...]:
    """Return the keys of `CUSTOMERIO_WEBHOOK_SIGNING_KEY`: one, or several with commas between.

    Raises:
        SettingsError: If it is not set.
    """
    (found,) = Settings.load().credentials("webhook_signing_key")
    return tuple(Secret(key) for part in found.reveal().split(",") if (key := part.strip()))


def key_bytes(keys: Keys) -> tuple[bytes, ...]:
    """Return signing keys as bytes.

    Raises:
        SettingsError: If there is none, or one is empty: anybody could sign with it.
    """
    several = (keys,) if isinstance(keys, (str, bytes, Secret)) else tuple(keys)
    texts = [key.reveal() if isinstance(key, Secret) else key for key in several]
    secrets = tuple(text.encode() if isinstance(text, str) else text for text in texts)
    if not secrets or not all(secret.strip() for secret in secrets):
        msg = "a webhook's signing key is empty; take it from Customer.io's settings of reporting webhooks"
        raise SettingsError(msg)
    return secrets


def _raw(body: Any) -> bytes:
    if not isinstance(body, (bytes, bytearray, memoryview)):
        msg = f"body must be the bytes as they came, got {type(body).__name__}: a signature is over bytes"
        raise TypeError(msg)
    return bytes(cast("bytes", body))


def _signed(timestamp: bytes, body: bytes) -> bytes:
    return b"v0:%b:%b" % (timestamp, body)


def _cio_headers(headers: Headers) -> dict[str, str]:
    """Find the two headers under any of the names that frameworks give them."""
    given: Any = headers
    pairs: Iterable[tuple[Any, Any]] = given.items() if hasattr(given, "items") else given
    found: dict[str, str] = {}
    for name, value in pairs:
        plain = _text(name).lower().replace("_", "-").removeprefix("http-")
        if plain in {TIMESTAMP, SIGNATURE}:
            # One that came twice is joined, as HTTP does: it is then neither a number nor a signature.
            found[plain] = f"{found[plain]},{_text(value)}" if plain in found else _text(value)
    return found


def _text(value: Any) -> str:
    return (value.decode("latin-1") if isinstance(value, bytes) else str(value)).strip()


def _required(found: Mapping[str, str], header: str) -> str:
    if not (value := found.get(header)):
        msg = f"{header} is missing: this did not come from Customer.io, or a proxy took it out"
        raise MissingHeader(msg, header=header)
    return value


def _check_signature(signature: str, signed: bytes, secrets: Sequence[bytes]) -> None:
    given = _HEX.fullmatch(signature)
    if given is None:
        msg = f"{SIGNATURE} is not 64 hexadecimal digits"
        raise SignatureMismatch(msg)
    digest = bytes.fromhex(given[1])
    # All keys are tried, so that the time tells nothing of which one it was.
    matches = [hmac.compare_digest(hmac.digest(secret, signed, "sha256"), digest) for secret in secrets]
    if not any(matches):
        msg = f"{SIGNATURE} is not of this body, timestamp and key; check the key, and that the body is as it came"
        raise SignatureMismatch(msg)


def _check_age(timestamp: int, now: float, tolerance: float) -> None:
    age = now - timestamp
    if age > tolerance:
        msg = f"signed {age:.0f} s ago, more than {tolerance:g}: a replay, or a clock that is wrong"
        raise TimestampTooOld(msg, age=age)
    if -age > tolerance:
        msg = f"signed {-age:.0f} s in the future, more than {tolerance:g}: a clock is wrong"
        raise TimestampTooNew(msg, ahead=-age)
