"""The sending of transactional messages: methods of the client itself."""

from typing import Any, Final

from ciokit.app.answers import One
from ciokit.app.endpoint import Endpoint, Param
from ciokit.app.records import Sent
from ciokit.app.send_encoding import encoder_of
from ciokit.app.sends import SendEmail, SendInApp, SendInboxMessage, SendPush, SendSMS, SendWhatsApp

RESOURCES: Final[dict[str, str]] = {}

_ONCE = (
    "It is sent again only if it certainly was not processed, unless the client has `retry_sends`: people would get "
    "it twice."
)


def _send(kind: str, path: str, doc: str, request: Any) -> Endpoint[Sent]:
    return Endpoint(
        kind=kind,
        method="POST",
        path=path,
        doc=f"{doc}\n{_ONCE}",
        params=(
            Param(
                name="request",
                kind=request[Any],
                doc="The message.",
                place="option",
                required=True,
                positional=True,
                apart=True,
            ),
            Param(
                name="wait",
                kind=bool,
                doc="Whether to wait for a turn within 100 a second; as the client does if omitted.",
                place="option",
            ),
        ),
        answer=One(Sent),
        returns="The delivery's id and when it was taken.",
        rate="transactional",
        encode=encoder_of(request),
    )


SEND_EMAIL = _send("send_email", "/v1/send/email", "Send a transactional e-mail.", SendEmail)
SEND_PUSH = _send("send_push", "/v1/send/push", "Send a transactional push.", SendPush)
SEND_SMS = _send("send_sms", "/v1/send/sms", "Send a transactional SMS.", SendSMS)
SEND_IN_APP = _send("send_in_app", "/v1/send/in_app", "Send a transactional in-app message.", SendInApp)
SEND_INBOX_MESSAGE = _send(
    "send_inbox_message", "/v1/send/inbox_message", "Send a transactional inbox message.", SendInboxMessage
)
SEND_WHATSAPP = _send(
    "send_whatsapp", "/v1/send/whatsapp", "Send a transactional WhatsApp message.", SendWhatsApp
)
