"""The wire to the service: the only package that knows the HTTP library."""

from ciokit.transport.http import REPLY_LIMIT, Connection, Transport, basic, bearer

__all__ = ["REPLY_LIMIT", "Connection", "Transport", "basic", "bearer"]
