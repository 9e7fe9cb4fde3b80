"""Operations that move many people, events, objects or messages at once: exports and imports."""

from typing import Final

from ciokit.app.answers import Many, One
from ciokit.app.endpoint import Endpoint, body, path
from ciokit.app.endpoints.checks import exactly_one_of, fits_import
from ciokit.app.records import Download, Export, Import
from ciokit.app.words import (
    DeliveryMetric,
    Filter,
    ImportIdentifier,
    ImportScope,
    ImportType,
    Number,
    ObjectTypeId,
    Texts,
    Timestamp,
)

RESOURCES: Final = {
    "exports": "Export people or messages to a file, and read it.",
    "imports": "Import people, events, objects or relationships from a file.",
}
MIXINS: Final = {
    "exports": "ciokit.app.transfers.ExportTransfers",
    "imports": "ciokit.app.transfers.ImportTransfers",
}

_EXPORT = path("export_id", Number, "The export's number.")

EXPORTS_LIST = Endpoint(
    kind="exports.list",
    method="GET",
    path="/v1/exports",
    doc="List the exports.",
    answer=Many(Export, "exports"),
    returns="All of them.",
)
EXPORTS_CREATE_CUSTOMERS = Endpoint(
    kind="exports.create_customers",
    method="POST",
    path="/v1/exports/customers",
    doc="Start an export of people; see `wait` and `rows` for what follows.",
    params=(
        body(
            "filters",
            Filter,
            "The people to export; see `ciokit.app.filters`.",
            required=True,
            positional=True,
        ),
    ),
    answer=One(Export, "export"),
    returns="The export, still pending.",
)
EXPORTS_CREATE_DELIVERIES = Endpoint(
    kind="exports.create_deliveries",
    method="POST",
    path="/v1/exports/deliveries",
    doc="Start an export of messages; see `wait` and `rows` for what follows.",
    params=(
        body(
            "newsletter_id", Number, "The newsletter whose messages are exported; or one of the next three."
        ),
        body("campaign_id", Number, "The campaign."),
        body("transactional_message_id", Number, "The transactional message."),
        body("action_id", Number, "The action."),
        body("template_id", Number, "Only this template's messages."),
        body("start", Timestamp, "Leave out what is older."),
        body("end", Timestamp, "Leave out what is newer."),
        body("metric", DeliveryMetric, "Only messages that reached this state."),
        body("attributes", Texts, "Attributes of the people that become further columns."),
        body("drafts", bool, "Whether drafts are exported instead."),
    ),
    answer=One(Export, "export"),
    returns="The export, still pending.",
    check=exactly_one_of("newsletter_id", "campaign_id", "transactional_message_id", "action_id"),
)
EXPORTS_GET = Endpoint(
    kind="exports.get",
    method="GET",
    path="/v1/exports/{export_id}",
    doc="Read the progress of an export.",
    params=(_EXPORT,),
    answer=One(Export, "export"),
    returns="The export.",
)
EXPORTS_DOWNLOAD = Endpoint(
    kind="exports.download",
    method="GET",
    path="/v1/exports/{export_id}/download",
    doc="Get the address of an export's file; `rows` and `save` read it.",
    params=(_EXPORT,),
    answer=One(Download),
    returns="The address, valid for 15 minutes.",
)
IMPORTS_CREATE = Endpoint(
    kind="imports.create",
    method="POST",
    path="/v1/imports",
    doc="Start an import of a CSV file that the service fetches; see `wait` for what follows.",
    params=(
        body("type", ImportType, "What is in it.", required=True, positional=True),
        body("name", str, "What people call the import.", required=True),
        body("data_file_url", str, "Where the file is.", required=True),
        body(
            "identifier",
            ImportIdentifier,
            "What names a person in it: `id` or `email`, or `cio_id` in relationships; not for objects.",
        ),
        body("object_type_id", ObjectTypeId, "The type of its objects.", as_text=True),
        body(
            "data_to_process",
            ImportScope,
            "`all`, `only_new` or `only_existing`; `all` if omitted.",
        ),
        body("description", str, "What it is for."),
    ),
    wrap="import",
    answer=One(Import, "import"),
    returns="The import, still to be done.",
    check=fits_import,
)
IMPORTS_GET = Endpoint(
    kind="imports.get",
    method="GET",
    path="/v1/imports/{import_id}",
    doc="Read the progress of an import.",
    params=(path("import_id", Number, "The import's number."),),
    answer=One(Import, "import"),
    returns="The import.",
)
