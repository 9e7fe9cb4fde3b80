"""What the App API says of exports and imports."""

from ciokit.app.records.base import Record

__all__ = ["Download", "Export", "Import"]


class Export(Record, frozen=True, kw_only=True):
    """Hold the state of an export.

    Attributes:
        id: Its number.
        status: `pending`, `done` or `failed`.
        failed: Whether it failed.
        type: `customers`, `deliveries`, ...
        description: Its description.
        total: How many rows; 0 until it is done.
        downloads: How often it was downloaded.
        user_id: Who started it.
        user_email: Who started it.
        deduplicate_id: Its number and the time of its last change.
        created_at: Unix seconds.
        updated_at: Unix seconds.
    """

    id: int
    status: str = ""
    failed: bool = False
    type: str = ""
    description: str | None = None
    total: int = 0
    downloads: int = 0
    user_id: int | None = None
    user_email: str | None = None
    deduplicate_id: str | None = None
    created_at: int | None = None
    updated_at: int | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.failed or self.status in {"done", "failed"}

    @property
    def failure(self) -> str:
        """How it ended without its result; empty if it did not."""
        return "failed" if self.failed or self.status == "failed" else ""


class Download(Record, frozen=True, kw_only=True):
    """Tell where the rows of an export are.

    Attributes:
        url: An address that is valid for 15 minutes, for anyone who has it.
    """

    url: str


class Import(Record, frozen=True, kw_only=True):
    """Hold the state of an import.

    Attributes:
        id: Its number.
        state: `preprocessing`, `preprocessed`, `validating`, `validated`, `importing`, `imported`, `failed` or
            `canceled`.
        name: Its name.
        description: Its description.
        type: `people`, `event`, `object` or `relationship`.
        identifier: What names a person in it.
        object_type_id: The type of its objects.
        data_to_process: `all`, `only_new` or `only_existing`.
        people_to_process: The older name of the same.
        rows_to_import: How many rows there are.
        rows_imported: How many are done.
        error: Why it failed, if it did.
        error_export_id: An export of the rows that were refused.
        error_download_url: Where those rows are.
        warning_export_id: An export of the rows with warnings.
        warning_download_url: Where those rows are.
        created_at: Unix seconds.
        updated_at: Unix seconds.
    """

    id: int
    state: str = ""
    name: str = ""
    description: str | None = None
    type: str = ""
    identifier: str | None = None
    object_type_id: int | str | None = None
    data_to_process: str | None = None
    people_to_process: str | None = None
    rows_to_import: int = 0
    rows_imported: int = 0
    error: str | None = None
    error_export_id: int | None = None
    error_download_url: str | None = None
    warning_export_id: int | None = None
    warning_download_url: str | None = None
    created_at: int | None = None
    updated_at: int | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in {"imported", "failed", "canceled"}

    @property
    def failure(self) -> str:
        """How it ended without its result; empty if it did not."""
        return self.state if self.state in {"failed", "canceled"} else ""
