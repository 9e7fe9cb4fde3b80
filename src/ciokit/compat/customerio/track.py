"""The Track API's client, version 1, as the official SDK has it."""

import datetime as dt
import re
import warnings
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

from ciokit.compat.customerio.client_base import (
    SDK_BACKOFF,
    ClientBase,
    CustomerIOException,
    base_address,
    check_keys,
    check_region,
)
from ciokit.compat.customerio.constants import CIOID, EMAIL, ID
from ciokit.compat.customerio.payload import unix_seconds
from ciokit.compat.customerio.regions import Region, Regions
from ciokit.compat.customerio.response import Response
from ciokit.settings import Secret
from ciokit.ulids import new_ulid
from ciokit.values.table import is_mapping

__all__ = ["CustomerIO"]

_HTTPS: Final = 443
_LOOPBACK: Final = re.compile(r"(localhost|127\.0\.0\.1|\[::1\])(:|$)")


class CustomerIO(ClientBase):
    """Tell Customer.io's Track API of people and events.

    Args:
        site_id: The site id; from `CUSTOMERIO_SITE_ID` if omitted.
        api_key: The Track API key; from `CUSTOMERIO_TRACK_API_KEY` if omitted.
        host: Another host than the region's. `CIOKIT_BASE_URL`, where it is set, wins over it.
        region: Where the account lives.
        port: Another port than 443.
        url_prefix: Another prefix of the paths than `/api/v1`.
        json_encoder: Not used, as in the SDK.
        retries: How often a request is sent again.
        timeout: Seconds for one attempt in all; of a pair the sum; None for no end.
        backoff_factor: Seconds before the first retry; the SDK's default stands for ciokit's, one second.
        use_connection_pooling: Whether connections are kept for the next request.

    Attributes:
        adds_event_ids: Whether an event that is given no id gets a ULID, so that it can be sent again when its answer
            was lost. Off at first, since the SDK sends none.

    Raises:
        CustomerIOException: If the region is none, or a key is missing.
    """

    adds_event_ids = False
    _credentials = "site_id, api_key (CUSTOMERIO_SITE_ID, CUSTOMERIO_TRACK_API_KEY)"

    def __init__(
        self,
        site_id: str | None = None,
        api_key: str | None = None,
        host: str | None = None,
        region: Region = Regions.US,
        port: int | None = None,
        url_prefix: str | None = None,
        json_encoder: Any = None,
        retries: int = 3,
        timeout: float | tuple[float, float] | None = 10,
        backoff_factor: float = SDK_BACKOFF,
        use_connection_pooling: bool = True,
    ) -> None:
        self._region = check_region(region)
        self.host: str = host or region.track_host
        self.port: int = port or _HTTPS
        self.url_prefix: str = url_prefix or "/api/v1"
        self.site_id: str
        self.api_key: str
        self.site_id, self.api_key = check_keys(site_id=site_id, track_api_key=api_key)
        if json_encoder is not None:
            msg = "json_encoder is not used: ciokit encodes bodies itself"
            warnings.warn(msg, DeprecationWarning, stacklevel=2)
        self.setup_base_url()
        super().__init__(retries, timeout, backoff_factor, use_connection_pooling)

    def setup_base_url(self) -> None:
        """Put `base_url` together from host, port and prefix; `CIOKIT_BASE_URL` takes the place of the first two."""
        scheme, _, rest = self.host.rpartition("://")
        self.host = rest
        name = rest.strip("/")
        port = "" if self.port == _HTTPS else f":{self.port}"
        # Plain http is for what runs on this machine; the SDK makes https of it.
        is_plain = scheme == "http" and _LOOPBACK.match(name) is not None
        origin = base_address(f"{'http' if is_plain else 'https'}://{name}{port}")
        self.base_url: str = f"{origin}/{self.url_prefix.strip('/')}"

    def get_customer_query_string(self, customer_id: Any) -> str:
        """Return the address of a person."""
        return f"{self.base_url}/customers/{_segment(customer_id)}"

    def get_event_query_string(self, customer_id: Any) -> str:
        """Return the address of a person's events."""
        return f"{self.get_customer_query_string(customer_id)}/events"

    def get_events_query_string(self) -> str:
        """Return the address of anonymous events."""
        return f"{self.base_url}/events"

    def get_device_query_string(self, customer_id: Any) -> str:
        """Return the address of a person's devices."""
        return f"{self.get_customer_query_string(customer_id)}/devices"

    def identify(self, id: Any, **kwargs: Any) -> Response:
        """Add or change a person.

        Args:
            id: The person's id, e-mail address, or `cio_` and the cio_id.
            kwargs: Attributes.
        """
        _require("identify", id=id)
        return self.send_request("PUT", self.get_customer_query_string(id), kwargs)

    def track(
        self,
        customer_id: Any,
        name: str,
        data: Mapping[str, Any] | None = None,
        id: str | None = None,
        timestamp: Any = None,
    ) -> Response:
        """Record an event.

        Args:
            customer_id: The person.
            name: The event's name.
            data: Its data.
            id: A ULID, by which a repetition is discarded; with it, the event is sent again when its answer was lost.
            timestamp: When it happened: Unix seconds or a datetime. What is neither is left out, as in the SDK.
        """
        _require("track", customer_id=customer_id)
        event = self._event(name, data, id, timestamp)
        return self.send_request("POST", self.get_event_query_string(customer_id), event)

    def track_anonymous(
        self,
        anonymous_id: Any,
        name: str,
        data: Mapping[str, Any] | None = None,
        id: str | None = None,
        timestamp: Any = None,
    ) -> Response:
        """Record an event of somebody who is not known yet; the rest is as with `track`.

        Args:
            anonymous_id: Joins the event to a person later; none when blank.
            name: The event's name.
            data: Its data.
            id: A ULID.
            timestamp: When it happened.
        """
        event = self._event(name, data, id, timestamp)
        if not _is_blank(anonymous_id):
            event["anonymous_id"] = anonymous_id
        return self.send_request("POST", self.get_events_query_string(), event)

    def pageview(self, customer_id: Any, page: str, **data: Any) -> Response:
        """Record that a person looked at a page.

        Args:
            customer_id: The person.
            page: The page.
            data: The event's data.
        """
        _require("pageview", customer_id=customer_id)
        event = {"type": "page", "name": page, "data": data}
        return self.send_request("POST", self.get_event_query_string(customer_id), event)

    def backfill(self, customer_id: Any, name: str, timestamp: Any, **data: Any) -> Response:
        """Record an event of the past.

        Args:
            customer_id: The person.
            name: The event's name.
            timestamp: When it happened: Unix seconds or a datetime.
            data: Its data.
        """
        _require("backfill", customer_id=customer_id)
        seconds = _seconds(timestamp)
        if seconds is None:
            msg = f"timestamp is no number of Unix seconds and no datetime: {type(timestamp).__name__}"
            raise CustomerIOException(msg)
        event = {"name": name, "data": data, "timestamp": seconds}
        return self.send_request("POST", self.get_event_query_string(customer_id), event)

    def delete(self, customer_id: Any) -> Response:
        """Delete a person.

        Args:
            customer_id: The person.
        """
        _require("delete", customer_id=customer_id)
        return self.send_request("DELETE", self.get_customer_query_string(customer_id), {})

    def add_device(self, customer_id: Any, device_id: Any, platform: Any, **data: Any) -> Response:
        """Add a device to a person, or change it.

        Args:
            customer_id: The person.
            device_id: The device's token.
            platform: `ios` or `android`.
            data: Further members of the device: `last_used`, `attributes`.
        """
        _require("add_device", customer_id=customer_id, device_id=device_id, platform=platform)
        device = {**data, "id": device_id, "platform": platform}
        return self.send_request("PUT", self.get_device_query_string(customer_id), {"device": device})

    def delete_device(self, customer_id: Any, device_id: Any) -> Response:
        """Take a device from a person.

        Args:
            customer_id: The person.
            device_id: The device's token.
        """
        _require("delete_device", customer_id=customer_id, device_id=device_id)
        address = f"{self.get_device_query_string(customer_id)}/{_segment(device_id)}"
        return self.send_request("DELETE", address, {})

    def suppress(self, customer_id: Any) -> Response:
        """Delete a person, and keep out what comes of them later.

        Args:
            customer_id: The person.
        """
        _require("suppress", customer_id=customer_id)
        return self.send_request("POST", f"{self.get_customer_query_string(customer_id)}/suppress", {})

    def unsuppress(self, customer_id: Any) -> Response:
        """Let a person in again.

        Args:
            customer_id: The person.
        """
        _require("unsuppress", customer_id=customer_id)
        return self.send_request("POST", f"{self.get_customer_query_string(customer_id)}/unsuppress", {})

    def is_valid_id_type(self, id_type: str) -> bool:
        """Tell whether `merge_customers` takes a type of identifier."""
        return id_type in (ID, EMAIL, CIOID)

    def merge_customers(
        self, primary_id_type: str, primary_id: Any, secondary_id_type: str, secondary_id: Any
    ) -> Response:
        """Merge a person into another, who stays.

        Args:
            primary_id_type: `id`, `email` or `cio_id`.
            primary_id: Who stays.
            secondary_id_type: `id`, `email` or `cio_id`.
            secondary_id: Who goes.
        """
        for which, id_type in (("primary", primary_id_type), ("secondary", secondary_id_type)):
            if not self.is_valid_id_type(id_type):
                msg = f"invalid {which} id type"
                raise CustomerIOException(msg)
        for which, value in (("primary", primary_id), ("secondary", secondary_id)):
            if _is_blank(value):
                msg = f"{which} customer_id cannot be blank"
                raise CustomerIOException(msg)
        people = {"primary": {primary_id_type: primary_id}, "secondary": {secondary_id_type: secondary_id}}
        return self.send_request("POST", f"{self.base_url}/merge_customers", people)

    def batch(self, operations: Sequence[Mapping[str, Any]]) -> Response:
        """Send operations of version 2 in one request; the answer tells of those that were refused.

        Args:
            operations: Each with `type`, `action` and what they need.
        """
        if not operations:
            msg = "operations cannot be empty in batch"
            raise CustomerIOException(msg)
        origin = self.base_url.removesuffix(f"/{self.url_prefix.strip('/')}")
        return self.send_request("POST", f"{origin}/api/v2/batch", {"batch": operations})

    def _event(self, name: str, data: Any, id: str | None, timestamp: Any) -> dict[str, Any]:
        if data and not is_mapping(data):
            msg = f"data must be a mapping, got {type(data).__name__}"
            raise CustomerIOException(msg)
        event: dict[str, Any] = {"name": name, "data": {**(data or {})}}
        if id is not None or self.adds_event_ids:
            event["id"] = new_ulid() if id is None else id
        if timestamp is not None and (seconds := _seconds(timestamp)) is not None:
            event["timestamp"] = seconds
        return event

    def _authorization(self) -> Secret:
        from ciokit.transport import basic

        return basic(Secret(str(self.site_id)), Secret(str(self.api_key)))


def _is_blank(value: Any) -> bool:
    return value is None or value == ""


def _require(verb: str, **given: Any) -> None:
    for name, value in given.items():
        if _is_blank(value):
            msg = f"{name} cannot be blank in {verb}"
            raise CustomerIOException(msg)


def _segment(value: Any) -> str:
    """Percent-encode a text so that it stays one segment of a path: `.` and `..` as well, which the SDK loses."""
    try:
        quoted = quote(str(value), safe="")
    except UnicodeEncodeError:
        msg = "an id contains half a surrogate pair, which is no character"
        raise CustomerIOException(msg) from None
    return quoted.replace(".", "%2E") if quoted in {".", ".."} else quoted


def _seconds(timestamp: Any) -> int | None:
    if isinstance(timestamp, dt.datetime):
        return unix_seconds(timestamp)
    if isinstance(timestamp, int):
        return timestamp
    try:
        return int(timestamp)
    except (ValueError, TypeError, OverflowError):
        return None
