"""The identifiers that `merge_customers` takes."""

from typing import Final

__all__ = ["CIOID", "EMAIL", "ID"]

ID: Final = "id"
EMAIL: Final = "email"
CIOID: Final = "cio_id"
