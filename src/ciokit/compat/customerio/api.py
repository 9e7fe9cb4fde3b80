"""The App API's client as the official SDK has it: transactional messages."""

from collections.abc import Mapping
from typing import Any

from ciokit.compat.customerio.client_base import (
    SDK_BACKOFF,
    ClientBase,
    CustomerIOException,
    base_address,
    check_keys,
    check_region,
)
from ciokit.compat.customerio.messages import (
    Message,
    SendEmailRequest,
    SendInAppRequest,
    SendInboxMessageRequest,
    SendPushRequest,
    SendSMSRequest,
    SendWhatsAppRequest,
)
from ciokit.compat.customerio.regions import Region, Regions
from ciokit.settings import Secret
from ciokit.values.table import is_mapping

__all__ = [
    "APIClient",
    "SendEmailRequest",
    "SendInAppRequest",
    "SendInboxMessageRequest",
    "SendPushRequest",
    "SendSMSRequest",
    "SendWhatsAppRequest",
]


class APIClient(ClientBase):
    """Send transactional messages.

    A message is not sent again once it may have been processed; after an answer of 429, or when no connection came
    about, it is.

    Args:
        key: The App API key; from `CUSTOMERIO_APP_API_KEY` when it is None.
        url: Another address than the region's. `CIOKIT_BASE_URL`, where it is set, wins over it.
        region: Where the account lives.
        retries: How often a request is sent again.
        timeout: Seconds for one attempt in all; of a pair the sum; None for no end.
        backoff_factor: Seconds before the first retry; the SDK's default stands for ciokit's, one second.
        use_connection_pooling: Whether connections are kept for the next request.

    Raises:
        CustomerIOException: If the region is none, or the key is missing.
    """

    _credentials = "key (CUSTOMERIO_APP_API_KEY)"

    def __init__(
        self,
        key: str | None,
        url: str | None = None,
        region: Region = Regions.US,
        retries: int = 3,
        timeout: float | tuple[float, float] | None = 10,
        backoff_factor: float = SDK_BACKOFF,
        use_connection_pooling: bool = True,
    ) -> None:
        self._region = check_region(region)
        self.key: str
        (self.key,) = check_keys(app_api_key=key)
        self.url: str = base_address(url or f"https://{region.api_host}")
        super().__init__(retries, timeout, backoff_factor, use_connection_pooling)

    def send_email(self, request: SendEmailRequest | Mapping[str, Any]) -> Any:
        """Send an e-mail.

        Args:
            request: The message, or the members of its body.

        Returns:
            The answer's JSON: `delivery_id`, `queued_at`.

        Raises:
            CustomerIOException: If it cannot be sent, or failed.
        """
        return self._send("email", request, SendEmailRequest)

    def send_push(self, request: SendPushRequest | Mapping[str, Any]) -> Any:
        """Send a push notification; see `send_email`."""
        return self._send("push", request, SendPushRequest)

    def send_sms(self, request: SendSMSRequest | Mapping[str, Any]) -> Any:
        """Send an SMS; see `send_email`."""
        return self._send("sms", request, SendSMSRequest)

    def send_whatsapp(self, request: SendWhatsAppRequest | Mapping[str, Any]) -> Any:
        """Send a WhatsApp message; see `send_email`."""
        return self._send("whatsapp", request, SendWhatsAppRequest)

    def send_inbox_message(self, request: SendInboxMessageRequest | Mapping[str, Any]) -> Any:
        """Send a message to the inbox; see `send_email`."""
        return self._send("inbox_message", request, SendInboxMessageRequest)

    def send_in_app(self, request: SendInAppRequest | Mapping[str, Any]) -> Any:
        """Send an in-app message; see `send_email`."""
        return self._send("in_app", request, SendInAppRequest)

    def _send(self, channel: str, request: Any, kind: type[Message]) -> Any:
        if isinstance(request, kind):
            body: Any = request._to_dict()  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - the SDK's name
        elif is_mapping(request):
            body = request
        else:
            msg = f"expected a {kind.__name__} or a mapping, got {type(request).__name__}"
            raise CustomerIOException(msg)
        response = self.send_request("POST", f"{self.url}/v1/send/{channel}", body)
        try:
            return response.json()
        except ValueError:
            msg = f"{response.status_code}: the message was taken, but the answer is not JSON"
            raise CustomerIOException(msg, status=response.status_code, may_have_arrived=True) from None

    def _authorization(self) -> Secret:
        from ciokit.transport import bearer

        return bearer(Secret(str(self.key).strip()))
