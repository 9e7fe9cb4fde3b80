"""Why no answer came: the errors of the HTTP library in words, and in what they mean for another attempt.

It knows errors by the names of their classes, so that those of an application's own transport are understood, too.
No address, no header and no text of the other side gets into the words.
"""

import os
import socket
import ssl
from typing import Final

from ciokit.alarms import chain, of_a_handler
from ciokit.verdict import NoReply

__all__ = ["no_reply"]

_NEVER_SENT: Final = frozenset(
    {
        "ConnectError",
        "ConnectTimeout",
        "PoolTimeout",
        "ProxyError",
        "UnsupportedProtocol",
        "LocalProtocolError",
    }
)
_WORDS: Final = {
    "PoolTimeout": "all connections are busy",
    "ConnectTimeout": "no connection within {0:g} s",
    "ReadTimeout": "no answer within {0:g} s",
    "WriteTimeout": "could not send within {0:g} s",
    "TimeoutError": "no answer within {0:g} s",
    "RemoteProtocolError": "the connection was closed, or the answer was no HTTP",
    "ReadError": "the connection broke while waiting for the answer",
    "WriteError": "the connection broke while sending",
    # What only an application's own transport may raise.
    "NetworkError": "the connection failed",
    "TimeoutException": "no answer within {0:g} s",
}

_ADVICE: Final = {
    **dict.fromkeys((9, 10), "compare its dates with this machine's clock"),
    **dict.fromkeys((62, 64), "check the address: it is another host's certificate"),
}
"""What to do about a certificate, by OpenSSL's number of what is wrong with it."""


def no_reply(error: Exception, seconds: float, amid: BaseException | None = None) -> NoReply:
    """Tell what became of a request that got no answer.

    Args:
        error: What the HTTP library, or an application's own transport, raised.
        seconds: The attempt's time, for the words.
        amid: What was being handled when the request was made, which has no part in this.

    Returns:
        The reason, and whether the request may have arrived.

    Raises:
        Exception: The error itself, if it is none of the network's; or what a signal's handler raised.
    """
    if (raised := of_a_handler(error, amid)) is not None:
        raise raised from None
    names = [kind.__name__ for kind in type(error).__mro__]
    known = next((name for name in names if name in _WORDS or name in _NEVER_SENT), None)
    if known is None or isinstance(error, (TypeError, ValueError)):
        raise error
    if known == "ProxyError":
        return _refused_by_proxy(error)
    passing = known not in {"UnsupportedProtocol", "LocalProtocolError"}
    words = _WORDS.get(known, "it cannot be sent").format(seconds)
    if known == "ConnectError":
        *_, root = chain(error, amid)
        words = _connect_words(root)
        passing = not isinstance(root, ssl.SSLCertVerificationError)
    return NoReply(words, may_have_arrived=known not in _NEVER_SENT, passing=passing)


def _refused_by_proxy(error: Exception) -> NoReply:
    """Tell of a proxy that would not make the tunnel; of its words the status alone is kept."""
    status = str(error)[:3]
    words = f"the proxy refused ({status})" if status.isdigit() else "the proxy refused"
    advice = "; check the user and the password in its address" if status == "407" else ""
    passing = not status.startswith("4") or status in {"408", "429"}
    return NoReply(words + advice, may_have_arrived=False, passing=passing)


def _connect_words(root: BaseException) -> str:
    if isinstance(root, ssl.SSLCertVerificationError):
        advice = _ADVICE.get(root.verify_code, "trust its CA with ca= or SSL_CERT_FILE")
        return f"the certificate was not accepted ({root.verify_message.rstrip('.')}); {advice}"
    if isinstance(root, (ssl.SSLError, socket.gaierror)):  # their numbers are not the system's
        return f"no connection ({root.strerror})"
    if isinstance(root, OSError) and root.errno:
        return f"no connection ({os.strerror(root.errno)})"  # asyncio's own text has the address
    if type(root).__name__ == "RemoteProtocolError":
        return "no connection (the other side hung up, or spoke no HTTP)"
    return f"no connection ({type(root).__name__})"
