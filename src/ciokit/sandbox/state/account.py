"""What an account has set up in Customer.io besides people: templates, broadcasts, collections, exports and so on.

Plain data with numbers; the App API's operations change it.
"""

from typing import Any

import msgspec

Document = dict[str, Any]
"""A listed thing as the App API shows it."""


class Template(msgspec.Struct, eq=False):
    """Hold a transactional message.

    Args:
        id: Its number.
        name: Its name, and its trigger name.
        channel: `email`, `push`, `sms`, `in_app`, `inbox_message` or `whatsapp`.
        content: What requests do not override: subject, body and so on, by name.
        created_at: Unix seconds.
    """

    id: int
    name: str
    channel: str
    content: dict[str, Any] = msgspec.field(default_factory=dict[str, Any])
    created_at: float = 0.0


class Broadcast(msgspec.Struct, eq=False):
    """Hold a broadcast that the API can trigger.

    Args:
        id: Its number.
        name: Its name.
        channel: What it sends.
        content: Subject, body and so on, by name.
        recipients: The audience set in the UI, as a filter; None for nobody.
        created_at: Unix seconds.
    """

    id: int
    name: str
    channel: str = "email"
    content: dict[str, Any] = msgspec.field(default_factory=dict[str, Any])
    recipients: dict[str, Any] | None = None
    created_at: float = 0.0


class Trigger(msgspec.Struct, eq=False):
    """Hold one trigger of a broadcast.

    Args:
        id: Its number within the broadcast.
        broadcast_id: The broadcast.
        created_at: When it was asked for, Unix seconds.
        processed_at: When its messages were queued; None while it waits for a file, or after it failed.
        audience: Which audience variant was asked for.
        data: What Liquid is given.
        errors: One line for each entry that was wrong.
        sent: How many messages were queued.
        options: The request, kept while a file is awaited.
    """

    id: int
    broadcast_id: int
    created_at: float
    processed_at: float | None
    audience: str
    data: dict[str, Any]
    errors: list[str] = msgspec.field(default_factory=list[str])
    sent: int = 0
    options: dict[str, Any] = msgspec.field(default_factory=dict[str, Any])


class Export(msgspec.Struct, eq=False):
    """Hold an export and the file it made."""

    id: int
    type: str
    description: str
    total: int
    content: bytes
    created_at: float
    updated_at: float
    status: str = "pending"
    downloads: int = 0
    secret: str = ""
    secret_until: float = 0.0


class Import(msgspec.Struct, eq=False):
    """Hold an import and how far it has come."""

    id: int
    fields: dict[str, Any]
    created_at: float
    updated_at: float
    state: str = "preprocessing"
    rows_to_import: int = 0
    rows_imported: int = 0
    error: str = ""


class Collection(msgspec.Struct, eq=False):
    """Hold a collection of rows."""

    id: int
    name: str
    rows: list[Any]
    url: str | None
    created_at: float
    updated_at: float


class Snippet(msgspec.Struct, eq=False):
    """Hold a snippet."""

    name: str
    value: str
    updated_at: float


class Webhook(msgspec.Struct, eq=False):
    """Hold a reporting webhook's configuration."""

    id: int
    name: str
    endpoint: str
    events: list[str]
    disabled: bool = False
    full_resolution: bool = False
    with_content: bool = False
    seen: set[tuple[str, str]] = msgspec.field(default_factory=set[tuple[str, str]])


class Download(msgspec.Struct, frozen=True):
    """Ask the shell to fetch a file for something that waits for it.

    Args:
        kind: `import`, `trigger` or `collection`.
        workspace: Name of the workspace.
        key: Which import, trigger or collection.
        url: Where the file is.
    """

    kind: str
    workspace: str
    key: tuple[int, ...]
    url: str


class Account:
    """Hold what one workspace has set up."""

    def __init__(self) -> None:
        self.templates: dict[int, Template] = {}
        self.broadcasts: dict[int, Broadcast] = {}
        self.triggers: dict[tuple[int, int], Trigger] = {}
        self.exports: dict[int, Export] = {}
        self.imports: dict[int, Import] = {}
        self.collections: dict[int, Collection] = {}
        self.snippets: dict[str, Snippet] = {}
        self.webhooks: dict[int, Webhook] = {}
        self.campaigns: dict[int, Document] = {}
        self.newsletters: dict[int, Document] = {}
        self.sender_identities: dict[int, Document] = {}
        self.topics: dict[int, Document] = {}
        self.esp_suppressions: dict[tuple[str, str], float] = {}
        self._numbers: dict[str, int] = {}

    def next_number(self, kind: str) -> int:
        """Return the next number of a kind of thing.

        Args:
            kind: What is numbered.

        Returns:
            A number from 1.
        """
        self._numbers[kind] = self._numbers.get(kind, 0) + 1
        return self._numbers[kind]

    def find_template(self, name: str) -> Template | None:
        """Find a transactional message by its trigger name.

        Args:
            name: The name; case does not matter.

        Returns:
            The template, or None.
        """
        wanted = name.lower()
        return next((found for found in self.templates.values() if found.name.lower() == wanted), None)

    def free_template_id(self) -> int:
        """Return the next number that no template has."""
        return max(self.templates, default=0) + 1
