"""Messages with typed data that the typing cases use: what an application would write."""

from decimal import Decimal

from ciokit import Attributes
from ciokit.app import SendEmail, SendPush


class ReceiptData(Attributes):
    order_id: str
    total: Decimal


class Receipt(SendEmail[ReceiptData]):
    transactional_message_id: int | str | None = "receipt"


class Reminder(SendPush[ReceiptData]):
    transactional_message_id: int | str = 7
