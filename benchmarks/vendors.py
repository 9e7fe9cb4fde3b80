"""The vendor's SDK and async-customerio, made to speak to the server of this machine.

Both build https addresses only. Here the scheme is rewritten and nothing else: the vendor's own retrying adapter also
serves http, so its retry policy stays in force.
"""

from importlib import import_module
from typing import Any

__all__ = ["async_customerio", "customerio", "customerio_app"]


def customerio(url: str) -> Any:
    """Return the vendor's client with its default settings."""
    host, port = _address(url)
    client = import_module("customerio").CustomerIO("site", "key", host=host, port=port)
    client.http.mount("http://", client.http.get_adapter("https://"))
    send = client.send_request

    def send_plain(method: str, address: str, data: Any) -> Any:
        return send(method, _plain(address), data)

    client.send_request = send_plain
    return client


def customerio_app(url: str) -> Any:
    """Return the vendor's App API client with its default settings."""
    client = import_module("customerio").APIClient("key", url=url)
    client.http.mount("http://", client.http.get_adapter("https://"))
    return client


def async_customerio(url: str) -> Any:
    """Return async-customerio's client with its default settings."""
    host, port = _address(url)
    client = import_module("async_customerio").AsyncCustomerIO("site", "key", host=host, port=port)
    build = client.setup_base_url

    def build_plain(**parts: Any) -> str:
        return _plain(build(**parts))

    client.setup_base_url = build_plain
    return client


def _address(url: str) -> tuple[str, int]:
    host, _, port = url.removeprefix("http://").partition(":")
    return host, int(port)


def _plain(address: str) -> str:
    return address.replace("https:", "http:", 1)
