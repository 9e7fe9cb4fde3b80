"""The person or object that an operation is about.

A person is named by exactly one of `Id`, `Email`, `Phone` or `CioId`; a plain string is an `Id`. An object is named by
`ObjectId` or `CioObjectId`. Names are not checked here, but when the operation is encoded.
"""

from typing import ClassVar, TypeAlias

import msgspec

__all__ = [
    "AnonymousId",
    "CioId",
    "CioObjectId",
    "Email",
    "Id",
    "ObjectId",
    "ObjectRef",
    "PersonRef",
    "Phone",
    "UserRef",
]


class Id(msgspec.Struct, frozen=True):
    """Name a person by the application's own id, at most 150 bytes."""

    value: str
    key: ClassVar[str] = "id"


class Email(msgspec.Struct, frozen=True):
    """Name a person by e-mail address, if the workspace allows it; compared without regard to case."""

    value: str
    key: ClassVar[str] = "email"


class Phone(msgspec.Struct, frozen=True):
    """Name a person by telephone number in E.164 form (`+14155552671`), if the workspace allows it."""

    value: str
    key: ClassVar[str] = "phone"


class CioId(msgspec.Struct, frozen=True):
    """Name a person by Customer.io's own id, with or without the prefix `cio_`; needed to change a set id or e-mail."""

    value: str
    key: ClassVar[str] = "cio_id"


class ObjectId(msgspec.Struct, frozen=True):
    """Name an object by its type and the application's own id.

    Attributes:
        type_id: The object type, a whole number from 1 as text: `"1"`.
        object_id: The id within the type, at most 150 bytes.
    """

    type_id: str
    object_id: str


class CioObjectId(msgspec.Struct, frozen=True):
    """Name an object by Customer.io's own id; not for creating one."""

    value: str


class AnonymousId(msgspec.Struct, frozen=True):
    """Name somebody who is not identified yet, in the Pipelines API: by an id that the application made up for them."""

    value: str


PersonRef: TypeAlias = str | Id | Email | Phone | CioId
ObjectRef: TypeAlias = ObjectId | CioObjectId
UserRef: TypeAlias = str | Id | AnonymousId
"""Whom a call of the Pipelines API is about: a plain string is a user's id."""
